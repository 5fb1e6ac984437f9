// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/ledger.c, kmod/epoch.c: what the module says of its chains, recomputed from the secret with
 * the same header. The test is the module's controller; no guard runs.
 */
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>

#include "module.h"
#include "ledger_hash.h"
#include "ledger_probe.skel.h"
#include "harness.h"

#define CPUS	     8
#define ROOM	     (1u << 20)
#define LONG_TIMEOUT 600

/* ---- A ledger as its auditor follows it ------------------------------------------------ */

struct auditor {
	struct cordon_ledger_begin begin;
	__u8 secret[CORDON_SECRET_BYTES]; /* W of the epoch under way */
	struct cordon_chain epochs; /* the module's own chain */
	__u8 previous[CORDON_TAG_BYTES];
	__u64 begin_ns; /* of the epoch under way */
	unsigned int epochs_seen, changes_seen, losses_seen;
	__u64 skipped;
	__u64 kind[CORDON_CHANGE_COUNT]; /* how many of each */
	struct cordon_change last; /* of any kind */
	struct cordon_chain_head head[CPUS]; /* as the epochs said last */
	__u64 records, drops; /* as the last epoch said */
};

static int tags_equal(const __u8 *a, const __u8 *b)
{
	return !memcmp(a, b, CORDON_TAG_BYTES);
}

/* @record as the next of @chain, behind any number of losses. Returns the losses, or -1. */
static int follow(struct cordon_chain *chain, const struct cordon_header *record)
{
	struct cordon_chain at = *chain;
	__u8 tag[CORDON_TAG_BYTES];
	int losses = 0;

	while (at.sequence + 1 < record->sequence) {
		cordon_chain_lose(&at);
		losses++;
	}
	if (at.sequence + 1 != record->sequence || at.epoch != record->epoch)
		return -1;
	cordon_chain_tag(&at, record, tag);
	if (!tags_equal(tag, record->tag))
		return -1;
	cordon_chain_step(&at, tag);
	*chain = at;
	return losses;
}

static void begin_epoch(struct auditor *auditor, __u64 epoch)
{
	cordon_chain_begin(&auditor->epochs, CORDON_CHAIN_EPOCHS, epoch, auditor->secret);
}

/* Returns 0, or the number of what is wrong. */
static int see_epoch(struct auditor *auditor, const struct cordon_epoch *epoch)
{
	__u32 i;

	if (epoch->header.bytes != sizeof(*epoch) + epoch->heads * sizeof(epoch->head[0]))
		return 1;
	if (!tags_equal(epoch->previous, auditor->previous))
		return 2;
	if (auditor->begin_ns && epoch->begin_ns != auditor->begin_ns)
		return 3;
	for (i = 0; i < epoch->heads; i++) {
		if (epoch->head[i].chain >= CPUS)
			return 4;
		auditor->head[epoch->head[i].chain] = epoch->head[i];
	}
	memcpy(auditor->previous, epoch->header.tag, sizeof(auditor->previous));
	auditor->begin_ns = epoch->header.boottime_ns;
	auditor->epochs_seen++;
	auditor->skipped += epoch->skipped;
	auditor->records = epoch->records;
	auditor->drops = epoch->drops;
	cordon_epoch_next(auditor->secret);
	begin_epoch(auditor, epoch->header.epoch + 1);
	return 0;
}

static int see(struct auditor *auditor, const struct cordon_header *record)
{
	const struct cordon_change *change = (const void *)record;
	int losses = follow(&auditor->epochs, record);

	if (losses < 0)
		return 10;
	auditor->losses_seen += losses;
	if (record->ledger != auditor->begin.ledger || record->chain != CORDON_CHAIN_EPOCHS)
		return 11;
	if (record->class == CORDON_CLASS_EPOCH)
		return see_epoch(auditor, (const void *)record);
	if (record->class != CORDON_CLASS_CHANGE || record->bytes != sizeof(*change) ||
	    change->kind >= CORDON_CHANGE_COUNT)
		return 12;
	auditor->changes_seen++;
	auditor->kind[change->kind]++;
	auditor->last = *change;
	return 0;
}

/* ---- The fixture: a module, a controller, an enrolled ledger ---------------------------- */

