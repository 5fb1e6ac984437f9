/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of a policy text: taken piece by piece while it is read and checked,
 * given back all at once. So no way out of the parser can leak.
 */
#ifndef CORDON_ARENA_H
#define CORDON_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct cordon_arena_chunk;
struct cordon_arena {
	struct cordon_arena_chunk *chunks;
};

/* Zeroed, aligned for any type; NULL when memory runs out. */
void *cordon_arena_alloc(struct cordon_arena *arena, size_t bytes);
/* A terminated copy. */
char *cordon_arena_text(struct cordon_arena *arena, const char *text, size_t bytes);
__attribute__((format(printf, 2, 3))) char *cordon_arena_format(struct cordon_arena *arena,
								const char *format, ...);
char *cordon_arena_vformat(struct cordon_arena *arena, const char *format, va_list arguments);
void cordon_arena_free(struct cordon_arena *arena);

#endif /* CORDON_ARENA_H */
