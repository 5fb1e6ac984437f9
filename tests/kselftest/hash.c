// SPDX-License-Identifier: GPL-2.0-only
/* The actor is told what to look for without being told what it is. */
#include "actor.h"

uint64_t actor_hash(const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;
	uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */

	while (length--)
		hash = (hash ^ *byte++) * 0x100000001b3ULL;
	return hash;
}
