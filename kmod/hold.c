// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps enforcement in place, whatever root does in userspace:
 *
 * - references to the BPF links: neither removing the pins, nor unmounting bpffs, nor the death
 *   of the controller detaches a program (bypass M2);
 * - a PERMANENT ftrace_ops: as long as one is registered, ftrace cannot be switched off, and with
 *   it every BPF LSM program, whose trampolines are ftrace direct calls (bypass M1);
 * - the pin: while links are held, and in enforcing mode some always are, this module does not
 *   unload, not even by force (bypass M3).
 *
 * cordon_lock protects all state of this file but the ftrace_ops, which belongs to init and exit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/err.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include "cordon.h"

#ifndef CONFIG_DYNAMIC_FTRACE
/* The stubs of such a kernel say "registered" and do nothing. */
#error "Cordon needs a kernel with CONFIG_DYNAMIC_FTRACE"
#endif

static struct bpf_link *held[CORDON_LINKS_MAX];
static u32 held_count;
static enum cordon_mode mode = CORDON_MODE_PERMISSIVE;
static bool pinned;

/* What the ftrace_ops below is attached to. Nobody calls it, so it costs nothing. */
static noinline void anchor(void)
{
	barrier();
}

static void notrace anchor_called(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
				  struct ftrace_regs *regs)
{
}

