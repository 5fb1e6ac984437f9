# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What run-small and run-full share. See README.md for options, channels and exit codes.
# stage.sh puts files into the guest.

vm_root=$(cd "$(dirname "$0")/../.." && pwd)
B=${B:-build}
case $B in /*) ;; *) B=$vm_root/$B ;; esac
PATH=$PATH:/usr/sbin:/sbin

VM_FAILED=1 VM_USAGE=2 VM_BROKEN=3 VM_SPLAT=4 VM_DIED=5 VM_TIMEOUT=124

vm_die() { # CODE MESSAGE
	echo "${0##*/}: $2" >&2
	exit "$1"
}

. "$vm_root/tests/vm/stage.sh"

vm_options() {
	kernel=${KREL:-} append='' smp=2 mem=1G limit=120 icount='' out='' drives='' memory=''
	interactive='' insmod='' image=full
	while [ $# -gt 0 ]; do
		case $1 in
		--icount) icount=1 smp=1 && shift && continue ;;
		--interactive) interactive=1 && shift && continue ;;
		--) shift && break ;;
		--*) [ $# -ge 2 ] || vm_die $VM_USAGE "$1 needs a value" ;;
		*) vm_stage "$1" && shift && continue ;;
		esac
		case $1 in
		--kernel) kernel=$2 ;;
		--append) append="$append $2" ;;
		--smp) smp=$2 ;;
		--mem) mem=$2 ;;
		--timeout) limit=$2 ;;
		--image) image=$2 ;;
		--out) out=$2 ;;
		--memory) memory=$2 ;;
		--module) modules="$modules $2" ;;
		--insmod) vm_stage "$2:/cordon-insmod/${2##*/}" && insmod="$insmod ${2##*/}" ;;
		--drive) drives="$drives $2" && modules="$modules virtio_blk" ;;
		*) vm_die $VM_USAGE "unknown option $1" ;;
		esac
		shift 2
	done
	for name in $insmod; do
		echo "/cordon-insmod/$name" >>"$stage/cordon/insmod"
	done
	[ $# -gt 0 ] || [ -n "$interactive" ] || vm_die $VM_USAGE "no command after --"
	[ $# -eq 0 ] || printf '%s\0' "$@" >"$stage/cordon/command"
}

vm_find_kernel() {
	[ -n "$kernel" ] || kernel=$(cd "$B/kernel" && ls -d 6.12*-cloud-amd64 | sort -V | tail -n 1)
	kernel_dir=$B/kernel/$kernel
	[ -e "$kernel_dir/boot/vmlinuz-$kernel" ] ||
		vm_die $VM_BROKEN "no kernel $kernel in $B/kernel: run make vm-small"
	[ -e "$B/vm/base.cpio" ] || vm_die $VM_BROKEN "no $B/vm/base.cpio: run make vm-small"
}

# KVM where it really runs a guest, found out once by running one; else QEMU's own emulation.
vm_accel() {
	if [ ! -e "$B/vm/accel" ]; then
		echo tcg,thread=multi >"$B/vm/accel"
		if [ -w /dev/kvm ] && timeout 5 qemu-system-x86_64 -accel kvm -cpu host \
			-nodefaults -display none -no-reboot -m 256M -append panic=-1 \
			-kernel "$kernel_dir/boot/vmlinuz-$kernel" >/dev/null 2>&1 </dev/null; then
			echo kvm >"$B/vm/accel"
		fi
	fi
	accel=$(cat "$B/vm/accel")
	[ -z "$icount" ] || accel=tcg
}

vm_boot() {
	line="console=ttyS0 loglevel=5 log_buf_len=4M panic=-1 oops=panic no_timer_check cryptomgr.notests rdinit=/cordon/init"
	set -- -nodefaults -no-user-config -display none -no-reboot -nic none -m "$mem" \
		-accel "$accel" -cpu max -smp "$smp" -device virtio-serial-pci \
		-kernel "$kernel_dir/boot/vmlinuz-$kernel" -initrd "$work/initrd"
	for port in output verdict files; do
		set -- "$@" -chardev "file,id=$port,path=$out/$port.part" \
			-device "virtserialport,chardev=$port,name=$port"
	done
	if [ "$kind" = full ]; then
		set -- "$@" -drive "file=$B/vm/$image.img,format=raw,if=virtio,snapshot=on"
		line="$line cordon.root=/dev/vda"
	fi
	for drive in $drives; do
		set -- "$@" -drive "file=$drive,format=raw,if=virtio"
	done
	[ -z "$memory" ] || set -- "$@" -machine memory-backend=memory \
		-object "memory-backend-file,id=memory,size=$mem,mem-path=$memory,share=on"
	[ -z "$icount" ] || set -- "$@" -icount shift=0,sleep=off
	if [ -n "$interactive" ]; then
		qemu-system-x86_64 "$@" -append "$line $append" -serial mon:stdio
	else
		timeout -k 5 "$limit" qemu-system-x86_64 "$@" -append "$line $append" \
			-serial "file:$out/console.txt" </dev/null 2>"$out/qemu.txt"
	fi
}

# QEMU's emulation of several CPUs does not always keep to the order in which one of them patches
# code that another runs: the breakpoint of the kernel's own patching is met when it is gone already.
# True when that ended the boot, with no module loaded and nothing of ours begun.
vm_emulator_broke() {
	[ -z "$interactive" ] && [ ! -s "$out/output.part" ] &&
		grep -qs 'Oops: int3' "$out/console.txt" &&
		! grep -qs 'Modules linked in: *[a-z]' "$out/console.txt"
}

# Judges what came back; prints the command's output and, when red, why.
vm_judge() { # STATUS-OF-QEMU
	for port in output verdict; do
		[ -e "$out/$port.part" ] || vm_red $VM_BROKEN "QEMU did not start"
		mv "$out/$port.part" "$out/$port.txt"
	done
	mkdir -p "$out/files"
	[ ! -s "$out/files.part" ] || tar -xf "$out/files.part" -C "$out/files" --no-same-owner
	rm -f "$out/files.part"
	cat "$out/output.txt"
	case $1 in 124 | 137) vm_red $VM_TIMEOUT "no end within $limit s" ;; esac
	! grep '^splat' "$out/verdict.txt" >&2 || vm_red $VM_SPLAT "the kernel complained"
	grep -q '^clean$' "$out/verdict.txt" || vm_red $VM_DIED "the guest died without a verdict"
	grep -q '^exit 0$' "$out/verdict.txt" ||
		vm_red $VM_FAILED "the command ended with: $(head -n 1 "$out/verdict.txt")"
}

