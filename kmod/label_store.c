// SPDX-License-Identifier: GPL-2.0-only
/*
 * Labels that survive: the extended attribute security.cordon (cordon/stored_label.h).
 *
 * Hooks cannot wait for a disk, most of them hold locks of the file system, and some may not sleep
 * at all. So a hook only asks. What it asks for is done by a task work: in the asking task, when
 * its system call has failed with ERESTARTNOINTR and let go of everything it held, before it can
 * do anything else. Then the system call begins anew, and the hook finds the answer in a small
 * table. No lock of this file is held over I/O, none of a file system when ours are taken.
 *
 * What a raise must fulfil, in this order:
 *   1. the new label is in *pending, so whoever opens the file from now on is judged by it;
 *   2. nobody has the file open or mapped, so nobody was judged by the old one and still reads
 *      (the kernel counts an opener before it asks file_open, which then sees 1);
 *   3. no page of it is in a pipe or a socket: pages of a disk's file are written and dropped,
 *      memory's cannot be, so on tmpfs the file must be empty or about to be truncated;
 *   4. the attribute is on the disk: the journal is committed before the answer is in the table,
 *      and no write is allowed before that (so no power cut finds the data without the label).
 *
 * Lock order: sb_start_write -> inode_lock; s_umount after both are dropped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include <linux/xattr.h>
#include <cordon/stored_label.h>
#include "blake2s.h"
#include "cordon.h"
#include "label_table.h"

struct wish {
	struct callback_head work;
	struct inode *inode; /* held, and its superblock kept active */
	u64 raise; /* 0: only read */
	u32 how; /* CORDON_RAISE_* */
};

static u8 label_key[CORDON_LABEL_KEY_BYTES];
static bool have_key; /* set once, after the key */
static atomic_t wishes = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(no_wishes);

static bool inode_keeps(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && !(inode->i_sb->s_flags & SB_NOUSER) &&
	       cordon_magic_keeps_labels(inode->i_sb->s_magic);
}

/* ---- The attribute ----------------------------------------------------------- */

static void make_tag(const struct inode *inode, struct cordon_stored_label *stored)
{
	struct cordon_stored_place place = { .inode = inode->i_ino,
					     .generation = inode->i_generation };
	u8 message[CORDON_STORED_MESSAGE_BYTES], out[BLAKE2S_HASH_SIZE];
	struct cordon_hash hash;

	memcpy(place.uuid, inode->i_sb->s_uuid.b, sizeof(place.uuid));
	cordon_stored_message(stored, &place, message);
	cordon_hash_init(&hash, label_key);
	cordon_hash_update(&hash, message, sizeof(message));
	cordon_hash_final(&hash, out);
	memcpy(stored->tag, out, sizeof(stored->tag));
	memzero_explicit(out, sizeof(out));
}

static bool tag_holds(const struct inode *inode, const struct cordon_stored_label *stored)
{
	struct cordon_stored_label mine = *stored;
	u8 differs = 0;
	int i;

	if (!smp_load_acquire(&have_key))
		return false;
	make_tag(inode, &mine);
	for (i = 0; i < CORDON_STORED_TAG_BYTES; i++)
		differs |= mine.tag[i] ^ stored->tag[i];
	return !differs;
}

/* Some directory entry of the inode; the file systems we keep labels on do not look at it. */
static struct dentry *any_entry(struct inode *inode)
{
	struct dentry *dentry = d_find_any_alias(inode);

	if (dentry)
		return dentry;
	ihold(inode);
	return d_obtain_alias(inode);
}

/* CORDON_REASON_NONE and the label, LABEL_INVALID and the top, or LABEL_UNREAD and the top. */
static u32 read_stored(struct dentry *dentry, struct inode *inode, u64 *label)
{
	struct cordon_stored_label stored;
	u8 bytes[CORDON_STORED_BYTES];
	ssize_t count;

	*label = CORDON_LABEL_UNCLASSIFIED;
	count = __vfs_getxattr(dentry, inode, CORDON_XATTR, bytes, sizeof(bytes));
	if (count == -ENODATA || count == -EOPNOTSUPP)
		return CORDON_REASON_NONE;
	*label = CORDON_LABEL_TOP;
	if (count < 0 && count != -ERANGE)
		return CORDON_REASON_LABEL_UNREAD;
	if (count < 0 || !cordon_stored_decode(bytes, count, &stored) ||
	    stored.kind != CORDON_STORED_FILE || !tag_holds(inode, &stored))
		return CORDON_REASON_LABEL_INVALID;
	*label = stored.label;
	return CORDON_REASON_NONE;
}

