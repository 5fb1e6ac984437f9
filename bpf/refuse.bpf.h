/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every denial of every hook is made by access_refuse() or, for packets, access_refuse_of();
 * access_errno() is the only place where an errno is made.
 */
#ifndef CORDON_REFUSE_BPF_H
#define CORDON_REFUSE_BPF_H

#include "record.bpf.h"

/* What a refusal comes to. */
enum {
	GO_AHEAD,
	REFUSED,
	REFUSED_MOVE,
	REFUSED_FORK,
	REFUSED_NAME, /* too short to be an address: the kernel would say the same */
	BEGIN_ANEW, /* no refusal: the answer needs what a hook cannot do, or has to wait for others */
	NEEDS_LABEL, /* the file's stored label, which must be read first */
	NEEDS_RAISE, /* and this one must rise first */
};

/* The verifier knows nothing of a global function's result: constants only. */
static __always_inline int access_errno(int outcome)
{
	int zero;

	asm volatile("%0 = 0" : "=r"(zero));
	if (outcome == GO_AHEAD)
		return zero;
	if (outcome == REFUSED_MOVE)
		return -EXDEV; /* mv falls back to a copy, which R1 and R2 see */
	if (outcome == REFUSED_FORK)
		return -EAGAIN;
	if (outcome == REFUSED_NAME)
		return -EINVAL;
	if (outcome == BEGIN_ANEW)
		return -ERESTARTNOINTR; /* the kernel begins the system call anew */
	return -EACCES;
}

static __always_inline void subject_facts(struct cordon_subject_facts *facts,
					  const struct subject *s)
{
	facts->clearance = s->clearance;
	facts->taint = s->taint;
	facts->flags = s->flags;
}

/*
 * The refused access: counted, recorded, and denied unless permissive. @own:
 * the calling task is the subject, which it is not where packets are handled.
 */
static __always_inline int access_refuse_of(struct access *a, struct subject *s, bool own)
{
	bool enforcing = guard_enforces();
	__u32 reason = a->reason;

	count(enforcing ? CORDON_COUNTER_DENIED : CORDON_COUNTER_WOULD_DENY);
	if (reason < CORDON_REASON_COUNT)
		count(CORDON_COUNTER_COUNT + reason);
	record_access_of(a, s, enforcing ? CORDON_VERDICT_DENY : CORDON_VERDICT_WOULD_DENY, own);
	if (!enforcing)
		return GO_AHEAD;
	if (reason == CORDON_REASON_RELABEL)
		return REFUSED_MOVE;
	return a->operation == CORDON_OPERATION_FORK ? REFUSED_FORK : REFUSED;
}

/* The same, of the calling task's subject. */
__subprogram int access_refuse(struct access *a)
{
	return a ? access_refuse_of(a, subject_current(), true) : REFUSED;
}

#endif /* CORDON_REFUSE_BPF_H */
