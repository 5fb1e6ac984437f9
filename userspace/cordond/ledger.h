/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's ledger: its beginning and its end, as far as the controller has a part in them. */
#ifndef CORDOND_LEDGER_H
#define CORDOND_LEDGER_H

#include "controller.h"

/*
 * Begins the ledger, once in the module's life: the secret goes to the auditor who is enrolled, or
 * to nobody. Nothing to do without the module.
 */
int ledger_begin(struct controller *controller, struct cordon_failure *failure);
/* The first record of a ledger that begins: where the one before it ended. */
void ledger_record_previous(struct controller *controller);
/* What the retention is about to remove, in records of their own; then it may. */
void ledger_record_removal(struct controller *controller);
/* The module's records say which policy is active. */
void ledger_tell_policy(const struct controller *controller, const struct cordon_policy *policy);
/* The last epoch that this controller can store ends here. */
void ledger_leave(const struct controller *controller);
/* The active policy wants that nothing changes without a record. */
bool ledger_is_required(const struct controller *controller);

#endif /* CORDOND_LEDGER_H */
