// SPDX-License-Identifier: GPL-2.0-only
/*
 * seal CPUS: what it costs to give a record its place and its tag, in instructions. The module and
 * this program are alone in the guest; the program is the module's controller, and what it loads
 * calls the module as the guard's programs do.
 *
 * For each size, and for 128 bytes on 1 .. CPUS processors at once: if one waited for another, the
 * instructions of its waiting would be in the figure.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cordon/abi.h"
#include "ledger_probe.skel.h"

#define CPUS_MAX 16
#define RECORDS	 20000
#define WARM_UP	 1000

static struct ledger_probe *probe;
static pthread_barrier_t start;

static void require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(3);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void become_controller(void)
{
	struct cordon_ledger_begin begin = { .boot = { 1, 2 } };
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION };
	int door = open(CORDON_DEVICE, O_RDWR | O_CLOEXEC);

	require(door >= 0, CORDON_DEVICE);
	require(!ioctl(door, CORDON_IOCTL_HELLO, &hello), "HELLO");
	require(!ioctl(door, CORDON_IOCTL_BEGIN, &begin), "BEGIN");
}

static void load(void)
{
	probe = ledger_probe__open();
	require(probe != NULL, "ledger_probe");
	probe->rodata->module_is_there = true;
	require(!ledger_probe__load(probe), "loading ledger_probe");
}

static void run(const struct bpf_program *program, unsigned int count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	probe->bss->wanted = count;
	require(!bpf_prog_test_run_opts(bpf_program__fd(program), &options),
		"running ledger_probe");
}

static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	require(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

/* The text fields of a record of the usual length. */
static void fill_texts(void)
{
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		struct cordon_record *record = (void *)probe->bss->records[cpu];

		strcpy(record->exe, "/usr/lib/x86_64-linux-gnu/program");
		strcpy(record->path, "/srv/programme/plans/part-17.dxf");
	}
}

static void measure_size(const char *name, const struct bpf_program *program)
{
	__u64 *spent = &probe->bss->spent_ns[0];

	run(program, WARM_UP);
	*spent = 0;
	run(program, RECORDS);
	printf("%-24s %10.1f\n", name, (double)*spent / RECORDS);
}

struct turn {
	int cpu;
	uint64_t from, to;
};

static void *run_thread(void *context)
{
	struct turn *turn = context;

	move_to(turn->cpu);
	pthread_barrier_wait(&start);
	turn->from = now_ns();
	run(probe->progs.seal_128, RECORDS);
	turn->to = now_ns();
	return NULL;
}

/* From the first one's start to the last one's end; the clock counts the instructions of all. */
static void measure_cpus(int cpus)
{
	struct turn turn[CPUS_MAX] = { { 0 } };
	uint64_t from = UINT64_MAX, to = 0;
	pthread_t thread[CPUS_MAX];

	pthread_barrier_init(&start, NULL, (unsigned int)cpus);
	for (int i = 0; i < cpus; i++) {
		turn[i].cpu = i;
		require(!pthread_create(&thread[i], NULL, run_thread, &turn[i]), "pthread_create");
	}
	for (int i = 0; i < cpus; i++) {
		pthread_join(thread[i], NULL);
		from = turn[i].from < from ? turn[i].from : from;
		to = turn[i].to > to ? turn[i].to : to;
	}
	printf("128 bytes, %d at once %13.1f\n", cpus, (double)(to - from) / RECORDS / cpus);
	pthread_barrier_destroy(&start);
}

int main(int argc, char **argv)
{
	int cpus = argc == 2 ? atoi(argv[1]) : 0;

	if (cpus < 1 || cpus > CPUS_MAX) {
		fprintf(stderr, "usage: seal CPUS\n");
		return 2;
	}
	become_controller();
	load();
	fill_texts();
	move_to(0);
	if (cpus == 1) {
		measure_size("88 bytes, a header", probe->progs.seal_header);
		measure_size("128 bytes", probe->progs.seal_128);
		measure_size("256 bytes", probe->progs.seal_256);
		measure_size("a record of an access", probe->progs.seal_record);
	}
	measure_cpus(cpus);
	return 0;
}
