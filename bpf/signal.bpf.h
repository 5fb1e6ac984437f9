/* SPDX-License-Identifier: GPL-2.0-only */
/* What a signal carries (bypass B18). */
#ifndef CORDON_SIGNAL_BPF_H
#define CORDON_SIGNAL_BPF_H

#include "access.bpf.h"

/* A burst, then so many a second in all: plain signals of the tainted to lower subjects. */
#define SIGNAL_BURST	 64
#define SIGNAL_PERIOD_NS 100000000ULL
#define SIGNAL_FIRST_RT	 32
#define SI_TKILL	 -6

/* When the next plain signal is due; less than a burst ahead of now. */
__u64 signal_due_ns SEC(".data.control") = 0;

static __always_inline bool signal_is_due(void)
{
	__u64 now = bpf_ktime_get_boot_ns(), due = signal_due_ns;

	if (due + SIGNAL_BURST * SIGNAL_PERIOD_NS < now)
		due = now - SIGNAL_BURST * SIGNAL_PERIOD_NS;
	if (due > now)
		return false;
	signal_due_ns = due + SIGNAL_PERIOD_NS;
	return true;
}

/*
 * A signal is data: its number, and 64 bits where it has a value (bypass B18). To a lower subject a
 * tainted one sends no value and no realtime signal, which queue, and others so seldom that it does
 * not matter: kill(1) works.
 */
static __always_inline int access_signal(struct task_struct *target, struct kernel_siginfo *info,
					 int number)
{
	struct subject *s, *t;
	struct task_slot *slot;
	struct access a = {};
	int code = 0;

	s = subject_current();
	if (s && !s->taint)
		return 0;
	slot = bpf_task_storage_get(&tasks, target, 0, 0);
	t = slot ? slot->subject : NULL;
	if (s && t && cordon_label_dominates(t->taint, s->taint))
		return 0;
	/* 0 and 1 stand for signals of kill(2) and of the kernel. */
	if (bpf_probe_read_kernel(&code, sizeof(code), &info->si_code))
		code = 0;
	if (s && number < SIGNAL_FIRST_RT && (code >= 0 || code == SI_TKILL) && signal_is_due())
		return 0;
	a.operation = CORDON_OPERATION_ACT;
	a.target_pid = target->tgid;
	if (t) {
		a.target_clearance = t->clearance;
		a.target_taint = t->taint;
	}
	return access_errno(access_write(&a));
}

/*
 * Limits and priorities are words that whoever is of the same user can look at (prlimit,
 * getpriority), which asks no hook that knows the task: a tainted subject sets them as seldom as it
 * signals.
 */
static __always_inline int access_shown(struct task_struct *task)
{
	struct subject *s = subject_current();
	struct access a = {};

	if (s && (!s->taint || signal_is_due()))
		return 0;
	a.operation = CORDON_OPERATION_ACT;
	a.target_pid = task->tgid;
	return access_errno(access_write(&a));
}

#endif /* CORDON_SIGNAL_BPF_H */
