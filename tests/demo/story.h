/* SPDX-License-Identifier: GPL-2.0-only */
/* The story's steps, and what came of them in a guest without and a guest with Cordon. */
#ifndef DEMO_STORY_H
#define DEMO_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORY_STEPS_MAX	   128
#define STORY_FIELD_BYTES  64
#define STORY_RECORD_BYTES 256

enum step_kind {
	KIND_ATTACK,
	KIND_ALLOWED,
	KIND_HONEST
};

/* One step in one of the two guests. */
struct outcome {
	bool ran;
	int status; /* of the step's own commands; 0: it reached its goal */
	uint64_t start_ns, end_ns; /* since 1970 */
	bool evidence; /* the canary is whole where the step wants it */
	bool leaked; /* any part of a canary is where it must not be */
	char where[STORY_FIELD_BYTES]; /* the first such place */
};

struct step {
	char id[STORY_FIELD_BYTES];
	char technique[STORY_FIELD_BYTES];
	enum step_kind kind;
	char evidence[STORY_FIELD_BYTES]; /* "goal", or PLACE:CANARY */
	char names[STORY_FIELD_BYTES]; /* path, host or program in the record; "-": none */
	char title[STORY_FIELD_BYTES];
	struct outcome off, on;
	char record[STORY_RECORD_BYTES]; /* the denial that explains it; "": none */
	bool record_is_packet;
};

struct story {
	struct step step[STORY_STEPS_MAX];
	size_t count;
	size_t astray; /* leaks with Cordon on that no step is to blame for */
};

/* All return 0, or -1 with the reason on standard error. */
int story_load(struct story *story, const char *path);
/* @dir: one guest's results (files/steps.txt and hits.txt). */
int story_load_outcomes(struct story *story, const char *dir, bool on);
int story_load_records(struct story *story, const char *path);

/* What the table says of it. */
bool step_succeeded(const struct step *step, const struct outcome *outcome);
bool step_is_blocked(const struct step *step);
bool step_has_leaked(const struct step *step);
/* NULL, or why the step proves nothing or shows a defect. */
const char *step_fault(const struct step *step);

#endif /* DEMO_STORY_H */
