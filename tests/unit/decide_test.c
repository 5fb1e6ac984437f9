// SPDX-License-Identifier: GPL-2.0-only
/* R1 to R6 as truth tables: a row for each cell, named for what it proves. */
#include "unit.h"

#define U	   CORDON_LABEL_UNCLASSIFIED
#define S	   ((cordon_label)0x3) /* secret */
#define T	   ((cordon_label)0x7) /* top secret */
#define SA	   (S | 1ULL << 16) /* secret arrow */
#define SB	   (S | 1ULL << 17) /* secret noforn */
#define TRUSTED	   CORDON_SUBJECT_TRUSTED
#define CONTROLLER CORDON_SUBJECT_CONTROLLER
#define DROP	   CORDON_OBJECT_DROP
#define PROG	   CORDON_OBJECT_PROGRAM
#define FLOATS	   CORDON_OBJECT_FLOATS
#define R(name)	   CORDON_REASON_##name

struct row {
	const char *name;
	struct cordon_subject_facts s;
	struct cordon_object_facts o;
	enum cordon_reason expected;
};

/* subject: clearance, taint, flags; object: label, flags */
static const struct row reads[] = {
	{ "R1 unclassified reads unclassified", { U, U, 0 }, { U, 0 }, R(NONE) },
	{ "R1 unclassified does not read secret", { U, U, 0 }, { S, 0 }, R(READ_UP) },
	{ "R1 secret reads unclassified", { S, U, 0 }, { U, 0 }, R(NONE) },
	{ "R1 secret reads secret", { S, U, 0 }, { S, 0 }, R(NONE) },
	{ "R1 secret does not read top secret", { S, U, 0 }, { T, 0 }, R(READ_UP) },
	{ "R1 a level without the category does not read it", { T, U, 0 }, { SA, 0 }, R(READ_UP) },
	{ "R1 a category without the level does not read it",
	  { 1ULL << 16, U, 0 },
	  { SA, 0 },
	  R(READ_UP) },
	{ "R1 another category does not read it", { SB, U, 0 }, { SA, 0 }, R(READ_UP) },
	{ "R1 level and category read it", { SA, U, 0 }, { SA, 0 }, R(NONE) },
	{ "R1 taint does not stop reading", { S, S, 0 }, { U, 0 }, R(NONE) },
	{ "R1 a drop is not read by the lower", { U, U, 0 }, { S, DROP }, R(READ_UP) },
	{ "R1 a drop is read by the cleared", { S, U, 0 }, { S, DROP }, R(NONE) },
	{ "R1 trusted is no clearance to read", { U, U, TRUSTED }, { S, 0 }, R(READ_UP) },
	{ "R1 the controller reads all", { U, U, CONTROLLER }, { T, 0 }, R(NONE) },
	{ "R1 a cleared program is read by all", { U, U, 0 }, { U, PROG }, R(NONE) },
};

