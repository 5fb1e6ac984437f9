// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordon break-glass: a request, signatures of at least two keys, and a time
 * that ends by itself. The request is a text for people and for keys.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "signature.h"

struct glass {
	bool json;
	const char *reason, *duration, *key;
};

/* The first words of FILE, up to the limit; NULL with errno. */
static char *read_text(const char *path, size_t limit)
{
	cordon_auto_file *in = fopen(path, "re");
	char *text = in ? calloc(1, limit) : NULL;
	size_t length;

	if (!text)
		return NULL;
	length = fread(text, 1, limit - 1, in);
	if (!ferror(in) && length < limit - 1 && !memchr(text, 0, length))
		return text;
	free(text);
	errno = EFBIG;
	return NULL;
}

static int complain_file(const struct glass *glass, const char *path)
{
	char why[4608];

	snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
	return cordon_complain(glass->json, CORDON_EXIT_COULD_NOT, why);
}

static bool is_reason(const char *reason)
{
	size_t length = strlen(reason);

	for (const char *c = reason; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return false;
	return length && length < 160 && reason[0] != ' ';
}

/* "90s", "30m", "8h"; 0: none of these, or longer than the module takes. */
static unsigned int read_duration(const char *text)
{
	unsigned int number, factor;
	char unit, rest;

	if (!text || sscanf(text, "%5u%c%c", &number, &unit, &rest) != 2)
		return 0;
	factor = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
	return number * factor <= CORDON_BREAK_SECONDS_MAX ? number * factor : 0;
}

/* Each request of a boot has a number greater than those before: the time. */
static int request(const struct glass *glass, const char *path)
{
	cordon_auto_json *status = NULL;
	struct timespec now;
	cordon_auto_file *out = NULL;
	unsigned int seconds = read_duration(glass->duration);
	int code;

	if (!glass->reason || !seconds || !is_reason(glass->reason))
		return cordon_complain(
			glass->json, CORDON_EXIT_USAGE,
			"say --reason (one line of at most 159 bytes) and --for (such "
			"as 90s or 30m, at most 8h)");
	code = cordon_ask(cordon_request("status"), glass->json, &status);
	if (code)
		return code;
	clock_gettime(CLOCK_REALTIME, &now);
	out = fopen(path, "wex");
	if (!out ||
	    fprintf(out, "cordon-break-glass-1 %s %lld %u %s\n",
		    cordon_json_text(status, "boot", "?"),
		    (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, seconds,
		    glass->reason) < 0 ||
	    fflush(out))
		return complain_file(glass, path);
	return CORDON_EXIT_YES;
}

static int sign(const struct glass *glass, const char *path)
{
	cordon_auto_free char *statement = read_text(path, CORDON_STATEMENT_BYTES);
	struct cordon_failure failure;
	char signatures[4096];

	if (!statement)
		return complain_file(glass, path);
	if (!glass->key)
		return cordon_complain(glass->json, CORDON_EXIT_USAGE, "say --key FILE");
	if (strncmp(statement, "cordon-break-glass-1 ", 21))
		return cordon_complain(glass->json, CORDON_EXIT_NO,
				       "this is no request to break the glass");
	printf("you sign: %s", statement);
	snprintf(signatures, sizeof(signatures), "%s.sig", path);
	if (cordon_sign(glass->key, statement, signatures, &failure))
		return cordon_complain(glass->json, CORDON_EXIT_COULD_NOT, failure.text);
	return CORDON_EXIT_YES;
}

static int ask(const struct glass *glass, struct json_object *question, const char *done)
{
	cordon_auto_json *answer = NULL;
	int code = cordon_ask(question, glass->json, &answer);

	if (code)
		return code;
	if (glass->json)
		puts(json_object_to_json_string_ext(answer, CORDON_JSON_PLAIN));
	else
		puts(done);
	return CORDON_EXIT_YES;
}

static int start(const struct glass *glass, const char *path)
{
	cordon_auto_free char *statement = read_text(path, CORDON_STATEMENT_BYTES);
	cordon_auto_free char *signatures = NULL;
	struct json_object *question;
	char signature_path[4096];

	snprintf(signature_path, sizeof(signature_path), "%s.sig", path);
	if (!statement)
		return complain_file(glass, path);
	signatures = read_text(signature_path, 8192);
	if (!signatures)
		return complain_file(glass, signature_path);
	question = cordon_request("break-glass");
	json_object_object_add(question, "statement", json_object_new_string(statement));
	json_object_object_add(question, "signatures", json_object_new_string(signatures));
	return ask(glass, question, "the glass is broken: cordon permissive is possible now");
}

static int end_now(const struct glass *glass)
{
	return ask(glass, cordon_request("mend-glass"), "the seal holds again");
}

int cordon_cmd_break_glass(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "reason", required_argument, NULL, 'r' },
		{ "for", required_argument, NULL, 'f' },
		{ "key", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	const char *verb = argc > 1 ? argv[1] : "";
	struct glass glass = { 0 };
	int option;

	while ((option = getopt_long(argc - 1, argv + 1, "+", names, NULL)) != -1) {
		if (option == 'j')
			glass.json = true;
		else if (option == 'r')
			glass.reason = optarg;
		else if (option == 'f')
			glass.duration = optarg;
		else if (option == 'k')
			glass.key = optarg;
		else
			return cordon_usage(argv[0]);
	}
	if (!strcmp(verb, "end") && optind + 1 == argc)
		return end_now(&glass);
	if (optind + 2 != argc)
		return cordon_usage(argv[0]);
	if (!strcmp(verb, "request"))
		return request(&glass, argv[optind + 1]);
	if (!strcmp(verb, "sign"))
		return sign(&glass, argv[optind + 1]);
	if (!strcmp(verb, "start"))
		return start(&glass, argv[optind + 1]);
	return cordon_usage(argv[0]);
}
