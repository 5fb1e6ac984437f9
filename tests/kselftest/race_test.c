// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races and resources: what one process does while another is judged, and what
 * is refused when there is too much of something. `make soak` plays all of it
 * for longer (SOAK_ENV).
 */
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>

#include "scenario.h"

#define CHUNK 20

static bool soaks(void)
{
	return getenv(SOAK_ENV) != NULL;
}

static void touch(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

static pid_t start_actor(const char *program, const char *steps)
{
	const struct actor_call call = { .program = program, .steps = steps };

	return actor_start(&call);
}

/* ---- A taint that rises meanwhile ------------------------------------------------------ */

FIXTURE(race)
{
	int unused;
};

FIXTURE_VARIANT(race)
{
	const char *steps; /* a number of rounds goes into them */
	int seconds, at_least; /* in a check: where QEMU emulates the CPU, a fork takes its time */
	int soak; /* rounds of a soak */
};

/* The memory makes the gap wide enough to be hit; the negative control proves it. */
FIXTURE_VARIANT_ADD(race, M9_G3_fork){ "fill_memory=16 try fork_race=" SECRET "," PROBE ",%d", 12,
				       40, 60000 };
FIXTURE_VARIANT_ADD(race, F9_exec){ "try exec_race=" SECRET "," PROBE ",%d," CLEARED, 8, 40,
				    30000 };
FIXTURE_VARIANT_ADD(race, M10_G13_thread){ "try raise_race=" SECRET "," PROBE ",%d", 5, 40, 10000 };

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, truncate(PROBE, 0));
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_EQ(0, truncate(PROBE, 0));
}

static int play_rounds(const char *steps, int rounds)
{
	char filled[512];

	snprintf(filled, sizeof(filled), steps, rounds);
	return actor_play(CLEARED, filled);
}

TEST_F(race, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(EBADMSG, play_rounds(variant->steps, 500));
	EXPECT_TRUE(place_holds(PROBE, attack_canary(), CANARY_BYTES));
}

TEST_F_TIMEOUT(race, enforcing_denies, 20000)
{
	time_t until = time(NULL) + variant->seconds;
	int rounds = 0;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	while (soaks() ? rounds < variant->soak : time(NULL) < until) {
		ASSERT_EQ(ACTOR_OK, play_rounds(variant->steps, CHUNK));
		rounds += CHUNK;
	}
	TH_LOG("%d rounds", rounds);
	EXPECT_LE(variant->at_least, rounds);
	EXPECT_FALSE(place_holds(PROBE, attack_canary(), CANARY_BYTES));
}

/* ---- Names that move while they are looked at ------------------------------------------- */

#define UNTIL  RUN_DIR "/race.until"
#define FLIP_A DISK_DIR "/c/flip-a"
#define FLIP_B DISK_DIR "/c/flip-b"

static bool forget_inodes(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	bool done = write(fd, "3", 1) == 1;

	close(fd);
	return done;
}

FIXTURE(G4_names_that_flip)
{
	pid_t reader, flippers[2];
};

FIXTURE_SETUP(G4_names_that_flip)
{
	unlink(UNTIL);
	touch(FLIP_A);
	touch(FLIP_B);
	ASSERT_EQ(0, attack_reset_arenas());
}

FIXTURE_TEARDOWN(G4_names_that_flip)
{
	unlink(UNTIL);
	unlink(FLIP_A);
	unlink(FLIP_B);
}

TEST_F(G4_names_that_flip, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(PLAIN, "try never_opens=" FLIP_A "," UNTIL, EBADMSG);
}

/* Both secret names change places, others elsewhere do too, and every inode is forgotten. */
TEST_F_TIMEOUT(G4_names_that_flip, enforcing_denies, 20000)
{
	time_t until = time(NULL) + (soaks() ? 300 : 6);
	int forgotten = 0;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	self->flippers[0] = start_actor(CLEARED, "nice=19 flips=" FLIP_A "," FLIP_B "," UNTIL);
	self->flippers[1] =
		start_actor(PLAIN, "nice=19 flips=" LOW_ARENA "/dir," LOW_ARENA "/empty," UNTIL);
	self->reader = start_actor(PLAIN, "try never_opens=" FLIP_A "," UNTIL);
	while (time(NULL) < until && forget_inodes())
		forgotten++;
	touch(UNTIL);
	EXPECT_EQ(ACTOR_OK, actor_wait(self->reader));
	EXPECT_EQ(ACTOR_OK, actor_wait(self->flippers[0]));
	EXPECT_EQ(ACTOR_OK, actor_wait(self->flippers[1]));
	TH_LOG("all inodes forgotten %d times", forgotten);
	EXPECT_LE(3, forgotten);
}

/* A number that was a low file's is a secret one's now, and the other way round. */
TEST_F(guarded, G16_inode_number_used_again)
{
	static const char low[] = DISK_DIR "/low/aba", secret[] = DISK_DIR "/c/aba";
	int again = 0;

	for (int i = 0; i < 20; i++) {
		struct stat first, second;

		touch(low);
		ASSERT_EQ(0, stat(low, &first));
		EXPECT_ACTOR(PLAIN, "try open=/disk/low/aba", ACTOR_OK);
		ASSERT_EQ(0, unlink(low));
		touch(secret);
		ASSERT_EQ(0, stat(secret, &second));
		EXPECT_DENIED(PLAIN, "try open=/disk/c/aba");
		ASSERT_EQ(0, unlink(secret));
		again += first.st_ino == second.st_ino;
	}
	EXPECT_LT(0, again);
}

