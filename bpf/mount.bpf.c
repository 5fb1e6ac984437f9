// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where file systems lie. A policy names paths; a file system that is mounted
 * while a policy is active gets the automaton states of its mount point before
 * anybody can open a file on it, without waiting for the controller.
 */
#include "access.bpf.h"

#define FS_REQUIRES_DEV 1
#define SB_KERNMOUNT	(1 << 22)

/* What a `device` rule says of the disk that a file system is on. */
static __always_inline __u64 device_label(__u32 device, __u32 generation)
{
	__u64 key = (1ULL << 32) | device, *label;
	void *inner = generation_map(&devices, generation);

	label = inner ? bpf_map_lookup_elem(inner, &key) : NULL;
	return label ? *label : CORDON_LABEL_UNCLASSIFIED;
}

/*
 * Adds the places @add to those of a file system; too many are counted, and
 * denied at use. What is mounted later gives no clearances: `granting` stays.
 */
__subprogram int superblock_place(__u32 device, struct cordon_superblock *add, __u32 generation)
{
	void *known = generation_map(&superblocks, generation);
	struct cordon_superblock sb = {}, *old;

	if (!known || !add)
		return 0;
	old = bpf_map_lookup_elem(known, &device);
	if (old)
		sb = *old;
	sb.label |= add->label | device_label(device, generation);
	for (__u32 i = 0; i < CORDON_MOUNTS_PER_SUPERBLOCK; i++) {
		__u32 k;

		if (i >= add->count)
			break;
		for (k = 0; k < CORDON_MOUNTS_PER_SUPERBLOCK; k++)
			if (k < sb.count && sb.state[k] == add->state[i])
				break;
		if (k < CORDON_MOUNTS_PER_SUPERBLOCK)
			continue;
		for (k = 0; k < CORDON_MOUNTS_PER_SUPERBLOCK; k++)
			if (k == sb.count)
				sb.state[k] = add->state[i];
		sb.count++;
	}
	return bpf_map_update_elem(known, &device, &sb, 0);
}

/* The automaton's states at a mount point. 0, or a reason. */
__subprogram int mount_point_look(struct cordon_superblock *at, __u64 dentry, __u32 generation)
{
	struct walk w = {};

	if (!at)
		return CORDON_REASON_NO_OBJECT;
	__builtin_memset(at, 0, sizeof(*at));
	w.entry = dentry;
	w.generation = generation;
	path_place(&w);
	if (w.place.reason)
		return w.place.reason;
	at->count = w.count;
	for (__u32 i = 0; i < CORDON_MOUNTS_PER_SUPERBLOCK; i++)
		at->state[i] = w.state[i];
	return 0;
}

/* The source and the options of a mount are read by all: a mount is a write (A16). */
static __always_inline bool subject_is_tainted(void)
{
	struct subject *s = subject_current();

	return !s || s->taint;
}

/*
 * A new view of what is on a disk (bypass A9): a file system that was not
 * mounted before, of a kind that needs one. The mounter reads the disk, and
 * what he mounts keeps the disk's label. A trusted subject says by the place
 * what is on it, as the administrator did for what was mounted at the load.
 */
struct new_view {
	__u64 superblock; /* in: its address */
	__u64 label; /* out: least label of everything on it */
};

__subprogram int mount_view(struct new_view *view)
{
	struct cordon_policy *policy = policy_of(control.generation);
	struct subject *s = subject_current();
	struct super_block *sb;
	struct access a = {};
	__u32 device;
	__u64 key, *rule;
	void *inner;
	int outcome;

	if (!view)
		return REFUSED;
	view->label = 0;
	sb = kernel_object(super_block, view->superblock);
	device = sb->s_dev;
	inner = generation_map(&superblocks, control.generation);
	if (!(sb->s_type->fs_flags & FS_REQUIRES_DEV) ||
	    (inner && bpf_map_lookup_elem(inner, &device)))
		return GO_AHEAD;
	a.operation = CORDON_OPERATION_MOUNT;
	a.dentry = (__u64)sb->s_root;
	if (!policy) {
		a.reason = CORDON_REASON_NO_POLICY;
		return access_refuse(&a);
	}
	a.label = policy->high;
	inner = generation_map(&devices, control.generation);
	if (sb->s_bdev && inner) {
		key = (1ULL << 32) | sb->s_bdev->bd_dev;
		rule = bpf_map_lookup_elem(inner, &key);
		if (rule)
			a.label = *rule;
	}
	outcome = access_decide(&a, WANTS_READ);
	if (outcome || !a.label)
		return outcome;
	if (s && s->flags & CORDON_SUBJECT_TRUSTED) {
		a.reason = CORDON_REASON_TRUSTED;
		return access_allow_recorded(&a);
	}
	view->label = a.label;
	return GO_AHEAD;
}

