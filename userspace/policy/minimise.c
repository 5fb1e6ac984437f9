// SPDX-License-Identifier: GPL-2.0-only
/*
 * Partition refinement. Classes are split until the states of each agree on
 * where every byte leads. After a split only the states that lead to what got
 * a new number are looked at again, and the largest part keeps the old one,
 * so that a state is looked at a logarithmic number of times.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"

/* The states of a class stand together in the order, the marked ones first. */
struct part {
	uint32_t first;
	uint32_t size;
	uint32_t marked; /* to be looked at; the others agree with each other */
};

struct member {
	uint64_t hash;
	uint32_t state;
};

struct refinement {
	const struct cordon_automaton *automaton;
	uint32_t *class; /* of each state */
	uint32_t *order;
	uint32_t *place; /* of each state in the order */
	struct part *parts;
	uint32_t part_count;
	uint32_t *waiting; /* classes with marked states */
	uint32_t waiting_count;
	uint32_t *came_first; /* the states that lead to s: came[came_first[s]] .. */
	uint32_t *came;
	struct member *members; /* the marked states of the class in hand */
	uint32_t *moved; /* states that got a new number */
	uint32_t moved_count;
	uint64_t seed;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Of where every byte leads; equal for states that agree. */
static uint64_t state_hash(const struct refinement *r, uint32_t state)
{
	const struct cordon_state *s = &r->automaton->states[state];
	const struct cordon_edge *edge = r->automaton->edges + s->edge_first;
	uint32_t other = r->class[s->other];
	uint64_t hash = mix(r->seed, other);

	for (uint32_t i = 0; i < s->edge_count; i++, edge++)
		if (r->class[edge->target] != other)
			hash = mix(hash, (uint64_t)r->class[edge->target] << 8 | edge->byte);
	return hash;
}

/* The next edge that leads elsewhere than @other; the end when there is none. */
static uint32_t edge_skip(const struct refinement *r, const struct cordon_state *s, uint32_t i,
			  uint32_t other)
{
	while (i < s->edge_count &&
	       r->class[r->automaton->edges[s->edge_first + i].target] == other)
		i++;
	return i;
}

static bool states_agree(const struct refinement *r, uint32_t a, uint32_t b)
{
	const struct cordon_state *x = &r->automaton->states[a], *y = &r->automaton->states[b];
	uint32_t other = r->class[x->other], i = 0, j = 0;

	/* Some byte has an edge nowhere: control bytes stand in no pattern. */
	if (r->class[y->other] != other)
		return false;
	for (;; i++, j++) {
		const struct cordon_edge *e, *f;

		i = edge_skip(r, x, i, other);
		j = edge_skip(r, y, j, other);
		if (i == x->edge_count || j == y->edge_count)
			return i == x->edge_count && j == y->edge_count;
		e = &r->automaton->edges[x->edge_first + i];
		f = &r->automaton->edges[y->edge_first + j];
		if (e->byte != f->byte || r->class[e->target] != r->class[f->target])
			return false;
	}
}

static void state_mark(struct refinement *r, uint32_t state)
{
	struct part *part = &r->parts[r->class[state]];
	uint32_t from = r->place[state], to = part->first + part->marked, there;

	if (from < to)
		return;
	there = r->order[to];
	if (!part->marked++)
		r->waiting[r->waiting_count++] = r->class[state];
	r->order[to] = state;
	r->place[state] = to;
	r->order[from] = there;
	r->place[there] = from;
}

static int member_compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->state < y->state ? -1 : x->state > y->state;
}

/*
 * Orders the marked states of a part by where they lead, those that agree
 * with the unmarked ones last. False: two that disagree have one hash.
 */
