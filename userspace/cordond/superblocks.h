/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the roots of the mounted file systems lie in the name space, as
 * automaton states. A place that a file system once had it keeps while the
 * controller runs: whoever still uses it after an unmount (in another mount
 * namespace, through a descriptor) finds the labels it had.
 */
#ifndef CORDOND_SUPERBLOCKS_H
#define CORDOND_SUPERBLOCKS_H

#include <stdbool.h>

#include "automaton.h"
#include "devices.h"
#include "mounts.h"
#include "notes.h"

/* Places that are kept though nothing is mounted there any more. */
#define SUPERBLOCK_PLACES_MAX 8192

struct superblock_place {
	uint32_t device;
	bool present;
	bool fresh; /* was not there when it was looked before */
	bool granting; /* was there when an administrator loaded a policy */
	char *point;
};

struct superblocks {
	struct superblock_place *place;
	size_t count;
};

struct superblock_entry {
	uint32_t device;
	struct cordon_superblock superblock;
};

struct superblock_table {
	struct superblock_entry *entry;
	size_t count;
};

/* Notes what is mounted now; @granting: programs there may be given a clearance. 0 or -ENOMEM. */
int superblocks_note(struct superblocks *superblocks, const struct cordon_mounts *mounts,
		     bool granting);
/* After a restart: what the kernel's entry of @device says of places that give clearances. */
void superblocks_recall(struct superblocks *superblocks, const struct automaton *automaton,
			uint32_t device, const struct cordon_superblock *known);
/* True when @mount was new in the last superblocks_note(). */
bool superblocks_is_fresh(const struct superblocks *superblocks, const struct cordon_mount *mount);
void superblocks_free(struct superblocks *superblocks);

/* The kernel's table under a policy. 0 or -ENOMEM. */
int superblocks_table(const struct superblocks *superblocks, const struct automaton *automaton,
		      const struct devices *devices, struct superblock_table *table);
void superblock_table_free(struct superblock_table *table);

/* Adds a state unless it is there; beyond the bound only the count grows. */
void superblock_add_state(struct cordon_superblock *superblock, uint32_t state);

/* Notes file systems of which only parts are mounted: they have no place of their own. */
void superblocks_explain(const struct cordon_mounts *mounts, struct notes *notes);

#endif /* CORDOND_SUPERBLOCKS_H */
