/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules R1 to R7 of the security model, as pure functions of labels:
 * no map, no allocation, no side effect. The kernel decides with them, and
 * so do `cordon check`, `cordon explain` and the tests.
 *
 * Each returns a reason; CORDON_REASON_NONE means "allow". What follows from
 * an allowed access (the taint that a read leaves) is a function beside it.
 */
#ifndef CORDON_DECIDE_H
#define CORDON_DECIDE_H

#include "abi.h"
#include "label.h"

/* What a decision needs to know of a subject. */
struct cordon_subject_facts {
	cordon_label clearance;
	cordon_label taint;
	__u32 flags; /* CORDON_SUBJECT_* */
};

/* What a decision needs to know of an object. */
struct cordon_object_facts {
	cordon_label label;
	__u32 flags; /* CORDON_OBJECT_* */
};

/* What a decision needs to know of a host, port and protocol. */
struct cordon_host_facts {
	cordon_label clearance;
	__u32 known; /* 0: no rule names it */
};

/* R1: reads, maps, executes, receives. */
static __always_inline enum cordon_reason cordon_decide_read(const struct cordon_subject_facts *s,
							     const struct cordon_object_facts *o)
{
	if ((s->flags & CORDON_SUBJECT_CONTROLLER) && !(s->flags & CORDON_SUBJECT_MODEST))
		return CORDON_REASON_NONE;
	if (o->flags & CORDON_OBJECT_NEUTRAL)
		return CORDON_REASON_NONE;
	if (!cordon_label_dominates(s->clearance, o->label))
		return CORDON_REASON_READ_UP;
	return CORDON_REASON_NONE;
}

/* R1's consequence: the subject's taint after it has read the object. */
static __always_inline cordon_label cordon_taint_after_read(const struct cordon_subject_facts *s,
							    const struct cordon_object_facts *o)
{
	if (s->flags & CORDON_SUBJECT_CONTROLLER)
		return s->taint;
	return cordon_label_join(s->taint, o->label);
}

/* Who may touch the guard without a word: R7 is about everybody else. */
#define CORDON_SUBJECT_GUARDIANS                                                     \
	(CORDON_SUBJECT_CONTROLLER | CORDON_SUBJECT_STARTING | CORDON_SUBJECT_INIT | \
	 CORDON_SUBJECT_KERNEL)

/*
 * R7: touches the guard, or what the kernel's integrity rests on. @flags are
 * an object's; the exemption of trusted subjects is recorded, as in R2.
 */
static __always_inline enum cordon_reason cordon_decide_guard(const struct cordon_subject_facts *s,
							      __u32 flags)
{
	if (!(flags & CORDON_OBJECT_GUARD) || (s->flags & CORDON_SUBJECT_GUARDIANS))
		return CORDON_REASON_NONE;
	return s->flags & CORDON_SUBJECT_TRUSTED ? CORDON_REASON_TRUSTED : CORDON_REASON_GUARD;
}

/*
 * R2: writes, truncates, deletes, renames over, links into, sends on.
 * An object that floats takes the join of what is written to it, so a taint
 * that it does not dominate is no write-down. The exemption of trusted
 * subjects is CORDON_REASON_TRUSTED, which allows and must be recorded.
 */
static __always_inline enum cordon_reason cordon_decide_write(const struct cordon_subject_facts *s,
							      const struct cordon_object_facts *o)
{
	enum cordon_reason reason = cordon_decide_guard(s, o->flags);

	if (reason != CORDON_REASON_NONE)
		return reason;
	if ((s->flags & CORDON_SUBJECT_CONTROLLER) || (o->flags & CORDON_OBJECT_NEUTRAL))
		return CORDON_REASON_NONE;
	if (!(o->flags & CORDON_OBJECT_FLOATS) && !cordon_label_dominates(o->label, s->taint))
		reason = CORDON_REASON_WRITE_DOWN;
	else if (!(o->flags & (CORDON_OBJECT_DROP | CORDON_OBJECT_FLOATS)) &&
		 !cordon_label_dominates(s->clearance, o->label))
		reason = CORDON_REASON_OVERWRITE;
	else if (o->flags & CORDON_OBJECT_PROGRAM)
		reason = CORDON_REASON_PROGRAM;
	if (reason != CORDON_REASON_NONE && (s->flags & CORDON_SUBJECT_TRUSTED))
		return CORDON_REASON_TRUSTED;
	return reason;
}

