// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epochs and changes on their way to the controller. What it has read stays until it says that it
 * is safe on disk: a controller that dies in between finds it again.
 *
 * Positions count bytes and never go back: taken <= read <= written, at most QUEUE_BYTES apart.
 */
#include <linux/minmax.h>
#include <linux/vmalloc.h>
#include "cordon.h"
#include "ledger.h"

/* A power of two. Some 20 minutes of epochs of four busy CPUs. */
#define QUEUE_BYTES (512u << 10)

static struct {
	u8 *bytes;
	u32 taken, read, written;
} queue; /* protected by the caller's lock */

/* What can be appended. */
u32 cordon_queue_room(void)
{
	return QUEUE_BYTES - (queue.written - queue.taken);
}

u32 cordon_queue_size(void)
{
	return QUEUE_BYTES;
}

u32 cordon_queue_waiting(void)
{
	return READ_ONCE(queue.written) - READ_ONCE(queue.taken);
}

bool cordon_queue_readable(void)
{
	return READ_ONCE(queue.read) != READ_ONCE(queue.written);
}

static void copy_out(u32 from, void *to, u32 count)
{
	u32 at = from % QUEUE_BYTES, first = min(count, QUEUE_BYTES - at);

	memcpy(to, queue.bytes + at, first);
	memcpy(to + first, queue.bytes, count - first);
}

/* There must be room. */
void cordon_queue_append(const struct cordon_header *record)
{
	u32 at = queue.written % QUEUE_BYTES, first = min(record->bytes, QUEUE_BYTES - at);

	memcpy(queue.bytes + at, record, first);
	memcpy(queue.bytes, (const u8 *)record + first, record->bytes - first);
	WRITE_ONCE(queue.written, queue.written + record->bytes);
}

/* Whole records, as many as fit. Return: bytes. */
u32 cordon_queue_read(void *to, u32 room)
{
	struct cordon_header header;
	u32 count = 0;

	while (queue.read != queue.written) {
		copy_out(queue.read, &header, sizeof(header));
		if (header.bytes > room - count)
			break;
		copy_out(queue.read, to + count, header.bytes);
		count += header.bytes;
		WRITE_ONCE(queue.read, queue.read + header.bytes);
	}
	return count;
}

/* What was read and not taken comes again. */
void cordon_queue_rewind(void)
{
	WRITE_ONCE(queue.read, queue.taken);
}

/* Forgets what was read, up to @sequence. Return: of the last one forgotten; 0: none. */
u64 cordon_queue_take(u64 sequence)
{
	struct cordon_header header;
	u64 last = 0;

	while (queue.taken != queue.read) {
		copy_out(queue.taken, &header, sizeof(header));
		if (header.sequence > sequence)
			break;
		WRITE_ONCE(queue.taken, queue.taken + header.bytes);
		last = header.sequence;
	}
	return last;
}

int __init cordon_queue_init(void)
{
	queue.bytes = vmalloc(QUEUE_BYTES);
	return queue.bytes ? 0 : -ENOMEM;
}

void cordon_queue_exit(void)
{
	vfree(queue.bytes);
}
