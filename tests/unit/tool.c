// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verbs check and explain without the rest of cordon, so that the suite
 * `policies` runs them under the sanitizers. What they call of the rest is
 * put here, the live state of a process included.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "guard.h"

int cordon_usage(const char *verb)
{
	fprintf(stderr, "usage: cordon %s\n", verb);
	return CORDON_EXIT_USAGE;
}

int cordon_complain(bool json, int code, const char *text)
{
	fprintf(json ? stdout : stderr, json ? "{\"ok\":false,\"error\":\"%s\"}\n" : "cordon: %s\n",
		text);
	return code;
}

/* Process 4711 is cleared and tainted as the test's environment says. */
int cordon_live_subject(pid_t pid, struct cordon_live *live)
{
	const char *clearance = getenv("LIVE_CLEARANCE"), *taint = getenv("LIVE_TAINT");

	if (pid != 4711)
		return -ESRCH;
	*live = (struct cordon_live){ .pid = 4711, .tid = 4711, .labelled = clearance != NULL };
	live->clearance = clearance ? strtoull(clearance, NULL, 16) : 0;
	live->taint = taint ? strtoull(taint, NULL, 16) : 0;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "check"))
		return cordon_cmd_check(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "explain"))
		return cordon_cmd_explain(argc - 1, argv + 1);
	return CORDON_EXIT_USAGE;
}
