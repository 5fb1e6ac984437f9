/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CORDON_LEDGER_ENDS_H
#define CORDON_LEDGER_ENDS_H

#include "audit.h"

/*
 * Where ledgers begin and end, by what was said of them elsewhere: anchors
 * that left the host, and the first record of the ledger that came after.
 */
void check_ends(struct audit *audits, const struct cordon_evidence *evidence, bool partial);

#endif /* CORDON_LEDGER_ENDS_H */
