/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that somebody else chose, as text that is safe to show: on a
 * terminal nothing in it moves the cursor, ends the line or the quotes, or
 * turns the direction of writing.
 */
#ifndef CORDON_ESCAPE_H
#define CORDON_ESCAPE_H

#include <stddef.h>

/*
 * Printable ASCII and harmless UTF-8 stay; a backslash becomes \\, a quote
 * \", every other byte \xNN. Nothing is lost. Always valid UTF-8. NULL on
 * ENOMEM; the caller frees it.
 */
char *cordon_escape(const char *bytes, size_t count);

#endif /* CORDON_ESCAPE_H */
