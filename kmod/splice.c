// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook that the kernel has not: tee, vmsplice, and splice and sendfile into or out of a pipe
 * look at no permission of the pipe (bypasses M6, M8, C3). All of them ask get_pipe_info() whether
 * a file is one. ftrace puts the function below in its place, as it does for live patches, and that
 * asks the LSMs what a read or write of the pipe would have asked.
 *
 * Nobody else calls it but F_SETPIPE_SZ and F_GETPIPE_SZ, so no other system call pays for this.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/pipe_fs_i.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/task_work.h>
#include <asm/syscall.h>
#include "cordon.h"

/* Who is asking the LSMs, which may sleep there: the module's code stays until he is back. */
DEFINE_STATIC_SRCU(askers);

/* As fs/pipe.c has it. A FIFO opened with O_PATH has no private_data. */
static struct pipe_inode_info *pipe_of(struct file *file, bool for_splice)
{
	struct pipe_inode_info *pipe = file->private_data;

	if (!S_ISFIFO(file_inode(file)->i_mode) || !pipe || file_inode(file)->i_pipe != pipe)
		return NULL;
	return for_splice && pipe_has_watch_queue(pipe) ? NULL : pipe;
}

/*
 * A pipe that the caller may not use is none to the caller of the function, whose answer would be
 * EINVAL, or EBADF from vmsplice. On its way to userspace that is made the errno of the hook.
 */
struct answer {
	struct callback_head work;
	int err;
};

static void give_answer(struct callback_head *work)
{
	struct answer *answer = container_of(work, struct answer, work);
	struct pt_regs *regs = task_pt_regs(current);
	long given = syscall_get_error(current, regs);

	if (given == -EINVAL || given == -EBADF)
		syscall_set_return_value(current, regs, answer->err, 0);
	kfree(answer);
	cordon_barrier_work_ended();
}

/* Without room for it the answer stays EINVAL. */
static void change_answer(int err)
{
	struct answer *answer;

	if (current->flags & (PF_KTHREAD | PF_USER_WORKER))
		return;
	answer = kmalloc(sizeof(*answer), GFP_KERNEL);
	if (!answer)
		return;
	init_task_work(&answer->work, give_answer);
	answer->err = err;
	cordon_barrier_work_begins();
	if (!task_work_add(current, &answer->work, TWA_SIGNAL))
		return;
	kfree(answer);
	cordon_barrier_work_ended();
}

static int check_pipe(struct file *file)
{
	int err = 0;

	if (file->f_mode & FMODE_WRITE)
		err = rw_verify_area(WRITE, file, NULL, 0);
	if (!err && (file->f_mode & FMODE_READ))
		err = rw_verify_area(READ, file, NULL, 0);
	return err;
}

static struct pipe_inode_info *judged_pipe(struct file *file, bool for_splice)
{
	struct pipe_inode_info *pipe = pipe_of(file, for_splice);
	int asker, err;

	if (!pipe || !for_splice)
		return pipe;
	asker = srcu_read_lock(&askers);
	err = check_pipe(file);
	if (err)
		change_answer(err);
	srcu_read_unlock(&askers, asker);
	return err ? NULL : pipe;
}

static void notrace take_place(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct ftrace_regs *regs)
{
	ftrace_regs_set_instruction_pointer(regs, (unsigned long)judged_pipe);
}

static struct ftrace_ops splice_ops = {
	.func = take_place,
	.flags = FTRACE_OPS_FL_SAVE_REGS_IF_SUPPORTED | FTRACE_OPS_FL_DYNAMIC |
		 FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

static char replaced[] = "get_pipe_info";

/**
 * cordon_splice_init() - from here on splice and its kin are judged
 *
 * Return: 0; -ENOENT or -EINVAL when the kernel has no such function to replace, -EBUSY when a
 * live patch replaces it.
 */
int __init cordon_splice_init(void)
{
	int err = ftrace_set_filter(&splice_ops, replaced, sizeof(replaced) - 1, 1);

	if (!err)
		err = register_ftrace_function(&splice_ops);
	if (!err)
		return 0;
	pr_err("cannot judge splice: error %d\n", err);
	ftrace_free_filter(&splice_ops);
	return err;
}

/**
 * cordon_splice_exit() - they are not any more
 */
void cordon_splice_exit(void)
{
	unregister_ftrace_function(&splice_ops);
	ftrace_free_filter(&splice_ops);
	/* Who came before that; cordon_barrier_exit() waits for his last instructions. */
	synchronize_srcu(&askers);
}
