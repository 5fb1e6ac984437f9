// SPDX-License-Identifier: GPL-2.0-only
/* The ledger's own part of the store: epochs, changes, and who may verify them. */
#include "store_internal.h"
#include "store_ledger.h"

int cordon_store_add_epoch(struct cordon_store *store, const struct cordon_header *record)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_ADD_EPOCH);

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, record->boot, sizeof(record->boot), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)record->ledger);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)record->sequence);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)record->epoch);
	sqlite3_bind_int(s, 5, record->class);
	sqlite3_bind_int64(s, 6, (sqlite3_int64)record->realtime_ns);
	sqlite3_bind_blob(s, 7, record, (int)record->bytes, SQLITE_TRANSIENT);
	return cordon_store_run(s);
}

int cordon_store_add_boot(struct cordon_store *store, const struct cordon_ledger_boot *boot)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_ADD_BOOT);

	if (!s)
		return -EIO;
	sqlite3_bind_blob(s, 1, boot->boot, sizeof(boot->boot), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)boot->ledger);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)boot->realtime_ns);
	sqlite3_bind_blob(s, 4, boot, sizeof(*boot), SQLITE_TRANSIENT);
	return cordon_store_run(s);
}

int cordon_store_last_epoch(struct cordon_store *store, struct cordon_header *last)
{
	sqlite3_stmt *s = cordon_store_prepare(store, STATEMENT_LAST_EPOCH);
	int result, err = -ENOENT;

	if (!s)
		return -EIO;
	result = sqlite3_step(s);
	if (result == SQLITE_ROW) {
		err = -EBADMSG;
		if ((size_t)sqlite3_column_bytes(s, 0) >= sizeof(*last)) {
			memcpy(last, sqlite3_column_blob(s, 0), sizeof(*last));
			err = 0;
		}
	} else if (result != SQLITE_DONE) {
		err = cordon_store_errno(result);
	}
	sqlite3_reset(s);
	return err;
}
