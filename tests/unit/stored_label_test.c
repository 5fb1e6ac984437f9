// SPDX-License-Identifier: GPL-2.0-only
/* The form of a stored label: what is not of exactly this form is none. */
#include <string.h>

#include "cordon/stored_label.h"
#include "unit.h"

static const struct cordon_stored_label example = {
	.kind = CORDON_STORED_FILE,
	.label = 0x0000000000050003ull,
	.tag = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
};

/* Disks outlive releases: these bytes never change. */
static const __u8 example_bytes[CORDON_STORED_BYTES] = {
	'C', 'O', 'R', 'D', 'O', 'N', 1, 1, 3, 0,  5,  0,  0,  0,  0,  0,
	1,   2,	  3,   4,   5,	 6,   7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};

static int decodes(const __u8 *bytes, __u64 count)
{
	struct cordon_stored_label stored;

	return cordon_stored_decode(bytes, count, &stored);
}

static void stored_label_bytes(void **state)
{
	__u8 bytes[CORDON_STORED_BYTES];
	struct cordon_stored_label stored;

	(void)state;
	cordon_stored_encode(&example, bytes);
	assert_memory_equal(bytes, example_bytes, sizeof(bytes));
	assert_true(cordon_stored_decode(bytes, sizeof(bytes), &stored));
	assert_int_equal(stored.kind, example.kind);
	assert_int_equal(stored.label, example.label);
	assert_memory_equal(stored.tag, example.tag, sizeof(stored.tag));
}

static void stored_label_of_another_form(void **state)
{
	__u8 bytes[CORDON_STORED_BYTES + 1] = { 0 };
	__u64 count;
	int i;

	(void)state;
	for (count = 0; count <= sizeof(bytes); count++) {
		memcpy(bytes, example_bytes, sizeof(example_bytes));
		assert_int_equal(decodes(bytes, count), count == CORDON_STORED_BYTES);
	}
	/* Magic, version, kind: every byte matters. */
	for (i = 0; i < 8; i++) {
		memcpy(bytes, example_bytes, sizeof(example_bytes));
		bytes[i] ^= 0x40;
		assert_false(decodes(bytes, CORDON_STORED_BYTES));
	}
	/* A level with a hole is no level. */
	memcpy(bytes, example_bytes, sizeof(example_bytes));
	bytes[8] = 5;
	assert_false(decodes(bytes, CORDON_STORED_BYTES));
}

/* The mark on a root says nothing but that labels may be there. */
static void stored_label_mark(void **state)
{
	struct cordon_stored_label mark = { .kind = CORDON_STORED_MARK };
	__u8 bytes[CORDON_STORED_BYTES];

	(void)state;
	cordon_stored_encode(&mark, bytes);
	assert_true(decodes(bytes, sizeof(bytes)));
	bytes[8] = 1;
	assert_false(decodes(bytes, sizeof(bytes)));
}

/* Whatever changes what a label says, or where it is, changes what is tagged. */
static void stored_label_message(void **state)
{
	struct cordon_stored_place place = { .uuid = { 9 }, .inode = 12, .generation = 77 }, other;
	__u8 message[CORDON_STORED_MESSAGE_BYTES], changed[CORDON_STORED_MESSAGE_BYTES];
	struct cordon_stored_label stored = example;
	size_t i;

	(void)state;
	cordon_stored_message(&example, &place, message);
	for (i = 0; i < sizeof(place); i++) {
		other = place;
		((__u8 *)&other)[i] ^= 1;
		cordon_stored_message(&example, &other, changed);
		assert_memory_not_equal(message, changed, sizeof(message));
	}
	stored.label ^= 1;
	cordon_stored_message(&stored, &place, changed);
	assert_memory_not_equal(message, changed, sizeof(message));
	stored = example;
	stored.kind = CORDON_STORED_MARK;
	cordon_stored_message(&stored, &place, changed);
	assert_memory_not_equal(message, changed, sizeof(message));
}

static void stored_label_file_systems(void **state)
{
	(void)state;
	assert_true(cordon_magic_keeps_labels(0xef53));
	assert_true(cordon_magic_keeps_labels(0x01021994));
	assert_false(cordon_magic_keeps_labels(0x4d44)); /* vfat */
	assert_false(cordon_magic_keeps_labels(0x6969)); /* NFS */
	assert_false(cordon_magic_keeps_labels(0x65735546)); /* FUSE */
	assert_false(cordon_magic_keeps_labels(0x794c7630)); /* overlay */
}

void unit_stored_label_cases(struct unit_cases *cases)
{
	unit_add(cases, "a stored label is these bytes", stored_label_bytes, NULL);
	unit_add(cases, "what has another form is no stored label", stored_label_of_another_form,
		 NULL);
	unit_add(cases, "a mark says nothing but that it is there", stored_label_mark, NULL);
	unit_add(cases, "a stored label's tag is of all it says and of its place",
		 stored_label_message, NULL);
	unit_add(cases, "labels are stored on file systems with a disk of their own",
		 stored_label_file_systems, NULL);
}
