// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink DIR WWW KIND:PORT...: a host of the demo. It answers on every port named
 * and keeps all that reaches it in DIR, one file per connection or datagram:
 *
 *   <arrival, ns since 1970>-<kind>-<port>
 *
 * Kinds: http (GET gives the files of WWW, PUT and POST are kept), tls (the same
 * behind a real TLS server, `openssl s_server`), tcp, udp, dns. DIR/ready appears
 * when all are open. On SIGTERM it sends itself a last datagram, which tells the
 * demo that the capture beside it holds everything before, and ends with its children.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES_MAX   16384
#define CONNECTION_SECONDS 20
#define BACKLOG		   16
#define LAST_WORD	   "cordon-demo-end"
#define LAST_PORT	   9

static const char *store_dir, *www_dir;

static void die(const char *what)
{
	fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
	exit(3);
}

static int store_open(const char *kind, int port)
{
	struct timespec now;
	char path[256];
	int fd;

	do {
		clock_gettime(CLOCK_REALTIME, &now);
		snprintf(path, sizeof(path), "%s/%lld%09ld-%s-%d", store_dir, (long long)now.tv_sec,
			 now.tv_nsec, kind, port);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		die(path);
	return fd;
}

static void write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("write");
		at += n;
		length -= n;
	}
}

/* A peer that is stopped in the middle closes nothing: what came is already kept. */
static ssize_t read_some(int fd, void *bytes, size_t length)
{
	ssize_t n;

	do
		n = read(fd, bytes, length);
	while (n < 0 && errno == EINTR);
	return n;
}

static void say(int fd, const char *text)
{
	write_all(fd, text, strlen(text));
}

static void keep(int from, int store, long long length)
{
	char buffer[4096];

	while (length) {
		size_t want = length < 0 || length > (long long)sizeof(buffer) ? sizeof(buffer) :
										 (size_t)length;
		ssize_t n = read_some(from, buffer, want);

		if (n <= 0)
			return;
		write_all(store, buffer, n);
		if (length > 0)
			length -= n;
	}
}

/* Reads up to and with @end; returns the length, 0 when the peer is gone. */
static size_t read_until(int fd, const char *end, char *text, size_t size)
{
	size_t length = 0, tail = strlen(end);

	while (length + 1 < size && read_some(fd, text + length, 1) == 1) {
		length++;
		text[length] = '\0';
		if (length >= tail && !strcmp(text + length - tail, end))
			return length;
	}
	return 0;
}

static void keep_chunks(int from, int store)
{
	char line[64];
	long long length;

	do {
		if (!read_until(from, "\r\n", line, sizeof(line)))
			return;
		write_all(store, line, strlen(line));
		length = strtoll(line, NULL, 16);
		if (length > 0)
			keep(from, store, length);
		if (!read_until(from, "\r\n", line, sizeof(line)))
			return;
		write_all(store, line, strlen(line));
	} while (length > 0);
}

static const char *header_value(const char *head, const char *name)
{
	const char *found = strcasestr(head, name);

	return found ? found + strlen(name) : NULL;
}

static void http_answer(int to, const char *head)
{
	char path[256], body[8192], file[600];
	ssize_t length = 0;
	int fd;

	if (sscanf(head, "GET /%255[^? \r\n]", path) == 1 && !strstr(path, "..")) {
		snprintf(file, sizeof(file), "%s/%s", www_dir, path);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			length = read_some(fd, body, sizeof(body));
			close(fd);
		}
	}
	dprintf(to, "HTTP/1.1 200 OK\r\nContent-Length: %zd\r\nConnection: close\r\n\r\n",
		length > 0 ? length : 0);
	if (length > 0)
		write_all(to, body, length);
}

/* One request; false when the peer is gone. */
static int http_serve(const char *kind, int port, int from, int to)
{
	char head[HEADER_BYTES_MAX];
	const char *value;
	size_t length = read_until(from, "\r\n\r\n", head, sizeof(head));
	int store;

	if (!length)
		return 0;
	store = store_open(kind, port);
	write_all(store, head, length);
	if (header_value(head, "\nExpect: 100-continue"))
		say(to, "HTTP/1.1 100 Continue\r\n\r\n");
	value = header_value(head, "\nContent-Length:");
	if (value)
		keep(from, store, atoll(value));
	else if (header_value(head, "\nTransfer-Encoding: chunked"))
		keep_chunks(from, store);
	close(store);
	http_answer(to, head);
	return 1;
}

