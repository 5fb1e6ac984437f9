// SPDX-License-Identifier: GPL-2.0-only
/* The report's judgement: what counts as evidence, as a leak, as an explanation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "story.h"

#define STEPS                                                   \
	"# a comment\n"                                         \
	"6a\tT1005\talice\tattack\tfile:plan\tplan.txt\tcopy\n" \
	"8b\tT1048\tbob\tattack\tlow:plan\t192.0.2.10\tsend\n"  \
	"14b\tT1485\talice\tattack\tgoal\tshred\tshred\n"       \
	"H1\t-\tbob\thonest\tgoal\t-\twork\n"
#define TIMES                                              \
	"setup 1767323040000000000 0 0\n"                  \
	"6a 1767323041000000000 %d 1767323042000000000\n"  \
	"8b 1767323043000000000 %d 1767323044000000000\n"  \
	"14b 1767323045000000000 %d 1767323046000000000\n" \
	"H1 1767323047000000000 %d 1767323048000000000\n"
#define ALL_HITS "6a\tfile\tplan\twhole\tplain\t/tmp/x\n8b\tlow\tplan\twhole\tplain\ttcp 80\n"
#define RECORD(time, verdict, operation, comm, start, boot, rest)                                  \
	"{\"time\":\"2026-01-02T03:04:" time "Z\",\"boottime_ns\":" boot ",\"verdict\":\"" verdict \
	"\",\"reason\":\"read-up\",\"operation\":\"" operation "\",\"subject\":{\"comm\":\"" comm  \
	"\",\"start_ns\":" start "}" rest "}\n"
#define PLAN ",\"object\":{\"path\":\"/srv/plan.txt\"}"
#define LOW  ",\"host\":{\"address\":\"192.0.2.10\",\"port\":80,\"protocol\":\"tcp\"}"
#define ALL_RECORDS                                                            \
	RECORD("01.500000000", "deny", "open-read", "cp", "900", "1000", PLAN) \
	RECORD("03.500000000", "deny", "connect", "curl", "900", "1000", LOW)  \
	RECORD("05.500000000", "deny", "open-write", "shred", "900", "1000", "")

static char folder[] = "/tmp/cordon-story-XXXXXX";
static struct story story;

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int make_folders(void **state)
{
	static const char *const names[] = { "off", "off/files", "on", "on/files" };

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mkdir(path_of(names[i]), 0700))
			return -1;
	return 0;
}

static int remove_folders(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

/* A story where all is as it should be, but for what the caller says of the run with Cordon. */
static void load(const char *off_hits, const char *on_hits, int on_status, const char *records)
{
	char times[512];

	memset(&story, 0, sizeof(story));
	put("steps", STEPS);
	snprintf(times, sizeof(times), TIMES, 0, 0, 0, 0);
	put("off/files/steps.txt", times);
	snprintf(times, sizeof(times), TIMES, 1, 1, on_status, 0);
	put("on/files/steps.txt", times);
	put("off/hits.txt", off_hits);
	put("on/hits.txt", on_hits);
	put("records", records);
	assert_int_equal(story_load(&story, path_of("steps")), 0);
	assert_int_equal(story_load_outcomes(&story, path_of("off"), false), 0);
	assert_int_equal(story_load_outcomes(&story, path_of("on"), true), 0);
	assert_int_equal(story_load_records(&story, path_of("records")), 0);
}

static void all_is_well(void **state)
{
	(void)state;
	load(ALL_HITS, "", 1, ALL_RECORDS);
	for (size_t i = 0; i < story.count; i++)
		assert_null(step_fault(&story.step[i]));
	assert_true(step_is_blocked(&story.step[0]));
	assert_false(step_is_blocked(&story.step[3]));
	assert_string_equal(story.step[1].record,
			    "deny read-up connect curl 192.0.2.10:80/tcp taint=");
}

static void an_attack_that_fails_without_cordon_is_no_evidence(void **state)
{
	(void)state;
	load("8b\tlow\tplan\twhole\tplain\ttcp 80\n6a\tfile\tplan\tpart\tplain\t/tmp/x\n", "", 1,
	     ALL_RECORDS);
	assert_string_equal(step_fault(&story.step[0]), "fails even without Cordon: no evidence");
}

static void a_part_is_a_leak_with_cordon_wherever_it_is(void **state)
{
	(void)state;
	load(ALL_HITS, "6a\tunk\tradar\tpart\thex\tudp 53\n", 1, ALL_RECORDS);
	assert_true(step_has_leaked(&story.step[0]));
	assert_string_equal(step_fault(&story.step[0]), "leaks with Cordon");
}

static void honest_places_and_the_beacon_are_no_leak(void **state)
{
	(void)state;
	load(ALL_HITS,
	     "H1\thi\tplan\twhole\tplain\ttcp 80\nsetup\tfile\tbeacon\twhole\tplain\t/home/x\n", 1,
	     ALL_RECORDS);
	assert_false(step_has_leaked(&story.step[3]));
	assert_int_equal(story.astray, 0);
}

static void a_leak_outside_the_steps_counts(void **state)
{
	(void)state;
	load(ALL_HITS, "setup\tlow\tplan\tpart\tplain\ttcp 80\n", 1, ALL_RECORDS);
	assert_int_equal(story.astray, 1);
}

static void a_destroyed_file_is_a_leak(void **state)
{
	(void)state;
	load(ALL_HITS, "", 0, ALL_RECORDS);
	assert_string_equal(step_fault(&story.step[2]), "leaks with Cordon");
}

static void only_a_refusal_in_the_step_explains_it(void **state)
{
	static const char *const useless[] = {
		"",
		RECORD("01.500000000", "allow", "open-read", "cp", "900", "1000", PLAN),
		RECORD("02.500000000", "deny", "open-read", "cp", "900", "1000", PLAN),
		/* A process that was there three seconds before. */
		RECORD("01.500000000", "deny", "open-read", "cp", "1", "3000000001", PLAN),
		RECORD("01.500000000", "deny", "open-read", "cp", "900", "1000", LOW),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
		load(ALL_HITS, "", 1, useless[i]);
		assert_string_equal(step_fault(&story.step[0]), "no record explains it");
	}
}

static void what_was_refused_first_explains_it_but_not_a_packet(void **state)
{
	(void)state;
	load(ALL_HITS, "", 1,
	     RECORD("03.100000000", "deny", "packet", "bash", "900", "1000", LOW)
		     RECORD("03.200000000", "deny", "send", "curl", "900", "1000", LOW)
			     RECORD("03.300000000", "deny", "connect", "nc", "900", "1000", LOW));
	assert_non_null(strstr(story.step[1].record, "send curl"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(an_attack_that_fails_without_cordon_is_no_evidence),
		cmocka_unit_test(a_part_is_a_leak_with_cordon_wherever_it_is),
		cmocka_unit_test(honest_places_and_the_beacon_are_no_leak),
		cmocka_unit_test(a_leak_outside_the_steps_counts),
		cmocka_unit_test(a_destroyed_file_is_a_leak),
		cmocka_unit_test(only_a_refusal_in_the_step_explains_it),
		cmocka_unit_test(what_was_refused_first_explains_it_but_not_a_packet),
	};

	return cmocka_run_group_tests_name("demo-story", tests, make_folders, remove_folders);
}
