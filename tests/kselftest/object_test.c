// SPDX-License-Identifier: GPL-2.0-only
/* Kernel objects that two processes have in common, by a descriptor or by name: what they carry. */
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "attack_rows.h"
#include "scenario.h"

#define MEET "unix_listen=@object stop unix_accept "
#define JOIN "unix_connect=@object "
#define GIVE "swap send_fd "

/* ---- Memory by a descriptor ------------------------------------------------------------ */

/* The file belongs to the memory: that its thread has ended changes nothing. */
ATTACK(B9_G2_memory_by_the_file_of_a_thread_that_ended, .kind = ATTACK_READ,
       .holder = MEET "thread_mem " GIVE "taint=%s expose hold",
       .steps = JOIN "try recv_fd read_exposed_soon", .reason = "act-up", .operation = "act");

/* Who holds a userfaultfd writes into the memory of who made it. */
ATTACK(B9_B16_userfaultfd_fills, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = MEET "fault_page " GIVE "fault_await",
       .steps = JOIN "recv_fd taint=%s try fault_fill", .reason = "write-down", .operation = "act");

/* ---- What is told to whoever holds a descriptor -------------------------------------------- */

/* Nobody may do that; its control writes to the place itself. */
#define DIRECTLY JOIN "recv_fd taint=%s create=%p/instead write"
ATTACK(B20_socket_filter, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = MEET "udp_socket=4 " GIVE "swap filter_await",
       .steps = JOIN "recv_fd taint=%s try filter_payload", .cleared_steps = DIRECTLY,
       .reason = "write-down", .operation = "setsockopt");

ATTACK(B11_map, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = MEET "map_new " GIVE "swap map_await",
       .steps = JOIN "recv_fd taint=%s try map_payload", .cleared_steps = DIRECTLY,
       .reason = "write-down", .operation = "bpf");

ATTACK(C7_parameter_of_a_mount, .kind = ATTACK_WRITE_DOWN, .holder_receives = true,
       .holder = MEET "context_new " GIVE "swap context_await",
       .steps = JOIN "recv_fd taint=%s try context_payload", .cleared_steps = DIRECTLY,
       .reason = "write-down", .operation = "mount");

ATTACK(B6_which_descriptors_are_open, .kind = ATTACK_READ,
       .holder = "taint=%s descriptors_payload hold", .steps = "try descriptors_read=%d",
       .reason = "act-up");

/* Who listens to a process's system calls is told their arguments. */
FIXTURE(B4_listener)
{
	off_t from;
};

FIXTURE_SETUP(B4_listener)
{
	self->from = records_end();
}

FIXTURE_TEARDOWN(B4_listener)
{
}

#define GOT LOW_ARENA "/got"

/* PLAIN listens while CLEARED reads the secret. Returns CLEARED's status. */
static int hear_arguments(void)
{
	const struct actor_call listener = { .program = PLAIN,
					     .loot = GOT,
					     .steps = MEET "recv_fd seccomp_hear" };
	pid_t pid = actor_start(&listener);
	int status;

	if (!actor_wait_stopped(pid))
		return ACTOR_SETUP;
	kill(pid, SIGCONT);
	status = actor_play(CLEARED,
			    JOIN "seccomp_watched " GIVE "try taint=" SECRET " seccomp_tell");
	if (status)
		kill(pid, SIGKILL);
	actor_wait(pid);
	return status;
}

TEST_F(B4_listener, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_EQ(ACTOR_OK, hear_arguments());
	EXPECT_TRUE(place_holds(GOT, attack_canary(), CANARY_BYTES));
}

TEST_F(B4_listener, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_EQ(EACCES, hear_arguments());
	EXPECT_FALSE(place_holds(GOT, attack_canary(), CANARY_BYTES));
	EXPECT_RECORD(.verdict = "deny", .reason = "shared");
	/* Nobody listens any more. */
	EXPECT_ACTOR(CLEARED, "seccomp_watched close try taint=" SECRET, ACTOR_OK);
}

/* ---- What the kernel tells the network ------------------------------------------------------ */

ATTACK(D21_multicast_sources_are_reported, .kind = ATTACK_SEND, .host = SINK_LOW,
       .cleared = TRUSTED, .steps = "udp_socket=6 taint=%s try report_sources=%i",
       .reason = "write-down", .operation = "setsockopt");

/* ---- Names without a file ------------------------------------------------------------------- */

ATTACK(C2_name_link_of_a_fifo, .kind = ATTACK_WRITE_DOWN,
       .steps = "mkfifo=%p/fifo taint=%s try link_payload=%p/fifo,%p", .reason = "write-down",
       .operation = "link");

/* ---- Attributes of what carries nothing, or floats ------------------------------------------ */

