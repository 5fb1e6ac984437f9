// SPDX-License-Identifier: GPL-2.0-only
/*
 * theft KEY STORE MEMORY STOLEN: the memory of a guest that was killed, and the store that it left.
 * Of every record and epoch that is stored the auditor's key gives the keys that they were made
 * with: none of these may be in the memory. Those of the moment are, once each: they are written to
 * STOLEN, for who forges with them. TAP.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"
#include "read.h"

/* Epochs behind the last one that is stored in which the power may have been cut. */
#define EPOCHS_AHEAD 60
#define CPUS	     8

struct known_key {
	uint8_t key[CORDON_KEY_BYTES];
	bool past;
	uint32_t chain; /* CORDON_CHAIN_NONE: a secret of the ratchet */
	uint64_t ledger, epoch;
	unsigned int seen;
	const uint8_t *at; /* where it was seen last */
};

static struct {
	struct known_key *key;
	size_t count, room;
	uint32_t *slot; /* open addressing by the first bytes; index + 1 */
	size_t slots;
} known;

static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static void learn(const uint8_t key[CORDON_KEY_BYTES], bool past, uint32_t chain, uint64_t ledger,
		  uint64_t epoch)
{
	if (known.count == known.room) {
		known.room = known.room ? 2 * known.room : 4096;
		known.key = realloc(known.key, known.room * sizeof(*known.key));
		if (!known.key)
			die("memory");
	}
	known.key[known.count] = (struct known_key){
		.past = past, .chain = chain, .ledger = ledger, .epoch = epoch
	};
	memcpy(known.key[known.count++].key, key, CORDON_KEY_BYTES);
}

/* The rows of one chain in one epoch: the key of each, as it was made. */
static size_t learn_chain(const struct cordon_row *row, size_t count,
			  const uint8_t secret[CORDON_KEY_BYTES])
{
	const struct cordon_header *first = row->record;
	struct cordon_chain chain = { .sequence = first->sequence - 1 };
	size_t i;

	cordon_chain_begin(&chain, first->chain, first->epoch, secret);
	for (i = 0; i < count && row[i].record->chain == first->chain &&
		    row[i].record->epoch == first->epoch;
	     i++) {
		/* Losses; when the first one was, its key is not found and nothing is said of it. */
		while (chain.sequence + 1 < row[i].record->sequence) {
			learn(chain.key, true, first->chain, first->ledger, first->epoch);
			cordon_chain_lose(&chain);
		}
		learn(chain.key, true, first->chain, first->ledger, first->epoch);
		cordon_chain_step(&chain, row[i].record->tag);
	}
	return i;
}

static void learn_epoch(const uint8_t secret[CORDON_KEY_BYTES], bool past, uint64_t ledger,
			uint64_t epoch)
{
	struct cordon_chain chain;
	uint32_t cpu;

	learn(secret, past, CORDON_CHAIN_NONE, ledger, epoch);
	for (cpu = 0; cpu < CPUS; cpu++) {
		cordon_chain_begin(&chain, cpu, epoch, secret);
		learn(chain.key, past, cpu, ledger, epoch);
	}
	cordon_chain_begin(&chain, CORDON_CHAIN_EPOCHS, epoch, secret);
	learn(chain.key, past, CORDON_CHAIN_EPOCHS, ledger, epoch);
}

static void learn_ledger(const struct cordon_evidence *evidence, size_t at, size_t end,
			 const struct cordon_ledger_boot *boot, struct cordon_auditor *auditor)
{
	uint8_t secret[CORDON_KEY_BYTES];
	uint64_t epoch, last = 0;
	size_t i;

	if (cordon_secret_open(auditor, boot, secret))
		die("the auditor's key opens no secret");
	/* What is stored was made with keys of the past; an epoch without a record yet is now. */
	for (i = at; i < end; i++)
		if (evidence->row[i].record->class == CORDON_CLASS_EPOCH)
			last = evidence->row[i].record->epoch;
	for (epoch = 0; epoch <= last + EPOCHS_AHEAD; epoch++) {
		/* The power was cut in one of those ahead. */
		learn_epoch(secret, epoch <= last, boot->ledger, epoch);
		while (at < end && evidence->row[at].record->epoch == epoch)
			at += learn_chain(&evidence->row[at], end - at, secret);
		cordon_epoch_next(secret);
	}
}

