// SPDX-License-Identifier: GPL-2.0-only
/* What can be asked on the control socket, and who may ask it. */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "cleanup.h"
#include "client.h"
#include "control.h"
#include "escape.h"
#include "labels.h"
#include "names.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static struct json_object *new_answer(void)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(true));
	return answer;
}

static void put_text(struct json_object *answer, const char *key, const char *text)
{
	json_object_object_add(answer, key, json_object_new_string(text));
}

/* 1, "no", for what the rules forbid; 3, "could not", for the rest. */
static int code_of(int err)
{
	return err == -EPERM || err == -EINVAL || err == -EOPNOTSUPP || err == -EBUSY ? 1 : 3;
}

static void asked_by(const struct client *client, char *text, size_t size)
{
	snprintf(text, size, "process %d of user %u", client->pid, client->uid);
}

static void answer_policy(struct client *client)
{
	const struct cordon_image *header = client->controller->policy.view.header;
	struct json_object *answer = new_answer(), *notes = json_object_new_array();
	const struct notes *from = &client->controller->notes;
	char name[CORDON_NAME_BYTES + 1];
	size_t i;

	snprintf(name, sizeof(name), "%.*s", CORDON_NAME_BYTES, header->name);
	put_text(answer, "policy", name);
	json_object_object_add(answer, "version", json_object_new_uint64(header->policy.version));
	json_object_object_add(
		answer, "generation",
		json_object_new_uint64(client->controller->guard.control->generation));
	for (i = 0; i < from->count; i++)
		json_object_array_add(notes, json_object_new_string(from->note[i]));
	json_object_object_add(answer, "notes", notes);
	client_send(client, answer);
}

static void run_status(struct client *client, struct json_object *request)
{
	(void)request;
	client_send(client, controller_status(client->controller));
}

static void run_load(struct client *client, struct json_object *request)
{
	const char *path = cordon_json_text(request, "path", client->controller->options.policy);
	struct cordon_failure failure;
	char who[64];
	int err;

	if (path[0] != '/') {
		client_refuse(client, 2, "the path is not absolute");
		return;
	}
	asked_by(client, who, sizeof(who));
	err = controller_load(client->controller, path, who, &failure);
	if (err) {
		fprintf(stderr, "cordond: not loaded, asked by %s: %s\n", who, failure.text);
		client_refuse(client, code_of(err), failure.text);
	} else {
		answer_policy(client);
	}
}

static void set_mode(struct client *client, enum cordon_mode mode, bool without_module)
{
	struct json_object *answer;
	struct cordon_failure failure;
	char who[64];
	int err;

	asked_by(client, who, sizeof(who));
	err = controller_set_mode(client->controller, mode, without_module, who, &failure);
	if (err) {
		client_refuse(client, code_of(err), failure.text);
		return;
	}
	answer = new_answer();
	put_text(answer, "mode", cordon_mode_name(mode));
	client_send(client, answer);
}

static void run_enforce(struct client *client, struct json_object *request)
{
	set_mode(client, CORDON_MODE_ENFORCING,
		 cordon_json_truth(request, "without_module", false));
}

static void run_unload(struct client *client)
{
	struct controller *controller = client->controller;
	struct cordon_failure failure;
	char who[64];
	int err;

	err = controller_check_unsealed(controller, false, &failure);
	if (err) {
		client_refuse(client, code_of(err), failure.text);
		return;
	}
	if (controller_mode(controller) == CORDON_MODE_ENFORCING) {
		asked_by(client, who, sizeof(who));
		err = controller_set_mode(controller, CORDON_MODE_PERMISSIVE, false, who, &failure);
		if (err) {
			client_refuse(client, code_of(err), failure.text);
			return;
		}
	}
	controller_record(controller, CORDON_REASON_RELEASED,
			  "the guard is detached, asked by process %d of user %u", client->pid,
			  client->uid);
	err = controller_detach(controller, &failure);
	if (err) {
		client_refuse(client, code_of(err), failure.text);
		return;
	}
	controller->ending = controller->detached = true;
	client_send(client, new_answer());
}

static void run_permissive(struct client *client, struct json_object *request)
{
	if (cordon_json_truth(request, "unload", false))
		run_unload(client);
	else
		set_mode(client, CORDON_MODE_PERMISSIVE, false);
}

static void answer_done(struct client *client, int err, const struct cordon_failure *failure)
{
	if (err)
		client_refuse(client, code_of(err), failure->text);
	else
		client_send(client, new_answer());
}

static void run_seal(struct client *client, struct json_object *request)
{
	struct cordon_failure failure;
	char who[64];

	(void)request;
	asked_by(client, who, sizeof(who));
	answer_done(client, controller_seal(client->controller, who, &failure), &failure);
}

static void run_break_glass(struct client *client, struct json_object *request)
{
	struct cordon_failure failure;
	char who[64];

	asked_by(client, who, sizeof(who));
	answer_done(client,
		    controller_break_glass(
			    client->controller, cordon_json_text(request, "statement", ""),
			    cordon_json_text(request, "signatures", ""), who, &failure),
		    &failure);
}

