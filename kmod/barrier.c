// SPDX-License-Identifier: GPL-2.0-only
/*
 * A barrier across tasks. A check that was made before a taint or a label rose says nothing about
 * what is copied after it: a write that waits on a full pipe, a send of 16 MB, a read that waits
 * for data (bypasses M5, C3, G1, G2). So whoever rises has every task that may be on the way
 * between its check and its copy cross the border to userspace once, and goes on only then. What
 * such a task was doing ends early or begins anew, and is checked anew.
 *
 * The task that rises is the owner. Its hook kicks the others and fails with -ERESTARTNOINTR: the
 * owner waits where it holds no lock, on its way to userspace, and its system call begins anew.
 * To the kicked it is as if a signal without a handler had come (signal(7) lists what that ends).
 *
 * Who owns a barrier is on his way to userspace himself: nobody waits for him, so barriers never
 * wait for each other. (But who does the orders of an io_uring goes on with the next when one has
 * failed: he is waited for until he waits himself. Task works run last in, first out, so that he
 * crosses for others before he waits for them.) A task that cannot be interrupted keeps the owner waiting for PATIENCE;
 * then the access is refused.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include "cordon.h"

#define PATIENCE (5 * HZ)

struct barrier {
	struct list_head list; /* in barriers, protected by barriers_lock */
	struct task_struct *owner; /* counted */
	struct callback_head wait;
	refcount_t refs; /* one of the list's, one of each kick */
	atomic_t pending; /* kicks that have not run */
	bool failed; /* somebody did not cross in time */
	bool pauses; /* waits a moment, for a lock and not for a task */
	bool lingers; /* the owner may do more before it is at the border */
	bool waits; /* it is there */
	wait_queue_head_t all_crossed;
};

struct kick {
	struct callback_head work;
	struct barrier *barrier;
};

/* What the children of vfork that use one address space have their parents wait for. */
struct vforks {
	u32 count;
	const struct completion *done[32];
};

/* At most one a task. Taken in hooks and in task work, never in an interrupt; nothing nests in it. */
static LIST_HEAD(barriers);
static DEFINE_SPINLOCK(barriers_lock);

/* Works that are queued somewhere: the module's code stays until all have run. */
static atomic_t outstanding = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(none_outstanding);

/**
 * cordon_barrier_work_begins() - a work of this module's is about to be queued to a task
 */
void cordon_barrier_work_begins(void)
{
	atomic_inc(&outstanding);
}

/**
 * cordon_barrier_work_ended() - one has run, or was not queued
 */
void cordon_barrier_work_ended(void)
{
	if (atomic_dec_and_test(&outstanding))
		wake_up_all(&none_outstanding);
}

static void barrier_put(struct barrier *barrier)
{
	if (!refcount_dec_and_test(&barrier->refs))
		return;
	put_task_struct(barrier->owner);
	kfree(barrier);
}

static struct barrier *barrier_of(const struct task_struct *task)
{
	struct barrier *barrier;

	lockdep_assert_held(&barriers_lock);
	list_for_each_entry(barrier, &barriers, list)
		if (barrier->owner == task)
			return barrier;
	return NULL;
}

/* Whether @task is on its way to userspace, or waits there, for a barrier of its own. */
static bool owns_barrier(const struct task_struct *task)
{
	struct barrier *barrier;
	bool owns;

	spin_lock(&barriers_lock);
	barrier = barrier_of(task);
	owns = barrier && !barrier->failed && (barrier->waits || !barrier->lingers);
	spin_unlock(&barriers_lock);
	return owns;
}

static void barrier_unlist(struct barrier *barrier)
{
	spin_lock(&barriers_lock);
	list_del(&barrier->list);
	spin_unlock(&barriers_lock);
	barrier_put(barrier);
}

/* In the kicked task, on its way to userspace: whatever it was doing is over. */
static void cross(struct callback_head *work)
{
	struct kick *kick = container_of(work, struct kick, work);
	struct barrier *barrier = kick->barrier;

	kfree(kick);
	if (atomic_dec_and_test(&barrier->pending))
		wake_up_all(&barrier->all_crossed);
	barrier_put(barrier);
	cordon_barrier_work_ended();
}

