// SPDX-License-Identifier: GPL-2.0-only
#include <sqlite3.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "store.h"

#define STORE_FORMAT	  1
#define STORE_FORMAT_TEXT "1"

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_ADD,
	STATEMENT_ADD_LOSS,
	STATEMENT_ADD_POLICY,
	STATEMENT_POLICY,
	STATEMENT_NEXT_SEQUENCE,
	STATEMENT_GAPS,
	STATEMENT_LOST,
	STATEMENT_QUERY,
	STATEMENT_TAIL,
	STATEMENT_COUNT
};

/* One text for query and tail: every filter is a parameter that can be NULL. */
#define MATCHES                                                          \
	"(?1 IS NULL OR verdict = ?1) AND (?2 IS NULL OR reason = ?2) "  \
	"AND (?3 IS NULL OR pid = ?3) AND (?4 IS NULL OR time >= ?4) "   \
	"AND (?5 IS NULL OR exe = ?5) AND (?6 IS NULL OR address = ?6) " \
	"AND (?7 IS NULL OR path = ?7 OR (path >= CAST(?7 || '/' AS BLOB) AND path < CAST(?7 || '0' AS BLOB))) "

static const char *const sql[STATEMENT_COUNT] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	[STATEMENT_ADD] = "INSERT OR IGNORE INTO records (sequence, boot, boottime, time, verdict, "
			  "reason, operation, pid, uid, exe, path, address, record) "
			  "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STATEMENT_ADD_LOSS] = "INSERT OR IGNORE INTO losses (boot, first, last, count, time) "
			       "VALUES (?,?,?,?,?)",
	[STATEMENT_ADD_POLICY] = "INSERT OR IGNORE INTO policies (digest, version, name, image) "
				 "VALUES (?,?,?,?)",
	[STATEMENT_POLICY] = "SELECT image FROM policies WHERE substr(digest, 1, 8) = ?",
	[STATEMENT_NEXT_SEQUENCE] =
		"SELECT max("
		"ifnull((SELECT max(sequence) FROM records WHERE boot = ?1), 0), "
		"ifnull((SELECT max(last) FROM losses WHERE boot = ?1), 0)) + 1",
	[STATEMENT_GAPS] =
		"SELECT before + 1, sequence - 1 FROM (SELECT sequence,"
		" lag(sequence) OVER (ORDER BY sequence) AS before FROM"
		" (SELECT sequence FROM records WHERE boot = ?1 ORDER BY sequence DESC LIMIT 4096)) "
		"WHERE sequence > before + 1 AND NOT EXISTS (SELECT 1 FROM losses WHERE boot = ?1"
		" AND first <= before + 1 AND last >= sequence - 1)",
	[STATEMENT_LOST] = "SELECT ifnull(sum(count), 0) FROM losses WHERE boot = ?",
	[STATEMENT_QUERY] = "SELECT id, record, exe, path FROM records WHERE id > ?8 AND " MATCHES
			    "ORDER BY id LIMIT ?9",
	[STATEMENT_TAIL] =
		"SELECT id FROM records WHERE " MATCHES "ORDER BY id DESC LIMIT 1 OFFSET ?8",
};

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL,"
	" boot BLOB NOT NULL, boottime INTEGER NOT NULL, time INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, reason INTEGER NOT NULL, operation INTEGER NOT NULL,"
	" pid INTEGER NOT NULL, uid INTEGER NOT NULL, exe, path, address BLOB,"
	" record BLOB NOT NULL, UNIQUE (boot, sequence, boottime));"
	"CREATE INDEX IF NOT EXISTS records_by_time ON records (time);"
	"CREATE INDEX IF NOT EXISTS records_by_path ON records (path);"
	"CREATE INDEX IF NOT EXISTS records_by_exe ON records (exe);"
	"CREATE TABLE IF NOT EXISTS losses (boot BLOB NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, count INTEGER NOT NULL, time INTEGER NOT NULL,"
	" PRIMARY KEY (boot, first));"
	"CREATE TABLE IF NOT EXISTS policies (digest BLOB PRIMARY KEY, version INTEGER NOT NULL,"
	" name TEXT NOT NULL, image BLOB NOT NULL);"
	"PRAGMA user_version = " STORE_FORMAT_TEXT ";"
	"COMMIT;";

struct cordon_store {
	sqlite3 *database;
	sqlite3_stmt *statement[STATEMENT_COUNT];
};

const char *cordon_store_error(const struct cordon_store *store)
{
	return sqlite3_errmsg(store->database);
}

