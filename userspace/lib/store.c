// SPDX-License-Identifier: GPL-2.0-only
#include <sys/stat.h>

#include "cleanup.h"
#include "store_internal.h"
#include "volumes.h"

/* 2 has ABI 2 of records, the volumes and the ledger. Nothing of 1 was ever released. */
#define STORE_FORMAT	  2
#define STORE_FORMAT_TEXT "2"

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
	[STATEMENT_ADD] =
		"INSERT OR IGNORE INTO records (sequence, boot, boottime, time, verdict, "
		"reason, operation, pid, uid, exe, path, address, record, id, ledger, chain) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STATEMENT_ADD_LOSS] = "INSERT OR IGNORE INTO losses (boot, first, last, count, time) "
			       "VALUES (?,?,?,?,?)",
	[STATEMENT_ADD_POLICY] = "INSERT OR IGNORE INTO policies (digest, version, name, image) "
				 "VALUES (?,?,?,?)",
	[STATEMENT_ADD_EPOCH] =
		"INSERT OR IGNORE INTO epochs (boot, ledger, sequence, epoch, class, "
		"time, record) VALUES (?,?,?,?,?,?,?)",
	[STATEMENT_ADD_BOOT] = "INSERT OR IGNORE INTO boots (boot, ledger, time, record) "
			       "VALUES (?,?,?,?)",
	[STATEMENT_LAST_EPOCH] =
		"SELECT record FROM epochs WHERE class = 2 ORDER BY id DESC LIMIT 1",
	[STATEMENT_POLICY] = "SELECT image FROM policies WHERE substr(digest, 1, 8) = ?",
	[STATEMENT_NEXT_SEQUENCE] =
		"SELECT max("
		"ifnull((SELECT max(sequence) FROM records WHERE boot = ?1 AND ledger = 0), 0), "
		"ifnull((SELECT max(sequence) FROM volume WHERE boot = ?1), 0), "
		"ifnull((SELECT max(last) FROM losses WHERE boot = ?1), 0)) + 1",
	[STATEMENT_GAPS] =
		"SELECT before + 1, sequence - 1 FROM (SELECT sequence,"
		" lag(sequence) OVER (ORDER BY sequence) AS before FROM"
		" (SELECT sequence FROM records WHERE boot = ?1 AND ledger = 0"
		" ORDER BY sequence DESC LIMIT 4096)) "
		"WHERE sequence > before + 1 AND NOT EXISTS (SELECT 1 FROM losses WHERE boot = ?1"
		" AND first <= before + 1 AND last >= sequence - 1)",
	[STATEMENT_LOST] = "SELECT ifnull(sum(count), 0) + "
			   "ifnull((SELECT max(lost) FROM volume WHERE boot = ?1), 0) "
			   "FROM losses WHERE boot = ?1",
	[STATEMENT_QUERY] = "SELECT id, record, exe, path FROM records WHERE id > ?8 AND id < ?10 "
			    "AND " MATCHES "ORDER BY id LIMIT ?9",
	[STATEMENT_TAIL] =
		"SELECT id FROM records WHERE " MATCHES "ORDER BY id DESC LIMIT 1 OFFSET ?8",
};

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL,"
	" boot BLOB NOT NULL, boottime INTEGER NOT NULL, time INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, reason INTEGER NOT NULL, operation INTEGER NOT NULL,"
	" pid INTEGER NOT NULL, uid INTEGER NOT NULL, exe, path, address BLOB,"
	" record BLOB NOT NULL, ledger INTEGER NOT NULL, chain INTEGER NOT NULL,"
	" UNIQUE (boot, ledger, chain, sequence, boottime));"
	"CREATE INDEX IF NOT EXISTS records_by_time ON records (time);"
	"CREATE INDEX IF NOT EXISTS records_by_path ON records (path);"
	"CREATE INDEX IF NOT EXISTS records_by_exe ON records (exe);"
	"CREATE TABLE IF NOT EXISTS losses (boot BLOB NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, count INTEGER NOT NULL, time INTEGER NOT NULL,"
	" PRIMARY KEY (boot, first));"
	"CREATE TABLE IF NOT EXISTS policies (digest BLOB PRIMARY KEY, version INTEGER NOT NULL,"
	" name TEXT NOT NULL, image BLOB NOT NULL);"
	"CREATE TABLE IF NOT EXISTS epochs (id INTEGER PRIMARY KEY, boot BLOB NOT NULL,"
	" ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" class INTEGER NOT NULL, time INTEGER NOT NULL, record BLOB NOT NULL,"
	" UNIQUE (boot, ledger, sequence));"
	"CREATE TABLE IF NOT EXISTS boots (boot BLOB NOT NULL, ledger INTEGER NOT NULL,"
	" time INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (boot, ledger));"
	/*
	 * One row: which volume this is, and what it needs to know of the one before: counts, and
	 * up to which epoch of which ledger everything is there.
	 */
	"CREATE TABLE IF NOT EXISTS volume (number INTEGER PRIMARY KEY, began INTEGER NOT NULL,"
	" first INTEGER NOT NULL, boot BLOB NOT NULL, sequence INTEGER NOT NULL,"
	" lost INTEGER NOT NULL, ledger INTEGER NOT NULL, epoch INTEGER NOT NULL);"
	"INSERT INTO volume SELECT 1, unixepoch(), 0, x'', 0, 0, 0, 0"
	" WHERE NOT EXISTS (SELECT 1 FROM volume);"
	"PRAGMA user_version = " STORE_FORMAT_TEXT ";"
	"COMMIT;";

