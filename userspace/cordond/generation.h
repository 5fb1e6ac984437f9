/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy generation in the kernel: its maps are made, filled and frozen
 * apart, then put where nobody reads, and then one store makes them the
 * active ones. There is no instant without a whole policy.
 */
#ifndef CORDOND_GENERATION_H
#define CORDOND_GENERATION_H

#include "devices.h"
#include "guard.h"
#include "links.h"
#include "superblocks.h"

struct generation_content {
	const struct cordon_image_view *view; /* with the addresses of names */
	const uint8_t *digest; /* of the image as it was compiled */
	const struct devices *devices;
	const struct links *links;
	const struct superblock_table *superblocks;
};

/* 0 and the new number in *@generation, or -errno: then nothing changed. */
int generation_switch(struct cordon_guard *guard, const struct generation_content *content,
		      uint32_t *generation, struct cordon_failure *failure);

/* Adds to the tables of the active generation that grow with the mounts. */
int generation_add_superblocks(struct cordon_guard *guard, const struct superblock_table *table,
			       struct cordon_failure *failure);
int generation_add_links(struct cordon_guard *guard, const struct links *links,
			 struct cordon_failure *failure);

/* Unclassified when the file has no entry. */
uint64_t generation_link_label(const struct cordon_guard *guard, uint32_t device, uint64_t inode);

/* What the active generation knows of a file system. 0 or -ENOENT. */
int generation_superblock(const struct cordon_guard *guard, uint32_t device,
			  struct cordon_superblock *known);

#endif /* CORDOND_GENERATION_H */
