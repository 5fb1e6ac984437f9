// SPDX-License-Identifier: GPL-2.0-only
/* Operations on processes: children, programs, one subject acting on another. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "subject.h"

#define STACK_BYTES 262144
#define ROOM	    4096
#define SIGNAL_DATA (SIGRTMIN + 3)
#define SIGNAL_WORD 8

static char room[ROOM];

static long took(long length)
{
	return length < 0 ? -errno : subject_take(room, length);
}

static pid_t pid_of(const struct subject *s, uint8_t slot)
{
	return s->turn.pid[slot] ? s->turn.pid[slot] : -1;
}

/* ---- Children: all of them are the conductor's, who gives the turns ------------------ */

static long child_of(struct subject *s, uint8_t slot, unsigned long flags)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD | flags, NULL, NULL, NULL, NULL);

	if (pid == 0)
		subject_serve(subject_child(s, slot));
	return done(pid);
}

long call_fork(struct subject *s, const uint8_t *arg)
{
	return child_of(s, arg[0], 0);
}

long call_clone_files(struct subject *s, const uint8_t *arg)
{
	return child_of(s, arg[0], CLONE_FILES);
}

static int serve_child(void *child)
{
	subject_serve(child);
}

long call_clone_vm(struct subject *s, const uint8_t *arg)
{
	char *stack = malloc(STACK_BYTES);

	if (!stack)
		return -errno;
	return done(clone(serve_child, stack + STACK_BYTES, CLONE_VM | CLONE_PARENT | SIGCHLD,
			  subject_child(s, arg[0])));
}

struct image {
	struct subject *subject;
	int slot;
	enum rank rank;
};

static int exec_child(void *data)
{
	struct image *image = data;

	subject_exec(image->subject, image->slot, image->rank, false);
	_exit(93);
}

long call_vfork(struct subject *s, const uint8_t *arg)
{
	static char stack[STACK_BYTES];
	struct image image = { s, arg[0], arg[1] };

	return done(clone(exec_child, stack + STACK_BYTES,
			  CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, &image));
}

long call_exec(struct subject *s, const uint8_t *arg)
{
	return subject_exec(s, s->slot, arg[0], false);
}

long call_execveat(struct subject *s, const uint8_t *arg)
{
	return subject_exec(s, s->slot, arg[0], true);
}

/* ---- Signals ---------------------------------------------------------------------------- */

long call_kill(struct subject *s, const uint8_t *arg)
{
	return done(kill(pid_of(s, arg[0]), SIGUSR1));
}

long call_sigqueue(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + SIGNAL_WORD] = "";
	long result = 0;

	subject_last(token);
	for (int at = 0; at < TOKEN_BYTES && result >= 0; at += SIGNAL_WORD) {
		union sigval value;

		memcpy(&value, token + at, SIGNAL_WORD);
		result = done(sigqueue(pid_of(s, arg[0]), SIGNAL_DATA, value));
	}
	return result;
}

long call_sigwait(struct subject *s, const uint8_t *arg)
{
	const struct timespec now = { 0 };
	siginfo_t info;
	sigset_t set;
	long length = 0;

	(void)s;
	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGNAL_DATA);
	while (length + SIGNAL_WORD <= ROOM && sigtimedwait(&set, &info, &now) > 0) {
		memcpy(room + length, &info.si_value, SIGNAL_WORD);
		length += SIGNAL_WORD;
	}
	return subject_take(room, length);
}

/* ---- Memory and descriptors of another (R4) --------------------------------------------- */

static long attach(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return -errno;
	return done(waitpid(pid, &status, __WALL));
}

