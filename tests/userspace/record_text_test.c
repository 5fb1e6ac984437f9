// SPDX-License-Identifier: GPL-2.0-only
#include "suite.h"

#include "control.h"
#include "escape.h"
#include "names.h"
#include "record_text.h"

static struct cordon_record whole_record(void)
{
	struct cordon_record r = {
		.abi = CORDON_ABI_VERSION,
		.bytes = sizeof(r),
		.sequence = 12,
		.boottime_ns = 7,
		.realtime_ns = 1700000000123456789ull,
		.count = 1,
		.policy_version = 3,
		.policy_digest = { 0xab, 1, 2, 3, 4, 5, 6, 7 },
		.rule = 5,
		.generation = 2,
		.verdict = CORDON_VERDICT_DENY,
		.reason = CORDON_REASON_READ_UP,
		.operation = CORDON_OPERATION_OPEN_READ,
		.mode = CORDON_MODE_ENFORCING,
		.flags = CORDON_RECORD_HAS_OBJECT | CORDON_RECORD_HAS_HOST |
			 CORDON_RECORD_HAS_TARGET,
		.pid = 412,
		.tid = 413,
		.parent = 1,
		.uid = 1000,
		.gid = 100,
		.login_uid = 1000,
		.session = 4,
		.subject_flags = CORDON_SUBJECT_TRUSTED,
		.start_ns = 99,
		.clearance = 1,
		.exe_device = 8u << 20 | 1,
		.exe_inode = 77,
		.comm = "curl",
		.exe = "/usr/bin/curl",
		.object_device = 8u << 20 | 2,
		.object_inode = 78,
		.object_label = 3,
		.path = "/arrow/plan b",
		.target_pid = 9,
		.port = 443,
		.protocol = 6,
		.family = 2,
		.host_known = 1,
	};

	r.address.bytes[10] = r.address.bytes[11] = 0xff;
	r.address.bytes[12] = 10;
	r.address.bytes[15] = 9;
	memset(r.boot, 0x5a, sizeof(r.boot));
	return r;
}

static char *line_of(const struct cordon_record_view *view)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	assert_int_equal(cordon_record_write(view, out), 0);
	fclose(out);
	return line;
}

static void line_has_every_field_in_order(void **state)
{
	struct cordon_record r = whole_record();
	struct cordon_record_view view = { .record = &r, .path = "/srv/arrow/plan b" };
	char *line = line_of(&view);

	(void)state;
	assert_string_equal(
		line,
		"2023-11-14T22:13:20.123456789Z deny read-up open-read sequence=12 "
		"boot=5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a boottime_ns=7 mode=enforcing count=1 "
		"rule=5 policy.version=3 policy.digest=ab01020304050607 policy.generation=2 "
		"subject.pid=412 subject.tid=413 subject.parent=1 subject.start_ns=99 "
		"subject.uid=1000 subject.gid=100 subject.login_uid=1000 subject.session=4 "
		"subject.comm=curl subject.exe=?/usr/bin/curl subject.exe_device=8:1 "
		"subject.exe_inode=77 subject.clearance=level-1 subject.taint=level-0 "
		"subject.flags=trusted subject.rule=? object.device=8:2 object.inode=78 "
		"object.path=\"/srv/arrow/plan b\" object.label=level-2 object.flags=- "
		"target.pid=9 target.clearance=level-0 target.taint=level-0 host.address=10.0.0.9 "
		"host.port=443 host.protocol=tcp host.direction=outbound host.family=inet "
		"host.clearance=level-0 host.net_namespace=?");
	free(line);
}

static void json_names_what_the_line_names(void **state)
{
	struct cordon_record r = whole_record();
	struct cordon_record_view view = { .record = &r };
	struct json_object *object = cordon_record_json(&view), *subject;

	(void)state;
	assert_string_equal(cordon_json_text(object, "verdict", ""), "deny");
	assert_int_equal(cordon_json_number(object, "sequence", 0), 12);
	assert_true(json_object_object_get_ex(object, "subject", &subject));
	assert_int_equal(cordon_json_number(subject, "pid", 0), 412);
	assert_string_equal(cordon_json_text(subject, "exe", ""), "?/usr/bin/curl");
	json_object_put(object);
}

static void what_is_not_known_is_a_question_mark(void **state)
{
	struct cordon_record r = { .reason = CORDON_REASON_NO_SUBJECT,
				   .login_uid = UINT32_MAX,
				   .session = UINT32_MAX };
	struct cordon_record_view view = { .record = &r };
	char *line = line_of(&view);

	(void)state;
	assert_non_null(strstr(line, "? allow no-subject none sequence=?"));
	assert_non_null(strstr(line, " subject.pid=? "));
	assert_non_null(strstr(line, " subject.clearance=? "));
	assert_non_null(strstr(line, " subject.login_uid=? subject.session=? "));
	assert_non_null(strstr(line, " subject.exe=? "));
	assert_null(strstr(line, "object."));
	assert_null(strstr(line, "host."));
	free(line);
}

