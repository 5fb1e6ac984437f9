// SPDX-License-Identifier: GPL-2.0-only
/*
 * What BPF programs may call: thin. Declared for them in bpf/kfuncs.bpf.h.
 *
 * Only programs that the controller loads may: no other can be loaded with such a call, so nobody
 * else puts a record into a chain or a label on a file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sched/task.h>
#include "cordon.h"

/* Newer kernels trust no other pointers anyhow, and have no word for it. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

__bpf_kfunc_start_defs();

/**
 * cordon_record_seal() - give a record its place in the ledger and its tag
 * @record: a record in the ring, complete, not yet submitted
 * @record__sz: its size
 *
 * Return: as cordon_ledger_seal().
 */
__bpf_kfunc int cordon_record_seal(void *record, u32 record__sz)
{
	return cordon_ledger_seal(record, record__sz);
}

/**
 * cordon_record_lose() - a record found no room in the ring
 *
 * Return: as cordon_ledger_lose().
 */
__bpf_kfunc int cordon_record_lose(void)
{
	return cordon_ledger_lose();
}

/**
 * cordon_sealed() - whether the seal holds at this moment
 */
__bpf_kfunc int cordon_sealed(void)
{
	return cordon_seal_holds();
}

/* Stored labels: label_store.c says what these do. */
__bpf_kfunc int cordon_file_label_read(struct inode *inode, u64 *known_label)
{
	return cordon_label_read(inode, known_label);
}

__bpf_kfunc int cordon_file_label_fetch(struct inode *inode)
{
	return cordon_label_fetch(inode);
}

__bpf_kfunc int cordon_file_label_raise(struct inode *inode, u64 raise, u64 *pending, u32 how)
{
	return cordon_label_raise(inode, raise, pending, how);
}

/* As cordon_barrier_kick(). */
__bpf_kfunc int cordon_kick_task(struct task_struct *task)
{
	return cordon_barrier_kick(task);
}

/* As cordon_barrier_kick_own(). */
__bpf_kfunc int cordon_kick_own(void)
{
	return cordon_barrier_kick_own();
}

/* As cordon_barrier_pause(). */
__bpf_kfunc int cordon_kick_later(void)
{
	return cordon_barrier_pause();
}

/* As cordon_barrier_take(). */
__bpf_kfunc int cordon_kick_result(void)
{
	return cordon_barrier_take();
}

/* As cordon_share_collect(); @inode: the address of an inode that the caller uses, or 0. */
__bpf_kfunc struct cordon_share *cordon_share_get(u64 inode)
{
	return cordon_share_collect((struct inode *)(unsigned long)inode);
}

__bpf_kfunc void cordon_share_put(struct cordon_share *share)
{
	cordon_share_free(share);
}

/* As cordon_share_file_at(). */
__bpf_kfunc struct file *cordon_share_file(struct cordon_share *share, u32 index)
{
	return cordon_share_file_at(share, index);
}

__bpf_kfunc void cordon_file_put(struct file *file)
{
	fput(file);
}

/* As cordon_share_task_at(). */
__bpf_kfunc struct task_struct *cordon_share_task(struct cordon_share *share, u32 index)
{
	return cordon_share_task_at(share, index);
}

/* bpf_task_release() counts another count. */
__bpf_kfunc void cordon_task_put(struct task_struct *task)
{
	put_task_struct(task);
}

/* As cordon_terminal_find(). */
__bpf_kfunc struct inode *cordon_terminal_get(struct file *file, u32 *side)
{
	return cordon_terminal_find(file, side);
}

__bpf_kfunc void cordon_terminal_put(struct inode *inode)
{
	cordon_terminal_drop(inode);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(cordon_kfuncs)
BTF_ID_FLAGS(func, cordon_record_seal)
BTF_ID_FLAGS(func, cordon_record_lose)
BTF_ID_FLAGS(func, cordon_sealed)
BTF_ID_FLAGS(func, cordon_file_label_read, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, cordon_file_label_fetch, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, cordon_file_label_raise, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, cordon_kick_task, KF_RCU)
BTF_ID_FLAGS(func, cordon_kick_own)
BTF_ID_FLAGS(func, cordon_kick_later)
BTF_ID_FLAGS(func, cordon_kick_result)
BTF_ID_FLAGS(func, cordon_share_get, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, cordon_share_put, KF_RELEASE)
BTF_ID_FLAGS(func, cordon_share_file, KF_ACQUIRE | KF_RET_NULL | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, cordon_file_put, KF_RELEASE)
BTF_ID_FLAGS(func, cordon_share_task, KF_ACQUIRE | KF_RET_NULL | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, cordon_task_put, KF_RELEASE)
BTF_ID_FLAGS(func, cordon_terminal_get, KF_ACQUIRE | KF_RET_NULL | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, cordon_terminal_put, KF_RELEASE)
BTF_KFUNCS_END(cordon_kfuncs)

/* Asked by the verifier, in the task that loads the program. */
static int check_loader(const struct bpf_prog *prog, u32 kfunc_id)
{
	return cordon_control_is_controller() ? 0 : -EACCES;
}

static const struct btf_kfunc_id_set kfunc_set = {
	.owner = THIS_MODULE,
	.set = &cordon_kfuncs,
	.filter = check_loader,
};

/* One for each hook of the verifier's: LSM stands for all of tracing too. */
static const enum bpf_prog_type program_types[] = {
	BPF_PROG_TYPE_LSM,
	BPF_PROG_TYPE_CGROUP_SKB,
	BPF_PROG_TYPE_SYSCALL,
};

/**
 * cordon_kfuncs_init() - let BPF programs call them
 *
 * They are withdrawn with the module, which stays while a program that calls them is loaded.
 *
 * Return: 0, or what register_btf_kfunc_id_set() gives.
 */
int __init cordon_kfuncs_init(void)
{
	int i, err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(program_types); i++)
		err = register_btf_kfunc_id_set(program_types[i], &kfunc_set);
	if (err)
		pr_err("cannot offer functions to BPF programs: error %d. Was the module built with BTF?\n",
		       err);
	return err;
}
