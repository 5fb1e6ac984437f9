/* SPDX-License-Identifier: GPL-2.0-only */
/* The `device` rules of a policy as device numbers of this machine. */
#ifndef CORDOND_DEVICES_H
#define CORDOND_DEVICES_H

#include "image.h"
#include "notes.h"

#define DEVICE_IS_BLOCK (1ull << 32)

struct device_label {
	uint64_t key; /* DEVICE_IS_BLOCK or 0, and the kernel's device number */
	uint64_t label;
};

struct devices {
	struct device_label *device;
	size_t count;
};

/*
 * A disk's partitions, and what lies over it (device mapper, RAID), hold its
 * data and get its label too. A rule for what is not there becomes a note.
 */
int devices_resolve(const struct cordon_image_view *view, struct devices *devices,
		    struct notes *notes);
void devices_free(struct devices *devices);

/* The label of the block device with this number; unclassified when none is given. */
uint64_t devices_block_label(const struct devices *devices, uint32_t device);

#endif /* CORDOND_DEVICES_H */
