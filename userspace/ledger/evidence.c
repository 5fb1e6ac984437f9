// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"

#define CHUNK_BYTES (4u << 20)

/* A chunk begins with the address of the one before it. */
static void *keep(struct cordon_evidence *evidence, const void *bytes, size_t count)
{
	size_t room = (count + 7) & ~(size_t)7;
	char *to;

	if (!evidence->chunk || evidence->chunk_used + room > CHUNK_BYTES) {
		void **chunk = malloc(CHUNK_BYTES);

		if (!chunk)
			return NULL;
		*chunk = evidence->chunk;
		evidence->chunk = chunk;
		evidence->chunk_used = sizeof(*chunk);
	}
	to = (char *)evidence->chunk + evidence->chunk_used;
	memcpy(to, bytes, count);
	evidence->chunk_used += room;
	return to;
}

void cordon_evidence_free(struct cordon_evidence *evidence)
{
	while (evidence->chunk) {
		void *before = *(void **)evidence->chunk;

		free(evidence->chunk);
		evidence->chunk = before;
	}
	free(evidence->row);
	free(evidence->ledger);
	free(evidence->anchor);
	memset(evidence, 0, sizeof(*evidence));
}

static bool same_ledger(const struct cordon_ledger_id *a, const struct cordon_ledger_id *b)
{
	return a->number == b->number && !memcmp(a->boot, b->boot, sizeof(a->boot));
}

