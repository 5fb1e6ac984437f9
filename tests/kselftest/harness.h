/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's harness, with more patience: a test that hangs is found all the
 * same, and one that is slow on a busy emulator is no finding.
 */
#ifndef CORDON_TEST_HARNESS_H
#define CORDON_TEST_HARNESS_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#endif /* CORDON_TEST_HARNESS_H */
