// SPDX-License-Identifier: GPL-2.0-only
/* userspace/policy/signature.c: keys, signatures, quorums. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signature.h"
#include "unit.h"

#define PATH_BYTES 256

/* A folder of keys, and where they sign. */
struct desk {
	char folder[64], keys[PATH_BYTES], file[PATH_BYTES];
	struct cordon_key_ring ring;
	struct cordon_failure failure;
};

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void desk_open(struct desk *desk, const char *const names[])
{
	char from[PATH_BYTES], to[PATH_BYTES + 64];

	strcpy(desk->folder, "/tmp/cordon-sign-XXXXXX");
	assert_non_null(mkdtemp(desk->folder));
	snprintf(desk->keys, sizeof(desk->keys), "%s/ring", desk->folder);
	snprintf(desk->file, sizeof(desk->file), "%s/signatures", desk->folder);
	assert_int_equal(mkdir(desk->keys, 0755), 0);
	for (; *names; names++) {
		assert_int_equal(cordon_key_make(desk->folder, *names, &desk->failure), 0);
		snprintf(from, sizeof(from), "%s/%s.pub", desk->folder, *names);
		snprintf(to, sizeof(to), "%s/%s.pub", desk->keys, *names);
		assert_int_equal(rename(from, to), 0);
	}
}

static void desk_close(struct desk *desk)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", desk->folder);
	assert_int_equal(system(command), 0);
}

static int ring_read(struct desk *desk)
{
	return cordon_key_ring_read(desk->keys, &desk->ring, &desk->failure);
}

static int sign(struct desk *desk, const char *name, const char *statement)
{
	char key[PATH_BYTES];

	snprintf(key, sizeof(key), "%s/%s.key", desk->folder, name);
	return cordon_sign(key, statement, desk->file, &desk->failure);
}

static int signers(struct desk *desk, const char *statement)
{
	uint32_t who;

	return cordon_count_signers(&desk->ring, statement, desk->file, &who, &desk->failure);
}

static const char *const two[] = { "alice", "bob", NULL };

static void each_key_counts_once(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, two);
	assert_int_equal(ring_read(&desk), 0);
	assert_int_equal(desk.ring.count, 2);
	assert_int_equal(signers(&desk, "words\n"), 0);
	assert_int_equal(sign(&desk, "alice", "words\n"), 0);
	assert_int_equal(sign(&desk, "alice", "words\n"), 0);
	assert_int_equal(signers(&desk, "words\n"), 1);
	assert_int_equal(sign(&desk, "bob", "words\n"), 0);
	assert_int_equal(signers(&desk, "words\n"), 2);
	assert_int_equal(signers(&desk, "words"), 0);
	assert_int_equal(signers(&desk, "other\n"), 0);
	desk_close(&desk);
}

static void strangers_count_nothing(void **state)
{
	static const char *const three[] = { "alice", "bob", "eve", NULL };
	char path[PATH_BYTES + 64];
	struct desk desk;

	(void)state;
	desk_open(&desk, three);
	snprintf(path, sizeof(path), "%s/eve.pub", desk.keys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ring_read(&desk), 0);
	assert_int_equal(sign(&desk, "eve", "words\n"), 0);
	assert_int_equal(signers(&desk, "words\n"), 0);
	desk_close(&desk);
}

