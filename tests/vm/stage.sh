# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # the variables of lib.sh
# What goes into a guest's initramfs. $stage is its root, $files where the run's files go: the same
# in the small guest, /payload in the full one, whose init copies it over the disk.

# Puts SRC[:DEST] into the guest; DEST is /<name of SRC> unless said.
vm_stage() {
	src=${1%%:*} dest=/${1%%:*}
	dest=/${dest##*/}
	case $1 in *:*) dest=${1#*:} ;; esac
	[ -e "$src" ] || vm_die "$VM_USAGE" "no such file: $src"
	mkdir -p "$files$(dirname "$dest")"
	cp -rL --preserve=mode "$src" "$files$dest"
	[ "$kind" = full ] || vm_stage_libraries "$files$dest"
}

# The small guest has no libraries but those that a staged program names.
vm_stage_libraries() {
	find "$1" -type f -perm -u+x | while read -r program; do
		ldd "$program" 2>/dev/null | awk '/=> \// { print $3 } /^\t\// { print $1 }'
	done | sort -u | while read -r library; do
		[ -e "$stage$library" ] && continue
		mkdir -p "$stage$(dirname "$library")"
		cp -L "$library" "$stage$library"
	done
}

# Modules of the guest's kernel, with what they need, in the order in which init loads them.
vm_stage_modules() {
	[ -n "$modules" ] || return 0
	mkdir -p "$stage/cordon/ko"
	for module in $modules; do
		modprobe -d "$kernel_dir" -S "$kernel" --show-depends "$module" \
			>>"$work/modules" || vm_die "$VM_BROKEN" "no module $module in $kernel"
	done
	awk '$1 == "insmod" && !seen[$2]++ { print $2 }' "$work/modules" | while read -r path; do
		name=${path##*/} && name=${name%.xz}
		case $path in
		*.xz) xz -dc "$path" >"$stage/cordon/ko/$name" ;;
		*) cp "$path" "$stage/cordon/ko/$name" ;;
		esac
		echo "/cordon/ko/$name" >>"$stage/cordon/modules"
	done
}