/* In the owner, on its way to userspace: it holds nothing that the others could wait for. */
static void wait_for_all(struct callback_head *work)
{
	struct barrier *barrier = container_of(work, struct barrier, wait);

	spin_lock(&barriers_lock);
	barrier->waits = true;
	spin_unlock(&barriers_lock);
	if (barrier->pauses)
		usleep_range(200, 1000);
	if (!(current->flags & PF_EXITING))
		wait_event_killable_timeout(barrier->all_crossed, !atomic_read(&barrier->pending),
					    PATIENCE);
	if (atomic_read(&barrier->pending) && !(current->flags & PF_EXITING))
		WRITE_ONCE(barrier->failed, true); /* until cordon_barrier_take() asks */
	else
		barrier_unlist(barrier);
	cordon_barrier_work_ended();
}

/* The failed barriers of tasks that died before they asked. */
static void purge_dead(void)
{
	struct barrier *barrier, *next;

	lockdep_assert_held(&barriers_lock);
	list_for_each_entry_safe(barrier, next, &barriers, list) {
		if (!barrier->failed || !READ_ONCE(barrier->owner->exit_state))
			continue;
		list_del(&barrier->list);
		barrier_put(barrier);
	}
}

/* One system call of it, or one turn of a worker, has many orders, each with a check of its own. */
static bool takes_many_orders(void)
{
	bool many = current->flags & PF_USER_WORKER;

#ifdef CONFIG_IO_URING
	many |= !!current->io_uring;
#endif
#ifdef CONFIG_AIO
	many |= current->mm && rcu_access_pointer(current->mm->ioctx_table);
#endif
	return many;
}

/* The caller's barrier; a new one has its owner wait at the border. NULL: no memory. */
static struct barrier *barrier_own(void)
{
	struct barrier *barrier, *known;

	spin_lock(&barriers_lock);
	purge_dead();
	known = barrier_of(current);
	spin_unlock(&barriers_lock);
	if (known)
		return known;
	barrier = kzalloc(sizeof(*barrier), GFP_ATOMIC | __GFP_NOWARN);
	if (!barrier)
		return NULL;
	barrier->owner = get_task_struct(current);
	barrier->lingers = takes_many_orders();
	refcount_set(&barrier->refs, 1);
	init_waitqueue_head(&barrier->all_crossed);
	init_task_work(&barrier->wait, wait_for_all);
	spin_lock(&barriers_lock);
	list_add(&barrier->list, &barriers);
	spin_unlock(&barriers_lock);
	cordon_barrier_work_begins();
	if (task_work_add(current, &barrier->wait, TWA_SIGNAL)) {
		cordon_barrier_work_ended();
		barrier_unlist(barrier);
		return NULL;
	}
	return barrier;
}

/*
 * Who waits for a vfork child copies nothing, and cannot be interrupted. The child points into the
 * stack of the one that waits for it; its parent can be somebody else (CLONE_PARENT).
 */
static bool waits_for_vfork(const struct task_struct *task, const struct vforks *vforks)
{
	unsigned long stack = (unsigned long)task_stack_page(task);
	u32 i;

	for (i = 0; i < vforks->count; i++)
		if ((unsigned long)vforks->done[i] - stack < THREAD_SIZE)
			return true;
	return false;
}

/* The vfork children that still use @mm. Return: 0, or -ENOSPC for too many. */
static int find_vforks(const struct mm_struct *mm, struct vforks *vforks)
{
	struct task_struct *task, *thread;
	int err = 0;

	rcu_read_lock();
	for_each_process_thread(task, thread)
	{
		const struct completion *done = READ_ONCE(thread->vfork_done);

		if (!done || READ_ONCE(thread->mm) != mm)
			continue;
		err = vforks->count == ARRAY_SIZE(vforks->done) ? -ENOSPC : 0;
		if (err)
			break;
		vforks->done[vforks->count++] = done;
	}
	rcu_read_unlock();
	return err;
}

/* Nothing of @task can be between a check and a copy. */
static bool is_at_border(struct task_struct *task)
{
	return task == current || (task->flags & PF_KTHREAD) || READ_ONCE(task->exit_state) ||
	       task_is_stopped_or_traced(task) || owns_barrier(task);
}

