// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking into places, classified ones too. A child does it: what it reads
 * taints it and not the test, whose actors would inherit the taint.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "actor.h"
#include "attack.h"

struct look {
	const void *bytes; /* looked for */
	size_t length;
	bool found;
	unsigned long long digest;
};

static void look_at_bytes(struct look *look, const void *bytes, size_t length)
{
	look->digest = look->digest * 31 + actor_hash(bytes, length);
	if (look->bytes && memmem(bytes, length, look->bytes, look->length))
		look->found = true;
}

static void look_at_content(struct look *look, const char *path, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	void *map;

	if (fd < 0 || !size) {
		close(fd);
		return;
	}
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		look_at_bytes(look, map, size);
		munmap(map, size);
	}
	close(fd);
}

static void look_at_attributes(struct look *look, const char *path)
{
	char names[1024], value[1024];
	ssize_t length = llistxattr(path, names, sizeof(names));

	for (char *name = names; name < names + length; name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof(value));

		look_at_bytes(look, name, strlen(name));
		if (size > 0)
			look_at_bytes(look, value, size);
	}
}

static void look_at(struct look *look, const char *path);

static void look_below(struct look *look, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	char below[4096];

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (strcmp(name, ".") && strcmp(name, "..")) {
			look_at_bytes(look, name, strlen(name));
			snprintf(below, sizeof(below), "%s/%s", path, name);
			look_at(look, below);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void look_at(struct look *look, const char *path)
{
	struct stat status;
	char target[4096];
	ssize_t length;

	if (lstat(path, &status))
		return;
	look_at_bytes(look, &status.st_mode, sizeof(status.st_mode));
	look_at_bytes(look, &status.st_uid, sizeof(status.st_uid));
	look_at_bytes(look, &status.st_ino, sizeof(status.st_ino));
	look_at_attributes(look, path);
	if (S_ISDIR(status.st_mode)) {
		look_below(look, path);
		return;
	}
	look_at_bytes(look, &status.st_size, sizeof(status.st_size));
	look_at_bytes(look, &status.st_mtim, sizeof(status.st_mtim));
	if (S_ISREG(status.st_mode))
		look_at_content(look, path, status.st_size);
	if (S_ISLNK(status.st_mode)) {
		length = readlink(path, target, sizeof(target));
		look_at_bytes(look, target, length > 0 ? length : 0);
	}
}

/*
 * The harness shares memory with the child, and who shares memory rises together: the child gives
 * up what it could write to there. Afterwards it can only do its work and exit.
 */
void place_share_nothing(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long first[64], last[64];
	char line[512], rights[8];
	int count = 0;

	while (maps && count < 64 && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &first[count], &last[count], rights) == 3 &&
		    rights[1] == 'w' && rights[3] == 's')
			count++;
	if (maps)
		fclose(maps);
	while (count--)
		munmap((void *)first[count], last[count] - first[count]);
}

/* What was seen comes back through an event counter, which has no label: 64 bits, not 0. */
static struct look look_in_child(const char *path, const void *bytes, size_t length)
{
	int counter = eventfd(0, EFD_CLOEXEC);
	/* Who cannot look has found the worst. */
	struct look result = { .found = true };
	uint64_t seen;
	int status;
	pid_t pid;

	if (counter < 0)
		return result;
	pid = fork();
	if (pid == 0) {
		struct look look = { .bytes = bytes, .length = length };

		place_share_nothing();
		look_at(&look, path);
		seen = (look.digest >> 2) + 1;
		if (write(counter, &seen, sizeof(seen)) != sizeof(seen))
			_exit(2);
		_exit(look.found);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) < 2 && read(counter, &seen, sizeof(seen)) == sizeof(seen)) {
		result.found = WEXITSTATUS(status);
		result.digest = seen;
	}
	close(counter);
	return result;
}

bool place_holds(const char *path, const void *bytes, size_t length)
{
	return look_in_child(path, bytes, length).found;
}

unsigned long long place_digest(const char *path)
{
	return look_in_child(path, NULL, 0).digest;
}
