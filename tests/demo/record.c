// SPDX-License-Identifier: GPL-2.0-only
/* Finds the audit record that explains why a step failed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "story.h"

#define NS_PER_SECOND 1000000000ULL
#define TICK_NS	      10000000ULL /* the kernel's clock for the start of processes */

static const char *text_of(struct json_object *object, const char *group, const char *key)
{
	struct json_object *value = object;

	if (group && !json_object_object_get_ex(object, group, &value))
		return "";
	if (!json_object_object_get_ex(value, key, &value))
		return "";
	return json_object_get_string(value);
}

/* "2026-01-02T03:04:05.123456789Z" in ns since 1970; 0 when it is no such time. */
static uint64_t time_of(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest || *rest != '.')
		return 0;
	return timegm(&tm) * NS_PER_SECOND + strtoull(rest + 1, NULL, 10);
}

/* Who was refused what, where, and why: the record without what the table does not need. */
static void shorten(struct json_object *record, char text[STORY_RECORD_BYTES])
{
	const char *path = text_of(record, "object", "path");
	const char *address = text_of(record, "host", "address");
	int used = snprintf(text, STORY_RECORD_BYTES, "%s %s %s %s",
			    text_of(record, NULL, "verdict"), text_of(record, NULL, "reason"),
			    text_of(record, NULL, "operation"), text_of(record, "subject", "comm"));

	if (used >= STORY_RECORD_BYTES)
		return;
	if (*address)
		snprintf(text + used, STORY_RECORD_BYTES - used, " %s:%s/%s taint=%s", address,
			 text_of(record, "host", "port"), text_of(record, "host", "protocol"),
			 text_of(record, "subject", "taint"));
	else if (*path)
		snprintf(text + used, STORY_RECORD_BYTES - used, " %s", path);
}

static uint64_t number_of(struct json_object *object, const char *group, const char *key)
{
	return strtoull(text_of(object, group, key), NULL, 10);
}

/* When the subject began, ns since 1970; the record's own time where it is not known. */
static uint64_t start_of(struct json_object *record, uint64_t time_ns)
{
	uint64_t start_ns = number_of(record, "subject", "start_ns");

	return start_ns ? start_ns + time_ns - number_of(record, NULL, "boottime_ns") : time_ns;
}

static bool names(const struct step *step, struct json_object *record)
{
	return strstr(text_of(record, "object", "path"), step->names) ||
	       !strcmp(text_of(record, "host", "address"), step->names) ||
	       !strcmp(text_of(record, "subject", "comm"), step->names);
}

/*
 * The first refusal of a process of the step that names what the step is about.
 * A refused packet comes second: the kernel sends those of earlier steps again.
 */
static void match(struct story *story, struct json_object *record)
{
	uint64_t time_ns = time_of(text_of(record, NULL, "time"));
	uint64_t start_ns = start_of(record, time_ns);
	bool packet = !strcmp(text_of(record, NULL, "operation"), "packet");

	if (strcmp(text_of(record, NULL, "verdict"), "deny"))
		return;
	for (size_t i = 0; i < story->count; i++) {
		struct step *step = &story->step[i];

		if (!step->on.ran || start_ns + TICK_NS < step->on.start_ns ||
		    time_ns > step->on.end_ns || !names(step, record))
			continue;
		if (!*step->record || (step->record_is_packet && !packet)) {
			shorten(record, step->record);
			step->record_is_packet = packet;
		}
	}
}

int story_load_records(struct story *story, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	if (!file) {
		fprintf(stderr, "report: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (!status && getline(&line, &size, file) > 0) {
		struct json_object *record = json_tokener_parse(line);

		if (!record) {
			fprintf(stderr, "report: %s: a line is no JSON object\n", path);
			status = -1;
			continue;
		}
		match(story, record);
		json_object_put(record);
	}
	free(line);
	fclose(file);
	return status;
}
