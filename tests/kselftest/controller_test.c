// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordond and the module together: enforcement does not need the controller,
 * and what it could not take is counted. Runs after all other tests: what it
 * does to the guard no other should need.
 */
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "control.h"
#include "scenario.h"

#define PINS	 "/sys/fs/bpf/cordon"
#define FTRACE	 "/proc/sys/kernel/ftrace_enabled"
#define DETACH_S 12 /* an unheld link is gone some ten seconds after its pin */
#define STORM	 6000 /* more than the ring holds */
#define MODULE	 "/cordon.ko"

static bool is_enforced(void)
{
	return actor_denied(actor_play(PLAIN, "try open=" SECRET)) &&
	       actor_denied(actor_play(PLAIN, "try tcp=" UNK_V4 ",9000")) &&
	       actor_play(CLEARED, "try open=" SECRET " read") == ACTOR_OK;
}

static bool wait_gone(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 1000; i++) {
		if (kill(pid, 0) && errno == ESRCH)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Ends the controller the hard way; it does not come back by itself here. */
static bool kill_controller(void)
{
	pid_t pid = control_pid();

	return pid > 0 && kill(pid, SIGKILL) == 0 && wait_gone(pid) && control_pid() < 0;
}

TEST_F(guarded, status_names_what_is_covered)
{
	struct json_object *status = control_status(), *coverage;

	ASSERT_TRUE(status != NULL);
	coverage = record_field(status, "coverage");
	ASSERT_LT(4, (int)json_object_array_length(coverage));
	for (size_t i = 0; i < json_object_array_length(coverage); i++) {
		struct json_object *point = json_object_array_get_idx(coverage, i);

		EXPECT_TRUE(json_object_get_boolean(record_field(point, "covered")))
		{
			TH_LOG("%s: %s", record_text(point, "point"), record_text(point, "why"));
		}
	}
	EXPECT_EQ(0, record_number(status, "subjects.unlabelled"));
	json_object_put(status);
}

TEST_F(guarded, M1_ftrace_cannot_be_switched_off)
{
	int fd = open(FTRACE, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "0", 1));
	EXPECT_EQ(EBUSY, errno);
	close(fd);
	EXPECT_TRUE(is_enforced());
}

TEST_F(guarded, M3_module_stays)
{
	EXPECT_NE(0, syscall(SYS_delete_module, "cordon", O_NONBLOCK));
	EXPECT_EQ(0, access("/dev/cordon", F_OK));
	EXPECT_TRUE(is_enforced());
}

TEST_F(guarded, door_is_for_the_controller_alone)
{
	EXPECT_ACTOR(PLAIN, "uid=1000 try open_rw=/dev/cordon", EACCES);
	EXPECT_NE(ACTOR_OK, actor_play(PLAIN, "try open_rw=/dev/cordon"));
	EXPECT_NE(ACTOR_OK, actor_play(TRUSTED, "try open_rw=/dev/cordon"));
}

TEST_F(guarded, user_cannot_change_the_mode)
{
	static const char *const commands[] = { "permissive", "load", "records" };
	char output[1024];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *argv[] = { "/plain/busybox",  "setuidgid", "engineer",
				       "/usr/bin/cordon", commands[i], NULL };

		EXPECT_LT(0, guard_run(argv, output, sizeof(output)))
		{
			TH_LOG("cordon %s: %s", commands[i], output);
		}
	}
	EXPECT_TRUE(is_enforced());
}

TEST_F(guarded, run_only_lowers)
{
	const char *lower[] = { "cordon", "run",   "--clearance",  "cui",
				"--",	  CLEARED, "open=" SECRET, NULL };
	const char *kept[] = { "cordon", "run",	  "--clearance",  "secret",
			       "--",	 CLEARED, "open=" SECRET, NULL };
	const char *rise[] = { "cordon", "run", "--clearance",	"topsecret",
			       "--",	 PLAIN, "open=" SECRET, NULL };
	char output[1024];

	EXPECT_EQ(EACCES, guard_run(lower, output, sizeof(output)))
	{
		TH_LOG("lower: %s", output);
	}
	EXPECT_EQ(0, guard_run(kept, output, sizeof(output)))
	{
		TH_LOG("kept: %s", output);
	}
	EXPECT_NE(0, guard_run(rise, output, sizeof(output)));
}

