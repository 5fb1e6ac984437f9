/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program's subjects find: three files in every place. And where hosts keep what came. */
#ifndef CORDON_FLOW_ARENA_H
#define CORDON_FLOW_ARENA_H

#include "flow.h"

/* Once: hosts, places, programs. 0 or -errno. */
int arena_build(void);
/* Before a program: new files with new tokens. Reads nothing. 0 or -errno. */
int arena_fill(void);
/* After it: nothing is left of it. */
void arena_clear(void);

/* Calls @look with all text in and about what is below the place's arena. */
typedef void arena_look(void *data, const char *what, const char *text, size_t length);
void arena_search(enum place place, arena_look *look, void *data);
/* Before the first search, and by who is not tainted yet: waits for the hosts. 0 or -errno. */
int arena_settle(void);
/* The same with what has reached the host since arena_fill(). */
void arena_search_host(enum host host, arena_look *look, void *data);

#endif /* CORDON_FLOW_ARENA_H */
