// SPDX-License-Identifier: GPL-2.0-only
/* cordon ledger: for the auditor. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "key.h"
#include "ledger.h"
#include "paths.h"
#include "record_text.h"

struct ledger_verb {
	const char *name;
	const char *arguments;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct ledger_verb verbs[] = {
	{ "keygen", "[--json] PRIVATE [PUBLIC]",
	  "make the auditor's keys, on the auditor's machine", ledger_keygen },
	{ "enroll", "[--json] [--replace] PUBLIC",
	  "let the ledgers of this host, from its next boot on, be verified with a key",
	  ledger_enroll },
	{ "verify", "[--json] [--partial] [--anchors FILE]... --key PRIVATE STORE...",
	  "say whether a store holds what the kernel recorded", ledger_verify },
	{ "anchors", "[--json] STORE...", "print where each epoch of a store ended",
	  ledger_anchors },
	{ "export", "[--json] FOLDER STORE", "copy a store that is being written", ledger_export },
	{ "cat", "[--json] STORE...", "print a store's records in the ledger's order", ledger_cat },
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct ledger_verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERB_COUNT; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int ledger_usage(const char *name)
{
	const struct ledger_verb *verb = find_verb(name);

	fprintf(stderr, "usage: cordon ledger %s %s\n", name, verb ? verb->arguments : "");
	return CORDON_EXIT_USAGE;
}

void ledger_text(const struct cordon_ledger_id *id, char text[LEDGER_TEXT_BYTES])
{
	__u64 boot[2] = { id->boot[0], id->boot[1] };
	char boot_text[CORDON_BOOT_TEXT_BYTES];

	cordon_boot_text(boot, boot_text);
	snprintf(text, LEDGER_TEXT_BYTES, "%s/%016llx", boot_text, (unsigned long long)id->number);
}

void ledger_time(uint64_t realtime_ns, char text[LEDGER_TIME_BYTES])
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	struct tm parts;
	size_t used;

	gmtime_r(&seconds, &parts);
	used = strftime(text, LEDGER_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + used, LEDGER_TIME_BYTES - used, ".%09lluZ",
		 (unsigned long long)(realtime_ns % 1000000000));
}

#define CHANGE_NAME(name, text, doc) [CORDON_CHANGE_##name] = text,
const char *ledger_change_name(uint32_t kind)
{
	static const char *const names[] = { CORDON_CHANGES(CHANGE_NAME) };

	return kind < CORDON_CHANGE_COUNT ? names[kind] : "?";
}

static int say_done(bool json, const char *key, const char *value, const char *text)
{
	cordon_auto_json *object = NULL;

	if (!json) {
		puts(text);
		return CORDON_EXIT_YES;
	}
	object = json_object_new_object();
	json_object_object_add(object, "ok", json_object_new_boolean(true));
	json_object_object_add(object, key, json_object_new_string(value));
	puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
	return CORDON_EXIT_YES;
}

static void hex_of_key(const uint8_t key[CORDON_AUDITOR_KEY_BYTES], char *text)
{
	int i;

	for (i = 0; i < CORDON_AUDITOR_KEY_BYTES; i++)
		sprintf(text + 2 * i, "%02x", key[i]);
}

int ledger_keygen(int argc, char **argv)
{
	char public_file[4096], hex[2 * CORDON_AUDITOR_KEY_BYTES + 1], text[8400];
	struct cordon_failure failure;
	struct cordon_auditor auditor;
	bool json;
	int err, code = cordon_parse_json_only(argc, argv, &json);

	if (code || optind >= argc || argc - optind > 2)
		return ledger_usage("keygen");
	if (argc - optind == 2)
		snprintf(public_file, sizeof(public_file), "%s", argv[optind + 1]);
	else
		snprintf(public_file, sizeof(public_file), "%s.pub", argv[optind]);
	err = cordon_key_generate(argv[optind], public_file, &auditor, &failure);
	explicit_bzero(auditor.private, sizeof(auditor.private));
	if (err)
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	hex_of_key(auditor.public, hex);
	snprintf(text, sizeof(text),
		 "%s: the private key; it never leaves this machine\n"
		 "%s: the public key, for `cordon ledger enroll` on the hosts\n%s",
		 argv[optind], public_file, hex);
	return say_done(json, "public", hex, text);
}

static int install_key(const uint8_t key[CORDON_AUDITOR_KEY_BYTES], struct cordon_failure *failure)
{
	int err;

	if (mkdir(CORDON_CONFIGURATION_FOLDER, 0755) && errno != EEXIST)
		return cordon_failure_errno(failure, errno, CORDON_CONFIGURATION_FOLDER);
	unlink(CORDON_AUDITOR_FILE ".new");
	err = cordon_key_write_public(CORDON_AUDITOR_FILE ".new", key, failure);
	if (!err && rename(CORDON_AUDITOR_FILE ".new", CORDON_AUDITOR_FILE))
		err = cordon_failure_errno(failure, errno, CORDON_AUDITOR_FILE);
	return err;
}

int ledger_enroll(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "replace", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	uint8_t key[CORDON_AUDITOR_KEY_BYTES], old[CORDON_AUDITOR_KEY_BYTES];
	char hex[2 * CORDON_AUDITOR_KEY_BYTES + 1], text[256];
	struct cordon_failure failure;
	bool json = false, replace = false;
	int option;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		json |= option == 'j';
		replace |= option == 'r';
		if (option != 'j' && option != 'r')
			return ledger_usage("enroll");
	}
	if (argc - optind != 1)
		return ledger_usage("enroll");
	if (cordon_key_read_public(argv[optind], key, &failure))
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	if (!replace && !access(CORDON_AUDITOR_FILE, F_OK) &&
	    (cordon_key_read_public(CORDON_AUDITOR_FILE, old, &failure) ||
	     memcmp(old, key, sizeof(key))))
		return cordon_complain(
			json, CORDON_EXIT_NO,
			"another auditor's key is enrolled; with --replace the "
			"ledgers from the next boot on are no longer that auditor's");
	if (install_key(key, &failure))
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	hex_of_key(key, hex);
	snprintf(text, sizeof(text),
		 "enrolled %s\nledgers are sealed to it from the module's next start on", hex);
	return say_done(json, "public", hex, text);
}

static int help(void)
{
	size_t i;

	puts("usage: cordon ledger VERB [ARGUMENT]...\n");
	for (i = 0; i < VERB_COUNT; i++)
		printf("  %-8s %s\n           %s\n", verbs[i].name, verbs[i].arguments,
		       verbs[i].summary);
	puts("\nExit code: 0 intact or done, 1 not intact or refused, 2 usage, 3 could not.\n"
	     "See cordon-ledger(8).");
	return CORDON_EXIT_YES;
}

int cordon_cmd_ledger(int argc, char **argv)
{
	const struct ledger_verb *verb;

	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")))
		return help();
	verb = argc >= 2 ? find_verb(argv[1]) : NULL;
	if (!verb)
		return cordon_usage("ledger");
	if (argc >= 3 && !strcmp(argv[2], "--help")) {
		printf("usage: cordon ledger %s %s\n", verb->name, verb->arguments);
		return CORDON_EXIT_YES;
	}
	return verb->run(argc - 1, argv + 1);
}
