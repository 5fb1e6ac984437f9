/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a rise asks for before it counts. A check holds until the copy that follows it, and a store
 * through a mapping has no check at all. So, when a taint or the label of a channel rises:
 *
 *   what is under way from before is ended (kmod/barrier.c): the subject's own writes when its
 *   taint rises (bypasses M5, G1), the reads of others when a channel's label does (C3, G2);
 *   all who share memory rise together, or nobody does (M6, B8, B15, C1).
 *
 * The hook then fails with -ERESTARTNOINTR and the system call begins anew: the second pass finds
 * in the task's slot what it waited for. A subject is secured up to the label for which all that
 * was done, a channel settled up to the label that no reader of before can miss.
 */
#ifndef CORDON_RISE_BPF_H
#define CORDON_RISE_BPF_H

#include "kfuncs.bpf.h"
#include "refuse.bpf.h"

/* A lock of another's was busy so often: that is no accident. */
#define RISE_ATTEMPTS 512

/* What is done with those who share, in this order. */
enum {
	SHARE_JUDGE,
	SHARE_RAISE,
	SHARE_SECURE
};

/* Without the module there is no barrier, and permissive mode ends nobody's system call. */
static __always_inline bool rises_are_held(void)
{
	return module_is_there && guard_enforces();
}

/* How much of @label the subject has not been secured for. */
static __always_inline __u64 subject_rise(const struct subject *s, __u64 label)
{
	return label & ~(rises_are_held() ? s->secured : s->taint);
}

/*
 * Said before a reader looks at a channel's label, with a full barrier: who raises the label looks
 * at it afterwards. Either the reader sees the label or it is found here, as one that may be on
 * its way (bypass C3). @key: the address of the channel.
 */
static __always_inline void reader_announce(__u64 key)
{
	struct task_slot *slot = slot_current();

	if (slot)
		__sync_lock_test_and_set(&slot->reading, key);
}

/*
 * Ends what others may be reading from the channel @key who do not carry @label. How many tasks
 * the caller has to wait for; negative: not possible.
 */
__subprogram int readers_kick(__u64 key, __u64 label)
{
	struct subject *own = subject_current();
	struct bpf_iter_task it;
	struct task_struct *task;
	int kicked = 0, result = 0;

	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_THREADS);
	while ((task = bpf_iter_task_next(&it))) {
		struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0);
		struct subject *s = slot ? slot->subject : NULL;

		if (!slot || slot->reading != key || (s && (__u64)s == (__u64)own) ||
		    (s && cordon_label_dominates(s->secured, label)))
			continue;
		result = cordon_kick_task(task);
		if (result < 0)
			break;
		kicked += result;
	}
	bpf_iter_task_destroy(&it);
	return result < 0 ? result : kicked;
}

/* What the first pass writes down for the second. */
static __always_inline __u64 rise_key(__u64 key, __u64 label)
{
	return mix(mix(control.generation, key), label) | 1;
}

/*
 * The label of @a->channel has risen to @label. GO_AHEAD when no reader of before is left, or
 * @a->reason says why that cannot be; BEGIN_ANEW.
 */
__subprogram int readers_flush(struct access *a, __u64 label)
{
	struct task_slot *slot = slot_current();
	__u64 awaited;
	int kicked;

	if (!a)
		return GO_AHEAD;
	awaited = rise_key(a->channel, label);
	a->reason = CORDON_REASON_IN_FLIGHT;
	if (!slot || cordon_kick_result())
		return GO_AHEAD;
	kicked = slot->awaited == awaited ? 0 : readers_kick(a->channel, label);
	if (kicked < 0)
		return GO_AHEAD;
	a->reason = CORDON_REASON_NONE;
	slot->awaited = kicked ? awaited : 0;
	return kicked ? BEGIN_ANEW : GO_AHEAD;
}

/* ---- Those who observe ----------------------------------------------- */

#define FILTERS_MAX 64 /* of one task; more count as listened to */

/* Somebody holds the listener of one of the task's filters. @address: of a struct seccomp_filter. */
static __always_inline bool filters_are_listened(__u64 address)
{
	__u32 i;

	bpf_for(i, 0, FILTERS_MAX) {
		struct seccomp_filter *filter = kernel_object(seccomp_filter, address);

		if (!address)
			return false;
		if (filter->notif)
			return true;
		address = (__u64)filter->prev;
	}
	return true;
}

