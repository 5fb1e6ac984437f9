#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh CONFIGURATION...: measures in each of them, in that order: bare, apparmor (both as the
# guest was booted), permissive, enforcing (the guard comes up before the first of these).
set -eu

cordond=''
DEADLINE_S=120

# Waits until COMMAND succeeds.
await() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt $((DEADLINE_S * 10)) ] || { echo "never: $*" >&2; return 1; }
		usleep 100000
	done
}

guard_up() {
	[ -z "$cordond" ] || return 0
	mkdir -p /var/lib/cordon /run/cordon
	/usr/sbin/cordond &
	cordond=$!
	await test -S /run/cordon/control
	await cordon status
}

/bench prepare $#
pass=0
for configuration in "$@"; do
	case $configuration in
	permissive) guard_up && cordon permissive ;;
	enforcing) guard_up && cordon enforce ;;
	esac
	/bench settle
	/bench pass $pass >"/out/$configuration"
	pass=$((pass + 1))
done
[ -z "$cordond" ] || cordon status
