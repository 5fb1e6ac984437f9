// SPDX-License-Identifier: GPL-2.0-only
/* Operations that reach hosts. The ports are those of a sink (tests/kselftest). */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "subject.h"
#include "world.h"

#define LOOP_PORT 7100 /* and two more */

static const char *const v4[HOSTS] = { UNK_V4, LOW_V4, HI_V4 };
static const char *const v6[HOSTS] = { UNK_V6, LOW_V6, HI_V6 };
static const char *const wires[HOSTS] = { "to-unk", "to-low", "to-hi" };

static struct sockaddr_in address4(const char *text, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &address.sin_addr);
	return address;
}

static struct sockaddr_in6 address6(const char *text, int port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, text, &address.sin6_addr);
	return address;
}

/* Connects, and sends what the subject holds. */
static long connect_send(struct subject *s, int type, const void *address, socklen_t size,
			 uint8_t out)
{
	const struct sockaddr *to = address;
	const struct timeval limit = { .tv_sec = 1 };
	int fd = socket(to->sa_family, type, 0);
	long result;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	result = done(connect(fd, to, size));
	if (result >= 0)
		result = done(send(fd, subject_payload(s), PAYLOAD, MSG_DONTWAIT));
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd_put(fd, out);
}

long call_tcp_connect(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], TCP_PORT);

	return connect_send(s, SOCK_STREAM, &to, sizeof(to), arg[1]);
}

long call_tcp6_connect(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in6 to = address6(v6[arg[0]], TCP_PORT);

	return connect_send(s, SOCK_STREAM, &to, sizeof(to), arg[1]);
}

long call_udp_connect(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], UDP_PORT);

	return connect_send(s, SOCK_DGRAM, &to, sizeof(to), arg[1]);
}

static long send_once(struct subject *s, int type, int protocol, int flags, const void *address,
		      socklen_t size, int family)
{
	int fd = socket(family, type, protocol);
	long result;

	if (fd < 0)
		return -errno;
	result = done(sendto(fd, subject_payload(s), PAYLOAD, flags, address, size));
	close(fd);
	return result;
}

long call_tcp_fastopen(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], TCP_PORT);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	long result;

	if (fd < 0)
		return -errno;
	result = sendto(fd, subject_payload(s), PAYLOAD, MSG_FASTOPEN, (struct sockaddr *)&to,
			sizeof(to));
	if (result < 0 && errno != EINPROGRESS) {
		result = -errno;
		close(fd);
		return result;
	}
	return fd_put(fd, arg[1]);
}

long call_udp_sendto(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], UDP_PORT);

	return send_once(s, SOCK_DGRAM, 0, 0, &to, sizeof(to), AF_INET);
}

long call_udp6_sendto(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in6 to = address6(v6[arg[0]], UDP_PORT);

	return send_once(s, SOCK_DGRAM, 0, 0, &to, sizeof(to), AF_INET6);
}

long call_udp_unspec(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], UDP_PORT);

	to.sin_family = AF_UNSPEC;
	return send_once(s, SOCK_DGRAM, 0, 0, &to, sizeof(to), AF_INET);
}

long call_udp_sendmsg(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], UDP_PORT);
	struct iovec part = { (char *)subject_payload(s), PAYLOAD };
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	long result;

	if (fd < 0)
		return -errno;
	result = done(sendmsg(fd, &message, 0));
	close(fd);
	return result;
}

/* To two hosts in one call: the second must be looked at too. */
long call_udp_sendmmsg(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to[2] = { address4(v4[arg[0]], UDP_PORT),
				     address4(v4[arg[1]], UDP_PORT) };
	struct iovec part = { (char *)subject_payload(s), PAYLOAD };
	struct mmsghdr messages[2];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	long result;

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to[i],
							     .msg_namelen = sizeof(to[i]),
							     .msg_iov = &part,
							     .msg_iovlen = 1 } };
	result = done(sendmmsg(fd, messages, 2, 0));
	close(fd);
	return result;
}

long call_icmp_send(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], 0);
	char packet[sizeof(struct icmphdr) + PAYLOAD] = { ICMP_ECHO };
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	long result;

	if (fd < 0)
		return -errno;
	memcpy(packet + sizeof(struct icmphdr), subject_payload(s), PAYLOAD);
	result = done(sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)));
	close(fd);
	return result;
}

long call_raw_send(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4(v4[arg[0]], 0);

	return send_once(s, SOCK_RAW, 253, 0, &to, sizeof(to), AF_INET);
}

long call_packet_send(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_halen = 6,
				  .sll_ifindex = if_nametoindex(wires[arg[0]]) };

	return send_once(s, SOCK_DGRAM, htons(ETH_P_IP), 0, &to, sizeof(to), AF_PACKET);
}

long call_setsockopt(struct subject *s, const uint8_t *arg)
{
	static const struct {
		int level, option;
	} options[] = { { IPPROTO_TCP, TCP_NODELAY },
			{ SOL_SOCKET, SO_BROADCAST },
			{ SOL_SOCKET, SO_ZEROCOPY } };
	const int one = 1;

	(void)s;
	return done(setsockopt(fd_arg(arg[0]), options[arg[1]].level, options[arg[1]].option, &one,
			       sizeof(one)));
}

/* ---- Loopback: a host like any other ------------------------------------------------- */

long call_loop_bind(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in at = address4("127.0.0.1", LOOP_PORT + arg[0]);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	long result = done(bind(fd, (struct sockaddr *)&at, sizeof(at)));

	(void)s;
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd_put(fd, arg[1]);
}

long call_loop_send(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4("127.0.0.1", LOOP_PORT + arg[0]);

	return send_once(s, SOCK_DGRAM, 0, 0, &to, sizeof(to), AF_INET);
}

long call_loop_listen(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in at = address4("127.0.0.1", LOOP_PORT + arg[0]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
	long result;

	(void)s;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	result = done(bind(fd, (struct sockaddr *)&at, sizeof(at)));
	if (result >= 0)
		result = done(listen(fd, 4));
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd_put(fd, arg[1]);
}

long call_loop_connect(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_in to = address4("127.0.0.1", LOOP_PORT + arg[0]);

	return connect_send(s, SOCK_STREAM, &to, sizeof(to), arg[1]);
}
