// SPDX-License-Identifier: GPL-2.0-only
/*
 * report STEPS OFF ON TABLE TAP: what came of the two runs. Prints the table,
 * keeps it in TABLE, and one test per step in TAP. Exits 0 when nothing leaked with Cordon,
 * every attack succeeded without it, and the honest work was done.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"

struct outputs {
	FILE *table, *tap;
};

static void say(struct outputs *to, const char *format, ...)
{
	FILE *const files[] = { stdout, to->table };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		va_list arguments;

		va_start(arguments, format);
		vfprintf(files[i], format, arguments);
		va_end(arguments);
	}
}

/* "leaked to unk", "succeeded", "blocked", "works", ... */
static void describe(const struct step *step, const struct outcome *outcome, bool on,
		     char text[STORY_FIELD_BYTES])
{
	bool success = step_succeeded(step, outcome);

	if (!outcome->ran)
		strcpy(text, "did not run");
	else if (outcome->leaked)
		snprintf(text, STORY_FIELD_BYTES, "leaked to %.40s", outcome->where);
	else if (step->kind != KIND_ATTACK)
		strcpy(text, success ? "works" : on ? "refused" : "failed");
	else
		strcpy(text, success ? "succeeded" : on ? "blocked" : "failed");
}

static void print_table(struct outputs *to, const struct story *story)
{
	say(to, "%-4s %-10s %-33s %-15s %-15s %s\n", "step", "technique", "what", "guard off",
	    "guard on", "record");
	for (size_t i = 0; i < story->count; i++) {
		const struct step *step = &story->step[i];
		char off[STORY_FIELD_BYTES], on[STORY_FIELD_BYTES];

		describe(step, &step->off, false, off);
		describe(step, &step->on, true, on);
		say(to, "%-4s %-10s %-33s %-15s %-15s %s\n", step->id, step->technique, step->title,
		    off, on, *step->record ? step->record : "-");
	}
}

static int print_verdict(struct outputs *to, const struct story *story)
{
	size_t blocked = 0, leaked = story->astray, faults = story->astray;

	fprintf(to->tap, "TAP version 13\n1..%zu\n", story->count + 1);
	for (size_t i = 0; i < story->count; i++) {
		const struct step *step = &story->step[i];
		const char *fault = step_fault(step);

		blocked += step_is_blocked(step);
		leaked += step_has_leaked(step);
		faults += fault != NULL;
		fprintf(to->tap, "%sok %zu - %s %s%s%s\n", fault ? "not " : "", i + 1, step->id,
			step->title, fault ? ": " : "", fault ? fault : "");
		if (fault)
			say(to, "demo: step %s (%s) %s\n", step->id, step->title, fault);
	}
	fprintf(to->tap, "%sok %zu - no canary turns up outside the steps\n",
		story->astray ? "not " : "", story->count + 1);
	if (story->astray)
		say(to, "demo: %zu canaries turned up outside the steps\n", story->astray);
	say(to, "demo: %zu steps, %zu blocked, %zu leaked\n", story->count, blocked, leaked);
	return faults || !story->count ? 1 : 0;
}

int main(int argc, char **argv)
{
	static struct story story;
	struct outputs to;
	char records[4096];
	int status;

	if (argc != 6) {
		fprintf(stderr, "usage: report STEPS OFF ON TABLE TAP\n");
		return 2;
	}
	snprintf(records, sizeof(records), "%s/files/records.jsonl", argv[3]);
	if (story_load(&story, argv[1]) || story_load_outcomes(&story, argv[2], false) ||
	    story_load_outcomes(&story, argv[3], true) || story_load_records(&story, records))
		return 3;
	to.table = fopen(argv[4], "we");
	to.tap = fopen(argv[5], "we");
	if (!to.table || !to.tap) {
		fprintf(stderr, "report: %s or %s: %s\n", argv[4], argv[5], strerror(errno));
		return 3;
	}
	print_table(&to, &story);
	status = print_verdict(&to, &story);
	if (fclose(to.table) || fclose(to.tap) || fflush(stdout)) {
		perror("report");
		return 3;
	}
	return status;
}
