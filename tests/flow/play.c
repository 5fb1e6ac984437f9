// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plays a program: starts its subjects and gives them their turns. Whoever
 * plays reads nothing classified before the last turn, else all that it starts
 * would be tainted.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "flow.h"

#define PROGRAM_FILE "/srv/low/program"
#define BLOCKED_MS   40 /* asleep for so long: it waits for somebody else's turn */
#define TURN_MS	     10000
#define CHILD_MS     2000
#define POLL_NS	     200000

struct conductor {
	int control;
	struct {
		int32_t op;
		int32_t pid[SLOTS];
	} turn;
	bool busy[SLOTS]; /* in an operation that has not come back */
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };

	nanosleep(&pause, NULL);
}

/* ---- What the subjects inherit ---------------------------------------------------- */

static void place_fd(int from, int to)
{
	dup2(from, to);
	close(from);
}

static int make_channels(void)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		return -errno;
	place_fd(ends[0], FD_BASE);
	place_fd(ends[1], FD_BASE + 1);
	/* Its reader waits. */
	if (pipe2(ends, 0))
		return -errno;
	place_fd(ends[0], FD_BASE + 2);
	place_fd(ends[1], FD_BASE + 3);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		return -errno;
	place_fd(ends[0], FD_BASE + 4);
	place_fd(ends[1], FD_BASE + 5);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends))
		return -errno;
	place_fd(ends[0], FD_BASE + 6);
	place_fd(ends[1], FD_BASE + 7);
	ends[0] = memfd_create("channel", 0);
	if (ends[0] < 0 || ftruncate(ends[0], 4096))
		return -errno;
	place_fd(ends[0], FD_BASE + 8);
	return 0;
}

static int make_hidden(void)
{
	int ends[2];

	if (openpty(&ends[0], &ends[1], NULL, NULL, NULL))
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	place_fd(ends[0], FD_HIDDEN + HIDDEN_MASTER);
	place_fd(ends[1], FD_HIDDEN + HIDDEN_SLAVE);
	for (int i = 0; i < 3; i++)
		place_fd(eventfd(0, EFD_NONBLOCK), FD_HIDDEN + HIDDEN_EVENT + i);
	return 0;
}

static int write_program(const struct program *program)
{
	FILE *file = fopen(PROGRAM_FILE, "we");

	if (!file)
		return -errno;
	program_print(program, file);
	return fclose(file) ? -errno : 0;
}

/* ---- Turns -------------------------------------------------------------------------- */

static pid_t start_subject(int slot)
{
	enum rank rank = slot_rank[slot];
	char slot_text[8], rank_text[8], padding[PAYLOAD + 1], variable[PAYLOAD + 8];
	char *argv[] = { "subject", PROGRAM_FILE, slot_text, rank_text, padding, NULL };
	char *envp[] = { variable, NULL };
	pid_t pid = fork();

	if (pid)
		return pid;
	snprintf(slot_text, sizeof(slot_text), "%d", slot);
	snprintf(rank_text, sizeof(rank_text), "%d", rank);
	memset(padding, 'x', PAYLOAD);
	padding[PAYLOAD] = '\0';
	memset(variable, '.', sizeof(variable));
	memcpy(variable, "FLOW=", 5);
	variable[sizeof(variable) - 1] = '\0';
	execve(ranks[rank].path, argv, envp);
	_exit(92);
}

static int slot_of(const struct conductor *conductor, pid_t pid)
{
	for (int i = 0; i < SLOTS; i++)
		if (conductor->turn.pid[i] == pid)
			return i;
	return -1;
}

/* True while the process only waits. */
static bool is_asleep(pid_t pid)
{
	char path[64], text[256] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	state = strrchr(text, ')');
	return state && state[1] && (state[2] == 'S' || state[2] == 'D');
}

/*
 * Takes what the kernel says of any subject. @newcomer: the slot of a child that
 * is on its way, -1: none. Returns the slot that has stopped or ended, -1: none.
 */
static int hear(struct conductor *conductor, int *newcomer)
{
	siginfo_t info = { 0 };
	int slot;

	if (waitid(P_ALL, 0, &info, WSTOPPED | WEXITED | WNOHANG) || !info.si_pid)
		return -1;
	slot = slot_of(conductor, info.si_pid);
	if (slot < 0 && *newcomer >= 0) {
		slot = *newcomer;
		conductor->turn.pid[slot] = info.si_pid;
		*newcomer = -1;
	}
	if (slot < 0)
		return -1;
	conductor->busy[slot] = false;
	if (info.si_code != CLD_STOPPED)
		conductor->turn.pid[slot] = 0;
	return slot;
}

/* Waits until @slot has stopped, ended, or sleeps. False: neither, it hangs. */
static bool await(struct conductor *conductor, int slot, int *newcomer)
{
	long long begin = now_ms(), asleep = 0;

	while (conductor->busy[slot]) {
		long long now = now_ms();

		if (hear(conductor, newcomer) >= 0)
			continue;
		if (!is_asleep(conductor->turn.pid[slot]))
			asleep = 0;
		else if (!asleep)
			asleep = now;
		else if (now - asleep >= BLOCKED_MS)
			return true;
		if (now - begin >= TURN_MS)
			return false;
		pause_briefly();
	}
	return true;
}

