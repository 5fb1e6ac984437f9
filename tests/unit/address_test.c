// SPDX-License-Identifier: GPL-2.0-only
/* The one form of an address (bypass M14). */
#include <arpa/inet.h>

#include "cordon/match.h"
#include "unit.h"

static const struct row {
	const char *name;
	const char *in, *out;
} rows[] = {
	{ "mapped IPv4 stays", "::ffff:10.20.0.9", "::ffff:10.20.0.9" },
	{ "IPv4-compatible becomes mapped", "::10.20.0.9", "::ffff:10.20.0.9" },
	{ "NAT64 becomes the IPv4 address", "64:ff9b::10.20.0.9", "::ffff:10.20.0.9" },
	{ "6to4 becomes the IPv4 address", "2002:0a14:0009::1", "::ffff:10.20.0.9" },
	{ "6to4 with any interface becomes it", "2002:0a14:0009:1:2:3:4:5", "::ffff:10.20.0.9" },
	{ "unspecified IPv6 is this host", "::", "::1" },
	{ "unspecified IPv4 is this host", "::ffff:0.0.0.0", "::ffff:127.0.0.1" },
	{ "loopback IPv6 stays", "::1", "::1" },
	{ "loopback IPv4 stays", "::ffff:127.0.0.1", "::ffff:127.0.0.1" },
	{ "NAT64 of nowhere is this host", "64:ff9b::", "::ffff:127.0.0.1" },
	{ "local NAT64 stays", "64:ff9b:1::10.20.0.9", "64:ff9b:1::10.20.0.9" },
	{ "global IPv6 stays", "2001:db8::1", "2001:db8::1" },
	{ "link-local IPv6 stays", "fe80::1", "fe80::1" },
};

static struct cordon_address address(const char *text)
{
	struct cordon_address made;

	assert_int_equal(inet_pton(AF_INET6, text, made.bytes), 1);
	return made;
}

static void canonical_is(void **state)
{
	const struct row *row = *state;
	struct cordon_address in = address(row->in), out = address(row->out);

	cordon_address_canonical(&in);
	assert_memory_equal(&in, &out, sizeof(in));
}

static void canonical_form_is_its_own(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		struct cordon_address a, again;

		for (unsigned int k = 0; k < sizeof(a.bytes); k++)
			a.bytes[k] = unit_below(&seed, 3) ? 0 : (uint8_t)unit_random(&seed);
		cordon_address_canonical(&a);
		again = a;
		cordon_address_canonical(&again);
		assert_memory_equal(&a, &again, sizeof(a));
	}
}

void unit_address_cases(struct unit_cases *cases)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		unit_add(cases, rows[i].name, canonical_is, &rows[i]);
	unit_add(cases, "canonical form is its own", canonical_form_is_its_own, NULL);
}
