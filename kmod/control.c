// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/cordon: the controller's one door to the module.
 *
 * One controller at a time: the subject (the address space) that opened the device for writing. A
 * descriptor that it passed on, that a child inherited or that survived an exec is of no use:
 * commands are taken from the opener only. Opened for reading only, the device is for observers:
 * any number, no controller needed, HELLO and LINKS. Everything that is refused is counted, HELLO
 * tells the count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include "cordon.h"

DEFINE_MUTEX(cordon_lock);

/* The controller; @mm is NULL when there is none. Protected by cordon_lock. */
static struct {
	struct mm_struct *mm; /* compared only; the reference keeps the address from being reused */
	struct pid *pid;
	bool greeted; /* said HELLO in our version */
	bool left; /* said LEAVE */
} controller;

static atomic64_t refused = ATOMIC64_INIT(0);
static u64 load_boottime_ns;

union argument {
	struct cordon_ledger_begin begin;
	struct cordon_hello hello;
	struct cordon_hold hold;
	struct cordon_ledger_state ledger;
	struct cordon_ledger_taken taken;
	struct cordon_label_request label;
	struct cordon_label_key label_key;
	struct cordon_links links;
	struct cordon_policy_note policy;
	struct cordon_seal seal;
	struct cordon_break_glass break_glass;
	struct cordon_seal_state seal_state;
	struct cordon_set_mode set_mode;
};

struct command {
	unsigned int number; /* with direction and size, as in abi.h */
	int (*run)(union argument *argument);
	bool before_hello;
	bool for_observers;
	bool without_lock; /* waits for a disk: nobody else shall wait for that */
};

static int run_hello(union argument *argument)
{
	struct cordon_hello *hello = &argument->hello;
	u32 theirs = hello->abi;

	lockdep_assert_held(&cordon_lock);
	*hello = (struct cordon_hello){
		.abi = CORDON_ABI_VERSION,
		.flags = cordon_hold_flags(),
		.links_held = cordon_hold_count(),
		.pid = pid_vnr(controller.pid),
		.refused = atomic64_read(&refused),
		.load_boottime_ns = load_boottime_ns,
	};
	return theirs == CORDON_ABI_VERSION ? 0 : -EPROTO;
}

static int run_hold(union argument *argument)
{
	return cordon_hold_links(&argument->hold);
}

static int run_release(union argument *argument)
{
	return cordon_hold_release();
}

static int run_links(union argument *argument)
{
	cordon_hold_list(&argument->links);
	return 0;
}

static int run_mode(union argument *argument)
{
	return cordon_hold_set_mode(&argument->set_mode);
}

static int run_begin(union argument *argument)
{
	return cordon_ledger_begin(&argument->begin);
}

static int run_ledger(union argument *argument)
{
	cordon_ledger_read_state(&argument->ledger);
	return 0;
}

static int run_taken(union argument *argument)
{
	cordon_epochs_take(&argument->taken);
	return 0;
}

static int run_policy(union argument *argument)
{
	return cordon_epochs_policy(&argument->policy);
}

static int run_leave(union argument *argument)
{
	controller.left = true;
	cordon_epochs_leave(pid_nr(controller.pid));
	return 0;
}

static int run_seal(union argument *argument)
{
	return cordon_seal_set(&argument->seal);
}

static int run_break(union argument *argument)
{
	return cordon_seal_break(&argument->break_glass);
}

static int run_seal_state(union argument *argument)
{
	cordon_seal_read_state(&argument->seal_state);
	return 0;
}

static int run_label_key(union argument *argument)
{
	return cordon_label_set_key(&argument->label_key);
}

static int run_label(union argument *argument)
{
	return cordon_label_run(&argument->label);
}

