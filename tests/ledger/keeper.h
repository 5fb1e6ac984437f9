/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The controller's way from the kernel's ring to the store, on rings in shared
 * memory that a model fills: they outlive the process that reads them, as the
 * kernel's do.
 */
#ifndef CORDON_TESTS_LEDGER_KEEPER_H
#define CORDON_TESTS_LEDGER_KEEPER_H

#include "ring.h"
#include "volumes.h"

/* A ring as BPF has it, without its map. */
struct shared_ring {
	unsigned long *positions; /* reader, writer; shared */
	char *data;
	unsigned long mask;
};

struct keeper {
	struct shared_ring records, epochs;
	struct cordon_store_limits limits;
	__u64 boot[2];
	unsigned int batch;
};

void shared_ring_make(struct shared_ring *ring, size_t bytes);
/* False: there is no room. */
bool shared_ring_put(struct shared_ring *ring, const void *record, uint32_t bytes);
bool shared_ring_is_empty(const struct shared_ring *ring);

/* Takes records into the store until @stop, or for ever. Returns how many. */
uint64_t keeper_run(struct keeper *keeper, struct cordon_store *store,
		    bool (*stop)(const struct keeper *keeper));

#endif /* CORDON_TESTS_LEDGER_KEEPER_H */
