// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "command.h"
#include "control.h"
#include "cordon/abi.h"

int cordon_cmd_version(int argc, char **argv)
{
	cordon_auto_json *answer = NULL;
	bool json;
	int code = cordon_parse_json_only(argc, argv, &json);

	if (code)
		return code;
	if (argc > 1 + json)
		return cordon_usage("version");
	if (!json) {
		printf("cordon " CORDON_VERSION ", ABI %u\n", CORDON_ABI_VERSION);
		return CORDON_EXIT_YES;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "ok", json_object_new_boolean(true));
	json_object_object_add(answer, "version", json_object_new_string(CORDON_VERSION));
	json_object_object_add(answer, "abi", json_object_new_int(CORDON_ABI_VERSION));
	puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	return CORDON_EXIT_YES;
}