static int write_stored(struct dentry *dentry, struct inode *inode, u8 kind, u64 label)
{
	struct cordon_stored_label stored = { .kind = kind, .label = label };
	u8 bytes[CORDON_STORED_BYTES];

	make_tag(inode, &stored);
	cordon_stored_encode(&stored, bytes);
	return __vfs_setxattr(&nop_mnt_idmap, dentry, inode, CORDON_XATTR, bytes, sizeof(bytes), 0);
}

static bool is_marked(struct super_block *sb)
{
	ssize_t count = __vfs_getxattr(sb->s_root, d_inode(sb->s_root), CORDON_XATTR, NULL, 0);

	/* What cannot be read may be a mark. */
	return count != -ENODATA && count != -EOPNOTSUPP;
}

/* Comes before the first label, in the same transaction or an earlier one. */
static int mark(struct super_block *sb)
{
	struct inode *root = d_inode(sb->s_root);
	int err = 0;

	inode_lock(root);
	if (!is_marked(sb))
		err = write_stored(sb->s_root, root, CORDON_STORED_MARK, 0);
	inode_unlock(root);
	return err;
}

/* The file system's journal, with the attribute in it, is on the disk when this returns. */
static int commit(struct super_block *sb)
{
	int err;

	down_read(&sb->s_umount);
	err = sb->s_op->sync_fs ? sb->s_op->sync_fs(sb, 1) : 0;
	up_read(&sb->s_umount);
	return err;
}

/* ---- Raising ------------------------------------------------------------------ */

static u32 reason_of(int err)
{
	switch (err) {
	case 0:
		return CORDON_REASON_NONE;
	case -ENOSPC:
	case -EDQUOT:
		return CORDON_REASON_LABEL_FULL;
	case -EROFS:
	case -EPERM:
	case -EACCES:
		return CORDON_REASON_LABEL_READ_ONLY;
	case -EOPNOTSUPP:
		return CORDON_REASON_LABEL_UNKEPT;
	case -EBUSY:
		return CORDON_REASON_LABEL_IN_USE;
	default:
		return CORDON_REASON_LABEL_FAILED;
	}
}

/* Files open and mapped; a mapping keeps its file open. @own: so many writers are the asker. */
static bool is_in_use(const struct inode *inode, int own)
{
	return atomic_read(&inode->i_writecount) != own || atomic_read(&inode->i_readcount);
}

/* Whether the label of @inode can rise now. A reason, or NONE. */
static u32 check_raise(const struct inode *inode, u32 how)
{
	if (!inode_keeps(inode))
		return CORDON_REASON_LABEL_UNKEPT;
	if (sb_rdonly(inode->i_sb) || IS_IMMUTABLE(inode))
		return CORDON_REASON_LABEL_READ_ONLY;
	if (!smp_load_acquire(&have_key))
		return CORDON_REASON_LABEL_FAILED;
	if (inode->i_sb->s_magic == TMPFS_MAGIC && inode->i_mapping->nrpages &&
	    how != CORDON_RAISE_TRUNCATE)
		return CORDON_REASON_LABEL_IN_USE;
	return CORDON_REASON_NONE;
}

/* Pages that somebody still holds are from now on no part of the file. */
static int drop_pages(struct inode *inode)
{
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return 0;
	return filemap_write_and_wait(inode->i_mapping) ?:
							  invalidate_inode_pages2(inode->i_mapping);
}

/* Under the inode's lock. Adds @raise to the label; @label is what is stored afterwards. */
static u32 raise_locked(struct dentry *dentry, struct inode *inode, u64 raise, u32 how, u64 *label)
{
	u32 reason = read_stored(dentry, inode, label);
	int err;

	if (!reason)
		reason = check_raise(inode, how);
	if (reason)
		return reason;
	/* Already as high, by another's wish: then it was not in use when that was done. */
	if (!(raise & ~*label))
		return CORDON_REASON_NONE;
	if (is_in_use(inode, how == CORDON_RAISE_CREATED))
		return CORDON_REASON_LABEL_IN_USE;
	err = drop_pages(inode);
	if (!err)
		err = write_stored(dentry, inode, CORDON_STORED_FILE, *label | raise);
	if (!err)
		*label |= raise;
	return reason_of(err);
}

static u32 raise_stored(struct dentry *dentry, struct inode *inode, u64 raise, u32 how, u64 *label)
{
	struct super_block *sb = inode->i_sb;
	u32 reason;

	sb_start_write(sb);
	reason = reason_of(mark(sb));
	if (!reason) {
		inode_lock(inode);
		reason = raise_locked(dentry, inode, raise, how, label);
		inode_unlock(inode);
	}
	sb_end_write(sb);
	return reason ?: reason_of(commit(sb));
}

/* ---- Wishes -------------------------------------------------------------------- */

