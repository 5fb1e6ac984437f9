// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on open files: ways to a descriptor, ways through one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

static int step_open(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_RDONLY));
}

static int step_open_w(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_WRONLY));
}

static int step_open_rw(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_RDWR));
}

static int step_open_dir(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_RDONLY | O_DIRECTORY));
}

static int step_create(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_WRONLY | O_CREAT | O_EXCL, 0666));
}

static int step_trunc(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_WRONLY | O_TRUNC));
}

static int step_opath(struct actor *actor, const char *path)
{
	return actor_keep(actor, open(path, O_PATH));
}

static int step_openat2(struct actor *actor, const char *path)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS };

	return actor_keep(actor, syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
}

/* Opens the newest descriptor's file anew, through procfs. */
static int step_reopen(struct actor *actor, const char *flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", actor_fd(actor));
	return actor_keep(actor, open(path, *flags == 'w' ? O_WRONLY : O_RDONLY));
}

/* NAME relative to the newest descriptor, a directory. */
static int step_openat(struct actor *actor, const char *name)
{
	return actor_keep(actor, openat(actor_fd(actor), name, O_RDONLY));
}

/* ROOT,PATH: takes a handle of PATH on the mount at ROOT (bypass A7). */
static int step_handle(struct actor *actor, const char *argument)
{
	struct file_handle *handle = (struct file_handle *)actor->handle;
	char root[256];
	const char *path = actor_split(argument, root, sizeof(root));
	int mount_id;

	handle->handle_bytes = MAX_HANDLE_SZ;
	actor->handle_mount = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (actor->handle_mount < 0)
		return -errno;
	return actor_result(name_to_handle_at(AT_FDCWD, path, handle, &mount_id, 0));
}

/* A handle needs no path: the mount and an inode number are enough. */
static int step_open_handle(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, open_by_handle_at(actor->handle_mount,
						   (struct file_handle *)actor->handle, O_RDONLY));
}

static int step_fd(struct actor *actor, const char *number)
{
	return actor_keep(actor, fcntl(atoi(number), F_DUPFD, 100));
}

static int step_swap(struct actor *actor, const char *unused)
{
	int last = actor->fd_count - 1, fd;

	(void)unused;
	if (last < 1)
		return -EBADF;
	fd = actor->fds[last];
	actor->fds[last] = actor->fds[last - 1];
	actor->fds[last - 1] = fd;
	return 0;
}

/* PATH,UNTIL: opens PATH again and again until UNTIL exists; fails when it ever could. */
static int step_never_opens(struct actor *actor, const char *argument)
{
	char path[4096];
	const char *until = actor_split(argument, path, sizeof(path));

	(void)actor;
	for (unsigned int i = 0; i % 64 || access(until, F_OK); i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0)
			return -EBADMSG;
		if (errno != EACCES && errno != EPERM)
			return -errno;
	}
	return 0;
}

