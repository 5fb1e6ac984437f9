// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where enforcement cannot be relied on, `cordon enforce` refuses and says why
 * and what to do. Each case needs a kernel that was booted for it:
 *
 *	refusal no-bpf      booted with an lsm= that leaves bpf out
 *	refusal no-module   the module is not there
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "build_world.h"
#include "control.h"
#include "results.h"

#define TAP_FILE "/out/refusal.tap"
#define FTRACE	 "/proc/sys/kernel/ftrace_enabled"

static struct results *results;

static void say(bool good, const char *name, const char *seen)
{
	results_add(results, good, "refusal", name);
	if (!good)
		results_note(results, "%s", seen);
}

/* `cordon enforce` with @option; it must say "no" and name @why and a remedy. */
static void expect_refusal(char *option, const char *why, const char *name)
{
	const char *argv[] = { "cordon", "enforce", option, NULL };
	char output[4096] = "";
	int status = guard_run(argv, output, sizeof(output));

	say(status == 1 && strstr(output, why) && strstr(output, "Remedy"), name, output);
}

static bool set_ftrace(const char *value)
{
	int fd = open(FTRACE, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, value, 1) == 1;

	close(fd);
	return done;
}

static bool plain_is_denied(void)
{
	return actor_denied(actor_play(PLAIN, "try open=" SECRET));
}

static void without_module(void)
{
	const char *enforce[] = { "cordon", "enforce", "--without-module", NULL };
	char output[4096] = "";

	say(control_start() == 0, "the guard starts without the module", "see cordond.log");
	expect_refusal(NULL, "module", "G8_no_module: enforce refuses");
	say(!plain_is_denied(), "G8_no_module: nothing is denied then", "denied");
	say(set_ftrace("0"), "G8_no_module: ftrace can be switched off", "it cannot");
	expect_refusal("--without-module", "ftrace", "G8_ftrace_off: enforce refuses");
	say(set_ftrace("1"), "ftrace can be switched on again", "it cannot");
	say(guard_run(enforce, output, sizeof(output)) == 0,
	    "G8_no_module: it can be done on request", output);
	say(plain_is_denied(), "G8_no_module: on request it denies", "not denied");
}

static void without_bpf(void)
{
	const char *status[] = { "cordon", "status", NULL };
	char *argv[] = { "/bin/sh", "-c", "timeout 100 cordond >/out/cordond.log 2>&1", NULL };
	char output[8192] = "";
	int code;

	/* It may start to observe, or refuse to start; it may not enforce. */
	code = guard_run((const char *const *)argv, output, sizeof(output));
	say(code != 0, "G8_bpf_is_no_lsm: the guard does not pretend to run", output);
	expect_refusal(NULL, "bpf", "G8_bpf_is_no_lsm: enforce refuses");
	guard_run(status, output, sizeof(output));
	say(strstr(output, "bpf-lsm") != NULL, "G8_bpf_is_no_lsm: status names it", output);
	say(!plain_is_denied(), "G8_bpf_is_no_lsm: nothing is denied", "denied");
}

int main(int argc, char **argv)
{
	int result;

	results = results_open(TAP_FILE);
	if (!results || argc != 2)
		return 2;
	result = world_build();
	if (result)
		results_fail(results, "the world could not be built: %s", strerror(-result));
	else if (!strcmp(argv[1], "no-module"))
		without_module();
	else if (!strcmp(argv[1], "no-bpf"))
		without_bpf();
	return results_close(results) ? 0 : 1;
}
