/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who agreed to a policy: Ed25519 signatures, detached, by people whose public
 * keys lie in one folder (cordon-policy-keys(5)).
 *
 * A key file is one line, "cordon-public-key-1 NAME BASE64" or
 * "cordon-secret-key-1 NAME BASE64"; a signature file one line for each
 * signer, "cordon-signature-1 ID BASE64". What is signed is a text of a few
 * lines that says what it is, so that no signature serves for two purposes.
 */
#ifndef CORDON_SIGNATURE_H
#define CORDON_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"
#include "failure.h"

#define CORDON_KEYS_MAX	       32
#define CORDON_KEY_ID_BYTES    17 /* 16 hexadecimal digits and NUL */
#define CORDON_STATEMENT_BYTES 1024

struct cordon_public_key {
	char name[32];
	char id[CORDON_KEY_ID_BYTES];
	uint8_t key[32];
};

/* The keys of a folder, *.pub, and how many of them must sign what. */
struct cordon_key_ring {
	struct cordon_public_key key[CORDON_KEYS_MAX];
	uint32_t count;
	uint32_t quorum; /* signers of a policy */
	uint32_t quorum_loosening; /* of one that loosens, and of breaking the glass */
};

/*
 * Reads FOLDER/NAME.pub and FOLDER/quorum. Whoever but root could have written
 * one of them is named in the failure: -EPERM. -EINVAL: not a key, twice the
 * same, too many. Without a quorum file it is 1 and 2.
 */
int cordon_key_ring_read(const char *folder, struct cordon_key_ring *ring,
			 struct cordon_failure *failure);
/* BLAKE2b-256 of keys and quorum: the ring's identity. */
void cordon_key_ring_digest(const struct cordon_key_ring *ring,
			    uint8_t digest[CORDON_DIGEST_BYTES]);

/* Makes NAME.key (mode 0600) and NAME.pub in @folder; neither may be there. */
int cordon_key_make(const char *folder, const char *name, struct cordon_failure *failure);

/* Adds the signature of @statement by the secret key in @key_file to @signature_file. */
int cordon_sign(const char *key_file, const char *statement, const char *signature_file,
		struct cordon_failure *failure);

/*
 * How many different keys of the ring have signed @statement in the file; 0
 * also when there is no file. Their bits in *@signers. -errno.
 */
int cordon_count_signers(const struct cordon_key_ring *ring, const char *statement,
			 const char *signature_file, uint32_t *signers,
			 struct cordon_failure *failure);

/* The same with the signatures themselves. */
int cordon_count_signers_in(const struct cordon_key_ring *ring, const char *statement,
			    const char *signatures, uint32_t *signers);

/* What is signed for a policy: its name, its version, its text. */
struct cordon_policy_text;
int cordon_policy_statement(const struct cordon_policy_text *policy,
			    char statement[CORDON_STATEMENT_BYTES]);
/* Where a policy's signatures lie: FOLDER/signatures, or FILE.sig. */
int cordon_policy_signature_path(const char *policy, char *path, size_t size);

#endif /* CORDON_SIGNATURE_H */
