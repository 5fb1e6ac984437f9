// SPDX-License-Identifier: GPL-2.0-only
/* Whoever has the files and no key: everything that can be done to a store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "ledger_hash.h"

static bool change_record(const struct given *given, struct copy *copy)
{
	struct cordon_record *record = get_record(copy, "records", copy->id);

	(void)given;
	record->uid += 1000;
	put_record(copy, copy->id, record);
	free(record);
	return true;
}

static bool change_columns(const struct given *given, struct copy *copy)
{
	(void)given;
	run_sql(copy, "UPDATE records SET verdict = 1 - verdict WHERE id = %lld",
		(long long)copy->id);
	return true;
}

static bool change_path(const struct given *given, struct copy *copy)
{
	(void)given;
	run_sql(copy, "UPDATE records SET exe = x'2f62696e2f7472756500' WHERE id = %lld",
		(long long)copy->id);
	return true;
}

static bool drop_record(const struct given *given, struct copy *copy)
{
	(void)given;
	run_sql(copy, "DELETE FROM records WHERE id = %lld", (long long)copy->id);
	return true;
}

static bool swap_records(const struct given *given, struct copy *copy)
{
	struct cordon_record *one = get_record(copy, "records", copy->before);
	struct cordon_record *other = get_record(copy, "records", copy->id);
	uint64_t sequence = one->sequence;

	(void)given;
	one->sequence = other->sequence;
	other->sequence = sequence;
	run_sql(copy, "UPDATE records SET sequence = -1 WHERE id = %lld", (long long)copy->before);
	put_record(copy, copy->id, other);
	put_record(copy, copy->before, one);
	free(one);
	free(other);
	return true;
}

/* Without the constraint that would not have it. */
static bool duplicate_record(const struct given *given, struct copy *copy)
{
	(void)given;
	run_sql(copy, "CREATE TABLE loose AS SELECT * FROM records; DROP TABLE records;"
		      "ALTER TABLE loose RENAME TO records;");
	run_sql(copy,
		"UPDATE records SET id = id + 1 WHERE id > %lld;"
		"CREATE TEMP TABLE one AS SELECT * FROM records WHERE id = %lld;"
		"UPDATE one SET id = id + 1; INSERT INTO records SELECT * FROM one;",
		(long long)copy->id, (long long)copy->id);
	return true;
}

/* A record that was never made, at the place of none: behind the last of its chain's epoch. */
static bool insert_record(const struct given *given, struct copy *copy)
{
	struct cordon_record *record = get_record(copy, "records", copy->id);
	int64_t id = number_sql(copy, "SELECT max(id) + 1 FROM records");

	(void)given;
	record->sequence += 100000;
	record->uid = 0;
	run_sql(copy,
		"INSERT INTO records SELECT %lld, -1, boot, boottime, time, verdict, reason,"
		" operation, pid, uid, exe, path, address, record, ledger, chain FROM records"
		" WHERE id = %lld",
		(long long)id, (long long)copy->id);
	put_record(copy, id, record);
	free(record);
	return true;
}

static bool insert_unsealed(const struct given *given, struct copy *copy)
{
	struct cordon_record *record = get_record(copy, "records", copy->id);

	record->ledger = 0;
	record->algorithm = CORDON_ALGORITHM_NONE;
	record->chain = CORDON_CHAIN_NONE;
	insert_record(given, copy);
	put_record(copy, number_sql(copy, "SELECT max(id) FROM records"), record);
	free(record);
	return true;
}

static bool renumber_record(const struct given *given, struct copy *copy)
{
	struct cordon_record *record = get_record(copy, "records", copy->after);

	run_sql(copy, "DELETE FROM records WHERE id = %lld", (long long)copy->id);
	(void)given;
	record->sequence--;
	put_record(copy, copy->after, record);
	free(record);
	return true;
}

static bool move_to_next_epoch(const struct given *given, struct copy *copy)
{
	struct cordon_record *record = get_record(copy, "records", copy->id);

	(void)given;
	record->epoch++;
	put_record(copy, copy->id, record);
	free(record);
	return true;
}

static bool drop_epoch_record(const struct given *given, struct copy *copy)
{
	(void)given;
	run_sql(copy, "DELETE FROM epochs WHERE id = %lld", (long long)copy->epoch);
	return true;
}

static bool replace_epoch(const struct given *given, struct copy *copy)
{
	struct cordon_epoch *epoch = get_record(copy, "epochs", copy->epoch);

	(void)given;
	if (!epoch->heads) {
		free(epoch);
		return false;
	}
	/* Says that the last record was never made, which is removed. */
	epoch->head[0].sequence--;
	put_epoch(copy, copy->epoch, &epoch->header);
	free(epoch);
	return true;
}

static void delete_epochs(struct copy *copy, int64_t ledger, int64_t from, int64_t to)
{
	run_everywhere(copy,
		       "DELETE FROM epochs WHERE ledger = %lld AND epoch BETWEEN %lld AND %lld;"
		       "DELETE FROM records WHERE ledger = %lld AND"
		       " epoch_of(record) BETWEEN %lld AND %lld",
		       (long long)ledger, (long long)from, (long long)to, (long long)ledger,
		       (long long)from, (long long)to);
}

