// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on Internet sockets. Addresses are written ADDRESS,PORT. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/ipv6.h>
#include <linux/in6.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define PATIENCE_MS 3000

union endpoint {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Returns the length of the address in @endpoint. */
static socklen_t parse_endpoint(const char *argument, union endpoint *endpoint)
{
	char address[64];
	int port = atoi(actor_split(argument, address, sizeof(address)));

	memset(endpoint, 0, sizeof(*endpoint));
	if (inet_pton(AF_INET, address, &endpoint->v4.sin_addr) == 1) {
		endpoint->v4.sin_family = AF_INET;
		endpoint->v4.sin_port = htons(port);
		return sizeof(endpoint->v4);
	}
	if (inet_pton(AF_INET6, address, &endpoint->v6.sin6_addr) == 1) {
		endpoint->v6.sin6_family = AF_INET6;
		endpoint->v6.sin6_port = htons(port);
		return sizeof(endpoint->v6);
	}
	fprintf(stderr, "actor: no address: %s\n", argument);
	exit(ACTOR_USAGE);
}

/* A host that does not answer must not hold up the test. */
static int set_patience(int fd)
{
	const struct timeval limit = { .tv_sec = PATIENCE_MS / 1000 };

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static int keep_socket(struct actor *actor, int family, int type)
{
	return actor_keep(actor, set_patience(socket(family, type, 0)));
}

static int connect_newest(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	socklen_t length = parse_endpoint(argument, &endpoint);

	return actor_result(connect(actor_fd(actor), &endpoint.any, length));
}

/* One byte less than the kernel takes for an address (SIN6_LEN_RFC2133, struct sockaddr_in). */
static socklen_t too_short(const union endpoint *endpoint)
{
	return endpoint->any.sa_family == AF_INET6 ? 23 : sizeof(endpoint->v4) - 1;
}

static int step_connect_short(struct actor *actor, const char *argument)
{
	union endpoint endpoint;

	parse_endpoint(argument, &endpoint);
	return actor_result(connect(actor_fd(actor), &endpoint.any, too_short(&endpoint)));
}

static int step_send_short(struct actor *actor, const char *argument)
{
	union endpoint endpoint;

	parse_endpoint(argument, &endpoint);
	return actor_result(sendto(actor_fd(actor), "", 1, 0, &endpoint.any, too_short(&endpoint)));
}

static int step_tcp_socket(struct actor *actor, const char *family)
{
	return keep_socket(actor, *family == '6' ? AF_INET6 : AF_INET, SOCK_STREAM);
}

static int step_udp_socket(struct actor *actor, const char *family)
{
	return keep_socket(actor, *family == '6' ? AF_INET6 : AF_INET, SOCK_DGRAM);
}

/* A socket of the address's own family, connected. */
static int step_tcp(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	int result;

	parse_endpoint(argument, &endpoint);
	result = keep_socket(actor, endpoint.any.sa_family, SOCK_STREAM);
	return result ? result : connect_newest(actor, argument);
}

static int step_udp(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	int result;

	parse_endpoint(argument, &endpoint);
	result = keep_socket(actor, endpoint.any.sa_family, SOCK_DGRAM);
	return result ? result : connect_newest(actor, argument);
}

/* Dissolves the association: the socket may be connected anew (bypass D4). */
static int step_disconnect(struct actor *actor, const char *unused)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	(void)unused;
	return actor_result(connect(actor_fd(actor), &nobody, sizeof(nobody)));
}

static int step_send(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(send(actor_fd(actor), actor->buffer, actor->length, MSG_NOSIGNAL));
}

static int step_sendto(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	socklen_t length = parse_endpoint(argument, &endpoint);

	return actor_result(
		sendto(actor_fd(actor), actor->buffer, actor->length, 0, &endpoint.any, length));
}

static int step_sendmsg(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	struct iovec part = { actor->buffer, actor->length };
	struct msghdr message = {
		.msg_name = &endpoint,
		.msg_namelen = parse_endpoint(argument, &endpoint),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};

	return actor_result(sendmsg(actor_fd(actor), &message, 0));
}

/* A message to GOOD first, then one to BAD: GOOD,PORT,BAD,PORT (bypass D2). */
static int step_sendmmsg(struct actor *actor, const char *argument)
{
	union endpoint endpoints[2];
	struct iovec part = { actor->buffer, actor->length };
	struct mmsghdr messages[2] = { 0 };
	char first[64], address[64], port[16];
	const char *rest = actor_split(argument, address, sizeof(address));
	int sent;

	rest = actor_split(rest, port, sizeof(port));
	snprintf(first, sizeof(first), "%.40s,%s", address, port);
	messages[0].msg_hdr.msg_namelen = parse_endpoint(first, &endpoints[0]);
	messages[1].msg_hdr.msg_namelen = parse_endpoint(rest, &endpoints[1]);
	for (int i = 0; i < 2; i++) {
		messages[i].msg_hdr.msg_name = &endpoints[i];
		messages[i].msg_hdr.msg_iov = &part;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(actor_fd(actor), messages, 2, 0);
	if (sent < 0)
		return -errno;
	/* What stopped it after the first message is told by the next call. */
	if (sent == 1)
		return actor_result(sendmmsg(actor_fd(actor), messages + 1, 1, 0));
	return 0;
}

/* An address of no family is taken for IPv4 by UDP (bypass M14). */
static int step_sendto_unspec(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	socklen_t length = parse_endpoint(argument, &endpoint);

	endpoint.any.sa_family = AF_UNSPEC;
	return actor_result(
		sendto(actor_fd(actor), actor->buffer, actor->length, 0, &endpoint.any, length));
}

/* Connects and sends in one call that is no connect(2) (bypass M4). */
static int step_fastopen(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	socklen_t length = parse_endpoint(argument, &endpoint);
	int result = keep_socket(actor, endpoint.any.sa_family, SOCK_STREAM);

	if (result)
		return result;
	return actor_result(sendto(actor_fd(actor), actor->buffer, actor->length,
				   MSG_FASTOPEN | MSG_NOSIGNAL, &endpoint.any, length));
}

/* connect(2) that only takes note; the first write connects. */
static int step_fastopen_connect(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	const int on = 1;
	int result;

	parse_endpoint(argument, &endpoint);
	result = keep_socket(actor, endpoint.any.sa_family, SOCK_STREAM);
	if (result)
		return result;
	if (setsockopt(actor_fd(actor), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)))
		return -errno;
	return connect_newest(actor, argument);
}

/* Type 2, which an unprivileged process may set: by way of another node (bypass D22). */
struct by_way {
	struct ipv6_rt_hdr header;
	uint32_t reserved;
	struct in6_addr node;
} __attribute__((packed));

static struct by_way parse_by_way(const char *address)
{
	struct by_way by_way = { .header = { .hdrlen = 2, .type = 2, .segments_left = 1 } };

