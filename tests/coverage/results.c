// SPDX-License-Identifier: GPL-2.0-only
/* What the guests' TAP says. A file that does not name its kernel is of no kernel. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"

#define KERNEL_NOTE "# kernel "
#define CONTROL	    "permissive_leaks"
#define POSITIVE    "cleared_"
#define PLAY	    "enforcing_denies"

struct result {
	bool passed, skipped;
	const char *suite;
	char *name;
};

/* "ok 12 - suite: name # SKIP why". */
static bool parse_result(char *line, struct result *result)
{
	char *skip, *colon;

	line[strcspn(line, "\n")] = '\0';
	result->passed = !strncmp(line, "ok ", 3);
	if (!result->passed && strncmp(line, "not ok ", 7))
		return false;
	line += result->passed ? 3 : 7;
	line += strspn(line, "0123456789 -");
	skip = strstr(line, "# SKIP");
	result->skipped = skip;
	if (skip)
		*skip = '\0';
	colon = strstr(line, ": ");
	result->suite = colon ? line : "";
	result->name = colon ? colon + 2 : line;
	if (colon)
		*colon = '\0';
	return true;
}

static struct row *find_row(struct table *table, const char *suite, const char *part, int kernel)
{
	struct row *row = table->row;
	char name[sizeof(row->name)];

	snprintf(name, sizeof(name), "%.64s: %.90s", suite, part);
	for (; row < table->row + table->rows; row++)
		if (row->kernel == kernel && !strcmp(row->name, name))
			return row;
	if (table->rows == ROWS_MAX) {
		fprintf(stderr, "more than %d rows\n", ROWS_MAX);
		return NULL;
	}
	table->rows++;
	*row = (struct row){ .kernel = kernel };
	strcpy(row->name, name);
	return row;
}

/* The next number at @at, such as "M6_"; NULL when there is none. */
static const char *next_number(const char *at, char *number, size_t size)
{
	size_t length = strcspn(at, "_");

	if (!length || length >= size || !strchr("ABCDEFGM", *at) || !isdigit((unsigned char)at[1]))
		return NULL;
	for (size_t i = 1; i < length; i++)
		if (!isdigit((unsigned char)at[i]))
			return NULL;
	memcpy(number, at, length);
	number[length] = '\0';
	return at + length + (at[length] == '_');
}

static void count_result(struct row *row, const struct result *result, const char *last)
{
	row->skipped += result->skipped;
	if (result->skipped)
		return;
	row->passed += result->passed;
	row->failed += !result->passed;
	row->attack |= !strcmp(last, PLAY) || !strcmp(last, CONTROL);
	if (!strcmp(last, CONTROL))
		row->leaked |= result->passed;
	else if (strncmp(last, POSITIVE, strlen(POSITIVE)))
		row->denied |= result->passed;
}

/* Each part of a name that begins with numbers is a row. */
static bool take_result(struct table *table, const struct result *result, int kernel)
{
	const char *last = strrchr(result->name, '.');
	char *names = result->name, *part;
	char number[8], play[128];

	snprintf(play, sizeof(play), "%s", last ? last + 1 : result->name);
	play[strcspn(play, " ")] = '\0';
	while ((part = strsep(&names, "."))) {
		const char *rest = next_number(part, number, sizeof(number));
		struct row *row;

		part[strcspn(part, " :")] = '\0';
		if (!rest)
			continue;
		row = find_row(table, result->suite, part, kernel);
		if (!row)
			return false;
		while (rest && next_number(rest, number, sizeof(number)))
			rest = next_number(rest, number, sizeof(number));
		row->absent = !strncmp(rest, "absent", 6);
		count_result(row, result, play);
	}
	return true;
}

bool results_read(struct table *table, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	bool good = true;
	int kernel = -1;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), file)) {
		struct result result;

		if (!strncmp(line, KERNEL_NOTE, strlen(KERNEL_NOTE))) {
			line[strcspn(line, "\n")] = '\0';
			kernel = table_kernel(table, line + strlen(KERNEL_NOTE));
			good = kernel >= 0;
		} else if (kernel >= 0 && parse_result(line, &result)) {
			good = take_result(table, &result, kernel);
		}
	}
	fclose(file);
	return good;
}

static bool row_has(const struct row *row, const char *wanted)
{
	const char *at = strstr(row->name, ": ") + 2;
	char number[8];

	while ((at = next_number(at, number, sizeof(number))))
		if (!strcmp(number, wanted))
			return true;
	return false;
}

static enum state judge(const struct table *table, const struct entry *entry, int kernel)
{
	bool failed = false, closed = false, absent = false;

	for (const struct row *row = table->row; row < table->row + table->rows; row++) {
		if (row->kernel != kernel || !row_has(row, entry->number))
			continue;
		failed |= row->failed;
		if (row->absent)
			absent |= row->passed;
		else
			closed |= row->denied && (!row->attack || row->leaked);
	}
	if (failed)
		return STATE_FAILED;
	if (*entry->left)
		return STATE_LIMIT;
	if (closed)
		return STATE_CLOSED;
	return absent ? STATE_ABSENT : STATE_OPEN;
}

/* The rows of an entry, each once, whichever kernels it passed on. */
static void tell_tests(const struct table *table, struct entry *entry)
{
	size_t length = 0;

	for (const struct row *row = table->row; row < table->row + table->rows; row++) {
		const struct row *first = table->row;

		if (!row->passed || !row_has(row, entry->number))
			continue;
		while (first < row && (strcmp(first->name, row->name) || !first->passed))
			first++;
		if (first < row || length + sizeof(row->name) + 2 >= sizeof(entry->tests))
			continue;
		length += sprintf(entry->tests + length, "%s%s", length ? ", " : "", row->name);
	}
}

void results_judge(struct table *table)
{
	for (int i = 0; i < table->count; i++) {
		for (int k = 0; k < table->kernels; k++)
			table->entry[i].state[k] = judge(table, &table->entry[i], k);
		tell_tests(table, &table->entry[i]);
	}
}