static const struct command commands[] = {
	[_IOC_NR(CORDON_IOCTL_HELLO)] = { CORDON_IOCTL_HELLO, run_hello, .before_hello = true,
					  .for_observers = true },
	[_IOC_NR(CORDON_IOCTL_HOLD)] = { CORDON_IOCTL_HOLD, run_hold },
	[_IOC_NR(CORDON_IOCTL_RELEASE)] = { CORDON_IOCTL_RELEASE, run_release },
	[_IOC_NR(CORDON_IOCTL_LINKS)] = { CORDON_IOCTL_LINKS, run_links, .for_observers = true },
	[_IOC_NR(CORDON_IOCTL_MODE)] = { CORDON_IOCTL_MODE, run_mode },
	[_IOC_NR(CORDON_IOCTL_BEGIN)] = { CORDON_IOCTL_BEGIN, run_begin },
	[_IOC_NR(CORDON_IOCTL_LEDGER)] = { CORDON_IOCTL_LEDGER, run_ledger, .for_observers = true },
	[_IOC_NR(CORDON_IOCTL_TAKEN)] = { CORDON_IOCTL_TAKEN, run_taken },
	[_IOC_NR(CORDON_IOCTL_POLICY)] = { CORDON_IOCTL_POLICY, run_policy },
	[_IOC_NR(CORDON_IOCTL_LEAVE)] = { CORDON_IOCTL_LEAVE, run_leave },
	[_IOC_NR(CORDON_IOCTL_SEAL)] = { CORDON_IOCTL_SEAL, run_seal },
	[_IOC_NR(CORDON_IOCTL_BREAK)] = { CORDON_IOCTL_BREAK, run_break },
	[_IOC_NR(CORDON_IOCTL_SEAL_STATE)] = { CORDON_IOCTL_SEAL_STATE, run_seal_state,
					       .for_observers = true },
	[_IOC_NR(CORDON_IOCTL_LABEL_KEY)] = { CORDON_IOCTL_LABEL_KEY, run_label_key },
	[_IOC_NR(CORDON_IOCTL_LABEL)] = { CORDON_IOCTL_LABEL, run_label, .without_lock = true },
};

/* Whether the opener asked to change something, not only to look. */
static bool is_controllers(const struct file *file)
{
	return file->f_mode & FMODE_WRITE;
}

/*
 * Return: the command; -ENOTTY for a number that is none of ours, -EINVAL for one of ours with
 * another size or direction.
 */
static const struct command *find_command(unsigned int number)
{
	const struct command *command;

	if (_IOC_TYPE(number) != CORDON_IOCTL_TYPE || _IOC_NR(number) >= ARRAY_SIZE(commands))
		return ERR_PTR(-ENOTTY);
	command = &commands[_IOC_NR(number)];
	if (!command->run)
		return ERR_PTR(-ENOTTY);
	if (command->number != number)
		return ERR_PTR(-EINVAL);
	return command;
}

/*
 * Return: 0; -EPERM when the caller is not the controller and the command is not for observers,
 * -EPROTO when the controller has not said HELLO in our version.
 */
static int check_caller(const struct file *file, const struct command *command)
{
	lockdep_assert_held(&cordon_lock);
	if (!is_controllers(file))
		return command->for_observers ? 0 : -EPERM;
	if (current->mm != controller.mm)
		return -EPERM;
	if (!controller.greeted && !command->before_hello)
		return -EPROTO;
	return 0;
}

/* A controller of another version is one that has not said HELLO. */
static int run_locked(const struct file *file, const struct command *command,
		      union argument *argument)
{
	int err = command->run(argument);

	lockdep_assert_held(&cordon_lock);
	if (command->before_hello && is_controllers(file))
		controller.greeted = !err;
	return err;
}

/* User memory is touched without the lock: a fault there may take as long as it likes. */
static int run_command(const struct file *file, unsigned int number, void __user *user)
{
	const struct command *command = find_command(number);
	union argument argument = {};
	bool answered;
	int err;

	if (IS_ERR(command))
		return PTR_ERR(command);
	if ((_IOC_DIR(number) & _IOC_WRITE) && copy_from_user(&argument, user, _IOC_SIZE(number)))
		return -EFAULT;
	mutex_lock(&cordon_lock);
	err = check_caller(file, command);
	answered = !err;
	if (!err && !command->without_lock)
		err = run_locked(file, command, &argument);
	mutex_unlock(&cordon_lock);
	if (!err && command->without_lock)
		err = command->run(&argument);
	/* HELLO answers also when it fails, and its answer says why. */
	if (answered && (_IOC_DIR(number) & _IOC_READ) &&
	    copy_to_user(user, &argument, _IOC_SIZE(number)))
		err = -EFAULT;
	/* BEGIN's answer is a secret. */
	memzero_explicit(&argument, sizeof(argument));
	return err;
}

/* Returns @err, counted and told. */
static int record_refusal(const char *what, unsigned int number, int err)
{
	atomic64_inc(&refused);
	pr_warn_ratelimited("refused %s %#x to %s[%d]: error %d\n", what, number, current->comm,
			    task_tgid_nr(current), err);
	return err;
}

