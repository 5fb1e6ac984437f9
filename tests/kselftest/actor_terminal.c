// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on terminals. The newest descriptor is a side of one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

/* Becomes the controlling terminal, so that /dev/tty is it. */
static int step_control(struct actor *actor, const char *unused)
{
	(void)unused;
	setsid();
	return actor_result(ioctl(actor_fd(actor), TIOCSCTTY, 0));
}

/* The slave side, without its path. */
static int step_peer(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, ioctl(actor_fd(actor), TIOCGPTPEER, O_RDWR | O_NOCTTY));
}

/* What is written is read at the same side. */
static int step_echo(struct actor *actor, const char *unused)
{
	struct termios settings;

	(void)unused;
	if (tcgetattr(actor_fd(actor), &settings))
		return -errno;
	settings.c_lflag |= ECHO;
	return actor_result(tcsetattr(actor_fd(actor), TCSANOW, &settings));
}

/* The buffer, as if it had been typed. */
static int step_insert(struct actor *actor, const char *unused)
{
	(void)unused;
	for (size_t i = 0; i < actor->length; i++)
		if (ioctl(actor_fd(actor), TIOCSTI, actor->buffer + i))
			return -errno;
	return 0;
}

/* Half a canary in the characters that control, the other half after it, so many times. */
static int step_set_settings(struct actor *actor, const char *times)
{
	struct termios settings;

	if (tcgetattr(actor_fd(actor), &settings))
		return -errno;
	for (int i = 0; i < atoi(times); i++) {
		memcpy(settings.c_cc, actor->buffer + (i & 1) * CANARY_BYTES / 2, CANARY_BYTES / 2);
		if (tcsetattr(actor_fd(actor), TCSANOW, &settings))
			return -errno;
	}
	return 0;
}

static int step_get_settings(struct actor *actor, const char *unused)
{
	struct termios settings;

	(void)unused;
	if (tcgetattr(actor_fd(actor), &settings))
		return -errno;
	memcpy(actor->buffer, settings.c_cc, CANARY_BYTES / 2);
	actor->length = CANARY_BYTES / 2;
	return 0;
}

static int step_discipline(struct actor *actor, const char *number)
{
	int discipline = atoi(number);

	return actor_result(ioctl(actor_fd(actor), TIOCSETD, &discipline));
}

const struct actor_steps actor_terminal_steps[] = {
	{ "control", step_control },
	{ "peer", step_peer },
	{ "echo", step_echo },
	{ "insert", step_insert },
	{ "set_settings", step_set_settings },
	{ "get_settings", step_get_settings },
	{ "discipline", step_discipline },
	{ NULL, NULL },
};
