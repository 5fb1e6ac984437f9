/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF objects that R7 protects, by their ids in the kernel. */
#ifndef CORDOND_GUARDED_H
#define CORDOND_GUARDED_H

#include "guard.h"

/* Notes all that the guard is made of now: links, programs, and their maps. */
int guarded_note_all(const struct cordon_guard *guard, struct cordon_failure *failure);
/* Notes a map that was made for the guard. */
int guarded_note_map(const struct cordon_guard *guard, int map, struct cordon_failure *failure);
/* A map that is no more; @id 0: there was none. */
void guarded_forget_map(const struct cordon_guard *guard, uint32_t id);

#endif /* CORDOND_GUARDED_H */
