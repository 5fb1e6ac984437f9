// SPDX-License-Identifier: GPL-2.0-only
/* cordon check: is this policy whole, and does it what it says it does? */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "paths.h"
#include "policy.h"

struct check {
	bool json;
	struct cordon_policy_options options;
	const char *const *paths;
	size_t path_count;
};

static struct json_object *error_object(const struct cordon_policy_error *error)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "file", json_object_new_string(error->file));
	json_object_object_add(object, "line", json_object_new_int64(error->line));
	json_object_object_add(object, "column", json_object_new_int64(error->column));
	json_object_object_add(object, "message", json_object_new_string(error->message));
	json_object_object_add(object, "hint", json_object_new_string(error->hint));
	return object;
}

static struct json_object *errors_array(const struct cordon_policy_text *policy)
{
	struct json_object *array = json_object_new_array();
	struct cordon_policy_error error;

	for (size_t i = 0; i < cordon_policy_error_count(policy); i++) {
		cordon_policy_error_get(policy, i, &error);
		json_object_array_add(array, error_object(&error));
	}
	return array;
}

static void image_members(struct json_object *object, const struct cordon_image *image)
{
	char digest[2 * CORDON_DIGEST_BYTES + 1];

	for (int i = 0; i < CORDON_DIGEST_BYTES; i++)
		snprintf(digest + 2 * i, 3, "%02x", image->policy.digest[i]);
	json_object_object_add(object, "policy", json_object_new_string(image->name));
	json_object_object_add(object, "version", json_object_new_uint64(image->policy.version));
	json_object_object_add(object, "digest", json_object_new_string(digest));
	json_object_object_add(object, "image_bytes", json_object_new_uint64(image->total_bytes));
}

static void print_json(const struct cordon_policy_text *policy, const struct cordon_image *image)
{
	cordon_auto_json *object = json_object_new_object();

	json_object_object_add(object, "ok", json_object_new_boolean(image != NULL));
	if (image)
		image_members(object, image);
	json_object_object_add(object, "rules",
			       json_object_new_uint64(cordon_policy_rule_count(policy)));
	json_object_object_add(object, "expectations",
			       json_object_new_uint64(cordon_policy_expectation_count(policy)));
	json_object_object_add(object, "errors", errors_array(policy));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void print_text(const struct cordon_policy_text *policy, const struct cordon_image *image)
{
	size_t rules = cordon_policy_rule_count(policy);
	size_t expectations = cordon_policy_expectation_count(policy);
	size_t errors = cordon_policy_error_count(policy);

	if (image) {
		printf("policy %s version %llu: %zu rule%s, %zu expectation%s hold%s\n",
		       image->name, (unsigned long long)image->policy.version, rules,
		       rules == 1 ? "" : "s", expectations, expectations == 1 ? "" : "s",
		       expectations == 1 ? "s" : "");
		return;
	}
	cordon_policy_errors_print(policy, stderr);
	fprintf(stderr, "%zu error%s\n", errors, errors == 1 ? "" : "s");
}

static int options_read(int argc, char **argv, struct check *check)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "offline", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	static const char *const installed[] = { CORDON_POLICY_FOLDER };
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == 'j')
			check->json = true;
		else if (option == 'o')
			check->options.offline = 1;
		else
			return cordon_usage(argv[0]);
	}
	check->paths = (const char *const *)argv + optind;
	check->path_count = (size_t)(argc - optind);
	if (!check->path_count) {
		check->paths = installed;
		check->path_count = 1;
	}
	check->options.trust = cordon_policy_trust_of(check->paths, check->path_count);
	return 0;
}

int cordon_cmd_check(int argc, char **argv)
{
	__attribute__((cleanup(cordon_policy_cleanup))) struct cordon_policy_text *policy = NULL;
	struct check check = { 0 };
	const struct cordon_image *image;
	size_t bytes;
	int error = options_read(argc, argv, &check);

	if (error)
		return error;
	error = cordon_policy_compile(check.paths, check.path_count, &check.options, &policy);
	if (!policy)
		return cordon_complain(check.json, CORDON_EXIT_COULD_NOT, strerror(-error));
	image = cordon_policy_image(policy, &bytes);
	if (check.json)
		print_json(policy, image);
	else
		print_text(policy, image);
	return image ? CORDON_EXIT_YES : CORDON_EXIT_NO;
}
