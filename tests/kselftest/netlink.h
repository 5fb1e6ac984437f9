/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of rtnetlink as a wire between two network name spaces needs. 0 or -errno. */
#ifndef CORDON_TEST_NETLINK_H
#define CORDON_TEST_NETLINK_H

#include <sys/types.h>

/* Makes @name here, and its other end @peer in the network name space of @pid. */
int netlink_add_wire(const char *name, const char *peer, pid_t pid);
/* Gives @interface an address of either family, and sets it up. */
int netlink_add_address(const char *interface, const char *address, int prefix);

#endif /* CORDON_TEST_NETLINK_H */