static const struct row writes[] = {
	{ "R2 untainted unclassified writes unclassified", { U, U, 0 }, { U, 0 }, R(NONE) },
	{ "R2 untainted cleared writes unclassified", { S, U, 0 }, { U, 0 }, R(NONE) },
	{ "R2 tainted does not write down", { S, S, 0 }, { U, 0 }, R(WRITE_DOWN) },
	{ "R2 tainted writes what dominates the taint", { S, S, 0 }, { S, 0 }, R(NONE) },
	{ "R2 tainted does not write another category",
	  { SA | SB, SA, 0 },
	  { SB, 0 },
	  R(WRITE_DOWN) },
	{ "R2 tainted does not lose the category", { SA, SA, 0 }, { S, 0 }, R(WRITE_DOWN) },
	{ "R2 untainted cleared writes secret", { S, U, 0 }, { S, 0 }, R(NONE) },
	{ "R2 nobody destroys what he may not read", { U, U, 0 }, { S, 0 }, R(OVERWRITE) },
	{ "R2 the secret do not destroy top secret", { S, S, 0 }, { T, 0 }, R(OVERWRITE) },
	{ "R2 a drop is written by the lower", { U, U, 0 }, { S, DROP }, R(NONE) },
	{ "R2 a drop is no way down", { S, S, 0 }, { U, DROP }, R(WRITE_DOWN) },
	{ "R2 what floats takes the taint", { S, S, 0 }, { U, FLOATS }, R(NONE) },
	{ "R2 what floats high is written by the lower", { U, U, 0 }, { S, FLOATS }, R(NONE) },
	{ "R2 a cleared program is not changed", { S, U, 0 }, { U, PROG }, R(PROGRAM) },
	{ "R2 a cleared program is changed by the trusted",
	  { S, U, TRUSTED },
	  { U, PROG },
	  R(TRUSTED) },
	{ "R2 the trusted write down, recorded", { S, S, TRUSTED }, { U, 0 }, R(TRUSTED) },
	{ "R2 the trusted overwrite, recorded", { U, U, TRUSTED }, { S, 0 }, R(TRUSTED) },
	{ "R2 the trusted need no exemption for the usual", { S, U, TRUSTED }, { U, 0 }, R(NONE) },
	{ "R2 the controller writes all", { U, S, CONTROLLER }, { U, PROG }, R(NONE) },
};

static void read_is(void **state)
{
	const struct row *row = *state;

	assert_int_equal(cordon_decide_read(&row->s, &row->o), row->expected);
}

static void write_is(void **state)
{
	const struct row *row = *state;

	assert_int_equal(cordon_decide_write(&row->s, &row->o), row->expected);
}

static const struct reach_row {
	const char *name;
	struct cordon_subject_facts s;
	struct cordon_host_facts h; /* clearance, known */
	enum cordon_reason expected;
} reaches[] = {
	{ "R3 nobody reaches an unknown host", { S, U, 0 }, { U, 0 }, R(UNKNOWN_HOST) },
	{ "R3 an unknown host has no clearance", { S, U, 0 }, { T, 0 }, R(UNKNOWN_HOST) },
	{ "R3 the trusted reach no unknown host", { S, U, TRUSTED }, { U, 0 }, R(UNKNOWN_HOST) },
	{ "R3 the untainted reach a known host", { S, U, 0 }, { U, 1 }, R(NONE) },
	{ "R3 the tainted do not reach a lower host", { S, S, 0 }, { U, 1 }, R(HOST_CLEARANCE) },
	{ "R3 the tainted reach a cleared host", { S, S, 0 }, { S, 1 }, R(NONE) },
	{ "R3 the tainted reach a higher host", { S, S, 0 }, { T, 1 }, R(NONE) },
	{ "R3 a host without the category is lower", { SA, SA, 0 }, { T, 1 }, R(HOST_CLEARANCE) },
	{ "R3 the trusted are tainted too", { S, S, TRUSTED }, { U, 1 }, R(HOST_CLEARANCE) },
	{ "R3 the controller reaches no unknown host",
	  { U, U, CONTROLLER },
	  { U, 0 },
	  R(UNKNOWN_HOST) },
	{ "R3 clearance is not taint", { T, U, 0 }, { U, 1 }, R(NONE) },
};

static void reach_is(void **state)
{
	const struct reach_row *row = *state;

	assert_int_equal(cordon_decide_reach(&row->s, &row->h), row->expected);
}

