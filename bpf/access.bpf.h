/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hook arguments -> access -> decide -> errno. Denials and errnos are made in
 * refuse.bpf.h, what a rise asks for is in rise.bpf.h.
 */
#ifndef CORDON_ACCESS_BPF_H
#define CORDON_ACCESS_BPF_H

#include "process.bpf.h"
#include "refuse.bpf.h"
#include "rise.bpf.h"
#include "cordon/stored_label.h"

#define WANTS_READ  0x1u
#define WANTS_WRITE 0x2u

/* What R2 does not ask of an object's content. */
#define OBJECT_UNCHECKED (CORDON_OBJECT_FLOATS | CORDON_OBJECT_NEUTRAL)

/*
 * What is for trusted subjects only, for the reason in @a: no label is asked.
 * Where the policy restricts nobody there is nothing to get round.
 */
__subprogram int access_reserved(struct access *a)
{
	struct subject *s = subject_current();

	if (!a)
		return REFUSED;
	if (!policy_restricts())
		return GO_AHEAD;
	if (s && s->flags & (CORDON_SUBJECT_CONTROLLER | CORDON_SUBJECT_KERNEL))
		return GO_AHEAD;
	if (s && s->flags & CORDON_SUBJECT_TRUSTED) {
		a->reason = CORDON_REASON_TRUSTED;
		record_access(a, CORDON_VERDICT_ALLOW);
		return GO_AHEAD;
	}
	return access_refuse(a);
}

/* The same, where there is no object. */
__subprogram int access_mechanism(__u32 operation, __u32 reason)
{
	struct access a = {};

	a.operation = operation;
	a.reason = reason;
	return access_reserved(&a);
}

/* The policy wants no allowed access without the record that it asks for. */
static __always_inline bool ledger_is_required(void)
{
	struct cordon_policy *policy = policy_of(control.generation);

	return policy && (policy->options & CORDON_OPTION_LEDGER_FULL_DENY);
}

/*
 * A flow that is allowed, and that the ledger must know of before it goes ahead. What carries no
 * data, as R7 does, asks for no such thing: who brings back what empties the ring must be able to.
 */
static __always_inline int access_allow_recorded(struct access *a)
{
	if (!record_access(a, CORDON_VERDICT_ALLOW) || !ledger_is_required())
		return GO_AHEAD;
	a->reason = CORDON_REASON_LEDGER_FULL;
	return access_refuse(a);
}

/* The policy's wish about a read that is allowed. @raise: what it adds to the taint. */
static __always_inline int access_note_read(struct access *a, __u64 raise)
{
	struct cordon_policy *policy = policy_of(control.generation);

	if (raise)
		a->reason = CORDON_REASON_RAISED;
	else if (policy && (policy->options & CORDON_OPTION_RECORD_READS) &&
		 cordon_label_dominates(a->label, policy->record_reads) &&
		 (a->operation == CORDON_OPERATION_OPEN_READ ||
		  a->operation == CORDON_OPERATION_MAP))
		a->reason = CORDON_REASON_READ;
	else
		return GO_AHEAD;
	return access_allow_recorded(a);
}

static __always_inline bool policy_raises(void)
{
	struct cordon_policy *policy = policy_of(control.generation);

	return module_is_there && policy && (policy->options & CORDON_OPTION_WRITE_DOWN_RAISE);
}

/* Whether files of this file system can have stored labels at all. */
static __always_inline bool superblock_keeps(struct super_block *sb)
{
	return module_is_there && !(sb->s_flags & SB_NOUSER) &&
	       cordon_magic_keeps_labels(sb->s_magic);
}

static __always_inline bool inode_keeps(__u64 address)
{
	struct inode *inode = kernel_object(inode, address);

	return address && (inode->i_mode & S_IFMT) == S_IFREG && superblock_keeps(inode->i_sb);
}

/* What becomes of a write-down where the policy says `raise`. */
static __always_inline enum cordon_keeping access_keeps(struct access *a)
{
	if (a->may_raise == RAISE_NAME)
		return superblock_keeps(kernel_object(dentry, a->dentry)->d_sb) ?
			       CORDON_KEEPS_NO_NAMES :
			       CORDON_KEEPS_NOTHING;
	if (a->may_raise != RAISE_OBJECT || !a->inode ||
	    (kernel_object(inode, a->inode)->i_mode & S_IFMT) != S_IFREG)
		return CORDON_KEEPS_NEVER;
	return inode_keeps(a->inode) ? CORDON_KEEPS_LABELS : CORDON_KEEPS_NOTHING;
}

