/* SPDX-License-Identifier: GPL-2.0-only */
/* The auditor's keys: X25519, as libsodium's sealed boxes have them. */
#ifndef CORDON_LEDGER_KEY_H
#define CORDON_LEDGER_KEY_H

#include "failure.h"
#include "ledger_hash.h"

#define CORDON_AUDITOR_KEY_BYTES 32

struct cordon_auditor {
	uint8_t public[CORDON_AUDITOR_KEY_BYTES];
	uint8_t private[CORDON_AUDITOR_KEY_BYTES];
};

/* Files of one line: a word that says what it is, and the key in hexadecimal. */
int cordon_key_generate(const char *private_file, const char *public_file,
			struct cordon_auditor *auditor, struct cordon_failure *failure);
int cordon_key_read_private(const char *file, struct cordon_auditor *auditor,
			    struct cordon_failure *failure);
int cordon_key_read_public(const char *file, uint8_t public[CORDON_AUDITOR_KEY_BYTES],
			   struct cordon_failure *failure);
int cordon_key_write_public(const char *file, const uint8_t public[CORDON_AUDITOR_KEY_BYTES],
			    struct cordon_failure *failure);

/* 0 or -EINVAL. */
int cordon_secret_seal(const uint8_t secret[CORDON_SECRET_BYTES],
		       const uint8_t public[CORDON_AUDITOR_KEY_BYTES],
		       uint8_t sealed[CORDON_SEALED_BYTES]);
/* For cordon_verify_options.open, with the struct cordon_auditor as its context. -EKEYREJECTED. */
int cordon_secret_open(void *auditor, const struct cordon_ledger_boot *boot,
		       uint8_t secret[CORDON_SECRET_BYTES]);

#endif /* CORDON_LEDGER_KEY_H */
