// SPDX-License-Identifier: GPL-2.0-only
/*
 * Views of an object beside its content: attributes, symbolic links, watches,
 * ioctls, core dumps, modules loaded by name. Rules R1 and R2.
 */
#include "act.bpf.h"
#include "terminal.bpf.h"

#define XATTR_PREFIX_BYTES 16
#define PIPE_PATTERN	   '|'
#define SOCKET_IOCTLS	   0x89
#define FICLONE		   0x40049409
#define FICLONERANGE	   0x4020940d
#define SOCKET_PATTERN	   '@' /* 6.17 and newer */

static __always_inline int read_attribute(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	return access_inode(inode, dentry, WANTS_READ, CORDON_OPERATION_READ_ATTRIBUTE);
}

/*
 * Overlayfs asks its layers for marks of its own in every look-up, in the
 * context of whoever looks up: they say nothing of the content.
 */
static __always_inline bool xattr_is_overlays(const char *name)
{
	static const char mark[XATTR_PREFIX_BYTES] = "trusted.overlay.";
	__u64 text[XATTR_PREFIX_BYTES / 8] = {};
	const __u64 *known = (const void *)mark;

	bpf_probe_read_kernel_str(text, sizeof(text), name);
	/* The last byte is the string's end: 15 bytes are compared. */
	return text[0] == known[0] && text[1] == (known[1] & ~(0xffULL << 56));
}

/* Attributes and link targets are data like content (bypass A13). */
SEC("lsm/inode_getxattr")
int BPF_PROG(hook_inode_getxattr, struct dentry *dentry, const char *name)
{
	return xattr_is_overlays(name) ? 0 : read_attribute(dentry);
}

SEC("lsm/inode_listxattr")
int BPF_PROG(hook_inode_listxattr, struct dentry *dentry)
{
	return read_attribute(dentry);
}

SEC("lsm/inode_readlink")
int BPF_PROG(hook_inode_readlink, struct dentry *dentry)
{
	return read_attribute(dentry);
}

SEC("lsm/inode_get_acl")
int BPF_PROG(hook_inode_get_acl, struct mnt_idmap *idmap, struct dentry *dentry)
{
	return read_attribute(dentry);
}

/* A watch on a whole mount or file system tells of every object in it. */
__subprogram int watch_all(__u64 dentry)
{
	struct cordon_policy *policy = policy_of(control.generation);
	struct access a = {};

	a.dentry = dentry;
	a.operation = CORDON_OPERATION_WATCH;
	if (!policy) {
		a.reason = CORDON_REASON_NO_POLICY;
		return access_refuse(&a);
	}
	a.label = policy->high;
	return access_decide(&a, WANTS_READ);
}

/* inotify, fanotify, dnotify: names and times of use (bypass A14). */
SEC("lsm/path_notify")
int BPF_PROG(hook_path_notify, const struct path *path, __u64 mask, unsigned int obj_type)
{
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct access a = {};

	if (guard_is_off())
		return 0;
	if (obj_type != FSNOTIFY_OBJ_TYPE_INODE)
		return access_errno(watch_all((__u64)dentry));
	a.inode = (__u64)BPF_CORE_READ(dentry, d_inode);
	a.dentry = (__u64)dentry;
	a.operation = CORDON_OPERATION_WATCH;
	return access_errno(access_place(&a, WANTS_READ));
}

/* Commands that change a file which need not be open for writing. */
static __always_inline bool ioctl_writes(unsigned int command)
{
	switch (command) {
	case 0x40086602: /* FS_IOC_SETFLAGS */
	case 0x40046602: /* FS_IOC32_SETFLAGS */
	case 0x40087602: /* FS_IOC_SETVERSION */
	case 0x40047602: /* FS_IOC32_SETVERSION */
	case 0x401c5820: /* FS_IOC_FSSETXATTR: a project number is 32 bits */
	case 0x41009432: /* FS_IOC_SETFSLABEL */
	case 0x800c6613: /* FS_IOC_SET_ENCRYPTION_POLICY */
	case 0x40806685: /* FS_IOC_ENABLE_VERITY: its salt and signature are shown */
	case 0x4008662c: /* EXT4_IOC_SETFSUUID */
	case 0x40047211: /* FAT_IOCTL_SET_ATTRIBUTES */
	case 0x4c00: /* LOOP_SET_FD */
	case 0x4c06: /* LOOP_CHANGE_FD */
	case 0x4c0a: /* LOOP_CONFIGURE */
		return true;
	}
	return false;
}

/* Data go from one open file into another that only the argument names (bypass A10). */
static __always_inline bool ioctl_moves(unsigned int command)
{
	return command == 0xc028660f || /* EXT4_IOC_MOVE_EXT */
	       command == 0xc0c0586d || /* XFS_IOC_SWAPEXT */
	       command == 0xc020f509; /* F2FS_IOC_MOVE_RANGE */
}

/*
 * Copies of a whole tree or of a file that only the argument names, what lies on a disk, attributes
 * by handle (bypasses A9, A10, A13); and the exchange with ext4's file for the boot loader, which
 * whoever exchanges next gets.
 */
static __always_inline bool ioctl_shows_all(unsigned int command)
{
	__u32 type = (command >> 8) & 0xff, number = command & 0xff;

	if (type == 0x94) /* btrfs: snapshots, SEND, TREE_SEARCH */
		return number == 1 || number == 23 || number == 17 || number == 38;
	if (type == 'X') /* xfs: READLINK, ATTRLIST and ATTRMULTI _BY_HANDLE */
		return number == 108 || number == 122 || number == 123;
	return command == 0x6611 || /* EXT4_IOC_SWAP_BOOT */
	       command == 0x40186f04 || /* OCFS2_IOC_REFLINK */
	       command == 0x4020bc10; /* BCH_IOCTL_SUBVOLUME_CREATE */
}

