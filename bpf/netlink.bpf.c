// SPDX-License-Identifier: GPL-2.0-only
/* Netlink messages to the kernel: see netlink.bpf.h. */
#include "netlink.bpf.h"

/* Called for each message, before it goes to the kernel or to another socket. */
SEC("lsm/netlink_send")
int BPF_PROG(hook_netlink_send, struct sock *sk, struct sk_buff *skb)
{
	struct subject *s = subject_current();
	struct netlink_message m = {};

	if (guard_is_off() || (s && !s->taint))
		return 0;
	m.address = (__u64)skb->data;
	m.length = skb->len;
	m.protocol = sk->sk_protocol;
	return netlink_only_asks(&m) ? 0 : netlink_refuse();
}
