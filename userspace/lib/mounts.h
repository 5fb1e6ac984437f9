/* SPDX-License-Identifier: GPL-2.0-only */
/* What is mounted where, as /proc/PID/mountinfo says. */
#ifndef CORDON_MOUNTS_H
#define CORDON_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cordon_mount {
	int id;
	uint32_t device; /* as the kernel has it: major << 20 | minor */
	bool whole; /* its root is the file system's root */
	char *root; /* what of the file system is mounted */
	char *point; /* where */
	char *type;
};

struct cordon_mounts {
	struct cordon_mount *mount;
	size_t count;
};

/* The kernel's own form of a device number (not that of stat(2)). */
#define CORDON_DEVICE_MAJOR(device) ((device) >> 20)
#define CORDON_DEVICE_MINOR(device) ((device) & 0xfffff)
uint32_t cordon_device_number(unsigned int major, unsigned int minor);

/* 0 or -errno; @mounts is untouched on failure. */
int cordon_mounts_read(const char *file, struct cordon_mounts *mounts);
int cordon_mounts_parse(char *text, struct cordon_mounts *mounts);
void cordon_mounts_free(struct cordon_mounts *mounts);

/*
 * The path in the name space of @path, which is relative to the root of the
 * file system on @device. NULL when it is mounted nowhere (or on ENOMEM).
 * The caller frees it.
 */
char *cordon_mounts_path(const struct cordon_mounts *mounts, uint32_t device, const char *path);

#define cordon_auto_mounts __attribute__((cleanup(cordon_mounts_free))) struct cordon_mounts

#endif /* CORDON_MOUNTS_H */
