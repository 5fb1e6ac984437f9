/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard recorded, as an auditor reads it: the lines that
 * `cordon records -f --json` appends to RECORDS_FILE.
 */
#ifndef CORDON_TEST_RECORDS_H
#define CORDON_TEST_RECORDS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RECORD_PATIENCE_MS 5000

/* What a record must say; NULL and 0 are not looked at. */
struct record_wish {
	pid_t pid; /* of the subject, or of its parent */
	const char *verdict;
	const char *reason;
	const char *operation;
	const char *path;
};

/* Where the file ends now: records made later stand behind it. */
off_t records_end(void);
/* The first record after @from that fulfils @wish (the caller puts it), or NULL. */
struct json_object *records_await(off_t from, const struct record_wish *wish, int patience_ms);
/* The same, and *@from moves behind it. */
struct json_object *records_await_next(off_t *from, const struct record_wish *wish,
				       int patience_ms);
/* How many records after @from fulfil it now. */
int records_count(off_t from, const struct record_wish *wish);
/* What stands after @from of the subject @pid, as one text for a message. */
const char *records_tell(off_t from, pid_t pid);
/* A field by its path, such as "subject.pid"; NULL when it is not there. */
struct json_object *record_field(struct json_object *record, const char *path);
const char *record_text(struct json_object *record, const char *path);
long long record_number(struct json_object *record, const char *path);

#endif /* CORDON_TEST_RECORDS_H */
