# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # $out is the demo's
# Cordon in the guest. Sourced by demo.sh.

# As `make install` and systemd do it. Loading takes the kernel's verifier a while.
guard_start() {
	sed 's,@sbindir@,/usr/sbin,' /demo/cordond.service.in >/etc/systemd/system/cordond.service
	chmod 600 /etc/cordon/policy.d/demo.cordon
	insmod /demo/cordon.ko
	systemctl daemon-reload
	systemctl start --no-block cordond
}

guard_up() {
	if ! systemctl start cordond; then
		journalctl -u cordond --no-pager >&2
		return 1
	fi
	cordon enforce >&2
	cordon status >"$out/status.txt"
}

guard_records() {
	cordon status >"$out/status-end.txt"
	cordon records --json >"$out/records.jsonl"
	cordon records >"$out/records.txt"
}
