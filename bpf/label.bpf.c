// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stored labels are known before the hook that needs them, where that hook may not sleep. These
 * programs are attached only once file systems with stored labels are there: elsewhere they cost
 * nothing. Nothing rests on them but comfort: without them the system call begins anew, which it
 * cannot for io_uring's workers and for programs that the kernel starts.
 */
#include "access.bpf.h"

/*
 * A new file has no stored label. Else what the kernel makes and renames within one system call
 * (an overlay, when it is mounted) would be new again at every try.
 */
SEC("lsm/inode_init_security")
int BPF_PROG(label_new, struct inode *inode)
{
	struct object *o;

	if (guard_is_off())
		return -EOPNOTSUPP;
	o = bpf_inode_storage_get(&objects, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (o)
		o->stored = STORED_KNOWN;
	return -EOPNOTSUPP;
}

SEC("lsm.s/file_open")
int BPF_PROG(label_fetch, struct file *file)
{
	struct inode *inode = file->f_inode;
	const struct object unread = {}, *o;

	if (guard_is_off() || !module_is_there)
		return 0;
	o = bpf_inode_storage_get(&objects, inode, 0, 0);
	if (object_is_unread(o ?: &unread, (__u64)inode))
		cordon_file_label_fetch(inode);
	return 0;
}
