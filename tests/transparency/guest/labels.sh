#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everyday tools on a file that has a stored label: what cp, mv, tar, rsync, sed do with it, and what
# a cleared user is told where a label cannot be kept. With Cordon only; results as TAP on 3.
here=$(dirname "$0")
# shellcheck source=tests/transparency/guest/labels_world.sh
. "$here/labels_world.sh"
# shellcheck source=tests/transparency/guest/labels_disks.sh
. "$here/labels_disks.sh"

start() {
	load 2 raise && cordon label --reason test set secret $plan /mnt/fixed/plan &&
		[ "$(stored $plan)" = secret ] && ! is_open $plan && as alice "cat $plan >/dev/null"
}

cp_same() {
	as alice "cp -a $plan /srv/arrow/cp && getfattr -n user.origin /srv/arrow/cp" &&
		has_no_label /srv/arrow/cp
}

# `cp -a` does not ask for every attribute, `--preserve=xattr` does.
cp_xattr() {
	as root "cp --preserve=all,xattr $plan /srv/arrow/cp2" && return 1
	has_no_label /srv/arrow/cp2 || return 1
	echo 'security.cordon skip' >>/etc/xattr.conf
	as root "cp --preserve=all,xattr $plan /srv/arrow/cp3" && has_no_label /srv/arrow/cp3
}

tar_same() {
	as root "cd $low && tar --xattrs --xattrs-include='*' -cf /srv/arrow/a.tar plan &&
		mkdir /srv/arrow/tar && tar --xattrs --xattrs-include='*' -C /srv/arrow/tar -xf /srv/arrow/a.tar" &&
		has_no_label /srv/arrow/tar/plan
}

tar_alice() {
	as alice "cd $low && tar --xattrs -cf /srv/arrow/b.tar plan && mkdir /srv/arrow/untar &&
		tar --xattrs -C /srv/arrow/untar -xf /srv/arrow/b.tar &&
		getfattr -n user.origin /srv/arrow/untar/plan" && has_no_label /srv/arrow/untar/plan
}

rsync_same() {
	as alice "rsync -aX $plan /srv/arrow/rsync" && has_no_label /srv/arrow/rsync &&
		as alice "rsync -aX $plan /srv/arrow/rsync"
}

# Root's rsync copies every name space: it says what it could not, and a filter makes it quiet.
rsync_xattr() {
	as root "rsync -aX $plan /srv/arrow/rsync2"
	[ $? = 23 ] && has_no_label /srv/arrow/rsync2 &&
		as root "rsync -aX --filter='-x security.cordon' $plan /srv/arrow/rsync3" &&
		has_no_label /srv/arrow/rsync3
}

cp_raised() {
	as alice "cp -a $plan $low/cp" && has_own_label $low/cp
}

tar_raised() {
	as alice "mkdir -p $low/tar && tar --xattrs -C $low/tar -xf /srv/arrow/b.tar" &&
		has_own_label $low/tar/plan
}

rsync_raised() {
	as alice "rsync -aX $plan $low/rsync" && has_own_label $low/rsync
}

sed_in_place() {
	as alice "cp $plan $low/sed && sed -i '\$a more' $low/sed" && [ "$(stored $low/sed)" = secret ] &&
		! is_open $low/sed
}

mv_keeps() {
	as alice "cp $plan $low/mv && mv $low/mv $low/moved" && has_own_label $low/moved
}

read_only() {
	mount -o remount,ro /mnt/fixed && ! is_open /mnt/fixed/plan || return 1
	as alice "cat /mnt/fixed/plan >/dev/null; cp $plan /mnt/fixed/new" && return 1
	[ ! -e /mnt/fixed/new ] && as alice "grep -q 'Read-only file system' /srv/arrow/said-alice"
}

unkept() { # FOLDER
	as alice "cp $plan $1/plan" && return 1
	! [ -s "$1/plan" ] && denied_for label-unkept "$1"
}

full() {
	: >/mnt/full/file
	chmod 666 /mnt/full/file
	dd if=/dev/zero of=/mnt/full/filler bs=1k status=none
	sync
	as alice "cp $plan /mnt/full/file" && return 1
	! [ -s /mnt/full/file ] && denied_for label-full /mnt/full
}

lower_denied() { # NAME COMMAND
	as alice "$2" && return 1
	! [ -s "$low/$1" ] && denied_for write-down "$low"
}

check make-world make_world
[ "$result" = ok ] || exit
! command -v mkfs.btrfs >/dev/null || check make-disks make_disks
check stored-label-is-judged start
check cp-same-label cp_same
check cp-preserve-xattr cp_xattr
check tar-same-label tar_same
check tar-same-label-user tar_alice
check rsync-same-label rsync_same
check rsync-all-attributes rsync_xattr
check cp-lower-is-raised cp_raised
check tar-lower-is-raised tar_raised
check rsync-lower-is-raised rsync_raised
check sed-in-place-is-raised sed_in_place
check mv-keeps-the-label mv_keeps
check read-only-mount read_only
check vfat-keeps-none unkept /mnt/fat
check full-disk full
! command -v mkfs.btrfs >/dev/null || check_disks
load 3 deny
check cp-lower-is-denied lower_denied cp4 "cp -a $plan $low/cp4"
check tar-lower-is-denied lower_denied out/plan "mkdir $low/out; tar --xattrs -C $low/out -xf /srv/arrow/b.tar"
check rsync-lower-is-denied lower_denied rsync4 "rsync -aX $plan $low/rsync4"
check label-outlives-the-policy test "$(stored $low/cp)" = secret
echo "1..$count" >&3
