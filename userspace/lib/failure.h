/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something could not be done, as a sentence for a person. It travels
 * from where the failure is known to where it is shown: standard error, the
 * system's log, or the answer on the control socket.
 */
#ifndef CORDON_FAILURE_H
#define CORDON_FAILURE_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cordon_failure {
	char text[8192]; /* room for the errors of a policy */
};

/* Returns -@error, so that a function can end with it. */
__attribute__((format(printf, 3, 4))) static inline int
cordon_failure_set(struct cordon_failure *failure, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return error > 0 ? -error : -EINVAL;
}

/* As above, with the error's own text behind a colon. */
__attribute__((format(printf, 3, 4))) static inline int
cordon_failure_errno(struct cordon_failure *failure, int error, const char *format, ...)
{
	va_list arguments;
	size_t used;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	used = strlen(failure->text);
	snprintf(failure->text + used, sizeof(failure->text) - used, ": %s", strerror(error));
	return error > 0 ? -error : -EINVAL;
}

#endif /* CORDON_FAILURE_H */
