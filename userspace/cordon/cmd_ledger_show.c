// SPDX-License-Identifier: GPL-2.0-only
/* What is in a store, unverified: anchors, records in the ledger's order, a copy of the whole. */
#include <getopt.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "control.h"
#include "ledger.h"
#include "ledger_words.h"
#include "read.h"
#include "record_text.h"
#include "volumes.h"

typedef int (*show_row)(const struct cordon_evidence *evidence, const struct cordon_row *row,
			bool json);

static void anchor_of(const struct cordon_header *record, struct cordon_anchor *anchor)
{
	*anchor = (struct cordon_anchor){ .ledger.number = record->ledger, .epoch = record->epoch };
	memcpy(anchor->ledger.boot, record->boot, sizeof(anchor->ledger.boot));
	memcpy(anchor->tag, record->tag, sizeof(anchor->tag));
}

static int show_anchor(const struct cordon_evidence *evidence, const struct cordon_row *row,
		       bool json)
{
	char text[CORDON_ANCHOR_TEXT_BYTES], time[LEDGER_TIME_BYTES];
	struct cordon_anchor anchor;
	cordon_auto_json *object = NULL;

	(void)evidence;
	if (row->record->class != CORDON_CLASS_EPOCH)
		return 0;
	anchor_of(row->record, &anchor);
	cordon_anchor_format(&anchor, text, sizeof(text));
	ledger_time(row->record->realtime_ns, time);
	if (!json)
		return printf(CORDON_ANCHOR_WORD "%s time %s\n", text, time) < 0 ? -EIO : 0;
	object = json_object_new_object();
	json_object_object_add(object, "anchor", json_object_new_string(text));
	json_object_object_add(object, "time", json_object_new_string(time));
	return puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN)) < 0 ? -EIO : 0;
}

static struct json_object *own_json(const struct cordon_row *row)
{
	const struct cordon_change *change = (const void *)row->record;
	const struct cordon_epoch *epoch = (const void *)row->record;
	struct json_object *object = json_object_new_object();
	bool is_epoch = row->record->class == CORDON_CLASS_EPOCH;
	char time[LEDGER_TIME_BYTES], number[17];

	ledger_time(row->record->realtime_ns, time);
	snprintf(number, sizeof(number), "%016llx", (unsigned long long)row->record->ledger);
	json_object_object_add(object, "ledger", json_object_new_string(number));
	json_object_object_add(object, "epoch", json_object_new_uint64(row->record->epoch));
	json_object_object_add(object, "sequence", json_object_new_uint64(row->record->sequence));
	json_object_object_add(object, "time", json_object_new_string(time));
	json_object_object_add(object, "class",
			       json_object_new_string(is_epoch ? "epoch" : "change"));
	if (is_epoch) {
		json_object_object_add(object, "records", json_object_new_uint64(epoch->records));
		json_object_object_add(object, "drops", json_object_new_uint64(epoch->drops));
		json_object_object_add(object, "skipped", json_object_new_uint64(epoch->skipped));
	} else {
		json_object_object_add(object, "kind",
				       json_object_new_string(ledger_change_name(change->kind)));
		json_object_object_add(object, "value", json_object_new_uint64(change->value));
	}
	return object;
}

static void print_own(const struct cordon_row *row)
{
	const struct cordon_change *change = (const void *)row->record;
	const struct cordon_epoch *epoch = (const void *)row->record;
	char time[LEDGER_TIME_BYTES];

	ledger_time(row->record->realtime_ns, time);
	if (row->record->class == CORDON_CLASS_CHANGE)
		printf("%s change %s epoch=%llu value=%llu\n", time,
		       ledger_change_name(change->kind), (unsigned long long)row->record->epoch,
		       (unsigned long long)change->value);
	else
		printf("%s epoch %llu records=%llu drops=%llu skipped=%llu\n", time,
		       (unsigned long long)row->record->epoch, (unsigned long long)epoch->records,
		       (unsigned long long)epoch->drops, (unsigned long long)epoch->skipped);
}

static int show_record(const struct cordon_evidence *evidence, const struct cordon_row *row,
		       bool json)
{
	struct cordon_record_view view = { .record = (const void *)row->record };
	bool access = row->record->class == CORDON_CLASS_ACCESS;
	cordon_auto_json *object = NULL;
	int err;

	(void)evidence;
	if (!json && !access) {
		print_own(row);
		return ferror(stdout) ? -EIO : 0;
	}
	if (!json) {
		err = cordon_record_write(&view, stdout);
		putchar('\n');
		return err;
	}
	object = access ? cordon_record_json(&view) : own_json(row);
	if (!object)
		return -ENOMEM;
	return puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN)) < 0 ? -EIO : 0;
}