FIXTURE(ledger)
{
	int door;
	struct auditor auditor;
	struct ledger_probe *probe;
	char *buffer;
};

FIXTURE_SETUP(ledger)
{
	struct auditor *auditor = &self->auditor;
	struct cordon_hello hello;

	memset(auditor, 0, sizeof(*auditor));
	self->buffer = malloc(ROOM);
	/* What a test left that failed. */
	if (is_loaded())
		ASSERT_EQ(0, unload_module_soon());
	ASSERT_EQ(0, load_module());
	self->door = open_door();
	ASSERT_LE(0, self->door);
	ASSERT_EQ(0, say_hello(self->door, &hello));
	auditor->begin =
		(struct cordon_ledger_begin){ .boot = { 11, 12 }, .flags = CORDON_LEDGER_ENROLLED };
	ASSERT_EQ(0, ioctl(self->door, CORDON_IOCTL_BEGIN, &auditor->begin));
	memcpy(auditor->secret, auditor->begin.secret, sizeof(auditor->secret));
	begin_epoch(auditor, 0);
	self->probe = ledger_probe__open();
	ASSERT_NE(NULL, self->probe);
	self->probe->rodata->module_is_there = true;
	ASSERT_EQ(0, ledger_probe__load(self->probe));
}

FIXTURE_TEARDOWN(ledger)
{
	ledger_probe__destroy(self->probe);
	free(self->buffer);
	close(self->door);
	if (is_loaded())
		EXPECT_EQ(0, unload_module_soon());
}

static int read_some(int door, struct auditor *auditor, char *buffer)
{
	ssize_t count = read(door, buffer, ROOM), at;
	int err;

	if (count < 0)
		return -errno;
	for (at = 0; at < count; at += ((struct cordon_header *)(buffer + at))->bytes) {
		err = see(auditor, (const void *)(buffer + at));
		if (err)
			return err;
	}
	return 0;
}

static int take(int door, const struct auditor *auditor)
{
	struct cordon_ledger_taken taken = { .sequence = auditor->epochs.sequence };

	return result(ioctl(door, CORDON_IOCTL_TAKEN, &taken));
}

/* Reads and takes until so many epochs were seen; 0, -ETIME or what is wrong. */
static int await_epochs(int door, struct auditor *auditor, char *buffer, unsigned int epochs)
{
	struct pollfd wait = { .fd = door, .events = POLLIN };
	int err = 0;

	for (int ms = 0; auditor->epochs_seen < epochs && ms < DEADLINE_MS; ms += 1000) {
		if (poll(&wait, 1, 1000) < 0)
			return -errno;
		err = read_some(door, auditor, buffer);
		if (!err)
			err = take(door, auditor);
		if (err)
			return err;
	}
	return auditor->epochs_seen < epochs ? -ETIME : 0;
}

/* Chain 0 as it is before @record. */
static struct cordon_chain chain_before(const struct auditor *auditor,
					const struct cordon_record *record)
{
	struct cordon_chain chain = { .sequence = record->sequence - 1 };
	__u8 secret[CORDON_SECRET_BYTES];

	memcpy(secret, auditor->begin.secret, sizeof(secret));
	for (__u64 epoch = 0; epoch < record->epoch; epoch++)
		cordon_epoch_next(secret);
	cordon_chain_begin(&chain, 0, record->epoch, secret);
	return chain;
}

static int run_on(int cpu, const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return -errno;
	return bpf_prog_test_run_opts(bpf_program__fd(program), &options);
}

/* The record of @cpu as the kernel left it. */
static struct cordon_record *record_of(struct ledger_probe *probe, int cpu)
{
	return (void *)probe->bss->records[cpu];
}

static struct cordon_ledger_state state_of(int door)
{
	struct cordon_ledger_state state = { 0 };

	ioctl(door, CORDON_IOCTL_LEDGER, &state);
	return state;
}

/* Until the epoch that is under way has ended: what was done before is in what was read. */
static int await_turn(int door, struct auditor *auditor, char *buffer)
{
	return await_epochs(door, auditor, buffer, state_of(door).epoch + 1);
}

/* ---- Keys --------------------------------------------------------------------------------- */

