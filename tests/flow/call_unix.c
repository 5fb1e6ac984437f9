// SPDX-License-Identifier: GPL-2.0-only
/* Operations on sockets of any family once they are there, and on unix sockets. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "subject.h"

#define ROOM 4096

static char room[ROOM];

static long took(long length)
{
	return length < 0 ? -errno : subject_take(room, length);
}

long call_socketpair(struct subject *s, const uint8_t *arg)
{
	int ends[2];
	long result;

	(void)s;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends))
		return -errno;
	result = fd_put(ends[0], arg[0]);
	return result < 0 ? result : fd_put(ends[1], arg[1]);
}

static socklen_t name_path(struct sockaddr_un *name, uint8_t value)
{
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	snprintf(name->sun_path, sizeof(name->sun_path), "%s", path_with(value, ".sock"));
	return sizeof(*name);
}

static socklen_t name_abstract(struct sockaddr_un *name, const char *kind, uint8_t value)
{
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1, "flow.%s.%d", kind, value);
}

static long bound(int type, const struct sockaddr_un *name, socklen_t length, uint8_t out)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)name, length) ||
	    (type == SOCK_STREAM && listen(fd, 4))) {
		long result = -errno;

		close(fd);
		return result;
	}
	return fd_put(fd, out);
}

static long connected(int type, const struct sockaddr_un *name, socklen_t length, uint8_t out)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)name, length)) {
		long result = -errno;

		close(fd);
		return result;
	}
	return fd_put(fd, out);
}

static long sent_to(struct subject *s, const struct sockaddr_un *name, socklen_t length)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	long result;

	if (fd < 0)
		return -errno;
	result = done(
		sendto(fd, subject_payload(s), PAYLOAD, 0, (const struct sockaddr *)name, length));
	close(fd);
	return result;
}

long call_unix_listen(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_path(&name, arg[0]);

	(void)s;
	unlink(name.sun_path);
	return bound(SOCK_STREAM, &name, length, arg[1]);
}

long call_unix_connect(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_path(&name, arg[0]);

	(void)s;
	return connected(SOCK_STREAM, &name, length, arg[1]);
}

long call_unix_dgram_bind(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_path(&name, arg[0]);

	(void)s;
	unlink(name.sun_path);
	return bound(SOCK_DGRAM, &name, length, arg[1]);
}

long call_unix_dgram_send(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_path(&name, arg[0]);

	return sent_to(s, &name, length);
}

long call_abstract_listen(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_abstract(&name, "stream", arg[0]);

	(void)s;
	return bound(SOCK_STREAM, &name, length, arg[1]);
}

long call_abstract_connect(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_abstract(&name, "stream", arg[0]);

	(void)s;
	return connected(SOCK_STREAM, &name, length, arg[1]);
}

long call_abstract_bind(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_abstract(&name, "dgram", arg[0]);

	(void)s;
	return bound(SOCK_DGRAM, &name, length, arg[1]);
}

long call_abstract_send(struct subject *s, const uint8_t *arg)
{
	struct sockaddr_un name;
	socklen_t length = name_abstract(&name, "dgram", arg[0]);

	return sent_to(s, &name, length);
}

long call_accept(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return fd_put(accept4(fd_arg(arg[0]), NULL, NULL, SOCK_NONBLOCK), arg[1]);
}

/* ---- What every socket can do ------------------------------------------------------ */

long call_send(struct subject *s, const uint8_t *arg)
{
	return done(send(fd_arg(arg[0]), subject_payload(s), PAYLOAD, MSG_DONTWAIT));
}

long call_sendto(struct subject *s, const uint8_t *arg)
{
	return done(sendto(fd_arg(arg[0]), subject_payload(s), PAYLOAD, MSG_DONTWAIT, NULL, 0));
}

long call_sendmsg(struct subject *s, const uint8_t *arg)
{
	char *payload = (char *)subject_payload(s);
	struct iovec parts[2] = { { payload, 100 }, { payload + 100, PAYLOAD - 100 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	return done(sendmsg(fd_arg(arg[0]), &message, MSG_DONTWAIT));
}

long call_sendmmsg(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { (char *)subject_payload(s), PAYLOAD };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } },
	};

	return done(sendmmsg(fd_arg(arg[0]), messages, 2, MSG_DONTWAIT));
}

long call_recv_oob(struct subject *s, const uint8_t *arg)
{
	return done(send(fd_arg(arg[0]), subject_payload(s), PAYLOAD, MSG_DONTWAIT | MSG_OOB));
}

long call_recv(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return took(recv(fd_arg(arg[0]), room, ROOM, MSG_DONTWAIT));
}

long call_recvfrom(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return took(recvfrom(fd_arg(arg[0]), room, ROOM, MSG_DONTWAIT | MSG_PEEK, NULL, NULL));
}

long call_recvmsg(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { room, ROOM };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	(void)s;
	return took(recvmsg(fd_arg(arg[0]), &message, MSG_DONTWAIT));
}

long call_recvmmsg(struct subject *s, const uint8_t *arg)
{
	struct iovec parts[2] = { { room, ROOM / 2 }, { room + ROOM / 2, ROOM / 2 } };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } },
	};
	int count;

	(void)s;
	memset(room, 0, ROOM);
	count = recvmmsg(fd_arg(arg[0]), messages, 2, MSG_DONTWAIT, NULL);
	return count < 0 ? -errno : subject_take(room, ROOM);
}

long call_shutdown(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return done(shutdown(fd_arg(arg[0]), SHUT_WR));
}

/* ---- Descriptors that travel --------------------------------------------------------- */

union rights {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

long call_send_fd(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { (char *)subject_payload(s), PAYLOAD };
	union rights rights = { 0 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = rights.bytes,
				  .msg_controllen = sizeof(rights.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = fd_arg(arg[1]);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return done(sendmsg(fd_arg(arg[0]), &message, MSG_DONTWAIT));
}

long call_recv_fd(struct subject *s, const uint8_t *arg)
{
	struct iovec part = { room, ROOM };
	union rights rights = { 0 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = rights.bytes,
				  .msg_controllen = sizeof(rights.bytes) };
	struct cmsghdr *header;
	long length = took(recvmsg(fd_arg(arg[0]), &message, MSG_DONTWAIT));
	int fd;

	(void)s;
	if (length < 0)
		return length;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd_put(fd, arg[1]);
}
