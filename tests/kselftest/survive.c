// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stored labels over boots: one disk, several guests.
 *
 *	survive raise  raises labels and writes the canary, one file after the other, until the power
 *	               is cut: QEMU is killed once this has said "raising"
 *	survive check  after the next boot: what holds the canary has its label, and the guard knows it
 *
 * The negative control: an attribute of a user, set just before a write as the module sets the
 * label, but not waited for. After a cut its file holds what was written and not the attribute. It
 * has a disk of its own, whose journal nothing hurries: each label on the first disk takes all
 * attributes there along.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"
#include "build_world.h"
#include "control.h"
#include "cordon/stored_label.h"
#include "results.h"

#define TAP_FILE "/out/survive.tap"
#define MODULE	 "/cordon.ko"
#define KEPT	 DISK_DIR "/kept" /* the host's key and the canary, over the boots */
#define RAISED	 DISK_DIR "/raised"
#define CONTROL	 "/control"
#define KEY	 "/var/lib/cordon/label.key"
#define FILES	 400
#define ENOUGH	 40 /* are raised when the power may be cut */
#define PAGE	 4096

static struct results *results;

static int copy(const char *from, const char *to)
{
	char bytes[256];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t got = in < 0 ? -1 : read(in, bytes, sizeof(bytes));
	int result = -EIO;

	close(in);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (got > 0 && out >= 0 && write(out, bytes, got) == got && !fsync(out))
		result = 0;
	close(out);
	return result;
}

static const char *file_name(const char *folder, int number)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%d", folder, number);
	return path;
}

/* Ten minutes are longer than the guest lives. */
static int mount_control(void)
{
	mkdir(CONTROL, 0700);
	return mount("/dev/vdb", CONTROL, "ext4", 0, "commit=600") ? -errno : 0;
}

static int start_guard(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		result = -errno;
	close(fd);
	if (!result)
		result = control_start();
	if (!result)
		result = control_load_next(
			&(const struct policy_change){ .more = "on write-down raise" });
	return result ? result : attack_set_mode(MODE_ENFORCING);
}

