// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "results.h"

#define LINE_BYTES 16384

struct results {
	FILE *tap;
	int count, failed;
};

struct results *results_open(const char *path)
{
	struct results *results = calloc(1, sizeof(*results));
	struct utsname kernel;

	if (!results)
		return NULL;
	results->tap = fopen(path, "we");
	if (!results->tap) {
		free(results);
		return NULL;
	}
	fprintf(results->tap, "TAP version 13\n");
	/* The coverage table counts results for the kernel that they name. */
	if (!uname(&kernel))
		results_note(results, "kernel %s", kernel.release);
	return results;
}

/* Everything goes to the console too, for whoever runs a test by hand. */
static void put(struct results *results, const char *text)
{
	fputs(text, results->tap);
	fflush(results->tap);
	fputs(text, stdout);
	fflush(stdout);
}

void results_add(struct results *results, bool good, const char *suite, const char *name)
{
	char line[LINE_BYTES];

	results->count++;
	results->failed += !good;
	snprintf(line, sizeof(line), "%s %d - %s: %s\n", good ? "ok" : "not ok", results->count,
		 suite, name);
	put(results, line);
}

/* "ok 12 name" and "not ok 12 name": returns the name. */
static char *result_name(char *line, bool *good)
{
	*good = !strncmp(line, "ok ", 3);
	if (!*good && strncmp(line, "not ok ", 7))
		return NULL;
	line += *good ? 3 : 7;
	return line + strspn(line, "0123456789 -");
}

/* The harness' own running commentary says nothing that the results do not. */
static bool is_chatter(const char *line)
{
	return !strncmp(line, "#  RUN ", 7) || !strncmp(line, "#            OK ", 16) ||
	       !strncmp(line, "# Starting ", 11) || !strncmp(line, "# PASSED: ", 10) ||
	       !strncmp(line, "# Totals: ", 10) || !strncmp(line, "TAP version", 11);
}

static void take_line(struct results *results, const char *suite, char *line, int *seen,
		      int *promised)
{
	bool good;
	char *name;

	line[strcspn(line, "\n")] = '\0';
	name = result_name(line, &good);
	if (name) {
		(*seen)++;
		results_add(results, good, suite, name);
	} else if (!strncmp(line, "1..", 3)) {
		*promised = atoi(line + 3);
	} else if (*line && !is_chatter(line)) {
		put(results, *line == '#' ? "" : "# ");
		put(results, line);
		put(results, "\n");
	}
}

void results_take(struct results *results, const char *suite, const char *log, int status)
{
	FILE *file = fopen(log, "re");
	int seen = 0, promised = -1;
	char line[LINE_BYTES];

	while (file && fgets(line, sizeof(line), file))
		take_line(results, suite, line, &seen, &promised);
	if (file)
		fclose(file);
	if (promised < 0)
		results_fail(results, "%s ended with %d before its first test", suite, status);
	else if (seen < promised)
		results_fail(results, "%s: %d of %d tests left no result", suite, promised - seen,
			     promised);
}

void results_fail(struct results *results, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	results_add(results, false, "run", text);
}

void results_note(struct results *results, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put(results, "# ");
	put(results, text);
	put(results, "\n");
}

bool results_close(struct results *results)
{
	bool good = results->count && !results->failed;
	char plan[32];

	snprintf(plan, sizeof(plan), "1..%d\n", results->count);
	put(results, plan);
	if (fclose(results->tap))
		good = false;
	free(results);
	return good;
}
