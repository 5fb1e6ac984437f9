// SPDX-License-Identifier: GPL-2.0-only
/*
 * R6: an exec gives the clearance that the policy gives to the program, user,
 * group and unit. The new subject is made before the point of no return and
 * becomes the task's own when the exec commits (bypass F10). The program is
 * what the kernel finally runs: a script never grants (bypass F4).
 */
#include "access.bpf.h"
#include "grant.bpf.h"
#include "uring.bpf.h"

#define LSM_UNSAFE_ANY		   7 /* include/linux/security.h: shared, traced, no_new_privs */
#define BPF_F_BPRM_SECUREEXEC_FLAG 1
/* Who must be able to start while the ring is full: the controller, and who starts it again. */
#define EXEC_REPAIRS	 (CORDON_SUBJECT_TRUSTED | CORDON_SUBJECT_STARTING)
#define DESCRIPTOR_WORDS 4 /* words of the descriptor bitmap that are judged at exec */

/* The accept index of a program, or CORDON_ACCEPT_NONE with a reason in @a. */
static __always_inline __u32 program_accept(struct access *a, struct inode *inode)
{
	__u32 generation = control.generation;
	struct object_view *view;
	struct object *o =
		bpf_inode_storage_get(&objects, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!o) {
		a->reason = CORDON_REASON_NO_OBJECT;
		return CORDON_ACCEPT_NONE;
	}
	view = &o->view[generation & 1];
	if (view->generation != generation)
		a->reason = object_fill(o, a, generation);
	a->label = view->label | o->floating;
	a->rule = accept_rule(view->accept, generation);
	a->flags = view->guard;
	return a->reason ? CORDON_ACCEPT_NONE : view->program;
}

/* A reference to a new subject that continues @old under what was given. */
static __always_inline struct subject *subject_continue(struct subject *old, struct granted *given,
							bool unsafe)
{
	struct subject *s = bpf_obj_new(struct subject);
	__u64 clearance;

	if (!s)
		return NULL;
	/*
	 * What the kernel itself starts (modprobe, a core dump's or a key's helper)
	 * has arguments and input from whoever made it do so: lowest trust, for
	 * it and for whatever it executes (bypasses A15, E8).
	 */
	s->ceiling = old->ceiling;
	if (old->flags & CORDON_SUBJECT_KERNEL) {
		__builtin_memset(given, 0, sizeof(*given));
		s->ceiling = CORDON_LABEL_UNCLASSIFIED;
	}
	clearance = cordon_clearance_after_exec(old->clearance, given->clearance, unsafe);
	s->clearance = cordon_label_meet(clearance, s->ceiling);
	s->taint = old->taint;
	/* New memory and no other thread: nothing is under way, nobody shares it. */
	s->secured = old->taint;
	s->flags = unsafe ? old->flags & given->flags : given->flags;
	s->rule = given->rule;
	s->pid = bpf_get_current_pid_tgid() >> 32;
	s->uid = bpf_get_current_uid_gid();
	s->denial_key = s->denial_ns = s->denial_sequence = s->denial_repeats = 0;
	s->denial_what = 0;
	/* Descriptors come along: settled only if they need no other judgement now. */
	s->generation = old->generation;
	if (!subject_is_settled(old) || s->clearance != old->clearance)
		s->flags |= CORDON_SUBJECT_FOREIGN;
	return s;
}

/*
 * The controller's program, executed by root with nobody at its shoulder, may
 * take its place; and process 1 stays process 1. no_new_privs is no doubt: it
 * is what a service manager gives it.
 */
static __always_inline __u32 guardian_flags(const struct access *a, struct linux_binprm *bprm)
{
	__u32 flags = 0;

	if (bpf_get_current_pid_tgid() >> 32 == 1)
		flags |= CORDON_SUBJECT_INIT;
	if ((a->flags & CORDON_OBJECT_CONTROLLER) && !bprm->cred->uid.val &&
	    !(bprm->unsafe & (LSM_UNSAFE_SHARE | LSM_UNSAFE_PTRACE)))
		flags |= CORDON_SUBJECT_STARTING;
	return flags;
}