static const struct act_row {
	const char *name;
	struct cordon_subject_facts s, t;
	enum cordon_reason expected;
	int writes;
} acts[] = {
	{ "R4 the equal act on each other", { U, U, 0 }, { U, U, 0 }, R(NONE), 0 },
	{ "R4 the lower do not act on the cleared", { U, U, 0 }, { S, U, 0 }, R(ACT_UP), 0 },
	{ "R4 the lower do not act on the tainted", { U, U, 0 }, { U, S, 0 }, R(ACT_UP), 0 },
	{ "R4 the cleared act on the lower", { S, U, 0 }, { U, U, 0 }, R(NONE), 0 },
	{ "R4 the cleared act on the tainted", { S, U, 0 }, { S, S, 0 }, R(NONE), 0 },
	{ "R4 another category is not dominated", { SA, U, 0 }, { SB, U, 0 }, R(ACT_UP), 0 },
	{ "R4 nobody acts on the controller", { T, U, TRUSTED }, { U, U, CONTROLLER }, R(GUARD), 0 },
	{ "R4 the controller acts on all", { U, U, CONTROLLER }, { T, T, 0 }, R(NONE), 0 },
	{ "R4 the trusted are cleared like others", { U, U, TRUSTED }, { S, U, 0 }, R(ACT_UP), 0 },
	{ "R4 the clean write to the lower", { S, U, 0 }, { U, U, 0 }, R(NONE), 1 },
	{ "R4 the tainted read the lower", { S, S, 0 }, { U, U, 0 }, R(NONE), 0 },
	{ "R4 the tainted do not write to the lower", { S, S, 0 }, { U, U, 0 }, R(WRITE_DOWN), 1 },
	{ "R4 nor to who lost the clearance", { S, S, 0 }, { U, S, 0 }, R(WRITE_DOWN), 1 },
	{ "R4 the tainted write to the cleared", { S, S, 0 }, { S, U, 0 }, R(NONE), 1 },
	{ "R4 the trusted write down", { S, S, TRUSTED }, { U, U, 0 }, R(TRUSTED), 1 },
};

static void act_is(void **state)
{
	const struct act_row *row = *state;

	assert_int_equal(cordon_decide_act(&row->s, &row->t, row->writes), row->expected);
}

static const struct move_row {
	const char *name;
	struct cordon_object_facts from, to;
	enum cordon_reason expected;
} moves[] = {
	{ "R5 a move within one label is free", { S, 0 }, { S, 0 }, R(NONE) },
	{ "R5 a move down is a relabel", { S, 0 }, { U, 0 }, R(RELABEL) },
	{ "R5 a move up is a relabel", { U, 0 }, { S, 0 }, R(RELABEL) },
	{ "R5 a move out of a drop is a relabel", { S, DROP }, { S, 0 }, R(RELABEL) },
	{ "R5 a move onto a cleared program is a relabel", { U, 0 }, { U, PROG }, R(RELABEL) },
};

static void move_is(void **state)
{
	const struct move_row *row = *state;

	assert_int_equal(cordon_decide_move(&row->from, &row->to), row->expected);
}

static const struct exec_row {
	const char *name;
	cordon_label before, granted;
	int unsafe;
	cordon_label after;
	int rises;
} execs[] = {
	{ "R6 a granted clearance is given", U, S, 0, S, 1 },
	{ "R6 without a grant the clearance goes", S, U, 0, U, 0 },
	{ "R6 the same clearance is no rise", S, S, 0, S, 0 },
	{ "R6 what can be steered does not rise", U, S, 1, U, 0 },
	{ "R6 what can be steered still falls", S, U, 1, U, 0 },
	{ "R6 what can be steered keeps what both have", SA, SB, 1, S, 0 },
	{ "R6 another category is a rise", SA, SB, 0, SB, 1 },
};

static void exec_is(void **state)
{
	const struct exec_row *row = *state;
	cordon_label after = cordon_clearance_after_exec(row->before, row->granted, row->unsafe);

	assert_true(after == row->after);
	assert_int_equal(cordon_clearance_rises(row->before, after), row->rises);
}

static void read_raises_taint_to_the_join(void **state)
{
	struct cordon_subject_facts s = { SA | SB, SA, 0 };
	struct cordon_object_facts o = { SB, 0 };

	(void)state;
	assert_true(cordon_taint_after_read(&s, &o) == (SA | SB));
	o.label = U;
	assert_true(cordon_taint_after_read(&s, &o) == SA);
	s.flags = CONTROLLER;
	o.label = T;
	assert_true(cordon_taint_after_read(&s, &o) == SA);
}

