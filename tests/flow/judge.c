// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle. What a sink may hold follows from the model: a token has the label
 * of the file that it comes from, and may be
 *
 *   - in a place whose label dominates it;
 *   - at a host whose clearance dominates it, and nothing at all at an unknown one;
 *   - in the hands of a subject whose clearance dominates it, or that had it
 *     when it executed a program of less clearance (R6: the taint stays); who
 *     shares memory has what the others have.
 *
 * Whoever calls judge() reads classified files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "figures.h"
#include "flow.h"

struct judgement {
	const struct program *program;
	FILE *why;
	bool verbose, leaked;
	unsigned int bound; /* what the sink that is looked at may hold */
	bool nothing; /* not even that */
	const char *sink;
	/* Of subjects. */
	bool seen[SLOTS];
	unsigned int allowed[SLOTS], held[SLOTS];
	int memory[SLOTS], memories; /* the same number: they share it */
};

unsigned int token_label(const char *token)
{
	switch (token[TOKEN_BYTES - 2]) {
	case 'u':
		return LABEL_UNCLASSIFIED;
	case 'c':
		return LABEL_CUI;
	case 's':
		return LABEL_SECRET;
	default:
		return LABEL_ARROW;
	}
}

static const char *label_name(unsigned int label)
{
	switch (label) {
	case LABEL_UNCLASSIFIED:
		return "unclassified";
	case LABEL_CUI:
		return "cui";
	case LABEL_SECRET:
		return "secret";
	case LABEL_ARROW:
		return "secret arrow";
	}
	return "topsecret";
}

static void look(void *data, const char *what, const char *text, size_t length)
{
	struct judgement *j = data;

	for (size_t i = 0; i < length; i++) {
		bool marked = length - i >= strlen(MARK) && !memcmp(text + i, MARK, strlen(MARK));

		if (j->nothing && (marked || token_at(text + i, length - i))) {
			fprintf(j->why, "leak: %s: %s: no rule knows this host\n", j->sink, what);
			j->leaked = true;
			return;
		}
		if (!token_at(text + i, length - i) || flows(token_label(text + i), j->bound))
			continue;
		fprintf(j->why, "leak: %s: %s holds what is %s\n", j->sink, what,
			label_name(token_label(text + i)));
		j->leaked = true;
		return;
	}
}

static void judge_places(struct judgement *j)
{
	for (int i = 0; i < PLACES; i++) {
		j->bound = places[i].label;
		j->sink = places[i].name;
		arena_search(i, look, j);
	}
}

static void judge_hosts(struct judgement *j)
{
	static const unsigned int bounds[HOSTS] = {
		[HOST_UNK] = LABEL_UNCLASSIFIED, [HOST_LOW] = LABEL_UNCLASSIFIED, [HOST_HI] = LABEL_SECRET
	};

	if (!program_reaches_hosts(j->program))
		return;
	for (int i = 0; i < HOSTS; i++) {
		j->bound = bounds[i];
		j->nothing = i == HOST_UNK;
		j->sink = host_names[i];
		arena_search_host(i, look, j);
	}
	j->nothing = false;
}

/* ---- Subjects -------------------------------------------------------------------------- */

/* Who made the child in @slot: the first played operation that says so. */
static const struct op *parent_op(const struct judgement *j, const struct trace *trace, int slot)
{
	for (int i = 0; i < trace->count; i++) {
		const struct op *op = &j->program->op[trace->step[i].op];
		const char *args = call_kinds[op->call].args;

		if (args[0] == 'k' && op->arg[0] == slot)
			return op;
	}
	return NULL;
}

static unsigned int held_in_memory(const struct judgement *j, int slot)
{
	unsigned int held = 0;

	for (int i = 0; i < SLOTS; i++)
		if (j->seen[i] && j->memory[i] == j->memory[slot])
			held |= j->held[i];
	return held;
}

/* A new image, or a child: what may it hold? */
static void begin(struct judgement *j, const struct trace *trace, const struct report *report)
{
	int slot = report->slot;
	unsigned int clearance = ranks[report->rank].clearance;
	const struct op *op =
		j->seen[slot] || slot < SLOTS_FIRST ? NULL : parent_op(j, trace, slot);

	if (j->seen[slot])
		j->allowed[slot] = clearance | held_in_memory(j, slot);
	else if (op && call_kinds[op->call].args[1] == 'x')
		j->allowed[slot] = clearance | held_in_memory(j, op->who);
	else if (op)
		j->allowed[slot] = j->allowed[op->who];
	else
		j->allowed[slot] = clearance;
	j->memory[slot] =
		op && op->call == call_find("clone-vm") ? j->memory[op->who] : ++j->memories;
	j->seen[slot] = true;
}

static void say_result(const struct judgement *j, const struct report *report)
{
	op_print(&j->program->op[report->op], j->why);
	if (report->result < 0)
		fprintf(j->why, " = %s", strerror(-report->result));
	else
		fprintf(j->why, " = %d", report->result);
	fprintf(j->why, ", %d tokens\n", report->tokens);
}

static void judge_report(struct judgement *j, const struct report *report)
{
	int slot = report->slot;

	if (j->verbose && report->op >= 0)
		say_result(j, report);

	j->held[slot] = 0;
	for (int i = 0; i < report->tokens && i < TOKENS_HELD; i++) {
		unsigned int label = token_label(report->token[i]);

		if (flows(label, j->allowed[slot])) {
			j->held[slot] |= label;
			continue;
		}
		fprintf(j->why, "leak: %s, cleared for %s, holds what is %s", slot_names[slot],
			label_name(j->allowed[slot]), label_name(label));
		if (report->op >= 0) {
			fprintf(j->why, " after ");
			op_print(&j->program->op[report->op], j->why);
		}
		fputc('\n', j->why);
		j->leaked = true;
		/* Said once; what it does with it is a consequence. */
		j->allowed[slot] |= label;
	}
}

static bool judge_subjects(struct judgement *j, const struct trace *trace, struct figures *figures)
{
	FILE *file = fopen(REPORT_DIR "/all", "re");
	struct oracle *oracle = oracle_new(j->program, figures);
	struct report report;
	int count = 0;

	if (!file || !oracle)
		return false;
	while (fread(&report, sizeof(report), 1, file) == 1) {
		if (report.slot < 0 || report.slot >= SLOTS || report.rank < 0 ||
		    report.rank >= RANKS || report.op >= j->program->count)
			break;
		count++;
		if (report.op < 0)
			begin(j, trace, &report);
		judge_report(j, &report);
		oracle_take(oracle, &report);
	}
	fclose(file);
	free(oracle);
	/* Every subject says at least that it is there. */
	return count >= SLOTS_FIRST;
}

enum verdict judge(const struct program *program, const struct trace *trace, bool verbose,
		   FILE *why, FILE *figures_file)
{
	struct judgement j = { .program = program, .why = why, .verbose = verbose };
	struct figures figures = { .programs = 1 };
	bool read = judge_subjects(&j, trace, &figures);

	judge_places(&j);
	judge_hosts(&j);
	for (int i = 0; i < trace->count; i++)
		figures.blocked += trace->step[i].blocked;
	if (figures_file)
		fwrite(&figures, sizeof(figures), 1, figures_file);
	if (j.leaked)
		return VERDICT_LEAK;
	return read ? VERDICT_CLEAN : VERDICT_BROKEN;
}
