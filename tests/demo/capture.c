// SPDX-License-Identifier: GPL-2.0-only
/* Reads a pcap file: enough of it for what the demo's tools send. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

#define MAGIC_MICROSECONDS  0xa1b2c3d4u
#define MAGIC_NANOSECONDS   0xa1b23c4du
#define FILE_HEADER_BYTES   24
#define PACKET_HEADER_BYTES 16

#define LINK_ETHERNET 1
#define LINK_COOKED   113
#define LINK_COOKED2  276

#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd

static uint16_t big16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
	return (uint32_t)big16(p) << 16 | big16(p + 2);
}

/* The file is of this machine's byte order: both are x86. */
static uint32_t native32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* Where the network header begins and its Ethernet type; -1 for a link type nobody asked for. */
static int link_header(uint32_t link, const uint8_t *p, size_t length, uint16_t *type)
{
	static const struct {
		uint32_t link;
		int bytes, type_at;
	} known[] = { { LINK_ETHERNET, 14, 12 }, { LINK_COOKED, 16, 14 }, { LINK_COOKED2, 20, 0 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].link != link)
			continue;
		*type = 0;
		if (length < (size_t)known[i].bytes)
			return length;
		*type = big16(p + known[i].type_at);
		return known[i].bytes;
	}
	return -1;
}

static void parse_transport(struct packet *packet, const uint8_t *p, size_t length)
{
	size_t header = 0;

	switch (packet->protocol) {
	case IPPROTO_TCP:
		header = length >= 20 ? (p[12] >> 4) * 4 : 0;
		if (header < 20 || header > length)
			break;
		packet->tcp_sequence = big32(p + 4);
		packet->tcp_flags = p[13];
		break;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		header = length >= 8 ? 8 : 0;
		break;
	}
	if (!header || header > length) {
		packet->protocol = 0;
		return;
	}
	packet->source_port = big16(p);
	packet->destination_port = big16(p + 2);
	packet->payload = p + header;
	packet->payload_length = length - header;
}

static void parse_network(struct packet *packet, uint16_t type, const uint8_t *p, size_t length)
{
	size_t header, total;

	if (type == TYPE_IPV4 && length >= 20) {
		header = (p[0] & 15) * 4;
		total = big16(p + 2);
		if (header < 20 || total < header || total > length || big16(p + 6) & 0x1fff)
			return;
		memcpy(packet->source, p + 12, 4);
		memcpy(packet->destination, p + 16, 4);
		packet->protocol = p[9];
	} else if (type == TYPE_IPV6 && length >= 40) {
		header = 40;
		total = 40 + big16(p + 4);
		if (total > length)
			return;
		memcpy(packet->source, p + 8, 16);
		memcpy(packet->destination, p + 24, 16);
		packet->protocol = p[6];
	} else {
		return;
	}
	parse_transport(packet, p + header, total - header);
}

static int complain(const char *path, const char *what)
{
	fprintf(stderr, "scan: %s: %s\n", path, what);
	return -1;
}

static int read_packets(struct capture *capture, const char *path)
{
	const uint8_t *bytes = capture->file.bytes;
	size_t length = capture->file.length, at = FILE_HEADER_BYTES, room = 0;
	uint32_t magic = native32(bytes), link = native32(bytes + 20) & 0xffff;
	uint32_t unit = magic == MAGIC_MICROSECONDS ? 1000 : 1;

	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
		return complain(path, "is no capture");
	while (at + PACKET_HEADER_BYTES <= length) {
		const uint8_t *header = bytes + at, *p = header + PACKET_HEADER_BYTES;
		size_t size = native32(header + 8);
		struct packet *packet;
		uint16_t type;
		int skip;

		at += PACKET_HEADER_BYTES + size;
		if (at > length)
			return complain(path, "ends in the middle of a packet");
		skip = link_header(link, p, size, &type);
		if (skip < 0)
			return complain(path, "has a link type that is not read");
		if (capture->count == room) {
			room = room ? 2 * room : 1024;
			packet = reallocarray(capture->packet, room, sizeof(*packet));
			if (!packet)
				return complain(path, "is too large for the memory");
			capture->packet = packet;
		}
		packet = &capture->packet[capture->count++];
		*packet = (struct packet){
			.time_ns = native32(header) * 1000000000ULL +
				   (uint64_t)native32(header + 4) * unit,
			.all = p,
			.all_length = size,
		};
		parse_network(packet, type, p + skip, size - skip);
	}
	return 0;
}

int capture_read(struct capture *capture, const char *path)
{
	struct capture got = { 0 };

	if (blob_read_file(&got.file, path))
		return complain(path, strerror(errno));
	if (got.file.length < FILE_HEADER_BYTES || read_packets(&got, path)) {
		if (got.file.length < FILE_HEADER_BYTES)
			complain(path, "is no capture");
		capture_free(&got);
		return -1;
	}
	*capture = got;
	return 0;
}

void capture_free(struct capture *capture)
{
	blob_free(&capture->file);
	free(capture->packet);
	*capture = (struct capture){ 0 };
}