/* Over all small labels: what flowed somewhere could always have been read there. */
static void information_flows_only_upwards(void **state)
{
	enum {
		LABELS = 16
	};
	cordon_label label[LABELS];

	(void)state;
	for (unsigned int i = 0; i < LABELS; i++)
		label[i] = cordon_label_make(i >> 2, i & 3);
	for (unsigned int c = 0; c < LABELS; c++) {
		for (unsigned int from = 0; from < LABELS; from++) {
			for (unsigned int to = 0; to < LABELS; to++) {
				struct cordon_subject_facts s = { label[c], U, 0 };
				struct cordon_object_facts a = { label[from], 0 };
				struct cordon_object_facts b = { label[to], 0 };
				struct cordon_host_facts h = { label[to], 1 };

				if (cordon_decide_read(&s, &a) != CORDON_REASON_NONE)
					continue;
				s.taint = cordon_taint_after_read(&s, &a);
				if (cordon_decide_write(&s, &b) == CORDON_REASON_NONE ||
				    cordon_decide_reach(&s, &h) == CORDON_REASON_NONE)
					assert_true(cordon_label_dominates(label[to], label[from]));
			}
		}
	}
}

/* ---- R2 where the policy says `raise` ------------------------------------------ */

static const struct raise_row {
	const char *name;
	struct cordon_subject_facts subject;
	struct cordon_object_facts object;
	enum cordon_keeping keeping;
	enum cordon_reason reason;
} raises[] = {
	{ "R2 raise: what keeps labels rises to the taint",
	  { S, S, 0 },
	  { U, 0 },
	  CORDON_KEEPS_LABELS,
	  CORDON_REASON_LABEL_RAISED },
	{ "R2 raise: what keeps none does not, and says so",
	  { S, S, 0 },
	  { U, 0 },
	  CORDON_KEEPS_NOTHING,
	  CORDON_REASON_LABEL_UNKEPT },
	{ "R2 raise: a name goes out by itself",
	  { S, S, 0 },
	  { U, 0 },
	  CORDON_KEEPS_NO_NAMES,
	  CORDON_REASON_LABEL_NAME },
	{ "R2 raise: what is no regular file never rises",
	  { S, S, 0 },
	  { U, 0 },
	  CORDON_KEEPS_NEVER,
	  CORDON_REASON_WRITE_DOWN },
	{ "R2 raise: not above the clearance, by the taint",
	  { U, S, 0 },
	  { U, 0 },
	  CORDON_KEEPS_LABELS,
	  CORDON_REASON_OVERWRITE },
	{ "R2 raise: not above the clearance, by the object",
	  { S, S, 0 },
	  { 1ull << CORDON_LEVEL_BITS, 0 },
	  CORDON_KEEPS_LABELS,
	  CORDON_REASON_OVERWRITE },
	{ "R2 raise: a program that a rule clears stays",
	  { S, S, 0 },
	  { U, CORDON_OBJECT_PROGRAM },
	  CORDON_KEEPS_LABELS,
	  CORDON_REASON_PROGRAM },
};

static void raise_is(void **state)
{
	const struct raise_row *row = *state;

	assert_int_equal(cordon_decide_raise(&row->subject, &row->object, row->keeping),
			 row->reason);
}

#define ADD_ROWS(cases, rows, function)                                            \
	do {                                                                       \
		for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)      \
			unit_add((cases), (rows)[i].name, (function), &(rows)[i]); \
	} while (0)

void unit_decide_cases(struct unit_cases *cases)
{
	ADD_ROWS(cases, reads, read_is);
	ADD_ROWS(cases, writes, write_is);
	ADD_ROWS(cases, raises, raise_is);
	ADD_ROWS(cases, reaches, reach_is);
	ADD_ROWS(cases, acts, act_is);
	ADD_ROWS(cases, moves, move_is);
	ADD_ROWS(cases, execs, exec_is);
	unit_add(cases, "R1 a read raises the taint to the join", read_raises_taint_to_the_join,
		 NULL);
	unit_add(cases, "information flows only upwards", information_flows_only_upwards, NULL);
}