/* The same the other way round: fails when it ever could not. */
static int step_always_opens(struct actor *actor, const char *argument)
{
	char path[4096];
	const char *until = actor_split(argument, path, sizeof(path));

	(void)actor;
	for (unsigned int i = 0; i % 64 || access(until, F_OK); i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

/* FIRST,SECOND,COUNT: COUNT opens, each of another file than the one before; all must be denied. */
static int step_denied_storm(struct actor *actor, const char *argument)
{
	char path[2][256];
	const char *rest = actor_split(argument, path[0], sizeof(path[0]));
	int count = atoi(actor_split(rest, path[1], sizeof(path[1])));

	(void)actor;
	for (int i = 0; i < count; i++) {
		int fd = open(path[i & 1], O_RDONLY | O_CLOEXEC);

		if (fd >= 0)
			return -EBADMSG;
		if (errno != EACCES && errno != EPERM)
			return -errno;
	}
	return 0;
}

static int step_close(struct actor *actor, const char *unused)
{
	(void)unused;
	if (!actor->fd_count)
		return -EBADF;
	return actor_result(close(actor->fds[--actor->fd_count]));
}

static int step_rewind(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(lseek(actor_fd(actor), 0, SEEK_SET));
}

static int took(struct actor *actor, ssize_t length)
{
	if (length < 0)
		return -errno;
	actor->length = length;
	return length ? 0 : -ENODATA;
}

static int step_read(struct actor *actor, const char *unused)
{
	(void)unused;
	return took(actor, read(actor_fd(actor), actor->buffer, ACTOR_BUFFER));
}

static int step_pread(struct actor *actor, const char *unused)
{
	(void)unused;
	return took(actor, pread(actor_fd(actor), actor->buffer, ACTOR_BUFFER, 0));
}

static int step_readv(struct actor *actor, const char *unused)
{
	struct iovec parts[2] = { { actor->buffer, 8 }, { actor->buffer + 8, ACTOR_BUFFER - 8 } };

	(void)unused;
	return took(actor, readv(actor_fd(actor), parts, 2));
}

static int step_preadv2(struct actor *actor, const char *unused)
{
	struct iovec part = { actor->buffer, ACTOR_BUFFER };

	(void)unused;
	return took(actor, preadv2(actor_fd(actor), &part, 1, 0, RWF_HIPRI));
}

static int step_mmap(struct actor *actor, const char *unused)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, actor_fd(actor), 0);

	(void)unused;
	if (map == MAP_FAILED)
		return -errno;
	memcpy(actor->buffer, map, 4096);
	actor->length = CANARY_BYTES;
	munmap(map, 4096);
	return 0;
}

static int read_back(struct actor *actor, int fd, long moved)
{
	int result = moved < 0 ? -errno : 0;

	if (!result)
		result = took(actor, pread(fd, actor->buffer, ACTOR_BUFFER, 0));
	close(fd);
	return result;
}

static int step_sendfile(struct actor *actor, const char *unused)
{
	int fd = memfd_create("loot", 0);
	off_t offset = 0;

	(void)unused;
	if (fd < 0)
		return -errno;
	return read_back(actor, fd, sendfile(fd, actor_fd(actor), &offset, 4096));
}

/* Sockets and pipes have no offset. */
static int step_splice(struct actor *actor, const char *unused)
{
	bool seekable = lseek(actor_fd(actor), 0, SEEK_CUR) >= 0;
	loff_t offset = 0;
	int result, ends[2];

	(void)unused;
	if (pipe(ends))
		return -errno;
	result = actor_result(
		splice(actor_fd(actor), seekable ? &offset : NULL, ends[1], NULL, 4096, 0));
	if (!result)
		result = took(actor, read(ends[0], actor->buffer, ACTOR_BUFFER));
	close(ends[0]);
	close(ends[1]);
	return result;
}

/* Needs a target on the same kind of file system: DIR says where. */
static int step_copy_range(struct actor *actor, const char *dir)
{
	int fd = open(dir, O_RDWR | O_TMPFILE, 0600);
	loff_t from = 0, to = 0;

	if (fd < 0)
		return -errno;
	return read_back(actor, fd, copy_file_range(actor_fd(actor), &from, fd, &to, 4096, 0));
}

static int step_write(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(write(actor_fd(actor), actor->buffer, actor->length));
}

/* To the disk, but not the file's metadata. */
static int step_flush(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(sync_file_range(actor_fd(actor), 0, 0,
					    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
						    SYNC_FILE_RANGE_WAIT_AFTER));
}

static int step_pwrite(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(pwrite(actor_fd(actor), actor->buffer, actor->length, 0));
}

static int step_writev(struct actor *actor, const char *unused)
{
	struct iovec part = { actor->buffer, actor->length };

	(void)unused;
	return actor_result(writev(actor_fd(actor), &part, 1));
}

/* From the descriptor before the newest, straight into the newest. */
static int step_sendfile_out(struct actor *actor, const char *unused)
{
	off_t offset = 0;

	(void)unused;
	return actor_result(sendfile(actor_fd(actor), actor_fd_before(actor), &offset, 4096));
}

