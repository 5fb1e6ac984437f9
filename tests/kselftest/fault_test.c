// SPDX-License-Identifier: GPL-2.0-only
/*
 * Storage that cannot be had is a denial, never an opening (bypass G7): every
 * allocation of a call fails in turn, and what was denied stays denied. And
 * nothing that the kernel keeps for the guard is lost.
 */
#include "fault.h"
#include "scenario.h"

#define FAULTS	     48 /* more allocations than any of these calls makes; see below */
#define LONG_TIMEOUT 600

FIXTURE(faults)
{
	int unused;
};

FIXTURE_VARIANT(faults)
{
	const char *program;
	const char *before; /* steps that are done without a fault */
	const char *attempt; /* denied without a fault, and with one */
};

#define DENIED(name, ...)                 \
	FIXTURE_VARIANT_ADD(faults, name) \
	{                                 \
		__VA_ARGS__               \
	}

DENIED(read_up, PLAIN, "", "open=" SECRET_ARENA "/file read");
DENIED(read_by_handle, PLAIN, "", "opath=" SECRET_ARENA "/file reopen read");
DENIED(truncate, PLAIN, "", "trunc=" SECRET_ARENA "/file");
DENIED(write_down, CLEARED, "taint=" SECRET, "open_w=" LOW_ARENA "/file write");
DENIED(write_down_new, CLEARED, "taint=" SECRET, "create=" LOW_ARENA "/new write");
DENIED(child_is_clean, CLEARED, "taint=" SECRET, "fork is_clean=" PROBE);
DENIED(exec_is_clean, CLEARED, "taint=" SECRET, "exec=" CLEARED " is_clean=" PROBE);
DENIED(exec_is_cleared, PLAIN, "", "exec=" PLAIN " open=" SECRET_ARENA "/file read");
DENIED(send, CLEARED, "taint=" SECRET, "udp=" LOW_V4 " send");
DENIED(reach, PLAIN, "", "udp=" UNK_V4 " send");

FIXTURE_SETUP(faults)
{
	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
}

FIXTURE_TEARDOWN(faults)
{
}

TEST_F_TIMEOUT(faults, G7_denied_whatever_fails, LONG_TIMEOUT)
{
	char steps[256];
	int failed = 0;

	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	snprintf(steps, sizeof(steps), "%s try %s", variant->before, variant->attempt);
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_DENIED(variant->program, steps);
	for (int nth = 1; nth <= FAULTS; nth++) {
		int status;

		/* New files: nothing is known of them. */
		ASSERT_EQ(0, attack_reset_arenas());
		snprintf(steps, sizeof(steps), "%s fault=%d try %s", variant->before, nth,
			 variant->attempt);
		status = actor_play(variant->program, steps);
		EXPECT_NE(ACTOR_OK, status)
		{
			TH_LOG("%s: %s", variant->program, steps);
		}
		EXPECT_NE(ACTOR_SETUP, status);
		failed += !actor_denied(status);
	}
	/* At least one of them was seen, so faults there were. */
	EXPECT_LT(0, failed);
}

FIXTURE(rise){};

FIXTURE_VARIANT(rise)
{
	const char *kind; /* of actor_flight.c */
};

/* Those that take the module's memory: for a barrier, for each kick, for the lists of who shares. */
FIXTURE_VARIANT_ADD(rise, M5_pipe_write){ "pipe_write" };
FIXTURE_VARIANT_ADD(rise, C3_pipe_read){ "pipe_read" };
FIXTURE_VARIANT_ADD(rise, M6_shared_anonymous){ "shared_anonymous" };

FIXTURE_SETUP(rise)
{
	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	close(open(LOW_ARENA "/told", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

FIXTURE_TEARDOWN(rise)
{
}

TEST_F_TIMEOUT(rise, G7_ends_nothing_or_is_refused, LONG_TIMEOUT)
{
	char steps[256];

	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	snprintf(steps, sizeof(steps), "try flight=%s," SECRET "," LOW_ARENA "/told,%d,fault",
		 variant->kind, FAULTS);
	EXPECT_ACTOR(CLEARED, steps, EACCES);
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* What is allowed may fail then, and goes well again afterwards. */
TEST_F_TIMEOUT(guarded, G7_allowed_again_afterwards, LONG_TIMEOUT)
{
	char steps[128];
	int failed = 0;

	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	for (int nth = 1; nth <= FAULTS; nth++) {
		ASSERT_EQ(0, attack_reset_arenas());
		snprintf(steps, sizeof(steps), "fault=%d try open=" SECRET_ARENA "/file read", nth);
		failed += actor_play(CLEARED, steps) != ACTOR_OK;
		EXPECT_ACTOR(CLEARED, "open=" SECRET_ARENA "/file read", ACTOR_OK);
	}
	EXPECT_LT(0, failed);
}

TEST_F_TIMEOUT(guarded, nothing_of_the_module_leaks, LONG_TIMEOUT)
{
	if (access(KMEMLEAK, W_OK))
		SKIP(return, "this kernel has no kmemleak: make debug-kernel");
	EXPECT_EQ(0, fault_count_leaks("[cordon]"));
}

TEST_HARNESS_MAIN
