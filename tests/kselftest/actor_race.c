// SPDX-License-Identifier: GPL-2.0-only
/*
 * The actor's steps that race: one thread does what another's judgement should
 * have known. Every round is a process of its own, for a taint stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define ROUND_LEAKS  1
#define ROUND_BROKEN 2

struct race {
	char path[256]; /* the secret */
	char low[256]; /* who may write it has no taint */
	char program[256];
	char *page; /* where the reading thread puts it: copied by a fork */
	pthread_barrier_t barrier;
	int go;
};

static void *read_once(void *argument)
{
	struct race *race = argument;
	int fd;

	pthread_barrier_wait(&race->barrier);
	fd = open(race->path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, race->page, CANARY_BYTES) < 0)
			race->page[0] = '\0';
		close(fd);
	}
	return NULL;
}

/* True when what @bytes hold could be written to a low file: a leak. */
static bool writes_down(const char *low, const char *bytes)
{
	int fd = open(low, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, bytes, CANARY_BYTES) == CANARY_BYTES;
}

static bool begin(struct race *race, pthread_t *thread, void *(*other)(void *))
{
	race->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return race->page != MAP_FAILED && !pthread_barrier_init(&race->barrier, NULL, 2) &&
	       !pthread_create(thread, NULL, other, race);
}

/* A thread reads while another forks (bypass M9). */
static int fork_round(struct race *race)
{
	pthread_t thread;
	int status;
	pid_t pid;

	if (!begin(race, &thread, read_once))
		return ROUND_BROKEN;
	pthread_barrier_wait(&race->barrier);
	pid = fork();
	if (pid == 0)
		_exit(race->page[0] && writes_down(race->low, race->page) ? ROUND_LEAKS : 0);
	pthread_join(thread, NULL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return ROUND_BROKEN;
	return WEXITSTATUS(status);
}

/* Opens again and again, and leaves the descriptors for the program to come. */
static void *open_many(void *argument)
{
	struct race *race = argument;

	pthread_barrier_wait(&race->barrier);
	for (int i = 0; i < 64; i++)
		open(race->path, O_RDONLY);
	return NULL;
}

/* A thread opens while another executes: what it opened comes along (bypass F9). */
static int exec_round(struct race *race)
{
	char step[300];
	char *argv[] = { race->program, step, NULL };
	pthread_t thread;

	snprintf(step, sizeof(step), "holds_unknown=%s", race->low);
	if (!begin(race, &thread, open_many))
		return ROUND_BROKEN;
	pthread_barrier_wait(&race->barrier);
	execv(race->program, argv);
	return ROUND_BROKEN;
}

/* The program after the exec: it holds a secret, and may yet write low. */
static int step_holds_unknown(struct actor *actor, const char *low)
{
	for (int fd = 3; fd < 80; fd++)
		if (pread(fd, actor->buffer, CANARY_BYTES, 0) == CANARY_BYTES)
			_exit(writes_down(low, actor->buffer) ? ROUND_LEAKS : 0);
	_exit(0);
}

static void *wait_and_write(void *argument)
{
	struct race *race = argument;

	pthread_barrier_wait(&race->barrier);
	while (!__atomic_load_n(&race->go, __ATOMIC_ACQUIRE))
		;
	return (void *)(long)writes_down(race->low, race->page);
}

/* A thread reads and says so; another, that waits on another CPU, writes (bypass G13). */
static int raise_round(struct race *race)
{
	pthread_t thread;
	void *leaks;
	int fd;

	if (!begin(race, &thread, wait_and_write))
		return ROUND_BROKEN;
	pthread_barrier_wait(&race->barrier);
	fd = open(race->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, race->page, CANARY_BYTES) != CANARY_BYTES)
		return ROUND_BROKEN;
	__atomic_store_n(&race->go, 1, __ATOMIC_RELEASE);
	pthread_join(thread, &leaks);
	return leaks ? ROUND_LEAKS : 0;
}

