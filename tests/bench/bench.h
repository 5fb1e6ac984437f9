/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark: what one operation costs, in nanoseconds of CLOCK_MONOTONIC. In a guest whose
 * clock counts instructions (run-small --icount) that is the number of instructions.
 *
 * Nothing here knows of Cordon: the same program runs bare, under AppArmor and under the guard.
 */
#ifndef CORDON_BENCH_H
#define CORDON_BENCH_H

#include <stdint.h>

#define BENCH_DIR      "/mnt" /* a tmpfs of its own: depths count from its root */
#define BENCH_BATCHES  15
#define BENCH_WARM_UPS 3
/* Files that were never opened, for one pass at one depth. */
#define BENCH_FRESH   200
#define BENCH_FRESHES ((BENCH_BATCHES + BENCH_WARM_UPS) * BENCH_FRESH)

/*
 * @setup and @batch do not return on failure: an operation that is refused has no cost worth
 * telling. @batch does the operation @count times and returns how long that took, all else that it
 * has to do in between left out.
 */
struct operation {
	const char *name;
	unsigned int count;
	void (*setup)(void);
	uint64_t (*batch)(unsigned int count);
};

extern const struct operation file_operations[]; /* each ends with a NULL name */
extern const struct operation net_operations[];
extern const struct operation process_operations[];

/* Which fresh files the first opens of this pass take: 0 .. sets - 1. */
extern unsigned int bench_set;

/* Makes @sets sets of fresh files below BENCH_DIR. */
void bench_prepare(unsigned int sets);

uint64_t bench_now_ns(void);

/* Ends the program with a message unless @ok; @what names the call that failed. */
void bench_require(int ok, const char *what);

#endif /* CORDON_BENCH_H */
