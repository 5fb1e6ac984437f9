/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which sequence numbers are missing. CPUs take a number and then a place in
 * the ring, so records can arrive a little out of order: a missing number is
 * lost only when it has not come within a while.
 */
#ifndef CORDON_GAPS_H
#define CORDON_GAPS_H

#include <stdint.h>

#define CORDON_GAPS_MAX	       256
#define CORDON_GAP_PATIENCE_NS 2000000000ULL

struct cordon_gap {
	uint64_t from, to; /* both missing, and all between */
	uint64_t since_ns;
};

struct cordon_gaps {
	uint64_t next; /* the number after the highest seen */
	unsigned int count;
	struct cordon_gap gap[CORDON_GAPS_MAX]; /* oldest first */
};

void cordon_gaps_init(struct cordon_gaps *gaps, uint64_t next);

/* A record came. A gap that finds no room pushes the oldest out into *@lost. */
int cordon_gaps_see(struct cordon_gaps *gaps, uint64_t sequence, uint64_t now_ns,
		    struct cordon_gap *lost);

/*
 * Numbers up to @last were given out: those that have not come are missing.
 * A gap that finds no room is looked for again the next time.
 */
void cordon_gaps_reach(struct cordon_gaps *gaps, uint64_t last, uint64_t now_ns);

/* A gap that is known from before; one that finds no room is dropped: 0. */
int cordon_gaps_add(struct cordon_gaps *gaps, uint64_t from, uint64_t to, uint64_t now_ns);

/* True and *@lost: a gap older than the patience, which is then forgotten. */
int cordon_gaps_expire(struct cordon_gaps *gaps, uint64_t now_ns, struct cordon_gap *lost);

#endif /* CORDON_GAPS_H */
