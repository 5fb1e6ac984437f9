// SPDX-License-Identifier: GPL-2.0-only
/* The actor's step that makes an allocation of the kernel fail. */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"

/* The Nth allocation from here on that the calling thread asks the kernel for fails. */
static int step_fault(struct actor *actor, const char *nth)
{
	int fd = open(FAIL_NTH, O_WRONLY | O_CLOEXEC);

	(void)actor;
	/* Left open: the close would be the first to ask. */
	return fd < 0 ? actor_result(fd) : actor_result(write(fd, nth, strlen(nth)));
}

const struct actor_steps actor_fault_steps[] = {
	{ "fault", step_fault },
	{ NULL, NULL },
};