static bool await_newcomer(struct conductor *conductor, int *newcomer)
{
	long long begin = now_ms();

	while (*newcomer >= 0 && now_ms() - begin < CHILD_MS)
		if (hear(conductor, newcomer) < 0)
			pause_briefly();
	return *newcomer < 0;
}

static int child_slot(const struct op *op)
{
	const char *args = call_kinds[op->call].args;

	for (int i = 0; args[i]; i++)
		if (args[i] == 'k')
			return op->arg[i];
	return -1;
}

/* One operation, if its subject is there and idle. False: something hangs. */
static bool give_turn(struct conductor *conductor, const struct program *program, int index,
		      struct trace *trace)
{
	const struct op *op = &program->op[index];
	int newcomer = child_slot(op), none = -1;

	while (hear(conductor, &none) >= 0)
		;
	if (!conductor->turn.pid[op->who] || conductor->busy[op->who] ||
	    (newcomer >= 0 && conductor->turn.pid[newcomer]))
		return true;
	conductor->turn.op = index;
	if (pwrite(conductor->control, &conductor->turn, sizeof(conductor->turn), 0) < 0)
		return false;
	conductor->busy[op->who] = true;
	kill(conductor->turn.pid[op->who], SIGCONT);
	if (!await(conductor, op->who, &newcomer))
		return false;
	/* A fork that failed has no child to wait for, but who knows that here? */
	if (newcomer >= 0 && conductor->turn.pid[op->who])
		await_newcomer(conductor, &newcomer);
	trace->step[trace->count].op = index;
	trace->step[trace->count++].blocked = conductor->busy[op->who];
	return true;
}

static bool start_all(struct conductor *conductor)
{
	int none = -1;

	for (int slot = 0; slot < SLOTS_FIRST; slot++) {
		conductor->busy[slot] = true;
		conductor->turn.pid[slot] = start_subject(slot);
		if (conductor->turn.pid[slot] < 0)
			return false;
	}
	for (int slot = 0; slot < SLOTS_FIRST; slot++)
		if (!await(conductor, slot, &none) || conductor->busy[slot] ||
		    !conductor->turn.pid[slot])
			return false;
	return true;
}

static void end_all(struct conductor *conductor)
{
	for (int slot = 0; slot < SLOTS; slot++)
		if (conductor->turn.pid[slot] > 0)
			kill(conductor->turn.pid[slot], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static int conduct(const struct program *program, struct trace *trace)
{
	struct conductor conductor = { .control = -1 };
	int result = 0, none = -1;

	/* Queues, segments and the host's name go when the conductor goes. */
	if (unshare(CLONE_NEWIPC | CLONE_NEWUTS))
		return -errno;
	conductor.control = open(CONTROL_DIR, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (conductor.control < 0 || write_program(program) || make_channels() || make_hidden())
		return -EIO;
	if (!start_all(&conductor))
		result = -ECHILD;
	for (int i = 0; i < program->count && !result; i++)
		if (!give_turn(&conductor, program, i, trace))
			result = -ETIMEDOUT;
	/* Who waited may have got what it waited for with the last turn. */
	for (int slot = 0; slot < SLOTS && !result; slot++)
		if (conductor.busy[slot] && !await(&conductor, slot, &none))
			result = -ETIMEDOUT;
	end_all(&conductor);
	return result;
}

static enum verdict play_here(const struct program *program, const struct playing *playing,
			      const char *why_path)
{
	static struct trace trace;
	FILE *why = fopen(why_path ? why_path : "/dev/null", "ae");
	FILE *figures = playing->figures ? fopen(playing->figures, "ae") : NULL;
	enum verdict verdict = VERDICT_BROKEN;
	int result = why ? arena_fill() : -errno;

	if (!result)
		result = conduct(program, &trace);
	if (!result && program_reaches_hosts(program))
		result = arena_settle();
	if (!result)
		verdict = judge(program, &trace, playing->verbose, why, figures);
	else if (why)
		fprintf(why, "could not be played: %s\n", strerror(-result));
	arena_clear();
	if (why)
		fclose(why);
	if (figures)
		fclose(figures);
	return verdict;
}

enum verdict play(const struct program *program, const struct playing *playing, const char *why)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(play_here(program, playing, why));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return VERDICT_BROKEN;
	return WEXITSTATUS(status) <= VERDICT_BROKEN ? WEXITSTATUS(status) : VERDICT_BROKEN;
}

/* ---- Shrinking: the same leak with less ----------------------------------------------- */

static struct program without(const struct program *program, int first, int count)
{
	struct program less = *program;

	memmove(&less.op[first], &less.op[first + count],
		(less.count - first - count) * sizeof(less.op[0]));
	less.count -= count;
	return less;
}

int program_shrink(struct program *program, const struct playing *playing, int most)
{
	int played = 0;

	for (int size = program->count / 2; size >= 1 && played < most; size /= 2) {
		for (int first = 0; first + size <= program->count && played < most;) {
			struct program less = without(program, first, size);

			played++;
			if (play(&less, playing, NULL) == VERDICT_LEAK)
				*program = less;
			else
				first += size;
		}
	}
	return played;
}
