// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules R1 to R4 of the model, followed operation by operation: who has
 * which taint, which object carries what. It predicts only what it is sure of.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

#define OBJECTS 256
#define UNKNOWN (-1)

struct object {
	unsigned int label;
	bool floats, drop;
};

struct oracle {
	const struct program *program;
	struct figures *figures;
	struct object object[OBJECTS];
	int objects;
	int fd[SLOTS][FDS]; /* which object */
	unsigned int clearance[SLOTS], taint[SLOTS], held[SLOTS];
	bool alive[SLOTS];
};

enum word {
	SAYS_NOTHING,
	ALLOWS,
	DENIES
};

static int object_new(struct oracle *oracle, struct object object)
{
	if (oracle->objects == OBJECTS)
		return UNKNOWN;
	oracle->object[oracle->objects] = object;
	return oracle->objects++;
}

static struct object place_object(uint8_t path)
{
	const struct place_kind *place = &places[path / NAMES];

	return (struct object){ .label = place->label, .drop = place->drop };
}

struct oracle *oracle_new(const struct program *program, struct figures *figures)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	const struct object floating = { .floats = true };

	if (!oracle)
		return NULL;
	oracle->program = program;
	oracle->figures = figures;
	/* Two pipes and two pairs of sockets; the last channel is a memory file. */
	for (int fd = 0; fd < FDS; fd++)
		oracle->fd[0][fd] = UNKNOWN;
	for (int fd = 0; fd + 1 < FD_DYNAMIC; fd += 2)
		oracle->fd[0][fd] = oracle->fd[0][fd + 1] = object_new(oracle, floating);
	for (int slot = 1; slot < SLOTS; slot++)
		memcpy(oracle->fd[slot], oracle->fd[0], sizeof(oracle->fd[0]));
	return oracle;
}

/* ---- The rules ---------------------------------------------------------------------------- */

static bool may_read(const struct object *object, unsigned int clearance)
{
	return flows(object->label, clearance);
}

static bool may_write(const struct object *object, unsigned int clearance, unsigned int taint)
{
	if (object->floats)
		return true;
	return flows(taint, object->label) && (object->drop || flows(object->label, clearance));
}

static const struct object *object_of(const struct oracle *oracle, int slot, uint8_t fd)
{
	int index = oracle->fd[slot][fd];

	return index == UNKNOWN ? NULL : &oracle->object[index];
}

static enum word word(bool allowed)
{
	return allowed ? ALLOWS : DENIES;
}

static enum word says_of_move(const struct oracle *oracle, int slot, const struct op *op)
{
	const struct object *from = object_of(oracle, slot, op->arg[0]);
	const struct object *to = object_of(oracle, slot, op->arg[1]);

	if (!from || !to)
		return SAYS_NOTHING;
	return word(may_read(from, oracle->clearance[slot]) &&
		    may_write(to, oracle->clearance[slot], oracle->taint[slot] | from->label));
}

static enum word says_of_host(unsigned int taint, enum host host)
{
	if (host == HOST_UNK)
		return DENIES;
	return word(flows(taint, host == HOST_HI ? LABEL_SECRET : LABEL_UNCLASSIFIED));
}

static enum word says_of_path(const struct oracle *oracle, int slot, const struct op *op)
{
	unsigned int clearance = oracle->clearance[slot], taint = oracle->taint[slot];
	struct object object = place_object(op->arg[0]);
	enum model model = call_kinds[op->call].model;
	bool read = model == MODEL_OPEN_READ || model == MODEL_OPEN_BOTH;
	bool write = model != MODEL_OPEN_READ;

	if (read && !may_read(&object, clearance))
		return DENIES;
	return word(!write || may_write(&object, clearance, taint | (read ? object.label : 0)));
}

static enum word says_of_fd(const struct oracle *oracle, int slot, const struct op *op, bool write)
{
	const struct object *object = object_of(oracle, slot, op->arg[0]);

	if (!object)
		return SAYS_NOTHING;
	if (write)
		return word(may_write(object, oracle->clearance[slot], oracle->taint[slot]));
	return word(may_read(object, oracle->clearance[slot]));
}

static enum word says_of_subject(const struct oracle *oracle, int slot, int other, bool writes)
{
	/* On itself everything goes but ptrace. */
	if (!oracle->alive[other] || other == slot)
		return SAYS_NOTHING;
	return word(
		flows(oracle->taint[other] | oracle->clearance[other], oracle->clearance[slot]) &&
		(!writes || flows(oracle->taint[slot], oracle->clearance[other])));
}

static enum word says(const struct oracle *oracle, int slot, const struct op *op)
{
	int other = op->arg[0];