TEST_F(ledger, the_secret_is_handed_over_once)
{
	struct cordon_ledger_begin again = self->auditor.begin, empty = { 0 };
	__u8 zero[CORDON_SECRET_BYTES] = { 0 };

	EXPECT_NE(0, memcmp(zero, self->auditor.begin.secret, sizeof(zero)));
	memset(again.secret, 0, sizeof(again.secret));
	EXPECT_EQ(-EALREADY, result(ioctl(self->door, CORDON_IOCTL_BEGIN, &again)));
	EXPECT_EQ(0, memcmp(zero, again.secret, sizeof(zero)));
	empty.flags = ~0u;
	EXPECT_EQ(-EINVAL, result(ioctl(self->door, CORDON_IOCTL_BEGIN, &empty)));
	/* Nor to the next controller. */
	close(self->door);
	self->door = open_door();
	ASSERT_LE(0, self->door);
	EXPECT_EQ(-EPROTO, result(ioctl(self->door, CORDON_IOCTL_BEGIN, &again)));
	ASSERT_EQ(0, say_hello(self->door, &(struct cordon_hello){ 0 }));
	EXPECT_EQ(-EALREADY, result(ioctl(self->door, CORDON_IOCTL_BEGIN, &again)));
	EXPECT_EQ(0, memcmp(zero, again.secret, sizeof(zero)));
}

TEST_F(ledger, observers_see_its_state_and_nothing_else)
{
	struct cordon_ledger_begin begin = { .flags = CORDON_LEDGER_ENROLLED };
	struct cordon_ledger_taken taken = { .sequence = 1 };
	int look = open_to_look();
	char byte;

	ASSERT_LE(0, look);
	EXPECT_EQ(-EPERM, result(ioctl(look, CORDON_IOCTL_BEGIN, &begin)));
	EXPECT_EQ(-EPERM, result(ioctl(look, CORDON_IOCTL_TAKEN, &taken)));
	EXPECT_EQ(-EPERM, result(ioctl(look, CORDON_IOCTL_LEAVE)));
	EXPECT_EQ(-EPERM, result(read(look, &byte, 1)));
	EXPECT_EQ(self->auditor.begin.ledger, state_of(look).ledger);
	EXPECT_EQ(CORDON_LEDGER_ENROLLED, state_of(look).flags);
	close(look);
}

TEST_F(ledger, its_number_comes_from_its_secret)
{
	EXPECT_EQ(self->auditor.begin.ledger, cordon_ledger_number(self->auditor.begin.secret));
}

/* Only the controller's programs may put a record into a chain. */
TEST_F(ledger, nobody_else_s_program_makes_records)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		struct ledger_probe *probe = ledger_probe__open();

		if (!probe)
			_exit(2);
		probe->rodata->module_is_there = true;
		libbpf_set_print(NULL);
		_exit(ledger_probe__load(probe) ? 0 : 1);
	}
	ASSERT_LT(0, child);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* A program that calls into the module keeps it, also from `rmmod -f`; nobody holds its link. */
TEST_F(ledger, M3_forced_unload_waits_for_the_programs)
{
	pid_t child;
	int status;

	close(self->door);
	self->door = -1;
	self->probe->bss->wanted = 1;
	child = start_forced_unload();
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	EXPECT_EQ(0, run_on(0, self->probe->progs.seal_record));
	EXPECT_EQ(0, self->probe->bss->failed[0]);
	ledger_probe__destroy(self->probe);
	self->probe = NULL;
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_FALSE(is_loaded());
}

/* ---- Chains -------------------------------------------------------------------------------- */

