// SPDX-License-Identifier: GPL-2.0-only
/*
 * R7 on disk: what every policy says without a word of its author's. These
 * paths carry no label; they say who may change what stands there.
 */
#include "guardrules.h"

#define GUARD CORDON_OBJECT_GUARD
#define BOOT  CORDON_OBJECT_BOOT

/* A file of the guard's unit, wherever systemd looks for one. */
#define UNIT_IN(folder)                                                                  \
	{ folder "/cordond.service", GUARD }, { folder "/cordond.service.d/**", GUARD }, \
		{ folder "/cordond.service.wants/**", GUARD },                           \
		{ folder "/cordond.service.requires/**", GUARD },                        \
		{ folder "/sysinit.target.wants/cordond.service", GUARD },               \
	{                                                                                \
		folder "/service.d/**", BOOT                                             \
	}

/* The libraries that the controller is made of; whoever writes them is the controller. */
#define LIBRARIES_IN(folder)                                                                       \
	{ folder "/ld-linux*", BOOT }, { folder "/libc.so*", BOOT }, { folder "/libm.so*", BOOT }, \
		{ folder "/libbpf.so*", BOOT }, { folder "/libelf*.so*", BOOT },                   \
		{ folder "/libz*.so*", BOOT }, { folder "/libsqlite3.so*", BOOT },                 \
		{ folder "/libjson-c.so*", BOOT }, { folder "/libsodium.so*", BOOT },              \
		{ folder "/libcares.so*", BOOT }, { folder "/libcap-ng.so*", BOOT },               \
		{ folder "/libseccomp.so*", BOOT },                                                \
	{                                                                                          \
		folder "/libnss_*.so*", BOOT                                                       \
	}

const struct policy_guard_rule policy_guard_rules[] = {
	/* What the guard is made of and keeps (bypass E9). */
	{ "/etc/cordon", GUARD },
	{ "/etc/cordon/**", GUARD },
	{ "/var/lib/cordon", GUARD },
	{ "/var/lib/cordon/**", GUARD },
	{ "/usr/sbin/cordond", GUARD | CORDON_OBJECT_CONTROLLER },
	{ "/usr/sbin/cordon", GUARD },
	{ "/usr/bin/cordon", GUARD },
	{ "/usr/lib/modules/*/updates/cordon.ko", GUARD | BOOT },
	{ "/lib/modules/*/updates/cordon.ko", GUARD | BOOT },
	{ "/usr/lib/modules-load.d/cordon.conf", GUARD },
	{ "/etc/modules-load.d/cordon.conf", GUARD },
	{ "/etc/modprobe.d/cordon.conf", GUARD },
	UNIT_IN("/usr/lib/systemd/system"),
	UNIT_IN("/etc/systemd/system"),
	UNIT_IN("/etc/systemd/system.control"),
	UNIT_IN("/run/systemd/system"),
	UNIT_IN("/run/systemd/system.control"),
	UNIT_IN("/run/systemd/transient"),
	/* What the kernel and the next boot run (bypasses E4, E9, M20). */
	{ "/usr/lib/modules/**", BOOT },
	{ "/lib/modules/**", BOOT },
	{ "/boot/**", BOOT },
	{ "/efi/**", BOOT },
	{ "/etc/default/**", BOOT },
	{ "/etc/grub.d/**", BOOT },
	{ "/etc/kernel/**", BOOT },
	{ "/etc/initramfs-tools/**", BOOT },
	{ "/usr/share/initramfs-tools/**", BOOT },
	{ "/etc/dracut.conf.d/**", BOOT },
	{ "/etc/modprobe.d/**", BOOT },
	{ "/etc/modules-load.d/**", BOOT },
	{ "/etc/sysctl.d/**", BOOT },
	{ "/etc/udev/rules.d/**", BOOT },
	{ "/usr/lib/systemd/systemd*", BOOT },
	{ "/usr/lib/systemd/libsystemd*", BOOT },
	{ "/etc/systemd/system-generators/**", BOOT },
	{ "/etc/ld.so.preload", BOOT },
	{ "/etc/ld.so.conf", BOOT },
	{ "/etc/ld.so.conf.d/**", BOOT },
	{ "/etc/ld.so.cache", BOOT },
	LIBRARIES_IN("/usr/lib/x86_64-linux-gnu"),
	{ "/usr/lib64/ld-linux*", BOOT },
};

const uint32_t policy_guard_rule_count = sizeof(policy_guard_rules) / sizeof(policy_guard_rules[0]);
