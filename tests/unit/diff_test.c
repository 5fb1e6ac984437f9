// SPDX-License-Identifier: GPL-2.0-only
/* userspace/policy/diff*.c: what changes in meaning, and whether it loosens. */
#include "diff.h"
#include "unit.h"

/* From @old to @new; the first difference, if any, is about @what and of this kind. */
struct row {
	const char *name, *old, *new;
	int loosens, tightens; /* how many of each; -1: at least one */
	const char *what;
};

static const struct row rows[] = {
	{ "same_text_is_the_same", "file /a secret", "file /a secret", 0, 0, NULL },
	{ "same_said_otherwise_is_the_same", "file /a/** secret\nfile /a/b secret\n",
	  "file /a/** secret", 0, 0, NULL },
	{ "order_is_nothing", "file /a secret\nfile /b cui", "file /b cui\nfile /a secret", 0, 0,
	  NULL },
	{ "hidden_rule_is_nothing", "file /a/** secret\nfile /a/* secret", "file /a/** secret", 0,
	  0, NULL },
	{ "label_lowered_loosens", "file /a secret", "file /a cui", 1, 0, "/a" },
	{ "label_gone_loosens", "file /a secret", "", 1, 0, "/a" },
	{ "label_raised_tightens", "file /a cui", "file /a secret", 0, 1, "/a" },
	{ "category_exchanged_loosens", "file /a secret arrow", "file /a secret noforn", 1, 0,
	  "/a" },
	{ "one_hole_in_a_tree_loosens", "file /a/** secret",
	  "file /a/** secret\nfile /a/b/c unclassified", 1, 0, "/a/b/c" },
	{ "drop_loosens", "file /a secret", "file /a secret drop", 1, 0, "/a" },
	{ "drop_gone_tightens", "file /a secret drop", "file /a secret", 0, 1, "/a" },
	{ "clearance_loosens", "", "program /p clearance cui", 1, 0, "/p" },
	{ "clearance_gone_tightens", "program /p clearance cui", "", 0, 1, "/p" },
	{ "clearance_of_a_user_loosens", "program /p clearance cui",
	  "program /p clearance cui\nprogram /p user 7 clearance secret", 1, 0, "/p" },
	{ "lower_group_rule_gone_loosens",
	  "program /p group 5 clearance secret\nprogram /p group 6 clearance cui",
	  "program /p group 5 clearance secret", -1, -1, "/p" },
	{ "unit_loosens", "", "program /p unit x.service clearance cui", 1, 0, "/p" },
	{ "trusted_loosens", "program /p clearance cui", "program /p clearance cui trusted", 1, 0,
	  "/p" },
	{ "trusted_gone_tightens", "program /p clearance cui trusted", "program /p clearance cui",
	  0, 1, "/p" },
	{ "host_opened_loosens", "", "host 10.0.0.1 port 80 tcp clearance unclassified", 1, 0,
	  NULL },
	{ "host_closed_tightens", "host 10.0.0.1 clearance cui", "", 0, -1, NULL },
	{ "host_cleared_loosens", "host 10.0.0.1 clearance cui", "host 10.0.0.1 clearance secret",
	  -1, 0, NULL },
	{ "port_opened_loosens", "host 10.0.0.1 port 80 tcp clearance cui",
	  "host 10.0.0.1 port 80-81 tcp clearance cui", 1, 0, NULL },
	{ "prefix_widened_loosens", "host 10.0.0.0/16 clearance cui",
	  "host 10.0.0.0/8 clearance cui", -1, 0, NULL },
	{ "hole_filled_at_the_same_base_loosens",
	  "host 10.0.0.0/8 clearance unclassified\nhost 10.0.0.0/16 clearance secret",
	  "host 10.0.0.0/8 clearance cui\nhost 10.0.0.0/16 clearance secret", -1, 0, NULL },
	{ "inbound_loosens", "host any port 22 tcp clearance cui",
	  "host any port 22 tcp clearance cui\nhost any inbound port 22 tcp clearance cui", 1, 0,
	  NULL },
	{ "name_opened_loosens", "", "host example.org port 443 tcp clearance cui", 1, 0, NULL },
	{ "name_closed_tightens", "host example.org clearance cui", "", 0, -1, NULL },
	{ "device_gone_loosens", "device /dev/sdb secret", "", 1, 0, "/dev/sdb" },
	{ "terminals_neutral_loosens", "", "on terminal neutral", 1, 0, "on, record" },
	{ "terminals_float_tightens", "on terminal neutral", "on terminal float", 0, 1,
	  "on, record" },
	{ "device_tightens", "", "device /dev/sdb secret", 0, 1, "/dev/sdb" },
	{ "ledger_full_count_loosens", "on ledger-full deny", "on ledger-full count", 1, 0, NULL },
	{ "ledger_full_deny_tightens", "", "on ledger-full deny", 0, 1, NULL },
	{ "fewer_records_loosen", "record reads of cui and above",
	  "record reads of secret and above", 1, 0, "record reads" },
	{ "more_records_tighten", "record reads of secret and above",
	  "record reads of cui and above", 0, 1, "record reads" },
};

static struct unit_policy compile(const char *rules)
{
	char text[2048];

	snprintf(text, sizeof(text), UNIT_HEADER "%s\n", rules);
	return unit_compile(text);
}

static bool counts_fit(int wanted, size_t seen)
{
	return wanted < 0 ? seen > 0 : seen == (size_t)wanted;
}

