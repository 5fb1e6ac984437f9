// SPDX-License-Identifier: GPL-2.0-only
/* bpf/net.bpf.c: R3, whatever the call, the family and the form of the address. */
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "attack_rows.h"
#include "scenario.h"

/* ---- R3: the taint goes to no host that is not cleared for it ------------------------ */

/* To a host that is known but not cleared, and to one that nobody knows. */
#define SEND(name, script)                                                                         \
	ATTACK(name##_to_low, .kind = ATTACK_SEND, .host = SINK_LOW, .reason = "host-clearance",   \
	       .steps = script);                                                                   \
	ATTACK(name##_to_unknown, .kind = ATTACK_SEND, .host = SINK_UNK, .reason = "unknown-host", \
	       .steps = script)
/* Where the connection stands before the taint rises: an unknown host has none. */
#define SEND_CONNECTED(name, script)                                                    \
	ATTACK(name, .kind = ATTACK_SEND, .host = SINK_LOW, .reason = "host-clearance", \
	       .steps = script)

SEND(tcp_connect, "taint=%s try tcp=%h,9000 send");
SEND(tcp_connect_v6, "taint=%s try tcp=%H,9000 send");
SEND(M14_tcp_mapped, "taint=%s try tcp=::ffff:%h,9000 send");
SEND(D1_udp_connect, "taint=%s try udp=%h,9001 send");
SEND(D1_udp_sendto, "udp_socket taint=%s try sendto=%h,9001");
SEND(D1_udp_sendto_v6, "udp_socket=6 taint=%s try sendto=%H,9001");
SEND(M14_udp_sendto_mapped, "udp_socket=6 taint=%s try sendto=::ffff:%h,9001");
SEND(M14_udp_sendto_unspec, "udp_socket taint=%s try sendto_unspec=%h,9001");
SEND(D1_udp_sendmsg, "udp_socket taint=%s try sendmsg=%h,9001");
SEND(D1_udp_sendto_though_connected, "udp=%g,9001 taint=%s send try sendto=%h,9001");
SEND(D2_sendmmsg_second, "udp_socket taint=%s try sendmmsg=%g,9001,%h,9001");
SEND(M4_fastopen, "taint=%s try fastopen=%h,9000");
SEND(M4_fastopen_v6, "taint=%s try fastopen=%H,9000");
SEND(D3_fastopen_connect, "taint=%s try fastopen_connect=%h,9000 send");
SEND(D4_udp_reconnect, "udp=%g,9001 taint=%s send try disconnect connect=%h,9001 send");
SEND(D4_udp_connect_again, "udp=%g,9001 taint=%s send try connect=%h,9001 send");
SEND(D4_tcp_reconnect, "tcp=%g,9000 taint=%s send try disconnect connect=%h,9000 send");

SEND_CONNECTED(R3_tcp_raised_after_connect, "tcp=%h,9000 taint=%s try send");
SEND_CONNECTED(R3_tcp_raised_after_connect_v6, "tcp=%H,9000 taint=%s try send");
SEND_CONNECTED(R3_tcp_raised_write, "tcp=%h,9000 taint=%s try write");
SEND_CONNECTED(R3_tcp_raised_writev, "tcp=%h,9000 taint=%s try writev");
SEND_CONNECTED(M7_tcp_raised_sendfile, "tcp=%h,9000 open=%s swap try sendfile_out");
SEND_CONNECTED(M8_tcp_raised_splice, "tcp=%h,9000 open=%s swap try splice_out");
SEND_CONNECTED(R3_udp_raised_after_connect, "udp=%h,9001 taint=%s try send");
SEND_CONNECTED(R3_udp_raised_write, "udp=%h,9001 taint=%s try write");
SEND_CONNECTED(R3_udp_raised_after_send, "say=first udp=%h,9001 send taint=%s try send");
SEND_CONNECTED(D3_fastopen_connect_raised, "fastopen_connect=%h,9000 taint=%s try send");
SEND_CONNECTED(D5_socket_of_parent, "tcp=%h,9000 taint=%s fork try send");
SEND_CONNECTED(D5_socket_kept_over_exec, "tcp=%h,9000 exec=" CLEARED " taint=%s fd=3 try write");

