// SPDX-License-Identifier: GPL-2.0-only
/* Looking records up, in a store and its older volumes. */
#include <sys/stat.h>

#include "cleanup.h"
#include "store_internal.h"
#include "volumes.h"

static void bind_filter(sqlite3_stmt *s, const struct cordon_filter *filter)
{
	if (filter->verdict >= 0)
		sqlite3_bind_int(s, 1, filter->verdict);
	if (filter->reason >= 0)
		sqlite3_bind_int(s, 2, filter->reason);
	if (filter->pid >= 0)
		sqlite3_bind_int64(s, 3, filter->pid);
	if (filter->since_ns)
		sqlite3_bind_int64(s, 4, (sqlite3_int64)filter->since_ns);
	cordon_store_bind_bytes(s, 5, filter->exe);
	if (filter->by_host)
		sqlite3_bind_blob(s, 6, &filter->host, sizeof(filter->host), SQLITE_TRANSIENT);
	cordon_store_bind_bytes(s, 7, filter->path);
}

static char *column_text(sqlite3_stmt *s, int column)
{
	size_t size = (size_t)sqlite3_column_bytes(s, column);
	const void *bytes = sqlite3_column_blob(s, column);

	return bytes ? strndup(bytes, size) : NULL;
}

/* A store is a file: what stands in it is not believed to be of our making. */
static int visit_row(sqlite3_stmt *s, cordon_store_visit visit, void *context)
{
	struct cordon_stored stored = { .id = sqlite3_column_int64(s, 0) };
	cordon_auto_free char *exe = column_text(s, 2);
	cordon_auto_free char *path = column_text(s, 3);

	if (sqlite3_column_bytes(s, 1) != sizeof(stored.record))
		return -EBADMSG;
	memcpy(&stored.record, sqlite3_column_blob(s, 1), sizeof(stored.record));
	stored.exe = exe;
	stored.path = path;
	return visit(context, &stored);
}

static int policy_of_file(struct cordon_store *store, const uint8_t digest[8], void **image,
			  size_t *bytes)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_POLICY);
	int result, err = -ENOENT;

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, digest, 8, SQLITE_TRANSIENT);
	result = sqlite3_step(s);
	if (result == SQLITE_ROW) {
		size_t size = (size_t)sqlite3_column_bytes(s, 0);
		void *copy = malloc(size + 1);

		err = copy ? 0 : -ENOMEM;
		if (copy) {
			memcpy(copy, size ? sqlite3_column_blob(s, 0) : "", size);
			*image = copy;
			*bytes = size;
		}
	} else if (result != SQLITE_DONE) {
		err = cordon_store_errno(result);
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return err;
}

/* @before: what has this number or a higher one is told by the next volume. */
static int query_file(struct cordon_store *store, const struct cordon_filter *filter, int64_t after,
		      int64_t before, unsigned int limit, cordon_store_visit visit, void *context,
		      int64_t *seen)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_QUERY);
	int result = SQLITE_DONE, err = 0;

	if (!s)
		return -EIO;
	bind_filter(s, filter);
	sqlite3_bind_int64(s, 8, after);
	sqlite3_bind_int64(s, 9, limit);
	sqlite3_bind_int64(s, 10, before);
	*seen = after;
	while (!err && (result = sqlite3_step(s)) == SQLITE_ROW) {
		err = visit_row(s, visit, context);
		*seen = sqlite3_column_int64(s, 0);
	}
	if (!err && result != SQLITE_DONE)
		err = cordon_store_errno(result);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return err;
}

static int tail_file(struct cordon_store *store, const struct cordon_filter *filter,
		     unsigned int count, int64_t *after)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_TAIL);
	int result;

	if (!s)
		return -EIO;
	bind_filter(s, filter);
	sqlite3_bind_int64(s, 8, count);
	result = sqlite3_step(s);
	*after = result == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : cordon_store_errno(result);
}

/* The writer may have begun a new file under the name that we opened. */
static int follow_rotation(struct cordon_store *store)
{
	struct cordon_failure failure;
	struct stat status;

	if (!store->spans || stat(store->file, &status) || status.st_ino == store->inode)
		return 0;
	return cordon_store_reopen(store, &failure);
}

