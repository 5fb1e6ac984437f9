/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cordon.ko share. */
#ifndef CORDON_KMOD_H
#define CORDON_KMOD_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <cordon/abi.h>

/*
 * The module's only lock: who the controller is, what is held, the mode. It may sleep and is
 * never taken in a hook. Order: misc_mtx (held by the misc core around open) -> cordon_lock.
 */
extern struct mutex cordon_lock;

/* hold.c: keeps enforcement in place. All but init, exit and pinned want cordon_lock. */
int cordon_hold_init(void);
void cordon_hold_exit(void);
int cordon_hold_links(const struct cordon_hold *request);
int cordon_hold_release(void);
int cordon_hold_set_mode(const struct cordon_set_mode *request);
void cordon_hold_list(struct cordon_links *links);
u32 cordon_hold_count(void);
u32 cordon_hold_flags(void);
bool cordon_hold_pinned(void);

/* control.c: /dev/cordon, the controller's one door. */
int cordon_control_init(void);
void cordon_control_exit(void);

#endif /* CORDON_KMOD_H */
