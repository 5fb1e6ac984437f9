/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy image in memory. An image may come from anybody: nothing in it is
 * used before cordon_image_open() has checked every offset, count and index,
 * and what it lets through can be walked without further checks.
 */
#ifndef CORDON_IMAGE_H
#define CORDON_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"
#include "cordon/label.h"
#include "failure.h"
#include "label_text.h"

/* Borrows the image's bytes: it is valid as long as they are. */
struct cordon_image_view {
	const struct cordon_image *header;
	uint64_t bytes;
	const struct cordon_slot *slots;
	const struct cordon_accept *accepts;
	const struct cordon_grant *grants;
	const struct cordon_host *hosts;
	const struct cordon_port *ports;
	const struct cordon_hostname *hostnames;
	const struct cordon_device *devices;
	const struct cordon_rule *rules;
	const struct cordon_file *files;
	const struct cordon_name *levels;
	const struct cordon_name *categories;
	const char *strings;
	uint32_t slot_count, accept_count, grant_count, host_count, port_count, hostname_count;
	uint32_t device_count, rule_count, file_count, level_count, category_count, string_bytes;
};

/*
 * Checks @bytes (8-byte aligned, @count of them) and fills @view. Returns 0,
 * or -EINVAL (no image, or one that is not whole), -EPROTO (another ABI
 * version), -EBADMSG (the digest does not fit), each with @failure saying
 * what is wrong. @view is untouched on failure.
 */
int cordon_image_open(const void *bytes, size_t count, struct cordon_image_view *view,
		      struct cordon_failure *failure);

/* As above, but whatever the digest: for an image that is still being made. */
int cordon_image_open_layout(const void *bytes, size_t count, struct cordon_image_view *view,
			     struct cordon_failure *failure);

/* Reads an image file; *@bytes is the caller's to free. -errno with @failure. */
int cordon_image_read(const char *path, void **bytes, size_t *count,
		      struct cordon_failure *failure);

/* BLAKE2b-256 of the image with its digest and generation as zero. */
void cordon_image_digest(const struct cordon_image *image, size_t bytes,
			 uint8_t digest[CORDON_DIGEST_BYTES]);

struct cordon_label_names cordon_image_label_names(const struct cordon_image_view *view);

/*
 * "file:line" of the rule with this number into @text; "?" when there is
 * none. Returns false then.
 */
#define CORDON_RULE_TEXT_BYTES (CORDON_FILE_BYTES + 12)
int cordon_image_rule_text(const struct cordon_image_view *view, uint32_t rule,
			   char text[CORDON_RULE_TEXT_BYTES]);

/* What a host name stands for now: @name is an index into the host names. */
struct cordon_name_address {
	uint32_t name;
	struct cordon_address address; /* any form; made canonical here */
};

/*
 * Makes a new image in which the addresses that host names stand for are
 * hosts of their own, each under the rules of all its names and of the
 * prefixes around it. Where two names of one address disagree, it gets the
 * meet. @image is the image as it was compiled, never one made by this
 * function: addresses that are gone must be gone. *@made is the caller's to
 * free. Returns 0, -ENOMEM, or -E2BIG with @failure (more port ranges for one
 * address than CORDON_PORTS_PER_HOST_MAX).
 */
int cordon_image_add_addresses(const struct cordon_image_view *image,
			       const struct cordon_name_address *addresses, size_t count,
			       void **made, size_t *made_bytes, struct cordon_failure *failure);

#endif /* CORDON_IMAGE_H */
