// SPDX-License-Identifier: GPL-2.0-only
/* The host's side of a sink. What the tests ask of it is in sink_client.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "sink.h"
#include "world.h"

#define STREAMS	     32
#define SLOW_MS	     1000
#define CAPTURE_ROOM (16 << 20)

const struct sink_host sink_hosts[SINK_COUNT] = {
	[SINK_UNK] = { "unk", "to-unk", UNK_V4, UNK_V6, US_UNK_V4, US_UNK_V6 },
	[SINK_LOW] = { "low", "to-low", LOW_V4, LOW_V6, US_LOW_V4, US_LOW_V6 },
	[SINK_HI] = { "hi", "to-hi", HI_V4, HI_V6, US_HI_V4, US_HI_V6 },
};

enum {
	DOOR,
	TCP,
	SLOW,
	UDP,
	FRAMES,
	FIXED
};

struct sink {
	struct pollfd fds[FIXED + STREAMS];
	int64_t readable_ms[FIXED + STREAMS]; /* a slow stream is not read before */
	int count;
	int data; /* the file that keeps everything */
	char buffer[1 << 16];
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int must(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static int bind_port(int type, int port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = must(socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
	const int waiting = 16;

	must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	if (type == SOCK_STREAM) {
		must(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &waiting, sizeof(waiting)),
		     "fast open");
		must(listen(fd, 16), "listen");
	}
	return fd;
}

static int open_frames(const char *interface)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = if_nametoindex(interface) };
	const int room = CAPTURE_ROOM;
	int fd = must(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)),
		      "packet socket");

	must(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), "capture room");
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind to interface");
	return fd;
}

/* Where tests knock to hear that everything on the way has been kept. */
static int open_door(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = must(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");

	snprintf(address.sun_path, sizeof(address.sun_path), SINK_DIR "/%s.door", name);
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind the door");
	return fd;
}

static void keep(const struct sink *sink, ssize_t length)
{
	const char *at = sink->buffer;

	while (length > 0) {
		ssize_t written = write(sink->data, at, length);

		must(written, "keep");
		at += written;
		length -= written;
	}
}

static void accept_stream(struct sink *sink, int index)
{
	int fd = accept4(sink->fds[index].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (sink->count == FIXED + STREAMS) {
		close(fd);
		return;
	}
	sink->fds[sink->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	sink->readable_ms[sink->count++] = index == SLOW ? now_ms() + SLOW_MS : 0;
}

static void read_stream(struct sink *sink, int index)
{
	ssize_t length = read(sink->fds[index].fd, sink->buffer, sizeof(sink->buffer));

	if (length > 0) {
		keep(sink, length);
	} else if (length == 0 || errno != EAGAIN) {
		close(sink->fds[index].fd);
		sink->count--;
		sink->fds[index] = sink->fds[sink->count];
		sink->readable_ms[index] = sink->readable_ms[sink->count];
	}
}

static void read_packet(struct sink *sink, int index)
{
	struct sockaddr_storage from = { 0 };
	socklen_t size = sizeof(from);
	ssize_t length = recvfrom(sink->fds[index].fd, sink->buffer, sizeof(sink->buffer), 0,
				  (struct sockaddr *)&from, &size);

	/* What this host itself sends is no evidence. */
	if (index == FRAMES && ((struct sockaddr_ll *)&from)->sll_pkttype == PACKET_OUTGOING)
		return;
	if (length > 0)
		keep(sink, length);
}

/* Reads what is there now; returns how many descriptors had something. */
static int read_all(struct sink *sink)
{
	int64_t now = now_ms();
	int found;

	for (int i = FIXED; i < sink->count; i++)
		sink->fds[i].events = now >= sink->readable_ms[i] ? POLLIN : 0;
	found = poll(sink->fds + TCP, sink->count - TCP, 0);
	for (int i = sink->count - 1; i >= TCP; i--) {
		if (!sink->fds[i].revents || (i >= FIXED && now < sink->readable_ms[i]))
			continue;
		if (i == TCP || i == SLOW)
			accept_stream(sink, i);
		else if (i == UDP || i == FRAMES)
			read_packet(sink, i);
		else
			read_stream(sink, i);
	}
	return found;
}

static void answer_door(struct sink *sink)
{
	struct sockaddr_un from;
	socklen_t size = sizeof(from);
	char knock;

	if (recvfrom(sink->fds[DOOR].fd, &knock, 1, 0, (struct sockaddr *)&from, &size) < 0)
		return;
	while (read_all(sink) > 0)
		;
	sendto(sink->fds[DOOR].fd, &knock, 1, 0, (struct sockaddr *)&from, size);
}

/* How long to wait for the next thing: a slow stream becomes readable by itself. */
static int patience_ms(const struct sink *sink)
{
	int64_t now = now_ms();
	int wait = -1;

	for (int i = FIXED; i < sink->count; i++)
		if (sink->readable_ms[i] > now)
			wait = 50;
	return wait;
}

_Noreturn static void sink_serve(const struct sink_host *host)
{
	static struct sink sink;
	char path[128];

	snprintf(path, sizeof(path), SINK_DIR "/%s.data", host->name);
	sink.data = must(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), path);
	sink.fds[TCP].fd = bind_port(SOCK_STREAM, TCP_PORT);
	sink.fds[SLOW].fd = bind_port(SOCK_STREAM, SLOW_PORT);
	sink.fds[UDP].fd = bind_port(SOCK_DGRAM, UDP_PORT);
	sink.fds[FRAMES].fd = open_frames(host->name);
	sink.fds[DOOR].fd = open_door(host->name);
	for (sink.count = 0; sink.count < FIXED; sink.count++)
		sink.fds[sink.count].events = POLLIN;
	for (;;) {
		poll(sink.fds, sink.count, patience_ms(&sink));
		if (sink.fds[DOOR].revents)
			answer_door(&sink);
		else
			read_all(&sink);
	}
}

static void allow_fast_open(void)
{
	int fd = must(open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY | O_CLOEXEC), "sysctl");

	/* Client and server, data in the first packet without a cookie. */
	must(write(fd, "519", 3), "sysctl");
	close(fd);
}

/* In the new name space, once the wire is there. */
_Noreturn static void sink_child(const struct sink_host *host, int ready, int go)
{
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	must(unshare(CLONE_NEWNET), "unshare");
	must(write(ready, &byte, 1), "ready");
	if (read(go, &byte, 1) != 1)
		exit(1);
	must(netlink_add_address(host->name, host->v4, 31), host->v4);
	must(netlink_add_address(host->name, host->v6, 127), host->v6);
	allow_fast_open();
	close(ready);
	close(go);
	sink_serve(host);
}

pid_t sink_start(const struct sink_host *host)
{
	int ready[2], go[2], result;
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		return -errno;
	allow_fast_open();
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(ready[0]);
		close(go[1]);
		sink_child(host, ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	result = read(ready[0], &byte, 1) == 1 ? 0 : -EIO;
	if (!result)
		result = netlink_add_wire(host->wire, host->name, pid);
	if (!result)
		result = netlink_add_address(host->wire, host->us_v4, 31);
	if (!result)
		result = netlink_add_address(host->wire, host->us_v6, 127);
	if (!result && write(go[1], &byte, 1) != 1)
		result = -errno;
	close(ready[0]);
	close(go[1]);
	return result ? result : pid;
}
