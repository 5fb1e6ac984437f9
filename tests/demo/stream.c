// SPDX-License-Identifier: GPL-2.0-only
/* Packets put together again: what the one who sent them meant to send. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture.h"

#define TCP_SYN		 0x02
#define FLOW_BYTES_MAX	 (64u << 20)
#define DNS_PORT	 53
#define DNS_HEADER_BYTES 12
#define PING_REQUEST	 8
#define PING6_REQUEST	 128
/* ping -p: its clock stands in the first bytes of the data, then the pattern of 16 bytes. */
#define PING_PATTERN_BYTES 16

struct span {
	const struct packet *first;
	size_t count;
};

static bool same_flow(const struct packet *a, const struct packet *b)
{
	return a->protocol == b->protocol && a->source_port == b->source_port &&
	       a->destination_port == b->destination_port &&
	       !memcmp(a->source, b->source, sizeof(a->source)) &&
	       !memcmp(a->destination, b->destination, sizeof(a->destination));
}

/* The first sequence number that carries data: after the SYN, whose own data (TFO) begins there. */
static uint32_t flow_base(const struct span *span, const struct packet *flow)
{
	uint32_t base = flow->tcp_sequence;

	for (size_t i = 0; i < span->count; i++) {
		const struct packet *p = &span->first[i];

		if (!same_flow(p, flow))
			continue;
		if (p->tcp_flags & TCP_SYN)
			return p->tcp_sequence + 1;
		if ((int32_t)(p->tcp_sequence - base) < 0)
			base = p->tcp_sequence;
	}
	return base;
}

static void join_flow(const struct span *span, const struct packet *flow, struct blob *stream)
{
	uint32_t base = flow_base(span, flow);

	for (size_t i = 0; i < span->count; i++) {
		const struct packet *p = &span->first[i];
		uint32_t at = p->tcp_sequence + !!(p->tcp_flags & TCP_SYN) - base;

		if (same_flow(p, flow) && at < FLOW_BYTES_MAX)
			blob_put(stream, at, p->payload, p->payload_length);
	}
}

static bool is_first_of_flow(const struct span *span, const struct packet *packet)
{
	for (const struct packet *p = span->first; p < packet; p++)
		if (same_flow(p, packet))
			return false;
	return true;
}

static void tcp_streams(const struct span *span, stream_fn found, void *context)
{
	struct blob bodies = { 0 };

	for (size_t i = 0; i < span->count; i++) {
		const struct packet *p = &span->first[i];
		struct blob stream = { 0 };
		char name[32];

		if (p->protocol != IPPROTO_TCP || !is_first_of_flow(span, p))
			continue;
		join_flow(span, p, &stream);
		snprintf(name, sizeof(name), "tcp %u", p->destination_port);
		found(context, name, &stream);
		http_body_add(&bodies, stream.bytes, stream.length);
		blob_free(&stream);
	}
	found(context, "http bodies", &bodies);
	blob_free(&bodies);
}

static void udp_streams(const struct span *span, stream_fn found, void *context)
{
	bool *done = calloc(65536, sizeof(*done));

	for (size_t i = 0; done && i < span->count; i++) {
		const struct packet *p = &span->first[i];
		struct blob stream = { 0 };
		char name[32];

		if (p->protocol != IPPROTO_UDP || done[p->destination_port])
			continue;
		done[p->destination_port] = true;
		for (size_t k = i; k < span->count; k++)
			if (span->first[k].protocol == IPPROTO_UDP &&
			    span->first[k].destination_port == p->destination_port)
				blob_add(&stream, span->first[k].payload,
					 span->first[k].payload_length);
		snprintf(name, sizeof(name), "udp %u", p->destination_port);
		found(context, name, &stream);
		blob_free(&stream);
	}
	if (!done) {
		fputs("scan: out of memory\n", stderr);
		exit(3);
	}
	free(done);
}

/* The asked name without its dots; its length, 0 when the message has none. */
static size_t dns_name(const struct packet *p, uint8_t name[256])
{
	size_t at = DNS_HEADER_BYTES, length = 0;

	while (at < p->payload_length && p->payload[at]) {
		size_t label = p->payload[at++];

		if (label > 63 || at + label > p->payload_length || length + label > 255)
			return 0;
		memcpy(name + length, p->payload + at, label);
		length += label;
		at += label;
	}
	return length;
}

/*
 * First labels one after the other, and whole names. A query that is asked
 * again (no answer came, or a resolver passes it on) counts once.
 */
