// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who shares memory with whom. A store through a mapping passes no hook, so all that can see what
 * a subject stores have to carry its taint, or it does not rise (bypasses M6, B8, B15, C1).
 *
 * From an address space one comes to the files it can write to through shared mappings; from such
 * a file, if it has no name (memory that a fork shares, memfd, System V segments), to every address
 * space that maps it, and on from there. A file with a name has a label of its own: who maps it was
 * checked against that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "cordon.h"

/* More of either than this is refused. */
#define SHARED_MAX 4096
#define LIST_FIRST 16
/* Nor are more comparisons made than this: hooks do not give the CPU away. Some 10 ms. */
#define LOOKS_MAX (1 << 22)

struct list {
	void **item;
	u32 count, room;
};

/* What BPF reads comes first: bpf/kfuncs.bpf.h. */
struct cordon_share {
	u32 file_count;
	u32 task_count;
	struct list files; /* struct file, counted */
	struct list spaces; /* struct mm_struct, mm_users counted */
	struct list tasks; /* struct task_struct, counted */
	u32 looks;
};

/* Return: 0, or -ENOSPC when there is too much to look at. */
static int look(struct cordon_share *share, u32 comparisons)
{
	share->looks += comparisons;
	return share->looks > LOOKS_MAX ? -ENOSPC : 0;
}

static int list_append(struct list *list, void *item)
{
	u32 room = list->room ? 2 * list->room : LIST_FIRST;
	void **larger;

	if (list->count == list->room) {
		if (room > SHARED_MAX)
			return -ENOSPC;
		larger = krealloc_array(list->item, room, sizeof(*larger),
					GFP_ATOMIC | __GFP_NOWARN);
		if (!larger)
			return -ENOMEM;
		list->item = larger;
		list->room = room;
	}
	list->item[list->count++] = item;
	return 0;
}

static bool knows_space(const struct cordon_share *share, const struct mm_struct *mm)
{
	u32 i;

	for (i = 0; i < share->spaces.count; i++)
		if (share->spaces.item[i] == mm)
			return true;
	return false;
}

static bool knows_file(const struct cordon_share *share, const struct inode *inode)
{
	u32 i;

	for (i = 0; i < share->files.count; i++)
		if (file_inode(share->files.item[i]) == inode)
			return true;
	return false;
}

/* An address space that nobody uses any more shows nothing to anybody. */
static int add_space(struct cordon_share *share, struct mm_struct *mm)
{
	int err = look(share, 1 + share->spaces.count);

	if (err || knows_space(share, mm) || !mmget_not_zero(mm))
		return err;
	err = list_append(&share->spaces, mm);
	if (err)
		mmput_async(mm);
	return err;
}

/* The one that @task uses; it may be leaving it at this moment. */
static int add_space_of(struct cordon_share *share, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	int err;

	if (!mm)
		return 0;
	err = add_space(share, mm);
	mmput_async(mm);
	return err;
}

/* All who map @inode, in whatever way: what is stored there is seen by all of them. */
static int add_mappers(struct cordon_share *share, struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;
	struct rb_node *node;
	int err = 0;

	if (!down_read_trylock(&mapping->i_mmap_rwsem))
		return -EAGAIN;
	for (node = rb_first_cached(&mapping->i_mmap); node && !err; node = rb_next(node))
		err = add_space(share, rb_entry(node, struct vm_area_struct, shared.rb)->vm_mm);
	up_read(&mapping->i_mmap_rwsem);
	return err;
}

/* Named files are asked for when they become writable, other memory is not. */
static bool may_write(const struct vm_area_struct *area)
{
	bool named = !(file_inode(area->vm_file)->i_sb->s_flags & SB_NOUSER);

	return (area->vm_flags & VM_SHARED) && (area->vm_flags & (named ? VM_WRITE : VM_MAYWRITE));
}

static int add_area(struct cordon_share *share, struct vm_area_struct *area)
{
	struct file *file = area->vm_file;
	int err = look(share, 1);

	if (err || !file || !may_write(area))
		return err;
	err = look(share, share->files.count);
	if (err || knows_file(share, file_inode(file)))
		return err;
	err = list_append(&share->files, get_file(file));
	if (err) {
		fput(file);
		return err;
	}
	return file_inode(file)->i_sb->s_flags & SB_NOUSER ? add_mappers(share, file_inode(file)) :
							     0;
}

