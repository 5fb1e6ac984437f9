/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows of a *_test.c, each played three times (see attack.h):
 *
 *	ATTACK(A7_open_by_handle, .kind = ATTACK_READ, .steps = "…");
 *
 * A row is named for the bypasses it closes, then for what it does.
 */
#ifndef CORDON_TEST_ATTACK_ROWS_H
#define CORDON_TEST_ATTACK_ROWS_H

#include "harness.h"

#include "attack.h"

FIXTURE(attack)
{
	int unused;
};

FIXTURE_VARIANT(attack)
{
	struct attack row;
};

FIXTURE_SETUP(attack)
{
}

FIXTURE_TEARDOWN(attack)
{
}

#define ATTACK(name, ...)                 \
	FIXTURE_VARIANT_ADD(attack, name) \
	{                                 \
		.row = { __VA_ARGS__ }    \
	}

static inline void attack_judge(struct __test_metadata *_metadata, const char *seen)
{
	if (!seen)
		return;
	TH_LOG("%s", seen);
	EXPECT_STREQ("as it must be", seen);
}

TEST_F(attack, permissive_leaks)
{
	attack_judge(_metadata, attack_play(&variant->row, PHASE_PERMISSIVE));
}

TEST_F(attack, cleared_succeeds)
{
	attack_judge(_metadata, attack_play(&variant->row, PHASE_CLEARED));
}

TEST_F(attack, enforcing_denies)
{
	attack_judge(_metadata, attack_play(&variant->row, PHASE_ENFORCING));
}

#endif /* CORDON_TEST_ATTACK_ROWS_H */
