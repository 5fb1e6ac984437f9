// SPDX-License-Identifier: GPL-2.0-only
/* The forms of a canary, and the search for all of them in one pass. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "needle.h"

static uint32_t bucket_of(uint64_t value)
{
	return (value * 0x9e3779b97f4a7c15ULL) >> 48;
}

static void reverse(uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length / 2; i++) {
		uint8_t swap = bytes[i];

		bytes[i] = bytes[length - 1 - i];
		bytes[length - 1 - i] = swap;
	}
}

static void add_one(struct needles *all, const char *canary, const char *form, const uint8_t *bytes,
		    size_t length, bool reversed)
{
	struct needle *needle = &all->needle[all->count++];

	memcpy(needle->canary, canary, CANARY_NAME_BYTES);
	needle->form = form;
	needle->length = length;
	needle->least = length / 4 > NEEDLE_PART_LEAST ? length / 4 : NEEDLE_PART_LEAST;
	memcpy(needle->bytes, bytes, length);
	if (reversed)
		reverse(needle->bytes, length);
}

/* Whoever turns a file around turns around the form it has: both directions of every form. */
static void add_form(struct needles *all, const char *canary, const char *form,
		     const char *reversed_form, const uint8_t *bytes, size_t length)
{
	add_one(all, canary, form, bytes, length, false);
	add_one(all, canary, reversed_form, bytes, length, true);
}

static void to_hex(const uint8_t *bytes, size_t length, const char *digits, uint8_t *text)
{
	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
}

/*
 * The base64 characters that depend on @bytes alone when they begin @skew bytes
 * after a multiple of three; what is shared with the neighbours is left out.
 */
static size_t to_base64(const uint8_t *bytes, size_t length, unsigned int skew, uint8_t *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t first_bit = (6 - skew * 8 % 6) % 6, count = 0;

	for (size_t bit = first_bit; bit + 6 <= 8 * length; bit += 6) {
		unsigned int pair = bytes[bit / 8] << 8;

		if (bit / 8 + 1 < length)
			pair |= bytes[bit / 8 + 1];
		text[count++] = digits[pair >> (10 - bit % 8) & 63];
	}
	return count;
}

static void add_base64(struct needles *all, const char *canary, const uint8_t *bytes, size_t length)
{
	uint8_t text[NEEDLE_BYTES_MAX];

	for (unsigned int skew = 0; skew < 3; skew++) {
		size_t count = to_base64(bytes, length, skew, text);

		add_form(all, canary, "base64", "reversed base64", text, count);
	}
}

static void add_canary(struct needles *all, const char *canary, const char *digits)
{
	uint8_t plain[CANARY_DIGITS], upper[CANARY_DIGITS], raw[CANARY_BYTES];
	uint8_t text[NEEDLE_BYTES_MAX];

	for (size_t i = 0; i < CANARY_DIGITS; i++) {
		uint8_t value = digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10;

		plain[i] = digits[i];
		upper[i] = toupper((unsigned char)digits[i]);
		raw[i / 2] = i % 2 ? (raw[i / 2] | value) : value << 4;
	}
	add_form(all, canary, "plain", "reversed", plain, sizeof(plain));
	add_form(all, canary, "upper case", "reversed upper case", upper, sizeof(upper));
	add_form(all, canary, "raw", "reversed raw", raw, sizeof(raw));
	to_hex(plain, sizeof(plain), "0123456789abcdef", text);
	add_form(all, canary, "hex", "reversed hex", text, 2 * sizeof(plain));
	to_hex(plain, sizeof(plain), "0123456789ABCDEF", text);
	add_form(all, canary, "upper case hex", "reversed upper case hex", text, 2 * sizeof(plain));
	add_base64(all, canary, plain, sizeof(plain));
	add_base64(all, canary, raw, sizeof(raw));
}

static int index_windows(struct needles *all)
{
	size_t total = 0;

	memset(all->bucket, 0xff, sizeof(all->bucket));
	for (size_t i = 0; i < all->count; i++)
		total += all->needle[i].length - 7;
	all->window = calloc(total, sizeof(*all->window));
	if (!all->window)
		return -1;
	for (size_t i = 0; i < all->count; i++) {
		for (size_t at = 0; at + 8 <= all->needle[i].length; at++) {
			struct needle_window *w = &all->window[all->window_count];
			uint32_t bucket;

			memcpy(&w->value, all->needle[i].bytes + at, 8);
			bucket = bucket_of(w->value);
			w->needle = i;
			w->offset = at;
			w->next = all->bucket[bucket];
			all->bucket[bucket] = all->window_count++;
		}
	}
	return 0;
}

struct needles *needles_load(FILE *file)
{
	char name[CANARY_NAME_BYTES], digits[CANARY_DIGITS + 2];
	struct needles *all = calloc(1, sizeof(*all));
	int fields, canaries = 0;

	if (!all)
		return NULL;
	while ((fields = fscanf(file, "%15s %65s", name, digits)) == 2) {
		if (strlen(digits) != CANARY_DIGITS ||
		    strspn(digits, "0123456789abcdef") != CANARY_DIGITS ||
		    canaries++ == CANARIES_MAX)
			break;
		add_canary(all, name, digits);
	}
	if (fields != EOF || ferror(file) || !all->count || index_windows(all)) {
		fprintf(stderr, "scan: canaries must be 1 to %d lines NAME and %d hex digits\n",
			CANARIES_MAX, CANARY_DIGITS);
		needles_free(all);
		return NULL;
	}
	return all;
}

void needles_free(struct needles *needles)
{
	if (needles)
		free(needles->window);
	free(needles);
}

/* Grows a match of eight bytes in both directions and notes its length. */
static void note_match(const struct needles *all, const struct needle_window *window,
		       const uint8_t *bytes, size_t length, size_t at, struct hits *hits)
{
	const struct needle *needle = &all->needle[window->needle];
	size_t before = 0, after = 8;

	while (before < at && before < window->offset &&
	       bytes[at - before - 1] == needle->bytes[window->offset - before - 1])
		before++;
	while (at + after < length && window->offset + after < needle->length &&
	       bytes[at + after] == needle->bytes[window->offset + after])
		after++;
	if (before + after >= needle->least && before + after > hits->longest[window->needle])
		hits->longest[window->needle] = before + after;
}

void needles_search(const struct needles *all, const uint8_t *bytes, size_t length,
		    struct hits *hits)
{
	for (size_t at = 0; at + 8 <= length; at += 8) {
		uint64_t value;

		memcpy(&value, bytes + at, 8);
		for (int32_t i = all->bucket[bucket_of(value)]; i >= 0; i = all->window[i].next)
			if (all->window[i].value == value)
				note_match(all, &all->window[i], bytes, length, at, hits);
	}
}
