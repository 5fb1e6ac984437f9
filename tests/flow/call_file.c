// SPDX-License-Identifier: GPL-2.0-only
/* Operations on files, pipes and mappings. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "subject.h"

#define ROOM 4096

static char room[ROOM];

/* From the start, where that means something. */
static int at_start(uint8_t value)
{
	lseek(fd_arg(value), 0, SEEK_SET);
	return fd_arg(value);
}

static long took(long length)
{
	return length < 0 ? -errno : subject_take(room, length);
}

long call_open_read(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(open(path_arg(arg[0]), O_RDONLY | O_NONBLOCK), arg[1]);
}

long call_open_write(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(open(path_arg(arg[0]), O_WRONLY | O_NONBLOCK), arg[1]);
}

long call_open_both(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(open(path_arg(arg[0]), O_RDWR | O_NONBLOCK), arg[1]);
}

long call_open_path(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(open(path_arg(arg[0]), O_PATH), arg[1]);
}

long call_openat2(struct subject *s, const uint8_t *arg)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK, .resolve = RESOLVE_NO_SYMLINKS };

	(void)s;
	return fd_put(syscall(SYS_openat2, AT_FDCWD, path_arg(arg[0]), &how, sizeof(how)), arg[1]);
}

long call_creat(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(open(path_arg(arg[0]), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0666),
		      arg[1]);
}

long call_reopen(struct subject *s, const uint8_t *arg)
{
	char path[64];
	int fd;

	(void)s;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd_arg(arg[0]));
	fd = open(path, O_RDWR | O_NONBLOCK);
	return fd_put(fd < 0 ? open(path, O_RDONLY | O_NONBLOCK) : fd, arg[1]);
}

long call_tmpfile_link(struct subject *s, const uint8_t *arg)
{
	char dir[256], from[64];
	int fd;
	long result;

	snprintf(dir, sizeof(dir), "%s/" ARENA, places[arg[0] / NAMES].dir);
	fd = open(dir, O_TMPFILE | O_RDWR, 0666);
	if (fd < 0)
		return -errno;
	result = done(write(fd, subject_payload(s), PAYLOAD));
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (result >= 0)
		result = done(linkat(AT_FDCWD, from, AT_FDCWD, path_with(arg[0], ".tmp"),
				     AT_SYMLINK_FOLLOW));
	close(fd);
	return result;
}

long call_read(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return took(read(at_start(arg[0]), room, ROOM));
}

long call_pread(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return took(pread(fd_arg(arg[0]), room, ROOM, 0));
}

long call_readv(struct subject *s, const uint8_t *arg)
{
	struct iovec parts[2] = { { room, 100 }, { room + 100, ROOM - 100 } };

	(void)s;
	return took(readv(at_start(arg[0]), parts, 2));
}

long call_preadv2(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { room, ROOM };

	(void)s;
	return took(preadv2(fd_arg(arg[0]), &part, 1, 0, 0));
}

long call_write(struct subject *s, const uint8_t *arg)
{
	return done(write(at_start(arg[0]), subject_payload(s), PAYLOAD));
}

long call_pwrite(struct subject *s, const uint8_t *arg)
{
	return done(pwrite(fd_arg(arg[0]), subject_payload(s), PAYLOAD, 0));
}

long call_writev(struct subject *s, const uint8_t *arg)
{
	char *payload = (char *)subject_payload(s);
	struct iovec parts[2] = { { payload, 100 }, { payload + 100, PAYLOAD - 100 } };

	return done(writev(at_start(arg[0]), parts, 2));
}

long call_pwritev2(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { (char *)subject_payload(s), PAYLOAD };

	return done(pwritev2(fd_arg(arg[0]), &part, 1, 0, 0));
}

long call_truncate(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(truncate(path_arg(arg[0]), PAYLOAD));
}

long call_ftruncate(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(ftruncate(fd_arg(arg[0]), PAYLOAD));
}

long call_fallocate(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(fallocate(fd_arg(arg[0]), 0, 0, PAYLOAD));
}

long call_dup(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(dup(fd_arg(arg[0])), arg[1]);
}

long call_fcntl_dup(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(fcntl(fd_arg(arg[0]), F_DUPFD, 100), arg[1]);
}

long call_close(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(close(fd_arg(arg[0])));
}

long call_sendfile(struct subject *s, const uint8_t *arg)
{
	off_t from = 0;

	(void)s;
	return done(sendfile(at_start(arg[1]), fd_arg(arg[0]), &from, PAYLOAD));
}

long call_copy_range(struct subject *s, const uint8_t *arg)
{
	loff_t from = 0, to = 0;

	(void)s;
	return done(copy_file_range(fd_arg(arg[0]), &from, fd_arg(arg[1]), &to, PAYLOAD, 0));
}

