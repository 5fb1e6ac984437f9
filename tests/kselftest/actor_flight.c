// SPDX-License-Identifier: GPL-2.0-only
/*
 * The actor's races against a rise. Two processes that were forked before anything was read work
 * together: one reads the secret while something of it, or of the other, is under way; what the
 * other gets goes to a low file. Each round is played by fresh processes, without a taint.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "fault.h"
#include "world.h"

#define FLIGHT_BYTES (1 << 19) /* more than any of the channels takes at once */
#define PATIENCE     4000 /* turns of 0.2 ms */
#define PAGE_BYTES   4096
#define FAULT_MS     5000

enum flight_end {
	NOTHING_SEEN,
	LEAKED,
	KEPT,
	NOT_PLAYED
};

struct flight {
	const char *secret, *low;
	char *bytes; /* private to each process unless the race shares them */
	int ends[2]; /* of the channel: the partner's, the reader's */
	int memory; /* a memfd of bytes, or -1 */
	pid_t partner;
	const struct race_kind *kind;
	int fault; /* fail-nth of the reader, open, or -1 */
	int nth; /* the allocation that fails */
};

struct race_kind {
	const char *name;
	enum flight_end (*partner)(const struct flight *flight);
	void (*reader)(struct flight *flight);
	enum {
		PIPE,
		STREAM,
		DATAGRAMS,
		SHARED,
		MEMORY_FILE,
		MAPPED_FILE,
		SEGMENT,
		SENT_FILE,
		SPLICED_FILE,
		NONE
	} channel;
	int clone_flags; /* of the partner */
	bool closes; /* the descriptor is closed while the write is under way */
};

static void rest(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

/* From here on the caller's NTHth allocation fails, where that is asked for. */
static int open_secret(const struct flight *flight)
{
	if (flight->fault >= 0)
		dprintf(flight->fault, "%d", flight->nth);
	return open(flight->secret, O_RDONLY | O_CLOEXEC);
}

/* Who has read the secret has so many signals and no more: others come in a tenth of a second. */
static void signal_partner(const struct flight *flight, int number)
{
	for (int turn = 0; turn < PATIENCE && kill(flight->partner, number); turn++)
		rest();
}

/* Reads the secret to the end of the bytes: what is under way there comes last. */
static bool read_secret(const struct flight *flight)
{
	int fd = open_secret(flight);
	bool got = fd >= 0 && read(fd, flight->bytes + FLIGHT_BYTES - CANARY_BYTES, CANARY_BYTES) ==
				      CANARY_BYTES;

	if (fd >= 0)
		close(fd);
	return got;
}

/* The partner's end: whether it could tell the low file what it has. */
static enum flight_end tell(const struct flight *flight, const char *canary)
{
	int fd = open(flight->low, O_WRONLY | O_CLOEXEC);
	bool told = fd >= 0 && write(fd, canary, CANARY_BYTES) == CANARY_BYTES;

	return told ? LEAKED : KEPT;
}

static const char *find_secret(const char *bytes, size_t length)
{
	/* All else in the channel is zero. */
	for (size_t i = 0; i + CANARY_BYTES <= length; i++)
		if (bytes[i])
			return bytes + i;
	return NULL;
}

static bool is_asleep(pid_t pid)
{
	char path[64], text[256] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	state = strrchr(text, ')');
	return state && state[1] && state[2] == 'S';
}

/* ---- A write that waits: the partner takes what is there when the reader has read ------- */

static enum flight_end drain(const struct flight *flight)
{
	static char bytes[FLIGHT_BYTES + 65536];
	size_t length = 0;
	const char *canary;
	ssize_t got;

	close(flight->ends[1]);
	raise(SIGSTOP);
	while (length < sizeof(bytes) &&
	       (got = read(flight->ends[0], bytes + length, sizeof(bytes) - length)) > 0)
		length += got;
	canary = find_secret(bytes, length);
	return canary ? tell(flight, canary) : NOTHING_SEEN;
}

static ssize_t write_some(const struct flight *flight, size_t done)
{
	off_t offset = done;

	switch (flight->kind->channel) {
	case SENT_FILE:
		return sendfile(flight->ends[1], flight->memory, &offset, FLIGHT_BYTES - done);
	case SPLICED_FILE:
		return splice(flight->memory, &offset, flight->ends[1], NULL, FLIGHT_BYTES - done,
			      0);
	default:
		return write(flight->ends[1], flight->bytes + done, FLIGHT_BYTES - done);
	}
}

static void *write_all(void *argument)
{
	const struct flight *flight = argument;
	size_t done = 0;
	ssize_t wrote = 1;

	while (done < FLIGHT_BYTES && wrote > 0) {
		wrote = write_some(flight, done);
		done += wrote > 0 ? wrote : 0;
	}
	return NULL;
}

/* Something is in the channel, and no more comes: the writer waits. */
static bool is_full(int fd)
{
	int before = -1, now = 0;

	for (int turn = 0; turn < PATIENCE; turn++) {
		if (ioctl(fd, FIONREAD, &now))
			return false;
		if (now && now == before)
			return true;
		before = now;
		rest();
	}
	return false;
}

/* The reader's end: a thread writes, it reads the secret into what is being written. */
static void read_while_writing(struct flight *flight)
{
	pthread_t thread;
	int status;

	waitpid(flight->partner, &status, WUNTRACED);
	if (pthread_create(&thread, NULL, write_all, flight))
		_exit(NOT_PLAYED);
	if (is_full(flight->ends[0])) {
		/* Then no table of descriptors tells where it goes. */
		if (flight->kind->closes)
			close(flight->ends[1]);
		read_secret(flight);
	}
	close(flight->ends[0]);
	signal_partner(flight, SIGCONT);
	pthread_join(thread, NULL);
	if (!flight->kind->closes)
		close(flight->ends[1]);
}

/* ---- A write that is held up where it takes the bytes from, by a page that is not there -- */

static int watch_page(char *page)
{
	struct uffdio_register range = {
		.range = { (unsigned long)page, PAGE_BYTES },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		_exit(NOT_PLAYED);
	return fd;
}

static void *write_page(void *argument)
{
	const struct flight *flight = argument;

	if (write(flight->ends[1], flight->bytes, PAGE_BYTES) < 0)
		errno = 0; /* it ends early: that is as good */
	return NULL;
}

/* The page comes when the secret is known, or, where it may not be read, with nothing in it. */
static void read_while_faulting(struct flight *flight)
{
	char page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES))) = "";
	int watch = watch_page(flight->bytes), fd, status;
	struct pollfd fault = { .fd = watch, .events = POLLIN };
	struct uffdio_copy copy = { (unsigned long)flight->bytes, (unsigned long)page, PAGE_BYTES,
				    0, 0 };
	pthread_t thread;

	waitpid(flight->partner, &status, WUNTRACED);
	if (pthread_create(&thread, NULL, write_page, flight) || poll(&fault, 1, FAULT_MS) != 1)
		_exit(NOT_PLAYED);
	fd = open(flight->secret, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, page, CANARY_BYTES) < 0)
		errno = 0;
	ioctl(watch, UFFDIO_COPY, &copy);
	pthread_join(thread, NULL);
	close(flight->ends[0]);
	close(flight->ends[1]);
	signal_partner(flight, SIGCONT);
}

