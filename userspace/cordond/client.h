/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection to the control socket: who it is, what it asked, what waits to be sent. */
#ifndef CORDOND_CLIENT_H
#define CORDOND_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <sys/types.h>

#include "controller.h"
#include "image_cache.h"

/* A request is one line; a longer one ends the connection. */
#define CLIENT_REQUEST_MAX 16384
/* While more than this waits to be sent, no more is made. */
#define CLIENT_OUTPUT_HIGH 262144

/* A query of records that is under way. */
struct record_query {
	bool active;
	bool follow;
	bool json;
	struct cordon_filter filter;
	char *exe, *path; /* of the filter */
	int64_t after;
	uint64_t sent;
	struct cordon_image_cache images;
};

struct client {
	struct controller *controller;
	int fd;
	pid_t pid;
	uid_t uid;
	bool closing; /* nothing more is read; closed when all is sent */
	char request[CLIENT_REQUEST_MAX];
	size_t request_used;
	char *output;
	size_t output_used, output_size, output_sent;
	struct record_query query;
};

/* commands.c: runs one request, answers it. */
void client_run(struct client *client, struct json_object *request);

/* Answers. They take the object. */
void client_send(struct client *client, struct json_object *object);
void client_refuse(struct client *client, int code, const char *text);
void client_append(struct client *client, const char *bytes, size_t count);

/* record_query.c */
void record_query_start(struct client *client, struct json_object *request);
/* Sends what there is, as far as there is room; true: it will need another turn. */
bool record_query_continue(struct client *client);
void record_query_end(struct record_query *query);

#endif /* CORDOND_CLIENT_H */
