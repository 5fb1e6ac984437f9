// SPDX-License-Identifier: GPL-2.0-only
/* Images that were cut, changed or made by somebody else. */
#include "unit.h"

static const char text[] =
	UNIT_HEADER "file /srv/arrow/** secret arrow\n"
		    "file /run/log secret drop\n"
		    "device /dev/sdb secret\n"
		    "program /usr/bin/a user 1 group 2 unit a.service clearance secret\n"
		    "program /usr/bin/a clearance cui trusted\n"
		    "host 10.0.0.0/8 port 443 tcp clearance secret\n"
		    "host 10.1.0.0/16 ::1 clearance cui\n"
		    "host mail.example.mil port 25 clearance unclassified\n"
		    "record reads of cui and above\n"
		    "on ledger-full deny\n";

struct copy {
	struct cordon_image *image;
	size_t bytes;
};

static struct copy copy_make(void)
{
	struct unit_policy p = unit_compile(text);
	struct copy copy = { .bytes = p.view.bytes };

	copy.image = malloc(copy.bytes);
	memcpy(copy.image, p.view.header, copy.bytes);
	unit_policy_free(&p);
	return copy;
}

static void whole_image_opens(void **state)
{
	struct copy c = copy_make();
	struct cordon_image_view view;
	struct cordon_failure failure;
	char place[CORDON_RULE_TEXT_BYTES];

	(void)state;
	assert_int_equal(cordon_image_open(c.image, c.bytes, &view, &failure), 0);
	assert_int_equal(view.rule_count, 9);
	assert_int_equal(view.hostname_count, 1);
	assert_int_equal(view.device_count, 1);
	assert_string_equal(view.strings + view.hostnames[0].name, "mail.example.mil");
	assert_true(view.header->policy.options ==
		    (CORDON_OPTION_LEDGER_FULL_DENY | CORDON_OPTION_RECORD_READS |
		     CORDON_OPTION_RESTRICTS));
	assert_true(view.header->policy.record_reads == UNIT_CUI);
	assert_true(cordon_image_rule_text(&view, 1, place));
	assert_string_equal(place, "unit.cordon:4");
	assert_false(cordon_image_rule_text(&view, 0, place));
	assert_false(cordon_image_rule_text(&view, 9, place));
	assert_string_equal(place, "?");
	free(c.image);
}

/* What a disk without a rule may hold; and when nothing can leak at all. */
static void policy_says_whether_it_restricts(void **state)
{
	const struct {
		const char *rules;
		cordon_label high;
		bool restricts;
	} row[] = {
		{ "host any clearance unclassified\n", 0, false },
		{ "host any clearance unclassified\nhost any inbound clearance unclassified\n", 0,
		  false },
		{ "", 0, true },
		{ "host any inbound clearance unclassified\n", 0, true },
		{ "host any port 443 clearance unclassified\n", 0, true },
		{ "host any tcp clearance unclassified\n", 0, true },
		{ "host 0.0.0.0/0 clearance unclassified\n", 0, true },
		{ "host any clearance unclassified\nfile /a/** cui\n", UNIT_CUI, true },
		{ "host any clearance unclassified\nfile /a/** cui\ndevice /dev/b secret\n",
		  UNIT_SECRET, true },
	};
	char all[512];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct unit_policy p;

		snprintf(all, sizeof(all), UNIT_HEADER "%s", row[i].rules);
		p = unit_compile(all);
		assert_true(p.view.header->policy.high == row[i].high);
		assert_int_equal(!!(p.view.header->policy.options & CORDON_OPTION_RESTRICTS),
				 row[i].restricts);
		unit_policy_free(&p);
	}
}

static void generation_is_not_in_the_digest(void **state)
{
	struct copy c = copy_make();
	struct cordon_image_view view;
	struct cordon_failure failure;

	(void)state;
	c.image->policy.generation = 77;
	assert_int_equal(cordon_image_open(c.image, c.bytes, &view, &failure), 0);
	free(c.image);
}

static void same_text_is_same_image(void **state)
{
	struct copy a = copy_make(), b = copy_make();

	(void)state;
	assert_int_equal(a.bytes, b.bytes);
	assert_memory_equal(a.image, b.image, a.bytes);
	free(a.image);
	free(b.image);
}

static void cut_image_is_refused(void **state)
{
	struct copy c = copy_make();
	struct cordon_image_view view;
	struct cordon_failure failure;

	(void)state;
	for (size_t bytes = 0; bytes < c.bytes; bytes++) {
		/* Exactly so long, for the address sanitizer to see a look beyond. */
		void *cut = malloc(bytes ? bytes : 1);

		memcpy(cut, c.image, bytes);
		assert_true(cordon_image_open_layout(cut, bytes, &view, &failure) < 0);
		if (bytes >= sizeof(*c.image)) {
			((struct cordon_image *)cut)->total_bytes = bytes;
			assert_true(cordon_image_open_layout(cut, bytes, &view, &failure) < 0);
		}
		free(cut);
	}
	free(c.image);
}

