/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: what a tag is made of, how keys evolve, what an epoch record says. The module that
 * makes it and the programs that verify it compile these very functions.
 *
 * Everything comes from one secret, W_0, drawn by the module, sealed to the auditor, erased:
 *
 *   W_{j+1}  = H(W_j, "epoch")                the epochs' ratchet; W_j is erased when epoch j begins
 *   S_{c,j}  = H(W_j, "chain" || c)           the key of chain c at the start of epoch j
 *   T        = H(S, "tag" || record)[:16]     the record's tag
 *   T_lost   = H(S, "loss" || place)[:16]     of a record that found no room
 *   S'       = H(S, "next" || T)              the chain's next key; S is erased
 *
 * H is keyed BLAKE2s-256, "..." one of the domains below. A chain is a CPU's, or the module's own
 * (CORDON_CHAIN_EPOCHS), which holds the changes of an epoch and, as its last, the epoch's record:
 * for each chain where it stood. Sequence numbers go on over epochs; keys begin anew, so that a
 * verifier gets at any epoch with one hash for each epoch before it, and needs no record before it.
 *
 * A gap in a chain's sequence is an overflow when the keys say so: as many losses as numbers are
 * missing give the key of the record behind the gap. When they do not, somebody took records away.
 *
 * Who includes this defines before it: struct cordon_hash, and
 *   cordon_hash_init(struct cordon_hash *, const __u8 key[32])
 *   cordon_hash_update(struct cordon_hash *, const void *bytes, size_t count)
 *   cordon_hash_final(struct cordon_hash *, __u8 out[32])   which wipes its state
 */
#ifndef CORDON_LEDGER_H
#define CORDON_LEDGER_H

#include "abi.h"

#define CORDON_KEY_BYTES 32

/* D: what at most is missing at the end after a crash. */
#define CORDON_EPOCH_NS	     1000000000ULL
#define CORDON_EPOCH_RECORDS 4096

/* ---- Records of the module ------------------------------------------------ */

/* Where a chain stood when the epoch's last record of it was made. */
struct cordon_chain_head {
	__u32 chain;
	__u32 flags; /* CORDON_HEAD_* */
	__u64 sequence; /* of the last record, made or lost */
	__u64 drops; /* lost so far, since the ledger began */
	__u8 tag[CORDON_TAG_BYTES]; /* of that last one; zero when there was none yet */
};
#define CORDON_HEAD_ONLINE 0x1u

struct cordon_change {
	struct cordon_header header;
	__u32 kind; /* enum cordon_change_kind */
	__u32 mode; /* enum cordon_mode, afterwards */
	__u64 value;
	__u8 policy_digest[CORDON_DIGEST_BYTES]; /* of the active one, afterwards */
};

/*
 * The last record of an epoch in CORDON_CHAIN_EPOCHS; header.epoch says of which. A chain that
 * stands where the epoch before left it is not listed.
 */
struct cordon_epoch {
	struct cordon_header header;
	__u64 begin_ns; /* CLOCK_BOOTTIME when the epoch began */
	__u64 skipped; /* epochs of the clock that this one took in: asleep, or nobody took them */
	__u64 records; /* in all chains of CPUs, since the ledger began */
	__u64 drops; /* of these lost */
	__u64 policy_version;
	__u32 mode; /* enum cordon_mode */
	__u32 heads; /* so many follow */
	__u8 policy_digest[CORDON_DIGEST_BYTES];
	__u8 previous[CORDON_TAG_BYTES]; /* tag of the epoch record before; zero: the first */
	struct cordon_chain_head head[];
};

/*
 * Made by the controller, once for each ledger: who may verify it. Not tagged: it is bound by the
 * secret, from which its number comes.
 */
#define CORDON_SEALED_BYTES (CORDON_SECRET_BYTES + 48) /* crypto_box_seal() of libsodium */
struct cordon_ledger_boot {
	__u32 abi;
	__u32 bytes; /* sizeof(struct cordon_ledger_boot) */
	__u64 boot[2];
	__u64 ledger;
	__u64 boottime_ns; /* when the ledger began */
	__u64 realtime_ns;
	__u32 cpus;
	__u32 flags; /* CORDON_LEDGER_ENROLLED: sealed holds the secret; else nobody has it */
	__u8 auditor[32]; /* public key that the secret was sealed to; zero: none enrolled */
	__u8 sealed[CORDON_SEALED_BYTES];
};

