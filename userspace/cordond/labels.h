/* SPDX-License-Identifier: GPL-2.0-only */
/* Stored labels: the key of their tags, where some are, and an administrator's changes. */
#ifndef CORDOND_LABELS_H
#define CORDOND_LABELS_H

#include "controller.h"
#include "cordon/label.h"
#include "mounts.h"

/* Gives the module this host's key, which is made at the first start. Nothing without a module. */
int labels_begin(struct controller *controller, struct cordon_failure *failure);
/* Tells the programs which of the mounted file systems have stored labels on them. */
void labels_look_around(struct controller *controller, const struct cordon_mounts *mounts,
			const struct active_policy *policy);
/* Whether a mounted disk has stored labels. */
bool labels_are_stored(struct controller *controller);
/* The stored label of @path. */
int labels_look(struct controller *controller, const char *path,
		struct cordon_label_request *request, struct cordon_failure *failure);
/*
 * Sets (@label) or clears (NULL) the stored label of @path, which no link leads to. The record is
 * made first; without it nothing is changed. @request: what is stored afterwards.
 */
int labels_change(struct controller *controller, const char *path, const cordon_label *label,
		  const char *reason, const char *asked_by, struct cordon_label_request *request,
		  struct cordon_failure *failure);

#endif /* CORDOND_LABELS_H */
