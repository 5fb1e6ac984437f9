/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * R3: hosts, and the state of a socket. A socket remembers the last address
 * that was judged and what it is cleared for, so that a send to it again is
 * one compare; it points to the subject that last used it, so that the check
 * at the packet sees that subject's taint as it is now.
 */
#ifndef CORDON_HOST_BPF_H
#define CORDON_HOST_BPF_H

#include "access.bpf.h"
#include "cordon/match.h"

#define SOCKET_ACCEPTED 0x1u /* a peer connected to us: inbound rules speak of it */
#define SOCKET_ADOPTED	0x2u /* connected before the guard came: by whom is not known */

/* What two unix sockets that are connected share. */
struct channel {
	struct bpf_refcount ref;
	__u64 label; /* join of what was sent, where it floats; else the label of its path */
	/* The part of it that no reader of before can miss (rise.bpf.h), at either end. */
	__u64 settled[2];
	__u64 first; /* address of the sock that sends to settled[0] */
	__u32 floats;
	__u32 reserved;
};

/* The last peer that was judged. */
struct judgement {
	struct cordon_address address;
	__u64 clearance;
	__u32 generation; /* 0: none */
	__u32 rule;
	__u16 port;
	__u8 protocol;
	__u8 known;
	__u32 flags; /* SOCKET_* */
};

struct socket_state {
	struct subject __kptr *owner;
	struct channel __kptr *channel; /* unix stream and seqpacket */
	__u64 label; /* inet: join of the taints of all who sent; unix: what was received */
	__u64 settled; /* of the label: no receiver of before can miss it (rise.bpf.h) */
	struct judgement last;
};

/* Made with the socket or at its first use; dies with the sock. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
} sockets SEC(".maps");

/* A peer, in canonical form. */
struct peer {
	struct cordon_address address;
	__u16 port; /* host byte order */
	__u16 local_port;
	__u8 protocol;
	__u8 family;
	__u8 inbound;
	__u8 reserved;
	__u64 sk; /* address of the sock, for its network namespace; 0: not known */
};

/* What the active policy says of a peer. */
struct host_view {
	__u64 clearance;
	__u32 known;
	__u32 rule;
};

/*
 * In a network name space that belongs to a user name space its owner says who
 * has which address (bypass D18): no host there is cleared for anything.
 */
static __always_inline bool addresses_are_claims(__u64 sk)
{
	return sk && kernel_object(sock, sk)->__sk_common.skc_net.net->user_ns->level > 0;
}

__subprogram int host_look(struct host_view *view, struct peer *peer, __u32 inbound)
{
	void *table = generation_map(&hosts, control.generation);
	void *list = generation_map(&ports, control.generation);
	struct cordon_prefix key = { .bits = 128 };
	struct cordon_host_ports *range;
	__u32 i;

	if (!view || !peer)
		return 0;
	view->clearance = 0;
	view->known = 0;
	view->rule = 0;
	if (!table || !list)
		return 0;
	key.address = peer->address;
	range = bpf_map_lookup_elem(table, &key);
	if (!range)
		return 0;
	bpf_for(i, 0, CORDON_PORTS_PER_HOST_MAX) {
		__u32 index = range->first + i;
		struct cordon_port *entry;

		if (i >= range->count)
			break;
		entry = bpf_map_lookup_elem(list, &index);
		if (!entry)
			break;
		if (!cordon_port_matches(entry, inbound ? peer->local_port : peer->port,
					 peer->protocol, inbound))
			continue;
		view->clearance = addresses_are_claims(peer->sk) ? 0 : entry->clearance;
		view->known = 1;
		view->rule = entry->rule;
		break;
	}
	return 0;
}

