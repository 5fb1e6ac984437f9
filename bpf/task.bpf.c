// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subjects over their life: fork, exit, adoption of what runs already, and
 * what the controller asks of them.
 */
#include "access.bpf.h"
#include "grant.bpf.h"

/* A reference to a copy of @old, for a child with memory of its own. */
static __always_inline struct subject *subject_copy(struct subject *old, __u32 flags)
{
	struct subject *s = bpf_obj_new(struct subject);

	if (!s)
		return NULL;
	s->clearance = old->clearance;
	s->taint = old->taint;
	s->secured = old->secured;
	s->ceiling = old->ceiling;
	s->flags = old->flags | flags;
	s->generation = old->generation;
	s->rule = old->rule;
	s->pid = 0;
	s->uid = old->uid;
	s->denial_key = s->denial_ns = s->denial_sequence = s->denial_repeats = 0;
	s->denial_what = 0;
	s->comm[0] = old->comm[0];
	s->comm[1] = old->comm[1];
	return s;
}

/*
 * Tasks that share memory are one subject. A child with its own memory gets a
 * copy, marked until the fork has copied everything (bypass M9): what the
 * parent reads in between is joined in hook_sched_process_fork.
 */
SEC("lsm/task_alloc")
int BPF_PROG(hook_task_alloc, struct task_struct *task, unsigned long clone_flags)
{
	struct subject *s = subject_current(), *next;
	struct access a = {};
	struct task_slot *slot;

	a.operation = CORDON_OPERATION_FORK;
	a.reason = CORDON_REASON_NO_SUBJECT;
	if (!s)
		return guard_is_off() ? 0 : access_errno(access_refuse(&a));
	slot = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!slot)
		return access_errno(access_refuse(&a));
	/* One table of descriptors, two subjects: each opens for the other (bypass B1). */
	if ((clone_flags & (CLONE_VM | CLONE_FILES)) == CLONE_FILES)
		s->flags |= CORDON_SUBJECT_FOREIGN;
	if (clone_flags & CLONE_VM)
		next = bpf_refcount_acquire(s);
	else
		next = subject_copy(s, CORDON_SUBJECT_FORKING);
	if (!next)
		return access_errno(access_refuse(&a));
	next = bpf_kptr_xchg(&slot->subject, next);
	if (next)
		bpf_obj_drop(next);
	return 0;
}

/* Runs after the copies and before the child does. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(hook_sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, child, 0, 0);
	struct task_slot *from = bpf_task_storage_get(&tasks, parent, 0, 0);
	struct subject *s = slot ? slot->subject : NULL;
	struct subject *origin = from ? from->subject : NULL;

	if (!s || !origin || !(s->flags & CORDON_SUBJECT_FORKING))
		return 0;
	s->pid = child->tgid;
	subject_raise(s, origin->taint);
	s->secured = origin->secured;
	/* A descriptor that arrived meanwhile was copied too. */
	s->flags |= origin->flags & CORDON_SUBJECT_FOREIGN;
	s->flags &= ~CORDON_SUBJECT_FORKING;
	return 0;
}

/* Repeats of a denial are never dropped: the last word is said at the end. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(hook_sched_process_exit, struct task_struct *task)
{
	struct subject *s = subject_current();

	if (s && s->denial_repeats)
		record_repeats(s);
	return 0;
}

/* The accept index whose grants a program has by its entry; 0: none. */
__subprogram __u32 program_of_entry(__u64 entry)
{
	struct walk w = {};

	w.entry = entry;
	w.generation = control.generation;
	path_place(&w);
	return w.place.reason ? 0 : w.place.program;
}

/* What a task that ran before the guard is given, by the rules of an exec. */
__subprogram int adopt_grant(struct granted *given, struct grantee *who)
{
	struct task_struct *task;
	struct mm_struct *mm;
	struct file *exe;

	if (!given || !who)
		return 0;
	task = kernel_object(task_struct, who->task);
	mm = task->mm;
	if (!mm || (task->flags & PF_KTHREAD))
		return 0;
	exe = BPF_CORE_READ(mm, exe_file);
	if (!exe)
		return 0;
	return grant_find(given, who, program_of_entry((__u64)BPF_CORE_READ(exe, f_path.dentry)));
}