static void learn_all(struct cordon_evidence *evidence, struct cordon_auditor *auditor)
{
	size_t at = 0, end, i;

	cordon_evidence_sort(evidence);
	for (i = 0; i < evidence->ledger_count; i++, at = end) {
		for (end = at; end < evidence->row_count && evidence->row[end].ledger == i; end++)
			;
		if (end > at && evidence->ledger[i].known)
			learn_ledger(evidence, at, end, &evidence->ledger[i].boot, auditor);
	}
}

static size_t slot_of(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return (size_t)(word * 0x9e3779b97f4a7c15ull >> 20) & (known.slots - 1);
}

static void index_keys(void)
{
	size_t i, slot;

	for (known.slots = 1 << 16; known.slots < 8 * known.count; known.slots *= 2)
		;
	known.slot = calloc(known.slots, sizeof(*known.slot));
	for (i = 0; i < known.count; i++) {
		for (slot = slot_of(known.key[i].key); known.slot[slot];
		     slot = (slot + 1) & (known.slots - 1))
			;
		known.slot[slot] = (uint32_t)i + 1;
	}
}

/* Half of a key is as good as found: nothing of it may be left. */
#define ENOUGH_BYTES 16

static void search(const uint8_t *memory, size_t bytes)
{
	size_t at, slot;

	for (at = 0; at + CORDON_KEY_BYTES <= bytes; at += 4)
		for (slot = slot_of(memory + at); known.slot[slot];
		     slot = (slot + 1) & (known.slots - 1)) {
			struct known_key *key = &known.key[known.slot[slot] - 1];

			if (memcmp(key->key, memory + at, ENOUGH_BYTES))
				continue;
			key->seen++;
			key->at = memory + at;
		}
}

static void tell(bool right, unsigned int number, const char *text)
{
	printf("%sok %u - %s\n", right ? "" : "not ", number, text);
}

/* A chain as it lies in the module's memory: what stands before the key. */
static void write_stolen(FILE *file, const struct known_key *key)
{
	struct cordon_chain chain;
	char hex[2 * CORDON_KEY_BYTES + 1];

	memcpy(&chain, key->at - offsetof(struct cordon_chain, key), sizeof(chain));
	if (chain.epoch != key->epoch || key->chain >= CPUS)
		return;
	fprintf(file, "%llu %u %llu %llu %s\n", (unsigned long long)key->ledger, key->chain,
		(unsigned long long)chain.epoch, (unsigned long long)chain.sequence,
		sodium_bin2hex(hex, sizeof(hex), key->key, sizeof(key->key)));
}

static int judge(const char *stolen)
{
	unsigned int past = 0, now = 0, twice = 0;
	FILE *file = fopen(stolen, "w");
	size_t i;

	if (!file)
		die(stolen);
	for (i = 0; i < known.count; i++) {
		struct known_key *key = &known.key[i];

		if (!key->seen)
			continue;
		past += key->past;
		now += !key->past;
		twice += key->seen > 1;
		printf("# %s key, chain %x, epoch %llu: %u times\n", key->past ? "past" : "present",
		       key->chain, (unsigned long long)key->epoch, key->seen);
		if (!key->past)
			write_stolen(file, key);
	}
	fclose(file);
	printf("# %zu keys were looked for\n", known.count);
	tell(!past, 1, "no key that a record was made with is in the memory of the machine");
	tell(now, 2, "the keys of the moment are");
	tell(!twice, 3, "and each in one place: in no map, and in no buffer");
	return !past && now && !twice ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct cordon_evidence evidence = { 0 };
	struct cordon_failure failure;
	struct cordon_auditor auditor;
	struct stat status;
	uint8_t *memory;
	int fd;

	if (argc != 5 || sodium_init() < 0)
		return 2;
	printf("TAP version 13\n1..3\n");
	if (cordon_key_read_private(argv[1], &auditor, &failure) ||
	    cordon_evidence_read(&evidence, &argv[2], 1, &failure))
		die(failure.text);
	fd = open(argv[3], O_RDONLY);
	if (fd < 0 || fstat(fd, &status))
		die(argv[3]);
	memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		die(argv[3]);
	learn_all(&evidence, &auditor);
	index_keys();
	search(memory, (size_t)status.st_size);
	return judge(argv[4]);
}
