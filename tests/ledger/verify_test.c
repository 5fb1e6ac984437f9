// SPDX-License-Identifier: GPL-2.0-only
/* The verifier on ledgers of the model: what each tampering is called, and that nothing else is. */
#include "suite.h"

#include <sodium.h>

#include "agree.h"
#include "model.h"

struct scene {
	struct cordon_auditor auditor;
	struct cordon_evidence evidence;
	struct cordon_ledger_report report;
	struct model model;
	bool partial;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_true(sodium_init() >= 0);
	crypto_box_keypair(scene->auditor.public, scene->auditor.private);
	scene->model.evidence = &scene->evidence;
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	cordon_evidence_free(&scene->evidence);
	cordon_ledger_report_free(&scene->report);
	free(scene);
	return 0;
}

static void verify(struct scene *scene)
{
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = &scene->auditor,
						 .partial = scene->partial };
	const char *what = agree(&scene->evidence, &options);

	if (what)
		fail_msg("%s", what);
	cordon_ledger_report_free(&scene->report);
	assert_int_equal(cordon_ledger_verify(&scene->evidence, &options, &scene->report), 0);
}

static void assert_verdict(struct scene *scene, enum cordon_ledger_verdict verdict)
{
	verify(scene);
	if (scene->report.verdict != verdict)
		fail_msg("%s instead of %s: %s", cordon_ledger_verdict_name(scene->report.verdict),
			 cordon_ledger_verdict_name(verdict),
			 scene->report.finding_count ? scene->report.finding[0].text : "");
}

/* Five epochs on three CPUs; the fourth never makes a record. */
static void play(struct scene *scene)
{
	struct model *model = &scene->model;

	model_begin(model, 1, scene->auditor.public);
	model_link(model, NULL);
	for (unsigned int epoch = 0; epoch < 5; epoch++) {
		for (unsigned int i = 0; i < 12; i++)
			model_record(model, i % 3, NULL);
		model_epoch(model);
	}
}

static struct cordon_row *row_of(struct scene *scene, uint32_t chain, uint64_t sequence)
{
	for (size_t i = 0; i < scene->evidence.row_count; i++) {
		struct cordon_row *row = &scene->evidence.row[i];

		if (row->record->chain == chain && row->record->sequence == sequence)
			return row;
	}
	fail_msg("no record %llu in chain %u", (unsigned long long)sequence, chain);
	return NULL;
}

static struct cordon_header *record_of(struct scene *scene, uint32_t chain, uint64_t sequence)
{
	return (struct cordon_header *)row_of(scene, chain, sequence)->record;
}

static void drop(struct scene *scene, uint32_t chain, uint64_t sequence)
{
	struct cordon_row *row = row_of(scene, chain, sequence);

	*row = scene->evidence.row[--scene->evidence.row_count];
}

static const struct cordon_finding *assert_altered(struct scene *scene, uint32_t chain)
{
	assert_verdict(scene, CORDON_LEDGER_ALTERED);
	for (size_t i = 0; i < scene->report.finding_count; i++)
		if (scene->report.finding[i].verdict == CORDON_LEDGER_ALTERED) {
			assert_int_equal(scene->report.finding[i].chain, chain);
			return &scene->report.finding[i];
		}
	fail();
	return NULL;
}

static void what_the_kernel_made_is_intact(void **state)
{
	struct scene *scene = *state;

	play(scene);
	assert_verdict(scene, CORDON_LEDGER_INTACT);
	assert_int_equal(scene->report.ledger[0].records, 61);
	assert_int_equal(scene->report.ledger[0].epochs, 5);
	assert_int_equal(scene->report.finding_total, 0);
}

static void an_empty_epoch_is_an_epoch(void **state)
{
	struct scene *scene = *state;

	play(scene);
	model_epoch(&scene->model);
	model_epoch(&scene->model);
	model_record(&scene->model, 3, NULL);
	model_epoch(&scene->model);
	assert_verdict(scene, CORDON_LEDGER_INTACT);
	drop(scene, CORDON_CHAIN_EPOCHS, 7);
	assert_non_null(strstr(assert_altered(scene, CORDON_CHAIN_NONE)->text, "removed"));
}

