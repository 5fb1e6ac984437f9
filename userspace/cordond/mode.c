// SPDX-License-Identifier: GPL-2.0-only
#include <sys/ioctl.h>

#include "controller.h"
#include "kernel_state.h"
#include "ledger.h"
#include "names.h"
#include "paths.h"

#define WITHOUT_MODULE " without-module"

enum cordon_mode controller_mode(const struct controller *controller)
{
	return (enum cordon_mode)__atomic_load_n(&controller->guard.control->mode,
						 __ATOMIC_ACQUIRE);
}

static int tell_module(struct controller *controller, enum cordon_mode mode,
		       struct cordon_failure *failure)
{
	struct cordon_set_mode request = { .mode = mode };

	if (controller->guard.device < 0)
		return 0;
	if (ioctl(controller->guard.device, CORDON_IOCTL_MODE, &request))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": MODE");
	return 0;
}

static int check_enforcing(const struct controller *controller, bool without_module,
			   struct cordon_failure *failure)
{
	struct cordon_kernel_state state;
	int err;

	cordon_kernel_state_read(&state);
	err = cordon_kernel_state_check(&state, without_module, failure);
	if (err)
		return err;
	/* Loaded after us: it holds nothing. */
	if (controller->guard.device < 0 && !without_module)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "the module cordon was loaded after the controller "
					  "started, so it holds nothing. Remedy: systemctl restart "
					  "cordond, or say --without-module");
	return 0;
}

static int keep_mode(enum cordon_mode mode, bool without_module, struct cordon_failure *failure)
{
	char text[64];
	int length =
		snprintf(text, sizeof(text), "%s%s\n", cordon_mode_name(mode),
			 mode == CORDON_MODE_ENFORCING && without_module ? WITHOUT_MODULE : "");

	return file_write(CORDON_MODE_FILE, text, (size_t)length, failure);
}

/* The order makes the stronger state the longer one: held before it is relied on. */
static int apply_mode(struct controller *controller, enum cordon_mode mode,
		      struct cordon_failure *failure)
{
	int err = 0;

	if (mode == CORDON_MODE_ENFORCING)
		err = tell_module(controller, mode, failure);
	if (err)
		return err;
	__atomic_store_n(&controller->guard.control->mode, mode, __ATOMIC_RELEASE);
	return mode == CORDON_MODE_PERMISSIVE ? tell_module(controller, mode, failure) : 0;
}

int controller_set_mode(struct controller *controller, enum cordon_mode mode, bool without_module,
			const char *asked_by, struct cordon_failure *failure)
{
	enum cordon_mode before = controller_mode(controller);
	struct cordon_failure reason;
	int err;

	err = mode == CORDON_MODE_ENFORCING ? check_enforcing(controller, without_module, failure) :
					      controller_check_unsealed(controller, true, failure);
	if (err)
		return err;
	/* Where a record is required nothing changes without; see also the module's own. */
	if (ledger_is_required(controller) &&
	    controller_record(controller, CORDON_REASON_MODE,
			      "mode %s is about to be set, was %s, asked by %s",
			      cordon_mode_name(mode), cordon_mode_name(before), asked_by))
		return cordon_failure_set(failure, EACCES,
					  "no room for the record that the policy requires");
	err = apply_mode(controller, mode, failure);
	/* What was opened while nothing was refused is judged now. */
	if (!err && mode == CORDON_MODE_ENFORCING && before != CORDON_MODE_ENFORCING)
		err = controller_renew(controller, "the mode is enforcing now", failure);
	if (err)
		return err;
	if (mode == CORDON_MODE_ENFORCING)
		controller_report_mappings(controller);
	controller->mode_trouble[0] = '\0';
	controller_record(controller, CORDON_REASON_MODE, "mode %s, was %s, asked by %s",
			  cordon_mode_name(mode), cordon_mode_name(before), asked_by);
	/* A broken glass is no reason to boot permissive. */
	if (mode == CORDON_MODE_PERMISSIVE && controller_check_unsealed(controller, false, &reason))
		return 0;
	err = keep_mode(mode, without_module, &reason);
	if (err)
		return cordon_failure_set(failure, -err,
					  "the mode is %s now, but the next boot will not know: %s",
					  cordon_mode_name(mode), reason.text);
	return 0;
}

/* The mode of the last boot; permissive when there was none. */
static enum cordon_mode kept_mode(bool *without_module)
{
	char line[64], *rest;
	int mode;

	*without_module = false;
	if (file_read_line(CORDON_MODE_FILE, line, sizeof(line)))
		return CORDON_MODE_PERMISSIVE;
	rest = strchr(line, ' ');
	*without_module = rest && !strcmp(rest, WITHOUT_MODULE);
	if (rest)
		*rest = '\0';
	mode = cordon_mode_number(line);
	return mode == CORDON_MODE_ENFORCING ? CORDON_MODE_ENFORCING : CORDON_MODE_PERMISSIVE;
}

static int try_restore(struct controller *controller, enum cordon_mode mode,
		       struct cordon_failure *failure)
{
	struct cordon_kernel_state state;
	int err = 0;

	cordon_kernel_state_read(&state);
	if (mode == CORDON_MODE_ENFORCING)
		err = cordon_kernel_state_check(&state, true, failure);
	return err ? err : apply_mode(controller, mode, failure);
}

void controller_restore_mode(struct controller *controller)
{
	char *trouble = controller->mode_trouble;
	size_t size = sizeof(controller->mode_trouble);
	struct cordon_failure failure;
	bool without_module;
	enum cordon_mode mode = kept_mode(&without_module);

	if (controller->options.mode >= 0)
		mode = (enum cordon_mode)controller->options.mode;
	without_module |= controller->options.without_module;
	trouble[0] = '\0';
	if (try_restore(controller, mode, &failure)) {
		snprintf(trouble, size, "mode %s could not be set at start: %.900s",
			 cordon_mode_name(mode), failure.text);
		mode = CORDON_MODE_PERMISSIVE;
		try_restore(controller, mode, &failure);
	} else if (mode == CORDON_MODE_ENFORCING && controller->guard.device < 0 &&
		   !without_module) {
		/* Enforcement that nothing holds is still better than none. */
		snprintf(trouble, size,
			 "enforcing, but the module cordon is not loaded: nothing holds it");
	}
	if (trouble[0])
		fprintf(stderr, "cordond: %s\n", trouble);
	controller_record(controller, CORDON_REASON_MODE, "mode %s at start%s%.150s",
			  cordon_mode_name(mode), trouble[0] ? ": " : "", trouble);
}
