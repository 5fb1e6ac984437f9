// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts under two policies. Whatever address is asked about, what decides is
 * the longest prefix of either table that covers it; so it is enough to ask at
 * every prefix of both tables, and within it at every port where a range of
 * either begins. Names stand for addresses that are not known here: they are
 * compared as names.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cordon/match.h"
#include "diff.h"
#include "evaluate.h"

/* Any protocol that no rule names. */
#define OTHER_PROTOCOL 255
#define SAMPLES_MAX    (8 * CORDON_PORTS_PER_HOST_MAX + 4)

/* Ports and protocols at which the answer can change. */
struct samples {
	uint16_t ports[SAMPLES_MAX];
	uint8_t protocols[SAMPLES_MAX];
	uint32_t port_count, protocol_count;
	bool cut;
};

static void add_port(struct samples *samples, uint32_t port)
{
	if (port > 65535)
		return;
	for (uint32_t i = 0; i < samples->port_count; i++)
		if (samples->ports[i] == port)
			return;
	if (samples->port_count == SAMPLES_MAX)
		samples->cut = true;
	else
		samples->ports[samples->port_count++] = (uint16_t)port;
}

static void add_protocol(struct samples *samples, uint8_t protocol)
{
	for (uint32_t i = 0; i < samples->protocol_count; i++)
		if (samples->protocols[i] == protocol)
			return;
	if (samples->protocol_count == SAMPLES_MAX)
		samples->cut = true;
	else
		samples->protocols[samples->protocol_count++] = protocol;
}

static void add_range(struct samples *samples, const struct cordon_port *port)
{
	add_port(samples, port->low);
	add_port(samples, port->high + 1u);
	if (port->protocol)
		add_protocol(samples, port->protocol);
}

static void samples_begin(struct samples *samples)
{
	*samples = (struct samples){ 0 };
	add_port(samples, 0);
	add_protocol(samples, IPPROTO_TCP);
	add_protocol(samples, IPPROTO_UDP);
	add_protocol(samples, OTHER_PROTOCOL);
}

/* The ports of the longest prefix that covers @of; NULL: none does. */
static const struct cordon_host *covering(const struct cordon_image_view *view,
					  const struct cordon_prefix *of)
{
	const struct cordon_host *found = NULL;

	for (uint32_t i = 0; i < view->host_count; i++) {
		const struct cordon_prefix *prefix = &view->hosts[i].prefix;
		uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;
		uint8_t mask = (uint8_t)(0xff00 >> rest);

		if (prefix->bits > of->bits || (found && prefix->bits < found->prefix.bits) ||
		    memcmp(&prefix->address, &of->address, whole))
			continue;
		if (!rest || !((prefix->address.bytes[whole] ^ of->address.bytes[whole]) & mask))
			found = &view->hosts[i];
	}
	return found;
}

static void sample_host(struct samples *samples, const struct cordon_image_view *view,
			const struct cordon_host *host)
{
	for (uint32_t i = 0; host && i < host->ports.count; i++)
		add_range(samples, &view->ports[host->ports.first + i]);
}

static void sample_any(struct samples *samples, const struct cordon_image_view *view)
{
	static const struct cordon_prefix any;

	sample_host(samples, view, covering(view, &any));
}

static const char *destination_text(const char *host, uint16_t port, uint8_t protocol, bool inbound,
				    char *text, size_t size)
{
	const char *name = protocol == IPPROTO_TCP ? "tcp" :
			   protocol == IPPROTO_UDP ? "udp" :
						     "other protocols";

	snprintf(text, size, "%s%s port %u %s", host, inbound ? " inbound" : "", port, name);
	return text;
}

/* What both policies answer for one place and port: under which rules of which host. */
struct question {
	const char *name; /* a name, or NULL: the prefix that covers the place in either policy */
	const struct cordon_host *host[2];
};

static void answer(const struct cordon_image_view *view, const struct question *question,
		   const struct cordon_host *host, const struct cordon_destination *to,
		   struct cordon_host_found *found)
{
	if (question->name) {
		cordon_evaluate_host(view, to, found);
		return;
	}
	*found = (struct cordon_host_found){ 0 };
	for (uint32_t i = 0; host && i < host->ports.count; i++) {
		const struct cordon_port *port = &view->ports[host->ports.first + i];

		if (!cordon_port_matches(port, to->port, to->protocol, to->inbound))
			continue;
		found->facts.known = 1;
		found->facts.clearance = port->clearance;
		found->rule = port->rule;
		return;
	}
}

/* @found[0] is the old policy's answer. */
static void compare(struct cordon_diff *diff, const char *what,
		    const struct cordon_host_found found[2])
{
	const struct cordon_host_facts *old = &found[0].facts, *new = &found[1].facts;

	if (old->known && new->known)
		cordon_diff_labels(diff, CORDON_DIFF_HOST, what, found[0].rule, found[1].rule,
				   old->clearance, new->clearance, true);
	else if (old->known != new->known)
		cordon_diff_add(diff, CORDON_DIFF_HOST, new->known, found[0].rule, found[1].rule,
				what, "%s",
				new->known ? "can be reached now" : "cannot be reached any more");
}