static void unknown_numbers_stay_numbers(void **state)
{
	struct cordon_record r = whole_record();
	struct cordon_record_view view = { .record = &r };
	char *line;

	(void)state;
	r.verdict = 900;
	r.reason = 901;
	r.operation = 902;
	r.mode = 903;
	r.protocol = 200;
	r.family = 250;
	r.subject_flags = 0x80000000u | CORDON_SUBJECT_TRUSTED;
	line = line_of(&view);
	assert_non_null(strstr(line, "Z 900 901 902 "));
	assert_non_null(strstr(line, " mode=903 "));
	assert_non_null(strstr(line, " host.protocol=200 "));
	assert_non_null(strstr(line, " host.family=250 "));
	assert_non_null(strstr(line, " subject.flags=trusted,0x80000000 "));
	free(line);
}

static void a_cut_path_says_so(void **state)
{
	struct cordon_record r = whole_record();
	struct cordon_record_view view = { .record = &r };
	char *line;

	(void)state;
	r.flags |= CORDON_RECORD_PATH_CUT;
	memset(r.path, 'x', sizeof(r.path));
	line = line_of(&view);
	assert_non_null(strstr(line, " object.path=...xxx"));
	free(line);
}

static void names_of_files_cannot_look_like_fields(void **state)
{
	struct cordon_record r = whole_record();
	struct cordon_record_view view = { .record = &r };
	char *line;

	(void)state;
	strcpy(r.path, "/a\n2023 deny x\" uid=0 \\\033[2J\x9b\xe2\x80\xae\xc3\xa4\xff");
	line = line_of(&view);
	assert_non_null(strstr(line, " object.path=\"?/a\\x0a2023 deny x\\\" uid=0 \\\\\\x1b[2J"
				     "\\x9b\\xe2\\x80\\xae\xc3\xa4\\xff\" "));
	free(line);
}

static void any_bytes_make_one_printable_line(void **state)
{
	uint32_t seed = 1, round, i;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct cordon_record r;
		struct cordon_record_view view = { .record = &r };
		struct json_object *object;
		char *line;

		for (i = 0; i < sizeof(r); i++)
			((uint8_t *)&r)[i] = (uint8_t)suite_random(&seed);
		line = line_of(&view);
		for (i = 0; line[i]; i++)
			assert_true((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
		free(line);
		object = cordon_record_json(&view);
		assert_non_null(json_object_to_json_string(object));
		json_object_put(object);
	}
}

static void escape_keeps_every_byte_apart(void **state)
{
	char all[256], *text;
	int i;

	(void)state;
	for (i = 0; i < 256; i++)
		all[i] = (char)i;
	text = cordon_escape(all, sizeof(all));
	assert_int_equal(strlen(text), 2 * 2 + 93 + 4 * (256 - 95));
	free(text);
	/* Overlong, surrogate, beyond the last: not UTF-8. */
	text = cordon_escape("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 9);
	assert_string_equal(text, "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
	free(text);
	/* Cut in the middle. */
	text = cordon_escape("\xe2\x82", 2);
	assert_string_equal(text, "\\xe2\\x82");
	free(text);
}

static void addresses_are_read_as_they_are_written(void **state)
{
	static const char *const texts[] = { "10.0.0.9", "::1", "2001:db8::7", "127.0.0.1" };
	char text[CORDON_ADDRESS_TEXT_BYTES];
	struct cordon_address address;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(cordon_address_parse(texts[i], &address), 0);
		cordon_address_text(&address, text);
		assert_string_equal(text, texts[i]);
	}
	assert_int_not_equal(cordon_address_parse("10.0.0", &address), 0);
}

static void names_and_numbers_agree(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < CORDON_VERDICT_COUNT; i++)
		assert_int_equal(cordon_verdict_number(cordon_verdict_name(i)), i);
	for (i = 0; i < CORDON_REASON_COUNT; i++)
		assert_int_equal(cordon_reason_number(cordon_reason_name(i)), i);
	assert_null(cordon_reason_name(CORDON_REASON_COUNT));
	assert_int_equal(cordon_mode_number("enforcing"), CORDON_MODE_ENFORCING);
	assert_int_equal(cordon_mode_number("Enforcing"), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_every_field_in_order),
		cmocka_unit_test(json_names_what_the_line_names),
		cmocka_unit_test(what_is_not_known_is_a_question_mark),
		cmocka_unit_test(unknown_numbers_stay_numbers),
		cmocka_unit_test(a_cut_path_says_so),
		cmocka_unit_test(names_of_files_cannot_look_like_fields),
		cmocka_unit_test(any_bytes_make_one_printable_line),
		cmocka_unit_test(escape_keeps_every_byte_apart),
		cmocka_unit_test(addresses_are_read_as_they_are_written),
		cmocka_unit_test(names_and_numbers_agree),
	};

	return cmocka_run_group_tests_name("record_text", tests, NULL, NULL);
}
