// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intern.h"

static uint64_t hash_bytes(const uint8_t *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ length;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash ^ hash >> 29;
}

const void *cordon_intern_bytes(const struct cordon_intern *intern, uint32_t number, size_t *length)
{
	*length = (size_t)(intern->offsets[number + 1] - intern->offsets[number]);
	return intern->bytes + intern->offsets[number];
}

/* The place of the string in the table, or the free one where it belongs. */
static uint32_t table_find(const struct cordon_intern *intern, const void *bytes, size_t length)
{
	uint32_t at = (uint32_t)hash_bytes(bytes, length) & (intern->table_size - 1);
	const void *other;
	size_t other_length;

	for (;; at = (at + 1) & (intern->table_size - 1)) {
		if (!intern->table[at])
			return at;
		other = cordon_intern_bytes(intern, intern->table[at] - 1, &other_length);
		if (other_length == length && (!length || !memcmp(other, bytes, length)))
			return at;
	}
}

static int table_grow(struct cordon_intern *intern)
{
	uint32_t size = intern->table_size ? intern->table_size * 2 : 64;
	uint32_t *old = intern->table;

	if (intern->count < intern->table_size / 2)
		return 0;
	intern->table = calloc(size, sizeof(*intern->table));
	if (!intern->table) {
		intern->table = old;
		return -ENOMEM;
	}
	intern->table_size = size;
	free(old);
	for (uint32_t i = 0; i < intern->count; i++) {
		size_t length;
		const void *bytes = cordon_intern_bytes(intern, i, &length);

		intern->table[table_find(intern, bytes, length)] = i + 1;
	}
	return 0;
}

static int room_make(struct cordon_intern *intern, size_t length)
{
	if (intern->count + 2 > intern->room) {
		uint32_t room = intern->room ? intern->room * 2 : 64;
		uint64_t *larger = realloc(intern->offsets, room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		if (!intern->offsets)
			larger[0] = 0;
		intern->offsets = larger;
		intern->room = room;
	}
	if (intern->byte_count + length > intern->byte_room || !intern->bytes) {
		uint64_t room = (intern->byte_count + length) * 2 + 256;
		uint8_t *larger = realloc(intern->bytes, room);

		if (!larger)
			return -ENOMEM;
		intern->bytes = larger;
		intern->byte_room = room;
	}
	return 0;
}

int cordon_intern(struct cordon_intern *intern, const void *bytes, size_t length, uint32_t *number)
{
	uint32_t at;

	if (intern->count > UINT32_MAX / 4 || table_grow(intern))
		return -ENOMEM;
	at = table_find(intern, bytes, length);
	if (intern->table[at]) {
		*number = intern->table[at] - 1;
		return 0;
	}
	if (room_make(intern, length))
		return -ENOMEM;
	if (length)
		memcpy(intern->bytes + intern->byte_count, bytes, length);
	intern->byte_count += length;
	intern->offsets[++intern->count] = intern->byte_count;
	intern->table[at] = intern->count;
	*number = intern->count - 1;
	return 0;
}

void cordon_intern_free(struct cordon_intern *intern)
{
	free(intern->bytes);
	free(intern->offsets);
	free(intern->table);
	memset(intern, 0, sizeof(*intern));
}
