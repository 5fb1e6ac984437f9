/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a directory entry to what the policy says of it. The chain of entries
 * is followed from the file up to the root of its file system, never along
 * mounts, so bind mounts, mount namespaces, chroot, /proc/self/root and
 * overlay lower layers change nothing (bypasses A3, A4, A5, A8).
 */
#ifndef CORDON_PATH_BPF_H
#define CORDON_PATH_BPF_H

#include "guard.bpf.h"
#include "maps.bpf.h"
#include "device.bpf.h"

/*
 * rename_lock (fs/dcache.c) is a seqlock whose counter comes first; odd while
 * a rename moves entries. Sampled before and after a walk, it makes the walk
 * as exact as the kernel's own d_path().
 */
extern const void rename_lock __ksym;

#define WALK_CHUNK   4 /* entries kept on the stack at a time */
#define WALK_RETRIES 8
/* Looks at the counter while somebody renames: he may be a CPU that its host lets wait. */
#define WRITER_PATIENCE 65536
#define NAME_CHUNK	16

/* A file system at several places: no directory of it is known to be like another. */
#define PLACES_DIFFER (~0U)

/* Where a walk ended: what the policy says, or the reason why not. */
struct place {
	__u64 label;
	__u32 flags; /* CORDON_OBJECT_* */
	__u32 rule;
	__u32 accept;
	__u32 program; /* the accept whose grants apply; 0: none */
	__u32 below; /* equal numbers: all below is treated alike (R5); PLACES_DIFFER: not known */
	__u32 reason; /* enum cordon_reason; not NONE: undecidable, deny */
	__u32 path_flags; /* of the path alone, without what hangs on the inode */
	__u32 guard; /* CORDON_OBJECT_R7 */
	__u64 path_label;
};

struct walk {
	__u64 entry; /* in: address of the directory entry */
	__u32 generation; /* in: of the policy */
	__u32 device;
	struct place place; /* out */
	__u32 count; /* of start states */
	__u32 granting; /* so many of them, the first ones, give clearances */
	__u32 depth; /* entries below the root of the file system */
	__u32 state[CORDON_MOUNTS_PER_SUPERBLOCK];
};

static __always_inline const struct cordon_slot *cordon_path_slot(void *automaton, __u32 index)
{
	__u32 page_index = index / CORDON_PAGE_SLOTS;
	struct cordon_page *page = bpf_map_lookup_elem(automaton, &page_index);

	return page ? &page->slot[index % CORDON_PAGE_SLOTS] : NULL;
}
#include "cordon/path.h"

static __always_inline void *generation_map(void *outer, __u32 generation)
{
	__u32 slot = generation & 1;

	return bpf_map_lookup_elem(outer, &slot);
}

static __always_inline struct cordon_policy *policy_of(__u32 generation)
{
	void *inner = generation_map(&policies, generation);
	__u32 zero = 0;
	struct cordon_policy *policy = inner ? bpf_map_lookup_elem(inner, &zero) : NULL;

	return policy && policy->generation == generation ? policy : NULL;
}

/* False when no object has a label and every host is known: nothing can leak. */
static __always_inline bool policy_restricts(void)
{
	struct cordon_policy *policy = policy_of(control.generation);

	return !policy || (policy->options & CORDON_OPTION_RESTRICTS);
}

static __always_inline __u32 rename_sequence(void)
{
	__u32 sequence = 1;

	bpf_probe_read_kernel(&sequence, sizeof(sequence), &rename_lock);
	return sequence;
}

/* Feeds '/' and the entry's name to one automaton state. 0: undecidable. */
static __noinline __u32 path_step_name(void *automaton, struct cordon_policy *policy,
				       const unsigned char *name, __u32 length, __u32 state)
{
	__u8 chunk[NAME_CHUNK] = {};
	__u32 i;

	state = cordon_path_step(automaton, state, policy->class['/']);
	bpf_for(i, 0, length) {
		if ((i & (NAME_CHUNK - 1)) == 0) {
			__u32 rest = length - i;

			if (rest > NAME_CHUNK)
				rest = NAME_CHUNK;
			if (bpf_probe_read_kernel(chunk, rest, name + i))
				return 0;
		}
		state = cordon_path_step(automaton, state,
					 policy->class[chunk[i & (NAME_CHUNK - 1)]]);
		if (!state)
			return 0;
	}
	return state;
}

