/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Canaries and the forms in which an intruder may carry them off. A canary is
 * 32 random bytes, kept in the classified files as 64 hexadecimal digits. A
 * needle is one form of one canary; needles_search() finds all at once, whole
 * or in part, so that no cut into chunks hides one.
 */
#ifndef DEMO_NEEDLE_H
#define DEMO_NEEDLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CANARY_BYTES	  32
#define CANARY_DIGITS	  (2 * CANARY_BYTES)
#define CANARY_NAME_BYTES 16
#define CANARIES_MAX	  8
#define NEEDLE_BYTES_MAX  (2 * CANARY_DIGITS)
#define NEEDLE_PART_LEAST 16 /* no shorter match counts */
#define NEEDLES_MAX	  256
#define NEEDLE_BUCKETS	  (1u << 16)

struct needle {
	char canary[CANARY_NAME_BYTES]; /* whose form this is */
	const char *form; /* static: "plain", "base64", "hex", ... */
	size_t length;
	size_t least; /* shorter matches are chance */
	uint8_t bytes[NEEDLE_BYTES_MAX];
};

/* Eight bytes of a needle; a match of 16 holds one at a multiple of eight. */
struct needle_window {
	uint64_t value;
	uint16_t needle;
	uint16_t offset;
	int32_t next; /* in the same bucket; -1: last */
};

struct needles {
	struct needle needle[NEEDLES_MAX];
	size_t count;
	struct needle_window *window;
	size_t window_count;
	int32_t bucket[NEEDLE_BUCKETS];
};

/* The longest match of each needle so far, in bytes; 0: none. */
struct hits {
	size_t longest[NEEDLES_MAX];
};

/*
 * Reads lines "NAME DIGITS" and makes the needles. Returns NULL, with the
 * reason on standard error, when a line has another form or there are none.
 */
struct needles *needles_load(FILE *file);
void needles_free(struct needles *needles);

/* Adds what is found in the bytes as they are to @hits. */
void needles_search(const struct needles *needles, const uint8_t *bytes, size_t length,
		    struct hits *hits);

/*
 * As needles_search(), and in the bytes without white space, in what is base64
 * or hexadecimal in them, and in every gzip, zlib or zip stream; three deep.
 */
void haystack_search(const struct needles *needles, const uint8_t *bytes, size_t length,
		     struct hits *hits);

#endif /* DEMO_NEEDLE_H */
