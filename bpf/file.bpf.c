// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files, directories, device nodes, pipes: open, use of descriptors however
 * they were come by, mapping, names. Rules R1, R2 and R5.
 */
#include "act.bpf.h"
#include "channel.bpf.h"
#include "terminal.bpf.h"
#include "uring.bpf.h"

#define PROC_NAME_BYTES 8

static __always_inline __u32 wants_of_mode(__u32 mode)
{
	__u32 wants = (mode & (FMODE_READ | FMODE_EXEC) ? WANTS_READ : 0) |
		      (mode & FMODE_WRITE ? WANTS_WRITE : 0);

	/* Access mode 3 is neither, and serves ioctls that do both (bypass M19). */
	return wants ?: WANTS_READ | WANTS_WRITE;
}

/*
 * A new file holds nothing yet, and its making cannot begin anew: where reading it could taint,
 * each read is judged instead.
 */
static __always_inline __u32 wants_of_open(__u32 mode)
{
	__u32 wants = wants_of_mode(mode);
	struct subject *s;

	if (!(mode & FMODE_CREATED) || wants != (WANTS_READ | WANTS_WRITE))
		return wants;
	s = subject_current();
	if (!s || !s->clearance)
		return wants;
	s->flags |= CORDON_SUBJECT_FOREIGN;
	return WANTS_WRITE;
}

/* What raising the file's label has to take care of. */
static __always_inline __u32 raise_of_open(__u32 mode, __u32 flags)
{
	if (mode & FMODE_CREATED || flags & O_TMPFILE_FLAG)
		return CORDON_RAISE_CREATED;
	return flags & O_TRUNC_FLAG ? CORDON_RAISE_TRUNCATE : CORDON_RAISE_OPEN;
}

SEC("lsm/file_open")
int BPF_PROG(hook_file_open, struct file *file)
{
	__u32 mode = file->f_mode, operation = CORDON_OPERATION_OPEN_READ;
	struct access a;

	if (guard_is_off())
		return 0;
	if (mode & FMODE_EXEC)
		operation = CORDON_OPERATION_EXECUTE;
	else if (mode & FMODE_WRITE)
		operation = CORDON_OPERATION_OPEN_WRITE;
	return access_inode_how(&a, file->f_inode, file->f_path.dentry, wants_of_open(mode),
				operation, raise_of_open(mode, file->f_flags));
}

/*
 * Pipes and FIFOs float: they take the taint of who writes, and who reads is
 * checked against that. Most carry nothing and have no state at all. splice,
 * tee and the like come here too (kmod/splice.c). Pages of memory that a pipe refers to show what
 * is stored there later (bypass M6): who can hold classified data does without vmsplice.
 */
static __noinline int access_pipe(struct access *a, struct file *file, struct subject *s,
				  __u32 wants)
{
	struct inode *inode = file->f_inode;
	struct object *o;
	__u64 create = 0;
	int outcome;

	if ((wants & WANTS_WRITE) && s->taint)
		create = BPF_LOCAL_STORAGE_GET_F_CREATE;
	if ((wants & WANTS_WRITE) && s->clearance &&
	    system_call_is(SYSTEM_CALL_VMSPLICE, SYSTEM_CALL_VMSPLICE_COMPAT))
		return access_errno(
			access_mechanism(CORDON_OPERATION_WRITE, CORDON_REASON_MECHANISM));
	if (wants & WANTS_READ)
		reader_announce((__u64)inode);
	o = bpf_inode_storage_get(&objects, inode, 0, create);
	if (!create && (!o || !o->floating))
		return 0;
	__builtin_memset(a, 0, sizeof(*a));
	a->inode = (__u64)inode;
	a->dentry = (__u64)file->f_path.dentry;
	a->flags = CORDON_OBJECT_FLOATS;
	a->operation = wants & WANTS_WRITE ? CORDON_OPERATION_WRITE : CORDON_OPERATION_READ;
	if (!o) {
		a->reason = CORDON_REASON_NO_OBJECT;
		return access_errno(access_refuse(a));
	}
	if (create) {
		__sync_fetch_and_or(&o->floating, s->taint);
		a->label = o->floating;
		if (rises_are_held() && !cordon_label_dominates(o->settled, s->taint)) {
			a->channel = (__u64)inode;
			outcome = readers_flush(a, s->taint);
			if (outcome || a->reason)
				return access_errno(outcome ? outcome : access_refuse(a));
			__sync_fetch_and_or(&o->settled, s->taint);
		}
	}
	a->label = o->floating;
	return access_errno(access_decide(a, wants));
}

