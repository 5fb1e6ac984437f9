// SPDX-License-Identifier: GPL-2.0-only
/* bpf/record.bpf.h: a record says what happened, exactly, and nothing is lost unseen. */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cordon/abi.h"
#include "control.h"
#include "scenario.h"

#define RULE_TEXT(line) "world.cordon:%d", control_rule_line(line)

/* The guest has no more CPUs than that. */
#define CHAINS 16

#define EXPECT_TEXT(record, field, wanted)                       \
	do {                                                     \
		EXPECT_STREQ(wanted, record_text(record, field)) \
		{                                                \
			TH_LOG("field %s", field);               \
		}                                                \
	} while (0)

#define EXPECT_NUMBER(record, field, wanted)                                 \
	do {                                                                 \
		EXPECT_EQ((long long)(wanted), record_number(record, field)) \
		{                                                            \
			TH_LOG("field %s", field);                           \
		}                                                            \
	} while (0)

/* The record of what the actor @pid was denied. */
static struct json_object *denial_of(off_t from, pid_t pid)
{
	const struct record_wish wish = { .pid = pid, .verdict = "deny" };

	return records_await(from, &wish, RECORD_PATIENCE_MS);
}

static pid_t run_actor(const char *program, const char *steps)
{
	const struct actor_call call = { .program = program, .steps = steps };
	pid_t pid = actor_start(&call);

	actor_wait(pid);
	return pid;
}

static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(line, size, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (file)
		fclose(file);
}

TEST_F(guarded, denied_read_is_recorded_exactly)
{
	char text[128], boot[64];
	struct json_object *record;
	struct stat status;
	pid_t pid;

	pid = run_actor(PLAIN, "group=2001 gid=2001 uid=1001 try open=" SECRET);
	record = denial_of(self->from, pid);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "verdict", "deny");
	EXPECT_TEXT(record, "reason", "read-up");
	EXPECT_TEXT(record, "operation", "open-read");
	EXPECT_TEXT(record, "mode", "enforcing");
	EXPECT_NUMBER(record, "count", 1);
	snprintf(text, sizeof(text), RULE_TEXT("file /srv/c/**"));
	EXPECT_TEXT(record, "rule", text);
	EXPECT_EQ(2 * CORDON_TAG_BYTES, strlen(record_text(record, "ledger.tag")));
	read_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	EXPECT_TEXT(record, "boot", boot);
	EXPECT_NUMBER(record, "policy.version", control_number("policy.version"));
	EXPECT_NUMBER(record, "subject.pid", pid);
	EXPECT_NUMBER(record, "subject.tid", pid);
	EXPECT_NUMBER(record, "subject.parent", getpid());
	EXPECT_NUMBER(record, "subject.uid", 1001);
	EXPECT_NUMBER(record, "subject.gid", 2001);
	EXPECT_TEXT(record, "subject.login_uid", "?");
	EXPECT_TEXT(record, "subject.comm", "actor");
	EXPECT_TEXT(record, "subject.exe", PLAIN);
	EXPECT_TEXT(record, "subject.clearance", "unclassified");
	EXPECT_TEXT(record, "subject.taint", "unclassified");
	EXPECT_TEXT(record, "subject.rule", "?");
	ASSERT_EQ(0, stat(PLAIN, &status));
	EXPECT_NUMBER(record, "subject.exe_inode", status.st_ino);
	EXPECT_TEXT(record, "object.path", SECRET);
	EXPECT_TEXT(record, "object.label", "secret");
	ASSERT_EQ(0, stat(SECRET, &status));
	EXPECT_NUMBER(record, "object.inode", status.st_ino);
	snprintf(text, sizeof(text), "%u:%u", major(status.st_dev), minor(status.st_dev));
	EXPECT_TEXT(record, "object.device", text);
	EXPECT_TRUE(record_field(record, "host") == NULL);
	json_object_put(record);
}

