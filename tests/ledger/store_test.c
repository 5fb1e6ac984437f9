// SPDX-License-Identifier: GPL-2.0-only
/* Ledgers in a store of several volumes: alone, together, with the oldest removed, on a full disk. */
#include "suite.h"

#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include "model.h"
#include "read.h"
#include "verify.h"
#include "volumes.h"

struct place {
	char folder[64], file[96];
	struct cordon_auditor auditor;
	struct cordon_store *store;
	struct model model;
	struct cordon_ledger_report report;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct cordon_failure failure;

	assert_true(sodium_init() >= 0);
	crypto_box_keypair(place->auditor.public, place->auditor.private);
	strcpy(place->folder, "/tmp/cordon-ledger-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/records.db", place->folder);
	assert_int_equal(cordon_store_open(place->file, true, &place->store, &failure), 0);
	place->model.store = place->store;
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	cordon_ledger_report_free(&place->report);
	cordon_store_close(&place->store);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static enum cordon_ledger_verdict verdict_on(struct place *place, char *what, bool partial)
{
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = &place->auditor,
						 .partial = partial };
	struct cordon_evidence evidence = { 0 };
	struct cordon_failure failure;

	cordon_ledger_report_free(&place->report);
	assert_int_equal(cordon_evidence_read(&evidence, &what, 1, &failure), 0);
	assert_int_equal(cordon_ledger_verify(&evidence, &options, &place->report), 0);
	cordon_evidence_free(&evidence);
	return place->report.verdict;
}

static void play_epochs(struct place *place, unsigned int count)
{
	assert_int_equal(cordon_store_begin(place->store), 0);
	while (count--) {
		for (unsigned int i = 0; i < 12; i++)
			model_record(&place->model, i % 3, NULL);
		model_epoch(&place->model);
	}
	assert_int_equal(cordon_store_commit(place->store), 0);
}

/* Three volumes, the third one begun in the middle of an epoch. */
static void play_volumes(struct place *place)
{
	struct cordon_failure failure;

	model_begin(&place->model, 5, place->auditor.public);
	for (int i = 0; i < 2; i++) {
		play_epochs(place, 10);
		model_record(&place->model, 2, NULL);
		assert_int_equal(
			cordon_store_rotate(place->store, (__u64 *)place->model.boot, &failure), 0);
		model_record(&place->model, 1, NULL);
	}
	play_epochs(place, 10);
}

static char *volume_of(struct place *place, unsigned int number)
{
	static char file[128];

	snprintf(file, sizeof(file), "%s/records-%06u.db", place->folder, number);
	return file;
}

static void volumes_verify_alone_and_together(void **state)
{
	struct place *place = *state;

	play_volumes(place);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_INTACT);
	assert_int_equal(place->report.ledger[0].epochs, 30);
	assert_int_equal(place->report.ledger[0].records, 364);
	for (unsigned int i = 1; i <= 3; i++) {
		assert_int_equal(verdict_on(place, volume_of(place, i), true),
				 CORDON_LEDGER_INTACT);
		assert_in_range(place->report.ledger[0].epochs, 10, 15);
	}
	/* Who does not say that there are earlier ones is told that they are missing. */
	assert_int_equal(verdict_on(place, volume_of(place, 3), false), CORDON_LEDGER_TRUNCATED);
}

static void a_volume_from_the_middle_is_missed(void **state)
{
	struct place *place = *state;

	play_volumes(place);
	assert_int_equal(unlink(volume_of(place, 2)), 0);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_ALTERED);
}

static void what_retention_removed_is_not_missed(void **state)
{
	struct cordon_store_limits limits = { .total_bytes = 1 };
	struct place *place = *state;
	char text[128];
	bool removed;

	play_volumes(place);
	assert_int_equal(cordon_store_retain(place->store, &limits, UINT32_MAX, &removed, text,
					     sizeof(text)),
			 0);
	assert_true(removed);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_TRUNCATED);
	model_record(&place->model, 0, text);
	model_epoch(&place->model);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_INTACT);
}

/* Adds a batch; false, and nothing of it is there, when the disk takes no more. */
static bool try_batch(struct place *place, uint64_t *next)
{
	struct cordon_record record = { .count = 1, .chain = CORDON_CHAIN_NONE };
	uint64_t from = *next;
	int err = cordon_store_begin(place->store);

	record.abi = CORDON_ABI_VERSION;
	record.bytes = sizeof(record);
	for (; !err && *next < from + 200; ++*next) {
		record.sequence = *next;
		record.boottime_ns = *next;
		err = cordon_store_add(place->store, &record, NULL, NULL);
	}
	if (!err)
		err = cordon_store_commit(place->store);
	if (!err)
		return true;
	cordon_store_rollback(place->store);
	*next = from;
	return false;
}

static int count(void *context, const struct cordon_stored *stored)
{
	uint64_t *expected = context;

	/* In order, each once: also what was tried before and did not fit. */
	assert_int_equal(stored->record.sequence, ++*expected);
	return 0;
}

static void a_full_disk_takes_all_or_nothing(void **state)
{
	struct cordon_filter filter = CORDON_FILTER_ALL;
	struct rlimit limit, small;
	struct place *place = *state;
	uint64_t next = 1, before, seen = 0;
	int64_t last;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){ 1 << 20, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	while (try_batch(place, &next))
		assert_true(next < 100000);
	before = next;
	assert_false(try_batch(place, &next));
	assert_int_equal(next, before);
	/* There is room again. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(try_batch(place, &next));
	assert_int_equal(cordon_store_query(place->store, &filter, 0, 1000000, count, &seen, &last),
			 0);
	assert_int_equal(seen, next - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(volumes_verify_alone_and_together),
		TEST(a_volume_from_the_middle_is_missed),
		TEST(what_retention_removed_is_not_missed),
		TEST(a_full_disk_takes_all_or_nothing),
	};

	return cmocka_run_group_tests_name("ledger-store", tests, NULL, NULL);
}
