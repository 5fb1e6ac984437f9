// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "mounts.h"

uint32_t cordon_device_number(unsigned int major, unsigned int minor)
{
	return major << 20 | (minor & 0xfffff);
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes blanks, backslashes and line ends as \ooo. */
static char *unescape(const char *text)
{
	char *copy = strdup(text), *to = copy;

	if (!copy)
		return NULL;
	while (*text) {
		if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) &&
		    is_octal(text[3])) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	return copy;
}

static void mount_free(struct cordon_mount *mount)
{
	free(mount->root);
	free(mount->point);
	free(mount->type);
}

void cordon_mounts_free(struct cordon_mounts *mounts)
{
	size_t i;

	for (i = 0; i < mounts->count; i++)
		mount_free(&mounts->mount[i]);
	free(mounts->mount);
	mounts->mount = NULL;
	mounts->count = 0;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS */
static int parse_line(char *line, struct cordon_mount *mount)
{
	unsigned int major, minor;
	char *tail = strstr(line, " - "), *rest = NULL, *field;
	int used = 0;

	memset(mount, 0, sizeof(*mount));
	if (!tail || sscanf(line, "%d %*d %u:%u %n", &mount->id, &major, &minor, &used) != 3 ||
	    !used || line + used > tail)
		return -EBADMSG;
	*tail = '\0';
	mount->device = cordon_device_number(major, minor);
	field = strtok_r(line + used, " ", &rest);
	if (!field)
		return -EBADMSG;
	mount->root = unescape(field);
	field = strtok_r(NULL, " ", &rest);
	mount->point = field ? unescape(field) : NULL;
	field = strtok_r(tail + 3, " ", &rest);
	mount->type = field ? unescape(field) : NULL;
	if (!mount->root || !mount->point || !mount->type) {
		mount_free(mount);
		return -EBADMSG;
	}
	mount->whole = !strcmp(mount->root, "/");
	return 0;
}

int cordon_mounts_parse(char *text, struct cordon_mounts *mounts)
{
	cordon_auto_mounts found = { 0 };
	char *rest = NULL, *line;
	int err;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct cordon_mount *grown;

		grown = realloc(found.mount, (found.count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		found.mount = grown;
		err = parse_line(line, &found.mount[found.count]);
		if (err)
			return err;
		found.count++;
	}
	*mounts = found;
	found = (struct cordon_mounts){ 0 };
	return 0;
}

int cordon_mounts_read(const char *file, struct cordon_mounts *mounts)
{
	cordon_auto_file *in = fopen(file, "re");
	cordon_auto_free char *text = NULL;
	size_t size = 0;
	ssize_t got;

	if (!in)
		return -errno;
	/* The kernel makes the list while it is read: to its end in one go. */
	got = getdelim(&text, &size, '\0', in);
	if (got < 0)
		return ferror(in) ? -EIO : -ENODATA;
	return cordon_mounts_parse(text, mounts);
}

/* What @path is below @root; NULL when it is not below it. */
static const char *path_below(const char *path, const char *root)
{
	size_t length = strlen(root);

	if (!strcmp(root, "/"))
		return path;
	if (strncmp(path, root, length) || (path[length] && path[length] != '/'))
		return NULL;
	return path + length;
}

char *cordon_mounts_path(const struct cordon_mounts *mounts, uint32_t device, const char *path)
{
	const struct cordon_mount *best = NULL;
	const char *tail = NULL, *point;
	char *whole;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct cordon_mount *mount = &mounts->mount[i];
		const char *below;

		if (mount->device != device || (best && best->whole))
			continue;
		below = path_below(path, mount->root);
		if (!below)
			continue;
		if (!best || mount->whole || strlen(mount->root) < strlen(best->root)) {
			best = mount;
			tail = below;
		}
	}
	if (!best)
		return NULL;
	point = strcmp(best->point, "/") ? best->point : "";
	if (!*point && (!*tail || *tail != '/'))
		point = "/";
	whole = malloc(strlen(point) + strlen(tail) + 1);
	if (whole) {
		strcpy(whole, point);
		strcat(whole, tail);
	}
	return whole;
}