TEST_F(guarded, denied_host_is_recorded_exactly)
{
	struct json_object *record;
	char rule[128];
	pid_t pid = run_actor(PLAIN, "try tcp=" UNK_V4 ",9000");

	record = denial_of(self->from, pid);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "reason", "unknown-host");
	EXPECT_TEXT(record, "operation", "connect");
	EXPECT_TEXT(record, "rule", "?");
	EXPECT_TEXT(record, "host.address", UNK_V4);
	EXPECT_NUMBER(record, "host.port", 9000);
	EXPECT_TEXT(record, "host.protocol", "tcp");
	EXPECT_TEXT(record, "host.direction", "outbound");
	EXPECT_TEXT(record, "host.family", "inet");
	EXPECT_TEXT(record, "host.clearance", "?");
	EXPECT_TRUE(record_field(record, "object") == NULL);
	json_object_put(record);

	pid = run_actor(CLEARED, "udp_socket=6 taint=" SECRET " try sendto=" LOW_V6 ",9001");
	record = denial_of(self->from, pid);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "reason", "host-clearance");
	EXPECT_TEXT(record, "operation", "send");
	snprintf(rule, sizeof(rule), RULE_TEXT("host 192.0.2.10"));
	EXPECT_TEXT(record, "rule", rule);
	EXPECT_TEXT(record, "host.address", LOW_V6);
	EXPECT_NUMBER(record, "host.port", 9001);
	EXPECT_TEXT(record, "host.protocol", "udp");
	EXPECT_TEXT(record, "host.family", "inet6");
	EXPECT_TEXT(record, "host.clearance", "unclassified");
	EXPECT_TEXT(record, "subject.clearance", "secret");
	EXPECT_TEXT(record, "subject.taint", "secret");
	snprintf(rule, sizeof(rule), RULE_TEXT("program /cleared/**"));
	EXPECT_TEXT(record, "subject.rule", rule);
	json_object_put(record);
}

TEST_F(guarded, denied_act_is_recorded_exactly)
{
	static const struct actor_call holder = { .program = CLEARED,
						  .steps = "taint=" SECRET " hold" };
	struct json_object *record;
	char steps[64];
	pid_t target = actor_start(&holder), pid;

	ASSERT_TRUE(actor_wait_stopped(target));
	snprintf(steps, sizeof(steps), "try open_proc_mem=%d", target);
	pid = run_actor(PLAIN, steps);
	record = denial_of(self->from, pid);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "reason", "act-up");
	EXPECT_TEXT(record, "operation", "act");
	EXPECT_NUMBER(record, "target.pid", target);
	EXPECT_TEXT(record, "target.clearance", "secret");
	EXPECT_TEXT(record, "target.taint", "secret");
	json_object_put(record);
	kill(target, SIGKILL);
	actor_wait(target);
}

TEST_F(guarded, raised_taint_is_recorded)
{
	struct json_object *record;
	pid_t pid = run_actor(CLEARED, "taint=" SECRET);
	const struct record_wish wish = { .pid = pid, .verdict = "allow", .reason = "raised" };

	record = records_await(self->from, &wish, RECORD_PATIENCE_MS);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "operation", "open-read");
	EXPECT_TEXT(record, "object.path", SECRET);
	json_object_put(record);
}

TEST_F(guarded, change_of_mode_is_recorded)
{
	const struct record_wish wish = { .verdict = "change", .reason = "mode" };
	struct json_object *record;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	record = records_await(self->from, &wish, RECORD_PATIENCE_MS);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "operation", "control");
	EXPECT_TRUE(strstr(record_text(record, "text"), "permissive") != NULL);
	json_object_put(record);
}

/* A name is somebody's data: it cannot look like a record or a second line. */
TEST_F(guarded, hostile_names_are_escaped)
{
	static char name[] = SECRET_ARENA "/a\nverdict=allow\x1b[2J\"\\";
	struct json_object *record;
	char steps[256];
	pid_t pid = fork();

	if (pid == 0)
		_exit(close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666)));
	actor_wait(pid);
	/* It has no blank, so it is one step. */
	snprintf(steps, sizeof(steps), "try open=%s", name);
	pid = run_actor(PLAIN, steps);
	record = denial_of(self->from, pid);
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "object.path", SECRET_ARENA "/a\\x0averdict=allow\\x1b[2J\\\"\\\\");
	json_object_put(record);
}

/* A path that does not fit has lost its beginning and says so. */
TEST_F(guarded, long_path_is_cut_visibly)
{
	char path[512], steps[600];
	struct json_object *record;
	const char *seen;

	strcpy(path, SECRET_ARENA "/dir/");
	memset(path + strlen(path), 'm', 250);
	path[sizeof(SECRET_ARENA "/dir/") - 1 + 250] = '\0';
	snprintf(steps, sizeof(steps), "create=%s", path);
	ASSERT_EQ(ACTOR_OK, actor_play(CLEARED, steps));
	snprintf(steps, sizeof(steps), "try open=%s", path);
	record = denial_of(self->from, run_actor(PLAIN, steps));
	ASSERT_TRUE(record != NULL);
	seen = record_text(record, "object.path");
	EXPECT_EQ(0, strncmp(seen, "...", 3));
	EXPECT_STREQ(path + strlen(path) - 250, seen + strlen(seen) - 250);
	json_object_put(record);
}

