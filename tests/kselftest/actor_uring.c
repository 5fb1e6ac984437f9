// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on io_uring: made by hand, for what the library does not do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"

#define ENTRIES	   4
#define SLOTS	   8 /* of registered files */
#define SQ_IDLE_MS 1000
/* Newer than the headers of Debian 12. */
#define OP_FIXED_FD_INSTALL 54
#define OP_URING_CMD	    46
#define MSG_SEND_FD_TO_SLOT 1

struct ring {
	int fd;
	unsigned int flags;
	struct io_uring_params params;
	char *rings; /* both: IORING_FEAT_SINGLE_MMAP */
	struct io_uring_sqe *sqes;
	int personality;
};

/* Two, so that one can send to the other; the newest first. */
static struct ring ring, older;

static unsigned int *at(unsigned int offset)
{
	return (unsigned int *)(ring.rings + offset);
}

static int map_ring(void)
{
	const struct io_uring_params *p = &ring.params;
	size_t size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);

	if (size < p->sq_off.array + p->sq_entries * sizeof(unsigned int))
		size = p->sq_off.array + p->sq_entries * sizeof(unsigned int);
	ring.rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			  IORING_OFF_SQ_RING);
	if (ring.rings == MAP_FAILED)
		return -errno;
	ring.sqes = mmap(NULL, p->sq_entries * sizeof(*ring.sqes), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
	return ring.sqes == MAP_FAILED ? -errno : 0;
}

/* [sqpoll] */
static int step_uring(struct actor *actor, const char *kind)
{
	(void)actor;
	older = ring;
	ring = (struct ring){ .flags = strcmp(kind, "sqpoll") ? 0 : IORING_SETUP_SQPOLL };
	ring.params.flags = ring.flags;
	ring.params.sq_thread_idle = SQ_IDLE_MS;
	ring.fd = syscall(SYS_io_uring_setup, ENTRIES, &ring.params);
	if (ring.fd < 0)
		return -errno;
	return map_ring();
}

/* Comes along over an exec. */
static int step_uring_keep(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(fcntl(ring.fd, F_SETFD, 0));
}

/* A ring that was taken; one of our own tells how it is laid out. */
static int step_uring_map(struct actor *actor, const char *unused)
{
	int fd = syscall(SYS_io_uring_setup, ENTRIES, &ring.params);

	(void)actor, (void)unused;
	if (fd < 0)
		return -errno;
	close(fd);
	return map_ring();
}

/* Puts the ring itself among the descriptors, as any other file. */
static int step_uring_as_file(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, ring.fd);
}

/* NUMBER: a ring that this process did not make. */
static int step_uring_take(struct actor *actor, const char *number)
{
	(void)actor;
	ring.fd = atoi(number);
	return 0;
}

/* Registers the newest descriptor as the ring's first file: no hook sees that. */
static int step_uring_register(struct actor *actor, const char *unused)
{
	int fds[SLOTS];

	(void)unused;
	for (int i = 0; i < SLOTS; i++)
		fds[i] = -1;
	fds[0] = actor_fd(actor);
	return actor_result(
		syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, fds, SLOTS));
}

/* Room for files, none yet. */
static int step_uring_slots(struct actor *actor, const char *unused)
{
	int fds[SLOTS];

	(void)actor, (void)unused;
	for (int i = 0; i < SLOTS; i++)
		fds[i] = -1;
	return actor_result(
		syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, fds, SLOTS));
}

static int step_uring_personality(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	ring.personality =
		syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
	return ring.personality < 0 ? -errno : 0;
}

/* Submits @count prepared entries and returns the first result that is an error, else the last. */
static int submit(unsigned int count)
{
	const struct io_sqring_offsets *sq = &ring.params.sq_off;
	const struct io_cqring_offsets *cq = &ring.params.cq_off;
	unsigned int flags = IORING_ENTER_GETEVENTS, done = 0;
	int result = 0;

	for (unsigned int i = 0; i < count; i++)
		at(sq->array)[(*at(sq->tail) + i) & *at(sq->ring_mask)] = i;
	__atomic_store_n(at(sq->tail), *at(sq->tail) + count, __ATOMIC_RELEASE);
	if (ring.flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring.fd, count, count, flags, NULL, 0) < 0)
		return -errno;
	while (done < count && *at(cq->head) != __atomic_load_n(at(cq->tail), __ATOMIC_ACQUIRE)) {
		const struct io_uring_cqe *cqe = (struct io_uring_cqe *)(ring.rings + cq->cqes) +
						 (*at(cq->head) & *at(cq->ring_mask));

		if (result >= 0)
			result = cqe->res;
		done++;
		__atomic_store_n(at(cq->head), *at(cq->head) + 1, __ATOMIC_RELEASE);
	}
	return done < count && result >= 0 ? -EIO : result;
}

/* The entry @index, empty but for this. */
static struct io_uring_sqe *entry(unsigned int index, int operation, int fd)
{
	struct io_uring_sqe *sqe = &ring.sqes[index];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = operation;
	sqe->fd = fd;
	sqe->personality = ring.personality;
	return sqe;
}

