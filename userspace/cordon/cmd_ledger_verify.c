// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "key.h"
#include "ledger.h"
#include "read.h"
#include "verify.h"

struct wishes {
	bool json, partial;
	const char *key;
	char **anchors; /* files */
	size_t anchor_count;
};

static int parse(int argc, char **argv, struct wishes *wishes)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "partial", no_argument, NULL, 'p' },
		{ "anchors", required_argument, NULL, 'a' },
		{ "key", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	wishes->anchors = calloc((size_t)argc, sizeof(*wishes->anchors));
	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == 'j')
			wishes->json = true;
		else if (option == 'p')
			wishes->partial = true;
		else if (option == 'a' && wishes->anchors)
			wishes->anchors[wishes->anchor_count++] = optarg;
		else if (option == 'k')
			wishes->key = optarg;
		else
			return ledger_usage("verify");
	}
	return wishes->key && wishes->anchors && optind < argc ? 0 : ledger_usage("verify");
}

static bool is_good(enum cordon_ledger_verdict verdict)
{
	return verdict == CORDON_LEDGER_INTACT || verdict == CORDON_LEDGER_OVERFLOW;
}

/* ---- As text ---- */

static void print_place(const struct cordon_finding *finding)
{
	char ledger[LEDGER_TEXT_BYTES];

	if (!finding->ledger.number)
		return;
	ledger_text(&finding->ledger, ledger);
	printf(" ledger %s epoch %llu", ledger, (unsigned long long)finding->epoch);
	if (finding->chain == CORDON_CHAIN_EPOCHS)
		printf(" epochs' chain");
	else if (finding->chain != CORDON_CHAIN_NONE)
		printf(" chain %u", finding->chain);
	if (finding->to && finding->from == finding->to)
		printf(" record %llu", (unsigned long long)finding->from);
	else if (finding->to)
		printf(" records %llu to %llu", (unsigned long long)finding->from,
		       (unsigned long long)finding->to);
}

static void print_ledger(const struct cordon_ledger_summary *summary)
{
	char ledger[LEDGER_TEXT_BYTES], until[LEDGER_TIME_BYTES];

	ledger_text(&summary->id, ledger);
	ledger_time(summary->last_ns, until);
	printf("ledger %s: %s\n", ledger, cordon_ledger_verdict_name(summary->verdict));
	if (!summary->epochs)
		return;
	printf("  epochs   %llu to %llu, until %s\n", (unsigned long long)summary->first_epoch,
	       (unsigned long long)summary->last_epoch, until);
	printf("  records  %llu, changes %llu, lost to overflow %llu\n",
	       (unsigned long long)summary->records, (unsigned long long)summary->changes,
	       (unsigned long long)summary->lost);
	if (summary->ended)
		printf("  end      %s\n",
		       summary->last_change == CORDON_CHANGE_CONTROLLER_GONE ?
			       "the controller was stopped: what was made behind it was "
			       "not stored" :
			       "shut down");
	else
		printf("  end      open: running, or stopped without a shutdown; %llu records behind "
		       "the last epoch\n",
		       (unsigned long long)summary->tail);
	if (summary->vouched)
		printf("  vouched  up to epoch %llu, by an anchor or the next ledger\n",
		       (unsigned long long)summary->vouched_epoch);
	else
		puts("  vouched  by nothing: give --anchors to know that the end is the end");
}

static void print_report(const struct cordon_ledger_report *report)
{
	size_t i;

	for (i = 0; i < report->ledger_count; i++)
		print_ledger(&report->ledger[i]);
	for (i = 0; i < report->finding_count; i++) {
		printf("%s:", cordon_ledger_verdict_name(report->finding[i].verdict));
		print_place(&report->finding[i]);
		printf(": %s\n", report->finding[i].text);
	}
	if (report->finding_total > report->finding_count)
		printf("and %llu more findings\n",
		       (unsigned long long)(report->finding_total - report->finding_count));
	printf("verdict: %s (%s)\n", cordon_ledger_verdict_name(report->verdict),
	       cordon_ledger_verdict_text(report->verdict));
}

/* ---- As JSON ---- */

static void put_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static void put_ledger(struct json_object *object, const struct cordon_ledger_id *id)
{
	char text[LEDGER_TEXT_BYTES];

	ledger_text(id, text);
	json_object_object_add(object, "ledger", json_object_new_string(text));
}

