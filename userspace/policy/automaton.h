/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From patterns to one deterministic automaton over the bytes of a path, in
 * three steps: determinise (automaton.c), make equal what is treated equally
 * (minimise.c), pack into slots (pack.c).
 */
#ifndef CORDON_AUTOMATON_H
#define CORDON_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"
#include "intern.h"

/* Every state takes two slots at least, and more while it is being made. */
#ifndef CORDON_AUTOMATON_STATES_MAX
#define CORDON_AUTOMATON_STATES_MAX (CORDON_AUTOMATON_SLOTS_MAX / 2)
#endif
/* Members of all sets of places: bounds memory and time, not what is loaded. */
#define CORDON_AUTOMATON_MEMBERS_MAX (CORDON_AUTOMATON_STATES_MAX * 4ULL)

/* Of each kind the most specific pattern counts, whatever the others say. */
enum cordon_pattern_kind {
	CORDON_PATTERN_FILE,
	CORDON_PATTERN_PROGRAM,
	CORDON_PATTERN_GUARD,
	CORDON_PATTERN_KIND_COUNT
};

struct cordon_pattern {
	const char *text; /* checked: see cordon_policy_pattern_rank() */
	const char *rank;
	enum cordon_pattern_kind kind;
};

struct cordon_edge {
	uint32_t target;
	uint8_t byte;
};

struct cordon_state {
	uint32_t other; /* the state after any byte that has no edge */
	uint32_t edge_first; /* edges are sorted by byte */
	uint32_t edge_count;
	uint32_t accept; /* number of what it accepts */
	uint32_t from; /* the state that it was found from */
	uint8_t byte; /* by this byte */
};

/* State 0 is the start. */
struct cordon_automaton {
	struct cordon_state *states;
	uint32_t state_count, state_room;
	struct cordon_edge *edges;
	uint32_t edge_count, edge_room;
};

/*
 * Makes the automaton of @patterns. A state accepts the most specific file
 * patterns that name its path, the most specific program patterns, and so on: accept
 * is the number in @accepts of the sorted array of uint32_t that are their
 * places in @patterns; 0 is the empty one. -E2BIG: too many states. -ENOMEM.
 */
int cordon_automaton_build(const struct cordon_pattern *patterns, uint32_t count,
			   struct cordon_automaton *automaton, struct cordon_intern *accepts);
void cordon_automaton_free(struct cordon_automaton *automaton);

/* The state after @byte. */
uint32_t cordon_automaton_next(const struct cordon_automaton *automaton, uint32_t state,
			       uint8_t byte);

/* A path that leads to @state; the caller frees it. NULL: no memory. */
char *cordon_automaton_path(const struct cordon_automaton *automaton, uint32_t state);

/*
 * Two states are of one class when their keys are equal and those of all
 * states that the same bytes lead to from them. @class: in the keys (any
 * numbers), out the classes 0 .. *@count - 1. -ENOMEM.
 */
int cordon_automaton_minimise(const struct cordon_automaton *automaton, uint32_t *class,
			      uint32_t *count);

/*
 * The automaton whose states are the classes, numbered from the start in the
 * order of bytes, so that one policy has one image. @made's accepts are those of
 * the states; @class is renumbered to @made's states. -ENOMEM.
 */
int cordon_automaton_quotient(const struct cordon_automaton *automaton, uint32_t *class,
			      uint32_t count, struct cordon_automaton *made);

/*
 * Packs into slots as path.h reads them. Sets slot_count, start and class of
 * @policy. *@slots is the caller's to free. -E2BIG: more slots than
 * CORDON_AUTOMATON_SLOTS_MAX. -ENOMEM.
 */
int cordon_automaton_pack(const struct cordon_automaton *automaton, struct cordon_policy *policy,
			  struct cordon_slot **slots);

#endif /* CORDON_AUTOMATON_H */
