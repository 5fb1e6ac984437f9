// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench prepare SETS	makes what the passes work on, before any guard is there
 * bench settle		waits until nothing but itself runs
 * bench pass SET	measures every operation, one line each: name, median, lowest, highest
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define SETTLE_DEADLINE_S 120
#define SETTLE_PERIODS	  5 /* idle ones in a row, half a second each */

unsigned int bench_set;

void bench_require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s: %m\n", what);
	/* Not exit(): the caller may be a vfork()ed child. */
	_exit(3);
}

uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct operation *operation)
{
	double cost[BENCH_BATCHES];

	operation->setup();
	for (int i = 0; i < BENCH_WARM_UPS; i++)
		operation->batch(operation->count);
	for (int i = 0; i < BENCH_BATCHES; i++)
		cost[i] = (double)operation->batch(operation->count) / operation->count;
	qsort(cost, BENCH_BATCHES, sizeof(cost[0]), compare);
	printf("%s %.1f %.1f %.1f\n", operation->name, cost[BENCH_BATCHES / 2], cost[0],
	       cost[BENCH_BATCHES - 1]);
}

static void measure_all(const struct operation *operations)
{
	for (const struct operation *o = operations; o->name; o++)
		measure(o);
}

/* Clock ticks that anybody has worked since boot. */
static unsigned long long busy_ticks(void)
{
	/* user, nice, system, idle, waiting for input and output, interrupts, soft interrupts */
	unsigned long long t[7] = { 0 };
	FILE *file = fopen("/proc/stat", "re");

	bench_require(file != NULL, "/proc/stat");
	bench_require(fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2],
			     &t[3], &t[4], &t[5], &t[6]) == 7,
		      "/proc/stat");
	fclose(file);
	return t[0] + t[1] + t[2] + t[5] + t[6];
}

/* What a policy load or a boot leaves to be done later would be counted as the operations'. */
static void settle(void)
{
	const struct timespec period = { .tv_nsec = 500000000 };
	uint64_t deadline = bench_now_ns() + SETTLE_DEADLINE_S * 1000000000ull;
	int idle = 0;

	while (idle < SETTLE_PERIODS) {
		unsigned long long before = busy_ticks();

		bench_require(bench_now_ns() < deadline, "something never stops running");
		nanosleep(&period, NULL);
		idle = busy_ticks() - before <= 1 ? idle + 1 : 0;
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "settle")) {
		settle();
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "prepare")) {
		bench_prepare(atoi(argv[2]));
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "pass")) {
		bench_set = atoi(argv[2]);
		measure_all(process_operations);
		measure_all(file_operations);
		measure_all(net_operations);
		return 0;
	}
	fprintf(stderr, "usage: bench prepare SETS | settle | pass SET\n");
	return 2;
}
