// SPDX-License-Identifier: GPL-2.0-only
/* bpf/path.bpf.h: long names, deep places, and names that rules only begin like. */
#include "control.h"
#include "scenario.h"

#define NAME_BYTES 255
#define HONEST	   "nothing of it is secret, be sure.\n"

/* DIR/d/d/…/file with @depth components in all; the actor's steps come back in @steps. */
static int make_deep(const char *dir, int depth)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next, result = 0;
	int own = 0;

	for (const char *c = dir; *c; c++)
		own += *c == '/';
	for (int i = own; i < depth - 1 && fd >= 0; i++) {
		mkdirat(fd, "d", 0777);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	if (fd < 0)
		return -errno;
	next = openat(fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (next < 0 || write(next, attack_canary(), CANARY_BYTES) != CANARY_BYTES)
		result = -errno;
	close(next);
	close(fd);
	return result;
}

static const char *deep_path(const char *dir, int depth)
{
	static char path[4096];
	int own = 0;

	for (const char *c = dir; *c; c++)
		own += *c == '/';
	snprintf(path, sizeof(path), "%s", dir);
	for (int i = own; i < depth - 1; i++)
		strcat(path, "/d");
	return strcat(path, "/file");
}

static const char *try_open(const char *path)
{
	static char steps[4300];

	snprintf(steps, sizeof(steps), "try open=%s read", path);
	return steps;
}

/* Made by a child: a trusted subject that reads secret names is tainted. */
static int make_deep_in_child(const char *dir, int depth)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		place_share_nothing();
		_exit(-make_deep(dir, depth));
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

TEST_F(guarded, G9_deep_places)
{
	static const int depths[] = { 20, 21, 100, 200, 250 };

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		ASSERT_EQ(0, make_deep_in_child(DEEP_DIR, depths[i]));
		EXPECT_DENIED(PLAIN, try_open(deep_path(DEEP_DIR, depths[i])));
		EXPECT_ACTOR(CLEARED, try_open(deep_path(DEEP_DIR, depths[i])), ACTOR_OK);
		ASSERT_EQ(0, make_deep_in_child(LOW_ARENA, depths[i]));
		EXPECT_ACTOR(PLAIN, try_open(deep_path(LOW_ARENA, depths[i])), ACTOR_OK);
	}
}

/* Beyond the bound nobody can say what a rule says of it: then no, with that reason. */
TEST_F(guarded, G9_too_deep_places)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, make_deep_in_child(DEEP_DIR, 300));
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	self->from = records_end();
	EXPECT_DENIED(PLAIN, try_open(deep_path(DEEP_DIR, 300)));
	EXPECT_DENIED(CLEARED, try_open(deep_path(DEEP_DIR, 300)));
	EXPECT_RECORD(.verdict = "deny", .reason = "too-deep", .operation = "open-read");
}

TEST_F(guarded, G9_long_names)
{
	char path[512], steps[1200];
	size_t length = sprintf(path, SECRET_ARENA "/");

	memset(path + length, 'n', NAME_BYTES);
	path[length + NAME_BYTES] = '\0';
	snprintf(steps, sizeof(steps), "say=x create=%s write", path);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	EXPECT_DENIED(PLAIN, try_open(path));
	EXPECT_ACTOR(CLEARED, try_open(path), ACTOR_OK);
	path[length + NAME_BYTES - 1] = '\0';
	EXPECT_EQ(ENOENT, actor_play(CLEARED, try_open(path)));
}

/* The rule for everything below /srv/arrow says nothing of a name that is only the beginning of `arrow`. */
TEST_F(guarded, names_that_rules_begin_like_are_free)
{
	EXPECT_ACTOR(PLAIN, "mkdir=/srv/ar mkdir=/srv/ar/below create=/srv/arro", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "rename=/srv/arro,/srv/xyz rename=/srv/ar,/srv/uvw", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "rename=/srv/uvw,/srv/arrows rename=/srv/arrows,/srv/low/arena/w",
		     ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "unlink=/srv/xyz", ACTOR_OK);
	EXPECT_ACTOR(PLAIN,
		     "mkdir=/srv/csv create=/srv/csv/file unlink=/srv/csv/file "
		     "rmdir=/srv/csv",
		     ACTOR_OK);
}