static __always_inline bool address_equal(const struct cordon_address *a,
					  const struct cordon_address *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* In canonical form already: see cordon_address_canonical(). */
static __always_inline void address_from_v4(struct cordon_address *address, __be32 v4)
{
	__u32 *words = (void *)address;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = v4 ?: bpf_htonl(INADDR_LOOPBACK); /* 0.0.0.0 means this host */
}

/* From a sock whose peer is set. False when it has none. */
static __always_inline bool peer_of_sock(struct peer *peer, struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	peer->family = family;
	peer->port = bpf_ntohs(sk->__sk_common.skc_dport);
	peer->local_port = sk->__sk_common.skc_num;
	if (family == AF_INET) {
		__be32 v4 = sk->__sk_common.skc_daddr;

		if (!v4)
			return false;
		address_from_v4(&peer->address, v4);
	} else {
		__u32 *to = (void *)&peer->address;

		for (int i = 0; i < 4; i++)
			to[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
		if (!(to[0] | to[1] | to[2] | to[3]))
			return false;
		cordon_address_canonical(&peer->address);
	}
	return true;
}

/* A sockaddr in kernel memory. */
struct name {
	__u64 address;
	__u32 length;
	__u32 reserved;
};

#define NAME_UNKNOWN   (-1)
#define NAME_TOO_SHORT (-2)

/*
 * From a sockaddr in kernel memory. AF_UNSPEC is what IPv4 datagram sockets
 * accept as AF_INET (bypass M14). Returns 1 set, 0 no address, or one of the above.
 */
__subprogram int peer_of_address(struct peer *peer, struct name *name, __u32 sk_family)
{
	struct sockaddr_in6 in = {};
	__u32 length;
	__u16 family;

	if (!peer || !name)
		return NAME_UNKNOWN;
	length = name->length;
	if (length < 2)
		return 0;
	if (length > sizeof(in))
		length = sizeof(in);
	if (bpf_probe_read_kernel(&in, length, (void *)name->address))
		return NAME_UNKNOWN;
	family = in.sin6_family;
	if (family == AF_UNSPEC) {
		if (sk_family == AF_INET6)
			return 0;
		family = AF_INET;
	}
	peer->family = family;
	peer->port = bpf_ntohs(in.sin6_port);
	if (family == AF_INET && length >= 8) {
		address_from_v4(&peer->address, ((struct sockaddr_in *)&in)->sin_addr.s_addr);
		return 1;
	}
	if (family == AF_INET6 && length >= 24) {
		__builtin_memcpy(&peer->address, &in.sin6_addr, sizeof(peer->address));
		cordon_address_canonical(&peer->address);
		return 1;
	}
	return family == AF_INET || family == AF_INET6 ? NAME_TOO_SHORT : NAME_UNKNOWN;
}

/* Inbound rules speak of sockets that were accepted, and of datagram replies. */
static __always_inline void host_look_either(struct host_view *view, struct peer *peer, __u32 flags)
{
	bool accepted = flags & SOCKET_ACCEPTED;

	if (!accepted)
		host_look(view, peer, 0);
	else
		view->known = 0;
	peer->inbound = accepted;
	if (!view->known && (flags || peer->protocol == IPPROTO_UDP)) {
		host_look(view, peer, 1);
		if (view->known)
			peer->inbound = 1;
	}
}

static __always_inline void access_of_peer(struct access *a, struct peer *peer)
{
	a->host = 1;
	a->address = peer->address;
	a->port = peer->inbound ? peer->local_port : peer->port;
	a->protocol = peer->protocol;
	a->inbound = peer->inbound;
	a->family = peer->family;
	if (peer->sk) {
		struct sock *sk = kernel_object(sock, peer->sk);

		a->net_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	}
}

/* Looks the peer up and keeps the answer in the socket. */
static __always_inline void judgement_make(struct judgement *last, struct peer *peer,
					   struct host_view *view)
{
	host_look_either(view, peer, last->flags);
	last->generation = 0;
	last->address = peer->address;
	last->port = peer->port;
	last->protocol = peer->protocol;
	last->clearance = view->clearance;
	last->known = view->known;
	last->rule = view->rule;
	__sync_lock_test_and_set(&last->generation, control.generation);
}

/* R3 in full: looks the peer up, keeps the answer in the socket, decides. */
__subprogram int reach_decide(struct judgement *last, struct peer *peer, __u32 operation)
{
	struct cordon_subject_facts subject = {};
	struct subject *s = subject_current();
	struct cordon_host_facts host = {};
	struct host_view view = {};
	struct access a = {};

	if (!peer)
		return REFUSED;
	if (s && s->flags & CORDON_SUBJECT_KERNEL)
		return GO_AHEAD;
	if (last && s) {
		judgement_make(last, peer, &view);
		subject_facts(&subject, s);
		host.known = view.known;
		host.clearance = view.clearance;
		a.reason = cordon_decide_reach(&subject, &host);
	} else {
		a.reason = s ? CORDON_REASON_NO_OBJECT : CORDON_REASON_NO_SUBJECT;
	}
	if (!a.reason)
		return GO_AHEAD;
	access_of_peer(&a, peer);
	a.operation = operation;
	a.rule = view.rule;
	a.host_clearance = view.clearance;
	a.known = view.known;
	return access_refuse(&a);
}

#endif /* CORDON_HOST_BPF_H */
