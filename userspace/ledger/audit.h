/* SPDX-License-Identifier: GPL-2.0-only */
/* One ledger while it is verified; what the verifier's own files share. */
#ifndef CORDON_LEDGER_AUDIT_H
#define CORDON_LEDGER_AUDIT_H

#include "verify.h"

/* Where a chain stood at the end of an epoch, as that epoch's record says. */
struct chain_state {
	bool known; /* else nothing trustworthy says so: the next epoch's keys will */
	uint64_t sequence;
};

/* What records say that the retention removed: of each ledger the furthest. */
struct removals {
	struct cordon_anchor *last;
	size_t count;
	bool failed; /* no memory for one */
};

struct ahead;

struct audit {
	struct cordon_ledger_report *report;
	struct cordon_ledger_summary *summary;
	struct chain_state *cpu; /* CORDON_CHAINS_MAX */
	struct chain_state epochs;
	uint64_t epoch; /* the one under way */
	uint8_t secret[CORDON_KEY_BYTES]; /* its W_j */
	bool previous_known;
	uint8_t previous[CORDON_TAG_BYTES]; /* of the epoch record before */
	/* What its records say of the ledger before it. */
	bool has_link, is_first;
	struct cordon_anchor link;
	struct removals *removals; /* of all ledgers */
	const struct ahead *ahead;
};

/* One chain in one epoch. */
struct walk {
	struct cordon_chain chain; /* as the records so far left it */
	uint32_t number;
	bool based; /* chain.sequence is right */
	bool broken; /* something was found; the keys are lost until the next epoch */
	uint64_t good;
};

__attribute__((format(printf, 6, 7))) void audit_find(struct audit *audit,
						      enum cordon_ledger_verdict verdict,
						      uint32_t chain, uint64_t from, uint64_t to,
						      const char *format, ...);

/* How many rows from @row on are of the same epoch, or with @chain also of the same chain. */
size_t run_length(const struct cordon_row *row, size_t count, bool chain);

/*
 * The chain's keys at the beginning of the audit's epoch, or behind what is known of its rows ahead
 * of the walk. @row: the first of them; NULL: it has none.
 */
void walk_begin(struct walk *walk, const struct audit *audit, uint32_t number,
		const struct chain_state *state, const struct cordon_row *row);
/* The chain's rows in this epoch, in the order of their numbers. */
void walk_rows(struct audit *audit, struct walk *walk, const struct cordon_row *row, size_t count);
/* As many losses as are missing must lead to where the epoch's record says that the chain stood. */
void walk_end(struct audit *audit, struct walk *walk, const struct cordon_chain_head *head);

/* ends.c */
void removals_add(struct removals *removals, const struct cordon_anchor *last);

/* words.c: what the controller wrote into its records. */
void audit_read_text(struct audit *audit, const struct cordon_record *record);

#endif /* CORDON_LEDGER_AUDIT_H */