/*
 * What takes labels while it is open: memory files and shared memory (bypasses
 * B14, B15), and files of /proc, which show processes (M12). procfs sets
 * SB_NODIRATIME on itself; others that have it are only looked at once more.
 */
static __always_inline bool inode_may_float(struct inode *inode)
{
	return inode->i_sb->s_flags & (SB_NOUSER | SB_NODIRATIME);
}

/* A unix socket that is read without a receive: splice, sendfile (bypass M8). */
static __always_inline int access_socket(struct file *file, int mask)
{
	struct socket *sock;

	if (!(mask & MAY_READ))
		return 0;
	sock = bpf_sock_from_file(file);
	return sock && sock->sk ? unix_receive(sock->sk) : 0;
}

/*
 * Memory without a name, read or written through a descriptor. A reader is announced, as with
 * pipes; splice leaves its pages where later stores are seen.
 */
static __always_inline int access_memory(struct access *a, struct file *file, __u32 wants,
					 __u32 operation)
{
	struct inode *inode = file->f_inode;
	struct object *o;

	if (wants & WANTS_READ)
		reader_announce((__u64)inode);
	if ((wants & WANTS_READ) &&
	    (system_call_is(SYSTEM_CALL_SPLICE, SYSTEM_CALL_SPLICE_COMPAT) ||
	     system_call_is(SYSTEM_CALL_SENDFILE, SYSTEM_CALL_SENDFILE_COMPAT) ||
	     system_call_is(SYSTEM_CALL_SENDFILE, SYSTEM_CALL_SENDFILE64_COMPAT))) {
		o = bpf_inode_storage_get(&objects, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!o)
			return access_errno(access_broken(operation, CORDON_REASON_NO_OBJECT));
		__sync_lock_test_and_set(&o->pinned, 1);
	}
	return access_inode_in(a, inode, file->f_path.dentry, wants, operation);
}

/* The address space that a file of procfs, or a userfaultfd, leads to; 0: none. */
static __always_inline __u64 memory_shown(struct file *file)
{
	struct dentry *entry = BPF_CORE_READ(file, f_path.dentry);
	char name[PROC_NAME_BYTES] = {};

	if (file_is_userfaultfd(file))
		return memory_of_userfaultfd(file);
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(entry, d_name.name));
	if (__builtin_memcmp(name, "mem", 4) && __builtin_memcmp(name, "environ", 8) &&
	    __builtin_memcmp(name, "auxv", 5) && __builtin_memcmp(name, "pagemap", 8))
		return 0;
	return (__u64)BPF_CORE_READ(file, private_data);
}

/*
 * Who may open them may not read what the process learns later (bypasses B9, G2). Such a file
 * belongs to the memory, not to the process or thread, which may have ended.
 */
static __noinline int access_shown_memory(struct file *file, __u32 wants)
{
	__u64 mm = memory_shown(file);

	if (!mm)
		return 0;
	reader_announce(mm);
	return access_memory_of(mm, wants & WANTS_WRITE ? PTRACE_MODE_ATTACH : 0);
}

/*
 * Every read and write through a descriptor. A settled subject reads what it
 * was allowed to open; only writes after a raise, descriptors that came from
 * elsewhere, and a newer policy need a second look (bypasses B1, B2, B6, C1).
 */
SEC("lsm/file_permission")
int BPF_PROG(hook_file_permission, struct file *file, int mask)
{
	struct inode *inode = file->f_inode;
	__u32 type = inode->i_mode & S_IFMT, wants, operation;
	struct subject *s;
	struct access a; /* one for all ways: the stack is small */

	if (guard_is_off())
		return 0;
	if (type == S_IFSOCK)
		return access_socket(file, mask);
	s = subject_current();
	/* Character devices and pipes have the lowest numbers. */
	if (s && subject_is_settled(s) && type > S_IFCHR && !(s->taint && (mask & MAY_WRITE)) &&
	    !inode_may_float(inode))
		return 0;
	wants = (mask & (MAY_READ | MAY_EXEC) ? WANTS_READ : 0) |
		(mask & (MAY_WRITE | MAY_APPEND) ? WANTS_WRITE : 0);
	operation = wants & WANTS_WRITE ? CORDON_OPERATION_WRITE : CORDON_OPERATION_READ;
	if (s && type == S_IFIFO)
		return access_pipe(&a, file, s, wants);
	if (s && type == S_IFCHR) {
		int refused = 0;

		if (device_is_terminal(inode->i_rdev))
			refused = terminal_permission(&a, file, s, wants);
		if (refused || (subject_is_settled(s) && !(s->taint && (wants & WANTS_WRITE))))
			return refused;
	}
	if (file_is_userfaultfd(file) ||
	    (type == S_IFREG && inode->i_sb->s_magic == PROC_SUPER_MAGIC)) {
		int refused = access_shown_memory(file, wants);

		if (refused)
			return refused;
	}
	if (type == S_IFREG && inode_may_float(inode))
		return access_memory(&a, file, wants, operation);
	return access_inode_in(&a, inode, file->f_path.dentry, wants, operation);
}