/* SQLite's result as one of ours. */
static int store_errno(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

void cordon_store_close(struct cordon_store **store)
{
	int i;

	if (!*store)
		return;
	for (i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize((*store)->statement[i]);
	sqlite3_close((*store)->database);
	free(*store);
	*store = NULL;
}

/* The prepared statement, made at its first use; NULL on failure. */
static sqlite3_stmt *prepare(struct cordon_store *store, enum statement which)
{
	if (!store->statement[which])
		sqlite3_prepare_v3(store->database, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
				   &store->statement[which], NULL);
	return store->statement[which];
}

/* Runs a statement that gives no rows, and makes it ready for the next time. */
static int run(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return store_errno(result);
}

static int run_plain(struct cordon_store *store, enum statement which)
{
	sqlite3_stmt *statement = prepare(store, which);

	return statement ? run(statement) : -EIO;
}

static int read_format(sqlite3 *database, int *format)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL);

	if (result != SQLITE_OK)
		return store_errno(result);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*format = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : store_errno(result);
}

static int set_up(struct cordon_store *store, bool writable, const char *file,
		  struct cordon_failure *failure)
{
	sqlite3 *database = store->database;
	int format = 0, err;

	sqlite3_busy_timeout(database, 5000);
	/* A file that somebody else made must not run anything in us. */
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	err = read_format(database, &format);
	if (!err && format != STORE_FORMAT && (format || !writable))
		return cordon_failure_set(failure, EPROTO,
					  "%s: the store has format %d, this program reads %d",
					  file, format, STORE_FORMAT);
	if (!err && writable)
		err = store_errno(sqlite3_exec(database,
					       "PRAGMA journal_mode = WAL;"
					       "PRAGMA synchronous = NORMAL;",
					       NULL, NULL, NULL));
	if (!err && writable)
		err = store_errno(sqlite3_exec(database, schema, NULL, NULL, NULL));
	if (err)
		return cordon_failure_set(failure, -err, "%s: %s", file, sqlite3_errmsg(database));
	return 0;
}

/* As a URI, so that a copy without its write-ahead log can be said to be immutable. */
static char *store_uri(const char *file, const char *options)
{
	char *uri = malloc(3 * strlen(file) + strlen(options) + 8), *to = uri;

	if (!uri)
		return NULL;
	to += sprintf(to, "file:");
	for (; *file; file++) {
		if (strchr("%?#", *file))
			to += sprintf(to, "%%%02x", (unsigned char)*file);
		else
			*to++ = *file;
	}
	strcpy(to, options);
	return uri;
}

static int open_with(const char *file, bool writable, const char *options,
		     struct cordon_store **store, struct cordon_failure *failure)
{
	cordon_auto_store *opened = calloc(1, sizeof(*opened));
	cordon_auto_free char *uri = store_uri(file, options);
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX |
		    (writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
	int err;

	if (!opened || !uri)
		return cordon_failure_errno(failure, ENOMEM, "%s", file);
	if (sqlite3_open_v2(uri, &opened->database, flags, NULL) != SQLITE_OK)
		return cordon_failure_set(failure, EIO, "%s: %s", file,
					  sqlite3_errmsg(opened->database));
	err = set_up(opened, writable, file, failure);
	if (err)
		return err;
	*store = cordon_pointer_take(&opened);
	return 0;
}

int cordon_store_open(const char *file, bool writable, struct cordon_store **store,
		      struct cordon_failure *failure)
{
	mode_t mask;
	int err;

	if (!writable && access(file, R_OK))
		return cordon_failure_errno(failure, errno, "%s", file);
	mask = umask(0077);
	err = open_with(file, writable, "", store, failure);
	umask(mask);
	if (err && !writable && err != -EPROTO)
		err = open_with(file, false, "?immutable=1", store, failure);
	return err;
}

int cordon_store_begin(struct cordon_store *store)
{
	return run_plain(store, STATEMENT_BEGIN);
}

int cordon_store_commit(struct cordon_store *store)
{
	return run_plain(store, STATEMENT_COMMIT);
}

int cordon_store_rollback(struct cordon_store *store)
{
	return run_plain(store, STATEMENT_ROLLBACK);
}

/* File names are bytes, not text: stored and compared as blobs. */
static void bind_bytes(sqlite3_stmt *statement, int at, const char *bytes)
{
	if (bytes)
		sqlite3_bind_blob(statement, at, bytes, (int)strlen(bytes), SQLITE_TRANSIENT);
}

int cordon_store_add(struct cordon_store *store, const struct cordon_record *record,
		     const char *exe, const char *path)
{
	sqlite3_stmt *s = prepare(store, STATEMENT_ADD);

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)record->sequence);
	sqlite3_bind_blob(s, 2, record->boot, sizeof(record->boot), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)record->boottime_ns);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)record->realtime_ns);
	sqlite3_bind_int(s, 5, record->verdict);
	sqlite3_bind_int(s, 6, record->reason);
	sqlite3_bind_int(s, 7, record->operation);
	sqlite3_bind_int64(s, 8, record->pid);
	sqlite3_bind_int64(s, 9, record->uid);
	bind_bytes(s, 10, exe);
	bind_bytes(s, 11, path);
	if (record->flags & CORDON_RECORD_HAS_HOST)
		sqlite3_bind_blob(s, 12, &record->address, sizeof(record->address),
				  SQLITE_TRANSIENT);
	sqlite3_bind_blob(s, 13, record, sizeof(*record), SQLITE_TRANSIENT);
	return run(s);
}