static void every_changed_byte_is_seen(void **state)
{
	struct copy c = copy_make();
	struct cordon_image_view view;
	struct cordon_failure failure;
	uint8_t *bytes = (uint8_t *)c.image;
	size_t generation = offsetof(struct cordon_image, policy.generation);

	(void)state;
	for (size_t i = 0; i < c.bytes; i++) {
		if (i >= generation && i < generation + sizeof(uint32_t))
			continue;
		bytes[i] ^= 0x40;
		if (!cordon_image_open(c.image, c.bytes, &view, &failure))
			fail_msg("byte %zu was changed unseen", i);
		bytes[i] ^= 0x40;
	}
	free(c.image);
}

/* Uses all that an image has; the sanitizers watch. */
static void image_use(const struct cordon_image_view *view, uint64_t *seed)
{
	static const char *const paths[] = { "/srv/arrow/x", "/usr/bin/a", "/run/log", "/" };
	uint32_t gids[] = { 2, 3 };
	struct cordon_question question = {
		.process = { "/usr/bin/a", 1, gids, 2, "a.service" },
		.access = unit_below(seed, 3),
		.path = paths[unit_below(seed, 4)],
		.destination = { .port = 443, .protocol = 6 },
	};
	char label[CORDON_LABEL_TEXT_BYTES], place[CORDON_RULE_TEXT_BYTES];
	struct cordon_label_names names = cordon_image_label_names(view);
	struct cordon_answer answer;

	memset(question.destination.address.bytes + 10, 0xff, 2);
	question.destination.address.bytes[12] = 10;
	cordon_evaluate(view, &question, &answer);
	cordon_label_text(&names, answer.object.facts.label, label, sizeof(label));
	cordon_image_rule_text(view, answer.object.rule, place);
	cordon_image_rule_text(view, answer.host.rule, place);
}

static void what_opens_can_be_used(void **state)
{
	struct copy c = copy_make();
	struct cordon_image_view view;
	struct cordon_failure failure;
	uint8_t *bytes = malloc(c.bytes);
	uint64_t seed = 3;
	uint32_t opened = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		memcpy(bytes, c.image, c.bytes);
		for (uint32_t k = 1 + unit_below(&seed, 3); k; k--)
			bytes[unit_below(&seed, (uint32_t)c.bytes)] = (uint8_t)unit_below(&seed, 8);
		if (cordon_image_open_layout(bytes, c.bytes, &view, &failure))
			continue;
		opened++;
		image_use(&view, &seed);
	}
	/* Else the case proves nothing. */
	assert_true(opened > 1000);
	free(bytes);
	free(c.image);
}

static const struct damage_row {
	const char *name;
	size_t offset; /* of a 32-bit word in the header */
	uint32_t value;
	int error;
} damages[] = {
	{ "another magic is no image", offsetof(struct cordon_image, magic), 1, -EINVAL },
	{ "another ABI version is refused as that", offsetof(struct cordon_image, abi),
	  CORDON_ABI_VERSION + 1, -EPROTO },
	{ "another header size is refused", offsetof(struct cordon_image, header_bytes), 8,
	  -EINVAL },
	{ "another total is refused", offsetof(struct cordon_image, total_bytes), 8, -EINVAL },
	{ "a section elsewhere is refused", offsetof(struct cordon_image, section[3].offset), 8,
	  -EINVAL },
	{ "a section too large is refused", offsetof(struct cordon_image, section[0].count),
	  0xffffffff, -EINVAL },
	{ "a start state that does not exist is refused",
	  offsetof(struct cordon_image, policy.start), 0, -EINVAL },
	{ "another digest is refused as that", offsetof(struct cordon_image, policy.digest), 1,
	  -EBADMSG },
	{ "an unknown option is refused", offsetof(struct cordon_image, policy.options), 0x80,
	  -EINVAL },
	{ "a byte class below the first is refused", offsetof(struct cordon_image, policy.class), 0,
	  -EINVAL },
};

static void damage_is_refused(void **state)
{
	const struct damage_row *row = *state;
	struct cordon_failure failure = { "" };
	struct cordon_image_view view;
	struct copy c = copy_make();

	memcpy((char *)c.image + row->offset, &row->value, sizeof(row->value));
	assert_int_equal(cordon_image_open(c.image, c.bytes, &view, &failure), row->error);
	assert_true(failure.text[0]);
	free(c.image);
}

void unit_image_cases(struct unit_cases *cases)
{
	unit_add(cases, "a whole image opens", whole_image_opens, NULL);
	unit_add(cases, "a policy says whether it restricts", policy_says_whether_it_restricts,
		 NULL);
	unit_add(cases, "the generation is not in the digest", generation_is_not_in_the_digest,
		 NULL);
	unit_add(cases, "the same text is the same image", same_text_is_same_image, NULL);
	unit_add(cases, "an image that is cut anywhere is refused", cut_image_is_refused, NULL);
	unit_add(cases, "every changed byte is seen", every_changed_byte_is_seen, NULL);
	unit_add(cases, "what opens can be used", what_opens_can_be_used, NULL);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
		unit_add(cases, damages[i].name, damage_is_refused, &damages[i]);
}
