// SPDX-License-Identifier: GPL-2.0-only
/* Operations on sockets, all over the loopback. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"

/* Fewer than fit into a socket's receive buffer, so that none is dropped. */
#define BURST 64

static int receiver = -1, sender = -1, listener = -1;
static struct sockaddr_in receiver_address, listener_address;

static int bound_socket(int type, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bench_require(fd >= 0, "socket");
	bench_require(bind(fd, (struct sockaddr *)address, length) == 0, "bind");
	bench_require(getsockname(fd, (struct sockaddr *)address, &length) == 0, "getsockname");
	return fd;
}

static void connect_sender(void)
{
	bench_require(connect(sender, (struct sockaddr *)&receiver_address,
			      sizeof(receiver_address)) == 0,
		      "connect");
}

static void udp_setup(void)
{
	if (receiver >= 0)
		return;
	receiver = bound_socket(SOCK_DGRAM, &receiver_address);
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bench_require(sender >= 0, "socket");
	connect_sender();
}

static uint64_t udp_send_batch(unsigned int count)
{
	uint64_t total = 0, begin;
	char byte;

	for (unsigned int done = 0; done < count; done += BURST) {
		begin = bench_now_ns();
		for (unsigned int i = 0; i < BURST; i++)
			bench_require(send(sender, "c", 1, 0) == 1, "send");
		total += bench_now_ns() - begin;
		for (unsigned int i = 0; i < BURST; i++)
			bench_require(recv(receiver, &byte, 1, MSG_DONTWAIT) == 1, "recv");
	}
	return total;
}

static uint64_t udp_connect_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++)
		connect_sender();
	return bench_now_ns() - begin;
}

static void tcp_setup(void)
{
	if (listener >= 0)
		return;
	listener = bound_socket(SOCK_STREAM, &listener_address);
	bench_require(listen(listener, 8) == 0, "listen");
}

/* Closed with a reset, or the sockets in TIME-WAIT would change what the next ones cost. */
static uint64_t tcp_connect_batch(unsigned int count)
{
	const struct linger reset = { .l_onoff = 1 };
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);
		int server;

		bench_require(connect(client, (struct sockaddr *)&listener_address,
				      sizeof(listener_address)) == 0,
			      "connect");
		server = accept(listener, NULL, NULL);
		bench_require(server >= 0, "accept");
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
		close(server);
	}
	return bench_now_ns() - begin;
}

const struct operation net_operations[] = {
	{ "udp_send", 20 * BURST, udp_setup, udp_send_batch },
	{ "udp_connect", 5000, udp_setup, udp_connect_batch },
	{ "tcp_connect", 400, tcp_setup, tcp_connect_batch },
	{ 0 },
};