TEST_F(ledger, every_record_can_be_recomputed)
{
	static const char *const text[] = { "/usr/bin/true", "/srv/c/plan" };
	struct cordon_record *record = record_of(self->probe, 0);
	struct cordon_chain chain = { 0 };
	__u8 secret[CORDON_SECRET_BYTES];
	__u64 epoch = 0;

	memcpy(secret, self->auditor.begin.secret, sizeof(secret));
	cordon_chain_begin(&chain, 0, 0, secret);
	self->probe->bss->wanted = 1;
	for (int i = 0; i < 200; i++) {
		record->pid = i;
		snprintf(record->exe, sizeof(record->exe), "%s", text[0]);
		snprintf(record->path, sizeof(record->path), "%s%d", text[1], i);
		ASSERT_EQ(0, run_on(0, i & 1 ? self->probe->progs.seal_record :
					       self->probe->progs.seal_header));
		/* Epochs go on meanwhile. */
		for (; epoch < record->epoch; epoch++) {
			cordon_epoch_next(secret);
			cordon_chain_begin(&chain, 0, epoch + 1, secret);
		}
		ASSERT_EQ(0, follow(&chain, &record->header));
		ASSERT_EQ(11, record->boot[0]);
		ASSERT_EQ(0, record->chain);
		if (i & 1)
			ASSERT_TRUE(cordon_record_is_canonical(record));
	}
	EXPECT_EQ(200, chain.sequence);
	EXPECT_EQ(0, self->probe->bss->failed[0]);
}

TEST_F(ledger, a_changed_bit_is_seen)
{
	struct cordon_record *record = record_of(self->probe, 0), copy;
	struct cordon_chain chain, fresh;

	self->probe->bss->wanted = 1;
	snprintf(record->path, sizeof(record->path), "/srv/c/plan");
	ASSERT_EQ(0, run_on(0, self->probe->progs.seal_record));
	chain = fresh = chain_before(&self->auditor, record);
	ASSERT_EQ(0, follow(&fresh, &record->header));
	for (size_t bit = 0; bit < 8 * sizeof(copy); bit++) {
		copy = *record;
		((__u8 *)&copy)[bit / 8] ^= 1 << bit % 8;
		fresh = chain;
		/* What is not tagged must be zero; sizes are the reader's to check. */
		if (copy.bytes == record->bytes && copy.sequence == record->sequence)
			ASSERT_TRUE(follow(&fresh, &copy.header) < 0 ||
				    !cordon_record_is_canonical(&copy));
	}
}

/* With losses before the second one alone. */
struct three {
	struct cordon_record first, second, third;
};

/* As the first of an epoch, and all in it, which can take more than one try. */
static int make_three(int door, struct ledger_probe *probe, unsigned int losses,
		      struct three *three)
{
	struct cordon_record *record = record_of(probe, 0);
	int err = 0;

	for (int tries = 0; !err && tries < 20; tries++) {
		__u64 epoch = state_of(door).epoch;

		while (state_of(door).epoch == epoch)
			pause_ms(5);
		probe->bss->wanted = 1;
		err = run_on(0, probe->progs.seal_header);
		three->first = *record;
		probe->bss->wanted = losses;
		err = err ?: run_on(0, probe->progs.lose);
		probe->bss->wanted = 1;
		err = err ?: run_on(0, probe->progs.seal_header);
		three->second = *record;
		err = err ?: run_on(0, probe->progs.seal_header);
		three->third = *record;
		if (three->first.epoch == three->third.epoch)
			return err;
	}
	return err ?: -ETIME;
}

TEST_F(ledger, E12_losses_are_counted_in_the_chain_and_deletions_are_not)
{
	struct three three;
	struct cordon_chain chain, forged;
	__u8 tag[CORDON_TAG_BYTES];

	ASSERT_EQ(0, make_three(self->door, self->probe, 7, &three));
	EXPECT_EQ(three.first.sequence + 8, three.second.sequence);
	EXPECT_EQ(0, state_of(self->door).drops % 7);
	chain = chain_before(&self->auditor, &three.first);
	ASSERT_EQ(0, follow(&chain, &three.first.header));
	/* A record that was made and taken away is no loss. */
	forged = chain;
	EXPECT_EQ(-1, follow(&forged, &three.third.header));
	/* Nor are seven losses six. */
	forged = chain;
	three.second.sequence--;
	EXPECT_EQ(-1, follow(&forged, &three.second.header));
	three.second.sequence++;
	EXPECT_EQ(7, follow(&chain, &three.second.header));
	EXPECT_EQ(7, chain.drops);
	/* And the key of a later moment makes no earlier record. */
	cordon_chain_tag(&chain, &three.first.header, tag);
	EXPECT_FALSE(tags_equal(tag, three.first.tag));
	EXPECT_EQ(0, follow(&chain, &three.third.header));
}

/* ---- Epochs -------------------------------------------------------------------------------- */

