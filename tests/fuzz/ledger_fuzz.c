// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the rows of a store: each begins with how many there are of
 * it and what table it is from. Half of the rows get a header that leads the
 * verifier further in. Whatever is in them, the verdict is not a good one:
 * nobody makes a tag by chance.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger_words.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int open_secret(void *context, const struct cordon_ledger_boot *boot,
		       uint8_t secret[CORDON_SECRET_BYTES])
{
	(void)context;
	(void)boot;
	memset(secret, 7, CORDON_SECRET_BYTES);
	return 0;
}

/* What every row of this ledger has; @kind chooses the class. */
static void lead_in(uint8_t *row, size_t bytes, uint8_t kind, uint64_t ledger)
{
	struct cordon_header header;

	if (bytes < sizeof(header))
		return;
	memcpy(&header, row, sizeof(header));
	header.abi = CORDON_ABI_VERSION;
	header.bytes = (uint32_t)bytes;
	header.ledger = ledger;
	header.boot[0] = header.boot[1] = 0;
	header.algorithm = CORDON_ALGORITHM_BLAKE2S;
	header.class = CORDON_CLASS_ACCESS + kind % 3;
	header.epoch %= 64;
	header.chain = header.class == CORDON_CLASS_ACCESS ? header.chain % 4 : CORDON_CHAIN_EPOCHS;
	memcpy(row, &header, sizeof(header));
}

static size_t length_of(uint8_t kind, uint8_t more)
{
	static const size_t length[] = { sizeof(struct cordon_record), sizeof(struct cordon_epoch),
					 sizeof(struct cordon_change) };

	return length[kind % 3] + (kind % 3 == 1 ? more % 4 * sizeof(struct cordon_chain_head) : 0);
}

static void add_boot(struct cordon_evidence *evidence, uint64_t ledger)
{
	struct cordon_ledger_boot boot = { .abi = CORDON_ABI_VERSION,
					   .bytes = sizeof(boot),
					   .ledger = ledger,
					   .flags = CORDON_LEDGER_ENROLLED };

	cordon_evidence_add_boot(evidence, &boot, sizeof(boot));
}

static void add_rows(struct cordon_evidence *evidence, uint64_t ledger, const uint8_t *bytes,
		     size_t count)
{
	int64_t id = 0;

	while (count > 3) {
		uint8_t control = bytes[0], kind = bytes[1];
		size_t wanted = control & 1 ? length_of(kind, bytes[2]) : bytes[2] * 8u;
		uint8_t *row = calloc(1, wanted + 1);

		bytes += 3;
		count -= 3;
		memcpy(row, bytes, count < wanted ? count : wanted);
		bytes += count < wanted ? count : wanted;
		count -= count < wanted ? count : wanted;
		if (control & 1)
			lead_in(row, wanted, kind, ledger);
		if (control & 2)
			cordon_evidence_add_boot(evidence, row, wanted);
		else
			cordon_evidence_add(evidence, row, wanted, control >> 6, ++id);
		free(row);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static struct cordon_ledger_report report;
	struct cordon_verify_options options = { .open = open_secret,
						 .partial = count && bytes[0] & 4 };
	struct cordon_evidence evidence = { 0 };
	struct cordon_anchor anchor;
	uint8_t secret[CORDON_SECRET_BYTES];
	char text[200] = "";
	uint64_t ledger;

	open_secret(NULL, NULL, secret);
	ledger = cordon_ledger_number(secret);
	memcpy(text, bytes, count < sizeof(text) - 1 ? count : sizeof(text) - 1);
	if (!cordon_anchor_parse(text, &anchor))
		cordon_evidence_add_anchor(&evidence, &anchor);
	add_boot(&evidence, ledger);
	add_rows(&evidence, ledger, bytes, count);
	if (cordon_ledger_verify(&evidence, &options, &report))
		abort();
	for (size_t i = 0; i < report.ledger_count; i++)
		if (report.ledger[i].records || report.ledger[i].epochs)
			abort();
	cordon_ledger_report_free(&report);
	cordon_evidence_free(&evidence);
	return 0;
}
