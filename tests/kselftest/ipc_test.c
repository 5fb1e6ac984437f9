// SPDX-License-Identifier: GPL-2.0-only
/* bpf/ipc.bpf.c: R4, and channels whose label floats. */
#include <sys/socket.h>
#include <time.h>

#include "attack_rows.h"
#include "scenario.h"

/* ---- R4: acting on a subject is reading it ------------------------------------------ */

#define HOLDER "taint=%s expose hold"
ATTACK(B9_process_vm_readv, .kind = ATTACK_READ, .holder = HOLDER, .steps = "try vm_read=%d",
       .reason = "act-up", .operation = "act");
ATTACK(B9_proc_mem, .kind = ATTACK_READ, .holder = HOLDER,
       .steps = "try open_proc_mem=%d read_exposed", .reason = "act-up");
ATTACK(B9_ptrace_peek, .kind = ATTACK_READ, .holder = HOLDER, .steps = "try peek=%d",
       .reason = "act-up");

/* ---- ... and writing to it ------------------------------------------------------------ */

#define EXPOSED "expose stop await_exposed"
ATTACK(B9_process_vm_writev_down, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = EXPOSED, .steps = "taint=%s try vm_write=%d", .reason = "write-down",
       .operation = "act");
/* A tainted subject opens nothing in /proc for writing: these files have no label. */
ATTACK(B9_proc_mem_written_down, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = EXPOSED, .steps = "taint=%s try proc_mem_write=%d",
       .cleared_steps = "taint=%s try vm_write=%d", .reason = "write-down");
ATTACK(B9_ptrace_poke_down, .kind = ATTACK_WRITE_DOWN, .holder_receives = true, .holder = EXPOSED,
       .steps = "taint=%s try poke=%d", .reason = "write-down");

/* A cleared process that is written to by a tainted one is tainted. */
TEST_F(guarded, B9_written_to_is_tainted)
{
	static const struct actor_call holder = {
		.program = CLEARED, .steps = "expose stop await_exposed is_tainted=" PROBE
	};
	char steps[128];
	pid_t pid = actor_start(&holder);

	ASSERT_TRUE(actor_wait_stopped(pid));
	snprintf(steps, sizeof(steps), "taint=" SECRET " try vm_write=%d", pid);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	kill(pid, SIGCONT);
	EXPECT_EQ(ACTOR_OK, actor_wait(pid));
}

TEST_F(guarded, R4_acting_is_by_clearance)
{
	static const struct actor_call holder = { .program = CLEARED,
						  .steps = "taint=" SECRET " expose hold" };
	static const struct actor_call plain_holder = { .program = PLAIN,
							.steps = "say=plain expose hold" };
	char steps[128];
	pid_t pid = actor_start(&holder);

	ASSERT_TRUE(actor_wait_stopped(pid));
	snprintf(steps, sizeof(steps), "try seize=%d", pid);
	EXPECT_DENIED(PLAIN, steps);
	snprintf(steps, sizeof(steps), "say=overwritten try vm_write=%d", pid);
	EXPECT_DENIED(PLAIN, steps);
	/* Who may read the other's memory carries its taint afterwards. */
	snprintf(steps, sizeof(steps), "vm_read=%d is_tainted=" PROBE, pid);
	EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	kill(pid, SIGKILL);
	actor_wait(pid);

	pid = actor_start(&plain_holder);
	ASSERT_TRUE(actor_wait_stopped(pid));
	snprintf(steps, sizeof(steps), "vm_read=%d is_clean=" PROBE, pid);
	EXPECT_ACTOR(PLAIN, steps, ACTOR_OK);
	kill(pid, SIGKILL);
	actor_wait(pid);
}

/* Cleared, but it has read nothing yet: what it will read is worth as much. */
TEST_F(guarded, F3_B9_target_before_its_taint)
{
	static const struct actor_call holder = { .program = CLEARED, .steps = "hold" };
	char steps[128];
	pid_t pid = actor_start(&holder);

	ASSERT_TRUE(actor_wait_stopped(pid));
	snprintf(steps, sizeof(steps), "try open_proc_mem=%d", pid);
	EXPECT_DENIED(PLAIN, steps);
	snprintf(steps, sizeof(steps), "try seize=%d", pid);
	EXPECT_DENIED(PLAIN, steps);
	kill(pid, SIGKILL);
	actor_wait(pid);
}

/* ---- Channels without a path float ------------------------------------------------- */

enum channel_kind {
	CHANNEL_PIPE,
	CHANNEL_WAITED, /* a pipe whose reader is in read() already */
	CHANNEL_STREAM,
	CHANNEL_DGRAM,
	CHANNEL_NAMED
};

FIXTURE(channel)
{
	int ends[2]; /* of a channel that both inherit: read, write */
};

