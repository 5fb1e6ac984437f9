// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where file systems lie. A policy names paths; a file system that is mounted
 * while a policy is active gets the automaton states of its mount point before
 * anybody can open a file on it, without waiting for the controller.
 */
#include "access.bpf.h"

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
	sb.label |= device_label(device, generation);
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

SEC("lsm/sb_mount")
int BPF_PROG(hook_sb_mount, const char *dev_name, const struct path *path, const char *type,
	     unsigned long flags)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	struct cordon_superblock at = {};
	struct access a = {};
	__u64 dentry;

	if (guard_is_off() || (flags & (MS_REMOUNT | MS_BIND | MS_MOVE | MS_PROPAGATION)))
		return 0;
	dentry = (__u64)BPF_CORE_READ(path, dentry);
	a.operation = CORDON_OPERATION_MOUNT;
	a.dentry = dentry;
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
	struct cordon_superblock at;
	struct access a = {};

	if (guard_is_off() || !slot || !slot->mount_generation)
		return 0;
	at = slot->mount;
	if (slot->mount_generation == control.generation &&
	    !superblock_place(sb->s_dev, &at, control.generation)) {
		slot->mount_generation = 0;
		return 0;
	}
	slot->mount_generation = 0;
	a.operation = CORDON_OPERATION_MOUNT;
	a.reason = CORDON_REASON_NO_OBJECT;
	return access_errno(access_refuse(&a));
}

SEC("lsm/move_mount")
int BPF_PROG(hook_move_mount, const struct path *from, const struct path *to)
{
	__u32 generation = control.generation, device;
	struct cordon_superblock at = {};
	struct access a = {};
	struct dentry *root;
	void *known;

	if (guard_is_off())
		return 0;
	root = BPF_CORE_READ(from, dentry);
	if ((__u64)BPF_CORE_READ(root, d_sb, s_root) != (__u64)root)
		return 0; /* a part of a file system, which has its place */
	device = BPF_CORE_READ(root, d_sb, s_dev);
	known = generation_map(&superblocks, generation);
	if (known && bpf_map_lookup_elem(known, &device))
		return 0;
	a.operation = CORDON_OPERATION_MOUNT;
	a.dentry = (__u64)BPF_CORE_READ(to, dentry);
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
}
