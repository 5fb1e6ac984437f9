// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "ahead.h"

/* So many rows and what is left of their last epoch: enough to fill all lanes to the end. */
#ifndef CORDON_LEDGER_AHEAD_ROWS
#define CORDON_LEDGER_AHEAD_ROWS (1u << 18)
#endif

/* The runs under way, one in each lane. */
struct feed {
	struct lanes lanes;
	struct ahead *ahead;
	size_t next; /* run */
	struct {
		struct ahead_run *run; /* NULL: there is none anymore */
		bool tagged; /* the row's tag is right: its lane makes the next key */
	} at[LANES];
};

static bool add_run(struct ahead *ahead, const struct cordon_row *row, size_t count,
		    const uint8_t *key)
{
	struct ahead_run *run;

	if (ahead->count == ahead->room) {
		size_t room = ahead->room ? 2 * ahead->room : 64;

		/* Keys are not left behind. */
		run = calloc(room, sizeof(*run));
		if (!run)
			return false;
		if (ahead->count) {
			memcpy(run, ahead->run, ahead->count * sizeof(*run));
			cordon_hash_wipe(ahead->run, ahead->count * sizeof(*run));
		}
		free(ahead->run);
		ahead->run = run;
		ahead->room = room;
	}
	run = &ahead->run[ahead->count++];
	*run = (struct ahead_run){ .row = row, .count = count };
	memcpy(run->key, key, sizeof(run->key));
	return true;
}

/* Only over epochs that follow each other: the ratchet over a gap is the verifier's. */
static void collect(struct ahead *ahead, const struct audit *audit, const struct cordon_row *row,
		    size_t count)
{
	struct cordon_chain chain = { .epoch = audit->epoch };
	uint8_t secret[CORDON_KEY_BYTES];
	size_t i, length;

	memcpy(secret, audit->secret, sizeof(secret));
	for (i = 0; i < count; i += length) {
		if (row[i].epoch != chain.epoch) {
			if (i >= CORDON_LEDGER_AHEAD_ROWS || row[i].epoch != chain.epoch + 1)
				break;
			cordon_epoch_next(secret);
		}
		cordon_chain_begin(&chain, row[i].chain, row[i].epoch, secret);
		length = run_length(row + i, count - i, true);
		if (!add_run(ahead, row + i, length, chain.key))
			break;
	}
	ahead->end = row + i;
	cordon_hash_wipe(&chain, sizeof(chain));
	cordon_hash_wipe(secret, sizeof(secret));
}

/* The next row's tag. False: nothing more is told of the run. */
static bool begin_tag(struct feed *feed, unsigned int lane)
{
	const struct ahead_run *run = feed->at[lane].run;
	const struct cordon_row *row = run->row + run->good;
	struct cordon_part part[CORDON_PARTS_MAX];
	unsigned int parts, i;
	bool room;

	if (run->good == run->count || (run->good && row[0].sequence - row[-1].sequence != 1))
		return false;
	feed->at[lane].tagged = false;
	lanes_begin(&feed->lanes, lane, run->key);
	room = lanes_add(&feed->lanes, lane, CORDON_DOMAIN_TAG, CORDON_DOMAIN_BYTES);
	parts = cordon_record_parts(row->record, part);
	for (i = 0; room && i < parts; i++)
		room = lanes_add(&feed->lanes, lane, part[i].bytes, part[i].count);
	return room;
}

static void begin_next(struct feed *feed, unsigned int lane, const uint8_t *tag)
{
	feed->at[lane].tagged = true;
	lanes_again(&feed->lanes, lane);
	lanes_add(&feed->lanes, lane, CORDON_DOMAIN_NEXT, CORDON_DOMAIN_BYTES);
	lanes_add(&feed->lanes, lane, tag, CORDON_TAG_BYTES);
}

static void begin_run(struct feed *feed, unsigned int lane)
{
	struct ahead *ahead = feed->ahead;

	do {
		feed->at[lane].run = feed->next < ahead->count ? &ahead->run[feed->next++] : NULL;
	} while (feed->at[lane].run && !begin_tag(feed, lane));
}

/* Goes on with what the lane's hash says of its run. */
static void take(struct feed *feed, unsigned int lane)
{
	struct ahead_run *run = feed->at[lane].run;
	uint8_t hash[CORDON_KEY_BYTES];

	if (!run || !lanes_take(&feed->lanes, lane, hash))
		return;
	if (feed->at[lane].tagged) {
		memcpy(run->key, hash, sizeof(run->key));
		run->good++;
		if (!begin_tag(feed, lane))
			begin_run(feed, lane);
	} else if (!memcmp(hash, run->row[run->good].record->tag, CORDON_TAG_BYTES)) {
		begin_next(feed, lane, hash);
	} else {
		begin_run(feed, lane);
	}
}

static bool is_busy(const struct feed *feed)
{
	unsigned int lane;

	for (lane = 0; lane < LANES; lane++)
		if (feed->at[lane].run)
			return true;
	return false;
}

void ahead_look(struct ahead *ahead, const struct audit *audit, const struct cordon_row *row,
		size_t count)
{
	struct feed *feed;
	unsigned int lane;

	if (ahead->kind == LANES_NONE || (ahead->end && row < ahead->end))
		return;
	ahead->count = 0;
	feed = malloc(sizeof(*feed));
	/* Without it the walk does all by itself. */
	if (!feed || !lanes_init(&feed->lanes, ahead->kind)) {
		free(feed);
		return;
	}
	collect(ahead, audit, row, count);
	feed->ahead = ahead;
	feed->next = 0;
	for (lane = 0; lane < LANES; lane++)
		begin_run(feed, lane);
	while (is_busy(feed)) {
		lanes_step(&feed->lanes);
		for (lane = 0; lane < LANES; lane++)
			take(feed, lane);
	}
	cordon_hash_wipe(feed, sizeof(*feed));
	free(feed);
}

const struct ahead_run *ahead_find(const struct ahead *ahead, const struct cordon_row *row)
{
	size_t low = 0, high = ahead->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ahead->run[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ahead->count && ahead->run[low].row == row ? &ahead->run[low] : NULL;
}

void ahead_free(struct ahead *ahead)
{
	if (ahead->run)
		cordon_hash_wipe(ahead->run, ahead->room * sizeof(*ahead->run));
	free(ahead->run);
	ahead->run = NULL;
	ahead->count = 0;
	ahead->room = 0;
}
