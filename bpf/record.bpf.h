/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a decided access to an audit record in the ring. Only denials,
 * raises, recorded reads and changes come here: the path of what is allowed
 * and needs no record never does.
 */
#ifndef CORDON_RECORD_BPF_H
#define CORDON_RECORD_BPF_H

#include "kfuncs.bpf.h"
#include "maps.bpf.h"
#include "path.bpf.h"
#include "subject.bpf.h"

/* What an exec leaves to accesses that make their record at once. */
#define RECORDS_SPARE 16

/* Identical denials within this time are counted in one record. */
#define COALESCE_NS 1000000000ULL

/* One access, as the decision and the record see it. Kernel addresses as numbers. */
struct access {
	__u64 inode; /* 0: no file object */
	__u64 dentry; /* 0: no path */
	__u64 label;
	__u32 flags; /* CORDON_OBJECT_* */
	__u32 rule;
	__u32 operation;
	__u32 reason;
	__u32 host; /* 1: the fields below are set */
	__u32 target_pid; /* the subject acted on; 0: none */
	union { /* an access has a target, a host or a file; the stack is small */
		struct {
			__u64 target_clearance;
			__u64 target_taint;
		};
		struct {
			__u64 rising; /* of a file: bits of @label that may not be stored yet */
			__u64 to; /* of a move: address of the new entry */
		};
		struct cordon_address address;
	};
	union {
		__u64 host_clearance;
		__u64 channel; /* address of what readers are announced for (rise.bpf.h) */
	};
	__u32 net_namespace;
	__u16 port;
	__u8 protocol;
	__u8 inbound;
	__u8 family;
	__u8 known;
	__u8 may_raise; /* RAISE_*: what a write-down may become */
	__u8 how; /* CORDON_RAISE_*: how the file is used whose label may rise */
};

#define RAISE_NOTHING 0
#define RAISE_OBJECT  1 /* the object's label, if it can keep one */
#define RAISE_NAME    2 /* nothing: a regular file's new name may be seen below */

struct record_text {
	char bytes[CORDON_PATH_BYTES];
};

/* Length of the path of @address, a '/' before each name. */
__subprogram __u32 record_path_length(__u64 address)
{
	struct dentry *entry = kernel_object(dentry, address);
	__u32 i, total = 0;

	bpf_for(i, 0, CORDON_DEPTH_MAX + 1) {
		struct dentry *parent = entry->d_parent;

		if ((__u64)parent == (__u64)entry)
			break;
		total += entry->d_name.len + 1;
		entry = parent;
	}
	return total;
}

/*
 * The path of @address relative to the root of its file system, its end where
 * it does not fit. Written from the last byte backwards, one byte a turn, so
 * that every index is bounded by a mask. Returns 1 when the beginning was cut.
 */
__subprogram int record_path(struct record_text *to, __u64 address)
{
	struct dentry *entry = kernel_object(dentry, address);
	__u32 total = record_path_length(address), end, left, i;

	if (!to)
		return 0;
	if (!total) {
		to->bytes[0] = '/';
		return 0;
	}
	end = total < CORDON_PATH_BYTES - 1 ? total : CORDON_PATH_BYTES - 1;
	left = entry->d_name.len;
	bpf_for(i, 0, CORDON_PATH_BYTES - 1) {
		char byte = '/';

		if (i >= end)
			break;
		if (left) {
			left--;
			bpf_probe_read_kernel(&byte, 1, entry->d_name.name + left);
		} else {
			entry = entry->d_parent;
			left = entry->d_name.len;
		}
		to->bytes[(end - 1 - i) & (CORDON_PATH_BYTES - 1)] = byte;
	}
	return total > CORDON_PATH_BYTES - 1;
}

