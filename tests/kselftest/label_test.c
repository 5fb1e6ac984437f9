// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stored labels: kmod/label_store.c, `on write-down raise`, `cordon label set` and `clear`. What a
 * tainted subject writes to a low file takes the file's label along, and that label stays.
 */
#include <errno.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "control.h"
#include "cordon/stored_label.h"
#include "scenario.h"

#define RAISING	   RUN_DIR "/raising" /* exists while the policy says so */
#define RAISE	   "on write-down raise"
#define DISK_PLACE "/disk/low"
#define UNKEPT	   "/unkept" /* ramfs: keeps no labels */

static int load_raising(bool raising)
{
	static const struct policy_change change = { .more = RAISE }, none;
	int result;

	if (raising == !access(RAISING, F_OK))
		return 0;
	result = control_load_next(raising ? &change : &none);
	if (result)
		return result;
	if (!raising)
		return unlink(RAISING);
	close(open(RAISING, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return 0;
}

/* A low file of one page in @dir, which is made. */
static int make_low(const char *dir, char *path, size_t size)
{
	char page[4096];
	int fd;

	memset(page, '.', sizeof(page));
	if (mkdir(dir, 0777) && errno != EEXIST)
		return -errno;
	snprintf(path, size, "%s/file", dir);
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (write(fd, page, sizeof(page)) != sizeof(page) || fsync(fd)) {
		close(fd);
		return -errno;
	}
	close(fd);
	return 0;
}

/* @script with %f for the file, %d for its folder. */
static const char *fill(const char *script, const char *dir)
{
	static char steps[4096];
	size_t length = 0;

	for (; *script && length + 300 < sizeof(steps); script++) {
		if (script[0] == '%' && (script[1] == 'f' || script[1] == 'd')) {
			length += snprintf(steps + length, sizeof(steps) - length, "%s%s", dir,
					   script[1] == 'f' ? "/file" : "");
			script++;
		} else {
			steps[length++] = *script;
		}
	}
	steps[length] = '\0';
	return steps;
}

static int play(const char *program, const char *script, const char *dir, bool want_canary)
{
	struct actor_call call = { .program = program, .want_canary = want_canary };

	call.steps = fill(script, dir);
	return actor_run(&call);
}

/* ---- What was written by who had read it is read by nobody below --------------- */

FIXTURE(raised)
{
	char dir[256], file[300];
	off_t from;
};

FIXTURE_VARIANT(raised)
{
	const char *dir; /* where */
	const char *write; /* by CLEARED, after it has read the canary */
	const char *prepare; /* by TRUSTED, after that */
	const char *read; /* by PLAIN, and by CLEARED */
	const char *reason;
};

#define RAISED(name, ...)                 \
	FIXTURE_VARIANT_ADD(raised, name) \
	{                                 \
		__VA_ARGS__               \
	}
#define ON_DISK	  .dir = DISK_PLACE
#define IN_MEMORY .dir = LOW_DIR
RAISED(over_disk, ON_DISK, .write = "open_w=%f write", .read = "open=%f read");
RAISED(trunc_disk, ON_DISK, .write = "trunc=%f write", .read = "open=%f read");
RAISED(trunc_memory, IN_MEMORY, .write = "trunc=%f write", .read = "open=%f read");
RAISED(mmap_disk, ON_DISK, .write = "open_rw=%f mmap_write", .read = "open=%f read");
RAISED(by_mmap, ON_DISK, .write = "open_w=%f write", .read = "open=%f mmap");
RAISED(forgotten, ON_DISK, .write = "open_w=%f write", .prepare = "drop_caches",
       .read = "open=%f read");
RAISED(A1_link, ON_DISK, .write = "open_w=%f write", .prepare = "link=%f,%d/linked drop_caches",
       .read = "open=%d/linked read");
RAISED(A1_link_first, ON_DISK, .write = "link=%f,%d/linked open_w=%f write",
       .prepare = "drop_caches", .read = "open=%d/linked read");
RAISED(A2_rename, ON_DISK, .write = "open_w=%f write", .prepare = "rename=%f,%d/moved drop_caches",
       .read = "open=%d/moved read");
RAISED(A11_tmpfile_disk, ON_DISK, .write = "tmpfile=%d write link_fd=%d/linked",
       .prepare = "drop_caches", .read = "open=%d/linked read");
RAISED(A11_tmpfile_memory, IN_MEMORY, .write = "tmpfile=%d write link_fd=%d/linked",
       .read = "open=%d/linked read");
RAISED(C2_new_disk, ON_DISK, .write = "create=%d/new write", .prepare = "drop_caches",
       .read = "open=%d/new read");
RAISED(C2_new_memory, IN_MEMORY, .write = "create=%d/new write", .read = "open=%d/new read");
RAISED(C2_new_renamed_over, ON_DISK, .write = "create=%d/new write close rename=%d/new,%f",
       .prepare = "drop_caches", .read = "open=%f read");
RAISED(A5_M13_overlay, ON_DISK, .write = "open_w=%f write",
       .prepare = "mkdir=%d/o overlay=%d,%d/o,/mnt/o", .read = "open=/mnt/o/file read");
RAISED(A5_M13_overlay_copied_up, ON_DISK, .write = "open_w=%f write",
       .prepare = "mkdir=%d/o overlay=%d,%d/o,/mnt/o", .read = "open_rw=/mnt/o/file read");
RAISED(A7_handle, ON_DISK, .write = "open_w=%f write", .read = "handle=/disk,%f open_handle read");
RAISED(A12_sendfile, ON_DISK, .write = "open_w=%f open=/srv/c/secret swap sendfile_out",
       .read = "open=%f read");

FIXTURE_SETUP(raised)
{
	self->from = records_end();
	ASSERT_EQ(0, load_raising(true));
	mkdir("/mnt", 0777);
	mkdir("/mnt/o", 0777);
	snprintf(self->dir, sizeof(self->dir), "%s/raised.%d", variant->dir, getpid());
	ASSERT_EQ(0, make_low(self->dir, self->file, sizeof(self->file)));
}

FIXTURE_TEARDOWN(raised)
{
	umount2("/mnt/o", MNT_DETACH);
}

/* What CLEARED writes, it may write; the label rises in both modes. */
static int write_it(const char *dir, const char *write, const char *prepare)
{
	char script[1024];
	int status;

	snprintf(script, sizeof(script), "taint=" SECRET " try %s", write);
	status = play(CLEARED, script, dir, false);
	return status || !prepare ? status : play(TRUSTED, prepare, dir, false);
}

TEST_F(raised, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, write_it(self->dir, variant->write, variant->prepare));
	EXPECT_EQ(0, play(PLAIN, variant->read, self->dir, true));
	EXPECT_RECORD(.verdict = "would-deny");
}

TEST_F(raised, cleared_succeeds)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, write_it(self->dir, variant->write, variant->prepare));
	EXPECT_EQ(0, play(CLEARED,
			  strncmp(variant->read, "open_rw", 7) ? variant->read :
								 "open=/mnt/o/file read",
			  self->dir, true));
	EXPECT_RECORD(.verdict = "allow", .reason = "label-raised");
}

