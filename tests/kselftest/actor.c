// SPDX-License-Identifier: GPL-2.0-only
/* The actor's main program: see actor.h. The steps are in actor_*.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

static const struct actor_steps *const step_tables[] = {
	actor_file_steps,     actor_name_steps,	   actor_task_steps,   actor_memory_steps,
	actor_mount_steps,    actor_net_steps,	   actor_unix_steps,   actor_uring_steps,
	actor_race_steps,     actor_seccomp_steps, actor_guard_steps,  actor_view_steps,
	actor_below_steps,    actor_fault_steps,   actor_flight_steps, actor_queue_steps,
	actor_terminal_steps, actor_object_steps,
};

int actor_fd(const struct actor *actor)
{
	return actor->fd_count ? actor->fds[actor->fd_count - 1] : -1;
}

int actor_fd_before(const struct actor *actor)
{
	return actor->fd_count > 1 ? actor->fds[actor->fd_count - 2] : -1;
}

int actor_keep(struct actor *actor, int fd)
{
	if (fd < 0)
		return -errno;
	if (actor->fd_count == ACTOR_FDS)
		return -EMFILE;
	actor->fds[actor->fd_count++] = fd;
	return 0;
}

const char *actor_split(const char *argument, char *first, size_t size)
{
	const char *comma = strchr(argument, ',');
	size_t length = comma ? (size_t)(comma - argument) : strlen(argument);

	if (length >= size)
		length = size - 1;
	memcpy(first, argument, length);
	first[length] = '\0';
	return comma ? comma + 1 : "";
}

int actor_result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static actor_step find_step(const char *name)
{
	for (size_t t = 0; t < sizeof(step_tables) / sizeof(step_tables[0]); t++)
		for (const struct actor_steps *s = step_tables[t]; s->name; s++)
			if (!strcmp(s->name, name))
				return s->run;
	fprintf(stderr, "actor: no step %s\n", name);
	exit(ACTOR_USAGE);
}

int actor_do(struct actor *actor, char *words)
{
	char *argument = strchr(words, '=');
	char name[64];
	size_t length = argument ? (size_t)(argument - words) : strlen(words);

	if (length >= sizeof(name))
		exit(ACTOR_USAGE);
	memcpy(name, words, length);
	name[length] = '\0';
	return find_step(name)(actor, argument ? argument + 1 : "");
}

/* Opened before anything else, so that it is there whatever the steps do to the root. */
static int open_loot(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int loot = fd < 0 ? -1 : fcntl(fd, F_DUPFD, ACTOR_LOOT_FD);

	close(fd);
	return loot;
}

/*
 * What is in the buffer goes to the loot file whether the attack failed or
 * not: a call that fails and yet filled the buffer is a leak.
 */
static void deliver(const struct actor *actor)
{
	/* Refused is as good as not tried: the loot then holds nothing. */
	if (actor->loot >= 0 && write(actor->loot, actor->buffer, ACTOR_LOOT) < 0)
		errno = 0;
}

/* An actor without `try` makes no attempt but the whole. */
static int has_try(char **steps)
{
	for (; *steps; steps++)
		if (!strcmp(*steps, "try"))
			return 1;
	return 0;
}

_Noreturn void actor_finish(struct actor *actor)
{
	int trying = !has_try(actor->rest);
	int result = 0;

	while (*actor->rest && !result) {
		char *words = *actor->rest++;

		if (!strcmp(words, "try")) {
			trying = 1;
			continue;
		}
		result = actor_do(actor, words);
	}
	if (result && !trying)
		_exit(ACTOR_SETUP);
	deliver(actor);
	if (result)
		_exit(-result < ACTOR_EMPTY ? -result : ACTOR_USAGE);
	if (actor->want && actor_hash(actor->buffer, CANARY_BYTES) != actor->want)
		_exit(ACTOR_EMPTY);
	_exit(ACTOR_OK);
}

int main(int argc, char **argv)
{
	static struct actor actor;
	int option;

	actor.self = argv[0];
	actor.loot = -1;
	while ((option = getopt(argc, argv, "+w:l:f:")) != -1) {
		switch (option) {
		case 'w':
			actor.want = strtoull(optarg, NULL, 16);
			break;
		case 'l':
			actor.loot = open_loot(optarg);
			break;
		case 'f':
			actor.loot = atoi(optarg);
			break;
		default:
			return ACTOR_USAGE;
		}
	}
	actor.rest = argv + optind;
	actor_finish(&actor);
}
