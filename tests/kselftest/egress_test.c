// SPDX-License-Identifier: GPL-2.0-only
/* bpf/egress.bpf.c: the last check stands at the packet and sees the taint of now. */
#include "attack_rows.h"
#include "scenario.h"

/*
 * 16 MB are being sent to a host that does not read yet, when a thread reads the
 * secret into the half that has not left: all of it was checked before the rise.
 */
#define FLOOD "try flood=%s,16777216"
ATTACK(M5_G1_blocked_send, .kind = ATTACK_SEND, .host = SINK_LOW, .other_error = ETIMEDOUT,
       .reason = "host-clearance", .operation = "packet", .steps = "tcp=%h,9002 " FLOOD);
ATTACK(M5_G1_blocked_send_v6, .kind = ATTACK_SEND, .host = SINK_LOW, .other_error = ETIMEDOUT,
       .reason = "host-clearance", .operation = "packet", .steps = "tcp=%H,9002 " FLOOD);

/* What was sent before the rise has left, and arrives. */
TEST_F(guarded, sent_before_the_rise_arrives)
{
	ASSERT_EQ(0, sink_forget(SINK_LOW));
	EXPECT_ACTOR(CLEARED, "say=before-the-rise tcp=" LOW_V4 ",9000 send taint=" SECRET,
		     ACTOR_OK);
	EXPECT_TRUE(sink_received(SINK_LOW, "before-the-rise", 15));
	EXPECT_FALSE(sink_received(SINK_LOW, attack_canary(), CANARY_BYTES));
}

TEST_HARNESS_MAIN