vm_red() { # CODE REASON
	see=''
	[ "$out" = "$work/out" ] || see=" (see $out)"
	[ -s "$out/qemu.txt" ] && cat "$out/qemu.txt" >&2
	case $1 in "$VM_FAILED") ;; *) tail -n 30 "$out/console.txt" >&2 ;; esac
	vm_die "$1" "$2$see"
}

vm_main() { # small|full OPTION...
	kind=$1
	shift
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	stage=$work/stage files=$work/stage
	mkdir -p "$stage/cordon" "$stage/payload"
	modules=''
	[ "$kind" = small ] || files=$stage/payload modules=virtio_blk
	vm_options "$@"
	vm_find_kernel
	vm_accel
	vm_stage_modules
	(cd "$stage" && find . | cpio -o -H newc -R 0:0 --quiet) | cat "$B/vm/base.cpio" - \
		>"$work/initrd"
	[ -n "$out" ] || out=$work/out
	mkdir -p "$out"
	out=$(cd "$out" && pwd)
	rm -rf "$out"/output.txt "$out"/verdict.txt "$out"/console.txt "$out"/qemu.txt "$out"/files
	status=0
	vm_boot || status=$?
	if vm_emulator_broke; then
		echo "${0##*/}: the emulator broke the kernel's own patching (int3): booted again" >&2
		status=0
		vm_boot || status=$?
	fi
	[ -n "$interactive" ] || vm_judge "$status"
}
