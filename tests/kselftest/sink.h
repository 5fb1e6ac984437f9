/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sink plays a host outside: a process in a network name space of its own
 * that keeps whatever reaches it, stream by stream and frame by frame.
 */
#ifndef CORDON_TEST_SINK_H
#define CORDON_TEST_SINK_H

#include <stdbool.h>
#include <sys/types.h>

struct sink_host {
	const char *name; /* also of its interface */
	const char *wire; /* our end of it */
	const char *v4, *v6; /* its addresses */
	const char *us_v4, *us_v6; /* ours on that wire */
};

enum sink_name {
	SINK_UNK,
	SINK_LOW,
	SINK_HI,
	SINK_COUNT
};
extern const struct sink_host sink_hosts[SINK_COUNT];

/* Makes the host and the wire to it; returns the process's id or -errno. */
pid_t sink_start(const struct sink_host *host);

/* For the tests. All wait until the host has kept what is on its way. */
int sink_forget(enum sink_name name);
/* True when the host has received @bytes, in one piece. */
bool sink_received(enum sink_name name, const void *bytes, size_t length);
/* The process that plays it; its name space is /proc/PID/ns/net. */
pid_t sink_pid(enum sink_name name);

#endif /* CORDON_TEST_SINK_H */
