/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are older than the guard. What they opened before it came is
 * judged when they use it. They say how it went by the loot they leave.
 */
#ifndef CORDON_TEST_VETERAN_H
#define CORDON_TEST_VETERAN_H

#include <stddef.h>
#include <stdio.h>

#include "world.h"

struct veteran {
	const char *name;
	const char *program;
	const char *before; /* steps while there was no guard */
	const char *after; /* steps when the test asks for them */
	const char *dir; /* where the loot goes; it must be writable for it */
};

static const struct veteran veterans[] = {
	{ "plain_reads", PLAIN, "open=" SECRET, "pread", LOW_DIR },
	{ "plain_maps", PLAIN, "open=" SECRET, "mmap", LOW_DIR },
	{ "cleared_reads", CLEARED, "open=" SECRET, "pread", SECRET_DIR },
	{ "cleared_writes_down", CLEARED, "open=" SECRET " open_w=" LOW_DIR "/veteran",
	  "swap pread swap write", SECRET_DIR },
	{ "plain_sends", PLAIN, "udp=" UNK_V4 ",9001 say=veteran-was-here", "send", LOW_DIR },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* The file that the veteran leaves when all its steps went well or not. */
static inline void veteran_loot(const struct veteran *veteran, const char *set, char *path,
				size_t size)
{
	snprintf(path, size, "%s/veteran.%s.%s", veteran->dir, veteran->name, set);
}

#endif /* CORDON_TEST_VETERAN_H */
