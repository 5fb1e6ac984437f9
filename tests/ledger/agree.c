// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agree.h"

static bool same_finding(const struct cordon_finding *a, const struct cordon_finding *b)
{
	return a->verdict == b->verdict && !memcmp(&a->ledger, &b->ledger, sizeof(a->ledger)) &&
	       a->epoch == b->epoch && a->chain == b->chain && a->from == b->from &&
	       a->to == b->to && !strcmp(a->text, b->text);
}

static bool same_summary(const struct cordon_ledger_summary *a,
			 const struct cordon_ledger_summary *b)
{
	return !memcmp(&a->id, &b->id, sizeof(a->id)) && a->verdict == b->verdict &&
	       a->records == b->records && a->changes == b->changes && a->epochs == b->epochs &&
	       a->lost == b->lost && a->first_epoch == b->first_epoch &&
	       a->last_epoch == b->last_epoch && a->last_ns == b->last_ns && a->tail == b->tail &&
	       a->ended == b->ended && a->last_change == b->last_change &&
	       a->vouched_epoch == b->vouched_epoch && a->vouched == b->vouched;
}

static const char *differs(const struct cordon_ledger_report *a,
			   const struct cordon_ledger_report *b)
{
	size_t i;

	if (a->verdict != b->verdict || a->wasted != b->wasted ||
	    a->finding_total != b->finding_total || a->finding_count != b->finding_count ||
	    a->ledger_count != b->ledger_count)
		return "the report";
	for (i = 0; i < a->finding_count; i++)
		if (!same_finding(&a->finding[i], &b->finding[i]))
			return "a finding";
	for (i = 0; i < a->ledger_count; i++)
		if (!same_summary(&a->ledger[i], &b->ledger[i]))
			return "a ledger's summary";
	return NULL;
}

const char *agree(struct cordon_evidence *evidence, const struct cordon_verify_options *options)
{
	static struct cordon_ledger_report alone, lanes;
	struct cordon_verify_options with = *options;
	static char text[100];
	const char *what;

	with.lanes = LANES_NONE;
	if (cordon_ledger_verify(evidence, &with, &alone))
		abort();
	text[0] = '\0';
	for (with.lanes = LANES_PLAIN; !text[0] && with.lanes < LANES_KINDS; with.lanes++) {
		if (!lanes_usable(with.lanes))
			continue;
		if (cordon_ledger_verify(evidence, &with, &lanes))
			abort();
		what = differs(&alone, &lanes);
		if (what)
			snprintf(text, sizeof(text), "%s differs with %s", what,
				 lanes_name(with.lanes));
		cordon_ledger_report_free(&lanes);
	}
	cordon_ledger_report_free(&alone);
	return text[0] ? text : NULL;
}
