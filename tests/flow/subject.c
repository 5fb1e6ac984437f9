// SPDX-License-Identifier: GPL-2.0-only
/*
 * subject PROGRAM SLOT RANK PADDING: stops itself and does, each time it is
 * continued, the operation that the control file names. What came of it goes to
 * a file that anybody may write and only the tests may read.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "subject.h"

#define REPORT_FD   60
#define CONTROL_FD  61
#define SIGNAL_DATA (SIGRTMIN + 3)

static subject_call *const functions[] = {
#define CALL(function, name, args, group, model) call_##function,
#include "calls.h"
#undef CALL
};

static struct subject subjects[SLOTS];
static struct program program;

static void keep(const char *token)
{
	for (int i = 0; i < HOLD->tokens; i++)
		if (!memcmp(HOLD->token[i], token, TOKEN_BYTES))
			return;
	if (HOLD->tokens < TOKENS_HELD)
		memcpy(HOLD->token[HOLD->tokens++], token, TOKEN_BYTES);
}

long subject_take(const void *bytes, long length)
{
	const char *text = bytes;

	for (long i = 0; i + TOKEN_BYTES <= length; i++)
		if (token_at(text + i, length - i))
			keep(text + i);
	return length;
}

const char *subject_payload(struct subject *subject)
{
	memset(subject->payload, '.', PAYLOAD);
	memcpy(subject->payload, MARK, strlen(MARK));
	for (int i = 0; i < HOLD->tokens; i++)
		memcpy(subject->payload + 8 + i * TOKEN_BYTES, HOLD->token[i], TOKEN_BYTES);
	subject->payload[PAYLOAD - 1] = '\n';
	return subject->payload;
}

void subject_last(char text[TOKEN_BYTES + 1])
{
	memset(text, 0, TOKEN_BYTES + 1);
	memcpy(text, MARK, strlen(MARK));
	if (HOLD->tokens)
		memcpy(text, HOLD->token[HOLD->tokens - 1], TOKEN_BYTES);
}

const char *path_with(uint8_t value, const char *suffix)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/" ARENA "/f%d%s", places[value / NAMES].dir, value % NAMES,
		 suffix);
	return path;
}

const char *path_arg(uint8_t value)
{
	return path_with(value, "");
}

long fd_put(int fd, uint8_t value)
{
	long result;

	if (fd < 0)
		return -errno;
	result = done(dup2(fd, fd_arg(value)));
	close(fd);
	return result;
}

/* Not libc's raise(): its idea of who calls is wrong in a child that shares memory. */
static void stop(void)
{
	syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
}

static void report(const struct subject *subject, int op, long result)
{
	struct report line = { .op = op,
			       .result = result,
			       .slot = subject->slot,
			       .rank = subject->rank,
			       .tokens = HOLD->tokens };

	memcpy(line.token, HOLD->token, sizeof(line.token));
	if (write(subject->report, &line, sizeof(line)) != sizeof(line))
		_exit(98);
}

/* Opened by the subject itself: what it inherits would be judged at every use. */
static void open_files(struct subject *subject)
{
	int fd;

	fd = open(REPORT_DIR "/all", O_WRONLY | O_APPEND);
	subject->report = dup3(fd, REPORT_FD + subject->slot * 2, O_CLOEXEC);
	close(fd);
	fd = open(CONTROL_DIR, O_RDONLY);
	subject->control = dup3(fd, CONTROL_FD + subject->slot * 2, O_CLOEXEC);
	close(fd);
	if (subject->report < 0 || subject->control < 0)
		_exit(97);
}

_Noreturn void subject_serve(struct subject *subject)
{
	open_files(subject);
	report(subject, -1, 0);
	for (;;) {
		const struct op *op;
		long result;

		stop();
		if (pread(subject->control, &subject->turn, sizeof(subject->turn), 0) !=
		    sizeof(subject->turn))
			_exit(96);
		op = &subject->program->op[subject->turn.op];
		subject_take(HOLD->incoming, PAYLOAD);
		result = functions[op->call](subject, op->arg);
		report(subject, subject->turn.op, result);
	}
}

struct subject *subject_child(const struct subject *parent, int slot)
{
	struct subject *child = &subjects[slot];

	*child = *parent;
	child->slot = slot;
	return child;
}

long subject_exec(struct subject *subject, int slot, enum rank rank, bool by_descriptor)
{
	char slot_text[8], rank_text[8], variable[PAYLOAD + 8], padding[PAYLOAD + 1];
	char *const argv[] = { "subject", (char *)subject->program_path,
			       slot_text, rank_text,
			       padding,	  NULL };
	char *const envp[] = { variable, NULL };
	int fd;

	snprintf(slot_text, sizeof(slot_text), "%d", slot);
	snprintf(rank_text, sizeof(rank_text), "%d", rank);
	snprintf(variable, sizeof(variable), "FLOW=%.*s", PAYLOAD, subject_payload(subject));
	memset(padding, 'x', PAYLOAD);
	padding[PAYLOAD] = '\0';
	if (!by_descriptor)
		return done(execve(ranks[rank].path, argv, envp));
	fd = open(ranks[rank].path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	syscall(SYS_execveat, fd, "", argv, envp, 0x1000 /* AT_EMPTY_PATH */);
	close(fd);
	return -errno;
}

static void block_signals(void)
{
	sigset_t set;

	/* Of libc's own too: none of them may end a subject. */
	sigemptyset(&set);
	sigaddset(&set, SIGNAL_DATA);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGURG, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct subject *subject;
	FILE *file;

	if (argc != 5)
		return 2;
	if (mmap((void *)HOLD_ADDRESS, HOLD_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		return 95;
	file = fopen(argv[1], "re");
	if (!file || program_read(&program, file))
		return 94;
	fclose(file);
	block_signals();
	subject = &subjects[atoi(argv[2])];
	subject->slot = atoi(argv[2]);
	subject->rank = atoi(argv[3]);
	subject->program = &program;
	subject->program_path = argv[1];
	if (getenv("FLOW"))
		subject_take(getenv("FLOW"), strlen(getenv("FLOW")));
	subject_serve(subject);
}
