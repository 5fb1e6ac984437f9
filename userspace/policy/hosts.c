// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hosts.h"

#define PREFIXES_MAX 130 /* around one address: one for each length */

unsigned int cordon_port_rank(const struct cordon_port *port)
{
	bool ports = port->low != 0 || port->high != UINT16_MAX;

	return (ports ? 2u : 0u) + (port->protocol ? 1u : 0u);
}

bool cordon_port_overlaps(const struct cordon_port *a, const struct cordon_port *b)
{
	return a->inbound == b->inbound && a->low <= b->high && b->low <= a->high &&
	       (!a->protocol || !b->protocol || a->protocol == b->protocol);
}

bool cordon_port_ties(const struct cordon_port *a, const struct cordon_port *b)
{
	return cordon_port_rank(a) == cordon_port_rank(b) && cordon_port_overlaps(a, b);
}

int cordon_port_compare(const struct cordon_port *a, const struct cordon_port *b)
{
	unsigned int x = cordon_port_rank(a), y = cordon_port_rank(b);

	if (x != y)
		return x > y ? -1 : 1;
	if (a->inbound != b->inbound)
		return a->inbound - b->inbound;
	if (a->protocol != b->protocol)
		return a->protocol - b->protocol;
	if (a->low != b->low)
		return a->low - b->low;
	if (a->high != b->high)
		return a->high - b->high;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static bool port_disagrees(const struct cordon_port *a, const struct cordon_port *b)
{
	return a && a->clearance != b->clearance && cordon_port_ties(a, b);
}

const struct cordon_port *cordon_port_sweep(struct cordon_port_sweep *sweep,
					    const struct cordon_port *port)
{
	const struct cordon_port *found = NULL;

	if (sweep->widest &&
	    (cordon_port_rank(sweep->widest) != cordon_port_rank(port) ||
	     sweep->widest->inbound != port->inbound || sweep->widest->protocol != port->protocol))
		*sweep = (struct cordon_port_sweep){ 0 };
	if (port_disagrees(sweep->widest, port))
		found = sweep->widest;
	else if (port_disagrees(sweep->other, port))
		found = sweep->other;
	if (!sweep->widest || port->high > sweep->widest->high) {
		if (sweep->widest && sweep->widest->clearance != port->clearance)
			sweep->other = sweep->widest;
		sweep->widest = port;
	} else if (port->clearance != sweep->widest->clearance &&
		   (!sweep->other || port->high > sweep->other->high)) {
		sweep->other = port;
	}
	return found;
}

static int prefix_compare(const struct cordon_prefix *a, const struct cordon_prefix *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	if (order)
		return order;
	return a->bits < b->bits ? -1 : a->bits > b->bits;
}

int cordon_host_entry_compare(const void *a, const void *b)
{
	const struct cordon_host_entry *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	return order ? order : cordon_port_compare(&x->port, &y->port);
}

bool cordon_prefix_covers(const struct cordon_prefix *prefix, const struct cordon_address *address)
{
	uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(&prefix->address, address, whole))
		return false;
	return !rest || !((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask);
}

static bool port_is_hidden(const struct cordon_port *list, uint32_t used,
			   const struct cordon_port *port)
{
	for (uint32_t i = 0; i < used; i++)
		if (list[i].inbound == port->inbound &&
		    (!list[i].protocol || list[i].protocol == port->protocol) &&
		    list[i].low <= port->low && list[i].high >= port->high)
			return true;
	return false;
}

uint32_t cordon_ports_append(struct cordon_port *list, uint32_t used, uint32_t limit,
			     const struct cordon_port *ports, uint32_t count, bool folded)
{
	for (uint32_t i = 0; i < count; i++) {
		if (port_is_hidden(list, used, &ports[i]))
			continue;
		if (used == limit)
			return limit + 1;
		list[used] = ports[i];
		list[used++].folded = folded;
	}
	return used;
}

int cordon_hosts_ports_room(struct cordon_folded_hosts *made)
{
	uint32_t needed = made->port_count + CORDON_PORTS_PER_HOST_MAX;
	struct cordon_port *larger;

	if (needed <= made->port_room)
		return 0;
	larger = realloc(made->ports, 2ULL * needed * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	made->ports = larger;
	made->port_room = 2 * needed;
	return 0;
}

/* One prefix, whose own ranges are in entries [first, end). @around: NULL or a host. */
static int host_make(const struct cordon_host_entry *entries, uint32_t first, uint32_t end,
		     const struct cordon_host *around, struct cordon_folded_hosts *made)
{
	struct cordon_host *host = &made->hosts[made->host_count];
	struct cordon_port *list;
	uint32_t used = 0;

	if (cordon_hosts_ports_room(made))
		return -ENOMEM;
	list = made->ports + made->port_count;
	for (uint32_t i = first; i < end && used <= CORDON_PORTS_PER_HOST_MAX; i++)
		used = cordon_ports_append(list, used, CORDON_PORTS_PER_HOST_MAX, &entries[i].port,
					   1, false);
	if (around && used <= CORDON_PORTS_PER_HOST_MAX)
		used = cordon_ports_append(list, used, CORDON_PORTS_PER_HOST_MAX,
					   made->ports + around->ports.first, around->ports.count,
					   true);
	if (used > CORDON_PORTS_PER_HOST_MAX)
		return -E2BIG;
	host->prefix = entries[first].prefix;
	host->ports = (struct cordon_host_ports){ made->port_count, used };
	made->port_count += used;
	made->host_count++;
	return 0;
}

int cordon_hosts_fold(const struct cordon_host_entry *entries, uint32_t count,
		      struct cordon_folded_hosts *made, uint32_t *bad)
{
	uint32_t around[PREFIXES_MAX]; /* hosts whose prefixes hold the one in hand */
	uint32_t depth = 0, first, end;
	int error = 0;

	memset(made, 0, sizeof(*made));
	made->hosts = calloc(count + 1ULL, sizeof(*made->hosts));
	if (!made->hosts)
		return -ENOMEM;
	for (first = 0; first < count && !error; first = end) {
		const struct cordon_prefix *prefix = &entries[first].prefix;

		for (end = first; end < count; end++)
			if (prefix_compare(&entries[end].prefix, prefix))
				break;
		while (depth && !cordon_prefix_covers(&made->hosts[around[depth - 1]].prefix,
						      &prefix->address))
			depth--;
		error = host_make(entries, first, end,
				  depth ? &made->hosts[around[depth - 1]] : NULL, made);
		*bad = first;
		around[depth++] = made->host_count - 1;
	}
	if (error)
		cordon_hosts_free(made);
	return error;
}

void cordon_hosts_free(struct cordon_folded_hosts *made)
{
	free(made->hosts);
	free(made->ports);
	memset(made, 0, sizeof(*made));
}
