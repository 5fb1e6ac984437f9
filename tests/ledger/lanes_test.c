// SPDX-License-Identifier: GPL-2.0-only
/* Hashes side by side are those of libb2, and the verifier says with them what it says without. */
#include "suite.h"

#include <blake2.h>
#include <sodium.h>

#include "agree.h"
#include "model.h"

/* Longer than any record of an access. */
#define LENGTH_MAX 1100
#define SEEDS	   400
#define FLIPS_MAX  3

static uint8_t source[LANES_INPUT_MAX + 8];

static void fill(void *bytes, size_t count, uint32_t *random)
{
	for (size_t i = 0; i < count; i++)
		((uint8_t *)bytes)[i] = (uint8_t)suite_random(random);
}

static void assert_hash(const uint8_t *hash, const uint8_t *key, const uint8_t *input, size_t count)
{
	uint8_t wanted[32];

	assert_int_equal(blake2s(wanted, input, key, 32, count, 32), 0);
	assert_memory_equal(hash, wanted, 32);
}

/* An input under way: where it begins is any address. */
struct sent {
	const uint8_t *input;
	size_t count;
	uint8_t key[LANES_KEY_BYTES];
};

static void send(struct lanes *lanes, unsigned int lane, struct sent *sent, size_t count,
		 uint32_t *random)
{
	size_t half = count / 3;

	sent->input = source + suite_random(random) % 8;
	sent->count = count;
	fill(sent->key, sizeof(sent->key), random);
	lanes_begin(lanes, lane, sent->key);
	assert_true(lanes_add(lanes, lane, sent->input, half));
	assert_true(lanes_add(lanes, lane, sent->input + half, count - half));
}

/* Each length once: a lane that is done is given the next one, so that neighbours differ. */
static void hash_each_length(enum lanes_kind kind)
{
	size_t next = 0, taken = 0;
	struct sent sent[LANES];
	struct lanes *lanes = malloc(sizeof(*lanes));
	uint32_t random = 1;
	uint8_t hash[32];

	assert_non_null(lanes);
	assert_true(lanes_init(lanes, kind));
	fill(source, sizeof(source), &random);
	while (taken <= LENGTH_MAX) {
		for (unsigned int lane = 0; lane < LANES; lane++) {
			if (lanes_take(lanes, lane, hash)) {
				assert_hash(hash, sent[lane].key, sent[lane].input,
					    sent[lane].count);
				taken++;
			} else if (lanes->lane[lane].bytes) {
				continue;
			}
			/* 1101 = 3 * 367: every length comes once, and the next one is far off. */
			if (next <= LENGTH_MAX)
				send(lanes, lane, &sent[lane], next++ * 500 % (LENGTH_MAX + 1),
				     &random);
		}
		lanes_step(lanes);
	}
	free(lanes);
}

/* In each lane alone, with the others empty, and twice under one key. */
static void hash_in_one_lane(enum lanes_kind kind, unsigned int lane, size_t count)
{
	struct lanes *lanes = malloc(sizeof(*lanes));
	struct sent sent;
	uint32_t random = 7 + lane;
	uint8_t hash[32];

	assert_non_null(lanes);
	assert_true(lanes_init(lanes, kind));
	fill(source, sizeof(source), &random);
	send(lanes, lane, &sent, count, &random);
	while (!lanes_take(lanes, lane, hash))
		lanes_step(lanes);
	assert_hash(hash, sent.key, sent.input, count);
	lanes_step(lanes);
	lanes_again(lanes, lane);
	assert_true(lanes_add(lanes, lane, source, lane + 1));
	while (!lanes_take(lanes, lane, hash))
		lanes_step(lanes);
	assert_hash(hash, sent.key, source, lane + 1);
	free(lanes);
}

static void hashes_of_any_length_are_libb2_s(void **state)
{
	(void)state;
	for (enum lanes_kind kind = LANES_FASTEST; kind < LANES_KINDS; kind++)
		if (lanes_usable(kind))
			hash_each_length(kind);
}

static void a_lane_needs_no_others(void **state)
{
	(void)state;
	for (enum lanes_kind kind = LANES_FASTEST; kind < LANES_KINDS; kind++)
		for (unsigned int lane = 0; lanes_usable(kind) && lane < LANES; lane++) {
			hash_in_one_lane(kind, lane, 24);
			hash_in_one_lane(kind, lane, LANES_INPUT_MAX);
		}
}

