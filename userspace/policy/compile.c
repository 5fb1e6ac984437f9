// SPDX-License-Identifier: GPL-2.0-only
/* From checked rules to the image, and what the world calls to get there. */
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "hosts.h"
#include "pathrules.h"

struct strings {
	char *bytes;
	uint32_t count, room;
};

/* One port range that a rule gives to one name. */
struct name_entry {
	const char *name;
	struct cordon_port port;
};

struct compilation {
	struct cordon_policy_text *text;
	struct cordon_image_parts parts;
	struct policy_paths paths;
	struct cordon_host_entry *entries;
	uint32_t entry_count;
	struct cordon_folded_hosts hosts;
	struct name_entry *names;
	uint32_t name_count;
	struct cordon_hostname *hostnames;
	struct cordon_device *devices;
	uint32_t device_count;
	struct cordon_rule *rules;
	struct cordon_file *files;
	struct strings strings;
};

static int string_add(struct strings *strings, const char *string, uint32_t *offset)
{
	size_t bytes = strlen(string) + 1;

	if (strings->count + bytes > strings->room) {
		size_t room = 2 * (strings->count + bytes);
		char *larger = realloc(strings->bytes, room);

		if (!larger)
			return -ENOMEM;
		strings->bytes = larger;
		strings->room = (uint32_t)room;
	}
	memcpy(strings->bytes + strings->count, string, bytes);
	*offset = strings->count;
	strings->count += (uint32_t)bytes;
	return 0;
}

/* ---- Hosts ---- */

static struct cordon_port port_of(const struct policy_rule *rule, uint32_t range)
{
	return (struct cordon_port){ .clearance = rule->label.value,
				     .rule = rule->number,
				     .low = rule->ranges[range].low,
				     .high = rule->ranges[range].high,
				     .protocol = rule->protocol_number,
				     .inbound = rule->inbound != NULL };
}

static void rule_hosts_collect(struct compilation *c, const struct policy_rule *rule)
{
	for (uint32_t t = 0; t < rule->target_count; t++) {
		const struct policy_host *host = &rule->targets[t];

		for (uint32_t r = 0; r < rule->range_count; r++) {
			struct cordon_port port = port_of(rule, r);

			if (host->name)
				c->names[c->name_count++] = (struct name_entry){ host->name, port };
			else
				c->entries[c->entry_count++] =
					(struct cordon_host_entry){ host->prefix, port };
		}
	}
}

static int hosts_collect(struct compilation *c)
{
	const struct policy_rule *rule;
	size_t total = 0;

	for (rule = c->text->rules; rule; rule = rule->next)
		if (rule->kind == POLICY_RULE_HOST && rule->valid)
			total += (size_t)rule->target_count * rule->range_count;
	c->entries = calloc(total + 1, sizeof(*c->entries));
	c->names = calloc(total + 1, sizeof(*c->names));
	if (!c->entries || !c->names)
		return -ENOMEM;
	for (rule = c->text->rules; rule; rule = rule->next)
		if (rule->kind == POLICY_RULE_HOST && rule->valid)
			rule_hosts_collect(c, rule);
	return 0;
}

static int name_compare(const void *a, const void *b)
{
	const struct name_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : cordon_port_compare(&x->port, &y->port);
}

/* A name that several rules have is one string. */
static int hostnames_make(struct compilation *c)
{
	uint32_t offset = 0;

	c->hostnames = calloc(c->name_count + 1ULL, sizeof(*c->hostnames));
	if (!c->hostnames)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->name_count; i++) {
		const struct name_entry *n = &c->names[i];

		if ((!i || strcmp(n[-1].name, n->name)) &&
		    string_add(&c->strings, n->name, &offset))
			return -ENOMEM;
		c->hostnames[i] = (struct cordon_hostname){ offset, 0, n->port };
	}
	return 0;
}

