// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on seccomp's listener: what it is told, and gives (bypass B4). */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define WORDS	    (CANARY_BYTES / sizeof(uint64_t))
#define LISTENER_FD 41 /* where the other finds it */

static int listener = -1;

/* Whoever has it is told of each getpgrp(2), with its arguments. Returns a descriptor, or -1. */
static int new_listener(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &program);
}

/* Stops, then asks who listens, with a call that is none, for a descriptor. */
static int step_seccomp_ask(struct actor *actor, const char *unused)
{
	int fd = new_listener();

	(void)unused;
	if (fd < 0 || dup2(fd, LISTENER_FD) < 0)
		return -errno;
	raise(SIGSTOP);
	return actor_keep(actor, syscall(SYS_getpgrp));
}

/* PID */
static int step_seccomp_listen(struct actor *actor, const char *pid)
{
	int pidfd = syscall(SYS_pidfd_open, atoi(pid), 0);

	(void)actor;
	if (pidfd < 0)
		return -errno;
	listener = syscall(SYS_pidfd_getfd, pidfd, LISTENER_FD, 0);
	close(pidfd);
	return actor_result(listener);
}

/* Gives the newest descriptor to who asks: the kernel puts it into his table. */
static int step_seccomp_give(struct actor *actor, const char *unused)
{
	struct seccomp_notif_addfd give = { .flags = SECCOMP_ADDFD_FLAG_SEND };
	struct seccomp_notif asked = { 0 };

	(void)unused;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return -errno;
	give.id = asked.id;
	give.srcfd = actor_fd(actor);
	return actor_result(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
}

/* ---- The arguments of a call, which its listener is told ---------------------------------- */

static int step_seccomp_watched(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, new_listener());
}

static int step_seccomp_tell(struct actor *actor, const char *unused)
{
	uint64_t word[WORDS];

	(void)unused;
	memcpy(word, actor->buffer, sizeof(word));
	return actor_result(syscall(SYS_getpgrp, word[0], word[1], word[2], word[3]));
}

static int step_seccomp_hear(struct actor *actor, const char *unused)
{
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	struct seccomp_notif asked = { 0 };

	(void)unused;
	if (ioctl(actor_fd(actor), SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return -errno;
	memcpy(actor->buffer, asked.data.args, CANARY_BYTES);
	answer.id = asked.id;
	return actor_result(ioctl(actor_fd(actor), SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

const struct actor_steps actor_seccomp_steps[] = {
	{ "seccomp_ask", step_seccomp_ask },
	{ "seccomp_listen", step_seccomp_listen },
	{ "seccomp_give", step_seccomp_give },
	{ "seccomp_watched", step_seccomp_watched },
	{ "seccomp_tell", step_seccomp_tell },
	{ "seccomp_hear", step_seccomp_hear },
	{ NULL, NULL },
};