static void run_mend_glass(struct client *client, struct json_object *request)
{
	struct cordon_failure failure;

	(void)request;
	answer_done(client, controller_mend_glass(client->controller, &failure), &failure);
}

static void run_records(struct client *client, struct json_object *request)
{
	record_query_start(client, request);
}

struct wanted {
	uint32_t pid;
	struct cordon_live live;
};

static int take_wanted(void *context, const struct cordon_live *live)
{
	struct wanted *wanted = context;

	if (live->pid != wanted->pid || live->tid != live->pid)
		return 0;
	wanted->live = *live;
	return 1;
}

/* The live state of a process into @live; answers itself when it cannot. */
static bool find_live(struct client *client, uint32_t pid, struct cordon_live *live)
{
	struct wanted wanted = { .pid = pid };
	struct json_object *answer;
	struct cordon_failure failure;
	int err = cordon_guard_each_live(&client->controller->guard, CORDON_GUARD_PROGRAM_LIVE,
					 take_wanted, &wanted, &failure);

	if (err == 1) {
		*live = wanted.live;
		return true;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "ok", json_object_new_boolean(false));
	json_object_object_add(answer, "code", json_object_new_int(err ? 3 : 1));
	json_object_object_add(answer, "errno", json_object_new_int(err ? EIO : ESRCH));
	put_text(answer, "error", err ? failure.text : "no such process");
	client_send(client, answer);
	return false;
}

static void put_label(struct json_object *answer, const char *key, uint64_t label)
{
	char text[24];

	snprintf(text, sizeof(text), "%llx", (unsigned long long)label);
	put_text(answer, key, text);
}

static void run_subject(struct client *client, struct json_object *request)
{
	cordon_auto_free char *comm = NULL;
	struct json_object *answer;
	struct cordon_live live;

	if (!find_live(client, (uint32_t)cordon_json_number(request, "pid", 0), &live))
		return;
	answer = new_answer();
	put_label(answer, "clearance", live.clearance);
	put_label(answer, "taint", live.taint);
	json_object_object_add(answer, "flags", json_object_new_int64(live.flags));
	json_object_object_add(answer, "rule", json_object_new_int64(live.rule));
	json_object_object_add(answer, "uid", json_object_new_int64(live.uid));
	json_object_object_add(answer, "labelled", json_object_new_int64(live.labelled));
	json_object_object_add(answer, "start_ns", json_object_new_uint64(live.start_ns));
	/* Whatever bytes the process chose: as text that JSON can hold. */
	comm = cordon_escape(live.comm, strnlen(live.comm, sizeof(live.comm)));
	put_text(answer, "comm", comm ? comm : "");
	client_send(client, answer);
}

static void put_label_text(struct client *client, struct json_object *answer, const char *key,
			   uint64_t label)
{
	struct cordon_label_names names =
		cordon_image_label_names(&client->controller->policy.view);
	char text[CORDON_LABEL_TEXT_BYTES];

	put_text(answer, key, cordon_label_text(&names, label, text, sizeof(text)));
}

static void put_stored(struct client *client, struct json_object *answer,
		       const struct cordon_label_request *stored)
{
	bool is = stored->flags & CORDON_LABEL_STORED, broken = stored->flags & CORDON_LABEL_BROKEN;

	if (is && !broken)
		put_label_text(client, answer, "stored", stored->label);
	json_object_object_add(answer, "stored_broken", json_object_new_boolean(broken));
	json_object_object_add(answer, "keeps",
			       json_object_new_boolean(stored->flags & CORDON_LABEL_KEEPS));
	json_object_object_add(answer, "open",
			       json_object_new_boolean(stored->flags & CORDON_LABEL_OPEN));
}

/* The label that the active policy gives to a path, and other names of the file. */
static void run_label(struct client *client, struct json_object *request)
{
	struct controller *controller = client->controller;
	const struct cordon_image_view *view = &controller->policy.view;
	const char *path = cordon_json_text(request, "path", "");
	struct json_object *answer;
	const struct cordon_accept *accept;
	char place[CORDON_RULE_TEXT_BYTES];
	struct cordon_label_request stored = { 0 };
	struct cordon_failure failure;
	uint64_t label;
	uint32_t state;
	bool joined;

	if (path[0] != '/') {
		client_refuse(client, 2, "the path is not absolute");
		return;
	}
	state = automaton_walk(&controller->policy.automaton, view->header->policy.start, path);
	accept = automaton_accept(&controller->policy.automaton, state);
	if (!accept) {
		client_refuse(client, 3, "the path automaton cannot decide");
		return;
	}
	label = accept->label |
		controller_link_label(controller,
				      (uint32_t)cordon_json_number(request, "device", 0),
				      (uint64_t)cordon_json_number(request, "inode", 0));
	joined = label != accept->label;
	/* Whether a file exists is not for everybody to know. */
	if (!client->uid && !labels_look(controller, path, &stored, &failure))
		label |= stored.label;
	answer = new_answer();
	put_text(answer, "path", path);
	put_label_text(client, answer, "label", label);
	put_stored(client, answer, &stored);
	json_object_object_add(answer, "joined", json_object_new_boolean(joined));
	put_label_text(client, answer, "by_path", accept->label);
	cordon_image_rule_text(view, accept->rule, place);
	put_text(answer, "rule", place);
	json_object_object_add(answer, "drop",
			       json_object_new_boolean(accept->flags & CORDON_OBJECT_DROP));
	json_object_object_add(answer, "program",
			       json_object_new_boolean(accept->flags & CORDON_OBJECT_PROGRAM));
	client_send(client, answer);
}