/* Every byte of a signature file is changed once: no signature more, none of another text. */
static void changed_signatures_count_nothing(void **state)
{
	char text[512] = "", changed[512];
	struct desk desk;
	uint32_t who;
	int fd;

	(void)state;
	desk_open(&desk, two);
	assert_int_equal(ring_read(&desk), 0);
	assert_int_equal(sign(&desk, "alice", "words\n"), 0);
	fd = open(desk.file, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_int_equal(cordon_count_signers_in(&desk.ring, "words\n", text, &who), 1);
	for (size_t i = 0; text[i] && text[i] != '\n'; i++) {
		strcpy(changed, text);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_int_equal(cordon_count_signers_in(&desk.ring, "words\n", changed, &who), 0);
	}
	for (size_t length = 0; text[length] && text[length] != '\n'; length++) {
		snprintf(changed, length + 1, "%s", text);
		assert_int_equal(cordon_count_signers_in(&desk.ring, "words\n", changed, &who), 0);
	}
	desk_close(&desk);
}

struct bad_ring {
	const char *name, *file, *text;
	mode_t mode;
	int error;
};

static const struct bad_ring bad_rings[] = {
	{ "key_of_another_kind_is_refused", "x.pub", "cordon-secret-key-1 x AAAA\n", 0644,
	  -EINVAL },
	{ "short_key_is_refused", "x.pub", "cordon-public-key-1 x AAAA\n", 0644, -EINVAL },
	{ "empty_key_is_refused", "x.pub", "", 0644, -EINVAL },
	{ "key_that_others_write_is_refused", "x.pub", "cordon-public-key-1 x AAAA\n", 0666,
	  -EPERM },
	{ "quorum_of_none_is_refused", "quorum", "0 of which loosening 2\n", 0644, -EINVAL },
	{ "quorum_that_loosens_with_fewer_is_refused", "quorum", "2 of which loosening 1\n", 0644,
	  -EINVAL },
	{ "quorum_of_words_is_refused", "quorum", "two\n", 0644, -EINVAL },
	{ "quorum_that_others_write_is_refused", "quorum", "1 of which loosening 2\n", 0666,
	  -EPERM },
};

static void ring_is_refused(void **state)
{
	const struct bad_ring *row = *state;
	char path[PATH_BYTES + 64];
	struct desk desk;

	desk_open(&desk, two);
	snprintf(path, sizeof(path), "%s/%s", desk.keys, row->file);
	write_file(path, row->text, row->mode);
	assert_int_equal(ring_read(&desk), row->error);
	desk_close(&desk);
}

static void same_key_twice_is_refused(void **state)
{
	char command[3 * PATH_BYTES];
	struct desk desk;

	(void)state;
	desk_open(&desk, two);
	snprintf(command, sizeof(command), "cp %s/alice.pub %s/carol.pub", desk.keys, desk.keys);
	assert_int_equal(system(command), 0);
	assert_int_equal(ring_read(&desk), -EINVAL);
	desk_close(&desk);
}

static void ring_has_an_identity(void **state)
{
	uint8_t before[CORDON_DIGEST_BYTES], after[CORDON_DIGEST_BYTES];
	char path[PATH_BYTES + 64];
	struct desk desk;

	(void)state;
	desk_open(&desk, two);
	assert_int_equal(ring_read(&desk), 0);
	cordon_key_ring_digest(&desk.ring, before);
	assert_int_equal(ring_read(&desk), 0);
	cordon_key_ring_digest(&desk.ring, after);
	assert_memory_equal(before, after, sizeof(before));
	snprintf(path, sizeof(path), "%s/quorum", desk.keys);
	write_file(path, "2 of which loosening 2\n", 0644);
	assert_int_equal(ring_read(&desk), 0);
	assert_int_equal(desk.ring.quorum, 2);
	cordon_key_ring_digest(&desk.ring, after);
	assert_memory_not_equal(before, after, sizeof(before));
	desk_close(&desk);
}

/* The statement changes with name, version and every byte of the text. */
static void statement_is_of_the_text(void **state)
{
	char a[CORDON_STATEMENT_BYTES], b[CORDON_STATEMENT_BYTES];
	struct unit_policy one = unit_compile(UNIT_HEADER "file /a secret\n");
	struct unit_policy same = unit_compile(UNIT_HEADER "file /a secret\n");
	struct unit_policy other = unit_compile(UNIT_HEADER "file /a secret # \n");

	(void)state;
	assert_int_equal(cordon_policy_statement(one.text, a), 0);
	assert_int_equal(cordon_policy_statement(same.text, b), 0);
	assert_string_equal(a, b);
	assert_int_equal(strncmp(a, "cordon-policy-1\nunit\n1\n", 22), 0);
	assert_int_equal(cordon_policy_statement(other.text, b), 0);
	assert_string_not_equal(a, b);
	unit_policy_free(&one);
	unit_policy_free(&same);
	unit_policy_free(&other);
}

void unit_signature_cases(struct unit_cases *cases)
{
	unit_add(cases, "each_key_counts_once", each_key_counts_once, NULL);
	unit_add(cases, "strangers_count_nothing", strangers_count_nothing, NULL);
	unit_add(cases, "changed_signatures_count_nothing", changed_signatures_count_nothing, NULL);
	for (size_t i = 0; i < sizeof(bad_rings) / sizeof(bad_rings[0]); i++)
		unit_add(cases, bad_rings[i].name, ring_is_refused, &bad_rings[i]);
	unit_add(cases, "same_key_twice_is_refused", same_key_twice_is_refused, NULL);
	unit_add(cases, "ring_has_an_identity", ring_has_an_identity, NULL);
	unit_add(cases, "statement_is_of_the_text", statement_is_of_the_text, NULL);
}
