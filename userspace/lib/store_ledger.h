/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger's own part of the store. */
#ifndef CORDON_STORE_LEDGER_H
#define CORDON_STORE_LEDGER_H

#include "ledger_hash.h"
#include "store.h"

/*
 * An epoch record or a change, of record->bytes bytes, as the module made it.
 * What is stored already is left as it is. All return 0 or -errno.
 */
int cordon_store_add_epoch(struct cordon_store *store, const struct cordon_header *record);
/* Who may verify a ledger; on the disk before anything else of it. */
int cordon_store_add_boot(struct cordon_store *store, const struct cordon_ledger_boot *boot);
/* The header of the epoch record that was stored last. -ENOENT: there is none. */
int cordon_store_last_epoch(struct cordon_store *store, struct cordon_header *last);

#endif /* CORDON_STORE_LEDGER_H */
