// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "records.h"
#include "world.h"

#define CONTROL	     "/run/cordon/control"
#define ANSWER_BYTES (1 << 18)
/* Most of it the verifier's, where QEMU emulates the CPU. */
#define START_MS 300000

static int connect_control(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CONTROL };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

struct json_object *control_ask(const char *request)
{
	int fd = connect_control();
	char *answer = malloc(ANSWER_BYTES);
	struct json_object *object = NULL;
	size_t length = 0;
	ssize_t got = 1;

	if (fd < 0 || !answer || dprintf(fd, "%s\n", request) < 0)
		got = 0;
	while (got > 0 && length + 1 < ANSWER_BYTES && !memchr(answer, '\n', length)) {
		got = recv(fd, answer + length, ANSWER_BYTES - 1 - length, 0);
		length += got > 0 ? got : 0;
	}
	if (length) {
		answer[length] = '\0';
		object = json_tokener_parse(answer);
	}
	free(answer);
	close(fd);
	return object;
}

bool control_is_ok(struct json_object *answer)
{
	return json_object_get_boolean(json_object_object_get(answer, "ok"));
}

struct json_object *control_status(void)
{
	return control_ask("{\"command\":\"status\"}");
}

long long control_number(const char *path)
{
	struct json_object *status = control_status();
	long long number = status ? record_number(status, path) : -1;

	json_object_put(status);
	return number;
}

static int write_policy(const char *path, long long version, const struct policy_change *change)
{
	const char *without = change ? change->without : NULL;
	FILE *from = fopen(POLICY_FILE, "re"), *to = fopen(path, "we");
	char line[1024];
	int result = from && to ? 0 : -errno;

	while (!result && fgets(line, sizeof(line), from)) {
		if (!strncmp(line, "policy ", 7))
			fprintf(to, "policy kselftest version %lld\n", version);
		else if (!without || strncmp(line, without, strlen(without)))
			fputs(line, to);
	}
	if (!result && change && change->more)
		fprintf(to, "%s\n", change->more);
	if (from)
		fclose(from);
	if (to && fclose(to))
		result = -errno;
	return result;
}

int control_load(long long version, const struct policy_change *change, char *why, size_t size)
{
	struct json_object *answer;
	int result = 0;

	if (mkdir(POLICY_DIR, 0755) && errno != EEXIST)
		return -errno;
	result = write_policy(POLICY_DIR "/world.cordon", version, change);
	if (result)
		return result;
	answer = control_ask("{\"command\":\"load\",\"path\":\"" POLICY_DIR "\"}");
	if (!answer)
		return -ENOTCONN;
	if (!control_is_ok(answer)) {
		result = record_number(answer, "code");
		if (why)
			snprintf(why, size, "%s", record_text(answer, "error"));
		else
			fprintf(stderr, "# load: %s\n", record_text(answer, "error"));
	}
	json_object_put(answer);
	return result;
}

int control_load_next(const struct policy_change *change)
{
	return control_load(control_number("policy.version") + 1, change, NULL, 0);
}

int control_rule_line(const char *rule)
{
	FILE *file = fopen(POLICY_FILE, "re");
	char line[1024];
	int number = 0, found = -1;

	while (file && found < 0 && fgets(line, sizeof(line), file)) {
		number++;
		if (!strncmp(line, rule, strlen(rule)))
			found = number;
	}
	if (file)
		fclose(file);
	return found;
}

pid_t control_pid(void)
{
	return control_number("controller_pid");
}

/* Starts @argv as a process of nobody's: it outlives the test that started it. */
static int start_daemon(char *const argv[], const char *output)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);

		setsid();
		if (fork())
			_exit(0);
		dup2(fd, 1);
		dup2(fd, 2);
		close_range(3, ~0U, 0);
		execvp(argv[0], argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -ECHILD;
}

/* The records of this controller, for as long as it lives. */
static int follow(void)
{
	char *argv[] = { "cordon", "records", "-f", "--json", NULL };

	return start_daemon(argv, RECORDS_FILE);
}

/* The verifier of a kernel that watches each of its own steps takes ten times as long. */
static int start_patience_ms(void)
{
	struct utsname kernel;

	return uname(&kernel) || !strstr(kernel.release, "debug") ? START_MS : 10 * START_MS;
}

int control_start(void)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	const int patience = start_patience_ms();
	char *argv[] = { "cordond", NULL };
	int result = start_daemon(argv, "/out/cordond.log");

	for (int ms = 0; ms < patience && !result; ms += 50) {
		if (control_pid() > 0)
			return follow();
		nanosleep(&pause, NULL);
	}
	return result ? result : -ETIMEDOUT;
}
