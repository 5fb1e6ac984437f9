#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # what apps.sh has
# Those programs that need no other host: a database, a container, a compiler, systemd's own.

PG=$(echo /usr/lib/postgresql/*/bin)

as_postgres() {
	runuser -u postgres -- "$@"
}

start_postgres() {
	rm -rf /var/tmp/pg && install -d -o postgres /var/tmp/pg /run/postgresql
	as_postgres "$PG/initdb" -N -A trust -D /var/tmp/pg >/dev/null &&
		as_postgres "$PG/pg_ctl" -w -t 120 -D /var/tmp/pg -l /var/tmp/pg/log \
			-o '-c shared_buffers=32MB' start
}

pgbench_runs() { # HOST
	as_postgres "$PG/pgbench" -q -i -s 1 -h "$1" postgres &&
		as_postgres "$PG/pgbench" -h "$1" -c 4 -j 2 -t 20 postgres >/root/pgbench.txt 2>&1
	cat /root/pgbench.txt
	grep -q 'actually processed: 80/80' /root/pgbench.txt
}

stop_postgres() {
	as_postgres "$PG/pg_ctl" -w -t 120 -D /var/tmp/pg -m fast stop
}

# Nothing of the host but /usr, read-only; everything else is made for it.
nspawn() {
	[ "$(systemd-nspawn -q -D / --volatile=yes --register=no --keep-unit --pipe \
		/usr/bin/sh -c 'echo $$; cat /proc/1/comm; touch /run/x /tmp/x && ls /run/x' \
		</dev/null)" = "$(printf '1\nsh\n/run/x')" ]
}

nspawn_private_network() {
	systemd-nspawn -q -D / --volatile=yes --register=no --keep-unit --pipe --private-network \
		/usr/bin/sh -c 'cat /proc/net/dev | grep -c lo: && id -u' </dev/null
}

# The policy language's front end, with bison and flex: six files of this project.
compile() {
	rm -rf /root/build && cp -r /transparency/project /root/build && cd /root/build &&
		make DEPS_DONE=1 KREL=none -j2 build/userspace/policy/{scan,parse,check,pattern,words,actions}.o &&
		[ "$(find build/userspace/policy -name '*.o' -size +0 | wc -l)" = 6 ]
}

compile_and_run() {
	cat >/root/sum.c <<-END
		#include <stdio.h>
		int main(void) { int s = 0; for (int i = 1; i <= 100; i++) s += i; printf("%d\n", s); return 0; }
	END
	gcc -O2 -o /root/sum /root/sum.c && [ "$(/root/sum)" = 5050 ]
}

transient_unit() {
	[ "$(systemd-run -q --wait --pipe -p DynamicUser=yes -p PrivateTmp=yes -p ProtectSystem=strict \
		-p NoNewPrivileges=yes -p RestrictAddressFamilies=AF_UNIX sh -c 'touch /tmp/x && echo made')" = made ]
}

user_session() {
	runuser -l nobody -s /bin/sh -c 'id -un' | grep -qx nobody
}

cron_and_mail_spool() {
	systemctl restart cron && systemctl is-active -q cron && crontab -l 2>&1 | grep -q .
}

name_services() {
	systemctl restart systemd-resolved && resolvectl query localhost && getent hosts guest
}

archives() {
	rm -rf /root/ar && mkdir /root/ar && tar -C /etc -czf /root/ar/a.tgz ssh && cd /root/ar &&
		tar -xzf a.tgz && diff -r ssh /etc/ssh && zip -qr a.zip ssh && unzip -qt a.zip &&
		ln -s ssh link && ln a.tgz hard && mv hard moved && setfattr -n user.x -v y moved &&
		getfattr -n user.x moved && cd /
}

# Drivers: asked for by name, and by the kernel itself. Both stay out again.
modules_load() {
	modprobe romfs && grep -q romfs /proc/filesystems && modprobe -r romfs || return 1
	mount -t squashfs /dev/null /mnt 2>/dev/null
	grep -q squashfs /proc/filesystems && modprobe -r squashfs
}

local_checks() {
	check postgres-starts start_postgres
	check pgbench-unix-socket pgbench_runs /var/run/postgresql
	check pgbench-loopback pgbench_runs 127.0.0.1
	check postgres-stops stop_postgres
	check nspawn nspawn
	check nspawn-private-network nspawn_private_network
	check compile-and-run compile_and_run
	check compile-the-project compile
	check transient-unit transient_unit
	check user-session user_session
	check cron cron_and_mail_spool
	check name-services name_services
	check archives archives
}
