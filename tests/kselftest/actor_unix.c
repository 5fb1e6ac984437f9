// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on unix sockets. A path that begins with '@' is an abstract name. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define PATIENCE_S 5

static socklen_t parse_name(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (length >= sizeof(address->sun_path))
		exit(ACTOR_USAGE);
	memcpy(address->sun_path, name, length);
	if (*name == '@')
		address->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + length + (*name != '@');
}

/* With a time limit, what waits ends with EINTR when the label rises that it waits for. */
static int keep_socket(struct actor *actor, int type)
{
	const struct timeval limit = { .tv_sec = PATIENCE_S };
	int result = actor_keep(actor, socket(AF_UNIX, type | SOCK_CLOEXEC, 0));

	if (!result)
		setsockopt(actor_fd(actor), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return result;
}

static int bind_newest(struct actor *actor, const char *name)
{
	struct sockaddr_un address;
	socklen_t length = parse_name(name, &address);

	return actor_result(bind(actor_fd(actor), (struct sockaddr *)&address, length));
}

static int step_unix_listen(struct actor *actor, const char *name)
{
	int result = keep_socket(actor, SOCK_STREAM);

	if (!result)
		result = bind_newest(actor, name);
	return result ? result : actor_result(listen(actor_fd(actor), 8));
}

static int step_unix_accept(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, accept4(actor_fd(actor), NULL, NULL, SOCK_CLOEXEC));
}

static int step_unix_connect(struct actor *actor, const char *name)
{
	struct sockaddr_un address;
	socklen_t length = parse_name(name, &address);
	int result = keep_socket(actor, SOCK_STREAM);

	if (result)
		return result;
	return actor_result(connect(actor_fd(actor), (struct sockaddr *)&address, length));
}

static int step_unix_bind_dgram(struct actor *actor, const char *name)
{
	int result = keep_socket(actor, SOCK_DGRAM);

	return result ? result : bind_newest(actor, name);
}

static int step_unix_sendto(struct actor *actor, const char *name)
{
	struct sockaddr_un address;
	socklen_t length = parse_name(name, &address);
	int result = keep_socket(actor, SOCK_DGRAM);

	if (result)
		return result;
	return actor_result(sendto(actor_fd(actor), actor->buffer, actor->length, 0,
				   (struct sockaddr *)&address, length));
}

static int step_recv(struct actor *actor, const char *unused)
{
	ssize_t length = TEMP_FAILURE_RETRY(recv(actor_fd(actor), actor->buffer, ACTOR_BUFFER, 0));

	(void)unused;
	if (length < 0)
		return -errno;
	actor->length = length;
	return length ? 0 : -ENODATA;
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

/* Sends the descriptor before the newest through the newest, a unix socket. */
static int step_send_fd(struct actor *actor, const char *unused)
{
	union control control = {
		.header = { .cmsg_len = CMSG_LEN(sizeof(int)),
			    .cmsg_level = SOL_SOCKET,
			    .cmsg_type = SCM_RIGHTS },
	};
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.room) };
	int fd = actor_fd_before(actor);

	(void)unused;
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return actor_result(sendmsg(actor_fd(actor), &message, 0));
}

static int step_recv_fd(struct actor *actor, const char *unused)
{
	union control control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.room) };
	int fd;

	(void)unused;
	if (TEMP_FAILURE_RETRY(recvmsg(actor_fd(actor), &message, 0)) < 0)
		return -errno;
	/* A descriptor that is refused is left out of the message. */
	if (!CMSG_FIRSTHDR(&message) || message.msg_flags & MSG_CTRUNC)
		return -EACCES;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return actor_keep(actor, fd);
}

const struct actor_steps actor_unix_steps[] = {
	{ "unix_listen", step_unix_listen },
	{ "unix_accept", step_unix_accept },
	{ "unix_connect", step_unix_connect },
	{ "unix_bind_dgram", step_unix_bind_dgram },
	{ "unix_sendto", step_unix_sendto },
	{ "recv", step_recv },
	{ "send_fd", step_send_fd },
	{ "recv_fd", step_recv_fd },
	{ NULL, NULL },
};
