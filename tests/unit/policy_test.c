// SPDX-License-Identifier: GPL-2.0-only
/* Whole policies: the one of the language's description, and the questions asked of it. */
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static const char described[] =
	"policy engineering version 7          # a version never goes back\n"
	"\n"
	"levels      unclassified < cui < secret < topsecret\n"
	"categories  arrow noforn\n"
	"\n"
	"file  /srv/arrow/**                    secret arrow\n"
	"file  /srv/arrow/README                unclassified      # more specific: wins\n"
	"file  /srv/finance/*.xlsx              cui\n"
	"file  /home/*/classified/**            secret\n"
	"device /dev/sdb                        secret            # raw reads too\n"
	"file  /run/systemd/journal/dev-log     secret arrow drop # anyone may log\n"
	"\n"
	"program /usr/bin/soffice  group arrow-cleared           clearance secret arrow\n"
	"program /usr/sbin/backupd unit backup.service           clearance topsecret all  trusted\n"
	"\n"
	"host  10.20.0.0/16   port 443 tcp                        clearance secret arrow\n"
	"host  mail.example.mil  port 25,587                      clearance unclassified\n"
	"host  127.0.0.0/8 ::1                                    clearance unclassified\n"
	"host  any  inbound  port 22 tcp                          clearance unclassified\n"
	"%s"
	"\n"
	"on write-down   deny                   # or raise\n"
	"on deny         record                 # or kill, quarantine\n"
	"on ledger-full  deny                   # or count\n"
	"record reads of cui and above\n"
	"\n"
	"expect deny   read /srv/arrow/plans.pdf      by /usr/bin/curl\n"
	"expect allow  read /srv/arrow/plans.pdf      by /usr/bin/soffice group arrow-cleared\n"
	"expect deny   reach 198.51.100.7:443         by /usr/bin/curl\n"
	"expect deny   reach 10.30.0.9:443            by /usr/bin/soffice group arrow-cleared after read /srv/arrow/plans.pdf\n";

static const char budget[] =
	"host  10.20.0.9  port 443 tcp  clearance secret arrow  budget 50MiB per hour\n";

static void described_policy_compiles(void **state)
{
	char text[sizeof(described) + sizeof(budget)];
	struct unit_policy p;

	(void)state;
	snprintf(text, sizeof(text), described, "");
	p = unit_compile(text);
	assert_int_equal(cordon_policy_rule_count(p.text), 12);
	assert_int_equal(cordon_policy_expectation_count(p.text), 4);
	assert_string_equal(p.view.header->name, "engineering");
	assert_int_equal(p.view.header->policy.version, 7);
	unit_policy_free(&p);
}

static void described_budget_is_refused_as_not_enforced(void **state)
{
	struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_AUTHOR,
						 .offline = 1 };
	struct cordon_policy_text *policy = NULL;
	char text[sizeof(described) + sizeof(budget)];
	struct cordon_policy_error error;

	(void)state;
	snprintf(text, sizeof(text), described, budget);
	assert_int_equal(cordon_policy_compile_text("x.cordon", text, strlen(text), &options,
						    &policy),
			 -EINVAL);
	assert_int_equal(cordon_policy_error_count(policy), 1);
	cordon_policy_error_get(policy, 0, &error);
	assert_int_equal(error.line, 20);
	assert_int_equal(error.column, 56);
	assert_string_equal(error.message, "budgets are not enforced by this version");
	cordon_policy_free(policy);
}

/* ---- Questions ---- */

