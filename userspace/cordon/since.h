/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CORDON_SINCE_H
#define CORDON_SINCE_H

#include <stdint.h>

/*
 * A point in time as people say it, in nanoseconds of the wall clock:
 * "10m" (s, m, h, d before @now_ns), "2025-01-31", "2025-01-31 14:05[:09]"
 * (local time; T may stand for the blank), "14:05[:09]" (today). Returns 0,
 * or -EINVAL.
 */
int cordon_since_parse(const char *text, uint64_t now_ns, uint64_t *since_ns);

#endif /* CORDON_SINCE_H */
