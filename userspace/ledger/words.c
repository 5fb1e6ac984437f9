// SPDX-License-Identifier: GPL-2.0-only
/* What the controller writes into its records for the verifier, and how it is read again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "ledger_words.h"

#define VERDICT_NAME(name, text, doc) [CORDON_LEDGER_##name] = text,
#define VERDICT_TEXT(name, text, doc) [CORDON_LEDGER_##name] = doc,

const char *cordon_ledger_verdict_name(enum cordon_ledger_verdict verdict)
{
	static const char *const name[] = { CORDON_LEDGER_VERDICTS(VERDICT_NAME) };

	return verdict < CORDON_LEDGER_VERDICT_COUNT ? name[verdict] : "?";
}

const char *cordon_ledger_verdict_text(enum cordon_ledger_verdict verdict)
{
	static const char *const text[] = { CORDON_LEDGER_VERDICTS(VERDICT_TEXT) };

	return verdict < CORDON_LEDGER_VERDICT_COUNT ? text[verdict] : "?";
}

static void hex(char *to, const void *bytes, size_t count)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < count; i++)
		sprintf(to + 2 * i, "%02x", from[i]);
}

static int unhex(const char *text, void *bytes, size_t count)
{
	uint8_t *to = bytes;
	unsigned int value;

	for (size_t i = 0; i < count; i++) {
		if (strspn(text + 2 * i, "0123456789abcdef") < 2 ||
		    sscanf(text + 2 * i, "%2x", &value) != 1)
			return -EBADMSG;
		to[i] = (uint8_t)value;
	}
	return 0;
}

int cordon_anchor_format(const struct cordon_anchor *anchor, char *text, size_t bytes)
{
	char boot[33], tag[2 * CORDON_TAG_BYTES + 1];

	hex(boot, anchor->ledger.boot, 16);
	hex(tag, anchor->tag, sizeof(anchor->tag));
	return snprintf(text, bytes, "%s %016llx epoch %llu tag %s", boot,
			(unsigned long long)anchor->ledger.number,
			(unsigned long long)anchor->epoch, tag);
}

int cordon_anchor_parse(const char *text, struct cordon_anchor *anchor)
{
	char boot[33], tag[2 * CORDON_TAG_BYTES + 1];
	unsigned long long number, epoch;

	memset(anchor, 0, sizeof(*anchor));
	if (sscanf(text, "%32s %llx epoch %llu tag %32s", boot, &number, &epoch, tag) != 4 ||
	    strlen(boot) != 32 || strlen(tag) != 32)
		return -EBADMSG;
	anchor->ledger.number = number;
	anchor->epoch = epoch;
	if (unhex(boot, anchor->ledger.boot, 16))
		return -EBADMSG;
	return unhex(tag, anchor->tag, sizeof(anchor->tag));
}

int cordon_previous_format(const struct cordon_anchor *last, char *text, size_t bytes)
{
	int length = snprintf(text, bytes, CORDON_PREVIOUS_TEXT);

	if (!last)
		return length + snprintf(text + length, bytes - (size_t)length, "none");
	return length + cordon_anchor_format(last, text + length, bytes - (size_t)length);
}

int cordon_removed_format(const struct cordon_removed *removed, char *text, size_t bytes)
{
	int length =
		snprintf(text, bytes, CORDON_REMOVAL_TEXT, (unsigned long long)removed->volume);

	return length + cordon_anchor_format(&removed->last, text + length, bytes - (size_t)length);
}

int cordon_removed_parse(const char *text, struct cordon_removed *removed)
{
	unsigned long long volume;
	int length = 0;

	if (sscanf(text, CORDON_REMOVAL_TEXT "%n", &volume, &length) != 1 || !length)
		return -EBADMSG;
	removed->volume = volume;
	return cordon_anchor_parse(text + length, &removed->last);
}

void audit_read_text(struct audit *audit, const struct cordon_record *record)
{
	char text[CORDON_PATH_BYTES + 1];
	struct cordon_removed removed;

	if (record->operation != CORDON_OPERATION_CONTROL ||
	    record->reason != CORDON_REASON_STORE || !(record->flags & CORDON_RECORD_HAS_TEXT))
		return;
	snprintf(text, sizeof(text), "%.*s", CORDON_PATH_BYTES, record->path);
	if (!strncmp(text, CORDON_PREVIOUS_TEXT, strlen(CORDON_PREVIOUS_TEXT))) {
		const char *what = text + strlen(CORDON_PREVIOUS_TEXT);

		if (!strcmp(what, "none"))
			audit->is_first = true;
		else if (!cordon_anchor_parse(what, &audit->link))
			audit->has_link = true;
	} else if (!cordon_removed_parse(text, &removed)) {
		removals_add(audit->removals, &removed.last);
	}
}