/* Two rules of one host: reported at the later, once. */
static void hosts_disagree(struct cordon_policy_text *text, uint32_t a, uint32_t b,
			   const char *host)
{
	struct policy_rule *first = text->by_number[a < b ? a : b];
	struct policy_rule *second = text->by_number[a < b ? b : a];

	if (second->reported)
		return;
	second->reported = true;
	cordon_policy_mistake(text, second->at,
			      "give both the same clearance, or name port and protocol in one",
			      "disagrees with %s, which is as specific: both name %s",
			      cordon_policy_place_text(text, first->at), host);
}

/* The word of the rule that gave the prefix. */
static const char *prefix_word(const struct cordon_policy_text *text,
			       const struct cordon_host_entry *entry)
{
	const struct policy_rule *rule = text->by_number[entry->port.rule];
	const struct policy_word *word = rule->hosts;

	for (uint32_t i = 0; word->next; i++, word = word->next)
		if (!rule->targets[i].name &&
		    !memcmp(&rule->targets[i].prefix, &entry->prefix, sizeof(entry->prefix)))
			break;
	return word->text;
}

static void entries_check(struct compilation *c)
{
	struct cordon_port_sweep sweep = { 0 };
	const struct cordon_port *other;
	uint32_t i;

	for (i = 0; i < c->entry_count; i++) {
		const struct cordon_host_entry *e = &c->entries[i];

		if (i && memcmp(&e[-1].prefix, &e->prefix, sizeof(e->prefix)))
			sweep = (struct cordon_port_sweep){ 0 };
		other = cordon_port_sweep(&sweep, &e->port);
		if (other)
			hosts_disagree(c->text, other->rule, e->port.rule, prefix_word(c->text, e));
	}
	sweep = (struct cordon_port_sweep){ 0 };
	for (i = 0; i < c->name_count; i++) {
		const struct name_entry *n = &c->names[i];

		if (i && strcmp(n[-1].name, n->name))
			sweep = (struct cordon_port_sweep){ 0 };
		other = cordon_port_sweep(&sweep, &n->port);
		if (other)
			hosts_disagree(c->text, other->rule, n->port.rule, n->name);
	}
}

static int hosts_compile(struct compilation *c)
{
	uint32_t bad = 0;
	int error = hosts_collect(c);

	if (error)
		return error;
	qsort(c->entries, c->entry_count, sizeof(*c->entries), cordon_host_entry_compare);
	qsort(c->names, c->name_count, sizeof(*c->names), name_compare);
	entries_check(c);
	error = cordon_hosts_fold(c->entries, c->entry_count, &c->hosts, &bad);
	if (error != -E2BIG)
		return error;
	cordon_policy_mistake(c->text, c->text->by_number[c->entries[bad].port.rule]->at,
			      "write ranges, or fewer rules for the prefixes around it",
			      "%s has more port ranges than the limit of %d",
			      prefix_word(c->text, &c->entries[bad]), CORDON_PORTS_PER_HOST_MAX);
	return 0;
}

/* ---- Rules, devices, files ---- */

static int rules_compile(struct compilation *c)
{
	const struct policy_rule *rule;

	c->rules = calloc(c->text->rule_count + 1ULL, sizeof(*c->rules));
	c->devices = calloc(c->text->rule_count + 1ULL, sizeof(*c->devices));
	c->files = calloc(c->text->source_count, sizeof(*c->files));
	if (!c->rules || !c->devices || !c->files)
		return -ENOMEM;
	for (rule = c->text->rules; rule; rule = rule->next) {
		struct cordon_device *device = &c->devices[c->device_count];

		c->rules[rule->number] = (struct cordon_rule){ rule->at.file, rule->at.line };
		if (rule->kind != POLICY_RULE_DEVICE)
			continue;
		device->label = rule->label.value;
		device->rule = rule->number;
		if (string_add(&c->strings, rule->path->text, &device->path))
			return -ENOMEM;
		c->device_count++;
	}
	for (uint32_t i = 0; i < c->text->source_count; i++)
		strcpy(c->files[i].name, c->text->sources[i].base);
	return 0;
}

