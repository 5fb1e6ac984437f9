// SPDX-License-Identifier: GPL-2.0-only
/*
 * Positive controls of the scanner: every form that it promises to find is
 * planted and found, and nothing is found where there is nothing. A demo whose
 * scanner is blind would report "no leak".
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "capture.h"
#include "needle.h"

#define DIGITS "d1c2b3a49586778869504132231405f6e7c8b9aa1b2c3d4e5f60718293a4b5c6"
#define OTHER  "00112233445566778899aabbccddeeffa0b1c2d3e4f5061728394a5b6c7d8e9f"
#define TEXT   "PLAN secret radar " DIGITS "\n"
#define NOISE  "a line of text before it, of some length, as there is in mail\n"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static struct needles *needles;

static int setup(void **state)
{
	char text[] = "plan " DIGITS "\nradar " OTHER "\n";
	FILE *file = fmemopen(text, strlen(text), "r");

	(void)state;
	needles = needles_load(file);
	fclose(file);
	return needles ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	needles_free(needles);
	return 0;
}

/* The best of all forms of a canary: 2 whole, 1 part, 0 nothing. */
static int found(const struct hits *hits, const char *canary)
{
	int best = 0;

	for (size_t i = 0; i < needles->count; i++) {
		int this = hits->longest[i] == needles->needle[i].length ? 2 : !!hits->longest[i];

		if (!strcmp(needles->needle[i].canary, canary) && this > best)
			best = this;
	}
	return best;
}

static void assert_found(const void *bytes, size_t length)
{
	struct hits hits = { 0 };

	haystack_search(needles, bytes, length, &hits);
	assert_int_equal(found(&hits, "plan"), 2);
	assert_int_equal(found(&hits, "radar"), 0);
}

static size_t base64(const uint8_t *bytes, size_t length, size_t fold, char *text)
{
	size_t count = 0, column = 0;

	for (size_t i = 0; i < length; i += 3) {
		uint32_t group = bytes[i] << 16 | (i + 1 < length ? bytes[i + 1] << 8 : 0) |
				 (i + 2 < length ? bytes[i + 2] : 0);

		for (int shift = 18; shift >= 0; shift -= 6) {
			text[count++] = BASE64[group >> shift & 63];
			if (fold && ++column % fold == 0)
				text[count++] = '\n';
		}
	}
	return count;
}

static size_t hex(const uint8_t *bytes, size_t length, const char *format, size_t fold, char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		count += sprintf(text + count, format, bytes[i]);
		if (fold && (i + 1) % fold == 0)
			text[count++] = '\n';
	}
	return count;
}

static size_t deflated(const void *bytes, size_t length, int window_bits, uint8_t *out, size_t room)
{
	z_stream stream = { .next_in = (uint8_t *)bytes, .avail_in = length };

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, 0), Z_OK);
	stream.next_out = out;
	stream.avail_out = room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static void plain_is_found_at_every_offset(void **state)
{
	char text[256];

	(void)state;
	for (int before = 0; before < 17; before++)
		assert_found(text, sprintf(text, "%.*s%s", before, NOISE, TEXT));
}

static void upper_case_and_raw_bytes_are_found(void **state)
{
	char text[] = TEXT;
	uint8_t raw[CANARY_BYTES];

	(void)state;
	for (size_t i = 0; i < strlen(text); i++)
		text[i] = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
	assert_found(text, strlen(text));
	for (size_t i = 0; i < CANARY_BYTES; i++)
		assert_int_equal(sscanf(DIGITS + 2 * i, "%2hhx", &raw[i]), 1);
	assert_found(raw, sizeof(raw));
}

static void base64_is_found_in_all_alignments_folded_or_not(void **state)
{
	char text[512], once[512];

	(void)state;
	for (int before = 0; before < 6; before++) {
		int length = sprintf(once, "%.*s%s", before, NOISE, TEXT);

		for (size_t fold = 0; fold <= 76; fold += 76)
			assert_found(text, base64((uint8_t *)once, length, fold, text));
	}
}

static void base64_twice_is_found(void **state)
{
	char once[512], twice[1024];
	size_t length = base64((uint8_t *)TEXT, strlen(TEXT), 64, once);

	(void)state;
	assert_found(twice, base64((uint8_t *)once, length, 76, twice));
}

static void hex_is_found_in_both_cases_folded_or_not(void **state)
{
	char text[512];

	(void)state;
	for (size_t fold = 0; fold <= 30; fold += 30) {
		assert_found(text, hex((uint8_t *)TEXT, strlen(TEXT), "%02x", fold, text));
		assert_found(text, hex((uint8_t *)TEXT, strlen(TEXT), "%02X", fold, text));
	}
}

static void reversed_forms_are_found(void **state)
{
	char forms[3][512], turned[512];
	size_t length[3] = { sprintf(forms[0], "%s", TEXT),
			     base64((uint8_t *)TEXT, strlen(TEXT), 0, forms[1]),
			     hex((uint8_t *)TEXT, strlen(TEXT), "%02x", 0, forms[2]) };

	(void)state;
	for (int form = 0; form < 3; form++) {
		for (size_t i = 0; i < length[form]; i++)
			turned[i] = forms[form][length[form] - 1 - i];
		assert_found(turned, length[form]);
	}
}

