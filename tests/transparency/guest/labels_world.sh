#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # what labels.sh has
# What labels.sh plays with: users, a file, small file systems; and what it asks about a file.
low=/srv/low plan=/srv/low/plan
count=0

check() { # NAME COMMAND...
	name=$1 result=ok
	shift
	echo "== $name"
	"$@" || result='not ok'
	count=$((count + 1))
	echo "$result $count - $name" >&3
	echo "$result labels: $name" >&4
}

# A cleared user, and a cleared root. What a tainted tool has to say goes where the taint may.
as() { # USER SCRIPT
	setpriv --reuid "$1" --regid "$1" --groups arrow-cleared --reset-env \
		sh -c "exec >/dev/null 2>>/srv/arrow/said-$1; $2" </dev/null
}

# Uncleared, as this shell is.
is_open() { # FILE
	cat "$1" >/dev/null 2>&1
}

stored() { # FILE: what the controller says
	cordon label show "$1" | sed -n 's/.*  stored: //p'
}

# Its own label, on the disk, and not a copy of the other's.
has_own_label() { # FILE
	[ "$(stored "$1")" = secret ] && ! is_open "$1" && as root "
		value() { getfattr -e hex -n security.cordon \$1 | grep ^security; }
		[ \"\$(value $1)\" != \"\$(value $plan)\" ] && cmp $1 $plan"
}

# Its place says what it is; nothing is stored on it.
has_no_label() { # FILE
	! is_open "$1" && as root "[ -z \"\$(getfattr -d -m security.cordon $1)\" ] && cmp $1 $plan"
}

denied_for() { # REASON PATH
	deadline=$((SECONDS + 30))
	until cordon records --json --verdict deny --reason "$1" --path "$2" | grep -q .; do
		[ $SECONDS -lt $deadline ] || return 1
		read -r -t 0.2 _ <> <(:) || :
	done
}

load() { # NUMBER DENY|RAISE
	sed -e "s/version 2/version $1/" -e "s/write-down raise/write-down $2/" \
		"${here:?}/../labels.cordon" >/run/labels.cordon && cordon load /run/labels.cordon
}

make_disk() { # NAME OPTIONS MKFS...
	disk=$1 options=$2 image=/var/tmp/$1.img
	shift 2
	truncate -s "${size:-8M}" "$image" && "$@" "$image" && mkdir -p "/mnt/$disk" &&
		mount -o "$options" "$image" "/mnt/$disk"
}

make_world() {
	groupadd arrow-cleared && useradd -m -G arrow-cleared alice &&
		mkdir -p /srv/arrow $low && chown alice /srv/arrow $low &&
		head -c 100000 /dev/urandom >$plan && setfattr -n user.origin -v here $plan &&
		chown alice $plan &&
		make_disk fat loop,umask=0 mkfs.vfat &&
		make_disk full loop mke2fs -q -t ext4 -I 128 -m 0 &&
		make_disk fixed loop mke2fs -q -t ext4 && cp $plan /mnt/fixed/plan
}
