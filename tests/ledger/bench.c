// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench FOLDER RECORDS: how fast records are stored and verified, natively.
 * Stored: from a ring, by the controller's own steps, wall clock. Verified:
 * CPU time of one core; the keys alone, and with reading the files; by each
 * kind of lanes that the processor can.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "keeper.h"
#include "model.h"
#include "read.h"
#include "verify.h"

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool is_empty(const struct keeper *keeper)
{
	return shared_ring_is_empty(&keeper->records);
}

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "bench: %s\n", what);
		exit(1);
	}
}

/* The rows of the model, a ring full at a time. */
static double store_all(struct cordon_store *store, const struct cordon_evidence *made,
			const struct model *model)
{
	struct keeper keeper = { .limits = CORDON_STORE_LIMITS_DEFAULT, .batch = 1024 };
	double spent = 0, began;
	size_t i = 0;

	memcpy(keeper.boot, model->boot, sizeof(keeper.boot));
	shared_ring_make(&keeper.records, 4u << 20);
	shared_ring_make(&keeper.epochs, 4u << 20);
	while (i < made->row_count) {
		for (; i < made->row_count; i++) {
			const struct cordon_header *record = made->row[i].record;
			bool access = record->class == CORDON_CLASS_ACCESS;

			if (!shared_ring_put(access ? &keeper.records : &keeper.epochs, record,
					     record->bytes))
				break;
		}
		began = seconds(CLOCK_MONOTONIC);
		keeper_run(&keeper, store, is_empty);
		spent += seconds(CLOCK_MONOTONIC) - began;
	}
	return spent;
}

/* Seconds. */
static double verify(struct cordon_evidence *evidence, struct cordon_auditor *auditor,
		     enum lanes_kind lanes)
{
	static struct cordon_ledger_report report;
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = auditor,
						 .lanes = lanes };
	double began = seconds(CLOCK_PROCESS_CPUTIME_ID);

	must(cordon_ledger_verify(evidence, &options, &report), "verify");
	began = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
	if (report.verdict != CORDON_LEDGER_INTACT)
		fprintf(stderr, "bench: %s\n", report.finding[0].text);
	cordon_ledger_report_free(&report);
	return began;
}

/* One line; nothing when the processor cannot. Rows are in the order of the files each time. */
static void measure(char *folder, struct cordon_auditor *auditor, enum lanes_kind lanes,
		    unsigned int records)
{
	struct cordon_evidence evidence = { 0 };
	struct cordon_failure failure;
	double reading, verified;

	if (lanes != LANES_NONE && !lanes_usable(lanes))
		return;
	reading = seconds(CLOCK_PROCESS_CPUTIME_ID);
	must(cordon_evidence_read(&evidence, &folder, 1, &failure), failure.text);
	reading = seconds(CLOCK_PROCESS_CPUTIME_ID) - reading;
	verified = verify(&evidence, auditor, lanes);
	printf("| verified on one core, lanes: %s | %.0f |\n"
	       "| the same, with reading the files | %.0f |\n",
	       lanes_name(lanes), records / verified, records / (verified + reading));
	cordon_evidence_free(&evidence);
}

int main(int argc, char **argv)
{
	unsigned int records = argc > 2 ? (unsigned int)atoi(argv[2]) : 200000, i;
	struct cordon_evidence made = { 0 };
	struct cordon_store *store = NULL;
	struct cordon_failure failure;
	struct cordon_auditor auditor;
	struct model model = { 0 };
	char file[4096], command[4200];
	enum lanes_kind lanes;
	double stored;

	if (argc < 2 || sodium_init() < 0)
		return 2;
	snprintf(command, sizeof(command), "rm -rf '%s'", argv[1]);
	must(system(command) || mkdir(argv[1], 0700), argv[1]);
	snprintf(file, sizeof(file), "%s/records.db", argv[1]);
	crypto_box_keypair(auditor.public, auditor.private);
	must(cordon_store_open(file, true, &store, &failure), failure.text);
	model.store = store;
	model_begin(&model, 1, auditor.public);
	model.store = NULL;
	model.evidence = &made;
	for (i = 0; i < records; i++) {
		model_record(&model, i % MODEL_CPUS, NULL);
		if (i % CORDON_EPOCH_RECORDS == CORDON_EPOCH_RECORDS - 1)
			model_epoch(&model);
	}
	model_epoch(&model);
	stored = store_all(store, &made, &model);
	cordon_store_close(&store);
	cordon_evidence_free(&made);
	printf("| store and ledger, natively, records of %zu bytes | records a second |\n"
	       "| --- | --- |\n"
	       "| stored, from the ring to the disk | %.0f |\n",
	       sizeof(struct cordon_record), records / stored);
	for (lanes = LANES_FASTEST; lanes < LANES_KINDS; lanes++)
		measure(argv[1], &auditor, lanes, records);
	snprintf(command, sizeof(command), "rm -rf '%s'", argv[1]);
	return system(command) ? 1 : 0;
}
