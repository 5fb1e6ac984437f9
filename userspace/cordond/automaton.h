/* SPDX-License-Identifier: GPL-2.0-only */
/* The path automaton of an image, walked where the kernel's walk begins. */
#ifndef CORDOND_AUTOMATON_H
#define CORDOND_AUTOMATON_H

#include <stdbool.h>

#include "image.h"

struct automaton {
	struct cordon_image_view view; /* borrows the image's bytes */
	uint8_t *matters; /* bit per state: a rule can still match from here */
};

/* 0 or -ENOMEM. The image must live as long. */
int automaton_init(struct automaton *automaton, const struct cordon_image_view *view);
void automaton_free(struct automaton *automaton);

/* The state after an absolute path ("/" changes nothing); 0 when undecidable. */
uint32_t automaton_walk(const struct automaton *automaton, uint32_t state, const char *path);
/* The state after one more component. */
uint32_t automaton_step(const struct automaton *automaton, uint32_t state, const char *name);

/*
 * @state stands behind a whole component. False when neither this path nor
 * any below it has a label, a flag or a grant: it need not be looked at.
 */
bool automaton_matters(const struct automaton *automaton, uint32_t state);

/* What the state accepts; NULL when undecidable. */
const struct cordon_accept *automaton_accept(const struct automaton *automaton, uint32_t state);

#endif /* CORDOND_AUTOMATON_H */
