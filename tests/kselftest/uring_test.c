// SPDX-License-Identifier: GPL-2.0-only
/* bpf/uring.bpf.c: rings are for who cannot hold classified data, and judged wherever they go. */
#include <sys/sysmacros.h>

#include "attack_rows.h"
#include "control.h"
#include "scenario.h"

TEST_F(guarded, M11_io_uring_is_for_the_uncleared)
{
	EXPECT_ACTOR(PLAIN, "try io_uring", ACTOR_OK);
	EXPECT_DENIED(CLEARED, "try io_uring");
	EXPECT_RECORD(.verdict = "deny", .reason = "mechanism", .operation = "io-uring");
	/* Who has lost his clearance still holds what he read. */
	EXPECT_DENIED(CLEARED, "taint=" SECRET " exec=" PLAIN " try io_uring");
	/* Other anonymous inodes are no rings. */
	EXPECT_ACTOR(CLEARED, "try userfaultfd", ACTOR_OK);
}

/* ---- Operations are judged when they are issued, in whichever thread ---------------- */

#define READS .cleared_steps = "try open=%s read", .reason = "read-up"
ATTACK(M11_open, .kind = ATTACK_READ, .steps = "uring try uring_open=%s uring_read", READS);
ATTACK(M11_F13_open_in_worker, .kind = ATTACK_READ,
       .steps = "uring try uring_open_async=%s uring_read", READS);
ATTACK(M11_F13_open_by_sqpoll, .kind = ATTACK_READ,
       .steps = "uring=sqpoll try uring_open=%s uring_read", READS);
ATTACK(M11_G14_open_and_read_linked, .kind = ATTACK_READ,
       .steps = "uring uring_slots try uring_open_read_linked=%s", READS);
ATTACK(M11_F14_personality, .kind = ATTACK_READ,
       .steps = "uring uring_personality uid=1000 try uring_open=%s uring_read", READS);

/* ---- A ring that is passed on -------------------------------------------------------- */

/*
 * An uncleared process makes a ring and lets a cleared program inherit it. That
 * registers what it opened: no hook sees that, and the maker reads it.
 */
FIXTURE(passed)
{
	int unused;
};

FIXTURE_VARIANT(passed)
{
	const char *reads; /* how the maker gets at it */
};

FIXTURE_VARIANT_ADD(passed, M11_B7_registered_file){ "uring_read_slot" };
FIXTURE_VARIANT_ADD(passed, M11_B7_installed_descriptor){ "uring_install read" };

FIXTURE_SETUP(passed)
{
	ASSERT_EQ(0, attack_reset_arenas());
}

FIXTURE_TEARDOWN(passed)
{
}

static int pass_on(const char *program, const char *reads)
{
	char steps[512];
	const struct actor_call call = {
		.program = PLAIN, .steps = steps, .loot = LOW_ARENA "/loot", .want_canary = true
	};

	snprintf(steps, sizeof(steps),
		 "uring uring_keep try uring_hand_to=%s,open=" SECRET "+uring_register %s", program,
		 reads);
	return actor_run(&call);
}

TEST_F(passed, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(ACTOR_OK, pass_on(CLEARED, variant->reads));
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(passed, cleared_reads_without_it)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_ACTOR(PLAIN, "uring exec=" CLEARED " try open=" SECRET " read", ACTOR_OK);
}