static __always_inline struct subject *subject_adopt(struct task_struct *task)
{
	struct subject *s = bpf_obj_new(struct subject);
	__u64 comm[CORDON_COMM_BYTES / 8] = {};
	struct granted given = {};
	struct grantee who = {};

	if (!s)
		return NULL;
	who.task = (__u64)task;
	who.cred = (__u64)task->cred;
	adopt_grant(&given, &who);
	s->clearance = given.clearance;
	s->rule = given.rule;
	s->flags = given.flags | CORDON_SUBJECT_FOREIGN;
	if (task->flags & PF_KTHREAD)
		s->flags = CORDON_SUBJECT_KERNEL;
	else if (task->tgid == 1)
		s->flags |= CORDON_SUBJECT_INIT;
	/* Who holds a ring is given nothing, here as in an exec (bypass M11). */
	if (given.clearance && descriptors_have_ring((__u64)BPF_CORE_READ(task, files, fdt))) {
		s->clearance = CORDON_LABEL_UNCLASSIFIED;
		s->flags &= ~CORDON_SUBJECT_TRUSTED;
		s->rule = 0;
	}
	s->taint = 0;
	s->secured = 0;
	s->ceiling = CORDON_LABEL_TOP;
	s->generation = control.generation;
	s->pid = task->tgid;
	s->uid = BPF_CORE_READ(task, cred, uid.val);
	s->denial_key = s->denial_ns = s->denial_sequence = s->denial_repeats = 0;
	s->denial_what = 0;
	bpf_probe_read_kernel(comm, sizeof(comm), task->comm);
	s->comm[0] = comm[0];
	s->comm[1] = comm[1];
	return s;
}

/* Gives @slot a reference to the subject of @from, if that has one. */
static __always_inline bool subject_share(struct task_slot *slot, struct task_slot *from)
{
	struct subject *s = from ? from->subject : NULL, *shared;

	if (!s)
		return false;
	shared = bpf_refcount_acquire(s);
	if (!shared)
		return false;
	shared = bpf_kptr_xchg(&slot->subject, shared);
	if (shared)
		bpf_obj_drop(shared);
	return true;
}

static __always_inline void live_fill(struct cordon_live *live, struct task_struct *task,
				      struct subject *s)
{
	live->pid = task->tgid;
	live->tid = task->pid;
	live->start_ns = task->start_boottime;
	live->uid = BPF_CORE_READ(task, cred, uid.val);
	bpf_probe_read_kernel(live->comm, sizeof(live->comm), task->comm);
	live->labelled = s ? 1 : 0;
	if (!s)
		return;
	live->flags = s->flags;
	live->rule = s->rule;
	live->clearance = s->clearance;
	live->taint = s->taint;
}

/*
 * Labels tasks that have no subject: threads get their leader's, a child that
 * shares its parent's memory gets the parent's, all others their own. The
 * controller runs it until it labels nobody.
 */
SEC("iter/task")
int adopt_subjects(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader, *parent;
	struct cordon_live live = {};
	struct task_slot *slot, *from;
	struct subject *s;

	if (!task)
		return 0;
	slot = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!slot || slot->subject)
		return 0;
	leader = task->group_leader;
	parent = task->real_parent;
	if (leader && (__u64)leader != (__u64)task) {
		/* The leader comes first in the list; if it has none yet, next time. */
		from = bpf_task_storage_get(&tasks, leader, 0, 0);
		if (!subject_share(slot, from))
			goto report;
	} else {
		from = NULL;
		if (parent && task->mm && (__u64)parent->mm == (__u64)task->mm)
			from = bpf_task_storage_get(&tasks, parent, 0, 0);
		if (!from || !subject_share(slot, from)) {
			s = subject_adopt(task);
			if (!s)
				goto report;
			s = bpf_kptr_xchg(&slot->subject, s);
			if (s)
				bpf_obj_drop(s);
		}
	}