static void diff_is(void **state)
{
	const struct row *row = *state;
	struct unit_policy old = compile(row->old), new = compile(row->new);
	struct cordon_diff diff;

	assert_int_equal(cordon_diff_make(&old.view, &new.view, &diff), 0);
	if (!counts_fit(row->loosens, diff.loosening) ||
	    !counts_fit(row->tightens, diff.count - diff.loosening)) {
		for (size_t i = 0; i < diff.count; i++)
			print_message("# %s %s: %s\n", diff.list[i].loosens ? "looser" : "tighter",
				      diff.list[i].what, diff.list[i].text);
		fail_msg("%zu loosen, %zu tighten", diff.loosening, diff.count - diff.loosening);
	}
	if (row->what)
		assert_string_equal(diff.list[0].what, row->what);
	cordon_diff_free(&diff);
	unit_policy_free(&old);
	unit_policy_free(&new);
}

static void other_levels_loosen(void **state)
{
	struct unit_policy old = unit_compile("policy p version 1\nlevels a < b < c\nfile /x b\n");
	struct unit_policy longer =
		unit_compile("policy p version 1\nlevels a < b < c < d\nfile /x b\n");
	struct unit_policy other =
		unit_compile("policy p version 1\nlevels a < n < b\nfile /x b\n");
	struct cordon_diff diff;

	(void)state;
	assert_int_equal(cordon_diff_make(&old.view, &longer.view, &diff), 0);
	assert_int_equal(diff.count, 0);
	cordon_diff_free(&diff);
	assert_int_equal(cordon_diff_make(&old.view, &other.view, &diff), 0);
	assert_int_not_equal(diff.loosening, 0);
	cordon_diff_free(&diff);
	unit_policy_free(&old);
	unit_policy_free(&longer);
	unit_policy_free(&other);
}

/* ---- Against the evaluator: what a random question shows, the diff must have said ---- */

#define RULES 6

static void random_rules(uint64_t *seed, char *text, size_t size)
{
	static const char *const paths[] = { "/a", "/a/**", "/a/b", "/*/b", "/a/*", "/c/**" };
	static const char *const labels[] = { "unclassified", "cui", "secret arrow", "secret" };
	static const char *const as[] = { "", " user 7", " group 5", " group 6" };
	size_t used = 0;
	uint32_t chosen = 0;

	text[0] = '\0';
	for (int i = 0; i < RULES; i++) {
		uint32_t path = unit_below(seed, 6), who = unit_below(seed, 4);
		uint32_t form = unit_below(seed, 2) ? 0 : 1 + who;

		/* Two rules for one place and process would be an error. */
		if (chosen & 1u << (path * 5 + form))
			continue;
		chosen |= 1u << (path * 5 + form);
		used += (size_t)snprintf(text + used, size - used,
					 form ? "program %s%s clearance %s\n" : "file %s%s %s\n",
					 paths[path], form ? as[who] : "",
					 labels[unit_below(seed, 4)]);
	}
}

/* True when @new allows @process to hold, or the path to be read by, more than @old does. */
static bool is_looser(const struct cordon_image_view *old, const struct cordon_image_view *new,
		      const struct cordon_process *process)
{
	struct cordon_object_found before, after;
	struct cordon_grant_found had, has;

	cordon_evaluate_object(old, process->program, &before);
	cordon_evaluate_object(new, process->program, &after);
	cordon_evaluate_grant(old, process, &had);
	cordon_evaluate_grant(new, process, &has);
	return before.facts.label & ~after.facts.label || has.clearance & ~had.clearance;
}

static bool shows_loosening(const struct cordon_image_view *old,
			    const struct cordon_image_view *new)
{
	static const char *const paths[] = { "/a", "/a/b", "/a/c", "/a/b/c", "/x/b", "/c", "/c/d" };
	static const uint32_t gids[] = { 5, 6 };

	for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
		for (uint32_t who = 0; who < 8; who++) {
			const struct cordon_process process = {
				.program = paths[p],
				.uid = who & 1 ? 7 : 8,
				.gids = who & 2 ? gids : gids + 1,
				.gid_count = (who & 2 ? 1 : 0) + (who & 4 ? 1 : 0),
				.unit = "",
			};

			if (is_looser(old, new, &process))
				return true;
		}
	return false;
}

static void diff_says_what_questions_show(void **state)
{
	uint64_t seed = 77;
	size_t loosening = 0;

	(void)state;
	for (int round = 0; round < 400; round++) {
		char old_rules[1024], new_rules[1024];
		struct unit_policy old, new;
		struct cordon_diff diff;
		bool looser;

		random_rules(&seed, old_rules, sizeof(old_rules));
		random_rules(&seed, new_rules, sizeof(new_rules));
		old = compile(old_rules);
		new = compile(new_rules);
		assert_int_equal(cordon_diff_make(&old.view, &new.view, &diff), 0);
		looser = shows_loosening(&old.view, &new.view);
		loosening += looser;
		if (looser != (diff.loosening > 0))
			fail_msg("questions say %d, the diff %zu:\n%s----\n%s", looser,
				 diff.loosening, old_rules, new_rules);
		cordon_diff_free(&diff);
		unit_policy_free(&old);
		unit_policy_free(&new);
	}
	/* Both outcomes were tried. */
	assert_in_range(loosening, 50, 399);
}

void unit_diff_cases(struct unit_cases *cases)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		unit_add(cases, rows[i].name, diff_is, &rows[i]);
	unit_add(cases, "other_levels_loosen", other_levels_loosen, NULL);
	unit_add(cases, "diff_says_what_questions_show", diff_says_what_questions_show, NULL);
}
