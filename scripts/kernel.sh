# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Downloading and unpacking kernel packages, shared by fetch-kernel and fetch-next-kernel.

# APT drops to the user _apt, who may not write into a build folder. Extended by who uses another
# archive than the machine's own.
kernel_apt='-o APT::Sandbox::User=root'

kernel_download() { # DIR PACKAGE...
	into=$1
	shift
	# shellcheck disable=SC2086 # options, one a word
	(cd "$into" && timeout 600 apt-get -qq $kernel_apt download "$@")
}

# Unpacks the packages in DIR and makes DIR/boot/vmlinuz-RELEASE and DIR/lib/modules/RELEASE of
# what they hold: newer packages have both in /usr/lib/modules.
kernel_unpack() { # DIR RELEASE
	for deb in "$1"/*.deb; do
		dpkg-deb -x "$deb" "$1"
		rm "$deb"
	done
	[ -e "$1/lib" ] || ln -s usr/lib "$1/lib"
	if [ ! -e "$1/boot/vmlinuz-$2" ]; then
		mkdir -p "$1/boot"
		ln -s "../lib/modules/$2/vmlinuz" "$1/boot/vmlinuz-$2"
	fi
	depmod -b "$1" "$2" 2>&1 | grep -v 'could not open modules\.' >&2 || true
	touch "$1/guest.done"
}