TEST_F(raised, enforcing_denies)
{
	int status;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, write_it(self->dir, variant->write, variant->prepare));
	status = play(PLAIN, variant->read, self->dir, true);
	EXPECT_TRUE(actor_denied(status))
	{
		TH_LOG("%s", actor_status_text(status));
	}
	EXPECT_RECORD(.verdict = "deny", .reason = "read-up");
}

/* The other suites of the first pass are of a policy that denies. */
FIXTURE(put_back)
{
	int unused;
};

FIXTURE_SETUP(put_back)
{
}

FIXTURE_TEARDOWN(put_back)
{
}

TEST_F(put_back, permissive_leaks)
{
	EXPECT_EQ(0, load_raising(false));
}

/* ---- What cannot be raised is denied, and says why ------------------------------- */

FIXTURE(raise)
{
	char dir[256], file[300];
	off_t from;
};

FIXTURE_SETUP(raise)
{
	self->from = records_end();
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, load_raising(true));
	snprintf(self->dir, sizeof(self->dir), DISK_PLACE "/raise.%d", getpid());
	ASSERT_EQ(0, make_low(self->dir, self->file, sizeof(self->file)));
}

FIXTURE_TEARDOWN(raise)
{
}

#define EXPECT_PLAY(wanted, program, script)                                               \
	do {                                                                               \
		int _status = play(program, script, self->dir, false);                     \
		EXPECT_EQ(wanted, _status)                                                 \
		{                                                                          \
			TH_LOG("%s: %s: %s", program, script, actor_status_text(_status)); \
		}                                                                          \
	} while (0)

TEST_F(raise, C1_opened_before_says_reopen)
{
	EXPECT_PLAY(EACCES, CLEARED, "open_w=%f taint=" SECRET " try write");
	EXPECT_RECORD(.verdict = "deny", .reason = "label-reopen");
	EXPECT_PLAY(0, CLEARED, "open_w=%f taint=" SECRET " close try open_w=%f write");
	EXPECT_PLAY(EACCES, CLEARED, "open_rw=" PROBE " taint=" SECRET " try mmap_write");
}