report:
	live_fill(&live, task, slot->subject);
	bpf_seq_write(ctx->meta->seq, &live, sizeof(live));
	return 0;
}

SEC("iter/task")
int live_subjects(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct cordon_live live = {};
	struct task_slot *slot;

	if (!task)
		return 0;
	slot = bpf_task_storage_get(&tasks, task, 0, 0);
	live_fill(&live, task, slot ? slot->subject : NULL);
	bpf_seq_write(ctx->meta->seq, &live, sizeof(live));
	return 0;
}

/* Denials that were repeated and then stopped: their count becomes a record too. */
SEC("iter/task")
int flush_repeats(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_slot *slot;
	struct subject *s;

	if (!task)
		return 0;
	slot = bpf_task_storage_get(&tasks, task, 0, 0);
	s = slot ? slot->subject : NULL;
	if (s && s->denial_repeats && bpf_ktime_get_boot_ns() - s->denial_ns >= COALESCE_NS)
		record_repeats(s);
	return 0;
}

/* The calling subject is the controller from now on. */
SEC("syscall")
int claim_controller(struct cordon_claim *claim)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_slot *slot;
	struct subject *s;
	int result = -ESRCH;

	bpf_rcu_read_lock();
	slot = bpf_task_storage_get(&tasks, task, 0, 0);
	s = slot ? slot->subject : NULL;
	if (s) {
		s->flags |= CORDON_SUBJECT_CONTROLLER;
		guard.controller_pid = task->tgid;
		guard.mount_namespace = (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns);
		guard.pins_device = claim->pins_device;
		guard.door_device = claim->door_device;
		result = 0;
	}
	bpf_rcu_read_unlock();
	return result;
}

/* The controller reads what somebody else named: as an unclassified subject would, or as before. */
SEC("syscall")
int be_modest(__u32 *want)
{
	struct task_slot *slot;
	struct subject *s;
	int result = -ESRCH;

	bpf_rcu_read_lock();
	slot = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	s = slot ? slot->subject : NULL;
	if (s) {
		if (*want)
			s->flags |= CORDON_SUBJECT_MODEST;
		else
			s->flags &= ~CORDON_SUBJECT_MODEST;
		result = 0;
	}
	bpf_rcu_read_unlock();
	return result;
}

/* A process and what it will execute never hold more than this (cordon run). */
SEC("syscall")
int lower_clearance(struct cordon_ceiling *ceiling)
{
	struct task_struct *task = bpf_task_from_pid(ceiling->pid);
	struct task_slot *slot;
	struct subject *s;
	int result = -ESRCH;

	if (!task)
		return -ESRCH;
	bpf_rcu_read_lock();
	slot = bpf_task_storage_get(&tasks, task, 0, 0);
	s = slot ? slot->subject : NULL;
	if (s) {
		s->ceiling &= ceiling->label;
		s->clearance &= ceiling->label;
		s->flags |= CORDON_SUBJECT_FOREIGN; /* what it opened before is judged anew */
		result = 0;
	}
	bpf_rcu_read_unlock();
	bpf_task_release(task);
	return result;
}

/* The controller's own changes are records of the same sequence. */
SEC("syscall")
int record_control(struct cordon_control_note *note)
{
	struct cordon_record *r = record_reserve();

	if (!r)
		return -EAGAIN;
	bpf_rcu_read_lock();
	record_when(r);
	record_subject(r, NULL, true);
	r->verdict = CORDON_VERDICT_CHANGE;
	r->reason = note->reason;
	r->operation = CORDON_OPERATION_CONTROL;
	r->flags |= CORDON_RECORD_HAS_TEXT;
	bpf_probe_read_kernel(r->path, CORDON_CONTROL_TEXT_BYTES, note->text);
	bpf_rcu_read_unlock();
	record_seal(r);
	bpf_ringbuf_submit(r, 0);
	return 0;
}