static struct ftrace_ops anchor_ops = {
	.func = anchor_called,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/*
 * delete_module(O_TRUNC), `rmmod -f`, overrides a reference count and a missing exit function.
 * One thing is looked at before force is: whether other modules use this one. So this module uses
 * itself. The entry is static. The list has no other writer, because nothing of this module is
 * exported. Its readers hold module_mutex, which modules cannot take, hence the RCU variants: a
 * reader sees the entry or does not, and in both cases finds the list's end.
 *
 * Where the entries are private to the module loader, cordon_control_exit() alone stands against
 * a forced unload.
 */
#ifdef CORDON_SEES_MODULE_USE
static struct module_use self_use = {
	.source = THIS_MODULE,
	.target = THIS_MODULE,
};

static void use_self(void)
{
	list_add_rcu(&self_use.source_list, &THIS_MODULE->source_list);
}

static void unuse_self(void)
{
	list_del_rcu(&self_use.source_list);
}
#else
static void use_self(void)
{
}

static void unuse_self(void)
{
}
#endif

/*
 * Pins while a link is held; enforcing holds some always. The caller runs in an ioctl of an open
 * /dev/cordon, which has a reference of its own, so this never drops the last one.
 */
static void apply_pin(void)
{
	bool wanted = held_count;

	lockdep_assert_held(&cordon_lock);
	if (wanted == pinned)
		return;
	if (wanted) {
		__module_get(THIS_MODULE);
		use_self();
	} else {
		unuse_self();
		module_put(THIS_MODULE);
	}
	pinned = wanted;
}

static bool is_held(const struct bpf_link *link)
{
	u32 i;

	lockdep_assert_held(&cordon_lock);
	for (i = 0; i < held_count; i++)
		if (held[i] == link)
			return true;
	return false;
}

static int hold_one(int fd)
{
	struct bpf_link *link = bpf_link_get_from_fd(fd);
	int err = 0;

	lockdep_assert_held(&cordon_lock);
	if (IS_ERR(link))
		return PTR_ERR(link);
	if (is_held(link))
		goto put;
	err = -ENOSPC;
	if (held_count == CORDON_LINKS_MAX)
		goto put;
	held[held_count++] = link;
	return 0;

put:
	bpf_link_put(link);
	return err;
}

/* Puts the references taken last, until @count are left. */
static void release_down_to(u32 count)
{
	lockdep_assert_held(&cordon_lock);
	while (held_count > count)
		bpf_link_put(held[--held_count]);
}

/**
 * cordon_hold_links() - take a reference to each link, or to none
 * @request: 1 to CORDON_LINKS_MAX descriptors of BPF links in the caller's table
 *
 * They are held besides those that are held already; one that is among those is no error and
 * counts once.
 *
 * Return: 0; -EINVAL when the count is out of range, a reserved field is not zero or a descriptor
 * is not a link's; -EBADF when one is not open; -ENOSPC when more than CORDON_LINKS_MAX would be
 * held.
 */
int cordon_hold_links(const struct cordon_hold *request)
{
	u32 before = held_count;
	u32 i;
	int err;

	lockdep_assert_held(&cordon_lock);
	if (!request->count || request->count > CORDON_LINKS_MAX || request->reserved)
		return -EINVAL;
	for (i = 0; i < request->count; i++) {
		err = hold_one(request->link_fd[i]);
		if (err)
			goto err_hold;
	}
	apply_pin();
	cordon_epochs_change(CORDON_CHANGE_HOLD, held_count);
	pr_info("holding %u links\n", held_count);
	return 0;

err_hold:
	release_down_to(before);
	return err;
}

/**
 * cordon_hold_release() - let all links go
 *
 * A program stays attached as long as a pin or a descriptor of its link is left.
 *
 * Return: 0; -EBUSY when the mode is enforcing; -EPERM when the system is sealed.
 */
int cordon_hold_release(void)
{
	lockdep_assert_held(&cordon_lock);
	if (cordon_seal_is_set())
		return -EPERM;
	if (mode == CORDON_MODE_ENFORCING)
		return -EBUSY;
	cordon_epochs_change(CORDON_CHANGE_RELEASE, held_count);
	release_down_to(0);
	apply_pin();
	pr_info("released all links\n");
	return 0;
}

/**
 * cordon_hold_set_mode() - say whether what is held enforces
 * @request: CORDON_MODE_PERMISSIVE or CORDON_MODE_ENFORCING
 *
 * The programs have their own copy of the mode; here it decides only whether RELEASE is allowed.
 *
 * Return: 0; -EINVAL for another mode or a reserved field that is not zero; -ENOLINK for enforcing
 * while no link is held, which would be a promise without a base; -EPERM for permissive while the
 * seal holds.
 */
int cordon_hold_set_mode(const struct cordon_set_mode *request)
{
	lockdep_assert_held(&cordon_lock);
	if (request->reserved)
		return -EINVAL;
	if (request->mode != CORDON_MODE_PERMISSIVE && request->mode != CORDON_MODE_ENFORCING)
		return -EINVAL;
	if (request->mode == CORDON_MODE_ENFORCING && !held_count)
		return -ENOLINK;
	if (request->mode == CORDON_MODE_PERMISSIVE && cordon_seal_holds())
		return -EPERM;
	if (request->mode == mode)
		return 0;
	cordon_epochs_change(CORDON_CHANGE_MODE, request->mode);
	mode = request->mode;
	apply_pin();
	pr_info("mode is %s\n", mode == CORDON_MODE_ENFORCING ? "enforcing" : "permissive");
	return 0;
}

/**
 * cordon_hold_list() - the ids of the held links
 * @links: filled, zero behind the last id
 */
void cordon_hold_list(struct cordon_links *links)
{
	u32 i;

	lockdep_assert_held(&cordon_lock);
	*links = (struct cordon_links){ .count = held_count };
	for (i = 0; i < held_count; i++)
		links->link_id[i] = held[i]->id;
}

/**
 * cordon_hold_count() - how many links are held
 */
u32 cordon_hold_count(void)
{
	lockdep_assert_held(&cordon_lock);
	return held_count;
}

/**
 * cordon_hold_flags() - what is assured: CORDON_HELLO_*
 *
 * The module does not load without its ftrace_ops, so that one is always held.
 */
u32 cordon_hold_flags(void)
{
	lockdep_assert_held(&cordon_lock);
	return CORDON_HELLO_FTRACE_HELD |
	       (mode == CORDON_MODE_ENFORCING ? CORDON_HELLO_ENFORCING : 0);
}

/**
 * cordon_hold_init() - make sure that ftrace is on and stays on
 *
 * Return: 0; -EBUSY when ftrace is switched off, -ENODEV when the kernel disabled it after a
 * defect, -EINVAL or -ENOMEM when the ftrace_ops cannot be set up.
 */
int __init cordon_hold_init(void)
{
	int err;

	err = ftrace_set_filter_ip(&anchor_ops, (unsigned long)anchor, 0, 0);
	if (err) {
		pr_err("cannot set up an ftrace_ops: error %d\n", err);
		return err;
	}
	err = register_ftrace_function(&anchor_ops);
	if (err == -EBUSY)
		pr_err("ftrace is switched off, and without it no BPF program enforces. Remedy: sysctl kernel.ftrace_enabled=1, then load again\n");
	else if (err)
		pr_err("cannot register an ftrace_ops: error %d. If the kernel disabled ftrace, only a reboot helps\n",
		       err);
	if (err)
		goto err_register;
	return 0;

err_register:
	ftrace_free_filter(&anchor_ops);
	return err;
}

/**
 * cordon_hold_exit() - let ftrace be switched off again
 *
 * No link is held here, or the pin would have kept us.
 */
void cordon_hold_exit(void)
{
	unregister_ftrace_function(&anchor_ops);
	ftrace_free_filter(&anchor_ops);
}