/* Both IPv4 and IPv6. */
static int listen_on(int type, int port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), off = 0, on = 1, queue = BACKLOG;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("bind");
	if (type != SOCK_STREAM)
		return fd;
	/* Data in the first packet (bypass M4) is welcome here. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)) || listen(fd, BACKLOG))
		die("listen");
	return fd;
}

static void serve_stream(const char *kind, int port, int listener)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		/* A connection that was torn down, or refused to this host, is not the last. */
		if (fd < 0)
			continue;
		if (fork() == 0) {
			alarm(CONNECTION_SECONDS);
			if (!strcmp(kind, "http")) {
				http_serve(kind, port, fd, fd);
			} else {
				keep(fd, store_open(kind, port), -1);
			}
			_exit(0);
		}
		close(fd);
	}
}

/* Turns a query into its answer: one A record, the address of no importance. */
static size_t dns_answer(uint8_t *message, ssize_t length)
{
	static const uint8_t record[] = { 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 10 };
	size_t at = 12;

	while (at < (size_t)length && message[at])
		at += message[at] + 1;
	at += 5;
	if (at > (size_t)length)
		return 0;
	message[2] |= 0x80;
	message[3] = 0x80;
	memset(message + 6, 0, 6);
	if (message[at - 3] == 1) {
		message[7] = 1;
		memcpy(message + at, record, sizeof(record));
		at += sizeof(record);
	}
	return at;
}

static void serve_datagrams(const char *kind, int port, int fd)
{
	for (;;) {
		uint8_t message[65536 + 64];
		struct sockaddr_in6 from;
		socklen_t size = sizeof(from);
		ssize_t length = recvfrom(fd, message, 65536, 0, (struct sockaddr *)&from, &size);
		size_t answer;
		int store;

		if (length < 0)
			continue;
		store = store_open(kind, port);
		write_all(store, message, length);
		close(store);
		answer = !strcmp(kind, "dns") && length >= 17 ? dns_answer(message, length) : 0;
		/* An answer that cannot be sent is the asker's loss. */
		if (answer && sendto(fd, message, answer, 0, (struct sockaddr *)&from, size) < 0)
			perror("sink: answer");
	}
}

/* openssl does the TLS of one connection after the other; we speak HTTP through its pipes. */
static void serve_tls(int port)
{
	int in[2], out[2];
	char accept_port[16];

	snprintf(accept_port, sizeof(accept_port), "%d", port);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("pipe");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execlp("openssl", "openssl", "s_server", "-quiet", "-accept", accept_port, "-cert",
		       "tls.pem", "-key", "tls.pem", (char *)NULL);
		die("openssl");
	}
	close(in[0]);
	close(out[1]);
	while (http_serve("tls", port, out[0], in[1]))
		;
	die("openssl s_server is gone");
}

static void start(const char *spec)
{
	char kind[8];
	int port, fd, stream;

	if (sscanf(spec, "%7[a-z]:%d", kind, &port) != 2) {
		fprintf(stderr, "usage: sink DIR WWW http|tls|tcp|udp|dns:PORT...\n");
		exit(2);
	}
	stream = !strcmp(kind, "http") || !strcmp(kind, "tcp");
	fd = !strcmp(kind, "tls") ? -1 : listen_on(stream ? SOCK_STREAM : SOCK_DGRAM, port);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd < 0)
			serve_tls(port);
		if (stream)
			serve_stream(kind, port, fd);
		serve_datagrams(kind, port, fd);
	}
	if (fd >= 0)
		close(fd);
}

/* To ourselves, over loopback: the capture of this host sees it after all else. */
static void say_last_word(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LAST_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 ||
	    sendto(fd, LAST_WORD, strlen(LAST_WORD), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("last word");
}

int main(int argc, char **argv)
{
	char path[256];
	sigset_t end;
	int got, fd;

	if (argc < 4) {
		fprintf(stderr, "usage: sink DIR WWW http|tls|tcp|udp|dns:PORT...\n");
		return 2;
	}
	store_dir = argv[1];
	www_dir = argv[2];
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	for (int i = 3; i < argc; i++)
		start(argv[i]);
	sigprocmask(SIG_BLOCK, &end, NULL);
	snprintf(path, sizeof(path), "%s/ready", store_dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path);
	close(fd);
	sigwait(&end, &got);
	say_last_word();
	return 0;
}
