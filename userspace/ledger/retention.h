/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oldest volume goes when there is too much. What goes with it is said in
 * records before it does: of each ledger how far it is gone, so that nothing
 * else that is missing can be taken for the retention's work.
 */
#ifndef CORDON_RETENTION_H
#define CORDON_RETENTION_H

#include "ledger_words.h"

struct cordon_removal {
	char *file; /* NULL: nothing is to be removed */
	size_t count;
	/* Also what volumes before it took with them, as it has the records that say so. */
	struct cordon_removed *removed;
};

/*
 * The oldest volume, when the older ones are too large together and it is old
 * enough. 0 or -errno; *@removal is to be freed.
 */
int cordon_retention_due(struct cordon_store *store, const struct cordon_store_limits *limits,
			 uint64_t now_s, struct cordon_removal *removal);
void cordon_removal_free(struct cordon_removal *removal);

#endif /* CORDON_RETENTION_H */
