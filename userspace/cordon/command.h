/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs of `cordon`. The table in main.c is the only list of them: usage,
 * help, completion and the manual page's verbs come from it.
 */
#ifndef CORDON_COMMAND_H
#define CORDON_COMMAND_H

#include <json-c/json.h>
#include <stdbool.h>

#include "failure.h"

/* Exit codes, the same for every verb. */
enum cordon_exit {
	CORDON_EXIT_YES = 0, /* yes, done */
	CORDON_EXIT_NO = 1, /* no: denied, invalid, refused */
	CORDON_EXIT_USAGE = 2,
	CORDON_EXIT_COULD_NOT = 3,
};

struct cordon_command {
	const char *name;
	const char *arguments;
	const char *summary; /* a clause that begins with a verb */
	bool root;
	int (*run)(int argc, char **argv); /* argv[0] is the verb */
};

extern const struct cordon_command cordon_commands[];
extern const unsigned int cordon_command_count;

int cordon_cmd_status(int argc, char **argv);
int cordon_cmd_check(int argc, char **argv);
int cordon_cmd_explain(int argc, char **argv);
int cordon_cmd_load(int argc, char **argv);
int cordon_cmd_enforce(int argc, char **argv);
int cordon_cmd_permissive(int argc, char **argv);
int cordon_cmd_seal(int argc, char **argv);
int cordon_cmd_break_glass(int argc, char **argv);
int cordon_cmd_policy(int argc, char **argv);
int cordon_cmd_diff(int argc, char **argv);
int cordon_cmd_records(int argc, char **argv);
int cordon_cmd_label(int argc, char **argv);
int cordon_cmd_ledger(int argc, char **argv);
int cordon_cmd_run(int argc, char **argv);
int cordon_cmd_version(int argc, char **argv);
int cordon_cmd_help(int argc, char **argv);

/* "usage: cordon VERB ARGUMENTS" on standard error. Returns CORDON_EXIT_USAGE. */
int cordon_usage(const char *verb);

/* Why not: on standard error, with @json as an object on standard output. Returns @code. */
int cordon_complain(bool json, int code, const char *text);

/* A request to the controller; more members can be added. NULL on ENOMEM. */
struct json_object *cordon_request(const char *command);
/*
 * Asks the controller. 0 and *@answer, else the exit code, told already.
 * With @json a good answer is not printed here.
 */
int cordon_ask(struct json_object *request, bool json, struct json_object **answer);

/* For verbs whose only option is --json: fills *@json; not 0 is the exit code. */
int cordon_parse_json_only(int argc, char **argv, bool *json);

#endif /* CORDON_COMMAND_H */
