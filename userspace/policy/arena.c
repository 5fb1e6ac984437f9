// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define CHUNK_BYTES (64 << 10)
#define ALIGNMENT   16

struct cordon_arena_chunk {
	struct cordon_arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(ALIGNMENT) char bytes[];
};

static struct cordon_arena_chunk *chunk_new(size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct cordon_arena_chunk *chunk;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	chunk = calloc(1, sizeof(*chunk) + size);
	if (chunk)
		chunk->size = size;
	return chunk;
}

void *cordon_arena_alloc(struct cordon_arena *arena, size_t bytes)
{
	struct cordon_arena_chunk *chunk = arena->chunks;
	void *taken;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!chunk || chunk->size - chunk->used < bytes) {
		chunk = chunk_new(bytes);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	taken = chunk->bytes + chunk->used;
	chunk->used += bytes;
	return taken;
}

char *cordon_arena_text(struct cordon_arena *arena, const char *text, size_t bytes)
{
	char *copy = cordon_arena_alloc(arena, bytes + 1);

	if (copy && bytes)
		memcpy(copy, text, bytes);
	return copy;
}

char *cordon_arena_vformat(struct cordon_arena *arena, const char *format, va_list arguments)
{
	va_list again;
	char *text;
	int bytes;

	va_copy(again, arguments);
	bytes = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (bytes < 0)
		return NULL;
	text = cordon_arena_alloc(arena, (size_t)bytes + 1);
	if (text)
		vsnprintf(text, (size_t)bytes + 1, format, arguments);
	return text;
}

char *cordon_arena_format(struct cordon_arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = cordon_arena_vformat(arena, format, arguments);
	va_end(arguments);
	return text;
}

void cordon_arena_free(struct cordon_arena *arena)
{
	while (arena->chunks) {
		struct cordon_arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
}
