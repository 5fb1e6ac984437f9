/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where audit records are kept: one SQLite file, written by the controller
 * only. The record is stored as the kernel made it; the columns beside it
 * are for looking it up. What was lost is stored too, and every policy image
 * that a record refers to.
 */
#ifndef CORDON_STORE_H
#define CORDON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cordon/abi.h"
#include "failure.h"

struct cordon_store;

struct cordon_stored {
	int64_t id; /* in the order in which they were stored */
	struct cordon_record record;
	char *exe; /* whole paths as they were then; NULL: not known */
	char *path;
};

/* -1, NULL or 0: not looked at. */
struct cordon_filter {
	int verdict;
	int reason;
	int64_t pid;
	uint64_t since_ns; /* wall clock */
	const char *exe;
	const char *path; /* this path and what is below it */
	bool by_host;
	struct cordon_address host;
};

#define CORDON_FILTER_ALL                               \
	(struct cordon_filter)                          \
	{                                               \
		.verdict = -1, .reason = -1, .pid = -1, \
	}

/*
 * All return 0 or -errno. A store that is opened for reading alone may be a
 * copy on read-only media.
 */
int cordon_store_open(const char *file, bool writable, struct cordon_store **store,
		      struct cordon_failure *failure);
void cordon_store_close(struct cordon_store **store);

/* What SQLite said last; for failures of the functions below. */
const char *cordon_store_error(const struct cordon_store *store);

int cordon_store_begin(struct cordon_store *store);
int cordon_store_commit(struct cordon_store *store);
int cordon_store_rollback(struct cordon_store *store);

/* A record that is stored already is left as it is. */
int cordon_store_add(struct cordon_store *store, const struct cordon_record *record,
		     const char *exe, const char *path);
int cordon_store_add_loss(struct cordon_store *store, const __u64 boot[2], uint64_t from,
			  uint64_t to, uint64_t realtime_ns);
int cordon_store_add_policy(struct cordon_store *store, const void *image, size_t bytes);

/* The image whose digest begins so; the caller frees it. -ENOENT: not stored. */
int cordon_store_policy(struct cordon_store *store, const uint8_t digest[8], void **image,
			size_t *bytes);

/*
 * Records that no ledger took are counted by the guard itself. The number after the highest that
 * is stored of this boot, or lost: 1 at first.
 */
int cordon_store_next_sequence(struct cordon_store *store, const __u64 boot[2], uint64_t *next);
/* Called for each gap among the last records of this boot that is stored nowhere. */
typedef void (*cordon_store_gap)(void *context, uint64_t from, uint64_t to);
int cordon_store_gaps(struct cordon_store *store, const __u64 boot[2], cordon_store_gap visit,
		      void *context);
/* How many records of this boot are missing. */
int cordon_store_lost(struct cordon_store *store, const __u64 boot[2], uint64_t *count);

/* Called for each record; not 0 ends the query, which then returns it. */
typedef int (*cordon_store_visit)(void *context, const struct cordon_stored *stored);

/*
 * Records with an id above @after that pass the filter, oldest first, at
 * most @limit. *@seen is the id up to which the store was looked through.
 */
int cordon_store_query(struct cordon_store *store, const struct cordon_filter *filter,
		       int64_t after, unsigned int limit, cordon_store_visit visit, void *context,
		       int64_t *seen);
/* The id after which the last @count records that pass the filter come. */
int cordon_store_tail(struct cordon_store *store, const struct cordon_filter *filter,
		      unsigned int count, int64_t *after);

#define cordon_auto_store __attribute__((cleanup(cordon_store_close))) struct cordon_store

#endif /* CORDON_STORE_H */
