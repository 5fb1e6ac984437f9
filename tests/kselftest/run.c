// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver of the guest tests, in the guest: builds the world, starts the
 * guard in it, runs every test program in /tests and writes one TAP file.
 *
 *	run [--without-guard | --soak] [TEST...]
 *
 * Programs in /tests/bare run first, on a kernel without the guard. All others
 * run twice: first what needs permissive mode (the negative controls of all
 * attacks, so that the mode changes once), then everything else. Those in
 * /tests/late come last: what they do to the guard no other test should need.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "build_world.h"
#include "control.h"
#include "results.h"
#include "world.h"

#define TESTS_DIR "/tests"
#define BARE_DIR  "/tests/bare"
#define TAP_FILE  "/out/kselftest.tap"
#define MODULE	  "/cordon.ko"
#define LATE_DIR  "/tests/late"

static struct results *results;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Starts @argv with its output in the file @log. */
static pid_t start(char *const argv[], const char *log, bool append)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = open(log, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int wait_exit(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int load_module(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -errno : 0;

	if (!result && syscall(SYS_finit_module, fd, "", 0))
		result = -errno;
	close(fd);
	return result;
}

static int start_guard(void)
{
	long began = now_ms();
	int result = load_module();

	if (result) {
		fprintf(stderr, "# %s: %s\n", MODULE, strerror(-result));
		return result;
	}
	result = control_start();
	results_note(results, "the guard starts in %.1f s", (now_ms() - began) / 1000.0);
	return result;
}

static void run_test(const char *dir, const char *name, const char *phase, char *option,
		     char *value)
{
	char path[256], log[256];
	char *argv[] = { path, option, value, NULL };
	long began = now_ms();
	int status;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(log, sizeof(log), RUN_DIR "/%s.%s.log", name, phase);
	status = wait_exit(start(argv, log, false));
	results_take(results, name, log, status);
	results_note(results, "%s, %s: %.1f s", name, phase, (now_ms() - began) / 1000.0);
}

static int is_test(const struct dirent *entry)
{
	const char *end = strstr(entry->d_name, "_test");

	return end && !strcmp(end, "_test");
}

static bool is_chosen(const char *name, char **chosen)
{
	if (!*chosen)
		return true;
	for (; *chosen; chosen++)
		if (!strcmp(*chosen, name))
			return true;
	return false;
}

static void run_tests(const char *dir, const char *phase, char *option, char *value, char **chosen)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_test, alphasort);

	for (int i = 0; i < count; i++) {
		if (is_chosen(entries[i]->d_name, chosen))
			run_test(dir, entries[i]->d_name, phase, option, value);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static int run_all(bool guarded, char **chosen)
{
	int result;

	mkdir("/run", 0755);
	mkdir(RUN_DIR, 0755);
	run_tests(BARE_DIR, "bare", NULL, NULL, chosen);
	result = world_build();
	if (!result)
		result = world_start_hosts();
	if (!result)
		result = world_start_veterans();
	if (!result && guarded)
		result = start_guard();
	if (result)
		return result;
	if (!guarded)
		setenv(WITHOUT_GUARD_ENV, "1", 1);
	run_tests(TESTS_DIR, "permissive", "-t", "permissive_leaks", chosen);
	if (!guarded)
		return 0;
	run_tests(TESTS_DIR, "enforcing", "-T", "permissive_leaks", chosen);
	run_tests(LATE_DIR, "late", NULL, NULL, chosen);
	return 0;
}

int main(int argc, char **argv)
{
	bool guarded = true;
	int result;

	argv++;
	if (argc > 1 && !strcmp(*argv, "--without-guard")) {
		guarded = false;
		argv++;
	}
	if (argc > 1 && *argv && !strcmp(*argv, "--soak")) {
		setenv(SOAK_ENV, "1", 1);
		argv++;
	}
	signal(SIGPIPE, SIG_IGN);
	results = results_open(TAP_FILE);
	if (!results) {
		perror(TAP_FILE);
		return 1;
	}
	result = run_all(guarded, argv);
	if (result)
		results_fail(results, "the guest could not be made ready: %s", strerror(-result));
	return results_close(results) ? 0 : 1;
}