static const struct question_row {
	const char *name;
	bool cleared; /* soffice of the group; else curl */
	const char *after;
	enum cordon_access access;
	const char *target; /* path, or host with port 443 tcp */
	enum cordon_reason reason;
} questions[] = {
	{ "evaluator: the uncleared do not read", 0, NULL, 0, "/srv/arrow/x",
	  CORDON_REASON_READ_UP },
	{ "evaluator: the cleared read", 1, NULL, 0, "/srv/arrow/x", CORDON_REASON_NONE },
	{ "evaluator: the exception is read by all", 0, NULL, 0, "/srv/arrow/README",
	  CORDON_REASON_NONE },
	{ "evaluator: the cleared write before they read", 1, NULL, 1, "/tmp/x",
	  CORDON_REASON_NONE },
	{ "evaluator: the cleared do not write down after", 1, "/srv/arrow/x", 1, "/tmp/x",
	  CORDON_REASON_WRITE_DOWN },
	{ "evaluator: the cleared write where they read", 1, "/srv/arrow/x", 1, "/srv/arrow/y",
	  CORDON_REASON_NONE },
	{ "evaluator: an unclassified read taints nothing", 1, "/srv/arrow/README", 1, "/tmp/x",
	  CORDON_REASON_NONE },
	{ "evaluator: a read that was denied raises nothing", 0, "/srv/arrow/x", 1, "/tmp/x",
	  CORDON_REASON_NONE },
	{ "evaluator: the uncleared do not overwrite", 0, NULL, 1, "/srv/arrow/x",
	  CORDON_REASON_OVERWRITE },
	{ "evaluator: the uncleared write into a drop", 0, NULL, 1, "/run/systemd/journal/dev-log",
	  CORDON_REASON_NONE },
	{ "evaluator: nobody writes a cleared program", 1, NULL, 1, "/usr/bin/soffice",
	  CORDON_REASON_PROGRAM },
	{ "evaluator: a device has its label", 0, NULL, 0, "/dev/sdb", CORDON_REASON_READ_UP },
	{ "evaluator: the untainted reach the cleared host", 1, NULL, 2, "10.20.0.9",
	  CORDON_REASON_NONE },
	{ "evaluator: the tainted reach the cleared host", 1, "/srv/arrow/x", 2, "10.20.0.9",
	  CORDON_REASON_NONE },
	{ "evaluator: the tainted do not reach loopback", 1, "/srv/arrow/x", 2, "127.0.0.1",
	  CORDON_REASON_HOST_CLEARANCE },
	{ "evaluator: nobody reaches what no rule names", 0, NULL, 2, "198.51.100.7",
	  CORDON_REASON_UNKNOWN_HOST },
	{ "evaluator: too deep is denied", 1, NULL, 0, NULL, CORDON_REASON_TOO_DEEP },
};

static void question_fill(const struct question_row *row, struct cordon_question *q, char *deep)
{
	char target[64];

	q->process.program = row->cleared ? "/usr/bin/soffice" : "/usr/bin/curl";
	q->process.uid = CORDON_ID_NONE;
	q->process.unit = "";
	q->access = row->access;
	q->path = row->target;
	if (!row->target) {
		for (int i = 0; i <= CORDON_DEPTH_MAX; i++)
			strcat(deep, "/d");
		q->path = deep;
	}
	if (row->access == CORDON_ACCESS_REACH) {
		struct cordon_arena arena = { 0 };

		snprintf(target, sizeof(target), "%s:443", row->target);
		assert_true(cordon_destination_read(&arena, target, &q->destination));
		cordon_arena_free(&arena);
	}
}

static void reason_is(void **state)
{
	const struct question_row *row = *state;
	char text[sizeof(described) + 1], deep[2 * CORDON_DEPTH_MAX + 8] = "";
	struct cordon_earlier_read earlier = { .path = row->after };
	struct cordon_question question = { .earlier = &earlier,
					    .earlier_count = row->after != NULL };
	struct cordon_answer answer;
	struct unit_policy p;
	uint32_t gid;

	snprintf(text, sizeof(text), described, "");
	p = unit_compile(text);
	question_fill(row, &question, deep);
	assert_int_equal(cordon_policy_group(p.text, "arrow-cleared", &gid), 0);
	question.process.gids = &gid;
	question.process.gid_count = row->cleared;
	cordon_evaluate(&p.view, &question, &answer);
	assert_string_equal(cordon_reason_name(answer.reason), cordon_reason_name(row->reason));
	assert_int_equal(answer.verdict == CORDON_VERDICT_ALLOW, row->reason == CORDON_REASON_NONE);
	unit_policy_free(&p);
}

