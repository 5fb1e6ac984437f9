// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>

#include "anchors.h"
#include "cleanup.h"
#include "drain.h"
#include "epochs.h"
#include "gaps.h"
#include "mounts.h"
#include "ring.h"
#include "store.h"
#include "store_ledger.h"

/* Records in a transaction: each ends with the disk having them. */
#define BATCH	1024
#define LOOK_NS 1000000000ull
#define MOUNTS	"/proc/self/mountinfo"

struct drain {
	/* Set before the thread starts, then the thread's own. */
	struct ring ring;
	struct cordon_gaps gaps;
	struct cordon_mounts mounts;
	int mounts_fd; /* readable with POLLPRI when the mounts changed */
	__u64 boot[2];
	struct epochs epochs;
	struct anchors anchors;
	const __u64 *made; /* the number given out last; shared with the kernel */
	int stop; /* eventfd: the thread shall end */
	int signal; /* eventfd: records were stored */
	pthread_t thread;
	bool running;
	/* Everybody's, under the lock. */
	pthread_mutex_t lock;
	struct cordon_store *store;
	struct cordon_ledger_boot boot_record; /* bytes is 0: none waits */
	struct cordon_store_limits limits;
	struct cordon_removal removal; /* not touched while removal_due and not recorded */
	bool removal_recorded;
	unsigned long removal_behind; /* where in the ring its records are before */
	uint64_t looked_ns; /* when the volume's size was last looked at, CLOCK_MONOTONIC */
	struct drain_state state;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void note_gap(void *context, uint64_t from, uint64_t to)
{
	struct drain *drain = context;

	cordon_gaps_add(&drain->gaps, from, to, clock_ns(CLOCK_MONOTONIC));
}

static int find_place(struct drain *drain, uint64_t *next)
{
	int err = cordon_store_next_sequence(drain->store, drain->boot, next);

	if (err)
		return err;
	cordon_gaps_init(&drain->gaps, *next);
	err = cordon_store_gaps(drain->store, drain->boot, note_gap, drain);
	return err ? err : cordon_store_lost(drain->store, drain->boot, &drain->state.lost);
}

int drain_open(const char *file, const struct drain_options *options, const __u64 boot[2],
	       struct drain **drain, uint64_t *next, struct cordon_failure *failure)
{
	struct drain *opened = calloc(1, sizeof(*opened));
	int err;

