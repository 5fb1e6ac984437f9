// SPDX-License-Identifier: GPL-2.0-only
/*
 * The patterns share one tree of steps, so that equal beginnings are one
 * place; a state of the automaton is the set of places that a path can be at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"

#define NONE 0xffffffffu

enum step {
	STEP_ROOT,
	STEP_BYTE, /* after this byte */
	STEP_ANY, /* after one byte of a name: the first of a * that is a name */
	STEP_STAR, /* after nothing or any bytes of a name */
	/* The three places of a last **, always made together. */
	STEP_DEEP, /* at the folder itself */
	STEP_DEEP_SLASH, /* before a name below it */
	STEP_DEEP_NAME, /* in a name below it */
};

struct place {
	uint32_t child;
	uint32_t sibling;
	uint32_t pattern; /* the first that ends here; NONE */
	uint8_t step;
	uint8_t byte;
};

/* A byte and where it leads. */
struct way {
	uint32_t place;
	uint8_t byte;
};

struct builder {
	const struct cordon_pattern *patterns;
	uint32_t pattern_count;
	uint32_t *next_pattern; /* that ends at the same place */
	struct place *places;
	uint32_t place_count, place_room;
	struct cordon_intern sets; /* of places, sorted: the states */
	struct cordon_intern *accepts;
	struct cordon_automaton *automaton;
	/* Work space of one state. */
	uint32_t *set, *any, *accept;
	struct way *ways;
};

/* ---- The tree of steps ---- */

static int place_new(struct builder *b, uint8_t step, uint8_t byte, uint32_t *made)
{
	if (b->place_count == b->place_room) {
		uint32_t room = b->place_room ? b->place_room * 2 : 1024;
		struct place *larger = realloc(b->places, room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		b->places = larger;
		b->place_room = room;
	}
	b->places[b->place_count] = (struct place){ NONE, NONE, NONE, step, byte };
	*made = b->place_count++;
	return 0;
}

static int child_get(struct builder *b, uint32_t parent, uint8_t step, uint8_t byte,
		     uint32_t *child)
{
	uint32_t made, below;
	int error;

	for (made = b->places[parent].child; made != NONE; made = b->places[made].sibling) {
		if (b->places[made].step == step && b->places[made].byte == byte) {
			*child = made;
			return 0;
		}
	}
	error = place_new(b, step, byte, &made);
	if (!error && step == STEP_DEEP)
		error = place_new(b, STEP_DEEP_SLASH, 0, &below);
	if (!error && step == STEP_DEEP)
		error = place_new(b, STEP_DEEP_NAME, 0, &below);
	if (error)
		return error;
	b->places[made].sibling = b->places[parent].child;
	b->places[parent].child = made;
	*child = made;
	return 0;
}

static int pattern_add(struct builder *b, uint32_t number)
{
	const char *text = b->patterns[number].text;
	uint32_t place = 0;
	int error = 0;

	if (!strcmp(text, "/"))
		text = "";
	for (; *text && !error; text++) {
		bool name_ends = !text[1] || text[1] == '/';

		if (!strcmp(text, "/**")) {
			error = child_get(b, place, STEP_DEEP, 0, &place);
			break;
		}
		if (*text != '*') {
			error = child_get(b, place, STEP_BYTE, (uint8_t)*text, &place);
			continue;
		}
		/* A name has one byte at least; a part of one may have none. */
		if (text[-1] == '/' && name_ends)
			error = child_get(b, place, STEP_ANY, 0, &place);
		if (!error)
			error = child_get(b, place, STEP_STAR, 0, &place);
	}
	if (error)
		return error;
	b->next_pattern[number] = b->places[place].pattern;
	b->places[place].pattern = number;
	return 0;
}

static int tree_build(struct builder *b)
{
	uint32_t root;
	int error = place_new(b, STEP_ROOT, 0, &root);

	/* Backwards: the chain at a place is then in the patterns' order. */
	for (uint32_t i = b->pattern_count; i-- > 0 && !error;)
		error = pattern_add(b, i);
	return error;
}

/* ---- States ---- */

static int number_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts and removes what is twice. */
static uint32_t set_normalise(uint32_t *set, uint32_t count)
{
	uint32_t kept = 0;

	if (count > 1)
		qsort(set, count, sizeof(*set), number_compare);
	for (uint32_t i = 0; i < count; i++)
		if (!kept || set[kept - 1] != set[i])
			set[kept++] = set[i];
	return kept;
}

/* Adds the places that are reached without a byte. */
static uint32_t set_close(const struct builder *b, uint32_t *set, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t child = b->places[set[i]].child;

		for (; child != NONE; child = b->places[child].sibling)
			if (b->places[child].step == STEP_STAR ||
			    b->places[child].step == STEP_DEEP)
				set[count++] = child;
	}
	return set_normalise(set, count);
}

