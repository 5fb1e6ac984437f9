// SPDX-License-Identifier: GPL-2.0-only
/* What bytes become when an intruder's encodings are taken off again. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "needle.h"

#define DEPTH_MAX    3
#define RUN_LEAST    32
#define INFLATED_MAX (16u << 20)

#define ZIP_HEADER_BYTES   30
#define ZIP_METHOD_DEFLATE 8

static void search(const struct needles *needles, const uint8_t *bytes, size_t length,
		   struct hits *hits, int depth);

static void drop_buffer(uint8_t **buffer)
{
	free(*buffer);
}
#define OWNED __attribute__((cleanup(drop_buffer)))

/* Out of memory must not look like "nothing found". */
static uint8_t *buffer_new(size_t length)
{
	uint8_t *buffer = malloc(length ? length : 1);

	if (!buffer) {
		fputs("scan: out of memory\n", stderr);
		exit(3);
	}
	return buffer;
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits of @bits bits each to bytes; what is left over at the end is no byte. */
static size_t decode_digits(const uint8_t *text, size_t length, int (*value)(uint8_t), int bits,
			    uint8_t *bytes)
{
	uint32_t window = 0;
	size_t count = 0;
	int have = 0;

	for (size_t i = 0; i < length; i++) {
		window = window << bits | value(text[i]);
		have += bits;
		if (have >= 8) {
			have -= 8;
			bytes[count++] = window >> have;
		}
	}
	return count;
}

/* Every long run of digits, read from each of the places where a byte may begin. */
static void search_digits(const struct needles *needles, const uint8_t *text, size_t length,
			  int (*value)(uint8_t), int bits, struct hits *hits, int depth)
{
	OWNED uint8_t *bytes = buffer_new(length);
	size_t places = bits == 4 ? 2 : 4;

	for (size_t from = 0, to; from < length; from = to + 1) {
		for (to = from; to < length && value(text[to]) >= 0; to++)
			;
		if (to - from < RUN_LEAST)
			continue;
		for (size_t place = 0; place < places; place++) {
			size_t count = decode_digits(text + from + place, to - from - place, value,
						     bits, bytes);

			search(needles, bytes, count, hits, depth + 1);
		}
	}
}

/* Folded text is joined: line ends and blanks carry nothing. */
static void search_unfolded(const struct needles *needles, const uint8_t *bytes, size_t length,
			    struct hits *hits, int depth)
{
	OWNED uint8_t *text = buffer_new(length);
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		if (!isspace(bytes[i]))
			text[count++] = bytes[i];
	if (count != length)
		needles_search(needles, text, count, hits);
	search_digits(needles, text, count, base64_value, 6, hits, depth);
	search_digits(needles, text, count, hex_value, 4, hits, depth);
}

/* @window_bits as inflateInit2() has it: -15 raw, 15 zlib, 31 gzip. A cut stream counts too. */
static void search_inflated(const struct needles *needles, const uint8_t *bytes, size_t length,
			    int window_bits, struct hits *hits, int depth)
{
	uint8_t first[64];
	z_stream stream = { .next_in = (uint8_t *)bytes, .avail_in = length };
	OWNED uint8_t *out = NULL;

	if (inflateInit2(&stream, window_bits) != Z_OK) {
		fputs("scan: zlib does not start\n", stderr);
		exit(3);
	}
	/* Most candidates are chance and end at once: no large buffer for them. */
	stream.next_out = first;
	stream.avail_out = sizeof(first);
	inflate(&stream, Z_SYNC_FLUSH);
	if (stream.total_out >= NEEDLE_PART_LEAST) {
		out = buffer_new(INFLATED_MAX);
		memcpy(out, first, stream.total_out);
		stream.next_out = out + stream.total_out;
		stream.avail_out = INFLATED_MAX - stream.total_out;
		inflate(&stream, Z_SYNC_FLUSH);
		search(needles, out, stream.total_out, hits, depth + 1);
	}
	inflateEnd(&stream);
}

static void search_compressed(const struct needles *needles, const uint8_t *b, size_t length,
			      struct hits *hits, int depth)
{
	for (size_t i = 0; i + 8 < length; i++) {
		const uint8_t *p = b + i;
		size_t left = length - i;

		if (p[0] == 0x1f && p[1] == 0x8b && p[2] == Z_DEFLATED) {
			search_inflated(needles, p, left, 31, hits, depth);
		} else if ((p[0] & 0x8f) == Z_DEFLATED && (p[0] << 8 | p[1]) % 31 == 0) {
			search_inflated(needles, p, left, 15, hits, depth);
		} else if (!memcmp(p, "PK\3\4", 4) && left > ZIP_HEADER_BYTES &&
			   p[8] == ZIP_METHOD_DEFLATE) {
			size_t skip =
				ZIP_HEADER_BYTES + (p[26] | p[27] << 8) + (p[28] | p[29] << 8);

			if (skip < left)
				search_inflated(needles, p + skip, left - skip, -15, hits, depth);
		}
	}
}

static void search(const struct needles *needles, const uint8_t *bytes, size_t length,
		   struct hits *hits, int depth)
{
	needles_search(needles, bytes, length, hits);
	if (depth >= DEPTH_MAX || length < NEEDLE_PART_LEAST)
		return;
	search_unfolded(needles, bytes, length, hits, depth);
	search_compressed(needles, bytes, length, hits, depth);
}

void haystack_search(const struct needles *needles, const uint8_t *bytes, size_t length,
		     struct hits *hits)
{
	search(needles, bytes, length, hits, 0);
}
