// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "cordon/match.h"
#include "image.h"

#define IMAGE_BYTES_MAX (1u << 30)
#define GRANT_FLAGS \
	(CORDON_GRANT_USER | CORDON_GRANT_GROUP | CORDON_GRANT_UNIT | CORDON_GRANT_TRUSTED)
#define OPTIONS                                                            \
	(CORDON_OPTION_LEDGER_FULL_DENY | CORDON_OPTION_WRITE_DOWN_RAISE | \
	 CORDON_OPTION_RECORD_READS | CORDON_OPTION_RESTRICTS | CORDON_OPTION_TERMINAL_NEUTRAL)

/* The element of each section, in the order of enum cordon_section. */
static const struct {
	const char *name;
	uint32_t bytes;
	uint32_t least, most; /* elements */
} sections[CORDON_SECTION_COUNT] = {
	[CORDON_SECTION_SLOTS] = { "slots", sizeof(struct cordon_slot), 4,
				   CORDON_AUTOMATON_SLOTS_MAX },
	[CORDON_SECTION_ACCEPTS] = { "accepts", sizeof(struct cordon_accept), 1,
				     CORDON_AUTOMATON_SLOTS_MAX },
	[CORDON_SECTION_GRANTS] = { "grants", sizeof(struct cordon_grant), 0,
				    CORDON_AUTOMATON_SLOTS_MAX },
	[CORDON_SECTION_HOSTS] = { "hosts", sizeof(struct cordon_host), 0, 1u << 24 },
	[CORDON_SECTION_PORTS] = { "ports", sizeof(struct cordon_port), 0, 1u << 26 },
	[CORDON_SECTION_HOSTNAMES] = { "hostnames", sizeof(struct cordon_hostname), 0, 1u << 24 },
	[CORDON_SECTION_DEVICES] = { "devices", sizeof(struct cordon_device), 0, CORDON_RULES_MAX },
	[CORDON_SECTION_RULES] = { "rules", sizeof(struct cordon_rule), 1, CORDON_RULES_MAX },
	[CORDON_SECTION_FILES] = { "files", sizeof(struct cordon_file), 1, CORDON_RULES_MAX },
	[CORDON_SECTION_LEVELS] = { "levels", sizeof(struct cordon_name), 1, CORDON_LEVEL_MAX },
	[CORDON_SECTION_CATEGORIES] = { "categories", sizeof(struct cordon_name), 0,
					CORDON_CATEGORY_MAX },
	[CORDON_SECTION_STRINGS] = { "strings", 1, 0, 1u << 28 },
};

static int bad(struct cordon_failure *failure, const char *what, uint64_t index)
{
	return cordon_failure_set(failure, EINVAL, "the image is damaged: %s (at %" PRIu64 ")",
				  what, index);
}

static bool is_zero(const void *bytes, size_t count)
{
	const uint8_t *b = bytes;

	while (count && !b[count - 1])
		count--;
	return !count;
}

/* NUL-terminated within @size, and nothing behind the end. */
static bool text_is_good(const char *text, size_t size, bool empty)
{
	size_t length = strnlen(text, size);

	return length < size && (length || empty) && is_zero(text + length, size - length);
}

static int header_check(const struct cordon_image *image, size_t count,
			struct cordon_failure *failure)
{
	if (count < sizeof(*image) || image->magic != CORDON_IMAGE_MAGIC)
		return cordon_failure_set(failure, EINVAL, "this is not a policy image");
	if (image->abi != CORDON_ABI_VERSION)
		return cordon_failure_set(failure, EPROTO,
					  "the image has ABI version %u, this program %u",
					  image->abi, CORDON_ABI_VERSION);
	if (image->header_bytes != sizeof(*image) || image->total_bytes != count)
		return cordon_failure_set(failure, EINVAL,
					  "the image is not whole: %zu bytes of %llu", count,
					  (unsigned long long)image->total_bytes);
	if (!text_is_good(image->name, sizeof(image->name), false))
		return bad(failure, "the policy's name", 0);
	return 0;
}

/* Sections follow each other without gap or overlap, each 8-byte aligned. */
static int sections_check(const struct cordon_image *image, struct cordon_failure *failure)
{
	uint64_t offset = sizeof(*image), end, count;

	for (uint32_t i = 0; i < CORDON_SECTION_COUNT; i++) {
		count = image->section[i].count;
		if (count < sections[i].least || count > sections[i].most)
			return bad(failure, "the size of a section", i);
		if (image->section[i].offset != offset)
			return bad(failure, "the place of a section", i);
		end = offset + count * sections[i].bytes;
		offset = (end + 7) & ~7ULL;
		if (offset > image->total_bytes)
			return bad(failure, "the end of a section", i);
		if (!is_zero((const char *)image + end, offset - end))
			return bad(failure, "padding", i);
	}
	return offset == image->total_bytes ? 0 : bad(failure, "the end", offset);
}

