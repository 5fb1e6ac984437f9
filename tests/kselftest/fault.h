/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failing allocations (Documentation/fault-injection): each task counts down
 * to the one that fails. Kernels without fault injection, Debian's among
 * them, cannot: `make debug-kernel` builds one that can.
 */
#ifndef CORDON_TEST_FAULT_H
#define CORDON_TEST_FAULT_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULT_FILE   "/proc/thread-self/fail-nth"
#define KMEMLEAK     "/sys/kernel/debug/kmemleak"
#define FAULT_REASON "this kernel has no fault injection: make debug-kernel"

static inline bool fault_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return good;
}

/* Every allocation may fail, those that may wait included; without a stack trace in the log. */
static inline bool fault_prepare(void)
{
	static const char *const files[] = {
		"/sys/kernel/debug/failslab/verbose",
		"/sys/kernel/debug/failslab/ignore-gfp-wait",
		"/sys/kernel/debug/fail_page_alloc/verbose",
		"/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!fault_write(files[i], "0"))
			return false;
	return access(FAULT_FILE, W_OK) == 0;
}

/* Prints what is lost; how many lines have @word. It wants two looks. Negative: no kmemleak. */
static inline int fault_count_leaks(const char *word)
{
	char line[512];
	int leaks = 0;
	FILE *report;

	if (!fault_write(KMEMLEAK, "scan") || !fault_write(KMEMLEAK, "scan"))
		return -1;
	report = fopen(KMEMLEAK, "re");
	while (report && fgets(line, sizeof(line), report)) {
		printf("# %s", line);
		leaks += strstr(line, word) != NULL;
	}
	if (report)
		fclose(report);
	return leaks;
}

/* The calling thread's Nth allocation from here on fails. */
static inline bool fault_arm(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	return fault_write(FAULT_FILE, text);
}

/* Disarms. True when the allocation that was to fail never came. */
static inline bool fault_is_left(void)
{
	int fd = open(FAULT_FILE, O_RDWR | O_CLOEXEC);
	char text[16] = "";
	bool left = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && atoi(text) > 0;

	if (fd >= 0 && write(fd, "0", 1) < 0)
		left = false;
	close(fd);
	return left;
}

#endif /* CORDON_TEST_FAULT_H */
