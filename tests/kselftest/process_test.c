// SPDX-License-Identifier: GPL-2.0-only
/* bpf/process.bpf.h: what /proc shows of a process has that process's taint. */
#include "attack_rows.h"
#include "scenario.h"

#define SHOWN(name, script)                                                      \
	ATTACK(name, .kind = ATTACK_READ, .holder = "taint=%s expose_argv hold", \
	       .reason = "act-up", .steps = script)
SHOWN(M12_C7_arguments, "try open=/proc/%d/cmdline read");
SHOWN(M12_C7_arguments_of_the_thread, "try open=/proc/%d/task/%d/cmdline read");
SHOWN(M12_C7_arguments_mapped_elsewhere,
      "unshare_mounts mount=proc,proc,%p/empty,rw try open=%p/empty/%d/cmdline read");

static const char *const shown[] = { "cmdline",	      "comm",	   "stat",  "statm",
				     "status",	      "limits",	   "sched", "cgroup",
				     "oom_score_adj", "mountinfo", "wchan", "autogroup" };

/* Runs @steps with %d, then ends the holder. */
static int look(const char *program, const char *holder_program, const char *holder_steps,
		const char *format, const char *name)
{
	const struct actor_call call = { .program = holder_program, .steps = holder_steps };
	pid_t pid = actor_start(&call);
	char steps[256];
	int status;

	if (!actor_wait_stopped(pid))
		return ACTOR_SETUP;
	snprintf(steps, sizeof(steps), format, pid, name);
	status = actor_play(program, steps);
	kill(pid, SIGKILL);
	actor_wait(pid);
	return status;
}

#define OPEN "try open=/proc/%d/%s read"

TEST_F(guarded, M12_A16_all_that_a_tainted_process_shows)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		int status = look(PLAIN, CLEARED, "taint=" SECRET " hold", OPEN, shown[i]);

		EXPECT_TRUE(actor_denied(status))
		{
			TH_LOG("%s: %s", shown[i], actor_status_text(status));
		}
		/* A cleared process that has read nothing has nothing to hide. */
		status = look(PLAIN, CLEARED, "hold", OPEN, shown[i]);
		EXPECT_EQ(ACTOR_OK, status)
		{
			TH_LOG("%s, untainted: %s", shown[i], actor_status_text(status));
		}
	}
	/* Who may look carries the taint afterwards, and no one else does. */
	EXPECT_EQ(ACTOR_OK, look(CLEARED, CLEARED, "taint=" SECRET " hold",
				 "open=/proc/%d/%s read is_tainted=" PROBE, "cmdline"));
	EXPECT_EQ(ACTOR_OK, look(CLEARED, CLEARED, "hold", "open=/proc/%d/%s read is_clean=" PROBE,
				 "cmdline"));
}

/* Opened while there was nothing to hide: read when there is (bypass M12). */
FIXTURE(M12_opened_before)
{
	int unused;
};

FIXTURE_SETUP(M12_opened_before)
{
}

FIXTURE_TEARDOWN(M12_opened_before)
{
}

#define LOOT LOW_ARENA "/loot"

/* The looker opens cmdline, then the holder reads the secret and shows it, then the looker reads. */
static int open_show_read(void)
{
	const struct actor_call holder = { .program = CLEARED,
					   .steps = "stop taint=" SECRET " expose_argv hold" };
	struct actor_call looker = { .program = PLAIN, .loot = LOOT };
	pid_t shows = actor_start(&holder), looks;
	char steps[256];
	int status = ACTOR_SETUP;

	if (!actor_wait_stopped(shows))
		return ACTOR_SETUP;
	snprintf(steps, sizeof(steps), "open=/proc/%d/cmdline stop try pread", shows);
	looker.steps = steps;
	looks = actor_start(&looker);
	if (actor_wait_stopped(looks)) {
		kill(shows, SIGCONT);
		if (actor_wait_stopped(shows)) {
			kill(looks, SIGCONT);
			status = actor_wait(looks);
		}
	}
	kill(shows, SIGKILL);
	actor_wait(shows);
	return status;
}

TEST_F(M12_opened_before, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_EQ(ACTOR_OK, open_show_read());
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

TEST_F(M12_opened_before, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_TRUE(actor_denied(open_show_read()));
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

/* What is its own is its own, tainted or not. */
TEST_F(guarded, M12_a_process_reads_and_writes_itself)
{
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " open=/proc/self/status read", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " open=/proc/self/cmdline read", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " say=me open_w=/proc/self/comm write", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "open=/proc/self/status read open=/proc/1/status read", ACTOR_OK);
}

/* C7: settings of the kernel that all may read. */
TEST_F(guarded, C7_settings_of_the_kernel)
{
	static const char *const settings[] = {
		"/proc/sys/kernel/hostname",
		"/proc/sys/kernel/domainname",
		"/proc/sys/vm/swappiness",
		"/proc/sys/net/ipv4/ip_default_ttl",
		"/dev/kmsg",
		"/sys/class/net/lo/ifalias",
	};
	char steps[256];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(steps, sizeof(steps), "taint=" SECRET " try open_w=%s", settings[i]);
		EXPECT_DENIED(CLEARED, steps);
		snprintf(steps, sizeof(steps), "open_w=%s", settings[i]);
		EXPECT_ACTOR(CLEARED, steps, ACTOR_OK);
	}
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try mkdir_payload=/sys/fs/cgroup");
	EXPECT_DENIED(CLEARED, "unshare_mounts taint=" SECRET " try tmpfs=" LOW_ARENA "/empty");
}

TEST_HARNESS_MAIN
