#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# all.sh PART...: in the guest: every part without Cordon, then every part with Cordon enforcing a
# policy that classifies nothing; at last `labels`, which is played with Cordon only. Leaves
# /out/{without,with}/PART.txt, a line for each test, the logs beside them, and /out/denied.txt, what
# Cordon denied in the parts that were compared.
set -u

here=$(dirname "$0")
export LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/root

say() {
	echo "$(cut -d. -f1 /proc/uptime) s: $*"
}

# What every part prints is for a person; its results go to descriptor 3, how far it is to 4.
play() { # without|with PART...
	mode=$1
	shift
	mkdir -p "/out/$mode"
	for part in "$@"; do
		say "$mode Cordon: $part"
		bash "$here/$part.sh" 4>&1 3>"/out/$mode/$part.txt" >"/out/$mode/$part.log" 2>&1 </dev/null
	done
}

# The guard is there and enforces, or nothing of what follows means anything.
start_guard() {
	insmod /transparency/cordon.ko || return 1
	mkdir -p /run/cordon /var/lib/cordon /etc/cordon/policy.d
	cordond >/out/cordond.log 2>&1 &
	controller=$!
	deadline=$((SECONDS + 1200))
	until cordon status >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] && kill -0 $controller || return 1
		read -r -t 0.2 _ <> <(:) || :
	done
	cordon enforce && cordon status --json | grep -q '"mode":"enforcing"'
}

# Reads the records as they were stored: what was denied, how often, to whom.
collect() {
	cordon records --json --verdict deny >/out/records.jsonl 2>/out/records.err
	sed -E 's/.*"operation":"([^"]*)".*"exe":"([^"]*)".*/\1 \2/' /out/records.jsonl |
		sort | uniq -c >/out/denied.txt
	cordon status --json >/out/status.json
}

after=() parts=()
for part in "$@"; do
	case $part in labels) after=(labels) ;; *) parts+=("$part") ;; esac
done
play without "${parts[@]}"
if ! start_guard; then
	echo "the guard does not enforce"
	cat /out/cordond.log
	exit 1
fi
play with "${parts[@]}"
collect
play labels "${after[@]}"
say "all done"
