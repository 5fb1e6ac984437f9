/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store grows in volumes: the file that is written (records.db) and the
 * older ones beside it (records-000001.db …), each complete in itself.
 */
#ifndef CORDON_VOLUMES_H
#define CORDON_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "store.h"

struct cordon_volume {
	char *file;
	uint64_t number;
	uint64_t bytes;
};

/* The older ones, oldest first. */
struct cordon_volumes {
	size_t count;
	struct cordon_volume *volume;
};

struct cordon_store_limits {
	uint64_t volume_bytes; /* a volume that is larger is ended */
	uint64_t volume_age_s; /* and one that is older */
	uint64_t total_bytes; /* the oldest volumes are removed above that; 0: never */
	uint64_t keep_days; /* but none whose last record is younger than that */
};

#define CORDON_STORE_LIMITS_DEFAULT                                                          \
	(struct cordon_store_limits)                                                         \
	{                                                                                    \
		.volume_bytes = 256ull << 20, .volume_age_s = 24 * 60 * 60, .keep_days = 90, \
	}

/* Whether the name is that of an older volume. */
bool cordon_volume_is_old(const char *file);
/* 0 or -errno. */
int cordon_volumes_list(const char *file, struct cordon_volumes *volumes);
void cordon_volumes_free(struct cordon_volumes *volumes);
/* With what SQLite keeps beside it. */
void cordon_volume_remove(const char *file);

/* Finishes a rotation that was interrupted; before the file is opened for writing. */
int cordon_volumes_mend(const char *file, struct cordon_failure *failure);

/* Whether it is time to end the volume. */
bool cordon_store_is_full(struct cordon_store *store, const struct cordon_store_limits *limits);
/*
 * Ends the volume and begins the next, outside of any transaction, and only
 * when every record that was stored has left the ring: what is offered again
 * afterwards is not known to be stored. Killed at any point it leaves a store
 * that opens. When it fails, the writer goes on with the file it has.
 */
int cordon_store_rotate(struct cordon_store *store, const __u64 boot[2],
			struct cordon_failure *failure);

#endif /* CORDON_VOLUMES_H */
