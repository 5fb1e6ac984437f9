// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on other views of the same data: disks, attributes, watches, /proc. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <scsi/sg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define SECTOR	    512
#define SLURP_LIMIT (16 << 20)

/* Neither for reading nor for writing: for ioctl alone, as far as the kernel says. */
static int step_open_3(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_ACCMODE | O_NONBLOCK));
}

/* b|c,MAJOR,MINOR,PATH: a device node wherever one likes. */
static int step_mknod(struct actor *actor, const char *argument)
{
	char kind[4], major[16], minor[16];
	const char *rest = actor_split(argument, kind, sizeof(kind));

	(void)actor;
	rest = actor_split(rest, major, sizeof(major));
	rest = actor_split(rest, minor, sizeof(minor));
	return actor_result(mknod(rest, (*kind == 'b' ? S_IFBLK : S_IFCHR) | 0666,
				  makedev(atoi(major), atoi(minor))));
}

/* NODE,PATH: the same device at another place. */
static int step_mknod_like(struct actor *actor, const char *argument)
{
	char node[256];
	const char *path = actor_split(argument, node, sizeof(node));
	struct stat status;

	(void)actor;
	if (stat(node, &status))
		return -errno;
	return actor_result(mknod(path, status.st_mode, status.st_rdev));
}

/* Looks for the canary at the beginning of every sector of the newest descriptor. */
static int step_scan(struct actor *actor, const char *unused)
{
	static char chunk[1 << 20];
	ssize_t length;

	(void)unused;
	while ((length = read(actor_fd(actor), chunk, sizeof(chunk))) > 0)
		for (ssize_t at = 0; at + CANARY_BYTES <= length; at += SECTOR) {
			if (actor_hash(chunk + at, CANARY_BYTES) != actor->want)
				continue;
			memcpy(actor->buffer, chunk + at, CANARY_BYTES);
			actor->length = CANARY_BYTES;
			return 0;
		}
	return length < 0 ? -errno : -ENODATA;
}

/* The first sector, by a SCSI command (bypass M19). */
static int step_scsi_read(struct actor *actor, const char *unused)
{
	unsigned char command[10] = { 0x28, [8] = 1 }, sense[32];
	struct sg_io_hdr request = {
		.interface_id = 'S',
		.dxfer_direction = SG_DXFER_FROM_DEV,
		.cmd_len = sizeof(command),
		.cmdp = command,
		.mx_sb_len = sizeof(sense),
		.sbp = sense,
		.dxferp = actor->buffer,
		.dxfer_len = SECTOR,
		.timeout = 3000,
	};

	(void)unused;
	if (ioctl(actor_fd(actor), SG_IO, &request))
		return -errno;
	actor->length = CANARY_BYTES;
	return request.status ? -EIO : 0;
}

/* DEVICE,PATH: its ext4 file system, read only, as it lies there. */
static int step_mount_ro(struct actor *actor, const char *argument)
{
	char device[256];
	const char *path = actor_split(argument, device, sizeof(device));

	(void)actor;
	return actor_result(mount(device, path, "ext4", MS_RDONLY, "noload"));
}

/* KIND,SOURCE,PATH,OPTIONS: any file system. */
static int step_mount(struct actor *actor, const char *argument)
{
	char kind[32], source[256], path[256];
	const char *rest = actor_split(argument, kind, sizeof(kind));

	(void)actor;
	rest = actor_split(rest, source, sizeof(source));
	rest = actor_split(rest, path, sizeof(path));
	return actor_result(mount(source, path, kind, 0, rest));
}

/* LOOP: the newest descriptor's file is what lies behind that device. */
static int step_loop_set(struct actor *actor, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return -errno;
	result = actor_result(ioctl(fd, LOOP_SET_FD, actor_fd(actor)));
	close(fd);
	return result;
}

/* ---- Attributes and names ----------------------------------------------------- */

static int took(struct actor *actor, ssize_t length)
{
	if (length < 0)
		return -errno;
	actor->length = length;
	return length ? 0 : -ENODATA;
}

static int step_getxattr(struct actor *actor, const char *path)
{
	return took(actor, getxattr(path, CANARY_XATTR, actor->buffer, ACTOR_BUFFER));
}

static int step_getxattr_o_path(struct actor *actor, const char *path)
{
	char self[64];
	int fd = open(path, O_PATH | O_CLOEXEC), result;

	if (fd < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	result = step_getxattr(actor, self);
	close(fd);
	return result;
}

/* The names of attributes, without the first one's "user.". */
static int step_listxattr(struct actor *actor, const char *path)
{
	ssize_t length = listxattr(path, actor->buffer, ACTOR_BUFFER);

	if (length > 5)
		memmove(actor->buffer, actor->buffer + 5, length -= 5);
	return took(actor, length);
}

static int step_readlink(struct actor *actor, const char *path)
{
	return took(actor, readlink(path, actor->buffer, ACTOR_BUFFER));
}

static int step_get_acl(struct actor *actor, const char *path)
{
	ssize_t length = getxattr(path, "system.posix_acl_access", actor->buffer, ACTOR_BUFFER);

	/* Who has none says so; a refusal is another matter. */
	if (length < 0 && errno == ENODATA)
		return 0;
	return took(actor, length);
}

static int step_watch(struct actor *actor, const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, path, IN_ALL_EVENTS) < 0)
		return -errno;
	return actor_keep(actor, fd);
}

