/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who reads a pipe. A reader that waits was judged when the pipe carried
 * nothing, and gets what is written then (bypass C3: in `a | b` b waits
 * almost always). So every reader leaves a reference with the pipe before it
 * looks at the pipe's label, and who writes with a taint looks for readers
 * after it has raised the label: either the reader sees the label or the
 * writer sees the reader. The writer raises the readers, or does not write.
 */
#ifndef CORDON_PIPE_BPF_H
#define CORDON_PIPE_BPF_H

#include "access.bpf.h"

#define PIPE_READERS 8 /* living ones; a pipe with more takes nothing from the tainted */

struct pipe_readers {
	struct subject __kptr *reader[PIPE_READERS];
	__u64 claimed; /* bit n: reader[n] belongs to somebody */
	__u64 evicting; /* bit n: somebody looks whether reader[n] is gone */
	__u64 crowded; /* not 0: a reader found no place */
};

/* Made at the first read of a pipe; dies with it. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pipe_readers);
} pipes SEC(".maps");

/* Only the pipe still holds it: no task and no socket does, so it reads nothing any more. */
static __always_inline bool subject_is_gone(const struct subject *s)
{
	__u64 count = (__u64)s + __builtin_offsetof(struct subject, ref);

	return kernel_object(refcount_struct, count)->refs.counter == 1;
}

/* Takes the place @n for @own unless a living subject has it. Returns what is left over. */
static __always_inline struct subject *pipe_take_place(struct pipe_readers *r, __u32 n,
						       struct subject *own)
{
	__u64 bit = 1ULL << n;
	struct subject *there;

	if (!(__sync_fetch_and_or(&r->claimed, bit) & bit))
		return bpf_kptr_xchg(&r->reader[n], own);
	if (__sync_fetch_and_or(&r->evicting, bit) & bit)
		return own;
	there = r->reader[n];
	if (there && subject_is_gone(there)) {
		own = bpf_kptr_xchg(&r->reader[n], own);
		if (own)
			bpf_obj_drop(own);
		own = NULL;
	}
	__sync_fetch_and_and(&r->evicting, ~bit);
	return own;
}

/* Before the reader looks at the pipe's label; every way to a place is a full barrier. */
static __noinline int pipe_note_reader(struct pipe_readers *r, struct subject *s)
{
	struct subject *own;

#pragma unroll
	for (int i = 0; i < PIPE_READERS; i++)
		if ((__u64)r->reader[i] == (__u64)s)
			return 0;
	own = bpf_refcount_acquire(s);
#pragma unroll
	for (int i = 0; i < PIPE_READERS && own; i++) {
		own = pipe_take_place(r, i, own);
		if (!own)
			return 0;
	}
	if (own)
		bpf_obj_drop(own);
	__sync_fetch_and_or(&r->crowded, 1);
	return 0;
}

/*
 * After @a->label was raised to what the caller writes: all who may be
 * reading carry it too. 0 when one of them cannot, which @a then names.
 */
static __noinline int pipe_raise_readers(struct access *a, struct pipe_readers *r,
					 struct subject *own)
{
	if (r->crowded)
		return 0;
#pragma unroll
	for (int i = 0; i < PIPE_READERS; i++) {
		struct subject *s = r->reader[i];

		if (!s || (__u64)s == (__u64)own || (s->flags & CORDON_SUBJECT_CONTROLLER) ||
		    cordon_label_dominates(s->taint, a->label) || subject_is_gone(s))
			continue;
		a->target_pid = s->pid;
		a->target_clearance = s->clearance;
		a->target_taint = s->taint;
		if (!cordon_label_dominates(s->clearance, a->label))
			return 0;
		subject_raise(s, a->label);
		count(CORDON_COUNTER_RAISES);
		a->reason = CORDON_REASON_RAISED;
		record_access(a, CORDON_VERDICT_ALLOW);
		a->reason = CORDON_REASON_NONE;
	}
	a->target_pid = 0;
	return 1;
}

/*
 * Pipes and FIFOs float: they take the taint of who writes, and who reads is
 * checked against that. Most carry nothing. @a is room for the long way.
 */
static __always_inline int access_pipe(struct access *a, struct file *file, struct subject *s,
				       __u32 wants)
{
	struct inode *inode = file->f_inode;
	struct pipe_readers *r = NULL;
	struct object *o;
	__u64 create = 0;

	if ((wants & WANTS_WRITE) && s->taint)
		create = BPF_LOCAL_STORAGE_GET_F_CREATE;
	if (wants & WANTS_READ)
		r = bpf_inode_storage_get(&pipes, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (r)
		pipe_note_reader(r, s);
	o = bpf_inode_storage_get(&objects, inode, 0, create);
	if (!create && (!o || !o->floating) && (r || !(wants & WANTS_READ)))
		return 0;
	__builtin_memset(a, 0, sizeof(*a));
	a->inode = (__u64)inode;
	a->dentry = (__u64)file->f_path.dentry;
	a->flags = CORDON_OBJECT_FLOATS;
	a->operation = wants & WANTS_WRITE ? CORDON_OPERATION_WRITE : CORDON_OPERATION_READ;
	if (!o || (!r && (wants & WANTS_READ))) {
		a->reason = CORDON_REASON_NO_OBJECT;
		return access_errno(access_refuse(a));
	}
	if (create)
		__sync_fetch_and_or(&o->floating, s->taint);
	a->label = o->floating;
	if (create)
		r = bpf_inode_storage_get(&pipes, inode, 0, 0);
	if (create && r && !pipe_raise_readers(a, r, s)) {
		a->reason = CORDON_REASON_WRITE_DOWN;
		return access_errno(access_refuse(a));
	}
	return access_errno(access_decide(a, wants));
}

#endif /* CORDON_PIPE_BPF_H */