static void an_overflow_is_counted_and_placed(void **state)
{
	struct scene *scene = *state;

	play(scene);
	model_lose(&scene->model, 1, 7);
	model_record(&scene->model, 1, NULL);
	model_lose(&scene->model, 2, 3); /* at the epoch's end */
	model_lose(&scene->model, 3, 2); /* in a chain without records */
	model_epoch(&scene->model);
	model_record(&scene->model, 3, NULL);
	model_epoch(&scene->model);
	assert_verdict(scene, CORDON_LEDGER_OVERFLOW);
	assert_int_equal(scene->report.ledger[0].lost, 12);
	assert_int_equal(scene->report.finding_total, 3);
}

static void a_record_behind_an_overflow_cannot_be_removed(void **state)
{
	struct scene *scene = *state;

	play(scene);
	model_lose(&scene->model, 1, 7);
	model_record(&scene->model, 1, NULL); /* 28 */
	model_record(&scene->model, 1, NULL);
	model_epoch(&scene->model);
	drop(scene, 1, 28);
	assert_altered(scene, 1);
}

static void a_changed_record_is_named(void **state)
{
	struct scene *scene = *state;
	const struct cordon_finding *finding;

	play(scene);
	((struct cordon_record *)record_of(scene, 1, 7))->pid++;
	finding = assert_altered(scene, 1);
	assert_int_equal(finding->from, 7);
	assert_int_equal(finding->to, 7);
	assert_int_equal(finding->epoch, 1);
	/* The epochs behind it are verified nevertheless. */
	assert_int_equal(scene->report.finding_total, 1);
	assert_int_equal(scene->report.ledger[0].epochs, 5);
}

static void each_byte_of_a_record_counts(void **state)
{
	struct scene *scene = *state;
	struct cordon_header *record;

	play(scene);
	verify(scene);
	record = record_of(scene, 2, 6);
	for (size_t i = 0; i < sizeof(struct cordon_record); i++) {
		uint8_t *byte = (uint8_t *)record + i;
		const struct cordon_record *access = (const void *)record;
		uint8_t was = *byte;

		/* Which row it is, and what the reader checks before. */
		if (i < offsetof(struct cordon_header, boottime_ns) ||
		    (i >= offsetof(struct cordon_header, ledger) &&
		     i < offsetof(struct cordon_header, header_reserved)))
			continue;
		*byte ^= 1;
		if (cordon_record_is_canonical(access)) {
			verify(scene);
			assert_int_equal(scene->report.verdict, CORDON_LEDGER_ALTERED);
		}
		*byte = was;
	}
	assert_verdict(scene, CORDON_LEDGER_INTACT);
}

static void a_dropped_record_is_no_overflow(void **state)
{
	struct scene *scene = *state;
	const struct cordon_finding *finding;

	play(scene);
	drop(scene, 0, 8);
	finding = assert_altered(scene, 0);
	assert_int_equal(finding->from, 8);
	assert_int_equal(finding->to, 8);
	assert_non_null(strstr(finding->text, "removed"));
}

static void the_last_records_of_an_epoch_cannot_be_dropped(void **state)
{
	struct scene *scene = *state;

	play(scene);
	drop(scene, 0, 9);
	drop(scene, 0, 8);
	assert_int_equal(assert_altered(scene, 0)->from, 8);
}

static void a_whole_chain_of_an_epoch_cannot_be_dropped(void **state)
{
	struct scene *scene = *state;

	play(scene);
	for (uint64_t i = 5; i <= 8; i++)
		drop(scene, 2, i);
	assert_altered(scene, 2);
}

static void renumbered_swapped_and_doubled_records_are_seen(void **state)
{
	struct scene *scene = *state;
	struct cordon_header *one, *other;

	play(scene);
	record_of(scene, 1, 20)->sequence = 21; /* the last one: a gap before it */
	assert_altered(scene, 1);
	record_of(scene, 1, 21)->sequence = 20;
	assert_verdict(scene, CORDON_LEDGER_INTACT);
	one = record_of(scene, 1, 10);
	other = record_of(scene, 1, 11);
	one->sequence = 11;
	other->sequence = 10;
	assert_altered(scene, 1);
	one->sequence = 10;
	other->sequence = 11;
	assert_int_equal(cordon_evidence_add(&scene->evidence, one, one->bytes, 0, 1000), 0);
	assert_non_null(strstr(assert_altered(scene, 1)->text, "two records"));
}

