// SPDX-License-Identifier: GPL-2.0-only
/*
 * A volume is a file from somebody else's hands. It is opened read-only and
 * defensively; tables are scanned as they lie, without any index; each row's
 * size is looked at before its bytes are.
 */
#include <dirent.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "read.h"
#include "ledger_words.h"

/* The largest row that is no attack is a policy's image, which is not read here. */
#define ROW_BYTES_MAX (16 << 20)
/* Virtual machine steps of one statement before a file counts as one that never ends. */
#define STEPS_MAX 1000000000

struct opened {
	const char *file;
	uint32_t index;
	sqlite3 *database;
	int64_t number, ledger, epoch; /* as its `volume` says */
	uint8_t boot[16];
	dev_t device;
	ino_t inode;
};

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static int give_up(void *context)
{
	uint64_t *calls = context;

	return ++*calls > STEPS_MAX / 100000;
}

static int open_with(const char *file, bool immutable, sqlite3 **database)
{
	cordon_auto_free char *uri = malloc(3 * strlen(file) + 32);
	char *to = uri;
	int result;

	if (!uri)
		return SQLITE_NOMEM;
	to += sprintf(to, "file:");
	for (; *file; file++)
		to += sprintf(to, strchr("%?#", *file) ? "%%%02x" : "%c", (unsigned char)*file);
	strcpy(to, immutable ? "?immutable=1" : "");
	result = sqlite3_open_v2(
		uri, database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(*database, "SELECT count(*) FROM sqlite_schema", NULL, NULL,
				      NULL);
	if (result != SQLITE_OK) {
		sqlite3_close(*database);
		*database = NULL;
	}
	return result;
}

static bool has_log(const char *file)
{
	/* It is named after the volume, not after the link to it. */
	cordon_auto_free char *real = realpath(file, NULL), *log = NULL;
	struct stat status;

	return real && asprintf(&log, "%s-wal", real) > 0 && !stat(log, &status) && status.st_size;
}

/* With its write-ahead log when there is one; else, and on read-only media, nothing is made beside it. */
static int open_volume(struct opened *opened)
{
	static uint64_t calls;
	int result = SQLITE_ERROR;

	if (has_log(opened->file))
		result = open_with(opened->file, false, &opened->database);
	if (result != SQLITE_OK)
		result = open_with(opened->file, true, &opened->database);
	if (result != SQLITE_OK)
		return result;
	calls = 0;
	sqlite3_db_config(opened->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(opened->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(opened->database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(opened->database, SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX);
	sqlite3_limit(opened->database, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(opened->database, 100000, give_up, &calls);
	sqlite3_exec(opened->database, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
	return SQLITE_OK;
}

static bool column_is(sqlite3_stmt *s, int column, uint64_t value)
{
	return sqlite3_column_type(s, column) == SQLITE_INTEGER &&
	       (uint64_t)sqlite3_column_int64(s, column) == value;
}

static bool blob_is(sqlite3_stmt *s, int column, const void *bytes, size_t count)
{
	return (size_t)sqlite3_column_bytes(s, column) == count &&
	       !memcmp(sqlite3_column_blob(s, column), bytes, count);
}

/* A path of the store is the record's with the place of its mount before it. */
static bool path_fits(sqlite3_stmt *s, int column, const char *field, bool cut)
{
	size_t length = strnlen(field, CORDON_PATH_BYTES);
	size_t whole = (size_t)sqlite3_column_bytes(s, column);

	if (sqlite3_column_type(s, column) == SQLITE_NULL || cut)
		return sqlite3_column_type(s, column) == SQLITE_NULL;
	/* The root of a file system that is mounted somewhere is called as its place. */
	if (length == 1)
		return whole > 0;
	return whole >= length &&
	       !memcmp((const char *)sqlite3_column_blob(s, column) + whole - length, field,
		       length);
}

/* What is shown of a record is looked up in these columns: they must say what it says. */
static bool columns_fit(sqlite3_stmt *s, const struct cordon_record *r)
{
	bool host = r->flags & CORDON_RECORD_HAS_HOST;

	return column_is(s, 2, r->sequence) && blob_is(s, 3, r->boot, sizeof(r->boot)) &&
	       column_is(s, 4, r->boottime_ns) && column_is(s, 5, r->realtime_ns) &&
	       column_is(s, 6, r->verdict) && column_is(s, 7, r->reason) &&
	       column_is(s, 8, r->operation) && column_is(s, 9, r->pid) &&
	       column_is(s, 10, r->uid) && column_is(s, 11, r->ledger) &&
	       column_is(s, 12, r->chain) &&
	       path_fits(s, 13, r->exe, r->flags & CORDON_RECORD_EXE_CUT) &&
	       path_fits(s, 14, r->path, r->flags & CORDON_RECORD_PATH_CUT) &&
	       (host ? blob_is(s, 15, &r->address, sizeof(r->address)) :
		       sqlite3_column_type(s, 15) == SQLITE_NULL);
}

typedef int (*take_row)(struct cordon_evidence *evidence, const struct opened *opened,
			sqlite3_stmt *s, int64_t id);

static int take_record(struct cordon_evidence *evidence, const struct opened *opened,
		       sqlite3_stmt *s, int64_t id)
{
	const struct cordon_record *record = sqlite3_column_blob(s, 1);

	if ((size_t)sqlite3_column_bytes(s, 1) != sizeof(*record) ||
	    record->class != CORDON_CLASS_ACCESS || !columns_fit(s, record))
		return -EBADMSG;
	return cordon_evidence_add(evidence, record, sizeof(*record), opened->index, id);
}

static int take_epoch(struct cordon_evidence *evidence, const struct opened *opened,
		      sqlite3_stmt *s, int64_t id)
{
	const struct cordon_header *header = sqlite3_column_blob(s, 1);
	size_t bytes = (size_t)sqlite3_column_bytes(s, 1);

	if (bytes < sizeof(*header) || header->class == CORDON_CLASS_ACCESS ||
	    !column_is(s, 2, header->sequence) || !column_is(s, 3, header->epoch) ||
	    !column_is(s, 4, header->ledger))
		return -EBADMSG;
	return cordon_evidence_add(evidence, header, bytes, opened->index, id);
}

static int take_boot(struct cordon_evidence *evidence, const struct opened *opened, sqlite3_stmt *s,
		     int64_t id)
{
	(void)opened;
	(void)id;
	return cordon_evidence_add_boot(evidence, sqlite3_column_blob(s, 1),
					(size_t)sqlite3_column_bytes(s, 1));
}

/* Every row of a table; @query gives its number and its record first. */
static int read_table(struct cordon_evidence *evidence, const struct opened *opened,
		      const char *table, const char *query, take_row take)
{
	sqlite3_stmt *s = NULL;
	int result = sqlite3_prepare_v2(opened->database, query, -1, &s, NULL), err = 0;

	if (result == SQLITE_OK)
		result = sqlite3_step(s);
	for (; result == SQLITE_ROW && err != -ENOMEM; result = sqlite3_step(s)) {
		int64_t id = sqlite3_column_int64(s, 0);

		err = take(evidence, opened, s, id);
		if (err == -EBADMSG)
			cordon_evidence_malformed(evidence, "%.60s, table %s, row %lld",
						  base_name(opened->file), table, (long long)id);
	}
	if (result != SQLITE_DONE && result != SQLITE_ROW)
		cordon_evidence_malformed(evidence, "%.60s, table %s: the file is damaged (%.40s)",
					  base_name(opened->file), table,
					  sqlite3_errmsg(opened->database));
	sqlite3_finalize(s);
	return err == -ENOMEM ? err : 0;
}

static void read_volume_row(struct opened *opened)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(opened->database,
			       "SELECT number, ledger, epoch FROM volume NOT INDEXED", -1, &s,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW) {
		opened->number = sqlite3_column_int64(s, 0);
		opened->ledger = sqlite3_column_int64(s, 1);
		opened->epoch = sqlite3_column_int64(s, 2);
	}
	sqlite3_finalize(s);
}

static int read_volume(struct cordon_evidence *evidence, const struct opened *opened)
{
	int err = read_table(evidence, opened, "boots", "SELECT 0, record FROM boots NOT INDEXED",
			     take_boot);

	if (!err)
		err = read_table(evidence, opened, "epochs",
				 "SELECT id, record, sequence, epoch, ledger FROM epochs "
				 "NOT INDEXED",
				 take_epoch);
	if (err)
		return err;
	return read_table(evidence, opened, "records",
			  "SELECT id, record, sequence, boot, boottime, time, verdict, reason, "
			  "operation, pid, uid, ledger, chain, exe, path, address FROM records "
			  "NOT INDEXED",
			  take_record);
}

/* The first of the volumes that were given says what is told by earlier ones. */
static void set_base(struct cordon_evidence *evidence, const struct opened *volume, size_t count)
{
	const struct opened *first = &volume[0];
	size_t i, j;

	for (i = 1; i < count; i++)
		if (volume[i].number < first->number)
			first = &volume[i];
	if (!first->ledger || first->epoch < 0)
		return;
	for (j = 0; j < evidence->ledger_count; j++)
		if (evidence->ledger[j].id.number == (uint64_t)first->ledger) {
			evidence->has_base = true;
			evidence->base = evidence->ledger[j].id;
			evidence->base_epoch = (uint64_t)first->epoch;
		}
}

struct list {
	struct opened *volume;
	size_t count;
};

/* The same file under two names is one. */
static int list_add(struct list *list, const char *file, struct cordon_failure *failure)
{
	struct opened *grown;
	struct stat status;
	size_t i;

	if (stat(file, &status) || access(file, R_OK))
		return cordon_failure_errno(failure, errno, "%s", file);
	for (i = 0; i < list->count; i++)
		if (list->volume[i].device == status.st_dev &&
		    list->volume[i].inode == status.st_ino)
			return 0;
	grown = realloc(list->volume, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return cordon_failure_errno(failure, ENOMEM, "%s", file);
	list->volume = grown;
	grown[list->count] = (struct opened){ .file = strdup(file),
					      .device = status.st_dev,
					      .inode = status.st_ino };
	list->count++;
	return grown[list->count - 1].file ? 0 : cordon_failure_errno(failure, ENOMEM, "%s", file);
}

static int list_add_folder(struct list *list, const char *folder, struct cordon_failure *failure)
{
	struct dirent *entry;
	DIR *opened = opendir(folder);
	int err = 0;

	if (!opened)
		return cordon_failure_errno(failure, errno, "%s", folder);
	while (!err && (entry = readdir(opened))) {
		size_t length = strlen(entry->d_name);
		char file[4096];

		if (length < 4 || strcmp(entry->d_name + length - 3, ".db"))
			continue;
		snprintf(file, sizeof(file), "%s/%s", folder, entry->d_name);
		err = list_add(list, file, failure);
	}
	closedir(opened);
	if (!err && !list->count)
		err = cordon_failure_set(failure, ENOENT, "%s: there is no volume in it", folder);
	return err;
}

static void list_free(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		sqlite3_close(list->volume[i].database);
		free((char *)list->volume[i].file);
	}
	free(list->volume);
}

/* In the order of their numbers, so that older ledgers come first. */
static int compare_names(const void *one, const void *other)
{
	const struct opened *a = one, *b = other;

	return strcmp(a->file, b->file);
}

static int read_all(struct cordon_evidence *evidence, struct list *list,
		    struct cordon_failure *failure)
{
	size_t i;

	if (list->count)
		qsort(list->volume, list->count, sizeof(*list->volume), compare_names);
	for (i = 0; i < list->count; i++) {
		struct opened *volume = &list->volume[i];
		int result = open_volume(volume);

		volume->index = (uint32_t)i;

		if (result != SQLITE_OK) {
			cordon_evidence_malformed(evidence, "%.80s: the file is damaged (%.40s)",
						  base_name(volume->file), sqlite3_errstr(result));
			continue;
		}
		read_volume_row(volume);
		if (read_volume(evidence, volume))
			return cordon_failure_errno(failure, ENOMEM, "%s", volume->file);
	}
	if (list->count)
		set_base(evidence, list->volume, list->count);
	return 0;
}

int cordon_evidence_read(struct cordon_evidence *evidence, char *const *file, size_t count,
			 struct cordon_failure *failure)
{
	struct list list = { 0 };
	struct stat status;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < count; i++) {
		if (!stat(file[i], &status) && S_ISDIR(status.st_mode))
			err = list_add_folder(&list, file[i], failure);
		else
			err = list_add(&list, file[i], failure);
	}
	if (!err)
		err = read_all(evidence, &list, failure);
	list_free(&list);
	return err;
}

int cordon_evidence_read_anchors(struct cordon_evidence *evidence, const char *file, size_t *count,
				 struct cordon_failure *failure)
{
	cordon_auto_file *opened = !strcmp(file, "-") ? fdopen(dup(0), "r") : fopen(file, "r");
	cordon_auto_free char *line = NULL;
	struct cordon_anchor anchor;
	size_t size = 0;
	int err = 0;

	*count = 0;
	if (!opened)
		return cordon_failure_errno(failure, errno, "%s", file);
	while (!err && getline(&line, &size, opened) > 0) {
		const char *at = strstr(line, CORDON_ANCHOR_WORD);

		if (!at || cordon_anchor_parse(at + strlen(CORDON_ANCHOR_WORD), &anchor))
			continue;
		err = cordon_evidence_add_anchor(evidence, &anchor);
		++*count;
	}
	return err ? cordon_failure_errno(failure, -err, "%s", file) : 0;
}
