/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guard whose pins were removed goes on: the module holds its links, and
 * they hold its hooks and maps. Programs that are only called by the
 * controller have no link. They are loaded once more, over the maps there are.
 */
#ifndef CORDOND_REVIVE_H
#define CORDOND_REVIVE_H

#include "guard.h"

/* Does nothing when all programs were found. */
int revive_programs(struct cordon_guard *guard, struct cordon_failure *failure);

#endif /* CORDOND_REVIVE_H */