/* Its index, made when it is new; -ENOMEM. The one that was asked for last is most often right. */
static int64_t find_ledger(struct cordon_evidence *evidence, const struct cordon_ledger_id *id)
{
	struct cordon_evidence_ledger *grown;
	size_t i;

	for (i = evidence->ledger_count; i; i--)
		if (same_ledger(&evidence->ledger[i - 1].id, id))
			return (int64_t)i - 1;
	grown = realloc(evidence->ledger, (evidence->ledger_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	evidence->ledger = grown;
	evidence->ledger[evidence->ledger_count] = (struct cordon_evidence_ledger){ .id = *id };
	return (int64_t)evidence->ledger_count++;
}

/* Whether the bytes are as many as their class has, and none hides what is not tagged. */
static bool is_record(const struct cordon_header *header, size_t count)
{
	const struct cordon_epoch *epoch = (const void *)header;

	if (count < sizeof(*header) || header->bytes != count || header->abi != CORDON_ABI_VERSION)
		return false;
	switch (header->class) {
	case CORDON_CLASS_ACCESS:
		return count == sizeof(struct cordon_record) &&
		       cordon_record_is_canonical((const void *)header);
	case CORDON_CLASS_CHANGE:
		return count == sizeof(struct cordon_change);
	case CORDON_CLASS_EPOCH:
		return count >= sizeof(*epoch) && epoch->heads <= CORDON_CHAINS_MAX + 1 &&
		       count == sizeof(*epoch) + epoch->heads * sizeof(epoch->head[0]);
	default:
		return false;
	}
}

static bool is_of_its_chain(const struct cordon_header *header)
{
	if (header->algorithm != CORDON_ALGORITHM_BLAKE2S || !header->ledger)
		return false;
	if (header->class == CORDON_CLASS_ACCESS)
		return header->chain < CORDON_CHAINS_MAX;
	return header->chain == CORDON_CHAIN_EPOCHS;
}

static int add_row(struct cordon_evidence *evidence, const struct cordon_row *row)
{
	if (evidence->row_count == evidence->row_room) {
		size_t room = evidence->row_room ? 2 * evidence->row_room : 1024;
		struct cordon_row *grown = realloc(evidence->row, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		evidence->row = grown;
		evidence->row_room = room;
	}
	evidence->row[evidence->row_count++] = *row;
	return 0;
}

static bool is_unsealed(const struct cordon_header *header)
{
	return header->class == CORDON_CLASS_ACCESS && !header->ledger &&
	       header->algorithm == CORDON_ALGORITHM_NONE;
}

int cordon_evidence_add(struct cordon_evidence *evidence, const void *bytes, size_t count,
			uint32_t file, int64_t id)
{
	struct cordon_header header;
	struct cordon_ledger_id ledger;
	struct cordon_row row = { .file = file, .id = id };
	int64_t index;

	if (count < sizeof(header) || count > CORDON_ROW_BYTES_MAX)
		return -EBADMSG;
	row.record = keep(evidence, bytes, count);
	if (!row.record)
		return -ENOMEM;
	header = *row.record;
	if (!is_record(row.record, count))
		return -EBADMSG;
	if (is_unsealed(&header)) {
		if (!evidence->unsealed++)
			evidence->first_unsealed = id;
		return 0;
	}
	if (!is_of_its_chain(&header))
		return -EBADMSG;
	ledger.number = header.ledger;
	memcpy(ledger.boot, header.boot, sizeof(ledger.boot));
	index = find_ledger(evidence, &ledger);
	if (index < 0)
		return (int)index;
	row.ledger = (uint32_t)index;
	return add_row(evidence, &row);
}

int cordon_evidence_add_boot(struct cordon_evidence *evidence, const void *bytes, size_t count)
{
	struct cordon_ledger_boot boot;
	struct cordon_evidence_ledger *ledger;
	struct cordon_ledger_id id;
	int64_t index;

	if (count != sizeof(boot))
		return -EBADMSG;
	memcpy(&boot, bytes, sizeof(boot));
	if (boot.abi != CORDON_ABI_VERSION || boot.bytes != sizeof(boot) || !boot.ledger)
		return -EBADMSG;
	id.number = boot.ledger;
	memcpy(id.boot, boot.boot, sizeof(id.boot));
	index = find_ledger(evidence, &id);
	if (index < 0)
		return (int)index;
	ledger = &evidence->ledger[index];
	if (ledger->known && memcmp(&ledger->boot, &boot, sizeof(boot)))
		ledger->contradicted = true;
	if (!ledger->known)
		ledger->boot = boot;
	ledger->known = true;
	return 0;
}

int cordon_evidence_add_anchor(struct cordon_evidence *evidence, const struct cordon_anchor *anchor)
{
	struct cordon_anchor *grown =
		realloc(evidence->anchor, (evidence->anchor_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	evidence->anchor = grown;
	evidence->anchor[evidence->anchor_count++] = *anchor;
	return 0;
}

void cordon_evidence_malformed(struct cordon_evidence *evidence, const char *format, ...)
{
	va_list arguments;

	if (evidence->malformed++)
		return;
	va_start(arguments, format);
	vsnprintf(evidence->first_malformed, sizeof(evidence->first_malformed), format, arguments);
	va_end(arguments);
}

#define COMPARE(one, other)                              \
	do {                                             \
		if ((one) != (other))                    \
			return (one) < (other) ? -1 : 1; \
	} while (0)

static int compare_places(const struct cordon_row *a, const struct cordon_row *b)
{
	COMPARE(a->ledger, b->ledger);
	COMPARE(a->epoch, b->epoch);
	COMPARE(a->chain, b->chain);
	COMPARE(a->sequence, b->sequence);
	return 0;
}

static int compare_rows(const void *one, const void *other)
{
	const struct cordon_row *a = one, *b = other;
	int order = compare_places(a, b);

	if (order)
		return order;
	COMPARE(a->file, b->file);
	COMPARE(a->id, b->id);
	return 0;
}

/* A volume repeats the end of the one before it, byte for byte. */
static bool is_repeated(const struct cordon_row *a, const struct cordon_row *b)
{
	return a->file != b->file && !compare_places(a, b) &&
	       a->record->bytes == b->record->bytes &&
	       !memcmp(a->record, b->record, a->record->bytes);
}

void cordon_evidence_sort(struct cordon_evidence *evidence)
{
	size_t i, kept = 0;

	if (!evidence->row_count)
		return;
	/* Comparing must not look at each record: they are all over the memory. */
	for (i = 0; i < evidence->row_count; i++) {
		struct cordon_row *row = &evidence->row[i];

		row->epoch = row->record->epoch;
		row->sequence = row->record->sequence;
		row->chain = row->record->chain;
	}
	qsort(evidence->row, evidence->row_count, sizeof(*evidence->row), compare_rows);
	for (i = 0; i < evidence->row_count; i++)
		if (!kept || !is_repeated(&evidence->row[kept - 1], &evidence->row[i]))
			evidence->row[kept++] = evidence->row[i];
	evidence->row_count = kept;
}
