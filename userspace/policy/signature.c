// SPDX-License-Identifier: GPL-2.0-only
#include "signature.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "rules.h"

#define PUBLIC_WORD    "cordon-public-key-1"
#define SECRET_WORD    "cordon-secret-key-1"
#define SIGNATURE_WORD "cordon-signature-1"
#define LINE_BYTES     512
#define BASE64	       sodium_base64_VARIANT_ORIGINAL

_Static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(((struct cordon_public_key *)0)->key),
	       "an Ed25519 public key");

static void key_id(const uint8_t key[crypto_sign_PUBLICKEYBYTES], char id[CORDON_KEY_ID_BYTES])
{
	uint8_t hash[16];

	crypto_generichash(hash, sizeof(hash), key, crypto_sign_PUBLICKEYBYTES, NULL, 0);
	sodium_bin2hex(id, CORDON_KEY_ID_BYTES, hash, (CORDON_KEY_ID_BYTES - 1) / 2);
}

/* "WORD SECOND BASE64": true when the line is exactly that, of @size bytes. */
static bool line_read(const char *line, const char *word, char *second, size_t second_size,
		      uint8_t *bytes, size_t size)
{
	char first[32], middle[64], base64[256];
	size_t length;
	int end = 0;

	if (sscanf(line, "%31s %63s %255s %n", first, middle, base64, &end) != 3 || line[end] ||
	    strcmp(first, word) || strlen(middle) >= second_size)
		return false;
	if (sodium_base642bin(bytes, size, base64, strlen(base64), NULL, &length, NULL, BASE64) ||
	    length != size)
		return false;
	strcpy(second, middle);
	return true;
}

/* Whoever could write it could have chosen what it says. */
static int check_owner(int fd, const char *path, struct cordon_failure *failure)
{
	struct stat status;

	if (fstat(fd, &status))
		return cordon_failure_errno(failure, errno, "%s", path);
	if ((status.st_uid && status.st_uid != geteuid()) || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return cordon_failure_set(failure, EPERM, "%s: others may write it", path);
	return 0;
}

static int read_line(const char *path, char line[LINE_BYTES], struct cordon_failure *failure)
{
	cordon_auto_file *in = fopen(path, "re");
	int err;

	if (!in)
		return cordon_failure_errno(failure, errno, "%s", path);
	err = check_owner(fileno(in), path, failure);
	if (err)
		return err;
	if (!fgets(line, LINE_BYTES, in))
		return cordon_failure_set(failure, EINVAL, "%s: is empty", path);
	return 0;
}

static int ring_add(struct cordon_key_ring *ring, const char *path, struct cordon_failure *failure)
{
	struct cordon_public_key *key = &ring->key[ring->count];
	char line[LINE_BYTES];
	int err = read_line(path, line, failure);

	if (err)
		return err;
	if (ring->count == CORDON_KEYS_MAX)
		return cordon_failure_set(failure, EINVAL, "%s: more than %d keys", path,
					  CORDON_KEYS_MAX);
	if (!line_read(line, PUBLIC_WORD, key->name, sizeof(key->name), key->key, sizeof(key->key)))
		return cordon_failure_set(failure, EINVAL, "%s: is no public key", path);
	key_id(key->key, key->id);
	for (uint32_t i = 0; i < ring->count; i++)
		if (!memcmp(ring->key[i].key, key->key, sizeof(key->key)))
			return cordon_failure_set(failure, EINVAL,
						  "%s: is the key of '%s' once more", path,
						  ring->key[i].name);
	ring->count++;
	return 0;
}

static int read_quorum(const char *folder, struct cordon_key_ring *ring,
		       struct cordon_failure *failure)
{
	char path[4096], line[LINE_BYTES];
	int err, end = 0;

	ring->quorum = 1;
	ring->quorum_loosening = 2;
	snprintf(path, sizeof(path), "%s/quorum", folder);
	if (access(path, F_OK))
		return 0;
	err = read_line(path, line, failure);
	if (err)
		return err;
	if (sscanf(line, "%u of which loosening %u %n", &ring->quorum, &ring->quorum_loosening,
		   &end) != 2 ||
	    line[end] || !ring->quorum || ring->quorum_loosening < ring->quorum ||
	    ring->quorum_loosening > CORDON_KEYS_MAX)
		return cordon_failure_set(failure, EINVAL,
					  "%s: not \"N of which loosening M\" with M not below N",
					  path);
	return 0;
}

static int is_public(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && end && !strcmp(end, ".pub");
}

int cordon_key_ring_read(const char *folder, struct cordon_key_ring *ring,
			 struct cordon_failure *failure)
{
	cordon_auto_fd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int count, err;

	*ring = (struct cordon_key_ring){ 0 };
	if (sodium_init() < 0)
		return cordon_failure_set(failure, EIO, "libsodium cannot be used");
	if (fd < 0)
		return cordon_failure_errno(failure, errno, "%s", folder);
	err = check_owner(fd, folder, failure);
	count = err ? 0 : scandir(folder, &names, is_public, alphasort);
	if (count < 0)
		return cordon_failure_errno(failure, errno, "%s", folder);
	for (int i = 0; i < count; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (!err)
			err = ring_add(ring, path, failure);
		free(names[i]);
	}
	free(names);
	return err ? err : read_quorum(folder, ring, failure);
}

void cordon_key_ring_digest(const struct cordon_key_ring *ring, uint8_t digest[CORDON_DIGEST_BYTES])
{
	uint32_t numbers[] = { ring->count, ring->quorum, ring->quorum_loosening };
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, CORDON_DIGEST_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)numbers, sizeof(numbers));
	for (uint32_t i = 0; i < ring->count; i++)
		crypto_generichash_update(&state, ring->key[i].key, sizeof(ring->key[i].key));
	crypto_generichash_final(&state, digest, CORDON_DIGEST_BYTES);
}