static void dns_streams(const struct span *span, stream_fn found, void *context)
{
	struct blob first = { 0 }, whole = { 0 };
	uint8_t name[256], last[256];
	size_t last_length = 0;

	for (size_t i = 0; i < span->count; i++) {
		const struct packet *p = &span->first[i];
		size_t length;

		if (p->protocol != IPPROTO_UDP || p->destination_port != DNS_PORT)
			continue;
		length = dns_name(p, name);
		if (!length || (length == last_length && !memcmp(name, last, length)))
			continue;
		memcpy(last, name, length);
		last_length = length;
		blob_add(&whole, name, length);
		blob_add(&first, name, p->payload[DNS_HEADER_BYTES]);
	}
	found(context, "dns labels", &first);
	found(context, "dns names", &whole);
	blob_free(&first);
	blob_free(&whole);
}

static bool is_ping(const struct packet *p)
{
	uint8_t type = p->source_port >> 8;

	return p->payload_length >= 3 * PING_PATTERN_BYTES &&
	       ((p->protocol == IPPROTO_ICMP && type == PING_REQUEST) ||
		(p->protocol == IPPROTO_ICMPV6 && type == PING6_REQUEST));
}

/* True when what follows the clock repeats itself after @period bytes. */
static bool repeats(const uint8_t *data, size_t period)
{
	return !memcmp(data + PING_PATTERN_BYTES, data + PING_PATTERN_BYTES + period, period);
}

/* The pattern, which begins at every multiple of its length; none: the bytes after the clock. */
static void add_pattern(struct blob *patterns, const uint8_t *data, bool longest)
{
	size_t period = longest ? PING_PATTERN_BYTES : 1;

	while (period >= 1 && period <= PING_PATTERN_BYTES && !repeats(data, period))
		period += longest ? -1 : 1;
	if (period < 1 || period > PING_PATTERN_BYTES)
		period = PING_PATTERN_BYTES;
	data += (PING_PATTERN_BYTES + period - 1) / period * period;
	blob_add(patterns, data, period);
}

/* A pattern of eight bytes repeats itself after sixteen too: both readings. */
static void ping_streams(const struct span *span, stream_fn found, void *context)
{
	struct blob longest = { 0 }, shortest = { 0 };

	for (size_t i = 0; i < span->count; i++) {
		if (!is_ping(&span->first[i]))
			continue;
		add_pattern(&longest, span->first[i].payload, true);
		add_pattern(&shortest, span->first[i].payload, false);
	}
	found(context, "ping patterns", &longest);
	found(context, "short ping patterns", &shortest);
	blob_free(&longest);
	blob_free(&shortest);
}

void capture_streams(const struct capture *capture, uint64_t from_ns, uint64_t to_ns,
		     stream_fn found, void *context)
{
	struct span span = { .first = capture->packet };
	const struct packet *end = capture->packet + capture->count;
	struct blob raw = { 0 };

	while (span.first < end && span.first->time_ns < from_ns)
		span.first++;
	while (span.first + span.count < end && span.first[span.count].time_ns < to_ns)
		span.count++;
	for (size_t i = 0; i < span.count; i++)
		blob_add(&raw, span.first[i].all, span.first[i].all_length);
	found(context, "packets", &raw);
	blob_free(&raw);
	tcp_streams(&span, found, context);
	udp_streams(&span, found, context);
	dns_streams(&span, found, context);
	ping_streams(&span, found, context);
}

static void add_chunks(struct blob *body, const uint8_t *at, const uint8_t *end)
{
	while (at < end && isxdigit(*at)) {
		size_t length = 0;

		for (; at < end && isxdigit(*at); at++)
			length = length * 16 + (*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
		while (at < end && *at++ != '\n')
			;
		if (!length || length > (size_t)(end - at))
			return;
		blob_add(body, at, length);
		at += length;
		at += end - at >= 2 ? 2 : end - at;
	}
}

void http_body_add(struct blob *body, const uint8_t *request, size_t length)
{
	static const char chunked[] = "\nTransfer-Encoding: chunked";
	const uint8_t *head_end = length ? memmem(request, length, "\r\n\r\n", 4) : NULL;
	const uint8_t *end = request + length;

	if (!head_end || !isupper(*request))
		return;
	head_end += 4;
	if (memmem(request, head_end - request, chunked, strlen(chunked)))
		add_chunks(body, head_end, end);
	else
		blob_add(body, head_end, end - head_end);
}
