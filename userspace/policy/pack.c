// SPDX-License-Identifier: GPL-2.0-only
/*
 * States into slots (path.h): a state needs its base, the slot after it, and
 * those of the classes of its edges. States with many edges are placed first,
 * the many with few fill the gaps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"

#define BASE_FIRST 2 /* states 0 and 1 do not exist */
#define TRIES_MAX  1024 /* slots looked at for one state before it goes to the end */

struct packing {
	const struct cordon_automaton *automaton;
	uint8_t class[256];
	struct cordon_slot *slots;
	uint32_t room;
	uint32_t high; /* slots in use, and what follows is free */
	uint32_t low; /* below it no state fits any more */
	uint32_t *base; /* of each state */
	uint32_t *order;
};

static int class_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/*
 * Bytes without an edge are all of the first class, which takes no slot. The
 * others are numbered by how many edges they have: bytes used often lie close
 * to the base.
 */
static int classes_number(struct packing *p)
{
	const struct cordon_automaton *a = p->automaton;
	uint64_t used[256] = { 0 };
	uint32_t i;

	/* The byte in the low bits keeps the order definite. */
	for (i = 0; i < a->edge_count; i++)
		used[a->edges[i].byte] += 1 << 8;
	for (i = 0; i < 256; i++)
		used[i] = used[i] ? used[i] | (255 - i) : 0;
	qsort(used, 256, sizeof(*used), class_order);
	memset(p->class, CORDON_CLASS_FIRST, sizeof(p->class));
	for (i = 0; i < 256 && used[i]; i++) {
		if (CORDON_CLASS_FIRST + 1 + i > 255)
			return -E2BIG;
		p->class[255 - (used[i] & 255)] = (uint8_t)(CORDON_CLASS_FIRST + 1 + i);
	}
	return 0;
}

static int room_make(struct packing *p, uint32_t needed)
{
	uint32_t room = p->room ? p->room : 4096;
	struct cordon_slot *larger;

	if (needed <= p->room)
		return 0;
	while (room < needed)
		room *= 2;
	larger = realloc(p->slots, room * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	memset(larger + p->room, 0, (room - p->room) * sizeof(*larger));
	p->slots = larger;
	p->room = room;
	return 0;
}

static bool slot_is_free(const struct packing *p, uint32_t index)
{
	return index >= p->room || !p->slots[index].check;
}

static bool state_fits(const struct packing *p, const struct cordon_state *s, uint32_t base)
{
	if (!slot_is_free(p, base) || !slot_is_free(p, base + CORDON_SLOT_ACCEPT))
		return false;
	for (uint32_t i = 0; i < s->edge_count; i++)
		if (!slot_is_free(p, base + p->class[p->automaton->edges[s->edge_first + i].byte]))
			return false;
	return true;
}

static uint32_t base_find(struct packing *p, const struct cordon_state *s)
{
	uint32_t base, tries = 0;

	while (p->low < p->high &&
	       !(slot_is_free(p, p->low) && slot_is_free(p, p->low + CORDON_SLOT_ACCEPT)))
		p->low++;
	for (base = p->low; base < p->high; base++) {
		if (state_fits(p, s, base))
			return base;
		if (++tries == TRIES_MAX) {
			/* Gaps that are of no use to many states are left behind one by one. */
			p->low++;
			return p->high;
		}
	}
	return p->high;
}

static int state_place(struct packing *p, uint32_t state)
{
	const struct cordon_state *s = &p->automaton->states[state];
	uint32_t base = base_find(p, s), end = base + CORDON_SLOT_ACCEPT + 1, i;
	int error;

	for (i = 0; i < s->edge_count; i++) {
		uint32_t slot = base + p->class[p->automaton->edges[s->edge_first + i].byte];

		if (slot >= end)
			end = slot + 1;
	}
	if (end > CORDON_AUTOMATON_SLOTS_MAX)
		return -E2BIG;
	error = room_make(p, end);
	if (error)
		return error;
	p->base[state] = base;
	p->slots[base + CORDON_SLOT_DEFAULT].check = base;
	p->slots[base + CORDON_SLOT_ACCEPT].check = base;
	for (i = 0; i < s->edge_count; i++)
		p->slots[base + p->class[p->automaton->edges[s->edge_first + i].byte]].check = base;
	if (end > p->high)
		p->high = end;
	return 0;
}

static void state_fill(struct packing *p, uint32_t state)
{
	const struct cordon_state *s = &p->automaton->states[state];
	struct cordon_slot *slots = p->slots + p->base[state];

	slots[CORDON_SLOT_DEFAULT].next = p->base[s->other];
	slots[CORDON_SLOT_ACCEPT].next = s->accept;
	for (uint32_t i = 0; i < s->edge_count; i++) {
		const struct cordon_edge *edge = &p->automaton->edges[s->edge_first + i];

		slots[p->class[edge->byte]].next = p->base[edge->target];
	}
}

/* States by their number of edges, most first; of as many, in their order. */
static void states_order(struct packing *p)
{
	const struct cordon_automaton *a = p->automaton;
	uint32_t first[258] = { 0 };
	uint32_t i;

	for (i = 0; i < a->state_count; i++)
		first[256 - a->states[i].edge_count + 1]++;
	for (i = 1; i < 258; i++)
		first[i] += first[i - 1];
	for (i = 0; i < a->state_count; i++)
		p->order[first[256 - a->states[i].edge_count]++] = i;
}

static int packing_run(struct packing *p)
{
	uint32_t count = p->automaton->state_count, i;
	int error = classes_number(p);

	p->base = calloc(count, sizeof(*p->base));
	p->order = calloc(count, sizeof(*p->order));
	if (!error && (!p->base || !p->order))
		error = -ENOMEM;
	if (!error)
		states_order(p);
	for (i = 0; i < count && !error; i++)
		error = state_place(p, p->order[i]);
	for (i = 0; i < count && !error; i++)
		state_fill(p, i);
	return error;
}

int cordon_automaton_pack(const struct cordon_automaton *automaton, struct cordon_policy *policy,
			  struct cordon_slot **slots)
{
	struct packing p = { .automaton = automaton, .low = BASE_FIRST, .high = BASE_FIRST };
	int error = packing_run(&p);

	if (!error) {
		memcpy(policy->class, p.class, sizeof(policy->class));
		policy->start = p.base[0];
		policy->slot_count = p.high;
		*slots = p.slots;
		p.slots = NULL;
	}
	free(p.slots);
	free(p.base);
	free(p.order);
	return error;
}
