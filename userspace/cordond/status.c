// SPDX-License-Identifier: GPL-2.0-only
/* What `cordon status` shows. Anybody may ask: nothing of a single subject is in it. */
#include <json-c/json.h>
#include <unistd.h>

#include "controller.h"
#include "coverage.h"
#include "names.h"
#include "record_text.h"

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void put_text(struct json_object *object, const char *key, const char *text)
{
	put(object, key, json_object_new_string(text));
}

static void put_number(struct json_object *object, const char *key, uint64_t number)
{
	put(object, key, json_object_new_uint64(number));
}

static struct json_object *policy_status(const struct controller *controller)
{
	const struct cordon_image *header = controller->policy.view.header;
	struct json_object *object = json_object_new_object();
	char digest[2 * CORDON_DIGEST_BYTES + 1], name[CORDON_NAME_BYTES + 1];
	int i;

	for (i = 0; i < CORDON_DIGEST_BYTES; i++)
		sprintf(digest + 2 * i, "%02x", header->policy.digest[i]);
	snprintf(name, sizeof(name), "%.*s", CORDON_NAME_BYTES, header->name);
	put_text(object, "name", name);
	put_number(object, "version", header->policy.version);
	put_text(object, "digest", digest);
	put_number(object, "generation",
		   __atomic_load_n(&controller->guard.control->generation, __ATOMIC_ACQUIRE));
	put_number(object, "rules",
		   controller->policy.view.rule_count ? controller->policy.view.rule_count - 1 : 0);
	put_number(object, "addresses", controller->policy.addresses.count);
	return object;
}

static struct json_object *counter_status(const struct controller *controller)
{
	struct json_object *object = json_object_new_object(), *reasons;
	uint64_t counter[CORDON_COUNTERS_MAX];
	struct cordon_failure failure;
	unsigned int i;

	if (cordon_guard_counters(&controller->guard, counter, &failure)) {
		put_text(object, "error", failure.text);
		return object;
	}
	for (i = 0; i < CORDON_COUNTER_COUNT; i++)
		put_number(object, cordon_counter_name(i), counter[i]);
	reasons = json_object_new_object();
	for (i = 0; i < CORDON_REASON_COUNT; i++)
		if (counter[CORDON_COUNTER_COUNT + i])
			put_number(reasons, cordon_reason_name(i),
				   counter[CORDON_COUNTER_COUNT + i]);
	put(object, "reasons", reasons);
	return object;
}

struct census {
	uint64_t processes, unlabelled, tainted, cleared, trusted;
};

static int count_live(void *context, const struct cordon_live *live)
{
	struct census *census = context;

	if (live->tid != live->pid)
		return 0;
	census->processes++;
	census->unlabelled += !live->labelled;
	census->tainted += live->taint != 0;
	census->cleared += live->clearance != 0;
	census->trusted += !!(live->flags & CORDON_SUBJECT_TRUSTED);
	return 0;
}

static struct json_object *subject_status(const struct controller *controller)
{
	struct json_object *object = json_object_new_object();
	struct cordon_failure failure;
	struct census census = { 0 };

	if (cordon_guard_each_live(&controller->guard, CORDON_GUARD_PROGRAM_LIVE, count_live,
				   &census, &failure)) {
		put_text(object, "error", failure.text);
		return object;
	}
	put_number(object, "processes", census.processes);
	put_number(object, "cleared", census.cleared);
	put_number(object, "tainted", census.tainted);
	put_number(object, "trusted", census.trusted);
	put_number(object, "unlabelled", census.unlabelled);
	return object;
}

static struct json_object *record_status(const struct controller *controller,
					 const struct cordon_ledger_state *ledger)
{
	struct json_object *object = json_object_new_object();
	struct drain_state state;

	drain_read_state(controller->drain, &state);
	put_number(object, "made",
		   __atomic_load_n(controller->guard.record_sequence, __ATOMIC_RELAXED) +
			   ledger->records);
	put_number(object, "stored", state.stored);
	put_number(object, "lost", state.lost);
	put_number(object, "malformed", state.malformed);
	if (state.trouble[0])
		put_text(object, "trouble", state.trouble);
	return object;
}

/* NULL: there is none. */
static struct json_object *ledger_status(const struct cordon_ledger_state *ledger)
{
	struct json_object *object;
	char number[17];

	if (!ledger->ledger)
		return NULL;
	object = json_object_new_object();
	snprintf(number, sizeof(number), "%016llx", (unsigned long long)ledger->ledger);
	put_text(object, "number", number);
	put(object, "enrolled", json_object_new_boolean(ledger->flags & CORDON_LEDGER_ENROLLED));
	put_number(object, "epoch", ledger->epoch);
	put_number(object, "chains", ledger->cpus);
	put_number(object, "records", ledger->records);
	put_number(object, "drops", ledger->drops);
	put_number(object, "epochs_merged", ledger->merged);
	put_number(object, "waiting_bytes", ledger->waiting_bytes);
	return object;
}

static struct json_object *note_status(const struct controller *controller)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (controller->mode_trouble[0])
		json_object_array_add(list, json_object_new_string(controller->mode_trouble));
	for (i = 0; i < controller->notes.count; i++)
		json_object_array_add(list, json_object_new_string(controller->notes.note[i]));
	return list;
}

struct json_object *controller_status(struct controller *controller)
{
	struct json_object *object = json_object_new_object();
	const char *mode = cordon_mode_name(controller_mode(controller));
	struct cordon_kernel_state state;
	char boot[CORDON_BOOT_TEXT_BYTES];
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION };
	struct cordon_ledger_state ledger = { 0 };

	if (controller->guard.device >= 0 &&
	    !ioctl(controller->guard.device, CORDON_IOCTL_HELLO, &hello))
		controller->guard.hello = hello;
	if (controller->guard.device >= 0)
		ioctl(controller->guard.device, CORDON_IOCTL_LEDGER, &ledger);
	cordon_kernel_state_read(&state);
	cordon_boot_text(controller->boot, boot);
	put(object, "ok", json_object_new_boolean(true));
	put_text(object, "mode", mode ? mode : "?");
	put_text(object, "boot", boot);
	put_text(object, "kernel", state.release);
	put_number(object, "abi", CORDON_ABI_VERSION);
	put_number(object, "controller_pid", (uint64_t)getpid());
	put_number(object, "controller_since", (uint64_t)controller->started);
	put(object, "controller_restarted", json_object_new_boolean(controller->restarted));
	put(object, "policy", policy_status(controller));
	put(object, "subjects", subject_status(controller));
	put(object, "records", record_status(controller, &ledger));
	put(object, "ledger", ledger_status(&ledger));
	put(object, "counters", counter_status(controller));
	put(object, "coverage", cordon_coverage(&state, &controller->guard, NULL));
	put(object, "seal", controller_seal_status(controller));
	put(object, "hooks", cordon_coverage_hooks(&controller->guard));
	put(object, "notes", note_status(controller));
	return object;
}
