/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files with several names. The kernel sees the name that is used; the label
 * that hangs on the inode is the join of the labels of all its names, so they
 * are looked for where a rule with a label can match (bypass A1).
 */
#ifndef CORDOND_LINKS_H
#define CORDOND_LINKS_H

#include "automaton.h"
#include "failure.h"
#include "mounts.h"
#include "notes.h"
#include "superblocks.h"

struct link_label {
	struct cordon_link_key key;
	uint64_t label;
};

struct links {
	struct link_label *link;
	size_t count, room;
};

/*
 * Looks through the mounted file systems, with @fresh only through those that
 * are new there. What cannot be looked at is a note.
 */
int links_scan(const struct automaton *automaton, const struct cordon_mounts *mounts,
	       const struct superblocks *fresh, struct links *links, struct notes *notes);
void links_free(struct links *links);

#endif /* CORDOND_LINKS_H */
