// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on processes: what it is, what it becomes, whom it leaves behind. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define CHILD_STACK 65536
#define WORDS	    64

/* Tells the parent that all before this is done, and waits for SIGCONT. */
static int step_stop(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(raise(SIGSTOP));
}

static int step_hold(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	raise(SIGSTOP);
	while (pause() < 0)
		;
	return -EINTR;
}

/* Waits until PATH exists, for at most ten seconds. */
static int step_await(struct actor *actor, const char *path)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	(void)actor;
	for (int i = 0; i < 2000; i++) {
		if (access(path, F_OK) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

/* Says that it is ready, then waits until PATH exists, however long that takes. */
static int step_hold_until(struct actor *actor, const char *path)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	(void)actor;
	raise(SIGSTOP);
	while (access(path, F_OK))
		nanosleep(&pause, NULL);
	return 0;
}

static int step_chdir(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(chdir(path));
}

static int step_chroot(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(chroot(path));
}

static int step_uid(struct actor *actor, const char *number)
{
	(void)actor;
	return actor_result(setresuid(atoi(number), atoi(number), atoi(number)));
}

static int step_gid(struct actor *actor, const char *number)
{
	(void)actor;
	return actor_result(setresgid(atoi(number), atoi(number), atoi(number)));
}

/* Leaves the CPU to whoever else wants it. */
static int step_nice(struct actor *actor, const char *value)
{
	(void)actor;
	return actor_result(setpriority(PRIO_PROCESS, 0, atoi(value)));
}

/* So many words, each a limit and a priority, to whoever looks. */
static int step_words(struct actor *actor, const char *count)
{
	(void)actor;
	for (int i = 0; i < atoi(count); i++) {
		const struct rlimit limit = { i, RLIM_INFINITY };

		if (setrlimit(RLIMIT_RSS, &limit) || setpriority(PRIO_PROCESS, 0, i % 8))
			return -errno;
	}
	return 0;
}

/* One supplementary group. */
static int step_group(struct actor *actor, const char *number)
{
	gid_t gid = atoi(number);

	(void)actor;
	return actor_result(setgroups(1, &gid));
}

/* The systemd unit that this process is then in. */
static int step_cgroup(struct actor *actor, const char *path)
{
	char file[4096];
	int fd, result;

	(void)actor;
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fd = open(file, O_WRONLY);
	if (fd < 0)
		return -errno;
	result = actor_result(write(fd, "0", 1));
	close(fd);
	return result;
}

static int step_no_new_privs(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* Succeeds when the kernel asked for secure mode at the last exec. */
static int step_is_secure(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return getauxval(AT_SECURE) ? 0 : -ENOENT;
}

static int step_is_not_secure(struct actor *actor, const char *unused)
{
	return step_is_secure(actor, unused) ? 0 : -EEXIST;
}

/* The steps that are left, as the new program's arguments. */
static void build_arguments(const struct actor *actor, const char *program, char **argv)
{
	static char want[32], loot[32];
	int count = 0;

	argv[count++] = (char *)program;
	if (actor->want) {
		snprintf(want, sizeof(want), "-w%llx", (unsigned long long)actor->want);
		argv[count++] = want;
	}
	if (actor->loot >= 0) {
		snprintf(loot, sizeof(loot), "-f%d", actor->loot);
		argv[count++] = loot;
	}
	for (char **step = actor->rest; *step && count < WORDS - 1; step++)
		argv[count++] = *step;
	argv[count] = NULL;
}

static int step_exec(struct actor *actor, const char *program)
{
	char *argv[WORDS];

	build_arguments(actor, program, argv);
	execv(program, argv);
	return -errno;
}

/* Executes the newest descriptor's file: no path is looked up. */
static int step_execveat(struct actor *actor, const char *unused)
{
	char *argv[WORDS], *environment[] = { NULL };

	(void)unused;
	build_arguments(actor, actor->self, argv);
	syscall(SYS_execveat, actor_fd(actor), "", argv, environment, AT_EMPTY_PATH);
	return -errno;
}

/* A copy of this program without a name. */
static int step_memfd_self(struct actor *actor, const char *program)
{
	int from = open(program, O_RDONLY | O_CLOEXEC), to = memfd_create("program", 0);
	ssize_t length;

	if (from < 0 || to < 0)
		return -errno;
	while ((length = read(from, actor->buffer, ACTOR_BUFFER)) > 0)
		if (write(to, actor->buffer, length) != length)
			return -errno;
	close(from);
	if (length < 0)
		return -errno;
	return actor_keep(actor, to);
}

/* What @pid ended with, as this process's result. */
static int wait_result(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	if (WEXITSTATUS(status) >= ACTOR_EMPTY)
		_exit(WEXITSTATUS(status));
	return -WEXITSTATUS(status);
}

/* A child does the steps that are left; this process ends as it did. */
static int step_fork(struct actor *actor, const char *unused)
{
	pid_t pid = fork();

	(void)actor, (void)unused;
	if (pid < 0)
		return -errno;
	if (pid == 0)
		return 0;
	_exit(-wait_result(pid));
}

/* The child does the next step in memory of its own, then this process goes on. */
static int step_child(struct actor *actor, const char *unused)
{
	pid_t pid;

	(void)unused;
	if (!*actor->rest)
		return -EINVAL;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(-actor_do(actor, *actor->rest));
	actor->rest++;
	return wait_result(pid);
}

/* Shares the memory: the list of steps moves on for the parent too. */
static int do_next(void *argument)
{
	struct actor *actor = argument;
	char *words = *actor->rest++;

	_exit(-actor_do(actor, words));
}

/* The next step in another process that shares this one's memory (bypass M10). */
static int step_clone_vm(struct actor *actor, const char *unused)
{
	static char stack[CHILD_STACK] __attribute__((aligned(16)));
	pid_t pid;

	(void)unused;
	if (!*actor->rest)
		return -EINVAL;
	pid = clone(do_next, stack + CHILD_STACK, CLONE_VM | SIGCHLD, actor);
	return pid < 0 ? -errno : wait_result(pid);
}

static int step_vfork(struct actor *actor, const char *unused)
{
	static char stack[CHILD_STACK] __attribute__((aligned(16)));
	pid_t pid;

	(void)unused;
	if (!*actor->rest)
		return -EINVAL;
	pid = clone(do_next, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, actor);
	return pid < 0 ? -errno : wait_result(pid);
}

/*
 * The next step in a process with memory of its own but these descriptors: what
 * it opens is open here, though nothing was received (bypass B1).
 */
static int step_clone_files(struct actor *actor, const char *unused)
{
	static char stack[CHILD_STACK] __attribute__((aligned(16)));
	pid_t pid;

	(void)unused;
	if (!*actor->rest)
		return -EINVAL;
	pid = clone(do_next, stack + CHILD_STACK, CLONE_FILES | SIGCHLD, actor);
	actor->rest++;
	return pid < 0 ? -errno : wait_result(pid);
}

static int wait_forever(void *unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pause() < 0)
		;
	return 0;
}

/* From now on another process can change this one's root and working directory (bypass F2). */
static int step_share_fs(struct actor *actor, const char *unused)
{
	static char stack[CHILD_STACK] __attribute__((aligned(16)));

	(void)actor, (void)unused;
	return actor_result(clone(wait_forever, stack + CHILD_STACK, CLONE_FS, NULL));
}

/* The next step must fail. */
static int step_fails(struct actor *actor, const char *unused)
{
	(void)unused;
	if (!*actor->rest)
		return -EINVAL;
	return actor_do(actor, *actor->rest++) ? 0 : -EEXIST;
}

static void *do_next_in_thread(void *argument)
{
	struct actor *actor = argument;

	return (void *)(intptr_t)actor_do(actor, *actor->rest++);
}

static int step_thread(struct actor *actor, const char *unused)
{
	pthread_t thread;
	void *result;

	(void)unused;
	if (!*actor->rest)
		return -EINVAL;
	if (pthread_create(&thread, NULL, do_next_in_thread, actor) ||
	    pthread_join(thread, &result))
		return -EAGAIN;
	return (int)(intptr_t)result;
}

/* PROGRAM,STEP: spawns PROGRAM to do one step the way posix_spawn does (bypass F11). */
static int step_spawn(struct actor *actor, const char *argument)
{
	char program[4096], step[1024];
	char *argv[] = { program, step, NULL };
	pid_t pid;

	(void)actor;
	snprintf(step, sizeof(step), "%s", actor_split(argument, program, sizeof(program)));
	pid = vfork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execv(program, argv);
		_exit(errno);
	}
	return wait_result(pid);
}

