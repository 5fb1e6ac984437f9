// SPDX-License-Identifier: GPL-2.0-only
#include "diff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND_TEXT(name, text) text,
static const char *const kind_names[] = { CORDON_DIFF_KINDS(KIND_TEXT) };

const char *cordon_diff_kind_name(enum cordon_diff_kind kind)
{
	return kind < CORDON_DIFF_KIND_COUNT ? kind_names[kind] : "?";
}

static bool make_room(struct cordon_diff *diff)
{
	size_t room = diff->room ? 2 * diff->room : 32;
	struct cordon_difference *larger;

	if (diff->count < diff->room)
		return true;
	larger = realloc(diff->list, room * sizeof(*larger));
	if (!larger)
		return false;
	diff->list = larger;
	diff->room = room;
	return true;
}

void cordon_diff_add(struct cordon_diff *diff, enum cordon_diff_kind kind, bool loosens,
		     uint32_t old_rule, uint32_t new_rule, const char *what, const char *format,
		     ...)
{
	char words[512], *name = strdup(what), *text;
	va_list arguments;

	diff->loosening += loosens; /* also when there is no room to say so */
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	text = strdup(words);
	if (!name || !text || !make_room(diff)) {
		free(name);
		free(text);
		diff->out_of_memory = true;
		return;
	}
	diff->list[diff->count++] = (struct cordon_difference){
		.loosens = loosens,
		.kind = kind,
		.what = name,
		.text = text,
		.old_rule = old_rule,
		.new_rule = new_rule,
	};
}

void cordon_diff_labels(struct cordon_diff *diff, enum cordon_diff_kind kind, const char *what,
			uint32_t old_rule, uint32_t new_rule, cordon_label old, cordon_label new,
			bool higher_loosens)
{
	struct cordon_label_names old_names = cordon_image_label_names(diff->old);
	struct cordon_label_names new_names = cordon_image_label_names(diff->new);
	char before[CORDON_LABEL_TEXT_BYTES], after[CORDON_LABEL_TEXT_BYTES];
	cordon_label more = higher_loosens ? new & ~old : old & ~new;

	if (old == new)
		return;
	cordon_diff_add(diff, kind, more != 0, old_rule, new_rule, what, "%s -> %s",
			cordon_label_text(&old_names, old, before, sizeof(before)),
			cordon_label_text(&new_names, new, after, sizeof(after)));
}

/* Numbers of levels and categories keep their meaning; else no label can be compared. */
static bool names_stay(const struct cordon_name *old, uint32_t old_count,
		       const struct cordon_name *new, uint32_t new_count)
{
	for (uint32_t i = 0; i < old_count; i++)
		if (i >= new_count || strncmp(old[i].text, new[i].text, CORDON_NAME_BYTES))
			return false;
	return true;
}

static bool diff_names(struct cordon_diff *diff)
{
	const struct cordon_image_view *old = diff->old, *new = diff->new;

	if (!names_stay(old->levels, old->level_count, new->levels, new->level_count))
		cordon_diff_add(diff, CORDON_DIFF_NAMES, true, 0, 0, "levels",
				"are not those of the old policy with more behind them: no label "
				"can be compared");
	if (!names_stay(old->categories, old->category_count, new->categories, new->category_count))
		cordon_diff_add(diff, CORDON_DIFF_NAMES, true, 0, 0, "categories",
				"are not those of the old policy with more behind them: no label "
				"can be compared");
	return !diff->loosening;
}

static void diff_options(struct cordon_diff *diff)
{
	const struct cordon_policy *old = &diff->old->header->policy;
	const struct cordon_policy *new = &diff->new->header->policy;
	uint32_t gone = old->options & ~new->options, added = new->options & ~old->options;
	cordon_label less = new->record_reads & ~old->record_reads;
	/* Every other option asks for more. */
	uint32_t looser =
		(gone & ~CORDON_OPTION_TERMINAL_NEUTRAL) | (added & CORDON_OPTION_TERMINAL_NEUTRAL);

	if (gone | added)
		cordon_diff_add(diff, CORDON_DIFF_OPTION, looser != 0, 0, 0, "on, record",
				"options %#x -> %#x", old->options, new->options);
	if (!(gone | added) && (new->options &CORDON_OPTION_RECORD_READS) &&
	    new->record_reads != old->record_reads)
		cordon_diff_add(diff, CORDON_DIFF_OPTION, less != 0, 0, 0, "record reads",
				less ? "fewer reads are recorded" : "more reads are recorded");
	if (strncmp(diff->old->header->name, diff->new->header->name, CORDON_NAME_BYTES))
		cordon_diff_add(diff, CORDON_DIFF_NAMES, true, 0, 0, "policy",
				"another name: %.*s -> %.*s", CORDON_NAME_BYTES,
				diff->old->header->name, CORDON_NAME_BYTES,
				diff->new->header->name);
}

static const struct cordon_device *find_device(const struct cordon_image_view *view,
					       const char *path)
{
	for (uint32_t i = 0; i < view->device_count; i++)
		if (!strcmp(view->strings + view->devices[i].path, path))
			return &view->devices[i];
	return NULL;
}

static void diff_devices(struct cordon_diff *diff)
{
	for (uint32_t i = 0; i < diff->old->device_count; i++) {
		const struct cordon_device *old = &diff->old->devices[i], *new;
		const char *path = diff->old->strings + old->path;

		new = find_device(diff->new, path);
		cordon_diff_labels(diff, CORDON_DIFF_DEVICE, path, old->rule, new ? new->rule : 0,
				   old->label, new ? new->label : CORDON_LABEL_UNCLASSIFIED, false);
	}
	for (uint32_t i = 0; i < diff->new->device_count; i++) {
		const struct cordon_device *new = &diff->new->devices[i];
		const char *path = diff->new->strings + new->path;

		if (!find_device(diff->old, path))
			cordon_diff_labels(diff, CORDON_DIFF_DEVICE, path, 0, new->rule,
					   CORDON_LABEL_UNCLASSIFIED, new->label, false);
	}
}

int cordon_diff_make(const struct cordon_image_view *old, const struct cordon_image_view *new,
		     struct cordon_diff *diff)
{
	*diff = (struct cordon_diff){ .old = old, .new = new };
	if (diff_names(diff)) {
		diff_options(diff);
		cordon_diff_paths(diff);
		cordon_diff_hosts(diff);
		diff_devices(diff);
	}
	if (!diff->out_of_memory)
		return 0;
	cordon_diff_free(diff);
	return -ENOMEM;
}

void cordon_diff_free(struct cordon_diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		free((char *)diff->list[i].what);
		free((char *)diff->list[i].text);
	}
	free(diff->list);
	*diff = (struct cordon_diff){ 0 };
}
