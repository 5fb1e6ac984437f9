// SPDX-License-Identifier: GPL-2.0-only
/* docs/coverage.md: written, and read again for the programs and for the check. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "coverage.h"

#define FIELDS_AROUND 7 /* an empty one at each end, number, channel, mechanism, left, tests */
#define TESTS_SHOWN   4

static const char head[] =
	"<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
	"# Coverage\n\n"
	"Every way round the guard that is known, and what stands against it. Made by `make coverage` "
	"from the results of the guest tests; change `tests/coverage/entries.tab` or a test, not this "
	"page. `make check` fails when the page says more than its own results do. `cordon status "
	"--coverage` shows the column of the running kernel.\n\n"
	"*closed*: a test played it, with its controls, and it was denied. *limit*: not closed or in "
	"part; what is left is said, and why in [known-limits.md](known-limits.md). *not on this "
	"kernel*: a test showed that the channel is not there. *open*: nothing is known.\n\n"
	"A letter is a class: A names and mounts, B descriptors and memory, C writing down and local "
	"channels, D network, E the guard, F programs, G races and resources; M numbers are the worst "
	"of all classes.\n\n";

static void write_left(FILE *file, const char *left)
{
	const char *anchor = strrchr(left, '#');

	if (anchor)
		fprintf(file, "%.*s[why](known-limits.md%s)", (int)(anchor - left), left, anchor);
}

/* The first few; a table is no place for a hundred. */
static void write_tests(FILE *file, const char *tests)
{
	const char *at = tests;
	int count = 0, more = 0;

	while (*at) {
		size_t length = strcspn(at, ",");

		if (count++ < TESTS_SHOWN)
			fprintf(file, "%s`%.*s`", count > 1 ? ", " : "", (int)length, at);
		else
			more++;
		at += length;
		at += strspn(at, ", ");
	}
	if (more)
		fprintf(file, " and %d more", more);
}

static void write_sums(FILE *file, const struct table *table)
{
	for (int k = 0; k < table->kernels; k++) {
		int sum[STATE_COUNT] = { 0 };

		for (int i = 0; i < table->count; i++)
			sum[table->entry[i].state[k]]++;
		fprintf(file, "Linux %s:", table->kernel[k]);
		for (int s = 0; s < STATE_COUNT; s++)
			if (sum[s])
				fprintf(file, " %d %s;", sum[s], state_name(s));
		fprintf(file, " of %d.\n\n", table->count);
	}
}

bool page_write(const struct table *table, const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	fputs(head, file);
	write_sums(file, table);
	fputs("| | channel | what stands against it |", file);
	for (int k = 0; k < table->kernels; k++)
		fprintf(file, " %s |", table->kernel[k]);
	fputs(" what is left | tests |\n| --- | --- | --- |", file);
	for (int k = 0; k < table->kernels; k++)
		fputs(" --- |", file);
	fputs(" --- | --- |\n", file);
	for (int i = 0; i < table->count; i++) {
		const struct entry *entry = &table->entry[i];

		fprintf(file, "| %s | %s | %s |", entry->number, entry->channel, entry->mechanism);
		for (int k = 0; k < table->kernels; k++)
			fprintf(file, " %s |", state_name(entry->state[k]));
		fputc(' ', file);
		write_left(file, entry->left);
		fputs(" | ", file);
		write_tests(file, entry->tests);
		fputs(" |\n", file);
	}
	return fclose(file) == 0;
}

static bool read_line(struct table *table, char **field, int count)
{
	struct entry *entry = &table->entry[table->count];
	int kernels = count - FIELDS_AROUND;

	if (kernels < 0 || table->count == ENTRIES_MAX || strlen(field[1]) >= sizeof(entry->number))
		return false;
	if (!*field[1]) { /* the heading */
		for (int k = 0; k < kernels; k++)
			if (table_kernel(table, field[4 + k]) != k)
				return false;
		return true;
	}
	if (!strncmp(field[1], "---", 3))
		return true;
	if (kernels != table->kernels)
		return false;
	strcpy(entry->number, field[1]);
	snprintf(entry->channel, sizeof(entry->channel), "%s", field[2]);
	snprintf(entry->mechanism, sizeof(entry->mechanism), "%s", field[3]);
	snprintf(entry->left, sizeof(entry->left), "%s", field[count - 3]);
	snprintf(entry->tests, sizeof(entry->tests), "%s", field[count - 2]);
	for (int k = 0; k < kernels; k++) {
		entry->state[k] = state_of(field[4 + k]);
		if (entry->state[k] == STATE_COUNT)
			return false;
	}
	table->count++;
	return true;
}

bool page_read(struct table *table, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	bool good = true;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		char *field[FIELDS_AROUND + KERNELS_MAX];
		int count;

		if (*line != '|')
			continue;
		count = split_fields(line, field, FIELDS_AROUND + KERNELS_MAX);
		if (count > FIELDS_AROUND + KERNELS_MAX || !read_line(table, field, count)) {
			fprintf(stderr, "%s:%d: no line of the table\n", path, number);
			good = false;
		}
	}
	fclose(file);
	return good;
}

static void write_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
	fputs("\", ", file);
}

/* What is a link in the page is a file's name elsewhere. */
static void plain_left(const char *left, char *plain, size_t size)
{
	const char *link = strstr(left, " [why](");

	snprintf(plain, size, "%.*s", (int)(link ? link - left : (long)strlen(left)), left);
}

bool array_write(const struct table *table, const char *path)
{
	FILE *file = fopen(path, "we");
	char plain[TEXT_BYTES];

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	fputs("/* SPDX-License-Identifier: GPL-2.0-only */\n/* Made from docs/coverage.md. */\n",
	      file);
	fprintf(file, "#define MEDIATION_KERNELS %d\n", table->kernels);
	fputs("static const char *const mediation_kernels[] = { ", file);
	for (int k = 0; k < table->kernels; k++)
		write_string(file, table->kernel[k]);
	fputs("NULL };\nstatic const struct mediation_entry mediation_entries[] = {\n", file);
	for (int i = 0; i < table->count; i++) {
		const struct entry *entry = &table->entry[i];

		plain_left(entry->left, plain, sizeof(plain));
		fputs("\t{ ", file);
		write_string(file, entry->number);
		write_string(file, entry->channel);
		write_string(file, entry->mechanism);
		write_string(file, plain);
		write_string(file, entry->tests);
		fputs("{ ", file);
		for (int k = 0; k < table->kernels; k++)
			write_string(file, state_name(entry->state[k]));
		fputs("} },\n", file);
	}
	fputs("};\n", file);
	return fclose(file) == 0;
}
