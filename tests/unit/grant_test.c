// SPDX-License-Identifier: GPL-2.0-only
/* Which program rule gives the clearance. */
#include "unit.h"

static const char rules[] =
	UNIT_HEADER "program /bin/a clearance cui\n" /* 4 */
		    "program /bin/a unit a.service clearance secret\n" /* 5 */
		    "program /bin/a group 10 clearance top\n" /* 6 */
		    "program /bin/a group 11 clearance secret arrow\n" /* 7 */
		    "program /bin/a user 1 clearance unclassified\n" /* 8 */
		    "program /bin/a user 1 unit a.service clearance secret noforn\n" /* 9 */
		    "program /bin/a user 1 group 10 clearance top all\n" /* 10 */
		    "program /bin/a user 1 group 10 unit a.service clearance top arrow\n" /* 11 */
		    "program /bin/b clearance top trusted\n" /* 12 */
		    "program /bin/b group 10 clearance cui trusted\n" /* 13 */
		    "program /bin/b group 11 clearance top\n" /* 14 */
		    "program /bin/* clearance cui noforn\n" /* 15 */
		    "program /bin/u clearance unclassified\n" /* 16 */
		    "program /opt/** group 10 clearance secret\n"; /* 17 */

#define NOBODY	CORDON_ID_NONE
#define TRUSTED CORDON_SUBJECT_TRUSTED
#define A	(1ULL << 16) /* arrow */
#define N	(1ULL << 17) /* noforn */

static const struct row {
	const char *name;
	const char *program;
	uint32_t uid;
	uint32_t gids[3]; /* up to the first 0 */
	const char *unit;
	uint32_t line; /* of the rule; 0: none */
	cordon_label clearance;
	uint32_t flags;
} rows[] = {
	{ "a rule without qualifiers is for everybody", "/bin/a", NOBODY, { 0 }, "", 4, 1, 0 },
	{ "a unit is more specific than nothing", "/bin/a", NOBODY, { 0 }, "a.service", 5, 3, 0 },
	{ "another unit is not", "/bin/a", NOBODY, { 0 }, "b.service", 4, 1, 0 },
	{ "a unit is its whole name", "/bin/a", NOBODY, { 0 }, "a.servic", 4, 1, 0 },
	{ "a group is more specific than a unit", "/bin/a", NOBODY, { 10 }, "a.service", 6, 7, 0 },
	{ "any of the groups counts", "/bin/a", NOBODY, { 12, 13, 10 }, "", 6, 7, 0 },
	{ "two groups give what both give", "/bin/a", NOBODY, { 10, 11 }, "", 6, 3, 0 },
	{ "a user is more specific than a group, also downwards", "/bin/a", 1, { 11 }, "", 8, 0, 0 },
	{ "two qualifiers are more specific than one", "/bin/a", 1, { 0 }, "a.service", 9, 3 | N, 0 },
	{ "user and group before user and unit", "/bin/a", 1, { 10 }, "", 10, 7 | A | N, 0 },
	{ "three qualifiers are the most specific", "/bin/a", 1, { 10 }, "a.service", 11, 7 | A, 0 },
	{ "another user has none of it", "/bin/a", 2, { 0 }, "", 4, 1, 0 },
	{ "trusted is given", "/bin/b", NOBODY, { 0 }, "", 12, 7, TRUSTED },
	{ "trusted is given by the rule that decides", "/bin/b", NOBODY, { 10 }, "", 13, 1, TRUSTED },
	{ "trusted is not given by a rule that lost", "/bin/b", NOBODY, { 11 }, "", 14, 7, 0 },
	{ "trusted is given where both rules give it", "/bin/b", NOBODY, { 10, 11 }, "", 13, 1, 0 },
	{ "the most specific pattern's rules alone count", "/bin/u", 1, { 10 }, "", 16, 0, 0 },
	{ "a pattern gives to what nothing else names", "/bin/x", 1, { 10 }, "", 15, 1 | N, 0 },
	{ "a program that no rule names has no clearance", "/usr/bin/a", 1, { 10 }, "", 0, 0, 0 },
	{ "a rule for a group gives nothing to others", "/opt/x/y", NOBODY, { 11 }, "", 0, 0, 0 },
	{ "a rule for a group gives to its members", "/opt/x/y", NOBODY, { 10 }, "", 17, 3, 0 },
};

static void grant_is(void **state)
{
	const struct row *row = *state;
	struct unit_policy p = unit_compile(rules);
	struct cordon_process process = { row->program, row->uid, row->gids, 0, row->unit };
	struct cordon_grant_found found;

	while (process.gid_count < 3 && row->gids[process.gid_count])
		process.gid_count++;
	cordon_evaluate_grant(&p.view, &process, &found);
	assert_true(found.clearance == row->clearance);
	assert_int_equal(found.flags, row->flags);
	assert_int_equal(p.view.rules[found.rule].line, row->line);
	unit_policy_free(&p);
}

static const struct object_row {
	const char *name;
	const char *path;
	uint32_t flags;
} objects[] = {
	{ "a program that a rule clears is marked", "/bin/a", CORDON_OBJECT_PROGRAM },
	{ "a program that a rule gives nothing is not marked", "/bin/u", 0 },
	{ "a program that a rule clears for some is marked", "/opt/x", CORDON_OBJECT_PROGRAM },
	{ "what no program rule names is not marked", "/usr/bin/a", 0 },
};

static void flags_are(void **state)
{
	const struct object_row *row = *state;
	struct unit_policy p = unit_compile(rules);
	struct cordon_object_found found;

	cordon_evaluate_object(&p.view, row->path, &found);
	assert_int_equal(found.facts.flags, row->flags);
	unit_policy_free(&p);
}

void unit_grant_cases(struct unit_cases *cases)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		unit_add(cases, rows[i].name, grant_is, &rows[i]);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		unit_add(cases, objects[i].name, flags_are, &objects[i]);
}
