// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps below the checks of hosts, and as a server of files. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"
#include "netlink.h"
#include "world.h"

#define SOL_SCTP	      132
#define SCTP_SOCKOPT_CONNECTX 110
#define SERVED_INODE	      2
#define FUSE_BUFFER	      (1 << 17)

/* ---- Netlink (bypass D14) ------------------------------------------------------- */

static int netlink_request(struct actor *actor, int type, int flags, const void *body, size_t bytes)
{
	char request[1024] __attribute__((aligned(8))) = "";
	struct nlmsghdr *header = (void *)request;
	struct nlmsghdr *answer = (void *)(actor->buffer + ACTOR_BUFFER / 2);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), result;

	if (fd < 0)
		return -errno;
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_len = NLMSG_LENGTH(bytes);
	memcpy(NLMSG_DATA(header), body, bytes);
	result = actor_result(send(fd, request, header->nlmsg_len, 0));
	if (!result)
		result = actor_result(recv(fd, answer, ACTOR_BUFFER / 2, 0));
	close(fd);
	if (!result && answer->nlmsg_type == NLMSG_ERROR)
		result = ((struct nlmsgerr *)NLMSG_DATA(answer))->error;
	return result;
}

/* What getaddrinfo and every network tool asks. */
static int step_netlink_asks(struct actor *actor, const char *unused)
{
	const struct rtgenmsg all = { .rtgen_family = AF_UNSPEC };

	(void)unused;
	return netlink_request(actor, RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all));
}

/* INTERFACE: the payload becomes its alias, which all may read. */
static int step_netlink_alias(struct actor *actor, const char *interface)
{
	struct {
		struct ifinfomsg link;
		struct rtattr alias;
		char text[CANARY_BYTES];
	} body = {
		.link.ifi_index = if_nametoindex(interface),
		.alias = { .rta_type = IFLA_IFALIAS, .rta_len = RTA_LENGTH(CANARY_BYTES) },
	};

	memcpy(body.text, actor->buffer, CANARY_BYTES);
	return netlink_request(actor, RTM_SETLINK, NLM_F_ACK, &body, sizeof(body));
}

/* NUMBER: a socket that processes send to, by that number. */
static int step_netlink_bind(struct actor *actor, const char *number)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = atoi(number) };
	int result = actor_keep(actor, socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK));

	if (result)
		return result;
	return actor_result(bind(actor_fd(actor), (struct sockaddr *)&address, sizeof(address)));
}

static int netlink_to(struct actor *actor, const char *number, bool connected)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = atoi(number) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK), result;

	if (fd < 0)
		return -errno;
	if (connected && connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return -errno;
	result = actor_result(sendto(fd, actor->buffer, CANARY_BYTES, 0,
				     connected ? NULL : (struct sockaddr *)&to,
				     connected ? 0 : sizeof(to)));
	close(fd);
	return result;
}

static int step_netlink_sendto(struct actor *actor, const char *number)
{
	return netlink_to(actor, number, false);
}

static int step_netlink_connected(struct actor *actor, const char *number)
{
	return netlink_to(actor, number, true);
}

/* ---- Name spaces of the network (bypass D18) -------------------------------------- */

/* A network name space of one's own; with "user" in a user name space of one's own. */
static int step_unshare_net(struct actor *actor, const char *user)
{
	(void)actor;
	return actor_result(unshare(CLONE_NEWNET | (*user ? CLONE_NEWUSER : 0)));
}

/* Somebody else's address is this machine's own. */
static int step_own_address(struct actor *actor, const char *address)
{
	(void)actor;
	return netlink_add_address("lo", address, 32);
}

