/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of cordon.ko share. */
#ifndef CORDON_KMOD_H
#define CORDON_KMOD_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <cordon/abi.h>

/*
 * Who the controller is, what is held, the mode. It may sleep, so it is never taken in a hook; the
 * misc core holds misc_mtx around open, and with it every open of such a device, so it is never
 * held over I/O. Order: misc_mtx -> cordon_lock -> epochs_lock (epoch.c).
 */
extern struct mutex cordon_lock;

/* hold.c: keeps enforcement in place. All but init and exit want cordon_lock. */
int cordon_hold_init(void);
void cordon_hold_exit(void);
int cordon_hold_links(const struct cordon_hold *request);
int cordon_hold_release(void);
int cordon_hold_set_mode(const struct cordon_set_mode *request);
void cordon_hold_list(struct cordon_links *links);
u32 cordon_hold_count(void);
u32 cordon_hold_flags(void);

/* ledger.c: chains of audit records. Begin and state want cordon_lock. */
void cordon_ledger_init(void);
void cordon_ledger_exit(void);
int cordon_ledger_seal(struct cordon_header *record, u32 bytes);
int cordon_ledger_lose(void);
int cordon_ledger_begin(struct cordon_ledger_begin *request);
void cordon_ledger_read_state(struct cordon_ledger_state *state);

/* epoch.c: epochs and changes, on their way to the controller. */
int cordon_epochs_init(void);
void cordon_epochs_exit(void);
void cordon_epochs_change(enum cordon_change_kind kind, u64 value);
void cordon_epochs_leave(u64 pid);
int cordon_epochs_policy(const struct cordon_policy_note *note);
ssize_t cordon_epochs_read(char __user *user, size_t count);
void cordon_epochs_rewind(void);
void cordon_epochs_take(const struct cordon_ledger_taken *request);
__poll_t cordon_epochs_poll(struct file *file, poll_table *table);

/* seal.c: until reboot. All but holds and is_set want cordon_lock. */
int cordon_seal_set(const struct cordon_seal *request);
int cordon_seal_break(const struct cordon_break_glass *request);
void cordon_seal_read_state(struct cordon_seal_state *state);
bool cordon_seal_holds(void);
bool cordon_seal_is_set(void);
void cordon_seal_exit(void);

/* barrier.c: what was checked before a rise is over before it counts. */
struct task_struct;
int cordon_barrier_kick(struct task_struct *task);
int cordon_barrier_kick_own(void);
int cordon_barrier_pause(void);
int cordon_barrier_take(void);
void cordon_barrier_work_begins(void);
void cordon_barrier_work_ended(void);
void cordon_barrier_exit(void);

/* share.c: who can see what a subject stores. */
struct cordon_share;
struct cordon_share *cordon_share_collect(struct inode *inode);
void cordon_share_free(struct cordon_share *share);
struct file *cordon_share_file_at(struct cordon_share *share, u32 index);
struct task_struct *cordon_share_task_at(struct cordon_share *share, u32 index);

/* splice.c: the hook that tee, vmsplice and splice have not. */
int cordon_splice_init(void);
void cordon_splice_exit(void);

/* terminal.c: the pseudo-terminal that a file is a side of. */
struct inode *cordon_terminal_find(const struct file *file, u32 *side);
void cordon_terminal_drop(struct inode *inode);

/* kfuncs.c: what BPF programs may call. */
int cordon_kfuncs_init(void);
int cordon_record_seal(void *record, u32 record__sz);
int cordon_record_lose(void);
int cordon_sealed(void);
int cordon_file_label_read(struct inode *inode, u64 *known_label);
int cordon_file_label_fetch(struct inode *inode);
int cordon_file_label_raise(struct inode *inode, u64 raise, u64 *pending, u32 how);
int cordon_kick_task(struct task_struct *task);
int cordon_kick_own(void);
int cordon_kick_later(void);
int cordon_kick_result(void);
struct cordon_share *cordon_share_get(u64 inode);
void cordon_share_put(struct cordon_share *share);
struct file *cordon_share_file(struct cordon_share *share, u32 index);
void cordon_file_put(struct file *file);
struct task_struct *cordon_share_task(struct cordon_share *share, u32 index);
void cordon_task_put(struct task_struct *task);
struct inode *cordon_terminal_get(struct file *file, u32 *side);
void cordon_terminal_put(struct inode *inode);

/* label_store.c: labels that survive. Set_key wants cordon_lock; run waits for disks, without it. */
int cordon_label_read(struct inode *inode, u64 *known_label);
int cordon_label_fetch(struct inode *inode);
int cordon_label_raise(struct inode *inode, u64 raise, u64 *pending, u32 how);
int cordon_label_set_key(const struct cordon_label_key *request);
int cordon_label_run(struct cordon_label_request *request);
void cordon_label_exit(void);

/* control.c: /dev/cordon, the controller's one door. */
int cordon_control_init(void);
void cordon_control_exit(void);
bool cordon_control_is_controller(void);
bool cordon_control_has_controller(void);

#endif /* CORDON_KMOD_H */
