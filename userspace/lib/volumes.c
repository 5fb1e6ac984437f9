// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store's name (records.db) is a symbolic link to the volume that is
 * written; SQLite names the write-ahead log after the volume, so who reads an
 * older one is not disturbed when the link moves on. Moving it is one rename.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "store_internal.h"
#include "store_ledger.h"
#include "volumes.h"

#define SUFFIX	      ".db"
#define NUMBER_DIGITS 6

/* Length of the name without its suffix. */
static int stem_length(const char *file)
{
	size_t length = strlen(file), suffix = strlen(SUFFIX);

	if (length > suffix && !strcmp(file + length - suffix, SUFFIX))
		length -= suffix;
	return (int)length;
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static char *folder_of(const char *file)
{
	const char *base = base_name(file);

	return base == file ? strdup(".") : strndup(file, (size_t)(base - file));
}

static char *volume_file(const char *file, uint64_t number)
{
	char *name;

	if (asprintf(&name, "%.*s-%0*llu" SUFFIX, stem_length(file), file, NUMBER_DIGITS,
		     (unsigned long long)number) < 0)
		return NULL;
	return name;
}

/* The number in a volume's name whose stem has @stem bytes; 0: it is none. */
static uint64_t number_in_name(const char *base, int stem)
{
	const char *at = base + stem;
	char *end;
	unsigned long long number;

	if (*at++ != '-' || !isdigit((unsigned char)*at))
		return 0;
	number = strtoull(at, &end, 10);
	return end - at >= NUMBER_DIGITS && !strcmp(end, SUFFIX) ? number : 0;
}

bool cordon_volume_is_old(const char *file)
{
	const char *base = base_name(file), *dash = strrchr(base, '-');

	return dash && number_in_name(base, (int)(dash - base));
}

void cordon_volumes_free(struct cordon_volumes *volumes)
{
	size_t i;

	for (i = 0; i < volumes->count; i++)
		free(volumes->volume[i].file);
	free(volumes->volume);
	*volumes = (struct cordon_volumes){ 0 };
}

static int volumes_add(struct cordon_volumes *volumes, char *file, uint64_t number)
{
	struct cordon_volume *grown =
		realloc(volumes->volume, (volumes->count + 1) * sizeof(*grown));
	struct stat status;

	if (!grown)
		return -ENOMEM;
	volumes->volume = grown;
	volumes->volume[volumes->count++] = (struct cordon_volume){
		.file = file,
		.number = number,
		.bytes = stat(file, &status) ? 0 : (uint64_t)status.st_size,
	};
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct cordon_volume *one = a, *other = b;

	return one->number < other->number ? -1 : one->number > other->number;
}

/* All of them, the one that is written too. */
static int list_all(const char *file, struct cordon_volumes *volumes)
{
	cordon_auto_free char *folder = folder_of(file);
	const char *base = base_name(file);
	int stem = stem_length(base), err = 0;
	struct dirent *entry;
	DIR *opened = folder ? opendir(folder) : NULL;

	if (!opened)
		return folder ? -errno : -ENOMEM;
	while (!err && (entry = readdir(opened))) {
		uint64_t number = strncmp(entry->d_name, base, (size_t)stem) ?
					  0 :
					  number_in_name(entry->d_name, stem);
		char *name = number ? volume_file(file, number) : NULL;

		if (number)
			err = name ? volumes_add(volumes, name, number) : -ENOMEM;
		if (number && err)
			free(name);
	}
	closedir(opened);
	if (volumes->count)
		qsort(volumes->volume, volumes->count, sizeof(*volumes->volume), compare_numbers);
	return err;
}

/* The number of the volume that is written; 0: the name is no link to one. */
static uint64_t current_number(const char *file)
{
	char target[PATH_MAX];
	ssize_t length = readlink(file, target, sizeof(target) - 1);
	const char *base = base_name(file);
	int stem = stem_length(base);

	if (length <= 0)
		return 0;
	target[length] = '\0';
	return strncmp(target, base, (size_t)stem) ? 0 : number_in_name(target, stem);
}

int cordon_volumes_list(const char *file, struct cordon_volumes *volumes)
{
	uint64_t current = current_number(file);
	int err = list_all(file, volumes);
	size_t i, kept = 0;

	for (i = 0; !err && i < volumes->count; i++) {
		if (current && volumes->volume[i].number >= current)
			free(volumes->volume[i].file);
		else
			volumes->volume[kept++] = volumes->volume[i];
	}
	if (!err)
		volumes->count = kept;
	return err;
}

static int sync_folder(const char *file)
{
	cordon_auto_free char *folder = folder_of(file);
	cordon_auto_fd fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 || fsync(fd) ? -errno : 0;
}

/* From now on the name stands for volume @number: seen wholly or not at all. */
static int point_at(const char *file, uint64_t number)
{
	cordon_auto_free char *volume = volume_file(file, number), *fresh = NULL;

	if (!volume || asprintf(&fresh, "%s.new", file) < 0)
		return -ENOMEM;
	unlink(fresh);
	if (symlink(base_name(volume), fresh) || rename(fresh, file))
		return -errno;
	return sync_folder(file);
}

void cordon_volume_remove(const char *file)
{
	static const char *const part[] = { "", "-wal", "-shm", "-journal" };
	char name[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		if (snprintf(name, sizeof(name), "%s%s", file, part[i]) < (int)sizeof(name))
			unlink(name);
}

/* A store from before there were volumes: closing its last user empties its log. */
static int adopt_file(const char *file, uint64_t number)
{
	cordon_auto_free char *volume = volume_file(file, number);
	sqlite3 *database = NULL;
	int result = sqlite3_open_v2(file, &database, SQLITE_OPEN_READWRITE, NULL);

	if (result == SQLITE_OK)
		result =
			sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close(database);
	/* What is no database is left for the caller's open to complain of. */
	if (result != SQLITE_OK)
		return 0;
	if (!volume)
		return -ENOMEM;
	return rename(file, volume) ? -errno : point_at(file, number);
}

static int mend(const char *file, const struct cordon_volumes *volumes)
{
	uint64_t current = current_number(file), last;
	struct stat status;
	size_t i;

	last = volumes->count ? volumes->volume[volumes->count - 1].number : 0;
	if (lstat(file, &status)) {
		if (errno != ENOENT)
			return -errno;
		/* The link was lost, or this is the first start. */
		return point_at(file, last ? last : 1);
	}
	if (!S_ISLNK(status.st_mode))
		return adopt_file(file, last + 1);
	/* Begun, and never written to: nobody pointed at them yet. */
	for (i = 0; current && i < volumes->count; i++)
		if (volumes->volume[i].number > current)
			cordon_volume_remove(volumes->volume[i].file);
	return 0;
}

int cordon_volumes_mend(const char *file, struct cordon_failure *failure)
{
	struct cordon_volumes volumes = { 0 };
	int err;

	if (cordon_volume_is_old(file))
		return 0;
	err = list_all(file, &volumes);
	if (!err)
		err = mend(file, &volumes);
	cordon_volumes_free(&volumes);
	return err ? cordon_failure_errno(failure, -err, "%s", file) : 0;
}

static int64_t pragma_number(struct cordon_store *store, const char *query)
{
	sqlite3_stmt *statement;
	int64_t number = 0;

	if (sqlite3_prepare_v2(store->database, query, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

bool cordon_store_is_full(struct cordon_store *store, const struct cordon_store_limits *limits)
{
	int64_t pages, bytes, age;

	if (!pragma_number(store, "SELECT EXISTS (SELECT 1 FROM records)"))
		return false;
	pages = pragma_number(store, "PRAGMA page_count");
	bytes = pages * pragma_number(store, "PRAGMA page_size");
	/* The clock may have been set back: a negative age is none. */
	age = pragma_number(store, "SELECT unixepoch() - max(began) FROM volume");
	return (uint64_t)bytes >= limits->volume_bytes ||
	       (age > 0 && (uint64_t)age >= limits->volume_age_s);
}

/*
 * What the next volume needs to be read, continued and verified alone. An epoch is complete in one
 * volume: of the last ones, which may not be, all comes along, from the first record of them on. A
 * record that is in two volumes has one number, and is shown once.
 */
#define OPEN_EPOCHS "4"
static const char carry[] =
	"BEGIN IMMEDIATE;"
	"DELETE FROM volume;"
	"CREATE TEMP TABLE base AS SELECT boot, ledger, max(epoch - " OPEN_EPOCHS ","
	" ifnull((SELECT v.epoch FROM old.volume AS v WHERE v.ledger = e.ledger), -1)) AS epoch"
	" FROM old.epochs AS e WHERE class = 2 ORDER BY id DESC LIMIT 1;"
	"CREATE TEMP TABLE since AS SELECT ifnull((SELECT min(id) FROM old.records, base"
	" WHERE old.records.id > (SELECT max(id) FROM old.records) - 65536"
	"  AND old.records.boot = base.boot AND old.records.ledger = base.ledger"
	"  AND record_epoch(old.records.record) > base.epoch),"
	" max(ifnull((SELECT max(id) FROM old.records) + 1, 1), old.volume.first)) AS id"
	" FROM old.volume;"
	"INSERT INTO volume SELECT old.volume.number + 1, unixepoch(), since.id, carried.boot,"
	" carried.sequence, carried.lost, ifnull((SELECT ledger FROM base), 0),"
	" ifnull((SELECT epoch FROM base), 0) FROM old.volume, temp.carried, since"
	" ORDER BY number DESC LIMIT 1;"
	"INSERT INTO records SELECT r.* FROM old.records AS r, since WHERE r.id >= since.id;"
	"INSERT INTO epochs SELECT e.* FROM old.epochs AS e, base WHERE"
	" e.boot = base.boot AND e.ledger = base.ledger AND e.epoch >= base.epoch;"
	"INSERT INTO boots SELECT b.* FROM old.boots AS b, base WHERE"
	" b.boot = base.boot AND b.ledger = base.ledger;"
	"INSERT INTO policies SELECT * FROM old.policies WHERE substr(digest, 1, 8) ="
	" (SELECT substr(record, 121, 8) FROM old.records ORDER BY id DESC LIMIT 1);"
	"COMMIT;"
	"DETACH old;";
_Static_assert(offsetof(struct cordon_record, policy_digest) == 120,
	       "where carry finds the digest");

/* Of a record's blob; records carry it, their table has no column for it. */
static void record_epoch(sqlite3_context *context, int count, sqlite3_value **value)
{
	struct cordon_header header = { 0 };

	(void)count;
	if ((size_t)sqlite3_value_bytes(value[0]) >= sizeof(header))
		memcpy(&header, sqlite3_value_blob(value[0]), sizeof(header));
	sqlite3_result_int64(context, (sqlite3_int64)header.epoch);
}

static int carry_over(struct cordon_store *store, struct cordon_store *next, const __u64 boot[2])
{
	sqlite3_stmt *statement = NULL;
	uint64_t sequence = 1, lost = 0;
	int result, err = cordon_store_next_sequence(store, boot, &sequence);

	if (!err)
		err = cordon_store_lost(store, boot, &lost);
	if (!err)
		err = cordon_store_errno(sqlite3_create_function(next->database, "record_epoch", 1,
								 SQLITE_UTF8, NULL, record_epoch,
								 NULL, NULL));
	if (!err)
		err = cordon_store_execute(next,
					   "CREATE TEMP TABLE carried (boot, sequence, lost)");
	if (err)
		return err;
	result = sqlite3_prepare_v2(next->database, "INSERT INTO temp.carried VALUES (?, ?, ?)", -1,
				    &statement, NULL);
	if (result != SQLITE_OK)
		return cordon_store_errno(result);
	sqlite3_bind_blob(statement, 1, boot, 16, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)sequence - 1);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)lost);
	err = cordon_store_run(statement);
	sqlite3_finalize(statement);
	if (err)
		return err;
	result = sqlite3_prepare_v2(next->database, "ATTACH ? AS old", -1, &statement, NULL);
	if (result != SQLITE_OK)
		return cordon_store_errno(result);
	cordon_store_bind_bytes(statement, 1, sqlite3_db_filename(store->database, "main"));
	err = cordon_store_run(statement);
	sqlite3_finalize(statement);
	return err ? err : cordon_store_execute(next, carry);
}

/* The writer goes on with the new volume's database under the old name. */
static void swap_databases(struct cordon_store *store, struct cordon_store *next)
{
	struct cordon_store old = *store;

	memcpy(store->statement, next->statement, sizeof(store->statement));
	memcpy(next->statement, old.statement, sizeof(next->statement));
	store->database = next->database;
	next->database = old.database;
	store->inode = next->inode;
}

int cordon_store_rotate(struct cordon_store *store, const __u64 boot[2],
			struct cordon_failure *failure)
{
	uint64_t number = current_number(store->file) + 1;
	cordon_auto_free char *file = volume_file(store->file, number);
	cordon_auto_store *next = NULL;
	int err;

	if (!file || number < 2)
		return cordon_failure_set(failure, EINVAL, "%s is no link to a volume",
					  store->file);
	cordon_volume_remove(file);
	err = cordon_store_open(file, true, &next, failure);
	if (err)
		return err;
	err = carry_over(store, next, boot);
	if (err) {
		cordon_failure_set(failure, -err, "%s: %s", file, sqlite3_errmsg(next->database));
	} else {
		cordon_store_execute(store, "PRAGMA wal_checkpoint(TRUNCATE)");
		err = point_at(store->file, number);
		if (err)
			cordon_failure_errno(failure, -err, "%s", store->file);
	}
	/* point_at() can fail after its rename: what the name says counts. */
	if (current_number(store->file) == number) {
		swap_databases(store, next);
		return 0;
	}
	cordon_store_close(&next);
	cordon_volume_remove(file);
	return err;
}