/* LOOT: a child receives datagrams on the sinks' port, and keeps them there. */
static int step_receive_datagrams(struct actor *actor, const char *loot)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(UDP_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), out;
	ssize_t length;

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)))
		return -errno;
	out = open(loot, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (out < 0)
		return -errno;
	if (fork()) {
		close(fd);
		close(out);
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	length = recv(fd, actor->buffer, ACTOR_BUFFER, 0);
	_exit(length > 0 && write(out, actor->buffer, length) == length ? 0 : 1);
}

/* LOOT: waits until something is in it. */
static int step_await_bytes(struct actor *actor, const char *loot)
{
	struct stat status;

	(void)actor;
	for (int ms = 0; ms < 500; ms += 5) {
		if (!stat(loot, &status) && status.st_size)
			return 0;
		poll(NULL, 0, 5);
	}
	return -ETIMEDOUT;
}

/* LEVEL,NAME: an option, with the payload as its value. */
static int step_setsockopt(struct actor *actor, const char *argument)
{
	char level[16];
	int name = atoi(actor_split(argument, level, sizeof(level)));

	return actor_result(
		setsockopt(actor_fd(actor), atoi(level), name, actor->buffer, CANARY_BYTES));
}

/* ---- SCTP (bypass D9) ---------------------------------------------------------------- */

/* ADDRESS,PORT: connects without connect(2). */
static int step_sctp_connectx(struct actor *actor, const char *argument)
{
	char address[64];
	struct sockaddr_in to = { .sin_family = AF_INET };

	to.sin_port = htons(atoi(actor_split(argument, address, sizeof(address))));
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -EINVAL;
	return actor_result(
		setsockopt(actor_fd(actor), SOL_SCTP, SCTP_SOCKOPT_CONNECTX, &to, sizeof(to)));
}

/* ---- A file server in user space (bypass A6) --------------------------------------------- */

struct served {
	const char *file; /* what is shown, under the name "file" */
	int fd;
	bool passes; /* the kernel takes it from @file, past the server */
};

/* What Debian 12's <linux/fuse.h> does not have yet: bits, and the words behind flags2. */
#define PASSES_FLAGS	 (1u << 30) /* FUSE_INIT_EXT: flags2 counts */
#define PASSES_FLAGS2	 (1u << 5) /* FUSE_PASSTHROUGH, from bit 32 on */
#define PASSES_OPEN	 (1u << 7) /* FOPEN_PASSTHROUGH */
#define PASSES_OPEN_FILE _IOW(229, 1, struct backing_map) /* FUSE_DEV_IOC_BACKING_OPEN */

struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

struct init_out {
	uint32_t major, minor, max_readahead, flags;
	uint16_t max_background, congestion_threshold;
	uint32_t max_write, time_gran;
	uint16_t max_pages, map_alignment;
	uint32_t flags2, max_stack_depth, unused[6];
};

struct open_out {
	uint64_t fh;
	uint32_t open_flags;
	int32_t backing_id;
};

static void describe(struct fuse_attr *attr, uint64_t inode)
{
	attr->ino = inode;
	attr->mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0777 : S_IFREG | 0666;
	attr->nlink = 1;
	attr->size = 4096;
}

static int answer_init(const struct served *served, struct init_out *out)
{
	out->major = FUSE_KERNEL_VERSION;
	out->minor = 31;
	out->max_write = 4096;
	if (served->passes) {
		out->flags = PASSES_FLAGS;
		out->flags2 = PASSES_FLAGS2;
		out->max_stack_depth = 1;
	}
	return sizeof(*out);
}

/* Naming the file below needs no right to read it, and raises nobody. */
static int answer_open(const struct served *served, struct open_out *out)
{
	struct backing_map map = { .fd = -1 };

	out->open_flags = FOPEN_DIRECT_IO;
	if (!served->passes)
		return sizeof(*out);
	map.fd = open(served->file, O_PATH | O_CLOEXEC);
	out->backing_id = ioctl(served->fd, PASSES_OPEN_FILE, &map);
	close(map.fd);
	if (out->backing_id < 0)
		return -errno;
	out->open_flags = PASSES_OPEN;
	return sizeof(*out);
}

/* Fills @body; returns its bytes, or -errno for the client. */
static int answer(const struct served *served, const struct fuse_in_header *in, char *body)
{
	int fd, length;

	memset(body, 0, 256);
	switch (in->opcode) {
	case FUSE_INIT:
		return answer_init(served, (struct init_out *)body);
	case FUSE_LOOKUP:
		((struct fuse_entry_out *)body)->nodeid = SERVED_INODE;
		describe(&((struct fuse_entry_out *)body)->attr, SERVED_INODE);
		return sizeof(struct fuse_entry_out);
	case FUSE_GETATTR:
		describe(&((struct fuse_attr_out *)body)->attr, in->nodeid);
		return sizeof(struct fuse_attr_out);
	case FUSE_OPEN:
		return answer_open(served, (struct open_out *)body);
	case FUSE_READ:
		fd = open(served->file, O_RDONLY | O_CLOEXEC);
		length = fd < 0 ? -errno : read(fd, body, 4096);
		close(fd);
		return length;
	}
	return -ENOSYS;
}

/* Until an answer is refused: then the file system is no more. */
_Noreturn static void serve(const struct served *served)
{
	static char request[FUSE_BUFFER], reply[8192] __attribute__((aligned(8)));
	const struct fuse_in_header *in = (void *)request;
	struct fuse_out_header *out = (void *)reply;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(served->fd, request, sizeof(request)) > 0) {
		int result = answer(served, in, reply + sizeof(*out));

		if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET)
			continue;
		out->unique = in->unique;
		out->error = result < 0 ? result : 0;
		out->len = sizeof(*out) + (result > 0 ? result : 0);
		if (write(served->fd, reply, out->len) < 0)
			_exit(1);
	}
	_exit(0);
}

static int start_server(const char *argument, bool passes)
{
	char file[256], options[128];
	const char *path = actor_split(argument, file, sizeof(file));
	struct served served = { .file = file,
				 .fd = open("/dev/fuse", O_RDWR | O_CLOEXEC),
				 .passes = passes };

	if (served.fd < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 served.fd);
	if (mount("served", path, "fuse", 0, options))
		return -errno;
	if (!fork())
		serve(&served);
	close(served.fd);
	return 0;
}

/* FILE,PATH: a file system at PATH, in which FILE can be read. */
static int step_fuse_serve(struct actor *actor, const char *argument)
{
	(void)actor;
	return start_server(argument, false);
}

/* The same, where the kernel goes to FILE past the server. */
static int step_fuse_pass(struct actor *actor, const char *argument)
{
	(void)actor;
	return start_server(argument, true);
}

const struct actor_steps actor_below_steps[] = {
	{ "netlink_asks", step_netlink_asks },
	{ "netlink_alias", step_netlink_alias },
	{ "netlink_bind", step_netlink_bind },
	{ "netlink_sendto", step_netlink_sendto },
	{ "netlink_connected", step_netlink_connected },
	{ "unshare_net", step_unshare_net },
	{ "own_address", step_own_address },
	{ "receive_datagrams", step_receive_datagrams },
	{ "await_bytes", step_await_bytes },
	{ "setsockopt", step_setsockopt },
	{ "sctp_connectx", step_sctp_connectx },
	{ "fuse_serve", step_fuse_serve },
	{ "fuse_pass", step_fuse_pass },
	{ NULL, NULL },
};
