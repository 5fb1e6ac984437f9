// SPDX-License-Identifier: GPL-2.0-only
/* Mappings that the policy came too late for (bpf/mapping.bpf.c): told, not ended. */
#include <time.h>

#include "controller.h"

#define STANDING_NOTES_MAX 16
#define LOOK_PAUSE_S	   2

struct standing {
	struct notes *notes;
	uint32_t last; /* mappings of one process come one after the other */
	unsigned int processes;
};

static int note_standing(void *context, const struct cordon_live *live)
{
	struct standing *standing = context;

	if (live->pid == standing->last)
		return 0;
	standing->last = live->pid;
	if (standing->processes++ < STANDING_NOTES_MAX)
		notes_add(standing->notes,
			  "process %u (%.*s) has mapped what the policy would deny it now; the "
			  "mapping stays until the process ends, see the records",
			  live->pid, (int)sizeof(live->comm), live->comm);
	return 0;
}

static void look(struct controller *controller)
{
	struct standing standing = { .notes = &controller->notes };
	struct cordon_failure failure;

	if (cordon_guard_each_live(&controller->guard, CORDON_GUARD_PROGRAM_MAPPINGS, note_standing,
				   &standing, &failure))
		notes_add(&controller->notes, "mappings that stand were not looked for: %.300s",
			  failure.text);
	if (standing.processes > STANDING_NOTES_MAX)
		notes_add(&controller->notes, "%u processes in all have mapped such files",
			  standing.processes);
}

/* Every mapping of every process is looked at: when policies follow fast, for the last of them. */
void controller_report_mappings(struct controller *controller)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	controller->mappings_due = now.tv_sec < controller->mappings_next;
	if (controller->mappings_due)
		return;
	look(controller);
	controller->mappings_next = now.tv_sec + LOOK_PAUSE_S;
}
