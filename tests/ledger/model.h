/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's ledger in userspace: the same functions of cordon/ledger.h, so
 * that stores can be made whose every secret a test knows.
 */
#ifndef CORDON_TESTS_LEDGER_MODEL_H
#define CORDON_TESTS_LEDGER_MODEL_H

#include "evidence.h"
#include "key.h"
#include "store.h"

#define MODEL_CPUS 4

struct model {
	struct cordon_store *store; /* NULL: none */
	struct cordon_evidence *evidence; /* NULL: none */
	int64_t id;
	uint64_t boot[2], number, epoch;
	uint64_t boottime_ns, realtime_ns;
	uint8_t secret[CORDON_KEY_BYTES]; /* W_j of the epoch under way */
	struct cordon_chain cpu[MODEL_CPUS], own;
	uint64_t listed[MODEL_CPUS]; /* where each stood at the last epoch's end */
	uint64_t records, drops;
	uint8_t previous[CORDON_TAG_BYTES];
};

/* A new ledger, sealed to @public (NULL: to nobody). Its first change is made. */
void model_begin(struct model *model, uint64_t boot, const uint8_t *public);
/* A record of the chain's as the test fills it in: its header is made. */
void model_seal(struct model *model, struct cordon_chain *chain, uint32_t number,
		struct cordon_header *record, uint32_t bytes, uint8_t class);
/* @text: NULL, or what the controller says in it. */
struct cordon_record model_record(struct model *model, unsigned int cpu, const char *text);
void model_lose(struct model *model, unsigned int cpu, unsigned int count);
void model_change(struct model *model, enum cordon_change_kind kind);
/* Ends the epoch and begins the next. */
void model_epoch(struct model *model);
/* What the controller says first of the ledger before. */
void model_link(struct model *model, const struct model *before);
/* As a line that left the host would have it, of the last epoch record. */
struct cordon_anchor model_anchor(const struct model *model);

#endif /* CORDON_TESTS_LEDGER_MODEL_H */