static int write_key(const char *folder, const char *name, const char *suffix, mode_t mode,
		     const char *word, const uint8_t *bytes, size_t size,
		     struct cordon_failure *failure)
{
	char path[4096], base64[256];
	cordon_auto_fd fd = -1;
	int length;

	snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix);
	sodium_bin2base64(base64, sizeof(base64), bytes, size, BASE64);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	length = fd < 0 ? -1 : dprintf(fd, "%s %s %s\n", word, name, base64);
	sodium_memzero(base64, sizeof(base64));
	return length < 0 || fsync(fd) ? cordon_failure_errno(failure, errno, "%s", path) : 0;
}

static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_@+";

	return *name && strlen(name) < sizeof(((struct cordon_public_key *)0)->name) &&
	       !name[strspn(name, allowed)];
}

int cordon_key_make(const char *folder, const char *name, struct cordon_failure *failure)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	int err;

	if (sodium_init() < 0)
		return cordon_failure_set(failure, EIO, "libsodium cannot be used");
	if (!is_name(name))
		return cordon_failure_set(failure, EINVAL,
					  "'%s' cannot name a key: at most 31 letters, digits and "
					  "-_@+",
					  name);
	crypto_sign_keypair(public, secret);
	err = write_key(folder, name, "key", 0600, SECRET_WORD, secret, sizeof(secret), failure);
	if (!err)
		err = write_key(folder, name, "pub", 0644, PUBLIC_WORD, public, sizeof(public),
				failure);
	sodium_memzero(secret, sizeof(secret));
	return err;
}

static int read_secret(const char *path, uint8_t secret[crypto_sign_SECRETKEYBYTES],
		       struct cordon_failure *failure)
{
	char line[LINE_BYTES], name[64];
	int err = read_line(path, line, failure);

	if (!err &&
	    !line_read(line, SECRET_WORD, name, sizeof(name), secret, crypto_sign_SECRETKEYBYTES))
		err = cordon_failure_set(failure, EINVAL, "%s: is no secret key", path);
	sodium_memzero(line, sizeof(line));
	return err;
}

