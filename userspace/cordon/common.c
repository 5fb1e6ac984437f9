// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs share. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "control.h"

int cordon_complain(bool json, int code, const char *text)
{
	cordon_auto_json *object = NULL;

	if (!json) {
		fprintf(stderr, "cordon: %s\n", text);
		return code;
	}
	object = json_object_new_object();
	json_object_object_add(object, "ok", json_object_new_boolean(false));
	json_object_object_add(object, "error", json_object_new_string(text));
	json_object_object_add(object, "code", json_object_new_int(code));
	puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
	return code;
}

struct json_object *cordon_request(const char *command)
{
	struct json_object *request = json_object_new_object();

	if (request)
		json_object_object_add(request, "command", json_object_new_string(command));
	return request;
}

int cordon_ask(struct json_object *request, bool json, struct json_object **answer)
{
	struct cordon_failure failure;
	int err = cordon_control_ask(request, answer, &failure), code = CORDON_EXIT_COULD_NOT;

	if (!err)
		return 0;
	if (err == -EREMOTEIO)
		code = (int)cordon_json_number(*answer, "code", code);
	return cordon_complain(json, code, failure.text);
}

int cordon_parse_json_only(int argc, char **argv, bool *json)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*json = false;
	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option != 'j')
			return cordon_usage(argv[0]);
		*json = true;
	}
	return 0;
}
