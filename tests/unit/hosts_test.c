// SPDX-License-Identifier: GPL-2.0-only
/* Which host rule decides, and addresses that host names stand for. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "unit.h"

static const char rules[] = UNIT_HEADER
	"host any inbound port 22 tcp clearance unclassified\n" /* 4 */
	"host 10.0.0.0/8 clearance unclassified\n" /* 5 */
	"host 10.0.0.0/8 udp clearance cui\n" /* 6 */
	"host 10.0.0.0/8 port 443 clearance secret\n" /* 7 */
	"host 10.0.0.0/8 port 443,8000-8100 tcp clearance top\n" /* 8 */
	"host 10.1.0.0/16 port 80 tcp clearance cui\n" /* 9 */
	"host 10.1.2.3 clearance secret\n" /* 10 */
	"host 2001:db8::/32 clearance secret\n" /* 11 */
	"host 127.0.0.0/8 ::1 clearance cui\n" /* 12 */
	"host 10.9.0.0/16 icmp clearance secret\n" /* 13 */
	"host mail.example.mil MAIL2.example.mil. port 25 tcp clearance secret\n" /* 14 */
	"host mail.example.mil clearance cui\n" /* 15 */
	"host other.example clearance unclassified\n"; /* 16 */

static const struct row {
	const char *name;
	const char *host;
	uint16_t port;
	uint8_t protocol;
	uint8_t inbound;
	uint32_t line; /* of the rule; 0: unknown host */
} rows[] = {
	{ "the prefix without port decides what no port names", "10.2.0.1", 80, IPPROTO_TCP, 0, 5 },
	{ "a protocol is more specific than none", "10.2.0.1", 80, IPPROTO_UDP, 0, 6 },
	{ "a port is more specific than a protocol", "10.2.0.1", 443, IPPROTO_UDP, 0, 7 },
	{ "port and protocol are more specific than a port", "10.2.0.1", 443, IPPROTO_TCP, 0, 8 },
	{ "a range begins at its first port", "10.2.0.1", 8000, IPPROTO_TCP, 0, 8 },
	{ "a range ends at its last port", "10.2.0.1", 8100, IPPROTO_TCP, 0, 8 },
	{ "beyond a range it decides nothing", "10.2.0.1", 8101, IPPROTO_TCP, 0, 5 },
	{ "the longer prefix decides", "10.1.0.1", 80, IPPROTO_TCP, 0, 9 },
	{ "what the longer prefix does not name falls to the shorter", "10.1.0.1", 443, IPPROTO_TCP,
	  0, 8 },
	{ "the longer prefix decides against a port of the shorter", "10.1.2.3", 443, IPPROTO_TCP,
	  0, 10 },
	{ "outside every prefix is unknown", "11.0.0.1", 80, IPPROTO_TCP, 0, 0 },
	{ "inbound is its own direction", "11.0.0.1", 22, IPPROTO_TCP, 1, 4 },
	{ "an inbound rule lets nothing out", "11.0.0.1", 22, IPPROTO_TCP, 0, 0 },
	{ "any is inherited by prefixes", "10.1.2.3", 22, IPPROTO_TCP, 1, 4 },
	{ "an outbound rule lets nothing in", "10.2.0.1", 443, IPPROTO_TCP, 1, 0 },
	{ "any is for IPv6 too", "2001:db8::5", 22, IPPROTO_TCP, 1, 4 },
	{ "an IPv6 prefix names its addresses", "2001:db8::5", 443, IPPROTO_TCP, 0, 11 },
	{ "outside the IPv6 prefix is unknown", "2001:db9::5", 443, IPPROTO_TCP, 0, 0 },
	{ "mapped addresses are IPv4", "::ffff:10.2.0.1", 80, IPPROTO_TCP, 0, 5 },
	{ "6to4 addresses are IPv4", "2002:0a02:0001::1", 80, IPPROTO_TCP, 0, 5 },
	{ "NAT64 addresses are IPv4", "64:ff9b::10.2.0.1", 80, IPPROTO_TCP, 0, 5 },
	{ "0.0.0.0 is loopback", "0.0.0.0", 80, IPPROTO_TCP, 0, 12 },
	{ ":: is loopback", "::", 80, IPPROTO_TCP, 0, 12 },
	{ "all of 127/8 is loopback", "127.3.2.1", 53, IPPROTO_UDP, 0, 12 },
	{ "a protocol without ports", "10.9.1.1", 0, IPPROTO_ICMP, 0, 13 },
	{ "another protocol falls to the shorter prefix", "10.9.1.1", 1, IPPROTO_TCP, 0, 5 },
	{ "a name has its own rules", "mail.example.mil", 25, IPPROTO_TCP, 0, 14 },
	{ "a name's rule without port", "mail.example.mil", 26, IPPROTO_TCP, 0, 15 },
	{ "names have no case and no last dot", "mail2.example.mil", 25, IPPROTO_TCP, 0, 14 },
	{ "a name falls to any", "mail.example.mil", 22, IPPROTO_TCP, 1, 4 },
	{ "a name that no rule has is unknown", "www.example.mil", 80, IPPROTO_TCP, 0, 0 },
};

