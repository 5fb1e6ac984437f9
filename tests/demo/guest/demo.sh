#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh off|on: the whole story in the guest, once. Leaves in /out: steps.txt (STEP START-NS
# STATUS END-NS), hits.txt (canaries in unclassified files), unk/ low/ hi/ (what reached them),
# log.txt (what the tools printed), and with Cordon on its records.
set -eu
mode=$1 out=/out
. /demo/hosts.sh
. /demo/world.sh
. /demo/guard.sh

now() { # ns since 1970, without a process
	REPLY=${EPOCHREALTIME/[.,]/}000
}

as() { # USER COMMAND...
	local user=$1
	shift
	(cd "/home/$user" && exec setpriv --reuid "$user" \
		--regid "$user" --init-groups --reset-env timeout 60 "$@" </dev/null)
}

# What the system does after the user is done: it starts what was planted.
after_3a() { su - alice -c true; }
after_3b() {
	rm -f /run/crond.reboot
	systemctl restart cron
	wait_for 30 test -e /home/alice/.cache/ran-cron
}
after_3c() {
	systemctl restart "user@$(id -u alice)"
	wait_for 30 test -e /home/alice/.cache/ran-systemd
}

# The wiper reached its goal when the file is not what it was. Only the cleared can tell.
is_destroyed() { # NAME
	! as bob sha256sum --status -c "/srv/classified/work/$1.sum"
}

run_step() { # STEP USER
	local start status=0
	now
	start=$REPLY
	echo "== $1"
	as "$2" bash /usr/local/lib/dream-job/story.sh "$1" || status=$?
	case $1 in
	3?) "after_$1" || status=$? ;;
	14?) is_destroyed "${1#14}" && status=0 || status=1 ;;
	esac
	echo "status $status"
	now
	echo "$1 $start $status $REPLY" >>$out/steps.txt
}

mkdir -p $out
chmod 700 $out /demo
now
echo "setup $REPLY 0 0" >$out/steps.txt
users_up
[ "$mode" = off ] || guard_start
classified_up
lure_up
hosts_up
resolver_up
[ "$mode" = off ] || guard_up
while IFS=$'\t' read -r -u 9 step _ user _; do
	case $step in '#'*) ;; *) run_step "$step" "$user" >>$out/log.txt 2>&1 ;; esac
done 9</demo/steps.tab
now
echo "end $REPLY 0 0" >>$out/steps.txt
[ "$mode" = off ] || guard_records
hosts_down
/demo/scan files /demo/canaries $out/steps.txt /srv/classified /demo $out / >$out/hits.txt