SEC("lsm/bprm_creds_from_file")
int BPF_PROG(hook_bprm_creds_from_file, struct linux_binprm *bprm, const struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0);
	struct subject *s = slot ? slot->subject : NULL, *next;
	struct file *program = bprm->file;
	struct granted given = {};
	struct grantee who = {};
	struct access a = {};
	__u32 accept;
	bool unsafe;

	a.operation = CORDON_OPERATION_EXECUTE;
	if (!s || !slot) {
		if (guard_is_off())
			return 0;
		a.reason = CORDON_REASON_NO_SUBJECT;
		return access_errno(access_refuse(&a));
	}
	a.inode = (__u64)program->f_inode;
	a.dentry = (__u64)BPF_CORE_READ(program, f_path.dentry);
	accept = program_accept(&a, program->f_inode);
	if (a.reason)
		return access_errno(access_refuse(&a));
	who.cred = (__u64)bprm->cred;
	who.task = (__u64)task;
	grant_find(&given, &who, accept);
	unsafe = bprm->unsafe & LSM_UNSAFE_ANY;
	next = subject_continue(s, &given, unsafe);
	if (!next) {
		a.reason = CORDON_REASON_NO_SUBJECT;
		return access_errno(access_refuse(&a));
	}
	/* R1 for what it becomes: it could not even map itself, and would die half made. */
	if (!cordon_label_dominates(next->clearance, a.label) && guard_enforces()) {
		bpf_obj_drop(next);
		a.reason = CORDON_REASON_READ_UP;
		return access_errno(access_refuse(&a));
	}
	next->flags |= guardian_flags(&a, bprm);
	/* The record of it comes when the exec is done: too late to refuse. */
	if (next->clearance && !(next->flags & EXEC_REPAIRS) && records_are_full() &&
	    ledger_is_required() && guard_enforces()) {
		bpf_obj_drop(next);
		a.reason = CORDON_REASON_LEDGER_FULL;
		return access_errno(access_refuse(&a));
	}
	if (cordon_clearance_rises(s->clearance, next->clearance) ||
	    (next->flags & CORDON_SUBJECT_STARTING))
		bpf_bprm_opts_set(bprm, BPF_F_BPRM_SECUREEXEC_FLAG);
	next = bpf_kptr_xchg(&slot->pending, next);
	if (next)
		bpf_obj_drop(next);
	return 0;
}

/* True when the file behind a descriptor carries no label that could matter. */
__subprogram int descriptor_is_plain(__u64 address)
{
	struct file *file = kernel_object(file, address);
	struct inode *inode = file->f_inode;
	__u32 type;
	struct walk w = {};

	if (!inode)
		return 0;
	if (file_is_ring((__u64)file->f_op))
		return 0;
	type = inode->i_mode & S_IFMT;
	if (type == S_IFIFO || type == S_IFSOCK)
		return 1; /* looked at at each use anyway */
	if (BPF_CORE_READ(inode, i_sb, s_magic) == PROC_SUPER_MAGIC)
		return 0; /* it may be another's memory */
	w.entry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	w.generation = control.generation;
	path_place(&w);
	if (w.place.reason || w.place.label)
		return 0;
	return !(w.place.flags &
		 (CORDON_OBJECT_FLOATS | CORDON_OBJECT_PROCESS | CORDON_OBJECT_EGRESS));
}

/* Of all descriptors: the file of @fd, 0: none. False: it cannot be read. */
static __always_inline bool descriptor_file(struct fdtable *table, __u32 fd, __u64 *word,
					    __u64 *file)
{
	*file = 0;
	if ((fd & 63) == 0 && bpf_probe_read_kernel(word, sizeof(*word), table->open_fds + fd / 64))
		return false;
	if (!((*word >> (fd & 63)) & 1))
		return true;
	return !bpf_probe_read_kernel(file, sizeof(*file), table->fd + fd);
}