static struct cordon_address address(const char *text)
{
	struct cordon_address made = { { 0 } };

	if (strchr(text, ':')) {
		assert_int_equal(inet_pton(AF_INET6, text, made.bytes), 1);
		return made;
	}
	assert_int_equal(inet_pton(AF_INET, text, made.bytes + 12), 1);
	made.bytes[10] = made.bytes[11] = 0xff;
	return made;
}

static struct cordon_destination to(const char *host, uint16_t port, uint8_t protocol,
				    uint8_t inbound)
{
	struct cordon_destination made = { .port = port, .protocol = protocol, .inbound = inbound };

	if (!strchr(host, ':') && host[0] >= 'a')
		made.name = host;
	else
		made.address = address(host);
	return made;
}

static void rule_is(void **state)
{
	const struct row *row = *state;
	struct cordon_destination destination =
		to(row->host, row->port, row->protocol, row->inbound);
	struct unit_policy p = unit_compile(rules);
	struct cordon_host_found found;

	cordon_evaluate_host(&p.view, &destination, &found);
	assert_int_equal(found.facts.known, row->line != 0);
	if (row->line)
		assert_int_equal(p.view.rules[found.rule].line, row->line);
	unit_policy_free(&p);
}

/* ---- Addresses of names ---- */

static uint32_t name_index(const struct cordon_image_view *view, const char *name)
{
	uint32_t i = 0;

	while (i < view->hostname_count && strcmp(view->strings + view->hostnames[i].name, name))
		i++;
	assert_true(i < view->hostname_count);
	return i;
}

struct resolved {
	void *image;
	struct cordon_image_view view;
};

static struct resolved resolve(const struct unit_policy *p,
			       const struct cordon_name_address *addresses, size_t count)
{
	struct cordon_failure failure = { "" };
	struct resolved made = { 0 };
	size_t bytes;

	if (cordon_image_add_addresses(&p->view, addresses, count, &made.image, &bytes, &failure))
		fail_msg("%s", failure.text);
	if (cordon_image_open(made.image, bytes, &made.view, &failure))
		fail_msg("%s", failure.text);
	return made;
}

static cordon_label reach(const struct cordon_image_view *view, const char *host, uint16_t port,
			  bool *known)
{
	struct cordon_destination destination = to(host, port, IPPROTO_TCP, 0);
	struct cordon_host_found found;

	cordon_evaluate_host(view, &destination, &found);
	*known = found.facts.known;
	return found.facts.clearance;
}

static void address_of_a_name_gets_its_rules(void **state)
{
	struct unit_policy p = unit_compile(rules);
	struct cordon_name_address added[] = {
		{ name_index(&p.view, "mail.example.mil"), address("198.51.100.1") },
		{ name_index(&p.view, "mail.example.mil"), address("2001:db8::25") },
		{ name_index(&p.view, "mail.example.mil"), address("10.1.7.7") },
	};
	struct resolved r = resolve(&p, added, 3);
	bool known;

	(void)state;
	assert_true(reach(&r.view, "198.51.100.1", 25, &known) == UNIT_SECRET && known);
	assert_true(reach(&r.view, "198.51.100.1", 80, &known) == UNIT_CUI && known);
	reach(&r.view, "198.51.100.2", 25, &known);
	assert_false(known);
	/* Its own rules stand before those of the prefixes around it. */
	assert_true(reach(&r.view, "2001:db8::25", 443, &known) == UNIT_CUI && known);
	assert_true(reach(&r.view, "10.1.7.7", 443, &known) == UNIT_CUI && known);
	/* All else is as it was. */
	assert_true(reach(&r.view, "10.1.7.8", 443, &known) == UNIT_TOP && known);
	assert_true(reach(&r.view, "2001:db8::26", 443, &known) == UNIT_SECRET && known);
	free(r.image);
	unit_policy_free(&p);
}

static void names_of_one_address_give_the_meet(void **state)
{
	struct unit_policy p = unit_compile(rules);
	struct cordon_name_address added[] = {
		{ name_index(&p.view, "mail.example.mil"), address("198.51.100.1") },
		{ name_index(&p.view, "other.example"), address("198.51.100.1") },
	};
	struct resolved r = resolve(&p, added, 2);
	bool known;

	(void)state;
	assert_true(reach(&r.view, "198.51.100.1", 25, &known) == 0 && known);
	assert_true(reach(&r.view, "198.51.100.1", 80, &known) == 0 && known);
	free(r.image);
	unit_policy_free(&p);
}

static void a_name_lowers_an_address_that_has_rules(void **state)
{
	struct unit_policy p = unit_compile(rules);
	struct cordon_name_address added[] = {
		{ name_index(&p.view, "other.example"), address("10.1.2.3") },
	};
	struct resolved r = resolve(&p, added, 1);
	bool known;

	(void)state;
	assert_true(reach(&p.view, "10.1.2.3", 443, &known) == UNIT_SECRET && known);
	assert_true(reach(&r.view, "10.1.2.3", 443, &known) == 0 && known);
	free(r.image);
	unit_policy_free(&p);
}

