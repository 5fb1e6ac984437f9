/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader's end of a BPF ring buffer. libbpf's own reader gives a record's
 * room back as soon as it was looked at; here that is done only when all
 * records looked at are safe on disk, so that a crash in between loses none.
 */
#ifndef CORDOND_RING_H
#define CORDOND_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	int map; /* borrowed; readable when there are records */
	size_t mask; /* bytes - 1 */
	void *reader_page;
	void *writer_pages;
	size_t writer_bytes;
	unsigned long *reader; /* how far we gave back; shared with the kernel */
	const unsigned long *writer; /* how far the kernel wrote */
	const char *data; /* twice in a row, so that no record is cut */
	unsigned long at; /* how far we looked */
};

int ring_open(struct ring *ring, int map);
void ring_close(struct ring *ring);

/*
 * The next record, in the ring's own memory: valid until ring_release(), and
 * not to be trusted to stay the same while it is read. NULL: none is ready.
 */
const void *ring_next(struct ring *ring, size_t *bytes);
/* Gives back all that ring_next() gave. */
void ring_release(struct ring *ring);
/* Forgets what ring_next() gave since the last release: it comes again. */
void ring_rewind(struct ring *ring);

#endif /* CORDOND_RING_H */