static void fulfil(struct inode *inode, u64 raise, u32 how)
{
	struct dentry *dentry = any_entry(inode);
	u64 label = CORDON_LABEL_TOP, since = raise ? LABEL_TABLE_CHANGED : label_table_changes();
	bool marked = true;
	u32 reason;

	if (IS_ERR(dentry)) {
		label_table_put(inode, label, CORDON_REASON_LABEL_UNREAD, marked, since);
		return;
	}
	if (raise) {
		reason = raise_stored(dentry, inode, raise, how, &label);
	} else {
		marked = is_marked(inode->i_sb);
		reason = read_stored(dentry, inode, &label);
	}
	dput(dentry);
	label_table_put(inode, label, reason, marked, since);
}

static void run_wish(struct callback_head *work)
{
	struct wish *wish = container_of(work, struct wish, work);
	struct super_block *sb = wish->inode->i_sb;

	fulfil(wish->inode, wish->raise, wish->how);
	iput(wish->inode);
	deactivate_super(sb);
	kfree(wish);
	if (atomic_dec_and_test(&wishes))
		wake_up_all(&no_wishes);
}

/* A system call of a process: then it can begin anew, and task works run before it does. */
static bool can_begin_anew(void)
{
	return current->mm && !(current->flags & (PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER |
						  PF_EXITING | PF_DUMPCORE));
}

static int make_wish(struct inode *inode, u64 raise, u32 how)
{
	bool created = how == CORDON_RAISE_CREATED;
	struct super_block *sb = inode->i_sb;
	struct wish *wish;

	if (!can_begin_anew())
		return -CORDON_REASON_LABEL_UNREAD;
	if (!created && !label_table_try())
		return -CORDON_REASON_LABEL_UNREAD;
	wish = kzalloc(sizeof(*wish), GFP_ATOMIC | __GFP_NOWARN);
	if (!wish)
		return -CORDON_REASON_LABEL_FAILED;
	if (!atomic_inc_not_zero(&sb->s_active))
		goto err_super;
	ihold(inode);
	wish->inode = inode;
	wish->raise = raise;
	wish->how = how;
	atomic_inc(&wishes);
	init_task_work(&wish->work, run_wish);
	/* A new file needs no second try: it stays unwritable until the work is done. */
	if (!task_work_add(current, &wish->work, created ? TWA_RESUME : TWA_SIGNAL))
		return created ? CORDON_LABEL_PROMISED : CORDON_LABEL_AGAIN;
	/* The task is past its last task work. Its references are the caller's too, so not the last. */
	atomic_dec(&wishes);
	iput(inode);
	atomic_dec(&sb->s_active);
err_super:
	kfree(wish);
	return -CORDON_REASON_LABEL_FAILED;
}

/**
 * cordon_label_read() - the stored label of a file, without sleeping
 * @inode: a regular file on a file system that keeps labels
 * @known_label: the stored label is joined to it; of one that is invalid, the top
 *
 * Return: CORDON_LABEL_KNOWN; CORDON_LABEL_UNMARKED when no file of this file system has one;
 * CORDON_LABEL_AGAIN when the system call must begin anew; the negative of a reason.
 */
int cordon_label_read(struct inode *inode, u64 *known_label)
{
	struct known known;

	if (!label_table_get(inode, &known))
		return make_wish(inode, 0, 0);
	if (!known.reason || known.reason == CORDON_REASON_LABEL_INVALID)
		atomic64_or(known.label, (atomic64_t *)known_label);
	if (known.reason)
		return -(int)known.reason;
	return known.marked ? CORDON_LABEL_KNOWN : CORDON_LABEL_UNMARKED;
}

/* Reads the stored label of a file, and sleeps: afterwards cordon_label_read() knows it. */
int cordon_label_fetch(struct inode *inode)
{
	struct known known;

	if (inode_keeps(inode) && !label_table_get(inode, &known))
		fulfil(inode, 0, 0);
	return 0;
}

/**
 * cordon_label_raise() - raise the stored label of a file
 * @inode: as above
 * @raise: is joined to it
 * @pending: gets @raise before anything else; who reads is judged by it from then on
 * @how: CORDON_RAISE_*
 *
 * Return: CORDON_LABEL_KNOWN when that is done; CORDON_LABEL_AGAIN when the system call must begin
 * anew; CORDON_LABEL_PROMISED when the file is new and the task may go on; the negative of a reason.
 */
int cordon_label_raise(struct inode *inode, u64 raise, u64 *pending, u32 how)
{
	struct known known;
	u32 reason;

	if (label_table_get(inode, &known)) {
		if (known.reason)
			return -(int)known.reason;
		if (!(raise & ~known.label))
			return CORDON_LABEL_KNOWN;
		if (how == CORDON_RAISE_NEVER)
			return -CORDON_REASON_LABEL_REOPEN;
	}
	if (how == CORDON_RAISE_NEVER)
		return inode_keeps(inode) ? make_wish(inode, 0, 0) : -CORDON_REASON_LABEL_UNKEPT;
	/* Nobody's view is changed for what cannot be. */
	reason = check_raise(inode, how);
	if (!reason && is_in_use(inode, how != CORDON_RAISE_PATH))
		reason = CORDON_REASON_LABEL_IN_USE;
	if (reason)
		return -(int)reason;
	atomic64_fetch_or(raise, (atomic64_t *)pending);
	return make_wish(inode, raise, how);
}

