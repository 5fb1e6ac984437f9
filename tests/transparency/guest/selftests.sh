#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own tests: one line for each test of each program, as TAP has it. $SHORT names the
# programs of the short form.
cd /transparency/selftests || exit 1

# A test of pidfds forks until a number comes again: 4,096 times instead of 32,768.
sysctl -qw kernel.pid_max=4096

# TAP's lines without numbers; then how the program ended.
results() { # PROGRAM LOG STATUS SECONDS
	sed -nE "s,^(not ok|ok) +[0-9]+ *-? *,\1 $1: ,p" "$2" | sed -E 's/ # SKIP.*/ # SKIP/' >&3
	echo "ok $1: ends with $3" >&3
	echo "# $1: $4 s" >&3
	echo "$1: ends with $3, $4 s" >&4
}

run() { # DIR PROGRAM ARGUMENT...
	log=$(mktemp)
	began=$SECONDS
	(cd "$1" && shift && program=$1 && shift && timeout 400 "./$program" "$@") >"$log" 2>&1
	results "$1/$2" "$log" $? $((SECONDS - began))
	cat "$log"
	rm -f "$log"
}

for dir in landlock pidfd mount_setattr splice seccomp net/af_unix; do
	for program in "$dir"/*; do
		name=${program##*/} arguments=
		case $name in
		true | seccomp_benchmark | default_file_splice_read | splice_read) continue ;;
		pidfd_poll_test) arguments=500 ;;
		esac
		case " ${SHORT:-$program} " in *[[:space:]]"$program"[[:space:]]*) ;; *) continue ;; esac
		# shellcheck disable=SC2086 # none is no argument
		[ -x "$program" ] && run "$dir" "$name" $arguments
	done
done