/* kernel/events/core.c, kernel/bpf/syscall.c: all their files are of one inode, which has no label. */
extern const void perf_fops __ksym __weak;
extern const void bpf_map_fops __ksym __weak;

/* Memory of the kernel's that whoever holds the file maps: unclassified. */
static __always_inline bool file_lends_memory(__u64 operations)
{
	return operations &&
	       (operations == (__u64)&perf_fops || operations == (__u64)&bpf_map_fops);
}

static __noinline int access_lent_memory(void)
{
	struct access a = {};

	a.operation = CORDON_OPERATION_MAP;
	return access_errno(access_write(&a));
}

static __always_inline bool maps_shared(unsigned long flags)
{
	__u32 type = flags & MAP_TYPE_MASK;

	return type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
}

SEC("lsm/mmap_file")
int BPF_PROG(hook_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags)
{
	struct subject *s;
	__u32 wants = WANTS_READ;

	if (!file || guard_is_off())
		return 0;
	/* Memory without a name that may become writable later counts as written: nobody asks then. */
	if (maps_shared(flags) && ((prot & PROT_WRITE) || ((file->f_mode & FMODE_WRITE) &&
							   inode_may_float(file->f_inode))))
		wants |= WANTS_WRITE;
	s = subject_current();
	if (s && subject_is_settled(s) && !s->taint && !inode_may_float(file->f_inode))
		return 0;
	if (file_is_ring((__u64)file->f_op))
		return access_ring(s);
	if ((wants & WANTS_WRITE) && (!s || s->taint) && file_lends_memory((__u64)file->f_op))
		return access_lent_memory();
	/* On its way into the list of who maps it: whoever raises it meanwhile must know. */
	if (inode_may_float(file->f_inode))
		reader_announce((__u64)file->f_inode);
	return access_inode(file->f_inode, file->f_path.dentry, wants, CORDON_OPERATION_MAP);
}

/*
 * A shared mapping that becomes writable after the taint rose (bypass B8).
 * The mapping's file is reached through the area, so its place is looked at
 * anew rather than in the inode's cache.
 */
SEC("lsm/file_mprotect")
int BPF_PROG(hook_file_mprotect, struct vm_area_struct *area, unsigned long reqprot,
	     unsigned long prot)
{
	struct subject *s = subject_current();
	struct file *file;

	if (guard_is_off() || !(prot & PROT_WRITE) || (s && !s->taint))
		return 0;
	file = area->vm_file;
	if (!file || !(BPF_CORE_READ(area, vm_flags) & VM_SHARED))
		return 0;
	return access_name(BPF_CORE_READ(file, f_path.dentry), CORDON_OPERATION_MAP, RAISE_NOTHING);
}

/* A socket of a family that no rule can speak of is not received either (bypass D8). */
static __always_inline int socket_received(struct inode *inode)
{
	__u64 address;
	struct sock *sk;

	if ((inode->i_mode & S_IFMT) != S_IFSOCK)
		return 0;
	address = (__u64)inode - bpf_core_field_offset(struct socket_alloc, vfs_inode);
	sk = kernel_object(socket_alloc, address)->socket.sk;
	return sk ? refuse_family(sk, CORDON_OPERATION_RECEIVE_FILE) : 0;
}

/*
 * A descriptor arrives: SCM_RIGHTS, pidfd_getfd, seccomp (bypasses B2 to B5).
 * What carries a label is judged now and again at each use.
 */
