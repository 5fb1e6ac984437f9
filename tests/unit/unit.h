/* SPDX-License-Identifier: GPL-2.0-only */
/* What the unit tests share. A test case is named for the fact it proves. */
#ifndef CORDON_UNIT_H
#define CORDON_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluate.h"
#include "names.h"
#include "policy.h"

/* Collects the cases of all files, so that they are one plan. */
struct unit_cases {
	struct CMUnitTest *tests;
	size_t count, room;
};

/* @row, if not NULL, is what the case finds in *state. */
void unit_add(struct unit_cases *cases, const char *name, CMUnitTestFunction function,
	      const void *row);

void unit_label_cases(struct unit_cases *cases);
void unit_stored_label_cases(struct unit_cases *cases);
void unit_decide_cases(struct unit_cases *cases);
void unit_address_cases(struct unit_cases *cases);
void unit_automaton_cases(struct unit_cases *cases);
void unit_image_cases(struct unit_cases *cases);
void unit_hosts_cases(struct unit_cases *cases);
void unit_grant_cases(struct unit_cases *cases);
void unit_policy_cases(struct unit_cases *cases);
void unit_diff_cases(struct unit_cases *cases);
void unit_signature_cases(struct unit_cases *cases);

/* A policy that was compiled from text; its errors fail the test. */
struct unit_policy {
	struct cordon_policy_text *text;
	struct cordon_image_view view;
};
struct unit_policy unit_compile(const char *text);
void unit_policy_free(struct unit_policy *policy);

/* The lines that most policies of the tests begin with. */
#define UNIT_HEADER                                  \
	"policy unit version 1\n"                    \
	"levels unclassified < cui < secret < top\n" \
	"categories arrow noforn\n"

/* Levels and categories of UNIT_HEADER. */
#define UNIT_CUI    cordon_label_make(1, 0)
#define UNIT_SECRET cordon_label_make(2, 0)
#define UNIT_TOP    cordon_label_make(3, 0)
#define UNIT_ARROW  1u
#define UNIT_NOFORN 2u

/* The same numbers at every run and on every machine. */
uint32_t unit_random(uint64_t *state);
static inline uint32_t unit_below(uint64_t *state, uint32_t limit)
{
	return unit_random(state) % limit;
}

#endif /* CORDON_UNIT_H */