static void the_live_state_is_used_instead_of_a_grant(void **state)
{
	struct cordon_subject_facts live = { .clearance = UNIT_TOP, .taint = UNIT_SECRET };
	struct unit_policy p = unit_compile(UNIT_HEADER "file /s secret\nfile /t top\n");
	struct cordon_question q = { .process = { "", CORDON_ID_NONE, NULL, 0, "" },
				     .live = &live,
				     .path = "/t" };
	struct cordon_answer answer;

	(void)state;
	cordon_evaluate(&p.view, &q, &answer);
	assert_int_equal(answer.verdict, CORDON_VERDICT_ALLOW);
	assert_true(answer.taint_after == UNIT_TOP);
	q.access = CORDON_ACCESS_WRITE;
	q.path = "/u";
	cordon_evaluate(&p.view, &q, &answer);
	assert_int_equal(answer.reason, CORDON_REASON_WRITE_DOWN);
	unit_policy_free(&p);
}

static void a_classified_program_taints_who_runs_it(void **state)
{
	struct unit_policy p = unit_compile(UNIT_HEADER "file /srv/tool secret\n"
							"program /srv/tool clearance secret\n");
	struct cordon_question q = { .process = { "/srv/tool", CORDON_ID_NONE, NULL, 0, "" },
				     .access = CORDON_ACCESS_WRITE,
				     .path = "/tmp/x" };
	struct cordon_answer answer;

	(void)state;
	cordon_evaluate(&p.view, &q, &answer);
	assert_true(answer.subject.taint == UNIT_SECRET);
	assert_int_equal(answer.reason, CORDON_REASON_WRITE_DOWN);
	unit_policy_free(&p);
}

static void reads_that_are_recorded(void **state)
{
	struct unit_policy p = unit_compile(UNIT_HEADER "record reads of secret and above\n");
	struct unit_policy none = unit_compile(UNIT_HEADER);

	(void)state;
	assert_false(cordon_evaluate_recorded(&p.view, UNIT_CUI));
	assert_true(cordon_evaluate_recorded(&p.view, UNIT_SECRET));
	assert_true(cordon_evaluate_recorded(&p.view, cordon_label_make(3, UNIT_ARROW)));
	assert_false(cordon_evaluate_recorded(&none.view, UNIT_TOP));
	unit_policy_free(&p);
	unit_policy_free(&none);
}

static void a_policy_of_levels_alone_allows_what_is_unclassified(void **state)
{
	struct unit_policy p = unit_compile("policy empty version 1\nlevels only\n");
	struct cordon_object_found found;

	(void)state;
	cordon_evaluate_object(&p.view, "/etc/passwd", &found);
	assert_true(found.facts.label == 0);
	assert_int_equal(found.accept, 0);
	assert_int_equal(found.undecided, CORDON_REASON_NONE);
	unit_policy_free(&p);
}

static void ten_thousand_rules_are_found_again(void **state)
{
	char *text = malloc(1 << 20), path[64];
	struct cordon_object_found found;
	struct unit_policy p;
	size_t used;

	(void)state;
	used = (size_t)sprintf(text, UNIT_HEADER);
	for (unsigned int i = 0; i < 10000; i++)
		used += (size_t)sprintf(text + used, "file /srv/d%u/f%u secret\n", i % 97, i);
	p = unit_compile(text);
	assert_true(p.view.bytes < 8 << 20);
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "/srv/d%u/f%u", i % 97, i);
		cordon_evaluate_object(&p.view, path, &found);
		assert_int_equal(found.rule, i + 1);
		snprintf(path, sizeof(path), "/srv/d%u/f%u", i % 97, i + 10000);
		cordon_evaluate_object(&p.view, path, &found);
		assert_int_equal(found.rule, 0);
	}
	unit_policy_free(&p);
	free(text);
}

static const struct plain_row {
	const char *path;
	int plain;
} plains[] = {
	{ "/", 1 },  { "/a", 1 },    { "/a/b.c", 1 }, { "/..a", 1 },   { "/a/...", 1 },
	{ "", 0 },   { "a", 0 },     { "//", 0 },     { "/a/", 0 },    { "/a//b", 0 },
	{ "/.", 0 }, { "/a/..", 0 }, { "/../a", 0 },  { "/a/./b", 0 },
};

static void plain_paths_are_told_from_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plains) / sizeof(plains[0]); i++)
		if (cordon_path_is_plain(plains[i].path) != plains[i].plain)
			fail_msg("%s", plains[i].path);
}

