// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "control.h"
#include "kernel_state.h"

/* What the controller could not say, because it does not run, is said here. */
static int check_kernel(bool json, bool without_module)
{
	struct cordon_kernel_state state;
	struct cordon_failure failure;

	cordon_kernel_state_read(&state);
	if (cordon_kernel_state_check(&state, without_module, &failure))
		return cordon_complain(json, CORDON_EXIT_NO, failure.text);
	return 0;
}

static int enforce(bool json, bool without_module)
{
	struct json_object *request;
	cordon_auto_json *answer = NULL;
	int code = check_kernel(json, without_module);

	if (code)
		return code;
	request = cordon_request("enforce");
	if (request && without_module)
		json_object_object_add(request, "without_module", json_object_new_boolean(true));
	code = cordon_ask(request, json, &answer);
	if (code)
		return code;
	puts(json ? json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN) : "mode enforcing");
	return CORDON_EXIT_YES;
}

int cordon_cmd_enforce(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "without-module", no_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, without_module = false;
	int option;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'w')
			without_module = true;
		else
			return cordon_usage(argv[0]);
	}
	if (optind < argc)
		return cordon_usage(argv[0]);
	return enforce(json, without_module);
}
