// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on seccomp's listener: one process gives another a descriptor (bypass B4). */
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

#define LISTENER_FD 41 /* where the other finds it */

static int listener = -1;

/* Stops, then asks who listens, with a call that is none, for a descriptor. */
static int step_seccomp_ask(struct actor *actor, const char *unused)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	int fd;

	(void)unused;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		     &program);
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

const struct actor_steps actor_seccomp_steps[] = {
	{ "seccomp_ask", step_seccomp_ask },
	{ "seccomp_listen", step_seccomp_listen },
	{ "seccomp_give", step_seccomp_give },
	{ NULL, NULL },
};
