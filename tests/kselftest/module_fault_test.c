// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordon.ko when memory cannot be had: every allocation of loading, opening
 * and holding fails in turn. A call that fails leaves nothing behind, and the
 * next one goes well.
 */
#include "module.h"
#include "fault.h"
#include "harness.h"

#define LOAD_FAULTS  3000 /* bounds of the search, far above what is needed */
#define CALL_FAULTS  200
#define LONG_TIMEOUT 1200

FIXTURE(faults)
{
	int unused;
};

FIXTURE_SETUP(faults)
{
	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
}

FIXTURE_TEARDOWN(faults)
{
}

TEST_F_TIMEOUT(faults, G7_loading_takes_all_or_nothing, LONG_TIMEOUT)
{
	int failed = 0, nth;

	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	/* Not what the kernel's own boot left. */
	fault_write(KMEMLEAK, "clear");
	for (nth = 1; nth <= LOAD_FAULTS; nth++) {
		bool left;
		int err;

		ASSERT_TRUE(fault_arm(nth));
		err = load_module();
		left = fault_is_left();
		ASSERT_EQ(!err, is_loaded());
		failed += err != 0;
		if (!err)
			ASSERT_EQ(0, unload_module_soon());
		if (left)
			break;
	}
	TH_LOG("%d allocations, %d of them decide whether it loads", nth - 1, failed);
	EXPECT_GE(LOAD_FAULTS, nth);
	EXPECT_LT(0, failed);
	ASSERT_EQ(0, load_module());
	EXPECT_EQ(0, unload_module_soon());
	EXPECT_EQ(0, fault_count_leaks("unreferenced object"));
}

/* Opens the door, holds a link, sets the mode, undoes it: the first error. */
static int use_once(int link)
{
	struct cordon_hello hello;
	int door = open_door();
	int err;

	if (door < 0)
		return door;
	err = say_hello(door, &hello);
	if (!err)
		err = hold(door, link);
	if (!err)
		err = set_mode(door, CORDON_MODE_ENFORCING);
	set_mode(door, CORDON_MODE_PERMISSIVE);
	release_all(door);
	close(door);
	return err;
}

TEST_F_TIMEOUT(faults, G7_the_door_fails_clean, LONG_TIMEOUT)
{
	int link, failed = 0;

	if (!fault_prepare())
		SKIP(return, FAULT_REASON);
	ASSERT_EQ(0, load_module());
	link = deny_mkdir();
	ASSERT_LE(0, link);
	for (int nth = 1; nth <= CALL_FAULTS; nth++) {
		bool left;

		ASSERT_TRUE(fault_arm(nth));
		failed += use_once(link) != 0;
		left = fault_is_left();
		EXPECT_EQ(0, use_once(link));
		if (left)
			break;
	}
	EXPECT_LT(0, failed);
	close(link);
	EXPECT_EQ(0, unload_module_soon());
	EXPECT_EQ(0, fault_count_leaks("unreferenced object"));
}

TEST_HARNESS_MAIN
