// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "escape.h"
#include "names.h"
#include "record_text.h"

#define UNKNOWN "?"

/* Makes the object; after the first failure nothing more is added. */
struct maker {
	const struct cordon_record_view *view;
	bool failed;
};

static void add(struct maker *maker, struct json_object *group, const char *key,
		struct json_object *value)
{
	if (!value || json_object_object_add(group, key, value)) {
		json_object_put(value);
		maker->failed = true;
	}
}

static void add_string(struct maker *maker, struct json_object *group, const char *key,
		       const char *text)
{
	add(maker, group, key, json_object_new_string(text ? text : UNKNOWN));
}

static void add_number(struct maker *maker, struct json_object *group, const char *key,
		       uint64_t number, bool known)
{
	if (known)
		add(maker, group, key, json_object_new_uint64(number));
	else
		add_string(maker, group, key, NULL);
}

/* A name of ours, or the number that this program has no name for. */
static void add_name(struct maker *maker, struct json_object *group, const char *key,
		     const char *name, unsigned int number)
{
	if (name)
		add_string(maker, group, key, name);
	else
		add_number(maker, group, key, number, true);
}

static void add_bytes(struct maker *maker, struct json_object *group, const char *key,
		      const char *prefix, const char *bytes, size_t count)
{
	cordon_auto_free char *text = cordon_escape(bytes, count);
	cordon_auto_free char *whole = NULL;

	if (!text || asprintf(&whole, "%s%s", prefix, text) < 0) {
		maker->failed = true;
		return;
	}
	add_string(maker, group, key, whole);
}

/* A path of the record's: whole where it is known, else as far as it is. */
static void add_path(struct maker *maker, struct json_object *group, const char *key,
		     const char *whole, const char *field, bool cut)
{
	size_t length = strnlen(field, CORDON_PATH_BYTES);

	if (whole)
		add_bytes(maker, group, key, "", whole, strlen(whole));
	else if (!length)
		add_string(maker, group, key, NULL);
	else
		add_bytes(maker, group, key, cut ? "..." : UNKNOWN, field, length);
}

static void add_label(struct maker *maker, struct json_object *group, const char *key,
		      uint64_t label, bool known)
{
	const struct cordon_image_view *image = maker->view->image;
	char text[CORDON_LABEL_TEXT_BYTES];
	struct cordon_label_names names;

	if (!known) {
		add_string(maker, group, key, NULL);
		return;
	}
	if (image)
		names = cordon_image_label_names(image);
	add_string(maker, group, key,
		   cordon_label_text(image ? &names : NULL, label, text, sizeof(text)));
}

static void add_rule(struct maker *maker, struct json_object *group, const char *key, uint32_t rule)
{
	char text[CORDON_RULE_TEXT_BYTES];

	if (!rule)
		add_string(maker, group, key, NULL);
	else if (maker->view->image && cordon_image_rule_text(maker->view->image, rule, text))
		add_bytes(maker, group, key, "", text, strlen(text));
	else
		add_number(maker, group, key, rule, true);
}

static void add_hex(struct maker *maker, struct json_object *group, const char *key,
		    const uint8_t *bytes, size_t count)
{
	char text[2 * 32 + 1] = "";
	size_t i, any = 0;

	for (i = 0; i < count && i < 32; i++) {
		sprintf(text + 2 * i, "%02x", bytes[i]);
		any |= bytes[i];
	}
	add_string(maker, group, key, any ? text : NULL);
}

static void add_device(struct maker *maker, struct json_object *group, const char *key,
		       uint32_t device)
{
	char text[32];

	snprintf(text, sizeof(text), "%u:%u", device >> 20, device & 0xfffff);
	add_string(maker, group, key, device ? text : NULL);
}

struct flag_name {
	uint32_t flag;
	const char *name;
};

static const struct flag_name subject_flags[] = {
	{ CORDON_SUBJECT_TRUSTED, "trusted" }, { CORDON_SUBJECT_CONTROLLER, "controller" },
	{ CORDON_SUBJECT_FOREIGN, "foreign" }, { CORDON_SUBJECT_KERNEL, "kernel" },
	{ CORDON_SUBJECT_FORKING, "forking" }, { CORDON_SUBJECT_EXITED, "exited" },
	{ CORDON_SUBJECT_INIT, "init" },       { CORDON_SUBJECT_STARTING, "starting" },
	{ CORDON_SUBJECT_MODEST, "modest" },   { 0, NULL },
};

static const struct flag_name object_flags[] = {
	{ CORDON_OBJECT_DROP, "drop" },
	{ CORDON_OBJECT_PROGRAM, "program" },
	{ CORDON_OBJECT_FLOATS, "floats" },
	{ CORDON_OBJECT_NEUTRAL, "neutral" },
	{ CORDON_OBJECT_PROCESS, "process" },
	{ CORDON_OBJECT_EGRESS, "egress" },
	{ CORDON_OBJECT_GUARD, "guard" },
	{ CORDON_OBJECT_BOOT, "boot" },
	{ CORDON_OBJECT_CONTROLLER, "controller" },
	{ 0, NULL },
};

