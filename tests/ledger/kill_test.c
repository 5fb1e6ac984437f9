// SPDX-License-Identifier: GPL-2.0-only
/* The controller is killed at 200 moments under load: nothing that was made is missing or there twice. */
#include "suite.h"

#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"
#include "model.h"
#include "read.h"
#include "verify.h"

#define KILLS	    200
#define LONGEST_US  25000
#define RING_BYTES  (1u << 20)
#define EPOCH_EVERY 200

static char folder[] = "/tmp/cordon-kill-XXXXXX";
static char file[64];
static uint64_t rotations;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static pid_t start(struct keeper *keeper)
{
	pid_t child = fork();
	struct cordon_store *store = NULL;
	struct cordon_failure failure;

	if (child)
		return child;
	if (cordon_store_open(file, true, &store, &failure)) {
		fprintf(stderr, "keeper: %s\n", failure.text);
		_exit(1);
	}
	keeper_run(keeper, store, NULL);
	_exit(0);
}

/* Rows of the model go into the rings; when they are full the kernel would lose them: here it waits. */
struct source {
	struct model model;
	struct cordon_evidence made;
	size_t passed; /* rows of it that are in a ring */
	unsigned int since_epoch;
};

static bool pass_on(struct source *source, struct keeper *keeper)
{
	while (source->passed < source->made.row_count) {
		const struct cordon_header *record = source->made.row[source->passed].record;
		bool access = record->class == CORDON_CLASS_ACCESS;

		if (!shared_ring_put(access ? &keeper->records : &keeper->epochs, record,
				     record->bytes))
			return false;
		source->passed++;
	}
	return true;
}

static void produce(struct source *source, struct keeper *keeper, uint64_t until_us)
{
	while (now_us() < until_us) {
		if (!pass_on(source, keeper)) {
			sched_yield();
			continue;
		}
		model_record(&source->model, (unsigned int)source->model.records % MODEL_CPUS,
			     NULL);
		if (++source->since_epoch == EPOCH_EVERY) {
			model_epoch(&source->model);
			source->since_epoch = 0;
		}
	}
}

static bool both_empty(const struct keeper *keeper)
{
	return shared_ring_is_empty(&keeper->records) && shared_ring_is_empty(&keeper->epochs);
}

static void check_store(struct source *source, struct cordon_auditor *auditor)
{
	struct cordon_ledger_report *report = calloc(1, sizeof(*report));
	struct cordon_verify_options options = { .open = cordon_secret_open, .context = auditor };
	struct cordon_evidence stored = { 0 };
	struct cordon_failure failure;
	char *store = folder;

	assert_int_equal(cordon_evidence_read(&stored, &store, 1, &failure), 0);
	assert_int_equal(cordon_ledger_verify(&stored, &options, report), 0);
	if (report->verdict != CORDON_LEDGER_INTACT)
		fail_msg("%s: %s", cordon_ledger_verdict_name(report->verdict),
			 report->finding[0].text);
	assert_int_equal(report->ledger[0].records, source->model.records);
	assert_int_equal(stored.row_count, source->made.row_count);
	assert_int_equal(stored.malformed, 0);
	printf("# %llu records in %llu epochs, %llu volumes\n",
	       (unsigned long long)report->ledger[0].records,
	       (unsigned long long)report->ledger[0].epochs, (unsigned long long)rotations);
	cordon_ledger_report_free(report);
	cordon_evidence_free(&stored);
	free(report);
}

static void nothing_is_lost_or_doubled(void **state)
{
	struct keeper keeper = { .limits = CORDON_STORE_LIMITS_DEFAULT, .batch = 256 };
	struct source source = { 0 };
	struct cordon_auditor auditor;
	struct cordon_store *store = NULL;
	struct cordon_failure failure;
	struct cordon_volumes volumes = { 0 };
	uint32_t random = 4711;
	int i, status;

	(void)state;
	assert_true(sodium_init() >= 0);
	crypto_box_keypair(auditor.public, auditor.private);
	shared_ring_make(&keeper.records, RING_BYTES);
	shared_ring_make(&keeper.epochs, RING_BYTES);
	keeper.limits.volume_bytes = 1u << 20;
	assert_int_equal(cordon_store_open(file, true, &store, &failure), 0);
	source.model.store = store;
	source.model.evidence = NULL;
	model_begin(&source.model, 77, auditor.public);
	memcpy(keeper.boot, source.model.boot, sizeof(keeper.boot));
	source.model.store = NULL;
	source.model.evidence = &source.made;
	cordon_store_close(&store);
	for (i = 0; i < KILLS; i++) {
		pid_t child = start(&keeper);

		assert_true(child > 0);
		produce(&source, &keeper, now_us() + 1000 + suite_random(&random) % LONGEST_US);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		/* It must have died of that and of nothing else. */
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	model_epoch(&source.model);
	assert_int_equal(cordon_store_open(file, true, &store, &failure), 0);
	while (!pass_on(&source, &keeper) || !both_empty(&keeper))
		keeper_run(&keeper, store, both_empty);
	cordon_store_close(&store);
	assert_int_equal(cordon_volumes_list(file, &volumes), 0);
	rotations = volumes.count + 1;
	cordon_volumes_free(&volumes);
	/* The change that began the ledger went to the store alone. */
	source.made.row_count++;
	check_store(&source, &auditor);
	source.made.row_count--;
	cordon_evidence_free(&source.made);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_or_doubled),
	};
	char command[64];
	int failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(file, sizeof(file), "%s/records.db", folder);
	failed = cmocka_run_group_tests_name("ledger-kill", tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) || failed;
}