static const void *section_at(const struct cordon_image *image, enum cordon_section section,
			      uint32_t *count)
{
	*count = (uint32_t)image->section[section].count;
	return (const char *)image + image->section[section].offset;
}

static void view_fill(const struct cordon_image *image, struct cordon_image_view *v)
{
	v->header = image;
	v->bytes = image->total_bytes;
	v->slots = section_at(image, CORDON_SECTION_SLOTS, &v->slot_count);
	v->accepts = section_at(image, CORDON_SECTION_ACCEPTS, &v->accept_count);
	v->grants = section_at(image, CORDON_SECTION_GRANTS, &v->grant_count);
	v->hosts = section_at(image, CORDON_SECTION_HOSTS, &v->host_count);
	v->ports = section_at(image, CORDON_SECTION_PORTS, &v->port_count);
	v->hostnames = section_at(image, CORDON_SECTION_HOSTNAMES, &v->hostname_count);
	v->devices = section_at(image, CORDON_SECTION_DEVICES, &v->device_count);
	v->rules = section_at(image, CORDON_SECTION_RULES, &v->rule_count);
	v->files = section_at(image, CORDON_SECTION_FILES, &v->file_count);
	v->levels = section_at(image, CORDON_SECTION_LEVELS, &v->level_count);
	v->categories = section_at(image, CORDON_SECTION_CATEGORIES, &v->category_count);
	v->strings = section_at(image, CORDON_SECTION_STRINGS, &v->string_bytes);
}

/* A label of this policy: no hole, no level or category without a name. */
static bool label_is_good(const struct cordon_image_view *v, cordon_label label)
{
	return cordon_label_valid(label) && cordon_label_level(label) < v->level_count &&
	       !(cordon_label_categories(label) >> v->category_count);
}

static bool rule_is_good(const struct cordon_image_view *v, uint32_t rule)
{
	return rule < v->rule_count;
}

static bool string_is_good(const struct cordon_image_view *v, uint32_t offset)
{
	return offset < v->string_bytes && v->strings[offset];
}

static int policy_check(const struct cordon_image_view *v, struct cordon_failure *failure)
{
	const struct cordon_policy *p = &v->header->policy;

	if (!p->version)
		return bad(failure, "the policy's version", 0);
	if (p->options & ~OPTIONS || p->reserved)
		return bad(failure, "an option", p->options);
	if (!label_is_good(v, p->record_reads))
		return bad(failure, "the label of recorded reads", p->record_reads);
	if (p->slot_count != v->slot_count || p->accept_count != v->accept_count ||
	    p->grant_count != v->grant_count || p->port_count != v->port_count)
		return bad(failure, "a count of the policy", 0);
	for (uint32_t i = 0; i < 256; i++)
		if (p->class[i] < CORDON_CLASS_FIRST)
			return bad(failure, "a byte class", i);
	return 0;
}

/* A state owns its base and its accept slot. */
static bool state_is_good(const struct cordon_image_view *v, uint32_t state)
{
	return state >= 2 && state < v->slot_count - 1 &&
	       v->slots[state + CORDON_SLOT_DEFAULT].check == state &&
	       v->slots[state + CORDON_SLOT_ACCEPT].check == state;
}

static int slots_check(const struct cordon_image_view *v, struct cordon_failure *failure)
{
	if (!state_is_good(v, v->header->policy.start))
		return bad(failure, "the start state", v->header->policy.start);
	for (uint32_t i = 0; i < v->slot_count; i++) {
		const struct cordon_slot *slot = &v->slots[i];

		if (!slot->check) {
			if (slot->next)
				return bad(failure, "a free slot", i);
			continue;
		}
		if (slot->check > i || i - slot->check > UINT8_MAX ||
		    !state_is_good(v, slot->check))
			return bad(failure, "the owner of a slot", i);
		if (i - slot->check == CORDON_SLOT_ACCEPT ? slot->next >= v->accept_count :
							    !state_is_good(v, slot->next))
			return bad(failure, "where a slot leads", i);
	}
	return 0;
}