/* SECRET,LOW,ROUNDS[,PROGRAM]. */
static int race(const char *argument, int (*play)(struct race *))
{
	struct race race = { .go = 0 };
	char rounds[16];

	argument = actor_split(argument, race.path, sizeof(race.path));
	argument = actor_split(argument, race.low, sizeof(race.low));
	argument = actor_split(argument, rounds, sizeof(rounds));
	actor_split(argument, race.program, sizeof(race.program));
	for (int i = 0; i < atoi(rounds); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(play(&race));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			return -ECHILD;
		if (WEXITSTATUS(status) == ROUND_LEAKS)
			return -EBADMSG;
		if (WEXITSTATUS(status))
			return -EAGAIN;
	}
	return 0;
}

/*
 * The steps before it may have filled memory: the longer the fork copies, the
 * wider the gap that the reading thread has to hit.
 */
static int step_fork_race(struct actor *actor, const char *argument)
{
	(void)actor;
	return race(argument, fork_round);
}

static int step_exec_race(struct actor *actor, const char *argument)
{
	(void)actor;
	return race(argument, exec_round);
}

static int step_raise_race(struct actor *actor, const char *argument)
{
	(void)actor;
	return race(argument, raise_round);
}

/* Touches COUNT pages, each in a mapping of its own, so that fork has work to do. */
static int step_fill_memory(struct actor *actor, const char *count)
{
	(void)actor;
	for (int i = 0; i < atoi(count); i++) {
		char *page = mmap(NULL, 4096, i & 1 ? PROT_READ | PROT_WRITE : PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return -errno;
		*page = 1;
	}
	return 0;
}

/* A,B,UNTIL: exchanges the two names until UNTIL exists. */
static int step_flips(struct actor *actor, const char *argument)
{
	char a[256], b[256];
	const char *until = actor_split(actor_split(argument, a, sizeof(a)), b, sizeof(b));

	(void)actor;
	for (unsigned int i = 0; i % 64 || access(until, F_OK); i++)
		if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
			return -errno;
	return 0;
}

static int step_memfd_new(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, memfd_create("new", 0));
}

/* All that follows on this CPU, together with whoever asks for the same. */
static int step_cpu(struct actor *actor, const char *number)
{
	cpu_set_t set;

	(void)actor;
	CPU_ZERO(&set);
	CPU_SET(atoi(number), &set);
	return actor_result(sched_setaffinity(0, sizeof(set), &set));
}

/* Opens the files 0, 1, ... in DIR; 0 when every open ended with @wanted. */
static int open_each(const char *argument, int wanted)
{
	char dir[256], path[300];
	int count = atoi(actor_split(argument, dir, sizeof(dir)));

	for (int i = 0; i < count; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%d", dir, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno != wanted)
			return -errno;
		if (fd >= 0 && wanted)
			return -EBADMSG;
		close(fd);
	}
	return 0;
}

/* DIR,COUNT */
static int step_opens_all(struct actor *actor, const char *argument)
{
	(void)actor;
	return open_each(argument, 0);
}

static int step_opens_none(struct actor *actor, const char *argument)
{
	(void)actor;
	return open_each(argument, EACCES);
}

/* Makes processes until the kernel refuses, and ends them. */
static int step_fork_bomb(struct actor *actor, const char *count)
{
	pid_t *pids = calloc(atoi(count), sizeof(*pids));
	int made = 0, result = 0;

	(void)actor;
	while (pids && made < atoi(count) && (pids[made] = fork()) > 0)
		made++;
	if (pids && made < atoi(count) && pids[made] == 0) {
		while (pause())
			;
	}
	if (made < atoi(count))
		result = -errno;
	for (int i = 0; i < made; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	return result;
}

const struct actor_steps actor_race_steps[] = {
	{ "fork_race", step_fork_race },     { "exec_race", step_exec_race },
	{ "raise_race", step_raise_race },   { "holds_unknown", step_holds_unknown },
	{ "fill_memory", step_fill_memory }, { "flips", step_flips },
	{ "memfd_new", step_memfd_new },     { "cpu", step_cpu },
	{ "opens_all", step_opens_all },     { "opens_none", step_opens_none },
	{ "fork_bomb", step_fork_bomb },     { NULL, NULL },
};
