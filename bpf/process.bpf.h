/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of /proc/PID shows what that process wrote into its own memory and
 * state: arguments, name, masks, limits. It is an object with the process's
 * taint as it is at the moment of the read (bypasses M12, C7).
 */
#ifndef CORDON_PROCESS_BPF_H
#define CORDON_PROCESS_BPF_H

#include "subject.bpf.h"

/* The process that a procfs inode shows. */
struct shown {
	__u64 inode; /* in: its address */
	__u64 taint; /* out */
	__u64 clearance; /* out */
	__u32 pid; /* out */
	__u32 own; /* out: 1 for the caller's own process: that is no flow */
};

/* What @task has read, and, while its fork has not finished, its parent too. */
static __always_inline int process_taint(struct shown *shown, struct task_struct *task)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0), *from;
	struct subject *s = slot ? slot->subject : NULL;
	struct task_struct *parent;

	shown->pid = task->tgid;
	if (!s)
		return task->flags & PF_EXITING ? CORDON_REASON_NONE : CORDON_REASON_NO_SUBJECT;
	shown->own = (__u64)s == (__u64)subject_current();
	if (shown->own)
		return CORDON_REASON_NONE;
	shown->taint = s->taint;
	shown->clearance = s->clearance;
	if (!(s->flags & CORDON_SUBJECT_FORKING))
		return CORDON_REASON_NONE;
	parent = task->real_parent;
	from = parent ? bpf_task_storage_get(&tasks, parent, 0, 0) : NULL;
	s = from ? from->subject : NULL;
	if (!s)
		return CORDON_REASON_NO_SUBJECT;
	shown->taint |= s->taint;
	return CORDON_REASON_NONE;
}

/* A reason, or NONE. Of a process that has ended nothing is shown. */
__subprogram int process_shown(struct shown *shown)
{
	struct task_struct *task;
	struct pid *pid;
	__u64 address;
	int reason;

	if (!shown)
		return CORDON_REASON_NO_OBJECT;
	address = shown->inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	shown->taint = 0;
	shown->own = 0;
	pid = kernel_object(proc_inode, address)->pid;
	task = bpf_task_from_pid(BPF_CORE_READ(pid, numbers[0].nr));
	if (!task)
		return CORDON_REASON_NONE;
	reason = process_taint(shown, task);
	bpf_task_release(task);
	return reason;
}

#endif /* CORDON_PROCESS_BPF_H */
