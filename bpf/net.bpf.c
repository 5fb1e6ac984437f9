// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: which may be made, whom they may reach, at connect and at every
 * send (R3), and what unix sockets carry from one subject to another.
 */
#include "channel.bpf.h"
#include "netlink.bpf.h"

#define SOCK_STREAM		   1
#define SOCK_DGRAM		   2
#define SOCK_SEQPACKET		   5
#define IPV6_RTHDR		   57
#define IPV6_2292RTHDR		   5
#define IPV6_2292PKTOPTIONS	   6 /* ancillary data of all kinds, made to stick */
#define IPPROTO_ICMPV6		   58
#define IP_OPTIONS		   4
#define IP_RETOPTS		   7
#define IP_VS_SET_FIRST		   1152 /* virtual servers: packets are sent on without a socket */
#define IP_VS_SET_LAST		   1167
#define SO_ZEROCOPY		   60
#define SOL_SOCKET		   1
#define UNIX_PATH_OFFSET	   2
#define AF_SMC			   43
#define SCTP_SOCKOPT_BINDX_ADD	   100
#define SCTP_PRIMARY_ADDR	   6
#define SCTP_SET_PEER_PRIMARY_ADDR 5
#define SCTP_ADDRESSES_MAX	   16
#define IPPROTO_SMC		   256 /* of AF_INET and AF_INET6 */
/* include/uapi: what option_tells() names */
#define SO_ATTACH_FILTER	 26
#define SO_ATTACH_BPF		 50
#define SO_ATTACH_REUSEPORT_EBPF 52
#define IP_ADD_MEMBERSHIP	 35
#define IP_MSFILTER		 41
#define MCAST_JOIN_GROUP	 42
#define MCAST_MSFILTER		 48
#define IPV6_JOIN_GROUP		 20
#define IPV6_LEAVE_GROUP	 21
#define IPV6_JOIN_ANYCAST	 27
#define IPV6_LEAVE_ANYCAST	 28
#define IPV6_FLOWLABEL_MGR	 32
#define IPT_SO_SET_REPLACE	 64 /* and ip6tables' */
#define IPT_SO_SET_ADD_COUNTERS	 65
#define ARPT_BASE_CTL		 96 /* ebtables' are beyond */

/* The protocol that a socket() call asks for, as rules name it; 0: not one they can. */
static __always_inline __u8 protocol_of(int type, int protocol)
{
	if (type == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP))
		return IPPROTO_TCP;
	if (type == SOCK_DGRAM && (!protocol || protocol == IPPROTO_UDP))
		return IPPROTO_UDP;
	if (type == SOCK_DGRAM &&
	    (protocol == IPPROTO_UDPLITE || protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6))
		return protocol;
	return 0;
}

/*
 * Families and types that no rule can speak of are for trusted subjects: raw
 * and packet sockets, MPTCP and SMC (they open paths of their own, bypass
 * M18), SCTP, vsock and all the rest (bypasses D7 to D12).
 */
SEC("lsm/socket_create")
int BPF_PROG(hook_socket_create, int family, int type, int protocol, int kern)
{
	if (kern || guard_is_off() || family == AF_UNIX || family == AF_NETLINK)
		return 0;
	/* SMC's packets are of a TCP socket that the kernel makes and connects (bypass D11). */
	if (family == AF_SMC || protocol == IPPROTO_SMC) {
		if (!policy_restricts())
			return 0;
		return access_errno(access_broken(CORDON_OPERATION_SOCKET, CORDON_REASON_FAMILY));
	}
	if ((family == AF_INET || family == AF_INET6) && protocol_of(type, protocol))
		return 0;
	return access_errno(access_mechanism(CORDON_OPERATION_SOCKET, CORDON_REASON_FAMILY));
}

/* The socket belongs to the subject that uses it now. */
static __always_inline void socket_own(struct socket_state *state, struct subject *s)
{
	struct subject *next;

	if ((__u64)state->owner != (__u64)s) {
		next = bpf_refcount_acquire(s);
		if (!next)
			return; /* cannot be: the caller's own subject lives */
		next = bpf_kptr_xchg(&state->owner, next);
		if (next)
			bpf_obj_drop(next);
	}
	if (s->taint)
		__sync_fetch_and_or(&state->label, s->taint);
}

static __always_inline void peer_common(struct peer *peer, struct sock *sk)
{
	peer->protocol = sk->sk_protocol;
	peer->local_port = sk->__sk_common.skc_num;
	peer->sk = (__u64)sk;
}

