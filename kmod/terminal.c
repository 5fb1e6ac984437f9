// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which terminal a file is. All master sides of pseudo-terminals are one inode, and /dev/tty is
 * whatever terminal its opener has (bypass M16). What a pair has of its own is the inode in devpts
 * that names it: it lives from the opening of the master to its end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/workqueue.h>
#include "cordon.h"

static struct tty_struct *tty_of(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	const struct tty_file_private *opened = READ_ONCE(file->private_data);
	unsigned int number = imajor(inode);

	if (!S_ISCHR(inode->i_mode) || !opened)
		return NULL;
	if (number != TTYAUX_MAJOR && number != TTY_MAJOR &&
	    (number < UNIX98_PTY_SLAVE_MAJOR ||
	     number >= UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT))
		return NULL;
	return opened->tty;
}

/* Valid while RCU is held: dentries and inodes are freed after a grace period. */
static struct inode *inode_of_slave(const struct tty_struct *slave)
{
	const struct dentry *entry = READ_ONCE(slave->driver_data);

	/* The master's end takes the entry away after it has set this. */
	if (!entry || test_bit(TTY_OTHER_CLOSED, &slave->flags))
		return NULL;
	return READ_ONCE(entry->d_inode);
}

/**
 * cordon_terminal_find() - the pseudo-terminal that a file is a side of
 * @file: an open file
 * @side: set to CORDON_TERMINAL_*
 *
 * Return: the inode that names the pair, with a reference for cordon_terminal_drop(), or NULL when
 * @side is none of a pseudo-terminal's, or the pair has ended.
 */
struct inode *cordon_terminal_find(const struct file *file, u32 *side)
{
	const struct tty_struct *tty = tty_of(file), *slave;
	struct inode *inode;

	*side = CORDON_TERMINAL_NONE;
	if (!tty || !tty->driver)
		return NULL;
	if (tty->driver->type != TTY_DRIVER_TYPE_PTY) {
		/* Of this type there is one that prints to the kernel's log, too. */
		if (tty->driver->type != TTY_DRIVER_TYPE_CONSOLE || tty->driver->major != TTY_MAJOR)
			*side = CORDON_TERMINAL_LINE;
		return NULL;
	}
	*side = tty->driver->subtype == PTY_TYPE_MASTER ? CORDON_TERMINAL_MASTER :
							  CORDON_TERMINAL_SLAVE;
	slave = *side == CORDON_TERMINAL_MASTER ? tty->link : tty;
	rcu_read_lock();
	inode = slave ? inode_of_slave(slave) : NULL;
	inode = inode ? igrab(inode) : NULL;
	rcu_read_unlock();
	/* What was hung up is the end of file for whoever still has it. */
	if (!inode && test_bit(TTY_HUPPED, &tty->flags))
		*side = CORDON_TERMINAL_NONE;
	return inode;
}

struct last_put {
	struct work_struct work;
	struct inode *inode;
};

static void put_last(struct work_struct *work)
{
	struct last_put *last = container_of(work, struct last_put, work);

	iput(last->inode);
	kfree(last);
	cordon_barrier_work_ended();
}

/**
 * cordon_terminal_drop() - give a reference back
 * @inode: what cordon_terminal_find() returned
 *
 * The last one is given back elsewhere: that may sleep, and hooks do not.
 */
void cordon_terminal_drop(struct inode *inode)
{
	struct last_put *last;

	if (atomic_add_unless(&inode->i_count, -1, 1))
		return;
	last = kmalloc(sizeof(*last), GFP_ATOMIC | __GFP_NOWARN);
	if (!last)
		return; /* a few hundred bytes are lost, which is better than to sleep here */
	cordon_barrier_work_begins();
	INIT_WORK(&last->work, put_last);
	last->inode = inode;
	queue_work(system_unbound_wq, &last->work);
}
