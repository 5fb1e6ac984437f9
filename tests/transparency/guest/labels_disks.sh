#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # what labels.sh and labels_world.sh have
# File systems that the ordinary image has no programs for, in the long form: xfs and btrfs.

# A subvolume of btrfs is secret.
make_disks() {
	size=320M make_disk xfs loop mkfs.xfs -q && chmod 777 /mnt/xfs &&
		size=128M make_disk btrfs loop mkfs.btrfs -q && chmod 777 /mnt/btrfs &&
		btrfs subvolume create /mnt/btrfs/arrow >/dev/null && chown alice /mnt/btrfs/arrow &&
		cp "$plan" /mnt/btrfs/arrow/plan && chown alice /mnt/btrfs/arrow/plan &&
		btrfs subvolume create /mnt/btrfs/open >/dev/null && echo open >/mnt/btrfs/open/file
}

# Blocks that are shared are a copy: into the same label, and no lower.
reflink() {
	as alice "cp --reflink=always /mnt/btrfs/arrow/plan /mnt/btrfs/arrow/again &&
		cmp /mnt/btrfs/arrow/plan /mnt/btrfs/arrow/again" || return 1
	as alice "cp --reflink=always /mnt/btrfs/arrow/plan /mnt/btrfs/below" && return 1
	! [ -s /mnt/btrfs/below ] && denied_for label-unkept /mnt/btrfs
}

# A copy of a whole tree has another path. Without the guard it opens all of it.
snapshot() {
	btrfs subvolume snapshot /mnt/btrfs/arrow /mnt/btrfs/shot && return 1
	! [ -e /mnt/btrfs/shot ] && cordon permissive &&
		btrfs subvolume snapshot /mnt/btrfs/arrow /mnt/btrfs/leak && is_open /mnt/btrfs/leak/plan &&
		btrfs subvolume delete /mnt/btrfs/leak && cordon enforce
}

# The subvolume by another mount: its path from the file system's root says what it is.
subvolume() {
	mkdir -p /mnt/sub && cordon permissive && mount -o loop,subvol=arrow /var/tmp/btrfs.img /mnt/sub &&
		cordon enforce && ! is_open /mnt/sub/plan && as alice "cmp /mnt/sub/plan $plan"
}

check_disks() {
	check xfs-keeps-none unkept /mnt/xfs
	check btrfs-keeps-none unkept /mnt/btrfs
	check btrfs-reflink reflink
	check btrfs-snapshot snapshot
	check btrfs-subvolume subvolume
}