/* ---- A read that waits: it was checked when nothing was in the channel ------------------- */

static enum flight_end take(const struct flight *flight)
{
	char bytes[4096] = "";
	ssize_t got;

	close(flight->ends[1]);
	got = read(flight->ends[0], bytes, sizeof(bytes));
	return got >= CANARY_BYTES ? tell(flight, bytes) : NOTHING_SEEN;
}

static void write_to_waiting(struct flight *flight)
{
	const char *canary = flight->bytes + FLIGHT_BYTES - CANARY_BYTES;
	int turn;

	for (turn = 0; turn < PATIENCE && !is_asleep(flight->partner); turn++)
		rest();
	if (read_secret(flight) && write(flight->ends[1], canary, CANARY_BYTES) < 0)
		errno = 0; /* refused: that is as good */
	close(flight->ends[0]);
	close(flight->ends[1]);
}

/* ---- Memory that both see -------------------------------------------------------------- */

static enum flight_end look(const struct flight *flight)
{
	const char *canary = flight->bytes + FLIGHT_BYTES - CANARY_BYTES;

	for (int turn = 0; turn < PATIENCE; turn++) {
		if (canary[CANARY_BYTES - 1])
			return tell(flight, canary);
		rest();
	}
	return NOTHING_SEEN;
}

/* A load and a store, as a program does it; the kernel copies nothing into the page. */
static bool store_secret(const struct flight *flight)
{
	char canary[CANARY_BYTES];
	int fd = open_secret(flight);
	bool got = fd >= 0 && read(fd, canary, sizeof(canary)) == CANARY_BYTES;

	if (got)
		memcpy(flight->bytes + FLIGHT_BYTES - CANARY_BYTES, canary, CANARY_BYTES);
	return got;
}

