/* SPDX-License-Identifier: GPL-2.0-only */
/* A subject of a program: does its operations, keeps every token that it gets to see. */
#ifndef CORDON_FLOW_SUBJECT_H
#define CORDON_FLOW_SUBJECT_H

#include <errno.h>

#include "flow.h"

/* What a subject holds lies at one address in all of them, so that others find it. */
#define HOLD_ADDRESS 0x600000000000ULL
#define HOLD_BYTES   8192

struct hold {
	char incoming[PAYLOAD]; /* what another subject wrote into this one */
	int32_t tokens;
	char token[TOKENS_HELD][TOKEN_BYTES];
};

#define HOLD ((struct hold *)HOLD_ADDRESS)

struct turn {
	int32_t op;
	int32_t pid[SLOTS];
};

struct subject {
	int slot;
	enum rank rank;
	int report, control;
	struct turn turn;
	const struct program *program;
	const char *program_path;
	char *map; /* one mapping of a file */
	char *shm; /* one segment */
	char payload[PAYLOAD];
};

typedef long subject_call(struct subject *subject, const uint8_t *arg);

#define CALL(function, name, args, group, model) subject_call call_##function;
#include "calls.h"
#undef CALL

/* Keeps the tokens among the bytes. Returns @length. */
long subject_take(const void *bytes, long length);
/* All that the subject holds, PAYLOAD bytes, in its own buffer. */
const char *subject_payload(struct subject *subject);
/* The token that it got last, with a NUL; where it has none, something harmless. */
void subject_last(char text[TOKEN_BYTES + 1]);
/* In a child or a new image: reports that it is there, then waits for its turns. */
_Noreturn void subject_serve(struct subject *subject);
/* Returns only when it failed. */
long subject_exec(struct subject *subject, int slot, enum rank rank, bool by_descriptor);
/* The subject that a child will be. */
struct subject *subject_child(const struct subject *parent, int slot);

/* The result as system calls have it: negative is -errno. */
static inline long done(long result)
{
	return result < 0 ? -errno : result;
}

/* A path argument, in a buffer that the next call takes again. */
const char *path_arg(uint8_t value);
/* The same with something behind it. */
const char *path_with(uint8_t value, const char *suffix);

static inline int fd_arg(uint8_t value)
{
	return FD_BASE + value;
}

/* Makes @fd the descriptor that the argument names. */
long fd_put(int fd, uint8_t value);

#endif /* CORDON_FLOW_SUBJECT_H */