static int first_and_last(struct cordon_store *store, int64_t *first, int64_t *last)
{
	sqlite3_stmt *s;
	int result =
		sqlite3_prepare_v2(store->database,
				   "SELECT ifnull(min(id), 0), ifnull(max(id), 0) FROM records", -1,
				   &s, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(s);
	if (result == SQLITE_ROW) {
		*first = sqlite3_column_int64(s, 0);
		*last = sqlite3_column_int64(s, 1);
	}
	sqlite3_finalize(s);
	return result == SQLITE_ROW ? 0 : cordon_store_errno(result);
}

struct spanning {
	const struct cordon_filter *filter;
	int64_t at;
	unsigned int left;
	cordon_store_visit visit;
	void *context;
};

static int count_visit(void *context, const struct cordon_stored *stored)
{
	struct spanning *spanning = context;

	spanning->left--;
	return spanning->visit(spanning->context, stored);
}

static int query_volume(struct spanning *spanning, const char *file, int64_t before)
{
	cordon_auto_store *volume = NULL;
	struct cordon_failure failure;
	int64_t first, last;
	int err = cordon_store_open(file, false, &volume, &failure);

	/* Removed by retention a moment ago. */
	if (err)
		return err == -ENOENT ? 0 : err;
	err = first_and_last(volume, &first, &last);
	if (err || last <= spanning->at)
		return err;
	return query_file(volume, spanning->filter, spanning->at, before, spanning->left,
			  count_visit, spanning, &spanning->at);
}

/* The number of the first record that a volume has for itself. */
static int64_t first_of(const char *file)
{
	cordon_auto_store *volume = NULL;
	struct cordon_failure failure;
	sqlite3_stmt *s = NULL;
	int64_t first = INT64_MAX;

	if (!cordon_store_open(file, false, &volume, &failure) &&
	    sqlite3_prepare_v2(volume->database, "SELECT max(first) FROM volume", -1, &s, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		first = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return first;
}

/* Oldest volume first, as far as the limit goes. */
static int query_volumes(struct cordon_store *store, struct spanning *spanning)
{
	struct cordon_volumes volumes = { 0 };
	int err = cordon_volumes_list(store->file, &volumes);
	size_t i;

	for (i = 0; !err && i < volumes.count && spanning->left; i++)
		err = query_volume(spanning, volumes.volume[i].file,
				   first_of(i + 1 < volumes.count ? volumes.volume[i + 1].file :
								    store->file));
	cordon_volumes_free(&volumes);
	return err;
}

int cordon_store_query(struct cordon_store *store, const struct cordon_filter *filter,
		       int64_t after, unsigned int limit, cordon_store_visit visit, void *context,
		       int64_t *seen)
{
	struct spanning spanning = {
		.filter = filter, .at = after, .left = limit, .visit = visit, .context = context
	};
	int64_t first = 0, last = 0;
	int err = follow_rotation(store);

	*seen = after;
	if (!err && store->spans)
		err = first_and_last(store, &first, &last);
	if (!err && store->spans && (!first || after < first - 1))
		err = query_volumes(store, &spanning);
	if (!err && spanning.left)
		err = query_file(store, filter, spanning.at, INT64_MAX, spanning.left, count_visit,
				 &spanning, &spanning.at);
	*seen = spanning.at;
	return err;
}

/* In the newest volume that has so many; else all of the file is the tail. */
int cordon_store_tail(struct cordon_store *store, const struct cordon_filter *filter,
		      unsigned int count, int64_t *after)
{
	int err = follow_rotation(store);

	return err ? err : tail_file(store, filter, count, after);
}

static int policy_of_volumes(struct cordon_store *store, const uint8_t digest[8], void **image,
			     size_t *bytes)
{
	struct cordon_volumes volumes = { 0 };
	int err = cordon_volumes_list(store->file, &volumes);
	size_t i;

	err = err ? err : -ENOENT;
	for (i = volumes.count; err == -ENOENT && i; i--) {
		cordon_auto_store *volume = NULL;
		struct cordon_failure failure;

		if (!cordon_store_open(volumes.volume[i - 1].file, false, &volume, &failure))
			err = cordon_store_policy(volume, digest, image, bytes);
	}
	cordon_volumes_free(&volumes);
	return err;
}

int cordon_store_policy(struct cordon_store *store, const uint8_t digest[8], void **image,
			size_t *bytes)
{
	int err = follow_rotation(store);

	if (!err)
		err = policy_of_file(store, digest, image, bytes);
	return err == -ENOENT && store->spans ? policy_of_volumes(store, digest, image, bytes) :
						err;
}
