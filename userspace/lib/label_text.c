// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "label_text.h"

/* Appends a name, or what stands for it and its number, after a space. */
static size_t name_append(char *text, size_t size, size_t used, const struct cordon_name *names,
			  uint32_t count, const char *otherwise, unsigned int number)
{
	const char *space = used ? " " : "";
	size_t room = used < size ? size - used : 0;
	char *end = room ? text + used : NULL;
	int length;

	if (number < count)
		length = snprintf(end, room, "%s%.*s", space, CORDON_NAME_BYTES - 1,
				  names[number].text);
	else
		length = snprintf(end, room, "%s%s-%u", space, otherwise, number);
	return used + (length > 0 ? (size_t)length : 0);
}

const char *cordon_label_text(const struct cordon_label_names *names, cordon_label label,
			      char *text, size_t size)
{
	static const struct cordon_label_names none;
	uint64_t categories = cordon_label_categories(label);
	size_t used;

	if (!names)
		names = &none;
	if (label == CORDON_LABEL_TOP || !cordon_label_valid(label)) {
		snprintf(text, size, "%s", label == CORDON_LABEL_TOP ? "top" : "invalid");
		return text;
	}
	used = name_append(text, size, 0, names->levels, names->level_count, "level",
			   cordon_label_level(label));
	for (unsigned int i = 0; i < CORDON_CATEGORY_MAX; i++)
		if (categories >> i & 1)
			used = name_append(text, size, used, names->categories,
					   names->category_count, "category", i);
	return text;
}

static int name_find(const struct cordon_name *names, uint32_t count, const char *word,
		     size_t length)
{
	for (uint32_t i = 0; i < count; i++)
		if (strlen(names[i].text) == length && !memcmp(names[i].text, word, length))
			return (int)i;
	return -1;
}

int cordon_label_parse(const struct cordon_label_names *names, const char *text,
		       cordon_label *label, const char **bad)
{
	uint64_t all = (1ULL << names->category_count) - 1, categories = 0;
	const char *word = text + strspn(text, " ");
	size_t length = strcspn(word, " ");
	int number = name_find(names->levels, names->level_count, word, length);
	unsigned int level = (unsigned int)number;

	while (number >= 0) {
		word += length;
		word += strspn(word, " ");
		length = strcspn(word, " ");
		if (!length)
			break;
		if (length == 3 && !memcmp(word, "all", 3)) {
			categories |= all;
			continue;
		}
		number = name_find(names->categories, names->category_count, word, length);
		if (number >= 0)
			categories |= 1ULL << number;
	}
	if (number < 0) {
		if (bad)
			*bad = word;
		return -EINVAL;
	}
	*label = cordon_label_make(level, categories);
	return 0;
}
