/* SPDX-License-Identifier: GPL-2.0-only */
/* From the ring to the store, in a thread of its own: the store's one writer. */
#ifndef CORDOND_DRAIN_H
#define CORDOND_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "guard.h"
#include "ledger_hash.h"
#include "retention.h"
#include "volumes.h"

struct drain;

struct drain_state {
	uint64_t stored; /* records since the start */
	uint64_t malformed; /* what was in the ring and is no record */
	uint64_t lost; /* records of this boot that are missing, in all */
	char trouble[256]; /* why nothing is stored now; empty: all is well */
	uint64_t troubles; /* how often that began */
	uint64_t volumes; /* ended since the start */
	uint64_t removals; /* volumes removed since the start */
	bool removal_due; /* see drain_removal() */
};

struct drain_options {
	struct cordon_store_limits limits;
	const char *anchors; /* see anchors.h */
};

/*
 * Opens the store and finds where it left off; *@next is the number the next
 * record should have. The thread starts with drain_start().
 */
int drain_open(const char *file, const struct drain_options *options, const __u64 boot[2],
	       struct drain **drain, uint64_t *next, struct cordon_failure *failure);
/* The guard must stay mapped until drain_stop(). */
int drain_start(struct drain *drain, const struct cordon_guard *guard,
		struct cordon_failure *failure);
/* Takes what is in the ring, then ends the thread and closes the store. */
void drain_stop(struct drain **drain);

/* Readable when records were stored since it was last read. */
int drain_signal(const struct drain *drain);
void drain_read_state(struct drain *drain, struct drain_state *state);
/*
 * Stored at once, ahead of everything else of its ledger. When the store does not take it now, it is
 * tried again with every transaction: there is no second one.
 */
void drain_add_boot(struct drain *drain, const struct cordon_ledger_boot *boot);
/*
 * What the retention wants to remove: nothing of it goes before drain_confirm() said that it is
 * recorded, and these records are on the disk. NULL: nothing.
 */
const struct cordon_removal *drain_removal(struct drain *drain);
void drain_confirm(struct drain *drain, bool recorded);
int drain_add_policy(struct drain *drain, const void *image, size_t bytes,
		     struct cordon_failure *failure);

#endif /* CORDOND_DRAIN_H */
