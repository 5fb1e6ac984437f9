// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as an audit record: a line and an object, whatever they hold. */
#include <stdlib.h>
#include <string.h>

#include "record_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct cordon_record *record = calloc(1, sizeof(*record));
	struct cordon_record_view view = { .record = record };
	struct json_object *object;
	char *text = NULL;
	size_t written;
	FILE *out;

	if (!record)
		return 0;
	memcpy(record, bytes, count < sizeof(*record) ? count : sizeof(*record));
	object = cordon_record_json(&view);
	if (object && !json_object_to_json_string(object))
		abort();
	json_object_put(object);
	out = open_memstream(&text, &written);
	if (out) {
		cordon_record_write(&view, out);
		fclose(out);
		/* One record is one line. */
		if (memchr(text, '\n', written))
			abort();
	}
	free(text);
	free(record);
	return 0;
}
