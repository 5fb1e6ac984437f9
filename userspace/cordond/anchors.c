// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>

#include "anchors.h"
#include "cleanup.h"
#include "ledger_words.h"

int anchors_open(struct anchors *anchors, const char *path, struct cordon_failure *failure)
{
	*anchors = (struct anchors){ .file = -1 };
	if (!path)
		return 0;
	anchors->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
	return anchors->file < 0 ? cordon_failure_errno(failure, errno, "%s", path) : 0;
}

void anchors_close(struct anchors *anchors)
{
	cordon_fd_close(&anchors->file);
}

static void hand_on(struct anchors *anchors, const struct cordon_header *record)
{
	struct cordon_anchor anchor = { .ledger.number = record->ledger, .epoch = record->epoch };
	char text[CORDON_ANCHOR_TEXT_BYTES], line[CORDON_ANCHOR_TEXT_BYTES + 16];
	bool failed;
	int length;

	memcpy(anchor.ledger.boot, record->boot, sizeof(anchor.ledger.boot));
	memcpy(anchor.tag, record->tag, sizeof(anchor.tag));
	cordon_anchor_format(&anchor, text, sizeof(text));
	length = snprintf(line, sizeof(line), CORDON_ANCHOR_WORD "%s\n", text);
	failed = write(anchors->file, line, (size_t)length) != length;
	if (failed && !anchors->failed)
		fprintf(stderr, "cordond: anchors cannot be written: %s\n", strerror(errno));
	anchors->failed = failed;
}

void anchors_hand_on(struct anchors *anchors, const char *records, size_t bytes)
{
	size_t at = 0;

	while (anchors->file >= 0 && at + sizeof(struct cordon_header) <= bytes) {
		const struct cordon_header *record = (const void *)(records + at);

		if (record->class == CORDON_CLASS_EPOCH)
			hand_on(anchors, record);
		at += record->bytes;
	}
}
