/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What unix sockets carry from one subject to another. A connected pair shares one channel, which
 * floats unless the socket has a path; a socket that datagrams are sent to has a label of its own.
 */
#ifndef CORDON_CHANNEL_BPF_H
#define CORDON_CHANNEL_BPF_H

#include "host.bpf.h"

/*
 * The label of what @to receives has risen to @label, @settled of it before: no receiver of before
 * may be left (bypasses C3, C4).
 */
__subprogram int unix_rise(__u64 settled, __u64 to, __u64 label)
{
	struct access a = {};
	int outcome;

	if (!rises_are_held() || cordon_label_dominates(settled, label))
		return GO_AHEAD;
	a.operation = CORDON_OPERATION_SEND;
	a.channel = to;
	a.label = label;
	a.flags = CORDON_OBJECT_FLOATS;
	outcome = readers_flush(&a, label);
	return a.reason ? access_refuse(&a) : outcome;
}

/* Unix: what is sent is checked against the channel, or floats into it. */
static __noinline int unix_send(struct sock *sk)
{
	struct subject *s = subject_current();
	struct socket_state *state;
	struct channel *channel;
	struct access a;
	__u64 *settled;
	int outcome;

	if (s && !s->taint)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	channel = state ? state->channel : NULL;
	if (s && !channel)
		return 0; /* datagrams: hook_unix_may_send */
	if (s && channel && channel->floats) {
		settled = &channel->settled[0];
		if (channel->first != (__u64)sk) {
			settled = &channel->settled[1];
			barrier_var(settled); /* no sum: the verifier wants a constant */
		}
		__sync_fetch_and_or(&channel->label, s->taint);
		outcome = unix_rise(*settled, (__u64)BPF_CORE_READ((struct unix_sock *)sk, peer),
				    s->taint);
		if (!outcome)
			__sync_fetch_and_or(settled, s->taint);
		return access_errno(outcome);
	}
	__builtin_memset(&a, 0, sizeof(a));
	a.operation = CORDON_OPERATION_SEND;
	a.label = channel ? channel->label : 0;
	return access_errno(access_write(&a));
}

/* R1 on what has been sent to @sk. The reader is announced before the label is looked at. */
static __noinline int unix_receive(struct sock *sk)
{
	struct socket_state *state;
	struct channel *channel;
	struct access a;
	__u64 label;

	if (sk->__sk_common.skc_family != AF_UNIX)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	channel = state ? state->channel : NULL;
	reader_announce((__u64)sk);
	/* The first tainted datagram makes the state. */
	if (!state)
		state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state)
		return 0;
	label = state->label | (channel ? channel->label : 0);
	if (!label)
		return 0;
	__builtin_memset(&a, 0, sizeof(a));
	a.operation = CORDON_OPERATION_READ;
	a.label = label;
	a.flags = CORDON_OBJECT_FLOATS;
	return access_errno(access_decide(&a, WANTS_READ));
}

static __always_inline struct channel *channel_new(__u64 label, __u32 floats)
{
	struct channel *c = bpf_obj_new(struct channel);

	if (c) {
		c->label = label;
		c->settled[0] = c->settled[1] = 0;
		c->first = 0;
		c->floats = floats;
	}
	return c;
}

/* Both ends of a connection share one channel. 0, or a reason why not. */
static __always_inline int channel_join(struct sock *a, struct sock *b, __u64 label, __u32 floats)
{
	struct socket_state *one = bpf_sk_storage_get(&sockets, a, 0, BPF_SK_STORAGE_GET_F_CREATE);
	struct socket_state *two = bpf_sk_storage_get(&sockets, b, 0, BPF_SK_STORAGE_GET_F_CREATE);
	struct channel *channel, *other;

	if (!one || !two)
		return CORDON_REASON_NO_OBJECT;
	channel = channel_new(label, floats);
	if (!channel)
		return CORDON_REASON_NO_OBJECT;
	channel->first = (__u64)a;
	other = bpf_refcount_acquire(channel);
	channel = bpf_kptr_xchg(&one->channel, channel);
	if (channel)
		bpf_obj_drop(channel);
	other = bpf_kptr_xchg(&two->channel, other);
	if (other)
		bpf_obj_drop(other);
	return 0;
}

#endif /* CORDON_CHANNEL_BPF_H */
