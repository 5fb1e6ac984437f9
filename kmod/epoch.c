// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's own chain: the changes that it saw and, as the last record of each epoch, where
 * every chain stood. A thread ends the epoch after a second, or earlier when a CPU made its share
 * of records. When nobody takes what waits in the queue, the epoch goes on instead: a longer epoch
 * that says how long it was is no loss.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include "cordon.h"
#include "ledger.h"

/* Room in the queue that epochs leave to changes. */
#define CHANGES_BYTES  (64u << 10)
#define READ_BYTES_MAX (64u << 10)
/* How long a shutdown waits for the controller to store its record. */
#define SHUTDOWN_WAIT_MS 2000

/* Innermost but for the chains' own: cordon_lock -> epochs_lock -> a chain's lock. */
static DEFINE_MUTEX(epochs_lock);

/* All protected by epochs_lock. */
static struct cordon_chain chain; /* CORDON_CHAIN_EPOCHS */
static u8 next_secret[CORDON_KEY_BYTES]; /* W of the next epoch */
static struct cordon_epoch *epoch; /* room for the record, and its last content */
static u64 taken, merged;
static u32 mode = CORDON_MODE_PERMISSIVE;
static struct cordon_policy_note policy;
static u64 asleep_ns; /* when the system went to sleep: CLOCK_BOOTTIME less CLOCK_MONOTONIC */

static struct task_struct *sealer;
static DECLARE_WAIT_QUEUE_HEAD(sealer_wait);
static DECLARE_WAIT_QUEUE_HEAD(reader_wait); /* also who waits for the queue to be taken */
static bool is_called;
static enum cpuhp_state hotplug_state;

static void wake_sealer(struct irq_work *work)
{
	WRITE_ONCE(is_called, true);
	wake_up(&sealer_wait);
}

/* Not woken directly: a record can be made where the scheduler's locks are held. */
static DEFINE_IRQ_WORK(sealer_work, wake_sealer);

/**
 * cordon_epochs_call() - a chain made its share of records: end the epoch soon
 *
 * Context: any but NMI.
 */
void cordon_epochs_call(void)
{
	irq_work_queue(&sealer_work);
}

static size_t epoch_bytes_max(void)
{
	return struct_size(epoch, head, nr_cpu_ids);
}

static void append(struct cordon_header *record, u8 class, u32 bytes)
{
	lockdep_assert_held(&epochs_lock);
	record->bytes = bytes;
	record->class = class;
	cordon_ledger_fill(record, &chain, CORDON_CHAIN_EPOCHS);
	cordon_chain_tag(&chain, record, record->tag);
	cordon_chain_step(&chain, record->tag);
	cordon_queue_append(record);
}

/* Epochs of the clock that the one that ends now took in besides its own. */
static u64 skipped_epochs(u64 begin_ns)
{
	u64 turns = div64_u64(ktime_get_boottime_ns() - begin_ns, CORDON_EPOCH_NS);

	return turns > 1 ? turns - 1 : 0;
}

/* Ends the epoch. Return: -ENOSPC when the queue is full, and the epoch goes on. */
static int end_epoch(void)
{
	u64 begin_ns = epoch->begin_ns;
	u8 previous[CORDON_TAG_BYTES];

	lockdep_assert_held(&epochs_lock);
	if (cordon_queue_room() < epoch_bytes_max() + CHANGES_BYTES) {
		merged++;
		return -ENOSPC;
	}
	memcpy(previous, epoch->previous, sizeof(previous));
	memset(epoch, 0, sizeof(*epoch));
	epoch->begin_ns = begin_ns;
	epoch->skipped = skipped_epochs(begin_ns);
	epoch->policy_version = policy.version;
	epoch->mode = mode;
	memcpy(epoch->policy_digest, policy.digest, sizeof(epoch->policy_digest));
	memcpy(epoch->previous, previous, sizeof(epoch->previous));
	cordon_chains_turn(epoch, next_secret);
	append(&epoch->header, CORDON_CLASS_EPOCH, struct_size(epoch, head, epoch->heads));
	/* The next one's. */
	memcpy(epoch->previous, epoch->header.tag, sizeof(epoch->previous));
	epoch->begin_ns = epoch->header.boottime_ns;
	cordon_chain_begin(&chain, CORDON_CHAIN_EPOCHS, chain.epoch + 1, next_secret);
	cordon_epoch_next(next_secret);
	return 0;
}

static void add_change(enum cordon_change_kind kind, u64 value)
{
	struct cordon_change change = { .kind = kind, .mode = mode, .value = value };

	lockdep_assert_held(&epochs_lock);
	memcpy(change.policy_digest, policy.digest, sizeof(change.policy_digest));
	if (cordon_queue_room() < sizeof(change))
		cordon_chain_lose(&chain);
	else
		append(&change.header, CORDON_CLASS_CHANGE, sizeof(change));
}

