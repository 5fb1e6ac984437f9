/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subject state. One reference-counted object per address space: every task
 * that shares memory points to the same one (bypasses M10, F9, F11), sockets
 * point to the one that last used them, so that the check at the packet sees
 * the taint as it is now (bypass M5).
 */
#ifndef CORDON_SUBJECT_BPF_H
#define CORDON_SUBJECT_BPF_H

#include "kfuncs.bpf.h"
#include "maps.bpf.h"

struct subject {
	struct bpf_refcount ref;
	__u64 clearance;
	__u64 taint; /* only grows; atomic OR */
	__u64 secured; /* the part of it for which nothing of before is under way (rise.bpf.h) */
	__u64 ceiling; /* clearance never rises above; `cordon run` lowers it */
	__u32 flags; /* CORDON_SUBJECT_* */
	__u32 generation; /* of the policy under which its descriptors were judged */
	__u32 rule; /* the grant that gave the clearance */
	__u32 pid; /* thread group that made it, for records of its packets */
	__u32 uid;
	__u32 denial_chain;
	/* The last denial, and how often it was repeated without a record. */
	__u64 denial_key;
	__u64 denial_ns;
	__u64 denial_sequence; /* and denial_chain: its record */
	__u64 denial_repeats;
	__u64 denial_what; /* reason << 32 | operation */
	__u64 comm[CORDON_COMM_BYTES / 8];
};

struct task_slot {
	struct subject __kptr *subject;
	struct subject __kptr *pending; /* becomes the subject when the exec commits */
	struct cordon_superblock mount; /* where the mount(2) under way goes */
	__u32 mount_generation; /* for which mount was computed; 0: none */
	__u32 attempts; /* to find out who shares memory, in a row */
	__u32 module_bytes; /* a module that this task loads comes from memory */
	__u32 reserved;
	__u64 reading; /* the channel that this task was last allowed to read from */
	__u64 awaited; /* the rise for which the system call began anew; 0: none */
};

/* Made at fork, shared on CLONE_VM, replaced at exec; dies with the task. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_slot);
} tasks SEC(".maps");

/* The seal is asked where the mode in the map does not say the same: it costs nothing else. */
__subprogram int seal_holds(void)
{
	return module_is_there ? cordon_sealed() : 0;
}

static __always_inline bool guard_is_off(void)
{
	return control.mode == CORDON_MODE_OFF && !seal_holds();
}

static __always_inline bool guard_enforces(void)
{
	return control.mode == CORDON_MODE_ENFORCING || seal_holds();
}

static __always_inline struct task_slot *slot_current(void)
{
	return bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
}

/*
 * The calling task's subject, or NULL. Valid while the program runs: it is
 * not sleepable, and a subject is freed after an RCU grace period.
 */
static __always_inline struct subject *subject_current(void)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);

	return slot ? slot->subject : NULL;
}

/*
 * A subject that opened or was judged for all its descriptors under the
 * clearance and the policy generation that it has now needs no second look
 * at each read and, untainted, at each write.
 */
static __always_inline bool subject_is_settled(const struct subject *s)
{
	return s->generation == control.generation &&
	       !(s->flags & (CORDON_SUBJECT_FOREIGN | CORDON_SUBJECT_FORKING));
}

static __always_inline void subject_raise(struct subject *s, cordon_label label)
{
	__sync_fetch_and_or(&s->taint, label);
}

#endif /* CORDON_SUBJECT_BPF_H */
