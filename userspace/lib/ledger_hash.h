/* SPDX-License-Identifier: GPL-2.0-only */
/* The keyed BLAKE2s that cordon/ledger.h asks for, by libb2. */
#ifndef CORDON_LEDGER_HASH_H
#define CORDON_LEDGER_HASH_H

#include <blake2.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>

struct cordon_hash {
	blake2s_state state;
};

static inline void cordon_hash_init(struct cordon_hash *hash, const __u8 key[32])
{
	blake2s_init_key(&hash->state, 32, key, 32);
}

static inline void cordon_hash_update(struct cordon_hash *hash, const void *bytes, size_t count)
{
	blake2s_update(&hash->state, bytes, count);
}

static inline void cordon_hash_wipe(void *bytes, size_t count)
{
	explicit_bzero(bytes, count);
}

static inline void cordon_hash_final(struct cordon_hash *hash, __u8 out[32])
{
	blake2s_final(&hash->state, out, 32);
	cordon_hash_wipe(hash, sizeof(*hash));
}

#include "cordon/ledger.h"

#endif /* CORDON_LEDGER_HASH_H */