long call_pipe(struct subject *s, const uint8_t *arg)
{
	int ends[2];
	long result;

	(void)s;
	if (pipe2(ends, O_NONBLOCK))
		return -errno;
	result = fd_put(ends[0], arg[0]);
	return result < 0 ? result : fd_put(ends[1], arg[1]);
}

long call_splice(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(
		splice(at_start(arg[0]), NULL, at_start(arg[1]), NULL, PAYLOAD, SPLICE_F_NONBLOCK));
}

long call_tee(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(tee(fd_arg(arg[0]), fd_arg(arg[1]), PAYLOAD, SPLICE_F_NONBLOCK));
}

long call_vmsplice_in(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { (char *)subject_payload(s), PAYLOAD };

	return done(vmsplice(fd_arg(arg[0]), &part, 1, SPLICE_F_NONBLOCK));
}

long call_vmsplice_out(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { room, ROOM };

	(void)s;
	return took(vmsplice(fd_arg(arg[0]), &part, 1, SPLICE_F_NONBLOCK));
}

long call_mkfifo(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(mkfifo(path_with(arg[0], ".fifo"), 0666));
}

long call_open_fifo(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(open(path_with(arg[0], ".fifo"), O_RDWR | O_NONBLOCK), arg[1]);
}

/* ---- Mappings: one at a time ---------------------------------------------------- */

static sigjmp_buf fault;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(fault, 1);
}

static long map(struct subject *s, int fd, int protection, int flags)
{
	char *new = mmap(NULL, ROOM, protection, flags, fd, 0);

	if (new == MAP_FAILED)
		return -errno;
	if (s->map)
		munmap(s->map, ROOM);
	s->map = new;
	return 0;
}

long call_map_read(struct subject *s, const uint8_t *arg)
{
	return map(s, fd_arg(arg[0]), PROT_READ, MAP_SHARED);
}

long call_map_write(struct subject *s, const uint8_t *arg)
{
	return map(s, fd_arg(arg[0]), PROT_READ | PROT_WRITE, MAP_SHARED);
}

long call_map_private(struct subject *s, const uint8_t *arg)
{
	return map(s, fd_arg(arg[0]), PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

/* Copies from or to memory that may not be there, or not be ours to change. */
static long copy(char *to, const char *from, size_t length)
{
	struct sigaction action = { .sa_handler = on_fault };
	long result = -EFAULT;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	if (!sigsetjmp(fault, 1)) {
		memcpy(to, from, length);
		result = length;
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return result;
}

long call_map_load(struct subject *s, const uint8_t *arg)
{
	long length = s->map ? copy(room, s->map, PAYLOAD) : -EBADF;

	(void)arg;
	return length < 0 ? length : subject_take(room, length);
}

long call_map_store(struct subject *s, const uint8_t *arg)
{
	(void)arg;
	return s->map ? copy(s->map, subject_payload(s), PAYLOAD) : -EBADF;
}

long call_mprotect(struct subject *s, const uint8_t *arg)
{
	if (!s->map)
		return -EBADF;
	return done(mprotect(s->map, ROOM, arg[0] ? PROT_READ | PROT_WRITE : PROT_READ));
}

long call_munmap(struct subject *s, const uint8_t *arg)
{
	(void)arg;
	if (!s->map)
		return -EBADF;
	munmap(s->map, ROOM);
	s->map = NULL;
	return 0;
}

long call_memfd(struct subject *s, const uint8_t *arg)
{
	int fd = memfd_create("flow", 0);

	(void)s;
	if (fd >= 0 && ftruncate(fd, ROOM))
		return -errno;
	return fd_put(fd, arg[0]);
}

long call_shm_open(struct subject *s, const uint8_t *arg)
{
	char name[32];
	int fd;

	(void)s;
	snprintf(name, sizeof(name), "/dev/shm/flow%d", arg[0]);
	fd = open(name, O_RDWR | O_CREAT, 0666);
	if (fd >= 0 && ftruncate(fd, ROOM)) {
		close(fd);
		return -errno;
	}
	return fd_put(fd, arg[1]);
}

/* ---- Segments: shared memory by name --------------------------------------------- */

long call_shm_store(struct subject *s, const uint8_t *arg)
{
	(void)arg;
	return s->shm ? copy(s->shm, subject_payload(s), PAYLOAD) : -EBADF;
}

long call_shm_load(struct subject *s, const uint8_t *arg)
{
	long length = s->shm ? copy(room, s->shm, PAYLOAD) : -EBADF;

	(void)arg;
	return length < 0 ? length : subject_take(room, length);
}
