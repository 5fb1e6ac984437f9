// SPDX-License-Identifier: GPL-2.0-only
/* Operations on processes, and the empty system call that shows how good the instrument is. */
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

static void no_setup(void)
{
}

static uint64_t null_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++)
		syscall(SYS_getppid);
	return bench_now_ns() - begin;
}

static void wait_for(pid_t child)
{
	int status = -1;

	bench_require(waitpid(child, &status, 0) == child && status == 0, "child");
}

static uint64_t fork_exit_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		wait_for(child);
	}
	return bench_now_ns() - begin;
}

/* The program is this one, which with "nothing" as its argument does nothing. */
static uint64_t exec_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++) {
		pid_t child = vfork();

		if (child == 0) {
			execl("/proc/self/exe", "bench", "nothing", NULL);
			_exit(1);
		}
		wait_for(child);
	}
	return bench_now_ns() - begin;
}

const struct operation process_operations[] = {
	{ "null", 20000, no_setup, null_batch },
	{ "fork_exit", 40, no_setup, fork_exit_batch },
	{ "exec", 20, no_setup, exec_batch },
	{ 0 },
};