	if (inet_pton(AF_INET6, address, &by_way.node) != 1)
		exit(ACTOR_USAGE);
	return by_way;
}

/* The same as ancillary data. */
union by_way_control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(struct by_way))];
};

static void build_by_way(union by_way_control *control, int type, const char *address)
{
	const struct by_way by_way = parse_by_way(address);

	memset(control, 0, sizeof(*control));
	control->header.cmsg_len = CMSG_LEN(sizeof(by_way));
	control->header.cmsg_level = IPPROTO_IPV6;
	control->header.cmsg_type = type;
	memcpy(CMSG_DATA(&control->header), &by_way, sizeof(by_way));
}

static int step_routing_header(struct actor *actor, const char *address)
{
	const struct by_way by_way = parse_by_way(address);

	return actor_result(
		setsockopt(actor_fd(actor), IPPROTO_IPV6, IPV6_RTHDR, &by_way, sizeof(by_way)));
}

/* As RFC 2292 had it: the options of a packet as ancillary data, in one option. */
static int step_packet_options_2292(struct actor *actor, const char *address)
{
	union by_way_control control;

	build_by_way(&control, IPV6_2292RTHDR, address);
	return actor_result(setsockopt(actor_fd(actor), IPPROTO_IPV6, IPV6_2292PKTOPTIONS, &control,
				       control.header.cmsg_len));
}

/* NODE,ADDRESS,PORT: one message with a routing header of its own. */
static int step_send_by_way(struct actor *actor, const char *argument)
{
	char node[64];
	const char *rest = actor_split(argument, node, sizeof(node));
	union endpoint endpoint;
	union by_way_control control;
	struct iovec part = { actor->buffer, actor->length };
	struct msghdr message = { .msg_name = &endpoint,
				  .msg_namelen = parse_endpoint(rest, &endpoint),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.room) };

	build_by_way(&control, IPV6_RTHDR, node);
	return actor_result(sendmsg(actor_fd(actor), &message, 0));
}

/* Loose source route, in the options of every packet of the socket. */
static int step_source_route(struct actor *actor, const char *address)
{
	unsigned char option[8] = { IPOPT_NOP, IPOPT_LSRR, 7, 4 };

	if (inet_pton(AF_INET, address, option + 4) != 1)
		return -EINVAL;
	return actor_result(
		setsockopt(actor_fd(actor), IPPROTO_IP, IP_OPTIONS, option, sizeof(option)));
}

/* What is sent afterwards can be changed until it has left (bypass G15). */
static int step_zero_copy(struct actor *actor, const char *unused)
{
	int on = 1;

	(void)unused;
	return actor_result(setsockopt(actor_fd(actor), SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)));
}

/* FAMILY,TYPE,PROTOCOL as numbers. */
static int step_socket(struct actor *actor, const char *argument)
{
	char family[16], type[16];
	const char *rest = actor_split(argument, family, sizeof(family));
	const char *protocol = actor_split(rest, type, sizeof(type));

	return actor_keep(actor, set_patience(socket(atoi(family), atoi(type), atoi(protocol))));
}

