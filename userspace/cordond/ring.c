// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

/* A record's head: its length with two flags, and the offset of its page. */
#define HEAD_BYTES  BPF_RINGBUF_HDR_SZ
#define LENGTH_MASK (~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

int ring_open(struct ring *ring, int map)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	struct ring opened = { .map = map };

	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	opened.mask = info.max_entries - 1;
	opened.reader_page = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (opened.reader_page == MAP_FAILED)
		return -errno;
	opened.writer_bytes = page + 2 * (size_t)info.max_entries;
	opened.writer_pages =
		mmap(NULL, opened.writer_bytes, PROT_READ, MAP_SHARED, map, (off_t)page);
	if (opened.writer_pages == MAP_FAILED) {
		int err = -errno;

		munmap(opened.reader_page, page);
		return err;
	}
	opened.reader = opened.reader_page;
	opened.writer = opened.writer_pages;
	opened.data = (const char *)opened.writer_pages + page;
	opened.at = __atomic_load_n(opened.reader, __ATOMIC_ACQUIRE);
	*ring = opened;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring->reader_page)
		return;
	munmap(ring->reader_page, (size_t)sysconf(_SC_PAGESIZE));
	munmap(ring->writer_pages, ring->writer_bytes);
	memset(ring, 0, sizeof(*ring));
}

const void *ring_next(struct ring *ring, size_t *bytes)
{
	while (ring->at < __atomic_load_n(ring->writer, __ATOMIC_ACQUIRE)) {
		const char *head = ring->data + (ring->at & ring->mask);
		uint32_t word = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);
		uint32_t length = word & LENGTH_MASK;

		/* Reserved, not submitted yet: what comes after it must wait. */
		if (word & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		ring->at += (HEAD_BYTES + length + 7ul) & ~7ul;
		if (word & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*bytes = length;
		return head + HEAD_BYTES;
	}
	return NULL;
}

void ring_release(struct ring *ring)
{
	/* The kernel wakes us only when it finds that we had read all: both sides order. */
	__atomic_store_n(ring->reader, ring->at, __ATOMIC_SEQ_CST);
}

void ring_rewind(struct ring *ring)
{
	ring->at = __atomic_load_n(ring->reader, __ATOMIC_ACQUIRE);
}