TEST_F_TIMEOUT(ledger, each_second_has_one_epoch_also_when_nothing_happens, LONG_TIMEOUT)
{
	struct auditor *auditor = &self->auditor;
	__u64 began, epochs, skipped;

	ASSERT_EQ(0, await_turn(self->door, auditor, self->buffer));
	began = auditor->begin_ns;
	epochs = auditor->epochs_seen;
	skipped = auditor->skipped;
	ASSERT_EQ(0, await_epochs(self->door, auditor, self->buffer, epochs + 3));
	epochs = auditor->epochs_seen - epochs;
	skipped = auditor->skipped - skipped;
	/* None is shorter than a second; what makes one longer than two is said to be skipped. */
	EXPECT_LE(epochs * CORDON_EPOCH_NS, auditor->begin_ns - began);
	EXPECT_GT((2 * epochs + skipped) * CORDON_EPOCH_NS, auditor->begin_ns - began);
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_BEGIN]);
	EXPECT_EQ(0, auditor->losses_seen);
	EXPECT_EQ(0, auditor->records);
}

TEST_F_TIMEOUT(ledger, an_epoch_says_where_its_chains_stand, LONG_TIMEOUT)
{
	struct auditor *auditor = &self->auditor;
	struct cordon_record *record = record_of(self->probe, 0);

	self->probe->bss->wanted = 3;
	ASSERT_EQ(0, run_on(0, self->probe->progs.lose));
	self->probe->bss->wanted = 5;
	ASSERT_EQ(0, run_on(0, self->probe->progs.seal_record));
	ASSERT_EQ(0, await_turn(self->door, auditor, self->buffer));
	EXPECT_EQ(8, auditor->head[0].sequence);
	EXPECT_EQ(3, auditor->head[0].drops);
	EXPECT_TRUE(tags_equal(auditor->head[0].tag, record->tag));
	EXPECT_EQ(CORDON_HEAD_ONLINE, auditor->head[0].flags);
	EXPECT_EQ(8, auditor->records);
	EXPECT_EQ(3, auditor->drops);
}

TEST_F_TIMEOUT(ledger, many_records_end_an_epoch_early, LONG_TIMEOUT)
{
	struct auditor *auditor = &self->auditor;
	__u64 ns = 0, records = 0;

	self->probe->bss->wanted = 1000;
	ASSERT_EQ(0, read_some(self->door, auditor, self->buffer));
	ASSERT_EQ(0, take(self->door, auditor));
	for (int i = 0; i < 16; i++) {
		ASSERT_EQ(0, run_on(0, self->probe->progs.seal_128));
		ns = self->probe->bss->spent_ns[0];
		/* Without the processor the thread that ends epochs cannot. */
		ASSERT_EQ(0, run_on(1, self->probe->progs.lose));
	}
	ASSERT_EQ(0, await_epochs(self->door, auditor, self->buffer, auditor->epochs_seen + 2));
	records = state_of(self->door).records;
	EXPECT_EQ(32000, records);
	TH_LOG("32,000 records in %u epochs, %.0f ns a record of 128 bytes", auditor->epochs_seen,
	       (double)ns / 16000);
	EXPECT_LE(4, auditor->epochs_seen);
}

TEST_F_TIMEOUT(ledger, changes_are_records, LONG_TIMEOUT)
{
	struct cordon_policy_note note = { .version = 77, .digest = { 1, 2, 3 } };
	struct auditor *auditor = &self->auditor;
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	ASSERT_EQ(0, hold(self->door, link));
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_ENFORCING));
	ASSERT_EQ(0, ioctl(self->door, CORDON_IOCTL_POLICY, &note));
	ASSERT_EQ(0, read_some(self->door, auditor, self->buffer));
	EXPECT_EQ(CORDON_CHANGE_POLICY, auditor->last.kind);
	EXPECT_EQ(77, auditor->last.value);
	EXPECT_EQ(CORDON_MODE_ENFORCING, auditor->last.mode);
	EXPECT_EQ(0, memcmp(note.digest, auditor->last.policy_digest, sizeof(note.digest)));
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_HOLD]);
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_MODE]);
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_PERMISSIVE));
	ASSERT_EQ(0, release_all(self->door));
	close(link);
	ASSERT_EQ(0, read_some(self->door, auditor, self->buffer));
	EXPECT_EQ(CORDON_CHANGE_RELEASE, auditor->last.kind);
	EXPECT_EQ(2, auditor->kind[CORDON_CHANGE_MODE]);
	/* Leaving ends the epoch: what comes after LEAVE is nothing. */
	ASSERT_EQ(0, ioctl(self->door, CORDON_IOCTL_LEAVE));
	ASSERT_EQ(0, read_some(self->door, auditor, self->buffer));
	EXPECT_EQ(CORDON_CHANGE_CONTROLLER_GONE, auditor->last.kind);
	EXPECT_EQ(getpid(), (pid_t)auditor->last.value);
	EXPECT_LE(1, auditor->epochs_seen);
}

