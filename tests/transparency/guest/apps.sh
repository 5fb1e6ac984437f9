#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs of Debian at work. A server has a name space of its own. $SHORT: what goes over ssh.
set -a
US=10.9.0.1 SERVER=10.9.0.2

# A check is a process of its own, with a deadline.
check() { # NAME COMMAND...
	name=$1 result=ok began=$SECONDS
	shift
	echo "== $name"
	timeout -k 10 400 bash -c '"$@"' check "$@" || result='not ok'
	echo "$result apps: $name" >&3
	echo "$result apps: $name: $((SECONDS - began)) s" >&4
}

wait_for() { # SECONDS COMMAND...
	deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || return 1
		read -r -t 0.2 _ <> <(:) || :
	done
}

build_network() {
	ip netns add server && ip link add us type veth peer name server netns server &&
		ip addr add $US/24 dev us && ip link set us up &&
		ip -n server addr add $SERVER/24 dev server && ip -n server link set server up &&
		ip -n server link set lo up && ping -c 1 -W 5 $SERVER
}

on_server() {
	ip netns exec server "$@"
}

start_nginx() {
	mkdir -p /srv/www && head -c 20000 /dev/zero | tr '\0' x >/srv/www/page
	cat >/root/nginx.conf <<-END
		worker_processes 2;
		pid /run/nginx-test.pid;
		events { worker_connections 128; }
		http {
			access_log /var/log/nginx/test.log;
			sendfile on;
			server { listen 8080; root /srv; }
		}
	END
	on_server nginx -c /root/nginx.conf && wait_for 30 curl -sf http://$SERVER:8080/www/page
}

load_nginx() {
	ab -q -n 300 -c 8 http://$SERVER:8080/www/page >/root/ab.txt 2>&1
	ab -q -k -n 300 -c 8 http://$SERVER:8080/www/page >>/root/ab.txt 2>&1
	cat /root/ab.txt
	[ "$(grep -c 'Complete requests: *300' /root/ab.txt)" = 2 ] &&
		[ "$(grep -c 'Failed requests: *0' /root/ab.txt)" = 2 ]
}

stop_nginx() {
	on_server nginx -c /root/nginx.conf -s quit && wait_for 30 test ! -e /run/nginx-test.pid
}

apt_local() {
	apt-get -o Dir::Etc::sourcelist=/root/repo.list -o Dir::Etc::sourceparts=/dev/null "$@"
}

apt_update() {
	echo "deb [trusted=yes] http://$SERVER:8080/repo ./" >/root/repo.list
	apt_local update
}

apt_install() {
	apt_local -y install hello figlet && hello && figlet ok && dpkg -V hello figlet
}

apt_remove() {
	apt_local -y purge hello figlet && [ ! -e /usr/bin/hello ]
}

dpkg_file() {
	dpkg -i /srv/repo/hello_*.deb && /usr/bin/hello && dpkg -P hello
}

ssh_config() {
	printf 'Host server\n HostName %s\n Port 2222\n User root\n IdentityFile /root/.ssh/id\n' $SERVER
	printf ' StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n'
}

start_sshd() {
	mkdir -p /run/sshd /root/.ssh && chmod 700 /root/.ssh && rm -f /root/.ssh/id*
	ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id &&
		cp /root/.ssh/id.pub /root/.ssh/authorized_keys && ssh-keygen -A &&
		ssh_config >/root/.ssh/config &&
		on_server /usr/sbin/sshd -p 2222 -o PidFile=/run/sshd-test.pid &&
		wait_for 60 ssh server true
}

ssh_login() {
	[ "$(ssh server 'id -un; hostname')" = "$(id -un; hostname)" ]
}

ssh_terminal() {
	ssh -tt server 'tty && stty size' | grep -q /dev/pts/
}

scp_there_and_back() {
	head -c 1000000 /dev/urandom >/root/sent && scp -q /root/sent server:/tmp/there &&
		scp -q server:/tmp/there /root/back && cmp /root/sent /root/back
}

rsync_over_ssh() {
	rsync -a /etc/ssh/ server:/tmp/rsynced/ && diff -r /etc/ssh /tmp/rsynced
}

git_clone() {
	rm -rf /srv/git /root/clone /root/made &&
		git init -q --bare -b main /srv/git && git init -q -b main /root/made &&
		cd /root/made && git config user.email t@t && git config user.name t &&
		mkdir files && cp /usr/bin/curl /etc/ssl/openssl.cnf files && git add . && git commit -q -m one &&
		git push -q server:/srv/git main &&
		git clone -q server:/srv/git /root/clone &&
		git -C /root/clone fsck && diff -r /root/made/files /root/clone/files && rm -rf /root/made
}

# shellcheck source=tests/transparency/guest/apps_local.sh
. "$(dirname "$0")/apps_local.sh"

web_checks() {
	check modules-load modules_load
	check nginx-starts start_nginx
	check nginx-under-load load_nginx
	check apt-update apt_update
	check apt-install apt_install
	check apt-purge apt_remove
	check dpkg-install dpkg_file
	check nginx-stops stop_nginx
}

check network build_network
[ -n "${SHORT:-}" ] || web_checks
check sshd-starts start_sshd
check ssh-login ssh_login
check ssh-terminal ssh_terminal
check scp scp_there_and_back
check rsync-over-ssh rsync_over_ssh
check git-clone-over-ssh git_clone
kill "$(cat /run/sshd-test.pid)" && ip netns del server
[ -n "${SHORT:-}" ] || local_checks
