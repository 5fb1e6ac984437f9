// SPDX-License-Identifier: GPL-2.0-only
/* cordon policy: keys, and signatures of policies. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "control.h"
#include "paths.h"
#include "policy.h"
#include "signature.h"

struct signing {
	bool json;
	const char *key, *keys;
	struct cordon_policy_options options;
};

/* What is signed for the policy at @path; 0, or the exit code, told already. */
static int read_statement(const struct signing *signing, const char *path,
			  char statement[CORDON_STATEMENT_BYTES])
{
	__attribute__((cleanup(cordon_policy_cleanup))) struct cordon_policy_text *policy = NULL;
	int err = cordon_policy_compile(&path, 1, &signing->options, &policy);

	if (!policy)
		return cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, strerror(-err));
	if (err) {
		cordon_policy_errors_print(policy, stderr);
		return cordon_complain(signing->json, CORDON_EXIT_NO, "the policy has errors");
	}
	err = cordon_policy_statement(policy, statement);
	return err ? cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, strerror(-err)) : 0;
}

static int signature_path(const struct signing *signing, const char *policy, char *path,
			  size_t size)
{
	int err = cordon_policy_signature_path(policy, path, size);

	return err ? cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, strerror(-err)) : 0;
}

static int sign(const struct signing *signing, const char *policy)
{
	char statement[CORDON_STATEMENT_BYTES], path[4096];
	struct cordon_failure failure;
	int code;

	if (!signing->key)
		return cordon_complain(signing->json, CORDON_EXIT_USAGE, "say --key FILE");
	code = read_statement(signing, policy, statement);
	if (!code)
		code = signature_path(signing, policy, path, sizeof(path));
	if (code)
		return code;
	if (cordon_sign(signing->key, statement, path, &failure))
		return cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, failure.text);
	if (!signing->json)
		printf("signed, in %s:\n%s", path, statement);
	return CORDON_EXIT_YES;
}

static void show_signers(const struct signing *signing, const struct cordon_key_ring *ring,
			 uint32_t who, int count)
{
	cordon_auto_json *object = json_object_new_object();
	struct json_object *names = json_object_new_array();

	for (uint32_t i = 0; i < ring->count; i++) {
		if (!(who & 1u << i))
			continue;
		json_object_array_add(names, json_object_new_string(ring->key[i].name));
		if (!signing->json)
			printf("%s %s\n", ring->key[i].id, ring->key[i].name);
	}
	json_object_object_add(object, "ok",
			       json_object_new_boolean((uint32_t)count >= ring->quorum));
	json_object_object_add(object, "signers", names);
	json_object_object_add(object, "quorum", json_object_new_int64(ring->quorum));
	json_object_object_add(object, "quorum_loosening",
			       json_object_new_int64(ring->quorum_loosening));
	if (signing->json)
		puts(json_object_to_json_string_ext(object, CORDON_JSON_PLAIN));
	else
		printf("%d of %u keys; needed: %u, to loosen: %u\n", count, ring->count,
		       ring->quorum, ring->quorum_loosening);
}

static int verify(const struct signing *signing, const char *policy)
{
	char statement[CORDON_STATEMENT_BYTES], path[4096];
	struct cordon_failure failure;
	struct cordon_key_ring ring;
	int code = read_statement(signing, policy, statement), count;
	uint32_t who;

	if (!code)
		code = signature_path(signing, policy, path, sizeof(path));
	if (code)
		return code;
	if (cordon_key_ring_read(signing->keys, &ring, &failure))
		return cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, failure.text);
	count = cordon_count_signers(&ring, statement, path, &who, &failure);
	if (count < 0)
		return cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, failure.text);
	show_signers(signing, &ring, who, count);
	return (uint32_t)count >= ring.quorum ? CORDON_EXIT_YES : CORDON_EXIT_NO;
}

static int keygen(const struct signing *signing, const char *name)
{
	struct cordon_failure failure;

	if (cordon_key_make(".", name, &failure))
		return cordon_complain(signing->json, CORDON_EXIT_COULD_NOT, failure.text);
	if (!signing->json)
		printf("%s.key is secret and never goes to the machine that is sealed; %s.pub goes "
		       "to " CORDON_KEYS_FOLDER " there\n",
		       name, name);
	return CORDON_EXIT_YES;
}

int cordon_cmd_policy(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "offline", no_argument, NULL, 'o' },
		{ "key", required_argument, NULL, 'k' },
		{ "keys", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct signing signing = { .keys = CORDON_KEYS_FOLDER };
	const char *verb = argc > 1 ? argv[1] : "";
	int option;

	while ((option = getopt_long(argc - 1, argv + 1, "+", names, NULL)) != -1) {
		if (option == 'j')
			signing.json = true;
		else if (option == 'o')
			signing.options.offline = 1;
		else if (option == 'k')
			signing.key = optarg;
		else if (option == 'f')
			signing.keys = optarg;
		else
			return cordon_usage(argv[0]);
	}
	signing.options.trust = CORDON_POLICY_TRUST_AUTHOR;
	if (optind + 2 != argc)
		return cordon_usage(argv[0]);
	if (!strcmp(verb, "keygen"))
		return keygen(&signing, argv[optind + 1]);
	if (!strcmp(verb, "sign"))
		return sign(&signing, argv[optind + 1]);
	if (!strcmp(verb, "verify"))
		return verify(&signing, argv[optind + 1]);
	return cordon_usage(argv[0]);
}
