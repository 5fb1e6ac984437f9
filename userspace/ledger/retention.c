// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "cleanup.h"
#include "retention.h"
#include "store_internal.h"

static bool is_same(const struct cordon_ledger_id *one, const struct cordon_ledger_id *other)
{
	return !memcmp(one, other, sizeof(*one));
}

/* Of each ledger the furthest. */
static int add(struct cordon_removal *removal, const struct cordon_removed *removed)
{
	struct cordon_removed *grown;
	size_t i;

	for (i = 0; i < removal->count; i++) {
		struct cordon_removed *known = &removal->removed[i];

		if (!is_same(&known->last.ledger, &removed->last.ledger))
			continue;
		if (known->last.epoch < removed->last.epoch)
			*known = *removed;
		return 0;
	}
	grown = realloc(removal->removed, (removal->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	removal->removed = grown;
	grown[removal->count++] = *removed;
	return 0;
}

static int add_epoch(struct cordon_removal *removal, uint64_t volume, sqlite3_stmt *s)
{
	struct cordon_removed removed = { .volume = volume };
	struct cordon_header header;

	if ((size_t)sqlite3_column_bytes(s, 0) < sizeof(header))
		return -EBADMSG;
	memcpy(&header, sqlite3_column_blob(s, 0), sizeof(header));
	memcpy(removed.last.ledger.boot, header.boot, sizeof(header.boot));
	removed.last.ledger.number = header.ledger;
	removed.last.epoch = header.epoch;
	memcpy(removed.last.tag, header.tag, sizeof(header.tag));
	return add(removal, &removed);
}

/* What an earlier removal said: with this volume its record goes, and must be made again. */
static int add_record(struct cordon_removal *removal, uint64_t volume, sqlite3_stmt *s)
{
	struct cordon_removed removed;
	struct cordon_record record;

	(void)volume;
	if ((size_t)sqlite3_column_bytes(s, 0) != sizeof(record))
		return -EBADMSG;
	memcpy(&record, sqlite3_column_blob(s, 0), sizeof(record));
	return cordon_removed_parse(record.path, &removed) ? 0 : add(removal, &removed);
}

/* Rows of one record each. @one and @other may be in the query. */
static int each_row(struct cordon_store *store, const char *query, int64_t one, int64_t other,
		    int (*take)(struct cordon_removal *removal, uint64_t volume, sqlite3_stmt *s),
		    struct cordon_removal *removal, uint64_t volume)
{
	sqlite3_stmt *s = NULL;
	int result = sqlite3_prepare_v2(store->database, query, -1, &s, NULL), err = 0;

	if (result == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, one);
		sqlite3_bind_int64(s, 2, other);
		while (!err && (result = sqlite3_step(s)) == SQLITE_ROW)
			err = take(removal, volume, s);
	}
	sqlite3_finalize(s);
	return err ? err : cordon_store_errno(result);
}

static int read_number(struct cordon_store *store, const char *query, int64_t *number)
{
	sqlite3_stmt *s = NULL;
	int result = sqlite3_prepare_v2(store->database, query, -1, &s, NULL);

	if (result == SQLITE_OK && (result = sqlite3_step(s)) == SQLITE_ROW)
		*number = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return cordon_store_errno(result);
}

/*
 * The volume behind the oldest one has the end of that one's last ledger with it: of this ledger
 * only what is before goes.
 */
static int describe(struct cordon_store *oldest, struct cordon_store *next, uint64_t volume,
		    struct cordon_removal *removal)
{
	int64_t ledger = 0, epoch = 0;
	int err = read_number(next, "SELECT ledger FROM volume", &ledger);

	if (!err)
		err = read_number(next, "SELECT epoch FROM volume", &epoch);
	/* Records of earlier removals first: an epoch that goes now is further. */
	if (!err)
		err = each_row(oldest,
			       "SELECT record FROM records WHERE reason = ?1 AND operation = ?2",
			       CORDON_REASON_STORE, CORDON_OPERATION_CONTROL, add_record, removal,
			       volume);
	if (!err)
		err = each_row(oldest,
			       "SELECT record, max(epoch) FROM epochs WHERE class = 2"
			       " AND (ledger != ?1 OR epoch <= ?2) GROUP BY boot, ledger",
			       ledger, epoch, add_epoch, removal, volume);
	return err;
}

static int look_at(const struct cordon_volume *oldest, const char *next_file, uint64_t keep_s,
		   uint64_t now_s, struct cordon_removal *removal)
{
	cordon_auto_store *volume = NULL, *next = NULL;
	struct cordon_failure failure;
	int64_t last_ns = 0;
	int err = cordon_store_open(oldest->file, false, &volume, &failure);

	if (!err)
		err = read_number(volume, "SELECT ifnull(max(time), 0) FROM records", &last_ns);
	if (err || last_ns / 1000000000 + (int64_t)keep_s >= (int64_t)now_s)
		return err;
	err = cordon_store_open(next_file, false, &next, &failure);
	if (!err)
		err = describe(volume, next, oldest->number, removal);
	if (err)
		return err;
	removal->file = strdup(oldest->file);
	return removal->file ? 0 : -ENOMEM;
}

int cordon_retention_due(struct cordon_store *store, const struct cordon_store_limits *limits,
			 uint64_t now_s, struct cordon_removal *removal)
{
	struct cordon_volumes volumes = { 0 };
	int err = limits->total_bytes ? cordon_volumes_list(store->file, &volumes) : 0;
	uint64_t total = 0;
	size_t i;

	*removal = (struct cordon_removal){ 0 };
	for (i = 0; i < volumes.count; i++)
		total += volumes.volume[i].bytes;
	if (!err && volumes.count && total > limits->total_bytes)
		err = look_at(&volumes.volume[0],
			      volumes.count > 1 ? volumes.volume[1].file : store->file,
			      limits->keep_days * 24 * 60 * 60, now_s, removal);
	if (err)
		cordon_removal_free(removal);
	cordon_volumes_free(&volumes);
	return err;
}

void cordon_removal_free(struct cordon_removal *removal)
{
	free(removal->file);
	free(removal->removed);
	*removal = (struct cordon_removal){ 0 };
}