static void compressed_streams_are_found_inside_other_bytes(void **state)
{
	static const int kinds[] = { 31, 15 }; /* gzip, zlib */
	uint8_t bytes[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t before = sprintf((char *)bytes, "%s", NOISE);
		size_t length = deflated(NOISE NOISE TEXT, strlen(NOISE NOISE TEXT), kinds[i],
					 bytes + before, 1024);

		assert_found(bytes, before + length);
	}
}

static void zip_entries_are_found(void **state)
{
	uint8_t bytes[1024] = { 'P', 'K', 3, 4, [8] = 8, [26] = 8, [30] = 'p', 'l', 'a', 'n' };

	(void)state;
	assert_found(bytes, 38 + deflated(TEXT, strlen(TEXT), -15, bytes + 38, 512));
}

static void gzip_in_base64_and_in_hex_is_found(void **state)
{
	uint8_t packed[512];
	char text[2048];
	size_t length = deflated(TEXT, strlen(TEXT), 31, packed, sizeof(packed));

	(void)state;
	assert_found(text, base64(packed, length, 76, text));
	assert_found(text, hex(packed, length, "%02x", 30, text));
}

static void a_part_is_a_part(void **state)
{
	struct hits hits = { 0 };

	(void)state;
	haystack_search(needles, (uint8_t *)TEXT + 18 + 7, 40, &hits);
	assert_int_equal(found(&hits, "plan"), 1);
}

static void nothing_is_found_in_noise(void **state)
{
	static uint8_t noise[1 << 20];
	struct hits hits = { 0 };
	uint64_t x = 88172645463325252ULL;

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* Half of it text, so that the decoders have work. */
		noise[i] = i % 4096 < 2048 ? x : (uint8_t)BASE64[x & 63];
	}
	haystack_search(needles, noise, sizeof(noise), &hits);
	assert_int_equal(found(&hits, "plan"), 0);
	assert_int_equal(found(&hits, "radar"), 0);
}

static void canaries_of_another_form_are_refused(void **state)
{
	static const char *const bad[] = { "plan\n", "plan 1234\n", "plan " OTHER "0\n", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		FILE *file = tmpfile();

		assert_non_null(file);
		fputs(bad[i], file);
		rewind(file);
		assert_null(needles_load(file));
		fclose(file);
	}
}

/* ---- Packets ---------------------------------------------------------------- */

static struct blob pcap;

static void put32(uint32_t value)
{
	blob_add(&pcap, &value, sizeof(value));
}

static void pcap_begin(void)
{
	blob_free(&pcap);
	put32(0xa1b2c3d4);
	for (int i = 0; i < 4; i++)
		put32(0);
	put32(1); /* Ethernet */
}

/* An IPv4 packet; @rest is everything after its header. */
static void pcap_packet(uint32_t second, uint8_t protocol, const void *rest, size_t length)
{
	uint8_t head[34] = { [12] = 8, [14] = 0x45, [22] = 64, [23] = protocol };

	head[16] = (20 + length) >> 8;
	head[17] = 20 + length;
	memcpy(head + 26, "\xc6\x33\x64\x01\xc6\x33\x64\x07", 8);
	put32(second);
	put32(0);
	put32(sizeof(head) + length);
	put32(sizeof(head) + length);
	blob_add(&pcap, head, sizeof(head));
	blob_add(&pcap, rest, length);
}

static void tcp_packet(uint32_t second, uint32_t sequence, uint8_t flags, const char *text)
{
	uint8_t bytes[1024] = { 0x9c, 0x40, 0, 80, [12] = 0x50, [13] = flags };

	sequence = htonl(sequence);
	memcpy(bytes + 4, &sequence, 4);
	memcpy(bytes + 20, text, strlen(text));
	pcap_packet(second, IPPROTO_TCP, bytes, 20 + strlen(text));
}

struct expected {
	const char *name;
	int best;
};

static void look(void *context, const char *name, const struct blob *stream)
{
	struct expected *expected = context;
	struct hits hits = { 0 };

	if (strcmp(name, expected->name) || !stream->length)
		return;
	haystack_search(needles, stream->bytes, stream->length, &hits);
	if (found(&hits, "plan") > expected->best)
		expected->best = found(&hits, "plan");
}

static int found_in_stream(const char *name, uint64_t from_second, uint64_t to_second)
{
	char path[] = "/tmp/cordon-scan-XXXXXX";
	struct expected expected = { .name = name };
	struct capture capture;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, pcap.bytes, pcap.length), pcap.length);
	close(fd);
	assert_int_equal(capture_read(&capture, path), 0);
	unlink(path);
	capture_streams(&capture, from_second * 1000000000, to_second * 1000000000, look,
			&expected);
	capture_free(&capture);
	blob_free(&pcap);
	return expected.best;
}