static void part_set(struct compilation *c, enum cordon_section section, const void *bytes,
		     uint64_t count)
{
	c->parts.section[section].bytes = bytes;
	c->parts.section[section].count = count;
}

/* The join of all labels that rules give: what may lie on a disk that no rule names. */
static uint64_t high_label(const struct compilation *c)
{
	uint64_t high = CORDON_LABEL_UNCLASSIFIED;
	uint32_t i;

	for (i = 0; i < c->parts.header.policy.accept_count; i++)
		high = cordon_label_join(high, c->paths.accepts[i].label);
	for (i = 0; i < c->device_count; i++)
		high = cordon_label_join(high, c->devices[i].label);
	return high;
}

/* True when one rule knows every host, port and protocol. */
static bool every_host_is_known(const struct compilation *c)
{
	static const struct cordon_prefix any;

	for (uint32_t i = 0; i < c->entry_count; i++) {
		const struct cordon_host_entry *entry = &c->entries[i];

		if (!memcmp(&entry->prefix, &any, sizeof(any)) && !entry->port.protocol &&
		    !entry->port.inbound && !entry->port.low && entry->port.high == 0xffff)
			return true;
	}
	return false;
}

static int image_make(struct compilation *c)
{
	struct cordon_policy_text *text = c->text;
	struct cordon_policy *policy = &c->parts.header.policy;

	strcpy(c->parts.header.name, text->name->text);
	policy->version = text->version;
	policy->options = (text->ledger_full_deny ? CORDON_OPTION_LEDGER_FULL_DENY : 0) |
			  (text->terminal_neutral ? CORDON_OPTION_TERMINAL_NEUTRAL : 0) |
			  (text->write_down_raise ? CORDON_OPTION_WRITE_DOWN_RAISE : 0) |
			  (text->record_level ? CORDON_OPTION_RECORD_READS : 0);
	policy->record_reads = text->record_reads;
	policy->high = high_label(c);
	if (policy->high || !every_host_is_known(c))
		policy->options |= CORDON_OPTION_RESTRICTS;
	policy->port_count = c->hosts.port_count;
	part_set(c, CORDON_SECTION_SLOTS, c->paths.slots, policy->slot_count);
	part_set(c, CORDON_SECTION_ACCEPTS, c->paths.accepts, policy->accept_count);
	part_set(c, CORDON_SECTION_GRANTS, c->paths.grants, policy->grant_count);
	part_set(c, CORDON_SECTION_HOSTS, c->hosts.hosts, c->hosts.host_count);
	part_set(c, CORDON_SECTION_PORTS, c->hosts.ports, c->hosts.port_count);
	part_set(c, CORDON_SECTION_HOSTNAMES, c->hostnames, c->name_count);
	part_set(c, CORDON_SECTION_DEVICES, c->devices, c->device_count);
	part_set(c, CORDON_SECTION_RULES, c->rules, text->rule_count + 1ULL);
	part_set(c, CORDON_SECTION_FILES, c->files, text->source_count);
	part_set(c, CORDON_SECTION_LEVELS, text->levels, text->level_count);
	part_set(c, CORDON_SECTION_CATEGORIES, text->categories, text->category_count);
	part_set(c, CORDON_SECTION_STRINGS, c->strings.bytes, c->strings.count);
	return cordon_image_assemble(&c->parts, &text->image, &text->image_bytes);
}

