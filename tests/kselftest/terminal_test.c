// SPDX-License-Identifier: GPL-2.0-only
/* bpf/terminal.bpf.h, kmod/terminal.c: pseudo-terminals float, in each direction. */
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#include "control.h"
#include "scenario.h"

#define LOOT LOW_ARENA "/loot"

struct pair {
	int master, slave;
};

/* Raw, so that nothing waits for the end of a line and nothing is echoed. False: none to be had. */
static bool pair_open(struct pair *pair)
{
	struct termios settings;
	int unlocked = 0;

	pair->slave = -1;
	pair->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pair->master >= 0 && !ioctl(pair->master, TIOCSPTLCK, &unlocked))
		pair->slave = ioctl(pair->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pair->slave < 0 || tcgetattr(pair->slave, &settings))
		return false;
	cfmakeraw(&settings);
	return !tcsetattr(pair->slave, TCSANOW, &settings);
}

FIXTURE(terminal)
{
	struct pair pair;
};

enum side {
	MASTER,
	SLAVE
};

/* @writer's steps follow `taint=`; each inherits its side as descriptor 10. */
FIXTURE_VARIANT(terminal)
{
	enum side writes, reads;
	const char *writer, *reader;
	bool waits; /* the reader is in its read when the label rises */
};

#define TERMINAL(name, ...)                 \
	FIXTURE_VARIANT_ADD(terminal, name) \
	{                                   \
		__VA_ARGS__                 \
	}
TERMINAL(M16_B17_shown, SLAVE, MASTER, "fd=10 write", "fd=10 try read");
TERMINAL(M16_B17_typed, MASTER, SLAVE, "fd=10 write", "fd=10 try read");
TERMINAL(M16_B17_echoed, MASTER, MASTER, "fd=10 echo write", "fd=10 try read");
TERMINAL(M16_B17_shown_writev, SLAVE, MASTER, "fd=10 writev", "fd=10 try readv");
TERMINAL(M16_B17_dev_tty, SLAVE, MASTER, "fd=10 control open_rw=/dev/tty write", "fd=10 try read");
TERMINAL(M16_B17_peer, MASTER, MASTER, "fd=10 peer write", "fd=10 try read");
TERMINAL(M16_B17_peer_reads, MASTER, MASTER, "fd=10 write", "fd=10 peer try read");
TERMINAL(M16_B17_inserted, SLAVE, SLAVE, "fd=10 insert", "fd=10 try read");
TERMINAL(M16_B17_inserted_at_master, MASTER, MASTER, "fd=10 insert", "fd=10 try read");
TERMINAL(M16_A10_B17_spliced, SLAVE, MASTER, "fd=10 pipe_splice_out", "fd=10 try splice");
TERMINAL(M16_G2_shown_read_waits, SLAVE, MASTER, "fd=10 write", "fd=10 try read", true);
TERMINAL(M16_G2_typed_read_waits, MASTER, SLAVE, "fd=10 write", "fd=10 try read", true);

FIXTURE_SETUP(terminal)
{
	ASSERT_EQ(0, attack_reset_arenas());
	ASSERT_TRUE(pair_open(&self->pair));
}

FIXTURE_TEARDOWN(terminal)
{
	close(self->pair.master);
	close(self->pair.slave);
}

static int end_of(const struct pair *pair, enum side side)
{
	return side == MASTER ? pair->master : pair->slave;
}

struct transfer {
	int writer, reader; /* how they ended */
};

/* The writer has read the secret, or says what is harmless; @program reads. */
static struct transfer transfer(const struct _fixture_variant_terminal *terminal,
				const struct pair *pair, const char *before, const char *program,
				const char *reader)
{
	char writer[512];
	const struct actor_call write = { .program = CLEARED,
					  .steps = writer,
					  .inherited = { end_of(pair, terminal->writes) } };
	const struct actor_call read = { .program = program,
					 .steps = reader,
					 .loot = strcmp(program, PLAIN) ? NULL : LOOT,
					 .inherited = { end_of(pair, terminal->reads) } };
	struct transfer done = { .reader = -1 };
	pid_t pid = 0;

	snprintf(writer, sizeof(writer), "%s try %s", before, terminal->writer);
	if (terminal->waits) {
		pid = actor_start(&read);
		if (!actor_wait_asleep(pid, "wait_woken"))
			return done;
	}
	done.writer = actor_run(&write);
	if (!pid && done.writer == ACTOR_OK)
		pid = actor_start(&read);
	if (pid && done.writer != ACTOR_OK)
		kill(pid, SIGKILL);
	if (pid)
		done.reader = actor_wait(pid);
	return done;
}