/* What the object of a write-down can do about it. */
enum cordon_keeping {
	CORDON_KEEPS_NEVER, /* it is no regular file: labels of these do not rise */
	CORDON_KEEPS_NOTHING, /* it is on a file system that keeps no labels */
	CORDON_KEEPS_LABELS,
	CORDON_KEEPS_NO_NAMES, /* the name of a regular file, which will have a label; the name has not */
};

/*
 * R2 where the policy says `on write-down raise` and cordon_decide_write() gave WRITE_DOWN.
 * LABEL_RAISED allows once the join is kept on disk, LABEL_NAME allows and must be recorded.
 * Who could not write to the object with its new label does not raise it.
 */
static __always_inline enum cordon_reason cordon_decide_raise(const struct cordon_subject_facts *s,
							      const struct cordon_object_facts *o,
							      enum cordon_keeping keeping)
{
	struct cordon_object_facts raised = *o;
	enum cordon_reason reason;

	if (keeping == CORDON_KEEPS_NEVER)
		return CORDON_REASON_WRITE_DOWN;
	if (keeping == CORDON_KEEPS_NOTHING)
		return CORDON_REASON_LABEL_UNKEPT;
	raised.label = cordon_label_join(o->label, s->taint);
	reason = cordon_decide_write(s, &raised);
	if (reason != CORDON_REASON_NONE)
		return reason;
	return keeping == CORDON_KEEPS_LABELS ? CORDON_REASON_LABEL_RAISED :
						CORDON_REASON_LABEL_NAME;
}

/* R3: connects, sends, accepts from. */
static __always_inline enum cordon_reason cordon_decide_reach(const struct cordon_subject_facts *s,
							      const struct cordon_host_facts *h)
{
	if (!h->known)
		return CORDON_REASON_UNKNOWN_HOST;
	if (!cordon_label_dominates(h->clearance, s->taint))
		return CORDON_REASON_HOST_CLEARANCE;
	return CORDON_REASON_NONE;
}

/*
 * R4: ptrace, process_vm_*, /proc/PID/mem, pidfd_getfd. @t is acted on. Who may
 * change @t's memory writes to it (@writes), and what @t gets must be within
 * its clearance: then @t's taint takes the actor's. Trusted subjects are exempt
 * from that, as from R2.
 */
static __always_inline enum cordon_reason cordon_decide_act(const struct cordon_subject_facts *s,
							    const struct cordon_subject_facts *t,
							    int writes)
{
	if (s->flags & CORDON_SUBJECT_CONTROLLER)
		return CORDON_REASON_NONE;
	if (t->flags & (CORDON_SUBJECT_CONTROLLER | CORDON_SUBJECT_STARTING))
		return CORDON_REASON_GUARD;
	if (!cordon_label_dominates(s->clearance, cordon_label_join(t->taint, t->clearance)))
		return CORDON_REASON_ACT_UP;
	if (writes && !cordon_label_dominates(t->clearance, s->taint))
		return s->flags & CORDON_SUBJECT_TRUSTED ? CORDON_REASON_TRUSTED :
							   CORDON_REASON_WRITE_DOWN;
	return CORDON_REASON_NONE;
}

/* R5: a place is what the policy says of a path, here old and new. */
static __always_inline enum cordon_reason cordon_decide_move(const struct cordon_object_facts *from,
							     const struct cordon_object_facts *to)
{
	__u32 differ = (from->flags ^ to->flags) & ~CORDON_OBJECT_R7;

	if (from->label != to->label || differ)
		return CORDON_REASON_RELABEL;
	return CORDON_REASON_NONE;
}

/*
 * R6: the clearance after an exec. @granted is what the policy gives to the
 * program, user, group and unit; @unsafe is true when another process can
 * steer the new image (traced, file system state shared, no_new_privs): then
 * nothing rises (bypass F2).
 */
static __always_inline cordon_label cordon_clearance_after_exec(cordon_label before,
								cordon_label granted, int unsafe)
{
	return unsafe ? cordon_label_meet(before, granted) : granted;
}

/* A rise asks for AT_SECURE, so that the loader ignores LD_PRELOAD (F1). */
static __always_inline int cordon_clearance_rises(cordon_label before, cordon_label after)
{
	return !cordon_label_dominates(before, after);
}

#endif /* CORDON_DECIDE_H */
