// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack CORDON KEY ANCHORS STORE WORK [--older FOLDER] [--log FOLDER] [--stolen FILE]
 * [--retained FOLDER --retained-anchors FILE]; only what is of a removal when STORE is that one: plays every attack on a copy
 * of the store, asks the verifier, prints TAP and a table: attack, verdict,
 * where it was noticed.
 */
#include <dirent.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agree.h"
#include "attack.h"
#include "key.h"
#include "read.h"

/* Of SQLite. */
#define PAGE 4096
/* Cuts of a file that are tried. */
#define CUTS 24
/* So many records are removed one by one from the end, or all of the last second, but not more than. */
#define TAIL	 40
#define TAIL_MAX 200

static void die(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

void run_sql(struct copy *copy, const char *format, ...)
{
	char text[2000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (sqlite3_exec(copy->database, text, NULL, NULL, NULL) != SQLITE_OK)
		die(text, sqlite3_errmsg(copy->database));
}

int64_t number_sql(struct copy *copy, const char *format, ...)
{
	char text[2000];
	va_list arguments;
	sqlite3_stmt *s;
	int64_t number = 0;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (sqlite3_prepare_v2(copy->database, text, -1, &s, NULL) != SQLITE_OK)
		die(text, sqlite3_errmsg(copy->database));
	if (sqlite3_step(s) == SQLITE_ROW)
		number = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return number;
}

void *get_record(struct copy *copy, const char *table, int64_t id)
{
	char text[200];
	sqlite3_stmt *s;
	void *bytes;

	snprintf(text, sizeof(text), "SELECT record FROM %s WHERE id = %lld", table, (long long)id);
	if (sqlite3_prepare_v2(copy->database, text, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		die(text, "no such row");
	bytes = malloc((size_t)sqlite3_column_bytes(s, 0));
	memcpy(bytes, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
	sqlite3_finalize(s);
	return bytes;
}

static void step_and_end(struct copy *copy, sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		die("write a row", sqlite3_errmsg(copy->database));
	sqlite3_finalize(s);
}

void put_record(struct copy *copy, int64_t id, const struct cordon_record *record)
{
	sqlite3_stmt *s;

	sqlite3_prepare_v2(copy->database,
			   "UPDATE records SET record = ?, sequence = ?, boot = ?, ledger = ?,"
			   " chain = ?, uid = ?, pid = ? WHERE id = ?",
			   -1, &s, NULL);
	sqlite3_bind_blob(s, 1, record, sizeof(*record), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)record->sequence);
	sqlite3_bind_blob(s, 3, record->boot, sizeof(record->boot), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)record->ledger);
	sqlite3_bind_int64(s, 5, record->chain);
	sqlite3_bind_int64(s, 6, record->uid);
	sqlite3_bind_int64(s, 7, record->pid);
	sqlite3_bind_int64(s, 8, id);
	step_and_end(copy, s);
}

void put_epoch(struct copy *copy, int64_t id, const struct cordon_header *record)
{
	sqlite3_stmt *s;

	sqlite3_prepare_v2(copy->database, "UPDATE epochs SET record = ? WHERE id = ?", -1, &s,
			   NULL);
	sqlite3_bind_blob(s, 1, record, (int)record->bytes, SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 2, id);
	step_and_end(copy, s);
}

void ask_verifier(const struct given *given, const char *store, bool anchors, struct said *said)
{
	struct json_object *answer, *member, *findings;
	char command[20000], line[200000] = "";
	size_t used, i;
	FILE *out;

	snprintf(command, sizeof(command), "'%s' ledger verify --json --key '%s' %s%s%s '%s'",
		 given->cordon, given->key, anchors ? "--anchors '" : "",
		 anchors ? given->anchors : "", anchors ? "'" : "", store);
	memset(said, 0, sizeof(*said));
	out = popen(command, "r");
	used = out ? fread(line, 1, sizeof(line) - 1, out) : 0;
	line[used] = '\0';
	said->code = out ? WEXITSTATUS(pclose(out)) : -1;
	answer = json_tokener_parse(line);
	if (!answer || !json_object_object_get_ex(answer, "verdict", &member))
		die(command, line);
	snprintf(said->verdict, sizeof(said->verdict), "%s", json_object_get_string(member));
	json_object_object_get_ex(answer, "findings", &findings);
	for (i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings, i), *text;

		json_object_object_get_ex(finding, "verdict", &member);
		json_object_object_get_ex(finding, "text", &text);
		if (!strcmp(json_object_get_string(member), said->verdict) && !said->noticed[0])
			snprintf(said->noticed, sizeof(said->noticed), "%s",
				 json_object_get_string(text));
	}
	json_object_put(answer);
}

/* NULL, or what the verifier says differently by different kinds of lanes. */
static const char *ask_kinds(const struct given *given, const char *store, bool anchors)
{
	struct cordon_evidence evidence = { 0 };
	struct cordon_auditor auditor;
	struct cordon_verify_options options = { .open = cordon_secret_open, .context = &auditor };
	struct cordon_failure failure;
	const char *differs;
	size_t count;

	if (cordon_key_read_private(given->key, &auditor, &failure) ||
	    cordon_evidence_read(&evidence, (char *const *)&store, 1, &failure) ||
	    (anchors && cordon_evidence_read_anchors(&evidence, given->anchors, &count, &failure)))
		die(store, failure.text);
	differs = agree(&evidence, &options);
	cordon_evidence_free(&evidence);
	return differs;
}

static void copy_store(const struct given *given, struct copy *copy)
{
	char command[9000];

	memset(copy, 0, sizeof(*copy));
	snprintf(copy->folder, sizeof(copy->folder), "%s/copy", given->work);
	snprintf(command, sizeof(command), "rm -rf '%s'; cp -a '%s' '%s'", copy->folder,
		 given->store, copy->folder);
	if (system(command))
		die("copy", command);
}

static void epoch_of(sqlite3_context *context, int count, sqlite3_value **value)
{
	struct cordon_header header = { 0 };

	(void)count;
	if ((size_t)sqlite3_value_bytes(value[0]) >= sizeof(header))
		memcpy(&header, sqlite3_value_blob(value[0]), sizeof(header));
	sqlite3_result_int64(context, (sqlite3_int64)header.epoch);
}

static void open_file(struct copy *copy)
{
	if (sqlite3_open(copy->file, &copy->database) != SQLITE_OK)
		die(copy->file, "cannot be opened");
	sqlite3_create_function(copy->database, "epoch_of", 1, SQLITE_UTF8, NULL, epoch_of, NULL,
				NULL);
}

/* Calls for each volume of the copy, in no order. */
static void each_volume(struct copy *copy, void (*visit)(struct copy *volume, void *context),
			void *context)
{
	DIR *folder = opendir(copy->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		size_t length = strlen(entry->d_name);
		struct copy volume = { 0 };

		/* The store's own name is a link to one of them. */
		if (length < 4 || strcmp(entry->d_name + length - 3, ".db") ||
		    entry->d_type == DT_LNK)
			continue;
		snprintf(volume.file, sizeof(volume.file), "%s/%s", copy->folder, entry->d_name);
		open_file(&volume);
		visit(&volume, context);
		sqlite3_close(volume.database);
	}
	closedir(folder);
}

static void run_one(struct copy *volume, void *text)
{
	run_sql(volume, "%s", (const char *)text);
}

void run_everywhere(struct copy *copy, const char *format, ...)
{
	char text[2000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	each_volume(copy, run_one, text);
}

struct choice {
	const char *query;
	int64_t most;
	char file[4400];
};

static void choose_one(struct copy *volume, void *context)
{
	struct choice *choice = context;
	int64_t count = number_sql(volume, "%s", choice->query);

	if (count <= choice->most)
		return;
	choice->most = count;
	strcpy(choice->file, volume->file);
}

/* The volume in which the query gives the highest number. */
static void open_best(struct copy *copy, const char *query)
{
	struct choice choice = { .query = query, .most = -1 };

	sqlite3_close(copy->database);
	each_volume(copy, choose_one, &choice);
	strcpy(copy->file, choice.file);
	open_file(copy);
}

void open_volume(struct copy *copy, int64_t ledger)
{
	char query[100];

	snprintf(query, sizeof(query),
		 "SELECT count(*) FROM records WHERE ledger = %lld OR 0 = %lld", (long long)ledger,
		 (long long)ledger);
	open_best(copy, query);
}

/* Three neighbours in one chain of one epoch, near the middle, whose epoch has its record. */
static void choose_rows(struct copy *copy)
{
	sqlite3_stmt *s;
	struct cordon_header last[2] = { 0 };
	int64_t id[2] = { 0 }, half = number_sql(copy, "SELECT count(*) / 2 FROM records"), at = 0;

	sqlite3_prepare_v2(copy->database,
			   "SELECT id, record FROM records ORDER BY ledger, chain, sequence", -1,
			   &s, NULL);
	while (sqlite3_step(s) == SQLITE_ROW && (at++ < half + 50 || !copy->id)) {
		struct cordon_header now;

		memcpy(&now, sqlite3_column_blob(s, 1), sizeof(now));
		if (last[0].ledger == now.ledger && last[0].chain == now.chain &&
		    last[0].epoch == now.epoch && last[1].sequence == now.sequence - 1 &&
		    last[0].sequence == now.sequence - 2 && (!copy->id || at <= half)) {
			copy->before = id[0];
			copy->id = id[1];
			copy->after = sqlite3_column_int64(s, 0);
		}
		last[0] = last[1];
		last[1] = now;
		id[0] = id[1];
		id[1] = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	if (!copy->id)
		die(copy->file, "no three records in one epoch of one chain");
	copy->last_epoch = number_sql(copy, "SELECT max(id) FROM epochs WHERE class = 2");
	/* Of the record's ledger, with heads and stored records, neither the first nor the last. */
	copy->epoch = number_sql(
		copy,
		"SELECT id FROM epochs AS e WHERE class = 2 AND length(record) > %zu AND"
		" ledger = (SELECT ledger FROM records WHERE id = %lld) AND epoch BETWEEN 1 AND"
		" (SELECT max(epoch) - 2 FROM epochs AS m WHERE m.ledger = e.ledger)"
		" AND EXISTS (SELECT 1 FROM records AS r WHERE r.ledger = e.ledger"
		" AND epoch_of(r.record) = e.epoch) ORDER BY epoch DESC LIMIT 1",
		sizeof(struct cordon_epoch), (long long)copy->id);
	if (!copy->epoch)
		die(copy->file, "no epoch in the middle of the record's ledger");
}

static unsigned int number, failed;

static void tell(bool right, const char *name, const struct said *said, const char *wanted)
{
	printf("%sok %u - %s: %s\n", right ? "" : "not ", ++number, name, said->verdict);
	if (!right)
		printf("# wanted %s, exit code %d, noticed: %s\n", wanted, said->code,
		       said->noticed);
	failed += !right;
	fprintf(stderr, "| %s | %s | %s |\n", name, said->verdict,
		said->noticed[0] ? said->noticed : "-");
}

static void play(const struct given *given, const struct attack *attack,
		 const struct said *unharmed)
{
	const char *wanted = attack->verdict ? attack->verdict : unharmed->verdict;
	const char *differs;
	struct copy copy;
	struct said said;
	bool right;

	copy_store(given, &copy);
	open_volume(&copy, 0);
	choose_rows(&copy);
	if (!attack->play(given, &copy)) {
		printf("ok %u - %s # SKIP nothing in the store to play it on\n", ++number,
		       attack->name);
		sqlite3_close(copy.database);
		return;
	}
	sqlite3_close(copy.database);
	ask_verifier(given, copy.folder, !attack->no_anchors, &said);
	right = !strcmp(said.verdict, wanted) &&
		(!attack->noticed || strstr(said.noticed, attack->noticed)) &&
		said.code == (attack->verdict ? 1 : unharmed->code);
	differs = ask_kinds(given, copy.folder, !attack->no_anchors);
	if (differs)
		printf("# %s\n", differs);
	right = right && !differs;
	tell(right, attack->name, &said, wanted);
}

/* The end of the file that is written, cut at more and more bytes: never as good as before. */
static void play_cuts(const struct given *given, const struct said *unharmed)
{
	struct said said = { 0 }, first = { 0 };
	struct copy copy;
	struct stat status;
	int cut, unseen = 0;

	/* A page at least: the last one can be free, or of an index, and then nothing is missing. */
	for (cut = 1; cut <= CUTS; cut++) {
		copy_store(given, &copy);
		open_volume(&copy, 0);
		sqlite3_close(copy.database);
		if (stat(copy.file, &status) ||
		    truncate(copy.file, status.st_size - PAGE - (off_t)cut * cut * 47))
			die(copy.file, "cannot be cut");
		ask_verifier(given, copy.folder, true, &said);
		if (!first.verdict[0])
			first = said;
		unseen += said.code == 0 || !strcmp(said.verdict, unharmed->verdict);
	}
	tell(!unseen, "cut the file at its end", &first, "never as unharmed");
}

/* When the record was made that has so many of the last ledger behind it; 0: there is none. */
static int64_t time_of(struct copy *copy, int behind)
{
	return number_sql(
		copy,
		"SELECT time FROM (SELECT time FROM records UNION SELECT time FROM epochs)"
		" ORDER BY time DESC LIMIT 1 OFFSET %d",
		behind);
}

/* The end, record by record: gone from both tables of all volumes. Always noticed, never altered. */
static void play_tail(const struct given *given)
{
	struct said said = { 0 };
	struct copy copy;
	int unseen = 0, i;
	int64_t time = 1, end = 0;

	for (i = 0; time && i < TAIL_MAX && (i < TAIL || end - time <= 1000000000); i++) {
		copy_store(given, &copy);
		open_best(&copy, "SELECT max(number) FROM volume");
		time = time_of(&copy, i);
		end = time_of(&copy, 0);
		run_everywhere(&copy,
			       "DELETE FROM records WHERE time >= %lld;"
			       "DELETE FROM epochs WHERE time >= %lld;",
			       (long long)time, (long long)time);
		sqlite3_close(copy.database);
		ask_verifier(given, copy.folder, true, &said);
		unseen += strcmp(said.verdict, "truncated") != 0;
	}
	printf("# %d records and epochs, the last second's among them\n", i);
	tell(!unseen, "remove the end, record by record", &said, "truncated");
}

/* Bytes between cuts; in a check two to a page, for SQLite takes a page as a whole or not at all. */
static off_t cut_step(void)
{
	const char *step = getenv("LEDGER_CUT_BYTES");
	off_t bytes = step ? atoll(step) : 0;

	return bytes > 0 ? bytes : (PAGE + 24) / 2 + 1;
}

/*
 * A store in use, as a power cut leaves it, with its log, which is the last second, cut at more and
 * more bytes: what is left is a beginning. The verifier only reads: each cut goes on with the last.
 */
static void play_log(const struct given *given)
{
	struct given in_use = *given;
	struct said said = { 0 };
	struct stat status;
	struct copy copy;
	char log[4500];
	int unseen = 0, cuts = 0;
	off_t cut;

	in_use.store = given->log;
	copy_store(&in_use, &copy);
	open_best(&copy, "SELECT max(number) FROM volume");
	snprintf(log, sizeof(log), "%s-wal", copy.file);
	sqlite3_close(copy.database);
	copy_store(&in_use, &copy);
	if (stat(log, &status))
		die(log, "is not there");
	for (cut = status.st_size - 1; cut > 32; cut -= cut_step(), cuts++) {
		if (truncate(log, cut))
			die(log, "cannot be cut");
		ask_verifier(given, copy.folder, true, &said);
		unseen += strcmp(said.verdict, "truncated") && strcmp(said.verdict, "missing-boot");
	}
	printf("# %d cuts\n", cuts);
	tell(!unseen, "cut the log of a store in use", &said, "truncated");
}

static void play_retained(const struct given *given)
{
	struct given retained = *given;
	struct said unharmed;
	unsigned int i;

	retained.store = given->retained;
	retained.anchors = given->retained_anchors;
	ask_verifier(&retained, retained.store, true, &unharmed);
	tell(!strcmp(unharmed.verdict, "intact-with-losses") ||
		     !strcmp(unharmed.verdict, "intact") || !strcmp(unharmed.verdict, "crashed"),
	     "none, where the retention removed a boot", &unharmed, "as before");
	for (i = 0; i < retained_attack_count; i++)
		play(&retained, &retained_attacks[i], &unharmed);
}

static void parse(int argc, char **argv, struct given *given)
{
	static const struct option names[] = {
		{ "older", required_argument, NULL, 'o' },
		{ "log", required_argument, NULL, 'l' },
		{ "stolen", required_argument, NULL, 's' },
		{ "retained", required_argument, NULL, 'r' },
		{ "retained-anchors", required_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (option) {
		case 'o':
			given->older = optarg;
			break;
		case 'l':
			given->log = optarg;
			break;
		case 's':
			given->stolen = optarg;
			break;
		case 'r':
			given->retained = optarg;
			break;
		case 'a':
			given->retained_anchors = optarg;
			break;
		default:
			exit(2);
		}
	if (argc - optind != 5)
		exit(2);
	given->cordon = argv[optind];
	given->key = argv[optind + 1];
	given->anchors = argv[optind + 2];
	given->store = argv[optind + 3];
	given->work = argv[optind + 4];
}

static void play_whole(const struct given *given)
{
	struct said unharmed;
	unsigned int i;

	ask_verifier(given, given->store, true, &unharmed);
	tell(!strcmp(unharmed.verdict, "intact") ||
		     !strcmp(unharmed.verdict, "intact-with-losses") ||
		     !strcmp(unharmed.verdict, "crashed"),
	     "none", &unharmed, "intact, with losses or crashed");
	for (i = 0; i < attack_count; i++)
		play(given, &attacks[i], &unharmed);
	play_cuts(given, &unharmed);
	play_tail(given);
}

int main(int argc, char **argv)
{
	struct given given = { 0 };
	unsigned int count;
	bool whole;

	parse(argc, argv, &given);
	whole = !given.retained || strcmp(given.retained, given.store) != 0;
	count = whole ? attack_count + 3 : 0;
	mkdir(given.work, 0700);
	setvbuf(stdout, NULL, _IOLBF, 0);
	count += (given.log ? 1 : 0) + (given.retained ? 1 + retained_attack_count : 0);
	printf("TAP version 13\n1..%u\n", count);
	fprintf(stderr, "| attack | verdict | where it was noticed |\n| --- | --- | --- |\n");
	if (whole)
		play_whole(&given);
	if (given.log)
		play_log(&given);
	if (given.retained)
		play_retained(&given);
	return failed ? 1 : 0;
}