int cordon_store_add_loss(struct cordon_store *store, const __u64 boot[2], uint64_t from,
			  uint64_t to, uint64_t realtime_ns)
{
	sqlite3_stmt *s = prepare(store, STATEMENT_ADD_LOSS);

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot, 16, SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)from);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)to);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)(to - from + 1));
	sqlite3_bind_int64(s, 5, (sqlite3_int64)realtime_ns);
	return run(s);
}

int cordon_store_add_policy(struct cordon_store *store, const void *image, size_t bytes)
{
	const struct cordon_image *header = image;
	sqlite3_stmt *s = prepare(store, STATEMENT_ADD_POLICY);

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, header->policy.digest, sizeof(header->policy.digest),
			  SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)header->policy.version);
	sqlite3_bind_text(s, 3, header->name, (int)strnlen(header->name, sizeof(header->name)),
			  SQLITE_TRANSIENT);
	sqlite3_bind_blob64(s, 4, image, bytes, SQLITE_TRANSIENT);
	return run(s);
}

int cordon_store_policy(struct cordon_store *store, const uint8_t digest[8], void **image,
			size_t *bytes)
{
	sqlite3_stmt *s = prepare(store, STATEMENT_POLICY);
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
		err = store_errno(result);
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return err;
}

static int number_of_boot(struct cordon_store *store, enum statement which, const __u64 boot[2],
			  uint64_t *number)
{
	sqlite3_stmt *s = prepare(store, which);
	int result;

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot, 16, SQLITE_TRANSIENT);
	result = sqlite3_step(s);
	if (result == SQLITE_ROW)
		*number = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return result == SQLITE_ROW ? 0 : store_errno(result);
}

int cordon_store_next_sequence(struct cordon_store *store, const __u64 boot[2], uint64_t *next)
{
	return number_of_boot(store, STATEMENT_NEXT_SEQUENCE, boot, next);
}

int cordon_store_gaps(struct cordon_store *store, const __u64 boot[2], cordon_store_gap visit,
		      void *context)
{
	sqlite3_stmt *s = prepare(store, STATEMENT_GAPS);
	int result;

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot, 16, SQLITE_TRANSIENT);
	while ((result = sqlite3_step(s)) == SQLITE_ROW)
		visit(context, (uint64_t)sqlite3_column_int64(s, 0),
		      (uint64_t)sqlite3_column_int64(s, 1));
	sqlite3_reset(s);
	return store_errno(result);
}

int cordon_store_lost(struct cordon_store *store, const __u64 boot[2], uint64_t *count)
{
	return number_of_boot(store, STATEMENT_LOST, boot, count);
}

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
	bind_bytes(s, 5, filter->exe);
	if (filter->by_host)
		sqlite3_bind_blob(s, 6, &filter->host, sizeof(filter->host), SQLITE_TRANSIENT);
	bind_bytes(s, 7, filter->path);
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

int cordon_store_query(struct cordon_store *store, const struct cordon_filter *filter,
		       int64_t after, unsigned int limit, cordon_store_visit visit, void *context,
		       int64_t *seen)
{
	sqlite3_stmt *s = prepare(store, STATEMENT_QUERY);
	int result = SQLITE_DONE, err = 0;

	if (!s)
		return -EIO;
	bind_filter(s, filter);
	sqlite3_bind_int64(s, 8, after);
	sqlite3_bind_int64(s, 9, limit);
	*seen = after;
	while (!err && (result = sqlite3_step(s)) == SQLITE_ROW) {
		err = visit_row(s, visit, context);
		*seen = sqlite3_column_int64(s, 0);
	}
	if (!err && result != SQLITE_DONE)
		err = store_errno(result);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return err;
}

int cordon_store_tail(struct cordon_store *store, const struct cordon_filter *filter,
		      unsigned int count, int64_t *after)
{
	sqlite3_stmt *s = prepare(store, STATEMENT_TAIL);
	int result;

	if (!s)
		return -EIO;
	bind_filter(s, filter);
	sqlite3_bind_int64(s, 8, count);
	result = sqlite3_step(s);
	*after = result == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : store_errno(result);
}