/* Traced by its parent, as a debugger's child is (bypass F2). */
static int step_traceme(struct actor *actor, const char *program)
{
	pid_t pid = fork();
	char *argv[WORDS];
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		build_arguments(actor, program, argv);
		syscall(SYS_ptrace, 0 /* PTRACE_TRACEME */, 0, 0, 0);
		execv(program, argv);
		_exit(errno);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		syscall(SYS_ptrace, 7 /* PTRACE_CONT */, pid, 0, 0);
	if (!WIFEXITED(status))
		return -ECHILD;
	_exit(WEXITSTATUS(status));
}

/* Fails as soon as this subject carries a taint: PATH is a low file. */
static int step_is_clean(struct actor *actor, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	(void)actor;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int step_is_tainted(struct actor *actor, const char *path)
{
	int result = step_is_clean(actor, path);

	return result == -EACCES || result == -EPERM ? 0 : -EEXIST;
}

const struct actor_steps actor_task_steps[] = {
	{ "stop", step_stop },
	{ "hold", step_hold },
	{ "await", step_await },
	{ "hold_until", step_hold_until },
	{ "chdir", step_chdir },
	{ "chroot", step_chroot },
	{ "uid", step_uid },
	{ "gid", step_gid },
	{ "group", step_group },
	{ "nice", step_nice },
	{ "words", step_words },
	{ "cgroup", step_cgroup },
	{ "no_new_privs", step_no_new_privs },
	{ "is_secure", step_is_secure },
	{ "is_not_secure", step_is_not_secure },
	{ "exec", step_exec },
	{ "execveat", step_execveat },
	{ "memfd_self", step_memfd_self },
	{ "fork", step_fork },
	{ "child", step_child },
	{ "clone_vm", step_clone_vm },
	{ "vfork", step_vfork },
	{ "clone_files", step_clone_files },
	{ "share_fs", step_share_fs },
	{ "fails", step_fails },
	{ "thread", step_thread },
	{ "spawn", step_spawn },
	{ "traceme", step_traceme },
	{ "is_clean", step_is_clean },
	{ "is_tainted", step_is_tainted },
	{ NULL, NULL },
};