/* Climbs to the root of the file system. Returns the root entry's address. */
static __noinline __u64 path_climb(struct walk *w, __u64 address)
{
	struct dentry *entry = kernel_object(dentry, address);
	__u32 i;

	w->depth = 0;
	bpf_for(i, 0, CORDON_DEPTH_MAX + 1) {
		struct dentry *parent = entry->d_parent;

		if ((__u64)parent == (__u64)entry)
			return (__u64)entry;
		w->depth++;
		entry = parent;
	}
	w->place.reason = CORDON_REASON_TOO_DEEP;
	return 0;
}

/* The automaton's states at the root of the file system. */
static __always_inline void path_start(struct walk *w, struct cordon_policy *policy)
{
	void *known = generation_map(&superblocks, w->generation);
	struct cordon_superblock *sb = known ? bpf_map_lookup_elem(known, &w->device) : NULL;

	/* A file system that nobody placed is matched as if it were the root. */
	w->count = 1;
	w->granting = 0;
	w->state[0] = policy->start;
	if (!sb)
		return;
	w->place.label = sb->label;
	if (sb->count > CORDON_MOUNTS_PER_SUPERBLOCK) {
		w->place.reason = CORDON_REASON_MOUNTS;
		return;
	}
	if (!sb->count)
		return;
	w->count = sb->count;
	w->granting = sb->granting;
	for (int i = 0; i < CORDON_MOUNTS_PER_SUPERBLOCK; i++)
		w->state[i] = sb->state[i];
}

/*
 * The automaton reads from the root down, entries are linked from the leaf
 * up: a chunk of entries is collected by climbing, then fed in order to state
 * @k. Returns a reason.
 */
__subprogram int path_feed(struct walk *w, __u32 k, __u32 base)
{
	__u64 entries[WALK_CHUNK] = {};
	struct cordon_policy *policy;
	struct dentry *entry;
	__u32 i, depth, state;
	void *automaton;

	if (!w)
		return CORDON_REASON_AUTOMATON;
	policy = policy_of(w->generation);
	automaton = generation_map(&automata, w->generation);
	if (!policy || !automaton)
		return CORDON_REASON_NO_POLICY;
	depth = w->depth;
	entry = kernel_object(dentry, w->entry);
	bpf_for(i, 0, depth - base) {
		__u32 place = depth - 1 - i - base;

		if (place < WALK_CHUNK)
			entries[place & (WALK_CHUNK - 1)] = (__u64)entry;
		entry = entry->d_parent;
	}
	k &= CORDON_MOUNTS_PER_SUPERBLOCK - 1;
	state = w->state[k];
	bpf_for(i, 0, WALK_CHUNK) {
		if (base + i >= depth)
			break;
		entry = kernel_object(dentry, entries[i & (WALK_CHUNK - 1)]);
		state = path_step_name(automaton, policy, entry->d_name.name, entry->d_name.len,
				       state);
		if (!state)
			return CORDON_REASON_AUTOMATON;
	}
	w->state[k] = state;
	return CORDON_REASON_NONE;
}

/* What the states that were reached accept, joined. */
static __always_inline void path_accept(struct walk *w, void *automaton)
{
	void *inner = generation_map(&accepts, w->generation);

	if (!inner) {
		w->place.reason = CORDON_REASON_NO_POLICY;
		return;
	}
	for (__u32 k = 0; k < CORDON_MOUNTS_PER_SUPERBLOCK; k++) {
		struct cordon_accept *accept;
		__u32 index;

		if (k >= w->count)
			break;
		index = cordon_path_accept(automaton, w->state[k]);
		accept = bpf_map_lookup_elem(inner, &index);
		if (!accept) {
			w->place.reason = CORDON_REASON_AUTOMATON;
			return;
		}
		w->place.below = w->count == 1 ? accept->below : PLACES_DIFFER;
		if (!k || accept->label & ~w->place.label) {
			w->place.rule = accept->rule;
			w->place.accept = index;
		}
		w->place.flags = (k ? w->place.flags : CORDON_OBJECT_DROP) & accept->flags;
		if (k < w->granting && accept->grant_count && !w->place.program)
			w->place.program = index;
		w->place.flags |= accept->flags & CORDON_OBJECT_PROGRAM;
		w->place.guard |= accept->flags & (CORDON_OBJECT_GUARD | CORDON_OBJECT_BOOT);
		if (k < w->granting)
			w->place.guard |= accept->flags & CORDON_OBJECT_CONTROLLER;
		w->place.label |= accept->label;
	}
}