static bool drop_epoch(const struct given *given, struct copy *copy)
{
	struct cordon_header *header = get_record(copy, "epochs", copy->epoch);

	(void)given;
	delete_epochs(copy, (int64_t)header->ledger, (int64_t)header->epoch,
		      (int64_t)header->epoch);
	free(header);
	return true;
}

/* What an attacker does who wants the last minutes not to have been. */
static bool drop_end(const struct given *given, struct copy *copy)
{
	struct cordon_header *header = get_record(copy, "epochs", copy->last_epoch);

	(void)given;
	delete_epochs(copy, (int64_t)header->ledger, (int64_t)header->epoch / 2, INT64_MAX);
	free(header);
	return true;
}

static bool roll_back(const struct given *given, struct copy *copy)
{
	char command[9000];

	if (!given->older)
		return false;
	sqlite3_close(copy->database);
	copy->database = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s'; cp -a '%s' '%s'", copy->folder,
		 given->older, copy->folder);
	return !system(command);
}

/* The ledger's records of the middle, as another ledger's. */
static bool splice_boots(const struct given *given, struct copy *copy)
{
	struct cordon_record *record = get_record(copy, "records", copy->id);
	int64_t other =
		number_sql(copy, "SELECT ifnull(max(id), 0) FROM records WHERE ledger != %lld",
			   (long long)record->ledger);
	struct cordon_record *theirs;

	(void)given;
	if (!other) {
		free(record);
		return false;
	}
	theirs = get_record(copy, "records", other);
	record->ledger = theirs->ledger;
	memcpy(record->boot, theirs->boot, sizeof(record->boot));
	record->epoch = theirs->epoch;
	record->chain = theirs->chain;
	record->sequence = theirs->sequence + 1;
	put_record(copy, copy->id, record);
	free(record);
	free(theirs);
	return true;
}

/* And the word that a volume begins with what is left of it. */
static void delete_boot(struct copy *copy, int64_t ledger)
{
	run_everywhere(copy,
		       "DELETE FROM records WHERE ledger = %lld;"
		       "DELETE FROM epochs WHERE ledger = %lld;"
		       "DELETE FROM boots WHERE ledger = %lld;"
		       "UPDATE volume SET ledger = 0 WHERE ledger = %lld",
		       (long long)ledger, (long long)ledger, (long long)ledger, (long long)ledger);
}

static bool remove_boot(const struct given *given, struct copy *copy)
{
	int64_t ledger = number_sql(copy, "SELECT ledger FROM boots ORDER BY time LIMIT 1");

	(void)given;
	if (number_sql(copy, "SELECT count(*) FROM boots") < 2)
		return false;
	delete_boot(copy, ledger);
	return true;
}

/* A secret of the attacker's own, sealed to the auditor as the kernel's was. */
static bool replace_secret(const struct given *given, struct copy *copy)
{
	(void)given;
	run_everywhere(copy, "UPDATE boots SET record = CAST(substr(record, 1, 88) || "
			     "randomblob(length(record) - 88) AS BLOB)");
	return true;
}

static bool remove_secret(const struct given *given, struct copy *copy)
{
	(void)given;
	run_everywhere(copy, "DELETE FROM boots");
	return true;
}

static bool clear_all(const struct given *given, struct copy *copy)
{
	(void)given;
	run_everywhere(copy, "DELETE FROM records; DELETE FROM epochs; DELETE FROM boots;");
	return true;
}

static bool shuffle_rows(const struct given *given, struct copy *copy)
{
	int64_t top = number_sql(copy, "SELECT max(id) FROM records");

	(void)given;
	run_sql(copy, "UPDATE records SET id = -id; UPDATE records SET id = %lld + id + 1",
		(long long)top);
	return true;
}

static bool damage_file(const struct given *given, struct copy *copy)
{
	FILE *file;

	(void)given;
	sqlite3_close(copy->database);
	copy->database = NULL;
	file = fopen(copy->file, "r+");
	fseek(file, 0, SEEK_END);
	for (long page = ftell(file) / 4096 - 1; page > 1; page -= 4) {
		fseek(file, page * 4096, SEEK_SET);
		for (int i = 0; i < 4096; i++)
			fputc(0xa5, file);
	}
	return !fclose(file);
}

struct stolen {
	unsigned long long ledger, epoch, sequence;
	unsigned int cpu;
	struct cordon_chain chain;
};

