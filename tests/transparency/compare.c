// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare WITHOUT WITH DIFFERENCES TAP: the results of the same tests without
 * and with Cordon, a file of `ok NAME` and `not ok NAME` lines each. Prints
 * every difference. One that DIFFERENCES does not name and argue is red, and so
 * is one that it names and that is not there.
 */
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
	bool met;
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
	while (results.count < LINES && fgets(results.line[results.count].text, LINE_BYTES, file)) {
		char *text = results.line[results.count].text;

		text[strcspn(text, "\n")] = '\0';
		results.count += *text != '#';
	}
	fclose(file);
	return results;
}

/* `NAME | WHY` a line. */
static void read_argued(const char *path)
{
	char line[LINE_BYTES];
	FILE *file = fopen(path, "re");

	if (!file) {
		perror(path);
		exit(3);
	}
	while (argued_count < ARGUED && fgets(line, sizeof(line), file)) {
		struct argued *new = &argued[argued_count];
		char *bar = strchr(line, '|');

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !bar)
			continue;
		snprintf(new->why, sizeof(new->why), "%s", bar + 1 + strspn(bar + 1, " "));
		while (bar > line && bar[-1] == ' ')
			bar--;
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

/* How a program ended differs when one of its tests does: its name is up to there. */
static struct argued *find_argued(const char *name)
{
	for (int i = 0; i < argued_count; i++)
		if (!strcmp(argued[i].name, name))
			return &argued[i];
	return NULL;
}

/* True when it is argued. */
static bool differ(FILE *tap, const char *name, const char *without, const char *with)
{
	struct argued *why = find_argued(name);

	fprintf(tap, "# without Cordon: %s\n# with Cordon:    %s\n", without, with);
	if (!why)
		return false;
	why->met = true;
	fprintf(tap, "# argued: %s\n", why->why);
	return true;
}

static int compare(FILE *tap, struct results *without, struct results *with, int *differences,
		   int *unargued)
{
	int same = 0;

	for (int i = 0; i < without->count; i++) {
		struct line *one = &without->line[i];
		struct line *other = find(with, name_of(one->text));

		if (other)
			other->met = true;
		if (other && !strcmp(one->text, other->text)) {
			same++;
			continue;
		}
		(*differences)++;
		*unargued += !differ(tap, name_of(one->text), one->text,
				     other ? other->text : "(no result)");
	}
	for (int i = 0; i < with->count; i++) {
		if (with->line[i].met)
			continue;
		(*differences)++;
		*unargued += !differ(tap, name_of(with->line[i].text), "(no result)",
				     with->line[i].text);
	}
	return same;
}

int main(int argc, char **argv)
{
	struct results without, with;
	int differences = 0, unargued = 0, same;
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
	same = compare(tap, &without, &with, &differences, &unargued);
	fprintf(tap, "# %d results are the same, %d differ, %d of these are argued\n", same,
		differences, differences - unargued);
	fprintf(tap, "%sok 1 - Cordon changes nothing that is not argued\n",
		unargued || !same ? "not " : "");
	fprintf(tap, "1..1\n");
	return fclose(tap) || unargued || !same ? 1 : 0;
}