static void what_is_in_two_volumes_is_one_record(void **state)
{
	struct scene *scene = *state;
	struct cordon_header *one;

	play(scene);
	one = record_of(scene, 1, 10);
	assert_int_equal(cordon_evidence_add(&scene->evidence, one, one->bytes, 1, 1000), 0);
	assert_verdict(scene, CORDON_LEDGER_INTACT);
}

static void a_record_in_another_epoch_is_not_at_home(void **state)
{
	struct scene *scene = *state;

	play(scene);
	record_of(scene, 1, 10)->epoch++;
	assert_altered(scene, 1);
}

static void an_epoch_s_record_cannot_go_or_change(void **state)
{
	struct scene *scene = *state;
	struct cordon_epoch *epoch;

	play(scene);
	epoch = (void *)record_of(scene, CORDON_CHAIN_EPOCHS, 4);
	epoch->head[0].sequence--;
	assert_altered(scene, CORDON_CHAIN_EPOCHS);
	epoch->head[0].sequence++;
	assert_verdict(scene, CORDON_LEDGER_INTACT);
	drop(scene, CORDON_CHAIN_EPOCHS, 4);
	assert_altered(scene, CORDON_CHAIN_EPOCHS);
}

static void an_end_is_vouched_for_by_an_anchor(void **state)
{
	struct scene *scene = *state;
	struct cordon_anchor early, late;

	play(scene);
	early = model_anchor(&scene->model);
	model_epoch(&scene->model);
	late = model_anchor(&scene->model);
	assert_int_equal(cordon_evidence_add_anchor(&scene->evidence, &early), 0);
	assert_int_equal(cordon_evidence_add_anchor(&scene->evidence, &late), 0);
	assert_verdict(scene, CORDON_LEDGER_INTACT);
	assert_true(scene->report.ledger[0].vouched);
	drop(scene, CORDON_CHAIN_EPOCHS, 7);
	assert_verdict(scene, CORDON_LEDGER_TRUNCATED);
	scene->evidence.anchor[0].tag[0] ^= 1;
	assert_verdict(scene, CORDON_LEDGER_ALTERED);
}

static void an_anchor_of_no_ledger_is_a_missing_boot(void **state)
{
	struct scene *scene = *state;
	struct cordon_anchor anchor;

	play(scene);
	anchor = model_anchor(&scene->model);
	anchor.ledger.number++;
	assert_int_equal(cordon_evidence_add_anchor(&scene->evidence, &anchor), 0);
	assert_verdict(scene, CORDON_LEDGER_MISSING_BOOT);
}

/* Three boots; the second one crashed. */
static void play_boots(struct scene *scene, bool crash, int without)
{
	struct model boot[3] = { 0 };

	for (int i = 0; i < 3; i++) {
		struct cordon_evidence none = { 0 };

		boot[i].evidence = i == without ? &none : &scene->evidence;
		model_begin(&boot[i], 10 + (uint64_t)i, scene->auditor.public);
		model_link(&boot[i], i ? &boot[i - 1] : NULL);
		model_epoch(&boot[i]);
		model_record(&boot[i], 1, NULL);
		if (i != 1 || !crash)
			model_change(&boot[i], CORDON_CHANGE_SHUTDOWN);
		model_epoch(&boot[i]);
		cordon_evidence_free(&none);
	}
}

static void boots_follow_each_other(void **state)
{
	play_boots(*state, false, -1);
	assert_verdict(*state, CORDON_LEDGER_INTACT);
}

static void a_crash_is_a_crash(void **state)
{
	play_boots(*state, true, -1);
	assert_verdict(*state, CORDON_LEDGER_CRASHED);
}

static void a_boot_that_is_gone_is_missed(void **state)
{
	play_boots(*state, false, 1);
	assert_verdict(*state, CORDON_LEDGER_MISSING_BOOT);
}

