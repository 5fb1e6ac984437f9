// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, names, ports and protocols as host rules write them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cordon/match.h"
#include "words.h"

#define NAME_BYTES_MAX	253
#define LABEL_BYTES_MAX 63
#define WHOLE		128

/* Reads a whole number without sign; -1 when the text is none up to @most. */
static long number_read(const char *text, size_t length, long most)
{
	long number = 0;

	if (!length)
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
		if (number > most)
			return -1;
	}
	return number;
}

/* IPv4 is kept mapped into IPv6. -1: no address. Else its bits. */
static int address_read(const char *text, struct cordon_address *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4) == 1) {
		address->bytes[10] = address->bytes[11] = 0xff;
		memcpy(address->bytes + 12, &v4, sizeof(v4));
		return 32;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return -1;
	memcpy(address->bytes, &v6, sizeof(v6));
	return 128;
}

static void address_mask(struct cordon_address *address, uint32_t bits)
{
	for (uint32_t i = 0; i < sizeof(address->bytes); i++) {
		if (bits >= 8 * (i + 1))
			continue;
		address->bytes[i] &= bits <= 8 * i ? 0 : (uint8_t)(0xff << (8 * (i + 1) - bits));
	}
}

static const char *address_text(struct cordon_policy_text *text,
				const struct cordon_address *address, bool v4)
{
	char written[INET6_ADDRSTRLEN];

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? 12 : 0), written,
		       sizeof(written)))
		return "?";
	return cordon_arena_text(&text->arena, written, strlen(written));
}

static bool is_unspecified(const struct cordon_address *address, int width)
{
	static const uint8_t zero[16];

	return !memcmp(address->bytes + (128 - width) / 8, zero, (size_t)width / 8);
}

/* Some addresses are matched in another form: see cordon_address_canonical(). */
static bool canonical_check(struct cordon_policy_text *text, const struct policy_word *word,
			    struct cordon_prefix *prefix)
{
	struct cordon_address canonical = prefix->address;

	cordon_address_canonical(&canonical);
	if (!memcmp(&canonical, &prefix->address, sizeof(canonical)))
		return true;
	if (prefix->bits == WHOLE) {
		prefix->address = canonical;
		return true;
	}
	/* A prefix that is wider than the special range holds more than it. */
	if (prefix->bits < 16)
		return true;
	cordon_policy_mistake(text, word->at, "write the IPv4 prefix",
			      "such addresses carry an IPv4 address and are matched as that");
	return false;
}

static bool prefix_check(struct cordon_policy_text *text, const struct policy_word *word,
			 const char *bits_text, int width, struct policy_host *host)
{
	struct cordon_address masked = host->prefix.address;
	long bits = bits_text ? number_read(bits_text, strlen(bits_text), width) : width;

	if (bits < 0) {
		cordon_policy_mistake(text, word->at,
				      cordon_policy_hint(text, "an IPv%d prefix has 0 to %d bits",
							 width == 32 ? 4 : 6, width),
				      "\"%s\" has no prefix length after the /", word->text);
		return false;
	}
	if (!bits_text && is_unspecified(&host->prefix.address, width)) {
		cordon_policy_mistake(text, word->at,
				      "write any for every host, 127.0.0.0/8 ::1 for this one",
				      "\"%s\" is no host", word->text);
		return false;
	}
	host->prefix.bits = (uint32_t)bits + (width == 32 ? 96 : 0);
	address_mask(&masked, host->prefix.bits);
	if (memcmp(&masked, &host->prefix.address, sizeof(masked))) {
		cordon_policy_mistake(text, word->at,
				      cordon_policy_hint(text, "did you mean %s/%ld?",
							 address_text(text, &masked, width == 32),
							 bits),
				      "\"%s\" has bits set after its first %ld", word->text, bits);
		return false;
	}
	return width == 32 || canonical_check(text, word, &host->prefix);
}

