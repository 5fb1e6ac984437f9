/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a file is: an io_uring. Its memory is shared by all who hold it, the
 * files and buffers registered with it are used without any hook, and what one
 * prepares another can submit (bypasses M11, B7). So it belongs to subjects
 * that cannot hold classified data.
 */
#ifndef CORDON_URING_BPF_H
#define CORDON_URING_BPF_H

#include "access.bpf.h"

/* io_uring/io_uring.c: the kernel itself knows a ring by it. */
extern const void io_uring_fops __ksym;

static __always_inline bool file_is_ring(__u64 operations)
{
	return operations == (__u64)&io_uring_fops;
}

/* Who is or was cleared could carry something into a ring, or out of it. */
static __always_inline bool subject_does_without_ring(const struct subject *s)
{
	return s->clearance || s->taint;
}

/* The calling subject would hold a ring, or have one used in its name. */
static __always_inline int access_ring(struct subject *s)
{
	if (s && !subject_does_without_ring(s))
		return 0;
	return access_errno(access_mechanism(CORDON_OPERATION_IO_URING, CORDON_REASON_MECHANISM));
}

#endif /* CORDON_URING_BPF_H */