static void no_addresses_change_nothing(void **state)
{
	struct unit_policy p = unit_compile(rules);
	struct resolved r = resolve(&p, NULL, 0);

	(void)state;
	assert_int_equal(r.view.bytes, p.view.bytes);
	assert_memory_equal(r.view.header, p.view.header, p.view.bytes);
	free(r.image);
	unit_policy_free(&p);
}

static void an_address_of_no_name_is_refused(void **state)
{
	struct unit_policy p = unit_compile(rules);
	struct cordon_name_address added = { p.view.hostname_count, address("198.51.100.1") };
	struct cordon_failure failure = { "" };
	void *image = NULL;
	size_t bytes;

	(void)state;
	assert_int_equal(cordon_image_add_addresses(&p.view, &added, 1, &image, &bytes, &failure),
			 -EINVAL);
	assert_null(image);
	assert_true(failure.text[0]);
	unit_policy_free(&p);
}

static void too_many_ranges_for_an_address_are_refused(void **state)
{
	struct cordon_name_address added[40];
	struct cordon_failure failure = { "" };
	char text[8192] = UNIT_HEADER, line[128];
	struct unit_policy p;
	void *image = NULL;
	size_t bytes;

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "host n%u.example port %u,%u clearance cui\n", i,
			 1000 + 2 * i, 2001 + 2 * i);
		strcat(text, line);
	}
	p = unit_compile(text);
	for (unsigned int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "n%u.example", i);
		added[i] = (struct cordon_name_address){ name_index(&p.view, line),
							 address("198.51.100.1") };
	}
	assert_int_equal(cordon_image_add_addresses(&p.view, added, 40, &image, &bytes, &failure),
			 -E2BIG);
	assert_null(image);
	unit_policy_free(&p);
}

/* Random prefixes against a search through the rules. */
static void folded_prefixes_are_a_search_through_the_rules(void **state)
{
	uint64_t seed = 12;

	(void)state;
	for (int round = 0; round < 40; round++) {
		char text[8192] = UNIT_HEADER, line[128];
		uint32_t prefix[30], bits[30], port[30];
		struct unit_policy p;

		for (int i = 0; i < 30; i++) {
			bits[i] = 8 + unit_below(&seed, 25);
			prefix[i] = (10u << 24 | (unit_random(&seed) & 0x010101)) &
				    (0xffffffffu << (32 - bits[i]));
			port[i] = unit_below(&seed, 3);
			/* The clearance is a function of the rest: equal rules agree. */
			snprintf(line, sizeof(line), "host %u.%u.%u.%u/%u %s%.0u clearance %s\n",
				 prefix[i] >> 24, prefix[i] >> 16 & 255, prefix[i] >> 8 & 255,
				 prefix[i] & 255, bits[i], port[i] ? "port 8" : "", port[i],
				 (bits[i] + port[i]) % 2 ? "cui" : "secret");
			strcat(text, line);
		}
		p = unit_compile(text);
		for (int k = 0; k < 200; k++) {
			uint32_t at = 10u << 24 | (unit_random(&seed) & 0x010101), to_port;
			int best = -1;
			bool known;
			cordon_label label;

			to_port = unit_below(&seed, 3);
			for (int i = 0; i < 30; i++) {
				if ((at ^ prefix[i]) & (0xffffffffu << (32 - bits[i])) ||
				    (port[i] && port[i] != to_port))
					continue;
				if (best < 0 || bits[i] > bits[best] ||
				    (bits[i] == bits[best] && port[i] > port[best]))
					best = i;
			}
			snprintf(line, sizeof(line), "10.%u.%u.%u", at >> 16 & 255, at >> 8 & 255,
				 at & 255);
			label = reach(&p.view, line, (uint16_t)(to_port ? 80 + to_port : 9),
				      &known);
			assert_int_equal(known, best >= 0);
			if (known)
				assert_true(label == ((bits[best] + port[best]) % 2 ? UNIT_CUI :
										      UNIT_SECRET));
		}
		unit_policy_free(&p);
	}
}

void unit_hosts_cases(struct unit_cases *cases)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		unit_add(cases, rows[i].name, rule_is, &rows[i]);
	unit_add(cases, "an address of a name gets its rules", address_of_a_name_gets_its_rules,
		 NULL);
	unit_add(cases, "names of one address give the meet", names_of_one_address_give_the_meet,
		 NULL);
	unit_add(cases, "a name lowers an address that has rules",
		 a_name_lowers_an_address_that_has_rules, NULL);
	unit_add(cases, "no addresses change nothing", no_addresses_change_nothing, NULL);
	unit_add(cases, "an address of no name is refused", an_address_of_no_name_is_refused, NULL);
	unit_add(cases, "too many ranges for an address are refused",
		 too_many_ranges_for_an_address_are_refused, NULL);
	unit_add(cases, "folded prefixes are a search through the rules",
		 folded_prefixes_are_a_search_through_the_rules, NULL);
}
