// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"

static void show_notes(struct json_object *answer)
{
	struct json_object *notes;
	size_t i;

	if (!json_object_object_get_ex(answer, "notes", &notes))
		return;
	for (i = 0; i < json_object_array_length(notes); i++)
		printf("note: %s\n", json_object_get_string(json_object_array_get_idx(notes, i)));
}

static int load(const char *path, bool json)
{
	cordon_auto_free char *whole = path ? realpath(path, NULL) : NULL;
	struct json_object *request = cordon_request("load");
	cordon_auto_json *answer = NULL;
	char why[512];
	int code;

	if (path && !whole) {
		snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
		json_object_put(request);
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, why);
	}
	if (request && whole)
		json_object_object_add(request, "path", json_object_new_string(whole));
	code = cordon_ask(request, json, &answer);
	if (code)
		return code;
	if (json) {
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
		return CORDON_EXIT_YES;
	}
	printf("policy %s version %lld is active as generation %lld\n",
	       cordon_json_text(answer, "policy", "?"),
	       (long long)cordon_json_number(answer, "version", 0),
	       (long long)cordon_json_number(answer, "generation", 0));
	show_notes(answer);
	return CORDON_EXIT_YES;
}

int cordon_cmd_load(int argc, char **argv)
{
	bool json;
	int code = cordon_parse_json_only(argc, argv, &json);

	if (code)
		return code;
	if (optind + 1 < argc)
		return cordon_usage(argv[0]);
	return load(optind < argc ? argv[optind] : NULL, json);
}