/* The files that @mm can write to without a hook. Hooks hold locks, so nothing waits here. */
static int add_areas(struct cordon_share *share, struct mm_struct *mm)
{
	struct vm_area_struct *area;
	VMA_ITERATOR(areas, mm, 0);
	int err = 0;

	if (!mmap_read_trylock(mm))
		return -EAGAIN;
	for_each_vma(areas, area)
	{
		err = add_area(share, area);
		if (err)
			break;
	}
	mmap_read_unlock(mm);
	return err;
}

/*
 * Who traces one of them sees its memory too, who is traced gets what the tracer writes there, and
 * neither asks a hook each time (bypass B9).
 */
static int add_tracers(struct cordon_share *share)
{
	struct task_struct *task, *thread;
	int err = 0;

	rcu_read_lock();
	for_each_process_thread(task, thread)
	{
		struct task_struct *tracer;

		err = look(share, 1);
		if (err)
			break;
		if (!READ_ONCE(thread->ptrace))
			continue;
		/* What is not known yet is compared only: nothing keeps it. */
		tracer = rcu_dereference(thread->parent);
		if (knows_space(share, READ_ONCE(thread->mm)))
			err = add_space_of(share, tracer);
		else if (knows_space(share, READ_ONCE(tracer->mm)))
			err = add_space_of(share, thread);
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

/* The tasks of all these address spaces but the caller's own. */
static int add_tasks(struct cordon_share *share)
{
	struct task_struct *task, *thread;
	int err = 0;

	if (!share->spaces.count ||
	    (share->spaces.count == 1 && share->spaces.item[0] == current->mm))
		return 0;
	rcu_read_lock();
	for_each_process_thread(task, thread)
	{
		struct mm_struct *mm = READ_ONCE(thread->mm);

		if (!mm || mm == current->mm || (thread->flags & PF_KTHREAD) ||
		    !knows_space(share, mm))
			continue;
		err = list_append(&share->tasks, get_task_struct(thread));
		if (err) {
			put_task_struct(thread);
			break;
		}
	}
	rcu_read_unlock();
	return err;
}

static int collect(struct cordon_share *share, struct inode *inode)
{
	int err = inode ? add_mappers(share, inode) : add_space(share, current->mm);
	u32 i;

	/* The list grows while it is read. */
	for (i = 0; i < share->spaces.count && !err; i++) {
		err = add_areas(share, share->spaces.item[i]);
		if (!err && i + 1 == share->spaces.count)
			err = add_tracers(share);
	}
	if (!err)
		err = add_tasks(share);
	share->file_count = share->files.count;
	share->task_count = share->tasks.count;
	return err;
}

/**
 * cordon_share_collect() - who can see what is stored
 * @inode: by whoever maps this one; NULL: by the caller
 *
 * Return: what cordon_share_free() frees, or NULL when a lock was busy, or there was no memory or
 * too much to look at.
 */
struct cordon_share *cordon_share_collect(struct inode *inode)
{
	struct cordon_share *share;

	if (!current->mm)
		return NULL;
	share = kzalloc(sizeof(*share), GFP_ATOMIC | __GFP_NOWARN);
	if (share && collect(share, inode)) {
		cordon_share_free(share);
		return NULL;
	}
	return share;
}

/**
 * cordon_share_free() - forget what cordon_share_collect() found
 * @share: that
 */
void cordon_share_free(struct cordon_share *share)
{
	u32 i;

	for (i = 0; i < share->files.count; i++)
		fput(share->files.item[i]);
	for (i = 0; i < share->spaces.count; i++)
		mmput_async(share->spaces.item[i]);
	for (i = 0; i < share->tasks.count; i++)
		put_task_struct(share->tasks.item[i]);
	kfree(share->files.item);
	kfree(share->spaces.item);
	kfree(share->tasks.item);
	kfree(share);
}

/**
 * cordon_share_file_at() - a file that was found
 * @share: where
 * @index: its number, from 0
 *
 * Return: the file, with a reference, or NULL when there is none of that number.
 */
struct file *cordon_share_file_at(struct cordon_share *share, u32 index)
{
	return index < share->files.count ? get_file(share->files.item[index]) : NULL;
}

/**
 * cordon_share_task_at() - a task that was found
 * @share: where
 * @index: its number, from 0
 *
 * Return: the task, with a reference, or NULL when there is none of that number.
 */
struct task_struct *cordon_share_task_at(struct cordon_share *share, u32 index)
{
	return index < share->tasks.count ? get_task_struct(share->tasks.item[index]) : NULL;
}
