// SPDX-License-Identifier: GPL-2.0-only
/* Operations on what has no file: System V's and POSIX's queues, keys, terminals, names. */
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "subject.h"

#define KEY	 0x666c6f77 /* and two more */
#define ROOM	 4096
#define SEMS	 TOKEN_BYTES
#define WORD	 8
#define MESSAGES 4

static char room[ROOM];

static long took(long length)
{
	return length < 0 ? -errno : subject_take(room, length);
}

/* ---- System V ---------------------------------------------------------------------------- */

long call_shm_attach(struct subject *s, const uint8_t *arg)
{
	int id = shmget(KEY + arg[0], ROOM, IPC_CREAT | 0666);
	char *shm = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	if (shm == (char *)-1)
		return -errno;
	if (s->shm)
		shmdt(s->shm);
	s->shm = shm;
	return 0;
}

long call_shm_detach(struct subject *s, const uint8_t *arg)
{
	char *shm = s->shm;

	(void)arg;
	s->shm = NULL;
	return shm ? done(shmdt(shm)) : -EBADF;
}

struct message {
	long type;
	char text[PAYLOAD];
};

long call_msg_send(struct subject *s, const uint8_t *arg)
{
	int id = msgget(KEY + arg[0], IPC_CREAT | 0666);
	struct message message = { .type = 1 };

	if (id < 0)
		return -errno;
	memcpy(message.text, subject_payload(s), PAYLOAD);
	return done(msgsnd(id, &message, PAYLOAD, IPC_NOWAIT));
}

long call_msg_receive(struct subject *s, const uint8_t *arg)
{
	int id = msgget(KEY + arg[0], IPC_CREAT | 0666);
	struct message message;
	long length;

	(void)s;
	if (id < 0)
		return -errno;
	length = msgrcv(id, &message, PAYLOAD, 0, IPC_NOWAIT);
	return length < 0 ? -errno : subject_take(message.text, length);
}

/* A semaphore holds a character. */
long call_sem_set(struct subject *s, const uint8_t *arg)
{
	int id = semget(KEY + arg[0], SEMS, IPC_CREAT | 0666);
	char token[TOKEN_BYTES + 1];
	unsigned short values[SEMS];

	(void)s;
	if (id < 0)
		return -errno;
	subject_last(token);
	for (int i = 0; i < SEMS; i++)
		values[i] = token[i];
	return done(semctl(id, 0, SETALL, values));
}

long call_sem_get(struct subject *s, const uint8_t *arg)
{
	int id = semget(KEY + arg[0], SEMS, IPC_CREAT | 0666);
	char token[TOKEN_BYTES];
	unsigned short values[SEMS];

	(void)s;
	if (id < 0 || semctl(id, 0, GETALL, values) < 0)
		return -errno;
	for (int i = 0; i < SEMS; i++)
		token[i] = values[i];
	return subject_take(token, sizeof(token));
}

/* ---- POSIX message queues: a descriptor is one ----------------------------------------------- */

static long open_queue(const uint8_t *arg, int flags)
{
	struct mq_attr attributes = { .mq_maxmsg = MESSAGES, .mq_msgsize = PAYLOAD };
	char name[16];

	snprintf(name, sizeof(name), "/flow%d", arg[0]);
	return fd_put(mq_open(name, flags | O_CREAT | O_NONBLOCK, 0666, &attributes), arg[1]);
}

long call_mq_open_read(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return open_queue(arg, O_RDONLY);
}

long call_mq_open_write(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return open_queue(arg, O_WRONLY);
}

long call_mq_send(struct subject *s, const uint8_t *arg)
{
	const struct timespec never = { 0 };

	return done(mq_timedsend(fd_arg(arg[0]), subject_payload(s), PAYLOAD, 0, &never));
}

long call_mq_receive(struct subject *s, const uint8_t *arg)
{
	const struct timespec never = { 0 };

	(void)s;
	return took(mq_timedreceive(fd_arg(arg[0]), room, ROOM, NULL, &never));
}

/* ---- Keys ---------------------------------------------------------------------------------- */

long call_key_add(struct subject *s, const uint8_t *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "flow%d", arg[0]);
	return done(syscall(SYS_add_key, "user", name, subject_payload(s), PAYLOAD,
			    KEY_SPEC_USER_KEYRING));
}

long call_key_read(struct subject *s, const uint8_t *arg)
{
	char name[16];
	long key;

	(void)s;
	snprintf(name, sizeof(name), "flow%d", arg[0]);
	key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0);
	return key < 0 ? -errno : took(syscall(SYS_keyctl, KEYCTL_READ, key, room, ROOM));
}

/* ---- Descriptors that every subject inherits and no argument names ---------------------------- */

long call_event_put(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + WORD] = "";
	long result = 0;

	(void)s;
	(void)arg;
	subject_last(token);
	for (int i = 0; i < 3 && result >= 0; i++)
		result = done(write(FD_HIDDEN + HIDDEN_EVENT + i, token + i * 6, WORD));
	return result;
}

long call_event_get(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + WORD] = "", word[WORD];
	long result = 0;

	(void)s;
	(void)arg;
	for (int i = 0; i < 3 && result >= 0; i++) {
		result = done(read(FD_HIDDEN + HIDDEN_EVENT + i, word, WORD));
		memcpy(token + i * 6, word, 6);
	}
	return result < 0 ? result : subject_take(token, TOKEN_BYTES);
}

long call_pty_put(struct subject *s, const uint8_t *arg)
{
	int fd = FD_HIDDEN + (arg[0] ? HIDDEN_SLAVE : HIDDEN_MASTER);

	return done(write(fd, subject_payload(s), PAYLOAD));
}

long call_pty_get(struct subject *s, const uint8_t *arg)
{
	(void)s;
	return took(read(FD_HIDDEN + (arg[0] ? HIDDEN_SLAVE : HIDDEN_MASTER), room, ROOM));
}

long call_host_put(struct subject *s, const uint8_t *arg)
{
	char token[TOKEN_BYTES + 1];

	(void)s;
	(void)arg;
	subject_last(token);
	return done(sethostname(token, strlen(token)));
}

long call_host_get(struct subject *s, const uint8_t *arg)
{
	struct utsname name;

	(void)s;
	(void)arg;
	if (uname(&name))
		return -errno;
	return subject_take(name.nodename, strlen(name.nodename));
}
