#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh first|second|killed|third [OUTAGE]: one boot of a host whose ledger is on /dev/vda. The
# first one is stopped, has its clock set back, sleeps and loses records; the second resets itself,
# the next has its power cut from outside; the last finds the controller killed while OUTAGE records
# are made, and removes what is too much. What is for the auditor goes to /out.
set -eu

. /guest_host.sh

first() {
	start --volume-size 64
	flood 500 400
	settle
	rate
	hibernate
	fill
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

# What the first boot left is a volume of its own.
second() {
	start --volume-size 3
	flood 500 400
	settle
	sync
	flood 300 400
	# As when the power is cut: nothing is written back, nobody is told.
	echo b >/proc/sysrq-trigger
	sleep 600
}

killed() {
	start --volume-size 64
	flood 500 400
	settle
	echo "cut the power"
	sleep 600
}

third() {
	start --volume-size 64
	flood 300 400
	settle
	cordon ledger export /out/older "$STORE"
	flood 300 400
	kill -9 "$cordond"
	wait "$cordond" || true
	flood "$OUTAGE" 500
	start --volume-size 64
	flood 300 400
	settle
	cordon status --json >/out/status.json
	stop
	mount -t ext4 /dev/vda $STATE
	cordon ledger export /out/store "$STORE"
	cp $STATE/anchors /out/anchors
	retain
}

volume_is_gone() { [ ! -e $STATE/records-000001.db ]; }

# The first volume, with all of the first boot, is too much.
retain() {
	start --volume-size 1 --store-size 6 --keep-days 0
	flood 300 400
	await volume_is_gone
	settle
	stop
	mount -t ext4 /dev/vda $STATE
	cordon ledger export /out/retained "$STORE"
	cp $STATE/anchors /out/anchors-retained
}

prepare
"$1"