/* The payload as an echo request, by a socket that needs no capability (bypass D7). */
static int step_ping(struct actor *actor, const char *argument)
{
	union endpoint endpoint;
	socklen_t length = parse_endpoint(argument, &endpoint);
	char packet[sizeof(struct icmphdr) + CANARY_BYTES];
	struct icmphdr header = { .type = ICMP_ECHO };

	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), actor->buffer, CANARY_BYTES);
	return actor_result(
		sendto(actor_fd(actor), packet, sizeof(packet), 0, &endpoint.any, length));
}

/* The payload as an Ethernet frame to everyone on INTERFACE (bypass D8). */
static int step_frame(struct actor *actor, const char *interface)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
		.sll_halen = ETH_ALEN,
		.sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};

	return actor_result(sendto(actor_fd(actor), actor->buffer, CANARY_BYTES, 0,
				   (struct sockaddr *)&to, sizeof(to)));
}

/* A listening socket on PORT, every address. */
static int step_listen(struct actor *actor, const char *port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	const int on = 1;
	int result = keep_socket(actor, AF_INET6, SOCK_STREAM);

	if (result)
		return result;
	setsockopt(actor_fd(actor), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(actor_fd(actor), (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return actor_result(listen(actor_fd(actor), 8));
}

static int step_bind_udp(struct actor *actor, const char *port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int result = keep_socket(actor, AF_INET6, SOCK_DGRAM);

	if (result)
		return result;
	return actor_result(bind(actor_fd(actor), (struct sockaddr *)&address, sizeof(address)));
}

/* A connection that never comes is a refusal: the peer was not let in. */
static int step_accept(struct actor *actor, const char *unused)
{
	struct pollfd wait = { .fd = actor_fd(actor), .events = POLLIN };

	(void)unused;
	if (poll(&wait, 1, PATIENCE_MS) != 1)
		return -ETIMEDOUT;
	return actor_keep(actor, set_patience(accept4(actor_fd(actor), NULL, NULL, SOCK_CLOEXEC)));
}

/* ---- Data in flight (bypass M5) ------------------------------------------- */

struct flood {
	const char *secret;
	char *memory;
	size_t bytes;
};

/* Reads the secret into the half that a blocked send(2) has not taken yet. */
static void *flood_change(void *argument)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	struct flood *flood = argument;
	char canary[CANARY_BYTES];
	int fd;

	nanosleep(&pause, NULL);
	fd = open(flood->secret, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, canary, CANARY_BYTES) != CANARY_BYTES)
		return (void *)(intptr_t)-EIO;
	close(fd);
	for (size_t at = flood->bytes / 2; at + CANARY_BYTES < flood->bytes; at += 512)
		memcpy(flood->memory + at, canary, CANARY_BYTES);
	return NULL;
}

/*
 * SECRET,BYTES: sends BYTES of harmless text on the newest descriptor, to a host
 * that does not read yet, while another thread reads SECRET into that memory.
 * Fails unless every byte was taken.
 */
static int step_flood(struct actor *actor, const char *argument)
{
	char path[256];
	struct flood flood = { .secret = path };
	pthread_t thread;
	size_t done = 0;
	ssize_t sent;
	void *result;
	int error;

	flood.bytes = strtoul(actor_split(argument, path, sizeof(path)), NULL, 10);
	flood.memory = malloc(flood.bytes);
	if (!flood.memory)
		return -ENOMEM;
	memset(flood.memory, '.', flood.bytes);
	if (pthread_create(&thread, NULL, flood_change, &flood))
		return -EAGAIN;
	/* A rise ends a send early: like others that send much, go on with the rest. */
	do {
		sent = TEMP_FAILURE_RETRY(send(actor_fd(actor), flood.memory + done,
					       flood.bytes - done, MSG_NOSIGNAL));
		error = errno;
		done += sent > 0 ? sent : 0;
	} while (sent > 0 && done < flood.bytes);
	if (pthread_join(thread, &result) || result)
		return -EIO;
	free(flood.memory);
	if (!done)
		return -error;
	return done == flood.bytes ? 0 : -ETIMEDOUT;
}

const struct actor_steps actor_net_steps[] = {
	{ "tcp_socket", step_tcp_socket },
	{ "udp_socket", step_udp_socket },
	{ "tcp", step_tcp },
	{ "udp", step_udp },
	{ "connect", connect_newest },
	{ "connect_short", step_connect_short },
	{ "send_short", step_send_short },
	{ "disconnect", step_disconnect },
	{ "send", step_send },
	{ "sendto", step_sendto },
	{ "sendmsg", step_sendmsg },
	{ "sendmmsg", step_sendmmsg },
	{ "sendto_unspec", step_sendto_unspec },
	{ "fastopen", step_fastopen },
	{ "fastopen_connect", step_fastopen_connect },
	{ "routing_header", step_routing_header },
	{ "packet_options_2292", step_packet_options_2292 },
	{ "send_by_way", step_send_by_way },
	{ "source_route", step_source_route },
	{ "zero_copy", step_zero_copy },
	{ "socket", step_socket },
	{ "ping", step_ping },
	{ "frame", step_frame },
	{ "listen", step_listen },
	{ "bind_udp", step_bind_udp },
	{ "accept", step_accept },
	{ "flood", step_flood },
	{ NULL, NULL },
};
