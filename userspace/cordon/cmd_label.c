// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "escape.h"
#include "mounts.h"
#include "cordon/stored_label.h"

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

/* What is stored on the file itself, for people. */
static const char *stored_text(struct json_object *answer, char *text, size_t size)
{
	const char *stored = cordon_json_text(answer, "stored", NULL);

	if (cordon_json_truth(answer, "stored_broken", false))
		return "  stored: not this host's, or damaged";
	if (!stored)
		return "";
	snprintf(text, size, "  stored: %s", stored);
	return text;
}

static void show(struct json_object *answer)
{
	const char *path = cordon_json_text(answer, "path", "?");
	const char *label = cordon_json_text(answer, "label", "?");
	cordon_auto_free char *safe = cordon_escape(path, strlen(path));
	char stored[512];

	printf("%s  %s  %s%s%s%s%s\n", safe ? safe : "?", label,
	       cordon_json_text(answer, "rule", "?"),
	       cordon_json_truth(answer, "drop", false) ? "  drop" : "",
	       cordon_json_truth(answer, "program", false) ? "  program" : "",
	       stored_text(answer, stored, sizeof(stored)),
	       cordon_json_truth(answer, "joined", false) ? "  (joined with its other names)" : "");
}

/* A label was set or cleared: what is stored now. */
static void show_change(struct json_object *answer)
{
	const char *path = cordon_json_text(answer, "path", "?");
	cordon_auto_free char *safe = cordon_escape(path, strlen(path));
	char stored[512];
	const char *text = stored_text(answer, stored, sizeof(stored));

	printf("%s%s\n", safe ? safe : "?", *text ? text : "  nothing is stored");
	if (cordon_json_truth(answer, "open", false))
		fprintf(stderr, "cordon: %s is open: who has it open keeps the access he has\n",
			safe ? safe : "?");
}

static int ask_and_show(struct json_object *request, bool json, void (*print)(struct json_object *))
{
	cordon_auto_json *answer = NULL;
	int code = cordon_ask(request, json, &answer);

	if (code)
		return code;
	if (json)
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	else
		print(answer);
	return CORDON_EXIT_YES;
}

/* What is asked for, on the command line. */
struct wish {
	const char *command; /* of the controller's */
	const char *label, *reason; /* NULL: none is wanted */
	bool json;
};

static int label_one(const char *path, const struct wish *wish)
{
	cordon_auto_free char *whole = whole_path(path);
	struct json_object *request;
	char why[512];

	if (!whole) {
		snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
		return cordon_complain(wish->json, CORDON_EXIT_COULD_NOT, why);
	}
	if (!wish->command)
		return ask_and_show(make_request(whole), wish->json, show);
	request = cordon_request(wish->command);
	if (request) {
		json_object_object_add(request, "path", json_object_new_string(whole));
		json_object_object_add(request, "reason", json_object_new_string(wish->reason));
		if (wish->label)
			json_object_object_add(request, "label",
					       json_object_new_string(wish->label));
	}
	return ask_and_show(request, wish->json, show_change);
}

/* nftw(3) knows no context. */
static const struct wish *tree_wish;
static int tree_worst;

static int tree_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	int code;

	(void)at;
	if (type != FTW_F || !S_ISREG(status->st_mode) ||
	    (lgetxattr(path, CORDON_XATTR, NULL, 0) < 0 && errno == ENODATA))
		return 0;
	code = label_one(path, tree_wish);
	if (code > tree_worst)
		tree_worst = code;
	return 0;
}

/* All files below that have a stored label, on whatever file system they are. */
static int label_tree(const char *path, const struct wish *wish)
{
	char why[512];

	tree_wish = wish;
	tree_worst = CORDON_EXIT_YES;
	if (!nftw(path, tree_entry, 64, FTW_PHYS))
		return tree_worst;
	snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
	return cordon_complain(wish->json, CORDON_EXIT_COULD_NOT, why);
}

static int parse(int argc, char **argv, struct wish *wish)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "reason", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == 'j')
			wish->json = true;
		else if (option == 'r')
			wish->reason = optarg;
		else
			return CORDON_EXIT_USAGE;
	}
	return 0;
}

typedef int (*label_verb)(const char *path, const struct wish *wish);

/* One of four: what `show` does is done without a word for it, too. */
static label_verb parse_what(int argc, char **argv, struct wish *wish)
{
	const char *what = optind < argc ? argv[optind] : "";

	if (!strcmp(what, "set")) {
		wish->command = "label_set";
		wish->label = optind + 1 < argc ? argv[optind + 1] : NULL;
		optind += 2;
		return wish->label && wish->reason ? label_one : NULL;
	}
	if (!strcmp(what, "clear")) {
		wish->command = "label_clear";
		optind++;
		return wish->reason ? label_one : NULL;
	}
	if (!strcmp(what, "tree") || !strcmp(what, "show"))
		optind++;
	return wish->reason ? NULL : !strcmp(what, "tree") ? label_tree : label_one;
}

int cordon_cmd_label(int argc, char **argv)
{
	int worst = CORDON_EXIT_YES, code;
	struct wish wish = { 0 };
	label_verb run;

	if (parse(argc, argv, &wish))
		return cordon_usage(argv[0]);
	run = parse_what(argc, argv, &wish);
	if (!run || optind >= argc)
		return cordon_usage(argv[0]);
	for (; optind < argc; optind++) {
		code = run(argv[optind], &wish);
		if (code > worst)
			worst = code;
	}
	return worst;
}
