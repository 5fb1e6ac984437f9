// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "escape.h"
#include "mounts.h"

/*
 * The path without links. A rule may name what does not exist yet: then the
 * folder is looked up and the name stays.
 */
static char *whole_path(const char *path)
{
	cordon_auto_free char *copy = NULL, *folder = NULL;
	char *whole = realpath(path, NULL), *name;

	if (whole || errno != ENOENT)
		return whole;
	copy = strdup(path);
	if (!copy)
		return NULL;
	name = strrchr(copy, '/');
	if (name)
		*name++ = '\0';
	folder = realpath(!name ? "." : *copy ? copy : "/", NULL);
	if (!folder)
		return NULL;
	if (!name)
		name = copy;
	if (asprintf(&whole, "%s/%s", strcmp(folder, "/") ? folder : "", name) < 0)
		return NULL;
	return whole;
}

static struct json_object *make_request(const char *whole)
{
	struct json_object *request = cordon_request("label");
	struct stat status;

	if (!request)
		return NULL;
	json_object_object_add(request, "path", json_object_new_string(whole));
	if (!stat(whole, &status) && status.st_nlink > 1 && !S_ISDIR(status.st_mode)) {
		uint32_t device = cordon_device_number(major(status.st_dev), minor(status.st_dev));

		json_object_object_add(request, "device", json_object_new_int64(device));
		json_object_object_add(request, "inode",
				       json_object_new_int64((int64_t)status.st_ino));
	}
	return request;
}

static void show(struct json_object *answer)
{
	const char *path = cordon_json_text(answer, "path", "?");
	const char *label = cordon_json_text(answer, "label", "?");
	cordon_auto_free char *safe = cordon_escape(path, strlen(path));

	printf("%s  %s  %s%s%s%s\n", safe ? safe : "?", label,
	       cordon_json_text(answer, "rule", "?"),
	       cordon_json_truth(answer, "drop", false) ? "  drop" : "",
	       cordon_json_truth(answer, "program", false) ? "  program" : "",
	       strcmp(label, cordon_json_text(answer, "by_path", label)) ?
		       "  (joined with its other names)" :
		       "");
}

static int label_one(const char *path, bool json)
{
	cordon_auto_free char *whole = whole_path(path);
	cordon_auto_json *answer = NULL;
	char why[512];
	int code;

	if (!whole) {
		snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, why);
	}
	code = cordon_ask(make_request(whole), json, &answer);
	if (code)
		return code;
	if (json)
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	else
		show(answer);
	return CORDON_EXIT_YES;
}

int cordon_cmd_label(int argc, char **argv)
{
	int worst = CORDON_EXIT_YES, code;
	bool json;

	code = cordon_parse_json_only(argc, argv, &json);
	if (code)
		return code;
	if (optind >= argc)
		return cordon_usage(argv[0]);
	for (; optind < argc; optind++) {
		code = label_one(argv[optind], json);
		if (code > worst)
			worst = code;
	}
	return worst;
}
