// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notes.h"

static int push(struct notes *notes, char *text)
{
	char **grown = realloc(notes->note, (notes->count + 1) * sizeof(*grown));

	if (!grown)
		return -1;
	notes->note = grown;
	notes->note[notes->count++] = text;
	return 0;
}

void notes_add(struct notes *notes, const char *format, ...)
{
	char text[512], *copy;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	copy = strdup(text);
	if (!copy || push(notes, copy)) {
		fprintf(stderr, "cordond: %s\n", text);
		free(copy);
	}
}

void notes_free(struct notes *notes)
{
	size_t i;

	for (i = 0; i < notes->count; i++)
		free(notes->note[i]);
	free(notes->note);
	*notes = (struct notes){ 0 };
}

void notes_take(struct notes *to, struct notes *from)
{
	size_t i;

	for (i = 0; i < from->count; i++) {
		if (!push(to, from->note[i]))
			continue;
		fprintf(stderr, "cordond: %s\n", from->note[i]);
		free(from->note[i]);
	}
	free(from->note);
	*from = (struct notes){ 0 };
}
