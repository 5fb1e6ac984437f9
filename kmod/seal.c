// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal: from the moment it is set until the next boot the mode stays enforcing, the links stay
 * held, and this module stays. No controller can take it back, whoever it is by then: nothing here
 * clears it. The programs ask cordon_seal_holds() wherever their own mode does not say
 * "enforcing", so that the word in their map, which a controller may write, decides nothing.
 *
 * Breaking the glass suspends it for a time that is counted here, so its end needs no controller.
 * Who may, is decided by the controller, which can verify signatures; this kernel has no Ed25519.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include "cordon.h"

/* Written under cordon_lock; @sealed last and once, @broken_until_ns by itself. */
static struct {
	bool sealed;
	u64 broken_until_ns; /* CLOCK_BOOTTIME */
	u64 serial; /* of the last breaking: each is good once */
	u8 keys[CORDON_DIGEST_BYTES];
} seal;

static void mend(struct work_struct *work);
static DECLARE_DELAYED_WORK(mending, mend);

/**
 * cordon_seal_holds() - whether the system is sealed, and the glass not broken
 *
 * Context: any.
 */
bool cordon_seal_holds(void)
{
	/* Pairs with the release in cordon_seal_set(). */
	return smp_load_acquire(&seal.sealed) &&
	       ktime_get_boot_fast_ns() >= READ_ONCE(seal.broken_until_ns);
}

/**
 * cordon_seal_is_set() - whether the system is sealed, broken or not
 */
bool cordon_seal_is_set(void)
{
	return smp_load_acquire(&seal.sealed);
}

/**
 * cordon_seal_set() - seal until reboot
 * @request: what the controller verifies signatures with, for the controllers after it
 *
 * Return: 0; -EALREADY when it is sealed; -ENOLINK when nothing is enforced.
 */
int cordon_seal_set(const struct cordon_seal *request)
{
	lockdep_assert_held(&cordon_lock);
	if (seal.sealed)
		return -EALREADY;
	if (!(cordon_hold_flags() & CORDON_HELLO_ENFORCING))
		return -ENOLINK;
	memcpy(seal.keys, request->keys, sizeof(seal.keys));
	smp_store_release(&seal.sealed, true);
	cordon_epochs_change(CORDON_CHANGE_SEAL, 0);
	pr_info("sealed until reboot\n");
	return 0;
}

/* The time is over. What the programs do does not depend on this, only what is recorded. */
static void mend(struct work_struct *work)
{
	const struct cordon_set_mode enforcing = { .mode = CORDON_MODE_ENFORCING };

	mutex_lock(&cordon_lock);
	if (cordon_seal_holds()) {
		cordon_hold_set_mode(&enforcing);
		cordon_epochs_change(CORDON_CHANGE_MENDED, seal.serial);
		pr_info("the broken glass is whole again\n");
	}
	mutex_unlock(&cordon_lock);
}

/**
 * cordon_seal_break() - suspend the seal for a while; of no seconds: end that now
 * @request: its number, greater than any before in this boot, and for how long
 *
 * Return: 0; -ENOLINK when nothing is sealed; -EINVAL for more than CORDON_BREAK_SECONDS_MAX;
 * -ESTALE for a number that was used.
 */
int cordon_seal_break(const struct cordon_break_glass *request)
{
	u64 now = ktime_get_boottime_ns();

	lockdep_assert_held(&cordon_lock);
	if (!seal.sealed)
		return -ENOLINK;
	if (request->reserved || request->seconds > CORDON_BREAK_SECONDS_MAX)
		return -EINVAL;
	if (!request->seconds) {
		WRITE_ONCE(seal.broken_until_ns, 0);
		mod_delayed_work(system_wq, &mending, 0);
		return 0;
	}
	if (request->serial <= seal.serial)
		return -ESTALE;
	seal.serial = request->serial;
	cordon_epochs_change(CORDON_CHANGE_BROKEN, request->seconds);
	WRITE_ONCE(seal.broken_until_ns, now + request->seconds * NSEC_PER_SEC);
	/* A tick later, so that the time is over by then. */
	mod_delayed_work(system_wq, &mending, request->seconds * HZ + 1);
	pr_alert("the glass is broken for %u seconds\n", request->seconds);
	return 0;
}

/**
 * cordon_seal_read_state() - what observers see
 * @state: filled
 */
void cordon_seal_read_state(struct cordon_seal_state *state)
{
	lockdep_assert_held(&cordon_lock);
	*state = (struct cordon_seal_state){
		.sealed = seal.sealed,
		.broken = seal.sealed && !cordon_seal_holds(),
		.broken_until_ns = seal.broken_until_ns,
		.serial = seal.serial,
	};
	memcpy(state->keys, seal.keys, sizeof(state->keys));
}

/**
 * cordon_seal_exit() - nothing is sealed here, or the pin would have kept us
 */
void cordon_seal_exit(void)
{
	cancel_delayed_work_sync(&mending);
}