static __always_inline void record_when(struct cordon_record *r)
{
	struct cordon_policy *policy = policy_of(control.generation);

	r->boot[0] = control.boot[0];
	r->boot[1] = control.boot[1];
	r->boottime_ns = bpf_ktime_get_boot_ns();
	r->realtime_ns = r->boottime_ns + control.wall_offset_ns;
	r->generation = control.generation;
	r->mode = guard_enforces() ? CORDON_MODE_ENFORCING : control.mode;
	if (policy) {
		r->policy_version = policy->version;
		__builtin_memcpy(r->policy_digest, policy->digest, sizeof(r->policy_digest));
	}
}

/* The calling task. The kernel's own structures say who it is. */
__subprogram int record_task(struct cordon_record *r)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	__u64 ids = bpf_get_current_uid_gid();
	struct file *exe = NULL;
	struct mm_struct *mm = task->mm;

	if (!r)
		return 0;
	r->pid = task->tgid;
	r->tid = task->pid;
	r->parent = BPF_CORE_READ(task, real_parent, tgid);
	r->uid = (__u32)ids;
	r->gid = ids >> 32;
	r->login_uid = BPF_CORE_READ(task, loginuid.val);
	r->session = BPF_CORE_READ(task, sessionid);
	r->start_ns = BPF_CORE_READ(leader, start_boottime);
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	if (mm)
		exe = BPF_CORE_READ(mm, exe_file);
	if (exe) {
		struct dentry *entry = BPF_CORE_READ(exe, f_path.dentry);

		r->exe_device = BPF_CORE_READ(exe, f_inode, i_sb, s_dev);
		r->exe_inode = BPF_CORE_READ(exe, f_inode, i_ino);
		if (record_path((struct record_text *)r->exe, (__u64)entry))
			r->flags |= CORDON_RECORD_EXE_CUT;
	}
	return 0;
}

static __always_inline void record_subject(struct cordon_record *r, struct subject *s, bool own)
{
	if (own)
		record_task(r);
	if (!s)
		return;
	if (!own) {
		r->pid = s->pid;
		r->uid = s->uid;
		((__u64 *)r->comm)[0] = s->comm[0];
		((__u64 *)r->comm)[1] = s->comm[1];
		r->login_uid = r->session = ~0U;
	}
	r->clearance = s->clearance;
	r->taint = s->taint;
	r->subject_flags = s->flags;
	r->subject_rule = s->rule;
}

__subprogram int record_object(struct cordon_record *r, struct access *a)
{
	if (!r || !a)
		return 0;
	if (a->inode) {
		struct inode *inode = kernel_object(inode, a->inode);

		r->flags |= CORDON_RECORD_HAS_OBJECT;
		r->object_inode = inode->i_ino;
		r->object_device = BPF_CORE_READ(inode, i_sb, s_dev);
	}
	if (a->dentry) {
		r->flags |= CORDON_RECORD_HAS_OBJECT;
		if (!a->inode) {
			struct dentry *entry = kernel_object(dentry, a->dentry);

			r->object_device = BPF_CORE_READ(entry, d_sb, s_dev);
		}
		if (record_path((struct record_text *)r->path, a->dentry))
			r->flags |= CORDON_RECORD_PATH_CUT;
	}
	r->object_label = a->label;
	r->object_flags = a->flags;
	if (a->host) {
		r->flags |= CORDON_RECORD_HAS_HOST;
		r->address = a->address;
		r->host_clearance = a->host_clearance;
		r->port = a->port;
		r->protocol = a->protocol;
		r->inbound = a->inbound;
		r->family = a->family;
		r->host_known = a->known;
		r->net_namespace = a->net_namespace;
	}
	if (a->target_pid) {
		r->flags |= CORDON_RECORD_HAS_TARGET;
		r->target_pid = a->target_pid;
		r->target_clearance = a->target_clearance;
		r->target_taint = a->target_taint;
	}
	return 0;
}

/* Room for fewer records than there are CPUs that could take it at this moment. */
static __always_inline bool records_are_full(void)
{
	return bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) >
	       RECORDS_BYTES - RECORDS_SPARE * sizeof(struct cordon_record);
}

