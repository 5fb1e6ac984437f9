// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "control.h"

/* The controller lowers us; what we execute can rise to the ceiling at most. */
static int lower(const char *clearance)
{
	struct json_object *request = cordon_request("lower");
	cordon_auto_json *answer = NULL;

	if (request)
		json_object_object_add(request, "clearance", json_object_new_string(clearance));
	return cordon_ask(request, false, &answer);
}

int cordon_cmd_run(int argc, char **argv)
{
	static const struct option names[] = {
		{ "clearance", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	const char *clearance = NULL;
	int option, code;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option != 'c')
			return cordon_usage(argv[0]);
		clearance = optarg;
	}
	if (!clearance || optind >= argc)
		return cordon_usage(argv[0]);
	code = lower(clearance);
	if (code)
		return code;
	execvp(argv[optind], argv + optind);
	fprintf(stderr, "cordon: %s: %s\n", argv[optind], strerror(errno));
	return CORDON_EXIT_COULD_NOT;
}
