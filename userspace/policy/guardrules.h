/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules that every policy has without saying so: R7 on disk. */
#ifndef CORDON_GUARDRULES_H
#define CORDON_GUARDRULES_H

#include "rules.h"

struct policy_guard_rule {
	const char *pattern;
	uint32_t flags; /* CORDON_OBJECT_GUARD, _BOOT, _CONTROLLER */
};

extern const struct policy_guard_rule policy_guard_rules[];
extern const uint32_t policy_guard_rule_count;

#endif /* CORDON_GUARDRULES_H */