/*
 * Who has the listener of a filter is told the arguments of system calls, and who has a perf event
 * what registers and stack hold. No hook sees that, and nobody knows who it is (bypasses B4, B9).
 */
__subprogram int observers_have(__u64 filters, __u64 events)
{
	return filters_are_listened(filters) ||
	       (events && kernel_object(perf_event_context, events)->nr_events);
}

static __always_inline bool task_is_observed(struct task_struct *task)
{
	return observers_have((__u64)BPF_CORE_READ(task, seccomp.filter),
			      (__u64)BPF_CORE_READ(task, perf_event_ctxp));
}

/* A subject that is observed does not rise. */
__subprogram int subject_is_observed(void)
{
	struct subject *own = subject_current();
	struct bpf_iter_task it;
	struct task_struct *task;
	int observed = 0;

	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_THREADS);
	while ((task = bpf_iter_task_next(&it))) {
		struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0);

		if (slot && (__u64)slot->subject == (__u64)own && task_is_observed(task)) {
			observed = 1;
			break;
		}
	}
	bpf_iter_task_destroy(&it);
	return observed;
}

/* ---- Those who share memory -------------------------------------------------------- */

struct rise {
	struct access *access;
	__u64 label;
	__u32 stage;
	int kicked; /* negative: not possible; while judging, 1: somebody has not risen yet */
};

/* A file that the caller, or who shares with it, can write to without a hook. */
static __always_inline int share_file(struct rise *r, struct file *file)
{
	const struct file *seen = kernel_object(file, file);
	struct inode *inode = file->f_inode;
	struct object *o =
		bpf_inode_storage_get(&objects, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct subject *s = subject_current();
	__u32 generation = control.generation, flags;
	struct object_view *view;
	int kicked;

	if (!o)
		return CORDON_REASON_NO_OBJECT;
	/* A file was looked at when it was opened, by this policy or the one before. */
	view = &o->view[generation & 1];
	if (view->generation != generation)
		view = &o->view[(generation & 1) ^ 1];
	flags = seen->f_inode->i_sb->s_flags & SB_NOUSER ? CORDON_OBJECT_FLOATS : view->flags;
	if (!view->generation && !(flags & CORDON_OBJECT_FLOATS))
		return CORDON_REASON_NO_OBJECT;
	if (!(flags & CORDON_OBJECT_FLOATS)) {
		if ((flags & CORDON_OBJECT_NEUTRAL) ||
		    cordon_label_dominates(view->label | o->floating, r->label) ||
		    (s && s->flags & CORDON_SUBJECT_TRUSTED))
			return CORDON_REASON_NONE;
		r->access->inode = (__u64)seen->f_inode;
		r->access->dentry = (__u64)seen->f_path.dentry;
		return CORDON_REASON_SHARED;
	}
	if (o->pinned && !cordon_label_dominates(o->floating, r->label))
		return CORDON_REASON_SHARED;
	if (r->stage != SHARE_RAISE)
		return CORDON_REASON_NONE;
	__sync_fetch_and_or(&o->floating, r->label);
	kicked = readers_kick((__u64)BPF_CORE_READ(file, f_inode), r->label);
	r->kicked = kicked < 0 || r->kicked < 0 ? -1 : r->kicked + kicked;
	return CORDON_REASON_NONE;
}

/* A task that sees what the caller stores. */
static __always_inline int share_task(struct rise *r, struct task_struct *task)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0);
	struct subject *s = slot ? slot->subject : NULL;
	int kicked;

	if (!s || s->flags & CORDON_SUBJECT_CONTROLLER ||
	    !cordon_label_dominates(s->clearance, r->label) || task_is_observed(task)) {
		r->access->target_pid = task->tgid;
		return CORDON_REASON_SHARED;
	}
	if (cordon_label_dominates(s->secured, r->label))
		return CORDON_REASON_NONE;
	/* It came since the last look, and what it has under way was checked without the label. */
	if (r->stage == SHARE_JUDGE && !cordon_label_dominates(s->taint, r->label))
		r->kicked = 1;
	if (r->stage == SHARE_RAISE) {
		subject_raise(s, r->label);
		kicked = cordon_kick_task(task);
		r->kicked = kicked < 0 || r->kicked < 0 ? -1 : r->kicked + kicked;
	} else if (r->stage == SHARE_SECURE) {
		__sync_fetch_and_or(&s->secured, r->label);
	}
	return CORDON_REASON_NONE;
}

