#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own tests: one line for each test of each program, as TAP has it. $SHORT: without
# those that take minutes under emulation.
cd /transparency/selftests || exit 1

# TAP's lines without numbers; then how the program ended.
results() { # PROGRAM LOG STATUS SECONDS
	sed -nE "s,^(not ok|ok) +[0-9]+ *-? *,\1 $1: ,p" "$2" | sed -E 's/ # SKIP.*/ # SKIP/' >&3
	echo "ok $1: ends with $3" >&3
	echo "# $1: $4 s" >&3
	echo "$1: ends with $3, $4 s" >&4
}

run() { # DIR PROGRAM
	log=$(mktemp)
	began=$SECONDS
	(cd "$1" && timeout 900 "./$2") >"$log" 2>&1
	results "$1/$2" "$log" $? $((SECONDS - began))
	cat "$log"
	rm -f "$log"
}

for dir in landlock pidfd mount_setattr splice seccomp net/af_unix; do
	for program in "$dir"/*; do
		name=${program##*/}
		case $name in
		true | seccomp_benchmark | default_file_splice_read | splice_read) continue ;;
		fs_test | seccomp_bpf | net_test) [ -z "${SHORT:-}" ] || continue ;;
		esac
		[ -x "$program" ] && run "$dir" "$name"
	done
done