CORDON_ASSERT_SIZE(struct cordon_chain_head, 40);
CORDON_ASSERT_SIZE(struct cordon_change, 88 + 16 + CORDON_DIGEST_BYTES);
CORDON_ASSERT_SIZE(struct cordon_epoch, 88 + 48 + CORDON_DIGEST_BYTES + CORDON_TAG_BYTES);
CORDON_ASSERT_SIZE(struct cordon_ledger_boot, 56 + 32 + CORDON_SEALED_BYTES);
_Static_assert(__builtin_offsetof(struct cordon_header, tag) + CORDON_TAG_BYTES ==
		       sizeof(struct cordon_header),
	       "the tag ends the header");
_Static_assert(__builtin_offsetof(struct cordon_record, path) ==
		       __builtin_offsetof(struct cordon_record, exe) + CORDON_PATH_BYTES,
	       "the texts end the record");
_Static_assert(__builtin_offsetof(struct cordon_record, path) + CORDON_PATH_BYTES ==
		       sizeof(struct cordon_record),
	       "the texts end the record");

/* ---- Keys and tags -------------------------------------------------------- */

#ifndef __bpf__

/* First input of every hash: nothing hashed for one purpose can stand for another. */
#define CORDON_DOMAIN_BYTES  8
#define CORDON_DOMAIN_EPOCH  "crdn.epo"
#define CORDON_DOMAIN_CHAIN  "crdn.chn"
#define CORDON_DOMAIN_TAG    "crdn.tag"
#define CORDON_DOMAIN_LOSS   "crdn.los"
#define CORDON_DOMAIN_NEXT   "crdn.nxt"
#define CORDON_DOMAIN_NUMBER "crdn.num"

/* A chain as its CPU, or a verifier, has it. */
struct cordon_chain {
	__u64 sequence; /* of the last record, made or lost */
	__u64 epoch;
	__u64 drops;
	__u8 tag[CORDON_TAG_BYTES]; /* of the last one */
	__u8 key[CORDON_KEY_BYTES]; /* for the next one */
};

static inline void cordon_hash_begin(struct cordon_hash *hash, const __u8 key[CORDON_KEY_BYTES],
				     const char *domain)
{
	cordon_hash_init(hash, key);
	cordon_hash_update(hash, domain, CORDON_DOMAIN_BYTES);
}

/* W_j becomes W_{j+1}. */
static inline void cordon_epoch_next(__u8 secret[CORDON_KEY_BYTES])
{
	struct cordon_hash hash;

	cordon_hash_begin(&hash, secret, CORDON_DOMAIN_EPOCH);
	cordon_hash_final(&hash, secret);
}

/* The number of the ledger that begins with W_0; never 0. */
static inline __u64 cordon_ledger_number(const __u8 secret[CORDON_KEY_BYTES])
{
	__u8 out[CORDON_KEY_BYTES];
	struct cordon_hash hash;
	__u64 number = 0;
	int i;

	cordon_hash_begin(&hash, secret, CORDON_DOMAIN_NUMBER);
	cordon_hash_final(&hash, out);
	for (i = 7; i >= 0; i--)
		number = number << 8 | out[i];
	return number ? number : 1;
}

/* @chain, number @number, at the start of the epoch whose W_j is @secret. */
static inline void cordon_chain_begin(struct cordon_chain *chain, __u32 number, __u64 epoch,
				      const __u8 secret[CORDON_KEY_BYTES])
{
	const __u8 bytes[4] = { number & 0xff, number >> 8 & 0xff, number >> 16 & 0xff,
				number >> 24 };
	struct cordon_hash hash;

	chain->epoch = epoch;
	cordon_hash_begin(&hash, secret, CORDON_DOMAIN_CHAIN);
	cordon_hash_update(&hash, bytes, sizeof(bytes));
	cordon_hash_final(&hash, chain->key);
}

/* The tag becomes the chain's last, the key the next one. */
static inline void cordon_chain_step(struct cordon_chain *chain, const __u8 tag[CORDON_TAG_BYTES])
{
	struct cordon_hash hash;
	int i;

	for (i = 0; i < CORDON_TAG_BYTES; i++)
		chain->tag[i] = tag[i];
	cordon_hash_begin(&hash, chain->key, CORDON_DOMAIN_NEXT);
	cordon_hash_update(&hash, tag, CORDON_TAG_BYTES);
	cordon_hash_final(&hash, chain->key);
	chain->sequence++;
}