static void a_boot_that_was_cut_is_no_crash(void **state)
{
	struct scene *scene = *state;

	play_boots(scene, true, -1);
	verify(scene);
	for (size_t i = 0; i < scene->evidence.row_count; i++)
		if (scene->evidence.row[i].record->boot[0] == 11 &&
		    scene->evidence.row[i].record->epoch == 1)
			scene->evidence.row[i--] = scene->evidence.row[--scene->evidence.row_count];
	assert_verdict(scene, CORDON_LEDGER_TRUNCATED);
}

static void a_beginning_that_is_gone_is_missed(void **state)
{
	struct scene *scene = *state;

	play(scene);
	for (size_t i = 0; i < scene->evidence.row_count; i++)
		if (scene->evidence.row[i].record->epoch < 2)
			scene->evidence.row[i--] = scene->evidence.row[--scene->evidence.row_count];
	assert_verdict(scene, CORDON_LEDGER_TRUNCATED);
}

static void another_key_opens_nothing(void **state)
{
	struct scene *scene = *state;

	play(scene);
	crypto_box_keypair(scene->auditor.public, scene->auditor.private);
	assert_verdict(scene, CORDON_LEDGER_UNVERIFIABLE);
}

static void without_an_auditor_nobody_knows(void **state)
{
	struct scene *scene = *state;

	model_begin(&scene->model, 1, NULL);
	model_epoch(&scene->model);
	assert_verdict(scene, CORDON_LEDGER_UNVERIFIABLE);
}

/* Who has the machine at a later moment has these keys, and cannot go back. */
static void keys_of_a_later_moment_forge_nothing(void **state)
{
	struct scene *scene = *state;
	struct cordon_chain stolen;
	struct cordon_record *record;

	play(scene);
	model_record(&scene->model, 1, NULL);
	stolen = scene->model.cpu[1];
	model_record(&scene->model, 1, NULL);
	model_epoch(&scene->model);
	/* The record before the theft, of the same epoch, again with the stolen key. */
	record = (void *)record_of(scene, 1, 21);
	record->pid++;
	cordon_chain_tag(&stolen, &record->header, record->tag);
	assert_int_equal(assert_altered(scene, 1)->from, 21);
}

static void a_record_of_no_ledger_does_not_belong_here(void **state)
{
	struct scene *scene = *state;
	struct cordon_record record = { .abi = CORDON_ABI_VERSION,
					.bytes = sizeof(record),
					.chain = CORDON_CHAIN_NONE,
					.class = CORDON_CLASS_ACCESS };

	play(scene);
	assert_int_equal(cordon_evidence_add(&scene->evidence, &record, sizeof(record), 0, 99), 0);
	assert_altered(scene, CORDON_CHAIN_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_the_kernel_made_is_intact),
		TEST(an_empty_epoch_is_an_epoch),
		TEST(an_overflow_is_counted_and_placed),
		TEST(a_record_behind_an_overflow_cannot_be_removed),
		TEST(a_changed_record_is_named),
		TEST(each_byte_of_a_record_counts),
		TEST(a_dropped_record_is_no_overflow),
		TEST(the_last_records_of_an_epoch_cannot_be_dropped),
		TEST(a_whole_chain_of_an_epoch_cannot_be_dropped),
		TEST(renumbered_swapped_and_doubled_records_are_seen),
		TEST(what_is_in_two_volumes_is_one_record),
		TEST(a_record_in_another_epoch_is_not_at_home),
		TEST(an_epoch_s_record_cannot_go_or_change),
		TEST(an_end_is_vouched_for_by_an_anchor),
		TEST(an_anchor_of_no_ledger_is_a_missing_boot),
		TEST(boots_follow_each_other),
		TEST(a_crash_is_a_crash),
		TEST(a_boot_that_is_gone_is_missed),
		TEST(a_boot_that_was_cut_is_no_crash),
		TEST(a_beginning_that_is_gone_is_missed),
		TEST(another_key_opens_nothing),
		TEST(without_an_auditor_nobody_knows),
		TEST(keys_of_a_later_moment_forge_nothing),
		TEST(a_record_of_no_ledger_does_not_belong_here),
	};

	return cmocka_run_group_tests_name("ledger-verify", tests, NULL, NULL);
}
