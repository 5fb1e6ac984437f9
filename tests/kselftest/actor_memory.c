// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on another process's memory and descriptors, and on rings. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

/* Where every holder keeps what it read, so that an attacker knows where to look. */
static int step_expose(struct actor *actor, const char *unused)
{
	void *page = mmap((void *)EXPOSED_ADDRESS, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	(void)unused;
	if (page == MAP_FAILED)
		return -errno;
	memcpy(page, actor->buffer, CANARY_BYTES);
	return 0;
}

static int step_vm_read(struct actor *actor, const char *pid)
{
	struct iovec local = { actor->buffer, CANARY_BYTES };
	struct iovec remote = { (void *)EXPOSED_ADDRESS, CANARY_BYTES };

	return actor_result(process_vm_readv(atoi(pid), &local, 1, &remote, 1, 0));
}

static int step_vm_write(struct actor *actor, const char *pid)
{
	struct iovec local = { actor->buffer, CANARY_BYTES };
	struct iovec remote = { (void *)EXPOSED_ADDRESS, CANARY_BYTES };

	return actor_result(process_vm_writev(atoi(pid), &local, 1, &remote, 1, 0));
}

/* Waits until somebody else has written there, for at most two seconds, and takes it. */
static int step_await_exposed(struct actor *actor, const char *unused)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	const volatile char *page = (const char *)EXPOSED_ADDRESS;

	(void)unused;
	for (int i = 0; i < 400; i++) {
		if (page[CANARY_BYTES - 1]) {
			memcpy(actor->buffer, (const char *)EXPOSED_ADDRESS, CANARY_BYTES);
			actor->length = CANARY_BYTES;
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static int step_proc_mem_write(struct actor *actor, const char *pid)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	length = pwrite(fd, actor->buffer, CANARY_BYTES, EXPOSED_ADDRESS);
	close(fd);
	return length < 0 ? -errno : 0;
}

static int step_poke(struct actor *actor, const char *pid)
{
	int status, target = atoi(pid);

	if (ptrace(PTRACE_ATTACH, target, NULL, NULL))
		return -errno;
	waitpid(target, &status, 0);
	for (size_t i = 0; i < CANARY_BYTES; i += sizeof(long)) {
		long word;

		memcpy(&word, actor->buffer + i, sizeof(word));
		ptrace(PTRACE_POKEDATA, target, EXPOSED_ADDRESS + i, word);
	}
	ptrace(PTRACE_DETACH, target, NULL, NULL);
	return 0;
}

static int step_open_proc_mem(struct actor *actor, const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	return actor_keep(actor, open(path, O_RDONLY));
}

static int step_read_exposed(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(pread(actor_fd(actor), actor->buffer, CANARY_BYTES, EXPOSED_ADDRESS));
}

static int step_peek(struct actor *actor, const char *pid)
{
	int status, target = atoi(pid);

	if (ptrace(PTRACE_ATTACH, target, NULL, NULL))
		return -errno;
	waitpid(target, &status, 0);
	for (size_t i = 0; i < CANARY_BYTES; i += sizeof(long)) {
		long word = ptrace(PTRACE_PEEKDATA, target, EXPOSED_ADDRESS + i, NULL);

		memcpy(actor->buffer + i, &word, sizeof(word));
	}
	ptrace(PTRACE_DETACH, target, NULL, NULL);
	return 0;
}

static int step_seize(struct actor *actor, const char *pid)
{
	(void)actor;
	return actor_result(ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL));
}

/* PID,NUMBER: takes the descriptor NUMBER out of the process PID. */
static int step_pidfd_getfd(struct actor *actor, const char *argument)
{
	char pid[32];
	const char *number = actor_split(argument, pid, sizeof(pid));
	int pidfd = syscall(SYS_pidfd_open, atoi(pid), 0);

	if (pidfd < 0)
		return -errno;
	return actor_keep(actor, syscall(SYS_pidfd_getfd, pidfd, atoi(number), 0));
}

/* PID,NUMBER: opens it anew through procfs. */
static int step_open_proc_fd(struct actor *actor, const char *argument)
{
	char pid[32], path[96];
	const char *number = actor_split(argument, pid, sizeof(pid));

	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, number);
	return actor_keep(actor, open(path, O_RDONLY));
}

/* Puts the newest descriptor where a test expects it. */
static int step_dup_to(struct actor *actor, const char *number)
{
	return actor_result(dup2(actor_fd(actor), atoi(number)));
}

static int step_io_uring(struct actor *actor, const char *unused)
{
	struct io_uring_params params = { 0 };

	(void)unused;
	return actor_keep(actor, syscall(SYS_io_uring_setup, 4, &params));
}

static int step_userfaultfd(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, syscall(SYS_userfaultfd, O_CLOEXEC));
}

/* The newest descriptor's first page, for as long as this process lives. */
static int step_keep_mapped(struct actor *actor, const char *unused)
{
	(void)unused;
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, actor_fd(actor), 0) == MAP_FAILED ? -errno :
											   0;
}

const struct actor_steps actor_memory_steps[] = {
	{ "expose", step_expose },
	{ "vm_read", step_vm_read },
	{ "vm_write", step_vm_write },
	{ "await_exposed", step_await_exposed },
	{ "proc_mem_write", step_proc_mem_write },
	{ "poke", step_poke },
	{ "open_proc_mem", step_open_proc_mem },
	{ "read_exposed", step_read_exposed },
	{ "peek", step_peek },
	{ "seize", step_seize },
	{ "pidfd_getfd", step_pidfd_getfd },
	{ "open_proc_fd", step_open_proc_fd },
	{ "dup_to", step_dup_to },
	{ "io_uring", step_io_uring },
	{ "keep_mapped", step_keep_mapped },
	{ "userfaultfd", step_userfaultfd },
	{ NULL, NULL },
};