/* R2 on an object whose label and flags stand in @a. May come to NEEDS_RAISE. */
static __always_inline int access_check_write(struct access *a,
					      struct cordon_subject_facts *subject)
{
	struct cordon_object_facts object = { .label = a->label, .flags = a->flags };

	/* What may not be stored yet counts for readers only. */
	if (a->may_raise == RAISE_OBJECT && !a->target_pid)
		object.label &= ~a->rising;
	a->reason = cordon_decide_write(subject, &object);
	if (a->reason == CORDON_REASON_WRITE_DOWN && policy_raises()) {
		a->reason = cordon_decide_raise(subject, &object, access_keeps(a));
		if (a->reason == CORDON_REASON_LABEL_RAISED)
			return NEEDS_RAISE;
	}
	if (!a->reason)
		return GO_AHEAD;
	if (a->reason != CORDON_REASON_TRUSTED && a->reason != CORDON_REASON_LABEL_NAME)
		return access_refuse(a);
	return access_allow_recorded(a);
}

/* R2 alone. */
__subprogram int access_write(struct access *a)
{
	struct cordon_subject_facts subject = {};
	struct subject *s = subject_current();

	if (!a)
		return REFUSED;
	if (!s || s->flags & CORDON_SUBJECT_FORKING) {
		a->reason = CORDON_REASON_NO_SUBJECT;
		return access_refuse(a);
	}
	subject_facts(&subject, s);
	return access_check_write(a, &subject);
}

/* R1 and R2 on an object whose label and flags stand in @a. */
__subprogram int access_decide(struct access *a, __u32 wants)
{
	struct cordon_object_facts object = {};
	struct cordon_subject_facts subject = {};
	struct subject *s = subject_current();
	__u64 raise = 0;
	int outcome;

	if (!a)
		return REFUSED;
	if (!s || s->flags & CORDON_SUBJECT_FORKING) {
		a->reason = CORDON_REASON_NO_SUBJECT;
		return access_refuse(a);
	}
	subject_facts(&subject, s);
	object.label = a->label;
	object.flags = a->flags;
	if (wants & WANTS_READ) {
		a->reason = cordon_decide_read(&subject, &object);
		if (a->reason == CORDON_REASON_READ_UP && (a->flags & CORDON_OBJECT_PROCESS))
			a->reason = CORDON_REASON_ACT_UP;
		outcome = a->reason ? access_refuse(a) : GO_AHEAD;
		if (outcome)
			return outcome;
		/* Who receives a descriptor reads nothing yet, and a receive cannot begin anew. */
		if (a->operation != CORDON_OPERATION_RECEIVE_FILE)
			raise = subject_rise(s, cordon_taint_after_read(&subject, &object));
		subject.taint |= raise;
	}
	if ((wants & WANTS_WRITE) && (outcome = access_check_write(a, &subject)))
		return outcome;
	if (!(wants & WANTS_READ) || !object.label)
		return GO_AHEAD;
	if (raise && rises_are_held()) {
		outcome = subject_secure(a, s, raise);
		if (outcome || a->reason)
			return outcome ? outcome : access_refuse(a);
	}
	outcome = access_note_read(a, raise);
	if (!outcome && raise) {
		subject_raise(s, raise);
		count(CORDON_COUNTER_RAISES);
	}
	return outcome;
}

/* A function of its own: the stack of those that ask is small. */
__subprogram int marks_are_none(__u32 device)
{
	__u32 *marks = bpf_map_lookup_elem(&label_marks, &device);

	return marks && *marks == CORDON_MARKS_NONE;
}

/* True when the label that may be stored on the file must be read before anything is decided. */
static __always_inline bool object_is_unread(const struct object *o, __u64 inode)
{
	if (o->stored != STORED_UNREAD || !inode_keeps(inode))
		return false;
	return !marks_are_none(kernel_object(inode, inode)->i_sb->s_dev);
}

