// SPDX-License-Identifier: GPL-2.0-only
/* Calls, places, programs and hosts by name. */
#include <string.h>

#include "flow.h"

const struct call_kind call_kinds[] = {
#define CALL(function, name, args, group, model) { name, args, group, model },
#include "calls.h"
#undef CALL
};

const int call_count = sizeof(call_kinds) / sizeof(call_kinds[0]);

const struct place_kind places[PLACES] = {
	[PLACE_LOW] = { "low", "/srv/low", LABEL_UNCLASSIFIED, false },
	[PLACE_CUI] = { "cui", "/srv/cui", LABEL_CUI, false },
	[PLACE_SECRET] = { "secret", "/srv/c", LABEL_SECRET, false },
	[PLACE_ARROW] = { "arrow", "/srv/arrow", LABEL_ARROW, false },
	[PLACE_INBOX] = { "inbox", "/srv/inbox", LABEL_SECRET, true },
};

const struct rank_kind ranks[RANKS] = {
	[RANK_PLAIN] = { "plain", "/plain/subject", LABEL_UNCLASSIFIED },
	[RANK_CUI] = { "cui", "/cui/subject", LABEL_CUI },
	[RANK_SECRET] = { "secret", "/cleared/subject", LABEL_SECRET },
	[RANK_ARROW] = { "arrow", "/arrowed/subject", LABEL_ARROW },
};

const enum rank slot_rank[SLOTS_FIRST] = { RANK_PLAIN,	RANK_PLAIN,  RANK_CUI,
					   RANK_SECRET, RANK_SECRET, RANK_ARROW };

const char *const slot_names[SLOTS] = { "u0", "u1", "c2", "s3", "s4", "a5", "k6", "k7", "k8" };

const char *const host_names[HOSTS] = { "unk", "low", "hi" };

int call_find(const char *name)
{
	for (int i = 0; i < call_count; i++)
		if (!strcmp(call_kinds[i].name, name))
			return i;
	return -1;
}

bool program_reaches_hosts(const struct program *program)
{
	for (int i = 0; i < program->count; i++)
		if (!strcmp(call_kinds[program->op[i].call].group, "inet"))
			return true;
	return false;
}
