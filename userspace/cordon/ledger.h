/* SPDX-License-Identifier: GPL-2.0-only */
/* The sub-verbs of `cordon ledger`. They need no controller, and but for enroll no root. */
#ifndef CORDON_CMD_LEDGER_H
#define CORDON_CMD_LEDGER_H

#include "command.h"
#include "evidence.h"
#include "failure.h"

/* argv[0] is the sub-verb. They return the exit code. */
int ledger_keygen(int argc, char **argv);
int ledger_enroll(int argc, char **argv);
int ledger_verify(int argc, char **argv);
int ledger_anchors(int argc, char **argv);
int ledger_export(int argc, char **argv);
int ledger_cat(int argc, char **argv);

/* "usage: cordon ledger …" of one. Returns CORDON_EXIT_USAGE. */
int ledger_usage(const char *name);

/* A ledger as people see it: the boot's number, a slash, the ledger's. */
#define LEDGER_TEXT_BYTES 64
void ledger_text(const struct cordon_ledger_id *id, char text[LEDGER_TEXT_BYTES]);
/* A wall clock time, UTC. */
#define LEDGER_TIME_BYTES 40
void ledger_time(uint64_t realtime_ns, char text[LEDGER_TIME_BYTES]);
const char *ledger_change_name(uint32_t kind);

#endif /* CORDON_CMD_LEDGER_H */
