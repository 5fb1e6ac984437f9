// SPDX-License-Identifier: GPL-2.0-only
/* The live state of a process: asked of the controller, else of the guard. */
#include <fcntl.h>

#include "cleanup.h"
#include "control.h"
#include "guard.h"

struct wanted {
	uint32_t pid;
	struct cordon_live *live;
};

static int take_wanted(void *context, const struct cordon_live *live)
{
	struct wanted *wanted = context;

	if (live->pid != wanted->pid || live->tid != live->pid)
		return 0;
	*wanted->live = *live;
	return 1;
}

static int ask_guard(pid_t pid, struct cordon_live *live)
{
	struct wanted wanted = { (uint32_t)pid, live };
	struct cordon_failure failure;
	cordon_auto_guard guard;
	int err;

	cordon_guard_init(&guard);
	err = cordon_guard_open_device(&guard, O_RDONLY, &failure);
	if (err && err != -ENOENT)
		return err;
	err = cordon_guard_find(&guard, &failure);
	if (err)
		return err;
	err = cordon_guard_each_live(&guard, CORDON_GUARD_PROGRAM_LIVE, take_wanted, &wanted,
				     &failure);
	return err == 1 ? 0 : err ? err : -ESRCH;
}

/* Labels are sent as hexadecimal text: JSON's numbers are not wide enough everywhere. */
static uint64_t label_of(struct json_object *answer, const char *key)
{
	return strtoull(cordon_json_text(answer, key, "0"), NULL, 16);
}

int cordon_live_subject(pid_t pid, struct cordon_live *live)
{
	struct json_object *request = json_object_new_object();
	cordon_auto_json *answer = NULL;
	struct cordon_failure failure;
	struct cordon_live found = { 0 };
	int err;

	if (!request)
		return -ENOMEM;
	json_object_object_add(request, "command", json_object_new_string("subject"));
	json_object_object_add(request, "pid", json_object_new_int64(pid));
	err = cordon_control_ask(request, &answer, &failure);
	if (err == -ENOENT || err == -ECONNREFUSED)
		return ask_guard(pid, live);
	if (err == -EREMOTEIO)
		return -(int)cordon_json_number(answer, "errno", EIO);
	if (err)
		return err;
	found.pid = found.tid = (uint32_t)pid;
	found.flags = (uint32_t)cordon_json_number(answer, "flags", 0);
	found.rule = (uint32_t)cordon_json_number(answer, "rule", 0);
	found.clearance = label_of(answer, "clearance");
	found.taint = label_of(answer, "taint");
	found.start_ns = (uint64_t)cordon_json_number(answer, "start_ns", 0);
	found.labelled = (uint32_t)cordon_json_number(answer, "labelled", 0);
	found.uid = (uint32_t)cordon_json_number(answer, "uid", 0);
	snprintf(found.comm, sizeof(found.comm), "%s", cordon_json_text(answer, "comm", ""));
	*live = found;
	return 0;
}
