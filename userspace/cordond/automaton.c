// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "automaton.h"

static const struct cordon_slot *cordon_path_slot(const void *automaton, uint32_t index)
{
	const struct cordon_image_view *view = automaton;

	return index < view->slot_count ? &view->slots[index] : NULL;
}
#include "cordon/path.h"

static bool get_bit(const uint8_t *bits, uint32_t at)
{
	return bits[at / 8] >> at % 8 & 1;
}

/* Returns whether it was clear. */
static bool set_bit(uint8_t *bits, uint32_t at)
{
	bool was = get_bit(bits, at);

	bits[at / 8] |= (uint8_t)(1u << at % 8);
	return !was;
}

/* A state's default slot is its own, at its own number; 0 is no state. */
static bool is_state(const struct cordon_image_view *view, uint32_t state)
{
	return state && state < view->slot_count && view->slots[state].check == state;
}

const struct cordon_accept *automaton_accept(const struct automaton *automaton, uint32_t state)
{
	uint32_t index = cordon_path_accept(&automaton->view, state);

	return index < automaton->view.accept_count ? &automaton->view.accepts[index] : NULL;
}

static bool accepts_something(const struct automaton *automaton, uint32_t state)
{
	const struct cordon_accept *accept = automaton_accept(automaton, state);

	/* Undecidable matters: the kernel denies there. */
	return !accept || accept->label || accept->flags || accept->grant_count;
}

/* Where a slot leads, 0 for slots that are no transition. */
static uint32_t slot_target(const struct cordon_image_view *view, uint32_t at)
{
	const struct cordon_slot *slot = &view->slots[at];

	if (!slot->check || at == slot->check + CORDON_SLOT_ACCEPT)
		return 0;
	return slot->next;
}

/*
 * Transitions backwards, as one list per state in two arrays: the states that
 * lead to s are source[first[s]] up to source[first[s + 1]].
 */
struct reversed {
	uint32_t *first, *source;
};

static int reverse(const struct cordon_image_view *view, struct reversed *reversed)
{
	uint32_t at, target, *first, *source;

	first = calloc(view->slot_count + 2ul, sizeof(*first));
	source = calloc(view->slot_count + 1ul, sizeof(*source));
	if (!first || !source) {
		free(first);
		free(source);
		return -ENOMEM;
	}
	/* Counted one place up, summed, then each fill moves its start to the end. */
	for (at = 0; at < view->slot_count; at++) {
		target = slot_target(view, at);
		if (is_state(view, target))
			first[target + 1]++;
	}
	for (at = 1; at <= view->slot_count + 1; at++)
		first[at] += first[at - 1];
	for (at = 0; at < view->slot_count; at++) {
		target = slot_target(view, at);
		if (is_state(view, target))
			source[first[target]++] = view->slots[at].check;
	}
	for (at = view->slot_count + 1; at; at--)
		first[at] = first[at - 1];
	first[0] = 0;
	*reversed = (struct reversed){ first, source };
	return 0;
}

/* Marks all states that lead to one that accepts something. */
static int mark(struct automaton *automaton)
{
	const struct cordon_image_view *view = &automaton->view;
	uint32_t *queue = calloc(view->slot_count + 1ul, sizeof(*queue));
	struct reversed reversed = { 0 };
	uint32_t head = 0, tail = 0, state, i;

	if (!queue || reverse(view, &reversed)) {
		free(queue);
		return -ENOMEM;
	}
	for (state = 1; state < view->slot_count; state++)
		if (is_state(view, state) && accepts_something(automaton, state) &&
		    set_bit(automaton->matters, state))
			queue[tail++] = state;
	while (head < tail) {
		state = queue[head++];
		for (i = reversed.first[state]; i < reversed.first[state + 1]; i++)
			if (set_bit(automaton->matters, reversed.source[i]))
				queue[tail++] = reversed.source[i];
	}
	free(queue);
	free(reversed.first);
	free(reversed.source);
	return 0;
}

int automaton_init(struct automaton *automaton, const struct cordon_image_view *view)
{
	struct automaton made = { .view = *view };
	int err;

	made.matters = calloc(view->slot_count / 8ul + 1, 1);
	err = made.matters ? mark(&made) : -ENOMEM;
	if (err) {
		free(made.matters);
		return err;
	}
	*automaton = made;
	return 0;
}

void automaton_free(struct automaton *automaton)
{
	free(automaton->matters);
	automaton->matters = NULL;
}

static uint32_t step_byte(const struct automaton *automaton, uint32_t state, unsigned char byte)
{
	const uint8_t *class = automaton->view.header->policy.class;

	return state ? cordon_path_step(&automaton->view, state, class[byte]) : 0;
}

uint32_t automaton_step(const struct automaton *automaton, uint32_t state, const char *name)
{
	state = step_byte(automaton, state, '/');
	for (; *name; name++)
		state = step_byte(automaton, state, (unsigned char)*name);
	return state;
}

uint32_t automaton_walk(const struct automaton *automaton, uint32_t state, const char *path)
{
	if (path[0] == '/' && !path[1])
		return state;
	for (; *path; path++)
		state = step_byte(automaton, state, (unsigned char)*path);
	return state;
}

bool automaton_matters(const struct automaton *automaton, uint32_t state)
{
	uint32_t below;

	if (accepts_something(automaton, state))
		return true;
	/* Not within the component: "/srv" is no beginning of "/srvx". */
	below = step_byte(automaton, state, '/');
	/* What cannot be decided is denied, so it matters. */
	return !is_state(&automaton->view, below) || get_bit(automaton->matters, below);
}
