// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare WITHOUT WITH DIFFERENCES TAP: the results of the same tests without
 * and with Cordon, a file of `ok NAME` and `not ok NAME` lines each. Prints
 * every difference. One that DIFFERENCES does not name and argue is red.
 */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES	   4096
#define LINE_BYTES 512
#define ARGUED	   128

struct line {
	char text[LINE_BYTES]; /* `ok NAME`, `not ok NAME` */
	bool met;
};

struct results {
	int count;
	struct line *line;
};

struct argued {
	char name[LINE_BYTES], why[LINE_BYTES];
};

static struct argued argued[ARGUED];
static int argued_count;

static struct results read_results(const char *path)
{
	struct results results = { .line = calloc(LINES, sizeof(struct line)) };
	FILE *file = fopen(path, "re");

	if (!file || !results.line) {
		perror(path);
		exit(3);
	}
	while (fgets(results.line[results.count].text, LINE_BYTES, file)) {
		char *text = results.line[results.count].text, *end = strchr(text, '\n');

		if (!end || results.count == LINES - 1) {
			fprintf(stderr, "compare: %s: too long\n", path);
			exit(3);
		}
		*end = '\0';
		results.count += *text != '#';
	}
	fclose(file);
	return results;
}

/* `NAME | WHY` a line; the name is a pattern as of a shell. */
static void read_argued(const char *path)
{
	char line[LINE_BYTES];
	FILE *file = fopen(path, "re");

	if (!file) {
		perror(path);
		exit(3);
	}
	while (fgets(line, sizeof(line), file)) {
		struct argued *new = &argued[argued_count];
		char *bar = strstr(line, " | ");

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (!bar || argued_count == ARGUED) {
			fprintf(stderr, "compare: %s: not `TEST | reason`, or too many: %s\n", path,
				line);
			exit(3);
		}
		snprintf(new->why, sizeof(new->why), "%s", bar + strlen(" | "));
		*bar = '\0';
		snprintf(new->name, sizeof(new->name), "%s", line);
		argued_count++;
	}
	fclose(file);
}

static const char *name_of(const char *text)
{
	return text + (strncmp(text, "not ", 4) ? strlen("ok ") : strlen("not ok "));
}

/* The next one of that name: a program may have several tests of one name. */
static struct line *find(const struct results *results, const char *name)
{
	for (int i = 0; i < results->count; i++)
		if (!results->line[i].met && !strcmp(name_of(results->line[i].text), name))
			return &results->line[i];
	return NULL;
}

static const struct argued *find_argued(const char *name)
{
	for (int i = 0; i < argued_count; i++)
		if (!fnmatch(argued[i].name, name, 0))
			return &argued[i];
	return NULL;
}

/* True when it is argued. */
static bool differ(FILE *tap, const char *name, const char *without, const char *with)
{
	const struct argued *why = find_argued(name);

	fprintf(tap, "# without Cordon: %s\n# with Cordon:    %s\n", without, with);
	if (!why)
		return false;
	fprintf(tap, "# argued: %s\n", why->why);
	return true;
}

struct tally {
	int same, failed, differ, unargued;
};

static void compare(FILE *tap, struct results *without, struct results *with, struct tally *tally)
{
	for (int i = 0; i < without->count; i++) {
		struct line *one = &without->line[i];
		struct line *other = find(with, name_of(one->text));

		if (other)
			other->met = true;
		if (other && !strcmp(one->text, other->text)) {
			tally->same++;
			tally->failed += name_of(one->text) != one->text + strlen("ok ");
			continue;
		}
		tally->differ++;
		tally->unargued += !differ(tap, name_of(one->text), one->text,
					   other ? other->text : "(no result)");
	}
	for (int i = 0; i < with->count; i++) {
		if (with->line[i].met)
			continue;
		tally->differ++;
		tally->unargued += !differ(tap, name_of(with->line[i].text), "(no result)",
					   with->line[i].text);
	}
}

int main(int argc, char **argv)
{
	struct results without, with;
	struct tally tally = {};
	bool good;
	FILE *tap;

	if (argc != 5)
		return 2;
	without = read_results(argv[1]);
	with = read_results(argv[2]);
	read_argued(argv[3]);
	tap = fopen(argv[4], "we");
	if (!tap) {
		perror(argv[4]);
		return 3;
	}
	compare(tap, &without, &with, &tally);
	good = tally.same && !tally.unargued;
	fprintf(tap,
		"# %d results are the same, %d of these not ok; %d differ, %d of these argued\n",
		tally.same, tally.failed, tally.differ, tally.differ - tally.unargued);
	fprintf(tap, "%sok 1 - Cordon changes nothing that is not argued\n", good ? "" : "not ");
	fprintf(tap, "1..1\n");
	return fclose(tap) || !good ? 1 : 0;
}
