// SPDX-License-Identifier: GPL-2.0-only
/* Records for a client: from the store, piece by piece, as fast as it reads. */
#include "cleanup.h"
#include "client.h"
#include "control.h"
#include "names.h"
#include "record_text.h"

#define PIECE	    64
#define FOLLOW_TAIL 10

void record_query_end(struct record_query *query)
{
	free(query->exe);
	free(query->path);
	cordon_image_cache_free(&query->images);
	memset(query, 0, sizeof(*query));
}

static int send_line(struct client *client, const struct cordon_record_view *view)
{
	cordon_auto_free char *line = NULL;
	struct json_object *object;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	int err;

	if (!out)
		return -ENOMEM;
	err = cordon_record_write(view, out);
	if (fclose(out) || err)
		return -ENOMEM;
	object = json_object_new_object();
	if (!object)
		return -ENOMEM;
	json_object_object_add(object, "line", json_object_new_string(line));
	client_send(client, object);
	return 0;
}

static int send_record(void *context, const struct cordon_stored *stored)
{
	struct client *client = context;
	struct cordon_record_view view = {
		.record = &stored->record,
		.exe = stored->exe,
		.path = stored->path,
		.image = cordon_image_cache_get(&client->query.images, client->controller->reader,
						stored->record.policy_digest),
	};
	struct json_object *object;

	client->query.sent++;
	if (!client->query.json)
		return send_line(client, &view);
	object = cordon_record_json(&view);
	if (!object)
		return -ENOMEM;
	client_send(client, object);
	return 0;
}

static void send_end(struct client *client)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "ok", json_object_new_boolean(true));
	json_object_object_add(object, "end", json_object_new_boolean(true));
	json_object_object_add(object, "count", json_object_new_uint64(client->query.sent));
	client_send(client, object);
	record_query_end(&client->query);
}

bool record_query_continue(struct client *client)
{
	struct record_query *query = &client->query;
	int64_t seen;
	int err;

	while (query->active) {
		uint64_t before = query->sent;

		if (client->output_used - client->output_sent > CLIENT_OUTPUT_HIGH)
			return true;
		err = cordon_store_query(client->controller->reader, &query->filter, query->after,
					 PIECE, send_record, client, &seen);
		if (err) {
			client_refuse(client, 3, cordon_store_error(client->controller->reader));
			client->closing = true;
			record_query_end(query);
			return false;
		}
		query->after = seen;
		if (query->sent - before == PIECE)
			continue;
		if (query->follow)
			return false;
		send_end(client);
	}
	return false;
}

/* -1 and an answer when a filter cannot be understood. */
static int read_filter(struct client *client, struct json_object *request)
{
	struct record_query *query = &client->query;
	struct cordon_filter *filter = &query->filter;
	const char *verdict = cordon_json_text(request, "verdict", NULL);
	const char *reason = cordon_json_text(request, "reason", NULL);
	const char *host = cordon_json_text(request, "host", NULL);
	const char *exe = cordon_json_text(request, "exe", NULL);
	const char *path = cordon_json_text(request, "path", NULL);

	*filter = CORDON_FILTER_ALL;
	filter->pid = cordon_json_number(request, "pid", -1);
	filter->since_ns = (uint64_t)cordon_json_number(request, "since_ns", 0);
	filter->exe = query->exe = exe ? strdup(exe) : NULL;
	filter->path = query->path = path ? strdup(path) : NULL;
	if (verdict)
		filter->verdict = cordon_verdict_number(verdict);
	if (reason)
		filter->reason = cordon_reason_number(reason);
	filter->by_host = host != NULL;
	if ((verdict && filter->verdict < 0) || (reason && filter->reason < 0) ||
	    (host && cordon_address_parse(host, &filter->host)) || (exe && !query->exe) ||
	    (path && !query->path)) {
		client_refuse(client, 2, "a filter that is none");
		record_query_end(query);
		return -1;
	}
	return 0;
}

void record_query_start(struct client *client, struct json_object *request)
{
	struct record_query *query = &client->query;

	record_query_end(query);
	if (read_filter(client, request))
		return;
	query->active = true;
	query->json = cordon_json_truth(request, "json", false);
	query->follow = cordon_json_truth(request, "follow", false);
	/* Who follows wants news; a little of what was before shows that it works. */
	if (query->follow && !query->filter.since_ns &&
	    cordon_store_tail(client->controller->reader, &query->filter, FOLLOW_TAIL,
			      &query->after))
		query->after = 0;
	record_query_continue(client);
}
