// SPDX-License-Identifier: GPL-2.0-only
/* cordon diff: what changes in meaning from one policy to another. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "diff.h"
#include "policy.h"

/* Besides those of all verbs: nothing loosens, and yet it is not the same. */
#define EXIT_TIGHTENS 4

struct side {
	void *image;
	struct cordon_image_view view;
};

static bool is_image(const char *path)
{
	cordon_auto_file *in = fopen(path, "re");
	uint64_t magic;

	return in && fread(&magic, sizeof(magic), 1, in) == 1 && magic == CORDON_IMAGE_MAGIC;
}

/* 0, or the exit code, told already. */
static int side_read(const char *path, const struct cordon_policy_options *options, bool json,
		     struct side *side)
{
	__attribute__((cleanup(cordon_policy_cleanup))) struct cordon_policy_text *policy = NULL;
	struct cordon_failure failure;
	size_t bytes;
	int err;

	if (is_image(path)) {
		if (cordon_image_read(path, &side->image, &bytes, &failure))
			return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	} else {
		err = cordon_policy_compile(&path, 1, options, &policy);
		if (!policy)
			return cordon_complain(json, CORDON_EXIT_COULD_NOT, strerror(-err));
		if (err) {
			cordon_policy_errors_print(policy, stderr);
			return cordon_complain(json, CORDON_EXIT_COULD_NOT,
					       "a policy with errors cannot be compared");
		}
		side->image = cordon_policy_take_image(policy, &bytes);
	}
	if (cordon_image_open(side->image, bytes, &side->view, &failure))
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	return 0;
}

static void rule_text(const struct cordon_image_view *view, uint32_t rule, char *text)
{
	if (!rule || !cordon_image_rule_text(view, rule, text))
		strcpy(text, "-");
}

static void show(const struct cordon_diff *diff)
{
	char old[CORDON_RULE_TEXT_BYTES], new[CORDON_RULE_TEXT_BYTES];

	for (size_t i = 0; i < diff->count; i++) {
		const struct cordon_difference *d = &diff->list[i];

		rule_text(diff->old, d->old_rule, old);
		rule_text(diff->new, d->new_rule, new);
		printf("%s %s %s: %s (%s -> %s)\n", d->loosens ? "loosens " : "tightens",
		       cordon_diff_kind_name(d->kind), d->what, d->text, old, new);
	}
	if (!diff->count)
		puts("they mean the same");
}

static struct json_object *difference_object(const struct cordon_diff *diff,
					     const struct cordon_difference *d)
{
	struct json_object *object = json_object_new_object();
	char rule[CORDON_RULE_TEXT_BYTES];

	json_object_object_add(object, "loosens", json_object_new_boolean(d->loosens));
	json_object_object_add(object, "kind",
			       json_object_new_string(cordon_diff_kind_name(d->kind)));
	json_object_object_add(object, "what", json_object_new_string(d->what));
	json_object_object_add(object, "text", json_object_new_string(d->text));
	rule_text(diff->old, d->old_rule, rule);
	json_object_object_add(object, "old_rule", json_object_new_string(rule));
	rule_text(diff->new, d->new_rule, rule);
	json_object_object_add(object, "new_rule", json_object_new_string(rule));
	return object;
}

static void show_json(const struct cordon_diff *diff)
{
	cordon_auto_json *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < diff->count; i++)
		json_object_array_add(list, difference_object(diff, &diff->list[i]));
	json_object_object_add(object, "ok", json_object_new_boolean(!diff->loosening));
	json_object_object_add(object, "loosens", json_object_new_uint64(diff->loosening));
	json_object_object_add(object, "differences", list);
	puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
}

static int compare(const struct side *sides, bool json)
{
	struct cordon_diff diff;
	int code;

	if (cordon_diff_make(&sides[0].view, &sides[1].view, &diff))
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, "no memory");
	if (json)
		show_json(&diff);
	else
		show(&diff);
	code = diff.loosening ? CORDON_EXIT_NO : diff.count ? EXIT_TIGHTENS : CORDON_EXIT_YES;
	cordon_diff_free(&diff);
	return code;
}

int cordon_cmd_diff(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "offline", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_AUTHOR };
	struct side sides[2] = { 0 };
	bool json = false;
	int option, code;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'o')
			options.offline = 1;
		else
			return cordon_usage(argv[0]);
	}
	if (optind + 2 != argc)
		return cordon_usage(argv[0]);
	code = side_read(argv[optind], &options, json, &sides[0]);
	if (!code)
		code = side_read(argv[optind + 1], &options, json, &sides[1]);
	if (!code)
		code = compare(sides, json);
	free(sides[0].image);
	free(sides[1].image);
	return code;
}