#define FIFO LOW_ARENA "/fifo"
/* The test makes it when all is written: a reader that is already blocked is another matter. */
#define WRITTEN LOW_ARENA "/written"

/*
 * @writer's steps follow `taint=`, @reader's are all. With CHANNEL_NAMED the
 * reader comes first and stops when it can be found; the others inherit their
 * ends as descriptor 10.
 */
FIXTURE_VARIANT(channel)
{
	enum channel_kind kind;
	const char *writer;
	const char *reader;
};

FIXTURE_VARIANT_ADD(channel, C3_pipe){ CHANNEL_PIPE, "fd=10 write", "fd=10 try read" };
FIXTURE_VARIANT_ADD(channel, C3_pipe_read_waits){ CHANNEL_WAITED, "fd=10 write", "fd=10 try read" };
FIXTURE_VARIANT_ADD(channel, C3_pipe_readv_waits){ CHANNEL_WAITED, "fd=10 writev",
						   "fd=10 try readv" };
FIXTURE_VARIANT_ADD(channel, C3_pipe_writev){ CHANNEL_PIPE, "fd=10 writev", "fd=10 try readv" };
FIXTURE_VARIANT_ADD(channel, A10_C3_pipe_sendfile){ CHANNEL_PIPE, "fd=10 sendfile_out",
						    "fd=10 try read" };
FIXTURE_VARIANT_ADD(channel, M6_A10_C3_pipe_splice){ CHANNEL_PIPE, "fd=10 pipe_splice_out",
						     "fd=10 try splice" };
FIXTURE_VARIANT_ADD(channel, M6_C3_pipe_tee){ CHANNEL_PIPE, "fd=10 tee_out", "fd=10 try tee" };
FIXTURE_VARIANT_ADD(channel, C3_pipe_reopened){ CHANNEL_PIPE, "fd=10 write",
						"fd=10 try reopen read" };
FIXTURE_VARIANT_ADD(channel, C4_socketpair_stream){ CHANNEL_STREAM, "fd=10 write",
						    "fd=10 try read" };
FIXTURE_VARIANT_ADD(channel, C4_socketpair_send){ CHANNEL_STREAM, "fd=10 send", "fd=10 try recv" };
FIXTURE_VARIANT_ADD(channel, M8_socketpair_splice){ CHANNEL_STREAM, "fd=10 write",
						    "fd=10 try splice" };
FIXTURE_VARIANT_ADD(channel, C4_socketpair_dgram){ CHANNEL_DGRAM, "fd=10 send", "fd=10 try recv" };
FIXTURE_VARIANT_ADD(channel, C4_abstract_stream){ CHANNEL_NAMED, "unix_connect=@ch write",
						  "unix_listen=@ch stop unix_accept await=" WRITTEN
						  " try recv" };
FIXTURE_VARIANT_ADD(channel,
		    C4_abstract_stream_read){ CHANNEL_NAMED, "unix_connect=@ch send",
					      "unix_listen=@ch stop unix_accept await=" WRITTEN
					      " try read" };
FIXTURE_VARIANT_ADD(channel, C4_abstract_dgram){ CHANNEL_NAMED, "unix_sendto=@ch",
						 "unix_bind_dgram=@ch stop await=" WRITTEN
						 " try recv" };
FIXTURE_VARIANT_ADD(channel, C3_fifo){ CHANNEL_NAMED, "open_rw=" FIFO " write",
				       "open_rw=" FIFO " stop await=" WRITTEN " try read" };

/* Then the file is opened first: the secret, or one of which anyone may know. */
static bool sends_a_file(const struct _fixture_variant_channel *channel)
{
	return strstr(channel->writer, "sendfile_out") != NULL;
}

FIXTURE_SETUP(channel)
{
	ASSERT_EQ(0, attack_reset_arenas());
	switch (variant->kind) {
	case CHANNEL_PIPE:
	case CHANNEL_WAITED:
		ASSERT_EQ(0, pipe2(self->ends, O_CLOEXEC));
		break;
	case CHANNEL_STREAM:
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, self->ends));
		break;
	case CHANNEL_DGRAM:
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, self->ends));
		break;
	case CHANNEL_NAMED:
		ASSERT_EQ(0, mkfifo(FIFO, 0666));
		ASSERT_EQ(0, chmod(FIFO, 0666));
		break;
	}
}

FIXTURE_TEARDOWN(channel)
{
	if (variant->kind == CHANNEL_NAMED)
		return;
	close(self->ends[0]);
	close(self->ends[1]);
}

/* Whether the steps stop on the way for the other end. */
static bool comes_first(const char *reader)
{
	return strstr(reader, " stop ") != NULL;
}

struct transfer {
	int writer, reader; /* how they ended */
	pid_t writer_pid, reader_pid;
};