static void tcp_is_put_in_order_from_the_data_of_the_syn(void **state)
{
	(void)state;
	pcap_begin();
	tcp_packet(1, 0xfffffff0, 0x02, "POST / HTTP/1.1\r\n\r\nPLAN ");
	tcp_packet(1, 0xfffffff1 + 24 + 40, 0x10, &DIGITS[40]);
	tcp_packet(1, 0xfffffff1 + 24, 0x10, "d1c2b3a49586778869504132231405f6e7c8b9aa");
	assert_int_equal(found_in_stream("tcp 80", 0, 2), 2);
}

static void http_chunks_are_joined(void **state)
{
	(void)state;
	pcap_begin();
	tcp_packet(1, 100, 0x02, "");
	tcp_packet(1, 101, 0x10,
		   "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "a\r\nd1c2b3a495\r\n36\r\n"
		   "86778869504132231405f6e7c8b9aa1b2c3d4e5f60718293a4b5c6\r\n0\r\n\r\n");
	assert_int_equal(found_in_stream("http bodies", 0, 2), 2);
}

/* A label of 30 digits in each query, below t.example. */
static void dns_labels_are_joined_over_queries(void **state)
{
	char text[512];
	size_t length = hex((uint8_t *)TEXT, strlen(TEXT), "%02x", 0, text);

	(void)state;
	pcap_begin();
	for (size_t at = 0; at < length; at += 30) {
		uint8_t bytes[128] = { 0x9c, 0x40, 0, 53, [20] = 30 };

		memcpy(bytes + 21, text + at, 30);
		memcpy(bytes + 51, "\1t\7example\0\0\1\0\1", 16);
		bytes[20] = length - at < 30 ? length - at : 30;
		memmove(bytes + 21 + bytes[20], bytes + 51, 16);
		/* Every query is asked twice, as a resolver does that had no answer. */
		for (int again = 0; again < 2; again++)
			pcap_packet(1, IPPROTO_UDP, bytes, 37 + bytes[20]);
	}
	assert_int_equal(found_in_stream("dns labels", 0, 2), 2);
}

/* As ping -p fills its data: the pattern again and again, then the clock over the first bytes. */
static void ping(const char *pattern, size_t length)
{
	uint8_t bytes[64] = { 8 };

	for (size_t at = 0; at + length <= 56; at += length)
		memcpy(bytes + 8 + at, pattern, length);
	memcpy(bytes + 8, "a clock's value.", 16);
	pcap_packet(1, IPPROTO_ICMP, bytes, sizeof(bytes));
}

static void ping_patterns_are_joined(void **state)
{
	(void)state;
	pcap_begin();
	for (size_t at = 0; at < 48; at += 16)
		ping(&DIGITS[at], 16);
	ping(&DIGITS[48], 9);
	ping(&DIGITS[57], 7);
	assert_int_equal(found_in_stream("ping patterns", 0, 2), 2);
	pcap_begin();
	for (size_t at = 0; at < CANARY_DIGITS; at += 8)
		ping(&DIGITS[at], 8);
	assert_int_equal(found_in_stream("short ping patterns", 0, 2), 2);
}

static void packets_of_another_time_are_another_steps(void **state)
{
	(void)state;
	pcap_begin();
	tcp_packet(5, 100, 0x10, TEXT);
	assert_int_equal(found_in_stream("tcp 80", 0, 5), 0);
	pcap_begin();
	tcp_packet(5, 100, 0x10, TEXT);
	assert_int_equal(found_in_stream("packets", 5, 6), 2);
}

static void a_cut_capture_is_an_error(void **state)
{
	char path[] = "/tmp/cordon-scan-XXXXXX";
	struct capture capture;
	int fd = mkstemp(path);

	(void)state;
	pcap_begin();
	tcp_packet(1, 100, 0x10, TEXT);
	assert_int_equal(write(fd, pcap.bytes, pcap.length - 1), pcap.length - 1);
	close(fd);
	assert_int_equal(capture_read(&capture, path), -1);
	unlink(path);
	blob_free(&pcap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_is_found_at_every_offset),
		cmocka_unit_test(upper_case_and_raw_bytes_are_found),
		cmocka_unit_test(base64_is_found_in_all_alignments_folded_or_not),
		cmocka_unit_test(base64_twice_is_found),
		cmocka_unit_test(hex_is_found_in_both_cases_folded_or_not),
		cmocka_unit_test(reversed_forms_are_found),
		cmocka_unit_test(compressed_streams_are_found_inside_other_bytes),
		cmocka_unit_test(zip_entries_are_found),
		cmocka_unit_test(gzip_in_base64_and_in_hex_is_found),
		cmocka_unit_test(a_part_is_a_part),
		cmocka_unit_test(nothing_is_found_in_noise),
		cmocka_unit_test(canaries_of_another_form_are_refused),
		cmocka_unit_test(tcp_is_put_in_order_from_the_data_of_the_syn),
		cmocka_unit_test(http_chunks_are_joined),
		cmocka_unit_test(dns_labels_are_joined_over_queries),
		cmocka_unit_test(ping_patterns_are_joined),
		cmocka_unit_test(packets_of_another_time_are_another_steps),
		cmocka_unit_test(a_cut_capture_is_an_error),
	};

	return cmocka_run_group_tests_name("demo-scan", tests, setup, teardown);
}
