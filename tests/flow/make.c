// SPDX-License-Identifier: GPL-2.0-only
/* Makes programs: random, but such that most operations can go well. */
#include <string.h>

#include "flow.h"

#define GROUPS	   20
#define THEMES	   5
#define OPS_LEAST  24
#define OPS_SPREAD 32

/* What the maker believes a descriptor to be good for. */
enum {
	GOOD_READ = 1,
	GOOD_WRITE = 2,
	GOOD_SOCKET = 4,
	GOOD_ANY = 8
};

struct maker {
	uint64_t state;
	const struct limits *limits;
	const char *group[GROUPS];
	int group_count;
	const char *theme[THEMES];
	bool alive[SLOTS];
	uint8_t good[SLOTS][FDS];
};

/* splitmix64 */
static uint64_t next(struct maker *maker)
{
	uint64_t z = (maker->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static int below(struct maker *maker, int limit)
{
	return next(maker) % limit;
}

static void find_groups(struct maker *maker)
{
	for (int i = 0; i < call_count; i++) {
		bool known = false;

		for (int g = 0; g < maker->group_count; g++)
			known |= !strcmp(maker->group[g], call_kinds[i].group);
		if (!known && maker->group_count < GROUPS)
			maker->group[maker->group_count++] = call_kinds[i].group;
	}
	for (int i = 0; i < THEMES; i++)
		maker->theme[i] = maker->group[below(maker, maker->group_count)];
	maker->theme[0] = "file";
}

/* Channels that every subject inherits. */
static void inherit(uint8_t good[FDS])
{
	static const uint8_t channels[FD_DYNAMIC] = { GOOD_READ,
						      GOOD_WRITE,
						      GOOD_READ,
						      GOOD_WRITE,
						      GOOD_READ | GOOD_WRITE | GOOD_SOCKET,
						      GOOD_READ | GOOD_WRITE | GOOD_SOCKET,
						      GOOD_READ | GOOD_WRITE | GOOD_SOCKET,
						      GOOD_READ | GOOD_WRITE | GOOD_SOCKET,
						      GOOD_READ | GOOD_WRITE };

	for (int i = 0; i < FD_DYNAMIC; i++)
		good[i] = channels[i] | GOOD_ANY;
}

static int pick_fd(struct maker *maker, int who, uint8_t want)
{
	int first = below(maker, FDS);

	/* Those that the program made itself are the more interesting half. */
	if (below(maker, 2))
		first = FD_DYNAMIC + below(maker, FDS - FD_DYNAMIC);
	for (int i = 0; i < FDS; i++) {
		int fd = (first + i) % FDS;

		if (maker->good[who][fd] & want)
			return fd;
	}
	return first;
}

static int pick_call(struct maker *maker)
{
	const char *theme = maker->theme[below(maker, THEMES)];
	bool any = !below(maker, 6);

	for (;;) {
		int call = below(maker, call_count);

		if (any || !strcmp(call_kinds[call].group, theme))
			return call;
	}
}

static int pick_slot(struct maker *maker)
{
	int first = below(maker, SLOTS);

	for (int i = 0; i < SLOTS; i++)
		if (maker->alive[(first + i) % SLOTS])
			return (first + i) % SLOTS;
	return 0;
}

static int pick_arg(struct maker *maker, int who, char kind)
{
	switch (kind) {
	case 'p':
		/* Half of all in the low place: that is where leaks go to. */
		return (below(maker, 2) ? below(maker, PLACES) : PLACE_LOW) * NAMES +
		       below(maker, NAMES);
	case 'o':
		return FD_DYNAMIC + below(maker, FDS - FD_DYNAMIC);
	case 'r':
		return pick_fd(maker, who, GOOD_READ);
	case 'w':
		return pick_fd(maker, who, GOOD_WRITE);
	case 's':
		return pick_fd(maker, who, GOOD_SOCKET);
	case 'f':
		return pick_fd(maker, who, GOOD_ANY);
	case 'h':
		return below(maker, HOSTS);
	case 't':
		return pick_slot(maker);
	case 'k':
		return SLOTS_FIRST + below(maker, SLOTS - SLOTS_FIRST);
	case 'x':
		return below(maker, RANKS);
	default:
		return below(maker, 3);
	}
}

/* What the descriptors that the call makes are good for, going by its group. */
static uint8_t made_good(const struct op *op)
{
	const struct call_kind *kind = &call_kinds[op->call];

	if (!strcmp(kind->group, "unix") || !strcmp(kind->group, "inet") ||
	    !strcmp(kind->group, "loopback"))
		return GOOD_READ | GOOD_WRITE | GOOD_SOCKET | GOOD_ANY;
	if (kind->model == MODEL_OPEN_READ)
		return GOOD_READ | GOOD_ANY;
	if (kind->model == MODEL_OPEN_WRITE)
		return GOOD_WRITE | GOOD_ANY;
	return GOOD_READ | GOOD_WRITE | GOOD_ANY;
}

static void believe(struct maker *maker, const struct op *op)
{
	const char *args = call_kinds[op->call].args;

	for (int i = 0; args[i]; i++) {
		if (args[i] == 'o')
			maker->good[op->who][op->arg[i]] = made_good(op);
		if (args[i] == 'k' && !maker->alive[op->arg[i]]) {
			maker->alive[op->arg[i]] = true;
			memcpy(maker->good[op->arg[i]], maker->good[op->who], FDS);
		}
	}
	if (!strcmp(call_kinds[op->call].name, "close"))
		maker->good[op->who][op->arg[0]] = 0;
}

static struct op make_op(struct maker *maker)
{
	struct op op;

	do {
		op = (struct op){ .who = pick_slot(maker), .call = pick_call(maker) };
		for (int i = 0; call_kinds[op.call].args[i]; i++)
			op.arg[i] = pick_arg(maker, op.who, call_kinds[op.call].args[i]);
	} while (limits_exclude(maker->limits, &op));
	believe(maker, &op);
	return op;
}

/* Somebody who may reads something classified; else nothing could leak. */
static void make_read(struct maker *maker, struct program *program)
{
	static const struct {
		int who, place;
	} readers[] = { { SLOT_C2, PLACE_CUI },	   { SLOT_S3, PLACE_SECRET },
			{ SLOT_S4, PLACE_SECRET }, { SLOT_S3, PLACE_INBOX },
			{ SLOT_A5, PLACE_ARROW },  { SLOT_S4, PLACE_CUI } };
	int which = below(maker, sizeof(readers) / sizeof(readers[0]));
	int fd = FD_DYNAMIC + below(maker, FDS - FD_DYNAMIC);
	struct op *op = &program->op[program->count];

	op[0] = (struct op){ .who = readers[which].who, .call = call_find("open-read") };
	op[0].arg[0] = readers[which].place * NAMES;
	op[0].arg[1] = fd;
	op[1] = (struct op){ .who = readers[which].who, .call = call_find("read"), .arg = { fd } };
	believe(maker, op);
	program->count += 2;
}

void program_make(struct program *program, uint64_t seed, const struct limits *limits)
{
	struct maker maker = { .state = seed, .limits = limits };
	int count, reads[2];

	find_groups(&maker);
	for (int i = 0; i < SLOTS_FIRST; i++) {
		maker.alive[i] = true;
		inherit(maker.good[i]);
	}
	program->count = 0;
	count = OPS_LEAST + below(&maker, OPS_SPREAD);
	reads[0] = below(&maker, count / 4);
	reads[1] = below(&maker, count / 2);
	for (int i = 0; i < count; i++) {
		if (i == reads[0] || i == reads[1])
			make_read(&maker, program);
		program->op[program->count++] = make_op(&maker);
	}
}