static bool members_order(struct refinement *r, const struct part *part)
{
	bool unmarked = part->marked < part->size;
	uint32_t last = r->order[part->first + part->size - 1];
	uint64_t flip = unmarked ? ~state_hash(r, last) : 0;
	uint32_t i;

	for (i = 0; i < part->marked; i++) {
		r->members[i].state = r->order[part->first + i];
		r->members[i].hash = state_hash(r, r->members[i].state) ^ flip;
	}
	qsort(r->members, part->marked, sizeof(*r->members), member_compare);
	for (i = 0; i < part->marked; i++) {
		uint32_t state = r->members[i].state;

		r->order[part->first + i] = state;
		r->place[state] = part->first + i;
		if (i && r->members[i].hash == r->members[i - 1].hash &&
		    !states_agree(r, state, r->members[i - 1].state))
			return false;
		if (unmarked && r->members[i].hash == UINT64_MAX && !states_agree(r, state, last))
			return false;
	}
	return true;
}

/* The end of the group of agreeing states that begins at @start of the part. */
static uint32_t group_end(const struct refinement *r, const struct part *part, uint32_t start)
{
	uint32_t end = start;

	while (end < part->marked && r->members[end].hash == r->members[start].hash)
		end++;
	if (end == part->marked && (end == start || r->members[start].hash == UINT64_MAX))
		return part->size;
	return end;
}

static void group_move(struct refinement *r, uint32_t first, uint32_t size)
{
	uint32_t number = r->part_count++;

	r->parts[number] = (struct part){ .first = first, .size = size };
	for (uint32_t i = first; i < first + size; i++) {
		r->class[r->order[i]] = number;
		r->moved[r->moved_count++] = r->order[i];
	}
}

static void part_split(struct refinement *r, uint32_t number)
{
	struct part part = r->parts[number];
	uint32_t start, end, largest = 0, largest_size = 0;

	while (!members_order(r, &part))
		r->seed++;
	for (start = 0; start < part.size; start = end) {
		end = group_end(r, &part, start);
		if (end - start > largest_size) {
			largest = start;
			largest_size = end - start;
		}
	}
	r->parts[number] = (struct part){ part.first + largest, largest_size, 0 };
	for (start = 0; start < part.size; start = end) {
		end = group_end(r, &part, start);
		if (start != largest)
			group_move(r, part.first + start, end - start);
	}
	while (r->moved_count) {
		uint32_t state = r->moved[--r->moved_count];

		for (uint32_t i = r->came_first[state]; i < r->came_first[state + 1]; i++)
			state_mark(r, r->came[i]);
	}
}

/* Who leads to whom, the other way round. */
static void came_fill(struct refinement *r)
{
	const struct cordon_automaton *a = r->automaton;
	uint32_t i, k, total = 0;

	for (i = 0; i < a->state_count; i++) {
		r->came_first[a->states[i].other + 1]++;
		for (k = 0; k < a->states[i].edge_count; k++)
			r->came_first[a->edges[a->states[i].edge_first + k].target + 1]++;
	}
	for (i = 0; i <= a->state_count; i++) {
		total += r->came_first[i];
		r->came_first[i] = total;
	}
	/* Filled from each end downwards: the ends become the beginnings. */
	for (i = 0; i < a->state_count; i++) {
		r->came[--r->came_first[a->states[i].other + 1]] = i;
		for (k = 0; k < a->states[i].edge_count; k++)
			r->came[--r->came_first[a->edges[a->states[i].edge_first + k].target + 1]] =
				i;
	}
	for (i = 0; i < a->state_count; i++)
		r->came_first[i] = r->came_first[i + 1];
	r->came_first[a->state_count] = total;
}

/* The first parts: states of one key. */
static void parts_begin(struct refinement *r)
{
	uint32_t count = r->automaton->state_count, number;

	for (uint32_t i = 0; i < count; i++)
		r->members[i] = (struct member){ r->class[i], i };
	qsort(r->members, count, sizeof(*r->members), member_compare);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t state = r->members[i].state;

		if (!i || r->members[i].hash != r->members[i - 1].hash) {
			number = r->part_count++;
			r->parts[number] = (struct part){ i, 0, 0 };
			r->waiting[r->waiting_count++] = number;
		}
		number = r->part_count - 1;
		r->parts[number].size++;
		r->parts[number].marked++;
		r->order[i] = state;
		r->place[state] = i;
		r->class[state] = number;
	}
}

