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
#define KMEMLEAK     "/sys/kernel/debug/kmemleak"

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

/* kmemleak wants two looks before it says that memory is lost. */
TEST_F(guarded, nothing_of_the_module_leaks)
{
	char line[512];
	int leaks = 0;
	FILE *report;

	if (access(KMEMLEAK, W_OK))
		SKIP(return, "this kernel has no kmemleak: make debug-kernel");
	ASSERT_TRUE(fault_write(KMEMLEAK, "scan"));
	ASSERT_TRUE(fault_write(KMEMLEAK, "scan"));
	report = fopen(KMEMLEAK, "r");
	ASSERT_NE(NULL, report);
	while (fgets(line, sizeof(line), report)) {
		if (!strstr(line, "[cordon]"))
			continue;
		TH_LOG("%s", line);
		leaks++;
	}
	fclose(report);
	EXPECT_EQ(0, leaks);
}

TEST_HARNESS_MAIN