/* R5 for who holds the tree by its root, or by what is above it. */
TEST_F(guarded, A2_no_move_of_what_a_rule_names)
{
	static const char *const moves[] = {
		"try rename=/srv/c,/srv/x",
		"try rename=/srv/c,/srv/low/arena/empty",
		"try rename=/srv/parent,/srv/x",
		"try exchange=/srv/parent,/srv/low/arena/dir",
		"try exchange=/srv/c,/srv/low/arena/dir",
		"try rename=/srv/parent/c,/srv/parent/x",
		"try rename=/srv/c,/srv/parent/x",
		"try exchange=/srv/c,/srv/cui",
	};

	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		EXPECT_EQ(true, actor_denied(actor_play(PLAIN, moves[i])))
		{
			TH_LOG("plain: %s", moves[i]);
		}
		EXPECT_EQ(EXDEV, actor_play(CLEARED, moves[i]))
		{
			TH_LOG("cleared: %s", moves[i]);
		}
		EXPECT_EQ(EXDEV, actor_play(TRUSTED, moves[i]))
		{
			TH_LOG("trusted: %s", moves[i]);
		}
	}
	EXPECT_ACTOR(CLEARED, "open=" SECRET " open=" PARENT_DIR "/c/secret", ACTOR_OK);
}

/* What the program says is not read: it may know what this process must not. */
static int run_unheard(const char *const argv[])
{
	int nowhere, status;
	pid_t pid = fork();

	if (pid == 0) {
		nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(nowhere, 1);
		dup2(nowhere, 2);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* -EXDEV makes mv(1) copy and delete, and both are judged like any other. */
TEST_F(guarded, A2_mv_falls_back_to_a_copy)
{
	static const char *const inwards[] = { "/cleared/busybox", "mv", LOW_ARENA "/file",
					       SECRET_ARENA "/moved-in", NULL };
	static const char *const outwards[] = { "/cleared/busybox", "mv", SECRET_ARENA "/file",
						LOW_ARENA "/moved-out", NULL };
	char output[1024];

	EXPECT_EQ(0, guard_run(inwards, output, sizeof(output)))
	{
		TH_LOG("mv: %s", output);
	}
	EXPECT_NE(0, access(LOW_ARENA "/file", F_OK));
	EXPECT_DENIED(PLAIN, "try open=" SECRET_ARENA "/moved-in");
	EXPECT_ACTOR(CLEARED, "try open=" SECRET_ARENA "/moved-in read", ACTOR_OK);

	EXPECT_NE(0, run_unheard(outwards));
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
	EXPECT_ACTOR(CLEARED, "try open=" SECRET_ARENA "/file read", ACTOR_OK);
}

/* Anyone may leave something in a drop, only the cleared may look. */
TEST_F(guarded, drop_is_written_by_all_and_read_by_the_cleared)
{
	unlink(INBOX_DIR "/from-plain");
	unlink(INBOX_DIR "/from-tainted");
	EXPECT_ACTOR(PLAIN, "say=hello create=" INBOX_DIR "/from-plain write", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "say=hello open_w=" INBOX_DIR "/secret", ACTOR_OK);
	EXPECT_DENIED(PLAIN, "try open=" INBOX_DIR "/from-plain");
	EXPECT_DENIED(PLAIN, "try open_rw=" INBOX_DIR "/from-plain");
	EXPECT_ACTOR(CLEARED, "try open=" INBOX_DIR "/from-plain read", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " create=" INBOX_DIR "/from-tainted write", ACTOR_OK);
	/* A drop of secret is no place for more than secret. */
	EXPECT_DENIED(ARROW, "taint=" ARROW_DIR "/secret try open_w=" INBOX_DIR "/from-plain");
}

/* R2's exemption, and that its use is no secret. */
TEST_F(guarded, trusted_subject_writes_down_on_record)
{
	EXPECT_ACTOR(TRUSTED, "taint=" SECRET " open_w=" LOW_ARENA "/file write", ACTOR_OK);
	EXPECT_RECORD(.verdict = "allow", .reason = "trusted", .operation = "open-write",
		      .path = LOW_ARENA "/file");
}

/* The label stays with the file when the name that gave it goes (bypass A1). */
TEST_F(guarded, A1_old_link_outlives_its_classified_name)
{
	static const struct actor_call reader = { .program = PLAIN,
						  .steps = "drop_caches try open=" DISK_LATE_LINK
							   " read",
						  .loot = LOW_ARENA "/loot" };

	EXPECT_DENIED(PLAIN, "try open=" DISK_LATE_LINK);
	EXPECT_ACTOR(CLEARED, "open=" DISK_LATE_LINK " read", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "try unlink=" DISK_LATE_NAME, ACTOR_OK);
	EXPECT_TRUE(actor_denied(actor_run(&reader)));
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_HARNESS_MAIN