/* Who opened it while it was low would read what is written next (bypass G12). */
TEST_F(raise, G12_open_elsewhere)
{
	struct actor_call call = { .program = PLAIN };
	pid_t reader;

	call.steps = fill("open=%f stop", self->dir);
	reader = actor_start(&call);
	ASSERT_TRUE(actor_wait_stopped(reader));
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try open_w=%f");
	EXPECT_RECORD(.verdict = "deny", .reason = "label-in-use");
	EXPECT_PLAY(0, PLAIN, "open=%f read");
	kill(reader, SIGKILL);
	actor_wait(reader);
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
	EXPECT_PLAY(EACCES, PLAIN, "try open=%f");
}

/* Pages that were spliced out before the rise are not those that are written after it. */
TEST_F(raise, M6_spliced_before)
{
	char bytes[4096] = "";
	int fd = open(self->file, O_RDONLY | O_CLOEXEC), ends[2];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(ends));
	ASSERT_LT(0, splice(fd, NULL, ends[1], NULL, 4096, 0));
	close(fd);
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
	ASSERT_LT(0, read(ends[0], bytes, sizeof(bytes)));
	EXPECT_EQ('.', bytes[0]);
	EXPECT_NE(0, memcmp(bytes, attack_canary(), CANARY_BYTES));
	close(ends[0]);
	close(ends[1]);
}

TEST_F(raise, in_memory_with_content)
{
	char dir[] = LOW_DIR "/content", path[300];

	ASSERT_EQ(0, make_low(dir, path, sizeof(path)));
	EXPECT_EQ(EACCES, play(CLEARED, "taint=" SECRET " try open_w=%f", dir, false));
	EXPECT_RECORD(.verdict = "deny", .reason = "label-in-use");
	EXPECT_EQ(0, play(CLEARED, "taint=" SECRET " try trunc=%f write", dir, false));
}

TEST_F(raise, A5_M13_file_systems_that_keep_none)
{
	char path[300];

	mkdir(UNKEPT, 0777);
	ASSERT_EQ(0, mount("unkept", UNKEPT, "ramfs", 0, "mode=777"));
	ASSERT_EQ(0, make_low(UNKEPT "/dir", path, sizeof(path)));
	EXPECT_EQ(EACCES, play(CLEARED, "taint=" SECRET " try open_w=%f", UNKEPT "/dir", false));
	EXPECT_RECORD(.verdict = "deny", .reason = "label-unkept", .operation = "open-write");
	EXPECT_EQ(EACCES,
		  play(CLEARED, "taint=" SECRET " try create=%d/new", UNKEPT "/dir", false));
	EXPECT_RECORD(.verdict = "deny", .reason = "label-unkept", .operation = "create");
	EXPECT_EQ(0, umount2(UNKEPT, MNT_DETACH));
	mkdir("/mnt", 0777);
	mkdir("/mnt/o", 0777);
	EXPECT_PLAY(0, TRUSTED, "mkdir=%d/o overlay=%d,%d/o,/mnt/o");
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try open_w=/mnt/o/file");
	EXPECT_EQ(0, umount2("/mnt/o", MNT_DETACH));
}

/* No room in the inode, and no block for more. */
TEST_F(raise, full_disk)
{
	char filler[512], value[1000], page[4096] = "";
	int fd;

	memset(value, 'x', sizeof(value));
	ASSERT_EQ(0, setxattr(self->file, "user.a", value, 56, 0));
	snprintf(filler, sizeof(filler), "%s/filler", self->dir);
	fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	while (write(fd, page, sizeof(page)) > 0)
		;
	while (write(fd, page, 1) > 0)
		;
	EXPECT_EQ(ENOSPC, errno);
	fsync(fd);
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try open_w=%f");
	EXPECT_RECORD(.verdict = "deny", .reason = "label-full");
	close(fd);
	unlink(filler);
	sync();
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
}

TEST_F(raise, clearance_still_bounds)
{
	/* Secret does not dominate cui-with-a-category, nor may it write what it could not read. */
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " exec=" PLAIN " try open_w=%f");
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try open_w=" ARROW_DIR "/secret");
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try mkdir_payload=%d");
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try symlink_payload=%d/sym");
}

/* What is only a change of the file, not of its content, raises it too. */
TEST_F(raise, A12_changes_raise)
{
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try chmod=%f");
	EXPECT_PLAY(EACCES, PLAIN, "try open=%f");
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try truncate=%f unlink=%f");
}

/* ---- Nobody but the controller changes a stored label ------------------------------ */

