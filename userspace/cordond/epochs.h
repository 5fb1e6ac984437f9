/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Epochs and changes of the module's ledger, from /dev/cordon into the store. An epoch's record
 * goes into the store with or behind the records that it speaks of, never before them: whatever
 * moment the power fails, what an epoch says was there is there.
 */
#ifndef CORDOND_EPOCHS_H
#define CORDOND_EPOCHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"
#include "ring.h"
#include "store.h"

struct epochs {
	int device; /* borrowed; -1: no module, and no ledger */
	char *buffer;
	size_t bytes; /* read and not yet stored */
	unsigned long behind; /* up to here the ring must be looked through first */
	uint64_t last; /* number of the last one in the buffer */
	bool are_stored; /* in the open transaction */
	struct cordon_header epoch; /* of the last epoch's record in the buffer */
	uint64_t told; /* the epoch of the last anchor */
};

/* 0 or -ENOMEM. */
int epochs_open(struct epochs *epochs, int device);
void epochs_close(struct epochs *epochs);

/* Reads what the module has, unless the last ones still wait. */
void epochs_read(struct epochs *epochs, const struct ring *ring);
/* Adds what was read to the open transaction, when it is time. 0 or -errno of the store. */
int epochs_store(struct epochs *epochs, const struct ring *ring, struct cordon_store *store);
/* The transaction is on the disk. True: there may be more. */
bool epochs_commit(struct epochs *epochs);
/* To the log, from where it leaves the host: how far the store got. */
void epochs_tell_anchor(struct epochs *epochs);
void epochs_rollback(struct epochs *epochs);
bool epochs_wait(const struct epochs *epochs);

#endif /* CORDOND_EPOCHS_H */
