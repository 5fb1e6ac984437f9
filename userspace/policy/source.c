// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of a policy. Whoever may write one of them writes the policy, so
 * who that is gets checked here, on the open file and not on its name.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "paths.h"
#include "rules.h"

#define SUFFIX		 ".cordon"
#define SOURCE_BYTES_MAX (64u << 20)

static int source_room(struct cordon_policy_text *text)
{
	uint32_t room = text->source_room ? text->source_room * 2 : 8;
	struct policy_source *larger;

	if (text->source_count < text->source_room)
		return 0;
	larger = cordon_arena_alloc(&text->arena, room * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	if (text->source_count)
		memcpy(larger, text->sources, text->source_count * sizeof(*larger));
	text->sources = larger;
	text->source_room = room;
	return 0;
}

/* The length of the UTF-8 character at @text, of which @left bytes are there; 0: it is none. */
static size_t character_bytes(const char *text, size_t left)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = (uint8_t)text[0];
	size_t bytes = first < 0x80 ? 1 :
		       first < 0xc0 ? 0 :
		       first < 0xe0 ? 2 :
		       first < 0xf0 ? 3 :
				      4;
	uint32_t number = first & (0x7fu >> (bytes > 1 ? bytes : 0));

	if (!bytes || bytes > left)
		return 0;
	for (size_t i = 1; i < bytes; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 0;
		number = number << 6 | ((uint8_t)text[i] & 0x3f);
	}
	return number < least[bytes] || number > 0x10ffff || (number >> 11) == 0x1b ? 0 : bytes;
}

/* What is said about a rule, in JSON too, holds its words: they must be text. */
static void characters_check(struct cordon_policy_text *text, const struct policy_source *source)
{
	for (uint32_t line = 0; line < source->line_count; line++) {
		size_t end =
			line + 1 < source->line_count ? source->lines[line + 1] : source->bytes;
		size_t at = source->lines[line], bytes;

		for (; at < end; at += bytes) {
			bytes = character_bytes(source->text + at, end - at);
			if (bytes)
				continue;
			cordon_policy_mistake(
				text,
				(struct policy_place){ text->source_count - 1, line + 1,
						       (uint32_t)at - source->lines[line] + 1 },
				"save the file as UTF-8; write * for a name in another "
				"encoding",
				"the byte 0x%02x is not UTF-8", (uint8_t)source->text[at]);
			break;
		}
	}
}

static int lines_find(struct cordon_policy_text *text, struct policy_source *source)
{
	uint32_t count = 1, line = 1;
	size_t i;

	for (i = 0; i < source->bytes; i++)
		count += source->text[i] == '\n';
	source->lines = cordon_arena_alloc(&text->arena, count * sizeof(*source->lines));
	if (!source->lines)
		return -ENOMEM;
	for (i = 0; i < source->bytes; i++)
		if (source->text[i] == '\n')
			source->lines[line++] = (uint32_t)i + 1;
	source->line_count = count;
	characters_check(text, source);
	return 0;
}

/* A source whose text is empty so far: what errors about the file point to. */
static int source_name(struct cordon_policy_text *text, const char *name,
		       struct policy_source **source)
{
	const char *slash = strrchr(name, '/');
	struct policy_source *s;

	if (source_room(text))
		return -ENOMEM;
	s = &text->sources[text->source_count];
	memset(s, 0, sizeof(*s));
	s->name = cordon_arena_text(&text->arena, name, strlen(name));
	if (!s->name)
		return -ENOMEM;
	s->base = slash && slash[1] ? s->name + (slash + 1 - name) : s->name;
	s->text = "";
	text->source_count++;
	*source = s;
	return 0;
}

static struct policy_place whole_file(const struct cordon_policy_text *text)
{
	return (struct policy_place){ .file = text->source_count - 1 };
}

int cordon_policy_source_add(struct cordon_policy_text *text, const char *name, const char *bytes,
			     size_t count)
{
	struct policy_source *source;

	if (source_name(text, name, &source))
		return -ENOMEM;
	source->text = cordon_arena_text(&text->arena, bytes, count);
	if (!source->text)
		return -ENOMEM;
	source->bytes = count;
	if (strlen(source->base) >= CORDON_FILE_BYTES)
		cordon_policy_mistake(text, whole_file(text), "give the file a shorter name",
				      "the file's name has %zu bytes, the limit is %d",
				      strlen(source->base), CORDON_FILE_BYTES - 1);
	return lines_find(text, source);
}

/* True when nobody but root (and, for an author, the caller) may write it. */
static bool trust_check(struct cordon_policy_text *text, const struct stat *status,
			const char *what, const char *path)
{
	bool strict = text->options.trust == CORDON_POLICY_TRUST_ROOT;
	struct policy_place at = whole_file(text);

	if (status->st_uid != 0 && (strict || status->st_uid != geteuid())) {
		cordon_policy_mistake(
			text, at, cordon_policy_hint(text, "run: chown root '%s'", path),
			"the %s belongs to user %u: only root%s may be able to write a policy",
			what, status->st_uid, strict ? "" : " and you");
		return false;
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		cordon_policy_mistake(
			text, at, cordon_policy_hint(text, "run: chmod go-w '%s'", path),
			"the %s may be written by %s (mode %04o): only root%s may be able "
			"to write a policy",
			what, status->st_mode & S_IWOTH ? "everybody" : "its group",
			status->st_mode & 07777, strict ? "" : " and you");
		return false;
	}
	return true;
}