/**
 * cordon_epochs_change() - a change becomes a record of the module's own chain
 * @kind: what changed
 * @value: see there
 *
 * Before the ledger has begun there is nobody to tell. May sleep.
 */
void cordon_epochs_change(enum cordon_change_kind kind, u64 value)
{
	mutex_lock(&epochs_lock);
	if (kind == CORDON_CHANGE_MODE)
		mode = value;
	if (cordon_ledger_has_begun())
		add_change(kind, value);
	mutex_unlock(&epochs_lock);
	wake_up_all(&reader_wait);
}

/* A change after which nothing may come for a while: its epoch ends with it. */
static void end_with_change(enum cordon_change_kind kind, u64 value)
{
	mutex_lock(&epochs_lock);
	if (cordon_ledger_has_begun()) {
		add_change(kind, value);
		end_epoch();
	}
	mutex_unlock(&epochs_lock);
	wake_up_all(&reader_wait);
}

/**
 * cordon_epochs_leave() - the controller is about to leave
 * @pid: its process
 *
 * Ends the epoch, so that it can store everything up to here.
 */
void cordon_epochs_leave(u64 pid)
{
	end_with_change(CORDON_CHANGE_CONTROLLER_GONE, pid);
}

/**
 * cordon_epochs_policy() - which policy is active
 * @note: the controller's word
 *
 * Return: 0; -EINVAL when a reserved field is not zero.
 */
int cordon_epochs_policy(const struct cordon_policy_note *note)
{
	if (note->reserved)
		return -EINVAL;
	mutex_lock(&epochs_lock);
	policy = *note;
	if (cordon_ledger_has_begun())
		add_change(CORDON_CHANGE_POLICY, note->version);
	mutex_unlock(&epochs_lock);
	wake_up_all(&reader_wait);
	return 0;
}

/**
 * cordon_epochs_begin() - the keys of the module's own chain
 * @secret: W_0
 */
void cordon_epochs_begin(const u8 secret[CORDON_KEY_BYTES])
{
	mutex_lock(&epochs_lock);
	memcpy(next_secret, secret, sizeof(next_secret));
	cordon_epoch_next(next_secret);
	cordon_chain_begin(&chain, CORDON_CHAIN_EPOCHS, 0, secret);
	epoch->begin_ns = ktime_get_boottime_ns();
	mutex_unlock(&epochs_lock);
}

/**
 * cordon_epochs_start() - the ledger has begun: its first record, and the clock of its epochs
 * @pid: of who began it
 */
void cordon_epochs_start(u64 pid)
{
	cordon_epochs_change(CORDON_CHANGE_BEGIN, pid);
	wake_up(&sealer_wait);
}

/* Jiffies until the epoch is to end; 0: it is time. */
static unsigned long time_left(void)
{
	u64 now = ktime_get_boottime_ns(), end = epoch->begin_ns + CORDON_EPOCH_NS;

	lockdep_assert_held(&epochs_lock);
	return end > now && !READ_ONCE(is_called) ? nsecs_to_jiffies(end - now) + 1 : 0;
}

/* Ends the epoch when it is time. Return: jiffies until the next look. */
static unsigned long seal(void)
{
	unsigned long left;

	mutex_lock(&epochs_lock);
	left = time_left();
	if (!left) {
		WRITE_ONCE(is_called, false);
		/* When the queue is full, the next look is an epoch later. */
		left = end_epoch() ? HZ : time_left();
	}
	mutex_unlock(&epochs_lock);
	wake_up_all(&reader_wait);
	return left;
}

static int run_sealer(void *unused)
{
	wait_event_idle(sealer_wait, cordon_ledger_has_begun() || kthread_should_stop());
	while (!kthread_should_stop())
		wait_event_idle_timeout(sealer_wait, READ_ONCE(is_called) || kthread_should_stop(),
					seal());
	return 0;
}

/* ---- What the module sees by itself ------------------------------------- */

static int cpu_came(unsigned int cpu)
{
	cordon_epochs_change(CORDON_CHANGE_CPU_ONLINE, cpu);
	return 0;
}

static int cpu_goes(unsigned int cpu)
{
	cordon_epochs_change(CORDON_CHANGE_CPU_OFFLINE, cpu);
	return 0;
}

static u64 time_asleep(void)
{
	return ktime_get_boottime_ns() - ktime_get_ns();
}

static int on_power(struct notifier_block *block, unsigned long action, void *unused)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		asleep_ns = time_asleep();
		end_with_change(CORDON_CHANGE_SUSPEND, 0);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		cordon_epochs_change(CORDON_CHANGE_RESUME, time_asleep() - asleep_ns);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block power_notifier = { .notifier_call = on_power };

