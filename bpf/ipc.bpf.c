// SPDX-License-Identifier: GPL-2.0-only
/* R4: one subject acts on another. */
#include "access.bpf.h"

#define PTRACE_MODE_ATTACH  2 /* may change the other's memory, not only read it */
#define PTRACE_MODE_NOAUDIT 4
#define NAME_BYTES	    16

/* Reading another's memory is reading its taint; writing to it gives it one's own. */
static __always_inline int access_target(struct subject *t, __u32 pid, __u32 mode)
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
	raise = target.taint & ~actor.taint;
	given = writes ? actor.taint & ~target.taint : 0;
	if (raise | given) {
		a.reason = CORDON_REASON_RAISED;
		record_access(&a, CORDON_VERDICT_ALLOW);
		subject_raise(s, raise);
		subject_raise(t, given);
		count(CORDON_COUNTER_RAISES);
	}
	return 0;
}

/* ptrace, process_vm_readv, /proc/PID/mem, fd, map_files, pidfd_getfd (bypasses B3, B6, B9). */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hook_ptrace_access_check, struct task_struct *child, unsigned int mode)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, child, 0, 0);

	if (guard_is_off())
		return 0;
	return access_target(slot ? slot->subject : NULL, child->tgid, mode);
}

/* The parent will act on the calling subject. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(hook_ptrace_traceme, struct task_struct *parent)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, parent, 0, 0);
	struct subject *s = subject_current(), *by = slot ? slot->subject : NULL;
	struct cordon_subject_facts actor = {}, target = {};
	struct access a = {};

	if (guard_is_off())
		return 0;
	a.operation = CORDON_OPERATION_ACT;
	a.target_pid = parent->tgid;
	if (!s || !by) {
		a.reason = CORDON_REASON_NO_SUBJECT;
		return access_errno(access_refuse(&a));
	}
	subject_facts(&actor, by);
	subject_facts(&target, s);
	a.reason = cordon_decide_act(&actor, &target, 1);
	if (a.reason && a.reason != CORDON_REASON_TRUSTED)
		return access_errno(access_refuse(&a));
	/* From here on the parent reads and writes without asking again. */
	subject_raise(by, target.taint);
	if (!a.reason)
		subject_raise(s, actor.taint);
	return 0;
}
