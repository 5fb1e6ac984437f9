// SPDX-License-Identifier: GPL-2.0-only
/* Reads the steps and what came of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "story.h"

#define LINE_BYTES 1024
#define FIELDS_MAX 8

static int complain(const char *path, const char *what)
{
	fprintf(stderr, "report: %s: %s\n", path, what);
	return -1;
}

/* Cuts a line at its tabs. Returns the number of fields. */
static int split(char *line, char *field[FIELDS_MAX])
{
	int count = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line && count < FIELDS_MAX)
		field[count++] = strsep(&line, "\t");
	return count;
}

static void copy(char to[STORY_FIELD_BYTES], const char *from)
{
	snprintf(to, STORY_FIELD_BYTES, "%s", from);
}

static bool parse_kind(const char *text, enum step_kind *kind)
{
	static const char *const names[] = {
		[KIND_ATTACK] = "attack", [KIND_ALLOWED] = "allowed", [KIND_HONEST] = "honest"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(text, names[i])) {
			*kind = i;
			return true;
		}
	}
	return false;
}

static int parse_step(struct step *step, char *line)
{
	char *field[FIELDS_MAX];

	if (split(line, field) != 7 || !parse_kind(field[3], &step->kind))
		return -1;
	copy(step->id, field[0]);
	copy(step->technique, field[1]);
	copy(step->evidence, field[4]);
	copy(step->names, field[5]);
	copy(step->title, field[6]);
	return 0;
}

int story_load(struct story *story, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	int status = 0;

	if (!file)
		return complain(path, strerror(errno));
	while (!status && fgets(line, sizeof(line), file)) {
		if (*line == '#')
			continue;
		if (story->count == STORY_STEPS_MAX ||
		    parse_step(&story->step[story->count++], line))
			status = complain(path, "a line is no step, or there are too many");
	}
	fclose(file);
	return status;
}

static struct step *find_step(struct story *story, const char *id)
{
	for (size_t i = 0; i < story->count; i++)
		if (!strcmp(story->step[i].id, id))
			return &story->step[i];
	return NULL;
}

static int load_times(struct story *story, const char *dir, bool on)
{
	char path[LINE_BYTES], line[LINE_BYTES], id[STORY_FIELD_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/files/steps.txt", dir);
	file = fopen(path, "re");
	if (!file)
		return complain(path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		struct outcome got = { .ran = true };
		struct step *step;

		if (sscanf(line, "%63s %" SCNu64 " %d %" SCNu64, id, &got.start_ns, &got.status,
			   &got.end_ns) != 4)
			continue;
		step = find_step(story, id);
		if (step)
			*(on ? &step->on : &step->off) = got;
	}
	fclose(file);
	return 0;
}

/*
 * Nothing classified may be on UNK, on LOW or in an unclassified file. The
 * beacon is the intruder's own: it only must not reach UNK.
 */
static bool is_leak(const char *place, const char *canary)
{
	if (!strcmp(canary, "beacon"))
		return !strcmp(place, "unk");
	return strcmp(place, "hi") != 0;
}

static void note_hit(struct story *story, char *field[FIELDS_MAX], bool on)
{
	struct step *step = find_step(story, field[0]);
	char evidence[STORY_FIELD_BYTES];
	struct outcome *outcome;

	if (!step) {
		story->astray += on && is_leak(field[1], field[2]);
		return;
	}
	outcome = on ? &step->on : &step->off;
	snprintf(evidence, sizeof(evidence), "%s:%s", field[1], field[2]);
	if (!strcmp(evidence, step->evidence) && !strcmp(field[3], "whole"))
		outcome->evidence = true;
	if (is_leak(field[1], field[2])) {
		if (!outcome->leaked)
			copy(outcome->where, field[1]);
		outcome->leaked = true;
	}
}

int story_load_outcomes(struct story *story, const char *dir, bool on)
{
	char path[LINE_BYTES], line[8 * LINE_BYTES], *field[FIELDS_MAX];
	int status = 0;
	FILE *file;

	if (load_times(story, dir, on))
		return -1;
	snprintf(path, sizeof(path), "%s/hits.txt", dir);
	file = fopen(path, "re");
	if (!file)
		return complain(path, strerror(errno));
	while (!status && fgets(line, sizeof(line), file)) {
		if (split(line, field) < 6)
			status = complain(path, "a line is no hit");
		else
			note_hit(story, field, on);
	}
	fclose(file);
	return status;
}

bool step_succeeded(const struct step *step, const struct outcome *outcome)
{
	if (!outcome->ran)
		return false;
	return strcmp(step->evidence, "goal") ? outcome->evidence : outcome->status == 0;
}

bool step_has_leaked(const struct step *step)
{
	if (step->on.leaked)
		return true;
	return step->kind == KIND_ATTACK && step_succeeded(step, &step->on);
}

bool step_is_blocked(const struct step *step)
{
	return step->kind == KIND_ATTACK && step->on.ran && !step_has_leaked(step);
}

const char *step_fault(const struct step *step)
{
	if (!step->off.ran)
		return "did not run without Cordon";
	if (!step_succeeded(step, &step->off))
		return "fails even without Cordon: no evidence";
	if (!step->on.ran)
		return "did not run with Cordon";
	if (step_has_leaked(step))
		return "leaks with Cordon";
	if (step->kind != KIND_ATTACK)
		return step_succeeded(step, &step->on) ? NULL : "is refused by Cordon";
	return *step->record ? NULL : "no record explains it";
}
