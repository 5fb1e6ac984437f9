// SPDX-License-Identifier: GPL-2.0-only
/* cordon seal: enforcing until reboot. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "control.h"

int cordon_cmd_seal(int argc, char **argv)
{
	cordon_auto_json *answer = NULL;
	bool json;
	int code = cordon_parse_json_only(argc, argv, &json);

	if (code)
		return code;
	if (optind < argc)
		return cordon_usage(argv[0]);
	code = cordon_ask(cordon_request("seal"), json, &answer);
	if (code)
		return code;
	if (json)
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	else
		puts("sealed until reboot: no permissive mode, no unloading, no policy that is not "
		     "signed and newer");
	return CORDON_EXIT_YES;
}
