// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

#define REQUEST_BYTES 1024

struct request {
	struct nlmsghdr header;
	char body[REQUEST_BYTES];
};

static void request_start(struct request *request, int type, int flags, const void *body,
			  size_t bytes)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->header.nlmsg_len = NLMSG_LENGTH(bytes);
	memcpy(NLMSG_DATA(&request->header), body, bytes);
}

static struct rtattr *request_tail(struct request *request)
{
	return (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
}

static void request_add(struct request *request, int type, const void *value, size_t bytes)
{
	struct rtattr *attribute = request_tail(request);

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(bytes);
	if (bytes)
		memcpy(RTA_DATA(attribute), value, bytes);
	request->header.nlmsg_len =
		NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

static struct rtattr *request_nest(struct request *request, int type)
{
	struct rtattr *nest = request_tail(request);

	request_add(request, type, NULL, 0);
	return nest;
}

static void request_end_nest(struct request *request, struct rtattr *nest)
{
	nest->rta_len = (char *)request_tail(request) - (char *)nest;
}

static int request_send(struct request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[REQUEST_BYTES];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int result = -EIO;

	if (fd < 0)
		return -errno;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		result = -errno;
	else if (answer.header.nlmsg_type == NLMSG_ERROR)
		result = answer.error.error;
	close(fd);
	return result;
}

int netlink_add_wire(const char *name, const char *peer, pid_t pid)
{
	const struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct rtattr *info, *data, *other;
	const uint32_t space = pid;
	struct request request;

	request_start(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	info = request_nest(&request, IFLA_LINKINFO);
	request_add(&request, IFLA_INFO_KIND, "veth", strlen("veth"));
	data = request_nest(&request, IFLA_INFO_DATA);
	other = request_nest(&request, VETH_INFO_PEER);
	/* The peer's description begins with a header of its own. */
	memcpy(request_tail(&request), &link, sizeof(link));
	request.header.nlmsg_len += NLMSG_ALIGN(sizeof(link));
	request_add(&request, IFLA_IFNAME, peer, strlen(peer) + 1);
	request_add(&request, IFLA_NET_NS_PID, &space, sizeof(space));
	request_end_nest(&request, other);
	request_end_nest(&request, data);
	request_end_nest(&request, info);
	return request_send(&request);
}

static int set_up(const char *interface)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC,
				  .ifi_index = if_nametoindex(interface),
				  .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct request request;

	request_start(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	return request_send(&request);
}

int netlink_add_address(const char *interface, const char *address, int prefix)
{
	/* No waiting for an answer to "who has this address": it is ours. */
	const uint32_t flags = IFA_F_NODAD | IFA_F_PERMANENT;
	struct ifaddrmsg message = { .ifa_prefixlen = prefix,
				     .ifa_index = if_nametoindex(interface) };
	struct request request;
	unsigned char bytes[16];
	size_t length = 4;

	message.ifa_family = AF_INET;
	if (inet_pton(AF_INET, address, bytes) != 1) {
		message.ifa_family = AF_INET6;
		length = 16;
		if (inet_pton(AF_INET6, address, bytes) != 1)
			return -EINVAL;
	}
	if (!message.ifa_index)
		return -ENODEV;
	request_start(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof(message));
	request_add(&request, IFA_LOCAL, bytes, length);
	request_add(&request, IFA_ADDRESS, bytes, length);
	request_add(&request, IFA_FLAGS, &flags, sizeof(flags));
	return set_up(interface) ?: request_send(&request);
}
