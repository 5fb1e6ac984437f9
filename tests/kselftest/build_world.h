/* SPDX-License-Identifier: GPL-2.0-only */
/* Building the world of world.h, from nothing, in a guest. 0 or -errno. */
#ifndef CORDON_TEST_BUILD_WORLD_H
#define CORDON_TEST_BUILD_WORLD_H

/* Places, programs, users; before the guard is loaded. The canary goes into the environment. */
int world_build(void);
/* The hosts and the wires to them. */
int world_start_hosts(void);
/*
 * Processes that are older than the guard: one set for each mode. They wait for
 * a file RUN_DIR/veterans.<set> and then use what they opened before.
 */
int world_start_veterans(void);

#endif /* CORDON_TEST_BUILD_WORLD_H */
