// SPDX-License-Identifier: GPL-2.0-only
/* The control socket: connections, lines in, lines out. Nothing here blocks. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cleanup.h"
#include "client.h"
#include "control.h"
#include "paths.h"

#define CLIENTS_MAX 64
/* The rest is kept for root, whoever else holds connections. */
#define CLIENTS_NOT_ROOT_MAX 48

struct server {
	struct controller *controller;
	int epoll, listener;
	struct client *client[CLIENTS_MAX];
};

void client_append(struct client *client, const char *bytes, size_t count)
{
	if (client->output_used + count > client->output_size) {
		size_t size = (client->output_used + count) * 2;
		char *grown = realloc(client->output, size);

		if (!grown) {
			/* Half an answer is worse than none. */
			client->closing = true;
			return;
		}
		client->output = grown;
		client->output_size = size;
	}
	memcpy(client->output + client->output_used, bytes, count);
	client->output_used += count;
}

void client_send(struct client *client, struct json_object *object)
{
	const char *text =
		object ? json_object_to_json_string_ext(object, CORDON_JSON_PLAIN) : NULL;

	if (text) {
		client_append(client, text, strlen(text));
		client_append(client, "\n", 1);
	} else {
		client->closing = true;
	}
	json_object_put(object);
}

void client_refuse(struct client *client, int code, const char *text)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(false));
	json_object_object_add(answer, "code", json_object_new_int(code));
	json_object_object_add(answer, "error", json_object_new_string(text));
	client_send(client, answer);
}

static void client_close(struct server *server, unsigned int at)
{
	struct client *client = server->client[at];

	record_query_end(&client->query);
	cordon_fd_close(&client->fd);
	free(client->output);
	free(client);
	server->client[at] = NULL;
}

static void run_line(struct client *client, const char *line)
{
	struct json_object *request = json_tokener_parse(line);

	if (json_object_is_type(request, json_type_object))
		client_run(client, request);
	else
		client_refuse(client, 2, "the request is no JSON object");
	json_object_put(request);
}

static void run_lines(struct client *client)
{
	char *end;

	while ((end = memchr(client->request, '\n', client->request_used))) {
		size_t length = (size_t)(end + 1 - client->request);

		*end = '\0';
		run_line(client, client->request);
		client->request_used -= length;
		memmove(client->request, client->request + length, client->request_used);
	}
	if (client->request_used == sizeof(client->request)) {
		client_refuse(client, 2, "the request is too long");
		client->closing = true;
	}
}

static void client_read(struct client *client)
{
	ssize_t got = recv(client->fd, client->request + client->request_used,
			   sizeof(client->request) - client->request_used, 0);

	if (got > 0) {
		client->request_used += (size_t)got;
		run_lines(client);
	} else if (!got || (errno != EAGAIN && errno != EINTR)) {
		client->closing = true;
		record_query_end(&client->query);
		if (got)
			client->output_sent = client->output_used;
	}
}

/* As much as the peer takes now. */
static void client_write(struct client *client)
{
	while (client->output_sent < client->output_used) {
		ssize_t sent = send(client->fd, client->output + client->output_sent,
				    client->output_used - client->output_sent,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0) {
			client->closing = true;
			break;
		}
		client->output_sent += (size_t)sent;
	}
	client->output_sent = client->output_used = 0;
}

static bool has_output(const struct client *client)
{
	return client->output_used > client->output_sent;
}

/* Sends, makes more while there is room, and says what to wait for next. */
static void client_turn(struct server *server, unsigned int at)
{
	struct client *client = server->client[at];
	struct epoll_event event = { .data.u32 = at + 1 };
	bool more;

	do {
		more = record_query_continue(client);
		client_write(client);
	} while (more && !has_output(client));
	if (client->closing && !has_output(client)) {
		client_close(server, at);
		return;
	}
	event.events = (client->closing ? 0 : EPOLLIN) | (has_output(client) ? EPOLLOUT : 0);
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, client->fd, &event);
}

static int find_peer(struct client *client)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return -errno;
	client->pid = peer.pid;
	client->uid = peer.uid;
	return 0;
}

static bool has_room(const struct server *server, uid_t uid)
{
	unsigned int at, others = 0;

	for (at = 0; at < CLIENTS_MAX; at++)
		others += server->client[at] && server->client[at]->uid;
	return !uid || others < CLIENTS_NOT_ROOT_MAX;
}

static void accept_client(struct server *server)
{
	cordon_auto_fd fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN };
	struct client *client;
	unsigned int at;

	if (fd < 0)
		return;
	for (at = 0; at < CLIENTS_MAX && server->client[at]; at++)
		;
	client = at < CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;
	if (!client)
		return; /* closed: the peer sees the end of the stream */
	client->controller = server->controller;
	client->fd = fd;
	event.data.u32 = at + 1;
	if (find_peer(client) || !has_room(server, client->uid) ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event)) {
		free(client);
		return;
	}
	cordon_fd_take(&fd);
	server->client[at] = client;
}

void server_serve(struct server *server)
{
	struct epoll_event event[16];
	int count = epoll_wait(server->epoll, event, 16, 0), i;

	for (i = 0; i < count; i++) {
		unsigned int at = event[i].data.u32 - 1;

		if (!event[i].data.u32) {
			accept_client(server);
			continue;
		}
		if (!server->client[at])
			continue;
		if (event[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			client_read(server->client[at]);
		client_turn(server, at);
	}
}

void server_records_stored(struct server *server)
{
	unsigned int at;

	for (at = 0; at < CLIENTS_MAX; at++)
		if (server->client[at] && server->client[at]->query.active)
			client_turn(server, at);
}

int server_descriptor(const struct server *server)
{
	return server->epoll;
}

static int listen_at(struct server *server, const char *path, struct cordon_failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct epoll_event event = { .events = EPOLLIN };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->epoll < 0 || server->listener < 0)
		return cordon_failure_errno(failure, errno, "the control socket");
	/* Only root can have made one here: its folder is root's. */
	unlink(path);
	if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666) || listen(server->listener, 16) ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event))
		return cordon_failure_errno(failure, errno, "%s", path);
	return 0;
}

int server_open(struct controller *controller, const char *path, struct server **server,
		struct cordon_failure *failure)
{
	struct server *opened = calloc(1, sizeof(*opened));
	int err;

	if (!opened)
		return cordon_failure_errno(failure, ENOMEM, "the control socket");
	opened->controller = controller;
	opened->epoll = opened->listener = -1;
	err = listen_at(opened, path, failure);
	if (err) {
		server_close(&opened);
		return err;
	}
	*server = opened;
	return 0;
}

void server_close(struct server **server)
{
	unsigned int at;

	for (at = 0; at < CLIENTS_MAX; at++) {
		if (!(*server)->client[at])
			continue;
		client_write((*server)->client[at]);
		client_close(*server, at);
	}
	cordon_fd_close(&(*server)->listener);
	cordon_fd_close(&(*server)->epoll);
	free(*server);
	*server = NULL;
	unlink(CORDON_SOCKET);
}
