/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a verification is given: rows that somebody put into files. Nothing
 * in it is believed: sizes are checked when a row is added, everything else
 * by the verifier, and the order of rows means nothing.
 */
#ifndef CORDON_EVIDENCE_H
#define CORDON_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger_hash.h"

/* Chains of CPUs have lower numbers; no kernel has more. */
#define CORDON_CHAINS_MAX 8192u
/* The longest record: an epoch with a head for each CPU. */
#define CORDON_ROW_BYTES_MAX \
	(sizeof(struct cordon_epoch) + (CORDON_CHAINS_MAX + 1) * sizeof(struct cordon_chain_head))

struct cordon_ledger_id {
	uint64_t boot[2];
	uint64_t number;
};

/* One record, where it belongs by its own header. */
struct cordon_row {
	const struct cordon_header *record; /* of record->bytes bytes; the evidence's */
	uint32_t ledger; /* index */
	uint32_t file; /* which of the files it is from */
	int64_t id; /* in that file */
	/* The record's, once the evidence is sorted. */
	uint64_t epoch, sequence;
	uint32_t chain;
};

/* A line that left the host: how far a ledger had got. */
struct cordon_anchor {
	struct cordon_ledger_id ledger;
	uint64_t epoch;
	uint8_t tag[CORDON_TAG_BYTES];
};

struct cordon_evidence_ledger {
	struct cordon_ledger_id id;
	bool known; /* there is a boot record */
	bool contradicted; /* there are two, and they differ */
	struct cordon_ledger_boot boot;
};

struct cordon_evidence {
	size_t row_count, row_room;
	struct cordon_row *row;
	size_t ledger_count;
	struct cordon_evidence_ledger *ledger;
	size_t anchor_count;
	struct cordon_anchor *anchor;
	bool has_base; /* the first volume given is not the first of all: */
	struct cordon_ledger_id base; /* what is up to this epoch is told by earlier ones */
	uint64_t base_epoch;
	uint64_t unsealed; /* records that say they are in no ledger */
	int64_t first_unsealed;
	uint64_t malformed; /* rows that are no records, or contradict their columns */
	char first_malformed[160];
	void *chunk; /* the copies of the records */
	size_t chunk_used;
};

void cordon_evidence_free(struct cordon_evidence *evidence);

/*
 * A copy is kept. 0; -ENOMEM; -EBADMSG when it is no record: not counted here.
 * A record that is in no ledger is counted as such and forgotten.
 */
int cordon_evidence_add(struct cordon_evidence *evidence, const void *bytes, size_t count,
			uint32_t file, int64_t id);
int cordon_evidence_add_boot(struct cordon_evidence *evidence, const void *bytes, size_t count);
int cordon_evidence_add_anchor(struct cordon_evidence *evidence,
			       const struct cordon_anchor *anchor);
/* A row that is no record; @format says where and why. */
__attribute__((format(printf, 2, 3))) void
cordon_evidence_malformed(struct cordon_evidence *evidence, const char *format, ...);

/* By ledger, epoch, chain, sequence; what is in several files once. Done by the verifier. */
void cordon_evidence_sort(struct cordon_evidence *evidence);

#endif /* CORDON_EVIDENCE_H */