static void an_input_that_is_too_long_is_refused(void **state)
{
	struct lanes *lanes = malloc(sizeof(*lanes));

	(void)state;
	assert_non_null(lanes);
	assert_false(lanes_init(lanes, LANES_NONE));
	assert_true(lanes_init(lanes, LANES_PLAIN));
	lanes_begin(lanes, 0, source);
	assert_true(lanes_add(lanes, 0, source, LANES_INPUT_MAX - 1));
	assert_false(lanes_add(lanes, 0, source, 2));
	assert_true(lanes_add(lanes, 0, source, 1));
	assert_false(lanes_add(lanes, 0, source, 1));
	free(lanes);
}

struct scene {
	struct cordon_auditor auditor;
	struct cordon_evidence made;
};

/* Runs of all lengths, gaps within, before and behind them, epochs without any. */
static void play_ledger(struct scene *scene, uint64_t boot, const struct model *before,
			struct model *model)
{
	model->evidence = &scene->made;
	model_begin(model, boot, scene->auditor.public);
	model_link(model, before);
	for (unsigned int epoch = 0; epoch < 14; epoch++) {
		for (unsigned int i = 0; i < epoch * 3 % 11; i++) {
			model_record(model, i * i % (MODEL_CPUS - 1), NULL);
			if (epoch == 5 && i == 2)
				model_lose(model, 1, 4);
		}
		if (epoch == 7)
			model_lose(model, 2, 3);
		if (epoch == 9)
			model_change(model, CORDON_CHANGE_MODE);
		if (epoch > 11)
			model_record(model, 3, NULL);
		model_epoch(model);
	}
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct model first = { 0 }, second = { 0 };

	assert_true(scene && sodium_init() >= 0);
	crypto_box_keypair(scene->auditor.public, scene->auditor.private);
	play_ledger(scene, 1, NULL, &first);
	model_change(&first, CORDON_CHANGE_SHUTDOWN);
	model_epoch(&first);
	play_ledger(scene, 2, &first, &second);
	model_record(&second, 0, NULL); /* behind the last epoch */
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	cordon_evidence_free(&scene->made);
	free(scene);
	return 0;
}

static void assert_agreed(struct scene *scene, struct cordon_evidence *evidence, bool partial)
{
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = &scene->auditor,
						 .partial = partial };
	const char *what = agree(evidence, &options);

	if (what)
		fail_msg("%s", what);
}

static void assert_verdict(struct scene *scene, enum cordon_ledger_verdict verdict)
{
	static struct cordon_ledger_report report;
	struct cordon_verify_options options = { .open = cordon_secret_open,
						 .context = &scene->auditor };

	assert_int_equal(cordon_ledger_verify(&scene->made, &options, &report), 0);
	assert_int_equal(report.verdict, verdict);
	cordon_ledger_report_free(&report);
}

static void what_is_whole_is_the_same(void **state)
{
	struct scene *scene = *state;

	assert_agreed(scene, &scene->made, false);
	assert_verdict(scene, CORDON_LEDGER_OVERFLOW);
}

/* The high bytes of a number only cost the verifier time: as many steps as they say. */
static bool costs_time(size_t at)
{
	return (at >= offsetof(struct cordon_header, sequence) + 2 &&
		at < offsetof(struct cordon_header, sequence) + 8) ||
	       (at >= offsetof(struct cordon_header, epoch) + 2 &&
		at < offsetof(struct cordon_header, epoch) + 8);
}

static void flip(uint8_t *record, size_t bytes, uint32_t *random)
{
	/* Half of them in what all records have. */
	size_t most = suite_random(random) % 2 ? bytes : sizeof(struct cordon_header);
	size_t at = suite_random(random) % most;

	if (!costs_time(at))
		record[at] ^= (uint8_t)(1u << suite_random(random) % 8);
}

/* All rows but one of a hundred, one of a hundred twice, and up to @flips of them changed. */
static void harm(const struct cordon_evidence *from, struct cordon_evidence *to, uint32_t *random)
{
	_Alignas(8) uint8_t record[2048];
	size_t flips = 1 + suite_random(random) % FLIPS_MAX, i;
	size_t chosen[FLIPS_MAX];

	for (i = 0; i < flips; i++)
		chosen[i] = suite_random(random) % from->row_count;
	for (i = 0; i < from->row_count; i++) {
		const struct cordon_row *row = &from->row[i];
		size_t bytes = row->record->bytes;
		uint32_t luck = suite_random(random) % 1000;

		assert_true(bytes <= sizeof(record));
		memcpy(record, row->record, bytes);
		for (size_t j = 0; j < flips; j++)
			if (chosen[j] == i)
				flip(record, bytes, random);
		if (luck != 0)
			cordon_evidence_add(to, record, bytes, 0, row->id);
		if (luck == 1)
			cordon_evidence_add(to, record, bytes, luck % 2, row->id + 1000);
	}
}

