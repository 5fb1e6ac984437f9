// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last check stands at the packet. It sees the final address (after
 * OUTPUT NAT) and the sender's taint as it is now, so data that was checked
 * before the taint rose does not leave after it (bypass M5).
 */
#include "host.bpf.h"

#define DROP		 0
#define PASS		 1
#define LOOPBACK_IFINDEX 1 /* include/net/flow.h, in every network name space */

/* The packet's destination, from its own header. False when it has no known form. */
static __always_inline bool peer_of_packet(struct peer *peer, struct __sk_buff *skb)
{
	__u8 version = 0, protocol = 0, ihl = 5;
	__be16 ports[2] = {};
	__be32 v4 = 0;
	__u32 at;

	if (bpf_skb_load_bytes_relative(skb, 0, &version, 1, BPF_HDR_START_NET))
		return false;
	ihl = version & 0xf;
	version >>= 4;
	if (version == 4) {
		if (bpf_skb_load_bytes_relative(skb, 9, &protocol, 1, BPF_HDR_START_NET) ||
		    bpf_skb_load_bytes_relative(skb, 16, &v4, 4, BPF_HDR_START_NET))
			return false;
		address_from_v4(&peer->address, v4);
		peer->family = AF_INET;
		at = ihl * 4;
	} else if (version == 6) {
		if (bpf_skb_load_bytes_relative(skb, 6, &protocol, 1, BPF_HDR_START_NET) ||
		    bpf_skb_load_bytes_relative(skb, 24, &peer->address, 16, BPF_HDR_START_NET))
			return false;
		peer->family = AF_INET6;
		at = 40;
	} else {
		return false;
	}
	peer->protocol = protocol;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE) {
		/* A later fragment has no ports: 0 is matched by rules without ports only. */
		if (!bpf_skb_load_bytes_relative(skb, at, ports, 4, BPF_HDR_START_NET)) {
			peer->local_port = bpf_ntohs(ports[0]);
			peer->port = bpf_ntohs(ports[1]);
		}
	}
	cordon_address_canonical(&peer->address);
	return true;
}

static __noinline int packet_refuse(struct peer *peer, struct subject *s, struct host_view *view,
				    __u32 reason)
{
	struct access a = {};

	access_of_peer(&a, peer);
	a.operation = CORDON_OPERATION_PACKET;
	a.reason = reason;
	a.rule = view->rule;
	a.host_clearance = view->clearance;
	a.known = view->known;
	if (access_refuse_of(&a, s, false) == GO_AHEAD)
		return PASS;
	count(CORDON_COUNTER_PACKETS_DROPPED);
	return DROP;
}

/* The packet goes where the socket's last judgement said that it would. */
static __always_inline bool packet_is_judged(struct __sk_buff *skb, struct judgement *last)
{
	__u8 *ip = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 *known = (void *)&last->address;
	__be16 *port;
	__u32 *to;

	if (last->generation != control.generation || !last->known || ip + 24 > end)
		return false;
	if (ip[0] == 0x45) {
		to = (void *)(ip + 16);
		port = (void *)(ip + 22);
		if (ip[9] != last->protocol || known[0] || known[1] ||
		    known[2] != bpf_htonl(0xffff) || known[3] != to[0])
			return false;
	} else if (ip[0] >> 4 == 6 && ip + 44 <= end) {
		to = (void *)(ip + 24);
		port = (void *)(ip + 42);
		if (ip[6] != last->protocol || known[0] != to[0] || known[1] != to[1] ||
		    known[2] != to[2] || known[3] != to[3])
			return false;
	} else {
		return false;
	}
	if (last->protocol != IPPROTO_TCP && last->protocol != IPPROTO_UDP &&
	    last->protocol != IPPROTO_UDPLITE)
		return true;
	return *port == bpf_htons(last->port);
}

/*
 * What goes over the loopback device is received on this host, whatever its
 * address says: the rule for loopback must allow it too (bypass D18).
 */
static __always_inline void view_of_loopback(struct host_view *view, struct peer *peer, __u32 flags)
{
	struct host_view local = {};
	struct peer here = *peer;
	__u64 *address = (void *)&here.address;

	if (peer->family == AF_INET) {
		address_from_v4(&here.address, bpf_htonl(INADDR_LOOPBACK));
	} else {
		address[0] = 0;
		address[1] = bpf_cpu_to_be64(1);
	}
	host_look_either(&local, &here, flags);
	view->clearance &= local.known ? local.clearance : 0;
}

SEC("cgroup_skb/egress")
int packet_egress(struct __sk_buff *skb)
{
	struct cordon_subject_facts subject = {};
	struct cordon_host_facts host = {};
	struct bpf_sock *sk = skb->sk;
	struct socket_state *state;
	struct host_view view = {};
	struct peer peer = {};
	struct subject *s;
	__u64 taint;
	__u32 reason, flags;

	if (!sk || guard_is_off())
		return PASS;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return PASS; /* handshakes and farewells carry no data */
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state)
		return PASS; /* nobody has sent on it since the guard came */
	s = state->owner;
	taint = state->label | (s ? s->taint : 0);
	/* An untainted sender's packet may have been sent elsewhere below the check (D17). */
	if (!taint && packet_is_judged(skb, &state->last))
		return PASS;
	if (s && (s->flags & CORDON_SUBJECT_KERNEL))
		return PASS;
	/* What a listener answers was let in by hook_inet_conn_request. */
	flags = state->last.flags | (sk->state == BPF_TCP_LISTEN ? SOCKET_ACCEPTED : 0);
	subject.taint = taint;
	peer.sk = (__u64)sk;
	if (!peer_of_packet(&peer, skb))
		return packet_refuse(&peer, s, &view, CORDON_REASON_ADDRESS);
	if (state->last.generation == control.generation && state->last.known &&
	    state->last.port == peer.port && state->last.protocol == peer.protocol &&
	    address_equal(&state->last.address, &peer.address)) {
		view.clearance = state->last.clearance;
		view.known = 1;
		view.rule = state->last.rule;
	} else {
		host_look_either(&view, &peer, flags);
	}
	if (taint && skb->ifindex == LOOPBACK_IFINDEX)
		view_of_loopback(&view, &peer, flags);
	host.known = view.known;
	host.clearance = view.clearance;
	reason = cordon_decide_reach(&subject, &host);
	return reason ? packet_refuse(&peer, s, &view, reason) : PASS;
}