	switch (call_kinds[op->call].model) {
	case MODEL_OPEN_READ:
	case MODEL_OPEN_WRITE:
	case MODEL_OPEN_BOTH:
	case MODEL_NAME:
		return says_of_path(oracle, slot, op);
	case MODEL_READ:
		return says_of_fd(oracle, slot, op, false);
	case MODEL_WRITE:
		return says_of_fd(oracle, slot, op, true);
	case MODEL_MOVE:
		return says_of_move(oracle, slot, op);
	case MODEL_SEND:
		return says_of_host(oracle->taint[slot], other);
	case MODEL_ACT:
	case MODEL_ATTACH:
		return says_of_subject(oracle, slot, other,
				       call_kinds[op->call].model == MODEL_ATTACH);
	default:
		return SAYS_NOTHING;
	}
}

/* ---- And then ------------------------------------------------------------------------------- */

static void raise_by(struct oracle *oracle, int slot, uint8_t fd)
{
	const struct object *object = object_of(oracle, slot, fd);

	if (object)
		oracle->taint[slot] |= object->label;
}

static void float_by(struct oracle *oracle, int slot, uint8_t fd)
{
	int index = oracle->fd[slot][fd];

	if (index != UNKNOWN && oracle->object[index].floats)
		oracle->object[index].label |= oracle->taint[slot];
}

static void took_place(struct oracle *oracle, int slot, const struct op *op)
{
	switch (call_kinds[op->call].model) {
	case MODEL_OPEN_READ:
	case MODEL_OPEN_BOTH:
		oracle->taint[slot] |= place_object(op->arg[0]).label;
		break;
	case MODEL_READ:
		raise_by(oracle, slot, op->arg[0]);
		break;
	case MODEL_WRITE:
		float_by(oracle, slot, op->arg[0]);
		break;
	case MODEL_MOVE:
		raise_by(oracle, slot, op->arg[0]);
		float_by(oracle, slot, op->arg[1]);
		break;
	case MODEL_ACT:
		oracle->taint[slot] |= oracle->taint[op->arg[0]];
		break;
	case MODEL_ATTACH:
		oracle->taint[slot] |= oracle->taint[op->arg[0]];
		oracle->taint[op->arg[0]] |= oracle->taint[slot];
		break;
	default:
		break;
	}
}

/* Which object the descriptors stand for now. */
static void follow_descriptors(struct oracle *oracle, int slot, const struct op *op)
{
	const struct call_kind *kind = &call_kinds[op->call];
	const struct object floating = { .floats = true };
	int made = UNKNOWN;

	if (kind->model >= MODEL_OPEN_READ && kind->model <= MODEL_OPEN_BOTH)
		made = object_new(oracle, place_object(op->arg[0]));
	else if (!strcmp(kind->args, "oo"))
		made = object_new(oracle, floating);
	else if (!strcmp(kind->args, "fo"))
		made = oracle->fd[slot][op->arg[0]];
	for (int i = 0; kind->args[i]; i++)
		if (kind->args[i] == 'o')
			oracle->fd[slot][op->arg[i]] = made;
	if (!strcmp(kind->name, "close"))
		oracle->fd[slot][op->arg[0]] = UNKNOWN;
}

/* A child has what its parent has; a new image, what was there, but for the clearance. */
static void oracle_begin(struct oracle *oracle, const struct report *report)
{
	int slot = report->slot;

	oracle->alive[slot] = true;
	oracle->clearance[slot] = ranks[report->rank].clearance;
}

static void follow_child(struct oracle *oracle, int slot, const struct op *op)
{
	int child = op->arg[0];

	memcpy(oracle->fd[child], oracle->fd[slot], sizeof(oracle->fd[child]));
	oracle->taint[child] |= oracle->taint[slot];
}

void oracle_take(struct oracle *oracle, const struct report *report)
{
	struct figures *figures = oracle->figures;
	const struct op *op;
	enum word word;
	bool denied = report->result == -EACCES || report->result == -EPERM;

	if (report->op < 0) {
		oracle_begin(oracle, report);
		return;
	}
	op = &oracle->program->op[report->op];
	for (int i = 0; i < report->tokens && i < TOKENS_HELD; i++)
		oracle->held[report->slot] |= token_label(report->token[i]);
	word = says(oracle, report->slot, op);
	figures->played[op->call]++;
	figures->done += report->result >= 0;
	figures->denied += denied;
	figures->failed += report->result < 0 && !denied;
	figures->predicted += word != SAYS_NOTHING;
	figures->over[op->call] += word == ALLOWS && denied;
	figures->beyond[op->call] += word == DENIES && report->result > 0;
	/* Who holds it has read it, whichever way it came. */
	oracle->taint[report->slot] |= oracle->held[report->slot];
	if (report->result < 0)
		return;
	took_place(oracle, report->slot, op);
	follow_descriptors(oracle, report->slot, op);
	if (call_kinds[op->call].args[0] == 'k')
		follow_child(oracle, report->slot, op);
}

void figures_sum(struct figures *sum, const char *path)
{
	FILE *file = fopen(path, "re");
	struct figures one;

	while (file && fread(&one, sizeof(one), 1, file) == 1) {
		const int *from = (const int *)&one;
		int *to = (int *)sum;

		for (size_t i = 0; i < sizeof(one) / sizeof(int); i++)
			to[i] += from[i];
	}
	if (file)
		fclose(file);
}