int cordon_automaton_minimise(const struct cordon_automaton *automaton, uint32_t *class,
			      uint32_t *count)
{
	size_t states = automaton->state_count, ways = states + automaton->edge_count;
	struct refinement r = { .automaton = automaton, .class = class, .seed = 1 };
	int error = -ENOMEM;

	r.order = calloc(states, sizeof(*r.order));
	r.place = calloc(states, sizeof(*r.place));
	r.parts = calloc(states, sizeof(*r.parts));
	r.waiting = calloc(states, sizeof(*r.waiting));
	r.came_first = calloc(states + 1, sizeof(*r.came_first));
	r.came = calloc(ways, sizeof(*r.came));
	r.members = calloc(states, sizeof(*r.members));
	r.moved = calloc(states, sizeof(*r.moved));
	if (r.order && r.place && r.parts && r.waiting && r.came_first && r.came && r.members &&
	    r.moved) {
		came_fill(&r);
		parts_begin(&r);
		while (r.waiting_count)
			part_split(&r, r.waiting[--r.waiting_count]);
		*count = r.part_count;
		error = 0;
	}
	free(r.order);
	free(r.place);
	free(r.parts);
	free(r.waiting);
	free(r.came_first);
	free(r.came);
	free(r.members);
	free(r.moved);
	return error;
}

/* ---- The smaller automaton ---- */

struct quotient {
	const struct cordon_automaton *automaton;
	const uint32_t *class;
	struct cordon_automaton *made;
	uint32_t *number; /* of each class in the new automaton; NONE: not met */
	uint32_t *example; /* a state of each new state */
};
#define NONE 0xffffffffu

static uint32_t quotient_meet(struct quotient *q, uint32_t state)
{
	uint32_t class = q->class[state];

	if (q->number[class] == NONE) {
		q->number[class] = q->made->state_count;
		q->example[q->made->state_count++] = state;
	}
	return q->number[class];
}

static void quotient_state(struct quotient *q, uint32_t number)
{
	const struct cordon_state *from = &q->automaton->states[q->example[number]];
	struct cordon_state *to = &q->made->states[number];

	*to = *from;
	to->other = quotient_meet(q, from->other);
	to->edge_first = q->made->edge_count;
	to->edge_count = 0;
	for (uint32_t i = 0; i < from->edge_count; i++) {
		struct cordon_edge edge = q->automaton->edges[from->edge_first + i];

		edge.target = quotient_meet(q, edge.target);
		if (edge.target == to->other)
			continue;
		q->made->edges[q->made->edge_count++] = edge;
		to->edge_count++;
	}
}

int cordon_automaton_quotient(const struct cordon_automaton *automaton, uint32_t *class,
			      uint32_t count, struct cordon_automaton *made)
{
	struct quotient q = { .automaton = automaton, .class = class, .made = made };
	uint32_t i;

	memset(made, 0, sizeof(*made));
	made->states = calloc(count, sizeof(*made->states));
	made->edges = calloc(automaton->edge_count + 1ULL, sizeof(*made->edges));
	q.number = malloc(count * sizeof(*q.number));
	q.example = malloc(count * sizeof(*q.example));
	if (!made->states || !made->edges || !q.number || !q.example) {
		cordon_automaton_free(made);
		free(q.number);
		free(q.example);
		return -ENOMEM;
	}
	memset(q.number, 0xff, count * sizeof(*q.number));
	quotient_meet(&q, 0);
	for (i = 0; i < made->state_count; i++)
		quotient_state(&q, i);
	/* All states were found from the start, so every class has been met. */
	for (i = 0; i < automaton->state_count; i++)
		class[i] = q.number[class[i]];
	free(q.number);
	free(q.example);
	return 0;
}
