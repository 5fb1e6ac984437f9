// SPDX-License-Identifier: GPL-2.0-only
/*
 * coverage page ENTRIES LIMITS PAGE TAP...   writes the page, says what is open
 * coverage check ENTRIES LIMITS PAGE TAP...  as TAP: does the page say more than the results
 * coverage array PAGE HEADER                 the page for a C program
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"

static struct table table, page;
static int lines, bad;

static bool read_all(char **argv, int argc)
{
	bool good = entries_read(&table, argv[0]) && entries_check_limits(&table, argv[1]);

	for (int i = 3; i < argc && good; i++)
		good = results_read(&table, argv[i]);
	results_judge(&table);
	return good;
}

static void say(bool good, const char *format, const char *detail)
{
	lines++;
	bad += !good;
	printf("%s %d - coverage: ", good ? "ok" : "not ok", lines);
	printf(format, detail);
	putchar('\n');
}

/* 6.12.117+deb13-cloud-amd64 -> 6.12. */
static bool same_series(const char *a, const char *b)
{
	size_t length = strcspn(a, ".");

	length += a[length] ? 1 + strspn(a + length + 1, "0123456789") : 0;
	return !strncmp(a, b, length) && !(b[length] >= '0' && b[length] <= '9');
}

static int column_of(const struct table *results, const char *release)
{
	for (int k = 0; k < results->kernels; k++)
		if (same_series(release, results->kernel[k]))
			return k;
	return -1;
}

/* A bigger claim than the results of this run bear out. */
static bool overstates(enum state claimed, enum state seen)
{
	if (seen == STATE_FAILED)
		return true;
	return (claimed == STATE_CLOSED || claimed == STATE_ABSENT) && seen != claimed;
}

static void check_column(int k)
{
	int column = column_of(&table, page.kernel[k]), count = 0;

	if (column < 0) {
		lines++;
		printf("ok %d - coverage: the page's %s # SKIP no results of that kernel in this run\n",
		       lines, page.kernel[k]);
		return;
	}
	for (int i = 0; i < page.count; i++) {
		const struct entry *claim = &page.entry[i];
		const struct entry *entry = table_find(&table, claim->number);
		enum state seen = entry ? entry->state[column] : STATE_OPEN;

		if (!overstates(claim->state[k], seen))
			continue;
		count++;
		printf("# %s: the page says %s, the results of %s %s\n", claim->number,
		       state_name(claim->state[k]), table.kernel[column], state_name(seen));
	}
	say(!count, "the page claims no more of %s than the tests showed", page.kernel[k]);
}

static int list_open(const char *prefix)
{
	int count = 0;

	for (int k = 0; k < table.kernels; k++) {
		int before = count;

		for (int i = 0; i < table.count; i++) {
			enum state state = table.entry[i].state[k];

			if (state != STATE_OPEN && state != STATE_FAILED)
				continue;
			if (count++ == before)
				printf("%s%s: neither closed nor a limit:", prefix,
				       table.kernel[k]);
			printf(" %s%s", table.entry[i].number,
			       state == STATE_FAILED ? "(failed)" : "");
		}
		if (count > before)
			putchar('\n');
	}
	return count;
}

static int check(char **argv, int argc)
{
	bool known = read_all(argv, argc) && page_read(&page, argv[2]);
	int count;

	puts("TAP version 13");
	say(known, "%s", "the entries, their limits and the page can be read");
	for (int k = 0; k < page.kernels; k++)
		check_column(k);
	count = list_open("# ");
	say(!count, "%s", "every entry is closed, a limit or not there");
	printf("1..%d\n", lines);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc > 5 && !strcmp(argv[1], "check"))
		return check(argv + 2, argc - 2);
	if (argc > 5 && !strcmp(argv[1], "page")) {
		if (!read_all(argv + 2, argc - 2) || !page_write(&table, argv[4]))
			return 1;
		list_open("");
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "array"))
		return page_read(&page, argv[2]) && array_write(&page, argv[3]) ? 0 : 1;
	fprintf(stderr,
		"usage: coverage page|check ENTRIES LIMITS PAGE TAP... | array PAGE HEADER\n");
	return 2;
}
