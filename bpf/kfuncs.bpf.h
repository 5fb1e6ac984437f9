/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module does for the programs (kmod/kfuncs.c). All weak: without the module the object
 * loads all the same, because the verifier drops what stands behind a constant that is false.
 * Call nothing here but behind `if (module_is_there)`. bpf_ksym_exists() cannot take its place:
 * libbpf 1.1 makes of it a load that the kernel refuses for functions of modules.
 */
#ifndef CORDON_KFUNCS_BPF_H
#define CORDON_KFUNCS_BPF_H

#include "compat.bpf.h"

/* Set by the loader before it loads. */
const volatile bool module_is_there = false;

extern int cordon_record_seal(void *record, __u32 record__sz) __ksym __weak;
extern int cordon_record_lose(void) __ksym __weak;
extern int cordon_sealed(void) __ksym __weak;

extern int cordon_file_label_read(struct inode *inode, __u64 *known_label) __ksym __weak;
extern int cordon_file_label_fetch(struct inode *inode) __ksym __weak;
extern int cordon_file_label_raise(struct inode *inode, __u64 raise, __u64 *pending,
				   __u32 how) __ksym __weak;
/* kmod/barrier.c: 1, the caller has to begin anew; 0, no need; negative, not possible. */
extern int cordon_kick_task(struct task_struct *task) __ksym __weak;
extern int cordon_kick_own(void) __ksym __weak;
extern int cordon_kick_later(void) __ksym __weak;
extern int cordon_kick_result(void) __ksym __weak;

/* kmod/share.c: how that struct begins. */
struct cordon_share {
	__u32 file_count;
	__u32 task_count;
};
extern struct cordon_share *cordon_share_get(__u64 inode) __ksym __weak;
extern void cordon_share_put(struct cordon_share *share) __ksym __weak;
extern struct file *cordon_share_file(struct cordon_share *share, __u32 index) __ksym __weak;
extern void cordon_file_put(struct file *file) __ksym __weak;
extern struct task_struct *cordon_share_task(struct cordon_share *share, __u32 index) __ksym __weak;
extern void cordon_task_put(struct task_struct *task) __ksym __weak;

/* kmod/terminal.c: the inode that names the pseudo-terminal; @side: CORDON_TERMINAL_*. */
extern struct inode *cordon_terminal_get(struct file *file, __u32 *side) __ksym __weak;
extern void cordon_terminal_put(struct inode *inode) __ksym __weak;

#endif /* CORDON_KFUNCS_BPF_H */
