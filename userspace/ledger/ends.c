// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "ends.h"

static const struct cordon_anchor *find_removal(const struct removals *removals,
						const struct cordon_ledger_id *id)
{
	size_t i;

	for (i = 0; i < removals->count; i++)
		if (!memcmp(&removals->last[i].ledger, id, sizeof(*id)))
			return &removals->last[i];
	return NULL;
}

void removals_add(struct removals *removals, const struct cordon_anchor *last)
{
	struct cordon_anchor *known = (void *)find_removal(removals, &last->ledger);

	if (!known) {
		known = realloc(removals->last, (removals->count + 1) * sizeof(*known));
		if (!known) {
			removals->failed = true;
			return;
		}
		removals->last = known;
		known += removals->count++;
	} else if (known->epoch >= last->epoch) {
		return;
	}
	*known = *last;
}

/* Whether a record says that this epoch was removed, and those before it. */
static bool was_removed(const struct removals *removals, const struct cordon_anchor *epoch)
{
	const struct cordon_anchor *last = find_removal(removals, &epoch->ledger);

	return last &&
	       (epoch->epoch < last->epoch ||
		(epoch->epoch == last->epoch && !memcmp(epoch->tag, last->tag, sizeof(last->tag))));
}

static struct audit *find(struct audit *audits, const struct cordon_evidence *evidence,
			  const struct cordon_ledger_id *id)
{
	size_t i;

	for (i = 0; i < evidence->ledger_count; i++)
		if (!memcmp(&audits[i].summary->id, id, sizeof(*id)))
			return &audits[i];
	return NULL;
}

/* The row of an epoch's record; the rows are sorted. */
static const struct cordon_header *find_epoch(const struct cordon_evidence *evidence,
					      uint32_t ledger, uint64_t epoch)
{
	size_t low = 0, high = evidence->row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct cordon_row *row = &evidence->row[middle];

		if (row->ledger < ledger || (row->ledger == ledger && row->record->epoch <= epoch))
			low = middle + 1;
		else
			high = middle;
	}
	/* The last row of the epoch is its record, where there is one. */
	if (!low || evidence->row[low - 1].ledger != ledger ||
	    evidence->row[low - 1].record->epoch != epoch ||
	    evidence->row[low - 1].record->class != CORDON_CLASS_EPOCH)
		return NULL;
	return evidence->row[low - 1].record;
}

/* @what says that the ledger had got so far, with this tag. */
static void check_reached(struct audit *audit, const struct cordon_evidence *evidence,
			  const struct cordon_anchor *claim, bool partial, const char *what)
{
	struct cordon_ledger_summary *summary = audit->summary;
	uint32_t index = (uint32_t)(summary - audit->report->ledger);
	const struct cordon_header *record = find_epoch(evidence, index, claim->epoch);

	audit->epoch = claim->epoch;
	if (!summary->vouched || claim->epoch > summary->vouched_epoch)
		summary->vouched_epoch = claim->epoch;
	summary->vouched = true;
	if (record && memcmp(record->tag, claim->tag, sizeof(claim->tag)))
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_EPOCHS, record->sequence,
			   record->sequence, "the epoch's record is not the one that %s saw", what);
	else if (!record && (!summary->epochs || claim->epoch > summary->last_epoch))
		audit_find(audit, CORDON_LEDGER_TRUNCATED, CORDON_CHAIN_NONE, 0, 0,
			   "%s saw epoch %llu; %llu epochs at the end are missing", what,
			   (unsigned long long)claim->epoch,
			   (unsigned long long)(claim->epoch -
						(summary->epochs ? summary->last_epoch : 0)));
	else if (!record && !partial && claim->epoch < summary->first_epoch &&
		 !was_removed(audit->removals, claim))
		audit_find(audit, CORDON_LEDGER_TRUNCATED, CORDON_CHAIN_NONE, 0, 0,
			   "%s saw epoch %llu, which is before what is here", what,
			   (unsigned long long)claim->epoch);
}

static void check_anchors(struct audit *audits, const struct cordon_evidence *evidence,
			  bool partial)
{
	struct audit whole = { .report = audits[0].report };
	size_t i;

	for (i = 0; i < evidence->anchor_count; i++) {
		const struct cordon_anchor *anchor = &evidence->anchor[i];
		struct audit *audit = find(audits, evidence, &anchor->ledger);

		if (audit)
			check_reached(audit, evidence, anchor, partial, "an anchor");
		else if (!partial && !was_removed(audits[0].removals, anchor))
			audit_find(&whole, CORDON_LEDGER_MISSING_BOOT, CORDON_CHAIN_NONE, 0, 0,
				   "an anchor speaks of ledger %016llx up to epoch %llu, which was "
				   "deleted: it is not here and no record removes it",
				   (unsigned long long)anchor->ledger.number,
				   (unsigned long long)anchor->epoch);
	}
}

/* What a ledger says of the one before it. */
static void check_link(struct audit *audits, struct audit *audit,
		       const struct cordon_evidence *evidence, bool partial)
{
	struct audit *before = find(audits, evidence, &audit->link.ledger);

	if (before) {
		check_reached(before, evidence, &audit->link, partial, "the next ledger");
		if (!before->summary->ended && before->summary->epochs &&
		    before->summary->last_epoch == audit->link.epoch) {
			before->epoch = audit->link.epoch;
			audit_find(before, CORDON_LEDGER_CRASHED, CORDON_CHAIN_NONE, 0, 0,
				   "it ends without a shutdown behind epoch %llu; at most one "
				   "epoch is missing",
				   (unsigned long long)audit->link.epoch);
		}
	} else if (!partial && !was_removed(audit->removals, &audit->link)) {
		audit->epoch = 0;
		audit_find(audit, CORDON_LEDGER_MISSING_BOOT, CORDON_CHAIN_NONE, 0, 0,
			   "ledger %016llx, which was before this one up to epoch %llu, was "
			   "deleted: it is not here and no record removes it",
			   (unsigned long long)audit->link.ledger.number,
			   (unsigned long long)audit->link.epoch);
	}
}

/* A base is where earlier volumes were: given elsewhere, or removed by retention, or gone. */
static void check_base(struct audit *audits, const struct cordon_evidence *evidence, bool partial)
{
	struct audit *based = find(audits, evidence, &evidence->base);
	struct cordon_anchor base = { .ledger = evidence->base, .epoch = evidence->base_epoch };
	const struct cordon_header *record;

	if (!evidence->has_base || partial || !based)
		return;
	record = find_epoch(evidence, (uint32_t)(based - audits), base.epoch);
	if (record)
		memcpy(base.tag, record->tag, sizeof(base.tag));
	if (was_removed(based->removals, &base))
		return;
	based->epoch = evidence->base_epoch;
	audit_find(based, CORDON_LEDGER_TRUNCATED, CORDON_CHAIN_NONE, 0, 0,
		   "what was before epoch %llu is not here, and no record removes it",
		   (unsigned long long)evidence->base_epoch + 1);
}

void check_ends(struct audit *audits, const struct cordon_evidence *evidence, bool partial)
{
	size_t i;

	if (!evidence->ledger_count)
		return;
	check_base(audits, evidence, partial);
	check_anchors(audits, evidence, partial);
	for (i = 0; i < evidence->ledger_count; i++)
		if (audits[i].has_link)
			check_link(audits, &audits[i], evidence, partial);
}
