/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pseudo-terminals float (bypasses M16, B17). A pair is what it carries in either direction, and
 * settings that all who have it see. Each takes the taint of who writes, and who reads is checked
 * against it, so a shell without clearance goes on reading what is typed while the terminal shows
 * what a cleared program printed.
 *
 * The state hangs on the inode in devpts that names the pair (kmod/terminal.c).
 */
#ifndef CORDON_TERMINAL_BPF_H
#define CORDON_TERMINAL_BPF_H

#include "signal.bpf.h"

enum {
	TOWARDS_MASTER,
	TOWARDS_SLAVE,
	SETTINGS,
	TERMINAL_CHANNELS
};

/* What is done with a side of a terminal. */
enum terminal_use {
	TERMINAL_READS,
	TERMINAL_WRITES,
	TERMINAL_INSERTS, /* as if it had been typed, or shown */
	TERMINAL_LOOKS, /* at the settings */
	TERMINAL_SETS
};

#define CARRIES(channel) (1u << (channel))

/* include/uapi/asm-generic/ioctls.h */
#define TCGETS		0x5401
#define TCSETS		0x5402
#define TCSETSF		0x5404
#define TCGETA		0x5405
#define TCSETA		0x5406
#define TCSETAF		0x5408
#define TCXONC		0x540a
#define TCFLSH		0x540b
#define TIOCGPGRP	0x540f
#define TIOCSPGRP	0x5410
#define TIOCSTI		0x5412
#define TIOCGWINSZ	0x5413
#define TIOCSWINSZ	0x5414
#define TIOCLINUX	0x541c
#define TIOCSETD	0x5423
#define TIOCGLCKTRMIOS	0x5456
#define TIOCSLCKTRMIOS	0x5457
#define KEYBOARD_IOCTLS 0x4b /* KD*, GIO_*, PIO_*: numbers without a size */
#define CONSOLE_IOCTLS	0x56 /* VT_* */
#define TCGETS2		0x802c542a
#define TCSETS2		0x402c542b
#define TCSETSF2	0x402c542d

struct terminal {
	__u64 floating[TERMINAL_CHANNELS];
	__u64 settled[TERMINAL_CHANNELS]; /* as in struct object */
	__u64 beyond; /* what some reader at the master's side is not cleared for */
};

/* Made when the master is read, or a tainted subject writes; dies with the pair. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct terminal);
} terminals SEC(".maps");

/* Not 0 once the settings of any pair have a label: until then nobody is asked who reads them. */
__u32 settings_float SEC(".data.control") = 0;

static __always_inline bool terminals_are_neutral(void)
{
	struct cordon_policy *policy = policy_of(control.generation);

	return !module_is_there || (policy && (policy->options & CORDON_OPTION_TERMINAL_NEUTRAL));
}

/* One channel of @t rises to @taint. @a->inode is the pair's. */
__subprogram int terminal_rise(struct terminal *t, struct access *a, __u32 channel, __u64 taint)
{
	int outcome;

	if (!t || !a || channel >= TERMINAL_CHANNELS)
		return REFUSED;
	__sync_fetch_and_or(&t->floating[channel], taint);
	if (!rises_are_held() || cordon_label_dominates(t->settled[channel], taint))
		return GO_AHEAD;
	a->channel = a->inode + channel;
	outcome = readers_flush(a, taint);
	if (outcome || a->reason)
		return outcome ? outcome : access_refuse(a);
	__sync_fetch_and_or(&t->settled[channel], taint);
	return GO_AHEAD;
}

/*
 * R2. What goes to the master rises no higher than all are cleared for who read there: the server
 * of a terminal that is not (sshd) would end the session at its next read. A trusted subject (the
 * server that is cleared, and forwards what is typed) does not raise what it writes to.
 */