TEST_F(guarded, A12_attributes_do_not_float)
{
	EXPECT_ACTOR(PLAIN, "utimes=/dev/null", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "mkfifo=" LOW_ARENA "/fifo utimes=" LOW_ARENA "/fifo", ACTOR_OK);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try utimes=/dev/null");
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try utimes=" LOW_ARENA "/fifo");
	/* What is written there floats as ever. */
	EXPECT_ACTOR(CLEARED, "open_rw=" LOW_ARENA "/fifo taint=" SECRET " write", ACTOR_OK);
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "attribute");
}

/* ---- Who reads when the label rises ----------------------------------------------------------- */

/* Both ends of a connection have readers of before. */
TEST_F(guarded, C4_G2_readers_at_both_ends)
{
	int ends[2];
	struct actor_call reader = { .program = PLAIN,
				     .loot = LOW_ARENA "/loot",
				     .steps = "fd=10 try recv" };
	struct actor_call writer = { .program = CLEARED,
				     .steps = "taint=" SECRET " fd=10 send fd=11 send" };
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	reader.inherited[0] = ends[0];
	pid = actor_start(&reader);
	EXPECT_TRUE(actor_wait_asleep(pid, "unix_stream"));
	writer.inherited[0] = ends[0];
	writer.inherited[1] = ends[1];
	actor_run(&writer);
	EXPECT_EQ(EACCES, actor_wait(pid));
	EXPECT_FALSE(place_holds(LOW_ARENA "/loot", attack_canary(), CANARY_BYTES));
	close(ends[0]);
	close(ends[1]);
}

/* A read of a memory file takes time; nobody has it mapped. */
TEST_F(guarded, B14_G2_memory_file_is_being_read)
{
	int fd = memfd_create("long", MFD_CLOEXEC);
	const struct actor_call reader = { .program = PLAIN,
					   .loot = LOW_ARENA "/loot",
					   .steps = "fd=10 try read_all_day",
					   .inherited = { fd } };
	const struct actor_call writer = { .program = CLEARED,
					   .steps = "taint=" SECRET " fd=10 write_far",
					   .inherited = { fd } };
	const struct timespec pause = { .tv_nsec = 300000000 };
	pid_t pid;

	ASSERT_EQ(0, ftruncate(fd, 48 << 20));
	pid = actor_start(&reader);
	ASSERT_TRUE(actor_wait_stopped(pid));
	kill(pid, SIGCONT);
	nanosleep(&pause, NULL);
	EXPECT_EQ(ACTOR_OK, actor_run(&writer));
	EXPECT_EQ(EACCES, actor_wait(pid));
	EXPECT_FALSE(place_holds(LOW_ARENA "/loot", attack_canary(), CANARY_BYTES));
	close(fd);
}

/* ---- What is set, and seen by all ----------------------------------------------------------- */

TEST_F(guarded, C7_mounts_of_all_kinds)
{
	EXPECT_ACTOR(CLEARED, "unshare_mounts bind=" LOW_ARENA "," LOW_ARENA "/dir", ACTOR_OK);
	EXPECT_DENIED(CLEARED,
		      "unshare_mounts taint=" SECRET " try bind=" LOW_ARENA "," LOW_ARENA "/dir");
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "mount");
}

TEST_F(guarded, D14_network_by_a_sockets_command)
{
	EXPECT_ACTOR(CLEARED, "unshare_net queue_length=7", ACTOR_OK);
	EXPECT_DENIED(CLEARED, "unshare_net taint=" SECRET " try queue_length=8");
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "ioctl");
}

TEST_F(guarded, C6_owners_of_objects)
{
	static const char *const kinds[] = { "m", "q", "s" };
	char steps[128];

	for (int i = 0; i < 3; i++) {
		snprintf(steps, sizeof(steps), "ipc_give=%s", kinds[i]);
		EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
		snprintf(steps, sizeof(steps), "taint=" SECRET " try ipc_give=%s", kinds[i]);
		EXPECT_DENIED(CLEARED, steps);
	}
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "attribute");
}

/* ---- Samples of who runs -------------------------------------------------------------------- */

TEST_F(guarded, B9_who_is_sampled_does_not_rise)
{
	EXPECT_DENIED(CLEARED, "sampled try taint=" SECRET);
	EXPECT_RECORD(.verdict = "deny", .reason = "shared");
	EXPECT_ACTOR(CLEARED, "sampled taint=" LOW_FILE, ACTOR_OK);
}

TEST_F(guarded, B9_samples_of_all)
{
	EXPECT_ACTOR(PLAIN, "sample_all=0x1", ACTOR_OK); /* where they are */
	EXPECT_DENIED(PLAIN, "try sample_all=0x2000"); /* stacks */
	EXPECT_DENIED(PLAIN, "try sample_all=0x400"); /* raw data */
	EXPECT_RECORD(.verdict = "deny", .reason = "guard", .operation = "kernel");
}

TEST_HARNESS_MAIN
