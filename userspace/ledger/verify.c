// SPDX-License-Identifier: GPL-2.0-only
/* Ledger by ledger, epoch by epoch: cordon/ledger.h says why an epoch needs none before it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ahead.h"
#include "ends.h"

/* Three years of one second each: no epoch further away is looked for. */
#define EPOCHS_MAX (100u << 20)
/* Of the kept findings, so many can be about what the kernel itself counted. */
#define MILD_FINDINGS_MAX (CORDON_FINDINGS_MAX / 4)

static void keep_finding(struct cordon_ledger_report *report, const struct cordon_finding *finding)
{
	bool mild = finding->verdict <= CORDON_LEDGER_OVERFLOW;

	report->finding_total++;
	if (report->finding_count < (mild ? MILD_FINDINGS_MAX : CORDON_FINDINGS_MAX))
		report->finding[report->finding_count++] = *finding;
}

void audit_find(struct audit *audit, enum cordon_ledger_verdict verdict, uint32_t chain,
		uint64_t from, uint64_t to, const char *format, ...)
{
	struct cordon_finding finding = {
		.verdict = verdict,
		.epoch = audit->epoch,
		.chain = chain,
		.from = from,
		.to = to,
	};
	va_list arguments;

	if (audit->summary) {
		finding.ledger = audit->summary->id;
		if (verdict > audit->summary->verdict)
			audit->summary->verdict = verdict;
	}
	if (verdict > audit->report->verdict)
		audit->report->verdict = verdict;
	va_start(arguments, format);
	vsnprintf(finding.text, sizeof(finding.text), format, arguments);
	va_end(arguments);
	keep_finding(audit->report, &finding);
}

static bool is_epoch_record(const struct cordon_row *row)
{
	return row->record->class == CORDON_CLASS_EPOCH;
}

size_t run_length(const struct cordon_row *row, size_t count, bool chain)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (row[i].epoch != row->epoch || (chain && row[i].chain != row->chain))
			break;
	return i;
}

/* The ledger's own chain in this epoch. NULL: no epoch record that can be trusted. */
static const struct cordon_epoch *walk_own_chain(struct audit *audit, const struct cordon_row *row,
						 size_t count, bool last)
{
	const struct cordon_epoch *epoch = NULL;
	struct walk walk;
	size_t i;

	walk_begin(&walk, audit, CORDON_CHAIN_EPOCHS, &audit->epochs, row);
	walk_rows(audit, &walk, row, count);
	for (i = 0; i < walk.good; i++) {
		const struct cordon_change *change = (const void *)row[i].record;

		if (is_epoch_record(&row[i])) {
			epoch = (const void *)row[i].record;
			continue;
		}
		audit->summary->changes++;
		audit->summary->ended = change->kind == CORDON_CHANGE_SHUTDOWN ||
					change->kind == CORDON_CHANGE_CONTROLLER_GONE;
		audit->summary->last_change = change->kind;
	}
	audit->epochs = (struct chain_state){ !walk.broken, walk.chain.sequence };
	if (epoch && !walk.broken && !is_epoch_record(&row[count - 1]))
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_EPOCHS, 0, 0,
			   "the epoch's record is not its last");
	else if (!epoch && !walk.broken && !last)
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_EPOCHS,
			   walk.chain.sequence + 1, walk.chain.sequence + 1,
			   "the epoch's record was removed");
	return epoch;
}

static void check_previous(struct audit *audit, const struct cordon_epoch *epoch)
{
	if (audit->previous_known &&
	    memcmp(epoch->previous, audit->previous, sizeof(epoch->previous)))
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_EPOCHS, 0, 0,
			   "the epoch does not follow the one before it");
	memcpy(audit->previous, epoch->header.tag, sizeof(audit->previous));
	audit->previous_known = true;
}

static void read_texts(struct audit *audit, const struct cordon_row *row, uint64_t good)
{
	uint64_t i;

	for (i = 0; i < good; i++)
		audit_read_text(audit, (const void *)row[i].record);
}

static const struct cordon_chain_head *find_head(const struct cordon_epoch *epoch, uint32_t chain)
{
	uint32_t i;

	for (i = 0; epoch && i < epoch->heads; i++)
		if (epoch->head[i].chain == chain)
			return &epoch->head[i];
	return NULL;
}

/* A CPU's chain of which there are records in this epoch. */
static void walk_cpu_chain(struct audit *audit, const struct cordon_epoch *epoch,
			   const struct cordon_row *row, size_t count, bool last)
{
	uint32_t number = row->record->chain;
	const struct cordon_chain_head *head = find_head(epoch, number);
	struct walk walk;

	walk_begin(&walk, audit, number, &audit->cpu[number], row);
	walk_rows(audit, &walk, row, count);
	read_texts(audit, row, walk.good);
	audit->summary->records += walk.good;
	if (head)
		walk_end(audit, &walk, head);
	else if (epoch && !walk.broken)
		audit_find(audit, CORDON_LEDGER_ALTERED, number, row->record->sequence,
			   row[count - 1].record->sequence,
			   "the epoch's record does not know of these records");
	if (last && !epoch)
		audit->summary->tail += walk.good;
	audit->cpu[number] = head ? (struct chain_state){ true, head->sequence } :
				    (struct chain_state){ false, 0 };
}