static int step_splice_out(struct actor *actor, const char *unused)
{
	loff_t offset = 0;
	int result, ends[2];

	(void)unused;
	if (pipe(ends))
		return -errno;
	result = actor_result(splice(actor_fd_before(actor), &offset, ends[1], NULL, 4096, 0));
	if (!result)
		result = actor_result(splice(ends[0], NULL, actor_fd(actor), NULL, 4096, 0));
	close(ends[0]);
	close(ends[1]);
	return result;
}

static int step_copy_range_out(struct actor *actor, const char *unused)
{
	loff_t from = 0, to = 0;

	(void)unused;
	return actor_result(
		copy_file_range(actor_fd_before(actor), &from, actor_fd(actor), &to, 4096, 0));
}

static int step_mmap_write(struct actor *actor, const char *unused)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, actor_fd(actor), 0);

	(void)unused;
	if (map == MAP_FAILED)
		return -errno;
	memcpy(map, actor->buffer, actor->length);
	munmap(map, 4096);
	return 0;
}

/* A private mapping that becomes writable later: mprotect is a second door. */
static int step_mprotect_write(struct actor *actor, const char *unused)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, actor_fd(actor), 0);
	int result;

	(void)unused;
	if (map == MAP_FAILED)
		return -errno;
	result = actor_result(mprotect(map, 4096, PROT_READ | PROT_WRITE));
	if (!result)
		memcpy(map, actor->buffer, actor->length);
	munmap(map, 4096);
	return result;
}

static int step_ftruncate(struct actor *actor, const char *size)
{
	return actor_result(ftruncate(actor_fd(actor), atoi(size)));
}

static int step_punch(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(
		fallocate(actor_fd(actor), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

static int step_fchmod(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(fchmod(actor_fd(actor), 0777));
}

/* Opens, reads and forgets the file; what it held is the payload from now on. */
static int step_taint(struct actor *actor, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return -errno;
	result = took(actor, read(fd, actor->buffer, ACTOR_BUFFER));
	close(fd);
	return result;
}

/* The payload, where it comes from the command line. */
static int step_say(struct actor *actor, const char *text)
{
	actor->length = strlen(text);
	memcpy(actor->buffer, text, actor->length);
	return 0;
}

const struct actor_steps actor_file_steps[] = {
	{ "open", step_open },
	{ "open_w", step_open_w },
	{ "open_rw", step_open_rw },
	{ "open_dir", step_open_dir },
	{ "create", step_create },
	{ "trunc", step_trunc },
	{ "opath", step_opath },
	{ "openat2", step_openat2 },
	{ "reopen", step_reopen },
	{ "openat", step_openat },
	{ "handle", step_handle },
	{ "open_handle", step_open_handle },
	{ "fd", step_fd },
	{ "swap", step_swap },
	{ "never_opens", step_never_opens },
	{ "always_opens", step_always_opens },
	{ "denied_storm", step_denied_storm },
	{ "close", step_close },
	{ "rewind", step_rewind },
	{ "read", step_read },
	{ "pread", step_pread },
	{ "readv", step_readv },
	{ "preadv2", step_preadv2 },
	{ "mmap", step_mmap },
	{ "sendfile", step_sendfile },
	{ "splice", step_splice },
	{ "copy_range", step_copy_range },
	{ "write", step_write },
	{ "flush", step_flush },
	{ "pwrite", step_pwrite },
	{ "writev", step_writev },
	{ "sendfile_out", step_sendfile_out },
	{ "splice_out", step_splice_out },
	{ "copy_range_out", step_copy_range_out },
	{ "mmap_write", step_mmap_write },
	{ "mprotect_write", step_mprotect_write },
	{ "ftruncate", step_ftruncate },
	{ "punch", step_punch },
	{ "fchmod", step_fchmod },
	{ "taint", step_taint },
	{ "say", step_say },
	{ NULL, NULL },
};
