// SPDX-License-Identifier: GPL-2.0-only
/* One chain through one epoch, by its keys. */
#include <string.h>

#include "ahead.h"

/* More were never lost in one epoch; a number further away is a made-up one. */
#ifndef CORDON_LEDGER_LOSSES_MAX
#define CORDON_LEDGER_LOSSES_MAX (1u << 22)
#endif
/* After so many steps over losses that led to nothing, a store is one that wants to cost time. */
#define WASTE_MAX	  (1u << 26)
#define LOSSES_MAX_WASTED 4096
/* So many are tried when nothing says where the chain stood before. */
#define BASE_TRIES 512

static void lose(struct cordon_chain *chain, uint64_t count)
{
	while (count--)
		cordon_chain_lose(chain);
}

static bool tag_fits(const struct cordon_chain *chain, const struct cordon_header *record)
{
	uint8_t tag[CORDON_TAG_BYTES];

	cordon_chain_tag(chain, record, tag);
	return !memcmp(tag, record->tag, sizeof(tag));
}

/*
 * The first rows of a chain need no walk when they were found to fit and begin with the record that
 * the chain expects. False: there are none of these.
 */
static bool take_ahead(struct walk *walk, const struct audit *audit, const struct cordon_row *row)
{
	const struct ahead_run *run = ahead_find(audit->ahead, row);
	const struct cordon_header *last;

	if (!run || !run->good || !walk->based || row->sequence <= walk->chain.sequence ||
	    row->sequence - walk->chain.sequence != 1)
		return false;
	last = row[run->good - 1].record;
	walk->chain.sequence = last->sequence;
	memcpy(walk->chain.tag, last->tag, sizeof(last->tag));
	memcpy(walk->chain.key, run->key, sizeof(run->key));
	walk->good = run->good;
	return true;
}

void walk_begin(struct walk *walk, const struct audit *audit, uint32_t number,
		const struct chain_state *state, const struct cordon_row *row)
{
	memset(walk, 0, sizeof(*walk));
	walk->number = number;
	walk->based = state->known;
	walk->chain.sequence = state->sequence;
	walk->chain.epoch = audit->epoch;
	if (!row || !take_ahead(walk, audit, row))
		cordon_chain_begin(&walk->chain, number, audit->epoch, audit->secret);
}

/*
 * Nothing says where the chain stood: it is so many numbers before this one
 * as losses in between give the key. Returns whether there is such a place.
 */
static bool find_base(struct walk *walk, uint64_t sequence,
		      bool (*fits)(const struct cordon_chain *chain, const void *what),
		      const void *what)
{
	const struct cordon_chain fresh = walk->chain;
	uint64_t losses;

	for (losses = 0; losses < BASE_TRIES && losses < sequence; losses++) {
		walk->chain = fresh;
		walk->chain.sequence = sequence - 1 - losses;
		lose(&walk->chain, losses);
		if (fits(&walk->chain, what)) {
			walk->based = true;
			walk->chain.sequence = sequence - 1 - losses;
			memcpy(walk->chain.key, fresh.key, sizeof(fresh.key));
			return true;
		}
	}
	walk->chain = fresh;
	return false;
}

static bool record_fits(const struct cordon_chain *chain, const void *what)
{
	return tag_fits(chain, what);
}

static bool head_fits(const struct cordon_chain *chain, const void *what)
{
	const struct cordon_chain_head *head = what;
	struct cordon_chain last = *chain;

	cordon_chain_lose(&last);
	return !memcmp(last.tag, head->tag, sizeof(last.tag));
}

static uint64_t losses_max(const struct audit *audit)
{
	return audit->report->wasted > WASTE_MAX ? LOSSES_MAX_WASTED : CORDON_LEDGER_LOSSES_MAX;
}

static void note_losses(struct audit *audit, const struct walk *walk, uint64_t from, uint64_t to)
{
	audit->summary->lost += to - from + 1;
	audit_find(audit, CORDON_LEDGER_OVERFLOW, walk->number, from, to,
		   "%llu records found no room; the keys behind them prove it",
		   (unsigned long long)(to - from + 1));
}

static void note_mismatch(struct audit *audit, const struct walk *walk,
			  const struct cordon_header *record)
{
	uint64_t next = walk->chain.sequence + 1;

	if (!walk->based)
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, record->sequence,
			   record->sequence,
			   "the record was changed, or records before it were removed");
	else if (record->sequence > next)
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, next, record->sequence - 1,
			   "records were removed, or record %llu behind them was changed",
			   (unsigned long long)record->sequence);
	else
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, record->sequence,
			   record->sequence, "the record was changed");
}

/* Whether the record can be the next one by its number alone. */
static bool number_fits(struct audit *audit, const struct walk *walk,
			const struct cordon_header *record)
{
	const char *why = NULL;

	if (walk->based && walk->good && record->sequence == walk->chain.sequence)
		why = "two records have this number";
	else if (walk->based && record->sequence <= walk->chain.sequence)
		why = "the record does not belong into this epoch";
	else if (walk->based && record->sequence - walk->chain.sequence > losses_max(audit))
		why = "the record's number cannot have been reached";
	if (why)
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, record->sequence,
			   record->sequence, "%s", why);
	return !why;
}

static bool walk_one(struct audit *audit, struct walk *walk, const struct cordon_header *record)
{
	struct cordon_chain before;
	uint64_t missing;

	if (!number_fits(audit, walk, record))
		return false;
	if (!walk->based && !find_base(walk, record->sequence, record_fits, record)) {
		note_mismatch(audit, walk, record);
		return false;
	}
	before = walk->chain;
	missing = record->sequence - walk->chain.sequence - 1;
	lose(&walk->chain, missing);
	if (!tag_fits(&walk->chain, record)) {
		walk->chain = before;
		audit->report->wasted += missing;
		note_mismatch(audit, walk, record);
		return false;
	}
	if (missing)
		note_losses(audit, walk, before.sequence + 1, record->sequence - 1);
	cordon_chain_step(&walk->chain, record->tag);
	walk->good++;
	return true;
}

void walk_rows(struct audit *audit, struct walk *walk, const struct cordon_row *row, size_t count)
{
	size_t i;

	for (i = walk->good; i < count && !walk->broken; i++)
		walk->broken = !walk_one(audit, walk, row[i].record);
}

void walk_end(struct audit *audit, struct walk *walk, const struct cordon_chain_head *head)
{
	struct cordon_chain end;

	if (walk->broken)
		return;
	if (!walk->based && !find_base(walk, head->sequence, head_fits, head)) {
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, 0, head->sequence,
			   "all records of the chain in this epoch were removed");
		return;
	}
	end = walk->chain;
	if (head->sequence >= end.sequence && head->sequence - end.sequence <= losses_max(audit))
		lose(&end, head->sequence - end.sequence);
	if (head->sequence < walk->chain.sequence)
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, head->sequence + 1,
			   walk->chain.sequence, "records were added behind the epoch's end");
	else if (end.sequence != head->sequence || memcmp(end.tag, head->tag, sizeof(end.tag)))
		audit_find(audit, CORDON_LEDGER_ALTERED, walk->number, walk->chain.sequence + 1,
			   head->sequence, "records were removed");
	else if (head->sequence > walk->chain.sequence)
		note_losses(audit, walk, walk->chain.sequence + 1, head->sequence);
}
