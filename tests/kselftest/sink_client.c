// SPDX-License-Identifier: GPL-2.0-only
/* What tests ask of a sink. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sink.h"
#include "world.h"

/* Time for the network's own queues to empty into the sink's. */
#define SETTLE_MS 10

static const char *const names[SINK_COUNT] = { "unk", "low", "hi" };

/* Returns when the sink has kept all that had reached it. */
static int knock(enum sink_name name)
{
	const struct timespec settle = { .tv_nsec = SETTLE_MS * 1000000 };
	const struct timeval limit = { .tv_sec = 10 };
	struct sockaddr_un to = { .sun_family = AF_UNIX }, from = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), result = 0;
	char byte = 'k';

	if (fd < 0)
		return -errno;
	nanosleep(&settle, NULL);
	snprintf(to.sun_path, sizeof(to.sun_path), SINK_DIR "/%s.door", names[name]);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	/* A path, for the sink's name space has abstract names of its own. */
	snprintf(from.sun_path, sizeof(from.sun_path), SINK_DIR "/%d.answer", getpid());
	unlink(from.sun_path);
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    sendto(fd, &byte, 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    recv(fd, &byte, 1, 0) < 0)
		result = -errno;
	unlink(from.sun_path);
	close(fd);
	return result;
}

static int open_data(enum sink_name name, int flags)
{
	char path[128];
	int result = knock(name);

	if (result) {
		errno = -result;
		return -1;
	}
	snprintf(path, sizeof(path), SINK_DIR "/%s.data", names[name]);
	return open(path, flags | O_CLOEXEC);
}

int sink_forget(enum sink_name name)
{
	int fd = open_data(name, O_WRONLY), result;

	if (fd < 0)
		return -errno;
	result = ftruncate(fd, 0) ? -errno : 0;
	close(fd);
	return result;
}

bool sink_received(enum sink_name name, const void *bytes, size_t length)
{
	int fd = open_data(name, O_RDONLY);
	bool found = false;
	struct stat status;
	void *map;

	/* A sink that cannot be looked into has received everything. */
	if (fd < 0 || fstat(fd, &status))
		return true;
	if (status.st_size) {
		map = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, fd, 0);
		found = map == MAP_FAILED || memmem(map, status.st_size, bytes, length);
		munmap(map, status.st_size);
	}
	close(fd);
	return found;
}

pid_t sink_pid(enum sink_name name)
{
	char path[128];
	FILE *file;
	int pid = -1;

	snprintf(path, sizeof(path), SINK_DIR "/%s.pid", names[name]);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%d", &pid) != 1)
		pid = -1;
	if (file)
		fclose(file);
	return pid;
}