/* As cordon_barrier_kick(), to whom no vfork child is known. */
static int kick_one(struct task_struct *task)
{
	struct barrier *barrier;
	struct kick *kick;

	if (is_at_border(task))
		return 0;
	barrier = barrier_own();
	kick = kmalloc(sizeof(*kick), GFP_ATOMIC | __GFP_NOWARN);
	if (!barrier || !kick) {
		kfree(kick);
		return -ENOMEM;
	}
	init_task_work(&kick->work, cross);
	kick->barrier = barrier;
	refcount_inc(&barrier->refs);
	atomic_inc(&barrier->pending);
	cordon_barrier_work_begins();
	if (!task_work_add(task, &kick->work, TWA_SIGNAL))
		return 1;
	/* It has left for good. */
	atomic_dec(&barrier->pending);
	barrier_put(barrier);
	kfree(kick);
	cordon_barrier_work_ended();
	return 0;
}

/**
 * cordon_barrier_kick() - have a task cross before the caller goes on
 * @task: the other
 *
 * Return: 1 when the caller has to wait, 0 when @task is at the border already, -ENOMEM.
 */
int cordon_barrier_kick(struct task_struct *task)
{
	struct vforks vforks = {};

	if ((READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE) &&
	    !find_vforks(READ_ONCE(task->mm), &vforks) && waits_for_vfork(task, &vforks))
		return 0;
	return kick_one(task);
}

/**
 * cordon_barrier_kick_own() - have all other tasks that use the caller's memory cross
 *
 * The caller holds a struct cordon_share of its own memory.
 *
 * Return: how many the caller has to wait for, -ENOMEM, or -ENOSPC for too many vforks at once.
 */
int cordon_barrier_kick_own(void)
{
	struct mm_struct *mm = current->mm;
	struct task_struct *task, *thread;
	struct vforks vforks = {};
	int kicked = 0, result;

	/* Every task that uses it holds a reference, and so does the caller's share. */
	if (!mm || atomic_read(&mm->mm_users) <= 2)
		return 0;
	result = find_vforks(mm, &vforks);
	if (result)
		return result;
	rcu_read_lock();
	for_each_process_thread(task, thread)
	{
		if (READ_ONCE(thread->mm) != mm || waits_for_vfork(thread, &vforks))
			continue;
		result = kick_one(thread);
		if (result < 0)
			goto out;
		kicked += result;
	}
out:
	rcu_read_unlock();
	return result < 0 ? result : kicked;
}

/**
 * cordon_barrier_pause() - have the caller wait a moment on its way to userspace
 *
 * Return: 0, or -ENOMEM.
 */
int cordon_barrier_pause(void)
{
	struct barrier *barrier = barrier_own();

	if (!barrier)
		return -ENOMEM;
	barrier->pauses = true;
	return 0;
}

/**
 * cordon_barrier_take() - how the caller's last barrier ended
 *
 * Return: 0 when all crossed, -ETIMEDOUT when somebody did not.
 */
int cordon_barrier_take(void)
{
	struct barrier *barrier;

	spin_lock(&barriers_lock);
	barrier = barrier_of(current);
	if (barrier && barrier->failed)
		list_del(&barrier->list);
	else
		barrier = NULL;
	spin_unlock(&barriers_lock);
	if (!barrier)
		return 0;
	barrier_put(barrier);
	return -ETIMEDOUT;
}

/**
 * cordon_barrier_exit() - wait until no task has any work of ours left
 *
 * No program is attached any more, so there come no new ones. Last of those that wait for tasks.
 */
void cordon_barrier_exit(void)
{
	struct barrier *barrier, *next;

	wait_event(none_outstanding, !atomic_read(&outstanding));
	list_for_each_entry_safe(barrier, next, &barriers, list) {
		barrier_unlist(barrier);
	}
	/*
	 * The last instructions of whatever of this module ran in a task: a work of this file's, a
	 * wish, a function in place of the kernel's. None sleeps after it has counted itself out.
	 */
	synchronize_rcu_tasks();
}