/* The first of the keys that were stolen. */
static bool read_stolen(const struct given *given, struct stolen *stolen)
{
	FILE *file = given->stolen ? fopen(given->stolen, "r") : NULL;
	char hex[2 * CORDON_KEY_BYTES + 1];
	unsigned int byte, i;

	if (!file)
		return false;
	i = (unsigned int)fscanf(file, "%llu %u %llu %llu %64s", &stolen->ledger, &stolen->cpu,
				 &stolen->epoch, &stolen->sequence, hex);
	fclose(file);
	if (i != 5)
		return false;
	stolen->chain =
		(struct cordon_chain){ .sequence = stolen->sequence, .epoch = stolen->epoch };
	for (i = 0; i < CORDON_KEY_BYTES && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		stolen->chain.key[i] = (uint8_t)byte;
	return i == CORDON_KEY_BYTES;
}

/* The last record of the chain before the theft. NULL: the volume has none; else to be freed. */
static struct cordon_record *last_of(struct copy *copy, const struct stolen *stolen, int64_t *id)
{
	open_volume(copy, (int64_t)stolen->ledger);
	*id = number_sql(copy,
			 "SELECT id FROM records WHERE ledger = %lld AND chain = %u AND"
			 " sequence <= %lld ORDER BY sequence DESC LIMIT 1",
			 (long long)stolen->ledger, stolen->cpu, (long long)stolen->sequence);
	return *id ? get_record(copy, "records", *id) : NULL;
}

static bool forge_older(const struct given *given, struct copy *copy)
{
	struct cordon_record *record;
	struct stolen stolen;
	int64_t id;

	if (!read_stolen(given, &stolen) || !(record = last_of(copy, &stolen, &id)))
		return false;
	record->uid += 1000;
	cordon_chain_tag(&stolen.chain, &record->header, record->tag);
	put_record(copy, id, record);
	free(record);
	return true;
}

/* The positive control: of what comes behind the theft the thief is master, and only of that. */
static bool forge_newer(const struct given *given, struct copy *copy)
{
	struct cordon_record *record;
	struct stolen stolen;
	int64_t id, next;

	if (!read_stolen(given, &stolen) || !(record = last_of(copy, &stolen, &id)))
		return false;
	next = number_sql(copy, "SELECT max(id) + 1 FROM records");
	record->sequence = stolen.sequence + 1;
	record->epoch = stolen.epoch;
	record->uid += 1000;
	cordon_chain_tag(&stolen.chain, &record->header, record->tag);
	run_sql(copy,
		"INSERT INTO records SELECT %lld, -1, boot, boottime, time, verdict, reason,"
		" operation, pid, uid, exe, path, address, record, ledger, chain FROM records"
		" WHERE id = %lld",
		(long long)next, (long long)id);
	put_record(copy, next, record);
	free(record);
	return true;
}

static bool remove_removal(const struct given *given, struct copy *copy)
{
	(void)given;
	run_everywhere(copy,
		       "DELETE FROM records WHERE reason = %u AND operation = %u AND"
		       " instr(record, CAST('retention removes' AS BLOB))",
		       CORDON_REASON_STORE, CORDON_OPERATION_CONTROL);
	return true;
}

const struct attack retained_attacks[] = {
	/* Of the boots that the removals left whole the oldest. */
	{ "remove a boot that no removal names", remove_boot, "missing-boot", "deleted", false },
	{ "remove the record of a removal", remove_removal, "altered", "", false },
};
const unsigned int retained_attack_count = sizeof(retained_attacks) / sizeof(retained_attacks[0]);

const struct attack attacks[] = {
	{ "change a record", change_record, "altered", "changed", false },
	{ "change only what is shown of a record", change_columns, "altered", "no records", false },
	{ "change only the program that is shown", change_path, "altered", "no records", false },
	{ "drop a record", drop_record, "altered", "removed", false },
	{ "swap two records", swap_records, "altered", "", false },
	{ "duplicate a record", duplicate_record, "altered", "two records", false },
	{ "insert a record", insert_record, "altered", "", false },
	{ "insert a record of no ledger", insert_unsealed, "altered", "in no ledger", false },
	{ "drop a record and renumber the next", renumber_record, "altered", "", false },
	{ "move a record to the next epoch", move_to_next_epoch, "altered", "", false },
	{ "drop an epoch's record", drop_epoch_record, "altered", "epoch's record", false },
	{ "drop an epoch with all its records", drop_epoch, "altered", "", false },
	{ "replace an epoch's record", replace_epoch, "altered", "changed", false },
	{ "drop the end", drop_end, "truncated", "at the end are missing", false },
	{ "roll back to an older copy", roll_back, "truncated", "at the end are missing", false },
	{ "forge an older record with stolen keys", forge_older, "altered", "", false },
	{ "make a record with stolen keys behind the theft", forge_newer, NULL, NULL, false },
	{ "splice two boots", splice_boots, "altered", "", false },
	{ "remove a boot", remove_boot, "missing-boot", "not here", false },
	{ "replace the sealed secret", replace_secret, "unverifiable", "boot record", false },
	{ "remove the sealed secret", remove_secret, "unverifiable", "no boot record", false },
	{ "remove everything", clear_all, "unverifiable", "no ledger", false },
	{ "turn the order of rows round", shuffle_rows, NULL, NULL, false },
	{ "overwrite pages of the file", damage_file, "altered", "damaged", false },
};
const unsigned int attack_count = sizeof(attacks) / sizeof(attacks[0]);