static int accepts_check(const struct cordon_image_view *v, struct cordon_failure *failure)
{
	for (uint32_t i = 0; i < v->accept_count; i++) {
		const struct cordon_accept *a = &v->accepts[i];

		if (!label_is_good(v, a->label) || !rule_is_good(v, a->rule) || a->reserved ||
		    a->flags & ~(CORDON_OBJECT_DROP | CORDON_OBJECT_PROGRAM | CORDON_OBJECT_R7))
			return bad(failure, "what a path holds", i);
		if (a->grant_count > CORDON_GRANTS_PER_PROGRAM_MAX ||
		    a->grant_first > v->grant_count ||
		    a->grant_count > v->grant_count - a->grant_first)
			return bad(failure, "the grants of a path", i);
		for (uint32_t k = 1; k < a->grant_count; k++)
			if (v->grants[a->grant_first + k - 1].rank <
			    v->grants[a->grant_first + k].rank)
				return bad(failure, "the order of grants", a->grant_first + k);
		if (!i && (a->label || a->flags || a->rule || a->grant_count))
			return bad(failure, "what no rule names", i);
	}
	return 0;
}

static int grants_check(const struct cordon_image_view *v, struct cordon_failure *failure)
{
	for (uint32_t i = 0; i < v->grant_count; i++) {
		const struct cordon_grant *g = &v->grants[i];
		bool unit = g->flags & CORDON_GRANT_UNIT;

		if (!label_is_good(v, g->clearance) || !rule_is_good(v, g->rule) || g->reserved ||
		    g->flags & ~GRANT_FLAGS)
			return bad(failure, "a grant", i);
		if ((!(g->flags & CORDON_GRANT_USER) && g->uid) ||
		    (!(g->flags & CORDON_GRANT_GROUP) && g->gid) ||
		    !text_is_good(g->unit, sizeof(g->unit), !unit) || (!unit && g->unit[0]))
			return bad(failure, "whom a grant is for", i);
	}
	return 0;
}

static bool port_is_good(const struct cordon_image_view *v, const struct cordon_port *p)
{
	return label_is_good(v, p->clearance) && rule_is_good(v, p->rule) && p->low <= p->high &&
	       p->inbound <= 1 && p->folded <= 1 && is_zero(p->reserved, sizeof(p->reserved));
}

/* Bits behind the prefix are zero: a prefix has one form. */
static bool prefix_is_good(const struct cordon_prefix *prefix)
{
	uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (prefix->bits > 128)
		return false;
	if (rest && prefix->address.bytes[whole] & (0xff >> rest))
		return false;
	whole += rest != 0;
	return is_zero(prefix->address.bytes + whole, sizeof(prefix->address.bytes) - whole);
}

static int host_order(const struct cordon_prefix *a, const struct cordon_prefix *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	return order ? order : (int)a->bits - (int)b->bits;
}

static int hosts_check(const struct cordon_image_view *v, struct cordon_failure *failure)
{
	uint32_t i;

	for (i = 0; i < v->host_count; i++) {
		const struct cordon_host *h = &v->hosts[i];

		if (!prefix_is_good(&h->prefix))
			return bad(failure, "a host's prefix", i);
		if (i && host_order(&v->hosts[i - 1].prefix, &h->prefix) >= 0)
			return bad(failure, "the order of hosts", i);
		if (h->ports.count > CORDON_PORTS_PER_HOST_MAX || h->ports.first > v->port_count ||
		    h->ports.count > v->port_count - h->ports.first)
			return bad(failure, "a host's ports", i);
	}
	for (i = 0; i < v->port_count; i++)
		if (!port_is_good(v, &v->ports[i]))
			return bad(failure, "a port range", i);
	for (i = 0; i < v->hostname_count; i++)
		if (!port_is_good(v, &v->hostnames[i].port) || v->hostnames[i].reserved ||
		    !string_is_good(v, v->hostnames[i].name))
			return bad(failure, "a host name", i);
	return 0;
}

