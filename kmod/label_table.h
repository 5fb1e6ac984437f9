/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was read or written of stored labels a moment ago, for the hook that asked: label_store.c
 * puts it down, the hook finds it when its system call begins anew.
 */
#ifndef CORDON_LABEL_TABLE_H
#define CORDON_LABEL_TABLE_H

#include <linux/fs.h>
#include <linux/types.h>

struct known {
	const struct inode *inode; /* identity, never a reference: with the next three */
	u64 number;
	u64 generation;
	dev_t device;
	u64 label;
	unsigned long when; /* jiffies */
	u32 reason; /* CORDON_REASON_*: why the last wish failed; told once */
	bool marked; /* the file system */
	bool used;
};

#define LABEL_TABLE_CHANGED U64_MAX
/* How often labels were changed: ask before reading one. */
u64 label_table_changes(void);
/*
 * @since: label_table_changes() before the label was read, for nothing that was read before a
 * change is put down after it; or LABEL_TABLE_CHANGED for a label that was written.
 */
void label_table_put(const struct inode *inode, u64 label, u32 reason, bool marked, u64 since);
/* Nothing is known of @inode any more. */
void label_table_drop(const struct inode *inode);
bool label_table_get(const struct inode *inode, struct known *known);
/* Whether the calling task may begin its system call anew once more. */
bool label_table_try(void);

#endif /* CORDON_LABEL_TABLE_H */