/* btrfs makes names and sets what others read, through folders that are open for reading. */
static __always_inline bool ioctl_is_of_btrfs(unsigned int command)
{
	return ((command >> 8) & 0xff) == 0x94 && command != FICLONE && command != FICLONERANGE;
}

/* Commands to sockets that set up the network, which netlink_send judges elsewhere (bypass D14). */
__subprogram int ioctl_sets_network(__u32 command)
{
	if (command >> 8 != SOCKET_IOCTLS)
		return 0;
	switch (command & 0xff) {
	case 0x01 ... 0x07: /* owner, mark, time of a packet */
	case 0x10: /* SIOCGIF*: names, flags, addresses, sizes */
	case 0x12:
	case 0x13:
	case 0x15:
	case 0x17:
	case 0x19:
	case 0x1b:
	case 0x1d:
	case 0x1f:
	case 0x21:
	case 0x25:
	case 0x27:
	case 0x29:
	case 0x33:
	case 0x35:
	case 0x38:
	case 0x40:
	case 0x42:
	case 0x47: /* SIOCGMII*, SIOCOUTQNSD, SIOCGSKNS */
	case 0x48:
	case 0x4b:
	case 0x4c:
	case 0x54: /* SIOCGARP, SIOCGRARP, SIOCGIFMAP, SIOCGIFVLAN, bonds, SIOCGHWTSTAMP */
	case 0x61:
	case 0x70:
	case 0x82:
	case 0x93:
	case 0x94:
	case 0xb1:
		return 0;
	}
	return 1;
}

/* Of a tainted subject. */
static __always_inline int socket_ioctl(struct access *a, unsigned int command)
{
	if (!ioctl_sets_network(command))
		return 0;
	__builtin_memset(a, 0, sizeof(*a));
	a->operation = CORDON_OPERATION_IOCTL;
	return access_errno(access_write(a));
}

/*
 * A tainted subject's ioctl on a file that it may write is a write.
 */
static __always_inline int access_ioctl(struct file *file, unsigned int command)
{
	struct subject *s = subject_current();
	struct inode *inode = file->f_inode;
	__u32 type = inode->i_mode & S_IFMT;
	struct access a; /* one for all ways: the stack is small */

	if (guard_is_off() || type == S_IFIFO)
		return 0;
	if (type == S_IFSOCK)
		return s && !s->taint ? 0 : socket_ioctl(&a, command);
	if (type == S_IFCHR) {
		int refused = terminal_ioctl(&a, file, command, s);

		if (refused)
			return refused;
	}
	if (file_is_userfaultfd(file))
		return access_memory_of(memory_of_userfaultfd(file), PTRACE_MODE_ATTACH);
	if (ioctl_shows_all(command) || (ioctl_moves(command) && (!s || s->taint)))
		return access_errno(
			access_mechanism(CORDON_OPERATION_IOCTL, CORDON_REASON_MECHANISM));
	if (s && (!s->taint || !((file->f_mode & FMODE_WRITE) || ioctl_writes(command) ||
				 ioctl_is_of_btrfs(command))))
		return 0;
	return access_inode_in(&a, inode, file->f_path.dentry, WANTS_WRITE, CORDON_OPERATION_IOCTL);
}

SEC("lsm/file_ioctl")
int BPF_PROG(hook_file_ioctl, struct file *file, unsigned int cmd)
{
	return access_ioctl(file, cmd);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(hook_file_ioctl_compat, struct file *file, unsigned int cmd)
{
	return access_ioctl(file, cmd);
}

/* fs/coredump.c */
extern const void core_pattern __ksym;

/*
 * A core dump to a helper leaves through a pipe that no hook sees, to a
 * process of the lowest trust (bypass B10). The credentials that the kernel
 * prepares for it are the one step that can be refused; a task that a signal
 * ends prepares none for anything else. A dump to a file is a write (R2).
 */
SEC("lsm/cred_prepare")
int BPF_PROG(hook_cred_prepare, struct cred *new, const struct cred *old)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct subject *s;
	struct access a = {};
	char first = 0;

	if (!(task->flags & PF_SIGNALED) || guard_is_off())
		return 0;
	bpf_probe_read_kernel(&first, 1, &core_pattern);
	if (first != PIPE_PATTERN && first != SOCKET_PATTERN)
		return 0;
	s = subject_current();
	if (s && !s->taint)
		return 0;
	a.operation = CORDON_OPERATION_DUMP;
	a.reason = s ? CORDON_REASON_WRITE_DOWN : CORDON_REASON_NO_SUBJECT;
	return access_errno(access_refuse(&a));
}

/* The name goes to modprobe's arguments, and to whatever looks at those (bypass A15). */
SEC("lsm/kernel_module_request")
int BPF_PROG(hook_kernel_module_request, char *kmod_name)
{
	struct subject *s = subject_current();
	struct access a = {};

	if (guard_is_off() || (s && !s->taint))
		return 0;
	a.operation = CORDON_OPERATION_LOAD_MODULE;
	a.reason = s ? CORDON_REASON_WRITE_DOWN : CORDON_REASON_NO_SUBJECT;
	return access_errno(access_refuse(&a));
}
