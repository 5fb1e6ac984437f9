// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "build_world.h"
#include "sink.h"
#include "veteran.h"

#define ACTOR_SOURCE	 "/tests/actor"
#define DISK_PATIENCE_MS 10000

static const char *const dirs[] = {
	SECRET_DIR,	 LOW_DIR,	  INBOX_DIR,
	CUI_DIR,	 ARROW_DIR,	  PARENT_DIR,
	PARENT_DIR "/c", DEEP_DIR,	  SRV_DIR "/arr",
	DISK_DIR "/c",	 DISK_DIR "/low", RUN_DIR,
	SINK_DIR,	 "/etc/cordon",	  "/etc/cordon/policy.d",
	"/var",		 "/var/lib",	  "/var/lib/cordon",
	"/plain",	 "/cleared",	  "/arrowed",
	"/trusted",	 "/byuser",	  "/bygroup",
	"/byunit",	 "/ladder",	  "/sys/fs/cgroup/system.slice",
	UNIT_CGROUP,	 OTHER_CGROUP,
};

static const char *const programs[] = { PLAIN,	 CLEARED,  ARROW,   TRUSTED,
					BY_USER, BY_GROUP, BY_UNIT, LADDER };

/* Files that hold the canary. */
static const char *const secrets[] = {
	SECRET,
	CUI_DIR "/secret",
	ARROW_DIR "/secret",
	INBOX_DIR "/secret",
	PARENT_DIR "/c/secret",
	DISK_SECRET,
	DISK_LATE_NAME,
	DISK_DONOR,
};

static const char *const low_files[] = { LOW_FILE, PROBE, LOW_DIR "/other", LOW_DIR "/veteran",
					 DISK_LOW };

static int say(int result, const char *what)
{
	if (result < 0)
		fprintf(stderr, "# the world: %s: %s\n", what, strerror(-result));
	return result;
}

static int write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
	size_t length = strlen(text);
	int result = 0;

	if (fd < 0)
		return say(-errno, path);
	if (write(fd, text, length) != (ssize_t)length)
		result = say(-errno, path);
	close(fd);
	return result;
}

/* A new one for every run: no test can find the canary of another. */
static int make_canary(void)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[CANARY_BYTES];
	char canary[CANARY_BYTES + 1];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -errno;
	for (int i = 0; i < CANARY_BYTES; i++)
		canary[i] = digits[random[i] & 31];
	canary[CANARY_BYTES] = '\0';
	return setenv(CANARY_ENV, canary, 1) ? -errno : 0;
}

static int make_dirs(void)
{
	mkdir(SRV_DIR, 0777);
	mkdir(DISK_DIR, 0777);
	if (mount("srv", SRV_DIR, "tmpfs", 0, "mode=777,size=256m"))
		return say(-errno, SRV_DIR);
	if (mount(DISK_DEVICE, DISK_DIR, "ext4", 0, ""))
		return say(-errno, DISK_DEVICE);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdir(dirs[i], 0777) && errno != EEXIST)
			return say(-errno, dirs[i]);
	chmod(SRV_DIR "/low", 0777);
	/* The policy and the controller's files are root's alone. */
	chmod("/etc/cordon", 0755);
	chmod("/etc/cordon/policy.d", 0755);
	return chmod("/var/lib/cordon", 0700) ? -errno : 0;
}

static int make_files(void)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]) && !result; i++)
		result = write_file(secrets[i], attack_canary(), O_EXCL);
	for (size_t i = 0; i < sizeof(low_files) / sizeof(low_files[0]) && !result; i++)
		result = write_file(low_files[i], "nothing of it is secret, be sure.\n", O_EXCL);
	/* Names from before the policy: its loader must find them (bypass A1). */
	if (!result && (link(SECRET, OLD_LINK) || link(DISK_SECRET, DISK_OLD_LINK) ||
			link(DISK_LATE_NAME, DISK_LATE_LINK)))
		result = say(-errno, "old links");
	if (!result && (symlink(SECRET, LOW_DIR "/symlink") || mkfifo(LOW_DIR "/fifo", 0666) ||
			mkfifo(SECRET_DIR "/fifo", 0666) || chmod(LOW_DIR "/fifo", 0666)))
		result = say(-errno, "symlink and fifos");
	return result;
}

/* A SCSI disk is looked for by the kernel, beside what goes on. */
static void await_disk(void)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	if (access("/sys/module/scsi_debug", F_OK))
		return;
	for (int ms = 0; access(SCSI_DISK, F_OK) && ms < DISK_PATIENCE_MS; ms += 5)
		nanosleep(&pause, NULL);
}

