/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host rules as the kernel looks them up: the longest prefix, then its port
 * ranges in order, of which the first that matches decides.
 */
#ifndef CORDON_HOSTS_H
#define CORDON_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"

/* One port range that a rule gives to one prefix. */
struct cordon_host_entry {
	struct cordon_prefix prefix;
	struct cordon_port port;
};

/* More specific is greater: with ports before without, then with a protocol. */
unsigned int cordon_port_rank(const struct cordon_port *port);
/* Some connection matches both, neither is more specific. */
bool cordon_port_ties(const struct cordon_port *a, const struct cordon_port *b);

/* Some connection matches both, however specific they are. */
bool cordon_port_overlaps(const struct cordon_port *a, const struct cordon_port *b);

/* Qsort order: prefixes with what they cover behind them, entries by rank, then rule. */
int cordon_host_entry_compare(const void *a, const void *b);
/* Of port ranges: by rank, most specific first, then in the order of a sweep. */
int cordon_port_compare(const struct cordon_port *a, const struct cordon_port *b);
/*
 * Given the ranges of one host in order, one by one, returns an earlier one
 * that is as specific, meets it and gives another clearance. NULL: none does.
 */
struct cordon_port_sweep {
	const struct cordon_port *widest; /* reaches the farthest */
	const struct cordon_port *other; /* so of those with another clearance */
};
const struct cordon_port *cordon_port_sweep(struct cordon_port_sweep *sweep,
					    const struct cordon_port *port);

/* The address lies in the prefix. */
bool cordon_prefix_covers(const struct cordon_prefix *prefix, const struct cordon_address *address);

/*
 * Appends @count ranges to the @used of @list, marked as @folded, but those
 * that an earlier range of the list wholly hides. Returns the new number;
 * more than @limit are not appended: limit + 1.
 */
uint32_t cordon_ports_append(struct cordon_port *list, uint32_t used, uint32_t limit,
			     const struct cordon_port *ports, uint32_t count, bool folded);

struct cordon_folded_hosts {
	struct cordon_host *hosts;
	uint32_t host_count;
	struct cordon_port *ports;
	uint32_t port_count;
	uint32_t port_room;
};

/*
 * Folds sorted entries: each distinct prefix becomes a host with its own
 * ranges, followed by those of the prefixes around it. -ENOMEM; -E2BIG: a
 * host would have more than CORDON_PORTS_PER_HOST_MAX, *@bad is the first
 * entry of it.
 */
int cordon_hosts_fold(const struct cordon_host_entry *entries, uint32_t count,
		      struct cordon_folded_hosts *made, uint32_t *bad);
/* Makes room for one host's ranges behind those that are there. */
int cordon_hosts_ports_room(struct cordon_folded_hosts *made);
void cordon_hosts_free(struct cordon_folded_hosts *made);

#endif /* CORDON_HOSTS_H */