/* A controller that still lives stores the last record; nobody waits for a dead one. */
static int on_reboot(struct notifier_block *block, unsigned long action, void *unused)
{
	end_with_change(CORDON_CHANGE_SHUTDOWN, action);
	if (cordon_control_has_controller())
		wait_event_timeout(reader_wait, !cordon_queue_waiting(),
				   msecs_to_jiffies(SHUTDOWN_WAIT_MS));
	return NOTIFY_OK;
}

/* Early: file systems and disks still work. */
static struct notifier_block reboot_notifier = { .notifier_call = on_reboot, .priority = INT_MAX };

/* ---- The controller's side ----------------------------------------------- */

/**
 * cordon_epochs_read() - whole records for the controller
 * @user: where to
 * @count: room there
 *
 * Return: bytes; 0 when none wait; -EINVAL when the next one does not fit; -EFAULT, and what was
 * read comes again; -ENOMEM.
 */
ssize_t cordon_epochs_read(char __user *user, size_t count)
{
	u32 room = min_t(size_t, count, max_t(size_t, READ_BYTES_MAX, epoch_bytes_max()));
	void *bytes = kvmalloc(room, GFP_KERNEL);
	ssize_t result;

	if (!bytes)
		return -ENOMEM;
	mutex_lock(&epochs_lock);
	result = cordon_queue_read(bytes, room);
	if (!result && cordon_queue_readable())
		result = -EINVAL;
	mutex_unlock(&epochs_lock);
	/* Without the lock: a fault may take as long as it likes. */
	if (result > 0 && copy_to_user(user, bytes, result)) {
		cordon_epochs_rewind();
		result = -EFAULT;
	}
	kvfree(bytes);
	return result;
}

/**
 * cordon_epochs_rewind() - what was read and not taken comes again
 */
void cordon_epochs_rewind(void)
{
	mutex_lock(&epochs_lock);
	cordon_queue_rewind();
	mutex_unlock(&epochs_lock);
}

/**
 * cordon_epochs_take() - what was read, up to one, is safe on disk
 * @request: up to which
 */
void cordon_epochs_take(const struct cordon_ledger_taken *request)
{
	u64 last;

	mutex_lock(&epochs_lock);
	last = cordon_queue_take(request->sequence);
	if (last)
		taken = last;
	mutex_unlock(&epochs_lock);
	wake_up_all(&reader_wait);
}

/**
 * cordon_epochs_poll() - readable when a record waits
 * @file: the controller's
 * @table: of who waits
 */
__poll_t cordon_epochs_poll(struct file *file, poll_table *table)
{
	poll_wait(file, &reader_wait, table);
	return cordon_queue_readable() ? EPOLLIN | EPOLLRDNORM : 0;
}

/**
 * cordon_epochs_read_state() - how far this chain got
 * @state: its part is filled
 */
void cordon_epochs_read_state(struct cordon_ledger_state *state)
{
	mutex_lock(&epochs_lock);
	state->epoch = chain.epoch;
	state->sequence = chain.sequence;
	state->epoch_drops = chain.drops;
	state->taken = taken;
	state->merged = merged;
	state->waiting_bytes = cordon_queue_waiting();
	state->queue_bytes = cordon_queue_size();
	mutex_unlock(&epochs_lock);
}

/**
 * cordon_epochs_init() - the queue, the sealer, the notifiers
 *
 * Return: 0 or the first of them's error.
 */
int __init cordon_epochs_init(void)
{
	int err = -ENOMEM;

	epoch = kvzalloc(epoch_bytes_max(), GFP_KERNEL);
	if (!epoch)
		return err;
	err = cordon_queue_init();
	if (err)
		goto err_queue;
	sealer = kthread_run(run_sealer, NULL, "cordon_sealer");
	err = PTR_ERR_OR_ZERO(sealer);
	if (err)
		goto err_sealer;
	err = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "cordon:online", cpu_came, cpu_goes);
	if (err < 0)
		goto err_hotplug;
	hotplug_state = err;
	err = register_pm_notifier(&power_notifier);
	if (err)
		goto err_power;
	err = register_reboot_notifier(&reboot_notifier);
	if (err)
		goto err_reboot;
	return 0;

err_reboot:
	unregister_pm_notifier(&power_notifier);
err_power:
	cpuhp_remove_state_nocalls(hotplug_state);
err_hotplug:
	kthread_stop(sealer);
err_sealer:
	cordon_queue_exit();
err_queue:
	kvfree(epoch);
	return err;
}

/**
 * cordon_epochs_exit() - end the sealer, wipe the keys
 */
void cordon_epochs_exit(void)
{
	unregister_reboot_notifier(&reboot_notifier);
	unregister_pm_notifier(&power_notifier);
	cpuhp_remove_state_nocalls(hotplug_state);
	irq_work_sync(&sealer_work);
	kthread_stop(sealer);
	cordon_queue_exit();
	kvfree(epoch);
	memzero_explicit(&chain, sizeof(chain));
	memzero_explicit(next_secret, sizeof(next_secret));
}