TEST_F(guarded, G17_name_that_did_not_exist)
{
	static const char born[] = SECRET_ARENA "/born";

	EXPECT_ACTOR(PLAIN, "try open=" SECRET_ARENA "/born", ENOENT);
	touch(born);
	EXPECT_DENIED(PLAIN, "try open=" SECRET_ARENA "/born");
	ASSERT_EQ(0, unlink(born));
	EXPECT_ACTOR(PLAIN, "try open=" SECRET_ARENA "/born", ENOENT);
}

/* What one look keeps while it is interrupted by another on the same CPU is its own. */
TEST_F_TIMEOUT(guarded, G10_one_cpu_for_all, 20000)
{
	time_t until = time(NULL) + (soaks() ? 300 : 3);
	const struct timespec pause = { .tv_nsec = 50000000 };
	pid_t pids[3];

	unlink(UNTIL);
	pids[0] = start_actor(PLAIN, "cpu=0 try never_opens=" SECRET "," UNTIL);
	pids[1] = start_actor(CLEARED, "cpu=0 try always_opens=" SECRET "," UNTIL);
	pids[2] = start_actor(PLAIN, "cpu=0 try always_opens=" LOW_FILE "," UNTIL);
	while (time(NULL) < until)
		nanosleep(&pause, NULL);
	touch(UNTIL);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(ACTOR_OK, actor_wait(pids[i]));
	unlink(UNTIL);
}

/* ---- Too much of something ---------------------------------------------------------------- */

#define MANY SECRET_ARENA "/many"

static int make_many(int count)
{
	char path[300];

	for (int i = 0; i < count; i++) {
		int fd;

		snprintf(path, sizeof(path), MANY "/%d", i);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

TEST_F_TIMEOUT(guarded, G7_many_inodes, 20000)
{
	int count = soaks() ? 1000000 : 10000;
	char steps[300];

	ASSERT_EQ(0, mkdir(MANY, 0777));
	ASSERT_EQ(0, mount("many", MANY, "tmpfs", 0, "mode=777,size=90%,nr_inodes=0"));
	EXPECT_EQ(0, make_many(count));
	snprintf(steps, sizeof(steps), "try opens_all=" MANY ",%d", count);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	/* Fewer: each is a record, and no test after this one should miss any of its own. */
	snprintf(steps, sizeof(steps), "try opens_none=" MANY ",%d", soaks() ? count : 1000);
	EXPECT_ACTOR(PLAIN, steps, ACTOR_OK);
	EXPECT_EQ(0, umount(MANY));
	EXPECT_DENIED(PLAIN, "try open=" SECRET);
}

TEST_F_TIMEOUT(guarded, G7_many_processes, 20000)
{
	EXPECT_ACTOR(PLAIN, soaks() ? "try fork_bomb=8000" : "try fork_bomb=1000", ACTOR_OK);
	EXPECT_DENIED(PLAIN, "try open=" SECRET);
	EXPECT_ACTOR(CLEARED, "try open=" SECRET " read", ACTOR_OK);
}

#define DEEP 4000

/* One folder below the other; the last one's descriptor, or -1. */
static int make_deep(const char *top)
{
	int at = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < DEEP && at >= 0; i++) {
		int below = mkdirat(at, "d", 0777) ?
				    -1 :
				    openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);

		close(at);
		at = below;
	}
	return at;
}

static int remove_deep(int at)
{
	int failed = 0;

	for (int i = 0; i < DEEP && at >= 0; i++) {
		int above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		failed |= unlinkat(above, "d", AT_REMOVEDIR);
		close(at);
		at = above;
	}
	close(at);
	return failed;
}

/* Deeper than any walk goes: nobody opens it, and nothing hangs. */
TEST_F(guarded, G9_four_thousand_deep)
{
	struct actor_call call = { .program = PLAIN, .steps = "fd=10 try reopen" };
	int at;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	at = make_deep(SECRET_ARENA);
	ASSERT_LE(0, at);
	call.inherited[0] = at;
	EXPECT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_TRUE(actor_denied(actor_run(&call)));
	EXPECT_RECORD(.verdict = "deny", .reason = "too-deep");
	call.program = CLEARED;
	EXPECT_TRUE(actor_denied(actor_run(&call)));
	EXPECT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(0, remove_deep(at));
	EXPECT_EQ(0, attack_set_mode(MODE_ENFORCING));
}

#define CROWD	   "/srv/crowd"
#define CROWD_MOST 20000 /* more than the guard has places for */

/* No place left for another file system: it is not mounted, and the others stay what they are. */
TEST_F_TIMEOUT(guarded, G7_places_full, 20000)
{
	char path[64];
	int count = 0;

	if (!soaks())
		SKIP(return, "twenty thousand mounts: make soak");
	mkdir(CROWD, 0777);
	ASSERT_EQ(0, mount("crowd", CROWD, "tmpfs", 0, "mode=777"));
	for (; count < CROWD_MOST; count++) {
		snprintf(path, sizeof(path), CROWD "/%d", count);
		ASSERT_EQ(0, mkdir(path, 0777));
		if (mount("one", path, "tmpfs", 0, "mode=777"))
			break;
	}
	EXPECT_EQ(EACCES, errno);
	EXPECT_GT(CROWD_MOST, count);
	TH_LOG("%d file systems have a place", count);
	EXPECT_RECORD(.verdict = "deny", .reason = "no-object", .operation = "mount");
	EXPECT_DENIED(PLAIN, "try open=" SECRET);
	EXPECT_ACTOR(CLEARED, "try open=" SECRET " read", ACTOR_OK);
	while (count--) {
		snprintf(path, sizeof(path), CROWD "/%d", count);
		EXPECT_EQ(0, umount(path));
	}
	EXPECT_EQ(0, umount(CROWD));
}

TEST_HARNESS_MAIN
