// SPDX-License-Identifier: GPL-2.0-only
/*
 * make_store FOLDER [RECORDS [volumes]]: a store of the model's: three boots,
 * the second one crashed, an overflow, in one volume or several; and the
 * auditor's key and anchors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ledger_words.h"
#include "model.h"
#include "volumes.h"

static struct cordon_failure failure;

static void must(int err)
{
	if (err) {
		fprintf(stderr, "make_store: %s\n", failure.text);
		exit(1);
	}
}

static void write_anchor(FILE *anchors, const struct model *model)
{
	struct cordon_anchor anchor = model_anchor(model);
	char text[CORDON_ANCHOR_TEXT_BYTES];

	cordon_anchor_format(&anchor, text, sizeof(text));
	fprintf(anchors, "jan 01 host cordond[1]: " CORDON_ANCHOR_WORD "%s\n", text);
}

static void play_boot(struct model *model, const struct model *before, unsigned int records,
		      bool crash, bool rotate, FILE *anchors)
{
	unsigned int i;

	model_link(model, before);
	for (i = 0; i < records; i++) {
		model_record(model, i * 7 % 3, NULL);
		if (i % 97 == 96) {
			model_epoch(model);
			write_anchor(anchors, model);
		}
		if (rotate && i % 1000 == 999) {
			must(cordon_store_commit(model->store));
			must(cordon_store_rotate(model->store, (__u64 *)model->boot, &failure));
			must(cordon_store_begin(model->store));
		}
		if (i == records / 2)
			model_lose(model, 1, 5);
	}
	if (!crash)
		model_change(model, CORDON_CHANGE_SHUTDOWN);
	model_epoch(model);
	write_anchor(anchors, model);
}

int main(int argc, char **argv)
{
	unsigned int records = argc > 2 ? (unsigned int)atoi(argv[2]) : 3000;
	struct cordon_store *store = NULL;
	struct cordon_auditor auditor;
	struct model boot[3] = { 0 };
	char file[4096], public_file[4096];
	FILE *anchors;

	if (argc < 2)
		return 2;
	mkdir(argv[1], 0700);
	snprintf(file, sizeof(file), "%s/auditor.key", argv[1]);
	snprintf(public_file, sizeof(public_file), "%s/auditor.pub", argv[1]);
	must(cordon_key_generate(file, public_file, &auditor, &failure));
	snprintf(file, sizeof(file), "%s/anchors", argv[1]);
	anchors = fopen(file, "w");
	snprintf(file, sizeof(file), "%s/store", argv[1]);
	mkdir(file, 0700);
	snprintf(file, sizeof(file), "%s/store/records.db", argv[1]);
	must(cordon_store_open(file, true, &store, &failure));
	for (int i = 0; i < 3; i++) {
		boot[i].store = store;
		must(cordon_store_begin(store));
		model_begin(&boot[i], 10 + (uint64_t)i, auditor.public);
		play_boot(&boot[i], i ? &boot[i - 1] : NULL, records, i == 1, argc > 3, anchors);
		must(cordon_store_commit(store));
	}
	cordon_store_close(&store);
	return fclose(anchors);
}
