/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The actor: one static program that plays every subject of the tests.
 *
 *	actor [-w HASH] [-l LOOT | -f FD] STEP[=ARGUMENT]...
 *
 * It does the steps in order and stops at the first that fails. Its clearance
 * is that of the path it is installed at, its report the exit status alone,
 * for a subject that has read a secret may say no more than that.
 */
#ifndef CORDON_TEST_ACTOR_H
#define CORDON_TEST_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses; below ACTOR_EMPTY it is the errno of the step that failed. */
#define ACTOR_OK      0
#define ACTOR_EMPTY   250 /* every step went well, but the canary was not obtained */
#define ACTOR_SETUP   251 /* a step before `try` failed: the attack never began */
#define ACTOR_USAGE   252
#define ACTOR_BUFFER  65536
#define ACTOR_LOOT    4096 /* what is written to the loot file, whatever happened */
#define ACTOR_FDS     8
#define ACTOR_LOOT_FD 200 /* out of the way of what the steps open */
#define ACTOR_HANDLE  256

struct actor {
	int fds[ACTOR_FDS]; /* descriptors the steps opened, the newest last */
	int fd_count;
	char buffer[ACTOR_BUFFER]; /* what was read; what will be written */
	size_t length;
	/* A struct file_handle, and a descriptor of its mount. */
	char handle[ACTOR_HANDLE] __attribute__((aligned(8)));
	int handle_mount;
	int loot; /* descriptor of the file that gets the buffer at the end, or -1 */
	uint64_t want; /* hash of the canary that the buffer must begin with; 0: any */
	char **rest; /* the steps after this one */
	const char *self; /* argv[0] */
};

/* Returns 0 or -errno. */
typedef int (*actor_step)(struct actor *actor, const char *argument);

struct actor_steps {
	const char *name;
	actor_step run;
};

extern const struct actor_steps actor_file_steps[];
extern const struct actor_steps actor_name_steps[];
extern const struct actor_steps actor_task_steps[];
extern const struct actor_steps actor_memory_steps[];
extern const struct actor_steps actor_mount_steps[];
extern const struct actor_steps actor_net_steps[];
extern const struct actor_steps actor_unix_steps[];
extern const struct actor_steps actor_guard_steps[];
extern const struct actor_steps actor_uring_steps[];
extern const struct actor_steps actor_race_steps[];
extern const struct actor_steps actor_seccomp_steps[];
extern const struct actor_steps actor_view_steps[];
extern const struct actor_steps actor_below_steps[];
extern const struct actor_steps actor_fault_steps[];
extern const struct actor_steps actor_flight_steps[];
extern const struct actor_steps actor_queue_steps[];
extern const struct actor_steps actor_object_steps[];
extern const struct actor_steps actor_terminal_steps[];

/* The newest descriptor, and the one before it (-1: none). */
int actor_fd(const struct actor *actor);
int actor_fd_before(const struct actor *actor);
/* Keeps @fd as the newest; @fd < 0 is errno and becomes the step's result. */
int actor_keep(struct actor *actor, int fd);
/* Splits "A,B" into @first (NUL terminated) and the returned rest. */
const char *actor_split(const char *argument, char *first, size_t size);
/* Does the steps that are left and ends the process with their result. */
_Noreturn void actor_finish(struct actor *actor);
/* Does one step by its words, as on the command line. */
int actor_do(struct actor *actor, char *words);
uint64_t actor_hash(const void *bytes, size_t length);
/* 0 for a result that is not negative, else -errno. */
int actor_result(long ret);

#endif /* CORDON_TEST_ACTOR_H */