/* A thousand times the same is a few records that add up to a thousand. */
TEST_F(guarded, identical_denials_are_counted)
{
	const struct record_wish repeats = { .verdict = "deny", .reason = "read-up" };
	long long sum = 0, records = 0;
	struct json_object *record;
	off_t from = self->from;
	pid_t pid = run_actor(PLAIN, "try denied_storm=" SECRET "," SECRET ",1000");
	struct record_wish wish = repeats;

	wish.pid = pid;
	while (sum < 1000 && (record = records_await_next(&from, &wish, RECORD_PATIENCE_MS))) {
		sum += record_number(record, "count");
		records++;
		json_object_put(record);
	}
	EXPECT_EQ(1000, sum);
	EXPECT_GE(100, records);
}

TEST_F(guarded, permissive_says_would_deny)
{
	struct record_wish wish = { .verdict = "would-deny", .reason = "read-up" };
	struct json_object *record;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	wish.pid = run_actor(PLAIN, "try open=" SECRET);
	record = records_await(self->from, &wish, RECORD_PATIENCE_MS);
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_TRUE(record != NULL);
	EXPECT_TEXT(record, "mode", "permissive");
	json_object_put(record);
}

/* ---- cordon records ---------------------------------------------------------------- */

static int count_lines(const char *text)
{
	int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

TEST_F(guarded, filters_show_what_they_name)
{
	char pid_text[16], output[16384];
	const char *by_pid[] = { "cordon", "records", "--json", "--pid", pid_text, NULL };
	const char *by_path[] = { "cordon", "records", "--json",   "--pid",
				  pid_text, "--path",  SECRET_DIR, NULL };
	const char *by_verdict[] = { "cordon", "records",   "--json", "--pid",
				     pid_text, "--verdict", "allow",  NULL };
	const char *by_host[] = { "cordon", "records", "--json", "--pid",
				  pid_text, "--host",  UNK_V4,	 NULL };
	pid_t pid = run_actor(PLAIN, "fails open=" SECRET " fails tcp=" UNK_V4
				     ",9000 fails open=" CUI_DIR "/secret");

	ASSERT_TRUE(denial_of(self->from, pid) != NULL);
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	EXPECT_EQ(0, guard_run(by_pid, output, sizeof(output)));
	EXPECT_EQ(3, count_lines(output));
	EXPECT_EQ(0, guard_run(by_path, output, sizeof(output)));
	EXPECT_EQ(1, count_lines(output));
	EXPECT_EQ(0, guard_run(by_host, output, sizeof(output)));
	EXPECT_EQ(1, count_lines(output));
	guard_run(by_verdict, output, sizeof(output));
	EXPECT_EQ(0, count_lines(output));
}

TEST_F(guarded, human_line_says_the_same)
{
	char pid_text[16], output[16384] = "";
	const char *lines[] = { "cordon", "records", "--pid", pid_text, NULL };
	pid_t pid = run_actor(PLAIN, "try open=" SECRET);

	ASSERT_TRUE(denial_of(self->from, pid) != NULL);
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	EXPECT_EQ(0, guard_run(lines, output, sizeof(output)));
	EXPECT_EQ(1, count_lines(output));
	EXPECT_TRUE(strstr(output, " deny read-up open-read ") != NULL);
	EXPECT_TRUE(strstr(output, "object.path=" SECRET " ") != NULL);
	EXPECT_TRUE(strstr(output, "subject.exe=" PLAIN " ") != NULL);
}

/* ---- Nothing is missing -------------------------------------------------------------- */

TEST_F(guarded, sequence_has_no_gap)
{
	long long last[CHAINS] = { 0 }, gaps = 0, seen = 0;
	const struct record_wish all = { .pid = 0 };
	struct json_object *record;
	off_t from = 0;

	while ((record = records_await_next(&from, &all, 0))) {
		long long sequence = record_number(record, "sequence");
		long long chain = record_number(record, "chain") % CHAINS;

		/* Two tasks of a CPU may hand in two records in the other order. */
		if (last[chain] && sequence > last[chain] + 1)
			gaps += sequence - last[chain] - 1;
		else if (sequence < last[chain])
			gaps--;
		last[chain] = sequence > last[chain] ? sequence : last[chain];
		seen++;
		json_object_put(record);
	}
	EXPECT_LT(0, seen);
	EXPECT_EQ(0, gaps);
	EXPECT_EQ(0, control_number("records.lost"));
}

TEST_HARNESS_MAIN
