/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The path automaton: one deterministic automaton over the bytes of a path
 * says what the policy holds of it. All rules of a policy are in it, most
 * specific first, so the cost of a look-up does not depend on their number.
 *
 * A path is fed from the root of its file system downwards, for every
 * component a '/' and then the bytes of its name; the empty path is the root.
 *
 * The transitions are packed in one array of slots. A state's number is its
 * base: slot[s] holds the default transition, slot[s + 1] the index of what
 * the state accepts, and slot[s + c] the transition on byte class c, valid
 * where its check is s. State 0 does not exist; 0 means "cannot be decided".
 */
#ifndef CORDON_PATH_H
#define CORDON_PATH_H

#include "abi.h"

/*
 * The includer says how to fetch a slot: a function or macro
 *   const struct cordon_slot *cordon_path_slot(const void *automaton, __u32 index)
 * that returns NULL beyond the end. It must be defined before this header.
 */

/* The state after one byte of class @class in @state; 0 when undecidable. */
#define cordon_path_step(automaton, state, class)                                                  \
	({                                                                                         \
		const __u32 _state = (state);                                                      \
		const struct cordon_slot *_slot = cordon_path_slot((automaton), _state + (class)); \
		if (!_slot || _slot->check != _state)                                              \
			_slot = cordon_path_slot((automaton), _state);                             \
		_slot && _slot->check == _state ? _slot->next : 0;                                 \
	})

/*
 * What @state accepts: an index into the accepts, CORDON_ACCEPT_NONE when
 * undecidable. 0: no rule names it, and none names anything below it; where one
 * does, the accept has rule 0 and no grants, and a number of its own in below.
 */
#define cordon_path_accept(automaton, state)                                                 \
	({                                                                                   \
		const __u32 _state = (state);                                                \
		const struct cordon_slot *_slot =                                            \
			cordon_path_slot((automaton), _state + CORDON_SLOT_ACCEPT);          \
		_slot &&_state && _slot->check == _state ? _slot->next : CORDON_ACCEPT_NONE; \
	})

#endif /* CORDON_PATH_H */
