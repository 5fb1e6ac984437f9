/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts the sections of an image together. */
#ifndef CORDON_BUILDER_H
#define CORDON_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"

struct cordon_image_parts {
	struct cordon_image header; /* its sections, total and digest are filled in */
	struct {
		const void *bytes;
		uint64_t count;
	} section[CORDON_SECTION_COUNT];
};

/* The size in bytes of an element of a section. */
uint32_t cordon_image_element_bytes(enum cordon_section section);

/* *@image is the caller's to free. -ENOMEM. */
int cordon_image_assemble(const struct cordon_image_parts *parts, struct cordon_image **image,
			  size_t *bytes);

#endif /* CORDON_BUILDER_H */
