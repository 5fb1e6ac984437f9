// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keeper.h"
#include "store_ledger.h"

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "keeper: %s: %s\n", what, strerror(-err));
		abort();
	}
}

/* The data pages are mapped twice in a row, so that a record at the end is in one piece. */
void shared_ring_make(struct shared_ring *ring, size_t bytes)
{
	int fd = memfd_create("ring", 0);
	char *twice = mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) || twice == MAP_FAILED ||
	    mmap(twice, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED ||
	    mmap(twice + bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED)
		must(-ENOMEM, "ring");
	close(fd);
	ring->data = twice;
	ring->mask = bytes - 1;
	ring->positions =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

bool shared_ring_put(struct shared_ring *ring, const void *record, uint32_t bytes)
{
	unsigned long room = (BPF_RINGBUF_HDR_SZ + bytes + 7ul) & ~7ul;
	unsigned long at = ring->positions[1];
	char *to = ring->data + (at & ring->mask);

	if (at + room - __atomic_load_n(&ring->positions[0], __ATOMIC_ACQUIRE) > ring->mask + 1)
		return false;
	memcpy(to, &bytes, sizeof(bytes));
	memcpy(to + BPF_RINGBUF_HDR_SZ, record, bytes);
	__atomic_store_n(&ring->positions[1], at + room, __ATOMIC_RELEASE);
	return true;
}

bool shared_ring_is_empty(const struct shared_ring *ring)
{
	return __atomic_load_n(&ring->positions[0], __ATOMIC_ACQUIRE) == ring->positions[1];
}

static void attach(const struct shared_ring *from, struct ring *ring)
{
	*ring = (struct ring){ .map = -1,
			       .mask = from->mask,
			       .reader = &from->positions[0],
			       .writer = &from->positions[1],
			       .data = from->data,
			       .at = from->positions[0] };
}

static unsigned int store_records(const struct keeper *keeper, struct ring *ring,
				  struct cordon_store *store)
{
	unsigned int count;

	for (count = 0; count < keeper->batch; count++) {
		struct cordon_record record;
		size_t bytes;
		const void *next = ring_next(ring, &bytes);

		if (!next)
			break;
		memcpy(&record, next, sizeof(record));
		must(cordon_store_add(store, &record, record.exe, record.path), "a record");
	}
	return count;
}

/* One transaction, in the order of the controller's: epochs behind the records they speak of. */
static unsigned int take(const struct keeper *keeper, struct ring *records, struct ring *epochs,
			 struct cordon_store *store)
{
	unsigned long known = __atomic_load_n(epochs->writer, __ATOMIC_ACQUIRE);
	unsigned long behind = __atomic_load_n(records->writer, __ATOMIC_ACQUIRE);
	unsigned int count;
	size_t bytes;

	must(cordon_store_begin(store), "begin");
	count = store_records(keeper, records, store);
	while (records->at >= behind && epochs->at < known)
		must(cordon_store_add_epoch(store, ring_next(epochs, &bytes)), "an epoch");
	must(cordon_store_commit(store), "commit");
	ring_release(records);
	ring_release(epochs);
	return count;
}

uint64_t keeper_run(struct keeper *keeper, struct cordon_store *store,
		    bool (*stop)(const struct keeper *keeper))
{
	struct cordon_failure failure;
	struct ring records, epochs;
	uint64_t total = 0;

	attach(&keeper->records, &records);
	attach(&keeper->epochs, &epochs);
	while (!stop || !stop(keeper)) {
		total += take(keeper, &records, &epochs, store);
		if (cordon_store_is_full(store, &keeper->limits))
			must(cordon_store_rotate(store, keeper->boot, &failure), "rotate");
	}
	return total;
}