static __noinline int share_walk(struct rise *r, struct cordon_share *share)
{
	__u32 i, files = share->file_count, sharers = share->task_count;
	int reason = CORDON_REASON_NONE;

	bpf_for(i, 0, files) {
		struct file *file = cordon_share_file(share, i);

		if (!file)
			break;
		reason = share_file(r, file);
		cordon_file_put(file);
		if (reason)
			return reason;
	}
	bpf_for(i, 0, sharers) {
		struct task_struct *task = cordon_share_task(share, i);

		if (!task)
			break;
		reason = share_task(r, task);
		cordon_task_put(task);
		if (reason)
			return reason;
	}
	return reason;
}

/* Nothing could be looked at: a lock was busy. Once more, but not for ever. */
static __always_inline int rise_later(struct task_slot *slot)
{
	if (slot->attempts < RISE_ATTEMPTS && !cordon_kick_later()) {
		slot->attempts++;
		return BEGIN_ANEW;
	}
	slot->attempts = 0;
	return GO_AHEAD;
}

/* From here on all that is checked is checked against @r->label; what was checked before ends. */
static __always_inline int rise_begin(struct rise *r, struct cordon_share *share, struct subject *s,
				      __u64 inode)
{
	int own = 0, outside = 0;

	if (!inode) {
		subject_raise(s, r->label);
		own = cordon_kick_own();
		/* Whoever reads this memory from outside. */
		outside = readers_kick((__u64)BPF_CORE_READ(bpf_get_current_task_btf(), mm),
				       r->label);
	} else {
		/* Whoever reads it through a descriptor, mapped or not. */
		outside = readers_kick(inode, r->label);
	}
	r->stage = SHARE_RAISE;
	r->kicked = 0;
	share_walk(r, share);
	return own < 0 || outside < 0 || r->kicked < 0 ? -1 : own + outside + r->kicked;
}

/*
 * All who see what is stored where @inode is mapped, or with 0 what the caller stores, rise to
 * @label, and what they have under way ends. GO_AHEAD when that is done, or @a->reason says why it
 * cannot be; BEGIN_ANEW.
 */
__subprogram int sharers_rise(struct access *a, __u64 inode, __u64 label)
{
	struct task_slot *slot = slot_current();
	struct subject *s = subject_current();
	struct rise r = { .access = a, .label = label };
	__u64 awaited = rise_key(inode, label);
	struct cordon_share *share;
	int kicked = 0;

	if (!a)
		return GO_AHEAD;
	a->reason = CORDON_REASON_IN_FLIGHT;
	if (!slot || !s || cordon_kick_result())
		return GO_AHEAD;
	share = cordon_share_get(inode);
	if (!share)
		return rise_later(slot);
	slot->attempts = 0;
	r.stage = SHARE_JUDGE;
	a->reason = share_walk(&r, share);
	if (!a->reason && (r.kicked || slot->awaited != awaited))
		kicked = rise_begin(&r, share, s, inode);
	if (kicked < 0)
		a->reason = CORDON_REASON_IN_FLIGHT;
	slot->awaited = kicked > 0 ? awaited : 0;
	r.stage = SHARE_SECURE;
	if (!a->reason && !kicked)
		share_walk(&r, share);
	cordon_share_put(share);
	return kicked > 0 ? BEGIN_ANEW : GO_AHEAD;
}

/* The taint of the caller's subject is about to rise to @label. */
static __always_inline int subject_secure(struct access *a, struct subject *s, __u64 label)
{
	int outcome = sharers_rise(a, 0, label);

	if (outcome != GO_AHEAD || a->reason)
		return outcome;
	if (subject_is_observed())
		a->reason = CORDON_REASON_SHARED;
	else
		__sync_fetch_and_or(&s->secured, label);
	return GO_AHEAD;
}

#endif /* CORDON_RISE_BPF_H */