TEST_F(ledger, what_is_not_taken_comes_again)
{
	struct cordon_policy_note note = { .version = 1 };
	struct auditor fresh = self->auditor;

	ASSERT_EQ(0, ioctl(self->door, CORDON_IOCTL_POLICY, &note));
	ASSERT_EQ(0, read_some(self->door, &self->auditor, self->buffer));
	EXPECT_EQ(2, self->auditor.changes_seen);
	/* The controller dies. */
	close(self->door);
	self->door = open_door();
	ASSERT_LE(0, self->door);
	ASSERT_EQ(0, say_hello(self->door, &(struct cordon_hello){ 0 }));
	ASSERT_EQ(0, read_some(self->door, &fresh, self->buffer));
	EXPECT_EQ(4, fresh.changes_seen);
	EXPECT_EQ(1, fresh.kind[CORDON_CHANGE_CONTROLLER_GONE]);
	EXPECT_EQ(1, fresh.kind[CORDON_CHANGE_CONTROLLER]);
	ASSERT_EQ(0, take(self->door, &fresh));
	EXPECT_EQ(0, state_of(self->door).waiting_bytes);
}

/* Nobody takes anything: epochs merge, changes are counted, and both can be told afterwards. */
TEST_F_TIMEOUT(ledger, E12_full_queue_loses_nothing_unseen, LONG_TIMEOUT)
{
	struct auditor *auditor = &self->auditor;
	struct cordon_ledger_state state;
	struct cordon_policy_note note = { .version = 1 };

	for (int i = 0; i < 8000; i++)
		ASSERT_EQ(0, ioctl(self->door, CORDON_IOCTL_POLICY, &note));
	state = state_of(self->door);
	EXPECT_LT(0, state.epoch_drops);
	EXPECT_GE(state.queue_bytes, state.waiting_bytes);
	for (int ms = 0; !state.merged && ms < DEADLINE_MS; ms += 50) {
		pause_ms(50);
		state = state_of(self->door);
	}
	EXPECT_LT(0, state.merged);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, read_some(self->door, auditor, self->buffer));
		ASSERT_EQ(0, take(self->door, auditor));
	}
	ASSERT_EQ(0, await_epochs(self->door, auditor, self->buffer, auditor->epochs_seen + 2));
	EXPECT_EQ(state_of(self->door).epoch_drops, auditor->losses_seen);
	EXPECT_EQ(8000 + 1, auditor->changes_seen + auditor->losses_seen);
	EXPECT_LT(0, auditor->skipped);
}