/* ---- R3: nobody reaches whom no rule knows --------------------------------------------- */

#define REACH(name, script)                                                            \
	ATTACK(name, .kind = ATTACK_REACH, .host = SINK_UNK, .reason = "unknown-host", \
	       .steps = "say=" REACH_TEXT " try " script)

REACH(unknown_tcp, "tcp=%h,9000 send");
REACH(unknown_tcp_v6, "tcp=%H,9000 send");
REACH(unknown_udp, "udp=%h,9001 send");
REACH(D1_unknown_sendto, "udp_socket sendto=%h,9001");
REACH(D1_unknown_sendto_v6, "udp_socket=6 sendto=%H,9001");
REACH(D2_unknown_sendmmsg, "udp_socket sendmmsg=%g,9001,%h,9001");
REACH(M4_unknown_fastopen, "fastopen=%h,9000");
REACH(D3_unknown_fastopen_connect, "fastopen_connect=%h,9000 send");
REACH(M14_unknown_mapped, "tcp=::ffff:%h,9000 send");
REACH(M14_unknown_unspec, "udp_socket sendto_unspec=%h,9001");
REACH(D4_unknown_reconnect, "udp=%g,9001 disconnect connect=%h,9001 send");

/* ---- Sockets that no rule can speak of --------------------------------------------------- */

ATTACK(D7_ping, .kind = ATTACK_SEND, .host = SINK_UNK,
       .steps = "taint=%s try socket=2,2,1 ping=%h,0");
ATTACK(D7_ping_low, .kind = ATTACK_SEND, .host = SINK_LOW,
       .steps = "taint=%s try socket=2,2,1 ping=%h,0");
ATTACK(D7_raw, .kind = ATTACK_SEND, .host = SINK_UNK, .cleared = TRUSTED, .reason = "family",
       .steps = "taint=%s try socket=2,3,253 sendto=%h,0");
ATTACK(D8_packet, .kind = ATTACK_SEND, .host = SINK_UNK, .cleared = TRUSTED, .reason = "family",
       .steps = "taint=%s try socket=17,3,3 frame=%i");

FIXTURE(D12_socket)
{
	char steps[64];
};

FIXTURE_VARIANT(D12_socket)
{
	const char *arguments; /* of socket(2) */
	bool all_may;
	bool nobody_may;
};

FIXTURE_SETUP(D12_socket)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	snprintf(self->steps, sizeof(self->steps), "try socket=%s", variant->arguments);
}

FIXTURE_TEARDOWN(D12_socket)
{
}

#define SOCKET(name, words, may)              \
	FIXTURE_VARIANT_ADD(D12_socket, name) \
	{                                     \
		words, may                    \
	}
SOCKET(unix_stream, "1,1,0", true);
SOCKET(unix_dgram, "1,2,0", true);
SOCKET(netlink_route, "16,3,0", true);
SOCKET(inet_tcp, "2,1,6", true);
SOCKET(inet_udp, "2,2,17", true);
SOCKET(inet6_tcp, "10,1,6", true);
SOCKET(inet6_udp, "10,2,17", true);
SOCKET(inet_raw, "2,3,255", false);
SOCKET(inet_raw_icmp, "2,3,1", false);
SOCKET(inet6_raw, "10,3,58", false);
SOCKET(D10_M18_inet_mptcp, "2,1,262", false);
SOCKET(D10_M18_inet6_mptcp, "10,1,262", false);
SOCKET(D9_inet_sctp, "2,5,132", false);
SOCKET(D9_inet_dccp, "2,6,33", false);
FIXTURE_VARIANT_ADD(D12_socket, D11_inet_smc){ "2,1,256", .nobody_may = true };
FIXTURE_VARIANT_ADD(D12_socket, D11_smc){ "43,1,0", .nobody_may = true };
SOCKET(D8_packet_raw, "17,3,768", false);
SOCKET(D8_packet_dgram, "17,2,768", false);
SOCKET(D8_xdp, "44,3,0", false);
SOCKET(vsock, "40,1,0", false);
SOCKET(tipc, "30,1,0", false);
SOCKET(rds, "21,5,0", false);
SOCKET(kcm, "41,2,0", false);
SOCKET(key, "15,3,2", false);
SOCKET(bluetooth, "31,3,1", false);
SOCKET(can, "29,3,1", false);
SOCKET(pppox, "24,1,0", false);
SOCKET(D13_alg, "38,5,0", false);
SOCKET(qipcrtr, "42,2,0", false);
SOCKET(phonet, "35,2,0", false);