static __always_inline struct cordon_record *record_reserve(void)
{
	struct cordon_record *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);

	count(CORDON_COUNTER_RECORDS);
	if (r) {
		__builtin_memset(r, 0, sizeof(*r));
		r->count = 1;
		return r;
	}
	count(CORDON_COUNTER_LOST);
	/* A number is taken even so: the gap shows it. */
	if (!module_is_there || cordon_record_lose())
		__sync_fetch_and_add(&record_sequence, 1);
	return NULL;
}

/*
 * The record is complete: the ledger gives it its place and its tag, then it goes. Without a
 * ledger it gets a number of the guard's own count.
 */
static __always_inline void record_seal(struct cordon_record *r)
{
	if (!module_is_there || cordon_record_seal(r, sizeof(*r))) {
		r->abi = CORDON_ABI_VERSION;
		r->bytes = sizeof(*r);
		r->chain = CORDON_CHAIN_NONE;
		r->class = CORDON_CLASS_ACCESS;
		r->sequence = __sync_fetch_and_add(&record_sequence, 1) + 1;
	}
}

/* Says how often the last denial was repeated since its record. */
static __always_inline int record_repeats(struct subject *s)
{
	struct cordon_record *r;
	__u64 repeats;

	repeats = __sync_lock_test_and_set(&s->denial_repeats, 0);
	if (!repeats)
		return 0;
	r = record_reserve();
	if (!r)
		return -EAGAIN;
	record_when(r);
	record_subject(r, s, false);
	r->verdict = guard_enforces() ? CORDON_VERDICT_DENY : CORDON_VERDICT_WOULD_DENY;
	r->reason = s->denial_what >> 32;
	r->operation = s->denial_what;
	r->count = repeats;
	r->repeats_of = s->denial_sequence;
	r->repeats_chain = s->denial_chain;
	record_seal(r);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

static __always_inline __u64 mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
	return hash ^ (hash >> 29);
}

static __always_inline __u64 access_key(const struct access *a)
{
	const __u64 *address = (const void *)&a->address;
	__u64 key = mix(a->operation, a->reason);

	key = mix(key, a->dentry ?: a->inode);
	key = mix(key, address[0]);
	key = mix(key, address[1]);
	key = mix(key, ((__u64)a->port << 16) | a->protocol << 8 | a->inbound);
	return mix(key, control.mode) | 1;
}

/* True when the last denial's record already stands for this one. */
static __always_inline bool record_coalesced(struct subject *s, __u64 key)
{
	__u64 now = bpf_ktime_get_boot_ns();

	if (s->denial_key == key && now - s->denial_ns < COALESCE_NS) {
		__sync_fetch_and_add(&s->denial_repeats, 1);
		count(CORDON_COUNTER_COALESCED);
		return true;
	}
	record_repeats(s);
	s->denial_key = key;
	s->denial_ns = now;
	return false;
}

/*
 * The record of an access of @s; @own where that is the calling task's.
 * 0, or -EAGAIN when it was lost (and counted).
 */
static __always_inline int record_access_of(struct access *a, struct subject *s, __u32 verdict,
					    bool own)
{
	bool denial = verdict == CORDON_VERDICT_DENY || verdict == CORDON_VERDICT_WOULD_DENY;
	struct cordon_record *r;

	if (s && denial && record_coalesced(s, access_key(a)))
		return 0;
	r = record_reserve();
	if (!r)
		return -EAGAIN;
	record_when(r);
	record_subject(r, s, own);
	record_object(r, a);
	r->verdict = verdict;
	r->reason = a->reason;
	r->operation = a->operation;
	r->rule = a->rule;
	record_seal(r);
	barrier_var(s); /* the verifier must see this test, not one that was merged */
	if (s && denial) {
		s->denial_sequence = r->sequence;
		s->denial_chain = r->chain;
		s->denial_what = (__u64)a->reason << 32 | a->operation;
	}
	bpf_ringbuf_submit(r, 0);
	return 0;
}

__subprogram int record_access(struct access *a, __u32 verdict)
{
	return a ? record_access_of(a, subject_current(), verdict, true) : 0;
}

#endif /* CORDON_RECORD_BPF_H */
