/* SPDX-License-Identifier: GPL-2.0-only */
/* The policy images that records refer to: one at a time, they come in rows. */
#ifndef CORDON_IMAGE_CACHE_H
#define CORDON_IMAGE_CACHE_H

#include <stdbool.h>

#include "image.h"
#include "store.h"

struct cordon_image_cache {
	bool known; /* looked for, found or not */
	uint8_t digest[8];
	void *image; /* NULL: not in the store */
	struct cordon_image_view view;
};

/* NULL when the store has no image, or no good one, with this digest. */
const struct cordon_image_view *cordon_image_cache_get(struct cordon_image_cache *cache,
						       struct cordon_store *store,
						       const uint8_t digest[8]);
void cordon_image_cache_free(struct cordon_image_cache *cache);

#endif /* CORDON_IMAGE_CACHE_H */
