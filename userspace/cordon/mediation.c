// SPDX-License-Identifier: GPL-2.0-only
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "command.h"
#include "control.h"
#include "mediation.h"

#define NOT_TESTED "not tested on this kernel"

struct mediation_entry {
	const char *number, *channel, *mechanism, *left, *tests;
	const char *state[4]; /* by kernel */
};
#include "mediation_table.h"

#define ENTRY_COUNT (sizeof(mediation_entries) / sizeof(mediation_entries[0]))

/* The column of @release; -1: no results exist for it. */
static int column_of(const char *release)
{
	for (int k = 0; k < MEDIATION_KERNELS; k++)
		if (!strcmp(mediation_kernels[k], release))
			return k;
	return -1;
}

static const char *state_on(const struct mediation_entry *entry, int column)
{
	return column < 0 ? NOT_TESTED : entry->state[column];
}

static void show_text(const char *release, int column)
{
	printf("kernel      %s%s\n", release, column < 0 ? ": " NOT_TESTED : "");
	printf("tested      ");
	for (int k = 0; k < MEDIATION_KERNELS; k++)
		printf("%s%s", k ? ", " : "", mediation_kernels[k]);
	puts("\n");
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		const struct mediation_entry *entry = &mediation_entries[i];

		printf("%-4s %-7s %s: %s\n", entry->number, state_on(entry, column), entry->channel,
		       entry->mechanism);
		if (*entry->left)
			printf("             left: %s\n", entry->left);
	}
}

static struct json_object *entry_json(const struct mediation_entry *entry, int column)
{
	struct json_object *object = json_object_new_object();
	const char *const member[][2] = {
		{ "number", entry->number },	   { "channel", entry->channel },
		{ "mechanism", entry->mechanism }, { "state", state_on(entry, column) },
		{ "left", entry->left },	   { "tests", entry->tests },
	};

	for (size_t i = 0; i < sizeof(member) / sizeof(member[0]); i++)
		json_object_object_add(object, member[i][0], json_object_new_string(member[i][1]));
	return object;
}

static void show_json(const char *release, int column)
{
	cordon_auto_json *root = json_object_new_object();
	struct json_object *tested = json_object_new_array(), *entries = json_object_new_array();

	for (int k = 0; k < MEDIATION_KERNELS; k++)
		json_object_array_add(tested, json_object_new_string(mediation_kernels[k]));
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		json_object_array_add(entries, entry_json(&mediation_entries[i], column));
	json_object_object_add(root, "ok", json_object_new_boolean(true));
	json_object_object_add(root, "kernel", json_object_new_string(release));
	json_object_object_add(root, "tested", json_object_new_boolean(column >= 0));
	json_object_object_add(root, "tested_kernels", tested);
	json_object_object_add(root, "entries", entries);
	puts(json_object_to_json_string_ext(root, CORDON_JSON_PLAIN));
}

int cordon_mediation_show(bool json)
{
	struct utsname kernel;
	int column;

	if (uname(&kernel))
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, "uname failed");
	column = column_of(kernel.release);
	if (json)
		show_json(kernel.release, column);
	else
		show_text(kernel.release, column);
	return column < 0 ? CORDON_EXIT_NO : CORDON_EXIT_YES;
}
