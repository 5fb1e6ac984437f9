// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on names and attributes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

static int step_truncate(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(truncate(path, 1));
}

static int step_unlink(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(unlink(path));
}

static int step_rmdir(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(rmdir(path));
}

static int rename_with(const char *argument, unsigned int flags)
{
	char from[4096];
	const char *to = actor_split(argument, from, sizeof(from));

	return actor_result(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags));
}

static int step_rename(struct actor *actor, const char *argument)
{
	(void)actor;
	return rename_with(argument, 0);
}

static int step_exchange(struct actor *actor, const char *argument)
{
	(void)actor;
	return rename_with(argument, RENAME_EXCHANGE);
}

static int step_whiteout(struct actor *actor, const char *argument)
{
	(void)actor;
	return rename_with(argument, RENAME_WHITEOUT);
}

static int step_link(struct actor *actor, const char *argument)
{
	char from[4096];
	const char *to = actor_split(argument, from, sizeof(from));

	(void)actor;
	return actor_result(link(from, to));
}

/* Names the newest descriptor's file, without looking up any old name. */
static int step_link_fd(struct actor *actor, const char *to)
{
	return actor_result(linkat(actor_fd(actor), "", AT_FDCWD, to, AT_EMPTY_PATH));
}

static int step_symlink(struct actor *actor, const char *argument)
{
	char target[4096];
	const char *path = actor_split(argument, target, sizeof(target));

	(void)actor;
	return actor_result(symlink(target, path));
}

static int step_mkdir(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(mkdir(path, 0777));
}

static int step_mkfifo(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(mkfifo(path, 0666));
}

static int step_tmpfile(struct actor *actor, const char *dir)
{
	return actor_keep(actor, open(dir, O_RDWR | O_TMPFILE, 0666));
}

static int step_chmod(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(chmod(path, 0755));
}

static int step_chown(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(chown(path, 12, 34));
}

static int step_utimes(struct actor *actor, const char *path)
{
	const struct timespec times[2] = { { .tv_sec = 12345 }, { .tv_sec = 67890 } };

	(void)actor;
	return actor_result(utimensat(AT_FDCWD, path, times, 0));
}

static int step_setxattr(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(setxattr(path, "user.cordon_test", "x", 1, 0));
}

static int step_removexattr(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(removexattr(path, CANARY_XATTR));
}

static int step_set_acl(struct actor *actor, const char *path)
{
	/* The minimal ACL: owner rwx, group r-x, others r-x. */
	static const unsigned char acl[] = { 2,	  0,   0, 0, 1,	  0,   7,   0,	 255, 255,
					     255, 255, 4, 0, 5,	  0,   255, 255, 255, 255,
					     32,  0,   5, 0, 255, 255, 255, 255 };

	(void)actor;
	return actor_result(setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0));
}

/* The payload as a string: its first CANARY_BYTES bytes. */
static void payload_text(const struct actor *actor, char *text)
{
	memcpy(text, actor->buffer, CANARY_BYTES);
	text[CANARY_BYTES] = '\0';
}

static void payload_path(const struct actor *actor, const char *dir, char *path, size_t size)
{
	char text[CANARY_BYTES + 1];

	payload_text(actor, text);
	snprintf(path, size, "%s/%s", dir, text);
}

/* A name is data: these write the payload without opening any file. */
static int step_create_payload(struct actor *actor, const char *dir)
{
	char path[4096];

	payload_path(actor, dir, path, sizeof(path));
	return actor_keep(actor, open(path, O_WRONLY | O_CREAT | O_EXCL, 0666));
}

static int step_mkdir_payload(struct actor *actor, const char *dir)
{
	char path[4096];

	payload_path(actor, dir, path, sizeof(path));
	return actor_result(mkdir(path, 0777));
}

static int step_mknod_payload(struct actor *actor, const char *dir)
{
	char path[4096];

	payload_path(actor, dir, path, sizeof(path));
	return actor_result(mknod(path, S_IFIFO | 0666, 0));
}

static int step_symlink_payload(struct actor *actor, const char *path)
{
	char text[CANARY_BYTES + 1];

	payload_text(actor, text);
	return actor_result(symlink(text, path));
}

/* FROM,DIR: gives FROM the payload as its name in DIR. */
static int step_rename_payload(struct actor *actor, const char *argument)
{
	char from[4096], path[4096];
	const char *dir = actor_split(argument, from, sizeof(from));

	payload_path(actor, dir, path, sizeof(path));
	return actor_result(rename(from, path));
}

static int step_link_payload(struct actor *actor, const char *argument)
{
	char from[4096], path[4096];
	const char *dir = actor_split(argument, from, sizeof(from));

	payload_path(actor, dir, path, sizeof(path));
	return actor_result(link(from, path));
}

static int step_setxattr_payload(struct actor *actor, const char *path)
{
	return actor_result(setxattr(path, CANARY_XATTR, actor->buffer, CANARY_BYTES, 0));
}

static int step_fsetxattr_payload(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(
		fsetxattr(actor_fd(actor), CANARY_XATTR, actor->buffer, CANARY_BYTES, 0));
}

/* FROM,TO: a copy that can be executed. */
static int step_copy_program(struct actor *actor, const char *argument)
{
	char from[4096];
	const char *to = actor_split(argument, from, sizeof(from));

	(void)actor;
	return world_copy_program(from, to);
}

const struct actor_steps actor_name_steps[] = {
	{ "truncate", step_truncate },
	{ "unlink", step_unlink },
	{ "rmdir", step_rmdir },
	{ "rename", step_rename },
	{ "exchange", step_exchange },
	{ "whiteout", step_whiteout },
	{ "link", step_link },
	{ "link_fd", step_link_fd },
	{ "symlink", step_symlink },
	{ "mkdir", step_mkdir },
	{ "mkfifo", step_mkfifo },
	{ "tmpfile", step_tmpfile },
	{ "chmod", step_chmod },
	{ "chown", step_chown },
	{ "utimes", step_utimes },
	{ "setxattr", step_setxattr },
	{ "removexattr", step_removexattr },
	{ "set_acl", step_set_acl },
	{ "copy_program", step_copy_program },
	{ "create_payload", step_create_payload },
	{ "mkdir_payload", step_mkdir_payload },
	{ "mknod_payload", step_mknod_payload },
	{ "symlink_payload", step_symlink_payload },
	{ "rename_payload", step_rename_payload },
	{ "link_payload", step_link_payload },
	{ "setxattr_payload", step_setxattr_payload },
	{ "fsetxattr_payload", step_fsetxattr_payload },
	{ NULL, NULL },
};
