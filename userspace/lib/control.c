// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "control.h"
#include "paths.h"

int cordon_control_connect(struct cordon_control_client *client, const char *path,
			   struct cordon_failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cordon_auto_fd fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return cordon_failure_errno(failure, ENAMETOOLONG, "%s", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return cordon_failure_errno(failure, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return cordon_failure_set(failure, errno,
						  "no controller runs (%s: %s). Remedy: systemctl "
						  "start cordond",
						  path, strerror(errno));
		return cordon_failure_errno(failure, errno, "cannot reach the controller at %s",
					    path);
	}
	*client = (struct cordon_control_client){ .fd = cordon_fd_take(&fd) };
	return 0;
}

void cordon_control_close(struct cordon_control_client *client)
{
	cordon_fd_close(&client->fd);
	free(client->line);
	client->line = NULL;
}

int cordon_control_send(struct cordon_control_client *client, struct json_object *request,
			struct cordon_failure *failure)
{
	const char *text = json_object_to_json_string_ext(request, CORDON_JSON_PLAIN);
	cordon_auto_free char *line = NULL;
	size_t left, at = 0;

	if (!text || asprintf(&line, "%s\n", text) < 0)
		return cordon_failure_errno(failure, ENOMEM, "the request");
	for (left = strlen(line); left;) {
		ssize_t sent = send(client->fd, line + at, left, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return cordon_failure_errno(failure, errno, "cannot ask the controller");
		at += (size_t)sent;
		left -= (size_t)sent;
	}
	return 0;
}

/* Makes room for more behind what was not taken yet. */
static int make_room(struct cordon_control_client *client)
{
	char *grown;

	if (client->taken)
		memmove(client->line, client->line + client->taken, client->used - client->taken);
	client->used -= client->taken;
	client->taken = 0;
	if (client->used < client->size)
		return 0;
	if (client->size >= CORDON_CONTROL_LINE_MAX)
		return -EMSGSIZE;
	grown = realloc(client->line, client->size ? client->size * 2 : 16384);
	if (!grown)
		return -ENOMEM;
	client->size = client->size ? client->size * 2 : 16384;
	client->line = grown;
	return 0;
}

/* The next line, without its end; valid until the next call. */
static int receive_line(struct cordon_control_client *client, char **line)
{
	for (;;) {
		char *start = client->line + client->taken, *end;
		ssize_t got;
		int err;

		end = client->used > client->taken ?
			      memchr(start, '\n', client->used - client->taken) :
			      NULL;
		if (end) {
			*end = '\0';
			client->taken = (size_t)(end + 1 - client->line);
			*line = start;
			return 0;
		}
		err = make_room(client);
		if (err)
			return err;
		got = recv(client->fd, client->line + client->used, client->size - client->used, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ENODATA;
		client->used += (size_t)got;
	}
}

int cordon_control_receive(struct cordon_control_client *client, struct json_object **answer,
			   struct cordon_failure *failure)
{
	struct json_object *object;
	char *line = NULL;
	int err = receive_line(client, &line);

	if (err == -ENODATA)
		return cordon_failure_set(failure, ENODATA, "the controller closed the connection");
	if (err)
		return cordon_failure_errno(failure, -err, "cannot hear the controller");
	object = json_tokener_parse(line);
	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return cordon_failure_set(failure, EBADMSG, "the controller's answer is no object");
	}
	*answer = object;
	return 0;
}

int cordon_control_ask(struct json_object *request, struct json_object **answer,
		       struct cordon_failure *failure)
{
	cordon_auto_control client = { .fd = -1 };
	cordon_auto_json *owned = request;
	int err;

	if (!owned)
		return cordon_failure_errno(failure, ENOMEM, "the request");
	err = cordon_control_connect(&client, CORDON_SOCKET, failure);
	if (!err)
		err = cordon_control_send(&client, owned, failure);
	if (!err)
		err = cordon_control_receive(&client, answer, failure);
	if (err)
		return err;
	if (!cordon_json_truth(*answer, "ok", false))
		return cordon_failure_set(failure, EREMOTEIO, "%s",
					  cordon_json_text(*answer, "error", "no reason given"));
	return 0;
}

const char *cordon_json_text(struct json_object *object, const char *key, const char *otherwise)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return otherwise;
	return json_object_get_string(value);
}

int64_t cordon_json_number(struct json_object *object, const char *key, int64_t otherwise)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		return otherwise;
	return json_object_get_int64(value);
}

int cordon_json_truth(struct json_object *object, const char *key, int otherwise)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_boolean))
		return otherwise;
	return json_object_get_boolean(value);
}
