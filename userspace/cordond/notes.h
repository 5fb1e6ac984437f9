/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a policy says that this machine cannot give it now: a name that does
 * not resolve, a device that is not there. Told at load, kept for `status`.
 */
#ifndef CORDOND_NOTES_H
#define CORDOND_NOTES_H

#include <stddef.h>

struct notes {
	char **note;
	size_t count;
};

/* Adding never fails: what finds no memory is told on standard error. */
__attribute__((format(printf, 2, 3))) void notes_add(struct notes *notes, const char *format, ...);
void notes_free(struct notes *notes);
/* Moves all of @from behind those of @to. */
void notes_take(struct notes *to, struct notes *from);

#endif /* CORDOND_NOTES_H */