static struct json_object *ledger_json(const struct cordon_ledger_summary *summary)
{
	struct json_object *object = json_object_new_object();

	put_ledger(object, &summary->id);
	json_object_object_add(
		object, "verdict",
		json_object_new_string(cordon_ledger_verdict_name(summary->verdict)));
	put_number(object, "epochs", summary->epochs);
	put_number(object, "first_epoch", summary->first_epoch);
	put_number(object, "last_epoch", summary->last_epoch);
	put_number(object, "records", summary->records);
	put_number(object, "changes", summary->changes);
	put_number(object, "lost", summary->lost);
	put_number(object, "tail", summary->tail);
	json_object_object_add(object, "ended", json_object_new_boolean(summary->ended));
	if (summary->vouched)
		put_number(object, "vouched_epoch", summary->vouched_epoch);
	return object;
}

static struct json_object *finding_json(const struct cordon_finding *finding)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(
		object, "verdict",
		json_object_new_string(cordon_ledger_verdict_name(finding->verdict)));
	if (finding->ledger.number) {
		put_ledger(object, &finding->ledger);
		put_number(object, "epoch", finding->epoch);
	}
	if (finding->chain != CORDON_CHAIN_NONE)
		put_number(object, "chain", finding->chain);
	if (finding->to) {
		put_number(object, "from", finding->from);
		put_number(object, "to", finding->to);
	}
	json_object_object_add(object, "text", json_object_new_string(finding->text));
	return object;
}

static void print_json(const struct cordon_ledger_report *report)
{
	cordon_auto_json *object = json_object_new_object();
	struct json_object *ledgers = json_object_new_array(), *findings = json_object_new_array();
	size_t i;

	for (i = 0; i < report->ledger_count; i++)
		json_object_array_add(ledgers, ledger_json(&report->ledger[i]));
	for (i = 0; i < report->finding_count; i++)
		json_object_array_add(findings, finding_json(&report->finding[i]));
	json_object_object_add(object, "ok", json_object_new_boolean(is_good(report->verdict)));
	json_object_object_add(object, "verdict",
			       json_object_new_string(cordon_ledger_verdict_name(report->verdict)));
	json_object_object_add(object, "ledgers", ledgers);
	json_object_object_add(object, "findings", findings);
	put_number(object, "finding_total", report->finding_total);
	puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
}

static int read_evidence(const struct wishes *wishes, char **stores, size_t count,
			 struct cordon_evidence *evidence, struct cordon_failure *failure)
{
	size_t i, anchors;
	int err = cordon_evidence_read(evidence, stores, count, failure);

	for (i = 0; !err && i < wishes->anchor_count; i++) {
		err = cordon_evidence_read_anchors(evidence, wishes->anchors[i], &anchors, failure);
		/* A file of nothing would vouch for nothing, unseen. */
		if (!err && !anchors)
			err = cordon_failure_set(failure, EINVAL, "%s: there is no anchor in it",
						 wishes->anchors[i]);
	}
	return err;
}

static int verify(const struct wishes *wishes, char **stores, size_t count)
{
	struct cordon_ledger_report *report = calloc(1, sizeof(*report));
	struct cordon_evidence evidence = { 0 };
	struct cordon_auditor auditor;
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = &auditor,
						 .partial = wishes->partial };
	struct cordon_failure failure;
	int code = CORDON_EXIT_COULD_NOT, err;

	err = report ? cordon_key_read_private(wishes->key, &auditor, &failure) :
		       cordon_failure_errno(&failure, ENOMEM, "verify");
	if (!err)
		err = read_evidence(wishes, stores, count, &evidence, &failure);
	if (!err) {
		err = cordon_ledger_verify(&evidence, &options, report);
		if (err)
			cordon_failure_errno(&failure, -err, "verify");
	}
	explicit_bzero(&auditor, sizeof(auditor));
	if (err) {
		cordon_complain(wishes->json, code, failure.text);
	} else {
		wishes->json ? print_json(report) : print_report(report);
		code = is_good(report->verdict) ? CORDON_EXIT_YES : CORDON_EXIT_NO;
	}
	if (report)
		cordon_ledger_report_free(report);
	free(report);
	cordon_evidence_free(&evidence);
	return code;
}

int ledger_verify(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int code = parse(argc, argv, &wishes);

	if (!code)
		code = verify(&wishes, argv + optind, (size_t)(argc - optind));
	free(wishes.anchors);
	return code;
}
