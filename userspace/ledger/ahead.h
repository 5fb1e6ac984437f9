/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the keys say of rows before the walk comes to them. A run is the rows of one chain in one
 * epoch: its first key comes from the epoch's secret alone, so that several runs go side by side
 * (lanes.h). Only what is plain is told: how many rows of a run follow each other without a gap
 * and have the tags of its first keys. Whether they are where the chain stood, and everything
 * behind them, is the walk's to find.
 */
#ifndef CORDON_LEDGER_AHEAD_H
#define CORDON_LEDGER_AHEAD_H

#include "audit.h"
#include "lanes.h"

struct ahead_run {
	const struct cordon_row *row;
	size_t count;
	size_t good; /* the first so many fit */
	uint8_t key[CORDON_KEY_BYTES]; /* behind these */
};

struct ahead {
	enum lanes_kind kind;
	struct ahead_run *run; /* in the order of their rows */
	size_t count, room;
	const struct cordon_row *end; /* runs are known up to here */
};

/* @row: of the audit's epoch, the first of @count to the ledger's end. */
void ahead_look(struct ahead *ahead, const struct audit *audit, const struct cordon_row *row,
		size_t count);
/* The run that begins with @row; NULL: it was not looked at. */
const struct ahead_run *ahead_find(const struct ahead *ahead, const struct cordon_row *row);
void ahead_free(struct ahead *ahead);

#endif /* CORDON_LEDGER_AHEAD_H */
