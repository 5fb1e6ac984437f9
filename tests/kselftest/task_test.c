// SPDX-License-Identifier: GPL-2.0-only
/* bpf/task.bpf.c: one address space is one subject; forks, threads, who was there before. */
#include <time.h>

#include "attack_rows.h"
#include "scenario.h"
#include "veteran.h"

#define READS	 "try open=" SECRET " read"
#define IS_CLEAN "try is_clean=" PROBE

/* ---- Who shares memory shares the taint ------------------------------------------- */

TEST_F(guarded, M10_shared_memory_shares_taint)
{
	EXPECT_DENIED(CLEARED, "clone_vm taint=" SECRET " " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "vfork taint=" SECRET " " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "thread taint=" SECRET " " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "clone_vm thread taint=" SECRET " " IS_CLEAN);
}

TEST_F(guarded, own_memory_has_own_taint)
{
	EXPECT_ACTOR(CLEARED, "child taint=" SECRET " " IS_CLEAN, ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "child taint=" SECRET " fork " IS_CLEAN, ACTOR_OK);
}

TEST_F(guarded, child_inherits)
{
	EXPECT_DENIED(CLEARED, "taint=" SECRET " fork " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " fork fork " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " clone_vm is_clean=" PROBE);
	EXPECT_ACTOR(CLEARED, "fork " READS, ACTOR_OK);
	EXPECT_DENIED(PLAIN, "fork " READS);
}

/*
 * The descriptors are one table, the memory is not: what one opens the other
 * may read without having received it.
 */
ATTACK(B1_shared_descriptor_table, .kind = ATTACK_WRITE_DOWN,
       .steps = "try clone_files open=%s fd=3 pread open_w=%p/file write");
ATTACK(B1_shared_descriptor_table_mmap, .kind = ATTACK_WRITE_DOWN,
       .steps = "try clone_files open=%s fd=3 mmap open_w=%p/file write");

/* Memory files have no place: they take the label of what was written (bypass B14). */
ATTACK(B14_memfd_inherited, .kind = ATTACK_READ, .starts_as = CLEARED,
       .steps = "taint=%s memfd_new write exec=%a fd=3 try pread");

/* ---- A descriptor that the kernel puts into another's table (bypass B4) ------------------ */

FIXTURE(B4_seccomp_addfd)
{
	int given, asked;
};

FIXTURE_SETUP(B4_seccomp_addfd)
{
	ASSERT_EQ(0, attack_reset_arenas());
}

FIXTURE_TEARDOWN(B4_seccomp_addfd)
{
}

/* A cleared process gives @file, which it opened, to @program, which asks. */
static void give(FIXTURE_DATA(B4_seccomp_addfd) * self, const char *file, const char *program,
		 const char *loot)
{
	const struct actor_call call = { .program = program,
					 .steps = "try seccomp_ask pread",
					 .loot = loot,
					 .want_canary = !strcmp(file, SECRET) };
	pid_t pid = actor_start(&call);
	char steps[128];

	self->asked = self->given = -1;
	if (!actor_wait_stopped(pid))
		return;
	kill(pid, SIGCONT);
	snprintf(steps, sizeof(steps), "seccomp_listen=%d open=%s try seccomp_give", pid, file);
	self->given = actor_play(CLEARED, steps);
	/* Who was refused leaves the other waiting. */
	if (self->given != ACTOR_OK)
		kill(pid, SIGKILL);
	self->asked = actor_wait(pid);
}

TEST_F(B4_seccomp_addfd, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	give(self, SECRET, PLAIN, LOW_ARENA "/loot");
	EXPECT_EQ(ACTOR_OK, self->given);
	EXPECT_EQ(ACTOR_OK, self->asked);
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* Who is cleared is given both, and reads the one that tells a listener nothing (bypass B9). */
TEST_F(B4_seccomp_addfd, cleared_receives)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	give(self, LOW_FILE, CLEARED, NULL);
	EXPECT_EQ(ACTOR_OK, self->given);
	EXPECT_EQ(ACTOR_OK, self->asked);
	give(self, SECRET, CLEARED, NULL);
	EXPECT_EQ(ACTOR_OK, self->given);
	EXPECT_TRUE(actor_denied(self->asked));
}

