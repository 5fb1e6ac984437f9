// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "names.h"

#define COUNT(table)		     (sizeof(table) / sizeof((table)[0]))
#define TEXT(name, text, meaning)    text,
#define MEANING(name, text, meaning) meaning,

static const char *const verdicts[] = { CORDON_VERDICTS(TEXT) };
static const char *const reasons[] = { CORDON_REASONS(TEXT) };
static const char *const reason_meanings[] = { CORDON_REASONS(MEANING) };
static const char *const operations[] = { CORDON_OPERATIONS(TEXT) };
static const char *const modes[] = { CORDON_MODES(TEXT) };
static const char *const counters[] = { CORDON_COUNTERS(TEXT) };
static const char *const counter_meanings[] = { CORDON_COUNTERS(MEANING) };

_Static_assert(COUNT(verdicts) == CORDON_VERDICT_COUNT, "every verdict has a name");
_Static_assert(COUNT(reasons) == CORDON_REASON_COUNT, "every reason has a name");
_Static_assert(COUNT(operations) == CORDON_OPERATION_COUNT, "every operation has a name");
_Static_assert(COUNT(modes) == CORDON_MODE_COUNT, "every mode has a name");
_Static_assert(COUNT(counters) == CORDON_COUNTER_COUNT, "every counter has a name");

static int number_of(const char *const *table, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(table[i], name))
			return (int)i;
	return -1;
}

#define LOOKUP(function, table)                                      \
	const char *function(unsigned int number)                    \
	{                                                            \
		return number < COUNT(table) ? table[number] : NULL; \
	}

LOOKUP(cordon_verdict_name, verdicts)
LOOKUP(cordon_reason_name, reasons)
LOOKUP(cordon_reason_meaning, reason_meanings)
LOOKUP(cordon_operation_name, operations)
LOOKUP(cordon_mode_name, modes)
LOOKUP(cordon_counter_name, counters)
LOOKUP(cordon_counter_meaning, counter_meanings)

int cordon_verdict_number(const char *name)
{
	return number_of(verdicts, COUNT(verdicts), name);
}

int cordon_reason_number(const char *name)
{
	return number_of(reasons, COUNT(reasons), name);
}

int cordon_mode_number(const char *name)
{
	return number_of(modes, COUNT(modes), name);
}
