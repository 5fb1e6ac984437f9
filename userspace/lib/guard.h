/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running guard: its maps and programs, found through the module that
 * holds the links, else through the pins. Nothing here loads or attaches.
 */
#ifndef CORDON_GUARD_H
#define CORDON_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cordon/abi.h"
#include "failure.h"

/* Maps of a policy generation come first, in the order in which they are switched. */
#define CORDON_GUARD_MAPS(X)          \
	X(AUTOMATA, "automata")       \
	X(ACCEPTS, "accepts")         \
	X(GRANTS, "grants")           \
	X(HOSTS, "hosts")             \
	X(PORTS, "ports")             \
	X(LINKS, "links")             \
	X(DEVICES, "devices")         \
	X(SUPERBLOCKS, "superblocks") \
	X(POLICIES, "policies")       \
	X(RECORDS, "records")         \
	X(COUNTERS, "counters")       \
	X(OBJECTS, "objects")         \
	X(MARKS, "label_marks")       \
	X(CONTROL, ".data.control")   \
	X(GUARDED, "guarded")

/* Programs that are not hooks. */
#define CORDON_GUARD_PROGRAMS(X)         \
	X(ADOPT, "adopt_subjects")       \
	X(FLUSH, "flush_repeats")        \
	X(LIVE, "live_subjects")         \
	X(MAPPINGS, "standing_mappings") \
	X(CLAIM, "claim_controller")     \
	X(RECORD, "record_control")      \
	X(LOWER, "lower_clearance")      \
	X(MODEST, "be_modest")           \
	X(FETCH, "label_fetch")          \
	X(NEW, "label_new")              \
	X(EGRESS, "packet_egress")

#define CORDON_ENUM_GUARD_MAP(name, text)     CORDON_GUARD_MAP_##name,
#define CORDON_ENUM_GUARD_PROGRAM(name, text) CORDON_GUARD_PROGRAM_##name,
enum cordon_guard_map {
	CORDON_GUARD_MAPS(CORDON_ENUM_GUARD_MAP) CORDON_GUARD_MAP_COUNT
};
enum cordon_guard_program {
	CORDON_GUARD_PROGRAMS(CORDON_ENUM_GUARD_PROGRAM) CORDON_GUARD_PROGRAM_COUNT
};
#define CORDON_GENERATION_MAP_COUNT (CORDON_GUARD_MAP_POLICIES + 1)

extern const char *const cordon_guard_map_name[CORDON_GUARD_MAP_COUNT];
extern const char *const cordon_guard_program_name[CORDON_GUARD_PROGRAM_COUNT];

struct cordon_guard {
	int device; /* /dev/cordon; -1: no module */
	struct cordon_hello hello; /* zero without module */
	int map[CORDON_GUARD_MAP_COUNT];
	int program[CORDON_GUARD_PROGRAM_COUNT];
	int link[CORDON_LINKS_MAX];
	unsigned int link_count;
	unsigned int hook_count; /* links of hooks among them */
	bool egress_attached;
	/* Shared with the programs: a store here is seen by the next hook. */
	struct cordon_control *control;
	__u64 *record_sequence;
	void *mapping;
	size_t mapping_bytes;
};

void cordon_guard_init(struct cordon_guard *guard);
void cordon_guard_close(struct cordon_guard *guard);
#define cordon_auto_guard __attribute__((cleanup(cordon_guard_close))) struct cordon_guard

/*
 * Opens /dev/cordon and says HELLO; @how: O_RDWR to be the controller, O_RDONLY
 * to look. 0, -ENOENT without module, or -errno.
 */
int cordon_guard_open_device(struct cordon_guard *guard, int how, struct cordon_failure *failure);

/*
 * Opens everything of the guard that runs; -ENOENT when none does. The device
 * must have been opened, if there is one. A map that is missing is a failure;
 * programs that are only called live in their pins alone, and can be missing
 * afterwards: then they are -1.
 */
int cordon_guard_find(struct cordon_guard *guard, struct cordon_failure *failure);

/* A map that the guard's programs use, by its name; -ENOENT. */
int cordon_guard_open_map(const struct cordon_guard *guard, const char *name);

/* Maps the control word; find() does it, a loader calls it itself. */
int cordon_guard_map_control(struct cordon_guard *guard, bool writable,
			     struct cordon_failure *failure);

/* Sums the counters over all CPUs. */
int cordon_guard_counters(const struct cordon_guard *guard, uint64_t counter[CORDON_COUNTERS_MAX],
			  struct cordon_failure *failure);

/* The active policy of a running guard; -ENOENT when none is loaded. */
int cordon_guard_policy(const struct cordon_guard *guard, struct cordon_policy *policy,
			struct cordon_failure *failure);

/* Called for each process; not 0 ends the walk, which then returns it. */
typedef int (*cordon_live_visit)(void *context, const struct cordon_live *live);
int cordon_guard_each_live(const struct cordon_guard *guard, enum cordon_guard_program iterator,
			   cordon_live_visit visit, void *context, struct cordon_failure *failure);

/*
 * The live state of one process: through the controller when it answers,
 * else from the guard itself. 0; -ESRCH: no such process; -ENOENT: no guard.
 */
int cordon_live_subject(pid_t pid, struct cordon_live *live);

/* "links/hook_file_open" and the like below CORDON_PINS, into @path. */
#define CORDON_PIN_BYTES 320
void cordon_guard_pin_path(const char *folder, const char *name, char path[CORDON_PIN_BYTES]);

#endif /* CORDON_GUARD_H */