/* Looks at @a->dentry for the first time in this generation. A reason, or NONE. */
__subprogram int object_fill(struct object *o, struct access *a, __u32 generation)
{
	struct object_view *view;
	struct walk w = {};

	if (!o || !a)
		return CORDON_REASON_NO_OBJECT;
	/* A view is whole, or it is none. */
	if (object_is_unread(o, a->inode))
		return CORDON_REASON_LABEL_UNREAD;
	w.entry = a->dentry;
	w.generation = generation;
	path_place(&w);
	if (w.place.reason)
		return w.place.reason;
	view = &o->view[generation & 1];
	view->label = w.place.label;
	view->flags = w.place.flags;
	view->accept = w.place.accept;
	view->program = w.place.program;
	view->guard = w.place.guard;
	/* A full barrier: whoever sees the generation sees the label. */
	__sync_lock_test_and_set(&view->generation, generation);
	return CORDON_REASON_NONE;
}

/* The rule that gave an object its label, for the record. */
static __always_inline __u32 accept_rule(__u32 index, __u32 generation)
{
	void *inner = generation_map(&accepts, generation);
	struct cordon_accept *accept = inner ? bpf_map_lookup_elem(inner, &index) : NULL;

	return accept ? accept->rule : 0;
}

/* What the next boot runs is the guard's while the seal holds. */
static __always_inline __u32 guard_asks(__u32 guard)
{
	return (guard & CORDON_OBJECT_BOOT) && seal_holds() ? guard | CORDON_OBJECT_GUARD : guard;
}

/* A process that /proc shows. Returns 1 for the caller itself: that is decided. */
__subprogram int access_process(struct access *a)
{
	struct shown shown = {};

	if (!a)
		return 0;
	shown.inode = a->inode;
	a->reason = process_shown(&shown);
	if (a->reason || shown.own)
		return shown.own;
	a->label |= shown.taint;
	a->operation = CORDON_OPERATION_ACT;
	a->target_pid = shown.pid;
	a->target_taint = shown.taint;
	a->target_clearance = shown.clearance;
	return 0;
}

/*
 * A tainted subject writes to an object that floats: it rises to @label, and so does whoever maps
 * it (bypasses B14, B15). Pages that a pipe holds cannot (see hook_file_permission).
 */
static __always_inline int object_rise(struct object *o, struct access *a, __u64 label)
{
	int outcome;

	__sync_fetch_and_or(&o->floating, label);
	if (!rises_are_held() || cordon_label_dominates(o->settled, label))
		return GO_AHEAD;
	if (o->pinned) {
		a->reason = CORDON_REASON_SHARED;
		return access_refuse(a);
	}
	outcome = sharers_rise(a, a->inode, label);
	if (outcome || a->reason)
		return outcome ? outcome : access_refuse(a);
	__sync_fetch_and_or(&o->settled, label);
	return GO_AHEAD;
}

/* What is left of access_inode() when its short way out was not taken. */
__subprogram int access_object(struct object *o, struct access *a, __u32 wants)
{
	struct subject *s = subject_current();
	__u32 generation = control.generation;
	struct object_view *view;
	int outcome;

	if (!a)
		return REFUSED;
	if (!o) {
		a->reason = CORDON_REASON_NO_OBJECT;
		return access_refuse(a);
	}
	view = &o->view[generation & 1];
	/* Made by this very open: it has no stored label, and a second try would find another. */
	if (a->how == CORDON_RAISE_CREATED && o->stored == STORED_UNREAD)
		o->stored = STORED_KNOWN;
	if (view->generation != generation) {
		if (object_is_unread(o, a->inode))
			return s && s->flags & CORDON_SUBJECT_CONTROLLER ? GO_AHEAD : NEEDS_LABEL;
		a->reason = object_fill(o, a, generation);
		if (a->reason)
			return access_refuse(a);
	}
	if (o->stored == STORED_INVALID && !(s && s->flags & CORDON_SUBJECT_CONTROLLER)) {
		a->label = CORDON_LABEL_TOP;
		a->reason = CORDON_REASON_LABEL_INVALID;
		return access_refuse(a);
	}
	a->rising = o->rising & ~(view->label | o->floating);
	a->label = view->label | o->floating | a->rising;
	a->flags = view->flags | (wants & WANTS_WRITE ? guard_asks(view->guard) : 0);
	/* Content floats, or there is none; attributes are seen by all who may stat (bypass A12). */
	if (a->operation == CORDON_OPERATION_ATTRIBUTE && (a->flags & OBJECT_UNCHECKED)) {
		a->flags &= ~OBJECT_UNCHECKED;
		a->label = view->label;
	}
	if (!a->label && !a->flags && s && !s->taint && !(s->flags & CORDON_SUBJECT_FORKING))
		return GO_AHEAD;
	a->rule = accept_rule(view->accept, generation);
	if (a->flags & CORDON_OBJECT_EGRESS) {
		a->reason = CORDON_REASON_MECHANISM;
		outcome = access_reserved(a);
		if (outcome)
			return outcome;
	}
	if (a->flags & CORDON_OBJECT_PROCESS) {
		if (access_process(a))
			return GO_AHEAD;
		if (a->reason)
			return access_refuse(a);
	}
	if ((wants & WANTS_WRITE) && (a->flags & CORDON_OBJECT_FLOATS) && s && s->taint) {
		outcome = object_rise(o, a, s->taint);
		if (outcome)
			return outcome;
	}
	return access_decide(a, wants);
}

