/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts that the controller writes and the verifier reads. */
#ifndef CORDON_LEDGER_WORDS_H
#define CORDON_LEDGER_WORDS_H

#include "evidence.h"
#include "volumes.h"

/* An anchor as text: BOOT LEDGER epoch N tag TAG. Lines that leave the host begin with a word. */
#define CORDON_ANCHOR_WORD	 "cordon-anchor "
#define CORDON_ANCHOR_TEXT_BYTES 160
int cordon_anchor_format(const struct cordon_anchor *anchor, char *text, size_t bytes);
int cordon_anchor_parse(const char *text, struct cordon_anchor *anchor);

/* The first record of a ledger: where the one before it ended. NULL: there was none. */
#define CORDON_PREVIOUS_TEXT "previous ledger "
int cordon_previous_format(const struct cordon_anchor *last, char *text, size_t bytes);

/*
 * What the retention removes, made before it does: of a ledger up to an epoch, whose record had this
 * tag. A record for each ledger in the volume.
 */
#define CORDON_REMOVAL_TEXT "retention removes volume %llu, with it up to "
struct cordon_removed {
	uint64_t volume; /* the one it was in */
	struct cordon_anchor last;
};
int cordon_removed_format(const struct cordon_removed *removed, char *text, size_t bytes);
int cordon_removed_parse(const char *text, struct cordon_removed *removed);

#endif /* CORDON_LEDGER_WORDS_H */
