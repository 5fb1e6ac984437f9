/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard did and what the model says it may do, operation by operation.
 * A guard that denies more than the model is no leak, and one that allows more
 * is none until a token has moved: both are figures.
 */
#ifndef CORDON_FLOW_FIGURES_H
#define CORDON_FLOW_FIGURES_H

#include "flow.h"

#define CALLS_MAX 160

struct figures {
	int programs, done, failed, denied, blocked;
	int predicted; /* operations on which the model had a word */
	int over[CALLS_MAX]; /* denied, and the model allows it */
	int beyond[CALLS_MAX]; /* done, and the model denies it */
	int played[CALLS_MAX];
};

struct oracle;
struct oracle *oracle_new(const struct program *program, struct figures *figures);
void oracle_take(struct oracle *oracle, const struct report *report);

/* Adds up what @path holds. */
void figures_sum(struct figures *sum, const char *path);

#endif /* CORDON_FLOW_FIGURES_H */
