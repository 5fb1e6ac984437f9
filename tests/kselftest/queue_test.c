// SPDX-License-Identifier: GPL-2.0-only
/* bpf/queue.bpf.c, and the keys and signals of bpf/ipc.bpf.c. */
#include "scenario.h"

#define QUEUE	  "7411"
#define SEMAPHORE "7412"
#define MQ	  "/cordon-test"

/* Where the writer has read the secret: both may know it, or the one who receives may not. */
struct queue_play {
	int writer, reader;
};

FIXTURE(queue){};

FIXTURE_VARIANT(queue)
{
	const char *make; /* by PLAIN, before anything is written */
	const char *writer; /* its steps after the read */
	const char *reader;
	const char *remove; /* by PLAIN, at the end */
};

FIXTURE_VARIANT_ADD(queue, C6_sysv_message){ "say=x", "msg_send=" QUEUE, "try msg_try=" QUEUE,
					     "msg_remove=" QUEUE };
FIXTURE_VARIANT_ADD(queue, C6_B20_sysv_semaphore){ "sem_set=" SEMAPHORE, "sem_up=" SEMAPHORE,
						   "try sem_get=" SEMAPHORE,
						   "sem_remove=" SEMAPHORE };
FIXTURE_VARIANT_ADD(queue, C6_B20_sysv_semaphore_value){ "sem_set=" SEMAPHORE, "sem_set=" SEMAPHORE,
							 "try sem_get=" SEMAPHORE,
							 "sem_remove=" SEMAPHORE };

FIXTURE_SETUP(queue)
{
	ASSERT_EQ(0, attack_reset_arenas());
	ASSERT_EQ(ACTOR_OK, actor_play(TRUSTED, variant->make));
}

/* Whoever may, removes it: its label goes with it. */
FIXTURE_TEARDOWN(queue)
{
	actor_play(TRUSTED, variant->remove);
}

static struct queue_play play(const struct _fixture_variant_queue *queue, const char *program)
{
	const struct actor_call read = { .program = program,
					 .steps = queue->reader,
					 .loot = strcmp(program, PLAIN) ? NULL :
									  LOW_ARENA "/loot" };
	char writer[256];
	struct queue_play done;

	snprintf(writer, sizeof(writer), "taint=%s try %s", SECRET, queue->writer);
	done.writer = actor_play(CLEARED, writer);
	done.reader = actor_run(&read);
	return done;
}

TEST_F(queue, permissive_leaks)
{
	struct queue_play done;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	done = play(variant, PLAIN);
	EXPECT_EQ(ACTOR_OK, done.writer);
	EXPECT_EQ(ACTOR_OK, done.reader);
	if (strstr(variant->writer, "msg"))
		EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(queue, cleared_reader_is_tainted)
{
	char steps[256];

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	snprintf(steps, sizeof(steps), "taint=%s try %s", SECRET, variant->writer);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	snprintf(steps, sizeof(steps), "is_clean=" PROBE " %s is_tainted=" PROBE, variant->reader);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
}

TEST_F(queue, enforcing_denies)
{
	struct queue_play done;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	done = play(variant, PLAIN);
	EXPECT_TRUE(actor_denied(done.writer) || actor_denied(done.reader))
	{
		TH_LOG("the writer: %s", actor_status_text(done.writer));
		TH_LOG("the reader: %s", actor_status_text(done.reader));
	}
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(queue, untainted_passes)
{
	char steps[256];

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	snprintf(steps, sizeof(steps), "say=harmless %s", variant->writer);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	EXPECT_ACTOR(PLAIN, variant->reader, ACTOR_OK);
}

/* ---- Where the tainted do without ------------------------------------------------------- */

FIXTURE(mechanism){};

FIXTURE_VARIANT(mechanism)
{
	const char *before; /* the reading */
	const char *after;
};

FIXTURE_VARIANT_ADD(mechanism, M6_C6_posix_queue){ "mq_open=" MQ, "mq_send" };
FIXTURE_VARIANT_ADD(mechanism, B19_key){ "say=x", "key_add=cordon-test" };

FIXTURE_SETUP(mechanism)
{
	ASSERT_EQ(0, attack_reset_arenas());
}

FIXTURE_TEARDOWN(mechanism)
{
}

TEST_F(mechanism, permissive_leaks)
{
	char steps[256];

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	snprintf(steps, sizeof(steps), "%s taint=%s try %s", variant->before, SECRET,
		 variant->after);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
}

TEST_F(mechanism, enforcing_denies)
{
	char steps[256];

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	snprintf(steps, sizeof(steps), "%s taint=%s try %s", variant->before, SECRET,
		 variant->after);
	EXPECT_DENIED(CLEARED, steps);
}

TEST_F(mechanism, untainted_passes)
{
	char steps[256];

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	snprintf(steps, sizeof(steps), "%s say=harmless %s", variant->before, variant->after);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	EXPECT_ACTOR(PLAIN, steps, ACTOR_OK);
}

/* The pages stay the writer's: what it stores after the read is in the pipe. */
TEST_F(guarded, M6_vmsplice_is_for_the_uncleared)
{
	int ends[2];
	struct actor_call call = { .program = PLAIN, .steps = "say=x fd=10 try vmsplice" };

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	call.inherited[0] = ends[1];
	EXPECT_EQ(ACTOR_OK, actor_run(&call));
	call.program = CLEARED;
	EXPECT_TRUE(actor_denied(actor_run(&call)));
	EXPECT_RECORD(.verdict = "deny", .reason = "mechanism", .operation = "write");
	close(ends[0]);
	close(ends[1]);
}

TEST_F(guarded, B18_signals_of_the_tainted)
{
	static const struct actor_call plain = { .program = PLAIN, .steps = "hold" };
	char steps[128];
	pid_t pid = actor_start(&plain);

	ASSERT_TRUE(actor_wait_stopped(pid));
	snprintf(steps, sizeof(steps), "say=harmless try signal=%d", pid);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	snprintf(steps, sizeof(steps), "taint=" SECRET " try signal_value=%d", pid);
	EXPECT_DENIED(CLEARED, steps);
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "act");
	/* kill(1) works. */
	snprintf(steps, sizeof(steps), "taint=" SECRET " try signal=%d", pid);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	kill(pid, SIGKILL);
	actor_wait(pid);
}

TEST_HARNESS_MAIN
