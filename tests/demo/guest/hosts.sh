# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # $out is the demo's
# The hosts of the demo: network namespaces, each joined to this host by a veth pair, with a
# server that keeps and a tcpdump that records whatever reaches it. Sourced by demo.sh.
hosts='unk low hi'

wait_for() { # SECONDS COMMAND...: until the command succeeds
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS > deadline)); then
			echo "demo: waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

holds_bytes() { # COUNT FILE
	[ "$(stat -c %s "$2")" -ge "$1" ]
}

host_link() { # NAME ADDRESS OURS BITS
	ip netns add "$1"
	ip -batch - <<-end
		link add v-$1 type veth peer name eth0 netns $1
		address add $3/$4 dev v-$1
		link set v-$1 up
	end
	ip -n "$1" -batch - <<-end
		address add $2/$4 dev eth0
		link set eth0 up
		link set lo up
	end
	ip netns exec "$1" sysctl -qw net.ipv4.tcp_fastopen=3
}

host_up() { # NAME KIND:PORT...
	local name=$1
	shift
	mkdir -p "$out/$name/store"
	ip netns exec "$name" tcpdump -i any -U --immediate-mode -Z root \
		-w "$out/$name/capture.pcap" 2>"$out/$name/tcpdump.txt" &
	echo $! >"/run/demo/$name.tcpdump"
	(cd /demo && exec ip netns exec "$name" ./sink "$out/$name/store" /demo/www "$@") \
		2>"$out/$name/sink.txt" &
	echo $! >"/run/demo/$name.sink"
	wait_for 20 test -e "$out/$name/store/ready"
	wait_for 20 holds_bytes 24 "$out/$name/capture.pcap"
}

listens() { # NAME PORT
	[ -n "$(ip netns exec "$1" ss -Hltn "sport = :$2")" ]
}

hosts_up() {
	mkdir -p /run/demo /demo/www/css
	base64 /demo/guiconfigd >/demo/www/css/style.css
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=unk \
		-keyout /demo/tls.pem -out /demo/tls.crt 2>/dev/null
	cat /demo/tls.crt >>/demo/tls.pem
	host_link unk 198.51.100.7 198.51.100.1 24
	ip address add 2001:db8:7::1/64 dev v-unk nodad
	ip -n unk address add 2001:db8:7::7/64 dev eth0 nodad
	host_link low 192.0.2.10 192.0.2.1 28
	host_link hi 192.0.2.20 192.0.2.17 28
	host_up unk http:80 tls:443 udp:5000 dns:53
	host_up low http:80 tcp:443 dns:53
	host_up hi http:80
	wait_for 20 listens unk 443
	echo 192.0.2.10 dropbox.example >>/etc/hosts
}

# This host's resolver asks LOW, as an office's would ask the provider's.
resolver_up() {
	mkdir -p /etc/systemd/resolved.conf.d
	printf '[Resolve]\nDNS=192.0.2.10\nDomains=~.\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\n' \
		>/etc/systemd/resolved.conf.d/demo.conf
	systemctl restart systemd-resolved
	wait_for 20 test -n "$(ss -Hlun 'src 127.0.0.53')"
}

# When the server's last word is in the capture, everything before it is too.
hosts_down() {
	local name status=0
	for name in $hosts; do
		kill -TERM "$(cat "/run/demo/$name.sink")"
		wait_for 20 grep -qa cordon-demo-end "$out/$name/capture.pcap" || status=1
		kill -INT "$(cat "/run/demo/$name.tcpdump")"
		wait "$(cat "/run/demo/$name.tcpdump")" || status=1
	done
	return $status
}