static void store(struct flight *flight)
{
	if (!store_secret(flight))
		signal_partner(flight, SIGKILL);
}

/* The child has its parent's memory until it ends; the parent, which read nothing, tells. */
static enum flight_end lend(const struct flight *flight)
{
	store_secret(flight);
	return NOTHING_SEEN;
}

static void await_child(struct flight *flight)
{
	_exit(look(flight));
}

/* ---- The memory of the reader, opened before it read ------------------------------------ */

static enum flight_end peep(const struct flight *flight)
{
	char path[64], bytes[CANARY_BYTES] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NOT_PLAYED;
	for (int turn = 0; turn < PATIENCE; turn++) {
		ssize_t got = pread(fd, bytes, sizeof(bytes),
				    (off_t)(flight->bytes + FLIGHT_BYTES - CANARY_BYTES));

		if (got < 0)
			return NOTHING_SEEN;
		if (bytes[CANARY_BYTES - 1])
			return tell(flight, bytes);
		if (!turn)
			raise(SIGSTOP); /* it is open */
		rest();
	}
	return NOTHING_SEEN;
}

static void read_while_open(struct flight *flight)
{
	int status;

	waitpid(flight->partner, &status, WUNTRACED);
	if (!read_secret(flight))
		signal_partner(flight, SIGKILL);
	signal_partner(flight, SIGCONT);
}

/* ---- Rounds ---------------------------------------------------------------------------- */

static const struct race_kind race_kinds[] = {
	{ "pipe_write", drain, read_while_writing, .channel = PIPE },
	{ "pipe_write_closed", drain, read_while_writing, .channel = PIPE, .closes = true },
	{ "stream_send", drain, read_while_writing, .channel = STREAM },
	{ "memfd_sendfile", drain, read_while_writing, .channel = SENT_FILE },
	{ "memfd_splice", drain, read_while_writing, .channel = SPLICED_FILE },
	{ "held_write", drain, read_while_faulting, .channel = PIPE },
	{ "pipe_read", take, write_to_waiting, .channel = PIPE },
	{ "stream_recv", take, write_to_waiting, .channel = STREAM },
	{ "dgram_recv", take, write_to_waiting, .channel = DATAGRAMS },
	{ "shared_anonymous", look, store, .channel = SHARED },
	{ "shared_memfd", look, store, .channel = MEMORY_FILE },
	{ "shared_file", look, store, .channel = MAPPED_FILE },
	{ "shared_segment", look, store, .channel = SEGMENT },
	{ "shared_vm", look, store, .channel = NONE, .clone_flags = CLONE_VM },
	{ "vfork", lend, await_child, .channel = NONE, .clone_flags = CLONE_VM | CLONE_VFORK },
	{ "proc_mem", peep, read_while_open, .channel = NONE },
};

static bool map_bytes(struct flight *flight, int flags)
{
	flight->bytes = mmap(NULL, FLIGHT_BYTES, PROT_READ | PROT_WRITE, flags, flight->memory, 0);
	return flight->bytes != MAP_FAILED;
}

static bool map_file(struct flight *flight, int fd)
{
	flight->memory = fd;
	return fd >= 0 && !ftruncate(fd, FLIGHT_BYTES) && map_bytes(flight, MAP_SHARED);
}

/* What nobody names any more goes when the last process that has it ends. */
static bool attach_segment(struct flight *flight)
{
	int id = shmget(IPC_PRIVATE, FLIGHT_BYTES, IPC_CREAT | 0600);

	flight->bytes = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	return flight->bytes != (void *)-1;
}

