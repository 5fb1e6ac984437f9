/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What reached a host: the packets that tcpdump wrote, put together again, and
 * the bytes that its servers stored.
 */
#ifndef DEMO_CAPTURE_H
#define DEMO_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that grow at the end. */
struct blob {
	uint8_t *bytes;
	size_t length;
	size_t room;
};

/* Ends the program when there is no memory: that must not look like "nothing found". */
void blob_add(struct blob *blob, const void *bytes, size_t length);
/* As blob_add() at a place; what lies between is filled with zeros. */
void blob_put(struct blob *blob, size_t at, const void *bytes, size_t length);
/* Returns 0, or -1 with errno. */
int blob_read_file(struct blob *blob, const char *path);
void blob_free(struct blob *blob);

struct packet {
	uint64_t time_ns; /* since 1970 */
	const uint8_t *all; /* as captured, inside the capture */
	size_t all_length;
	uint8_t source[16], destination[16]; /* IPv4 in the first four bytes */
	uint16_t source_port, destination_port;
	uint8_t protocol; /* 0: not IP, or a later fragment */
	uint8_t tcp_flags;
	uint32_t tcp_sequence;
	const uint8_t *payload;
	size_t payload_length;
};

struct capture {
	struct blob file;
	struct packet *packet;
	size_t count;
};

/* Returns 0, or -1 with the reason on standard error. */
int capture_read(struct capture *capture, const char *path);
void capture_free(struct capture *capture);

/* Called with every stream that the packets of a time span make. @context is the caller's. */
typedef void (*stream_fn)(void *context, const char *name, const struct blob *stream);

/*
 * All packets as captured; every TCP direction put in order; the bodies of HTTP
 * requests one after the other; the datagrams to each port one after the other;
 * the names in DNS queries without their dots; what fills the pings.
 */
void capture_streams(const struct capture *capture, uint64_t from_ns, uint64_t to_ns,
		     stream_fn found, void *context);

/* The body of an HTTP request, chunks joined; appended to @body. Nothing if it is none. */
void http_body_add(struct blob *body, const uint8_t *request, size_t length);

#endif /* DEMO_CAPTURE_H */