/* Kinds of file systems whose files are on another host (bypass D20). */
static const char remote_kinds[][8] = { "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "coda" };

static __always_inline bool kind_is_remote(const char *name)
{
	__u64 text = 0;

	if (bpf_probe_read_kernel_str(&text, sizeof(text), name) <= 0)
		return true;
	for (__u32 i = 0; i < sizeof(remote_kinds) / sizeof(remote_kinds[0]); i++)
		if (text == *(const __u64 *)remote_kinds[i])
			return true;
	return false;
}

/*
 * What is written to a network file system leaves in packets of the kernel's
 * own, past the rules of hosts. Every mount names its source through here, and
 * each parameter of fsconfig(2), which whoever holds the context reads in its
 * log, and all in the options of the mount.
 */
SEC("lsm/fs_context_parse_param")
int BPF_PROG(hook_fs_context_parse_param, struct fs_context *fc, struct fs_parameter *param)
{
	struct access a = {};
	int outcome;

	if (guard_is_off())
		return -ENOPARAM; /* ours are none of the parameters */
	if (subject_is_tainted() &&
	    BPF_CORE_READ_BITFIELD(fc, purpose) != FS_CONTEXT_FOR_SUBMOUNT &&
	    !(fc->sb_flags & SB_KERNMOUNT)) {
		a.operation = CORDON_OPERATION_MOUNT;
		if (access_write(&a))
			return -EACCES;
	}
	if (!kind_is_remote(BPF_CORE_READ(fc, fs_type, name)))
		return -ENOPARAM;
	outcome = access_mechanism(CORDON_OPERATION_MOUNT, CORDON_REASON_MECHANISM);
	return outcome ? -EACCES : -ENOPARAM;
}

SEC("lsm/sb_mount")
int BPF_PROG(hook_sb_mount, const char *dev_name, const struct path *path, const char *type,
	     unsigned long flags)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	struct cordon_superblock at = {};
	struct access a = {};
	__u64 dentry;
	int outcome;

	if (guard_is_off())
		return 0;
	dentry = (__u64)BPF_CORE_READ(path, dentry);
	a.operation = CORDON_OPERATION_MOUNT;
	a.dentry = dentry;
	if (subject_is_tainted() && (outcome = access_place(&a, WANTS_WRITE)))
		return access_errno(outcome);
	if (flags & (MS_BIND | MS_MOVE | MS_PROPAGATION | MS_REMOUNT))
		return 0;
	if (!slot) {
		a.reason = CORDON_REASON_NO_SUBJECT;
		return access_errno(access_refuse(&a));
	}
	slot->mount_generation = 0;
	a.reason = mount_point_look(&at, dentry, control.generation);
	slot->mount = at;
	if (a.reason)
		return access_errno(access_refuse(&a));
	slot->mount_generation = control.generation;
	return 0;
}

/* mount(2): same task, after sb_mount. fsopen(2): move_mount says where. */
SEC("lsm/sb_kern_mount")
int BPF_PROG(hook_sb_kern_mount, const struct super_block *sb)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	struct new_view view = { .superblock = (__u64)sb };
	struct cordon_superblock at = {};
	struct access a = {};
	int outcome;

	if (guard_is_off())
		return 0;
	outcome = mount_view(&view);
	if (outcome)
		return access_errno(outcome);
	a.operation = CORDON_OPERATION_MOUNT;
	a.reason = CORDON_REASON_NO_OBJECT;
	if (slot && slot->mount_generation) {
		at = slot->mount;
		if (slot->mount_generation != control.generation)
			a.reason = CORDON_REASON_UNSTABLE;
		else
			a.reason = CORDON_REASON_NONE;
		slot->mount_generation = 0;
	} else if (view.label) {
		a.reason = CORDON_REASON_NONE;
	} else {
		return 0;
	}
	at.label = view.label;
	if (!a.reason && superblock_place(sb->s_dev, &at, control.generation))
		a.reason = CORDON_REASON_NO_OBJECT;
	return a.reason ? access_errno(access_refuse(&a)) : 0;
}

SEC("lsm/move_mount")
int BPF_PROG(hook_move_mount, const struct path *from, const struct path *to)
{
	__u32 generation = control.generation, device;
	struct cordon_superblock at = {}, *placed;
	struct access a = {};
	struct dentry *root;
	void *known;
	int outcome;

	if (guard_is_off())
		return 0;
	a.operation = CORDON_OPERATION_MOUNT;
	a.dentry = (__u64)BPF_CORE_READ(to, dentry);
	if (subject_is_tainted() && (outcome = access_place(&a, WANTS_WRITE)))
		return access_errno(outcome);
	root = BPF_CORE_READ(from, dentry);
	if ((__u64)BPF_CORE_READ(root, d_sb, s_root) != (__u64)root)
		return 0; /* a part of a file system, which has its place */
	device = BPF_CORE_READ(root, d_sb, s_dev);
	known = generation_map(&superblocks, generation);
	placed = known ? bpf_map_lookup_elem(known, &device) : NULL;
	if (placed && placed->count)
		return 0;
	a.reason = mount_point_look(&at, a.dentry, generation);
	if (!a.reason && superblock_place(device, &at, generation))
		a.reason = CORDON_REASON_NO_OBJECT;
	return a.reason ? access_errno(access_refuse(&a)) : 0;
}

/* Anonymous device numbers are used again: the next file system starts anew. */
SEC("lsm/sb_delete")
void BPF_PROG(hook_sb_delete, struct super_block *sb)
{
	void *known = generation_map(&superblocks, control.generation);
	__u32 device = sb->s_dev;

	if (known)
		bpf_map_delete_elem(known, &device);
	bpf_map_delete_elem(&label_marks, &device);
}
