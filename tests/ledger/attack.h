/* SPDX-License-Identifier: GPL-2.0-only */
/* Attacks on copies of a store, and what the verifier says of them. */
#ifndef CORDON_TESTS_LEDGER_ATTACK_H
#define CORDON_TESTS_LEDGER_ATTACK_H

#include <sqlite3.h>
#include <stdbool.h>

#include "evidence.h"

struct given {
	const char *cordon; /* the program */
	const char *key, *anchors; /* files */
	const char *store; /* a folder of volumes */
	/* NULL: none. */
	const char *older; /* the same, of an earlier moment */
	const char *log; /* the same, in use: the end is in a log of SQLite's */
	const char *stolen; /* keys of a later moment, as theft.c writes them */
	const char *retained, *retained_anchors; /* what was left when a removal was recorded */
	const char *work; /* a folder for the copies */
};

/* The copy that an attack plays on: the volume that has the most records. */
struct copy {
	char folder[4096], file[4400];
	sqlite3 *database;
	/* A record in the middle, of a chain that has one more in its epoch on either side. */
	int64_t id, before, after;
	/* An epoch record in the middle, and the last one. */
	int64_t epoch, last_epoch;
};

/* False: the store has nothing to play this on. */
typedef bool (*attack_play)(const struct given *given, struct copy *copy);

struct attack {
	const char *name;
	attack_play play;
	const char *verdict; /* NULL: the one that the store has unharmed */
	const char *noticed; /* in the finding's text; NULL: in none */
	bool no_anchors;
};

extern const struct attack attacks[];
extern const unsigned int attack_count;
/* On the store that was left when a removal was recorded. */
extern const struct attack retained_attacks[];
extern const unsigned int retained_attack_count;

/* Goes on with the volume that has most records of a ledger, 0: of all. */
void open_volume(struct copy *copy, int64_t ledger);
/* Runs the statements or ends the test. */
__attribute__((format(printf, 2, 3))) void run_sql(struct copy *copy, const char *format, ...);
/* In every volume; epoch_of(record) gives the epoch. */
__attribute__((format(printf, 2, 3))) void run_everywhere(struct copy *copy, const char *format,
							  ...);
int64_t number_sql(struct copy *copy, const char *format, ...);
/* The record's bytes of a row; the caller frees them. */
void *get_record(struct copy *copy, const char *table, int64_t id);
/* Writes them back, with columns that say what they say: only the tag can tell. */
void put_record(struct copy *copy, int64_t id, const struct cordon_record *record);
void put_epoch(struct copy *copy, int64_t id, const struct cordon_header *record);

/* What `cordon ledger verify` says; @noticed is the text of its worst finding. */
struct said {
	int code;
	char verdict[32], noticed[300];
};
void ask_verifier(const struct given *given, const char *store, bool anchors, struct said *said);

#endif /* CORDON_TESTS_LEDGER_ATTACK_H */