/* Files of one written page: their block is there, a write to it needs no metadata. */
static int make_files(const char *folder)
{
	char page[PAGE];

	memset(page, '.', sizeof(page));
	for (int i = 0; i < FILES; i++) {
		int fd = open(file_name(folder, i), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

		if (fd < 0 || write(fd, page, sizeof(page)) != sizeof(page) || fsync(fd))
			return -errno;
		close(fd);
	}
	sync();
	return 0;
}

/* What the module would do if it did not wait for the journal. */
static int write_unsafely(int number)
{
	int fd = open(file_name(CONTROL, number), O_WRONLY | O_CLOEXEC);
	int result = 0;

	if (fd < 0 || fsetxattr(fd, "user.label", "secret", 6, 0) ||
	    write(fd, attack_canary(), CANARY_BYTES) != CANARY_BYTES ||
	    sync_file_range(fd, 0, PAGE,
			    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER))
		result = -errno;
	close(fd);
	return result;
}

static int raise_all(void)
{
	char steps[256];
	int result = mkdir(RAISED, 0777) || chmod(RAISED, 0777) ? -errno : make_files(RAISED);

	if (!result)
		result = mount_control();
	if (!result)
		result = make_files(CONTROL);
	mkdir(KEPT, 0700);
	if (!result)
		result = start_guard();
	if (!result)
		result = copy(KEY, KEPT "/key");
	if (!result)
		result = copy(DISK_SECRET, KEPT "/canary");
	sync();
	for (int i = 0; i < FILES && !result; i++) {
		snprintf(steps, sizeof(steps), "taint=" DISK_SECRET " try open_w=%s write flush",
			 file_name(RAISED, i));
		result = actor_play(CLEARED, steps);
		if (!result)
			result = write_unsafely(i);
		if (i == ENOUGH)
			puts("raising");
		fflush(stdout);
	}
	return result;
}

/* The first bytes of the file: the canary of the boot before? */
static bool holds_canary(const char *path, const char *canary)
{
	char bytes[CANARY_BYTES] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	close(fd);
	return got == CANARY_BYTES && !memcmp(bytes, canary, CANARY_BYTES);
}

/* Before the guard is there: the disk as the cut left it. */
static void look(const char *canary)
{
	int written = 0, naked = 0, unsafe = 0, controls = 0;
	int result = mount_control();

	if (result)
		results_fail(results, "%s: %s", CONTROL, strerror(-result));
	for (int i = 0; i < FILES; i++) {
		const char *path = file_name(RAISED, i);

		if (holds_canary(path, canary)) {
			written++;
			naked += getxattr(path, CORDON_XATTR, NULL, 0) != CORDON_STORED_BYTES;
		}
		path = file_name(CONTROL, i);
		if (holds_canary(path, canary)) {
			controls++;
			unsafe += getxattr(path, "user.label", NULL, 0) < 0;
		}
	}
	results_note(results, "%d files written, %d of them without a label", written, naked);
	results_note(results, "%d controls written, %d of them without their attribute", controls,
		     unsafe);
	results_add(results, written > ENOUGH && written < FILES, "survive",
		    "the power was cut while labels rose");
	results_add(results, !naked, "survive", "what was written has its label on the disk");
	results_add(results, unsafe > 0, "survive",
		    "an attribute that nobody waits for comes too late");
}

static void check(const char *canary)
{
	int open_to_all = 0, lost_to_cleared = 0, denied = 0;
	char steps[256];
	int result;

	look(canary);
	result = copy(KEPT "/key", KEY);
	if (!result)
		result = start_guard();
	if (result) {
		results_fail(results, "the guard does not start: %s", strerror(-result));
		return;
	}
	for (int i = 0; i < FILES; i += 4) {
		if (getxattr(file_name(RAISED, i), CORDON_XATTR, NULL, 0) != CORDON_STORED_BYTES)
			continue;
		snprintf(steps, sizeof(steps), "try open=%s read", file_name(RAISED, i));
		result = actor_play(PLAIN, steps);
		denied += actor_denied(result);
		open_to_all += !actor_denied(result);
		lost_to_cleared += actor_play(CLEARED, steps) != 0;
	}
	results_note(results, "%d denied, %d open to all, %d lost", denied, open_to_all,
		     lost_to_cleared);
	results_add(results, denied && !open_to_all, "survive", "labels deny after the boot");
	results_add(results, !lost_to_cleared, "survive", "labels are true after the boot");
}

/* The world is made on the disk once. */
static int again(char *canary)
{
	int fd, result;

	result = mkdir(DISK_DIR, 0777) && errno != EEXIST ? -errno : 0;
	if (!result && mount("/dev/vda", DISK_DIR, "ext4", 0, ""))
		result = -errno;
	fd = open(KEPT "/canary", O_RDONLY | O_CLOEXEC);
	if (!result && (fd < 0 || read(fd, canary, CANARY_BYTES) != CANARY_BYTES))
		result = -EIO;
	close(fd);
	/* What the world makes anew. */
	if (!result && (rename(DISK_DIR "/c", DISK_DIR "/old.c") ||
			rename(DISK_DIR "/low", DISK_DIR "/old.low") || umount(DISK_DIR)))
		result = -errno;
	return result ? result : world_build();
}

int main(int argc, char **argv)
{
	char canary[CANARY_BYTES + 1] = "";
	int result;

	results = results_open(TAP_FILE);
	if (!results || argc < 2)
		return 2;
	result = strcmp(argv[1], "raise") ? again(canary) : world_build();
	if (result)
		results_fail(results, "the world could not be built: %s", strerror(-result));
	else if (!strcmp(argv[1], "raise"))
		results_add(results, !(result = raise_all()), "survive", "labels are raised");
	else
		check(canary);
	if (result)
		results_note(results, "%d", result);
	return results_close(results) ? 0 : 1;
}
