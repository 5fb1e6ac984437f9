// SPDX-License-Identifier: GPL-2.0-only
#include "suite.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

static const __u64 boot[2] = { 0x1111, 0x2222 };

struct place {
	char folder[64], file[96];
	struct cordon_store *store;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct cordon_failure failure;

	strcpy(place->folder, "/tmp/cordon-store-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/records.db", place->folder);
	assert_int_equal(cordon_store_open(place->file, true, &place->store, &failure), 0);
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

static struct cordon_record record_of(uint64_t sequence)
{
	struct cordon_record r = {
		.abi = CORDON_ABI_VERSION,
		.bytes = sizeof(r),
		.sequence = sequence,
		.boottime_ns = sequence * 10,
		.realtime_ns = sequence * 1000,
		.verdict = sequence & 1 ? CORDON_VERDICT_DENY : CORDON_VERDICT_ALLOW,
		.pid = 100 + (uint32_t)(sequence % 3),
	};

	memcpy(r.boot, boot, sizeof(r.boot));
	return r;
}

static void add(struct cordon_store *store, uint64_t sequence, const char *exe, const char *path)
{
	struct cordon_record r = record_of(sequence);

	assert_int_equal(cordon_store_add(store, &r, exe, path), 0);
}

struct seen {
	unsigned int count;
	uint64_t sequence[64];
};

static int note(void *context, const struct cordon_stored *stored)
{
	struct seen *seen = context;

	seen->sequence[seen->count++ % 64] = stored->record.sequence;
	return 0;
}

static struct seen query(struct cordon_store *store, struct cordon_filter filter)
{
	struct seen seen = { 0 };
	int64_t last;

	assert_int_equal(cordon_store_query(store, &filter, 0, 64, note, &seen, &last), 0);
	return seen;
}

static void what_is_stored_comes_back(void **state)
{
	struct place *place = *state;
	struct seen seen;

	add(place->store, 1, "/usr/bin/curl", "/srv/a");
	add(place->store, 2, NULL, NULL);
	seen = query(place->store, CORDON_FILTER_ALL);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.sequence[0], 1);
	assert_int_equal(seen.sequence[1], 2);
}

static void the_file_is_for_root_alone(void **state)
{
	struct place *place = *state;
	struct stat status;

	assert_int_equal(stat(place->file, &status), 0);
	assert_int_equal(status.st_mode & 077, 0);
}

static void the_same_record_is_stored_once(void **state)
{
	struct place *place = *state;
	struct cordon_record r = record_of(5);

	add(place->store, 5, NULL, NULL);
	add(place->store, 5, NULL, NULL);
	assert_int_equal(query(place->store, CORDON_FILTER_ALL).count, 1);
	/* Another record with the same number is not the same record. */
	r.boottime_ns++;
	assert_int_equal(cordon_store_add(place->store, &r, NULL, NULL), 0);
	assert_int_equal(query(place->store, CORDON_FILTER_ALL).count, 2);
}

static void each_filter_filters(void **state)
{
	struct place *place = *state;
	struct cordon_filter filter = CORDON_FILTER_ALL;
	struct cordon_record r = record_of(9);

	add(place->store, 1, "/usr/bin/curl", "/srv/arrow/plan");
	add(place->store, 2, "/usr/bin/tar", "/srv/arrow");
	add(place->store, 3, NULL, "/srv/arrows");
	r.flags = CORDON_RECORD_HAS_HOST;
	r.address.bytes[15] = 7;
	assert_int_equal(cordon_store_add(place->store, &r, NULL, NULL), 0);
	filter.verdict = CORDON_VERDICT_ALLOW;
	assert_int_equal(query(place->store, filter).sequence[0], 2);
	filter = CORDON_FILTER_ALL;
	filter.pid = 102;
	assert_int_equal(query(place->store, filter).count, 1);
	filter = CORDON_FILTER_ALL;
	filter.exe = "/usr/bin/curl";
	assert_int_equal(query(place->store, filter).count, 1);
	filter = CORDON_FILTER_ALL;
	filter.path = "/srv/arrow";
	assert_int_equal(query(place->store, filter).count, 2);
	filter.path = "";
	assert_int_equal(query(place->store, filter).count, 3);
	filter = CORDON_FILTER_ALL;
	filter.since_ns = 3000;
	assert_int_equal(query(place->store, filter).count, 2);
	filter = CORDON_FILTER_ALL;
	filter.by_host = true;
	filter.host = r.address;
	assert_int_equal(query(place->store, filter).sequence[0], 9);
}

static void a_query_goes_on_where_it_ended(void **state)
{
	struct place *place = *state;
	struct cordon_filter filter = CORDON_FILTER_ALL;
	struct seen seen = { 0 };
	int64_t at = 0;
	uint64_t i;

	for (i = 1; i <= 10; i++)
		add(place->store, i, NULL, NULL);
	for (i = 0; i < 5; i++)
		assert_int_equal(cordon_store_query(place->store, &filter, at, 3, note, &seen, &at),
				 0);
	assert_int_equal(seen.count, 10);
	assert_int_equal(cordon_store_tail(place->store, &filter, 4, &at), 0);
	seen.count = 0;
	assert_int_equal(cordon_store_query(place->store, &filter, at, 64, note, &seen, &at), 0);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.sequence[0], 7);
}