/* Chains that moved in this epoch and of which there is no record. */
static void walk_silent_chains(struct audit *audit, const struct cordon_epoch *epoch,
			       const struct cordon_row *row, size_t count)
{
	size_t at = 0;
	uint32_t i;

	for (i = 0; i < epoch->heads; i++) {
		const struct cordon_chain_head *head = &epoch->head[i];
		struct walk walk;

		if (head->chain >= CORDON_CHAINS_MAX)
			continue;
		/* Heads are in the order of their chains, as rows are. */
		while (at < count && row[at].record->chain < head->chain)
			at++;
		if ((at < count && row[at].record->chain == head->chain) ||
		    (audit->cpu[head->chain].known &&
		     audit->cpu[head->chain].sequence == head->sequence))
			continue;
		walk_begin(&walk, audit, head->chain, &audit->cpu[head->chain], NULL);
		walk_end(audit, &walk, head);
		audit->cpu[head->chain] = (struct chain_state){ true, head->sequence };
	}
}

static void forget_chains(struct audit *audit)
{
	memset(audit->cpu, 0, CORDON_CHAINS_MAX * sizeof(*audit->cpu));
	audit->epochs.known = false;
	audit->previous_known = false;
}

static void note_epoch(struct audit *audit, const struct cordon_epoch *epoch)
{
	if (!audit->summary->epochs++)
		audit->summary->first_epoch = audit->epoch;
	audit->summary->last_epoch = audit->epoch;
	audit->summary->last_ns = epoch->header.realtime_ns;
	audit->summary->tail = 0;
}

/* @row: all rows of the audit's epoch; those of the ledger's own chain come last. */
static void verify_epoch(struct audit *audit, const struct cordon_row *row, size_t count, bool last)
{
	const struct cordon_epoch *epoch = NULL;
	size_t own = count, i, length;

	while (own && row[own - 1].record->chain == CORDON_CHAIN_EPOCHS)
		own--;
	if (own < count)
		epoch = walk_own_chain(audit, row + own, count - own, last);
	else if (!last)
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_EPOCHS, 0, 0,
			   "the epoch's record was removed");
	if (epoch) {
		check_previous(audit, epoch);
		note_epoch(audit, epoch);
		/* Before the walks: they move the states on. */
		walk_silent_chains(audit, epoch, row, own);
	}
	for (i = 0; i < own; i += length) {
		length = run_length(row + i, own - i, true);
		walk_cpu_chain(audit, epoch, row + i, length, last);
	}
	if (!epoch)
		forget_chains(audit);
}

/* Moves the audit on to @epoch, which has rows. False: it cannot be that far. */
static bool advance(struct audit *audit, uint64_t epoch, uint64_t expected, bool started)
{
	if (epoch - audit->epoch > EPOCHS_MAX) {
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_NONE, 0, 0,
			   "records of epoch %llu: a ledger does not get that far",
			   (unsigned long long)epoch);
		return false;
	}
	for (; audit->epoch < epoch; audit->epoch++)
		cordon_epoch_next(audit->secret);
	if (epoch == expected)
		return true;
	forget_chains(audit);
	if (started)
		audit_find(audit, CORDON_LEDGER_ALTERED, CORDON_CHAIN_NONE, 0, 0,
			   "epochs %llu to %llu were removed", (unsigned long long)expected,
			   (unsigned long long)epoch - 1);
	else
		audit_find(audit, CORDON_LEDGER_TRUNCATED, CORDON_CHAIN_NONE, 0, 0,
			   "the beginning is missing: epochs %llu to %llu",
			   (unsigned long long)expected, (unsigned long long)epoch - 1);
	return true;
}

/* Where earlier volumes end: their last epoch record says where the chains stood. */
static size_t skip_base(struct audit *audit, const struct cordon_row *row, size_t count,
			uint64_t base)
{
	size_t i, j;

	/* A chain that did not move in that epoch is not in its record. */
	forget_chains(audit);
	for (i = 0; i < count && row[i].record->epoch <= base; i++) {
		const struct cordon_epoch *epoch = (const void *)row[i].record;

		if (!is_epoch_record(&row[i]) || epoch->header.epoch != base)
			continue;
		for (j = 0; j < epoch->heads; j++)
			if (epoch->head[j].chain < CORDON_CHAINS_MAX)
				audit->cpu[epoch->head[j].chain] =
					(struct chain_state){ true, epoch->head[j].sequence };
		audit->epochs = (struct chain_state){ true, epoch->header.sequence };
		memcpy(audit->previous, epoch->header.tag, sizeof(audit->previous));
		audit->previous_known = true;
	}
	return i;
}

