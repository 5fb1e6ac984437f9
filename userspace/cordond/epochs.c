// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "epochs.h"
#include "ledger_words.h"
#include "store_ledger.h"

/* The longest record, of a machine with as many CPUs as any kernel has. */
#define BUFFER_BYTES (512u << 10)
/* An anchor a minute goes to the log; the store has one for each epoch. */
#define ANCHOR_EPOCHS 60

int epochs_open(struct epochs *epochs, int device)
{
	*epochs = (struct epochs){ .device = device, .buffer = malloc(BUFFER_BYTES) };
	return epochs->buffer ? 0 : -ENOMEM;
}

void epochs_close(struct epochs *epochs)
{
	free(epochs->buffer);
	epochs->buffer = NULL;
}

void epochs_read(struct epochs *epochs, const struct ring *ring)
{
	ssize_t count;

	if (epochs->device < 0 || epochs->bytes)
		return;
	count = read(epochs->device, epochs->buffer, BUFFER_BYTES);
	if (count <= 0)
		return;
	epochs->bytes = (size_t)count;
	/* A record takes its room in the ring before it gets its place in a chain. */
	epochs->behind = __atomic_load_n(ring->writer, __ATOMIC_ACQUIRE);
}

int epochs_store(struct epochs *epochs, const struct ring *ring, struct cordon_store *store)
{
	size_t at = 0;
	int err = 0;

	if (!epochs->bytes || ring->at < epochs->behind)
		return 0;
	while (!err && at < epochs->bytes) {
		const struct cordon_header *record = (const void *)(epochs->buffer + at);

		err = cordon_store_add_epoch(store, record);
		epochs->last = record->sequence;
		if (record->class == CORDON_CLASS_EPOCH)
			epochs->epoch = *record;
		at += record->bytes;
	}
	epochs->are_stored = !err;
	return err;
}

void epochs_tell_anchor(struct epochs *epochs)
{
	const struct cordon_header *epoch = &epochs->epoch;
	struct cordon_anchor anchor = { .ledger.number = epoch->ledger, .epoch = epoch->epoch };
	char text[CORDON_ANCHOR_TEXT_BYTES];

	if (!epoch->ledger)
		return;
	memcpy(anchor.ledger.boot, epoch->boot, sizeof(anchor.ledger.boot));
	memcpy(anchor.tag, epoch->tag, sizeof(anchor.tag));
	cordon_anchor_format(&anchor, text, sizeof(text));
	fprintf(stderr, CORDON_ANCHOR_WORD "%s\n", text);
	epochs->told = epoch->epoch;
}

bool epochs_commit(struct epochs *epochs)
{
	struct cordon_ledger_taken taken = { .sequence = epochs->last };

	if (!epochs->are_stored)
		return false;
	if (ioctl(epochs->device, CORDON_IOCTL_TAKEN, &taken))
		fprintf(stderr, "cordond: " CORDON_DEVICE ": TAKEN: %s\n", strerror(errno));
	epochs->are_stored = false;
	epochs->bytes = 0;
	if (epochs->epoch.epoch >= epochs->told + ANCHOR_EPOCHS)
		epochs_tell_anchor(epochs);
	return true;
}

void epochs_rollback(struct epochs *epochs)
{
	epochs->are_stored = false;
}

bool epochs_wait(const struct epochs *epochs)
{
	return epochs->bytes != 0;
}
