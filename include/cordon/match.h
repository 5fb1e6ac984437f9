/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a rule's condition means, one entry at a time: does a grant apply to
 * a process, does a port range apply to a connection, which address is meant.
 * The kernel and userspace loop over their own tables with these.
 */
#ifndef CORDON_MATCH_H
#define CORDON_MATCH_H

#include "abi.h"
#include "label.h"

/* True when @grant's user (if it names one) is @uid. */
static __always_inline int cordon_grant_user_matches(const struct cordon_grant *grant, __u32 uid)
{
	return !(grant->flags & CORDON_GRANT_USER) || grant->uid == uid;
}

/* True when @grant names no group or @gid is the one it names. */
static __always_inline int cordon_grant_group_matches(const struct cordon_grant *grant, __u32 gid)
{
	return !(grant->flags & CORDON_GRANT_GROUP) || grant->gid == gid;
}

/* True when the range covers a connection. @port in host byte order. */
static __always_inline int cordon_port_matches(const struct cordon_port *range, __u16 port,
					       __u8 protocol, __u8 inbound)
{
	return range->inbound == inbound && port >= range->low && port <= range->high &&
	       (range->protocol == 0 || range->protocol == protocol);
}

/*
 * The one form of an address that rules are matched against: IPv4 is mapped
 * (::ffff:a.b.c.d), the unspecified address is the loopback it means to
 * connect(2), and addresses that carry an IPv4 address (compatible, NAT64
 * 64:ff9b::/96, 6to4 2002::/16) become that address. @addr is rewritten.
 */
static __always_inline void cordon_address_canonical(struct cordon_address *addr)
{
	__u8 *b = addr->bytes;
	__u8 v4[4] = { 0 };
	int high_zero = 1, i, embedded = 0;

	for (i = 0; i < 10; i++)
		high_zero &= b[i] == 0;
	if (high_zero && b[10] == 0xff && b[11] == 0xff) {
		embedded = 12;
	} else if (high_zero && b[10] == 0 && b[11] == 0) {
		/* ::1 stays; :: is loopback; ::a.b.c.d is IPv4-compatible. */
		if (b[12] == 0 && b[13] == 0 && b[14] == 0) {
			if (b[15] == 0)
				b[15] = 1;
			return;
		}
		embedded = 12;
	} else if (b[0] == 0x20 && b[1] == 0x02) {
		embedded = 2;
	} else if (b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b) {
		int middle_zero = 1;

		for (i = 4; i < 12; i++)
			middle_zero &= b[i] == 0;
		if (!middle_zero)
			return;
		embedded = 12;
	} else {
		return;
	}
	if (embedded == 2) {
		for (i = 0; i < 4; i++)
			v4[i] = b[2 + i];
	} else {
		for (i = 0; i < 4; i++)
			v4[i] = b[12 + i];
	}
	for (i = 0; i < 10; i++)
		b[i] = 0;
	b[10] = b[11] = 0xff;
	/* 0.0.0.0 as a destination means this host. */
	if (!v4[0] && !v4[1] && !v4[2] && !v4[3]) {
		v4[0] = 127;
		v4[3] = 1;
	}
	for (i = 0; i < 4; i++)
		b[12 + i] = v4[i];
}

#endif /* CORDON_MATCH_H */
