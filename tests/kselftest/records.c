// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "records.h"
#include "world.h"

#define LINE_BYTES 16384
#define POLL_MS	   10
#define TELL_MS	   500 /* for what is still on its way */

off_t records_end(void)
{
	struct stat status;

	return stat(RECORDS_FILE, &status) ? 0 : status.st_size;
}

struct json_object *record_field(struct json_object *record, const char *path)
{
	char name[64];

	while (record && *path) {
		size_t length = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		record = json_object_object_get(record, name);
		path += length + (path[length] == '.');
	}
	return record;
}

const char *record_text(struct json_object *record, const char *path)
{
	struct json_object *field = record_field(record, path);

	return field ? json_object_get_string(field) : "";
}

long long record_number(struct json_object *record, const char *path)
{
	struct json_object *field = record_field(record, path);

	return field ? json_object_get_int64(field) : -1;
}

static bool text_fits(struct json_object *record, const char *path, const char *wanted)
{
	return !wanted || !strcmp(record_text(record, path), wanted);
}

static bool fulfils(struct json_object *record, const struct record_wish *wish)
{
	if (wish->pid && record_number(record, "subject.pid") != wish->pid &&
	    record_number(record, "subject.parent") != wish->pid)
		return false;
	return text_fits(record, "verdict", wish->verdict) &&
	       text_fits(record, "reason", wish->reason) &&
	       text_fits(record, "operation", wish->operation) &&
	       text_fits(record, "object.path", wish->path);
}

/* Calls @visit for each whole line after *@from until it returns true; *@from moves on. */
static bool each_record(off_t *from, bool (*visit)(struct json_object *, void *), void *context)
{
	FILE *file = fopen(RECORDS_FILE, "re");
	char line[LINE_BYTES];
	bool stop = false;

	if (!file)
		return false;
	fseeko(file, *from, SEEK_SET);
	while (!stop && fgets(line, sizeof(line), file)) {
		struct json_object *record;

		/* The writer is not through with it yet. */
		if (!strchr(line, '\n'))
			break;
		*from += strlen(line);
		record = json_tokener_parse(line);
		if (record)
			stop = visit(record, context);
		json_object_put(record);
	}
	fclose(file);
	return stop;
}

struct search {
	const struct record_wish *wish;
	struct json_object *found;
	int count;
};

static bool visit_first(struct json_object *record, void *context)
{
	struct search *search = context;

	if (!fulfils(record, search->wish))
		return false;
	search->found = json_object_get(record);
	return true;
}

static bool visit_count(struct json_object *record, void *context)
{
	struct search *search = context;

	search->count += fulfils(record, search->wish);
	return false;
}

struct json_object *records_await_next(off_t *from, const struct record_wish *wish, int patience_ms)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000 };
	struct search search = { .wish = wish };

	while (!each_record(from, visit_first, &search) && patience_ms > 0) {
		nanosleep(&pause, NULL);
		patience_ms -= POLL_MS;
	}
	return search.found;
}

struct json_object *records_await(off_t from, const struct record_wish *wish, int patience_ms)
{
	return records_await_next(&from, wish, patience_ms);
}

int records_count(off_t from, const struct record_wish *wish)
{
	struct search search = { .wish = wish };

	each_record(&from, visit_count, &search);
	return search.count;
}

struct story {
	const struct record_wish wish;
	char text[4096];
	size_t length;
};

static bool visit_tell(struct json_object *record, void *context)
{
	struct story *story = context;

	if (fulfils(record, &story->wish) && story->length < sizeof(story->text))
		story->length +=
			snprintf(story->text + story->length, sizeof(story->text) - story->length,
				 "#   %s %s %s %s\n", record_text(record, "verdict"),
				 record_text(record, "reason"), record_text(record, "operation"),
				 record_text(record, "object.path"));
	return false;
}

const char *records_tell(off_t from, pid_t pid)
{
	static char text[4096];
	const struct timespec pause = { .tv_nsec = TELL_MS * 1000000 };
	struct story story = { .wish = { .pid = pid } };

	nanosleep(&pause, NULL);
	each_record(&from, visit_tell, &story);
	snprintf(text, sizeof(text), "%s", story.length ? story.text : "#   no record\n");
	return text;
}
