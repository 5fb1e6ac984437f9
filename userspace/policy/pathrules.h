/* SPDX-License-Identifier: GPL-2.0-only */
/* From file and program rules to what the kernel looks paths up in. */
#ifndef CORDON_PATHRULES_H
#define CORDON_PATHRULES_H

#include "rules.h"

struct policy_paths {
	struct cordon_slot *slots; /* policy.slot_count of them */
	struct cordon_accept *accepts;
	struct cordon_grant *grants;
};

/*
 * Compiles the valid rules. Sets start, class and the counts of slots,
 * accepts and grants in @policy; the caller frees what @paths points to.
 * Returns 0 also when rules disagree: then there are mistakes in @text, and
 * @paths is empty. -ENOMEM.
 */
int cordon_policy_paths(struct cordon_policy_text *text, struct cordon_policy *policy,
			struct policy_paths *paths);

/* What a program rule gives. */
void cordon_policy_grant(const struct policy_rule *rule, struct cordon_grant *grant);

#endif /* CORDON_PATHRULES_H */