static bool open_ledger(struct audit *audit, const struct cordon_evidence_ledger *ledger,
			const struct cordon_verify_options *options)
{
	const char *why = NULL;

	if (!ledger->known)
		why = "it has no boot record: its key is missing";
	else if (ledger->contradicted)
		why = "it has two boot records that differ";
	else if (!(ledger->boot.flags & CORDON_LEDGER_ENROLLED))
		why = "no auditor was enrolled when it began: nobody has its key";
	else if (options->open(options->context, &ledger->boot, audit->secret))
		why = "it was sealed to another key, or its boot record was changed";
	else if (cordon_ledger_number(audit->secret) != ledger->id.number)
		why = "its key is not that of its number: the boot record was replaced";
	if (why)
		audit_find(audit, CORDON_LEDGER_UNVERIFIABLE, CORDON_CHAIN_NONE, 0, 0, "%s", why);
	return !why;
}

static void verify_rows(struct audit *audit, struct ahead *ahead, const struct cordon_row *row,
			size_t count, const struct cordon_evidence *evidence)
{
	bool based = evidence->has_base &&
		     !memcmp(&evidence->base, &audit->summary->id, sizeof(evidence->base));
	size_t i = based ? skip_base(audit, row, count, evidence->base_epoch) : 0, length;
	uint64_t expected = based ? evidence->base_epoch + 1 : 0;
	bool started = based;

	for (; i < count; i += length) {
		length = run_length(row + i, count - i, false);
		if (!advance(audit, row[i].record->epoch, expected, started))
			return;
		started = true;
		ahead_look(ahead, audit, row + i, count - i);
		verify_epoch(audit, row + i, length, i + length == count);
		expected = audit->epoch + 1;
	}
}

static int verify_ledger(struct audit *audit, const struct cordon_row *row, size_t count,
			 const struct cordon_evidence *evidence,
			 const struct cordon_verify_options *options)
{
	const struct cordon_evidence_ledger *ledger =
		&evidence->ledger[audit->summary - audit->report->ledger];
	struct ahead ahead = { .kind = options->lanes };

	audit->summary->id = ledger->id;
	audit->cpu = calloc(CORDON_CHAINS_MAX, sizeof(*audit->cpu));
	if (!audit->cpu)
		return -ENOMEM;
	audit->ahead = &ahead;
	audit->epochs.known = true;
	audit->previous_known = true;
	for (size_t i = 0; i < CORDON_CHAINS_MAX; i++)
		audit->cpu[i].known = true;
	if (open_ledger(audit, ledger, options))
		verify_rows(audit, &ahead, row, count, evidence);
	ahead_free(&ahead);
	cordon_hash_wipe(audit->secret, sizeof(audit->secret));
	free(audit->cpu);
	audit->cpu = NULL;
	audit->ahead = NULL;
	return 0;
}

static void note_strays(struct audit *whole, const struct cordon_evidence *evidence)
{
	if (evidence->malformed)
		audit_find(whole, CORDON_LEDGER_ALTERED, CORDON_CHAIN_NONE, 0, 0,
			   "%llu rows are no records of a ledger; the first: %s",
			   (unsigned long long)evidence->malformed, evidence->first_malformed);
	if (evidence->unsealed && evidence->ledger_count)
		audit_find(whole, CORDON_LEDGER_ALTERED, CORDON_CHAIN_NONE, 0, 0,
			   "%llu records are in no ledger; the first has the store's number %lld",
			   (unsigned long long)evidence->unsealed,
			   (long long)evidence->first_unsealed);
	if (!evidence->ledger_count)
		audit_find(whole, CORDON_LEDGER_UNVERIFIABLE, CORDON_CHAIN_NONE, 0, 0,
			   "there is no ledger in this store");
}

int cordon_ledger_verify(struct cordon_evidence *evidence,
			 const struct cordon_verify_options *options,
			 struct cordon_ledger_report *report)
{
	struct removals removals = { 0 };
	struct audit whole = { .report = report }, *audits;
	size_t at = 0, i;
	int err = 0;

	memset(report, 0, sizeof(*report));
	report->ledger = calloc(evidence->ledger_count + 1, sizeof(*report->ledger));
	audits = calloc(evidence->ledger_count + 1, sizeof(*audits));
	if (!report->ledger || !audits) {
		free(audits);
		return -ENOMEM;
	}
	report->ledger_count = evidence->ledger_count;
	cordon_evidence_sort(evidence);
	note_strays(&whole, evidence);
	for (i = 0; !err && i < evidence->ledger_count; i++) {
		size_t first = at;

		while (at < evidence->row_count && evidence->row[at].ledger == i)
			at++;
		audits[i] = (struct audit){ .report = report,
					    .summary = &report->ledger[i],
					    .removals = &removals };
		err = verify_ledger(&audits[i], at > first ? evidence->row + first : NULL,
				    at - first, evidence, options);
	}
	if (!err && removals.failed)
		err = -ENOMEM;
	if (!err)
		check_ends(audits, evidence, options->partial);
	free(removals.last);
	free(audits);
	return err;
}

void cordon_ledger_report_free(struct cordon_ledger_report *report)
{
	free(report->ledger);
	report->ledger = NULL;
	report->ledger_count = 0;
}
