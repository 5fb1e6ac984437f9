// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "image_cache.h"
#include "names.h"
#include "paths.h"
#include "record_text.h"
#include "since.h"
#include "store.h"

struct wishes {
	bool json, follow;
	const char *verdict, *reason, *host, *store;
	char *path; /* without a slash at its end */
	struct cordon_filter filter;
};

static int complain_value(const struct wishes *wishes, const char *what, const char *value)
{
	char why[512];

	snprintf(why, sizeof(why), "'%s' is no %s", value, what);
	return cordon_complain(wishes->json, CORDON_EXIT_USAGE, why);
}

static int set_pid(struct wishes *wishes, const char *text)
{
	char *end;

	errno = 0;
	wishes->filter.pid = strtoll(text, &end, 10);
	if (errno || end == text || *end || wishes->filter.pid < 0)
		return complain_value(wishes, "process number", text);
	return 0;
}

static int set_since(struct wishes *wishes, const char *text)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (cordon_since_parse(text, (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec,
			       &wishes->filter.since_ns))
		return complain_value(wishes, "time", text);
	return 0;
}

static int set_path(struct wishes *wishes, const char *text)
{
	size_t length = strlen(text);

	if (*text != '/')
		return complain_value(wishes, "absolute path", text);
	while (length && text[length - 1] == '/')
		length--;
	free(wishes->path);
	wishes->path = strndup(text, length);
	if (!wishes->path)
		return cordon_complain(wishes->json, CORDON_EXIT_COULD_NOT, strerror(ENOMEM));
	wishes->filter.path = wishes->path;
	return 0;
}

static int set_filter(struct wishes *wishes, int option, const char *value)
{
	struct cordon_filter *filter = &wishes->filter;

	switch (option) {
	case 'v':
		wishes->verdict = value;
		filter->verdict = cordon_verdict_number(value);
		return filter->verdict < 0 ? complain_value(wishes, "verdict", value) : 0;
	case 'r':
		wishes->reason = value;
		filter->reason = cordon_reason_number(value);
		return filter->reason < 0 ? complain_value(wishes, "reason", value) : 0;
	case 'p':
		return set_pid(wishes, value);
	case 'e':
		filter->exe = value;
		return 0;
	case 'd':
		return set_path(wishes, value);
	case 'h':
		wishes->host = value;
		filter->by_host = true;
		return cordon_address_parse(value, &filter->host) ?
			       complain_value(wishes, "address", value) :
			       0;
	case 's':
		return set_since(wishes, value);
	default:
		return cordon_usage("records");
	}
}

static int parse(int argc, char **argv, struct wishes *wishes)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "follow", no_argument, NULL, 'f' },
		{ "verdict", required_argument, NULL, 'v' },
		{ "reason", required_argument, NULL, 'r' },
		{ "pid", required_argument, NULL, 'p' },
		{ "exe", required_argument, NULL, 'e' },
		{ "path", required_argument, NULL, 'd' },
		{ "host", required_argument, NULL, 'h' },
		{ "since", required_argument, NULL, 's' },
		{ "store", required_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	int option, code = 0;

	while (!code && (option = getopt_long(argc, argv, "+f", names, NULL)) != -1) {
		if (option == 'j')
			wishes->json = true;
		else if (option == 'f')
			wishes->follow = true;
		else if (option == 'S')
			wishes->store = optarg;
		else
			code = set_filter(wishes, option, optarg);
	}
	if (!code && (optind < argc || (wishes->follow && wishes->store)))
		code = cordon_usage("records");
	return code;
}

/* ---- From a store's file, without a controller ---- */

struct reading {
	const struct wishes *wishes;
	struct cordon_store *store;
	struct cordon_image_cache images;
	unsigned int count;
};

static int print_stored(void *context, const struct cordon_stored *stored)
{
	struct reading *reading = context;
	struct cordon_record_view view = {
		.record = &stored->record,
		.exe = stored->exe,
		.path = stored->path,
		.image = cordon_image_cache_get(&reading->images, reading->store,
						stored->record.policy_digest),
	};
	cordon_auto_json *object = NULL;
	int err;

	reading->count++;
	if (!reading->wishes->json) {
		err = cordon_record_write(&view, stdout);
		putchar('\n');
		return err;
	}
	object = cordon_record_json(&view);
	if (!object)
		return -ENOMEM;
	puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
	return 0;
}

