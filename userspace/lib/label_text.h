/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels as people write them: "secret arrow noforn". */
#ifndef CORDON_LABEL_TEXT_H
#define CORDON_LABEL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"
#include "cordon/label.h"

/* The names a policy gives to levels and categories; borrowed. */
struct cordon_label_names {
	const struct cordon_name *levels;
	uint32_t level_count;
	const struct cordon_name *categories;
	uint32_t category_count;
};

/* Room for every label: one level, all categories, a space after each. */
#define CORDON_LABEL_TEXT_BYTES ((1 + CORDON_CATEGORY_MAX) * CORDON_NAME_BYTES)

/*
 * Writes @label as "level category ..." and returns @text. What the policy
 * has no name for shows as "level-9" or "category-12", a label above all
 * others as "top", a word that is no label as "invalid". Without names
 * (@names NULL or empty) numbers are shown. Cut at @size, always terminated.
 */
const char *cordon_label_text(const struct cordon_label_names *names, cordon_label label,
			      char *text, size_t size);

/*
 * Reads "level category ..." with single or several spaces between; "all"
 * stands for every category. Returns 0, or -EINVAL when a word is no name of
 * the policy; then *@bad (if not NULL) points to that word in @text.
 */
int cordon_label_parse(const struct cordon_label_names *names, const char *text,
		       cordon_label *label, const char **bad);

#endif /* CORDON_LABEL_TEXT_H */