/* Names joined by commas, what has none as a hexadecimal number, "-" for none. */
static void add_flags(struct maker *maker, struct json_object *group, uint32_t flags,
		      const struct flag_name *name)
{
	char text[160] = "";
	size_t used = 0;

	for (; name->name; name++) {
		if (!(flags & name->flag))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? "," : "",
					 name->name);
		flags &= ~name->flag;
	}
	if (flags)
		snprintf(text + used, sizeof(text) - used, "%s0x%x", used ? "," : "", flags);
	add_string(maker, group, "flags", text[0] ? text : "-");
}

static void add_time(struct maker *maker, struct json_object *group, uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char date[64], text[96];
	struct tm tm;

	if (!realtime_ns || !gmtime_r(&seconds, &tm) ||
	    !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm)) {
		add_string(maker, group, "time", NULL);
		return;
	}
	snprintf(text, sizeof(text), "%s.%09" PRIu64 "Z", date, realtime_ns % 1000000000);
	add_string(maker, group, "time", text);
}

void cordon_boot_text(const __u64 boot[2], char text[CORDON_BOOT_TEXT_BYTES])
{
	const uint8_t *b = (const uint8_t *)boot;
	int i, at = 0;

	for (i = 0; i < 16; i++)
		at += sprintf(text + at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      b[i]);
}