__subprogram int terminal_write(struct terminal *t, struct access *a, __u32 carries)
{
	struct subject *s = subject_current();
	__u32 channel;
	int outcome;
	__u64 taint;

	if (!a || !s)
		return REFUSED;
	taint = s->taint;
	a->reason = CORDON_REASON_NO_OBJECT;
	if (!t)
		return access_refuse(a);
	a->label = t->floating[TOWARDS_MASTER] | t->floating[TOWARDS_SLAVE];
	a->reason = CORDON_REASON_TRUSTED;
	if (s->flags & CORDON_SUBJECT_TRUSTED)
		return access_allow_recorded(a);
	/* In permissive mode nothing rises by what would not have been written. */
	a->reason = CORDON_REASON_WRITE_DOWN;
	if ((carries & CARRIES(TOWARDS_MASTER)) && (taint & t->beyond))
		return access_refuse(a);
	a->reason = CORDON_REASON_NONE;
	bpf_for(channel, 0, TERMINAL_CHANNELS) {
		if (!(carries & CARRIES(channel)))
			continue;
		outcome = terminal_rise(t, a, channel, taint);
		if (outcome)
			return outcome;
	}
	return GO_AHEAD;
}

/* R1 on one channel. The reader has been announced. */
__subprogram int terminal_read(struct terminal *t, struct access *a, __u32 channel)
{
	struct subject *s = subject_current();
	__u64 beyond;

	if (!a || !s || channel >= TERMINAL_CHANNELS)
		return REFUSED;
	if (!t && channel == TOWARDS_MASTER) {
		a->reason = CORDON_REASON_NO_OBJECT;
		return access_refuse(a);
	}
	if (!t)
		return GO_AHEAD;
	beyond = ~s->clearance;
	if (channel == TOWARDS_MASTER && (beyond & ~t->beyond))
		__sync_fetch_and_or(&t->beyond, beyond);
	a->label = t->floating[channel];
	return a->label ? access_decide(a, WANTS_READ) : GO_AHEAD;
}

/*
 * No pair. A virtual console shows what is written to it, and keeps what is set or inserted for
 * who comes next; a line leads off the host; and there are the last moments of a pair.
 */
static __always_inline int terminal_alone(struct access *a, __u32 side, enum terminal_use use)
{
	bool reads = use == TERMINAL_READS || use == TERMINAL_LOOKS;

	if (side == CORDON_TERMINAL_MASTER || side == CORDON_TERMINAL_SLAVE) {
		a->reason = CORDON_REASON_NO_OBJECT;
		return access_refuse(a);
	}
	if (reads || (side == CORDON_TERMINAL_NONE && use == TERMINAL_WRITES))
		return GO_AHEAD;
	return access_write(a);
}

static __always_inline __u32 terminal_carries(enum terminal_use use, __u32 side)
{
	if (use == TERMINAL_SETS)
		return CARRIES(SETTINGS);
	/* What is typed is echoed. */
	if (use == TERMINAL_INSERTS || side == CORDON_TERMINAL_MASTER)
		return CARRIES(TOWARDS_MASTER) | CARRIES(TOWARDS_SLAVE);
	return CARRIES(TOWARDS_MASTER);
}

/* @file is a terminal; @a is room. */
static __noinline int access_terminal(struct access *a, struct file *file, struct subject *s,
				      enum terminal_use use)
{
	bool writes = use != TERMINAL_READS && use != TERMINAL_LOOKS;
	__u32 side = CORDON_TERMINAL_NONE, channel = SETTINGS;
	struct terminal *t;
	struct inode *pair;
	__u64 create = 0;
	int outcome;

	if (terminals_are_neutral())
		return 0;
	__builtin_memset(a, 0, sizeof(*a));
	a->dentry = (__u64)file->f_path.dentry;
	a->operation = writes ? CORDON_OPERATION_WRITE : CORDON_OPERATION_READ;
	pair = cordon_terminal_get(file, &side);
	if (!pair)
		return access_errno(terminal_alone(a, side, use));
	a->inode = (__u64)pair;
	a->flags = CORDON_OBJECT_FLOATS;
	if (use == TERMINAL_READS)
		channel = side == CORDON_TERMINAL_MASTER ? TOWARDS_MASTER : TOWARDS_SLAVE;
	if (!writes)
		reader_announce((__u64)pair + channel);
	if (writes || channel == TOWARDS_MASTER)
		create = BPF_LOCAL_STORAGE_GET_F_CREATE;
	t = bpf_inode_storage_get(&terminals, pair, 0, create);
	outcome = writes ? terminal_write(t, a, terminal_carries(use, side)) :
			   terminal_read(t, a, channel);
	cordon_terminal_put(pair);
	return access_errno(outcome);
}

