// SPDX-License-Identifier: GPL-2.0-only
/* See label_table.h. An entry that was displaced, or is a second old, is only read again. */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "label_table.h"

#define TABLE_BITS 10
#define TRIES_BITS 8
#define TRIES_MAX  64

static struct known table[1 << TABLE_BITS];
static u64 changes;
static DEFINE_SPINLOCK(table_lock); /* of both; a leaf */

/*
 * How often a task began anew since it last found an answer, by its number. What makes a new file
 * at every try would never end; tasks that share a place can only end it sooner.
 */
static atomic_t tries[1 << TRIES_BITS];

static struct known *known_slot(const struct inode *inode)
{
	return &table[hash_ptr((void *)inode, TABLE_BITS)];
}

static bool is_of(const struct known *known, const struct inode *inode)
{
	return known->used && known->inode == inode && known->number == inode->i_ino &&
	       known->generation == inode->i_generation && known->device == inode->i_sb->s_dev &&
	       time_before(jiffies, known->when + HZ);
}

static atomic_t *tries_of_current(void)
{
	return &tries[hash_32(task_pid_nr(current), TRIES_BITS)];
}

u64 label_table_changes(void)
{
	u64 now;

	spin_lock(&table_lock);
	now = changes;
	spin_unlock(&table_lock);
	return now;
}

void label_table_put(const struct inode *inode, u64 label, u32 reason, bool marked, u64 since)
{
	const struct known known = {
		.inode = inode,
		.number = inode->i_ino,
		.generation = inode->i_generation,
		.device = inode->i_sb->s_dev,
		.label = label,
		.when = jiffies,
		.reason = reason,
		.marked = marked,
		.used = true,
	};

	spin_lock(&table_lock);
	if (since == LABEL_TABLE_CHANGED)
		changes++;
	if (since == LABEL_TABLE_CHANGED || since == changes)
		*known_slot(inode) = known;
	spin_unlock(&table_lock);
}

void label_table_drop(const struct inode *inode)
{
	spin_lock(&table_lock);
	changes++;
	if (is_of(known_slot(inode), inode))
		known_slot(inode)->used = false;
	spin_unlock(&table_lock);
}

bool label_table_get(const struct inode *inode, struct known *known)
{
	struct known *slot = known_slot(inode);
	bool found;

	spin_lock(&table_lock);
	found = is_of(slot, inode);
	if (found) {
		*known = *slot;
		/* A failure is told once: whoever tries again later may have better luck. */
		if (slot->reason)
			slot->used = false;
	}
	spin_unlock(&table_lock);
	if (found)
		atomic_set(tries_of_current(), 0);
	return found;
}

bool label_table_try(void)
{
	if (atomic_inc_return(tries_of_current()) <= TRIES_MAX)
		return true;
	atomic_set(tries_of_current(), 0);
	return false;
}
