// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "control.h"
#include "coverage.h"
#include "guard.h"
#include "mediation.h"
#include "names.h"

static struct json_object *group_of(struct json_object *object, const char *key)
{
	struct json_object *group;

	return json_object_object_get_ex(object, key, &group) ? group : NULL;
}

static long long number(struct json_object *group, const char *key)
{
	return group ? (long long)cordon_json_number(group, key, 0) : 0;
}

static void show_policy(struct json_object *status)
{
	struct json_object *policy = group_of(status, "policy");

	if (!policy) {
		puts("policy      none");
		return;
	}
	printf("policy      %s version %lld, generation %lld",
	       cordon_json_text(policy, "name", "?"), number(policy, "version"),
	       number(policy, "generation"));
	if (json_object_object_get_ex(policy, "rules", NULL))
		printf(", %lld rules", number(policy, "rules"));
	puts("");
	printf("            digest %s\n", cordon_json_text(policy, "digest", "?"));
}

static void show_controller(struct json_object *status)
{
	time_t since = (time_t)cordon_json_number(status, "controller_since", 0);
	char text[64] = "?";
	struct tm tm;

	if (!cordon_json_number(status, "controller_pid", 0)) {
		printf("controller  %s\n", cordon_json_text(status, "controller_error", "?"));
		return;
	}
	if (localtime_r(&since, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	printf("controller  process %lld since %s%s\n",
	       (long long)cordon_json_number(status, "controller_pid", 0), text,
	       cordon_json_truth(status, "controller_restarted", false) ?
		       ", took up a guard that ran" :
		       "");
}

static void show_subjects(struct json_object *status)
{
	struct json_object *subjects = group_of(status, "subjects");

	if (!subjects)
		return;
	printf("subjects    %lld processes: %lld cleared, %lld tainted, %lld trusted, "
	       "%lld without a label\n",
	       number(subjects, "processes"), number(subjects, "cleared"),
	       number(subjects, "tainted"), number(subjects, "trusted"),
	       number(subjects, "unlabelled"));
}

static void show_ledger(struct json_object *status)
{
	struct json_object *ledger = group_of(status, "ledger"), *enrolled = NULL;

	if (!ledger) {
		puts("ledger      none: without the module, records prove nothing");
		return;
	}
	json_object_object_get_ex(ledger, "enrolled", &enrolled);
	printf("ledger      %s, epoch %lld, %lld records in %lld chains, %lld of them lost%s\n",
	       cordon_json_text(ledger, "number", "?"), number(ledger, "epoch"),
	       number(ledger, "records"), number(ledger, "chains"), number(ledger, "drops"),
	       json_object_get_boolean(enrolled) ? "" : "; no auditor is enrolled");
	if (number(ledger, "epochs_merged"))
		printf("            %lld epochs took in another, because nobody took it\n",
		       number(ledger, "epochs_merged"));
}

static void show_records(struct json_object *status)
{
	struct json_object *records = group_of(status, "records");
	const char *trouble = records ? cordon_json_text(records, "trouble", NULL) : NULL;

	if (!records)
		return;
	printf("records     %lld made, %lld stored since the controller's start, %lld lost\n",
	       number(records, "made"), number(records, "stored"), number(records, "lost"));
	if (number(records, "malformed"))
		printf("            %lld that are none\n", number(records, "malformed"));
	if (trouble)
		printf("            not stored now: %s\n", trouble);
}

static void show_numbers(struct json_object *group, const char *title)
{
	bool first = true;

	if (!group)
		return;
	json_object_object_foreach(group, key, value) {
		if (!json_object_is_type(value, json_type_int))
			continue;
		printf("%-12s%-18s%lld\n", first ? title : "", key,
		       (long long)json_object_get_int64(value));
		first = false;
	}
}

static void show_coverage(struct json_object *status)
{
	struct json_object *coverage = group_of(status, "coverage");
	struct json_object *hooks = group_of(status, "hooks");
	size_t i, column = 0;

	puts("\ncovered     point          why");
	for (i = 0; coverage && i < json_object_array_length(coverage); i++) {
		struct json_object *row = json_object_array_get_idx(coverage, i);

		printf("%-12s%-15s%s\n", cordon_json_truth(row, "covered", false) ? "yes" : "NO",
		       cordon_json_text(row, "point", "?"), cordon_json_text(row, "why", "?"));
	}
	if (!hooks || !json_object_array_length(hooks))
		return;
	printf("\nhooks      ");
	for (i = 0; i < json_object_array_length(hooks); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(hooks, i));

		column += strlen(name) + 1;
		if (column > 84) {
			printf("\n           ");
			column = strlen(name) + 1;
		}
		printf(" %s", name);
	}
	puts("");
}

static void show_notes(struct json_object *status)
{
	struct json_object *notes = group_of(status, "notes");
	size_t i;

	for (i = 0; notes && i < json_object_array_length(notes); i++)
		printf("%s%s\n", i ? "            " : "\nnotes       ",
		       json_object_get_string(json_object_array_get_idx(notes, i)));
}

static void show_seal(struct json_object *status)
{
	struct json_object *seal = group_of(status, "seal");

	if (!seal || !cordon_json_truth(seal, "sealed", false))
		return;
	printf("seal        %s\n", cordon_json_truth(seal, "broken", false) ?
					   "the glass is broken for a time" :
					   "until reboot");
}

static void show(struct json_object *status)
{
	struct json_object *counters = group_of(status, "counters");

	printf("mode        %s\n", cordon_json_text(status, "mode", "?"));
	show_seal(status);
	show_policy(status);
	show_controller(status);
	show_subjects(status);
	show_records(status);
	show_ledger(status);
	show_numbers(counters, "counters");
	show_numbers(counters ? group_of(counters, "reasons") : NULL, "denials by");
	show_coverage(status);
	show_notes(status);
}

static void add_policy(struct json_object *status, const struct cordon_guard *guard)
{
	struct json_object *object;
	struct cordon_policy policy;
	struct cordon_failure failure;
	char digest[2 * CORDON_DIGEST_BYTES + 1];
	int i;

	if (cordon_guard_policy(guard, &policy, &failure))
		return;
	for (i = 0; i < CORDON_DIGEST_BYTES; i++)
		sprintf(digest + 2 * i, "%02x", policy.digest[i]);
	object = json_object_new_object();
	json_object_object_add(object, "version", json_object_new_uint64(policy.version));
	json_object_object_add(object, "generation", json_object_new_int64(policy.generation));
	json_object_object_add(object, "digest", json_object_new_string(digest));
	json_object_object_add(status, "policy", object);
}

static void add_counters(struct json_object *status, const struct cordon_guard *guard)
{
	struct json_object *object = json_object_new_object();
	uint64_t counter[CORDON_COUNTERS_MAX];
	struct cordon_failure failure;
	unsigned int i;

	for (i = 0; i < CORDON_COUNTER_COUNT; i++) {
		if (!i && cordon_guard_counters(guard, counter, &failure))
			break;
		json_object_object_add(object, cordon_counter_name(i),
				       json_object_new_uint64(counter[i]));
	}
	json_object_object_add(status, "counters", object);
}

/* No controller answers: what the guard itself, if we may look at it, tells. */
static struct json_object *look_ourselves(const char *controller_error)
{
	struct json_object *status = json_object_new_object();
	struct cordon_kernel_state state;
	struct cordon_failure failure = { "" };
	cordon_auto_guard guard;
	const char *mode = NULL;
	int err;

	cordon_guard_init(&guard);
	cordon_kernel_state_read(&state);
	err = geteuid() ? cordon_failure_set(&failure, EPERM, "only root can look at the guard") :
			  cordon_guard_open_device(&guard, O_RDONLY, &failure);
	if (!err || err == -ENOENT)
		err = cordon_guard_find(&guard, &failure);
	if (!err)
		mode = cordon_mode_name(guard.control->mode);
	else if (err == -ENOENT)
		mode = cordon_mode_name(CORDON_MODE_OFF);
	json_object_object_add(status, "ok", json_object_new_boolean(true));
	json_object_object_add(status, "mode", json_object_new_string(mode ? mode : "?"));
	json_object_object_add(status, "kernel", json_object_new_string(state.release));
	json_object_object_add(status, "controller_error",
			       json_object_new_string(controller_error));
	if (!err) {
		add_policy(status, &guard);
		add_counters(status, &guard);
		json_object_object_add(status, "hooks", cordon_coverage_hooks(&guard));
	}
	json_object_object_add(status, "coverage",
			       cordon_coverage(&state, err ? NULL : &guard, failure.text));
	return status;
}

static int parse(int argc, char **argv, bool *json, bool *coverage)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "coverage", no_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*json = *coverage = false;
	optind = 1;
	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option != 'j' && option != 'c')
			return cordon_usage(argv[0]);
		*(option == 'j' ? json : coverage) = true;
	}
	return optind < argc ? cordon_usage(argv[0]) : 0;
}

int cordon_cmd_status(int argc, char **argv)
{
	cordon_auto_json *status = NULL;
	struct cordon_failure failure;
	bool json, coverage;
	int err, code;

	code = parse(argc, argv, &json, &coverage);
	if (code)
		return code;
	if (coverage)
		return cordon_mediation_show(json);
	err = cordon_control_ask(cordon_request("status"), &status, &failure);
	/* Without a controller there is something to show, but it is no "yes". */
	if (err == -ENOENT || err == -ECONNREFUSED) {
		status = look_ourselves(failure.text);
		code = CORDON_EXIT_NO;
	} else if (err) {
		return cordon_complain(json, CORDON_EXIT_COULD_NOT, failure.text);
	}
	if (json)
		puts(json_object_to_json_string_ext(status, CORDON_JSON_PLAIN));
	else
		show(status);
	return code;
}
