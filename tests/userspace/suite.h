/* SPDX-License-Identifier: GPL-2.0-only */
/* What cmocka wants before its own header, and how a test program ends. */
#ifndef CORDON_SUITE_H
#define CORDON_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Anything, the same in every run. */
static inline uint32_t suite_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif /* CORDON_SUITE_H */