int cordon_sign(const char *key_file, const char *statement, const char *signature_file,
		struct cordon_failure *failure)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES], public[crypto_sign_PUBLICKEYBYTES];
	char id[CORDON_KEY_ID_BYTES], base64[128];
	uint8_t signature[crypto_sign_BYTES];
	cordon_auto_fd fd = -1;
	int err;

	if (sodium_init() < 0)
		return cordon_failure_set(failure, EIO, "libsodium cannot be used");
	err = read_secret(key_file, secret, failure);
	if (err)
		return err;
	crypto_sign_detached(signature, NULL, (const uint8_t *)statement, strlen(statement),
			     secret);
	crypto_sign_ed25519_sk_to_pk(public, secret);
	sodium_memzero(secret, sizeof(secret));
	key_id(public, id);
	sodium_bin2base64(base64, sizeof(base64), signature, sizeof(signature), BASE64);
	fd = open(signature_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, SIGNATURE_WORD " %s %s\n", id, base64) < 0)
		return cordon_failure_errno(failure, errno, "%s", signature_file);
	return 0;
}

/* The key's place in the ring, when it signed; -1. */
static int signer_of(const struct cordon_key_ring *ring, const char *line, const char *statement)
{
	uint8_t signature[crypto_sign_BYTES];
	char id[CORDON_KEY_ID_BYTES];

	if (!line_read(line, SIGNATURE_WORD, id, sizeof(id), signature, sizeof(signature)))
		return -1;
	for (uint32_t i = 0; i < ring->count; i++)
		if (!strcmp(ring->key[i].id, id))
			return crypto_sign_verify_detached(signature, (const uint8_t *)statement,
							   strlen(statement), ring->key[i].key) ?
				       -1 :
				       (int)i;
	return -1;
}

static int count_signers(const struct cordon_key_ring *ring, const char *statement, FILE *in,
			 uint32_t *signers)
{
	char line[LINE_BYTES];
	int count = 0;

	while (fgets(line, sizeof(line), in)) {
		int signer = signer_of(ring, line, statement);

		if (signer < 0 || *signers & 1u << signer)
			continue;
		*signers |= 1u << signer;
		count++;
	}
	return count;
}

int cordon_count_signers(const struct cordon_key_ring *ring, const char *statement,
			 const char *signature_file, uint32_t *signers,
			 struct cordon_failure *failure)
{
	cordon_auto_file *in = fopen(signature_file, "re");

	*signers = 0;
	if (!in)
		return errno == ENOENT ? 0 :
					 cordon_failure_errno(failure, errno, "%s", signature_file);
	return count_signers(ring, statement, in, signers);
}

int cordon_count_signers_in(const struct cordon_key_ring *ring, const char *statement,
			    const char *signatures, uint32_t *signers)
{
	cordon_auto_file *in = fmemopen((void *)signatures, strlen(signatures) + 1, "r");

	*signers = 0;
	return in ? count_signers(ring, statement, in, signers) : 0;
}

/* Of the bytes that were compiled, whatever became of the files meanwhile. */
static void text_digest(const struct cordon_policy_text *policy,
			uint8_t digest[CORDON_DIGEST_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, CORDON_DIGEST_BYTES);
	for (uint32_t i = 0; i < policy->source_count; i++) {
		const struct policy_source *source = &policy->sources[i];
		uint64_t bytes = source->bytes;

		crypto_generichash_update(&state, (const uint8_t *)source->base,
					  strlen(source->base) + 1);
		crypto_generichash_update(&state, (const uint8_t *)&bytes, sizeof(bytes));
		crypto_generichash_update(&state, (const uint8_t *)source->text, bytes);
	}
	crypto_generichash_final(&state, digest, CORDON_DIGEST_BYTES);
}

int cordon_policy_statement(const struct cordon_policy_text *policy,
			    char statement[CORDON_STATEMENT_BYTES])
{
	char hex[2 * CORDON_DIGEST_BYTES + 1];
	uint8_t digest[CORDON_DIGEST_BYTES];

	if (!policy->image || sodium_init() < 0)
		return -EINVAL;
	text_digest(policy, digest);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	snprintf(statement, CORDON_STATEMENT_BYTES, "cordon-policy-1\n%s\n%llu\n%s\n",
		 policy->image->name, (unsigned long long)policy->version, hex);
	return 0;
}

int cordon_policy_signature_path(const char *policy, char *path, size_t size)
{
	struct stat status;
	int length;

	if (stat(policy, &status))
		return -errno;
	length = snprintf(path, size, S_ISDIR(status.st_mode) ? "%s/signatures" : "%s.sig", policy);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}
