// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring: who makes a ring, in whose name it works, and the commands that
 * pass no other hook. Descriptors of rings that arrive, are mapped or come
 * along over an exec are judged there (file.bpf.c, exec.bpf.c).
 */
#include "uring.bpf.h"

#define NAME_BYTES 16

/*
 * Files move between rings, and from a ring to whoever holds it, without a
 * hook: a subject with a ring is judged at each use of a descriptor.
 */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(hook_inode_init_security_anon, struct inode *inode, const struct qstr *name)
{
	static const char ring[] = "[io_uring]";
	struct subject *s = subject_current();
	char text[NAME_BYTES] = {};
	int refused;

	if (guard_is_off())
		return 0;
	bpf_probe_read_kernel_str(text, sizeof(text), BPF_CORE_READ(name, name));
	for (int i = 0; i < (int)sizeof(ring); i++)
		if (text[i] != ring[i])
			return 0;
	refused = access_ring(s);
	if (!refused && s)
		s->flags |= CORDON_SUBJECT_FOREIGN;
	return refused;
}

SEC("lsm/uring_sqpoll")
int BPF_PROG(hook_uring_sqpoll)
{
	return guard_is_off() ? 0 : access_ring(subject_current());
}

/* A ring works under credentials that were registered with it (bypass F14). */
SEC("lsm/uring_override_creds")
int BPF_PROG(hook_uring_override_creds, const struct cred *creds)
{
	return guard_is_off() ? 0 : access_ring(subject_current());
}

/*
 * What ioctl is elsewhere: to disks, their passthrough, user-space drivers
 * (bypass M19). Sockets' commands are socket options, which have a hook.
 */
SEC("lsm/uring_cmd")
int BPF_PROG(hook_uring_cmd, struct io_uring_cmd *command)
{
	struct file *file = command->file;
	struct access a = {};
	__u32 mode;

	if (guard_is_off() || !file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK)
		return 0;
	mode = BPF_CORE_READ(file, f_mode);
	a.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	a.operation = CORDON_OPERATION_IO_URING;
	return access_errno(access_place(&a, (mode & FMODE_READ ? WANTS_READ : 0) |
						     (mode & FMODE_WRITE ? WANTS_WRITE : 0)));
}