TEST_F(terminal, permissive_leaks)
{
	struct transfer done;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	done = transfer(variant, &self->pair, "taint=" SECRET, PLAIN, variant->reader);
	EXPECT_EQ(ACTOR_OK, done.writer);
	EXPECT_EQ(ACTOR_OK, done.reader);
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(terminal, cleared_reader_is_tainted)
{
	char reader[512];
	struct transfer done;

	snprintf(reader, sizeof(reader), "is_clean=" PROBE " %s is_tainted=" PROBE,
		 variant->reader);
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	done = transfer(variant, &self->pair, "taint=" SECRET, CLEARED, reader);
	EXPECT_EQ(ACTOR_OK, done.writer);
	EXPECT_EQ(ACTOR_OK, done.reader)
	{
		TH_LOG("the reader: %s", actor_status_text(done.reader));
	}
}

TEST_F(terminal, enforcing_denies)
{
	struct transfer done;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	done = transfer(variant, &self->pair, "taint=" SECRET, PLAIN, variant->reader);
	EXPECT_TRUE(actor_denied(done.writer) || actor_denied(done.reader))
	{
		TH_LOG("the writer: %s", actor_status_text(done.writer));
		TH_LOG("the reader: %s", actor_status_text(done.reader));
	}
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* Nothing that nobody tainted wrote is refused to anyone. */
TEST_F(terminal, untainted_passes)
{
	struct transfer done;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	done = transfer(variant, &self->pair, "say=harmless", PLAIN, variant->reader);
	EXPECT_EQ(ACTOR_OK, done.writer);
	EXPECT_EQ(ACTOR_OK, done.reader);
}

/* ---- A session -------------------------------------------------------------------------- */

static int play_at(const char *program, const char *steps, int fd)
{
	const struct actor_call call = { .program = program, .steps = steps, .inherited = { fd } };

	return actor_run(&call);
}

#define EXPECT_AT(fd, program, steps, wanted)                                             \
	do {                                                                              \
		int _status = play_at(program, steps, fd);                                \
		EXPECT_EQ(wanted, _status)                                                \
		{                                                                         \
			TH_LOG("%s: %s: %s", program, steps, actor_status_text(_status)); \
		}                                                                         \
	} while (0)

/* The terminal's server is not cleared: who prints is refused, and the session goes on. */
TEST_F(guarded, M16_server_without_clearance_goes_on)
{
	struct pair pair;

	ASSERT_TRUE(pair_open(&pair));
	EXPECT_AT(pair.slave, PLAIN, "say=prompt fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.master, PLAIN, "fd=10 read", ACTOR_OK);
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " try fd=10 write", EACCES);
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "write");
	EXPECT_AT(pair.slave, PLAIN, "say=prompt fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.master, PLAIN, "fd=10 read say=typed write", ACTOR_OK);
	EXPECT_AT(pair.slave, PLAIN, "fd=10 read", ACTOR_OK);
	close(pair.master);
	close(pair.slave);
}

/* It is cleared and trusted: what it forwards taints it, what is typed does not taint the shell. */
TEST_F(guarded, M16_trusted_server_types_to_a_shell_without_clearance)
{
	struct pair pair;

	ASSERT_TRUE(pair_open(&pair));
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.slave, PLAIN, "say=prompt fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.master, TRUSTED, "fd=10 read say=typed write", ACTOR_OK);
	EXPECT_RECORD(.verdict = "allow", .reason = "trusted", .operation = "write");
	EXPECT_AT(pair.slave, PLAIN, "fd=10 read", ACTOR_OK);
	/* The same by who is cleared only is a way down. */
	EXPECT_AT(pair.master, CLEARED, "taint=" SECRET " say=typed fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.slave, PLAIN, "try fd=10 read", EACCES);
	close(pair.master);
	close(pair.slave);
}

/* A label ends with its pair, though the next one has its number. */
TEST_F(guarded, M16_next_pair_has_no_label)
{
	struct pair pair;

	ASSERT_TRUE(pair_open(&pair));
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " fd=10 write", ACTOR_OK);
	close(pair.master);
	close(pair.slave);
	ASSERT_TRUE(pair_open(&pair));
	EXPECT_AT(pair.slave, PLAIN, "say=prompt fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.master, PLAIN, "fd=10 read", ACTOR_OK);
	close(pair.master);
	close(pair.slave);
}

/* Enough for `less`, too few to read a file by. */
TEST_F(guarded, B17_settings_float_beyond_their_budget)
{
	struct pair pair;

	ASSERT_TRUE(pair_open(&pair));
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " fd=10 set_settings=1", ACTOR_OK);
	EXPECT_AT(pair.slave, PLAIN, "fd=10 get_settings", ACTOR_OK);
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " fd=10 set_settings=1000", ACTOR_OK);
	EXPECT_AT(pair.slave, PLAIN, "try fd=10 get_settings", EACCES);
	EXPECT_AT(pair.slave, CLEARED, "fd=10 get_settings is_tainted=" PROBE, ACTOR_OK);
	close(pair.master);
	close(pair.slave);
}

/* What a line discipline takes in goes to the network past every rule about hosts. */
TEST_F(guarded, D19_B17_line_discipline)
{
	struct pair pair;

	ASSERT_TRUE(pair_open(&pair));
	EXPECT_AT(pair.slave, PLAIN, "try fd=10 discipline=1", EACCES);
	EXPECT_AT(pair.slave, TRUSTED, "fd=10 discipline=0", ACTOR_OK);
	close(pair.master);
	close(pair.slave);
}

/* Who cannot live with that says so in the policy. */
TEST_F(guarded, M16_neutral_by_rule)
{
	const struct policy_change neutral = { .more = "on terminal neutral" };
	long long version = control_number("policy.version");
	struct pair pair;

	ASSERT_TRUE(pair_open(&pair));
	ASSERT_EQ(0, control_load(version + 1, &neutral, NULL, 0));
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.master, PLAIN, "fd=10 read", ACTOR_OK);
	EXPECT_EQ(0, control_load(version + 2, NULL, NULL, 0));
	EXPECT_AT(pair.slave, CLEARED, "taint=" SECRET " fd=10 write", ACTOR_OK);
	EXPECT_AT(pair.master, PLAIN, "try fd=10 read", EACCES);
	close(pair.master);
	close(pair.slave);
}

TEST_HARNESS_MAIN