/* ---- The controller's commands --------------------------------------------------- */

/**
 * cordon_label_set_key() - the key of this host's tags, once
 * @request: the key
 *
 * Return: 0; -EALREADY: there is another one; -EINVAL: it is all zeroes.
 */
int cordon_label_set_key(const struct cordon_label_key *request)
{
	lockdep_assert_held(&cordon_lock);
	if (!memchr_inv(request->key, 0, sizeof(request->key)))
		return -EINVAL;
	if (have_key)
		return memcmp(label_key, request->key, sizeof(label_key)) ? -EALREADY : 0;
	memcpy(label_key, request->key, sizeof(label_key));
	smp_store_release(&have_key, true);
	return 0;
}

static int change_locked(struct dentry *dentry, struct cordon_label_request *request)
{
	struct inode *inode = d_inode(dentry);
	int err;

	if (IS_IMMUTABLE(inode))
		return -EPERM;
	if (request->command == CORDON_LABEL_SET)
		return write_stored(dentry, inode, CORDON_STORED_FILE, request->label);
	err = __vfs_removexattr(&nop_mnt_idmap, dentry, CORDON_XATTR);
	return err == -ENODATA ? 0 : err;
}

static int change(struct dentry *dentry, struct cordon_label_request *request)
{
	struct inode *inode = d_inode(dentry);
	struct super_block *sb = inode->i_sb;
	int err = 0;

	if (!inode_keeps(inode))
		return -EOPNOTSUPP;
	if (sb_rdonly(sb))
		return -EROFS;
	if (!smp_load_acquire(&have_key))
		return -ENOKEY;
	sb_start_write(sb);
	if (request->command == CORDON_LABEL_SET)
		err = mark(sb);
	inode_lock(inode);
	if (!err)
		err = change_locked(dentry, request);
	inode_unlock(inode);
	sb_end_write(sb);
	return err ?: commit(sb);
}

static void look(struct dentry *dentry, struct cordon_label_request *request)
{
	struct inode *inode = d_inode(dentry);
	struct super_block *sb = inode->i_sb;
	u32 reason;

	request->flags = 0;
	request->label = CORDON_LABEL_UNCLASSIFIED;
	if (!cordon_magic_keeps_labels(sb->s_magic) || (sb->s_flags & SB_NOUSER))
		return;
	request->flags |= CORDON_LABEL_KEEPS;
	if (is_marked(sb))
		request->flags |= CORDON_LABEL_MARKED;
	if (!S_ISREG(inode->i_mode))
		return;
	if (is_in_use(inode, 0))
		request->flags |= CORDON_LABEL_OPEN;
	if (__vfs_getxattr(dentry, inode, CORDON_XATTR, NULL, 0) == -ENODATA)
		return;
	request->flags |= CORDON_LABEL_STORED;
	reason = read_stored(dentry, inode, &request->label);
	if (reason)
		request->flags |= CORDON_LABEL_BROKEN;
}

/**
 * cordon_label_run() - look at, set or clear the stored label of an open file
 * @request: a descriptor in the caller's table (O_PATH is enough), a command
 *
 * Return: 0 and what is stored afterwards; -EINVAL, -EBADF; -EOPNOTSUPP where no label is kept;
 * -EROFS; -EPERM for an immutable file; -ENOKEY; what the file system says.
 */
int cordon_label_run(struct cordon_label_request *request)
{
	struct file *file;
	int err = 0;

	if (request->command >= CORDON_LABEL_COMMANDS || !cordon_label_valid(request->label))
		return -EINVAL;
	file = fget_raw(request->fd);
	if (!file)
		return -EBADF;
	if (request->command != CORDON_LABEL_LOOK) {
		err = change(file->f_path.dentry, request);
		/* What was known of it, and what is being read of it now, is told to nobody. */
		label_table_drop(file_inode(file));
	}
	if (!err)
		look(file->f_path.dentry, request);
	fput(file);
	return err;
}

/*
 * Waits until all wishes are fulfilled. No program asks any more: they keep the module. The last
 * wish may still be on its way out of this module's code: cordon_barrier_exit() waits for that.
 */
void cordon_label_exit(void)
{
	wait_event(no_wishes, !atomic_read(&wishes));
	memzero_explicit(label_key, sizeof(label_key));
}
