// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host names become hosts when the controller knows their addresses. Only
 * whole addresses are added, and those are in no other prefix, so what the
 * image holds for prefixes stays as it is.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "cordon/match.h"
#include "hosts.h"
#include "image.h"

#define WHOLE 128
/* Ranges of one address before those that are hidden are left out. */
#define OWN_MAX (4 * CORDON_PORTS_PER_HOST_MAX)

struct merge {
	const struct cordon_image_view *image;
	struct cordon_name_address *addresses; /* canonical, sorted, each once */
	size_t address_count;
	struct cordon_folded_hosts made;
	uint32_t around[WHOLE + 2]; /* hosts of the image that hold the one in hand */
	uint32_t depth;
	struct cordon_port own[OWN_MAX];
	const char *own_name[OWN_MAX]; /* that brought it; NULL: the address itself */
	uint32_t own_count;
	struct cordon_failure *failure;
};

static int address_compare(const void *a, const void *b)
{
	const struct cordon_name_address *x = a, *y = b;
	int order = memcmp(&x->address, &y->address, sizeof(x->address));

	return order ? order : x->name < y->name ? -1 : x->name > y->name;
}

static int addresses_sort(struct merge *m, const struct cordon_name_address *addresses,
			  size_t count)
{
	m->addresses = calloc(count + 1, sizeof(*m->addresses));
	if (!m->addresses)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (addresses[i].name >= m->image->hostname_count)
			return cordon_failure_set(m->failure, EINVAL,
						  "host name %u of %u does not exist",
						  addresses[i].name, m->image->hostname_count);
		m->addresses[i] = addresses[i];
		cordon_address_canonical(&m->addresses[i].address);
	}
	qsort(m->addresses, count, sizeof(*m->addresses), address_compare);
	for (size_t i = 0; i < count; i++)
		if (!m->address_count ||
		    address_compare(&m->addresses[m->address_count - 1], &m->addresses[i]))
			m->addresses[m->address_count++] = m->addresses[i];
	return 0;
}

static int own_add(struct merge *m, const struct cordon_port *port, const char *name)
{
	if (m->own_count == OWN_MAX)
		return cordon_failure_set(m->failure, E2BIG,
					  "an address has more than %d rules by its names",
					  OWN_MAX);
	m->own_name[m->own_count] = name;
	m->own[m->own_count++] = *port;
	return 0;
}