static bool map_low_file(struct flight *flight)
{
	char path[300];

	snprintf(path, sizeof(path), "%s.mapped", flight->low);
	return map_file(flight, open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

static bool open_channel(struct flight *flight)
{
	bool made = false;

	flight->memory = -1;
	switch (flight->kind->channel) {
	case STREAM:
		made = !socketpair(AF_UNIX, SOCK_STREAM, 0, flight->ends);
		break;
	case DATAGRAMS:
		made = !socketpair(AF_UNIX, SOCK_DGRAM, 0, flight->ends);
		break;
	case PIPE:
		made = !pipe2(flight->ends, O_CLOEXEC);
		break;
	case NONE:
		made = true;
		break;
	case SHARED:
		return map_bytes(flight, MAP_SHARED | MAP_ANONYMOUS);
	case SEGMENT:
		return attach_segment(flight);
	case MAPPED_FILE:
		return map_low_file(flight);
	case SENT_FILE:
	case SPLICED_FILE:
		if (pipe2(flight->ends, O_CLOEXEC))
			return false;
		/* fall through */
	case MEMORY_FILE:
		return map_file(flight, memfd_create("flight", MFD_CLOEXEC));
	}
	return made && map_bytes(flight, MAP_PRIVATE | MAP_ANONYMOUS);
}

static int run_partner(void *argument)
{
	const struct flight *flight = argument;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(flight->kind->partner(flight));
}

/* In a process of its own, which is the reader; the partner is its child. */
static int play_round(const struct race_kind *kind, const char *secret, const char *low, int nth)
{
	struct flight flight = { .secret = secret, .low = low, .kind = kind, .nth = nth };
	static char stack[2 * FLIGHT_BYTES] __attribute__((aligned(16)));
	int status;

	flight.fault = nth ? open(FAULT_FILE, O_WRONLY | O_CLOEXEC) : -1;
	if (!open_channel(&flight))
		return NOT_PLAYED;
	flight.partner =
		clone(run_partner, stack + sizeof(stack), kind->clone_flags | SIGCHLD, &flight);
	if (flight.partner < 0)
		return NOT_PLAYED;
	kind->reader(&flight);
	if (waitpid(flight.partner, &status, 0) != flight.partner)
		return NOT_PLAYED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOTHING_SEEN;
}

static const struct race_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(race_kinds) / sizeof(race_kinds[0]); i++)
		if (!strcmp(race_kinds[i].name, name))
			return &race_kinds[i];
	exit(ACTOR_USAGE);
}

/*
 * KIND,SECRET,LOW,ROUNDS[,fault]: EACCES when no round told the low file anything. With faults, each
 * round has another of the reader's allocations fail.
 */
static int step_flight(struct actor *actor, const char *argument)
{
	char name[64], secret[256], low[256];
	const char *words = actor_split(argument, name, sizeof(name));
	const struct race_kind *kind = find_kind(name);
	int rounds, leaks = 0;
	bool faults;

	(void)actor;
	words = actor_split(words, secret, sizeof(secret));
	words = actor_split(words, low, sizeof(low));
	rounds = atoi(words);
	faults = strstr(words, ",fault");
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(play_round(kind, secret, low, faults ? i + 1 : 0));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		    WEXITSTATUS(status) == NOT_PLAYED)
			return -ECHILD;
		leaks += WEXITSTATUS(status) == LEAKED;
	}
	return leaks ? 0 : -EACCES;
}

/* ---- How wide a channel is that stays open: docs/known-limits.md ------------------------ */

#define MEASURED_NS 300000000L

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* One that has read the secret counts 64 bits into an event counter, one that has not takes them. */
static long width_eventfd(const char *secret)
{
	int counter = eventfd(0, EFD_CLOEXEC), fd;
	long end = now_ns() + MEASURED_NS, count = 0;
	uint64_t value = 1;
	pid_t pid = fork();

	if (pid == 0) {
		fd = open(secret, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && write(counter, &value, sizeof(value)) == sizeof(value))
			value = value % 1000 + 1;
		_exit(0);
	}
	while (now_ns() < end && read(counter, &value, sizeof(value)) == sizeof(value))
		count++;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return count * 64 * 10 * 100000000L / MEASURED_NS;
}

/* A child reads the secret and ends with a byte of it. */
static long width_exit(const char *secret)
{
	long end = now_ns() + MEASURED_NS, count = 0;
	char byte = 0;

	while (now_ns() < end) {
		pid_t pid = fork();
		int fd;

		if (pid == 0) {
			fd = open(secret, O_RDONLY | O_CLOEXEC);
			_exit(fd >= 0 && read(fd, &byte, 1) == 1 ? (unsigned char)byte : 0);
		}
		waitpid(pid, NULL, 0);
		count++;
	}
	return count * 8 * 10 * 100000000L / MEASURED_NS;
}

/* KIND,SECRET,FILE: writes the bits a second to FILE. */
static int step_width(struct actor *actor, const char *argument)
{
	char kind[32], secret[256], text[32];
	const char *file =
		actor_split(actor_split(argument, kind, sizeof(kind)), secret, sizeof(secret));
	long width = strcmp(kind, "eventfd") ? width_exit(secret) : width_eventfd(secret);
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), result;

	(void)actor;
	if (fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%ld\n", width);
	result = actor_result(write(fd, text, strlen(text)));
	close(fd);
	return result;
}

const struct actor_steps actor_flight_steps[] = {
	{ "width", step_width },
	{ "flight", step_flight },
	{ NULL, NULL },
};
