/* SPDX-License-Identifier: GPL-2.0-only */
/* The host names of a policy as addresses. */
#ifndef CORDOND_RESOLVE_H
#define CORDOND_RESOLVE_H

#include "image.h"
#include "notes.h"

struct addresses {
	struct cordon_name_address *address;
	size_t count;
	unsigned int lifetime_s; /* until which to ask again; 0: there are no names */
};

/* A name that does not resolve has no address (so it is unknown) and a note. */
int resolve_names(const struct cordon_image_view *view, struct addresses *addresses,
		  struct notes *notes);
void addresses_free(struct addresses *addresses);
int addresses_equal(const struct addresses *a, const struct addresses *b);

#endif /* CORDOND_RESOLVE_H */