static void add_boots(const struct cordon_evidence *from, struct cordon_evidence *to)
{
	for (size_t i = 0; i < from->ledger_count; i++)
		assert_int_equal(cordon_evidence_add_boot(to, &from->ledger[i].boot,
							  sizeof(from->ledger[i].boot)),
				 0);
}

static void what_is_harmed_is_the_same(void **state)
{
	struct scene *scene = *state;

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct cordon_evidence evidence = { 0 };
		uint32_t random = seed * 2654435761u;

		add_boots(&scene->made, &evidence);
		harm(&scene->made, &evidence, &random);
		/* Sometimes a volume that is not the first. */
		evidence.has_base = seed % 4 == 0;
		evidence.base = scene->made.ledger[0].id;
		evidence.base_epoch = seed % 13;
		assert_agreed(scene, &evidence, seed % 2);
		cordon_evidence_free(&evidence);
	}
}

/* Whoever has the keys of the moment makes tags that fit, but not numbers: @by is what is wrong. */
static void forge_number(struct scene *scene, bool first, int64_t by)
{
	struct model model = { .evidence = &scene->made };

	cordon_evidence_free(&scene->made);
	model_begin(&model, 3, scene->auditor.public);
	model_link(&model, NULL);
	model_record(&model, 1, NULL);
	model_record(&model, 1, NULL);
	model_epoch(&model);
	if (!first)
		model_record(&model, 1, NULL);
	model.cpu[1].sequence += (uint64_t)by;
	model_record(&model, 1, NULL);
	model_record(&model, 1, NULL);
	model_epoch(&model);
	assert_agreed(scene, &scene->made, false);
	assert_verdict(scene, by ? CORDON_LEDGER_ALTERED : CORDON_LEDGER_INTACT);
}

static void forged_numbers_are_the_same(void **state)
{
	for (int64_t by = -2; by <= 2; by++) {
		forge_number(*state, true, by);
		forge_number(*state, false, by);
	}
}

/* The first records of so many CPUs are lost: an epoch's record that fits into no lane. */
static void an_epoch_of_many_heads_is_the_same(void **state)
{
	struct scene *scene = *state;
	struct model model = { .evidence = &scene->made };
	size_t bytes = sizeof(struct cordon_epoch) + 200 * sizeof(struct cordon_chain_head);
	struct cordon_epoch *epoch = calloc(1, bytes);

	assert_non_null(epoch);
	assert_true(bytes > LANES_INPUT_MAX);
	cordon_evidence_free(&scene->made);
	model_begin(&model, 4, scene->auditor.public);
	model_link(&model, NULL);
	for (uint32_t i = 0; i < 200; i++) {
		struct cordon_chain chain = { 0 };

		cordon_chain_begin(&chain, i, 0, model.secret);
		if (i)
			cordon_chain_lose(&chain);
		else
			chain = model.cpu[0];
		epoch->head[epoch->heads].chain = i;
		epoch->head[epoch->heads].sequence = 1;
		memcpy(epoch->head[epoch->heads++].tag, chain.tag, sizeof(chain.tag));
	}
	model_seal(&model, &model.own, CORDON_CHAIN_EPOCHS, &epoch->header, (uint32_t)bytes,
		   CORDON_CLASS_EPOCH);
	assert_agreed(scene, &scene->made, false);
	assert_verdict(scene, CORDON_LEDGER_OVERFLOW);
	free(epoch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_of_any_length_are_libb2_s),
		cmocka_unit_test(a_lane_needs_no_others),
		cmocka_unit_test(an_input_that_is_too_long_is_refused),
		TEST(what_is_whole_is_the_same),
		TEST(what_is_harmed_is_the_same),
		TEST(forged_numbers_are_the_same),
		TEST(an_epoch_of_many_heads_is_the_same),
	};

	return cmocka_run_group_tests_name("ledger-lanes", tests, NULL, NULL);
}