const char *cordon_store_error(const struct cordon_store *store)
{
	return store->trouble ? store->trouble : sqlite3_errmsg(store->database);
}

/* SQLite's result as one of ours. */
int cordon_store_errno(int result)
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

static void close_database(struct cordon_store *store)
{
	int i;

	for (i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(store->statement[i]);
		store->statement[i] = NULL;
	}
	sqlite3_close(store->database);
	store->database = NULL;
}

void cordon_store_close(struct cordon_store **store)
{
	if (!*store)
		return;
	/* Who copies the files of a store that is closed shall have all of it in them. */
	if ((*store)->writable && (*store)->database)
		sqlite3_wal_checkpoint_v2((*store)->database, NULL, SQLITE_CHECKPOINT_TRUNCATE,
					  NULL, NULL);
	close_database(*store);
	free((*store)->file);
	free(*store);
	*store = NULL;
}

/* The prepared statement, made at its first use; NULL on failure. */
sqlite3_stmt *cordon_store_prepare(struct cordon_store *store, enum statement which)
{
	if (!store->statement[which])
		sqlite3_prepare_v3(store->database, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
				   &store->statement[which], NULL);
	return store->statement[which];
}

/* Runs a statement that gives no rows, and makes it ready for the next time. */
int cordon_store_run(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return cordon_store_errno(result);
}

static int run_plain(struct cordon_store *store, enum statement which)
{
	sqlite3_stmt *statement = cordon_store_prepare(store, which);

	return statement ? cordon_store_run(statement) : -EIO;
}

static int read_format(sqlite3 *database, int *format)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL);

	if (result != SQLITE_OK)
		return cordon_store_errno(result);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*format = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : cordon_store_errno(result);
}

int cordon_store_execute(struct cordon_store *store, const char *statements)
{
	return cordon_store_errno(sqlite3_exec(store->database, statements, NULL, NULL, NULL));
}

static int number_of(struct cordon_store *store, const char *query, int64_t *number)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(store->database, query, -1, &statement, NULL);

	if (result != SQLITE_OK)
		return cordon_store_errno(result);
	result = sqlite3_step(statement);
	*number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return cordon_store_errno(result);
}

int cordon_store_volume_number(struct cordon_store *store, int64_t *number)
{
	return number_of(store, "SELECT ifnull(max(number), 0) FROM volume", number);
}

