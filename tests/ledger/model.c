// SPDX-License-Identifier: GPL-2.0-only
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"
#include "store_ledger.h"
#include "ledger_words.h"

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "model: %s: %s\n", what, strerror(-err));
		abort();
	}
}

static void emit(struct model *model, const struct cordon_header *record)
{
	const struct cordon_record *access = (const void *)record;

	model->id++;
	if (model->evidence)
		must(cordon_evidence_add(model->evidence, record, record->bytes, 0, model->id),
		     "add");
	if (!model->store)
		return;
	if (record->class == CORDON_CLASS_ACCESS)
		must(cordon_store_add(model->store, access, access->exe,
				      access->path[0] ? access->path : NULL),
		     "a record");
	else
		must(cordon_store_add_epoch(model->store, record), "an epoch");
}

void model_seal(struct model *model, struct cordon_chain *chain, uint32_t number,
		struct cordon_header *record, uint32_t bytes, uint8_t class)
{
	record->abi = CORDON_ABI_VERSION;
	record->bytes = bytes;
	record->sequence = chain->sequence + 1;
	memcpy(record->boot, model->boot, sizeof(record->boot));
	record->boottime_ns = model->boottime_ns += 1000;
	record->realtime_ns = model->realtime_ns += 1000;
	record->ledger = model->number;
	record->epoch = model->epoch;
	record->chain = number;
	record->algorithm = CORDON_ALGORITHM_BLAKE2S;
	record->class = class;
	cordon_chain_tag(chain, record, record->tag);
	cordon_chain_step(chain, record->tag);
	emit(model, record);
}

static void begin_chains(struct model *model)
{
	for (uint32_t i = 0; i < MODEL_CPUS; i++)
		cordon_chain_begin(&model->cpu[i], i, model->epoch, model->secret);
	cordon_chain_begin(&model->own, CORDON_CHAIN_EPOCHS, model->epoch, model->secret);
}

void model_begin(struct model *model, uint64_t boot, const uint8_t *public)
{
	struct cordon_ledger_boot record = { .abi = CORDON_ABI_VERSION, .bytes = sizeof(record) };

	model->boot[0] = boot;
	model->boot[1] = ~boot;
	model->boottime_ns = 1000000000;
	model->realtime_ns = 1700000000000000000ull + boot * 1000000000000ull;
	randombytes_buf(model->secret, sizeof(model->secret));
	model->number = cordon_ledger_number(model->secret);
	memcpy(record.boot, model->boot, sizeof(record.boot));
	record.ledger = model->number;
	record.boottime_ns = model->boottime_ns;
	record.realtime_ns = model->realtime_ns;
	record.cpus = MODEL_CPUS;
	if (public) {
		record.flags = CORDON_LEDGER_ENROLLED;
		memcpy(record.auditor, public, sizeof(record.auditor));
		must(cordon_secret_seal(model->secret, public, record.sealed), "seal");
	}
	if (model->store)
		must(cordon_store_add_boot(model->store, &record), "a boot");
	if (model->evidence)
		must(cordon_evidence_add_boot(model->evidence, &record, sizeof(record)), "a boot");
	begin_chains(model);
	model_change(model, CORDON_CHANGE_BEGIN);
}

struct cordon_record model_record(struct model *model, unsigned int cpu, const char *text)
{
	struct cordon_record record = { .count = 1, .pid = 100 + cpu };

	record.verdict = CORDON_VERDICT_DENY;
	strcpy(record.exe, "/usr/bin/model");
	if (text) {
		record.flags = CORDON_RECORD_HAS_TEXT;
		record.operation = CORDON_OPERATION_CONTROL;
		record.reason = CORDON_REASON_STORE;
		snprintf(record.path, sizeof(record.path), "%s", text);
	} else {
		record.flags = CORDON_RECORD_HAS_OBJECT;
		snprintf(record.path, sizeof(record.path), "/srv/model/%llu",
			 (unsigned long long)model->cpu[cpu].sequence);
	}
	model_seal(model, &model->cpu[cpu], cpu, &record.header, sizeof(record),
		   CORDON_CLASS_ACCESS);
	model->records++;
	return record;
}

void model_lose(struct model *model, unsigned int cpu, unsigned int count)
{
	model->records += count;
	model->drops += count;
	while (count--)
		cordon_chain_lose(&model->cpu[cpu]);
}

void model_change(struct model *model, enum cordon_change_kind kind)
{
	struct cordon_change change = { .kind = kind };

	model_seal(model, &model->own, CORDON_CHAIN_EPOCHS, &change.header, sizeof(change),
		   CORDON_CLASS_CHANGE);
}

void model_epoch(struct model *model)
{
	_Alignas(8) uint8_t bytes[sizeof(struct cordon_epoch) +
				  MODEL_CPUS * sizeof(struct cordon_chain_head)] = { 0 };
	struct cordon_epoch *epoch = (void *)bytes;

	epoch->records = model->records;
	epoch->drops = model->drops;
	memcpy(epoch->previous, model->previous, sizeof(epoch->previous));
	for (uint32_t i = 0; i < MODEL_CPUS; i++) {
		struct cordon_chain_head *head = &epoch->head[epoch->heads];

		if (model->cpu[i].sequence == model->listed[i])
			continue;
		*head = (struct cordon_chain_head){ .chain = i,
						    .flags = CORDON_HEAD_ONLINE,
						    .sequence = model->cpu[i].sequence,
						    .drops = model->cpu[i].drops };
		memcpy(head->tag, model->cpu[i].tag, sizeof(head->tag));
		model->listed[i] = model->cpu[i].sequence;
		epoch->heads++;
	}
	model_seal(model, &model->own, CORDON_CHAIN_EPOCHS, &epoch->header,
		   (uint32_t)(sizeof(*epoch) + epoch->heads * sizeof(epoch->head[0])),
		   CORDON_CLASS_EPOCH);
	memcpy(model->previous, epoch->header.tag, sizeof(model->previous));
	cordon_epoch_next(model->secret);
	model->epoch++;
	begin_chains(model);
}

struct cordon_anchor model_anchor(const struct model *model)
{
	struct cordon_anchor anchor = { .ledger.number = model->number, .epoch = model->epoch - 1 };

	memcpy(anchor.ledger.boot, model->boot, sizeof(anchor.ledger.boot));
	memcpy(anchor.tag, model->previous, sizeof(anchor.tag));
	return anchor;
}

void model_link(struct model *model, const struct model *before)
{
	struct cordon_anchor last;
	char text[CORDON_PATH_BYTES];

	if (before)
		last = model_anchor(before);
	cordon_previous_format(before ? &last : NULL, text, sizeof(text));
	model_record(model, 0, text);
}