/* ---- CPUs, sleep ---------------------------------------------------------------------------- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = result(write(fd, text, strlen(text)));
	close(fd);
	return err < 0 ? err : 0;
}

TEST_F_TIMEOUT(ledger, a_cpu_that_comes_back_goes_on_with_its_chain, LONG_TIMEOUT)
{
	static const char file[] = "/sys/devices/system/cpu/cpu1/online";
	struct auditor *auditor = &self->auditor;

	if (access(file, W_OK))
		SKIP(return, "the guest has one CPU, or it cannot go");
	self->probe->bss->wanted = 3;
	ASSERT_EQ(0, run_on(1, self->probe->progs.seal_128));
	ASSERT_EQ(0, run_on(0, self->probe->progs.seal_128));
	ASSERT_EQ(0, write_text(file, "0"));
	ASSERT_EQ(0, await_turn(self->door, auditor, self->buffer));
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_CPU_OFFLINE]);
	EXPECT_EQ(3, auditor->head[1].sequence);
	ASSERT_EQ(0, run_on(0, self->probe->progs.seal_128));
	ASSERT_EQ(0, write_text(file, "1"));
	ASSERT_EQ(0, run_on(1, self->probe->progs.seal_128));
	ASSERT_EQ(0, await_turn(self->door, auditor, self->buffer));
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_CPU_ONLINE]);
	EXPECT_EQ(6, auditor->head[1].sequence);
	EXPECT_EQ(CORDON_HEAD_ONLINE, auditor->head[1].flags);
	EXPECT_EQ(6, auditor->head[0].sequence);
	EXPECT_EQ(0, auditor->losses_seen);
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (!file || fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

/*
 * Nothing wakes the emulated machine once it sleeps. So the wake-up comes before it does: the
 * kernel announces the sleep, finds that it was woken, and announces that it is back.
 */
TEST_F_TIMEOUT(ledger, a_sleep_that_is_refused_is_a_change_too, LONG_TIMEOUT)
{
	static const char alarm[] = "/sys/class/rtc/rtc0/wakealarm";
	static const char events[] = "/sys/power/wakeup_count";
	struct auditor *auditor = &self->auditor;
	long count = read_number(events);
	char text[32];

	snprintf(text, sizeof(text), "%ld", count);
	if (count < 0 || write_text(events, text))
		SKIP(return, "the kernel counts no wake-ups");
	if (write_text(alarm, "0") || write_text(alarm, "+1"))
		SKIP(return, "the guest has no clock that could wake it");
	for (int ms = 0; read_number(events) == count && ms < 5000; ms += 50)
		pause_ms(50);
	if (read_number(events) == count)
		SKIP(return, "the guest's clock wakes nobody");
	EXPECT_NE(0, write_text("/sys/power/state", "mem"));
	ASSERT_EQ(0, await_turn(self->door, auditor, self->buffer));
	EXPECT_EQ(auditor->kind[CORDON_CHANGE_SUSPEND], auditor->kind[CORDON_CHANGE_RESUME]);
	if (!auditor->kind[CORDON_CHANGE_SUSPEND])
		SKIP(return, "this kernel looks for wake-ups before it announces the sleep");
}

/* A kernel for tests comes back by itself, from just before the machine would sleep. */
TEST_F_TIMEOUT(ledger, sleep_is_a_change, LONG_TIMEOUT)
{
	struct auditor *auditor = &self->auditor;

	if (write_text("/sys/power/pm_test", "platform"))
		SKIP(return, "this kernel has no pm_test: make debug-kernel");
	self->probe->bss->wanted = 3;
	ASSERT_EQ(0, run_on(1, self->probe->progs.seal_128));
	ASSERT_EQ(0, write_text("/sys/power/state", "freeze"));
	ASSERT_EQ(0, run_on(1, self->probe->progs.seal_128));
	ASSERT_EQ(0, await_turn(self->door, auditor, self->buffer));
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_SUSPEND]);
	EXPECT_EQ(1, auditor->kind[CORDON_CHANGE_RESUME]);
	EXPECT_EQ(6, auditor->head[1].sequence);
	EXPECT_EQ(0, auditor->losses_seen);
}

/* ---- Nobody enrolled ------------------------------------------------------------------------ */

TEST(without_an_auditor_the_secret_is_nobody_s)
{
	struct cordon_ledger_begin begin = { .boot = { 1, 2 } };
	__u8 zero[CORDON_SECRET_BYTES] = { 0 };
	int door;

	ASSERT_EQ(0, load_module());
	door = open_door();
	ASSERT_LE(0, door);
	ASSERT_EQ(0, say_hello(door, &(struct cordon_hello){ 0 }));
	ASSERT_EQ(0, ioctl(door, CORDON_IOCTL_BEGIN, &begin));
	EXPECT_NE(0, begin.ledger);
	EXPECT_EQ(0, memcmp(zero, begin.secret, sizeof(zero)));
	EXPECT_EQ(0, state_of(door).flags);
	close(door);
	EXPECT_EQ(0, unload_module_soon());
}

TEST_HARNESS_MAIN
