// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "control.h"

static int permissive(bool json, bool unload)
{
	struct json_object *request = cordon_request("permissive");
	cordon_auto_json *answer = NULL;
	int code;

	if (request && unload)
		json_object_object_add(request, "unload", json_object_new_boolean(true));
	code = cordon_ask(request, json, &answer);
	if (code)
		return code;
	if (json)
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	else
		puts(unload ? "the guard is detached, the controller ends; the module can be "
			      "unloaded with rmmod cordon" :
			      "mode permissive");
	return CORDON_EXIT_YES;
}

int cordon_cmd_permissive(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "unload", no_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, unload = false;
	int option;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'u')
			unload = true;
		else
			return cordon_usage(argv[0]);
	}
	if (optind < argc)
		return cordon_usage(argv[0]);
	return permissive(json, unload);
}