/* Notes for a file system whether stored labels are on it. 0, or what the map says. */
__subprogram int marks_note(__u32 device, __u32 marks, __u64 flags)
{
	return bpf_map_update_elem(&label_marks, &device, &marks, flags);
}

/*
 * The stored label of @inode becomes part of what is known of it. GO_AHEAD, BEGIN_ANEW, or a
 * refusal.
 */
static __always_inline int object_learn(struct object *o, struct access *a, struct inode *inode)
{
	int answer;

	if (!module_is_there)
		return GO_AHEAD;
	answer = cordon_file_label_read(inode, &o->floating);
	if (answer == CORDON_LABEL_AGAIN)
		return BEGIN_ANEW;
	if (answer < 0 && answer != -CORDON_REASON_LABEL_INVALID) {
		a->reason = -answer;
		return access_refuse(a);
	}
	/* Never over what somebody else knows meanwhile. */
	if (answer == CORDON_LABEL_UNMARKED)
		marks_note(superblock_of(inode)->s_dev, CORDON_MARKS_NONE, BPF_NOEXIST);
	__sync_lock_test_and_set(&o->stored, answer < 0 ? STORED_INVALID : STORED_KNOWN);
	return GO_AHEAD;
}

/* The rise is on the disk, and on record before the write goes ahead. */
__subprogram int access_note_raise(struct access *a)
{
	if (!a)
		return REFUSED;
	a->reason = CORDON_REASON_LABEL_RAISED;
	return access_allow_recorded(a);
}

/*
 * R2's `raise`: the label of @inode becomes the join, kept on disk, before anything is written.
 * Then the access is decided once more, by the new label.
 */
static __always_inline int object_raise(struct object *o, struct access *a, struct inode *inode,
					__u32 wants)
{
	struct subject *s = subject_current();
	int answer, outcome;
	__u64 taint;

	if (!module_is_there || !s)
		return REFUSED;
	taint = s->taint;
	/* Before the label is there: whoever forgets the inode will look for it. */
	if (marks_note(superblock_of(inode)->s_dev, CORDON_MARKS_SOME, BPF_ANY))
		answer = -CORDON_REASON_NO_OBJECT;
	else
		answer = cordon_file_label_raise(inode, taint, &o->rising, a->how);
	if (answer == CORDON_LABEL_AGAIN)
		return BEGIN_ANEW;
	if (answer == CORDON_LABEL_PROMISED)
		return wants & WANTS_READ ? access_object(o, a, WANTS_READ) : GO_AHEAD;
	if (answer < 0) {
		a->reason = -answer;
		return access_refuse(a);
	}
	__sync_fetch_and_or(&o->floating, taint);
	a->label |= taint;
	outcome = access_note_raise(a);
	if (outcome == GO_AHEAD)
		outcome = access_object(o, a, wants);
	/* The taint rose once more meanwhile: the next try raises to that. */
	return outcome == NEEDS_RAISE || outcome == NEEDS_LABEL ? BEGIN_ANEW : outcome;
}