static __always_inline bool sock_is_inet(struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_INET || sk->__sk_common.skc_family == AF_INET6;
}

/* The last judged address, judged under this policy, again. */
static __always_inline bool reach_again(struct socket_state *state, struct subject *s,
					struct peer *peer)
{
	return state->last.generation == control.generation && state->last.known &&
	       state->last.port == peer->port && state->last.protocol == peer->protocol &&
	       address_equal(&state->last.address, &peer->address) &&
	       cordon_label_dominates(state->last.clearance, s->taint);
}

static __always_inline int reach(struct sock *sk, struct peer *peer, __u32 operation,
				 bool connected)
{
	struct socket_state *state =
		bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	struct subject *s = subject_current();

	if (state && s) {
		/* A socket that connects or is accepted has had an owner since then. */
		if (operation == CORDON_OPERATION_SEND && connected && !state->owner)
			state->last.flags |= SOCKET_ADOPTED;
		socket_own(state, s);
		if (reach_again(state, s, peer))
			return 0;
	}
	return access_errno(reach_decide(state ? &state->last : NULL, peer, operation));
}

static __always_inline int refuse_address(__u32 operation, __u32 reason)
{
	return access_errno(access_broken(operation, reason));
}

/* @found: of peer_of_address() */
static __always_inline int refuse_name(__u32 operation, int found)
{
	int outcome = access_broken(operation, CORDON_REASON_ADDRESS);

	return access_errno(outcome && found == NAME_TOO_SHORT ? REFUSED_NAME : outcome);
}

SEC("lsm/socket_connect")
int BPF_PROG(hook_socket_connect, struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct sock *sk = sock->sk;
	struct peer peer = {};
	struct name name = {};
	int found;

	if (!sk || guard_is_off() || !sock_is_inet(sk))
		return 0;
	if (address->sa_family == AF_UNSPEC)
		return 0; /* disconnects */
	peer_common(&peer, sk);
	name.address = (__u64)address;
	name.length = addrlen;
	found = peer_of_address(&peer, &name, sk->__sk_common.skc_family);
	if (found <= 0)
		return refuse_name(CORDON_OPERATION_CONNECT, found);
	return reach(sk, &peer, CORDON_OPERATION_CONNECT, false);
}

/* Ancillary data that routes a packet elsewhere (bypass D22). */
__subprogram int control_reroutes(struct name *control_data)
{
	__u64 at = 0, address, length;
	__u32 i;

	if (!control_data)
		return 1;
	address = control_data->address;
	length = control_data->length;

	bpf_for(i, 0, 32) {
		struct cmsghdr header = {};

		if (at + sizeof(header) > length)
			return 0;
		if (bpf_probe_read_kernel(&header, sizeof(header), (void *)(address + at)))
			return 1;
		if (header.cmsg_level == SOL_IPV6 &&
		    (header.cmsg_type == IPV6_RTHDR || header.cmsg_type == IPV6_2292RTHDR))
			return 1;
		if (header.cmsg_level == SOL_IP && header.cmsg_type == IP_RETOPTS)
			return 1;
		if (header.cmsg_len < sizeof(header))
			return 0;
		at += (header.cmsg_len + 7) & ~7ULL;
	}
	return 1; /* more than anybody needs */
}

/* Families and types for which there are rules; hook_socket_create says of the others. */
static __always_inline bool sock_has_rules(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	if (family == AF_UNIX || family == AF_NETLINK)
		return true;
	return sock_is_inet(sk) && protocol_of(sk->sk_type, sk->sk_protocol);
}