/* The writer has read the secret; @program reads. Nobody waits for what never comes. */
static struct transfer transfer(const struct _fixture_variant_channel *channel, const int ends[2],
				const char *program, const char *reader)
{
	char writer[512];
	const struct actor_call write = { .program = CLEARED,
					  .steps = writer,
					  .inherited = { ends[1] } };
	const struct actor_call read = { .program = program,
					 .steps = reader,
					 .loot = strcmp(program, PLAIN) ? NULL : LOW_ARENA "/loot",
					 .inherited = { ends[0] } };
	struct transfer done = { .reader = -1 };

	snprintf(writer, sizeof(writer), "taint=" SECRET " try %s%s",
		 sends_a_file(channel) ? "open=" SECRET " " : "", channel->writer);
	if (comes_first(reader)) {
		done.reader_pid = actor_start(&read);
		if (!actor_wait_stopped(done.reader_pid))
			return done;
		kill(done.reader_pid, SIGCONT);
	} else if (channel->kind == CHANNEL_WAITED) {
		done.reader_pid = actor_start(&read);
		if (!actor_wait_asleep(done.reader_pid, "pipe_read"))
			return done;
	}
	done.writer_pid = actor_start(&write);
	done.writer = actor_wait(done.writer_pid);
	close(open(WRITTEN, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	if (!done.reader_pid && done.writer == ACTOR_OK)
		done.reader_pid = actor_start(&read);
	if (done.writer != ACTOR_OK && done.reader_pid)
		kill(done.reader_pid, SIGKILL);
	if (done.reader_pid)
		done.reader = actor_wait(done.reader_pid);
	return done;
}

TEST_F(channel, permissive_leaks)
{
	struct transfer done;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	done = transfer(variant, self->ends, PLAIN, variant->reader);
	EXPECT_EQ(ACTOR_OK, done.writer);
	EXPECT_EQ(ACTOR_OK, done.reader);
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(channel, cleared_reader_is_tainted)
{
	char reader[512];
	struct transfer done;

	snprintf(reader, sizeof(reader), "is_clean=" PROBE " %s is_tainted=" PROBE,
		 variant->reader);
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	done = transfer(variant, self->ends, CLEARED, reader);
	EXPECT_EQ(ACTOR_OK, done.writer);
	EXPECT_EQ(ACTOR_OK, done.reader)
	{
		TH_LOG("the reader: %s", actor_status_text(done.reader));
	}
}

TEST_F(channel, enforcing_denies)
{
	struct transfer done;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	done = transfer(variant, self->ends, PLAIN, variant->reader);
	EXPECT_TRUE(actor_denied(done.writer) || actor_denied(done.reader))
	{
		TH_LOG("the writer: %s", actor_status_text(done.writer));
		TH_LOG("the reader: %s", actor_status_text(done.reader));
	}
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* Nothing that nobody tainted wrote is refused to anyone. */
TEST_F(channel, untainted_passes)
{
	char writer[512];
	struct actor_call write = { .program = CLEARED,
				    .steps = writer,
				    .inherited = { self->ends[1] } };
	struct actor_call read = { .program = PLAIN,
				   .steps = variant->reader,
				   .inherited = { self->ends[0] } };
	pid_t reader = -1;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	snprintf(writer, sizeof(writer), "say=harmless %s%s",
		 sends_a_file(variant) ? "open=" LOW_FILE " " : "", variant->writer);
	if (comes_first(variant->reader)) {
		reader = actor_start(&read);
		ASSERT_TRUE(actor_wait_stopped(reader));
		kill(reader, SIGCONT);
	} else if (variant->kind == CHANNEL_WAITED) {
		reader = actor_start(&read);
		ASSERT_TRUE(actor_wait_asleep(reader, "pipe_read"));
	}
	EXPECT_EQ(ACTOR_OK, actor_run(&write));
	close(open(WRITTEN, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	if (reader < 0)
		reader = actor_start(&read);
	EXPECT_EQ(ACTOR_OK, actor_wait(reader));
}

/* ---- Unix sockets with a path have its label ------------------------------------------ */

ATTACK(C4_named_stream, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = "unix_listen=%p/sock stop unix_accept recv",
       .steps = "taint=%s try unix_connect=%p/sock write", .reason = "write-down",
       .operation = "unix-connect");
ATTACK(C4_named_stream_connected_before, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = "unix_listen=%p/sock stop unix_accept recv",
       .steps = "unix_connect=%p/sock taint=%s try write", .reason = "write-down");
ATTACK(C4_named_dgram, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = "unix_bind_dgram=%p/sock stop recv", .steps = "taint=%s try unix_sendto=%p/sock",
       .reason = "write-down");

TEST_HARNESS_MAIN
