/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * R7 by name: what belongs to the guard, or steers the kernel, in file systems
 * that the kernel makes itself. A policy's paths do not help there, since
 * whoever may mount shows such a file system at any place (bypasses E2, E6, E8):
 * it is known by its magic number, the file by its name from the root on.
 */
#ifndef CORDON_GUARD_BPF_H
#define CORDON_GUARD_BPF_H

#include "maps.bpf.h"

#define GUARD_NAME_BYTES 24
#define GUARD_CLIMB	 8 /* names from the file upwards that are looked at */
#define UNIT_NAME	 "cordond.service"

/* Empty: any. */
struct guard_name {
	__u64 magic;
	__u32 depth; /* names below the root; 0: any */
	__u32 reserved;
	char name[GUARD_NAME_BYTES];
	char above[GUARD_NAME_BYTES]; /* the name before it; with @depth 0: any before it */
};

/* The same words for the file and for what is above it. */
struct guard_place {
	__u64 magic;
	__u64 entry;
	__u32 depth;
	__u32 reserved;
	__u64 name[GUARD_NAME_BYTES / 8];
	__u64 above[GUARD_NAME_BYTES / 8];
};

#define CGROUP_LIMITS(X) \
	X("cgroup.freeze") X("cgroup.kill") X("memory.max") X("memory.high") X("cpu.max")
#define OF_THE_UNIT(file)  { CGROUP2_SUPER_MAGIC, 0, 0, file, UNIT_NAME },
#define OF_ITS_SLICE(file) { CGROUP2_SUPER_MAGIC, 2, 0, file, "system.slice" },

static const struct guard_name guard_names[] = {
	/* What the kernel runs, or how far it can be trusted (bypasses M1, A15, E6, E8). */
	{ PROC_SUPER_MAGIC, 3, 0, "ftrace_enabled", "kernel" },
	{ PROC_SUPER_MAGIC, 3, 0, "core_pattern", "kernel" },
	{ PROC_SUPER_MAGIC, 3, 0, "modprobe", "kernel" },
	{ PROC_SUPER_MAGIC, 3, 0, "hotplug", "kernel" },
	{ PROC_SUPER_MAGIC, 3, 0, "poweroff_cmd", "kernel" },
	{ PROC_SUPER_MAGIC, 4, 0, "", "usermodehelper" },
	{ PROC_SUPER_MAGIC, 4, 0, "", "firmware_config" },
	{ PROC_SUPER_MAGIC, 1, 0, "sysrq-trigger", "" },
	{ PROC_SUPER_MAGIC, 1, 0, "kcore", "" },
	{ SYSFS_MAGIC, 2, 0, "uevent_helper", "kernel" },
	{ SYSFS_MAGIC, 4, 0, "path", "parameters" }, /* module/firmware_class */
	{ SYSFS_MAGIC, 0, 0, "", "livepatch" },
	{ BINFMTFS_MAGIC, 0, 0, "", "" },
	{ CGROUP_SUPER_MAGIC, 0, 0, "release_agent", "" },
	{ TRACEFS_MAGIC, 0, 0, "", "" },
	{ DEBUGFS_MAGIC, 0, 0, "", "" },
	/* What stops the controller (bypass E3). */
	CGROUP_LIMITS(OF_THE_UNIT) CGROUP_LIMITS(OF_ITS_SLICE)
	/* The pins (bypasses M2, E2). */
	{ BPF_FS_MAGIC, 1, 0, "cordon", "" },
	{ BPF_FS_MAGIC, 0, 0, "", "cordon" },
};

#define GUARD_NAME_COUNT (sizeof(guard_names) / sizeof(guard_names[0]))

static __always_inline void guard_read_name(__u64 *to, struct dentry *entry)
{
	to[0] = to[1] = to[2] = 0;
	bpf_probe_read_kernel_str(to, GUARD_NAME_BYTES, entry->d_name.name);
}

/* @wanted is empty, or the very name. */
static __always_inline bool guard_is_name(const char *wanted, const __u64 *name)
{
	const __u64 *words = (const __u64 *)wanted;

	return !words[0] || (words[0] == name[0] && words[1] == name[1] && words[2] == name[2]);
}

/* Whether a name above @p is @wanted, within the bound. */
__subprogram int guard_is_below(struct guard_place *p, __u32 index)
{
	struct dentry *entry;
	__u32 i;

	if (!p || index >= GUARD_NAME_COUNT)
		return 0;
	entry = kernel_object(dentry, p->entry);
	bpf_for(i, 0, GUARD_CLIMB) {
		struct dentry *parent = entry->d_parent;
		__u64 name[GUARD_NAME_BYTES / 8];

		if ((__u64)parent == (__u64)entry)
			return 0;
		guard_read_name(name, parent);
		if (guard_is_name(guard_names[index].above, name))
			return 1;
		entry = parent;
	}
	return 0;
}

__subprogram int guard_is_named(struct guard_place *p)
{
	__u32 i;

	if (!p)
		return 0;
	bpf_for(i, 0, GUARD_NAME_COUNT) {
		const struct guard_name *row;

		if (i >= GUARD_NAME_COUNT)
			break;
		row = &guard_names[i];
		if (row->magic != p->magic || !guard_is_name(row->name, p->name))
			continue;
		if (row->depth ? row->depth == p->depth && guard_is_name(row->above, p->above) :
				 !row->above[0] || guard_is_below(p, i))
			return 1;
	}
	return 0;
}

/* /proc/PID/... of the controller: oom_score_adj, mem, and what is there besides. */
static __always_inline bool guard_is_controllers(__u64 address)
{
	struct proc_inode *inode;
	struct pid *pid;
	__u64 task;

	if (!guard.controller_pid || !address)
		return false;
	inode = kernel_object(proc_inode,
			      address - bpf_core_field_offset(struct proc_inode, vfs_inode));
	pid = inode->pid;
	task = pid ? (__u64)BPF_CORE_READ(pid, tasks[0].first) : 0;
	if (!task)
		return false;
	task -= bpf_core_field_offset(struct task_struct, pid_links[0]);
	return kernel_object(task_struct, task)->tgid == (__s32)guard.controller_pid;
}

static __always_inline bool guard_is_kernels_own(__u64 magic)
{
	return magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC || magic == BINFMTFS_MAGIC ||
	       magic == CGROUP_SUPER_MAGIC || magic == CGROUP2_SUPER_MAGIC ||
	       magic == TRACEFS_MAGIC || magic == DEBUGFS_MAGIC || magic == BPF_FS_MAGIC;
}

/*
 * What R7 asks for at an entry with @depth names below the root of its file
 * system: CORDON_OBJECT_GUARD or nothing.
 */
__subprogram __u32 guard_of_entry(__u64 address, __u32 depth)
{
	struct dentry *entry = kernel_object(dentry, address);
	struct guard_place p = { .entry = address, .depth = depth };

	p.magic = BPF_CORE_READ(entry, d_sb, s_magic);
	if (!guard_is_kernels_own(p.magic))
		return 0;
	if (p.magic == PROC_SUPER_MAGIC && guard_is_controllers((__u64)entry->d_inode))
		return CORDON_OBJECT_GUARD;
	guard_read_name(p.name, entry);
	guard_read_name(p.above, entry->d_parent);
	return guard_is_named(&p) ? CORDON_OBJECT_GUARD : 0;
}

#endif /* CORDON_GUARD_BPF_H */
