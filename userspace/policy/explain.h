/* SPDX-License-Identifier: GPL-2.0-only */
/* A decision in words. */
#ifndef CORDON_EXPLAIN_H
#define CORDON_EXPLAIN_H

#include "arena.h"
#include "evaluate.h"

/*
 * One line: why the answer is what it is, with the rules that decided, as
 * "file:line". In the arena; NULL: no memory.
 */
const char *cordon_explain_line(struct cordon_arena *arena, const struct cordon_image_view *view,
				const struct cordon_question *question,
				const struct cordon_answer *answer);

#endif /* CORDON_EXPLAIN_H */