	if (!opened)
		return cordon_failure_errno(failure, ENOMEM, "%s", file);
	pthread_mutex_init(&opened->lock, NULL);
	memcpy(opened->boot, boot, sizeof(opened->boot));
	opened->limits = options->limits;
	opened->anchors.file = -1;
	opened->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	opened->signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	opened->mounts_fd = open(MOUNTS, O_RDONLY | O_CLOEXEC);
	if (opened->stop < 0 || opened->signal < 0 || opened->mounts_fd < 0) {
		err = cordon_failure_errno(failure, errno, "cannot watch the ring and the mounts");
		drain_stop(&opened);
		return err;
	}
	err = anchors_open(&opened->anchors, options->anchors, failure);
	if (!err)
		err = cordon_store_open(file, true, &opened->store, failure);
	if (!err) {
		err = find_place(opened, next);
		if (err)
			cordon_failure_set(failure, -err, "%s: %s", file,
					   cordon_store_error(opened->store));
	}
	if (err) {
		drain_stop(&opened);
		return err;
	}
	*drain = opened;
	return 0;
}

static void read_mounts(struct drain *drain)
{
	struct cordon_mounts mounts;

	/* Without a list paths are as the record has them: below their file system. */
	if (cordon_mounts_read(MOUNTS, &mounts))
		return;
	cordon_mounts_free(&drain->mounts);
	drain->mounts = mounts;
}

/* The whole path, when the record has all of it; the caller frees it. */
static char *whole_path(const struct drain *drain, uint32_t device, const char *field, bool cut)
{
	char path[CORDON_PATH_BYTES + 1];

	if (cut || !field[0])
		return NULL;
	snprintf(path, sizeof(path), "%.*s", CORDON_PATH_BYTES, field);
	return cordon_mounts_path(&drain->mounts, device, path);
}

static int store_one(struct drain *drain, const struct cordon_record *record)
{
	cordon_auto_free char *exe = whole_path(drain, record->exe_device, record->exe,
						record->flags & CORDON_RECORD_EXE_CUT);
	cordon_auto_free char *path = NULL;
	struct cordon_gap lost;
	int err;

	if (record->flags & CORDON_RECORD_HAS_OBJECT)
		path = whole_path(drain, record->object_device, record->path,
				  record->flags & CORDON_RECORD_PATH_CUT);
	err = cordon_store_add(drain->store, record, exe, path);
	/* The ledger counts its own losses. */
	if (err || record->ledger || memcmp(record->boot, drain->boot, sizeof(drain->boot)))
		return err;
	if (cordon_gaps_see(&drain->gaps, record->sequence, clock_ns(CLOCK_MONOTONIC), &lost))
		err = cordon_store_add_loss(drain->store, drain->boot, lost.from, lost.to,
					    clock_ns(CLOCK_REALTIME));
	return err;
}

static int store_expired_gaps(struct drain *drain)
{
	struct cordon_gap lost;
	int err = 0;

	while (!err && cordon_gaps_expire(&drain->gaps, clock_ns(CLOCK_MONOTONIC), &lost)) {
		err = cordon_store_add_loss(drain->store, drain->boot, lost.from, lost.to,
					    clock_ns(CLOCK_REALTIME));
		fprintf(stderr, "cordond: %llu records were lost (numbers %llu to %llu)\n",
			(unsigned long long)(lost.to - lost.from + 1),
			(unsigned long long)lost.from, (unsigned long long)lost.to);
	}
	return err;
}

/* Up to a batch of records, in the open transaction. */
static int store_batch(struct drain *drain, unsigned int *count)
{
	struct cordon_record record;
	const void *bytes;
	size_t size;
	int err = 0;

	for (*count = 0; !err && *count < BATCH; (*count)++) {
		bytes = ring_next(&drain->ring, &size);
		if (!bytes)
			break;
		if (size != sizeof(record)) {
			drain->state.malformed++;
			continue;
		}
		memcpy(&record, bytes, sizeof(record));
		if (record.abi != CORDON_ABI_VERSION || record.bytes != sizeof(record))
			drain->state.malformed++;
		else
			err = store_one(drain, &record);
	}
	return err ? err : store_expired_gaps(drain);
}

static void tell_trouble(struct drain *drain)
{
	if (!drain->state.trouble[0]) {
		fprintf(stderr,
			"cordond: records wait in the ring, the store does not take them: %s\n",
			cordon_store_error(drain->store));
		drain->state.troubles++;
	}
	snprintf(drain->state.trouble, sizeof(drain->state.trouble), "%s",
		 cordon_store_error(drain->store));
}

/*
 * When the ring is empty, a number that was given out before we looked and
 * has not come is missing, also when no record comes after it.
 */
static void look_for_missing(struct drain *drain, unsigned int count, uint64_t made)
{
	if (count < BATCH)
		cordon_gaps_reach(&drain->gaps, made, clock_ns(CLOCK_MONOTONIC));
}

/* Nothing is removed here: it must be recorded before. */
static void look_for_removal(struct drain *drain)
{
	int err;

	if (drain->removal.file)
		return;
	err = cordon_retention_due(drain->store, &drain->limits,
				   clock_ns(CLOCK_REALTIME) / 1000000000, &drain->removal);
	if (err)
		fprintf(stderr, "cordond: the oldest volume cannot be removed: %s\n",
			strerror(-err));
	drain->state.removal_due = drain->removal.file != NULL;
}

/* The records that say so were made before this place in the ring, and are stored. */
static void remove_oldest(struct drain *drain)
{
	if (!drain->removal_recorded || drain->ring.at < drain->removal_behind)
		return;
	cordon_volume_remove(drain->removal.file);
	fprintf(stderr, "cordond: retention removed %s\n", drain->removal.file);
	cordon_removal_free(&drain->removal);
	drain->removal_recorded = false;
	drain->state.removals++;
	look_for_removal(drain);
}

/*
 * A new volume, when it is time. What was stored has left the ring, so nothing of the old volume
 * comes again; numbers that are still waited for would be, so they end the wait first.
 */
static void turn_volume(struct drain *drain)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct cordon_failure failure;

