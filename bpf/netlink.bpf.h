/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink: what is sent to another process is a message like any other, what
 * is sent to the kernel becomes names and settings that others read. A tainted
 * subject may ask, not tell (bypass D14).
 */
#ifndef CORDON_NETLINK_BPF_H
#define CORDON_NETLINK_BPF_H

#include "host.bpf.h"

#define NETLINK_ROUTE	     0
#define NETLINK_SOCK_DIAG    4
#define NETLINK_GENERIC	     16
#define RTM_BASE	     16
#define GENL_ID_CTRL	     16
#define NETLINK_MESSAGES_MAX 16

static __always_inline int netlink_refuse(void)
{
	struct subject *s = subject_current();
	struct access a = {};

	a.operation = CORDON_OPERATION_NETLINK;
	a.flags = 0;
	if (s)
		return access_errno(access_decide(&a, WANTS_WRITE));
	a.reason = CORDON_REASON_NO_SUBJECT;
	return access_errno(access_refuse(&a));
}

/* A question to the kernel: its answer is the only effect. */
static __always_inline bool netlink_asks(__u32 protocol, __u32 type)
{
	if (type < RTM_BASE) /* control messages: NLMSG_NOOP to NLMSG_DONE */
		return true;
	if (protocol == NETLINK_ROUTE)
		return (type & 3) == 2; /* RTM_GET*: NEW, DEL, GET, SET of each kind */
	if (protocol == NETLINK_GENERIC)
		return type == GENL_ID_CTRL; /* which families there are */
	return protocol == NETLINK_SOCK_DIAG && type != 21; /* SOCK_DESTROY */
}

/* What a message consists of: address of its first byte, bytes, protocol. */
struct netlink_message {
	__u64 address;
	__u32 length;
	__u32 protocol;
};

__subprogram int netlink_only_asks(struct netlink_message *m)
{
	__u64 at = 0;
	__u32 i;

	if (!m)
		return 0;
	bpf_for(i, 0, NETLINK_MESSAGES_MAX) {
		struct nlmsghdr header = {};

		if (at + sizeof(header) > m->length)
			return 1;
		if (bpf_probe_read_kernel(&header, sizeof(header), (void *)(m->address + at)))
			return 0;
		if (!netlink_asks(m->protocol, header.nlmsg_type))
			return 0;
		if (header.nlmsg_len < sizeof(header))
			return 1; /* the kernel stops here too */
		at += (header.nlmsg_len + 3) & ~3U;
	}
	return 0;
}

/*
 * A message with a destination goes to a process, whatever is in it. @msg may
 * name it, or the socket was connected to it.
 */
static __always_inline int netlink_to(struct sock *sk, struct msghdr *msg)
{
	struct netlink_sock *from = (void *)sk;
	struct subject *s = subject_current();
	struct sockaddr_nl to = {};

	if (s && !s->taint)
		return 0;
	if (!msg->msg_name) {
		to.nl_pid = BPF_CORE_READ(from, dst_portid);
		to.nl_groups = BPF_CORE_READ(from, dst_group);
	} else if (bpf_probe_read_kernel(&to, sizeof(to), msg->msg_name)) {
		return netlink_refuse();
	}
	return to.nl_pid || to.nl_groups ? netlink_refuse() : 0;
}

#endif /* CORDON_NETLINK_BPF_H */