SEC("lsm/file_receive")
int BPF_PROG(hook_file_receive, struct file *file)
{
	__u32 generation = control.generation;
	struct subject *s = subject_current();
	struct inode *inode = file->f_inode;
	struct object_view *view;
	struct object *o;
	int refused;

	if (guard_is_off())
		return 0;
	if (file_is_ring((__u64)file->f_op)) {
		refused = access_ring(s);
		if (!refused && s)
			s->flags |= CORDON_SUBJECT_FOREIGN;
		return refused;
	}
	refused = socket_received(inode);
	if (!refused)
		refused = access_inode(inode, file->f_path.dentry, wants_of_mode(file->f_mode),
				       CORDON_OPERATION_RECEIVE_FILE);
	if (refused || !s)
		return refused;
	o = bpf_inode_storage_get(&objects, inode, 0, 0);
	view = o ? &o->view[generation & 1] : NULL;
	if (!o || !view || view->generation != generation ||
	    (view->label | o->floating | o->rising | view->flags) ||
	    inode->i_sb->s_magic == PROC_SUPER_MAGIC)
		s->flags |= CORDON_SUBJECT_FOREIGN;
	return 0;
}

SEC("lsm/inode_setattr")
int BPF_PROG(hook_inode_setattr, struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	return access_inode(inode, dentry, WANTS_WRITE,
			    attr->ia_valid & ATTR_SIZE ? CORDON_OPERATION_TRUNCATE :
							 CORDON_OPERATION_ATTRIBUTE);
}

/* Somebody changes a stored label by hand. */
static __always_inline int access_label(struct inode *inode, const struct dentry *dentry)
{
	struct access a = {};

	a.inode = (__u64)inode;
	a.dentry = (__u64)dentry;
	a.operation = CORDON_OPERATION_ATTRIBUTE;
	a.reason = CORDON_REASON_GUARD;
	return access_errno(access_refuse(&a));
}

/* Stored labels are the module's alone: not even trusted subjects write them. */
static __always_inline bool is_stored_label(const char *name)
{
	char text[sizeof(CORDON_XATTR)] __attribute__((aligned(8))) = {};

	if (bpf_probe_read_kernel_str(text, sizeof(text), name) != sizeof(text))
		return false;
	return !__builtin_memcmp(text, CORDON_XATTR, sizeof(text));
}

SEC("lsm/inode_setxattr")
int BPF_PROG(hook_inode_setxattr, struct mnt_idmap *idmap, struct dentry *dentry, const char *name)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	if (is_stored_label(name))
		return access_label(inode, dentry);
	return access_inode(inode, dentry, WANTS_WRITE, CORDON_OPERATION_ATTRIBUTE);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(hook_inode_removexattr, struct mnt_idmap *idmap, struct dentry *dentry,
	     const char *name)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	if (is_stored_label(name))
		return access_label(inode, dentry);
	return access_inode(inode, dentry, WANTS_WRITE, CORDON_OPERATION_ATTRIBUTE);
}

SEC("lsm/inode_set_acl")
int BPF_PROG(hook_inode_set_acl, struct mnt_idmap *idmap, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	return access_inode(inode, dentry, WANTS_WRITE, CORDON_OPERATION_ATTRIBUTE);
}

SEC("lsm/inode_unlink")
int BPF_PROG(hook_inode_unlink, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	return access_inode(inode, dentry, WANTS_WRITE, CORDON_OPERATION_DELETE);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(hook_inode_rmdir, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || guard_is_off())
		return 0;
	return access_inode(inode, dentry, WANTS_WRITE, CORDON_OPERATION_DELETE);
}