static long control_ioctl(struct file *file, unsigned int number, unsigned long argument)
{
	int err = run_command(file, number, (void __user *)argument);

	return err ? record_refusal("command", number, err) : 0;
}

/**
 * cordon_control_is_controller() - whether the calling task belongs to the controller
 *
 * Wants no lock: the answer is yes only to the controller itself, which does not leave meanwhile.
 */
bool cordon_control_is_controller(void)
{
	return current->mm && current->mm == READ_ONCE(controller.mm);
}

/**
 * cordon_control_has_controller() - whether somebody drains the ledger; wants no lock
 */
bool cordon_control_has_controller(void)
{
	return READ_ONCE(controller.mm);
}

static int become_controller(void)
{
	lockdep_assert_held(&cordon_lock);
	if (controller.mm)
		return -EBUSY;
	mmgrab(current->mm);
	WRITE_ONCE(controller.mm, current->mm);
	controller.pid = get_pid(task_tgid(current));
	controller.greeted = controller.left = false;
	cordon_epochs_rewind();
	cordon_epochs_change(CORDON_CHANGE_CONTROLLER, pid_nr(controller.pid));
	return 0;
}

/* What is held stays held, in the mode it was: the controller may die. */
static void forget_controller(void)
{
	lockdep_assert_held(&cordon_lock);
	if (!controller.left)
		cordon_epochs_change(CORDON_CHANGE_CONTROLLER_GONE, pid_nr(controller.pid));
	put_pid(controller.pid);
	mmdrop(controller.mm);
	controller.pid = NULL;
	WRITE_ONCE(controller.mm, NULL);
}

/*
 * Return: 0; -EPERM without CAP_SYS_ADMIN in the first user namespace (whatever the mode of the
 * device file became); -EBUSY for writing while there is a controller.
 */
static int control_open(struct inode *inode, struct file *file)
{
	int err = 0;

	if (!capable(CAP_SYS_ADMIN))
		return record_refusal("open", file->f_flags, -EPERM);
	mutex_lock(&cordon_lock);
	if (is_controllers(file))
		err = become_controller();
	mutex_unlock(&cordon_lock);
	return err ? record_refusal("open", file->f_flags, err) : nonseekable_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	mutex_lock(&cordon_lock);
	if (is_controllers(file))
		forget_controller();
	mutex_unlock(&cordon_lock);
	return 0;
}

/* Epochs and changes, whole; see cordon_epochs_read(). */
static ssize_t control_read(struct file *file, char __user *user, size_t count, loff_t *position)
{
	int err;

	mutex_lock(&cordon_lock);
	err = is_controllers(file) && current->mm == controller.mm ? 0 : -EPERM;
	if (!err && !controller.greeted)
		err = -EPROTO;
	mutex_unlock(&cordon_lock);
	if (err)
		return record_refusal("read", file->f_flags, err);
	return cordon_epochs_read(user, count);
}

static __poll_t control_poll(struct file *file, poll_table *table)
{
	return is_controllers(file) ? cordon_epochs_poll(file, table) : EPOLLERR;
}

static const struct file_operations control_operations = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.read = control_read,
	.poll = control_poll,
	.unlocked_ioctl = control_ioctl,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cordon",
	.fops = &control_operations,
	.mode = 0600,
};

/**
 * cordon_control_init() - make /dev/cordon
 *
 * Return: 0, or what misc_register() gives.
 */
int __init cordon_control_init(void)
{
	int err;

	load_boottime_ns = ktime_get_boottime_ns();
	err = misc_register(&control_device);
	if (err)
		pr_err("cannot make " CORDON_DEVICE ": error %d\n", err);
	return err;
}

/**
 * cordon_control_exit() - remove /dev/cordon
 *
 * A forced unload comes here with the device open, links held or programs loaded that call into
 * this module, and cannot be refused any more. It can be made to wait: until the controller agrees,
 * by releasing the links and leaving, all stays in place (bypass M3). New controllers cannot come,
 * the module loader refuses them; without one, that is until the next boot. Each of the three is a
 * reference to the module, and nobody wakes who waits for the last one.
 */
void cordon_control_exit(void)
{
	if (module_refcount(THIS_MODULE) > 0)
		pr_alert("%s[%d] unloads by force; it waits until the controller agrees\n",
			 current->comm, task_tgid_nr(current));
	while (module_refcount(THIS_MODULE) > 0)
		schedule_timeout_idle(HZ / 10);
	misc_deregister(&control_device);
}
