// SPDX-License-Identifier: GPL-2.0-only
#include "arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sink.h"
#include "world.h"

#define PATH_BYTES 1024
#define ROOM	   65536

static const char letters[PLACES] = { 'u', 'c', 's', 'a', 's' };
static off_t host_from[HOSTS];

static int say(int result, const char *what)
{
	if (result < 0)
		fprintf(stderr, "# the arena: %s: %s\n", what, strerror(-result));
	return result;
}

static int make_dir(const char *path)
{
	return mkdir(path, 0777) && errno != EEXIST ? say(-errno, path) : 0;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return say(-errno, path);
	if (write(fd, text, strlen(text)) < 0)
		result = say(-errno, path);
	close(fd);
	return result;
}

static int build_places(void)
{
	static const char *const dirs[] = { SRV_DIR,
					    RUN_DIR,
					    "/run/kselftest/sinks",
					    "/plain",
					    "/cui",
					    "/cleared",
					    "/arrowed",
					    "/dev/shm",
					    "/var",
					    "/var/lib",
					    "/var/lib/cordon",
					    "/etc/cordon",
					    "/etc/cordon/policy.d" };
	char path[PATH_BYTES];
	int result = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !result; i++)
		result = make_dir(dirs[i]);
	chmod("/var/lib/cordon", 0700);
	if (!result && mount("srv", SRV_DIR, "tmpfs", 0, "mode=777,size=64m"))
		result = say(-errno, SRV_DIR);
	if (!result && mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777,size=8m"))
		result = say(-errno, "/dev/shm");
	if (!result)
		result = make_dir(REPORT_DIR);
	for (int i = 0; i < PLACES && !result; i++) {
		result = make_dir(places[i].dir);
		snprintf(path, sizeof(path), "%s/" ARENA, places[i].dir);
		if (!result)
			result = make_dir(path);
	}
	for (int i = 0; i < RANKS && !result; i++)
		result = say(world_copy_program("/tests/subject", ranks[i].path), ranks[i].path);
	return result;
}

int arena_build(void)
{
	int result;

	umask(0);
	result = build_places();
	if (!result)
		result = say(world_copy_program("/tests/flow.cordon",
						"/etc/cordon/policy.d/flow.cordon"),
			     "the policy");
	if (!result)
		chmod("/etc/cordon", 0755);
	if (!result)
		chmod("/etc/cordon/policy.d", 0755);
	if (!result)
		result = chmod("/etc/cordon/policy.d/flow.cordon", 0644) ? -errno : 0;
	/* What Unix itself forbids must not be what stops a flow. */
	if (!result)
		result = write_text("/proc/sys/fs/protected_hardlinks", "0");
	if (!result)
		result = write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	for (int i = 0; i < SINK_COUNT && !result; i++) {
		int pid = sink_start(&sink_hosts[i]);

		result = pid < 0 ? say(pid, sink_hosts[i].name) : 0;
	}
	return result;
}

static void make_token(char *token, char letter)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[TOKEN_BYTES];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		abort();
	for (int i = 0; i < TOKEN_BYTES; i++)
		token[i] = digits[random[i] & 31];
	token[0] = '<';
	token[1] = 'C';
	token[TOKEN_BYTES - 2] = letter;
	token[TOKEN_BYTES - 1] = '>';
}

static int fill_file(const char *path, const char *token)
{
	char text[PAYLOAD];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), result = 0;

	if (fd < 0)
		return say(-errno, path);
	memset(text, '.', sizeof(text));
	memcpy(text + 8, token, TOKEN_BYTES);
	if (write(fd, text, sizeof(text)) != sizeof(text))
		result = say(-errno, path);
	close(fd);
	return result;
}

static const char *host_file(enum host host)
{
	static char path[PATH_BYTES];

	snprintf(path, sizeof(path), SINK_DIR "/%s.data", host_names[host]);
	return path;
}

int arena_fill(void)
{
	char path[PATH_BYTES], token[TOKEN_BYTES];
	struct stat status;
	int fd;

	for (int i = 0; i < PLACES; i++) {
		make_token(token, letters[i]);
		for (int name = 0; name < NAMES; name++) {
			snprintf(path, sizeof(path), "%s/" ARENA "/f%d", places[i].dir, name);
			if (fill_file(path, token))
				return -EIO;
		}
	}
	fd = open(REPORT_DIR "/all", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return say(-errno, REPORT_DIR);
	close(fd);
	for (int i = 0; i < HOSTS; i++)
		host_from[i] = stat(host_file(i), &status) ? 0 : status.st_size;
	return 0;
}

static void remove_below(const char *path)
{
	char below[PATH_BYTES + 256];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (unlink(below) && errno == EISDIR) {
			remove_below(below);
			rmdir(below);
		}
	}
	if (dir)
		closedir(dir);
}

void arena_clear(void)
{
	char path[PATH_BYTES];

	for (int i = 0; i < PLACES; i++) {
		snprintf(path, sizeof(path), "%s/" ARENA, places[i].dir);
		remove_below(path);
	}
	remove_below("/dev/shm");
	syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING, 0, 0, 0);
}

/* ---- Looking ------------------------------------------------------------------------------ */

static void look_at_attributes(const char *path, arena_look *look, void *data)
{
	char list[4096], value[PAYLOAD];
	ssize_t length = llistxattr(path, list, sizeof(list));

	for (char *name = list; name < list + length; name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof(value));

		look(data, "an attribute's name", name, strlen(name));
		if (size > 0)
			look(data, "an attribute", value, size);
	}
}

static void look_at(const char *path, arena_look *look, void *data)
{
	static char text[ROOM];
	struct stat status;
	ssize_t length = 0;
	int fd;

	if (lstat(path, &status))
		return;
	look_at_attributes(path, look, data);
	if (S_ISLNK(status.st_mode)) {
		length = readlink(path, text, sizeof(text));
		if (length > 0)
			look(data, "a link's target", text, length);
	} else if (S_ISREG(status.st_mode)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			length = read(fd, text, sizeof(text));
		close(fd);
		if (length > 0)
			look(data, "a file", text, length);
	}
}

static void search_below(const char *path, arena_look *look, void *data)
{
	char below[PATH_BYTES + 256];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		look(data, "a name", entry->d_name, strlen(entry->d_name));
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		look_at(below, look, data);
		if (entry->d_type == DT_DIR)
			search_below(below, look, data);
	}
	if (dir)
		closedir(dir);
}

void arena_search(enum place place, arena_look *look, void *data)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/" ARENA, places[place].dir);
	search_below(path, look, data);
	look_at(path, look, data);
	if (place == PLACE_LOW)
		search_below("/dev/shm", look, data);
}

int arena_settle(void)
{
	/* Answered when the sink has kept all that is on its way. No text has this byte. */
	for (int i = 0; i < HOSTS; i++)
		if (sink_received((enum sink_name)i, "\1flow", 5))
			return -EIO;
	return 0;
}

void arena_search_host(enum host host, arena_look *look, void *data)
{
	static char text[ROOM];
	ssize_t length;
	int fd;

	fd = open(host_file(host), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	lseek(fd, host_from[host], SEEK_SET);
	while ((length = read(fd, text, sizeof(text))) > 0) {
		look(data, "what reached a host", text, length);
		/* A token may lie across two pieces. */
		if (length == sizeof(text))
			lseek(fd, -TOKEN_BYTES, SEEK_CUR);
	}
	close(fd);
}
