// SPDX-License-Identifier: GPL-2.0-only
/* The entries: their numbers, what they are, what stands against them, what is left. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "coverage.h"

static const char *const state_names[STATE_COUNT] = {
	[STATE_OPEN] = "open",
	[STATE_FAILED] = "failed",
	[STATE_CLOSED] = "closed",
	[STATE_LIMIT] = "limit",
	[STATE_ABSENT] = "not on this kernel",
};

const char *state_name(enum state state)
{
	return state_names[state];
}

enum state state_of(const char *name)
{
	enum state state = STATE_OPEN;

	while (state < STATE_COUNT && strcmp(name, state_names[state]))
		state++;
	return state;
}

struct entry *table_find(struct table *table, const char *number)
{
	for (int i = 0; i < table->count; i++)
		if (!strcmp(table->entry[i].number, number))
			return &table->entry[i];
	return NULL;
}

int table_kernel(struct table *table, const char *release)
{
	int i = 0;

	while (i < table->kernels && strcmp(table->kernel[i], release))
		i++;
	if (i < table->kernels)
		return i;
	if (i == KERNELS_MAX)
		return -1;
	snprintf(table->kernel[i], sizeof(table->kernel[i]), "%s", release);
	return table->kernels++;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

int split_fields(char *line, char **field, int max)
{
	int count = 0;
	char *part;

	while (count < max && (part = strsep(&line, "|")))
		field[count++] = trim(part);
	return line ? max + 1 : count;
}

static bool keep(char *to, const char *from, const char *path, int line)
{
	if (snprintf(to, TEXT_BYTES, "%s", from) < TEXT_BYTES)
		return true;
	fprintf(stderr, "%s:%d: longer than %d bytes\n", path, line, TEXT_BYTES - 1);
	return false;
}

static bool add_entry(struct table *table, char *text, const char *path, int line)
{
	struct entry *entry = &table->entry[table->count];
	char *field[4];

	if (table->count == ENTRIES_MAX || split_fields(text, field, 4) != 4) {
		fprintf(stderr, "%s:%d: not number | channel | mechanism | left\n", path, line);
		return false;
	}
	if (!*field[0] || strlen(field[0]) >= sizeof(entry->number) ||
	    table_find(table, field[0])) {
		fprintf(stderr, "%s:%d: %s is no new number\n", path, line, field[0]);
		return false;
	}
	strcpy(entry->number, field[0]);
	table->count++;
	return keep(entry->channel, field[1], path, line) &&
	       keep(entry->mechanism, field[2], path, line) &&
	       keep(entry->left, field[3], path, line);
}

bool entries_read(struct table *table, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	bool good = true;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	for (int number = 1; fgets(line, sizeof(line), file); number++)
		if (*line != '#' && *line != '\n')
			good &= add_entry(table, line, path, number);
	fclose(file);
	return good;
}

/* A heading's anchor, as it is made of its words. */
static void anchor_of(const char *heading, char *anchor, size_t size)
{
	size_t length = 0;

	heading += strspn(heading, "# ");
	for (; *heading && *heading != '\n' && length + 1 < size; heading++) {
		if (isalnum((unsigned char)*heading) || *heading == '-')
			anchor[length++] = tolower((unsigned char)*heading);
		else if (*heading == ' ')
			anchor[length++] = '-';
	}
	anchor[length] = '\0';
}

static bool has_heading(const char *path, const char *wanted)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES], anchor[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (*line != '#')
			continue;
		anchor_of(line, anchor, sizeof(anchor));
		found = !strcmp(anchor, wanted);
	}
	if (file)
		fclose(file);
	return found;
}

bool entries_check_limits(const struct table *table, const char *path)
{
	bool good = true;

	for (int i = 0; i < table->count; i++) {
		const struct entry *entry = &table->entry[i];
		const char *anchor = strrchr(entry->left, '#');

		if (!*entry->left || (anchor && has_heading(path, anchor + 1)))
			continue;
		fprintf(stderr, "%s: its limit ends with no #heading of %s\n", entry->number, path);
		good = false;
	}
	return good;
}
