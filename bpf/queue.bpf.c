// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V message queues and semaphores, and POSIX message queues. The first two have a label of
 * their own that floats, kept under the address of what the kernel checks permissions on; System V
 * shared memory is memory without a name (file.bpf.c). POSIX queues have no hook but the one that
 * both kinds of messages are made with.
 */
#include "access.bpf.h"

struct ipc_label {
	__u64 floating; /* join of the taints of all who wrote */
	__u64 settled; /* as in struct object */
};

/* Written by tainted writers only, deleted with the queue or the semaphores. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct ipc_label);
} ipc_labels SEC(".maps");

/* How many there ever were: as long as there is none nobody looks for one. */
__u64 ipc_labelled SEC(".data.control") = 0;

static __always_inline struct ipc_label *ipc_label_of(__u64 key)
{
	return ipc_labelled ? bpf_map_lookup_elem(&ipc_labels, &key) : NULL;
}

/* The same, for a tainted writer: made where there is none. */
static __always_inline struct ipc_label *ipc_label_make(__u64 key)
{
	const struct ipc_label none = {};

	__sync_fetch_and_add(&ipc_labelled, 1);
	bpf_map_update_elem(&ipc_labels, &key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&ipc_labels, &key);
}

/* A read, R1: announced first, as with pipes (rise.bpf.h). */
static __always_inline int access_ipc_read(__u64 key)
{
	struct ipc_label *known;
	struct access a;

	reader_announce(key);
	known = ipc_label_of(key);
	if (!known || !known->floating)
		return GO_AHEAD;
	__builtin_memset(&a, 0, sizeof(a));
	a.operation = CORDON_OPERATION_READ;
	a.flags = CORDON_OBJECT_FLOATS;
	a.label = known->floating;
	return access_decide(&a, WANTS_READ);
}

/* A write, R2: the label takes the taint, and no reader of before is left. */
static __always_inline int access_ipc_write(__u64 key)
{
	struct subject *s = subject_current();
	struct ipc_label *known;
	struct access a;
	int outcome;

	if (s && !s->taint && !(s->flags & CORDON_SUBJECT_FORKING))
		return GO_AHEAD;
	known = s ? ipc_label_make(key) : NULL;
	__builtin_memset(&a, 0, sizeof(a));
	a.operation = CORDON_OPERATION_WRITE;
	a.flags = CORDON_OBJECT_FLOATS;
	if (!s || !known) {
		a.reason = s ? CORDON_REASON_NO_OBJECT : CORDON_REASON_NO_SUBJECT;
		return access_refuse(&a);
	}
	__sync_fetch_and_or(&known->floating, s->taint);
	a.label = known->floating;
	if (!rises_are_held() || cordon_label_dominates(known->settled, s->taint))
		return GO_AHEAD;
	a.channel = key;
	outcome = readers_flush(&a, s->taint);
	if (outcome || a.reason)
		return outcome ? outcome : access_refuse(&a);
	__sync_fetch_and_or(&known->settled, s->taint);
	return GO_AHEAD;
}

/* Before a message is received, before any of the state is shown. */
SEC("lsm/ipc_permission")
int BPF_PROG(hook_ipc_permission, struct kern_ipc_perm *perm, short flag)
{
	if (guard_is_off() || !(flag & S_IRUGO))
		return 0;
	return access_errno(access_ipc_read((__u64)perm));
}

SEC("lsm/msg_queue_msgsnd")
int BPF_PROG(hook_msg_queue_msgsnd, struct kern_ipc_perm *perm)
{
	return guard_is_off() ? 0 : access_errno(access_ipc_write((__u64)perm));
}

/*
 * A message goes to @target, which may be a receiver that has waited since before the message came:
 * to no one whose taint does not show what it carries.
 */
SEC("lsm/msg_queue_msgrcv")
int BPF_PROG(hook_msg_queue_msgrcv, struct kern_ipc_perm *perm, struct msg_msg *msg,
	     struct task_struct *target)
{
	struct ipc_label *known = ipc_label_of((__u64)perm);
	struct task_slot *slot;
	struct subject *s;