void cordon_address_text(const struct cordon_address *address, char text[CORDON_ADDRESS_TEXT_BYTES])
{
	struct in6_addr in6;

	memcpy(&in6, address->bytes, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		inet_ntop(AF_INET, address->bytes + 12, text, CORDON_ADDRESS_TEXT_BYTES);
	else
		inet_ntop(AF_INET6, address->bytes, text, CORDON_ADDRESS_TEXT_BYTES);
}

int cordon_address_parse(const char *text, struct cordon_address *address)
{
	struct cordon_address found = { { 0 } };

	if (inet_pton(AF_INET, text, found.bytes + 12) == 1)
		found.bytes[10] = found.bytes[11] = 0xff;
	else if (inet_pton(AF_INET6, text, found.bytes) != 1)
		return -EINVAL;
	*address = found;
	return 0;
}

static const char *protocol_name(unsigned int protocol)
{
	switch (protocol) {
	case 0:
		return UNKNOWN;
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

static const char *family_name(unsigned int family)
{
	switch (family) {
	case AF_UNSPEC:
		return UNKNOWN;
	case AF_UNIX:
		return "unix";
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_NETLINK:
		return "netlink";
	case AF_PACKET:
		return "packet";
	default:
		return NULL;
	}
}

static struct json_object *new_group(struct maker *maker, struct json_object *object,
				     const char *key)
{
	struct json_object *group = json_object_new_object();

	add(maker, object, key, group);
	return maker->failed ? NULL : group;
}

static void add_subject(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	struct json_object *group = new_group(maker, object, "subject");
	/* A packet's record is not made by the subject's own task: no thread. */
	bool own = r->tid != 0, known = r->reason != CORDON_REASON_NO_SUBJECT;

	if (!group)
		return;
	add_number(maker, group, "pid", r->pid, r->pid != 0);
	add_number(maker, group, "tid", r->tid, own);
	add_number(maker, group, "parent", r->parent, own);
	add_number(maker, group, "start_ns", r->start_ns, r->start_ns != 0);
	add_number(maker, group, "uid", r->uid, true);
	add_number(maker, group, "gid", r->gid, own);
	add_number(maker, group, "login_uid", r->login_uid, r->login_uid != UINT32_MAX);
	add_number(maker, group, "session", r->session, r->session != UINT32_MAX);
	if (r->comm[0])
		add_bytes(maker, group, "comm", "", r->comm, strnlen(r->comm, sizeof(r->comm)));
	else
		add_string(maker, group, "comm", NULL);
	add_path(maker, group, "exe", maker->view->exe, r->exe, r->flags & CORDON_RECORD_EXE_CUT);
	add_device(maker, group, "exe_device", r->exe_device);
	add_number(maker, group, "exe_inode", r->exe_inode, r->exe_inode != 0);
	add_label(maker, group, "clearance", r->clearance, known);
	add_label(maker, group, "taint", r->taint, known);
	add_flags(maker, group, r->subject_flags, subject_flags);
	add_rule(maker, group, "rule", r->subject_rule);
}

static void add_object(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	struct json_object *group;

	if (!(r->flags & CORDON_RECORD_HAS_OBJECT))
		return;
	group = new_group(maker, object, "object");
	if (!group)
		return;
	add_device(maker, group, "device", r->object_device);
	add_number(maker, group, "inode", r->object_inode, r->object_inode != 0);
	add_path(maker, group, "path", maker->view->path, r->path,
		 r->flags & CORDON_RECORD_PATH_CUT);
	add_label(maker, group, "label", r->object_label, true);
	add_flags(maker, group, r->object_flags, object_flags);
}

static void add_target(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	struct json_object *group;

	if (!(r->flags & CORDON_RECORD_HAS_TARGET))
		return;
	group = new_group(maker, object, "target");
	if (!group)
		return;
	add_number(maker, group, "pid", r->target_pid, r->target_pid != 0);
	add_label(maker, group, "clearance", r->target_clearance, true);
	add_label(maker, group, "taint", r->target_taint, true);
}

static void add_host(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	char text[CORDON_ADDRESS_TEXT_BYTES] = UNKNOWN;
	struct json_object *group;

	if (!(r->flags & CORDON_RECORD_HAS_HOST))
		return;
	group = new_group(maker, object, "host");
	if (!group)
		return;
	if (r->family == AF_INET || r->family == AF_INET6 || r->host_known)
		cordon_address_text(&r->address, text);
	add_string(maker, group, "address", text);
	add_number(maker, group, "port", r->port, r->port != 0);
	add_name(maker, group, "protocol", protocol_name(r->protocol), r->protocol);
	add_string(maker, group, "direction", r->inbound ? "inbound" : "outbound");
	add_name(maker, group, "family", family_name(r->family), r->family);
	add_label(maker, group, "clearance", r->host_clearance, r->host_known);
	add_number(maker, group, "net_namespace", r->net_namespace, r->net_namespace != 0);
}

static void add_policy(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	struct json_object *group = new_group(maker, object, "policy");

	if (!group)
		return;
	add_number(maker, group, "version", r->policy_version, r->generation != 0);
	add_hex(maker, group, "digest", r->policy_digest, sizeof(r->policy_digest));
	add_number(maker, group, "generation", r->generation, r->generation != 0);
}

/* Where the record stands in the ledger, when there was one. */
static void add_ledger(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	struct json_object *group;
	char number[17];

	if (!r->ledger)
		return;
	group = new_group(maker, object, "ledger");
	if (!group)
		return;
	snprintf(number, sizeof(number), "%016llx", (unsigned long long)r->ledger);
	add_string(maker, group, "number", number);
	add_number(maker, group, "epoch", r->epoch, true);
	add_hex(maker, group, "tag", r->tag, sizeof(r->tag));
}

/* What was decided, when, by which rule. */
static void add_decision(struct maker *maker, struct json_object *object)
{
	const struct cordon_record *r = maker->view->record;
	char boot[CORDON_BOOT_TEXT_BYTES];

	cordon_boot_text(r->boot, boot);
	if (r->ledger)
		add_number(maker, object, "chain", r->chain, true);
	add_number(maker, object, "sequence", r->sequence, r->sequence != 0);
	add_string(maker, object, "boot", boot);
	add_time(maker, object, r->realtime_ns);
	add_number(maker, object, "boottime_ns", r->boottime_ns, true);
	add_name(maker, object, "verdict", cordon_verdict_name(r->verdict), r->verdict);
	add_name(maker, object, "reason", cordon_reason_name(r->reason), r->reason);
	add_name(maker, object, "operation", cordon_operation_name(r->operation), r->operation);
	add_name(maker, object, "mode", cordon_mode_name(r->mode), r->mode);
	add_number(maker, object, "count", r->count, true);
	if (r->repeats_of) {
		add_number(maker, object, "repeats_of", r->repeats_of, true);
		add_number(maker, object, "repeats_chain", r->repeats_chain,
			   r->repeats_chain != CORDON_CHAIN_NONE);
	}
	add_rule(maker, object, "rule", r->rule);
}

struct json_object *cordon_record_json(const struct cordon_record_view *view)
{
	const struct cordon_record *r = view->record;
	struct maker maker = { .view = view };
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_decision(&maker, object);
	add_policy(&maker, object);
	add_ledger(&maker, object);
	if (r->flags & CORDON_RECORD_HAS_TEXT)
		add_bytes(&maker, object, "text", "", r->path, strnlen(r->path, sizeof(r->path)));
	add_subject(&maker, object);
	add_object(&maker, object);
	add_target(&maker, object);
	add_host(&maker, object);
	if (maker.failed) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

/* A value is quoted where it has blanks; escaping was done already. */
static void write_value(struct json_object *value, FILE *out)
{
	const char *text = json_object_get_string(value);

	fprintf(out, text[strcspn(text, " =")] || !*text ? "\"%s\"" : "%s", text);
}

static void write_fields(struct json_object *object, const char *group, FILE *out)
{
	json_object_object_foreach(object, key, value) {
		if (json_object_is_type(value, json_type_object)) {
			write_fields(value, key, out);
			continue;
		}
		fprintf(out, " %s%s%s=", group, *group ? "." : "", key);
		write_value(value, out);
	}
}

int cordon_record_write(const struct cordon_record_view *view, FILE *out)
{
	static const char *const first[] = { "time", "verdict", "reason", "operation" };
	struct json_object *object = cordon_record_json(view), *value;
	size_t i;

	if (!object)
		return -ENOMEM;
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		json_object_object_get_ex(object, first[i], &value);
		fprintf(out, "%s%s", i ? " " : "", json_object_get_string(value));
		/* Taken out, so that the rest is what is left. */
		json_object_object_del(object, first[i]);
	}
	write_fields(object, "", out);
	json_object_put(object);
	return ferror(out) ? -EIO : 0;
}
