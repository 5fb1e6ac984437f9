/* SPDX-License-Identifier: GPL-2.0-only */
/* R4: one subject acts on another. */
#ifndef CORDON_ACT_BPF_H
#define CORDON_ACT_BPF_H

#include "access.bpf.h"

#define PTRACE_MODE_ATTACH  2 /* may change the other's memory, not only read it */
#define PTRACE_MODE_NOAUDIT 4
#define PTRACE_MODE_FSCREDS 8

/* Both take what they have of each other: @raise is the actor's, @given the target's. */
static __always_inline int act_rise(struct access *a, struct subject *s, struct subject *t,
				    __u64 raise, __u64 given)
{
	int outcome;

	if (raise && rises_are_held()) {
		outcome = subject_secure(a, s, raise);
		if (outcome || a->reason)
			return access_errno(outcome ? outcome : access_refuse(a));
	}
	a->reason = CORDON_REASON_RAISED;
	outcome = access_allow_recorded(a);
	if (outcome)
		return access_errno(outcome);
	subject_raise(s, raise);
	subject_raise(t, given);
	count(CORDON_COUNTER_RAISES);
	return 0;
}

/* Reading another's memory is reading its taint; writing to it gives it one's own. */
static __noinline int access_target(struct subject *t, __u32 pid, __u32 mode)
{
	bool quiet = mode & PTRACE_MODE_NOAUDIT, writes = mode & PTRACE_MODE_ATTACH;
	struct cordon_subject_facts actor = {}, target = {};
	struct subject *s = subject_current();
	struct access a = {};
	__u64 raise, given;

	a.operation = CORDON_OPERATION_ACT;
	a.target_pid = pid;
	if (!s || !t) {
		a.reason = CORDON_REASON_NO_SUBJECT;
		return access_errno(access_refuse(&a));
	}
	if ((__u64)s == (__u64)t)
		return 0;
	a.target_clearance = t->clearance;
	a.target_taint = t->taint;
	a.label = t->taint;
	subject_facts(&actor, s);
	subject_facts(&target, t);
	/* Process 1 starts the controller: it may be looked at, not steered (R7). */
	if ((mode & PTRACE_MODE_ATTACH) && (t->flags & CORDON_SUBJECT_INIT))
		target.flags |= CORDON_SUBJECT_CONTROLLER;
	a.reason = cordon_decide_act(&actor, &target, writes);
	/* A probe that asks for no audit (ps, for a few fields of stat): counted only. */
	if (quiet) {
		if (!a.reason || a.reason == CORDON_REASON_TRUSTED)
			return 0;
		count(CORDON_COUNTER_COUNT + a.reason);
		return guard_enforces() ? -EACCES : 0;
	}
	if (a.reason == CORDON_REASON_TRUSTED) {
		record_access(&a, CORDON_VERDICT_ALLOW);
		writes = false;
	} else if (a.reason) {
		int outcome = access_refuse(&a);

		if (outcome)
			return access_errno(outcome);
	}
	if (actor.flags & CORDON_SUBJECT_CONTROLLER)
		return 0;
	raise = subject_rise(s, target.taint);
	given = writes ? actor.taint & ~target.taint : 0;
	return raise | given ? act_rise(&a, s, t, raise, given) : 0;
}

/* fs/userfaultfd.c: the kernel itself knows one by it. */
extern const void userfaultfd_fops __ksym __weak;

/*
 * Who holds a userfaultfd writes into the memory of who made it, and is told what is touched
 * there: the file belongs to that memory, wherever it came to (bypass B9).
 */
static __always_inline bool file_is_userfaultfd(struct file *file)
{
	return &userfaultfd_fops && file->f_op == &userfaultfd_fops;
}

/* The address space that the newest of its owners would be asked for. */
static __always_inline __u64 memory_of_userfaultfd(struct file *file)
{
	struct userfaultfd_ctx *context = BPF_CORE_READ(file, private_data);

	return (__u64)BPF_CORE_READ(context, mm);
}

/* The memory of the process that owns the address space @mm, as it is labelled now. */
static __noinline int access_memory_of(__u64 mm, __u32 mode)
{
	struct task_struct *owner;
	struct task_slot *slot;
	int refused, pid;

	pid = BPF_CORE_READ((struct mm_struct *)mm, owner, pid);
	owner = pid ? bpf_task_from_pid(pid) : NULL;
	if (!owner)
		return 0; /* it has ended: nothing is left to read */
	slot = bpf_task_storage_get(&tasks, owner, 0, 0);
	refused = access_target(slot ? slot->subject : NULL, pid, mode);
	bpf_task_release(owner);
	return refused;
}

#endif /* CORDON_ACT_BPF_H */
