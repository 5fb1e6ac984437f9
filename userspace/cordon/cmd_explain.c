// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordon explain: what would be decided, by which rules, and why. It asks the
 * same functions as the kernel, over an image made here; nothing is done.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "guard.h"
#include "names.h"
#include "paths.h"
#include "policy.h"

struct explain {
	bool json;
	bool offline;
	long live_pid; /* 0: none */
	const char *policy_path;
	const char *image_path;

	struct cordon_policy_text *policy; /* NULL with an image */
	void *image_bytes;
	struct cordon_image_view view;

	const char *target;
	const char *user;
	const char *groups[CORDON_GROUPS_MAX];
	uint32_t gids[CORDON_GROUPS_MAX];
	struct cordon_subject_facts live;
	struct cordon_arena arena;
	struct cordon_question question;
	struct cordon_answer answer;
};

/* ---- The question ---- */

static int options_read(int argc, char **argv, struct explain *e)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "offline", no_argument, NULL, 'o' },
		{ "policy", required_argument, NULL, 'p' },
		{ "image", required_argument, NULL, 'i' },
		{ "live", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		char *end = NULL;

		if (option == 'j')
			e->json = true;
		else if (option == 'o')
			e->offline = true;
		else if (option == 'p')
			e->policy_path = optarg;
		else if (option == 'i')
			e->image_path = optarg;
		else if (option == 'l')
			e->live_pid = strtol(optarg, &end, 10);
		else
			return CORDON_EXIT_USAGE;
		if (option == 'l' && (*end || e->live_pid <= 0))
			return CORDON_EXIT_USAGE;
	}
	if (e->policy_path && e->image_path)
		return CORDON_EXIT_USAGE;
	return 0;
}

/* The words before the access: user U, group G, unit N, after read PATH. */
static int qualifier_read(char **words, struct explain *e)
{
	struct cordon_process *process = &e->question.process;

	if (!words[0] || !words[1])
		return 0;
	if (!strcmp(words[0], "after") && !strcmp(words[1], "read") && words[2]) {
		e->question.earlier[e->question.earlier_count++].path = words[2];
		return 3;
	}
	if (e->live_pid)
		return 0;
	if (!strcmp(words[0], "user") && !e->user)
		e->user = words[1];
	else if (!strcmp(words[0], "group") && process->gid_count < CORDON_GROUPS_MAX)
		e->groups[process->gid_count++] = words[1];
	else if (!strcmp(words[0], "unit") && !*process->unit)
		process->unit = words[1];
	else
		return 0;
	return 2;
}

static bool access_read(char **words, struct explain *e)
{
	struct cordon_question *q = &e->question;

	if (!words[0] || !words[1])
		return false;
	e->target = words[1];
	q->path = words[1];
	if (!strcmp(words[0], "read"))
		q->access = CORDON_ACCESS_READ;
	else if (!strcmp(words[0], "write"))
		q->access = CORDON_ACCESS_WRITE;
	else if (!strcmp(words[0], "reach"))
		q->access = CORDON_ACCESS_REACH;
	else
		return false;
	if (q->access != CORDON_ACCESS_REACH)
		return !words[2];
	if (!cordon_destination_read(&e->arena, words[1], &q->destination))
		return false;
	q->destination.inbound = words[2] && !strcmp(words[2], "inbound");
	return !words[2] || (q->destination.inbound && !words[3]);
}

static int question_read(int argc, char **argv, struct explain *e)
{
	char **words = argv + optind;
	int taken;

	e->question.process.unit = "";
	e->question.process.program = "";
	e->question.process.gids = e->gids;
	e->question.earlier =
		cordon_arena_alloc(&e->arena, (size_t)argc * sizeof(*e->question.earlier));
	if (!e->question.earlier)
		return CORDON_EXIT_COULD_NOT;
	if (!e->live_pid) {
		if (!*words)
			return CORDON_EXIT_USAGE;
		e->question.process.program = *words++;
	}
	while ((taken = qualifier_read(words, e)))
		words += taken;
	return access_read(words, e) ? 0 : CORDON_EXIT_USAGE;
}