static int show(int argc, char **argv, show_row show)
{
	struct cordon_evidence evidence = { 0 };
	struct cordon_failure failure;
	bool json;
	size_t i;
	int err, code = cordon_parse_json_only(argc, argv, &json);

	if (code || optind >= argc)
		return ledger_usage(argv[0]);
	signal(SIGPIPE, SIG_DFL);
	err = cordon_evidence_read(&evidence, argv + optind, (size_t)(argc - optind), &failure);
	if (err)
		code = cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	cordon_evidence_sort(&evidence);
	for (i = 0; !err && i < evidence.row_count; i++)
		err = show(&evidence, &evidence.row[i], json);
	if (err && !code)
		code = cordon_complain(json, CORDON_EXIT_COULD_NOT, strerror(-err));
	if (!code && evidence.malformed)
		code = cordon_complain(json, CORDON_EXIT_NO, evidence.first_malformed);
	cordon_evidence_free(&evidence);
	return code;
}

int ledger_anchors(int argc, char **argv)
{
	return show(argc, argv, show_anchor);
}

int ledger_cat(int argc, char **argv)
{
	return show(argc, argv, show_record);
}

/* As SQLite has it at one moment, its write-ahead log included. */
static int copy_volume(const char *from, const char *to, struct cordon_failure *failure)
{
	sqlite3 *source = NULL, *target = NULL;
	sqlite3_backup *backup;
	int result = sqlite3_open_v2(from, &source, SQLITE_OPEN_READONLY, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
					 NULL);
	if (result == SQLITE_OK) {
		sqlite3_busy_timeout(source, 5000);
		backup = sqlite3_backup_init(target, "main", source, "main");
		if (backup) {
			sqlite3_backup_step(backup, -1);
			sqlite3_backup_finish(backup);
		}
		result = sqlite3_errcode(target);
	}
	if (result == SQLITE_OK)
		result = sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (result != SQLITE_OK)
		cordon_failure_set(failure, EIO, "%s: %s", from, sqlite3_errstr(result));
	sqlite3_close(source);
	sqlite3_close(target);
	return result == SQLITE_OK ? 0 : -EIO;
}

static int copy_into(const char *folder, const char *file, struct cordon_failure *failure)
{
	cordon_auto_free char *real = realpath(file, NULL), *to = NULL;
	const char *slash = real ? strrchr(real, '/') : NULL;

	if (!slash)
		return cordon_failure_errno(failure, errno, "%s", file);
	if (asprintf(&to, "%s%s", folder, slash) < 0)
		return cordon_failure_errno(failure, ENOMEM, "%s", file);
	if (!access(to, F_OK))
		return cordon_failure_errno(failure, EEXIST, "%s", to);
	return copy_volume(file, to, failure);
}

/* The newest last: what is written meanwhile is then in one of them at least. */
static int export_store(const char *folder, const char *store, size_t *count,
			struct cordon_failure *failure)
{
	struct cordon_volumes volumes = { 0 };
	mode_t mask = umask(0077);
	size_t i;
	int err;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return cordon_failure_errno(failure, errno, "%s", folder);
	err = cordon_volumes_list(store, &volumes);
	if (err)
		cordon_failure_errno(failure, -err, "%s", store);
	for (i = 0; !err && i < volumes.count; i++)
		err = copy_into(folder, volumes.volume[i].file, failure);
	if (!err)
		err = copy_into(folder, store, failure);
	*count = volumes.count + 1;
	cordon_volumes_free(&volumes);
	umask(mask);
	return err;
}

int ledger_export(int argc, char **argv)
{
	struct cordon_failure failure;
	cordon_auto_json *object = NULL;
	size_t count = 0;
	bool json;
	int code = cordon_parse_json_only(argc, argv, &json);

	if (code || argc - optind != 2)
		return ledger_usage("export");
	if (export_store(argv[optind], argv[optind + 1], &count, &failure))
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	if (!json) {
		printf("%zu volumes copied to %s\n", count, argv[optind]);
		return CORDON_EXIT_YES;
	}
	object = json_object_new_object();
	json_object_object_add(object, "ok", json_object_new_boolean(true));
	json_object_object_add(object, "volumes", json_object_new_uint64(count));
	puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
	return CORDON_EXIT_YES;
}
