// SPDX-License-Identifier: GPL-2.0-only
/* bpf/rise.bpf.h, kmod/barrier.c, kmod/share.c: what is under way when a taint rises. */
#include "scenario.h"

/* CORDON_ROUNDS in the environment of `run` says how many instead: a thousand to be sure. */
#define ROUNDS "50"
/* A rise that is refused because it had to wait takes its time: always this many. */
#define SLOW_ROUNDS "2"
#define LOW_PLACE   LOW_ARENA "/told"
#define HIGH_PLACE  SECRET_ARENA "/told"

FIXTURE(flight){};

FIXTURE_VARIANT(flight)
{
	const char *kind; /* of actor_flight.c */
	const char *rounds;
};

#define FLIGHT(name, kind, rounds)        \
	FIXTURE_VARIANT_ADD(flight, name) \
	{                                 \
		kind, rounds              \
	}

FLIGHT(M5_G1_pipe_write, "pipe_write", ROUNDS);
FLIGHT(M5_G1_pipe_write_closed, "pipe_write_closed", "20");
FLIGHT(M5_G1_C4_stream_send, "stream_send", ROUNDS);
FLIGHT(A10_M6_memfd_sendfile, "memfd_sendfile", "20");
FLIGHT(M6_G1_memfd_splice, "memfd_splice", "20");
FLIGHT(B16_M5_held_write, "held_write", SLOW_ROUNDS);
FLIGHT(C3_G2_pipe_read, "pipe_read", ROUNDS);
FLIGHT(C4_G2_stream_recv, "stream_recv", ROUNDS);
FLIGHT(C4_G2_dgram_recv, "dgram_recv", "20");
FLIGHT(B9_G2_proc_mem, "proc_mem", ROUNDS);
FLIGHT(M6_B15_shared_anonymous, "shared_anonymous", "20");
FLIGHT(M6_B14_shared_memfd, "shared_memfd", "20");
FLIGHT(C1_B8_shared_file, "shared_file", "20");
FLIGHT(M6_B15_shared_segment, "shared_segment", "20");
FLIGHT(M10_B15_shared_vm, "shared_vm", "20");
FLIGHT(M10_B15_vfork, "vfork", "20");

FIXTURE_SETUP(flight)
{
	ASSERT_EQ(0, attack_reset_arenas());
	close(open(LOW_PLACE, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

FIXTURE_TEARDOWN(flight)
{
}

static int fly(const struct _fixture_variant_flight *flight, const char *place, const char *rounds)
{
	char steps[512];

	snprintf(steps, sizeof(steps), "try flight=%s,%s,%s,%s", flight->kind, SECRET, place,
		 rounds);
	return actor_play(CLEARED, steps);
}

TEST_F(flight, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(ACTOR_OK, fly(variant, LOW_PLACE, "3"));
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F_TIMEOUT(flight, enforcing_denies, 1200)
{
	const char *rounds = getenv("CORDON_ROUNDS");
	int status;

	if (!rounds || !strcmp(variant->rounds, SLOW_ROUNDS))
		rounds = variant->rounds;
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	status = fly(variant, LOW_PLACE, rounds);
	ASSERT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
	EXPECT_EQ(EACCES, status)
	{
		TH_LOG("%s: %s", variant->kind, actor_status_text(status));
	}
}

/* What stays open is measured, so that docs/known-limits.md can say how wide it is. */
static void measure(struct __test_metadata *_metadata, const char *kind)
{
	char steps[256], text[32] = "";
	int fd;

	snprintf(steps, sizeof(steps), "width=%s,%s,%s", kind, SECRET, LOW_ARENA "/width");
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	fd = open(LOW_ARENA "/width", O_RDONLY | O_CLOEXEC);
	EXPECT_LT(0, read(fd, text, sizeof(text) - 1));
	TH_LOG("width of %s: %ld bit/s", kind, atol(text));
	close(fd);
}

TEST_F(guarded, B20_limit_eventfd_width)
{
	measure(_metadata, "eventfd");
}

TEST_F(guarded, B18_limit_exit_code_width)
{
	measure(_metadata, "exit");
}

TEST_HARNESS_MAIN