/* Paths are compared with rules as they stand: they have to be whole. */
static const char *path_bad(const struct explain *e)
{
	const struct cordon_question *q = &e->question;
	const char *program = q->process.program;

	if (!e->live_pid && !cordon_path_is_plain(program))
		return program;
	for (size_t i = 0; i < q->earlier_count; i++)
		if (!cordon_path_is_plain(q->earlier[i].path))
			return q->earlier[i].path;
	if (q->access != CORDON_ACCESS_REACH && !cordon_path_is_plain(q->path))
		return q->path;
	return NULL;
}

/* ---- The policy ---- */

static int policy_open(struct explain *e)
{
	const char *path = e->policy_path ? e->policy_path : CORDON_POLICY_FOLDER;
	struct cordon_policy_options options = { .offline = e->offline };
	const struct cordon_image *image;
	struct cordon_failure failure;
	size_t bytes;
	int error;

	options.trust = cordon_policy_trust_of(&path, 1);
	error = cordon_policy_compile(&path, 1, &options, &e->policy);
	if (!e->policy)
		return cordon_complain(e->json, CORDON_EXIT_COULD_NOT, strerror(-error));
	image = cordon_policy_image(e->policy, &bytes);
	if (!image) {
		cordon_policy_errors_print(e->policy, stderr);
		return cordon_complain(e->json, CORDON_EXIT_COULD_NOT,
				       "the policy has errors: nothing is decided by it");
	}
	if (cordon_image_open(image, bytes, &e->view, &failure))
		return cordon_complain(e->json, CORDON_EXIT_COULD_NOT, failure.text);
	return 0;
}

static int image_open(struct explain *e)
{
	struct cordon_failure failure;
	size_t bytes;

	if (cordon_image_read(e->image_path, &e->image_bytes, &bytes, &failure) ||
	    cordon_image_open(e->image_bytes, bytes, &e->view, &failure))
		return cordon_complain(e->json, CORDON_EXIT_COULD_NOT, failure.text);
	return 0;
}

static int account_find(struct explain *e, const char *name, bool group, uint32_t *id)
{
	struct cordon_failure failure;
	int error;

	if (!e->policy)
		error = cordon_account_number(name, group, id);
	else
		error = group ? cordon_policy_group(e->policy, name, id) :
				cordon_policy_user(e->policy, name, id);
	if (!error)
		return 0;
	cordon_failure_set(&failure, -error, "this machine has no %s '%s'",
			   group ? "group" : "user", name);
	return cordon_complain(e->json, CORDON_EXIT_COULD_NOT, failure.text);
}

static int accounts_find(struct explain *e)
{
	struct cordon_process *process = &e->question.process;
	int error = 0;

	process->uid = CORDON_ID_NONE;
	if (e->user)
		error = account_find(e, e->user, false, &process->uid);
	for (size_t i = 0; i < process->gid_count && !error; i++)
		error = account_find(e, e->groups[i], true, &e->gids[i]);
	return error;
}

static int live_find(struct explain *e)
{
	struct cordon_failure failure;
	struct cordon_live live;
	int error = cordon_live_subject((pid_t)e->live_pid, &live);

	if (!error && !live.labelled)
		cordon_failure_set(&failure, ENOENT, "process %ld has no label yet", e->live_pid);
	else if (error == -ESRCH)
		cordon_failure_set(&failure, ESRCH, "there is no process %ld", e->live_pid);
	else if (error)
		cordon_failure_errno(&failure, -error, "asking the guard about process %ld",
				     e->live_pid);
	else {
		e->live.clearance = live.clearance;
		e->live.taint = live.taint;
		e->live.flags = live.flags;
		e->question.live = &e->live;
		return 0;
	}
	return cordon_complain(e->json, CORDON_EXIT_COULD_NOT, failure.text);
}

/* ---- The answer in words ---- */

static const char *label_text(const struct explain *e, cordon_label label, char *text)
{
	struct cordon_label_names names = cordon_image_label_names(&e->view);

	return cordon_label_text(&names, label, text, CORDON_LABEL_TEXT_BYTES);
}

static void rule_print(const struct explain *e, uint32_t rule)
{
	char place[CORDON_RULE_TEXT_BYTES];
	const char *line;
	size_t length = 0;

	if (!cordon_image_rule_text(&e->view, rule, place)) {
		puts("            no rule");
		return;
	}
	line = e->policy ? cordon_policy_rule_line(e->policy, rule, &length) : NULL;
	printf("            %s%s%.*s\n", place, line ? ": " : "", (int)length, line ? line : "");
}

