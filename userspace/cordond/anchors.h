/* SPDX-License-Identifier: GPL-2.0-only */
/* Where each epoch ended, handed on to where this host's root has less to say. */
#ifndef CORDOND_ANCHORS_H
#define CORDOND_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

/* Belongs to the thread that stores. */
struct anchors {
	int file; /* each epoch is a line at its end; -1: none */
	bool failed; /* to write, and told */
};

/* @path may be NULL: none. */
int anchors_open(struct anchors *anchors, const char *path, struct cordon_failure *failure);
void anchors_close(struct anchors *anchors);
/* Epochs and changes as the module gave them, when they are on the disk. */
void anchors_hand_on(struct anchors *anchors, const char *records, size_t bytes);

#endif /* CORDOND_ANCHORS_H */