/* Numbers of records go on from one volume to the next. */
static int find_next_id(struct cordon_store *store)
{
	int err = number_of(store,
			    "SELECT max(ifnull((SELECT max(id) FROM records), 0),"
			    " ifnull((SELECT max(first) - 1 FROM volume), 0)) + 1",
			    &store->next_id);

	return err ? err : store->next_id > 0 ? 0 : -EBADMSG;
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
		err = cordon_store_errno(sqlite3_exec(database,
						      "PRAGMA journal_mode = WAL;"
						      "PRAGMA synchronous = FULL;",
						      NULL, NULL, NULL));
	if (!err && writable)
		err = cordon_store_execute(store, schema);
	if (!err && writable)
		err = find_next_id(store);
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

static int open_with(struct cordon_store *store, const char *options,
		     struct cordon_failure *failure)
{
	cordon_auto_free char *uri = store_uri(store->file, options);
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX |
		    (store->writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE :
				       SQLITE_OPEN_READONLY);
	int err;

	if (!uri)
		return cordon_failure_errno(failure, ENOMEM, "%s", store->file);
	if (sqlite3_open_v2(uri, &store->database, flags, NULL) != SQLITE_OK)
		err = cordon_failure_set(failure, EIO, "%s: %s", store->file,
					 sqlite3_errmsg(store->database));
	else
		err = set_up(store, store->writable, store->file, failure);
	if (err)
		close_database(store);
	return err;
}

int cordon_store_reopen(struct cordon_store *store, struct cordon_failure *failure)
{
	struct stat status;
	mode_t mask;
	int err;

	close_database(store);
	if (!store->writable && access(store->file, R_OK))
		return cordon_failure_errno(failure, errno, "%s", store->file);
	mask = umask(0077);
	err = open_with(store, "", failure);
	umask(mask);
	if (err && !store->writable && err != -EPROTO)
		err = open_with(store, "?immutable=1", failure);
	store->inode = !err && !stat(store->file, &status) ? status.st_ino : 0;
	return err;
}

int cordon_store_open(const char *file, bool writable, struct cordon_store **store,
		      struct cordon_failure *failure)
{
	cordon_auto_store *opened = calloc(1, sizeof(*opened));
	int err;

	if (opened)
		opened->file = strdup(file);
	if (!opened || !opened->file)
		return cordon_failure_errno(failure, ENOMEM, "%s", file);
	opened->writable = writable;
	opened->spans = !writable && !cordon_volume_is_old(file);
	err = writable ? cordon_volumes_mend(file, failure) : 0;
	if (!err)
		err = cordon_store_reopen(opened, failure);
	if (err)
		return err;
	*store = cordon_pointer_take(&opened);
	return 0;
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
	int err = run_plain(store, STATEMENT_ROLLBACK), lost = find_next_id(store);

	return err ? err : lost;
}

/* File names are bytes, not text: stored and compared as blobs. */
void cordon_store_bind_bytes(sqlite3_stmt *statement, int at, const char *bytes)
{
	if (bytes)
		sqlite3_bind_blob(statement, at, bytes, (int)strlen(bytes), SQLITE_TRANSIENT);
}

int cordon_store_add(struct cordon_store *store, const struct cordon_record *record,
		     const char *exe, const char *path)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_ADD);
	int err;

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
	cordon_store_bind_bytes(s, 10, exe);
	cordon_store_bind_bytes(s, 11, path);
	if (record->flags & CORDON_RECORD_HAS_HOST)
		sqlite3_bind_blob(s, 12, &record->address, sizeof(record->address),
				  SQLITE_TRANSIENT);
	sqlite3_bind_blob(s, 13, record, sizeof(*record), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 14, store->next_id);
	sqlite3_bind_int64(s, 15, (sqlite3_int64)record->ledger);
	sqlite3_bind_int64(s, 16, record->chain);
	err = cordon_store_run(s);
	if (!err)
		store->next_id += sqlite3_changes(store->database);
	return err;
}

int cordon_store_add_loss(struct cordon_store *store, const __u64 boot[2], uint64_t from,
			  uint64_t to, uint64_t realtime_ns)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_ADD_LOSS);

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot, 16, SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)from);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)to);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)(to - from + 1));
	sqlite3_bind_int64(s, 5, (sqlite3_int64)realtime_ns);
	return cordon_store_run(s);
}

int cordon_store_add_policy(struct cordon_store *store, const void *image, size_t bytes)
{
	const struct cordon_image *header = image;
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_ADD_POLICY);

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, header->policy.digest, sizeof(header->policy.digest),
			  SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)header->policy.version);
	sqlite3_bind_text(s, 3, header->name, (int)strnlen(header->name, sizeof(header->name)),
			  SQLITE_TRANSIENT);
	sqlite3_bind_blob64(s, 4, image, bytes, SQLITE_TRANSIENT);
	return cordon_store_run(s);
}

static int number_of_boot(struct cordon_store *store, enum statement which, const __u64 boot[2],
			  uint64_t *number)
{
	sqlite3_stmt *s = cordon_store_prepare(store, which);
	int result;

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot, 16, SQLITE_TRANSIENT);
	result = sqlite3_step(s);
	if (result == SQLITE_ROW)
		*number = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return result == SQLITE_ROW ? 0 : cordon_store_errno(result);
}

int cordon_store_next_sequence(struct cordon_store *store, const __u64 boot[2], uint64_t *next)
{
	return number_of_boot(store, STATEMENT_NEXT_SEQUENCE, boot, next);
}

int cordon_store_gaps(struct cordon_store *store, const __u64 boot[2], cordon_store_gap visit,
		      void *context)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_GAPS);
	int result;

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot, 16, SQLITE_TRANSIENT);
	while ((result = sqlite3_step(s)) == SQLITE_ROW)
		visit(context, (uint64_t)sqlite3_column_int64(s, 0),
		      (uint64_t)sqlite3_column_int64(s, 1));
	sqlite3_reset(s);
	return cordon_store_errno(result);
}

int cordon_store_lost(struct cordon_store *store, const __u64 boot[2], uint64_t *count)
{
	return number_of_boot(store, STATEMENT_LOST, boot, count);
}
