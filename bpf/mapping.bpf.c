// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings that are older than what the policy says of their files (bypass
 * G12). A load or store passes no hook, so what stands is told, not taken away:
 * the controller runs this after each change of policy and each step to
 * enforcing.
 */
#include "access.bpf.h"

/* What the policy says of @a->dentry, without asking anybody's leave. */
__subprogram int mapping_place(struct access *a)
{
	struct walk w = {};

	if (!a)
		return 0;
	w.entry = a->dentry;
	w.generation = control.generation;
	path_place(&w);
	a->label = w.place.label;
	a->flags = w.place.flags;
	a->rule = w.place.rule;
	a->reason = w.place.reason;
	return 0;
}

/* The reason why the mapping could not be made now, into @a. */
static __always_inline void mapping_decide(struct access *a, const struct subject *s, __u64 flags)
{
	struct cordon_object_facts object = { .label = a->label, .flags = a->flags };
	struct cordon_subject_facts subject = {};

	subject_facts(&subject, s);
	a->reason = cordon_decide_read(&subject, &object);
	if (!a->reason && (flags & VM_SHARED) && (flags & VM_WRITE))
		a->reason = cordon_decide_write(&subject, &object);
	if (a->reason == CORDON_REASON_TRUSTED)
		a->reason = CORDON_REASON_NONE;
}

/* True when the mapping stands though it could not be made now; that is recorded. */
static __always_inline bool mapping_stands(struct vm_area_struct *area, struct subject *s)
{
	struct file *file = BPF_CORE_READ(area, vm_file);
	struct access a = {};

	if (!file)
		return false;
	a.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	mapping_place(&a);
	if (a.reason)
		return false; /* deleted meanwhile, or of no place: nothing new is known of it */
	mapping_decide(&a, s, BPF_CORE_READ(area, vm_flags));
	if (!a.reason)
		return false;
	a.inode = (__u64)BPF_CORE_READ(file, f_inode);
	a.operation = CORDON_OPERATION_MAP;
	count(CORDON_COUNTER_WOULD_DENY);
	record_access_of(&a, s, CORDON_VERDICT_WOULD_DENY, false);
	return true;
}

/* A block of its own: the stack is small. */
static __always_inline void mapping_tell(struct seq_file *to, struct task_struct *task,
					 struct subject *s)
{
	struct cordon_live live = {};

	live_fill(&live, task, s);
	bpf_seq_write(to, &live, sizeof(live));
}

SEC("iter/task_vma")
int standing_mappings(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *area = ctx->vma;
	struct task_struct *task = ctx->task;
	struct task_slot *slot;
	struct subject *s;

	if (!task || !area)
		return 0;
	slot = bpf_task_storage_get(&tasks, task, 0, 0);
	s = slot ? slot->subject : NULL;
	if (s && mapping_stands(area, s))
		mapping_tell(ctx->meta->seq, task, s);
	return 0;
}
