// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "image.h"

uint32_t cordon_image_element_bytes(enum cordon_section section)
{
	static const uint32_t bytes[CORDON_SECTION_COUNT] = {
		[CORDON_SECTION_SLOTS] = sizeof(struct cordon_slot),
		[CORDON_SECTION_ACCEPTS] = sizeof(struct cordon_accept),
		[CORDON_SECTION_GRANTS] = sizeof(struct cordon_grant),
		[CORDON_SECTION_HOSTS] = sizeof(struct cordon_host),
		[CORDON_SECTION_PORTS] = sizeof(struct cordon_port),
		[CORDON_SECTION_HOSTNAMES] = sizeof(struct cordon_hostname),
		[CORDON_SECTION_DEVICES] = sizeof(struct cordon_device),
		[CORDON_SECTION_RULES] = sizeof(struct cordon_rule),
		[CORDON_SECTION_FILES] = sizeof(struct cordon_file),
		[CORDON_SECTION_LEVELS] = sizeof(struct cordon_name),
		[CORDON_SECTION_CATEGORIES] = sizeof(struct cordon_name),
		[CORDON_SECTION_STRINGS] = 1,
	};

	return bytes[section];
}

int cordon_image_assemble(const struct cordon_image_parts *parts, struct cordon_image **image,
			  size_t *bytes)
{
	struct cordon_image header = parts->header;
	uint64_t offset = sizeof(header);
	struct cordon_image *made;

	for (int i = 0; i < CORDON_SECTION_COUNT; i++) {
		header.section[i].offset = offset;
		header.section[i].count = parts->section[i].count;
		offset += parts->section[i].count * cordon_image_element_bytes(i);
		offset = (offset + 7) & ~7ULL;
	}
	header.magic = CORDON_IMAGE_MAGIC;
	header.abi = CORDON_ABI_VERSION;
	header.header_bytes = sizeof(header);
	header.total_bytes = offset;
	header.policy.generation = 0;
	made = calloc(1, offset);
	if (!made)
		return -ENOMEM;
	*made = header;
	for (int i = 0; i < CORDON_SECTION_COUNT; i++)
		if (parts->section[i].count)
			memcpy((char *)made + header.section[i].offset, parts->section[i].bytes,
			       parts->section[i].count * cordon_image_element_bytes(i));
	cordon_image_digest(made, offset, made->policy.digest);
	*image = made;
	*bytes = offset;
	return 0;
}
