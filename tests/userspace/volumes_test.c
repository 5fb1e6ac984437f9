// SPDX-License-Identifier: GPL-2.0-only
/* The store in volumes: rotation, looking over all of them, retention, the interrupted rotation. */
#include "suite.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "retention.h"
#include "volumes.h"

static const __u64 boot[2] = { 0x1111, 0x2222 };

struct place {
	char folder[64], file[96];
	struct cordon_store *store;
};

static void open_store(struct place *place)
{
	struct cordon_failure failure;

	assert_int_equal(cordon_store_open(place->file, true, &place->store, &failure), 0);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/cordon-volumes-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/records.db", place->folder);
	open_store(place);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	cordon_store_close(&place->store);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void add(struct place *place, uint64_t sequence)
{
	struct cordon_record r = {
		.abi = CORDON_ABI_VERSION,
		.bytes = sizeof(r),
		.sequence = sequence,
		.boottime_ns = sequence * 10,
		.realtime_ns = sequence * 1000000000ull,
		.pid = 1,
	};

	memcpy(r.boot, boot, sizeof(r.boot));
	assert_int_equal(cordon_store_add(place->store, &r, NULL, NULL), 0);
}

static void rotate(struct place *place)
{
	struct cordon_failure failure;

	if (cordon_store_rotate(place->store, boot, &failure))
		fail_msg("%s", failure.text);
}

struct seen {
	unsigned int count;
	uint64_t sequence[64];
	int64_t id[64];
};

static int note(void *context, const struct cordon_stored *stored)
{
	struct seen *seen = context;

	seen->id[seen->count % 64] = stored->id;
	seen->sequence[seen->count++ % 64] = stored->record.sequence;
	return 0;
}

static struct seen query(struct cordon_store *reader, int64_t after, unsigned int limit,
			 int64_t *last)
{
	struct cordon_filter filter = CORDON_FILTER_ALL;
	struct seen seen = { 0 };

	assert_int_equal(cordon_store_query(reader, &filter, after, limit, note, &seen, last), 0);
	return seen;
}

static size_t count_volumes(struct place *place)
{
	struct cordon_volumes volumes = { 0 };
	size_t count;

	assert_int_equal(cordon_volumes_list(place->file, &volumes), 0);
	count = volumes.count;
	cordon_volumes_free(&volumes);
	return count;
}

static void a_reader_sees_all_volumes_as_one(void **state)
{
	struct place *place = *state;
	struct cordon_store *reader = NULL;
	struct cordon_failure failure;
	struct seen seen;
	int64_t last = 0;
	uint64_t i;

	assert_int_equal(cordon_store_open(place->file, false, &reader, &failure), 0);
	for (i = 1; i <= 12; i++) {
		add(place, i);
		if (i % 4 == 0)
			rotate(place);
	}
	assert_int_equal(count_volumes(place), 3);
	seen = query(reader, 0, 64, &last);
	assert_int_equal(seen.count, 12);
	for (i = 0; i < 12; i++) {
		assert_int_equal(seen.sequence[i], i + 1);
		assert_int_equal(seen.id[i], i + 1);
	}
	assert_int_equal(last, 12);
	/* A piece that ends in the middle of a volume, and the next one. */
	assert_int_equal(query(reader, 0, 6, &last).count, 6);
	assert_int_equal(query(reader, last, 64, &last).sequence[0], 7);
	/* Who follows goes on in the volume that was begun meanwhile. */
	add(place, 13);
	assert_int_equal(query(reader, last, 64, &last).sequence[0], 13);
	cordon_store_close(&reader);
}

static void a_volume_reads_alone(void **state)
{
	struct place *place = *state;
	struct cordon_store *reader = NULL;
	struct cordon_failure failure;
	char file[128];
	int64_t last;

	add(place, 1);
	rotate(place);
	add(place, 2);
	snprintf(file, sizeof(file), "%s/records-000001.db", place->folder);
	assert_int_equal(cordon_store_open(file, false, &reader, &failure), 0);
	assert_int_equal(query(reader, 0, 64, &last).count, 1);
	cordon_store_close(&reader);
}

static void counts_go_on_in_the_next_volume(void **state)
{
	struct place *place = *state;
	uint64_t number;

	add(place, 1);
	add(place, 5);
	assert_int_equal(cordon_store_add_loss(place->store, boot, 2, 4, 1), 0);
	rotate(place);
	assert_int_equal(cordon_store_next_sequence(place->store, boot, &number), 0);
	assert_int_equal(number, 6);
	assert_int_equal(cordon_store_lost(place->store, boot, &number), 0);
	assert_int_equal(number, 3);
	cordon_store_close(&place->store);
	open_store(place);
	assert_int_equal(cordon_store_lost(place->store, boot, &number), 0);
	assert_int_equal(number, 3);
}

static void a_rotation_that_was_killed_is_undone_or_done(void **state)
{
	struct place *place = *state;
	struct cordon_store *reader = NULL;
	struct cordon_failure failure;
	char unfinished[128];
	int64_t last;
	FILE *file;

	add(place, 1);
	cordon_store_close(&place->store);
	/* Killed after the next volume was begun, before the name moved on. */
	snprintf(unfinished, sizeof(unfinished), "%s/records-000002.db", place->folder);
	file = fopen(unfinished, "w");
	fputs("half a volume", file);
	fclose(file);
	open_store(place);
	assert_int_not_equal(access(unfinished, F_OK), 0);
	add(place, 2);
	rotate(place);
	cordon_store_close(&place->store);
	/* The link was lost: the newest volume is the one to go on with. */
	assert_int_equal(unlink(place->file), 0);
	open_store(place);
	add(place, 3);
	assert_int_equal(cordon_store_open(place->file, false, &reader, &failure), 0);
	assert_int_equal(query(reader, 0, 64, &last).count, 3);
	cordon_store_close(&reader);
}

static void a_store_from_before_volumes_becomes_one(void **state)
{
	struct place *place = *state;
	struct cordon_store *reader = NULL;
	struct cordon_failure failure;
	struct stat status;
	char volume[128];
	int64_t last;

	add(place, 1);
	cordon_store_close(&place->store);
	snprintf(volume, sizeof(volume), "%s/records-000001.db", place->folder);
	assert_int_equal(rename(volume, place->file), 0);
	open_store(place);
	assert_int_equal(lstat(place->file, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	add(place, 2);
	assert_int_equal(cordon_store_open(place->file, false, &reader, &failure), 0);
	assert_int_equal(query(reader, 0, 64, &last).count, 2);
	cordon_store_close(&reader);
}

static void fullness_is_by_size_and_by_age(void **state)
{
	struct place *place = *state;
	struct cordon_store_limits limits = CORDON_STORE_LIMITS_DEFAULT;

	limits.volume_bytes = 4096;
	/* An empty volume is never ended. */
	assert_false(cordon_store_is_full(place->store, &limits));
	add(place, 1);
	assert_true(cordon_store_is_full(place->store, &limits));
	limits.volume_bytes = 1ull << 40;
	assert_false(cordon_store_is_full(place->store, &limits));
	limits.volume_age_s = 0;
	sqlite3 *database;

	assert_int_equal(sqlite3_open(place->file, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "UPDATE volume SET began = began - 100", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	sqlite3_close(database);
	assert_true(cordon_store_is_full(place->store, &limits));
}

/* What the controller does when that has been recorded. */
static bool retain(struct place *place, const struct cordon_store_limits *limits, uint64_t now_s)
{
	struct cordon_removal removal;
	bool due;

	assert_int_equal(cordon_retention_due(place->store, limits, now_s, &removal), 0);
	due = removal.file;
	if (due)
		cordon_volume_remove(removal.file);
	cordon_removal_free(&removal);
	return due;
}

static void retention_keeps_the_floor(void **state)
{
	struct place *place = *state;
	struct cordon_store_limits limits = { .total_bytes = 1, .keep_days = 2 };
	uint64_t day = 24 * 60 * 60;

	add(place, 1); /* one second after 1970 began */
	rotate(place);
	add(place, 1 * day);
	rotate(place);
	add(place, 9 * day);
	assert_int_equal(count_volumes(place), 2);
	assert_false(retain(place, &limits, 2 * day));
	assert_true(retain(place, &limits, 2 * day + 2));
	assert_int_equal(count_volumes(place), 1);
	assert_false(retain(place, &limits, 2 * day + 2));
	/* The one that is written is never removed, however old. */
	assert_true(retain(place, &limits, 100 * day));
	assert_false(retain(place, &limits, 100 * day));
	assert_int_equal(access(place->file, F_OK), 0);
}

static void without_a_total_nothing_is_removed(void **state)
{
	struct place *place = *state;
	struct cordon_store_limits limits = CORDON_STORE_LIMITS_DEFAULT;

	add(place, 1);
	rotate(place);
	assert_false(retain(place, &limits, UINT32_MAX));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_reader_sees_all_volumes_as_one),
		TEST(a_volume_reads_alone),
		TEST(counts_go_on_in_the_next_volume),
		TEST(a_rotation_that_was_killed_is_undone_or_done),
		TEST(a_store_from_before_volumes_becomes_one),
		TEST(fullness_is_by_size_and_by_age),
		TEST(retention_keeps_the_floor),
		TEST(without_a_total_nothing_is_removed),
	};

	return cmocka_run_group_tests_name("volumes", tests, NULL, NULL);
}