/* A read or write by a subject that has a state. */
static __always_inline int terminal_permission(struct access *a, struct file *file,
					       struct subject *s, __u32 wants)
{
	int refused = 0;

	if (wants & WANTS_READ)
		refused = access_terminal(a, file, s, TERMINAL_READS);
	if (!refused && (wants & WANTS_WRITE) && s->taint)
		refused = access_terminal(a, file, s, TERMINAL_WRITES);
	return refused;
}

/* What an ioctl on a character device is: no other one has these numbers. */
enum ioctl_kind {
	IOCTL_PLAIN,
	IOCTL_LOOKS,
	IOCTL_SETS,
	IOCTL_INSERTS,
	IOCTL_STEERS, /* what flows; the master is told (TIOCPKT) */
	IOCTL_SELECTS,
	IOCTL_DISCIPLINE
};

/* A function of its own: the verifier need not follow every number through what comes next. */
__subprogram int ioctl_kind(__u32 command)
{
	switch (command) {
	case TIOCSETD:
		return IOCTL_DISCIPLINE;
	case TIOCLINUX:
		return IOCTL_SELECTS;
	case TIOCSTI:
		return IOCTL_INSERTS;
	case TCXONC:
	case TCFLSH:
		return IOCTL_STEERS;
	case TCGETS:
	case TCGETA:
	case TCGETS2:
	case TIOCGPGRP:
	case TIOCGWINSZ:
	case TIOCGLCKTRMIOS:
		return IOCTL_LOOKS;
	case TIOCSPGRP:
	case TIOCSWINSZ:
	case TIOCSLCKTRMIOS:
		return IOCTL_SETS;
	}
	if ((command >= TCSETS && command <= TCSETSF) ||
	    (command >= TCSETA && command <= TCSETAF) ||
	    (command >= TCSETS2 && command <= TCSETSF2))
		return IOCTL_SETS;
	/* All of a console's own count: keyboard, fonts, colours, which one is shown. */
	return command >> 8 == KEYBOARD_IOCTLS || command >> 8 == CONSOLE_IOCTLS ? IOCTL_SETS :
										   IOCTL_PLAIN;
}

/* The screen of a virtual console is what any cleared process wrote there: selected, then pasted. */
static __always_inline int terminal_selects(struct access *a)
{
	struct cordon_policy *policy = policy_of(control.generation);

	__builtin_memset(a, 0, sizeof(*a));
	a->operation = CORDON_OPERATION_IOCTL;
	a->reason = CORDON_REASON_NO_POLICY;
	if (!policy)
		return access_refuse(a);
	a->label = policy->high;
	return access_decide(a, WANTS_READ);
}

/*
 * Settings are some 44 bytes for whoever looks at them, and an honest program changes them a few
 * times in a run: as many as plain signals (signal.bpf.h) are not looked at, which leaves a shell
 * without clearance a terminal that `less` had; more raise the settings' label. Another line
 * discipline takes what is written into the network (SLIP, PPP).
 */
static __always_inline int terminal_ioctl(struct access *a, struct file *file, __u32 command,
					  struct subject *s)
{
	enum terminal_use use = TERMINAL_LOOKS;
	int kind = ioctl_kind(command);

	if (kind == IOCTL_DISCIPLINE)
		return access_errno(
			access_mechanism(CORDON_OPERATION_IOCTL, CORDON_REASON_MECHANISM));
	if (kind == IOCTL_SELECTS)
		return access_errno(terminal_selects(a));
	if (!s || kind == IOCTL_PLAIN || (kind == IOCTL_LOOKS ? !settings_float : !s->taint))
		return 0;
	if (kind == IOCTL_SETS) {
		if (signal_is_due())
			return 0;
		__sync_lock_test_and_set(&settings_float, 1);
		use = TERMINAL_SETS;
	} else if (kind == IOCTL_INSERTS) {
		use = TERMINAL_INSERTS;
	} else if (kind == IOCTL_STEERS) {
		use = TERMINAL_WRITES;
	}
	return access_terminal(a, file, s, use);
}

#endif /* CORDON_TERMINAL_BPF_H */
