// SPDX-License-Identifier: GPL-2.0-only
/* Small things that read or count: gaps in sequences, mounts, points in time. */
#include "suite.h"

#include <time.h>

#include "gaps.h"
#include "mounts.h"
#include "since.h"

#define LATER (1 + CORDON_GAP_PATIENCE_NS)

static void records_in_order_leave_no_gap(void **state)
{
	struct cordon_gaps gaps;
	struct cordon_gap lost;
	uint64_t i;

	(void)state;
	cordon_gaps_init(&gaps, 1);
	for (i = 1; i < 100; i++)
		assert_int_equal(cordon_gaps_see(&gaps, i, 0, &lost), 0);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 0);
}

static void a_record_that_comes_late_is_not_lost(void **state)
{
	struct cordon_gaps gaps;
	struct cordon_gap lost;

	(void)state;
	cordon_gaps_init(&gaps, 1);
	cordon_gaps_see(&gaps, 2, 0, &lost);
	cordon_gaps_see(&gaps, 1, 0, &lost);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 0);
}

static void what_does_not_come_is_lost_once(void **state)
{
	struct cordon_gaps gaps;
	struct cordon_gap lost;

	(void)state;
	cordon_gaps_init(&gaps, 1);
	cordon_gaps_see(&gaps, 10, 0, &lost);
	cordon_gaps_see(&gaps, 5, 0, &lost);
	assert_int_equal(cordon_gaps_expire(&gaps, CORDON_GAP_PATIENCE_NS - 1, &lost), 0);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 1);
	assert_int_equal(lost.from, 1);
	assert_int_equal(lost.to, 4);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 1);
	assert_int_equal(lost.from, 6);
	assert_int_equal(lost.to, 9);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 0);
}

static void numbers_given_out_and_never_seen_are_lost(void **state)
{
	struct cordon_gaps gaps;
	struct cordon_gap lost;

	(void)state;
	cordon_gaps_init(&gaps, 1);
	cordon_gaps_see(&gaps, 1, 0, &lost);
	cordon_gaps_reach(&gaps, 1, 0);
	cordon_gaps_reach(&gaps, 9, 0);
	cordon_gaps_reach(&gaps, 9, 0);
	/* It was only on its way. */
	cordon_gaps_see(&gaps, 2, 0, &lost);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 1);
	assert_int_equal(lost.from, 3);
	assert_int_equal(lost.to, 9);
	assert_int_equal(cordon_gaps_expire(&gaps, LATER, &lost), 0);
}

static void every_number_is_seen_or_lost(void **state)
{
	static uint8_t accounted[100001];
	struct cordon_gaps gaps;
	struct cordon_gap lost;
	uint32_t seed = 7;
	uint64_t i, k, now = 0, sum = 0;

	(void)state;
	cordon_gaps_init(&gaps, 1);
	for (i = 1; i <= 100000; i += 4) {
		uint64_t order[4] = { i + 1, i, i + 3, i + 2 };

		for (k = 0; k < 4; k++) {
			if (suite_random(&seed) % 3 == 0 && i + 3 < 100000)
				continue;
			accounted[order[k]]++;
			if (cordon_gaps_see(&gaps, order[k], now++, &lost))
				for (; lost.from <= lost.to; lost.from++)
					accounted[lost.from]++;
		}
	}
	while (cordon_gaps_expire(&gaps, now + LATER, &lost))
		for (; lost.from <= lost.to; lost.from++)
			accounted[lost.from]++;
	for (i = 1; i <= 100000; i++)
		sum += accounted[i] == 1;
	assert_int_equal(sum, 100000);
}

static const char list[] = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
			   "23 22 0:21 / /proc rw - proc proc rw\n"
			   "24 22 8:2 / /srv\\040data rw shared:3 master:1 - xfs /dev/sda2 rw\n"
			   "25 22 8:2 /sub /mnt/sub rw - xfs /dev/sda2 rw\n"
			   "26 22 8:3 /home/a /bind rw - ext4 /dev/sda3 rw\n";

static void check_path(const struct cordon_mounts *mounts, uint32_t minor, const char *path,
		       const char *wanted)
{
	char *found = cordon_mounts_path(mounts, cordon_device_number(8, minor), path);

	if (wanted)
		assert_string_equal(found, wanted);
	else
		assert_null(found);
	free(found);
}

static void a_path_is_put_below_its_mount(void **state)
{
	struct cordon_mounts mounts;
	char text[sizeof(list)];

	(void)state;
	memcpy(text, list, sizeof(list));
	assert_int_equal(cordon_mounts_parse(text, &mounts), 0);
	assert_int_equal(mounts.count, 5);
	check_path(&mounts, 1, "/etc/passwd", "/etc/passwd");
	check_path(&mounts, 1, "/", "/");
	check_path(&mounts, 2, "/sub/x", "/srv data/sub/x");
	check_path(&mounts, 3, "/home/a/x", "/bind/x");
	check_path(&mounts, 3, "/home/ab", NULL);
	check_path(&mounts, 9, "/x", NULL);
	cordon_mounts_free(&mounts);
}

static void bad_mounts_are_refused(void **state)
{
	static const char *const bad[] = { "22\n", "22 1 8:1 / / rw\n", "22 1 8 / / rw - a b c\n",
					   "22 1 8:1 - ext4 x rw\n" };
	struct cordon_mounts mounts;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text, bad[i]);
		assert_int_not_equal(cordon_mounts_parse(text, &mounts), 0);
	}
}

static void points_in_time_are_read(void **state)
{
	static const char *const bad[] = { "",	  "10",		"m",	"10x",
					   "-1m", "2025-13-01", "10m ", "25:00" };
	uint64_t second = 1000000000ull, now = 1700000000 * second, since;
	size_t i;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(cordon_since_parse("10m", now, &since), 0);
	assert_int_equal(since, now - 600 * second);
	assert_int_equal(cordon_since_parse("2d", now, &since), 0);
	assert_int_equal(since, now - 172800 * second);
	assert_int_equal(cordon_since_parse("2023-11-14 22:13:20", now, &since), 0);
	assert_int_equal(since, now);
	assert_int_equal(cordon_since_parse("2023-11-14T22:13", now, &since), 0);
	assert_int_equal(since, now - 20 * second);
	assert_int_equal(cordon_since_parse("22:13:20", now, &since), 0);
	assert_int_equal(since, now);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(cordon_since_parse(bad[i], now, &since), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_in_order_leave_no_gap),
		cmocka_unit_test(a_record_that_comes_late_is_not_lost),
		cmocka_unit_test(what_does_not_come_is_lost_once),
		cmocka_unit_test(numbers_given_out_and_never_seen_are_lost),
		cmocka_unit_test(every_number_is_seen_or_lost),
		cmocka_unit_test(a_path_is_put_below_its_mount),
		cmocka_unit_test(bad_mounts_are_refused),
		cmocka_unit_test(points_in_time_are_read),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
