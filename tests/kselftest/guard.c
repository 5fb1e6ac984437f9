// SPDX-License-Identifier: GPL-2.0-only
/* The tests' dealings with the guard's own programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

const char *attack_canary(void)
{
	const char *canary = getenv(CANARY_ENV);

	if (canary && strlen(canary) == CANARY_BYTES)
		return canary;
	fprintf(stderr, "# no canary in %s: start the tests with `run`\n", CANARY_ENV);
	exit(1);
}

int guard_run(const char *const argv[], char *output, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	while (length + 1 < size && (got = read(ends[0], output + length, size - 1 - length)) > 0)
		length += got;
	if (size)
		output[length] = '\0';
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static bool mode_is(const char *mode)
{
	char text[32] = "";
	int fd = open(MODE_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return !strcmp(text, mode);
}

static int note_mode(const char *mode)
{
	int fd = open(MODE_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, mode, strlen(mode)) < 0)
		result = -errno;
	close(fd);
	return result;
}

int attack_set_mode(const char *mode)
{
	const char *enforce[] = { "cordon", "enforce", NULL };
	const char *permissive[] = { "cordon", "permissive", NULL };
	char output[4096];
	int status;

	if (mode_is(mode) || getenv(WITHOUT_GUARD_ENV))
		return 0;
	status = guard_run(strcmp(mode, MODE_ENFORCING) ? permissive : enforce, output,
			   sizeof(output));
	if (status) {
		fprintf(stderr, "# cordon %s ended with %d: %s\n", mode, status, output);
		return -ENOTSUP;
	}
	return note_mode(mode);
}
