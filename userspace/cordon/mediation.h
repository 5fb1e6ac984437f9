/* SPDX-License-Identifier: GPL-2.0-only */
/* `cordon status --coverage`: docs/coverage.md, the column of the running kernel. */
#ifndef CORDON_MEDIATION_H
#define CORDON_MEDIATION_H

#include <stdbool.h>

/* Returns the command's exit code: 0 when this very kernel was tested, else 1. */
int cordon_mediation_show(bool json);

#endif /* CORDON_MEDIATION_H */