/* Records that nobody takes: the decisions stay, the loss has a number. */
TEST_F(guarded, G6_E12_full_ring_is_counted)
{
	long long lost = control_number("records.lost"), now = lost;
	const struct timespec pause = { .tv_nsec = 100000000 };
	pid_t controller = control_pid();

	ASSERT_EQ(0, lost);
	ASSERT_EQ(0, kill(controller, SIGSTOP));
	EXPECT_ACTOR(PLAIN, "try denied_storm=" SECRET "," CUI_DIR "/secret,6000", ACTOR_OK);
	ASSERT_EQ(0, kill(controller, SIGCONT));
	for (int i = 0; i < 300 && now == lost; i++) {
		nanosleep(&pause, NULL);
		now = control_number("records.lost");
	}
	EXPECT_LT(lost, now);
	EXPECT_EQ(now, control_number("counters.lost"));
	EXPECT_GT(STORM, now);
	EXPECT_TRUE(is_enforced());
}

#define FULL RUN_DIR "/ring-is-full"

static pid_t start_and_hold(const char *program, const char *steps)
{
	const struct actor_call call = { .program = program, .steps = steps };
	pid_t pid = actor_start(&call);

	return actor_wait_stopped(pid) ? pid : -1;
}

/* Where the policy wants it, no flow goes ahead that must be recorded and cannot be. */
TEST_F(guarded, E12_full_ledger_denies_what_must_be_recorded)
{
	const struct policy_change strict = { .more = "on ledger-full deny" };
	const struct timespec pause = { .tv_nsec = 100000000 };
	pid_t controller = control_pid(), reader, writer, server, bystander;

	unlink(FULL);
	ASSERT_EQ(0, control_load_next(&strict));
	EXPECT_ACTOR(CLEARED, "try open=" SECRET " read", ACTOR_OK);
	EXPECT_ACTOR(TRUSTED, "taint=" SECRET " try open_w=" LOW_FILE " write", ACTOR_OK);
	EXPECT_ACTOR(TRUSTED, "taint=" SECRET " open_rw=/dev/ptmx try write", ACTOR_OK);
	reader = start_and_hold(CLEARED, "hold_until=" FULL " try open=" SECRET);
	writer = start_and_hold(TRUSTED,
				"taint=" SECRET " hold_until=" FULL " try open_w=" LOW_FILE);
	server = start_and_hold(TRUSTED,
				"taint=" SECRET " open_rw=/dev/ptmx hold_until=" FULL " try write");
	bystander = start_and_hold(CLEARED, "hold_until=" FULL " try open=" LOW_FILE " read");
	ASSERT_EQ(0, kill(controller, SIGSTOP));
	EXPECT_ACTOR(PLAIN, "try denied_storm=" SECRET "," CUI_DIR "/secret,6000", ACTOR_OK);
	close(open(FULL, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	kill(reader, SIGCONT);
	kill(writer, SIGCONT);
	kill(server, SIGCONT);
	kill(bystander, SIGCONT);
	EXPECT_TRUE(actor_denied(actor_wait(reader)));
	EXPECT_TRUE(actor_denied(actor_wait(writer)));
	EXPECT_TRUE(actor_denied(actor_wait(server)));
	/* What needs no record goes on. */
	EXPECT_EQ(ACTOR_OK, actor_wait(bystander));
	EXPECT_DENIED(PLAIN, "try exec=" CLEARED " open=" LOW_FILE);
	EXPECT_ACTOR(PLAIN, "try open=" LOW_FILE " read", ACTOR_OK);
	/* Who may repair can: the controller goes on, and empties the ring. */
	ASSERT_EQ(0, kill(controller, SIGCONT));
	for (int i = 0; i < 300 && actor_play(CLEARED, "try open=" SECRET " read"); i++)
		nanosleep(&pause, NULL);
	EXPECT_ACTOR(CLEARED, "try open=" SECRET " read", ACTOR_OK);
	EXPECT_ACTOR(TRUSTED, "taint=" SECRET " try open_w=" LOW_FILE " write", ACTOR_OK);
	EXPECT_LT(0, control_number("counters.denied"));
	unlink(FULL);
	ASSERT_EQ(0, control_load_next(NULL));
}

TEST_F(guarded, E3_killed_controller_is_not_missed)
{
	long long version = control_number("policy.version");
	struct actor_call call = { .program = PLAIN, .steps = "try open=" SECRET };
	struct json_object *record;
	char pid_text[16], output[8192];
	const char *found[] = { "cordon", "records", "--json", "--pid", pid_text, NULL };
	long long lost = control_number("records.lost");
	pid_t pid;

	ASSERT_TRUE(kill_controller());
	EXPECT_TRUE(is_enforced());
	pid = actor_start(&call);
	EXPECT_TRUE(actor_denied(actor_wait(pid)));

	ASSERT_EQ(0, control_start());
	EXPECT_TRUE(is_enforced());
	EXPECT_EQ(version, control_number("policy.version"));
	EXPECT_EQ(lost, control_number("records.lost"));
	/* What happened meanwhile waited in the ring. */
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	EXPECT_EQ(0, guard_run(found, output, sizeof(output)));
	record = json_tokener_parse(output);
	EXPECT_STREQ("deny", record ? record_text(record, "verdict") : "no record");
	json_object_put(record);
}

static void remove_pins(void)
{
	const char *remove[] = { "rm", "-r", PINS, NULL };
	char output[4096];

	guard_run(remove, output, sizeof(output));
	umount2("/sys/fs/bpf", MNT_DETACH);
}

TEST_F(guarded, M2_pins_are_not_what_holds)
{
	const struct timespec detach = { .tv_sec = DETACH_S };

	remove_pins();
	EXPECT_NE(0, access(PINS, F_OK));
	nanosleep(&detach, NULL);
	EXPECT_TRUE(is_enforced());
	EXPECT_EQ(0, mount("bpf", "/sys/fs/bpf", "bpf", 0, ""));
}

static int load_module(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 || syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	close(fd);
	return result;
}

/* By the controller, and then it is gone; and what is gone can come again. */
TEST_F(guarded, unload_takes_the_guard_away)
{
	const char *unload[] = { "cordon", "permissive", "--unload", NULL };
	const struct timespec pause = { .tv_nsec = 100000000 };
	char output[4096];
	int status = EACCES;

	EXPECT_EQ(0, guard_run(unload, output, sizeof(output)))
	{
		TH_LOG("%s", output);
	}
	ASSERT_EQ(0, unlink(MODE_FILE));
	for (int i = 0; i < 300 && actor_denied(status); i++) {
		nanosleep(&pause, NULL);
		status = actor_play(PLAIN, "try open=" SECRET " read");
	}
	EXPECT_EQ(ACTOR_OK, status);
	for (int i = 0; i < 100 && syscall(SYS_delete_module, "cordon", O_NONBLOCK); i++)
		nanosleep(&pause, NULL);
	EXPECT_NE(0, access("/dev/cordon", F_OK));

	ASSERT_EQ(0, load_module());
	ASSERT_EQ(0, control_start());
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_TRUE(is_enforced());
}

/* Nothing is left in bpffs: the module tells the controller what it holds. */
TEST_F(guarded, M2_E3_controller_comes_back_without_pins)
{
	struct actor_call call = { .program = PLAIN, .steps = "try open=" SECRET };
	char pid_text[16], output[8192];
	const char *found[] = { "cordon", "records", "--json", "--pid", pid_text, NULL };

	remove_pins();
	ASSERT_EQ(0, mount("bpf", "/sys/fs/bpf", "bpf", 0, ""));
	ASSERT_TRUE(kill_controller());
	EXPECT_TRUE(is_enforced());
	ASSERT_EQ(0, control_start());
	EXPECT_TRUE(is_enforced());
	snprintf(pid_text, sizeof(pid_text), "%d", actor_start(&call));
	EXPECT_TRUE(actor_denied(actor_wait(atoi(pid_text))));
	EXPECT_EQ(0, guard_run(found, output, sizeof(output)));
	EXPECT_TRUE(strstr(output, "read-up") != NULL);
}

TEST_HARNESS_MAIN
