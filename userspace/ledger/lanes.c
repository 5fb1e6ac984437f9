// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "lanes.h"

_Static_assert(LANES_INPUT_MAX % LANES_BLOCK == 0, "an input ends within its lane's last block");

typedef uint32_t words __attribute__((vector_size(4 * LANES)));

static const uint32_t iv[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static const uint8_t order[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

/* A function would pass vectors by value: how, depends on the processor that it is compiled for. */
#define ROTATE(x, count) ((x) >> (count) | (x) << (32 - (count)))
#define MIX(a, b, c, d, x, y)                \
	do {                                 \
		(a) += (b) + (x);            \
		(d) = ROTATE((d) ^ (a), 16); \
		(c) += (d);                  \
		(b) = ROTATE((b) ^ (c), 12); \
		(a) += (b) + (y);            \
		(d) = ROTATE((d) ^ (a), 8);  \
		(c) += (d);                  \
		(b) = ROTATE((b) ^ (c), 7);  \
	} while (0)

/* The next block of each lane, word by word: what is behind the end of an input is zero. */
static inline __attribute__((always_inline)) void load(const struct lanes *lanes, words block[16])
{
	uint32_t word[16][LANES];

	for (unsigned int lane = 0; lane < LANES; lane++)
		for (unsigned int i = 0; i < 16; i++) {
			uint32_t bytes;

			memcpy(&bytes, lanes->lane[lane].input + lanes->lane[lane].at + 4 * i,
			       sizeof(bytes));
			word[i][lane] = le32toh(bytes);
		}
	memcpy(block, word, sizeof(word));
}

/* Inlined into functions for different processors. */
static inline __attribute__((always_inline)) void compress(struct lanes *lanes)
{
	words v[16], block[16], state[8], counter, last;

	load(lanes, block);
	memcpy(state, lanes->state, sizeof(state));
	memcpy(&counter, lanes->counter, sizeof(counter));
	memcpy(&last, lanes->last, sizeof(last));
	for (unsigned int i = 0; i < 8; i++) {
		v[i] = state[i];
		v[i + 8] = (words){ 0 } + iv[i];
	}
	v[12] ^= counter;
	v[14] ^= last;
	for (unsigned int round = 0; round < 10; round++) {
		const uint8_t *at = order[round];

		MIX(v[0], v[4], v[8], v[12], block[at[0]], block[at[1]]);
		MIX(v[1], v[5], v[9], v[13], block[at[2]], block[at[3]]);
		MIX(v[2], v[6], v[10], v[14], block[at[4]], block[at[5]]);
		MIX(v[3], v[7], v[11], v[15], block[at[6]], block[at[7]]);
		MIX(v[0], v[5], v[10], v[15], block[at[8]], block[at[9]]);
		MIX(v[1], v[6], v[11], v[12], block[at[10]], block[at[11]]);
		MIX(v[2], v[7], v[8], v[13], block[at[12]], block[at[13]]);
		MIX(v[3], v[4], v[9], v[14], block[at[14]], block[at[15]]);
	}
	for (unsigned int i = 0; i < 8; i++)
		state[i] ^= v[i] ^ v[i + 8];
	memcpy(lanes->state, state, sizeof(state));
}

static void compress_plain(struct lanes *lanes)
{
	compress(lanes);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void compress_avx2(struct lanes *lanes)
{
	compress(lanes);
}

__attribute__((target("avx512f,avx512vl"))) static void compress_avx512(struct lanes *lanes)
{
	compress(lanes);
}
#endif

/* NULL: this processor cannot. */
static void (*find(enum lanes_kind kind))(struct lanes *lanes)
{
	switch (kind) {
	case LANES_PLAIN:
		return compress_plain;
#ifdef __x86_64__
	case LANES_AVX2:
		return __builtin_cpu_supports("avx2") ? compress_avx2 : NULL;
	case LANES_AVX512:
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") ?
			       compress_avx512 :
			       NULL;
#endif
	default:
		return NULL;
	}
}

const char *lanes_name(enum lanes_kind kind)
{
#define LANES_NAME(name, text) text,
	static const char *const names[] = { LANES_KINDS_ALL(LANES_NAME) };

	return names[kind];
}

bool lanes_usable(enum lanes_kind kind)
{
	return kind == LANES_FASTEST || find(kind);
}

bool lanes_init(struct lanes *lanes, enum lanes_kind kind)
{
	memset(lanes, 0, sizeof(*lanes));
	if (kind != LANES_FASTEST)
		lanes->compress = find(kind);
	else
		for (kind = LANES_KINDS; !lanes->compress; kind--)
			lanes->compress = find(kind - 1);
	return lanes->compress;
}

void lanes_begin(struct lanes *lanes, unsigned int lane, const uint8_t key[LANES_KEY_BYTES])
{
	struct lane *to = &lanes->lane[lane];

	for (unsigned int i = 0; i < 8; i++)
		lanes->state[i][lane] = iv[i];
	/* How long the hash and the key are; a sequence, not a tree. */
	lanes->state[0][lane] ^= 0x01010000 | LANES_KEY_BYTES << 8 | 32;
	memcpy(to->input, key, LANES_KEY_BYTES);
	memset(to->input + LANES_KEY_BYTES, 0, LANES_BLOCK - LANES_KEY_BYTES);
	to->bytes = LANES_BLOCK;
	to->at = 0;
	to->done = false;
}

void lanes_again(struct lanes *lanes, unsigned int lane)
{
	struct lane *to = &lanes->lane[lane];

	for (unsigned int i = 0; i < 8; i++)
		lanes->state[i][lane] = lanes->keyed[i][lane];
	to->bytes = LANES_BLOCK;
	to->at = LANES_BLOCK;
	to->done = false;
}

bool lanes_add(struct lanes *lanes, unsigned int lane, const void *bytes, size_t count)
{
	struct lane *to = &lanes->lane[lane];

	if (count > sizeof(to->input) - to->bytes)
		return false;
	memcpy(to->input + to->bytes, bytes, count);
	to->bytes += count;
	return true;
}

static void finish(struct lanes *lanes, unsigned int lane)
{
	struct lane *done = &lanes->lane[lane];

	for (unsigned int i = 0; i < 8; i++) {
		uint32_t word = htole32(lanes->state[i][lane]);

		memcpy(done->hash + 4 * i, &word, sizeof(word));
	}
	done->bytes = 0;
	done->at = 0;
	done->done = true;
}

static void keep_keyed(struct lanes *lanes, unsigned int lane)
{
	for (unsigned int i = 0; i < 8; i++)
		lanes->keyed[i][lane] = lanes->state[i][lane];
}

void lanes_step(struct lanes *lanes)
{
	unsigned int i;

	/* A lane without an input goes along, over zeros. */
	for (i = 0; i < LANES; i++) {
		struct lane *lane = &lanes->lane[i];
		size_t end = lane->at + LANES_BLOCK;
		bool last = end >= lane->bytes;

		if (last)
			memset(lane->input + lane->bytes, 0, end - lane->bytes);
		lanes->counter[i] = (uint32_t)(last ? lane->bytes : end);
		lanes->last[i] = last ? UINT32_MAX : 0;
	}
	lanes->compress(lanes);
	for (i = 0; i < LANES; i++) {
		if (!lanes->lane[i].at && lanes->lane[i].bytes)
			keep_keyed(lanes, i);
		lanes->lane[i].at = lanes->counter[i];
		if (lanes->last[i] && lanes->lane[i].bytes)
			finish(lanes, i);
	}
}

bool lanes_take(struct lanes *lanes, unsigned int lane, uint8_t out[LANES_KEY_BYTES])
{
	bool done = lanes->lane[lane].done;

	if (done)
		memcpy(out, lanes->lane[lane].hash, LANES_KEY_BYTES);
	lanes->lane[lane].done = false;
	return done;
}