static int names_check(const struct cordon_image_view *v, struct cordon_failure *failure)
{
	uint32_t i;

	if (v->string_bytes && v->strings[v->string_bytes - 1])
		return bad(failure, "the end of the strings", v->string_bytes);
	for (i = 0; i < v->device_count; i++)
		if (!label_is_good(v, v->devices[i].label) ||
		    !rule_is_good(v, v->devices[i].rule) || !string_is_good(v, v->devices[i].path))
			return bad(failure, "a device", i);
	if (v->rules[0].file || v->rules[0].line)
		return bad(failure, "the rule that is none", 0);
	for (i = 1; i < v->rule_count; i++)
		if (v->rules[i].file >= v->file_count || !v->rules[i].line)
			return bad(failure, "where a rule stands", i);
	for (i = 0; i < v->file_count; i++)
		if (!text_is_good(v->files[i].name, sizeof(v->files[i].name), false))
			return bad(failure, "a file's name", i);
	for (i = 0; i < v->level_count; i++)
		if (!text_is_good(v->levels[i].text, sizeof(v->levels[i].text), false))
			return bad(failure, "a level's name", i);
	for (i = 0; i < v->category_count; i++)
		if (!text_is_good(v->categories[i].text, sizeof(v->categories[i].text), false))
			return bad(failure, "a category's name", i);
	return 0;
}

int cordon_image_open_layout(const void *bytes, size_t count, struct cordon_image_view *view,
			     struct cordon_failure *failure)
{
	struct cordon_image_view v;
	int error;

	if ((uintptr_t)bytes % 8)
		return cordon_failure_set(failure, EINVAL, "the image is not aligned in memory");
	error = header_check(bytes, count, failure);
	if (!error)
		error = sections_check(bytes, failure);
	if (error)
		return error;
	view_fill(bytes, &v);
	error = names_check(&v, failure);
	if (!error)
		error = policy_check(&v, failure);
	if (!error)
		error = slots_check(&v, failure);
	if (!error)
		error = grants_check(&v, failure);
	if (!error)
		error = accepts_check(&v, failure);
	if (!error)
		error = hosts_check(&v, failure);
	if (!error)
		*view = v;
	return error;
}

int cordon_image_open(const void *bytes, size_t count, struct cordon_image_view *view,
		      struct cordon_failure *failure)
{
	uint8_t digest[CORDON_DIGEST_BYTES];
	struct cordon_image_view v;
	int error = cordon_image_open_layout(bytes, count, &v, failure);

	if (error)
		return error;
	cordon_image_digest(bytes, count, digest);
	if (memcmp(digest, v.header->policy.digest, sizeof(digest)))
		return cordon_failure_set(failure, EBADMSG,
					  "the image is damaged: its digest does not fit");
	*view = v;
	return 0;
}

void cordon_image_digest(const struct cordon_image *image, size_t bytes,
			 uint8_t digest[CORDON_DIGEST_BYTES])
{
	struct cordon_image header = *image;
	crypto_generichash_state state;

	header.policy.generation = 0;
	memset(header.policy.digest, 0, sizeof(header.policy.digest));
	crypto_generichash_init(&state, NULL, 0, CORDON_DIGEST_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)&header, sizeof(header));
	crypto_generichash_update(&state, (const unsigned char *)(image + 1),
				  bytes - sizeof(header));
	crypto_generichash_final(&state, digest, CORDON_DIGEST_BYTES);
}

int cordon_image_read(const char *path, void **bytes, size_t *count, struct cordon_failure *failure)
{
	cordon_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	cordon_auto_free void *memory = NULL;
	size_t done = 0, size;
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return cordon_failure_errno(failure, errno, "%s", path);
	if (!S_ISREG(status.st_mode) || status.st_size > IMAGE_BYTES_MAX)
		return cordon_failure_set(failure, EINVAL, "%s: this is not a policy image", path);
	size = (size_t)status.st_size;
	memory = malloc(size + 1);
	if (!memory)
		return cordon_failure_errno(failure, ENOMEM, "%s", path);
	while (done < size) {
		ssize_t more = read(fd, (char *)memory + done, size - done);

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			return cordon_failure_errno(failure, more ? errno : EIO, "%s", path);
		done += (size_t)more;
	}
	*bytes = cordon_pointer_take(&memory);
	*count = size;
	return 0;
}

struct cordon_label_names cordon_image_label_names(const struct cordon_image_view *view)
{
	return (struct cordon_label_names){ view->levels, view->level_count, view->categories,
					    view->category_count };
}

int cordon_image_rule_text(const struct cordon_image_view *view, uint32_t rule,
			   char text[CORDON_RULE_TEXT_BYTES])
{
	if (!rule || rule >= view->rule_count) {
		snprintf(text, CORDON_RULE_TEXT_BYTES, "?");
		return 0;
	}
	snprintf(text, CORDON_RULE_TEXT_BYTES, "%.*s:%u", CORDON_FILE_BYTES - 1,
		 view->files[view->rules[rule].file].name, view->rules[rule].line);
	return 1;
}