long call_ptrace_read(struct subject *s, const uint8_t *arg)
{
	pid_t pid = pid_of(s, arg[0]);
	long result = attach(pid);

	if (result < 0)
		return result;
	for (size_t i = 0; i < sizeof(struct hold); i += sizeof(long)) {
		long word = ptrace(PTRACE_PEEKDATA, pid, HOLD_ADDRESS + i, NULL);

		memcpy(room + i, &word, sizeof(word));
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return subject_take(room, sizeof(struct hold));
}

long call_ptrace_write(struct subject *s, const uint8_t *arg)
{
	pid_t pid = pid_of(s, arg[0]);
	long result = attach(pid);
	const char *payload = subject_payload(s);

	if (result < 0)
		return result;
	result = 0;
	for (size_t i = 0; i < PAYLOAD && result >= 0; i += sizeof(long)) {
		long word;

		memcpy(&word, payload + i, sizeof(word));
		result = done(ptrace(PTRACE_POKEDATA, pid, HOLD_ADDRESS + i, word));
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return result;
}

long call_vm_read(struct subject *s, const uint8_t *arg)
{
	struct iovec here = { room, sizeof(struct hold) };
	struct iovec there = { HOLD, sizeof(struct hold) };

	return took(process_vm_readv(pid_of(s, arg[0]), &here, 1, &there, 1, 0));
}

long call_vm_write(struct subject *s, const uint8_t *arg)
{
	struct iovec here = { (char *)subject_payload(s), PAYLOAD };
	struct iovec there = { HOLD, PAYLOAD };

	return done(process_vm_writev(pid_of(s, arg[0]), &here, 1, &there, 1, 0));
}

long call_pidfd_getfd(struct subject *s, const uint8_t *arg)
{
	int pidfd = syscall(SYS_pidfd_open, pid_of(s, arg[0]), 0);
	long result;

	if (pidfd < 0)
		return -errno;
	result = fd_put(syscall(SYS_pidfd_getfd, pidfd, fd_arg(arg[1]), 0), arg[2]);
	close(pidfd);
	return result;
}

static int open_proc(const struct subject *s, uint8_t slot, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid_of(s, slot), name);
	return open(path, flags | O_CLOEXEC);
}

static long read_proc(const struct subject *s, uint8_t slot, const char *name)
{
	int fd = open_proc(s, slot, name, O_RDONLY);
	long result;

	if (fd < 0)
		return -errno;
	result = took(read(fd, room, ROOM));
	close(fd);
	return result;
}

long call_proc_mem_read(struct subject *s, const uint8_t *arg)
{
	int fd = open_proc(s, arg[0], "mem", O_RDONLY);
	long result;

	if (fd < 0)
		return -errno;
	result = took(pread(fd, room, sizeof(struct hold), HOLD_ADDRESS));
	close(fd);
	return result;
}

long call_proc_mem_write(struct subject *s, const uint8_t *arg)
{
	int fd = open_proc(s, arg[0], "mem", O_WRONLY);
	long result;

	if (fd < 0)
		return -errno;
	result = done(pwrite(fd, subject_payload(s), PAYLOAD, HOLD_ADDRESS));
	close(fd);
	return result;
}

/* Opened in one turn, used in another: what the target has read meanwhile is there too. */
long call_mem_open(struct subject *s, const uint8_t *arg)
{
	int fd = open_proc(s, arg[0], "mem", O_RDWR);

	return fd_put(fd < 0 ? open_proc(s, arg[0], "mem", O_RDONLY) : fd, arg[1]);
}

long call_mem_pread(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return took(pread(fd_arg(arg[0]), room, sizeof(struct hold), HOLD_ADDRESS));
}

long call_mem_pwrite(struct subject *s, const uint8_t *arg)
{
	return done(pwrite(fd_arg(arg[0]), subject_payload(s), PAYLOAD, HOLD_ADDRESS));
}

long call_proc_environ(struct subject *s, const uint8_t *arg)
{
	return read_proc(s, arg[0], "environ");
}

long call_proc_fd(struct subject *s, const uint8_t *arg)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid_of(s, arg[0]), fd_arg(arg[1]));
	fd = open(path, O_RDWR | O_NONBLOCK);
	return fd_put(fd < 0 ? open(path, O_RDONLY | O_NONBLOCK) : fd, arg[2]);
}

/* ---- What a process shows of itself ------------------------------------------------------- */

/* The last argument is there to be written over: it is what /proc/PID/cmdline shows. */
long call_set_cmdline(struct subject *s, const uint8_t *arg)
{
	extern char **environ;
	char *padding = environ[0] ? environ[0] - PAYLOAD - 1 : NULL;

	(void)arg;
	if (!padding)
		return -ENOENT;
	memcpy(padding, subject_payload(s), PAYLOAD);
	return PAYLOAD;
}

long call_proc_cmdline(struct subject *s, const uint8_t *arg)
{
	return read_proc(s, arg[0], "cmdline");
}

/* Fifteen bytes: what makes a token two of them are always the same. */
long call_set_comm(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + 1];

	(void)s;
	(void)arg;
	subject_last(token);
	token[TOKEN_BYTES - 1] = '\0';
	return done(prctl(PR_SET_NAME, token + 2));
}

long call_proc_comm(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES] = "<C";
	int fd = open_proc(s, arg[0], "comm", O_RDONLY);
	long length;

	if (fd < 0)
		return -errno;
	length = read(fd, token + 2, TOKEN_BYTES - 3);
	close(fd);
	token[TOKEN_BYTES - 1] = '>';
	return length == TOKEN_BYTES - 3 ? subject_take(token, TOKEN_BYTES) : -ENODATA;
}
