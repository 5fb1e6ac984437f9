/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ledger's own files share: chains, epochs, the queue to the controller. */
#ifndef CORDON_KMOD_LEDGER_H
#define CORDON_KMOD_LEDGER_H

#include "blake2s.h"

/* ledger.c: the chains of the CPUs. */
bool cordon_ledger_has_begun(void);
void cordon_ledger_fill(struct cordon_header *header, const struct cordon_chain *chain, u32 number);
void cordon_chains_begin(u64 epoch, const u8 secret[CORDON_KEY_BYTES]);
void cordon_chains_turn(struct cordon_epoch *epoch, const u8 secret[CORDON_KEY_BYTES]);

/* epoch.c: the module's own chain. */
void cordon_epochs_begin(const u8 secret[CORDON_KEY_BYTES]);
void cordon_epochs_start(u64 pid);
void cordon_epochs_call(void);
void cordon_epochs_read_state(struct cordon_ledger_state *state);

/* queue.c: to the controller. All but size, waiting and readable want epoch.c's lock. */
int cordon_queue_init(void);
void cordon_queue_exit(void);
u32 cordon_queue_size(void);
u32 cordon_queue_room(void);
u32 cordon_queue_waiting(void);
bool cordon_queue_readable(void);
void cordon_queue_append(const struct cordon_header *record);
u32 cordon_queue_read(void *to, u32 room);
void cordon_queue_rewind(void);
u64 cordon_queue_take(u64 sequence);

#endif /* CORDON_KMOD_LEDGER_H */
