// SPDX-License-Identifier: GPL-2.0-only
/* Bytes that grow at the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

static void grow(struct blob *blob, size_t length)
{
	size_t room = blob->room ? blob->room : 4096;
	uint8_t *bytes;

	if (length <= blob->room)
		return;
	while (room < length)
		room *= 2;
	bytes = realloc(blob->bytes, room);
	if (!bytes) {
		fputs("scan: out of memory\n", stderr);
		exit(3);
	}
	blob->bytes = bytes;
	blob->room = room;
}

void blob_put(struct blob *blob, size_t at, const void *bytes, size_t length)
{
	if (!length)
		return;
	grow(blob, at + length);
	if (at > blob->length)
		memset(blob->bytes + blob->length, 0, at - blob->length);
	memcpy(blob->bytes + at, bytes, length);
	if (at + length > blob->length)
		blob->length = at + length;
}

void blob_add(struct blob *blob, const void *bytes, size_t length)
{
	blob_put(blob, blob->length, bytes, length);
}

int blob_read_file(struct blob *blob, const char *path)
{
	char buffer[65536];
	FILE *file = fopen(path, "re");
	size_t n;
	int failed;

	if (!file)
		return -1;
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		blob_add(blob, buffer, n);
	failed = ferror(file);
	fclose(file);
	if (failed)
		errno = EIO;
	return failed ? -1 : 0;
}

void blob_free(struct blob *blob)
{
	free(blob->bytes);
	*blob = (struct blob){ 0 };
}
