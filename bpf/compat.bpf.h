/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel offers to BPF but libbpf's headers do not declare, and the
 * few kernel constants that BTF does not carry. Every kernel from 6.12 on
 * has all of it: there is no version ladder here.
 */
#ifndef CORDON_COMPAT_BPF_H
#define CORDON_COMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/*
 * A global function: the verifier looks at it once for each program, not at
 * every call, and takes its arguments as plain memory and numbers. A kernel
 * address goes in as a member of a struct and is a number inside; what comes
 * out is a number without bounds. Its pointers may be NULL to the verifier.
 */
#define __subprogram __attribute__((noinline))

/* kernel/bpf/helpers.c */
extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *kptr, void *meta) __ksym;
extern void *bpf_refcount_acquire_impl(void *kptr, void *meta) __ksym;
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task,
			     unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

#define bpf_obj_new(type)	   ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define bpf_obj_drop(kptr)	   bpf_obj_drop_impl(kptr, NULL)
#define bpf_refcount_acquire(kptr) bpf_refcount_acquire_impl(kptr, NULL)

/* A kernel address as a typed pointer whose loads cannot fault. */
#define kernel_object(type, address)                             \
	((struct type *)bpf_rdonly_cast((const void *)(address), \
					bpf_core_type_id_kernel(struct type)))

/*
 * The superblock of a trusted inode, read without trust. At each pointer that is read through a
 * trusted one the verifier looks four times through all names of the kernel's types, whether the
 * field keeps the trust. In what every program contains that is most of the time that a load takes.
 */
#define superblock_of(inode_) (kernel_object(inode, inode_)->i_sb)

#ifndef bpf_for
/* A loop that the verifier does not unroll (include/linux/bpf.h: bpf_iter_num). */
#define bpf_for(i, start, end)                                                                   \
	for (struct bpf_iter_num _it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))), \
	     *_p __attribute__((unused)) = (bpf_iter_num_new(&_it, (start), (end)),              \
					    (void)bpf_iter_num_destroy, (void *)0);              \
	     ({                                                                                  \
		     int *_t = bpf_iter_num_next(&_it);                                          \
		     (_t ? ((i) = *_t) : ((i) = (end)), _t && (i) >= (start) && (i) < (end));    \
	     });)
#endif

/* include/uapi and include/linux: constants are no BTF. */
#define S_IFMT		       0170000
#define S_IFSOCK	       0140000
#define S_IFREG		       0100000
#define S_IFBLK		       0060000
#define S_IFDIR		       0040000
#define S_IFCHR		       0020000
#define S_IFIFO		       0010000
#define FMODE_READ	       0x1
#define FMODE_WRITE	       0x2
#define FMODE_EXEC	       0x20
#define FMODE_PATH	       0x4000
#define FMODE_CREATED	       0x100000
#define MAY_EXEC	       0x1
#define MAY_WRITE	       0x2
#define MAY_READ	       0x4
#define MAY_APPEND	       0x8
#define PROT_READ	       0x1
#define PROT_WRITE	       0x2
#define PROT_EXEC	       0x4
#define MAP_TYPE_MASK	       0x0f
#define MAP_SHARED	       0x01
#define MAP_SHARED_VALIDATE    0x03
#define VM_WRITE	       0x2
#define VM_SHARED	       0x8
#define SB_NOUSER	       (1u << 31)
#define SB_NODIRATIME	       2048
#define O_TRUNC_FLAG	       01000
#define O_TMPFILE_FLAG	       020000000
#define DCACHE_DISCONNECTED    0x20
#define ANON_INODE_FS_MAGIC    0x09041934
#define TMPFS_MAGIC	       0x01021994
#define PROC_SUPER_MAGIC       0x9fa0
#define SECRETMEM_MAGIC	       0x5345434d
#define PROC_SUPER_MAGIC       0x9fa0
#define SYSFS_MAGIC	       0x62656572
#define DEBUGFS_MAGIC	       0x64626720
#define TRACEFS_MAGIC	       0x74726163
#define BINFMTFS_MAGIC	       0x42494e4d
#define CGROUP_SUPER_MAGIC     0x27e0eb
#define CGROUP2_SUPER_MAGIC    0x63677270
#define BPF_FS_MAGIC	       0xcafe4a11
#define MEM_MAJOR	       1
#define MISC_MAJOR	       10
#define FB_MAJOR	       29
#define TTY_MAJOR	       4
#define TTYAUX_MAJOR	       5
#define VCS_MAJOR	       7
#define UNIX98_PTY_SLAVE_MAJOR 136
#define ATTR_SIZE	       (1 << 3)
#define CLONE_VM	       0x100
#define CLONE_FILES	       0x400
#define PF_EXITING	       0x00000004
#define PF_SIGNALED	       0x00000400
#define PF_KTHREAD	       0x00200000
#define INADDR_LOOPBACK	       0x7f000001
#define AF_UNSPEC	       0
#define AF_UNIX		       1
#define AF_INET		       2
#define AF_INET6	       10
#define AF_NETLINK	       16
#define SOL_IP		       0
#define SOL_IPV6	       41
#define MSG_FASTOPEN	       0x20000000
#define MSG_ERRQUEUE	       0x2000
#define ETH_P_IP	       0x0800
#define ETH_P_IPV6	       0x86dd
#define LSM_UNSAFE_SHARE       1
#define LSM_UNSAFE_PTRACE      2
#define EPERM		       1
#define EAGAIN		       11
#define EACCES		       13
#define EXDEV		       18
#define ENOPARAM	       519 /* include/linux/errno.h */
#define ERESTARTNOINTR	       513 /* the system call begins anew */
#define EOPNOTSUPP	       95
#define EINVAL		       22
#define ESRCH		       3
/* arch/x86/entry/syscalls: in 64-bit programs, and in 32-bit ones */
#define SYSTEM_CALL_SENDFILE	      40
#define SYSTEM_CALL_SENDFILE_COMPAT   187
#define SYSTEM_CALL_SENDFILE64_COMPAT 239
#define SYSTEM_CALL_SPLICE	      275
#define SYSTEM_CALL_SPLICE_COMPAT     313
#define SYSTEM_CALL_VMSPLICE	      278
#define SYSTEM_CALL_VMSPLICE_COMPAT   316
#define SYSTEM_CALL_MQ_SEND	      242
#define SYSTEM_CALL_MQ_SEND_COMPAT    279
#define SYSTEM_CALL_MQ_SEND64_COMPAT  418
#define MS_REMOUNT		      32
#define MS_BIND			      4096
#define MS_MOVE			      8192
#define MS_PROPAGATION		      ((1 << 17) | (1 << 18) | (1 << 19) | (1 << 20))

#define S_IRUGO			00444
#define IPC_SET			1
#define SEM_SETVAL		16
#define SEM_SETALL		17
#define KEY_ALLOC_QUOTA_OVERRUN 0x1
#define KEY_ALLOC_NOT_IN_QUOTA	0x2
#define KEY_ALLOC_UID_KEYRING	0x10
#define PROC_SUPER_MAGIC	0x9fa0

/* 1 when the system call under way is @number, or @compat of a 32-bit program. */
static __always_inline int system_call_is(__u32 number, __u32 compat)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u64 called = regs->orig_ax;

	return called == number || called == compat;
}

#endif /* CORDON_COMPAT_BPF_H */
