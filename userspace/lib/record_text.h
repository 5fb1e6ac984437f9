/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One audit record as a line for people or a JSON object. The record may
 * come from anybody: no byte of it is trusted, no index followed unchecked.
 * The fields, their order and their names are a contract: cordon-records(5).
 */
#ifndef CORDON_RECORD_TEXT_H
#define CORDON_RECORD_TEXT_H

#include <json-c/json.h>
#include <stdio.h>

#include "cordon/abi.h"
#include "image.h"

struct cordon_record_view {
	const struct cordon_record *record;
	/* Whole paths; NULL: the record's own, below its file system's root. */
	const char *exe;
	const char *path;
	/* The policy the record was made under; NULL: rules and labels as numbers. */
	const struct cordon_image_view *image;
};

/* Without the line's end. 0 or -errno (ENOMEM, or the stream's). */
int cordon_record_write(const struct cordon_record_view *view, FILE *out);

/* NULL on ENOMEM. */
struct json_object *cordon_record_json(const struct cordon_record_view *view);

/* "1f0c...-..." into @text. */
#define CORDON_BOOT_TEXT_BYTES 37
void cordon_boot_text(const __u64 boot[2], char text[CORDON_BOOT_TEXT_BYTES]);

/* An address of the policy's form; IPv4 where it is mapped. */
#define CORDON_ADDRESS_TEXT_BYTES 46
void cordon_address_text(const struct cordon_address *address,
			 char text[CORDON_ADDRESS_TEXT_BYTES]);
int cordon_address_parse(const char *text, struct cordon_address *address);

#endif /* CORDON_RECORD_TEXT_H */
