// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "gaps.h"

void cordon_gaps_init(struct cordon_gaps *gaps, uint64_t next)
{
	memset(gaps, 0, sizeof(*gaps));
	gaps->next = next;
}

static void drop(struct cordon_gaps *gaps, unsigned int at)
{
	memmove(&gaps->gap[at], &gaps->gap[at + 1], (gaps->count - at - 1) * sizeof(gaps->gap[0]));
	gaps->count--;
}

/* Returns 1 when the oldest gap had to go. */
static int add(struct cordon_gaps *gaps, struct cordon_gap gap, struct cordon_gap *lost)
{
	int pushed = 0;

	if (gaps->count == CORDON_GAPS_MAX) {
		*lost = gaps->gap[0];
		drop(gaps, 0);
		pushed = 1;
	}
	gaps->gap[gaps->count++] = gap;
	return pushed;
}

int cordon_gaps_add(struct cordon_gaps *gaps, uint64_t from, uint64_t to, uint64_t now_ns)
{
	if (gaps->count == CORDON_GAPS_MAX)
		return 0;
	gaps->gap[gaps->count++] = (struct cordon_gap){ from, to, now_ns };
	return 1;
}

void cordon_gaps_reach(struct cordon_gaps *gaps, uint64_t last, uint64_t now_ns)
{
	if (last >= gaps->next && cordon_gaps_add(gaps, gaps->next, last, now_ns))
		gaps->next = last + 1;
}

/* A late record takes its number out of the gap it left. */
static int fill(struct cordon_gaps *gaps, uint64_t sequence, struct cordon_gap *lost)
{
	unsigned int i;

	for (i = 0; i < gaps->count; i++) {
		struct cordon_gap *gap = &gaps->gap[i];
		struct cordon_gap above = { sequence + 1, gap->to, gap->since_ns };

		if (sequence < gap->from || sequence > gap->to)
			continue;
		if (gap->from == gap->to)
			drop(gaps, i);
		else if (sequence == gap->from)
			gap->from++;
		else if (sequence == gap->to)
			gap->to--;
		else {
			gap->to = sequence - 1;
			return add(gaps, above, lost);
		}
		return 0;
	}
	return 0;
}

int cordon_gaps_see(struct cordon_gaps *gaps, uint64_t sequence, uint64_t now_ns,
		    struct cordon_gap *lost)
{
	int pushed = 0;

	if (sequence < gaps->next)
		return fill(gaps, sequence, lost);
	if (sequence > gaps->next) {
		struct cordon_gap gap = { gaps->next, sequence - 1, now_ns };

		pushed = add(gaps, gap, lost);
	}
	gaps->next = sequence + 1;
	return pushed;
}

int cordon_gaps_expire(struct cordon_gaps *gaps, uint64_t now_ns, struct cordon_gap *lost)
{
	unsigned int i;

	/* What a split left at the end can be as old as what stands before it. */
	for (i = 0; i < gaps->count; i++) {
		if (now_ns - gaps->gap[i].since_ns < CORDON_GAP_PATIENCE_NS)
			continue;
		*lost = gaps->gap[i];
		drop(gaps, i);
		return 1;
	}
	return 0;
}