/*
 * Kernel-internal file systems have no place in the name space. What carries
 * a subject's data there floats; the rest (one inode for all eventfds, name
 * space files) is neutral.
 */
static __always_inline void path_internal(struct walk *w, struct inode *inode, __u64 magic)
{
	__u32 type = inode ? inode->i_mode & S_IFMT : 0;

	if (type == S_IFIFO || type == S_IFSOCK ||
	    (type == S_IFREG && (magic == TMPFS_MAGIC || magic == SECRETMEM_MAGIC)))
		w->place.flags = CORDON_OBJECT_FLOATS;
	else
		w->place.flags = CORDON_OBJECT_NEUTRAL;
}

/*
 * A file with several names has the join of their labels, and keeps it when
 * only the lowest is left (bypass A1): while there are several, what the
 * controller found is noted once more under the inode's generation number,
 * which a later file of that inode number will not have.
 */
static __always_inline void path_links(struct walk *w, struct inode *inode)
{
	struct cordon_link_key key = { .device = w->device, .inode = inode->i_ino };
	void *inner = generation_map(&links, w->generation);
	__u64 *known, label;

	if (!inner)
		return;
	if (inode->i_nlink > 1) {
		known = bpf_map_lookup_elem(inner, &key);
		if (!known)
			return;
		label = *known;
		w->place.label |= label;
		key.generation = inode->i_generation ?: 1;
		if (bpf_map_update_elem(inner, &key, &label, BPF_ANY))
			w->place.reason = CORDON_REASON_NO_OBJECT;
		return;
	}
	key.generation = inode->i_generation ?: 1;
	known = bpf_map_lookup_elem(inner, &key);
	if (known)
		w->place.label |= *known;
}

/*
 * A device node, whatever its path. A disk that no rule names may hold any
 * file that the policy gives a label, under a file system, a snapshot, a
 * mapping of another disk or swap (bypasses M19, B12, B13): it has the join of
 * them all, and so has what reaches disks past their nodes.
 */
static __always_inline void path_device(struct walk *w, __u32 rdev, bool block)
{
	struct cordon_policy *policy = policy_of(w->generation);
	void *inner = generation_map(&devices, w->generation);
	__u64 key = ((__u64)block << 32) | rdev, *label;
	__u32 kind;

	label = inner ? bpf_map_lookup_elem(inner, &key) : NULL;
	kind = block ? DEVICE_STORES : device_kind(rdev);
	if (kind == DEVICE_LEADS_OUT)
		w->place.flags |= CORDON_OBJECT_EGRESS;
	if (label)
		w->place.label |= *label;
	else if (kind == DEVICE_STORES && policy)
		w->place.label |= policy->high;
	else if (kind == DEVICE_KEEPS_NOTHING && !w->place.rule)
		w->place.flags = CORDON_OBJECT_NEUTRAL;
}

/*
 * The files of a process's directory show that process (bypasses M12, A16), and so do the names in
 * its folders: which descriptors are open (B6).
 */
static __always_inline void path_process(struct walk *w, struct inode *inode)
{
	__u64 address = (__u64)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	if (kernel_object(proc_inode, address)->pid)
		w->place.flags |= CORDON_OBJECT_PROCESS;
}

