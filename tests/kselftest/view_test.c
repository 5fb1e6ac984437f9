// SPDX-License-Identifier: GPL-2.0-only
/* bpf/view.bpf.c: attributes, watches, ioctls, and what the kernel does in a subject's name. */
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "attack_rows.h"
#include "scenario.h"

/* ---- A13: data that is not content --------------------------------------------------- */

#define ATTRIBUTE(name, script)                                      \
	ATTACK(A13_##name, .kind = ATTACK_READ, .reason = "read-up", \
	       .operation = "read-attribute", .steps = "try " script)
ATTRIBUTE(attribute, "getxattr=%s");
ATTRIBUTE(A8_attribute_by_o_path, "getxattr_o_path=%s");
ATTRIBUTE(attribute_names, "listxattr=" SECRET_NAMED);
ATTRIBUTE(symbolic_link, "readlink=" SECRET_POINTER);

TEST_F(guarded, A13_access_lists)
{
	EXPECT_DENIED(PLAIN, "try get_acl=" SECRET);
	EXPECT_ACTOR(CLEARED, "get_acl=" SECRET " is_tainted=" PROBE, ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "get_acl=" LOW_FILE, ACTOR_OK);
}

TEST_F(guarded, A13_reading_an_attribute_taints)
{
	EXPECT_ACTOR(CLEARED, "getxattr=" SECRET " is_tainted=" PROBE, ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "readlink=" SECRET_POINTER " is_tainted=" PROBE, ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "getxattr=" LOW_FILE " is_clean=" PROBE, ENODATA);
}

/* ---- A14: watches ----------------------------------------------------------------------- */

FIXTURE(A14_watch)
{
	int unused;
};

FIXTURE_SETUP(A14_watch)
{
}

FIXTURE_TEARDOWN(A14_watch)
{
}

#define LOOT LOW_ARENA "/loot"

/* PLAIN watches a secret folder in which a name is made. Returns the watcher's status. */
static int watch_a_name(void)
{
	const struct actor_call watcher = { .program = PLAIN,
					    .loot = LOOT,
					    .steps = "try watch=" SECRET_ARENA
						     " stop watched_name" };
	pid_t pid = actor_start(&watcher);
	int status;

	if (!actor_wait_stopped(pid))
		return EACCES;
	status = actor_play(CLEARED, "taint=" SECRET " mkdir_payload=" SECRET_ARENA);
	kill(pid, SIGCONT);
	return actor_wait(pid) ?: status;
}

TEST_F(A14_watch, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_EQ(ACTOR_OK, watch_a_name());
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

TEST_F(A14_watch, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_EQ(EACCES, watch_a_name());
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

TEST_F(guarded, A14_watches_of_all_kinds)
{
	EXPECT_DENIED(PLAIN, "try watch=" SECRET);
	EXPECT_DENIED(PLAIN, "try fanotify=0," SECRET);
	/* On everything in a mount or file system: whatever the policy says of any of it. */
	EXPECT_DENIED(PLAIN, "try fanotify=0x10," LOW_DIR);
	EXPECT_DENIED(PLAIN, "try fanotify=0x100," LOW_DIR);
	EXPECT_DENIED(CLEARED, "try fanotify=0x100," LOW_DIR);
	EXPECT_ACTOR(ARROW, "fanotify=0x100," LOW_DIR " is_tainted=" PROBE, ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "watch=" LOW_DIR " fanotify=0," LOW_FILE " dnotify=" LOW_DIR, ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "watch=" SECRET_DIR " is_tainted=" PROBE, ACTOR_OK);
}

/* ---- A10: the kernel moves data between files that are open ---------------------------------- */

FIXTURE(A10_move_extent)
{
	int unused;
};

FIXTURE_SETUP(A10_move_extent)
{
	ASSERT_EQ(0, attack_put(DISK_LOW, "nothing of it is secret, be sure."));
	ASSERT_EQ(0, attack_put(DISK_DONOR, attack_canary()));
}

FIXTURE_TEARDOWN(A10_move_extent)
{
}

/* Opened for writing before the taint rose: no write follows, only an ioctl on the other file. */
#define MOVE_EXTENT "open_rw=" DISK_LOW " open_rw=" DISK_DONOR " try move_extent"

/* The blocks change hands. What the other file shows of them is the file system's affair. */
TEST_F(A10_move_extent, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(CLEARED, MOVE_EXTENT, ACTOR_OK);
}

TEST_F(A10_move_extent, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_DENIED(CLEARED, MOVE_EXTENT);
	EXPECT_ACTOR(PLAIN, "drop_caches", ACTOR_OK);
	EXPECT_FALSE(place_holds(DISK_LOW, attack_canary(), CANARY_BYTES));
}

TEST_F(guarded, A10_flags_by_ioctl)
{
	EXPECT_DENIED(CLEARED, "open=" DISK_LOW " taint=" DISK_SECRET " try set_flags");
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "ioctl");
	EXPECT_ACTOR(CLEARED, "open=" DISK_LOW " set_flags", ACTOR_OK);
	/* Where the file has the label that the data have, it is a file like any other. */
	EXPECT_ACTOR(CLEARED, "taint=" DISK_SECRET " open=" DISK_DONOR " set_flags", ACTOR_OK);
}

/* ---- B10, E8, A15: helpers that the kernel starts ----------------------------------------------- */

#define CORE		   LOW_DIR "/core"
#define PATTERN		   "/proc/sys/kernel/core_pattern"
#define HELPER_PATIENCE_MS 3000

static int set_pattern(const char *pattern)
{
	int fd = open(PATTERN, O_WRONLY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, pattern, strlen(pattern)) < 0)
		result = -errno;
	close(fd);
	return result;
}

