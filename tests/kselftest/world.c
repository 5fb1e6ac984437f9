// SPDX-License-Identifier: GPL-2.0-only
/* Putting files into the world, by whoever builds it and by tests. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

static int open_new(const char *path, int mode)
{
	unlink(path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

int world_copy_program(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open_new(to, 0755);
	ssize_t length = -1;

	if (in >= 0 && out >= 0)
		while ((length = read(in, buffer, sizeof(buffer))) > 0)
			if (write(out, buffer, length) != length)
				break;
	close(in);
	if (out >= 0 && close(out))
		length = -1;
	return length ? -EIO : 0;
}

int world_write_program(const char *path, const char *text)
{
	int fd = open_new(path, 0755), result = 0;
	ssize_t length = strlen(text);

	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != length)
		result = -EIO;
	return close(fd) ? -errno : result;
}