TEST_F(D12_socket, is_for_trusted_subjects)
{
	int status = actor_play(PLAIN, self->steps);

	EXPECT_EQ(variant->all_may, status == ACTOR_OK)
	{
		TH_LOG("socket(%s): %s", variant->arguments, actor_status_text(status));
	}
	EXPECT_EQ(!variant->all_may, status == EACCES || status == EPERM);
	/* What this kernel cannot make, it says itself, in words of its own. */
	status = actor_play(TRUSTED, self->steps);
	EXPECT_EQ(variant->nobody_may, actor_denied(status))
	{
		TH_LOG("trusted, socket(%s): %s", variant->arguments, actor_status_text(status));
	}
}

/* ---- Ways round the address (bypasses M14, D22) ------------------------------------------- */

TEST_F(guarded, G15_no_zero_copy_for_the_cleared)
{
	EXPECT_DENIED(CLEARED, "tcp_socket=6 try zero_copy");
	EXPECT_ACTOR(PLAIN, "tcp_socket=6 try zero_copy", ACTOR_OK);
}

TEST_F(guarded, D22_no_routing_by_way_of_another_host)
{
	EXPECT_DENIED(PLAIN, "udp_socket=6 try routing_header=" LOW_V6);
	EXPECT_DENIED(PLAIN, "tcp_socket=6 try routing_header=" LOW_V6);
	EXPECT_DENIED(PLAIN, "udp_socket=6 try packet_options_2292=" LOW_V6);
	EXPECT_DENIED(PLAIN, "say=x udp_socket=6 try send_by_way=" LOW_V6 "," LOW_V6 ",9001");
	EXPECT_DENIED(PLAIN, "udp_socket try source_route=" LOW_V4);
	EXPECT_ACTOR(TRUSTED, "udp_socket=6 try routing_header=" LOW_V6, ACTOR_OK);
	EXPECT_ACTOR(TRUSTED, "udp_socket try source_route=" LOW_V4, ACTOR_OK);
}

/* What is no address is refused with the kernel's own errno: programs look at it. */
TEST_F(guarded, short_addresses_fail_as_without_the_guard)
{
	static const char *const tries[] = {
		"tcp_socket=6 try connect_short=" LOW_V6 ",9001",
		"udp_socket=6 try connect_short=" LOW_V6 ",9001",
		"udp_socket=6 try send_short=" LOW_V6 ",9001",
		"tcp_socket try connect_short=" LOW_V4 ",9001",
		"udp_socket try connect_short=" LOW_V4 ",9001",
		"udp_socket try send_short=" LOW_V4 ",9001",
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
		EXPECT_ACTOR(PLAIN, tries[i], EINVAL);
		ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
		EXPECT_ACTOR(PLAIN, tries[i], EINVAL);
	}
}