/* How an operation uses the file whose label is to rise. */
static __always_inline __u32 raise_of(__u32 operation)
{
	switch (operation) {
	case CORDON_OPERATION_OPEN_WRITE:
		return CORDON_RAISE_OPEN;
	case CORDON_OPERATION_TRUNCATE:
	case CORDON_OPERATION_ATTRIBUTE:
	case CORDON_OPERATION_DELETE:
	case CORDON_OPERATION_RENAME:
	case CORDON_OPERATION_LINK:
		return CORDON_RAISE_PATH;
	default:
		return CORDON_RAISE_NEVER;
	}
}

/* What access_object() left open, where the inode is at hand and not only its address. */
static __always_inline int access_stored(struct object *o, struct access *a, struct inode *inode,
					 __u32 wants)
{
	int outcome = NEEDS_LABEL;

	if (o) {
		outcome = object_learn(o, a, inode);
		if (outcome == GO_AHEAD)
			outcome = access_object(o, a, wants);
		if (outcome == NEEDS_RAISE)
			outcome = object_raise(o, a, inode, wants);
	}
	return outcome;
}

/*
 * R1 and R2 on an inode. The common case, an unclassified object and an
 * untainted subject, leaves after two storage look-ups. @dentry is the entry
 * through which the inode is used, for its path. @a is room for the long way.
 */
static __always_inline int access_inode_how(struct access *a, struct inode *inode,
					    const struct dentry *dentry, __u32 wants,
					    __u32 operation, __u32 how)
{
	struct object *o =
		bpf_inode_storage_get(&objects, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct subject *s = subject_current();
	__u32 generation = control.generation;
	int outcome;

	if (o && s) {
		struct object_view *view = &o->view[generation & 1];
		__u64 matters = view->label | o->floating | o->rising | view->flags |
				(s->flags & CORDON_SUBJECT_FORKING);

		if (wants & WANTS_WRITE)
			matters |= s->taint | view->guard;
		if (view->generation == generation && !matters)
			return 0;
	}
	__builtin_memset(a, 0, sizeof(*a));
	a->inode = (__u64)inode;
	a->dentry = (__u64)dentry;
	a->operation = operation;
	a->may_raise = RAISE_OBJECT;
	a->how = how;
	outcome = access_object(o, a, wants);
	if (outcome == NEEDS_RAISE && o)
		outcome = object_raise(o, a, inode, wants);
	else if (outcome == NEEDS_LABEL)
		outcome = access_stored(o, a, inode, wants);
	return access_errno(outcome);
}

static __always_inline int access_inode_in(struct access *a, struct inode *inode,
					   const struct dentry *dentry, __u32 wants,
					   __u32 operation)
{
	return access_inode_how(a, inode, dentry, wants, operation, raise_of(operation));
}

static __always_inline int access_inode(struct inode *inode, const struct dentry *dentry,
					__u32 wants, __u32 operation)
{
	struct access a;

	return access_inode_in(&a, inode, dentry, wants, operation);
}

/* R1 and R2 on a place: where there is no inode yet, or none that may be asked for its state. */
__subprogram int access_place(struct access *a, __u32 wants)
{
	struct walk w = {};

	if (!a)
		return REFUSED;
	w.entry = a->dentry;
	w.generation = control.generation;
	path_place(&w);
	a->label = w.place.label;
	a->flags = w.place.flags | guard_asks(w.place.guard);
	a->rule = w.place.rule;
	a->reason = w.place.reason;
	if (a->reason)
		return access_refuse(a);
	return wants & WANTS_READ ? access_decide(a, wants) : access_write(a);
}

/* @raise: RAISE_NAME where a regular file gets the name, else RAISE_NOTHING. */
static __always_inline int access_name_in(struct access *a, const struct dentry *dentry,
					  __u32 operation, __u32 raise)
{
	__builtin_memset(a, 0, sizeof(*a));
	a->dentry = (__u64)dentry;
	a->operation = operation;
	a->may_raise = raise;
	return access_errno(access_place(a, WANTS_WRITE));
}

static __always_inline int access_name(const struct dentry *dentry, __u32 operation, __u32 raise)
{
	struct access a;

	return access_name_in(&a, dentry, operation, raise);
}

/* A denial because something is missing: no state, no room, no known form. */
__subprogram int access_broken(__u32 operation, __u32 reason)
{
	struct access a = {};

	a.operation = operation;
	a.reason = reason;
	return access_refuse(&a);
}

#endif /* CORDON_ACCESS_BPF_H */