/* Keeps of the patterns of one kind those of the highest rank. */
static uint32_t accept_keep(const struct builder *b, uint32_t *accept, uint32_t start,
			    uint32_t count, uint32_t pattern)
{
	int order = 1;

	if (count > start)
		order = strcmp(b->patterns[pattern].rank, b->patterns[accept[start]].rank);
	if (order < 0)
		return count;
	if (order > 0)
		count = start;
	accept[count++] = pattern;
	return count;
}

static uint32_t accept_of_kind(const struct builder *b, const uint32_t *set, uint32_t count,
			       uint32_t kind, uint32_t *accept, uint32_t start)
{
	uint32_t kept = start;

	for (uint32_t i = 0; i < count; i++) {
		/* The patterns of a ** are kept at its first place. */
		uint32_t place = b->places[set[i]].step == STEP_DEEP_NAME ? set[i] - 2 : set[i];
		uint32_t pattern = b->places[place].pattern;

		for (; pattern != NONE; pattern = b->next_pattern[pattern])
			if (b->patterns[pattern].kind == kind)
				kept = accept_keep(b, accept, start, kept, pattern);
	}
	return kept;
}

static int state_room(struct cordon_automaton *a)
{
	uint32_t room = a->state_room ? a->state_room * 2 : 1024;
	struct cordon_state *larger;

	if (a->state_count < a->state_room)
		return 0;
	larger = realloc(a->states, room * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	a->states = larger;
	a->state_room = room;
	return 0;
}

/* The state that is this closed set; a new one was found from @from by @byte. */
static int state_get(struct builder *b, const uint32_t *set, uint32_t count, uint32_t from,
		     uint8_t byte, uint32_t *state)
{
	struct cordon_automaton *a = b->automaton;
	struct cordon_state *made;
	uint32_t accepted = 0;
	int error = cordon_intern(&b->sets, set, count * sizeof(*set), state);

	if (error || *state < a->state_count)
		return error;
	if (a->state_count == CORDON_AUTOMATON_STATES_MAX ||
	    b->sets.byte_count / sizeof(*set) > CORDON_AUTOMATON_MEMBERS_MAX)
		return -E2BIG;
	error = state_room(a);
	if (error)
		return error;
	made = &a->states[a->state_count++];
	*made = (struct cordon_state){ .from = from, .byte = byte };
	for (uint32_t kind = 0; kind < CORDON_PATTERN_KIND_COUNT; kind++)
		accepted = accept_of_kind(b, set, count, kind, b->accept, accepted);
	accepted = set_normalise(b->accept, accepted);
	return cordon_intern(b->accepts, b->accept, accepted * sizeof(*b->accept), &made->accept);
}

/* ---- Transitions ---- */

/* Collects where bytes lead from a place: any byte of a name, or one byte. */
static void ways_collect(struct builder *b, uint32_t place, uint32_t *anys, uint32_t *ways)
{
	const struct place *p = &b->places[place];
	uint32_t child;

	if (p->step == STEP_STAR || p->step == STEP_DEEP_NAME)
		b->any[(*anys)++] = place;
	if (p->step == STEP_DEEP_SLASH)
		b->any[(*anys)++] = place + 1;
	if (p->step == STEP_DEEP)
		b->ways[(*ways)++] = (struct way){ place + 1, '/' };
	if (p->step == STEP_DEEP_NAME)
		b->ways[(*ways)++] = (struct way){ place - 1, '/' };
	for (child = p->child; child != NONE; child = b->places[child].sibling) {
		if (b->places[child].step == STEP_BYTE)
			b->ways[(*ways)++] = (struct way){ child, b->places[child].byte };
		if (b->places[child].step == STEP_ANY)
			b->any[(*anys)++] = child;
	}
}

static int way_compare(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	if (x->byte != y->byte)
		return x->byte < y->byte ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Also made when there is no edge at all, so that edges is never NULL. */
static int edge_room(struct cordon_automaton *a)
{
	uint32_t room = a->edge_room ? a->edge_room * 2 : 1024;
	struct cordon_edge *larger;

	if (a->edge_count < a->edge_room)
		return 0;
	larger = realloc(a->edges, room * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	a->edges = larger;
	a->edge_room = room;
	return 0;
}

static int edge_add(struct cordon_automaton *a, uint32_t state, uint8_t byte, uint32_t target)
{
	int error = edge_room(a);

	if (error)
		return error;
	a->edges[a->edge_count++] = (struct cordon_edge){ target, byte };
	a->states[state].edge_count++;
	return 0;
}

/* A byte that no way has, for examples: rather a letter than anything else. */
static uint8_t byte_choose(const struct way *ways, uint32_t count)
{
	static const char preferred[] = "xyzabcdefghijklmnopqrstuvw0123456789_-+=,XYZ";
	bool taken[256] = { ['/'] = true };

	for (uint32_t i = 0; i < count; i++)
		taken[ways[i].byte] = true;
	for (const char *c = preferred; *c; c++)
		if (!taken[(uint8_t)*c])
			return (uint8_t)*c;
	for (int byte = 0xff; byte > 0; byte--)
		if (!taken[byte])
			return (uint8_t)byte;
	return 'x';
}

/* The edges of one byte: from way *@i up to the next byte's. */
static int edge_make(struct builder *b, uint32_t state, uint32_t anys, uint32_t ways, uint32_t *i)
{
	uint8_t byte = b->ways[*i].byte;
	uint32_t count = 0, target;
	int error;

	if (byte != '/' && anys) {
		memcpy(b->set, b->any, anys * sizeof(*b->set));
		count = anys;
	}
	for (; *i < ways && b->ways[*i].byte == byte; (*i)++)
		b->set[count++] = b->ways[*i].place;
	count = set_close(b, b->set, count);
	error = state_get(b, b->set, count, state, byte, &target);
	if (error || target == b->automaton->states[state].other)
		return error;
	return edge_add(b->automaton, state, byte, target);
}

static int state_expand(struct builder *b, uint32_t state)
{
	struct cordon_automaton *a = b->automaton;
	uint32_t anys = 0, ways = 0, i, other, dead = 0;
	bool slash = false, slash_made = false;
	const uint32_t *members;
	size_t bytes;
	int error;

	members = cordon_intern_bytes(&b->sets, state, &bytes);
	for (i = 0; i < bytes / sizeof(*members); i++)
		ways_collect(b, members[i], &anys, &ways);
	qsort(b->ways, ways, sizeof(*b->ways), way_compare);
	for (i = 0; i < ways; i++)
		slash |= b->ways[i].byte == '/';
	memcpy(b->set, b->any, anys * sizeof(*b->set));
	error = state_get(b, b->set, set_close(b, b->set, anys), state, byte_choose(b->ways, ways),
			  &other);
	if (error)
		return error;
	a->states[state].other = other;
	a->states[state].edge_first = a->edge_count;
	/* No name goes on after a '/' that leads nowhere. */
	if (!slash && anys)
		error = state_get(b, b->set, 0, state, '/', &dead);
	for (i = 0; i < ways && !error;) {
		if (!slash && anys && !slash_made && b->ways[i].byte > '/') {
			error = edge_add(a, state, '/', dead);
			slash_made = true;
		}
		if (!error)
			error = edge_make(b, state, anys, ways, &i);
	}
	if (!error && !slash && anys && !slash_made)
		error = edge_add(a, state, '/', dead);
	return error;
}

static int builder_run(struct builder *b)
{
	uint32_t start, none;
	/* Every place adds three at most: itself, and two without a byte. */
	size_t room;
	int error = tree_build(b);

	if (error)
		return error;
	room = b->place_count * 3ULL + 3;
	b->set = calloc(room, sizeof(*b->set));
	b->any = calloc(room, sizeof(*b->any));
	b->ways = calloc(room, sizeof(*b->ways));
	b->accept = calloc(b->pattern_count + 1ULL, sizeof(*b->accept));
	if (!b->set || !b->any || !b->ways || !b->accept)
		return -ENOMEM;
	error = cordon_intern(b->accepts, NULL, 0, &none);
	if (!error)
		error = edge_room(b->automaton);
	b->set[0] = 0;
	if (!error)
		error = state_get(b, b->set, set_close(b, b->set, 1), 0, 0, &start);
	for (uint32_t i = 0; !error && i < b->automaton->state_count; i++)
		error = state_expand(b, i);
	return error;
}

int cordon_automaton_build(const struct cordon_pattern *patterns, uint32_t count,
			   struct cordon_automaton *automaton, struct cordon_intern *accepts)
{
	struct builder b = { .patterns = patterns,
			     .pattern_count = count,
			     .accepts = accepts,
			     .automaton = automaton };
	int error = -ENOMEM;

	b.next_pattern = calloc(count + 1ULL, sizeof(*b.next_pattern));
	if (b.next_pattern)
		error = builder_run(&b);
	free(b.next_pattern);
	free(b.places);
	free(b.set);
	free(b.any);
	free(b.ways);
	free(b.accept);
	cordon_intern_free(&b.sets);
	if (error)
		cordon_automaton_free(automaton);
	return error;
}

void cordon_automaton_free(struct cordon_automaton *automaton)
{
	free(automaton->states);
	free(automaton->edges);
	memset(automaton, 0, sizeof(*automaton));
}

uint32_t cordon_automaton_next(const struct cordon_automaton *automaton, uint32_t state,
			       uint8_t byte)
{
	const struct cordon_state *s = &automaton->states[state];

	for (uint32_t i = 0; i < s->edge_count; i++)
		if (automaton->edges[s->edge_first + i].byte == byte)
			return automaton->edges[s->edge_first + i].target;
	return s->other;
}

char *cordon_automaton_path(const struct cordon_automaton *automaton, uint32_t state)
{
	uint32_t length = 0, at;
	char *path;

	for (at = state; at; at = automaton->states[at].from)
		length++;
	path = calloc(length + 2ULL, 1);
	if (!path)
		return NULL;
	for (at = state; at; at = automaton->states[at].from)
		path[--length] = (char)automaton->states[at].byte;
	if (!path[0])
		path[0] = '/';
	return path;
}