/* The unspecified address is this host; this host is one like any other. */
TEST_F(guarded, M14_loopback_in_all_its_forms)
{
	static const char *const forms[] = { "127.0.0.1",     "127.1.2.3", "0.0.0.0",
					     "::1",	      "::",	   "::ffff:127.0.0.1",
					     "::ffff:0.0.0.0" };
	static const struct actor_call server = { .program = PLAIN, .steps = "listen=7001 hold" };
	char steps[128];
	pid_t pid = actor_start(&server);

	ASSERT_TRUE(actor_wait_stopped(pid));
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		snprintf(steps, sizeof(steps), "say=x try tcp=%s,7001 send", forms[i]);
		EXPECT_ACTOR(PLAIN, steps, ACTOR_OK);
		snprintf(steps, sizeof(steps), "taint=" SECRET " try tcp=%s,7001 send", forms[i]);
		EXPECT_DENIED(CLEARED, steps);
		snprintf(steps, sizeof(steps), "taint=" SECRET " try fastopen=%s,7001", forms[i]);
		EXPECT_DENIED(CLEARED, steps);
	}
	kill(pid, SIGKILL);
	actor_wait(pid);
}

/* ---- R3: who may come in -------------------------------------------------------------------- */

/* From @host, connects to us and receives what comes. Returns an errno, or 0 for "got @text". */
static int dial(const struct sink_host *host, enum sink_name name, int port, const char *text)
{
	const struct timeval limit = { .tv_sec = 1 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	char path[64], got[256] = "";
	int space, fd, status;
	pid_t pid = fork();

	if (pid) {
		return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) :
									      ECHILD;
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/net", sink_pid(name));
	space = open(path, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET))
		_exit(ENOTCONN);
	inet_pton(AF_INET, host->us_v4, &to.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		_exit(errno);
	if (recv(fd, got, sizeof(got) - 1, 0) < 0)
		_exit(ENODATA);
	_exit(strncmp(got, text, strlen(text)) ? ENODATA : 0);
}

/* What the dialler got from a server that did @steps; the server is ended. */
static int serve(const char *program, const char *steps, int port, const char *text)
{
	const struct actor_call call = { .program = program, .steps = steps };
	pid_t pid = actor_start(&call);
	int result;

	if (!actor_wait_stopped(pid))
		return ESRCH;
	kill(pid, SIGCONT);
	result = dial(&sink_hosts[SINK_UNK], SINK_UNK, port, text);
	kill(pid, SIGKILL);
	actor_wait(pid);
	return result;
}

FIXTURE(D6_M15_inbound)
{
	int unused;
};

FIXTURE_SETUP(D6_M15_inbound)
{
}

FIXTURE_TEARDOWN(D6_M15_inbound)
{
}

TEST_F(D6_M15_inbound, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(0,
		  serve(PLAIN, "say=text listen=7002 stop accept send hold", CLOSED_PORT, "text"));
	EXPECT_EQ(0, serve(CLEARED, "taint=" SECRET " listen=7001 stop accept send hold", OPEN_PORT,
			   attack_canary()));
}

TEST_F(D6_M15_inbound, enforcing_follows_the_rules)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	/* A rule lets anyone in on this port, on no other. */
	EXPECT_EQ(0, serve(PLAIN, "say=text listen=7001 stop accept send hold", OPEN_PORT, "text"));
	EXPECT_EQ(0,
		  serve(CLEARED, "say=text listen=7001 stop accept send hold", OPEN_PORT, "text"));
	EXPECT_NE(0,
		  serve(PLAIN, "say=text listen=7002 stop accept send hold", CLOSED_PORT, "text"));
	/* The rule's clearance is the peer's: a tainted server has nothing to say to it. */
	EXPECT_NE(0, serve(CLEARED, "taint=" SECRET " listen=7001 stop accept send hold", OPEN_PORT,
			   attack_canary()));
	EXPECT_NE(0, serve(CLEARED, "listen=7001 taint=" SECRET " stop accept send hold", OPEN_PORT,
			   attack_canary()));
	EXPECT_NE(0, serve(CLEARED, "listen=7001 stop accept taint=" SECRET " send hold", OPEN_PORT,
			   attack_canary()));
	EXPECT_FALSE(sink_received(SINK_UNK, attack_canary(), CANARY_BYTES));
}

TEST_HARNESS_MAIN
