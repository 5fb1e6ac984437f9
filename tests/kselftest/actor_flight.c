// SPDX-License-Identifier: GPL-2.0-only
/*
 * The actor's races against a rise. Two processes that were forked before anything was read work
 * together: one reads the secret while something of it, or of the other, is under way; what the
 * other gets goes to a low file. Each round is played by fresh processes, without a taint.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define FLIGHT_BYTES (1 << 19) /* more than any of the channels takes at once */
#define PATIENCE     4000 /* turns of 0.2 ms */

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
	bool closes; /* the descriptor is closed while the write is under way */
};

static void rest(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

/* Reads the secret to the end of the bytes: what is under way there comes last. */
static bool read_secret(const struct flight *flight)
{
	int fd = open(flight->secret, O_RDONLY | O_CLOEXEC);
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

static void *write_all(void *argument)
{
	const struct flight *flight = argument;
	size_t done = 0;
	ssize_t wrote = 1;

	if (flight->memory >= 0) {
		off_t offset = 0;

		while (done < FLIGHT_BYTES && wrote > 0) {
			wrote = sendfile(flight->ends[1], flight->memory, &offset,
					 FLIGHT_BYTES - done);
			done += wrote > 0 ? wrote : 0;
		}
		return NULL;
	}
	while (done < FLIGHT_BYTES && wrote > 0) {
		wrote = write(flight->ends[1], flight->bytes + done, FLIGHT_BYTES - done);
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
		if (flight->closes)
			close(flight->ends[1]);
		read_secret(flight);
	}
	close(flight->ends[0]);
	kill(flight->partner, SIGCONT);
	pthread_join(thread, NULL);
	if (!flight->closes)
		close(flight->ends[1]);
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

static void store(struct flight *flight)
{
	char canary[CANARY_BYTES];
	int fd = open(flight->secret, O_RDONLY | O_CLOEXEC);

	/* A load and a store, as a program does it; the kernel copies nothing into the page. */
	if (fd >= 0 && read(fd, canary, sizeof(canary)) == CANARY_BYTES)
		memcpy(flight->bytes + FLIGHT_BYTES - CANARY_BYTES, canary, CANARY_BYTES);
	else
		kill(flight->partner, SIGKILL);
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
		kill(flight->partner, SIGKILL);
	kill(flight->partner, SIGCONT);
}

/* ---- Rounds ---------------------------------------------------------------------------- */

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
		SPLICED,
		NONE
	} channel;
	bool closes;
};

static const struct race_kind race_kinds[] = {
	{ "pipe_write", drain, read_while_writing, PIPE, false },
	{ "pipe_write_closed", drain, read_while_writing, PIPE, true },
	{ "stream_send", drain, read_while_writing, STREAM, false },
	{ "memfd_sendfile", drain, read_while_writing, SPLICED, false },
	{ "pipe_read", take, write_to_waiting, PIPE, false },
	{ "stream_recv", take, write_to_waiting, STREAM, false },
	{ "dgram_recv", take, write_to_waiting, DATAGRAMS, false },
	{ "shared_anonymous", look, store, SHARED, false },
	{ "shared_memfd", look, store, MEMORY_FILE, false },
	{ "proc_mem", peep, read_while_open, NONE, false },
};

static bool open_channel(struct flight *flight, const struct race_kind *kind)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	flight->memory = -1;
	switch (kind->channel) {
	case PIPE:
		if (pipe2(flight->ends, O_CLOEXEC))
			return false;
		break;
	case STREAM:
	case DATAGRAMS:
		if (socketpair(AF_UNIX, kind->channel == STREAM ? SOCK_STREAM : SOCK_DGRAM, 0,
			       flight->ends))
			return false;
		break;
	case SHARED:
		flags = MAP_SHARED | MAP_ANONYMOUS;
		break;
	case SPLICED:
		if (pipe2(flight->ends, O_CLOEXEC))
			return false;
		/* fall through */
	case MEMORY_FILE:
		flags = MAP_SHARED;
		flight->memory = memfd_create("flight", MFD_CLOEXEC);
		if (flight->memory < 0 || ftruncate(flight->memory, FLIGHT_BYTES))
			return false;
		break;
	case NONE:
		break;
	}
	flight->bytes = mmap(NULL, FLIGHT_BYTES, PROT_READ | PROT_WRITE, flags, flight->memory, 0);
	return flight->bytes != MAP_FAILED;
}

/* In a process of its own, which is the reader; the partner is its child. */
static int play_round(const struct race_kind *kind, const char *secret, const char *low)
{
	struct flight flight = { .secret = secret, .low = low, .closes = kind->closes };
	int status;

	if (!open_channel(&flight, kind))
		return NOT_PLAYED;
	flight.partner = fork();
	if (flight.partner == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(kind->partner(&flight));
	}
	kind->reader(&flight);
	if (flight.partner < 0 || waitpid(flight.partner, &status, 0) != flight.partner)
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

/* KIND,SECRET,LOW,ROUNDS: EACCES when no round told the low file anything. */
static int step_flight(struct actor *actor, const char *argument)
{
	char name[64], secret[256], low[256];
	const char *words = actor_split(argument, name, sizeof(name));
	const struct race_kind *kind = find_kind(name);
	int rounds, leaks = 0;

	(void)actor;
	words = actor_split(words, secret, sizeof(secret));
	rounds = atoi(actor_split(words, low, sizeof(low)));
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(play_round(kind, secret, low));
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