TEST_F(passed, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_TRUE(actor_denied(pass_on(CLEARED, variant->reads)));
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(guarded, M11_ring_over_exec_gives_no_clearance)
{
	EXPECT_DENIED(PLAIN, "uring uring_keep exec=" CLEARED " try open=" SECRET);
	EXPECT_RECORD(.verdict = "deny", .reason = "mechanism", .operation = "io-uring");
	/* However high its number. */
	EXPECT_DENIED(PLAIN, "uring uring_as_file dup_to=700 exec=" CLEARED " try open=" SECRET);
	EXPECT_DENIED(PLAIN, "uring uring_keep exec=" PLAIN " exec=" CLEARED " try open=" SECRET);
	EXPECT_DENIED(PLAIN, "uring uring_keep fork exec=" CLEARED " try open=" SECRET);
	/* What closes over the exec costs nothing. */
	EXPECT_ACTOR(PLAIN, "uring exec=" CLEARED " try open=" SECRET " read", ACTOR_OK);
}

TEST_F(guarded, M11_B3_ring_is_not_received_by_the_cleared)
{
	static const struct actor_call holder = { .program = PLAIN,
						  .steps = "uring uring_as_file dup_to=40 hold" };
	char steps[64];
	pid_t pid = actor_start(&holder);

	ASSERT_TRUE(actor_wait_stopped(pid));
	snprintf(steps, sizeof(steps), "try pidfd_getfd=%d,40", pid);
	EXPECT_DENIED(CLEARED, steps);
	EXPECT_ACTOR(PLAIN, steps, ACTOR_OK);
	kill(pid, SIGKILL);
	actor_wait(pid);
}

/* ---- What went into a ring under the policy before ------------------------------------ */

#define LATER	   SRV_DIR "/ringed"
#define LATER_FILE LATER "/file"
#define LATER_NULL LATER "/null"
#define PREPARED   "uring open=" LATER_FILE " uring_register "

FIXTURE(ring_of_before)
{
	pid_t pid;
};

FIXTURE_VARIANT(ring_of_before)
{
	const char *steps;
};

FIXTURE_VARIANT_ADD(ring_of_before,
		    M11_B7_G12_registered_file){ PREPARED "stop try uring_read_slot" };
FIXTURE_VARIANT_ADD(ring_of_before, M11_B7_G12_installed){ PREPARED "stop try uring_install read" };
FIXTURE_VARIANT_ADD(ring_of_before, M11_B7_G12_sent_to_another_ring){
	PREPARED "uring uring_slots stop try uring_send_slot uring_read_slot"
};
/* The program is new, has opened nothing, and cannot know what the ring holds. */
FIXTURE_VARIANT_ADD(ring_of_before,
		    M11_B7_G12_inherited_ring){ PREPARED "uring_keep stop try uring_hand_to=" PLAIN
							 ",uring_map+uring_read_slot" };
FIXTURE_VARIANT_ADD(ring_of_before,
		    M11_B12_G12_command){ "uring open_w=" LATER_NULL " stop try uring_cmd" };

FIXTURE_SETUP(ring_of_before)
{
	int fd;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, control_load_next(NULL));
	mkdir(LATER, 0777);
	unlink(LATER_NULL);
	ASSERT_EQ(0, mknod(LATER_NULL, S_IFCHR | 0666, makedev(1, 3)));
	fd = open(LATER_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 4096));
	close(fd);
	self->pid = actor_start(&(struct actor_call){ .program = PLAIN, .steps = variant->steps });
	ASSERT_TRUE(actor_wait_stopped(self->pid));
}

FIXTURE_TEARDOWN(ring_of_before)
{
	EXPECT_EQ(0, control_load_next(NULL));
}

TEST_F(ring_of_before, cleared_by_the_same_policy_again)
{
	ASSERT_EQ(0, control_load_next(NULL));
	kill(self->pid, SIGCONT);
	EXPECT_EQ(ACTOR_OK, actor_wait(self->pid));
}

TEST_F(ring_of_before, is_judged_by_the_policy_of_now)
{
	static const struct policy_change stricter = { .more = "file " LATER "/** secret" };
	int status;

	ASSERT_EQ(0, control_load_next(&stricter));
	kill(self->pid, SIGCONT);
	status = actor_wait(self->pid);
	EXPECT_TRUE(actor_denied(status))
	{
		TH_LOG("%s", actor_status_text(status));
	}
}

TEST_HARNESS_MAIN
