// SPDX-License-Identifier: GPL-2.0-only
/*
 * make_store FOLDER [RECORDS [volumes]]: a store of the model's: three boots,
 * the second one crashed, an overflow, in one volume or several; and the
 * auditor's key, anchors, and the keys of the last moment. FOLDER/older is the same in the middle of
 * the last boot, FOLDER/log before it was closed, FOLDER/retained with its first volume removed.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ledger_words.h"
#include "model.h"
#include "retention.h"
#include "store_internal.h"
#include "volumes.h"

#define LAST_RECORDS 120

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

static void copy_to(const char *folder, const char *name)
{
	char command[9000];

	snprintf(command, sizeof(command), "cp -a '%s/store' '%s/%s'", folder, folder, name);
	must(system(command));
}

static void play_boot(struct model *model, const struct model *before, unsigned int records,
		      bool crash, bool rotate, FILE *anchors, const char *last)
{
	unsigned int i;

	model_link(model, before);
	for (i = 0; i < records; i++) {
		model_record(model, i * 7 % 3, NULL);
		if (i % 97 == 96) {
			model_epoch(model);
			write_anchor(anchors, model);
			must(cordon_store_commit(model->store));
			must(cordon_store_begin(model->store));
		}
		if (rotate && i % 1000 == 999) {
			must(cordon_store_commit(model->store));
			must(cordon_store_rotate(model->store, (__u64 *)model->boot, &failure));
			must(cordon_store_begin(model->store));
		}
		if (i == records / 2)
			model_lose(model, 1, 5);
		if (last && i == records / 2)
			copy_to(last, "older");
		/* The log begins anew: what comes is the last second. */
		if (last && i == records - LAST_RECORDS) {
			must(cordon_store_commit(model->store));
			must(cordon_store_execute(model->store, "PRAGMA wal_checkpoint(TRUNCATE)"));
			must(cordon_store_begin(model->store));
		}
	}
	if (!crash)
		model_change(model, CORDON_CHANGE_SHUTDOWN);
	model_epoch(model);
	write_anchor(anchors, model);
}

/* The chain that a thief finds in the module's memory when all is stored. */
static void write_stolen(const char *folder, const struct model *model)
{
	const struct cordon_chain *chain = &model->cpu[1];
	char file[4096], hex[2 * CORDON_KEY_BYTES + 1];
	FILE *stolen;

	snprintf(file, sizeof(file), "%s/stolen", folder);
	stolen = fopen(file, "w");
	fprintf(stolen, "%llu 1 %llu %llu %s\n", (unsigned long long)model->number,
		(unsigned long long)chain->epoch, (unsigned long long)chain->sequence,
		sodium_bin2hex(hex, sizeof(hex), chain->key, sizeof(chain->key)));
	fclose(stolen);
}

/* Each boot but the last has ended a volume: the first is recorded as removed, and is. */
static void retain(const char *folder, struct model *model)
{
	struct cordon_store_limits limits = { .total_bytes = 1 };
	struct cordon_removal removal;
	char file[4096], text[CORDON_PATH_BYTES];
	struct cordon_store *store = NULL;
	size_t i;

	copy_to(folder, "retained");
	snprintf(file, sizeof(file), "%s/retained/records.db", folder);
	must(cordon_store_open(file, true, &store, &failure));
	must(cordon_retention_due(store, &limits, UINT32_MAX, &removal));
	model->store = store;
	for (i = 0; i < removal.count; i++) {
		cordon_removed_format(&removal.removed[i], text, sizeof(text));
		model_record(model, 0, text);
	}
	model_epoch(model);
	cordon_volume_remove(removal.file);
	cordon_removal_free(&removal);
	cordon_store_close(&store);
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
		play_boot(&boot[i], i ? &boot[i - 1] : NULL, records, i == 1, argc > 3, anchors,
			  i == 2 ? argv[1] : NULL);
		must(cordon_store_commit(store));
		if (i < 2 && argc > 3)
			must(cordon_store_rotate(store, (__u64 *)boot[i].boot, &failure));
	}
	copy_to(argv[1], "log");
	cordon_store_close(&store);
	write_stolen(argv[1], &boot[2]);
	if (argc > 3)
		retain(argv[1], &boot[2]);
	return fclose(anchors);
}