/* True when an open descriptor is an io_uring, or could be. @address is a struct fdtable's. */
__subprogram int descriptors_have_ring(__u64 address)
{
	struct fdtable *table = kernel_object(fdtable, address);
	__u64 word = 0, file = 0;
	__u32 fd, max;

	if (!address)
		return 0;
	max = table->max_fds;
	bpf_for(fd, 0, max) {
		if (!descriptor_file(table, fd, &word, &file))
			return 1;
		if (file && file_is_ring((__u64)kernel_object(file, file)->f_op))
			return 1;
	}
	return 0;
}

/* True when every open descriptor is plain, within the bound. */
__subprogram int descriptors_are_plain(__u64 address)
{
	struct fdtable *table = kernel_object(fdtable, address);
	__u64 word = 0, file = 0;
	__u32 fd, max;

	if (!address)
		return 0;
	max = table->max_fds;
	bpf_for(fd, 0, max) {
		if (!descriptor_file(table, fd, &word, &file))
			return 0;
		if (file && (fd >= DESCRIPTOR_WORDS * 64 || !descriptor_is_plain(file)))
			return 0;
	}
	return 1;
}

/*
 * A ring that comes along was made by who may hold nothing, and others may
 * hold it still: nothing rises (bypass M11).
 */
static __always_inline void subject_strip(struct subject *next)
{
	struct access a = {};

	if (!subject_does_without_ring(next))
		return;
	a.operation = CORDON_OPERATION_IO_URING;
	a.reason = CORDON_REASON_MECHANISM;
	if (access_refuse(&a) == GO_AHEAD)
		return;
	next->clearance = CORDON_LABEL_UNCLASSIFIED;
	next->flags &= ~CORDON_SUBJECT_TRUSTED;
	next->rule = 0;
}

/*
 * The other threads are dead and the descriptors are the task's own: what came
 * between the judgement and here, a taint, a descriptor, a lower ceiling, is
 * taken over now (bypasses F8, F9).
 */
static __always_inline void subject_catch_up(struct subject *next, const struct subject *now)
{
	next->taint |= now->taint;
	next->ceiling &= now->ceiling;
	next->clearance &= now->ceiling;
	next->flags |= now->flags & CORDON_SUBJECT_FOREIGN;
}

SEC("lsm/bprm_committing_creds")
void BPF_PROG(hook_bprm_committing_creds, const struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0);
	__u64 comm[CORDON_COMM_BYTES / 8] = {};
	struct subject *next, *old, *now;
	__u64 table;

	if (!slot)
		return;
	next = bpf_kptr_xchg(&slot->pending, NULL);
	/* Without a successor the task loses its subject: then nothing is allowed. */
	if (next) {
		bpf_get_current_comm(comm, sizeof(comm));
		next->comm[0] = comm[0];
		next->comm[1] = comm[1];
		now = slot->subject;
		if (now)
			subject_catch_up(next, now);
		if (next->flags & CORDON_SUBJECT_FOREIGN) {
			table = (__u64)BPF_CORE_READ(task, files, fdt);
			if (descriptors_are_plain(table)) {
				next->flags &= ~CORDON_SUBJECT_FOREIGN;
				next->generation = control.generation;
			} else if (descriptors_have_ring(table)) {
				subject_strip(next);
			}
		}
	} else if (guard_is_off()) {
		return;
	}
	old = bpf_kptr_xchg(&slot->subject, next);
	if (old)
		bpf_obj_drop(old);
}

/* A clearance was given: that is a decision, and it is recorded. */
SEC("lsm/bprm_committed_creds")
void BPF_PROG(hook_bprm_committed_creds, const struct linux_binprm *bprm)
{
	struct subject *s = subject_current();
	struct file *program = bprm->file;
	struct access a = {};

	if (!s || !s->clearance || guard_is_off())
		return;
	a.operation = CORDON_OPERATION_EXECUTE;
	a.reason = CORDON_REASON_EXEC;
	a.rule = s->rule;
	a.inode = (__u64)BPF_CORE_READ(program, f_inode);
	a.dentry = (__u64)BPF_CORE_READ(program, f_path.dentry);
	record_access(&a, CORDON_VERDICT_ALLOW);
}
