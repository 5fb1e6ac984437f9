// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "evaluate.h"

#include "cordon/match.h"

static inline const struct cordon_slot *cordon_path_slot(const struct cordon_image_view *view,
							 uint32_t index)
{
	return index < view->slot_count ? &view->slots[index] : NULL;
}
#include "cordon/path.h"

int cordon_path_is_plain(const char *path)
{
	size_t length;

	if (path[0] != '/')
		return 0;
	if (!path[1])
		return 1;
	while (*path) {
		path++;
		length = strcspn(path, "/");
		if (!length || (length <= 2 && !memcmp(path, "..", length)))
			return 0;
		path += length;
	}
	return 1;
}

/* Walks the automaton as the kernel does. NONE, or why it cannot be decided. */
static enum cordon_reason path_walk(const struct cordon_image_view *view, const char *path,
				    uint32_t *accept)
{
	const struct cordon_policy *policy = &view->header->policy;
	uint32_t state = policy->start, depth = 0, found;

	/* The root itself is the empty path. */
	if (!strcmp(path, "/"))
		path = "";
	for (; *path; path++) {
		if (*path == '/' && ++depth > CORDON_DEPTH_MAX)
			return CORDON_REASON_TOO_DEEP;
		state = cordon_path_step(view, state, policy->class[(uint8_t)*path]);
		if (!state)
			return CORDON_REASON_AUTOMATON;
	}
	found = cordon_path_accept(view, state);
	if (found >= view->accept_count)
		return CORDON_REASON_AUTOMATON;
	*accept = found;
	return CORDON_REASON_NONE;
}

void cordon_evaluate_object(const struct cordon_image_view *view, const char *path,
			    struct cordon_object_found *found)
{
	uint32_t accept = 0;

	memset(found, 0, sizeof(*found));
	found->undecided = path_walk(view, path, &accept);
	if (found->undecided != CORDON_REASON_NONE) {
		found->facts.label = CORDON_LABEL_TOP;
		return;
	}
	found->accept = accept;
	found->facts.label = view->accepts[accept].label;
	found->facts.flags = view->accepts[accept].flags;
	found->rule = view->accepts[accept].rule;
	/* A device has the label of its path and its own. */
	for (uint32_t i = 0; i < view->device_count; i++) {
		const struct cordon_device *device = &view->devices[i];

		if (strcmp(view->strings + device->path, path))
			continue;
		if (!cordon_label_dominates(found->facts.label, device->label))
			found->rule = device->rule;
		found->facts.label = cordon_label_join(found->facts.label, device->label);
	}
}

static bool grant_applies(const struct cordon_grant *grant, const struct cordon_process *process)
{
	bool member = cordon_grant_group_matches(grant, CORDON_ID_NONE);

	for (size_t i = 0; i < process->gid_count && !member; i++)
		member = cordon_grant_group_matches(grant, process->gids[i]);
	if (!member || !cordon_grant_user_matches(grant, process->uid))
		return false;
	return !(grant->flags & CORDON_GRANT_UNIT) ||
	       !strncmp(grant->unit, process->unit, sizeof(grant->unit));
}

/* The first that applies decides; others of its rank can only lower it. */
void cordon_evaluate_grants(const struct cordon_image_view *view,
			    const struct cordon_accept *accept,
			    const struct cordon_process *process, struct cordon_grant_found *found)
{
	const struct cordon_grant *first = NULL;

	memset(found, 0, sizeof(*found));
	for (uint32_t i = 0; i < accept->grant_count; i++) {
		const struct cordon_grant *grant = &view->grants[accept->grant_first + i];
		uint32_t trusted = grant->flags & CORDON_GRANT_TRUSTED ? CORDON_SUBJECT_TRUSTED : 0;

		if (first && grant->rank != first->rank)
			break;
		if (!grant_applies(grant, process))
			continue;
		if (!first) {
			first = grant;
			found->clearance = grant->clearance;
			found->flags = trusted;
			found->rule = grant->rule;
		}
		found->clearance = cordon_label_meet(found->clearance, grant->clearance);
		found->flags &= trusted;
	}
}

void cordon_evaluate_grant(const struct cordon_image_view *view,
			   const struct cordon_process *process, struct cordon_grant_found *found)
{
	struct cordon_object_found object;

	memset(found, 0, sizeof(*found));
	cordon_evaluate_object(view, process->program, &object);
	if (object.undecided == CORDON_REASON_NONE)
		cordon_evaluate_grants(view, &view->accepts[object.accept], process, found);
}

static bool prefix_covers(const struct cordon_prefix *prefix, const struct cordon_address *address)
{
	uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(&prefix->address, address, whole))
		return false;
	return !rest || !((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask);
}

static bool port_take(const struct cordon_port *port, const struct cordon_destination *to,
		      struct cordon_host_found *found)
{
	if (!cordon_port_matches(port, to->port, to->protocol, to->inbound))
		return false;
	found->facts.known = 1;
	found->facts.clearance = port->clearance;
	found->rule = port->rule;
	return true;
}

