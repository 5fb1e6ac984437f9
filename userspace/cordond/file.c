// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "controller.h"

static int write_all(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		count -= (size_t)written;
	}
	return fsync(fd) ? -errno : 0;
}

int file_write(const char *path, const void *bytes, size_t count, struct cordon_failure *failure)
{
	cordon_auto_free char *beside = NULL;
	cordon_auto_fd fd = -1;
	int err;

	if (asprintf(&beside, "%s.new", path) < 0)
		return cordon_failure_errno(failure, ENOMEM, "%s", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return cordon_failure_errno(failure, errno, "%s", beside);
	err = write_all(fd, bytes, count);
	if (!err && rename(beside, path))
		err = -errno;
	return err ? cordon_failure_errno(failure, -err, "%s", path) : 0;
}

int file_read_line(const char *path, char *line, size_t size)
{
	cordon_auto_file *in = fopen(path, "re");

	if (!in)
		return -errno;
	if (!fgets(line, (int)size, in))
		return -ENODATA;
	line[strcspn(line, "\n")] = '\0';
	return 0;
}
