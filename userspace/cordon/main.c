// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

const struct cordon_command cordon_commands[] = {
	{ "status", "[--json] [--coverage]",
	  "show mode, policy, counters, and what is covered on this kernel", false,
	  cordon_cmd_status },
	{ "check", "[--json] [--offline] [FILE|FOLDER]...",
	  "check a policy and what it expects of itself", false, cordon_cmd_check },
	{ "explain",
	  "[--json] [--offline] [--policy FILE|FOLDER | --image FILE] "
	  "PROGRAM|--live PID [user USER] [group GROUP]... [unit UNIT] [after read PATH]... "
	  "read PATH|write PATH|reach HOST:PORT [inbound]",
	  "show what the policy decides, and by which rules", false, cordon_cmd_explain },
	{ "load", "[--json] [FILE|FOLDER]", "make a policy the active one", true, cordon_cmd_load },
	{ "enforce", "[--json] [--without-module]", "apply what is decided", true,
	  cordon_cmd_enforce },
	{ "permissive", "[--json] [--unload]",
	  "decide and record, but deny nothing; or detach the guard", true, cordon_cmd_permissive },
	{ "diff", "[--json] [--offline] OLD NEW",
	  "show what changes in meaning from one policy to another, and whether it loosens", false,
	  cordon_cmd_diff },
	{ "policy",
	  "keygen NAME | sign [--offline] --key FILE POLICY | verify [--json] [--offline] "
	  "[--keys FOLDER] POLICY",
	  "make keys, sign a policy, and show who signed it", false, cordon_cmd_policy },
	{ "seal", "[--json]", "enforce until reboot, whoever asks for what", true,
	  cordon_cmd_seal },
	{ "break-glass",
	  "request --reason TEXT --for TIME FILE | sign --key FILE FILE | start FILE | end",
	  "suspend the seal for a time, with two keys", false, cordon_cmd_break_glass },
	{ "records",
	  "[--json] [-f|--follow] [--verdict VERDICT] [--reason REASON] [--pid PID] [--exe PATH] "
	  "[--path PATH] [--host ADDRESS] [--since TIME] [--store FILE]",
	  "show audit records", true, cordon_cmd_records },
	{ "label", "[--json] [--reason TEXT] [show | set LABEL | clear | tree] PATH...",
	  "show the labels of files: the policy's and the stored; as root, set and clear the stored",
	  false, cordon_cmd_label },
	{ "ledger",
	  "keygen|enroll|verify|anchors|export|cat [--json] [--key PRIVATE] [--anchors FILE] "
	  "[--partial] [--replace] [FILE|FOLDER]...",
	  "verify what was recorded, from a copied store; see cordon-ledger(8)", false,
	  cordon_cmd_ledger },
	{ "run", "--clearance LABEL -- COMMAND [ARGUMENT]...",
	  "execute a command under a lower clearance", false, cordon_cmd_run },
	{ "version", "[--json]", "show the versions of program, interface and module", false,
	  cordon_cmd_version },
	{ "help", "[VERB]", "show how cordon is used", false, cordon_cmd_help },
};
const unsigned int cordon_command_count = sizeof(cordon_commands) / sizeof(cordon_commands[0]);

static const struct cordon_command *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < cordon_command_count; i++)
		if (!strcmp(cordon_commands[i].name, name))
			return &cordon_commands[i];
	return NULL;
}

int cordon_usage(const char *verb)
{
	const struct cordon_command *command = find_command(verb);

	fprintf(stderr, "usage: cordon %s%s%s\n", verb, command && *command->arguments ? " " : "",
		command ? command->arguments : "");
	return CORDON_EXIT_USAGE;
}

static int run_status(int json)
{
	char verb[] = "status", option[] = "--json";
	char *argv[] = { verb, json ? option : NULL, NULL };

	return cordon_cmd_status(json ? 2 : 1, argv);
}

int main(int argc, char **argv)
{
	const struct cordon_command *command;

	if (argc < 2)
		return run_status(0);
	if (!strcmp(argv[1], "--json") && argc == 2)
		return run_status(1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cordon_cmd_help(1, argv + 1);
	if (!strcmp(argv[1], "--version"))
		return cordon_cmd_version(1, argv + 1);
	command = find_command(argv[1]);
	if (!command) {
		fprintf(stderr, "cordon: there is no verb '%s'; see cordon help\n", argv[1]);
		return CORDON_EXIT_USAGE;
	}
	return command->run(argc - 1, argv + 1);
}