static void subject_print(const struct explain *e)
{
	const struct cordon_process *process = &e->question.process;
	const struct cordon_subject_facts *s = &e->answer.subject;
	char text[CORDON_LABEL_TEXT_BYTES];

	if (e->live_pid)
		printf("  subject   process %ld", e->live_pid);
	else
		printf("  subject   %s", process->program);
	if (e->user)
		printf(" user %s", e->user);
	for (size_t i = 0; i < process->gid_count; i++)
		printf(" group %s", e->groups[i]);
	if (*process->unit)
		printf(" unit %s", process->unit);
	printf("\n  clearance %s%s\n", label_text(e, s->clearance, text),
	       s->flags & CORDON_SUBJECT_TRUSTED ? " trusted" : "");
	if (!e->live_pid)
		rule_print(e, e->answer.subject_rule);
	for (size_t i = 0; i < e->question.earlier_count; i++) {
		const struct cordon_earlier_read *read = &e->question.earlier[i];

		printf("  after     read %s: %s, %s\n", read->path,
		       label_text(e, read->object.facts.label, text),
		       read->reason == CORDON_REASON_NONE ? "allowed" : "denied, nothing was read");
		rule_print(e, read->object.rule);
	}
	printf("  taint     %s\n", label_text(e, s->taint, text));
}

static void target_print(const struct explain *e)
{
	const struct cordon_object_found *object = &e->answer.object;
	const struct cordon_host_found *host = &e->answer.host;
	char text[CORDON_LABEL_TEXT_BYTES];

	if (e->question.access == CORDON_ACCESS_REACH) {
		printf("  host      %s: %s%s\n", e->target,
		       host->facts.known ? "clearance " : "unknown",
		       host->facts.known ? label_text(e, host->facts.clearance, text) : "");
		rule_print(e, host->rule);
		return;
	}
	printf("  object    %s: %s%s%s\n", e->target, label_text(e, object->facts.label, text),
	       object->facts.flags & CORDON_OBJECT_DROP ? " drop" : "",
	       object->facts.flags & CORDON_OBJECT_PROGRAM ? ", a program that a rule clears" : "");
	rule_print(e, object->rule);
}

static void print_text(const struct explain *e)
{
	char text[CORDON_LABEL_TEXT_BYTES];

	printf("%s: %s: %s\n", cordon_verdict_name(e->answer.verdict),
	       cordon_reason_name(e->answer.reason), cordon_reason_meaning(e->answer.reason));
	subject_print(e);
	target_print(e);
	if (e->answer.taint_after != e->answer.subject.taint)
		printf("  and then  taint %s\n", label_text(e, e->answer.taint_after, text));
	if (e->question.access == CORDON_ACCESS_READ && e->answer.verdict == CORDON_VERDICT_ALLOW &&
	    cordon_evaluate_recorded(&e->view, e->answer.object.facts.label))
		puts("  and then  an audit record: the policy records such reads");
}

/* ---- The answer as JSON ---- */

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

static void add_label(const struct explain *e, struct json_object *object, const char *key,
		      cordon_label label)
{
	char text[CORDON_LABEL_TEXT_BYTES];

	add_text(object, key, label_text(e, label, text));
}

/* null when no rule decided. */
static void add_rule(const struct explain *e, struct json_object *object, const char *key,
		     uint32_t number)
{
	struct json_object *rule = NULL;
	char place[CORDON_RULE_TEXT_BYTES];
	const char *line;
	size_t length = 0;

	if (cordon_image_rule_text(&e->view, number, place)) {
		rule = json_object_new_object();
		add_text(rule, "place", place);
		line = e->policy ? cordon_policy_rule_line(e->policy, number, &length) : NULL;
		json_object_object_add(rule, "text",
				       line ? json_object_new_string_len(line, (int)length) : NULL);
	}
	json_object_object_add(object, key, rule);
}

