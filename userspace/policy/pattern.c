// SPDX-License-Identifier: GPL-2.0-only
/* What a pattern may look like, and which of two is the more specific. */
#include <string.h>

#include "rules.h"

#define COMPONENT_BYTES_MAX 255 /* NAME_MAX: no file system has longer names */

/* A mistake at a byte of the word. */
#define mistake_at(text, word, offset, ...) \
	cordon_policy_mistake((text), place_in(word, offset), __VA_ARGS__)

static struct policy_place place_in(const struct policy_word *word, size_t offset)
{
	struct policy_place at = word->at;

	at.column += (uint32_t)offset + word->quoted;
	return at;
}

static bool bytes_check(struct cordon_policy_text *text, const struct policy_word *word)
{
	static const char reserved[] = "?[]{}\\";
	size_t bad = strcspn(word->text, reserved);

	if (word->text[0] != '/') {
		mistake_at(text, word, 0, "a path begins at the root: /srv/x",
			   "\"%s\" is not a path", word->text);
		return false;
	}
	if (word->bytes > CORDON_PATTERN_BYTES_MAX) {
		mistake_at(text, word, 0, "no path of the system is longer",
			   "the path has %u bytes, the limit is %d", word->bytes,
			   CORDON_PATTERN_BYTES_MAX);
		return false;
	}
	if (word->text[bad]) {
		mistake_at(text, word, bad,
			   "patterns have * (one name or a part of one) and a last ** (any depth), "
			   "nothing else",
			   "\"%c\" cannot stand in a path", word->text[bad]);
		return false;
	}
	return true;
}

static bool component_check(struct cordon_policy_text *text, const struct policy_word *word,
			    size_t start, size_t length)
{
	const char *component = word->text + start;
	bool last = !component[length];
	const char *stars = strstr(component, "**");

	if (stars && stars + 2 > component + length)
		stars = NULL;
	if (!length)
		mistake_at(text, word, start, last ? "write it without the last /" : "write one /",
			   last ? "the path ends in /" : "an empty name between two /");
	else if (length <= 2 && !memcmp(component, "..", length))
		mistake_at(text, word, start, "write the path as it is from the root",
			   "\"%.*s\" cannot stand in a path", (int)length, component);
	else if (length > COMPONENT_BYTES_MAX)
		mistake_at(text, word, start, "no file system has such a name",
			   "the name has %zu bytes, the limit is %d", length, COMPONENT_BYTES_MAX);
	else if (stars && length != 2)
		mistake_at(text, word, start + (size_t)(stars - component),
			   "write * for a part of a name, /** at the end for any depth",
			   "** is a name of its own, not a part of one");
	else if (stars && !last)
		mistake_at(text, word, start, "write * for each name between",
			   "** can only be the last name of a pattern");
	else
		return true;
	return false;
}

static char component_rank(const char *component, size_t length)
{
	const char *star = memchr(component, '*', length);

	if (!star)
		return POLICY_RANK_LITERAL;
	if (length == 1)
		return POLICY_RANK_ANY;
	return star[1] == '*' ? POLICY_RANK_DEEP : POLICY_RANK_PART;
}

static size_t component_count(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += *path == '/';
	return count;
}

const char *cordon_policy_pattern_rank(struct cordon_policy_text *text,
				       const struct policy_word *word)
{
	size_t count, depth = 0, start, length;
	char *rank;

	if (!bytes_check(text, word))
		return NULL;
	count = component_count(word->text);
	if (count > CORDON_DEPTH_MAX) {
		mistake_at(text, word, 0, "deeper files are denied to everybody (too-deep)",
			   "the path has %zu names, the limit is %d", count, CORDON_DEPTH_MAX);
		return NULL;
	}
	rank = cordon_arena_alloc(&text->arena, count + 2);
	if (!rank) {
		text->out_of_memory = true;
		return NULL;
	}
	/* "/" is the root itself, which has no name. */
	for (start = 1; word->bytes > 1 && start <= word->bytes; start += length + 1) {
		length = strcspn(word->text + start, "/");
		if (!component_check(text, word, start, length))
			return NULL;
		rank[depth++] = component_rank(word->text + start, length);
	}
	if (!depth || rank[depth - 1] != POLICY_RANK_DEEP)
		rank[depth] = POLICY_RANK_END;
	return rank;
}

bool cordon_policy_path_check(struct cordon_policy_text *text, const struct policy_word *word)
{
	const char *star = strchr(word->text, '*');

	if (!cordon_policy_pattern_rank(text, word))
		return false;
	if (!star)
		return true;
	mistake_at(text, word, (size_t)(star - word->text), "write the path of one file",
		   "a pattern cannot stand here");
	return false;
}
