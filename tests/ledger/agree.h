/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the verifier says the same with each kind of lanes. */
#ifndef CORDON_TESTS_LEDGER_AGREE_H
#define CORDON_TESTS_LEDGER_AGREE_H

#include "verify.h"

/* NULL: with all that are usable the same as without; else what differs, with which. */
const char *agree(struct cordon_evidence *evidence, const struct cordon_verify_options *options);

#endif /* CORDON_TESTS_LEDGER_AGREE_H */
