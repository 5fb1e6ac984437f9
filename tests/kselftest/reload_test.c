// SPDX-License-Identifier: GPL-2.0-only
/* A policy is changed by one pointer: never an instant without one, never back. */
#include <time.h>

#include "control.h"
#include "scenario.h"

#define RELOADS	    200
#define RELOADS_MIN 10 /* in TIME_MS: where QEMU emulates the CPU, a load takes its time */
#define TIME_MS	    60000
#define PERIOD_MS   20 /* 50 Hz, where the machine is fast enough */
#define UNTIL	    RUN_DIR "/reload.until"
#define LATER	    "/srv/later"
#define LATER_FILE  LATER "/file"
#define LATER_RULE  "file /srv/later/** secret"

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void touch(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

/* Rules of no matter to anyone, so that each generation's maps have another shape. */
static void irrelevant_rules(int number, char *rules, size_t size)
{
	size_t length = 0;

	rules[0] = '\0';
	for (int i = 0; i < number % 7; i++)
		length += snprintf(rules + length, size - length,
				   "file /nowhere/%d-%d/** cui\nhost 203.0.113.%d clearance cui\n",
				   number, i, i + 1);
}

FIXTURE(G5_reload)
{
	pid_t plain, by_link, cleared;
	char rules[2048];
};

FIXTURE_SETUP(G5_reload)
{
	unlink(UNTIL);
}

FIXTURE_TEARDOWN(G5_reload)
{
	unlink(UNTIL);
}

static pid_t start_actor(const char *program, const char *steps)
{
	const struct actor_call call = { .program = program, .steps = steps };

	return actor_start(&call);
}

TEST_F(G5_reload, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(PLAIN, "try never_opens=" SECRET "," UNTIL, EBADMSG);
	EXPECT_ACTOR(PLAIN, "try never_opens=" OLD_LINK "," UNTIL, EBADMSG);
}

TEST_F(G5_reload, lets_nothing_through)
{
	long long version = control_number("policy.version"), began = now_ms();
	int done;
	const struct policy_change change = { .more = self->rules };

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_LT(0, version);
	self->plain = start_actor(PLAIN, "nice=19 try never_opens=" SECRET "," UNTIL);
	self->by_link = start_actor(PLAIN, "nice=19 try never_opens=" OLD_LINK "," UNTIL);
	self->cleared = start_actor(CLEARED, "nice=19 try always_opens=" SECRET "," UNTIL);
	for (done = 0; done < RELOADS && now_ms() - began < TIME_MS; done++) {
		int i = done + 1;
		const struct timespec until = { .tv_sec = (began + i * PERIOD_MS) / 1000,
						.tv_nsec =
							(began + i * PERIOD_MS) % 1000 * 1000000 };

		irrelevant_rules(i, self->rules, sizeof(self->rules));
		ASSERT_EQ(0, control_load(version + i, &change, NULL, 0))
		{
			touch(UNTIL);
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	TH_LOG("%d reloads in %lld ms", done, now_ms() - began);
	EXPECT_LE(RELOADS_MIN, done);
	touch(UNTIL);
	EXPECT_EQ(ACTOR_OK, actor_wait(self->plain));
	EXPECT_EQ(ACTOR_OK, actor_wait(self->by_link));
	EXPECT_EQ(ACTOR_OK, actor_wait(self->cleared));
}

TEST_F(guarded, version_never_goes_back)
{
	const struct policy_change later = { .more = LATER_RULE };
	long long version = control_number("policy.version");
	char why[512] = "";

	ASSERT_EQ(0, control_load(version + 10, NULL, NULL, 0));
	EXPECT_EQ(1, control_load(version + 9, NULL, why, sizeof(why)));
	EXPECT_TRUE(strstr(why, "never goes back") != NULL)
	{
		TH_LOG("it says: %s", why);
	}
	/* One version, one policy. */
	EXPECT_EQ(1, control_load(version + 10, &later, why, sizeof(why)));
	EXPECT_EQ(version + 10, control_number("policy.version"));
	EXPECT_DENIED(PLAIN, "try open=" SECRET);
}

TEST_F(guarded, broken_policy_changes_nothing)
{
	const struct policy_change no_level = { .more = "file /srv/x/** no-such-level" };
	const struct policy_change not_held = { .more = "expect allow read " SECRET " by " PLAIN };
	char why[1024];
	long long version = control_number("policy.version");
	long long generation = control_number("policy.generation");

	EXPECT_NE(0, control_load(version + 1, &no_level, why, sizeof(why)));
	EXPECT_NE(0, control_load(version + 1, &not_held, why, sizeof(why)));
	EXPECT_EQ(version, control_number("policy.version"));
	EXPECT_EQ(generation, control_number("policy.generation"));
	EXPECT_DENIED(PLAIN, "try open=" SECRET);
	EXPECT_ACTOR(CLEARED, "try open=" SECRET " read", ACTOR_OK);
}

/* ---- What was opened under the policy before is judged by the policy of now ---------- */

#define LATER_LINK LOW_DIR "/laterlink"

/* Each stops when it has opened what it will use, and goes on under another policy. */
static const char *const holders[] = {
	"open=" LATER_FILE " stop try pread",
	"open=" LATER_FILE " stop try mmap",
	"open_w=" LATER_FILE " say=x stop try write",
	"open_w=" LATER_FILE " stop try fchmod",
	"stop try open=" LATER_FILE,
	"stop try open=" LATER_LINK,
	"say=x udp=" LOW_V4 ",9001 send stop try send",
	"say=x tcp=" LOW_V4 ",9000 send stop try send",
	"say=x udp_socket=6 sendto=" LOW_V6 ",9001 stop try sendto=" LOW_V6 ",9001",
};

#define HOLDERS (sizeof(holders) / sizeof(holders[0]))

FIXTURE(G12_policy_of_now)
{
	pid_t pids[HOLDERS];
};

FIXTURE_SETUP(G12_policy_of_now)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, control_load_next(NULL));
	mkdir(LATER, 0777);
	unlink(LATER_FILE);
	unlink(LATER_LINK);
	touch(LATER_FILE);
	ASSERT_EQ(0, truncate(LATER_FILE, 4096));
	ASSERT_EQ(0, chmod(LATER_FILE, 0666));
	ASSERT_EQ(0, link(LATER_FILE, LATER_LINK));
	for (size_t i = 0; i < HOLDERS; i++) {
		self->pids[i] = start_actor(PLAIN, holders[i]);
		ASSERT_TRUE(actor_wait_stopped(self->pids[i]))
		{
			TH_LOG("%s", holders[i]);
		}
	}
}

FIXTURE_TEARDOWN(G12_policy_of_now)
{
	EXPECT_EQ(0, control_load_next(NULL));
}

TEST_F(G12_policy_of_now, the_same_again_changes_nothing)
{
	ASSERT_EQ(0, control_load_next(NULL));
	for (size_t i = 0; i < HOLDERS; i++) {
		kill(self->pids[i], SIGCONT);
		EXPECT_EQ(ACTOR_OK, actor_wait(self->pids[i]))
		{
			TH_LOG("%s", holders[i]);
		}
	}
}

TEST_F(G12_policy_of_now, a_stricter_one_counts_for_what_is_open)
{
	const struct policy_change stricter = { .more = LATER_RULE, .without = "host 192.0.2.10" };

	ASSERT_EQ(0, control_load_next(&stricter));
	for (size_t i = 0; i < HOLDERS; i++) {
		int status;

		kill(self->pids[i], SIGCONT);
		status = actor_wait(self->pids[i]);
		EXPECT_TRUE(actor_denied(status))
		{
			TH_LOG("%s: %s", holders[i], actor_status_text(status));
		}
	}
}

/* What is mapped passes no hook: it is told, on record and to who loads. */
TEST_F(guarded, G12_standing_mapping_is_reported)
{
	const struct policy_change stricter = { .more = LATER_RULE };
	const struct actor_call holder = { .program = PLAIN,
					   .steps = "open=" LATER_FILE " keep_mapped close hold" };
	const char *status[] = { "cordon", "status", NULL };
	char output[16384] = "", wanted[64];
	pid_t pid;

	mkdir(LATER, 0777);
	touch(LATER_FILE);
	ASSERT_EQ(0, truncate(LATER_FILE, 4096));
	ASSERT_EQ(0, control_load_next(NULL));
	pid = actor_start(&holder);
	ASSERT_TRUE(actor_wait_stopped(pid));
	self->from = records_end();
	ASSERT_EQ(0, control_load_next(&stricter));
	EXPECT_RECORD(.pid = pid, .verdict = "would-deny", .reason = "read-up", .operation = "map",
		      .path = LATER_FILE);
	guard_run(status, output, sizeof(output));
	snprintf(wanted, sizeof(wanted), "process %d (actor) has mapped", pid);
	EXPECT_TRUE(strstr(output, wanted) != NULL)
	{
		TH_LOG("it says: %s", output);
	}
	kill(pid, SIGKILL);
	actor_wait(pid);
	EXPECT_EQ(0, control_load_next(NULL));
}

TEST_HARNESS_MAIN
