#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh first|second|third: one boot of a host whose ledger is on /dev/vda. The first one is
# stopped, has its clock set back, is frozen and loses records; the second has its power cut; the
# third finds the controller killed under load. What is for the auditor goes to /out.
set -eu

STATE=/var/lib/cordon
STORE=$STATE/records.db
DEADLINE_S=180
cordond=''

# Waits until COMMAND succeeds.
await() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt $((DEADLINE_S * 2)) ] || { echo "never: $*" >&2; return 1; }
		usleep 500000
	done
}

start() {
	/usr/sbin/cordond --volume-size 64 &
	cordond=$!
	await cordon status
}

# The newest epoch that is stored.
epoch() {
	cordon ledger anchors "$STORE" | tail -n 1 | sed 's/.* epoch \([0-9]*\) .*/\1/'
}

epoch_is_past() { [ "$(epoch)" -gt "$1" ]; }

# Two whole epochs later all that was made before has been sealed and stored.
settle() { await epoch_is_past $(($(epoch) + 2)); }

prepare() {
	mkdir -p $STATE /run/cordon /srv/ledger
	mount -t ext4 /dev/vda $STATE
	echo one >/srv/ledger/one
	echo two >/srv/ledger/two
	start
}

freeze() {
	[ -w /sys/power/pm_test ] || { echo "no pm_test: not frozen"; return 0; }
	echo freezer >/sys/power/pm_test
	echo mem >/sys/power/state || echo "freezing was refused"
	echo none >/sys/power/pm_test
}

first() {
	flood 500 400
	settle
	freeze
	date -s '2020-01-01 00:00:00'
	flood 200 400
	settle
	# The ring is filled while nobody reads it: what it cannot hold is lost, and counted.
	kill -STOP "$cordond"
	flood 9000
	kill -CONT "$cordond"
	flood 100 400
	settle
	stop
}

stop() {
	kill "$cordond"
	wait "$cordond" || true
	cordon ledger anchors "$STORE" >>$STATE/anchors
	umount $STATE
}

second() {
	flood 500 400
	settle
	cordon ledger anchors "$STORE" >>$STATE/anchors
	sync
	flood 300 400
	# As when the power is cut: nothing is written back, nobody is told.
	echo b >/proc/sysrq-trigger
	sleep 60
}

third() {
	flood 300 400
	settle
	cordon ledger export /out/older "$STORE"
	flood 300 400
	kill -9 "$cordond"
	wait "$cordond" || true
	flood 2000 500
	start
	flood 300 400
	settle
	cordon status --json >/out/status.json
	stop
	mount -t ext4 /dev/vda $STATE
	cordon ledger export /out/store "$STORE"
	cp $STATE/anchors /out/anchors
}

prepare
"$1"
