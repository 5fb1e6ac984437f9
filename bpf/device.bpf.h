/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a character device is, found by who registered its number: major
 * numbers are handed out as drivers come, and a node may lie anywhere.
 */
#ifndef CORDON_DEVICE_BPF_H
#define CORDON_DEVICE_BPF_H

#include "compat.bpf.h"

enum {
	DEVICE_PLAIN,
	DEVICE_KEEPS_NOTHING, /* for another to read, or shows it to its user only */
	DEVICE_STORES, /* reaches what lies on disks, past their nodes, or on screens */
	DEVICE_LEADS_OUT, /* frames and packets, below every check of hosts */
};

#define DEVICE_NAME_BYTES      16
#define DEVICE_CHAIN_MAX       32
#define CHRDEV_MAJOR_HASH_SIZE 255

/* fs/char_dev.c: chains of struct char_device_struct, by major number. */
extern const void chrdevs __ksym;

/* The first 16 bytes of the names under which drivers register their numbers. */
static const struct known_driver {
	char name[DEVICE_NAME_BYTES];
	__u32 kind;
	__u32 reserved;
} device_drivers[] = {
	{ "sg", DEVICE_STORES, 0 },
	{ "bsg", DEVICE_STORES, 0 },
	{ "st", DEVICE_STORES, 0 },
	{ "nvme", DEVICE_STORES, 0 },
	{ "nvme-generic", DEVICE_STORES, 0 },
	{ "mtd", DEVICE_STORES, 0 },
	{ "ublk-char", DEVICE_STORES, 0 },
	{ "macvtap", DEVICE_LEADS_OUT, 0 },
	{ "ipvtap", DEVICE_LEADS_OUT, 0 },
	{ "ppp", DEVICE_LEADS_OUT, 0 },
	{ "vhost-vdpa", DEVICE_LEADS_OUT, 0 },
	{ "infiniband_verbs", DEVICE_LEADS_OUT, 0 },
};

/* Miscellaneous devices share one major: include/linux/miscdevice.h. */
static __always_inline __u32 device_misc_kind(__u32 minor)
{
	switch (minor) {
	case 231: /* snapshot: the image of a suspended machine (bypass B13) */
	case 236: /* mapper/control: lays disks over disks */
		return DEVICE_STORES;
	case 200: /* net/tun */
	case 238: /* vhost-net */
	case 241: /* vhost-vsock */
		return DEVICE_LEADS_OUT;
	}
	return DEVICE_PLAIN;
}

/*
 * Virtual consoles, /dev/tty, /dev/ptmx, and the slave sides of pseudo-terminals. Not serial lines,
 * minors from 64 on, which lead off the host, nor /dev/console, which is any of them, and whose
 * output can be led elsewhere (TIOCCONS).
 */
static __always_inline bool device_is_terminal(__u32 rdev)
{
	__u32 major = rdev >> 20, minor = rdev & 0xfffff;

	return (major == TTY_MAJOR && minor < 64) ||
	       (major == TTYAUX_MAJOR && (minor == 0 || minor == 2)) ||
	       (major >= UNIX98_PTY_SLAVE_MAJOR && major < UNIX98_PTY_SLAVE_MAJOR + 8);
}

/*
 * null, zero, full, random, urandom carry nothing; what a terminal carries is judged at each read
 * and write (terminal.bpf.h).
 */
static __always_inline bool device_is_neutral(__u32 rdev)
{
	__u32 minor = rdev & 0xfffff;

	if (rdev >> 20 == MEM_MAJOR)
		return minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9;
	return device_is_terminal(rdev);
}

static __always_inline __u32 device_driver_kind(const __u64 *name)
{
	for (__u32 i = 0; i < sizeof(device_drivers) / sizeof(device_drivers[0]); i++) {
		const __u64 *known = (const void *)device_drivers[i].name;

		if (known[0] == name[0] && known[1] == name[1])
			return device_drivers[i].kind;
	}
	return DEVICE_PLAIN;
}

/* @rdev: of a character device, as the kernel has it: major << 20 | minor. */
__subprogram __u32 device_kind(__u32 rdev)
{
	__u32 major = rdev >> 20, minor = rdev & 0xfffff, i;
	__u64 address = 0;

	if (device_is_neutral(rdev))
		return DEVICE_KEEPS_NOTHING;
	if (major == MISC_MAJOR)
		return device_misc_kind(minor);
	/* What any cleared process wrote to a virtual console (bypass B17). */
	if (major == VCS_MAJOR || major == FB_MAJOR)
		return DEVICE_STORES;
	bpf_probe_read_kernel(&address, sizeof(address),
			      (const void *)&chrdevs +
				      (major % CHRDEV_MAJOR_HASH_SIZE) * sizeof(address));
	bpf_for(i, 0, DEVICE_CHAIN_MAX) {
		struct char_device_struct *driver;
		__u64 name[DEVICE_NAME_BYTES / 8] = {};

		if (!address)
			return DEVICE_PLAIN;
		driver = kernel_object(char_device_struct, address);
		if (driver->major == major && minor >= driver->baseminor &&
		    minor - driver->baseminor < (__u32)driver->minorct) {
			bpf_probe_read_kernel(name, sizeof(name), driver->name);
			return device_driver_kind(name);
		}
		address = (__u64)driver->next;
	}
	return DEVICE_STORES; /* not found within the bound: the most careful kind */
}

#endif /* CORDON_DEVICE_BPF_H */