	if (drain->gaps.count || now - drain->looked_ns < LOOK_NS)
		return;
	drain->looked_ns = now;
	if (!cordon_store_is_full(drain->store, &drain->limits))
		return;
	if (cordon_store_rotate(drain->store, drain->boot, &failure)) {
		fprintf(stderr, "cordond: no new volume: %s\n", failure.text);
		return;
	}
	drain->state.volumes++;
	look_for_removal(drain);
}

static void read_losses(struct drain *drain)
{
	struct cordon_ledger_state ledger;

	cordon_store_lost(drain->store, drain->boot, &drain->state.lost);
	if (drain->epochs.device >= 0 && !ioctl(drain->epochs.device, CORDON_IOCTL_LEDGER, &ledger))
		drain->state.lost += ledger.drops;
}

/* In the open transaction: who may verify, records, then the epochs that speak of them. */
static int store_all(struct drain *drain, unsigned int *count)
{
	int err = 0;

	if (drain->boot_record.bytes)
		err = cordon_store_add_boot(drain->store, &drain->boot_record);
	if (!err)
		err = store_batch(drain, count);
	return err ? err : epochs_store(&drain->epochs, &drain->ring, drain->store);
}

/*
 * One transaction. Returns how many records it took; -1: none now, try later. *@more: the module
 * may have more epochs.
 */
static int take_batch(struct drain *drain, bool *more)
{
	uint64_t made = __atomic_load_n(drain->made, __ATOMIC_ACQUIRE);
	struct cordon_gaps before = drain->gaps;
	unsigned int count = 0;
	int err;

	epochs_read(&drain->epochs, &drain->ring);
	err = cordon_store_begin(drain->store);
	if (!err) {
		err = store_all(drain, &count);
		if (!err)
			err = cordon_store_commit(drain->store);
	}
	if (err) {
		tell_trouble(drain);
		cordon_store_rollback(drain->store);
		/* They come again: nothing of them was seen. */
		ring_rewind(&drain->ring);
		epochs_rollback(&drain->epochs);
		drain->gaps = before;
		*more = false;
		return -1;
	}
	ring_release(&drain->ring);
	if (drain->epochs.are_stored)
		anchors_hand_on(&drain->anchors, drain->epochs.buffer, drain->epochs.bytes);
	*more = epochs_commit(&drain->epochs);
	drain->boot_record.bytes = 0;
	look_for_missing(drain, count, made);
	drain->state.trouble[0] = '\0';
	drain->state.stored += count;
	read_losses(drain);
	remove_oldest(drain);
	turn_volume(drain);
	return (int)count;
}

/* Returns false when the store took nothing. */
static bool take_all(struct drain *drain)
{
	uint64_t one = 1;
	bool was_well, is_well, was_due, is_due, more;
	int count;

	do {
		pthread_mutex_lock(&drain->lock);
		was_well = !drain->state.trouble[0];
		was_due = drain->state.removal_due;
		count = take_batch(drain, &more);
		is_well = !drain->state.trouble[0];
		is_due = drain->state.removal_due;
		pthread_mutex_unlock(&drain->lock);
		if ((count > 0 || was_well != is_well || was_due != is_due) &&
		    write(drain->signal, &one, sizeof(one)) < 0 && errno != EAGAIN)
			fprintf(stderr, "cordond: cannot wake the followers of records: %s\n",
				strerror(errno));
	} while (count == BATCH || more);
	return count >= 0;
}

