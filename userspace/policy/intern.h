/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers for byte strings: the same number for the same bytes, from 0. */
#ifndef CORDON_INTERN_H
#define CORDON_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct cordon_intern {
	uint8_t *bytes; /* all strings, one after the other */
	uint64_t byte_count, byte_room;
	uint64_t *offsets; /* count + 1 of them */
	uint32_t count, room;
	uint32_t *table; /* number + 1; 0: free */
	uint32_t table_size; /* a power of two */
};

/* -ENOMEM; *@number is untouched then. */
int cordon_intern(struct cordon_intern *intern, const void *bytes, size_t length, uint32_t *number);
/* Valid until the next new string. */
const void *cordon_intern_bytes(const struct cordon_intern *intern, uint32_t number,
				size_t *length);
void cordon_intern_free(struct cordon_intern *intern);

#endif /* CORDON_INTERN_H */
