/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keyed BLAKE2s-256 (RFC 7693) of several inputs at once: one core takes a block of each in one go,
 * in the lanes of its vector registers. Inputs differ in length, and a lane is given a new one as
 * soon as it is done. For libb2 a hash is one input; a chain's hashes each need the one before.
 */
#ifndef CORDON_LEDGER_LANES_H
#define CORDON_LEDGER_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANES		8
#define LANES_BLOCK	64
#define LANES_KEY_BYTES 32
/* The longest input of a lane: an epoch's record with some 90 heads. */
#define LANES_INPUT_MAX 4096

/* What the compiler makes of the same lines. */
#define LANES_KINDS_ALL(X)                                                \
	X(FASTEST, "fastest") /* of those that are usable */              \
	X(NONE, "none") /* for who asks: one record after the other */    \
	X(PLAIN, "plain") /* whatever it was compiled for: all of them */ \
	X(AVX2, "avx2")                                                   \
	X(AVX512, "avx512")
#define LANES_ENUM(name, text) LANES_##name,
enum lanes_kind {
	LANES_KINDS_ALL(LANES_ENUM) LANES_KINDS
};
const char *lanes_name(enum lanes_kind kind);
/* Whether this processor can. */
bool lanes_usable(enum lanes_kind kind);

struct lane {
	size_t bytes; /* of the key's block and the input; 0: it has none */
	size_t at; /* so many are hashed */
	bool done;
	uint8_t hash[LANES_KEY_BYTES];
	uint8_t input[LANES_BLOCK + LANES_INPUT_MAX];
};

struct lanes {
	void (*compress)(struct lanes *lanes);
	uint32_t state[8][LANES];
	uint32_t keyed[8][LANES]; /* the state behind the key's block */
	uint32_t counter[LANES];
	uint32_t last[LANES]; /* all ones: the input's last block */
	struct lane lane[LANES];
};

/* False: not usable. */
bool lanes_init(struct lanes *lanes, enum lanes_kind kind);
/* A new input. */
void lanes_begin(struct lanes *lanes, unsigned int lane, const uint8_t key[LANES_KEY_BYTES]);
/*
 * A new input under the key of the last one, which was taken: its block is not hashed again.
 * Neither is empty.
 */
void lanes_again(struct lanes *lanes, unsigned int lane);
/* Before the first step. False: there is no room for so much. */
bool lanes_add(struct lanes *lanes, unsigned int lane, const void *bytes, size_t count);
/* One block of each lane that has one. */
void lanes_step(struct lanes *lanes);
/* Whether the lane's input is hashed since it was asked last: @out is its hash then. */
bool lanes_take(struct lanes *lanes, unsigned int lane, uint8_t out[LANES_KEY_BYTES]);

#endif /* CORDON_LEDGER_LANES_H */
