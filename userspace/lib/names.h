/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers of the ABI and their names, from the one table in abi.h. A number
 * that this program does not know has no name: the caller shows the number.
 */
#ifndef CORDON_NAMES_H
#define CORDON_NAMES_H

#include "cordon/abi.h"

/* NULL when there is no such number. */
const char *cordon_verdict_name(unsigned int number);
const char *cordon_reason_name(unsigned int number);
const char *cordon_reason_meaning(unsigned int number);
const char *cordon_operation_name(unsigned int number);
const char *cordon_mode_name(unsigned int number);
const char *cordon_counter_name(unsigned int number);
const char *cordon_counter_meaning(unsigned int number);

/* -1 when there is no such name. */
int cordon_verdict_number(const char *name);
int cordon_reason_number(const char *name);
int cordon_mode_number(const char *name);

#endif /* CORDON_NAMES_H */
