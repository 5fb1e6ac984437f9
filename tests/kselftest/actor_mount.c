// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps that show the same file at another place. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

/* linux/mount.h clashes with sys/mount.h in older C libraries. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

/* A mount name space of its own, so that what is mounted goes with the actor. */
static int step_unshare_mounts(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	if (unshare(CLONE_NEWNS))
		return -errno;
	return actor_result(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* The same, for who is not root: a user name space first. */
static int step_unshare_user(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -errno;
	return actor_result(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static int step_bind(struct actor *actor, const char *argument)
{
	char from[4096];
	const char *to = actor_split(argument, from, sizeof(from));

	(void)actor;
	return actor_result(mount(from, to, NULL, MS_BIND, NULL));
}

static int step_rbind(struct actor *actor, const char *argument)
{
	char from[4096];
	const char *to = actor_split(argument, from, sizeof(from));

	(void)actor;
	return actor_result(mount(from, to, NULL, MS_BIND | MS_REC, NULL));
}

static int step_move_mount(struct actor *actor, const char *argument)
{
	char from[4096];
	const char *to = actor_split(argument, from, sizeof(from));

	(void)actor;
	return actor_result(mount(from, to, NULL, MS_MOVE, NULL));
}

/* A detached copy of the tree at PATH becomes the newest descriptor (bypass A3). */
static int step_open_tree(struct actor *actor, const char *path)
{
	return actor_keep(actor, syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE));
}

/* Attaches the newest descriptor, a detached tree, at PATH. */
static int step_attach_tree(struct actor *actor, const char *path)
{
	return actor_result(syscall(SYS_move_mount, actor_fd(actor), "", AT_FDCWD, path,
				    MOVE_MOUNT_F_EMPTY_PATH));
}

static int step_tmpfs(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(mount("tmpfs", path, "tmpfs", 0, ""));
}

static int step_umount(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(umount2(path, MNT_DETACH));
}

/* The working directory, a mount point, becomes the root, and the old root goes. */
static int step_pivot(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH))
		return -errno;
	return actor_result(chdir("/"));
}

/* DEVICE,PATH: its ext4 file system, at one more place (bypass A9). */
static int step_mount_disk(struct actor *actor, const char *argument)
{
	char device[256];
	const char *path = actor_split(argument, device, sizeof(device));

	(void)actor;
	return actor_result(mount(device, path, "ext4", 0, ""));
}

/* LOWER,SCRATCH[,MERGED]: an overlay of LOWER at SCRATCH/merged or MERGED (bypass A5). */
static int step_overlay(struct actor *actor, const char *argument)
{
	static const char *const names[] = { "upper", "work", "merged" };
	char lower[256], scratch[256], path[512], options[1024];
	const char *merged = actor_split(argument, lower, sizeof(lower));

	(void)actor;
	merged = actor_split(merged, scratch, sizeof(scratch));
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", scratch, names[i]);
		if (mkdir(path, 0777) && errno != EEXIST)
			return -errno;
	}
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower,
		 scratch, scratch);
	return actor_result(mount("overlay", *merged ? merged : path, "overlay", 0, options));
}

/* LOWER,LOWER: an overlay that is mounted nowhere becomes the newest descriptor. */
static int step_detached_overlay(struct actor *actor, const char *argument)
{
	char lower[256];
	const char *second = actor_split(argument, lower, sizeof(lower));
	char lowers[600];
	int context = syscall(SYS_fsopen, "overlay", 0), result;

	if (context < 0)
		return -errno;
	snprintf(lowers, sizeof(lowers), "%s:%s", lower, second);
	if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "lowerdir", lowers, 0) ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		result = -errno;
	else
		result = actor_keep(actor, syscall(SYS_fsmount, context, 0, 0));
	close(context);
	return result;
}

/* What the kernel can forget of an inode it forgets now. */
static int step_drop_caches(struct actor *actor, const char *unused)
{
	int fd, result;

	(void)actor, (void)unused;
	sync();
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = actor_result(write(fd, "3", 1));
	close(fd);
	return result;
}

const struct actor_steps actor_mount_steps[] = {
	{ "unshare_mounts", step_unshare_mounts },
	{ "unshare_user", step_unshare_user },
	{ "bind", step_bind },
	{ "rbind", step_rbind },
	{ "move_mount", step_move_mount },
	{ "open_tree", step_open_tree },
	{ "attach_tree", step_attach_tree },
	{ "tmpfs", step_tmpfs },
	{ "umount", step_umount },
	{ "pivot", step_pivot },
	{ "mount_disk", step_mount_disk },
	{ "overlay", step_overlay },
	{ "detached_overlay", step_detached_overlay },
	{ "drop_caches", step_drop_caches },
	{ NULL, NULL },
};