static bool name_is_good(const char *name)
{
	size_t length = strlen(name), label;
	const char *at = name;

	if (!length || length > NAME_BYTES_MAX)
		return false;
	for (;;) {
		label = strcspn(at, ".");
		if (!label || label > LABEL_BYTES_MAX || at[0] == '-' || at[label - 1] == '-' ||
		    strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-") < label)
			return false;
		if (!at[label])
			return !isdigit((unsigned char)at[0]) || strspn(at, "0123456789") < label;
		at += label + 1;
	}
}

/* Lower case, without the root's dot; NULL: no host name, or no memory. */
static const char *name_read(struct cordon_arena *arena, const char *word)
{
	char *name = cordon_arena_text(arena, word, strlen(word));
	size_t length = strlen(word);

	if (!name)
		return NULL;
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (length > 1 && name[length - 1] == '.')
		name[length - 1] = '\0';
	return name_is_good(name) ? name : NULL;
}

static bool host_check(struct cordon_policy_text *text, const struct policy_word *word,
		       struct policy_host *host)
{
	const char *slash = strchr(word->text, '/');
	char *address;
	int width;

	host->at = word->at;
	/* "any" is ::/0, which the zeroes of @host are. */
	if (word->keyword)
		return true;
	address = cordon_arena_text(&text->arena, word->text,
				    slash ? (size_t)(slash - word->text) : word->bytes);
	if (!address) {
		text->out_of_memory = true;
		return false;
	}
	width = address_read(address, &host->prefix.address);
	if (width > 0)
		return prefix_check(text, word, slash ? slash + 1 : NULL, width, host);
	host->name = slash ? NULL : name_read(&text->arena, word->text);
	if (host->name)
		return true;
	cordon_policy_mistake(text, word->at,
			      "write an address, a prefix such as 10.20.0.0/16, a name without "
			      "patterns, or any",
			      "\"%s\" is neither an address nor a host name", word->text);
	return false;
}

static bool range_check(struct cordon_policy_text *text, const struct policy_word *word,
			const char *range, size_t length, struct policy_port_range *out)
{
	const char *dash = memchr(range, '-', length);
	size_t first = dash ? (size_t)(dash - range) : length;
	long low = number_read(range, first, UINT16_MAX);
	long high = dash ? number_read(dash + 1, length - first - 1, UINT16_MAX) : low;
	struct policy_place at = word->at;

	at.column += (uint32_t)(range - word->text) + word->quoted;
	if (low < 1 || high < 1) {
		cordon_policy_mistake(
			text, at, "ports are 1 to 65535, lists have no spaces: 25,587 or 8000-8100",
			"\"%.*s\" is no port", (int)length, range);
		return false;
	}
	if (low > high) {
		cordon_policy_mistake(text, at,
				      cordon_policy_hint(text, "did you mean %ld-%ld?", high, low),
				      "\"%.*s\" is a range without ports", (int)length, range);
		return false;
	}
	out->low = (uint16_t)low;
	out->high = (uint16_t)high;
	return true;
}

static bool ports_check(struct cordon_policy_text *text, struct policy_rule *rule)
{
	const struct policy_word *word = rule->port;
	uint32_t count = 1;
	const char *at;
	bool good = true;

	for (at = word ? word->text : ""; *at; at++)
		count += *at == ',';
	if (count > CORDON_PORTS_PER_HOST_MAX) {
		cordon_policy_mistake(text, word->at, "write ranges: 8000-8100",
				      "the list has %u ports, the limit for a host is %d", count,
				      CORDON_PORTS_PER_HOST_MAX);
		return false;
	}
	rule->ranges = cordon_arena_alloc(&text->arena, count * sizeof(*rule->ranges));
	if (!rule->ranges) {
		text->out_of_memory = true;
		return false;
	}
	rule->range_count = count;
	rule->ranges[0] = (struct policy_port_range){ 0, UINT16_MAX };
	if (!word)
		return true;
	at = word->text;
	for (uint32_t i = 0; i < count; i++) {
		size_t length = strcspn(at, ",");

		good &= range_check(text, word, at, length, &rule->ranges[i]);
		at += length + 1;
	}
	return good;
}

static bool has_ports(int protocol)
{
	return protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6;
}

static bool protocol_check(struct cordon_policy_text *text, struct policy_rule *rule)
{
	if (!rule->protocol)
		return true;
	rule->protocol_number = (uint8_t)cordon_policy_protocol(rule->protocol->text);
	if (!rule->port || has_ports(rule->protocol_number))
		return true;
	cordon_policy_mistake(text, rule->port->at, "write the rule without port",
			      "%s has no ports", rule->protocol->text);
	return false;
}

bool cordon_policy_check_host(struct cordon_policy_text *text, struct policy_rule *rule)
{
	const struct policy_word *word;
	uint32_t count = 0;
	bool good = true;

	for (word = rule->hosts; word; word = word->next)
		count++;
	rule->targets = cordon_arena_alloc(&text->arena, count * sizeof(*rule->targets));
	if (!rule->targets) {
		text->out_of_memory = true;
		return false;
	}
	for (word = rule->hosts; word; word = word->next)
		good &= host_check(text, word, &rule->targets[rule->target_count++]);
	good &= protocol_check(text, rule);
	return good & ports_check(text, rule);
}

/* Splits HOST:PORT[/PROTOCOL], [HOST]:PORT where the host has colons. */
static bool destination_split(char *word, char **host, char **port, char **protocol)
{
	char *colon = strrchr(word, ':'), *slash;

	if (!colon)
		return false;
	*colon = '\0';
	*host = word;
	*port = colon + 1;
	slash = strchr(*port, '/');
	*protocol = slash ? slash + 1 : NULL;
	if (slash)
		*slash = '\0';
	if (word[0] == '[' && colon > word && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = word + 1;
		return true;
	}
	return !strchr(word, ':');
}

bool cordon_destination_read(struct cordon_arena *arena, const char *text,
			     struct cordon_destination *destination)
{
	char *word = cordon_arena_text(arena, text, strlen(text));
	char *host, *port, *protocol;
	int known = IPPROTO_TCP;
	long number;

	if (!word || !destination_split(word, &host, &port, &protocol))
		return false;
	number = number_read(port, strlen(port), UINT16_MAX);
	if (protocol)
		known = cordon_policy_protocol(protocol);
	if (number < 0 || known < 0 || (!number && has_ports(known)))
		return false;
	memset(destination, 0, sizeof(*destination));
	destination->port = (uint16_t)number;
	destination->protocol = (uint8_t)known;
	if (address_read(host, &destination->address) > 0) {
		cordon_address_canonical(&destination->address);
		return true;
	}
	destination->name = name_read(arena, host);
	return destination->name != NULL;
}

bool cordon_policy_check_destination(struct cordon_policy_text *text,
				     const struct policy_word *word,
				     struct cordon_destination *destination)
{
	if (cordon_destination_read(&text->arena, word->text, destination))
		return true;
	cordon_policy_mistake(text, word->at,
			      "write 10.20.0.9:443, [2001:db8::1]:443/udp or mail.example.mil:25",
			      "\"%s\" is not HOST:PORT[/PROTOCOL]", word->text);
	return false;
}