/* Who may write a folder, or one above it, may put another file in place. */
static bool folders_check(struct cordon_policy_text *text, const char *path)
{
	cordon_auto_free char *real = realpath(path, NULL);
	struct stat status;
	char *slash;

	if (!real) {
		cordon_policy_mistake(text, whole_file(text), "name an existing file",
				      "cannot be found: %s", strerror(errno));
		return false;
	}
	while ((slash = strrchr(real, '/'))) {
		slash[slash == real] = '\0';
		if (stat(real, &status)) {
			cordon_policy_mistake(text, whole_file(text), "let root look at the folder",
					      "the folder '%s' cannot be looked at: %s", real,
					      strerror(errno));
			return false;
		}
		if (!trust_check(text, &status, "folder", real))
			return false;
		if (!real[1])
			break;
	}
	return true;
}

static int text_read(struct cordon_policy_text *text, int fd, size_t expected,
		     struct policy_source *source)
{
	char *bytes = cordon_arena_alloc(&text->arena, expected + 1);
	size_t count = 0;
	ssize_t more;

	if (!bytes)
		return -ENOMEM;
	while (count < expected) {
		more = read(fd, bytes + count, expected - count);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0) {
			cordon_policy_mistake(text, whole_file(text), "check the disk",
					      "cannot be read: %s", strerror(errno));
			return 0;
		}
		if (!more)
			break;
		count += (size_t)more;
	}
	source->text = bytes;
	source->bytes = count;
	return lines_find(text, source);
}

static bool name_check(struct cordon_policy_text *text, const struct policy_source *source)
{
	size_t length = strlen(source->base), suffix = strlen(SUFFIX);

	if (length <= suffix || strcmp(source->base + length - suffix, SUFFIX)) {
		cordon_policy_mistake(text, whole_file(text), "rename it to NAME" SUFFIX,
				      "a policy file's name ends in " SUFFIX);
		return false;
	}
	if (length >= CORDON_FILE_BYTES) {
		cordon_policy_mistake(text, whole_file(text), "give the file a shorter name",
				      "the file's name has %zu bytes, the limit is %d", length,
				      CORDON_FILE_BYTES - 1);
		return false;
	}
	return true;
}

static int file_read(struct cordon_policy_text *text, const char *path)
{
	struct policy_source *source;
	cordon_auto_fd fd = -1;
	struct stat status;

	if (source_name(text, path, &source))
		return -ENOMEM;
	if (!name_check(text, source))
		return 0;
	/* Not through a link: its folder could be anybody's. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status)) {
		cordon_policy_mistake(text, whole_file(text),
				      errno == ELOOP ? "name the file itself" :
						       "name a file or folder that can be read",
				      "cannot be opened: %s",
				      errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		return 0;
	}
	if (!S_ISREG(status.st_mode)) {
		cordon_policy_mistake(text, whole_file(text), "a policy is a text file of rules",
				      "is not a file");
		return 0;
	}
	if (status.st_size > SOURCE_BYTES_MAX) {
		cordon_policy_mistake(text, whole_file(text), "split the policy into several files",
				      "the file has %lld bytes, the limit is %u",
				      (long long)status.st_size, SOURCE_BYTES_MAX);
		return 0;
	}
	if (!trust_check(text, &status, "file", path))
		return 0;
	if (text->options.trust == CORDON_POLICY_TRUST_ROOT && !folders_check(text, path))
		return 0;
	return text_read(text, fd, (size_t)status.st_size, source);
}

static int is_policy_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(SUFFIX);

	return entry->d_name[0] != '.' && length > suffix &&
	       !strcmp(entry->d_name + length - suffix, SUFFIX);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int folder_read(struct cordon_policy_text *text, const char *path)
{
	struct policy_source *source;
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_policy_file, by_name);
	size_t length = strlen(path);
	int error = 0;

	if (count <= 0) {
		if (source_name(text, path, &source))
			error = -ENOMEM;
		else
			cordon_policy_mistake(text, whole_file(text),
					      "put the policy into files that end in " SUFFIX, "%s",
					      count ? strerror(errno) :
						      "the folder has no policy file");
	}
	for (int i = 0; i < count; i++) {
		char *name = cordon_arena_format(&text->arena, "%s%s%s", path,
						 length && path[length - 1] == '/' ? "" : "/",
						 entries[i]->d_name);

		if (!error)
			error = name ? file_read(text, name) : -ENOMEM;
		free(entries[i]);
	}
	free(entries);
	return error;
}

int cordon_policy_source_read(struct cordon_policy_text *text, const char *path)
{
	struct stat status;

	if (!stat(path, &status) && S_ISDIR(status.st_mode))
		return folder_read(text, path);
	return file_read(text, path);
}

enum cordon_policy_trust cordon_policy_trust_of(const char *const paths[], size_t count)
{
	static const char installed[] = CORDON_CONFIGURATION_FOLDER;
	size_t length = strlen(installed);

	for (size_t i = 0; i < count && !geteuid(); i++) {
		cordon_auto_free char *real = realpath(paths[i], NULL);

		if (real && !strncmp(real, installed, length) &&
		    (!real[length] || real[length] == '/'))
			return CORDON_POLICY_TRUST_ROOT;
	}
	return CORDON_POLICY_TRUST_AUTHOR;
}