static int port_order(const void *a, const void *b)
{
	return cordon_port_compare(a, b);
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/*
 * Where rules of several names meet at one address, it gets what all of them
 * allow, however specific one is: nobody said that these hosts are one.
 */
static void own_meet(struct merge *m)
{
	cordon_label met[OWN_MAX];
	uint32_t i, j;

	for (i = 0; i < m->own_count; i++) {
		met[i] = m->own[i].clearance;
		for (j = 0; j < m->own_count; j++)
			if (!same_name(m->own_name[i], m->own_name[j]) &&
			    cordon_port_overlaps(&m->own[i], &m->own[j]))
				met[i] = cordon_label_meet(met[i], m->own[j].clearance);
	}
	for (i = 0; i < m->own_count; i++)
		m->own[i].clearance = met[i];
	qsort(m->own, m->own_count, sizeof(*m->own), port_order);
}

static int host_append(struct merge *m, const struct cordon_prefix *prefix,
		       const struct cordon_host *around)
{
	struct cordon_host *host = &m->made.hosts[m->made.host_count];
	struct cordon_port *list;
	uint32_t used;

	if (cordon_hosts_ports_room(&m->made))
		return -ENOMEM;
	list = m->made.ports + m->made.port_count;
	used = cordon_ports_append(list, 0, CORDON_PORTS_PER_HOST_MAX, m->own, m->own_count, false);
	if (around && used <= CORDON_PORTS_PER_HOST_MAX)
		used = cordon_ports_append(list, used, CORDON_PORTS_PER_HOST_MAX,
					   m->image->ports + around->ports.first,
					   around->ports.count, true);
	if (used > CORDON_PORTS_PER_HOST_MAX)
		return cordon_failure_set(m->failure, E2BIG,
					  "an address has more than %d port ranges by its names",
					  CORDON_PORTS_PER_HOST_MAX);
	host->prefix = *prefix;
	host->ports = (struct cordon_host_ports){ m->made.port_count, used };
	m->made.port_count += used;
	m->made.host_count++;
	return 0;
}

/* A host as it is in the image. */
static int host_copy(struct merge *m, uint32_t index)
{
	const struct cordon_host *host = &m->image->hosts[index];

	if (cordon_hosts_ports_room(&m->made))
		return -ENOMEM;
	memcpy(m->made.ports + m->made.port_count, m->image->ports + host->ports.first,
	       host->ports.count * sizeof(*m->made.ports));
	m->made.hosts[m->made.host_count].prefix = host->prefix;
	m->made.hosts[m->made.host_count++].ports =
		(struct cordon_host_ports){ m->made.port_count, host->ports.count };
	m->made.port_count += host->ports.count;
	return 0;
}

/* All rules of the names of the address at *@next, and of the address itself. */
static int address_append(struct merge *m, size_t *next, const struct cordon_host *exact)
{
	struct cordon_prefix prefix = { WHOLE, m->addresses[*next].address };
	const struct cordon_image_view *v = m->image;
	const struct cordon_host *around = NULL;
	int error = 0;

	m->own_count = 0;
	for (; *next < m->address_count && !error; (*next)++) {
		const char *name;

		if (memcmp(&m->addresses[*next].address, &prefix.address, sizeof(prefix.address)))
			break;
		/* Every rule of a name is a host name of its own: all of them count. */
		name = v->strings + v->hostnames[m->addresses[*next].name].name;
		for (uint32_t i = 0; i < v->hostname_count && !error; i++)
			if (!strcmp(v->strings + v->hostnames[i].name, name))
				error = own_add(m, &v->hostnames[i].port, name);
	}
	for (uint32_t i = 0; exact && i < exact->ports.count && !error; i++)
		if (!v->ports[exact->ports.first + i].folded)
			error = own_add(m, &v->ports[exact->ports.first + i], NULL);
	if (error)
		return error;
	own_meet(m);
	while (m->depth &&
	       !cordon_prefix_covers(&v->hosts[m->around[m->depth - 1]].prefix, &prefix.address))
		m->depth--;
	if (m->depth)
		around = &v->hosts[m->around[m->depth - 1]];
	return host_append(m, &prefix, around);
}

/* Hosts and addresses are both in order: one pass over both. */
static int merge_run(struct merge *m)
{
	const struct cordon_image_view *v = m->image;
	size_t next = 0;
	int error = 0;

	m->made.hosts = calloc(v->host_count + m->address_count + 1, sizeof(*m->made.hosts));
	if (!m->made.hosts)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->host_count && !error; i++) {
		const struct cordon_host *host = &v->hosts[i];
		bool exact = false;

		while (next < m->address_count && !error && !exact) {
			int order = memcmp(&m->addresses[next].address, &host->prefix.address,
					   sizeof(host->prefix.address));

			exact = !order && host->prefix.bits == WHOLE;
			if (order >= 0 && !exact)
				break;
			error = address_append(m, &next, exact ? host : NULL);
		}
		if (!error && !exact)
			error = host_copy(m, i);
		while (m->depth && !cordon_prefix_covers(&v->hosts[m->around[m->depth - 1]].prefix,
							 &host->prefix.address))
			m->depth--;
		if (host->prefix.bits < WHOLE)
			m->around[m->depth++] = i;
	}
	while (next < m->address_count && !error)
		error = address_append(m, &next, NULL);
	return error;
}

static int merge_assemble(const struct merge *m, void **made, size_t *made_bytes)
{
	const struct cordon_image *header = m->image->header;
	struct cordon_image_parts parts = { .header = *header };
	struct cordon_image *image;
	int error;

	for (int i = 0; i < CORDON_SECTION_COUNT; i++) {
		parts.section[i].bytes = (const char *)header + header->section[i].offset;
		parts.section[i].count = header->section[i].count;
	}
	parts.section[CORDON_SECTION_HOSTS].bytes = m->made.hosts;
	parts.section[CORDON_SECTION_HOSTS].count = m->made.host_count;
	parts.section[CORDON_SECTION_PORTS].bytes = m->made.ports;
	parts.section[CORDON_SECTION_PORTS].count = m->made.port_count;
	parts.header.policy.port_count = m->made.port_count;
	error = cordon_image_assemble(&parts, &image, made_bytes);
	if (!error)
		*made = image;
	return error;
}

int cordon_image_add_addresses(const struct cordon_image_view *image,
			       const struct cordon_name_address *addresses, size_t count,
			       void **made, size_t *made_bytes, struct cordon_failure *failure)
{
	struct merge *m = calloc(1, sizeof(*m));
	int error = -ENOMEM;

	if (m) {
		m->image = image;
		m->failure = failure;
		error = addresses_sort(m, addresses, count);
		if (!error)
			error = merge_run(m);
		if (!error)
			error = merge_assemble(m, made, made_bytes);
		free(m->addresses);
		cordon_hosts_free(&m->made);
		free(m);
	}
	if (error == -ENOMEM)
		cordon_failure_set(failure, ENOMEM, "no memory for the addresses of host names");
	return error;
}