static void entry_read(struct io_uring_sqe *sqe, struct actor *actor)
{
	sqe->addr = (unsigned long)actor->buffer;
	sqe->len = ACTOR_BUFFER;
}

static int finish_read(struct actor *actor, int result)
{
	if (result < 0)
		return result;
	actor->length = result;
	return 0;
}

/* Opens by the ring; ASYNC,PATH forces a worker thread. */
static int open_by_ring(struct actor *actor, const char *path, unsigned int flags)
{
	struct io_uring_sqe *sqe = entry(0, IORING_OP_OPENAT, AT_FDCWD);
	int fd;

	sqe->addr = (unsigned long)path;
	sqe->open_flags = O_RDONLY;
	sqe->flags = flags;
	fd = submit(1);
	errno = fd < 0 ? -fd : 0;
	return actor_keep(actor, fd);
}

static int step_uring_open(struct actor *actor, const char *path)
{
	return open_by_ring(actor, path, 0);
}

static int step_uring_open_async(struct actor *actor, const char *path)
{
	return open_by_ring(actor, path, IOSQE_ASYNC);
}

/* Opens into the ring's first slot and reads from there: one submission, two linked entries. */
static int step_uring_open_read_linked(struct actor *actor, const char *path)
{
	struct io_uring_sqe *sqe = entry(0, IORING_OP_OPENAT, AT_FDCWD);

	sqe->addr = (unsigned long)path;
	sqe->open_flags = O_RDONLY;
	sqe->file_index = 1;
	sqe->flags = IOSQE_IO_LINK;
	sqe = entry(1, IORING_OP_READ, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	entry_read(sqe, actor);
	return finish_read(actor, submit(2));
}

static int step_uring_read(struct actor *actor, const char *unused)
{
	(void)unused;
	entry_read(entry(0, IORING_OP_READ, actor_fd(actor)), actor);
	return finish_read(actor, submit(1));
}

/* From the ring's first file. */
static int step_uring_read_slot(struct actor *actor, const char *unused)
{
	struct io_uring_sqe *sqe = entry(0, IORING_OP_READ, 0);

	(void)unused;
	sqe->flags = IOSQE_FIXED_FILE;
	entry_read(sqe, actor);
	return finish_read(actor, submit(1));
}

/* The ring's first file becomes an ordinary descriptor. */
static int step_uring_install(struct actor *actor, const char *unused)
{
	struct io_uring_sqe *sqe = entry(0, OP_FIXED_FD_INSTALL, 0);
	int fd;

	(void)unused;
	sqe->flags = IOSQE_FIXED_FILE;
	fd = submit(1);
	errno = fd < 0 ? -fd : 0;
	return actor_keep(actor, fd);
}

/* The first file of the ring before becomes this one's: no hook at all. */
static int step_uring_send_slot(struct actor *actor, const char *unused)
{
	struct ring to = ring;
	struct io_uring_sqe *sqe;
	int result;

	(void)actor, (void)unused;
	ring = older;
	sqe = entry(0, IORING_OP_MSG_RING, to.fd);
	sqe->addr = MSG_SEND_FD_TO_SLOT;
	sqe->addr3 = 0;
	sqe->file_index = 1;
	sqe->msg_ring_flags = IORING_MSG_RING_CQE_SKIP;
	result = submit(1);
	older = ring;
	ring = to;
	return result < 0 ? result : 0;
}

/* A command to the newest descriptor that no driver knows. */
static int step_uring_cmd(struct actor *actor, const char *unused)
{
	int result;

	(void)unused;
	entry(0, OP_URING_CMD, actor_fd(actor));
	result = submit(1);
	return result < 0 ? result : 0;
}

/* PROGRAM,STEP+STEP...: another program, with the ring as its descriptor, does the steps. */
static int step_uring_hand_to(struct actor *actor, const char *argument)
{
	char program[4096], steps[4096], take[32], *at = steps;
	char *argv[16] = { program, take };
	int count = 2, status;
	pid_t pid;

	(void)actor;
	snprintf(steps, sizeof(steps), "%s", actor_split(argument, program, sizeof(program)));
	snprintf(take, sizeof(take), "uring_take=%d", ring.fd);
	while (count < 15 && (argv[count] = strsep(&at, "+")))
		count++;
	pid = fork();
	if (pid == 0) {
		execv(program, argv);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

const struct actor_steps actor_uring_steps[] = {
	{ "uring", step_uring },
	{ "uring_keep", step_uring_keep },
	{ "uring_map", step_uring_map },
	{ "uring_as_file", step_uring_as_file },
	{ "uring_take", step_uring_take },
	{ "uring_register", step_uring_register },
	{ "uring_slots", step_uring_slots },
	{ "uring_personality", step_uring_personality },
	{ "uring_open", step_uring_open },
	{ "uring_open_async", step_uring_open_async },
	{ "uring_open_read_linked", step_uring_open_read_linked },
	{ "uring_read", step_uring_read },
	{ "uring_read_slot", step_uring_read_slot },
	{ "uring_install", step_uring_install },
	{ "uring_send_slot", step_uring_send_slot },
	{ "uring_cmd", step_uring_cmd },
	{ "uring_hand_to", step_uring_hand_to },
	{ NULL, NULL },
};