/* Such a socket was made by a trusted subject, or before the guard, and passed on (D8). */
static __always_inline int refuse_family(struct sock *sk, __u32 operation)
{
	struct subject *s;

	if (sock_has_rules(sk))
		return 0;
	/* Its making was recorded; each packet need not be. */
	s = subject_current();
	if (s && s->flags & CORDON_SUBJECT_TRUSTED)
		return 0;
	return access_errno(access_mechanism(operation, CORDON_REASON_FAMILY));
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(hook_socket_sendmsg, struct socket *sock, struct msghdr *msg, int size)
{
	struct sock *sk = sock->sk;
	struct name name = {};
	struct peer peer;
	int found = 0, refused;

	if (!sk || guard_is_off())
		return 0;
	if (sk->__sk_common.skc_family == AF_UNIX)
		return unix_send(sk);
	if (sk->__sk_common.skc_family == AF_NETLINK)
		return netlink_to(sk, msg);
	refused = refuse_family(sk, CORDON_OPERATION_SEND);
	if (refused || !sock_is_inet(sk))
		return refused;
	__builtin_memset(&peer, 0, sizeof(peer));
	peer_common(&peer, sk);
	/* A connected TCP socket ignores an address, except for Fast Open (bypass M4). */
	if (msg->msg_name && (peer.protocol != IPPROTO_TCP || (msg->msg_flags & MSG_FASTOPEN))) {
		name.address = (__u64)msg->msg_name;
		name.length = msg->msg_namelen;
		found = peer_of_address(&peer, &name, sk->__sk_common.skc_family);
	}
	if (found < 0)
		return refuse_name(CORDON_OPERATION_SEND, found);
	if (msg->msg_controllen) {
		name.address = (__u64)msg->msg_control;
		name.length = msg->msg_controllen;
		if (control_reroutes(&name))
			return access_errno(
				access_mechanism(CORDON_OPERATION_SEND, CORDON_REASON_OPTION));
	}
	if (!found && !peer_of_sock(&peer, sk))
		return 0; /* nowhere to go: the protocol says so itself */
	return reach(sk, &peer, CORDON_OPERATION_SEND, !found && peer.protocol == IPPROTO_TCP);
}

/* With time stamps and errors comes what was sent, by whoever has the socket too. */
static __noinline int receive_sent(struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	struct access a = {};

	if (!state || !state->label)
		return 0;
	a.operation = CORDON_OPERATION_READ;
	a.label = state->label;
	a.flags = CORDON_OBJECT_FLOATS;
	return access_errno(access_decide(&a, WANTS_READ));
}

/* R1 on what a unix socket carries. */
SEC("lsm/socket_recvmsg")
int BPF_PROG(hook_socket_recvmsg, struct socket *sock, struct msghdr *msg, int size, int flags)
{
	struct sock *sk = sock->sk;
	int refused;

	if (!sk || guard_is_off())
		return 0;
	if (sk->__sk_common.skc_family == AF_UNIX)
		return unix_receive(sk);
	if ((flags & MSG_ERRQUEUE) && sock_is_inet(sk)) {
		refused = receive_sent(sk);
		if (refused)
			return refused;
	}
	/* Packet sockets hear what others send. */
	return refuse_family(sk, CORDON_OPERATION_READ);
}

/* A unix socket's entry, and the label its path has. */
struct bound {
	__u64 sk; /* in: address of the sock */
	__u64 entry; /* out: 0 for an abstract or unnamed one */
	__u64 label; /* out */
};

/* R2 on the path of a unix socket, if it is bound to one. */
__subprogram int unix_place(struct bound *b)
{
	struct access a = {};
	struct walk w = {};

	if (!b)
		return REFUSED;
	b->entry = (__u64)kernel_object(unix_sock, b->sk)->path.dentry;
	b->label = 0;
	if (!b->entry)
		return GO_AHEAD;
	w.entry = b->entry;
	w.generation = control.generation;
	path_place(&w);
	a.operation = CORDON_OPERATION_UNIX_CONNECT;
	a.dentry = b->entry;
	a.label = w.place.label;
	a.flags = w.place.flags & ~CORDON_OBJECT_FLOATS;
	a.rule = w.place.rule;
	a.reason = w.place.reason;
	b->label = w.place.label;
	return a.reason ? access_refuse(&a) : access_write(&a);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(hook_unix_stream_connect, struct sock *sock, struct sock *other, struct sock *newsk)
{
	struct bound bound = {};
	int outcome;

	if (guard_is_off())
		return 0;
	bound.sk = (__u64)other;
	outcome = unix_place(&bound);
	if (outcome)
		return access_errno(outcome);
	outcome = channel_join(sock, newsk, bound.label, !bound.entry);
	return outcome ? refuse_address(CORDON_OPERATION_UNIX_CONNECT, outcome) : 0;
}

SEC("lsm/socket_socketpair")
int BPF_PROG(hook_socket_socketpair, struct socket *one, struct socket *two)
{
	struct sock *a = one->sk, *b = two->sk;
	int outcome;

	if (!a || !b || guard_is_off() || a->__sk_common.skc_family != AF_UNIX)
		return 0;
	outcome = channel_join(a, b, 0, 1);
	return outcome ? refuse_address(CORDON_OPERATION_SOCKET, outcome) : 0;
}

/* Datagrams: called for every one that is sent. */
SEC("lsm/unix_may_send")
int BPF_PROG(hook_unix_may_send, struct socket *sock, struct socket *other)
{
	struct subject *s = subject_current();
	struct sock *to = other->sk;
	struct socket_state *state;
	struct bound bound = {};
	int outcome;

	if (!to || guard_is_off() || (s && !s->taint))
		return 0;
	if (!s)
		return refuse_address(CORDON_OPERATION_SEND, CORDON_REASON_NO_SUBJECT);
	bound.sk = (__u64)to;
	outcome = unix_place(&bound);
	if (outcome || bound.entry)
		return access_errno(outcome);
	state = bpf_sk_storage_get(&sockets, to, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state)
		return refuse_address(CORDON_OPERATION_SEND, CORDON_REASON_NO_OBJECT);
	__sync_fetch_and_or(&state->label, s->taint);
	outcome = unix_rise(state->settled, (__u64)BPF_CORE_READ(other, sk), s->taint);
	if (!outcome)
		__sync_fetch_and_or(&state->settled, s->taint);
	return access_errno(outcome);
}

/*
 * Options that tell others what they are set to: memberships of groups, which the kernel reports to
 * the neighbours in packets of its own (bypass D21); labels of flows and tables of packet filters,
 * which all in the name space see; filters, which whoever holds the socket reads back (B20).
 */
static __always_inline bool option_tells(int level, int optname)
{
	if (level == SOL_SOCKET)
		return optname == SO_ATTACH_FILTER ||
		       (optname >= SO_ATTACH_BPF && optname <= SO_ATTACH_REUSEPORT_EBPF);
	if (level != SOL_IP && level != SOL_IPV6)
		return false;
	if ((optname >= MCAST_JOIN_GROUP && optname <= MCAST_MSFILTER) ||
	    optname == IPT_SO_SET_REPLACE || optname == IPT_SO_SET_ADD_COUNTERS)
		return true;
	if (level == SOL_IP)
		return (optname >= IP_ADD_MEMBERSHIP && optname <= IP_MSFILTER) ||
		       optname >= ARPT_BASE_CTL;
	return optname == IPV6_JOIN_GROUP || optname == IPV6_LEAVE_GROUP ||
	       optname == IPV6_JOIN_ANYCAST || optname == IPV6_LEAVE_ANYCAST ||
	       optname == IPV6_FLOWLABEL_MGR;
}

/* Options that send packets where no rule looked (bypasses M14, D22, G15). */
SEC("lsm/socket_setsockopt")
int BPF_PROG(hook_socket_setsockopt, struct socket *sock, int level, int optname)
{
	struct access a = {};
	struct subject *s;

	if (guard_is_off())
		return 0;
	if ((level == SOL_IPV6 && (optname == IPV6_RTHDR || optname == IPV6_2292RTHDR ||
				   optname == IPV6_2292PKTOPTIONS)) ||
	    (level == SOL_IP &&
	     (optname == IP_OPTIONS || (optname >= IP_VS_SET_FIRST && optname <= IP_VS_SET_LAST))))
		return access_errno(
			access_mechanism(CORDON_OPERATION_SETSOCKOPT, CORDON_REASON_OPTION));
	s = subject_current();
	if (level == SOL_SOCKET && optname == SO_ZEROCOPY && (!s || s->clearance))
		return access_errno(
			access_mechanism(CORDON_OPERATION_SETSOCKOPT, CORDON_REASON_MECHANISM));
	if ((s && !s->taint) || !option_tells(level, optname))
		return 0;
	a.operation = CORDON_OPERATION_SETSOCKOPT;
	return access_errno(access_write(&a));
}

/* The accepted socket belongs to whoever accepts it. */
SEC("lsm/sock_graft")
void BPF_PROG(hook_sock_graft, struct sock *sk, struct socket *parent)
{
	struct subject *s = subject_current();
	struct socket_state *state;
	struct host_view view = {};
	struct peer peer = {};

	if (!s || !sock_is_inet(sk) || guard_is_off())
		return;
	/* Without a state the first send makes one, and finds no outbound rule. */
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state)
		return;
	state->last.flags |= SOCKET_ACCEPTED;
	socket_own(state, s);
	/* Kept for the check at the packet: who only receives, acknowledges. */
	peer_common(&peer, sk);
	if (peer_of_sock(&peer, sk))
		judgement_make(&state->last, &peer, &view);
}

/* R3 for inbound connections, when the peer's address is first known (bypass M15). */
SEC("lsm/inet_conn_request")
int BPF_PROG(hook_inet_conn_request, const struct sock *sk, struct sk_buff *skb,
	     struct request_sock *req)
{
	struct sock_common *common = &req->__req_common;
	struct cordon_subject_facts subject = {};
	struct cordon_host_facts host = {};
	struct socket_state *state;
	struct host_view view = {};
	struct peer peer = {};
	struct access a = {};
	struct subject *s;

	if (guard_is_off())
		return 0;
	peer.protocol = IPPROTO_TCP;
	peer.inbound = 1;
	peer.family = common->skc_family;
	peer.local_port = common->skc_num;
	peer.sk = (__u64)sk;
	if (common->skc_family == AF_INET)
		address_from_v4(&peer.address, common->skc_daddr);
	else
		BPF_CORE_READ_INTO(&peer.address, common, skc_v6_daddr);
	if (common->skc_family != AF_INET)
		cordon_address_canonical(&peer.address);
	host_look(&view, &peer, 1);
	state = bpf_sk_storage_get(&sockets, (void *)sk, 0, 0);
	s = state ? state->owner : NULL;
	if (s)
		subject_facts(&subject, s);
	host.known = view.known;
	host.clearance = view.clearance;
	a.reason = cordon_decide_reach(&subject, &host);
	if (!a.reason)
		return 0;
	access_of_peer(&a, &peer);
	a.operation = CORDON_OPERATION_ACCEPT;
	a.rule = view.rule;
	a.host_clearance = view.clearance;
	a.known = view.known;
	return access_errno(access_refuse_of(&a, s, false));
}

/* A listener's owner answers for what connects to it. */
SEC("lsm/socket_listen")
int BPF_PROG(hook_socket_listen, struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct socket_state *state;
	struct subject *s = subject_current();

	if (!sk || guard_is_off() || !sock_is_inet(sk))
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!s || !state)
		return refuse_address(CORDON_OPERATION_SOCKET,
				      s ? CORDON_REASON_NO_OBJECT : CORDON_REASON_NO_SUBJECT);
	socket_own(state, s);
	return 0;
}