/* What was said of a host, so that it is said once for each pair of rules. */
struct said {
	uint32_t rules[2 * SAMPLES_MAX][2];
	uint32_t count;
};

static bool is_said(struct said *said, const struct cordon_host_found found[2])
{
	for (uint32_t i = 0; i < said->count; i++)
		if (said->rules[i][0] == found[0].rule && said->rules[i][1] == found[1].rule)
			return true;
	if (said->count < 2 * SAMPLES_MAX) {
		said->rules[said->count][0] = found[0].rule;
		said->rules[said->count++][1] = found[1].rule;
	}
	return false;
}

/* Asks both policies about one host, at every sample. */
static void ask(struct cordon_diff *diff, const struct samples *samples, const char *host,
		const struct question *question)
{
	struct cordon_destination to = { .name = question->name };
	struct said said = { .count = 0 };
	char text[512];

	for (uint32_t i = 0; i < 2 * samples->port_count * samples->protocol_count; i++) {
		struct cordon_host_found found[2];

		to.inbound = i & 1;
		to.port = samples->ports[i / 2 % samples->port_count];
		to.protocol = samples->protocols[i / 2 / samples->port_count];
		answer(diff->old, question, question->host[0], &to, &found[0]);
		answer(diff->new, question, question->host[1], &to, &found[1]);
		if (found[0].facts.known == found[1].facts.known &&
		    found[0].facts.clearance == found[1].facts.clearance)
			continue;
		if (is_said(&said, found))
			continue;
		compare(diff,
			destination_text(host, to.port, to.protocol, to.inbound, text,
					 sizeof(text)),
			found);
	}
}

static void prefix_text(const struct cordon_prefix *prefix, char *text, size_t size)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char address[INET6_ADDRSTRLEN];
	bool v4 = prefix->bits >= 96 && !memcmp(prefix->address.bytes, mapped, sizeof(mapped));

	inet_ntop(v4 ? AF_INET : AF_INET6, prefix->address.bytes + (v4 ? 12 : 0), address,
		  sizeof(address));
	snprintf(text, size, "%s/%u", address, prefix->bits - (v4 ? 96 : 0));
}

static void diff_prefixes(struct cordon_diff *diff, const struct cordon_image_view *view,
			  const struct cordon_image_view *done)
{
	for (uint32_t i = 0; i < view->host_count; i++) {
		const struct cordon_prefix *prefix = &view->hosts[i].prefix;
		const struct cordon_host *known = done ? covering(done, prefix) : NULL;
		struct question question = { .host = { covering(diff->old, prefix),
						       covering(diff->new, prefix) } };
		struct samples samples;
		char text[64];

		if (known && known->prefix.bits == prefix->bits)
			continue; /* asked already */
		samples_begin(&samples);
		sample_host(&samples, diff->old, question.host[0]);
		sample_host(&samples, diff->new, question.host[1]);
		prefix_text(prefix, text, sizeof(text));
		ask(diff, &samples, text, &question);
		if (samples.cut)
			cordon_diff_add(diff, CORDON_DIFF_SIZE, true, 0, 0, text,
					"has more port ranges than can be compared");
	}
}

static bool is_first(const struct cordon_image_view *view, uint32_t number)
{
	const char *name = view->strings + view->hostnames[number].name;

	for (uint32_t i = 0; i < number; i++)
		if (!strcmp(view->strings + view->hostnames[i].name, name))
			return false;
	return true;
}

static void sample_name(struct samples *samples, const struct cordon_image_view *view,
			const char *name)
{
	for (uint32_t i = 0; i < view->hostname_count; i++)
		if (!strcmp(view->strings + view->hostnames[i].name, name))
			add_range(samples, &view->hostnames[i].port);
}

static bool has_name(const struct cordon_image_view *view, const char *name)
{
	for (uint32_t i = 0; view && i < view->hostname_count; i++)
		if (!strcmp(view->strings + view->hostnames[i].name, name))
			return true;
	return false;
}

static void diff_names(struct cordon_diff *diff, const struct cordon_image_view *view,
		       const struct cordon_image_view *done)
{
	for (uint32_t i = 0; i < view->hostname_count; i++) {
		const char *name = view->strings + view->hostnames[i].name;
		const struct question question = { .name = name };
		struct samples samples;

		if (!is_first(view, i) || has_name(done, name))
			continue;
		samples_begin(&samples);
		sample_name(&samples, diff->old, name);
		sample_name(&samples, diff->new, name);
		/* The rules for every address speak where those for the name are silent. */
		sample_any(&samples, diff->old);
		sample_any(&samples, diff->new);
		ask(diff, &samples, name, &question);
	}
}

void cordon_diff_hosts(struct cordon_diff *diff)
{
	diff_prefixes(diff, diff->old, NULL);
	diff_prefixes(diff, diff->new, diff->old);
	diff_names(diff, diff->old, NULL);
	diff_names(diff, diff->new, diff->old);
}