static int read_store(const struct wishes *wishes)
{
	cordon_auto_store *store = NULL;
	struct reading reading = { .wishes = wishes };
	struct cordon_failure failure;
	int64_t after = 0;
	unsigned int before;
	int err = cordon_store_open(wishes->store, false, &store, &failure);

	if (err)
		return cordon_complain(wishes->json, CORDON_EXIT_COULD_NOT, failure.text);
	reading.store = store;
	do {
		before = reading.count;
		err = cordon_store_query(store, &wishes->filter, after, 1000, print_stored,
					 &reading, &after);
	} while (!err && reading.count > before);
	cordon_image_cache_free(&reading.images);
	if (err)
		return cordon_complain(wishes->json, CORDON_EXIT_COULD_NOT,
				       err == -EBADMSG ? "the store holds what is no record" :
							 cordon_store_error(store));
	return CORDON_EXIT_YES;
}

/* ---- From the controller ---- */

static void add_text(struct json_object *request, const char *key, const char *text)
{
	if (text)
		json_object_object_add(request, key, json_object_new_string(text));
}

static struct json_object *make_request(const struct wishes *wishes)
{
	struct json_object *request = cordon_request("records");
	const struct cordon_filter *filter = &wishes->filter;

	if (!request)
		return NULL;
	json_object_object_add(request, "json", json_object_new_boolean(wishes->json));
	json_object_object_add(request, "follow", json_object_new_boolean(wishes->follow));
	add_text(request, "verdict", wishes->verdict);
	add_text(request, "reason", wishes->reason);
	add_text(request, "host", wishes->host);
	add_text(request, "exe", filter->exe);
	add_text(request, "path", filter->path);
	if (filter->pid >= 0)
		json_object_object_add(request, "pid", json_object_new_int64(filter->pid));
	if (filter->since_ns)
		json_object_object_add(request, "since_ns",
				       json_object_new_int64((int64_t)filter->since_ns));
	return request;
}

/* -1: more will come; else the exit code. */
static int show_answer(const struct wishes *wishes, struct json_object *answer)
{
	const char *line = cordon_json_text(answer, "line", NULL);
	struct json_object *ok;

	if (json_object_object_get_ex(answer, "ok", &ok)) {
		if (json_object_get_boolean(ok))
			return CORDON_EXIT_YES;
		return cordon_complain(wishes->json,
				       (int)cordon_json_number(answer, "code",
							       CORDON_EXIT_COULD_NOT),
				       cordon_json_text(answer, "error", "no reason given"));
	}
	if (wishes->json)
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	else if (line)
		puts(line);
	if (wishes->follow)
		fflush(stdout);
	return ferror(stdout) ? CORDON_EXIT_COULD_NOT : -1;
}

static int ask_controller(const struct wishes *wishes)
{
	cordon_auto_control client = { .fd = -1 };
	cordon_auto_json *request = make_request(wishes);
	struct cordon_failure failure;
	int err, code = -1;

	if (!request)
		return cordon_complain(wishes->json, CORDON_EXIT_COULD_NOT, strerror(ENOMEM));
	err = cordon_control_connect(&client, CORDON_SOCKET, &failure);
	if (!err)
		err = cordon_control_send(&client, request, &failure);
	while (!err && code < 0) {
		cordon_auto_json *answer = NULL;

		err = cordon_control_receive(&client, &answer, &failure);
		if (!err)
			code = show_answer(wishes, answer);
	}
	return err ? cordon_complain(wishes->json, CORDON_EXIT_COULD_NOT, failure.text) : code;
}

int cordon_cmd_records(int argc, char **argv)
{
	struct wishes wishes = { .filter = CORDON_FILTER_ALL };
	int code = parse(argc, argv, &wishes);

	/* `cordon records | head` ends when head has enough. */
	signal(SIGPIPE, SIG_DFL);
	if (!code)
		code = wishes.store ? read_store(&wishes) : ask_controller(&wishes);
	free(wishes.path);
	return code;
}
