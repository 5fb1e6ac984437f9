/* SPDX-License-Identifier: GPL-2.0-only */
/* Names for the guard's parts in the BPF file system, so that a restart finds them. */
#ifndef CORDOND_PINS_H
#define CORDOND_PINS_H

#include "failure.h"

/* Makes the folders; what an earlier guard left there goes. */
int pins_make(struct cordon_failure *failure);
int pin_descriptor(int descriptor, const char *folder, const char *name);
/* Nothing is left; what cannot be removed is told. */
void pins_remove(void);
/* The links' alone. */
void pins_remove_links(void);

#endif /* CORDOND_PINS_H */
