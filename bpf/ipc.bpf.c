// SPDX-License-Identifier: GPL-2.0-only
/* R4: one subject acts on another; keys. */
#include "act.bpf.h"

/* ptrace, process_vm_readv, /proc/PID/mem, fd, map_files, pidfd_getfd (bypasses B3, B6, B9). */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hook_ptrace_access_check, struct task_struct *child, unsigned int mode)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, child, 0, 0);
	struct subject *s = subject_current();

	if (guard_is_off())
		return 0;
	/* Whoever may look at this memory is found when it rises. */
	reader_announce((__u64)child->mm);
	/* Files of procfs that lead to it are judged at each use (hook_file_permission). */
	if (s && (mode & PTRACE_MODE_FSCREDS))
		s->flags |= CORDON_SUBJECT_FOREIGN;
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

/*
 * Keys have no label: they are unclassified, so a tainted subject changes and makes none
 * (bypass B19). Keyrings that the kernel makes for it, by names of the kernel's, hold nothing yet.
 */
static __always_inline int access_key_write(void)
{
	struct subject *s = subject_current();
	struct access a = {};

	if (s && !s->taint && !(s->flags & CORDON_SUBJECT_FORKING))
		return 0;
	a.operation = CORDON_OPERATION_WRITE;
	return access_errno(access_write(&a));
}

SEC("lsm/key_permission")
int BPF_PROG(hook_key_permission, key_ref_t key, const struct cred *cred, enum key_need_perm wanted)
{
	if (guard_is_off() ||
	    (wanted != KEY_NEED_WRITE && wanted != KEY_NEED_SETATTR && wanted != KEY_NEED_UNLINK))
		return 0;
	return access_key_write();
}

/* Also for request_key, which would hand the name to a helper, and that to a resolver. */
SEC("lsm/key_alloc")
int BPF_PROG(hook_key_alloc, struct key *key, const struct cred *cred, unsigned long flags)
{
	if (guard_is_off() ||
	    (flags & (KEY_ALLOC_QUOTA_OVERRUN | KEY_ALLOC_NOT_IN_QUOTA | KEY_ALLOC_UID_KEYRING)))
		return 0;
	return access_key_write();
}