static struct json_object *earlier_array(const struct explain *e)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < e->question.earlier_count; i++) {
		const struct cordon_earlier_read *read = &e->question.earlier[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "path", read->path);
		add_label(e, object, "label", read->object.facts.label);
		add_text(object, "reason", cordon_reason_name(read->reason));
		add_rule(e, object, "rule", read->object.rule);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *subject_object(const struct explain *e)
{
	const struct cordon_process *process = &e->question.process;
	const struct cordon_subject_facts *s = &e->answer.subject;
	struct json_object *object = json_object_new_object();
	struct json_object *groups = json_object_new_array();

	for (size_t i = 0; i < process->gid_count; i++)
		json_object_array_add(groups, json_object_new_string(e->groups[i]));
	json_object_object_add(object, "pid",
			       e->live_pid ? json_object_new_int64(e->live_pid) : NULL);
	add_text(object, "program", e->live_pid ? NULL : process->program);
	add_text(object, "user", e->user);
	json_object_object_add(object, "groups", groups);
	add_text(object, "unit", *process->unit ? process->unit : NULL);
	add_label(e, object, "clearance", s->clearance);
	add_label(e, object, "taint", s->taint);
	json_object_object_add(object, "trusted",
			       json_object_new_boolean(s->flags & CORDON_SUBJECT_TRUSTED));
	add_rule(e, object, "rule", e->answer.subject_rule);
	json_object_object_add(object, "after", earlier_array(e));
	return object;
}

static struct json_object *target_object(const struct explain *e)
{
	const struct cordon_object_found *found = &e->answer.object;
	const struct cordon_host_found *host = &e->answer.host;
	struct json_object *object = json_object_new_object();

	if (e->question.access == CORDON_ACCESS_REACH) {
		add_text(object, "host", e->target);
		json_object_object_add(object, "known", json_object_new_boolean(host->facts.known));
		if (host->facts.known)
			add_label(e, object, "clearance", host->facts.clearance);
		else
			add_text(object, "clearance", NULL);
		add_rule(e, object, "rule", host->rule);
		return object;
	}
	add_text(object, "path", e->target);
	add_label(e, object, "label", found->facts.label);
	json_object_object_add(object, "drop",
			       json_object_new_boolean(found->facts.flags & CORDON_OBJECT_DROP));
	json_object_object_add(object, "cleared_program",
			       json_object_new_boolean(found->facts.flags & CORDON_OBJECT_PROGRAM));
	add_rule(e, object, "rule", found->rule);
	return object;
}

static void print_json(const struct explain *e)
{
	static const char *const accesses[] = { "read", "write", "reach" };
	cordon_auto_json *object = json_object_new_object();

	json_object_object_add(object, "ok", json_object_new_boolean(true));
	add_text(object, "verdict", cordon_verdict_name(e->answer.verdict));
	add_text(object, "reason", cordon_reason_name(e->answer.reason));
	add_text(object, "meaning", cordon_reason_meaning(e->answer.reason));
	add_text(object, "access", accesses[e->question.access]);
	json_object_object_add(object, "subject", subject_object(e));
	json_object_object_add(object,
			       e->question.access == CORDON_ACCESS_REACH ? "host" : "object",
			       target_object(e));
	add_label(e, object, "taint_after", e->answer.taint_after);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int run(int argc, char **argv, struct explain *e)
{
	struct cordon_failure failure;
	int error = options_read(argc, argv, e);

	if (!error)
		error = question_read(argc, argv, e);
	if (error == CORDON_EXIT_USAGE)
		return cordon_usage(argv[0]);
	if (!error && path_bad(e)) {
		cordon_failure_set(&failure, EINVAL,
				   "'%s' is not a whole path: it begins with / and has no . or ..",
				   path_bad(e));
		return cordon_complain(e->json, CORDON_EXIT_USAGE, failure.text);
	}
	if (!error)
		error = e->image_path ? image_open(e) : policy_open(e);
	if (!error)
		error = e->live_pid ? live_find(e) : accounts_find(e);
	if (error)
		return error;
	cordon_evaluate(&e->view, &e->question, &e->answer);
	if (e->json)
		print_json(e);
	else
		print_text(e);
	return e->answer.verdict == CORDON_VERDICT_ALLOW ? CORDON_EXIT_YES : CORDON_EXIT_NO;
}

int cordon_cmd_explain(int argc, char **argv)
{
	struct explain e = { 0 };
	int code = run(argc, argv, &e);

	cordon_policy_free(e.policy);
	free(e.image_bytes);
	cordon_arena_free(&e.arena);
	return code;
}