TEST_F(B4_seccomp_addfd, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	give(self, SECRET, PLAIN, LOW_ARENA "/loot");
	EXPECT_TRUE(actor_denied(self->given));
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* ---- A server for all levels (bypass C9) --------------------------------------------- */

/* Made when something was sent: who waits in a call already is another matter. */
#define ASKED	 LOW_ARENA "/asked"
#define ANSWERED LOW_ARENA "/answered"

/* One client sends a secret; the server answers another, who is cleared for nothing. */
FIXTURE(C9_server_for_all)
{
	pid_t server, client;
};

static pid_t start_actor(const char *program, const char *steps, const char *loot)
{
	const struct actor_call call = { .program = program, .steps = steps, .loot = loot };
	pid_t pid = actor_start(&call);

	if (!actor_wait_stopped(pid))
		return -1;
	kill(pid, SIGCONT);
	return pid;
}

FIXTURE_SETUP(C9_server_for_all)
{
	ASSERT_EQ(0, attack_reset_arenas());
	self->client = start_actor(PLAIN, "unix_bind_dgram=@other stop await=" ANSWERED " try recv",
				   LOW_ARENA "/loot");
	self->server =
		start_actor(CLEARED,
			    "unix_bind_dgram=@server stop await=" ASKED " recv unix_sendto=@other",
			    NULL);
	ASSERT_LT(0, self->client);
	ASSERT_LT(0, self->server);
}

FIXTURE_TEARDOWN(C9_server_for_all)
{
}

/* What the other client ends with. */
static int serve(const FIXTURE_DATA(C9_server_for_all) * self, const char *steps)
{
	actor_play(CLEARED, steps);
	close(open(ASKED, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	actor_wait(self->server);
	close(open(ANSWERED, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	return actor_wait(self->client);
}

TEST_F(C9_server_for_all, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(ACTOR_OK, serve(self, "taint=" SECRET " unix_sendto=@server"));
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(C9_server_for_all, cleared_server_answers_what_is_harmless)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_EQ(ACTOR_OK, serve(self, "say=harmless unix_sendto=@server"));
}

TEST_F(C9_server_for_all, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_TRUE(actor_denied(serve(self, "taint=" SECRET " unix_sendto=@server")));
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* ---- Who was there before the guard (bypass G11) -------------------------------------- */

static const struct veteran *find_veteran(const char *name)
{
	const struct veteran *veteran = veterans;

	while (veteran->name && strcmp(veteran->name, name))
		veteran++;
	return veteran;
}

/* Lets the veterans of this mode go on, and waits until @name has left its loot. */
static bool wait_for_loot(const char *name, const char *set, char *loot, size_t size)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	char go[128];
	int fd;

	snprintf(go, sizeof(go), RUN_DIR "/veterans.%s", set);
	fd = open(go, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	close(fd);
	veteran_loot(find_veteran(name), set, loot, size);
	for (int i = 0; i < 500; i++) {
		struct stat status;

		if (stat(loot, &status) == 0 && status.st_size == ACTOR_LOOT)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

FIXTURE(G11_veteran)
{
	char loot[256];
};

FIXTURE_VARIANT(G11_veteran)
{
	const char *name;
	bool leaks; /* its loot holds the canary where it may not */
};

FIXTURE_VARIANT_ADD(G11_veteran, plain_reads){ .name = "plain_reads", .leaks = true };
FIXTURE_VARIANT_ADD(G11_veteran, plain_maps){ .name = "plain_maps", .leaks = true };
FIXTURE_VARIANT_ADD(G11_veteran, cleared_reads){ .name = "cleared_reads" };

FIXTURE_SETUP(G11_veteran)
{
}

FIXTURE_TEARDOWN(G11_veteran)
{
}

TEST_F(G11_veteran, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_TRUE(wait_for_loot(variant->name, MODE_PERMISSIVE, self->loot, sizeof(self->loot)));
	EXPECT_TRUE(place_holds(self->loot, attack_canary(), CANARY_BYTES));
}

/* An old descriptor is judged when it is used; who is cleared goes on working. */
TEST_F(G11_veteran, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_TRUE(wait_for_loot(variant->name, MODE_ENFORCING, self->loot, sizeof(self->loot)));
	EXPECT_EQ(!variant->leaks, place_holds(self->loot, attack_canary(), CANARY_BYTES));
}

FIXTURE(G11_old_descriptor)
{
	char loot[256];
};

FIXTURE_SETUP(G11_old_descriptor)
{
}

FIXTURE_TEARDOWN(G11_old_descriptor)
{
	EXPECT_EQ(0, truncate(LOW_DIR "/veteran", 0));
}

TEST_F(G11_old_descriptor, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_TRUE(wait_for_loot("cleared_writes_down", MODE_PERMISSIVE, self->loot,
				  sizeof(self->loot)));
	EXPECT_TRUE(place_holds(LOW_DIR "/veteran", attack_canary(), CANARY_BYTES));
	ASSERT_TRUE(wait_for_loot("plain_sends", MODE_PERMISSIVE, self->loot, sizeof(self->loot)));
	EXPECT_TRUE(sink_received(SINK_UNK, "veteran-was-here", 16));
	EXPECT_EQ(0, sink_forget(SINK_UNK));
}

TEST_F(G11_old_descriptor, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_TRUE(wait_for_loot("cleared_writes_down", MODE_ENFORCING, self->loot,
				  sizeof(self->loot)));
	EXPECT_FALSE(place_holds(LOW_DIR "/veteran", attack_canary(), CANARY_BYTES));
	ASSERT_TRUE(wait_for_loot("plain_sends", MODE_ENFORCING, self->loot, sizeof(self->loot)));
	EXPECT_FALSE(sink_received(SINK_UNK, "veteran-was-here", 16));
}

TEST_HARNESS_MAIN
