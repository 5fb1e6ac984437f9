# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034 # the variables of who reads this
# What the boots of guest.sh are made of: a controller, a store on /dev/vda, and what befalls them.

STATE=/var/lib/cordon
STORE=$STATE/records.db
DEADLINE_S=300
OUTAGE=${2:-2000}
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

start() { # OPTION...
	/usr/sbin/cordond --anchors $STATE/anchors "$@" &
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
}

# Sleeps as for hibernation: everything is frozen, the other CPUs leave, an image is made. There is
# no swap to write it to, so the machine wakes up at once.
hibernate() {
	if ! grep -q disk /sys/power/state || ! grep -q shutdown /sys/power/disk; then
		echo "sleep: skipped: this kernel does not hibernate"
		return 0
	fi
	echo shutdown >/sys/power/disk
	echo disk >/sys/power/state 2>/dev/null || true
	echo "sleep: woke up"
}

in_trouble() { cordon status --json | grep -q '"trouble"'; }
recorded() { cordon records | grep -q "$1"; }

# The disk is full: it is told in the status, in the log and in a record, and nothing is missing.
fill() {
	dd if=/dev/zero of=$STATE/fill bs=1M 2>/dev/null || true
	rounds=0
	until in_trouble; do
		flood 500 400
		rounds=$((rounds + 1))
		[ $rounds -lt 30 ] || { echo "never: the full disk is told" >&2; return 1; }
	done
	rm $STATE/fill
	await recorded "the store takes no records"
	await recorded "the store takes records again"
	echo "fill: told and over"
}

stored() { cordon status --json | grep -o '"stored":[ 0-9]*' | tr -dc 0-9; }
hundredths() { cut -d ' ' -f 1 /proc/uptime | tr -d .; }
are_stored() { [ "$(stored)" -ge "$1" ]; }

# A figure, no more: as fast as this guest makes records, until all of them are on the disk.
rate() {
	before=$(stored) from=$(hundredths)
	flood 4000
	await are_stored $((before + 4000))
	echo "rate: $((400000 / ($(hundredths) - from))) records a second made and stored"
}

stop() {
	kill "$cordond"
	wait "$cordond" || true
	umount $STATE
}
