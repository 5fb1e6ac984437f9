/* SPDX-License-Identifier: GPL-2.0-only */
/* What the store's own files share, and what removes volumes of it. */
#ifndef CORDON_STORE_INTERNAL_H
#define CORDON_STORE_INTERNAL_H

#include <sqlite3.h>

#include "store.h"

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_ADD,
	STATEMENT_ADD_LOSS,
	STATEMENT_ADD_POLICY,
	STATEMENT_ADD_EPOCH,
	STATEMENT_ADD_BOOT,
	STATEMENT_LAST_EPOCH,
	STATEMENT_POLICY,
	STATEMENT_NEXT_SEQUENCE,
	STATEMENT_GAPS,
	STATEMENT_LOST,
	STATEMENT_QUERY,
	STATEMENT_TAIL,
	STATEMENT_COUNT
};

struct cordon_store {
	sqlite3 *database;
	sqlite3_stmt *statement[STATEMENT_COUNT];
	char *file;
	bool writable;
	bool spans; /* a query looks into the older volumes beside the file too */
	uint64_t inode; /* of the file that was opened: it may have been rotated away since */
	int64_t next_id; /* of records; the writer's */
	const char *trouble; /* of a volume that was closed since; NULL: the database's own */
};

/* SQLite's result as one of ours. */
int cordon_store_errno(int result);
/* The prepared statement, made at its first use; NULL on failure. */
sqlite3_stmt *cordon_store_prepare(struct cordon_store *store, enum statement which);
/* Runs a statement that gives no rows, and makes it ready for the next time. */
int cordon_store_run(sqlite3_stmt *statement);
/* File names are bytes, not text: stored and compared as blobs. */
void cordon_store_bind_bytes(sqlite3_stmt *statement, int at, const char *bytes);
/* Several statements, none of which gives rows that matter. */
int cordon_store_execute(struct cordon_store *store, const char *statements);
/* Closes what is open in @store and opens its file again. */
int cordon_store_reopen(struct cordon_store *store, struct cordon_failure *failure);
/* The number of the volume; 0: none. */
int cordon_store_volume_number(struct cordon_store *store, int64_t *number);

#endif /* CORDON_STORE_INTERNAL_H */
