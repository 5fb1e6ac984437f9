// SPDX-License-Identifier: GPL-2.0-only
/* Ledgers in a store of several volumes: alone, together, with the oldest removed, on a full disk. */
#include "suite.h"

#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include "model.h"
#include "read.h"
#include "retention.h"
#include "store_internal.h"
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

/* As the controller does it: recorded, then removed. */
static void retain(struct place *place, struct model *model)
{
	struct cordon_store_limits limits = { .total_bytes = 1 };
	struct cordon_removal removal;
	char text[CORDON_PATH_BYTES];

	assert_int_equal(cordon_retention_due(place->store, &limits, UINT32_MAX, &removal), 0);
	assert_non_null(removal.file);
	assert_true(removal.count > 0);
	for (size_t i = 0; i < removal.count; i++) {
		cordon_removed_format(&removal.removed[i], text, sizeof(text));
		model_record(model, 0, text);
	}
	model_epoch(model);
	cordon_volume_remove(removal.file);
	cordon_removal_free(&removal);
}

static void what_retention_removed_is_not_missed(void **state)
{
	struct cordon_store_limits limits = { .total_bytes = 1, .keep_days = UINT32_MAX };
	struct place *place = *state;
	struct cordon_removal removal;

	play_volumes(place);
	/* Too young. */
	assert_int_equal(cordon_retention_due(place->store, &limits, UINT32_MAX, &removal), 0);
	assert_null(removal.file);
	retain(place, &place->model);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_INTACT);
	retain(place, &place->model);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_INTACT);
}

static void what_goes_without_a_record_is_missed(void **state)
{
	struct place *place = *state;

	play_volumes(place);
	retain(place, &place->model);
	/* What was removed is named: one epoch more is one too many. */
	assert_int_equal(unlink(volume_of(place, 2)), 0);
	assert_int_equal(verdict_on(place, place->folder, false), CORDON_LEDGER_TRUNCATED);
}

static void add_anchor(struct cordon_evidence *evidence, const struct model *model)
{
	struct cordon_anchor anchor = model_anchor(model);

	assert_int_equal(cordon_evidence_add_anchor(evidence, &anchor), 0);
}

/* Four boots, one to a volume but for its first epochs, which are in the one before. */
static void play_boots(struct place *place, struct model boot[4])
{
	struct cordon_failure failure;

	for (int i = 0; i < 4; i++) {
		boot[i].store = place->store;
		model_begin(&boot[i], 20 + (uint64_t)i, place->auditor.public);
		model_link(&boot[i], i ? &boot[i - 1] : NULL);
		for (int epoch = 0; epoch < 8; epoch++) {
			model_record(&boot[i], 1, NULL);
			model_epoch(&boot[i]);
		}
		if (i < 3)
			assert_int_equal(cordon_store_rotate(place->store, (__u64 *)boot[i].boot,
							     &failure),
					 0);
		model_record(&boot[i], 2, NULL);
		model_change(&boot[i], CORDON_CHANGE_SHUTDOWN);
		model_epoch(&boot[i]);
	}
}

static enum cordon_ledger_verdict verdict_with(struct place *place, const struct model *boot)
{
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = &place->auditor };
	struct cordon_evidence evidence = { 0 };
	struct cordon_failure failure;
	char *what = place->folder;

	cordon_ledger_report_free(&place->report);
	assert_int_equal(cordon_evidence_read(&evidence, &what, 1, &failure), 0);
	for (int i = 0; boot && i < 4; i++)
		add_anchor(&evidence, &boot[i]);
	assert_int_equal(cordon_ledger_verify(&evidence, &options, &place->report), 0);
	cordon_evidence_free(&evidence);
	return place->report.verdict;
}

/* The rows of a boot in a volume, and the word that the volume begins with it. */
static void delete_boot(struct place *place, unsigned int volume, const struct model *boot)
{
	struct cordon_failure failure;
	struct cordon_store *store = NULL;
	char text[400];

	assert_int_equal(cordon_store_open(volume_of(place, volume), true, &store, &failure), 0);
	snprintf(text, sizeof(text),
		 "DELETE FROM records WHERE ledger = %lld; DELETE FROM epochs WHERE ledger = %lld;"
		 "DELETE FROM boots WHERE ledger = %lld;"
		 "UPDATE volume SET ledger = 0 WHERE ledger = %lld;",
		 (long long)boot->number, (long long)boot->number, (long long)boot->number,
		 (long long)boot->number);
	assert_int_equal(cordon_store_execute(store, text), 0);
	cordon_store_close(&store);
}

static void what_removals_took_stays_explained_when_their_records_go(void **state)
{
	struct place *place = *state;
	struct model boot[4] = { 0 };
	struct cordon_failure failure;

	play_boots(place, boot);
	assert_int_equal(verdict_with(place, boot), CORDON_LEDGER_INTACT);
	for (int i = 0; i < 3; i++) {
		retain(place, &boot[3]);
		assert_int_equal(verdict_with(place, boot), CORDON_LEDGER_INTACT);
	}
	/* The volume with the records of the removals goes too. */
	assert_int_equal(cordon_store_rotate(place->store, (__u64 *)boot[3].boot, &failure), 0);
	for (int epoch = 0; epoch < 8; epoch++)
		model_epoch(&boot[3]);
	retain(place, &boot[3]);
	assert_int_equal(verdict_with(place, boot), CORDON_LEDGER_INTACT);
}

/* Attack: behind a removal that is recorded, a boot is taken away that none names. */
static void a_boot_that_no_removal_names_was_deleted(void **state)
{
	struct place *place = *state;
	struct model boot[4] = { 0 };

	play_boots(place, boot);
	retain(place, &boot[3]);
	/* The first one is gone whole, of the second the volume's beginning is. */
	delete_boot(place, 2, &boot[1]);
	delete_boot(place, 3, &boot[1]);
	assert_int_equal(verdict_with(place, boot), CORDON_LEDGER_MISSING_BOOT);
	assert_int_equal(verdict_with(place, NULL), CORDON_LEDGER_MISSING_BOOT);
}

/* The same with what the removal left of a boot. */
static void the_rest_of_a_boot_was_deleted(void **state)
{
	struct place *place = *state;
	struct model boot[4] = { 0 };

	play_boots(place, boot);
	retain(place, &boot[3]);
	for (unsigned int volume = 2; volume <= 3; volume++)
		delete_boot(place, volume, &boot[0]);
	assert_int_equal(verdict_with(place, NULL), CORDON_LEDGER_MISSING_BOOT);
	assert_int_equal(verdict_with(place, boot), CORDON_LEDGER_MISSING_BOOT);
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
		TEST(what_goes_without_a_record_is_missed),
		TEST(what_removals_took_stays_explained_when_their_records_go),
		TEST(a_boot_that_no_removal_names_was_deleted),
		TEST(the_rest_of_a_boot_was_deleted),
		TEST(a_full_disk_takes_all_or_nothing),
	};

	return cmocka_run_group_tests_name("ledger-store", tests, NULL, NULL);
}