static void *drain_run(void *context)
{
	struct drain *drain = context;
	bool well = true;

	for (;;) {
		struct pollfd wait[] = {
			{ .fd = drain->stop, .events = POLLIN },
			{ .fd = drain->mounts_fd, .events = POLLPRI },
			/* While the store does not take them, records are no news. */
			{ .fd = well ? drain->ring.map : -1, .events = POLLIN },
			{ .fd = well ? drain->epochs.device : -1, .events = POLLIN },
		};
		bool waits = !well || drain->gaps.count || epochs_wait(&drain->epochs);

		poll(wait, 4, waits ? 500 : 5000);
		if (wait[1].revents)
			read_mounts(drain);
		well = take_all(drain);
		if (wait[0].revents) {
			epochs_tell_anchor(&drain->epochs);
			return NULL;
		}
	}
}

int drain_start(struct drain *drain, const struct cordon_guard *guard,
		struct cordon_failure *failure)
{
	int err = ring_open(&drain->ring, guard->map[CORDON_GUARD_MAP_RECORDS]);

	drain->made = guard->record_sequence;
	if (!err)
		err = epochs_open(&drain->epochs, guard->device);
	if (err)
		return cordon_failure_errno(failure, -err, "the ring of records");
	read_mounts(drain);
	err = pthread_create(&drain->thread, NULL, drain_run, drain);
	if (err)
		return cordon_failure_errno(failure, err, "cannot start the thread for records");
	drain->running = true;
	return 0;
}

void drain_stop(struct drain **drain)
{
	struct drain *stopping = *drain;
	uint64_t one = 1;

	if (stopping->running && write(stopping->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(stopping->thread, NULL);
	ring_close(&stopping->ring);
	epochs_close(&stopping->epochs);
	anchors_close(&stopping->anchors);
	cordon_mounts_free(&stopping->mounts);
	cordon_removal_free(&stopping->removal);
	cordon_store_close(&stopping->store);
	cordon_fd_close(&stopping->stop);
	cordon_fd_close(&stopping->signal);
	cordon_fd_close(&stopping->mounts_fd);
	pthread_mutex_destroy(&stopping->lock);
	free(stopping);
	*drain = NULL;
}

int drain_signal(const struct drain *drain)
{
	return drain->signal;
}

void drain_read_state(struct drain *drain, struct drain_state *state)
{
	pthread_mutex_lock(&drain->lock);
	*state = drain->state;
	pthread_mutex_unlock(&drain->lock);
}

void drain_add_boot(struct drain *drain, const struct cordon_ledger_boot *boot)
{
	int err;

	pthread_mutex_lock(&drain->lock);
	err = cordon_store_add_boot(drain->store, boot);
	if (err) {
		drain->boot_record = *boot;
		fprintf(stderr, "cordond: the ledger's beginning waits for the store: %s\n",
			cordon_store_error(drain->store));
	}
	pthread_mutex_unlock(&drain->lock);
}

const struct cordon_removal *drain_removal(struct drain *drain)
{
	const struct cordon_removal *removal;

	pthread_mutex_lock(&drain->lock);
	removal = drain->state.removal_due ? &drain->removal : NULL;
	pthread_mutex_unlock(&drain->lock);
	return removal;
}

void drain_confirm(struct drain *drain, bool recorded)
{
	pthread_mutex_lock(&drain->lock);
	drain->state.removal_due = false;
	drain->removal_recorded = recorded;
	drain->removal_behind = __atomic_load_n(drain->ring.writer, __ATOMIC_ACQUIRE);
	if (!recorded)
		cordon_removal_free(&drain->removal);
	pthread_mutex_unlock(&drain->lock);
}

int drain_add_policy(struct drain *drain, const void *image, size_t bytes,
		     struct cordon_failure *failure)
{
	int err;

	pthread_mutex_lock(&drain->lock);
	err = cordon_store_add_policy(drain->store, image, bytes);
	if (err)
		cordon_failure_set(failure, -err, "the policy cannot be stored: %s",
				   cordon_store_error(drain->store));
	pthread_mutex_unlock(&drain->lock);
	return err;
}
