/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scoped release of what a function holds. A variable so marked is released
 * on every way out; cordon_fd_take() and cordon_pointer_take() hand it on.
 */
#ifndef CORDON_CLEANUP_H
#define CORDON_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cordon_fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void cordon_memory_free(void *pointer)
{
	free(*(void **)pointer);
	*(void **)pointer = NULL;
}

static inline void cordon_file_close(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

static inline int cordon_fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *cordon_pointer_take(void *pointer)
{
	void *taken = *(void **)pointer;

	*(void **)pointer = NULL;
	return taken;
}

#define cordon_auto_fd	 __attribute__((cleanup(cordon_fd_close))) int
#define cordon_auto_file __attribute__((cleanup(cordon_file_close))) FILE
#define cordon_auto_free __attribute__((cleanup(cordon_memory_free)))

#endif /* CORDON_CLEANUP_H */
