/* SPDX-License-Identifier: GPL-2.0-only */
/* The hash of cordon/ledger.h is the kernel's own. */
#ifndef CORDON_KMOD_BLAKE2S_H
#define CORDON_KMOD_BLAKE2S_H

#include <crypto/blake2s.h>
#include <linux/types.h>

/* Its name up to 6.18, as Kbuild finds it; blake2s() itself changed the order of its arguments. */
#ifdef CORDON_BLAKE2S_STATE
#define blake2s_ctx blake2s_state
#endif

#define cordon_hash blake2s_ctx

static inline void cordon_hash_init(struct cordon_hash *hash, const u8 *key)
{
	blake2s_init_key(hash, BLAKE2S_HASH_SIZE, key, BLAKE2S_KEY_SIZE);
}

static inline void cordon_hash_update(struct cordon_hash *hash, const void *bytes, size_t count)
{
	blake2s_update(hash, bytes, count);
}

/* Wipes @hash. */
static inline void cordon_hash_final(struct cordon_hash *hash, u8 *out)
{
	blake2s_final(hash, out);
}

#include <cordon/ledger.h>

#endif /* CORDON_KMOD_BLAKE2S_H */
