// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordon.ko, the trust anchor: it does what BPF cannot do or must not be trusted with.
 * What is held is listed in hold.c; who may change that, in control.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>
#include "cordon.h"

static int __init cordon_init(void)
{
	int err;

	err = cordon_hold_init();
	if (err)
		return err;
	cordon_ledger_init();
	err = cordon_epochs_init();
	if (err)
		goto err_epochs;
	err = cordon_splice_init();
	if (err)
		goto err_splice;
	err = cordon_kfuncs_init();
	if (err)
		goto err_kfuncs;
	/* Last: from here on a controller may come. */
	err = cordon_control_init();
	if (err)
		goto err_kfuncs;
	pr_info("loaded, ABI %u\n", CORDON_ABI_VERSION);
	return 0;

err_kfuncs:
	cordon_splice_exit();
	cordon_barrier_exit();
err_splice:
	cordon_epochs_exit();
	cordon_ledger_exit();
err_epochs:
	cordon_hold_exit();
	return err;
}

static void __exit cordon_exit(void)
{
	cordon_control_exit();
	cordon_label_exit();
	cordon_seal_exit();
	cordon_splice_exit();
	cordon_barrier_exit();
	cordon_epochs_exit();
	cordon_ledger_exit();
	cordon_hold_exit();
	pr_info("unloaded\n");
}

module_init(cordon_init);
module_exit(cordon_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Cordon: keeps mandatory information flow control in place");
/* In place of MODULE_IMPORT_NS(), whose argument became a string in 6.13. */
MODULE_INFO(import_ns, "BPF_INTERNAL");