/* The name in the first message that has one. */
static int step_watched_name(struct actor *actor, const char *unused)
{
	struct inotify_event *seen = (void *)actor->buffer;
	ssize_t length;

	(void)unused;
	do {
		length = read(actor_fd(actor), actor->buffer, ACTOR_BUFFER);
		if (length < 0)
			return -errno;
	} while (!seen->len);
	memmove(actor->buffer, seen->name, seen->len);
	actor->length = CANARY_BYTES;
	return 0;
}

/* FLAG,PATH: FLAG is 0, FAN_MARK_MOUNT or FAN_MARK_FILESYSTEM. */
static int step_fanotify(struct actor *actor, const char *argument)
{
	char flag[16];
	const char *path = actor_split(argument, flag, sizeof(flag));
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);

	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD | strtoul(flag, NULL, 0),
				    FAN_OPEN | FAN_ACCESS, AT_FDCWD, path))
		return -errno;
	return actor_keep(actor, fd);
}

static int step_dnotify(struct actor *actor, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)actor;
	if (fd < 0)
		return -errno;
	return actor_result(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT));
}

/* ---- ioctls --------------------------------------------------------------------- */

/* ext4: the blocks of the newest descriptor's file and of the one before it change places. */
static int step_move_extent(struct actor *actor, const char *unused)
{
	struct {
		__u32 reserved, donor_fd;
		__u64 orig_start, donor_start, len, moved_len;
	} move = { .donor_fd = actor_fd_before(actor), .len = 1 };

	(void)unused;
	return actor_result(ioctl(actor_fd(actor), _IOWR('f', 15, typeof(move)), &move));
}

static int step_set_flags(struct actor *actor, const char *unused)
{
	int flags;

	(void)unused;
	if (ioctl(actor_fd(actor), FS_IOC_GETFLAGS, &flags))
		return -errno;
	flags |= FS_NODUMP_FL;
	return actor_result(ioctl(actor_fd(actor), FS_IOC_SETFLAGS, &flags));
}

/* FICLONE of the descriptor before the newest into the newest. */
static int step_clone(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(ioctl(actor_fd(actor), FICLONE, actor_fd_before(actor)));
}

/* ---- What a process shows of itself ------------------------------------------------ */

/* The payload becomes what /proc/PID/cmdline shows. */
static int step_expose_argv(struct actor *actor, const char *unused)
{
	(void)unused;
	memcpy((char *)actor->self, actor->buffer, CANARY_BYTES);
	return 0;
}

static int step_expose_comm(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(prctl(PR_SET_NAME, actor->buffer, 0, 0, 0));
}

/* ---- What the kernel does in one's name --------------------------------------------- */

static int step_crash(struct actor *actor, const char *unused)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)actor, (void)unused;
	setrlimit(RLIMIT_CORE, &all);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	raise(SIGABRT);
	return -EINVAL;
}

/* Standard input, a core dump, goes to PATH. */
static int step_slurp(struct actor *actor, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), result = 0;
	ssize_t length;

	if (fd < 0)
		return -errno;
	for (size_t left = SLURP_LIMIT; left && !result; left -= length) {
		length = read(0, actor->buffer, left < ACTOR_BUFFER ? left : ACTOR_BUFFER);
		if (length <= 0)
			break;
		result = actor_result(write(fd, actor->buffer, length));
	}
	close(fd);
	return result;
}

static int step_acct(struct actor *actor, const char *path)
{
	int result = actor_result(acct(path));

	(void)actor;
	if (!result)
		acct(NULL);
	return result;
}

static int step_swapon(struct actor *actor, const char *path)
{
	int result = actor_result(swapon(path, 0));

	(void)actor;
	if (!result)
		swapoff(path);
	/* No swap space on it: the guard had no objection. */
	return result == -EINVAL ? 0 : result;
}

static int step_hostname(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(sethostname(actor->buffer, CANARY_BYTES));
}

const struct actor_steps actor_view_steps[] = {
	{ "open_3", step_open_3 },
	{ "mknod", step_mknod },
	{ "mknod_like", step_mknod_like },
	{ "scan", step_scan },
	{ "scsi_read", step_scsi_read },
	{ "mount_ro", step_mount_ro },
	{ "mount", step_mount },
	{ "loop_set", step_loop_set },
	{ "getxattr", step_getxattr },
	{ "getxattr_o_path", step_getxattr_o_path },
	{ "listxattr", step_listxattr },
	{ "readlink", step_readlink },
	{ "get_acl", step_get_acl },
	{ "watch", step_watch },
	{ "watched_name", step_watched_name },
	{ "fanotify", step_fanotify },
	{ "dnotify", step_dnotify },
	{ "move_extent", step_move_extent },
	{ "set_flags", step_set_flags },
	{ "clone", step_clone },
	{ "expose_argv", step_expose_argv },
	{ "expose_comm", step_expose_comm },
	{ "crash", step_crash },
	{ "slurp", step_slurp },
	{ "acct", step_acct },
	{ "swapon", step_swapon },
	{ "hostname", step_hostname },
	{ NULL, NULL },
};