#define STORED_WORDS (CORDON_STORED_BYTES / sizeof(uint32_t))

/*
 * What is stored on @path: 0, or -1. Who reads it knows what the file holds, so a child does, which
 * passes it on through event counters: they have no label, and cannot hold 0.
 */
static int read_stored_label(const char *path, char bytes[static CORDON_STORED_BYTES])
{
	uint32_t words[STORED_WORDS];
	int counters[STORED_WORDS], status = 0;
	uint64_t value;
	pid_t pid;

	for (size_t i = 0; i < STORED_WORDS; i++)
		counters[i] = eventfd(0, EFD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		place_share_nothing();
		if (getxattr(path, CORDON_XATTR, words, sizeof(words)) != sizeof(words))
			_exit(1);
		for (size_t i = 0; i < STORED_WORDS; i++)
			if (eventfd_write(counters[i], words[i] + 1ULL))
				_exit(1);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = 1;
	for (size_t i = 0; i < STORED_WORDS; i++) {
		if (!status && !eventfd_read(counters[i], &value))
			words[i] = value - 1;
		close(counters[i]);
	}
	memcpy(bytes, words, sizeof(words));
	return status ? -1 : 0;
}

TEST_F(raise, attribute_is_nobodys)
{
	char bytes[CORDON_STORED_BYTES];
	char other[320];

	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
	ASSERT_EQ(0, read_stored_label(self->file, bytes));
	/* This very process is trusted, and root. */
	EXPECT_EQ(-1, removexattr(self->file, CORDON_XATTR));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, setxattr(self->file, CORDON_XATTR, bytes, sizeof(bytes), 0));
	EXPECT_EQ(EACCES, errno);
	EXPECT_RECORD(.verdict = "deny", .reason = "guard", .operation = "attribute");
	snprintf(other, sizeof(other), "%s/other", self->dir);
	close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	EXPECT_EQ(-1, setxattr(other, CORDON_XATTR, bytes, sizeof(bytes), 0));
	EXPECT_EQ(EACCES, errno);
}

/* Written where nothing stopped it: as a disk is that was edited elsewhere. */
static int forge(const char *path, const void *bytes, size_t count)
{
	int result = attack_set_mode(MODE_PERMISSIVE);

	if (!result && setxattr(path, CORDON_XATTR, bytes, count, 0))
		result = -errno;
	return result ? result : attack_set_mode(MODE_ENFORCING);
}