/* What hangs on the inode itself, not on its path: other names, device numbers. */
__subprogram int path_inode(struct walk *w)
{
	struct inode *inode;
	__u32 type;

	if (!w)
		return 0;
	inode = kernel_object(dentry, w->entry)->d_inode;
	if (!inode)
		return 0;
	type = inode->i_mode & S_IFMT;
	if (type == S_IFBLK || type == S_IFCHR)
		path_device(w, inode->i_rdev, type == S_IFBLK);
	if (type == S_IFCHR && guard.door_device && inode->i_rdev == guard.door_device)
		w->place.guard |= CORDON_OBJECT_GUARD;
	if (type == S_IFIFO || type == S_IFSOCK)
		w->place.flags |= w->place.rule ? 0 : CORDON_OBJECT_FLOATS;
	if ((type == S_IFREG || type == S_IFDIR) && inode->i_sb->s_magic == PROC_SUPER_MAGIC)
		path_process(w, inode);
	else if (type == S_IFREG)
		path_links(w, inode);
	return 0;
}

/* All states over all chunks of the path. Returns a reason. */
static __always_inline int path_run(struct walk *w)
{
	__u32 k, base;
	int reason;

	bpf_for(k, 0, CORDON_MOUNTS_PER_SUPERBLOCK) {
		if (k >= w->count)
			break;
		bpf_for(base, 0, CORDON_DEPTH_MAX / WALK_CHUNK) {
			if (base * WALK_CHUNK >= w->depth)
				break;
			reason = path_feed(w, k, base * WALK_CHUNK);
			if (reason)
				return reason;
		}
	}
	return CORDON_REASON_NONE;
}

/* One look; the caller makes sure that nothing moved meanwhile. */
__subprogram int path_look(struct walk *w)
{
	struct cordon_policy *policy;
	struct dentry *leaf, *root;
	struct super_block *sb;
	__u64 root_address;
	void *automaton;

	if (!w)
		return 0;
	policy = policy_of(w->generation);
	automaton = generation_map(&automata, w->generation);
	w->place.reason = CORDON_REASON_NO_POLICY;
	if (!policy || !automaton)
		return 0;
	w->place.reason = CORDON_REASON_NONE;
	root_address = path_climb(w, w->entry);
	if (!root_address)
		return 0;
	leaf = kernel_object(dentry, w->entry);
	root = kernel_object(dentry, root_address);
	sb = root->d_sb;
	w->device = sb->s_dev;
	if (sb->s_flags & SB_NOUSER) {
		path_internal(w, leaf->d_inode, sb->s_magic);
		return 0;
	}
	if ((__u64)sb->s_root != root_address && (root->d_flags & DCACHE_DISCONNECTED)) {
		w->place.reason = CORDON_REASON_DETACHED;
		return 0;
	}
	path_start(w, policy);
	if (!w->place.reason)
		w->place.reason = path_run(w);
	if (w->place.reason)
		return 0;
	path_accept(w, automaton);
	w->place.path_label = w->place.label;
	w->place.path_flags = w->place.flags;
	path_inode(w);
	return 0;
}

/* The counter between two renames; odd when one goes on for longer than anybody should wait. */
static __always_inline __u32 rename_sequence_even(void)
{
	__u32 sequence = 1, i;

	bpf_for(i, 0, WRITER_PATIENCE) {
		sequence = rename_sequence();
		if (!(sequence & 1))
			break;
	}
	return sequence;
}

/*
 * Fills @w->place for @w->entry under policy @w->generation. Never fails: a
 * place that cannot be decided carries the reason why.
 */
__subprogram int path_place(struct walk *w)
{
	__u32 before, attempt;

	if (!w)
		return 0;
	count(CORDON_COUNTER_FIRST_LOOKS);
	bpf_for(attempt, 0, WALK_RETRIES) {
		__builtin_memset(&w->place, 0, sizeof(w->place));
		before = rename_sequence_even();
		if (before & 1)
			break;
		path_look(w);
		if (rename_sequence() != before)
			continue;
		/* Here and not in path_look(): the stack is small. */
		w->place.guard |= guard_of_entry(w->entry, w->depth);
		return 0;
	}
	__builtin_memset(&w->place, 0, sizeof(w->place));
	w->place.reason = CORDON_REASON_UNSTABLE;
	return 0;
}

#endif /* CORDON_PATH_BPF_H */