int cordon_policy_build(struct cordon_policy_text *text)
{
	struct compilation c = { .text = text };
	struct policy_rule *rule;
	int error;

	text->by_number = cordon_arena_alloc(&text->arena,
					     (text->rule_count + 1ULL) * sizeof(*text->by_number));
	if (!text->by_number)
		return -ENOMEM;
	for (rule = text->rules; rule; rule = rule->next)
		text->by_number[rule->number] = rule;
	error = cordon_policy_paths(text, &c.parts.header.policy, &c.paths);
	if (!error)
		error = hosts_compile(&c);
	if (!error && !text->mistake_count)
		error = rules_compile(&c);
	if (!error && !text->mistake_count)
		error = hostnames_make(&c);
	if (!error && !text->mistake_count)
		error = image_make(&c);
	free(c.paths.slots);
	free(c.paths.accepts);
	free(c.paths.grants);
	free(c.entries);
	free(c.names);
	free(c.hostnames);
	free(c.devices);
	free(c.rules);
	free(c.files);
	free(c.strings.bytes);
	cordon_hosts_free(&c.hosts);
	return error;
}

/* ---- What the world calls ---- */

static struct cordon_policy_text *text_new(const struct cordon_policy_options *options)
{
	struct cordon_policy_text *text = calloc(1, sizeof(*text));

	if (!text)
		return NULL;
	text->options = *options;
	text->rules_end = &text->rules;
	text->expectations_end = &text->expectations;
	return text;
}

static int text_compile(struct cordon_policy_text *text)
{
	int error = 0;

	for (uint32_t i = 0; i < text->source_count && !error; i++)
		error = cordon_policy_parse(text, i);
	if (!error)
		error = cordon_policy_check(text);
	if (!error)
		error = cordon_policy_build(text);
	if (!error && text->image)
		error = cordon_policy_expect(text);
	if (!error)
		error = cordon_policy_mistakes_sort(text);
	if (error || text->out_of_memory)
		return -ENOMEM;
	if (!text->mistake_count)
		return 0;
	free(text->image);
	text->image = NULL;
	return -EINVAL;
}

/* Keeps the text also with mistakes in it: they are what the caller shows. */
static int text_finish(struct cordon_policy_text *text, int error,
		       struct cordon_policy_text **policy)
{
	if (!error)
		error = text_compile(text);
	if (error && error != -EINVAL)
		cordon_policy_free(text);
	else
		*policy = text;
	return error;
}

int cordon_policy_compile(const char *const paths[], size_t count,
			  const struct cordon_policy_options *options,
			  struct cordon_policy_text **policy)
{
	struct cordon_policy_text *text = text_new(options);
	int error = text ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !error; i++)
		error = cordon_policy_source_read(text, paths[i]);
	return text ? text_finish(text, error, policy) : error;
}

int cordon_policy_compile_text(const char *name, const char *bytes, size_t count,
			       const struct cordon_policy_options *options,
			       struct cordon_policy_text **policy)
{
	struct cordon_policy_text *text = text_new(options);

	if (!text)
		return -ENOMEM;
	return text_finish(text, cordon_policy_source_add(text, name, bytes, count), policy);
}

void cordon_policy_free(struct cordon_policy_text *policy)
{
	if (!policy)
		return;
	free(policy->image);
	cordon_arena_free(&policy->arena);
	free(policy);
}

const struct cordon_image *cordon_policy_image(const struct cordon_policy_text *policy,
					       size_t *bytes)
{
	*bytes = policy->image_bytes;
	return policy->image;
}

struct cordon_image *cordon_policy_take_image(struct cordon_policy_text *policy, size_t *bytes)
{
	struct cordon_image *image = policy->image;

	*bytes = policy->image_bytes;
	policy->image = NULL;
	return image;
}

size_t cordon_policy_rule_count(const struct cordon_policy_text *policy)
{
	return policy->rule_count;
}

size_t cordon_policy_expectation_count(const struct cordon_policy_text *policy)
{
	return policy->expectation_count;
}

int cordon_policy_user(struct cordon_policy_text *policy, const char *name, uint32_t *uid)
{
	return cordon_policy_account(policy, name, false, uid);
}

int cordon_policy_group(struct cordon_policy_text *policy, const char *name, uint32_t *gid)
{
	return cordon_policy_account(policy, name, true, gid);
}
