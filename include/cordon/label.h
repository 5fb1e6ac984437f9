/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lattice. A label is one machine word: 16 bits of level, thermometer
 * coded (level k has its k lowest bits set), and 48 bits of categories.
 * Dominance is then one AND-NOT, the join one OR, and raising a taint one
 * atomic OR.
 *
 * Read by the kernel module (gcc), the BPF programs (clang) and userspace.
 */
#ifndef CORDON_LABEL_H
#define CORDON_LABEL_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define CORDON_LEVEL_BITS    16
#define CORDON_CATEGORY_BITS 48
/* Levels are numbered from 0 (always the default, "unclassified"). */
#define CORDON_LEVEL_MAX    16
#define CORDON_CATEGORY_MAX CORDON_CATEGORY_BITS

typedef __u64 cordon_label;

#define CORDON_LABEL_UNCLASSIFIED ((cordon_label)0)
/* Every level, every category: what no clearance but itself dominates. */
#define CORDON_LABEL_TOP (~(cordon_label)0)

/* @level: 0 .. CORDON_LEVEL_MAX - 1; @categories: bit n is category n. */
static __always_inline cordon_label cordon_label_make(unsigned int level, __u64 categories)
{
	return ((1ULL << level) - 1) | (categories << CORDON_LEVEL_BITS);
}

/* True when @a's level is at least @b's and @a has all of @b's categories. */
static __always_inline int cordon_label_dominates(cordon_label a, cordon_label b)
{
	return (b & ~a) == 0;
}

/* The least label that dominates both. */
static __always_inline cordon_label cordon_label_join(cordon_label a, cordon_label b)
{
	return a | b;
}

/* The greatest label that both dominate. */
static __always_inline cordon_label cordon_label_meet(cordon_label a, cordon_label b)
{
	return a & b;
}

static __always_inline __u64 cordon_label_categories(cordon_label label)
{
	return label >> CORDON_LEVEL_BITS;
}

/* The level's number, 0 .. 16. 16 only in CORDON_LABEL_TOP. */
static __always_inline unsigned int cordon_label_level(cordon_label label)
{
	unsigned int level = 0;

	while (level < CORDON_LEVEL_BITS && (label >> level) & 1)
		level++;
	return level;
}

/* False for a word whose level bits have a hole: no label has that form. */
static __always_inline int cordon_label_valid(cordon_label label)
{
	__u64 level = label & ((1ULL << CORDON_LEVEL_BITS) - 1);

	return (level & (level + 1)) == 0;
}

#endif /* CORDON_LABEL_H */