TEST_F(raise, forged_is_the_top)
{
	char bytes[CORDON_STORED_BYTES], lower[300];

	/* A true label, of a lower file, copied over. */
	snprintf(lower, sizeof(lower), "%s/lower", self->dir);
	close(open(lower, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	EXPECT_PLAY(0, CLEARED, "taint=" CUI_DIR "/secret try open_w=%d/lower write");
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
	ASSERT_EQ(0, read_stored_label(lower, bytes));
	ASSERT_EQ(0, forge(self->file, bytes, sizeof(bytes)));
	EXPECT_PLAY(0, TRUSTED, "drop_caches");
	EXPECT_PLAY(EACCES, CLEARED, "try open=%f");
	EXPECT_RECORD(.verdict = "deny", .reason = "label-invalid");
	/* Its own, with one bit changed: what lowers it, and any bit of the tag. */
	ASSERT_EQ(0, read_stored_label(lower, bytes));
	for (int bit = 64; bit < 8 * CORDON_STORED_BYTES; bit += 61) {
		bytes[bit / 8] ^= 1 << bit % 8;
		ASSERT_EQ(0, forge(lower, bytes, sizeof(bytes)));
		EXPECT_PLAY(EACCES, CLEARED, "drop_caches try open=%d/lower");
		bytes[bit / 8] ^= 1 << bit % 8;
	}
	ASSERT_EQ(0, forge(lower, bytes, sizeof(bytes)));
	EXPECT_PLAY(0, CLEARED, "drop_caches try open=%d/lower read");
	ASSERT_EQ(0, forge(lower, bytes, 7));
	EXPECT_PLAY(EACCES, CLEARED, "drop_caches try open=%d/lower");
}

/* ---- cordon label ---------------------------------------------------------------- */

static int label(const char *what, const char *value, const char *path, char *output, size_t size)
{
	const char *set[] = { "cordon", "label", "--json", "--reason", "because",
			      what,	value,	 path,	   NULL };
	const char *other[] = {
		"cordon", "label", "--json", "--reason", "because", what, path, NULL
	};
	const char *look[] = { "cordon", "label", "--json", what, path, NULL };

	if (value)
		return guard_run(set, output, size);
	return guard_run(strcmp(what, "clear") ? look : other, output, size);
}

TEST_F(raise, set_and_clear)
{
	const char *without[] = { "cordon", "label", "set", "secret", self->file, NULL };
	char output[4096] = "";

	EXPECT_EQ(2, guard_run(without, output, sizeof(output)));
	EXPECT_EQ(0, label("set", "secret", self->file, output, sizeof(output)))
	{
		TH_LOG("%s", output);
	}
	EXPECT_RECORD(.verdict = "change", .reason = "label-set");
	EXPECT_PLAY(EACCES, PLAIN, "try open=%f");
	EXPECT_PLAY(EACCES, PLAIN, "drop_caches try open=%f");
	EXPECT_PLAY(0, CLEARED, "open=%f read");
	EXPECT_EQ(0, label("show", NULL, self->file, output, sizeof(output)));
	EXPECT_NE(NULL, strstr(output, "\"stored\":\"secret\""))
	{
		TH_LOG("%s", output);
	}
	EXPECT_EQ(0, label("tree", NULL, self->dir, output, sizeof(output)));
	EXPECT_NE(NULL, strstr(output, "\"stored\":\"secret\""));
	EXPECT_EQ(0, label("clear", NULL, self->file, output, sizeof(output)))
	{
		TH_LOG("%s", output);
	}
	EXPECT_RECORD(.verdict = "change", .reason = "label-cleared");
	EXPECT_PLAY(0, PLAIN, "open=%f read");
	EXPECT_EQ(1, label("set", "secret", self->dir, output, sizeof(output)));
}

static bool make_immutable(const char *path, bool immutable)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;
	bool done = fd >= 0 && !ioctl(fd, FS_IOC_GETFLAGS, &flags);

	flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	done = done && !ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return done;
}

/* Nobody writes an immutable file: the kernel says so first, and the controller is told. */
TEST_F(raise, immutable)
{
	char output[4096] = "";

	ASSERT_TRUE(make_immutable(self->file, true));
	EXPECT_PLAY(EPERM, CLEARED, "taint=" SECRET " try chmod=%f");
	EXPECT_EQ(1, label("set", "secret", self->file, output, sizeof(output)));
	EXPECT_NE(NULL, strstr(output, "not permitted"))
	{
		TH_LOG("%s", output);
	}
	EXPECT_PLAY(0, PLAIN, "open=%f read");
	ASSERT_TRUE(make_immutable(self->file, false));
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try chmod=%f");
	EXPECT_PLAY(EACCES, PLAIN, "try open=%f");
}

/* Many at once, while the kernel forgets: no deadlock, and none is missed. */
#define STORM_FILES   16
#define STORM_WRITERS 3
TEST_F(raise, storm)
{
	char steps[STORM_FILES * 160], path[64];
	pid_t writers[STORM_WRITERS], forgetter;
	const struct actor_call forget = {
		.program = TRUSTED,
		.steps = "drop_caches drop_caches drop_caches drop_caches drop_caches drop_caches",
	};

	for (int w = 0; w < STORM_WRITERS; w++) {
		struct actor_call call = { .program = CLEARED, .steps = steps };
		size_t length = snprintf(steps, sizeof(steps), "taint=" SECRET " try");

		for (int i = 0; i < STORM_FILES; i++)
			length += snprintf(steps + length, sizeof(steps) - length,
					   " create=%s/%d.%d write close trunc=%s/%d.%d close",
					   self->dir, w, i, self->dir, w, i);
		writers[w] = actor_start(&call);
	}
	forgetter = actor_start(&forget);
	for (int w = 0; w < STORM_WRITERS; w++)
		EXPECT_EQ(0, actor_wait(writers[w]));
	EXPECT_EQ(0, actor_wait(forgetter));
	for (int i = 0; i < STORM_WRITERS * STORM_FILES; i++) {
		snprintf(path, sizeof(path), "try open=%%d/%d.%d", i % STORM_WRITERS,
			 i / STORM_WRITERS);
		EXPECT_PLAY(EACCES, PLAIN, path);
	}
}

/* Without a word in the policy nothing rises, and what has risen stays. */
TEST_F(raise, without_the_rule)
{
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
	ASSERT_EQ(0, load_raising(false));
	EXPECT_PLAY(EACCES, PLAIN, "drop_caches try open=%f");
	EXPECT_PLAY(0, CLEARED, "taint=" SECRET " try open_w=%f write");
	EXPECT_PLAY(EACCES, CLEARED, "taint=" SECRET " try create=%d/new");
}

TEST_HARNESS_MAIN
