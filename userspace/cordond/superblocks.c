// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "superblocks.h"

static bool is_at(const struct superblock_place *place, uint32_t device, const char *point)
{
	return place->device == device && !strcmp(place->point, point);
}

/* Room for one more: places that nothing is mounted at give way, oldest first. */
static void make_room(struct superblocks *superblocks)
{
	size_t i;

	for (i = 0; superblocks->count >= SUPERBLOCK_PLACES_MAX && i < superblocks->count; i++) {
		if (superblocks->place[i].present)
			continue;
		free(superblocks->place[i].point);
		memmove(&superblocks->place[i], &superblocks->place[i + 1],
			(superblocks->count - i - 1) * sizeof(superblocks->place[0]));
		superblocks->count--;
		i--;
	}
}

static int note_one(struct superblocks *superblocks, uint32_t device, const char *point,
		    bool granting)
{
	struct superblock_place *grown;
	size_t i;
	char *copy;

	for (i = 0; i < superblocks->count; i++)
		if (is_at(&superblocks->place[i], device, point)) {
			superblocks->place[i].present = true;
			superblocks->place[i].granting |= granting;
			return 0;
		}
	make_room(superblocks);
	copy = strdup(point);
	grown = realloc(superblocks->place, (superblocks->count + 1) * sizeof(*grown));
	if (grown)
		superblocks->place = grown;
	if (!copy || !grown) {
		free(copy);
		return -ENOMEM;
	}
	superblocks->place[superblocks->count++] =
		(struct superblock_place){ device, true, true, granting, copy };
	return 0;
}

int superblocks_note(struct superblocks *superblocks, const struct cordon_mounts *mounts,
		     bool granting)
{
	size_t i;
	int err;

	for (i = 0; i < superblocks->count; i++) {
		superblocks->place[i].fresh = !superblocks->place[i].present;
		superblocks->place[i].present = false;
	}
	for (i = 0; i < mounts->count; i++) {
		if (!mounts->mount[i].whole)
			continue;
		err = note_one(superblocks, mounts->mount[i].device, mounts->mount[i].point,
			       granting);
		if (err)
			return err;
	}
	return 0;
}

void superblocks_recall(struct superblocks *superblocks, const struct automaton *automaton,
			uint32_t device, const struct cordon_superblock *known)
{
	uint32_t start = automaton->view.header->policy.start, state, k;
	size_t i;

	for (i = 0; i < superblocks->count; i++) {
		struct superblock_place *place = &superblocks->place[i];

		if (place->device != device)
			continue;
		state = automaton_walk(automaton, start, place->point);
		for (k = 0; k < known->granting && k < CORDON_MOUNTS_PER_SUPERBLOCK; k++)
			place->granting |= known->state[k] == state;
	}
}

bool superblocks_is_fresh(const struct superblocks *superblocks, const struct cordon_mount *mount)
{
	size_t i;

	for (i = 0; i < superblocks->count; i++)
		if (is_at(&superblocks->place[i], mount->device, mount->point))
			return superblocks->place[i].fresh;
	return true;
}

void superblocks_free(struct superblocks *superblocks)
{
	size_t i;

	for (i = 0; i < superblocks->count; i++)
		free(superblocks->place[i].point);
	free(superblocks->place);
	*superblocks = (struct superblocks){ 0 };
}

void superblock_add_state(struct cordon_superblock *superblock, uint32_t state)
{
	uint32_t i, known = superblock->count;

	if (known > CORDON_MOUNTS_PER_SUPERBLOCK)
		return;
	for (i = 0; i < known; i++)
		if (superblock->state[i] == state)
			return;
	if (known < CORDON_MOUNTS_PER_SUPERBLOCK)
		superblock->state[known] = state;
	superblock->count++;
}

static struct superblock_entry *entry_of(struct superblock_table *table, uint32_t device,
					 const struct devices *devices)
{
	struct superblock_entry *grown;
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->entry[i].device == device)
			return &table->entry[i];
	grown = realloc(table->entry, (table->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	table->entry = grown;
	grown = &table->entry[table->count++];
	*grown = (struct superblock_entry){
		.device = device,
		.superblock.label = devices_block_label(devices, device),
	};
	return grown;
}

/*
 * First the places where a rule can still match, then, for file systems that
 * have none of these, any other: places where nothing matches add nothing to
 * a join, and there can be many of them. Of the first, those that give
 * clearances lead.
 */
static int add_places(const struct superblocks *superblocks, const struct automaton *automaton,
		      const struct devices *devices, struct superblock_table *table, bool matter,
		      bool granting)
{
	uint32_t start = automaton->view.header->policy.start, state;
	struct superblock_entry *entry;
	size_t i;

	for (i = 0; i < superblocks->count; i++) {
		const struct superblock_place *place = &superblocks->place[i];

		state = automaton_walk(automaton, start, place->point);
		if (automaton_matters(automaton, state) != matter)
			continue;
		if (matter ? place->granting != granting : !place->present)
			continue;
		entry = entry_of(table, place->device, devices);
		if (!entry)
			return -ENOMEM;
		if (matter || !entry->superblock.count)
			superblock_add_state(&entry->superblock, state);
	}
	return 0;
}

int superblocks_table(const struct superblocks *superblocks, const struct automaton *automaton,
		      const struct devices *devices, struct superblock_table *table)
{
	struct superblock_table made = { 0 };
	int err = add_places(superblocks, automaton, devices, &made, true, true);
	size_t i;

	for (i = 0; i < made.count; i++)
		made.entry[i].superblock.granting = made.entry[i].superblock.count;
	if (!err)
		err = add_places(superblocks, automaton, devices, &made, true, false);
	if (!err)
		err = add_places(superblocks, automaton, devices, &made, false, false);
	if (err) {
		superblock_table_free(&made);
		return err;
	}
	*table = made;
	return 0;
}

void superblock_table_free(struct superblock_table *table)
{
	free(table->entry);
	*table = (struct superblock_table){ 0 };
}

static bool has_place(const struct cordon_mounts *mounts, uint32_t device)
{
	size_t i;

	for (i = 0; i < mounts->count; i++)
		if (mounts->mount[i].device == device && mounts->mount[i].whole)
			return true;
	return false;
}

static bool was_before(const struct cordon_mounts *mounts, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (mounts->mount[i].device == mounts->mount[at].device)
			return true;
	return false;
}

void superblocks_explain(const struct cordon_mounts *mounts, struct notes *notes)
{
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct cordon_mount *mount = &mounts->mount[i];

		/* The kernel's own (nsfs, pipes) show their inode as the root. */
		if (mount->root[0] != '/' || has_place(mounts, mount->device) ||
		    was_before(mounts, i))
			continue;
		notes_add(notes,
			  "file system %u:%u (%s) is mounted by parts only (%s at %s): its paths "
			  "are matched from its own root",
			  CORDON_DEVICE_MAJOR(mount->device), CORDON_DEVICE_MINOR(mount->device),
			  mount->type, mount->root, mount->point);
	}
}