/* ---- Who may write what is loaded ---- */

struct installed {
	char folder[64], path[96];
};

/* A policy in a folder of its own below @parent; false: cannot be made there. */
static bool installed_make(struct installed *made, const char *parent)
{
	FILE *file;

	snprintf(made->folder, sizeof(made->folder), "%s/cordon-unit-XXXXXX", parent);
	if (!mkdtemp(made->folder))
		return false;
	snprintf(made->path, sizeof(made->path), "%s/a.cordon", made->folder);
	file = fopen(made->path, "w");
	assert_non_null(file);
	fputs(UNIT_HEADER, file);
	fclose(file);
	assert_int_equal(chmod(made->path, 0644), 0);
	return true;
}

/* The first error when it is read as what is loaded; "" when there is none. */
static void loading_says(const char *path, char *says, size_t size)
{
	struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_ROOT };
	struct cordon_policy_text *policy = NULL;
	struct cordon_policy_error error;

	cordon_policy_compile(&path, 1, &options, &policy);
	assert_non_null(policy);
	*says = '\0';
	for (size_t i = 0; i < cordon_policy_error_count(policy) && !strstr(says, "only root");
	     i++) {
		cordon_policy_error_get(policy, i, &error);
		snprintf(says, size, "%s", error.message);
	}
	cordon_policy_free(policy);
}

static void installed_remove(const struct installed *made)
{
	unlink(made->path);
	rmdir(made->folder);
}

static void a_policy_below_a_folder_of_everybody_is_not_loaded(void **state)
{
	struct installed made;
	char says[512];

	(void)state;
	assert_true(installed_make(&made, "/tmp"));
	loading_says(made.folder, says, sizeof(says));
	assert_non_null(strstr(says, "only root may be able to write a policy"));
	installed_remove(&made);
}

static void a_policy_of_root_is_loaded_until_others_may_write(void **state)
{
	struct installed made;
	char says[512];

	(void)state;
	if (geteuid() || !installed_make(&made, "/root"))
		skip();
	loading_says(made.folder, says, sizeof(says));
	assert_string_equal(says, "");
	assert_int_equal(chmod(made.folder, 0775), 0);
	loading_says(made.folder, says, sizeof(says));
	assert_non_null(strstr(says, "the folder may be written by its group (mode 0775)"));
	assert_int_equal(chmod(made.folder, 0755), 0);
	assert_int_equal(chmod(made.path, 0666), 0);
	loading_says(made.folder, says, sizeof(says));
	assert_non_null(strstr(says, "the file may be written by everybody (mode 0666)"));
	assert_int_equal(chmod(made.path, 0644), 0);
	assert_int_equal(chown(made.path, 12345, 0), 0);
	loading_says(made.path, says, sizeof(says));
	assert_non_null(strstr(says, "the file belongs to user 12345: only root may"));
	installed_remove(&made);
}

void unit_policy_cases(struct unit_cases *cases)
{
	unit_add(cases, "the described policy compiles and its expectations hold",
		 described_policy_compiles, NULL);
	unit_add(cases, "the described budget is refused as not enforced",
		 described_budget_is_refused_as_not_enforced, NULL);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		unit_add(cases, questions[i].name, reason_is, &questions[i]);
	unit_add(cases, "the live state is used instead of a grant",
		 the_live_state_is_used_instead_of_a_grant, NULL);
	unit_add(cases, "a classified program taints who runs it",
		 a_classified_program_taints_who_runs_it, NULL);
	unit_add(cases, "reads that are recorded are those that dominate", reads_that_are_recorded,
		 NULL);
	unit_add(cases, "a policy of levels alone allows what is unclassified",
		 a_policy_of_levels_alone_allows_what_is_unclassified, NULL);
	unit_add(cases, "ten thousand rules are found again", ten_thousand_rules_are_found_again,
		 NULL);
	unit_add(cases, "a policy below a folder of everybody is not loaded",
		 a_policy_below_a_folder_of_everybody_is_not_loaded, NULL);
	unit_add(cases, "a policy of root is loaded until others may write",
		 a_policy_of_root_is_loaded_until_others_may_write, NULL);
	unit_add(cases, "plain paths are told from others", plain_paths_are_told_from_others, NULL);
}
