/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random programs against the guard, and what may come of them.
 *
 * A program is a list of operations of a few subjects on a few files, channels
 * and hosts. `play` runs one, operation by operation, `judge` looks at every
 * sink afterwards. What a sink may hold follows from the model alone: nothing
 * here knows how the guard decides.
 */
#ifndef CORDON_FLOW_H
#define CORDON_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- Labels, as the model has them: sets, ordered by inclusion --------------- */

enum {
	CUI = 1,
	SECRET_ONLY = 2,
	ARROW_ONLY = 4,
	TOP_ONLY = 8
};
enum label {
	LABEL_UNCLASSIFIED = 0,
	LABEL_CUI = CUI,
	LABEL_SECRET = CUI | SECRET_ONLY,
	LABEL_ARROW = CUI | SECRET_ONLY | ARROW_ONLY,
	LABEL_TOP = CUI | SECRET_ONLY | ARROW_ONLY | TOP_ONLY,
};

static inline bool flows(unsigned int from, unsigned int to)
{
	return (from & ~to) == 0;
}

/* ---- Programs ---------------------------------------------------------------- */

#define OPS_MAX	 64
#define ARGS_MAX 3

struct op {
	uint8_t who; /* slot of the subject */
	uint8_t call;
	uint8_t arg[ARGS_MAX];
};

struct program {
	int count;
	struct op op[OPS_MAX];
};

/*
 * What an argument is:
 * p a path        place * NAMES + name     o  descriptor that the call makes
 * r w s f        descriptor: readable, writable, socket, any
 * h host          t  subject    k  slot of a child    n  one of three    x  program
 */
enum model {
	MODEL_NONE, /* the oracle predicts nothing; sinks are judged all the same */
	MODEL_OPEN_READ, /* p: R1 */
	MODEL_OPEN_WRITE, /* p: R2 */
	MODEL_OPEN_BOTH, /* p */
	MODEL_NAME, /* p: R2 on the place */
	MODEL_NAMES, /* p p: R2 on both, R5 between them */
	MODEL_READ, /* r */
	MODEL_WRITE, /* w */
	MODEL_MOVE, /* r w */
	MODEL_SEND, /* h: R3 */
	MODEL_ACT, /* t: R4, reading */
	MODEL_ATTACH, /* t: R4, reading and writing */
};

struct call_kind {
	const char *name;
	const char *args;
	const char *group;
	enum model model;
};

extern const struct call_kind call_kinds[];
extern const int call_count;
int call_find(const char *name);
/* False: it has no operation that sends anything off this machine. */
bool program_reaches_hosts(const struct program *program);

/* ---- The world ---------------------------------------------------------------- */

enum place {
	PLACE_LOW,
	PLACE_CUI,
	PLACE_SECRET,
	PLACE_ARROW,
	PLACE_INBOX,
	PLACES
};
#define NAMES 3

struct place_kind {
	const char *name, *dir;
	enum label label;
	bool drop;
};

extern const struct place_kind places[PLACES];

/* The programs that a subject can be, by the clearance that the policy gives them. */
enum rank {
	RANK_PLAIN,
	RANK_CUI,
	RANK_SECRET,
	RANK_ARROW,
	RANKS
};

struct rank_kind {
	const char *name, *path;
	enum label clearance;
};

extern const struct rank_kind ranks[RANKS];

/* Slots: what runs from the start, then room for children. */
enum {
	SLOT_U0,
	SLOT_U1,
	SLOT_C2,
	SLOT_S3,
	SLOT_S4,
	SLOT_A5,
	SLOTS_FIRST,
	SLOTS = 9
};
extern const enum rank slot_rank[SLOTS_FIRST];
extern const char *const slot_names[SLOTS];

enum host {
	HOST_UNK,
	HOST_LOW,
	HOST_HI,
	HOSTS
};
extern const char *const host_names[HOSTS];

/*
 * Descriptors that an argument names: FD_BASE + 0 to 8 are channels that every
 * subject inherits, those from FD_DYNAMIC on are made by operations. The hidden
 * ones belong to calls of their own.
 */
#define FD_BASE	   20
#define FD_DYNAMIC 9
#define FDS	   16
#define FD_HIDDEN  40
enum {
	HIDDEN_MASTER,
	HIDDEN_SLAVE,
	HIDDEN_EVENT,
	HIDDEN_COUNT = HIDDEN_EVENT + 3
};

#define ARENA	    "flow" /* in every place */
#define REPORT_DIR  "/srv/report"
#define CONTROL_DIR "/srv/low/control"

/* Tokens stand for data: `<C`, random characters, the letter of the label, `>`. */
#define TOKEN_BYTES 17
#define TOKENS_HELD 12
#define PAYLOAD	    256
#define MARK	    "<M" /* begins all that any subject writes */

static inline bool token_at(const char *text, size_t length)
{
	return length >= TOKEN_BYTES && text[0] == '<' && text[1] == 'C' &&
	       text[TOKEN_BYTES - 1] == '>';
}

/* The label that its letter says. */
unsigned int token_label(const char *token);

/* One per operation done, in the order of the subject's doing. */
struct report {
	int32_t op; /* -1: a new image, or a child, is there */
	int32_t result;
	int32_t slot;
	int32_t rank;
	int32_t tokens;
	char token[TOKENS_HELD][TOKEN_BYTES];
};

/* ---- What the parts do ---------------------------------------------------------- */

/* A different program for every seed. Calls that @limits leaves out are not used. */
struct limits;
void program_make(struct program *program, uint64_t seed, const struct limits *limits);
void program_print(const struct program *program, FILE *to);
void op_print(const struct op *op, FILE *to);
/* 0, or the number of the line that is none. */
int program_read(struct program *program, FILE *from);

/*
 * Named limits: `call[@classified] | words of docs/known-limits.md` a line. The
 * second form leaves out only what a subject does to places above its clearance.
 */
struct limits *limits_read(const char *path);
bool limits_exclude(const struct limits *limits, const struct op *op);
int limits_count(const struct limits *limits);

/* Which subjects had which operation, as it was played. */
struct trace {
	int count;
	struct {
		int op, blocked;
	} step[OPS_MAX];
};

enum verdict {
	VERDICT_CLEAN,
	VERDICT_LEAK,
	VERDICT_BROKEN
};

/* Judges what was played; whoever calls it is tainted afterwards. */
enum verdict judge(const struct program *program, const struct trace *trace, bool verbose,
		   FILE *why, FILE *figures);

/* What is the same for all that is played. */
struct playing {
	bool verbose; /* @why gets what came of each operation */
	const char *figures; /* a file that gets them; NULL: none */
};

/* Plays and judges in a child. @why is a file that gets the words; NULL: none. */
enum verdict play(const struct program *program, const struct playing *playing, const char *why);
/* Makes it as short as it can be while @play says leak. Returns how often it was played. */
int program_shrink(struct program *program, const struct playing *playing, int most);

#endif /* CORDON_FLOW_H */