/* Bytes of a text that are tagged: up to its first zero, that one included. */
static inline __u32 cordon_text_bytes(const char *text, __u32 size)
{
	__u32 i = 0;

	while (i < size && text[i])
		i++;
	return i < size ? i + 1 : size;
}

struct cordon_part {
	const void *bytes;
	__u32 count;
};
#define CORDON_PARTS_MAX 4

/*
 * What is tagged of @record: all of it but the tag and what stands behind the first zero of a text;
 * see cordon_record_is_canonical(). @record has header.bytes bytes, at least a header. Returns how
 * many parts these are.
 */
static inline unsigned int cordon_record_parts(const struct cordon_header *record,
					       struct cordon_part part[CORDON_PARTS_MAX])
{
	const struct cordon_record *access = (const void *)record;
	const __u8 *bytes = (const void *)record;
	__u32 end = record->bytes;
	int texts = record->class == CORDON_CLASS_ACCESS && end == sizeof(*access);

	if (texts)
		end = __builtin_offsetof(struct cordon_record, exe);
	part[0] = (struct cordon_part){ bytes, __builtin_offsetof(struct cordon_header, tag) };
	part[1] = (struct cordon_part){ bytes + sizeof(*record), end - (__u32)sizeof(*record) };
	if (!texts)
		return 2;
	part[2] = (struct cordon_part){ access->exe,
					cordon_text_bytes(access->exe, sizeof(access->exe)) };
	part[3] = (struct cordon_part){ access->path,
					cordon_text_bytes(access->path, sizeof(access->path)) };
	return 4;
}

/* The tag that @record would get as the chain's next. */
static inline void cordon_chain_tag(const struct cordon_chain *chain,
				    const struct cordon_header *record, __u8 tag[CORDON_TAG_BYTES])
{
	struct cordon_part part[CORDON_PARTS_MAX];
	unsigned int count = cordon_record_parts(record, part), i;
	__u8 out[CORDON_KEY_BYTES];
	struct cordon_hash hash;

	cordon_hash_begin(&hash, chain->key, CORDON_DOMAIN_TAG);
	for (i = 0; i < count; i++)
		cordon_hash_update(&hash, part[i].bytes, part[i].count);
	cordon_hash_final(&hash, out);
	for (i = 0; i < CORDON_TAG_BYTES; i++)
		tag[i] = out[i];
}

/* The tag of a record that was lost as the chain's next. */
static inline void cordon_chain_loss(const struct cordon_chain *chain, __u8 tag[CORDON_TAG_BYTES])
{
	__u64 place[2] = { chain->sequence + 1, chain->epoch };
	__u8 out[CORDON_KEY_BYTES], bytes[sizeof(place)];
	struct cordon_hash hash;
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = place[i / 8] >> (8 * (i % 8));
	cordon_hash_begin(&hash, chain->key, CORDON_DOMAIN_LOSS);
	cordon_hash_update(&hash, bytes, sizeof(bytes));
	cordon_hash_final(&hash, out);
	for (i = 0; i < CORDON_TAG_BYTES; i++)
		tag[i] = out[i];
}

/* One record is lost: the chain goes on over it. */
static inline void cordon_chain_lose(struct cordon_chain *chain)
{
	__u8 tag[CORDON_TAG_BYTES];

	cordon_chain_loss(chain, tag);
	cordon_chain_step(chain, tag);
	chain->drops++;
}

/* Behind the first zero there are zeros only: each byte is as the one before it. */
static inline int cordon_text_is_clean(const char *text, __u32 size)
{
	__u32 used = cordon_text_bytes(text, size);

	return used == size || !__builtin_memcmp(text + used - 1, text + used, size - used);
}

/* Whether nothing hides in the bytes that are not tagged; a verifier refuses what is not. */
static inline int cordon_record_is_canonical(const struct cordon_record *record)
{
	return cordon_text_is_clean(record->exe, sizeof(record->exe)) &&
	       cordon_text_is_clean(record->path, sizeof(record->path));
}

#endif /* __bpf__ */

#endif /* CORDON_LEDGER_H */