/* Further disks, where the kernel has the drivers for them (bypasses A9, M19). */
static int make_disks(void)
{
	char sector[512] = "";
	int disk, loop, result = 0;

	await_disk();
	disk = open(SCSI_DISK, O_WRONLY | O_CLOEXEC);
	memcpy(sector, attack_canary(), CANARY_BYTES);
	if (disk >= 0 && (write(disk, sector, sizeof(sector)) != sizeof(sector) || fsync(disk)))
		result = say(-errno, SCSI_DISK);
	close(disk);
	disk = open(DISK_DEVICE, O_RDONLY | O_CLOEXEC);
	loop = open(LOOP_DEVICE, O_RDONLY | O_CLOEXEC);
	sync();
	if (disk >= 0 && loop >= 0 && ioctl(loop, LOOP_SET_FD, disk))
		result = say(-errno, LOOP_DEVICE);
	close(disk);
	close(loop);
	return result;
}

/* Data of secret objects that is not their content (bypass A13). */
static int make_attributes(void)
{
	char name[CANARY_BYTES + 8];

	snprintf(name, sizeof(name), "user.%s", attack_canary());
	if (setxattr(SECRET, CANARY_XATTR, attack_canary(), CANARY_BYTES, 0) ||
	    symlink(attack_canary(), SECRET_POINTER) || mkdir(SECRET_NAMED, 0777) ||
	    setxattr(SECRET_NAMED, name, "", 0, 0))
		return say(-errno, "attributes");
	return 0;
}

static int make_users(void)
{
	int result = write_file("/etc/passwd", "engineer:x:1000:1000::/:/bin/sh\n", O_APPEND);

	if (!result)
		result = write_file("/etc/passwd", "other:x:1001:1001::/:/bin/sh\n", O_APPEND);
	if (!result)
		result = write_file("/etc/group", "engineer:x:1000:\ncleared:x:2000:\n", O_APPEND);
	if (!result && (chmod("/etc/passwd", 0644) || chmod("/etc/group", 0644)))
		result = -errno;
	return result;
}

/*
 * What the system itself forbids must not be what stops an attack: the tests
 * are of the guard alone.
 */
static int open_doors(void)
{
	int result = write_file("/proc/sys/fs/protected_hardlinks", "0", 0);

	if (!result)
		result = write_file("/proc/sys/fs/protected_symlinks", "0", 0);
	if (!result)
		result = write_file("/proc/sys/fs/protected_fifos", "0", 0);
	if (!result)
		result = write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647", 0);
	return result;
}

int world_build(void)
{
	int result = make_canary();

	umask(0);
	if (!result)
		result = make_dirs();
	if (!result)
		result = make_files();
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && !result; i++)
		result = world_copy_program(ACTOR_SOURCE, programs[i]);
	if (!result)
		result = world_copy_program("/cordon/busybox", "/cleared/busybox");
	if (!result)
		result = world_copy_program("/cordon/busybox", "/plain/busybox");
	if (!result)
		result = world_copy_program("/tests/policies/world.cordon",
					    "/etc/cordon/policy.d/world.cordon");
	if (!result && chmod("/etc/cordon/policy.d/world.cordon", 0644))
		result = -errno;
	if (!result)
		result = make_users();
	if (!result)
		result = make_attributes();
	if (!result)
		result = make_disks();
	if (!result)
		result = open_doors();
	umask(022);
	return result;
}

int world_start_hosts(void)
{
	for (int i = 0; i < SINK_COUNT; i++) {
		pid_t pid = sink_start(&sink_hosts[i]);
		char path[128], text[16];

		if (pid < 0)
			return say(pid, sink_hosts[i].name);
		snprintf(path, sizeof(path), SINK_DIR "/%s.pid", sink_hosts[i].name);
		snprintf(text, sizeof(text), "%d", pid);
		if (write_file(path, text, O_TRUNC))
			return -EIO;
	}
	return 0;
}

static int start_veteran(const struct veteran *veteran, const char *set)
{
	char steps[2048], loot[256];
	struct actor_call call = { .program = veteran->program, .steps = steps, .loot = loot };
	pid_t pid;

	snprintf(steps, sizeof(steps), "%s hold_until=" RUN_DIR "/veterans.%s %s", veteran->before,
		 set, veteran->after);
	veteran_loot(veteran, set, loot, sizeof(loot));
	pid = actor_start(&call);
	if (pid < 0 || !actor_wait_stopped(pid))
		return say(-ECHILD, veteran->name);
	return kill(pid, SIGCONT) ? -errno : 0;
}

int world_start_veterans(void)
{
	int result = 0;

	for (size_t i = 0; veterans[i].name && !result; i++) {
		result = start_veteran(&veterans[i], MODE_PERMISSIVE);
		if (!result)
			result = start_veteran(&veterans[i], MODE_ENFORCING);
	}
	return result;
}