/* Waits until the helper has left what @bytes are looked for in. */
static bool left_behind(const char *path, const char *bytes)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	for (int ms = 0; ms < HELPER_PATIENCE_MS; ms += 20) {
		if (place_holds(path, bytes, strlen(bytes)))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

#define MARK "this-is-only-a-harmless-mark-in-it"

FIXTURE(B10_core_dump)
{
	int unused;
};

FIXTURE_SETUP(B10_core_dump)
{
	unlink(CORE);
	ASSERT_EQ(0, set_pattern("|" PLAIN " slurp=" CORE));
}

FIXTURE_TEARDOWN(B10_core_dump)
{
	set_pattern("core");
	unlink(CORE);
}

TEST_F(B10_core_dump, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	actor_play(CLEARED, "taint=" SECRET " expose crash");
	EXPECT_TRUE(left_behind(CORE, attack_canary()));
}

TEST_F(B10_core_dump, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	/* Who is not tainted has nothing that the helper may not see. */
	actor_play(CLEARED, "say=" MARK " expose crash");
	EXPECT_TRUE(left_behind(CORE, MARK));
	unlink(CORE);
	EXPECT_EQ(128 + SIGABRT, actor_play(CLEARED, "taint=" SECRET " expose crash"));
	EXPECT_FALSE(left_behind(CORE, attack_canary()));
}

/* A file is a file: R2 at its place. */
TEST_F(guarded, B10_core_dump_to_a_file)
{
	ASSERT_EQ(0, set_pattern(LOW_ARENA "/core"));
	actor_play(CLEARED, "taint=" SECRET " expose crash");
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
	ASSERT_EQ(0, set_pattern(SECRET_ARENA "/core"));
	actor_play(CLEARED, "taint=" SECRET " expose crash");
	EXPECT_TRUE(place_holds(SECRET_ARENA "/core", attack_canary(), CANARY_BYTES));
	EXPECT_EQ(0, set_pattern("core"));
}

FIXTURE(E8_A15_helper)
{
	off_t from;
};

FIXTURE_SETUP(E8_A15_helper)
{
	unlink(CORE);
	/* A program that a rule clears, started by the kernel for whoever crashes. */
	ASSERT_EQ(0, set_pattern("|" CLEARED " -l" CORE " open=" SECRET " read"));
	self->from = records_end();
}

FIXTURE_TEARDOWN(E8_A15_helper)
{
	set_pattern("core");
	unlink(CORE);
}

TEST_F(E8_A15_helper, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	actor_play(PLAIN, "crash");
	EXPECT_TRUE(left_behind(CORE, attack_canary()));
}

TEST_F(E8_A15_helper, enforcing_has_the_lowest_trust)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	actor_play(PLAIN, "crash");
	EXPECT_RECORD(.verdict = "deny", .reason = "read-up", .operation = "open-read");
	EXPECT_FALSE(place_holds(CORE, attack_canary(), CANARY_BYTES));
}

TEST_F(guarded, A15_files_that_the_kernel_writes)
{
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try acct=" LOW_FILE);
	EXPECT_DENIED(PLAIN, "try acct=" SECRET);
	EXPECT_ACTOR(PLAIN, "acct=" LOW_FILE, ACTOR_OK);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try swapon=" LOW_FILE);
	EXPECT_DENIED(PLAIN, "try swapon=" SECRET);
}

/* The name of a module is text that modprobe's arguments show. */
TEST_F(guarded, A15_modules_by_name)
{
	const char *const steps = "mount=nonesuch,none," SECRET_ARENA "/empty,x";
	char tainted[256];

	EXPECT_ACTOR(CLEARED, steps, ENODEV);
	snprintf(tainted, sizeof(tainted), "taint=" SECRET " %s", steps);
	EXPECT_ACTOR(CLEARED, tainted, ENODEV);
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "load-module");
}

/* ---- D20: file systems that are on another host ---------------------------------------------------- */

TEST_F(guarded, D20_network_file_systems_are_for_trusted_subjects)
{
	const char *const nfs = "unshare_mounts try mount=nfs," UNK_V4 ":/x," LOW_ARENA
				"/empty,addr=" UNK_V4 ",soft,timeo=1,retrans=0,vers=3,nolock";
	int status = actor_play(PLAIN, nfs);

	if (status == ENODEV)
		SKIP(return, "this kernel has no nfs");
	EXPECT_TRUE(actor_denied(status));
	EXPECT_RECORD(.verdict = "deny", .reason = "mechanism", .operation = "mount");
	EXPECT_FALSE(actor_denied(actor_play(TRUSTED, nfs)));
}

TEST_HARNESS_MAIN
