/* SPDX-License-Identifier: GPL-2.0-only */
/* From a store's volumes, or a file of anchors, to evidence. */
#ifndef CORDON_LEDGER_READ_H
#define CORDON_LEDGER_READ_H

#include "evidence.h"
#include "failure.h"

/*
 * The volumes of one store, in any order; a folder stands for the volumes in
 * it. -ENOENT and the like when a file cannot be read at all; a file that is
 * damaged is read as far as it goes, and that it is damaged is evidence.
 */
int cordon_evidence_read(struct cordon_evidence *evidence, char *const *file, size_t count,
			 struct cordon_failure *failure);

/* Lines with "cordon-anchor " in them; others are passed over. *@count of them. */
int cordon_evidence_read_anchors(struct cordon_evidence *evidence, const char *file, size_t *count,
				 struct cordon_failure *failure);

#endif /* CORDON_LEDGER_READ_H */
