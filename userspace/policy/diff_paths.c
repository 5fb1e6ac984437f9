// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two path automata, walked together: every pair of states that one path
 * leads to is looked at once, and of every pair of accepts the first path
 * that leads there is the one that is shown.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "intern.h"

/* As userspace/lib/evaluate.c has it. */
static const struct cordon_slot *cordon_path_slot(const struct cordon_image_view *view,
						  uint32_t index)
{
	return index < view->slot_count ? &view->slots[index] : NULL;
}
#include "cordon/path.h"

/* More pairs than this are not walked: then nothing is known, and that loosens. */
#define PAIRS_MAX      (4u << 20)
#define PATH_MAX_SHOWN 4096

struct pair {
	uint32_t old, new;
};

/* How a pair was found first. */
struct origin {
	uint32_t from;
	uint8_t byte;
};

struct walk {
	struct cordon_diff *diff;
	struct cordon_intern pairs; /* of states, in the order of a breadth-first walk */
	struct origin *origins;
	uint32_t origin_room;
	struct cordon_intern accepts; /* pairs of accepts that were compared */
	uint8_t bytes[256]; /* one byte for each pair of classes */
	uint32_t byte_count;
	bool failed; /* no memory, too many pairs, an automaton that cannot decide */
};

/* Bytes that both automata treat as they treat another one are left out. */
static void choose_bytes(struct walk *w)
{
	const uint8_t *old = w->diff->old->header->policy.class;
	const uint8_t *new = w->diff->new->header->policy.class;

	/* Printable ones first: the paths are for people. */
	for (uint32_t i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)(i + 'a');
		uint32_t k = 0;

		while (k < w->byte_count &&
		       (old[w->bytes[k]] != old[byte] || new[w->bytes[k]] != new[byte]))
			k++;
		if (byte && k == w->byte_count)
			w->bytes[w->byte_count++] = byte;
	}
}

static void visit(struct walk *w, struct pair pair, struct origin origin)
{
	uint32_t before = w->pairs.count, number;

	if (before >= PAIRS_MAX || !pair.old || !pair.new ||
	    cordon_intern(&w->pairs, &pair, sizeof(pair), &number)) {
		w->failed = true;
		return;
	}
	if (number < before)
		return;
	if (number >= w->origin_room) {
		uint32_t room = w->origin_room ? 2 * w->origin_room : 4096;
		struct origin *larger = realloc(w->origins, room * sizeof(*larger));

		if (!larger) {
			w->failed = true;
			return;
		}
		w->origins = larger;
		w->origin_room = room;
	}
	w->origins[number] = origin;
}

/* The path that led to a pair; "/" for the root's own, whose path is empty. */
static const char *path_of(const struct walk *w, uint32_t number, char path[PATH_MAX_SHOWN])
{
	char *at = path + PATH_MAX_SHOWN - 1;

	*at = '\0';
	for (; number && at > path; number = w->origins[number].from)
		*--at = (char)w->origins[number].byte;
	return *at ? at : "/";
}

static void compare(struct walk *w, uint32_t number, uint32_t old_accept, uint32_t new_accept)
{
	const struct cordon_accept *old = &w->diff->old->accepts[old_accept];
	const struct cordon_accept *new = &w->diff->new->accepts[new_accept];
	char room[PATH_MAX_SHOWN];
	const char *path = path_of(w, number, room);
	bool dropped = old->flags & CORDON_OBJECT_DROP, drops = new->flags & CORDON_OBJECT_DROP;
	uint32_t guard = (old->flags & ~new->flags) & CORDON_OBJECT_R7;

	cordon_diff_labels(w->diff, CORDON_DIFF_LABEL, path, old->rule, new->rule, old->label,
			   new->label, false);
	if (dropped != drops && new->label)
		cordon_diff_add(w->diff, CORDON_DIFF_DROP, drops, old->rule, new->rule, path, "%s",
				drops ? "lower subjects may write to it now" :
					"lower subjects may write to it no more");
	if (guard)
		cordon_diff_add(w->diff, CORDON_DIFF_LABEL, true, 0, 0, path,
				"belongs to the guard no more");
	cordon_diff_grants(w->diff, path, old, new);
}

static void look(struct walk *w, uint32_t number, struct pair pair)
{
	uint32_t accepts[] = { cordon_path_accept(w->diff->old, pair.old),
			       cordon_path_accept(w->diff->new, pair.new) };
	uint32_t before = w->accepts.count, seen;

	if (accepts[0] >= w->diff->old->accept_count || accepts[1] >= w->diff->new->accept_count ||
	    cordon_intern(&w->accepts, accepts, sizeof(accepts), &seen)) {
		w->failed = true;
		return;
	}
	if (seen == before)
		compare(w, number, accepts[0], accepts[1]);
}

static bool is_path(const struct walk *w, uint32_t number)
{
	/* A path begins with '/', and does not end with one. */
	return !number || w->origins[number].byte != '/';
}

static void step(struct walk *w, uint32_t number)
{
	const struct cordon_policy *old = &w->diff->old->header->policy;
	const struct cordon_policy *new = &w->diff->new->header->policy;
	struct pair pair;
	size_t length;

	memcpy(&pair, cordon_intern_bytes(&w->pairs, number, &length), sizeof(pair));
	if (is_path(w, number))
		look(w, number, pair);
	for (uint32_t i = 0; i < w->byte_count && !w->failed; i++) {
		uint8_t byte = w->bytes[i];
		struct pair next = { cordon_path_step(w->diff->old, pair.old, old->class[byte]),
				     cordon_path_step(w->diff->new, pair.new, new->class[byte]) };

		/* No path begins otherwise, and none has an empty name. */
		if ((!number && byte != '/') ||
		    (number && byte == '/' && w->origins[number].byte == '/'))
			continue;
		visit(w, next, (struct origin){ number, byte });
	}
}

void cordon_diff_paths(struct cordon_diff *diff)
{
	struct walk w = { .diff = diff };
	struct pair start = { diff->old->header->policy.start, diff->new->header->policy.start };

	choose_bytes(&w);
	visit(&w, start, (struct origin){ 0, 0 });
	for (uint32_t i = 0; i < w.pairs.count && !w.failed; i++)
		step(&w, i);
	if (w.failed)
		cordon_diff_add(diff, CORDON_DIFF_SIZE, true, 0, 0, "file, program",
				"the paths are too many to compare");
	cordon_intern_free(&w.pairs);
	cordon_intern_free(&w.accepts);
	free(w.origins);
}
