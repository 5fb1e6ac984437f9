// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "key.h"

#define PUBLIC_WORD  "cordon-auditor-public"
#define PRIVATE_WORD "cordon-auditor-private"
#define LINE_BYTES   256

_Static_assert(CORDON_AUDITOR_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "libsodium's public keys");
_Static_assert(CORDON_AUDITOR_KEY_BYTES == crypto_box_SECRETKEYBYTES, "libsodium's private keys");
_Static_assert(CORDON_SEALED_BYTES == CORDON_SECRET_BYTES + crypto_box_SEALBYTES, "sealed boxes");

/* Never over a file that is there: it may be the only copy of a key. */
static int write_key(const char *file, mode_t mode, const char *word,
		     const uint8_t key[CORDON_AUDITOR_KEY_BYTES], struct cordon_failure *failure)
{
	char hex[2 * CORDON_AUDITOR_KEY_BYTES + 1], line[LINE_BYTES];
	cordon_auto_fd fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int length, err = 0;

	if (fd < 0)
		return cordon_failure_errno(failure, errno, "%s", file);
	sodium_bin2hex(hex, sizeof(hex), key, CORDON_AUDITOR_KEY_BYTES);
	length = snprintf(line, sizeof(line), "%s %s\n", word, hex);
	if (fchmod(fd, mode) || write(fd, line, (size_t)length) != length || fsync(fd)) {
		err = cordon_failure_errno(failure, errno, "%s", file);
		unlink(file);
	}
	sodium_memzero(hex, sizeof(hex));
	sodium_memzero(line, sizeof(line));
	return err;
}

static int read_key(const char *file, const char *word, uint8_t key[CORDON_AUDITOR_KEY_BYTES],
		    struct cordon_failure *failure)
{
	cordon_auto_file *opened = fopen(file, "re");
	char line[LINE_BYTES] = "";
	size_t length = strlen(word), count = 0;
	int err = 0;

	if (!opened)
		return cordon_failure_errno(failure, errno, "%s", file);
	setbuf(opened, NULL);
	if (!fgets(line, sizeof(line), opened) || strncmp(line, word, length) ||
	    line[length] != ' ' ||
	    sodium_hex2bin(key, CORDON_AUDITOR_KEY_BYTES, line + length + 1,
			   strcspn(line + length + 1, "\n"), NULL, &count, NULL) ||
	    count != CORDON_AUDITOR_KEY_BYTES)
		err = cordon_failure_set(failure, EINVAL, "%s: no line \"%s KEY\"", file, word);
	sodium_memzero(line, sizeof(line));
	return err;
}

int cordon_key_generate(const char *private_file, const char *public_file,
			struct cordon_auditor *auditor, struct cordon_failure *failure)
{
	int err;

	if (sodium_init() < 0)
		return cordon_failure_set(failure, EIO, "libsodium does not start");
	crypto_box_keypair(auditor->public, auditor->private);
	err = write_key(private_file, 0600, PRIVATE_WORD, auditor->private, failure);
	if (err)
		return err;
	err = write_key(public_file, 0644, PUBLIC_WORD, auditor->public, failure);
	if (err)
		unlink(private_file);
	return err;
}

int cordon_key_read_private(const char *file, struct cordon_auditor *auditor,
			    struct cordon_failure *failure)
{
	int err = read_key(file, PRIVATE_WORD, auditor->private, failure);

	if (!err)
		crypto_scalarmult_base(auditor->public, auditor->private);
	return err;
}

int cordon_key_read_public(const char *file, uint8_t public[CORDON_AUDITOR_KEY_BYTES],
			   struct cordon_failure *failure)
{
	return read_key(file, PUBLIC_WORD, public, failure);
}

int cordon_key_write_public(const char *file, const uint8_t public[CORDON_AUDITOR_KEY_BYTES],
			    struct cordon_failure *failure)
{
	return write_key(file, 0644, PUBLIC_WORD, public, failure);
}

int cordon_secret_seal(const uint8_t secret[CORDON_SECRET_BYTES],
		       const uint8_t public[CORDON_AUDITOR_KEY_BYTES],
		       uint8_t sealed[CORDON_SEALED_BYTES])
{
	if (sodium_init() < 0 || crypto_box_seal(sealed, secret, CORDON_SECRET_BYTES, public))
		return -EINVAL;
	return 0;
}

int cordon_secret_open(void *context, const struct cordon_ledger_boot *boot,
		       uint8_t secret[CORDON_SECRET_BYTES])
{
	const struct cordon_auditor *auditor = context;

	if (crypto_box_seal_open(secret, boot->sealed, sizeof(boot->sealed), auditor->public,
				 auditor->private))
		return -EKEYREJECTED;
	return 0;
}
