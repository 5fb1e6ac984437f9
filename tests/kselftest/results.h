/* SPDX-License-Identifier: GPL-2.0-only */
/* Many test programs' TAP, put together as one. */
#ifndef CORDON_TEST_RESULTS_H
#define CORDON_TEST_RESULTS_H

#include <stdbool.h>

struct results;

struct results *results_open(const char *path);
/* Takes over what @suite printed into @log; what it promised and did not print has failed. */
void results_take(struct results *results, const char *suite, const char *log, int status);
void results_add(struct results *results, bool good, const char *suite, const char *name);
void results_fail(struct results *results, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void results_note(struct results *results, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Writes the plan. True when something ran and nothing failed. */
bool results_close(struct results *results);

#endif /* CORDON_TEST_RESULTS_H */
