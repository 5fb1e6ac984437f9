// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on queues, semaphores, keys, signals, and on pipes without read or write. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define KEY_SPEC_USER_KEYRING -4
#define KEYCTL_READ	      11

struct message {
	long type;
	char text[CANARY_BYTES];
};

static int step_msg_send(struct actor *actor, const char *key)
{
	struct message message = { .type = 1 };
	int queue = msgget(atoi(key), IPC_CREAT | 0666);

	memcpy(message.text, actor->buffer, CANARY_BYTES);
	return queue < 0 ? -errno : actor_result(msgsnd(queue, &message, CANARY_BYTES, 0));
}

static int receive(struct actor *actor, const char *key, int flags)
{
	struct message message;
	int queue = msgget(atoi(key), IPC_CREAT | 0666);
	ssize_t length = queue < 0 ? -1 : msgrcv(queue, &message, CANARY_BYTES, 0, flags);

	if (length < 0)
		return -errno;
	memcpy(actor->buffer, message.text, length);
	actor->length = length;
	return 0;
}

static int step_msg_recv(struct actor *actor, const char *key)
{
	return receive(actor, key, 0);
}

/* What is there now, or an error: nobody waits for what a denial keeps away. */
static int step_msg_try(struct actor *actor, const char *key)
{
	return receive(actor, key, IPC_NOWAIT);
}

static int step_msg_remove(struct actor *actor, const char *key)
{
	(void)actor;
	return actor_result(msgctl(msgget(atoi(key), 0), IPC_RMID, NULL));
}

static int semaphore(const char *key)
{
	return semget(atoi(key), 1, IPC_CREAT | 0666);
}

/* The first byte of the buffer. */
static int step_sem_set(struct actor *actor, const char *key)
{
	int set = semaphore(key);

	return set < 0 ? -errno : actor_result(semctl(set, 0, SETVAL, actor->buffer[0]));
}

static int step_sem_up(struct actor *actor, const char *key)
{
	struct sembuf up = { .sem_op = 1 };
	int set = semaphore(key);

	(void)actor;
	return set < 0 ? -errno : actor_result(semop(set, &up, 1));
}

static int step_sem_get(struct actor *actor, const char *key)
{
	int set = semaphore(key);

	(void)actor;
	return set < 0 ? -errno : actor_result(semctl(set, 0, GETVAL));
}

static int step_sem_remove(struct actor *actor, const char *key)
{
	(void)actor;
	return actor_result(semctl(semaphore(key), 0, IPC_RMID));
}

static int step_mq_open(struct actor *actor, const char *name)
{
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = CANARY_BYTES };

	return actor_keep(actor, mq_open(name, O_RDWR | O_CREAT, 0666, &attributes));
}

static int step_mq_send(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_result(mq_send(actor_fd(actor), actor->buffer, CANARY_BYTES, 0));
}

static int step_mq_recv(struct actor *actor, const char *unused)
{
	ssize_t length = mq_receive(actor_fd(actor), actor->buffer, CANARY_BYTES, NULL);

	(void)unused;
	actor->length = length > 0 ? length : 0;
	return actor_result(length);
}

static int step_key_add(struct actor *actor, const char *name)
{
	return actor_result(syscall(SYS_add_key, "user", name, actor->buffer, CANARY_BYTES,
				    KEY_SPEC_USER_KEYRING));
}

static int step_key_read(struct actor *actor, const char *name)
{
	long key = syscall(SYS_request_key, "user", name, NULL, KEY_SPEC_USER_KEYRING);

	if (key < 0)
		return -errno;
	actor->length = CANARY_BYTES;
	return actor_result(syscall(SYS_keyctl, KEYCTL_READ, key, actor->buffer, CANARY_BYTES));
}

/* PID: eight bytes of the buffer, as a signal's value. */
static int step_signal_value(struct actor *actor, const char *pid)
{
	union sigval value;

	memcpy(&value, actor->buffer, sizeof(value));
	return actor_result(sigqueue(atoi(pid), SIGRTMIN, value));
}

static int step_signal(struct actor *actor, const char *pid)
{
	(void)actor;
	return actor_result(kill(atoi(pid), SIGCONT));
}

/* ---- Pipes without read or write --------------------------------------------------- */

static int take(struct actor *actor, int fd)
{
	ssize_t got = read(fd, actor->buffer, ACTOR_BUFFER);

	actor->length = got > 0 ? got : 0;
	return actor_result(got);
}

static int step_tee(struct actor *actor, const char *unused)
{
	int result, ends[2];

	(void)unused;
	if (pipe(ends))
		return -errno;
	result = actor_result(tee(actor_fd(actor), ends[1], 4096, 0));
	if (!result)
		result = take(actor, ends[0]);
	close(ends[0]);
	close(ends[1]);
	return result;
}

/* From a pipe that holds the buffer, by @move, into the newest. */
static int pour(struct actor *actor, ssize_t (*move)(int from, int to))
{
	int result, ends[2];

	if (pipe(ends))
		return -errno;
	result = actor_result(write(ends[1], actor->buffer, actor->length));
	if (!result)
		result = actor_result(move(ends[0], actor_fd(actor)));
	close(ends[0]);
	close(ends[1]);
	return result;
}

static ssize_t move_tee(int from, int to)
{
	return tee(from, to, 4096, 0);
}

static ssize_t move_splice(int from, int to)
{
	return splice(from, NULL, to, NULL, 4096, 0);
}

static int step_tee_out(struct actor *actor, const char *unused)
{
	(void)unused;
	return pour(actor, move_tee);
}

static int step_pipe_splice_out(struct actor *actor, const char *unused)
{
	(void)unused;
	return pour(actor, move_splice);
}

static int step_vmsplice(struct actor *actor, const char *unused)
{
	struct iovec part = { actor->buffer, CANARY_BYTES };

	(void)unused;
	actor->length = CANARY_BYTES;
	return actor_result(vmsplice(actor_fd(actor), &part, 1, 0));
}

const struct actor_steps actor_queue_steps[] = {
	{ "msg_send", step_msg_send }, { "msg_recv", step_msg_recv },
	{ "msg_try", step_msg_try },   { "msg_remove", step_msg_remove },
	{ "sem_set", step_sem_set },   { "sem_up", step_sem_up },
	{ "sem_get", step_sem_get },   { "sem_remove", step_sem_remove },
	{ "mq_open", step_mq_open },   { "mq_send", step_mq_send },
	{ "mq_recv", step_mq_recv },   { "key_add", step_key_add },
	{ "key_read", step_key_read }, { "signal_value", step_signal_value },
	{ "signal", step_signal },     { "tee", step_tee },
	{ "tee_out", step_tee_out },   { "pipe_splice_out", step_pipe_splice_out },
	{ "vmsplice", step_vmsplice }, { NULL, NULL },
};
