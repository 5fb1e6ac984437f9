// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "image_cache.h"

void cordon_image_cache_free(struct cordon_image_cache *cache)
{
	free(cache->image);
	memset(cache, 0, sizeof(*cache));
}

const struct cordon_image_view *cordon_image_cache_get(struct cordon_image_cache *cache,
						       struct cordon_store *store,
						       const uint8_t digest[8])
{
	struct cordon_failure failure;
	void *image;
	size_t bytes;

	if (cache->known && !memcmp(cache->digest, digest, sizeof(cache->digest)))
		return cache->image ? &cache->view : NULL;
	cordon_image_cache_free(cache);
	cache->known = true;
	memcpy(cache->digest, digest, sizeof(cache->digest));
	if (cordon_store_policy(store, digest, &image, &bytes))
		return NULL;
	if (cordon_image_open(image, bytes, &cache->view, &failure)) {
		free(image);
		return NULL;
	}
	cache->image = image;
	return &cache->view;
}
