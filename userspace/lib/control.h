/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The controller's control socket: JSON objects, one a line. A request has a
 * "command"; an answer has "ok", and when that is false "error" and "code"
 * (the exit code of the command line: 1 no, 3 could not).
 */
#ifndef CORDON_CONTROL_H
#define CORDON_CONTROL_H

#include <json-c/json.h>

#include "failure.h"

#define CORDON_CONTROL_LINE_MAX (1u << 20)

/* One line, paths as they are. */
#define CORDON_JSON_PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

struct cordon_control_client {
	int fd;
	char *line;
	size_t size, used, taken;
};

/* 0 or -errno; -ENOENT or -ECONNREFUSED: no controller runs. */
int cordon_control_connect(struct cordon_control_client *client, const char *path,
			   struct cordon_failure *failure);
void cordon_control_close(struct cordon_control_client *client);
#define cordon_auto_control \
	__attribute__((cleanup(cordon_control_close))) struct cordon_control_client

int cordon_control_send(struct cordon_control_client *client, struct json_object *request,
			struct cordon_failure *failure);
/* The next object; the caller puts it. -ENODATA at the end of the stream. */
int cordon_control_receive(struct cordon_control_client *client, struct json_object **answer,
			   struct cordon_failure *failure);

/*
 * Connects, sends @request (which it takes), receives one answer. When the
 * answer's "ok" is false: -EREMOTEIO with the controller's words in @failure,
 * and *@answer is set all the same.
 */
int cordon_control_ask(struct json_object *request, struct json_object **answer,
		       struct cordon_failure *failure);

static inline void cordon_json_put(struct json_object **object)
{
	json_object_put(*object);
	*object = NULL;
}
#define cordon_auto_json __attribute__((cleanup(cordon_json_put))) struct json_object

/* Members of an object, with a default when missing or of another type. */
const char *cordon_json_text(struct json_object *object, const char *key, const char *otherwise);
int64_t cordon_json_number(struct json_object *object, const char *key, int64_t otherwise);
int cordon_json_truth(struct json_object *object, const char *key, int otherwise);

#endif /* CORDON_CONTROL_H */