static const struct cordon_host *host_longest(const struct cordon_image_view *view,
					      const struct cordon_address *address)
{
	const struct cordon_host *longest = NULL;

	for (uint32_t i = 0; i < view->host_count; i++) {
		const struct cordon_host *host = &view->hosts[i];

		if (prefix_covers(&host->prefix, address) &&
		    (!longest || host->prefix.bits > longest->prefix.bits))
			longest = host;
	}
	return longest;
}

void cordon_evaluate_host(const struct cordon_image_view *view,
			  const struct cordon_destination *destination,
			  struct cordon_host_found *found)
{
	static const struct cordon_prefix any;
	struct cordon_address address = destination->address;
	const struct cordon_host *host = NULL;
	uint32_t i;

	memset(found, 0, sizeof(*found));
	if (destination->name) {
		for (i = 0; i < view->hostname_count; i++)
			if (!strcmp(view->strings + view->hostnames[i].name, destination->name) &&
			    port_take(&view->hostnames[i].port, destination, found))
				return;
		/* Whatever its address is, the prefix of all addresses holds it. */
		if (view->host_count && !memcmp(&view->hosts[0].prefix, &any, sizeof(any)))
			host = &view->hosts[0];
	} else {
		cordon_address_canonical(&address);
		host = host_longest(view, &address);
	}
	for (i = 0; host && i < host->ports.count; i++)
		if (port_take(&view->ports[host->ports.first + i], destination, found))
			return;
}

static enum cordon_reason read_decide(const struct cordon_subject_facts *subject,
				      const struct cordon_object_found *object)
{
	return object->undecided != CORDON_REASON_NONE ?
		       object->undecided :
		       cordon_decide_read(subject, &object->facts);
}

/* Reads, and if that is allowed has read. */
static enum cordon_reason read_apply(const struct cordon_image_view *view,
				     struct cordon_subject_facts *subject, const char *path,
				     struct cordon_object_found *object)
{
	enum cordon_reason reason;

	cordon_evaluate_object(view, path, object);
	reason = read_decide(subject, object);
	if (reason == CORDON_REASON_NONE)
		subject->taint = cordon_taint_after_read(subject, &object->facts);
	return reason;
}

static void subject_begin(const struct cordon_image_view *view,
			  const struct cordon_question *question, struct cordon_answer *answer)
{
	struct cordon_object_found program;
	struct cordon_grant_found grant;

	if (question->live) {
		answer->subject = *question->live;
		return;
	}
	cordon_evaluate_grant(view, &question->process, &grant);
	answer->subject.clearance = grant.clearance;
	answer->subject.flags = grant.flags;
	answer->subject_rule = grant.rule;
	/* A running program has been read. */
	read_apply(view, &answer->subject, question->process.program, &program);
}

/* Of a regular file that can keep a label: whether this one can, only the machine knows. */
static enum cordon_reason write_decide(const struct cordon_image_view *view,
				       const struct cordon_answer *answer)
{
	enum cordon_reason reason;

	if (answer->object.undecided != CORDON_REASON_NONE)
		return answer->object.undecided;
	reason = cordon_decide_write(&answer->subject, &answer->object.facts);
	if (reason == CORDON_REASON_WRITE_DOWN &&
	    view->header->policy.options & CORDON_OPTION_WRITE_DOWN_RAISE)
		reason = cordon_decide_raise(&answer->subject, &answer->object.facts,
					     CORDON_KEEPS_LABELS);
	return reason;
}

static bool allows(enum cordon_reason reason)
{
	return reason == CORDON_REASON_NONE || reason == CORDON_REASON_TRUSTED ||
	       reason == CORDON_REASON_LABEL_RAISED;
}

void cordon_evaluate(const struct cordon_image_view *view, const struct cordon_question *question,
		     struct cordon_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	subject_begin(view, question, answer);
	for (size_t i = 0; i < question->earlier_count; i++) {
		struct cordon_earlier_read *read = &question->earlier[i];

		read->reason = read_apply(view, &answer->subject, read->path, &read->object);
	}
	answer->taint_after = answer->subject.taint;
	if (question->access == CORDON_ACCESS_REACH) {
		cordon_evaluate_host(view, &question->destination, &answer->host);
		answer->reason = cordon_decide_reach(&answer->subject, &answer->host.facts);
	} else {
		cordon_evaluate_object(view, question->path, &answer->object);
		answer->reason = question->access == CORDON_ACCESS_READ ?
					 read_decide(&answer->subject, &answer->object) :
					 write_decide(view, answer);
	}
	answer->verdict = allows(answer->reason) ? CORDON_VERDICT_ALLOW : CORDON_VERDICT_DENY;
	if (question->access == CORDON_ACCESS_READ && answer->verdict == CORDON_VERDICT_ALLOW)
		answer->taint_after =
			cordon_taint_after_read(&answer->subject, &answer->object.facts);
}

int cordon_evaluate_recorded(const struct cordon_image_view *view, cordon_label label)
{
	const struct cordon_policy *policy = &view->header->policy;

	return (policy->options & CORDON_OPTION_RECORD_READS) &&
	       cordon_label_dominates(label, policy->record_reads);
}