/* @label: NULL clears. */
static void change_label(struct client *client, struct json_object *request,
			 const cordon_label *label)
{
	const char *path = cordon_json_text(request, "path", ""),
		   *reason = cordon_json_text(request, "reason", "");
	struct cordon_label_request stored;
	struct cordon_failure failure;
	struct json_object *answer;
	char who[64];
	int err;

	if (path[0] != '/' || !*reason) {
		client_refuse(client, 2,
			      *reason ? "the path is not absolute" : "no reason is given");
		return;
	}
	asked_by(client, who, sizeof(who));
	err = labels_change(client->controller, path, label, reason, who, &stored, &failure);
	if (err) {
		client_refuse(client, code_of(err), failure.text);
		return;
	}
	answer = new_answer();
	put_text(answer, "path", path);
	put_stored(client, answer, &stored);
	client_send(client, answer);
}

static void run_label_set(struct client *client, struct json_object *request)
{
	struct cordon_label_names names =
		cordon_image_label_names(&client->controller->policy.view);
	const char *text = cordon_json_text(request, "label", ""), *bad = NULL;
	struct cordon_failure failure;
	cordon_label label;

	if (cordon_label_parse(&names, text, &label, &bad)) {
		cordon_failure_set(&failure, EINVAL, "'%s' is no label of the active policy", text);
		client_refuse(client, 2, failure.text);
		return;
	}
	change_label(client, request, &label);
}

static void run_label_clear(struct client *client, struct json_object *request)
{
	change_label(client, request, NULL);
}

/* The peer's pid is its own as long as it lives: a pidfd says whether it does. */
static bool peer_lives(const struct client *client)
{
	cordon_auto_fd process = -1;
	socklen_t size = sizeof(process);
	struct pollfd wait;

	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERPIDFD, &process, &size))
		return false;
	wait = (struct pollfd){ .fd = process, .events = POLLIN };
	return poll(&wait, 1, 0) == 0;
}

static void run_lower(struct client *client, struct json_object *request)
{
	struct cordon_label_names names =
		cordon_image_label_names(&client->controller->policy.view);
	const char *text = cordon_json_text(request, "clearance", ""), *bad = NULL;
	struct cordon_failure failure;
	struct json_object *answer;
	struct cordon_live live;
	cordon_label label;
	int err;

	if (cordon_label_parse(&names, text, &label, &bad)) {
		cordon_failure_set(&failure, EINVAL, "'%s' is no label of the active policy", text);
		client_refuse(client, 2, failure.text);
		return;
	}
	if (!peer_lives(client)) {
		client_refuse(client, 3, "it cannot be made sure which process asks");
		return;
	}
	err = controller_lower(client->controller, (uint32_t)client->pid, label, &failure);
	if (err) {
		client_refuse(client, 3, failure.text);
		return;
	}
	if (!find_live(client, (uint32_t)client->pid, &live))
		return;
	answer = new_answer();
	put_label_text(client, answer, "ceiling", label);
	put_label_text(client, answer, "clearance", live.clearance);
	client_send(client, answer);
}

static const struct command {
	const char *name;
	bool anybody; /* else root alone */
	void (*run)(struct client *client, struct json_object *request);
} commands[] = {
	{ "status", true, run_status },
	{ "label", true, run_label },
	{ "lower", true, run_lower },
	{ "load", false, run_load },
	{ "enforce", false, run_enforce },
	{ "permissive", false, run_permissive },
	{ "records", false, run_records },
	{ "subject", false, run_subject },
	{ "seal", false, run_seal },
	{ "break-glass", false, run_break_glass },
	{ "mend-glass", false, run_mend_glass },
	{ "label_set", false, run_label_set },
	{ "label_clear", false, run_label_clear },
};

void client_run(struct client *client, struct json_object *request)
{
	const char *name = cordon_json_text(request, "command", "");
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (!commands[i].anybody && client->uid)
			client_refuse(client, 1, "only root may ask for this");
		else
			commands[i].run(client, request);
		return;
	}
	client_refuse(client, 2, "no such command");
}
