/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What changes in meaning from one policy to another. Both are compiled: the
 * automata are walked together, so a rule that says the same in other words
 * is no difference, and one that is hidden by another is not either.
 *
 * A difference loosens when something may be done under the new policy that
 * the old one denies, or is recorded less. What cannot be compared loosens.
 */
#ifndef CORDON_DIFF_H
#define CORDON_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "image.h"

/* X(NAME, "text"): what a difference is about. */
#define CORDON_DIFF_KINDS(X)      \
	X(LABEL, "label")         \
	X(DROP, "drop")           \
	X(CLEARANCE, "clearance") \
	X(TRUSTED, "trusted")     \
	X(HOST, "host")           \
	X(DEVICE, "device")       \
	X(OPTION, "option")       \
	X(NAMES, "names")         \
	X(SIZE, "size")

#define CORDON_ENUM_DIFF_KIND(name, text) CORDON_DIFF_##name,
enum cordon_diff_kind {
	CORDON_DIFF_KINDS(CORDON_ENUM_DIFF_KIND) CORDON_DIFF_KIND_COUNT
};

const char *cordon_diff_kind_name(enum cordon_diff_kind kind);

struct cordon_difference {
	bool loosens;
	enum cordon_diff_kind kind;
	const char *what; /* a path, a host, a word of the language */
	const char *text; /* old and new, for people */
	uint32_t old_rule, new_rule; /* 0: none */
};

struct cordon_diff {
	const struct cordon_image_view *old, *new;
	struct cordon_difference *list;
	size_t count, room;
	size_t loosening;
	bool out_of_memory;
};

/* Makes the list; -ENOMEM. The views stay the caller's and must outlive it. */
int cordon_diff_make(const struct cordon_image_view *old, const struct cordon_image_view *new,
		     struct cordon_diff *diff);
void cordon_diff_free(struct cordon_diff *diff);

/* For the parts: adds a difference; its texts are copied. */
__attribute__((format(printf, 7, 8))) void
cordon_diff_add(struct cordon_diff *diff, enum cordon_diff_kind kind, bool loosens,
		uint32_t old_rule, uint32_t new_rule, const char *what, const char *format, ...);
/* A label difference in words: "secret arrow -> cui". */
void cordon_diff_labels(struct cordon_diff *diff, enum cordon_diff_kind kind, const char *what,
			uint32_t old_rule, uint32_t new_rule, cordon_label old, cordon_label new,
			bool higher_loosens);

/* diff_paths.c, diff_grants.c, diff_hosts.c */
void cordon_diff_paths(struct cordon_diff *diff);
void cordon_diff_grants(struct cordon_diff *diff, const char *path, const struct cordon_accept *old,
			const struct cordon_accept *new);
void cordon_diff_hosts(struct cordon_diff *diff);

#endif /* CORDON_DIFF_H */
