// SPDX-License-Identifier: GPL-2.0-only
/* Starting an actor with nothing but what a test gives it, and reading how it ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "attack.h"

#define WORDS 96
/* Above what is inherited, so that nothing is overwritten while it is moved. */
#define PARKED		100
#define FIRST_INHERITED 10

static void take_descriptors(const struct actor_call *call)
{
	int null = open("/dev/null", O_RDWR), count = 0;

	for (; count < ACTOR_INHERITED && call->inherited[count]; count++)
		dup2(call->inherited[count], PARKED + count);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, PARKED - 1, 0);
	close_range(PARKED + count, ~0U, 0);
	for (int i = 0; i < count; i++) {
		dup2(PARKED + i, FIRST_INHERITED + i);
		close(PARKED + i);
	}
}

/* Splits @words at its blanks into @argv. */
static int split_words(char *words, char **argv, int room)
{
	int count = 0;

	for (char *word = strtok(words, " "); word && count < room - 1; word = strtok(NULL, " "))
		argv[count++] = word;
	argv[count] = NULL;
	return count;
}

_Noreturn static void become_actor(const struct actor_call *call)
{
	char words[8192], want[32], *argv[WORDS], *environment[] = { NULL };
	const struct rlimit no_core = { 0 };
	int count = 0;

	take_descriptors(call);
	setrlimit(RLIMIT_CORE, &no_core);
	argv[count++] = (char *)call->program;
	if (call->want_canary) {
		snprintf(want, sizeof(want), "-w%llx",
			 (unsigned long long)actor_hash(attack_canary(), CANARY_BYTES));
		argv[count++] = want;
	}
	if (call->loot) {
		argv[count++] = "-l";
		argv[count++] = (char *)call->loot;
	}
	snprintf(words, sizeof(words), "%s", call->steps);
	split_words(words, argv + count, WORDS - count);
	execve(call->program, argv, environment);
	_exit(ACTOR_USAGE);
}

pid_t actor_start(const struct actor_call *call)
{
	pid_t pid = fork();

	if (pid == 0)
		become_actor(call);
	return pid;
}

int actor_wait(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return ACTOR_USAGE;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool actor_wait_stopped(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

int actor_run(const struct actor_call *call)
{
	return actor_wait(actor_start(call));
}

int actor_play(const char *program, const char *steps)
{
	const struct actor_call call = { .program = program, .steps = steps };

	return actor_run(&call);
}

bool actor_denied(int status)
{
	return status == EACCES || status == EPERM || status == EXDEV;
}

const char *actor_status_text(int status)
{
	static char text[64];

	if (status == ACTOR_EMPTY)
		return "success, but without the canary";
	if (status == ACTOR_SETUP)
		return "a failure before the attack began";
	if (status == ACTOR_USAGE)
		return "an actor that cannot be run so";
	if (status == ACTOR_OK)
		return "success";
	snprintf(text, sizeof(text), "%s (%d)", strerrorname_np(status) ?: "a signal", status);
	return text;
}

#define ASLEEP_ROUNDS 2000
#define ASLEEP_NS     5000000

bool actor_wait_asleep(pid_t pid, const char *where)
{
	const struct timespec pause = { .tv_nsec = ASLEEP_NS };
	char path[32], found[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	for (int i = 0; i < ASLEEP_ROUNDS; i++) {
		FILE *file = fopen(path, "r");
		bool sleeps = file && fgets(found, sizeof(found), file) && strstr(found, where);

		if (file)
			fclose(file);
		if (sleeps)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}
