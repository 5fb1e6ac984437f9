// SPDX-License-Identifier: GPL-2.0-only
/* Operations on names and attributes. What has a text gets the token that the subject holds. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "subject.h"

#define ATTRIBUTE "user.flow"

static void second_path(uint8_t value, char *path, size_t size)
{
	snprintf(path, size, "%s", path_arg(value));
}

long call_rename(struct subject *s, const uint8_t *arg)
{
	char to[256];

	(void)s;
	second_path(arg[1], to, sizeof(to));
	return done(rename(path_arg(arg[0]), to));
}

long call_exchange(struct subject *s, const uint8_t *arg)
{
	char to[256];

	(void)s;
	second_path(arg[1], to, sizeof(to));
	return done(renameat2(AT_FDCWD, path_arg(arg[0]), AT_FDCWD, to, RENAME_EXCHANGE));
}

long call_link(struct subject *s, const uint8_t *arg)
{
	char to[256];

	(void)s;
	snprintf(to, sizeof(to), "%s", path_with(arg[1], ".link"));
	return done(link(path_arg(arg[0]), to));
}

long call_unlink(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(unlink(path_arg(arg[0])));
}

long call_symlink(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + 1];

	(void)s;
	subject_last(token);
	unlink(path_with(arg[0], ".sym"));
	return done(symlink(token, path_with(arg[0], ".sym")));
}

long call_readlink(struct subject *s, const uint8_t *arg)
{
	char target[256];
	long length = readlink(path_with(arg[0], ".sym"), target, sizeof(target));

	(void)s;
	return length < 0 ? -errno : subject_take(target, length);
}

static const char *place_and_token(uint8_t value, char *path, size_t size)
{
	char token[TOKEN_BYTES + 1];

	subject_last(token);
	snprintf(path, size, "%s/" ARENA "/%s", places[value / NAMES].dir, token);
	return path;
}

long call_mkdir(struct subject *s, const uint8_t *arg)
{
	char path[256];

	(void)s;
	return done(mkdir(place_and_token(arg[0], path, sizeof(path)), 0777));
}

long call_create_name(struct subject *s, const uint8_t *arg)
{
	char path[256];
	int fd = open(place_and_token(arg[0], path, sizeof(path)), O_WRONLY | O_CREAT, 0666);

	(void)s;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

long call_getdents(struct subject *s, const uint8_t *arg)
{
	char path[256];
	struct dirent *entry;
	DIR *dir;

	(void)s;
	snprintf(path, sizeof(path), "%s/" ARENA, places[arg[0] / NAMES].dir);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		subject_take(entry->d_name, strlen(entry->d_name));
	closedir(dir);
	return 0;
}

long call_setxattr(struct subject *s, const uint8_t *arg)
{
	return done(setxattr(path_arg(arg[0]), ATTRIBUTE, subject_payload(s), PAYLOAD, 0));
}

long call_fsetxattr(struct subject *s, const uint8_t *arg)
{
	return done(fsetxattr(fd_arg(arg[0]), ATTRIBUTE, subject_payload(s), PAYLOAD, 0));
}

long call_setxattr_name(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + 1], name[64];

	(void)s;
	subject_last(token);
	snprintf(name, sizeof(name), "user.%s", token);
	return done(setxattr(path_arg(arg[0]), name, "", 0, 0));
}

long call_getxattr(struct subject *s, const uint8_t *arg)
{
	char value[PAYLOAD];
	long length = getxattr(path_arg(arg[0]), ATTRIBUTE, value, sizeof(value));

	(void)s;
	return length < 0 ? -errno : subject_take(value, length);
}

long call_listxattr(struct subject *s, const uint8_t *arg)
{
	char names[1024];
	long length = listxattr(path_arg(arg[0]), names, sizeof(names));

	(void)s;
	return length < 0 ? -errno : subject_take(names, length);
}

long call_removexattr(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(removexattr(path_arg(arg[0]), ATTRIBUTE));
}

/* Six characters a file: a token is the three files of a place. */
long call_utimens(struct subject *s, const uint8_t *arg)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	char token[TOKEN_BYTES + 8] = "";
	long result = 0;

	(void)s;
	subject_last(token);
	for (int i = 0; i < NAMES && result >= 0; i++) {
		times[1].tv_sec = 0;
		memcpy(&times[1].tv_sec, token + 6 * i, 6);
		result = done(utimensat(AT_FDCWD, path_arg(arg[0] / NAMES * NAMES + i), times, 0));
	}
	return result;
}

long call_stat(struct subject *s, const uint8_t *arg)
{
	char token[6 * NAMES + 8] = "";
	struct stat status;

	(void)s;
	for (int i = 0; i < NAMES; i++) {
		if (stat(path_arg(arg[0] / NAMES * NAMES + i), &status))
			return -errno;
		memcpy(token + 6 * i, &status.st_mtim.tv_sec, 6);
	}
	return subject_take(token, 6 * NAMES);
}
