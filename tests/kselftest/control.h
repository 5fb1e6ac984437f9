/* SPDX-License-Identifier: GPL-2.0-only */
/* The controller's control socket, and policies to give it. */
#ifndef CORDON_TEST_CONTROL_H
#define CORDON_TEST_CONTROL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <sys/types.h>

#define POLICY_FILE "/tests/policies/world.cordon"
#define POLICY_DIR  "/etc/cordon/changed.d"

/* Sends one request, a JSON object; the caller puts the answer. NULL: no controller. */
struct json_object *control_ask(const char *request);
bool control_is_ok(struct json_object *answer);
/* The answer to "status". */
struct json_object *control_status(void);
/* A number of the status by its path, such as "policy.version"; -1: not there. */
long long control_number(const char *path);

/* How a policy differs from the world's. */
struct policy_change {
	const char *more; /* rules behind it; NULL: none */
	const char *without; /* rules that begin so are left out; NULL: none */
};

/*
 * Writes the world's policy as version @version, changed, and makes it the
 * active one. Returns 0, or the code of the refusal; its words in @why, if that
 * is not NULL.
 */
int control_load(long long version, const struct policy_change *change, char *why, size_t size);
/* The same with the version after the active one. */
int control_load_next(const struct policy_change *change);
/* The line of the world's policy that begins with @rule. */
int control_rule_line(const char *rule);

/*
 * Starts cordond, waits until it answers, and starts what writes RECORDS_FILE, which ends with it.
 * 0 or -errno.
 */
int control_start(void);
/* The process that answers now. */
pid_t control_pid(void);

#endif /* CORDON_TEST_CONTROL_H */
