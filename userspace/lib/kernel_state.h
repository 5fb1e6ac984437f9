/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel offers of what enforcement stands on. */
#ifndef CORDON_KERNEL_STATE_H
#define CORDON_KERNEL_STATE_H

#include <stdbool.h>

#include "failure.h"

enum cordon_presence {
	CORDON_PRESENCE_NO,
	CORDON_PRESENCE_YES,
	CORDON_PRESENCE_UNKNOWN, /* could not be read: no yes */
};

struct cordon_kernel_state {
	char release[65];
	char lsms[256]; /* the active ones; empty when unknown */
	enum cordon_presence bpf_lsm;
	enum cordon_presence ftrace;
	enum cordon_presence btf;
	enum cordon_presence module;
};

void cordon_kernel_state_read(struct cordon_kernel_state *state);

/*
 * 0 when enforcement can be relied on, else -EOPNOTSUPP with the reason and
 * the remedy of the first thing that is missing.
 */
int cordon_kernel_state_check(const struct cordon_kernel_state *state, bool without_module,
			      struct cordon_failure *failure);

#endif /* CORDON_KERNEL_STATE_H */
