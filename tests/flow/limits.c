// SPDX-License-Identifier: GPL-2.0-only
/* Calls that programs do without, because what they leak is a named limit. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

#define LIMITS_MAX 128

struct limits {
	int count;
	struct {
		int call;
		bool classified; /* only on places above the subject's clearance */
	} limit[LIMITS_MAX];
};

struct limits *limits_read(const char *path)
{
	struct limits *limits = calloc(1, sizeof(*limits));
	FILE *file = fopen(path, "re");
	char line[512];
	bool good = limits && file;

	while (good && fgets(line, sizeof(line), file)) {
		char *name = strtok(line, " |\n"), *at;

		if (!name || *name == '#' || *name == '-')
			continue;
		at = strchr(name, '@');
		if (at)
			*at = '\0';
		limits->limit[limits->count].call = call_find(name);
		limits->limit[limits->count].classified = at != NULL;
		good = limits->limit[limits->count].call >= 0 && limits->count + 1 < LIMITS_MAX;
		if (!good)
			fprintf(stderr, "%s: no call %s\n", path, name);
		limits->count++;
	}
	if (file)
		fclose(file);
	if (good)
		return limits;
	free(limits);
	return NULL;
}

/* The subject's clearance is not known before it runs: children may be anything. */
static bool is_above(const struct op *op)
{
	const char *args = call_kinds[op->call].args;
	enum label clearance =
		op->who < SLOTS_FIRST ? ranks[slot_rank[op->who]].clearance : LABEL_UNCLASSIFIED;

	for (int i = 0; args[i]; i++)
		if (args[i] == 'p' && !flows(places[op->arg[i] / NAMES].label, clearance))
			return true;
	return false;
}

bool limits_exclude(const struct limits *limits, const struct op *op)
{
	for (int i = 0; limits && i < limits->count; i++)
		if (limits->limit[i].call == op->call &&
		    (!limits->limit[i].classified || is_above(op)))
			return true;
	return false;
}

int limits_count(const struct limits *limits)
{
	return limits ? limits->count : 0;
}