	if (!known || !known->floating || !guard_enforces())
		return 0;
	slot = bpf_task_storage_get(&tasks, target, 0, 0);
	s = slot ? slot->subject : NULL;
	if (s && cordon_label_dominates(s->taint, known->floating))
		return 0;
	return access_errno(access_broken(CORDON_OPERATION_READ, CORDON_REASON_READ_UP));
}

/* Whoever changes a semaphore learns how it stood. */
SEC("lsm/sem_semop")
int BPF_PROG(hook_sem_semop, struct kern_ipc_perm *perm, struct sembuf *operations,
	     unsigned int count, int alter)
{
	int outcome;

	if (guard_is_off())
		return 0;
	outcome = access_ipc_read((__u64)perm);
	if (outcome == GO_AHEAD && alter)
		outcome = access_ipc_write((__u64)perm);
	return access_errno(outcome);
}

/*
 * Owner and mode of any System V object are shown to all (/proc/sysvipc), whoever may read what is
 * in it: they are unclassified.
 */
static __always_inline int access_ipc_set(void)
{
	struct subject *s = subject_current();
	struct access a = {};

	if (s && !s->taint)
		return GO_AHEAD;
	a.operation = CORDON_OPERATION_ATTRIBUTE;
	return access_write(&a);
}

SEC("lsm/msg_queue_msgctl")
int BPF_PROG(hook_msg_queue_msgctl, struct kern_ipc_perm *perm, int command)
{
	return command != IPC_SET || guard_is_off() ? 0 : access_errno(access_ipc_set());
}

SEC("lsm/shm_shmctl")
int BPF_PROG(hook_shm_shmctl, struct kern_ipc_perm *perm, int command)
{
	return command != IPC_SET || guard_is_off() ? 0 : access_errno(access_ipc_set());
}

SEC("lsm/sem_semctl")
int BPF_PROG(hook_sem_semctl, struct kern_ipc_perm *perm, int command)
{
	int outcome;

	if (guard_is_off() || !perm)
		return 0;
	outcome = command == IPC_SET ? access_ipc_set() : access_ipc_read((__u64)perm);
	if (outcome == GO_AHEAD && (command == SEM_SETVAL || command == SEM_SETALL))
		outcome = access_ipc_write((__u64)perm);
	return access_errno(outcome);
}

static __always_inline void ipc_label_forget(__u64 key)
{
	if (ipc_labelled)
		bpf_map_delete_elem(&ipc_labels, &key);
}

SEC("lsm/msg_queue_free_security")
void BPF_PROG(hook_msg_queue_free_security, struct kern_ipc_perm *perm)
{
	ipc_label_forget((__u64)perm);
}

SEC("lsm/sem_free_security")
void BPF_PROG(hook_sem_free_security, struct kern_ipc_perm *perm)
{
	ipc_label_forget((__u64)perm);
}

/*
 * mq_send has no hook that knows the queue (bypasses M6, C6). The message is made before it goes
 * anywhere, and a tainted subject makes none for a POSIX queue.
 */
SEC("lsm/msg_msg_alloc_security")
int BPF_PROG(hook_msg_msg_alloc_security, struct msg_msg *msg)
{
	struct subject *s = subject_current();

	if (guard_is_off() || (s && !s->taint && !(s->flags & CORDON_SUBJECT_FORKING)))
		return 0;
	if (!system_call_is(SYSTEM_CALL_MQ_SEND, SYSTEM_CALL_MQ_SEND_COMPAT) &&
	    !system_call_is(SYSTEM_CALL_MQ_SEND64_COMPAT, SYSTEM_CALL_MQ_SEND64_COMPAT))
		return 0;
	return access_errno(access_mechanism(CORDON_OPERATION_WRITE, CORDON_REASON_MECHANISM));
}