/*
 * A subflow that MPTCP opens by itself, to an address that the peer announced:
 * whoever owns the connection owns it, so that its packets are judged by where
 * they go (bypasses M18, D10).
 */
SEC("lsm/mptcp_add_subflow")
int BPF_PROG(hook_mptcp_add_subflow, struct sock *sk, struct sock *ssk)
{
	struct socket_state *state, *main;
	struct subject *owner;

	if (guard_is_off())
		return 0;
	state = bpf_sk_storage_get(&sockets, ssk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	main = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	owner = main && main->owner ? main->owner : subject_current();
	if (!state || !main || !owner)
		return refuse_address(CORDON_OPERATION_SOCKET, CORDON_REASON_NO_OBJECT);
	__sync_fetch_and_or(&state->label, main->label);
	socket_own(state, owner);
	return 0;
}

/* Further addresses of an association (bypass D9): one structure after the other. */
SEC("lsm/sctp_bind_connect")
int BPF_PROG(hook_sctp_bind_connect, struct sock *sk, int optname, struct sockaddr *address,
	     int addrlen)
{
	struct name name = {};
	struct peer peer = {};
	int found, refused;
	__u32 i, bytes;

	if (guard_is_off() || optname == SCTP_SOCKOPT_BINDX_ADD || optname == SCTP_PRIMARY_ADDR ||
	    optname == SCTP_SET_PEER_PRIMARY_ADDR)
		return 0; /* our own addresses, or the peer's that were judged */
	name.address = (__u64)address;
	name.length = addrlen;
	bpf_for(i, 0, SCTP_ADDRESSES_MAX) {
		if ((__s32)name.length <= 0)
			return 0;
		__builtin_memset(&peer, 0, sizeof(peer));
		peer_common(&peer, sk);
		found = peer_of_address(&peer, &name, sk->__sk_common.skc_family);
		if (found <= 0)
			return refuse_name(CORDON_OPERATION_CONNECT, found);
		refused = reach(sk, &peer, CORDON_OPERATION_CONNECT, false);
		if (refused)
			return refused;
		bytes = peer.family == AF_INET ? sizeof(struct sockaddr_in) :
						 sizeof(struct sockaddr_in6);
		name.address += bytes;
		name.length -= bytes;
	}
	return refuse_address(CORDON_OPERATION_CONNECT, CORDON_REASON_ADDRESS);
}