struct gap_list {
	unsigned int count;
	uint64_t from[8], to[8];
};

static void note_gap(void *context, uint64_t from, uint64_t to)
{
	struct gap_list *list = context;

	list->from[list->count] = from;
	list->to[list->count++] = to;
}

static void what_is_missing_is_known(void **state)
{
	struct place *place = *state;
	struct gap_list list = { 0 };
	uint64_t number;

	assert_int_equal(cordon_store_next_sequence(place->store, boot, &number), 0);
	assert_int_equal(number, 1);
	add(place->store, 1, NULL, NULL);
	add(place->store, 4, NULL, NULL);
	add(place->store, 8, NULL, NULL);
	assert_int_equal(cordon_store_add_loss(place->store, boot, 5, 7, 1), 0);
	assert_int_equal(cordon_store_gaps(place->store, boot, note_gap, &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.from[0], 2);
	assert_int_equal(list.to[0], 3);
	assert_int_equal(cordon_store_lost(place->store, boot, &number), 0);
	assert_int_equal(number, 3);
	assert_int_equal(cordon_store_next_sequence(place->store, boot, &number), 0);
	assert_int_equal(number, 9);
}

static void what_is_not_committed_is_not_there(void **state)
{
	struct place *place = *state;
	struct cordon_failure failure;

	assert_int_equal(cordon_store_begin(place->store), 0);
	add(place->store, 1, NULL, NULL);
	/* As a crash does: closed without a commit. */
	cordon_store_close(&place->store);
	assert_int_equal(cordon_store_open(place->file, true, &place->store, &failure), 0);
	assert_int_equal(query(place->store, CORDON_FILTER_ALL).count, 0);
}

static void images_are_found_by_the_digest_s_beginning(void **state)
{
	struct place *place = *state;
	struct cordon_image image = { .name = "trial" };
	void *found;
	size_t bytes;

	memset(image.policy.digest, 7, sizeof(image.policy.digest));
	assert_int_equal(cordon_store_add_policy(place->store, &image, sizeof(image)), 0);
	assert_int_equal(cordon_store_add_policy(place->store, &image, sizeof(image)), 0);
	assert_int_equal(cordon_store_policy(place->store, image.policy.digest, &found, &bytes), 0);
	assert_int_equal(bytes, sizeof(image));
	assert_memory_equal(found, &image, bytes);
	free(found);
	image.policy.digest[0] = 8;
	assert_int_equal(cordon_store_policy(place->store, image.policy.digest, &found, &bytes),
			 -ENOENT);
}

static void a_reader_reads_a_copy(void **state)
{
	struct place *place = *state;
	struct cordon_store *reader = NULL;
	struct cordon_failure failure;
	struct cordon_record r = record_of(2);

	add(place->store, 1, NULL, NULL);
	cordon_store_close(&place->store);
	assert_int_equal(chmod(place->file, 0400), 0);
	assert_int_equal(cordon_store_open(place->file, false, &reader, &failure), 0);
	assert_int_equal(query(reader, CORDON_FILTER_ALL).count, 1);
	assert_int_not_equal(cordon_store_add(reader, &r, NULL, NULL), 0);
	cordon_store_close(&reader);
}

static void what_is_no_store_is_refused(void **state)
{
	struct place *place = *state;
	struct cordon_store *store = NULL;
	struct cordon_failure failure;
	sqlite3 *database;
	FILE *file;

	cordon_store_close(&place->store);
	unlink(place->file);
	assert_int_equal(cordon_store_open(place->file, false, &store, &failure), -ENOENT);
	file = fopen(place->file, "w");
	fputs("no database, and long enough to be looked at as one: ............", file);
	fclose(file);
	assert_int_not_equal(cordon_store_open(place->file, true, &store, &failure), 0);
	assert_null(store);
	unlink(place->file);
	sqlite3_open(place->file, &database);
	sqlite3_exec(database, "PRAGMA user_version = 77; CREATE TABLE a (b)", NULL, NULL, NULL);
	sqlite3_close(database);
	assert_int_equal(cordon_store_open(place->file, true, &store, &failure), -EPROTO);
	assert_non_null(strstr(failure.text, "77"));
}

static void a_short_record_ends_the_query(void **state)
{
	struct place *place = *state;
	struct cordon_filter filter = CORDON_FILTER_ALL;
	struct seen seen = { 0 };
	sqlite3 *database;
	int64_t last;

	add(place->store, 1, NULL, NULL);
	sqlite3_open(place->file, &database);
	assert_int_equal(sqlite3_exec(database, "UPDATE records SET record = x'0102'", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(cordon_store_query(place->store, &filter, 0, 64, note, &seen, &last),
			 -EBADMSG);
	assert_int_equal(seen.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_stored_comes_back),
		TEST(the_file_is_for_root_alone),
		TEST(the_same_record_is_stored_once),
		TEST(each_filter_filters),
		TEST(a_query_goes_on_where_it_ended),
		TEST(what_is_missing_is_known),
		TEST(what_is_not_committed_is_not_there),
		TEST(images_are_found_by_the_digest_s_beginning),
		TEST(a_reader_reads_a_copy),
		TEST(what_is_no_store_is_refused),
		TEST(a_short_record_ends_the_query),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