/* A new name is data too: it is written to its directory (bypass C2). */
SEC("lsm/inode_create")
int BPF_PROG(hook_inode_create, struct inode *dir, struct dentry *dentry)
{
	return guard_is_off() ? 0 : access_name(dentry, CORDON_OPERATION_CREATE, RAISE_NAME);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(hook_inode_mkdir, struct inode *dir, struct dentry *dentry)
{
	return guard_is_off() ? 0 : access_name(dentry, CORDON_OPERATION_CREATE, RAISE_NOTHING);
}

SEC("lsm/inode_mknod")
int BPF_PROG(hook_inode_mknod, struct inode *dir, struct dentry *dentry)
{
	return guard_is_off() ? 0 : access_name(dentry, CORDON_OPERATION_CREATE, RAISE_NOTHING);
}

SEC("lsm/inode_symlink")
int BPF_PROG(hook_inode_symlink, struct inode *dir, struct dentry *dentry)
{
	return guard_is_off() ? 0 : access_name(dentry, CORDON_OPERATION_CREATE, RAISE_NOTHING);
}

/*
 * R5: what the policy says of the old and of the new place must be the same.
 * For a directory that means of everything that can ever be below it, for
 * which the compiler has given equal places equal numbers.
 */
__subprogram int access_move(struct access *a, __u32 directory)
{
	struct cordon_object_facts old = {}, new = {};
	struct subject *s = subject_current();
	struct walk w = {};
	__u32 below, accept;

	if (!a)
		return REFUSED;
	w.entry = a->dentry;
	w.generation = control.generation;
	path_place(&w);
	a->label = w.place.label;
	a->flags = w.place.flags;
	a->rule = w.place.rule;
	a->reason = w.place.reason;
	if (a->reason)
		return access_refuse(a);
	/* What hangs on the inode moves with it: only the paths are compared. */
	old.label = w.place.path_label;
	old.flags = w.place.path_flags;
	below = w.place.below;
	accept = w.place.accept;
	w.entry = a->to;
	path_place(&w);
	a->reason = w.place.reason;
	if (a->reason)
		return access_refuse(a);
	new.label = w.place.path_label;
	new.flags = w.place.path_flags;
	a->reason = cordon_decide_move(&old, &new);
	if (!a->reason && directory && (below == PLACES_DIFFER || below != w.place.below))
		a->reason = CORDON_REASON_RELABEL;
	if (!a->reason && !directory && accept != w.place.accept &&
	    ((old.flags | new.flags) & CORDON_OBJECT_PROGRAM))
		a->reason = CORDON_REASON_RELABEL;
	if (!a->reason)
		return GO_AHEAD;
	/* A package manager that the policy trusts may put a program in its place. */
	if (s && (s->flags & CORDON_SUBJECT_TRUSTED) && !directory && old.label == new.label) {
		a->reason = CORDON_REASON_TRUSTED;
		return access_allow_recorded(a);
	}
	return access_refuse(a);
}

static __always_inline int access_rename(struct access *a, const struct dentry *from,
					 const struct dentry *to, __u32 operation, __u32 directory)
{
	__builtin_memset(a, 0, sizeof(*a));
	a->dentry = (__u64)from;
	a->operation = operation;
	a->to = (__u64)to;
	return access_errno(access_move(a, directory));
}

/* A trusted move changes what the path says: the next use looks anew. */
static __always_inline void object_forget(struct inode *inode)
{
	struct object *o = bpf_inode_storage_get(&objects, inode, 0, 0);

	if (o) {
		o->view[0].generation = 0;
		o->view[1].generation = 0;
	}
}

SEC("lsm/inode_rename")
int BPF_PROG(hook_inode_rename, struct inode *old_dir, struct dentry *old_dentry,
	     struct inode *new_dir, struct dentry *new_dentry)
{
	struct access a; /* one for all steps: the stack is small */
	struct inode *inode, *over;
	struct subject *s;
	__u64 overwrites;
	int refused;

	if (guard_is_off())
		return 0;
	inode = old_dentry->d_inode;
	over = new_dentry->d_inode;
	if (!inode)
		return 0;
	/* 6.12's verifier takes d_inode for never NULL and drops a test of it. */
	overwrites = (__u64)BPF_CORE_READ(new_dentry, d_inode);
	refused = access_inode_in(&a, inode, old_dentry, WANTS_WRITE, CORDON_OPERATION_RENAME);
	if (!refused && overwrites && over)
		refused =
			access_inode_in(&a, over, new_dentry, WANTS_WRITE, CORDON_OPERATION_RENAME);
	if (!refused && !overwrites)
		refused = access_name_in(&a, new_dentry, CORDON_OPERATION_RENAME,
					 (inode->i_mode & S_IFMT) == S_IFREG ? RAISE_NAME :
									       RAISE_NOTHING);
	if (!refused)
		refused = access_rename(&a, old_dentry, new_dentry, CORDON_OPERATION_RENAME,
					(inode->i_mode & S_IFMT) == S_IFDIR);
	s = subject_current();
	if (!refused && s && (s->flags & CORDON_SUBJECT_TRUSTED))
		object_forget(inode);
	return refused;
}

SEC("lsm/inode_link")
int BPF_PROG(hook_inode_link, struct dentry *old_dentry, struct inode *dir,
	     struct dentry *new_dentry)
{
	struct inode *inode = old_dentry->d_inode;
	struct access a;
	int refused;

	if (!inode || guard_is_off())
		return 0;
	refused = access_inode_in(&a, inode, old_dentry, WANTS_WRITE, CORDON_OPERATION_LINK);
	/* Whatever the object is: the name is written to its directory (bypass C2). */
	if (!refused)
		refused = access_name_in(&a, new_dentry, CORDON_OPERATION_LINK,
					 (inode->i_mode & S_IFMT) == S_IFREG ? RAISE_NAME :
									       RAISE_NOTHING);
	if (!refused)
		refused = access_rename(&a, old_dentry, new_dentry, CORDON_OPERATION_LINK, 0);
	return refused;
}
