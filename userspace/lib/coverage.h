/* SPDX-License-Identifier: GPL-2.0-only */
/* Point by point: what stands on this kernel, and what does not, and why. */
#ifndef CORDON_COVERAGE_H
#define CORDON_COVERAGE_H

#include <json-c/json.h>

#include "guard.h"
#include "kernel_state.h"

/*
 * An array of {"point", "covered", "why"}; NULL on ENOMEM. @guard is NULL when
 * none runs or it cannot be looked at, which @trouble then says.
 */
struct json_object *cordon_coverage(const struct cordon_kernel_state *state,
				    const struct cordon_guard *guard, const char *trouble);

/* The names of the attached hooks, an array of strings; NULL on ENOMEM. */
struct json_object *cordon_coverage_hooks(const struct cordon_guard *guard);

#endif /* CORDON_COVERAGE_H */
