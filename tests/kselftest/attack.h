/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One attack is one row: what an actor does, to whom. The driver plays every
 * row three times, so that no row can do without its controls:
 *
 *   permissive_leaks   guard off: the attack works, the canary is where it must
 *                      never be, and the record says would-deny;
 *   cleared_succeeds   guard on: the same steps by whoever may, to where he may;
 *   enforcing_denies   guard on: EACCES or EPERM (a move: EXDEV), the canary is in no
 *                      buffer, low file or sink, and the record says deny.
 */
#ifndef CORDON_TEST_ATTACK_H
#define CORDON_TEST_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sink.h"
#include "world.h"

enum attack_kind {
	/* An unclassified subject gets at the canary in SECRET. */
	ATTACK_READ,
	/* A subject that has read the canary writes it to an unclassified place. */
	ATTACK_WRITE_DOWN,
	/* An unclassified subject changes or destroys what it may not read. */
	ATTACK_DESTROY,
	/* A cleared subject moves a name to where the policy says something else. */
	ATTACK_MOVE,
	/* A subject that has read the canary sends it to a host not cleared for it. */
	ATTACK_SEND,
	/* An unclassified subject reaches an unknown host. */
	ATTACK_REACH,
};

/*
 * In the steps (words of actor.h) these stand for what differs:
 *
 *   %s  the secret file          %a  the attacker's program
 *   %o  the arena attacked       %p  the place that the attack writes to
 *   %h  the host's IPv4 address  %H  its IPv6 address
 *   %i  our interface to it      %d  the holder's process id
 *   %g  HI's IPv4 address: a host that any of them may reach
 *
 * Per kind, what they are with the attack and with its positive control:
 *
 *   READ        a = PLAIN / CLEARED     p = LOW_ARENA / SECRET_ARENA
 *   WRITE_DOWN  a = CLEARED             p = LOW_ARENA / SECRET_ARENA
 *   DESTROY     a = PLAIN / CLEARED     o = SECRET_ARENA
 *   MOVE        a = CLEARED             o = SECRET_ARENA  p = LOW_ARENA / SECRET_ARENA
 *   SEND        a = CLEARED             h = row's .host / HI
 *   REACH       a = PLAIN               h = row's .host / LOW
 */
struct attack {
	enum attack_kind kind;
	const char *steps;
	/* A cleared process that did these steps, and still is, when the attack begins. */
	const char *holder;
	/*
	 * WRITE_DOWN: the holder is the receiving end, cleared only where the place
	 * is, and what it got in its buffer goes to %p/got when it ends.
	 */
	bool holder_receives;
	const char *starts_as; /* program that does the first steps, where not %a */
	const char *attacker; /* program, where not by kind */
	const char *object; /* DESTROY: the arena, where not SECRET_ARENA */
	const char *cleared; /* the positive control's program, where not by kind */
	const char *cleared_steps; /* its steps, where the same ones cannot go well for anyone */
	enum sink_name host;
	const char *secret; /* file that holds the canary, where not SECRET */
	/* MOVE into the secret arena: the places are exchanged. */
	bool inwards;
	/* WRITE_DOWN: any change of the place tells, not only the canary in it. */
	bool by_change;
	/* Besides EACCES and EPERM (MOVE: EXDEV). */
	int other_error;
	/* The record's; NULL: any. */
	const char *reason;
	const char *operation;
};

enum attack_phase {
	PHASE_PERMISSIVE,
	PHASE_CLEARED,
	PHASE_ENFORCING
};

/* Returns NULL when the phase went as it must, else what was seen instead. */
const char *attack_play(const struct attack *attack, enum attack_phase phase);

/* ---- The parts, for tests that are no row --------------------------------- */

#define MODE_PERMISSIVE "permissive"
#define MODE_ENFORCING	"enforcing"

/* Sets the mode with the controller, unless it is that already. 0 or -errno. */
int attack_set_mode(const char *mode);
/* The random canary of this run, CANARY_BYTES and a NUL. */
const char *attack_canary(void);
/* A page of @content in the file at @path, on its disk. 0 or -errno. */
int attack_put(const char *path, const char *content);
/* The arenas as they are at the start of every test. */
int attack_reset_arenas(void);

#define ACTOR_INHERITED 8
struct actor_call {
	const char *program;
	const char *steps; /* separated by blanks */
	const char *loot;
	bool want_canary; /* the buffer must begin with it in the end */
	/* Descriptors that become 10, 11, ... in the actor; ends at the first 0. */
	int inherited[ACTOR_INHERITED];
};

/* Starts an actor with nothing but these: no other descriptor, no environment. */
pid_t actor_start(const struct actor_call *call);
/* Its exit status as in actor.h; 128 + signal when one ended it. */
int actor_wait(pid_t pid);
/* Waits until it has stopped itself; false when it ended instead. */
bool actor_wait_stopped(pid_t pid);
/* Until @pid sleeps in the kernel's function @where; false when it does not within ten seconds. */
bool actor_wait_asleep(pid_t pid, const char *where);
int actor_run(const struct actor_call *call);
/* The usual case: what @program ends with after @steps. */
int actor_play(const char *program, const char *steps);
/* True for what a denial ends with. */
bool actor_denied(int status);
const char *actor_status_text(int status);

/* True when @bytes are in a file, name, symlink or attribute under @path. */
bool place_holds(const char *path, const void *bytes, size_t length);
/* In a child that is about to look into a classified place: see place.c. */
void place_share_nothing(void);
/* A number that changes when anything below @path does. */
unsigned long long place_digest(const char *path);

/* What a program of the guard's prints, and its exit status (-1: did not run). */
int guard_run(const char *const argv[], char *output, size_t size);

#endif /* CORDON_TEST_ATTACK_H */
