// SPDX-License-Identifier: GPL-2.0-only
/* Below the checks of hosts: rewritten packets, name spaces, netlink, servers in between. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "attack_rows.h"
#include "scenario.h"

#define LOOT LOW_DIR "/below.loot"

/* ---- D17: the destination is changed after it was judged ------------------------------- */

/* A program that sends datagrams for one host to UNK, after they were judged. */
static int load_rewriting(const char *from)
{
	const struct bpf_insn program[] = {
		/* r2 = ctx->user_ip4; if it is @from, it becomes UNK; return 1 */
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = 2,
		  .src_reg = 1,
		  .off = offsetof(struct bpf_sock_addr, user_ip4) },
		{ .code = BPF_JMP32 | BPF_JNE | BPF_K,
		  .dst_reg = 2,
		  .off = 2,
		  .imm = inet_addr(from) },
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = 3, .imm = inet_addr(UNK_V4) },
		{ .code = BPF_STX | BPF_MEM | BPF_W,
		  .dst_reg = 1,
		  .src_reg = 3,
		  .off = offsetof(struct bpf_sock_addr, user_ip4) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_CGROUP_UDP4_SENDMSG);

	return bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "rewrite", "GPL", program,
			     ARRAY_SIZE(program), &options);
}

FIXTURE(D17_rewritten)
{
	int cgroup, low, high; /* descriptors */
	off_t from;
};

FIXTURE_SETUP(D17_rewritten)
{
	self->cgroup = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	self->low = load_rewriting(LOW_V4);
	self->high = load_rewriting(HI_V4);
	ASSERT_LE(0, self->cgroup);
	ASSERT_LE(0, self->low);
	ASSERT_LE(0, self->high);
	ASSERT_EQ(0, bpf_prog_attach(self->low, self->cgroup, BPF_CGROUP_UDP4_SENDMSG,
				     BPF_F_ALLOW_MULTI));
	ASSERT_EQ(0, bpf_prog_attach(self->high, self->cgroup, BPF_CGROUP_UDP4_SENDMSG,
				     BPF_F_ALLOW_MULTI));
	for (int i = 0; i < SINK_COUNT; i++)
		ASSERT_EQ(0, sink_forget(i));
	self->from = records_end();
}

FIXTURE_TEARDOWN(D17_rewritten)
{
	bpf_prog_detach2(self->low, self->cgroup, BPF_CGROUP_UDP4_SENDMSG);
	bpf_prog_detach2(self->high, self->cgroup, BPF_CGROUP_UDP4_SENDMSG);
	close(self->low);
	close(self->high);
	close(self->cgroup);
}

#define TO_LOW "say=" REACH_TEXT " udp_socket sendto=" LOW_V4 ",9001"
#define TO_HI  "taint=" SECRET " udp_socket sendto=" HI_V4 ",9001"

TEST_F(D17_rewritten, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(PLAIN, TO_LOW, ACTOR_OK);
	EXPECT_ACTOR(CLEARED, TO_HI, ACTOR_OK);
	EXPECT_TRUE(sink_received(SINK_UNK, REACH_TEXT, strlen(REACH_TEXT)));
	EXPECT_TRUE(sink_received(SINK_UNK, attack_canary(), CANARY_BYTES));
}

TEST_F(D17_rewritten, enforcing_drops_the_packet)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	/* A packet that is dropped may be told to who sent it. */
	actor_play(PLAIN, TO_LOW);
	actor_play(CLEARED, TO_HI);
	EXPECT_FALSE(sink_received(SINK_UNK, REACH_TEXT, strlen(REACH_TEXT)));
	EXPECT_FALSE(sink_received(SINK_UNK, attack_canary(), CANARY_BYTES));
	EXPECT_RECORD(.verdict = "deny", .reason = "unknown-host", .operation = "packet");
}

/* ipvs sends on without a socket, past every check: for trusted subjects. */
TEST_F(guarded, D17_virtual_servers)
{
	EXPECT_DENIED(PLAIN, "say=x udp_socket try setsockopt=0,1154");
	EXPECT_FALSE(actor_denied(actor_play(TRUSTED, "say=x udp_socket try setsockopt=0,1154")));
}

/* ---- D18: an address means what the owner of the name space says -------------------------- */

FIXTURE(D18_name_space)
{
	char steps[512];
};

FIXTURE_VARIANT(D18_name_space)
{
	const char *space, *address;
};

FIXTURE_VARIANT_ADD(D18_name_space, of_a_user){ "unshare_net=user", HI_V4 };
FIXTURE_VARIANT_ADD(D18_name_space, of_root){ "unshare_net", HI_V4 };

FIXTURE_SETUP(D18_name_space)
{
	unlink(LOOT);
	snprintf(self->steps, sizeof(self->steps),
		 "%s own_address=127.0.0.1 own_address=%s receive_datagrams=" LOOT " exec=" CLEARED
		 " taint=" SECRET " try udp=%s,9001 send await_bytes=" LOOT,
		 variant->space, variant->address, variant->address);
}

FIXTURE_TEARDOWN(D18_name_space)
{
	unlink(LOOT);
}

TEST_F(D18_name_space, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(PLAIN, self->steps, ACTOR_OK);
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

TEST_F(D18_name_space, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_NE(ACTOR_OK, actor_play(PLAIN, self->steps));
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
	EXPECT_EQ(0, access(LOOT, F_OK)); /* it came as far as that */
}

TEST_F(guarded, D18_what_is_unclassified_stays_free)
{
	EXPECT_ACTOR(PLAIN,
		     "unshare_net=user own_address=127.0.0.1 own_address=" HI_V4
		     " receive_datagrams=" LOOT " say=x udp=" HI_V4 ",9001 send await_bytes=" LOOT,
		     ACTOR_OK);
}

/* ---- D14: netlink ------------------------------------------------------------------------------ */

/* What the alias of the wire to LOW says; it is no secret place, and not to be mapped. */
static bool alias_holds(const char *bytes)
{
	char text[256] = "";
	int fd = open("/sys/class/net/to-low/ifalias", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	close(fd);
	return length > 0 && strstr(text, bytes);
}

FIXTURE(D14_netlink)
{
	int unused;
};

FIXTURE_SETUP(D14_netlink)
{
}

FIXTURE_TEARDOWN(D14_netlink)
{
}

/* What another process got that was told to it by number. */
static int tell(const char *how)
{
	const struct actor_call listener = { .program = PLAIN,
					     .loot = LOOT,
					     .steps = "netlink_bind=4711 stop read" };
	pid_t pid = actor_start(&listener);
	char steps[128];
	int status;

	if (!actor_wait_stopped(pid))
		return ACTOR_SETUP;
	snprintf(steps, sizeof(steps), "taint=" SECRET " try %s=4711", how);
	status = actor_play(CLEARED, steps);
	kill(pid, SIGCONT);
	if (status)
		kill(pid, SIGKILL);
	actor_wait(pid);
	return status;
}

TEST_F(D14_netlink, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " try netlink_alias=to-low", ACTOR_OK);
	EXPECT_TRUE(alias_holds(attack_canary()));
	EXPECT_EQ(ACTOR_OK, tell("netlink_sendto"));
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
	EXPECT_ACTOR(PLAIN, "say=nothing-that-is-secret-is-in-here try netlink_alias=to-low",
		     ACTOR_OK);
	unlink(LOOT);
}

TEST_F(D14_netlink, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try netlink_alias=to-low");
	EXPECT_FALSE(alias_holds(attack_canary()));
	EXPECT_TRUE(actor_denied(tell("netlink_sendto")));
	EXPECT_TRUE(actor_denied(tell("netlink_connected")));
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
	/* Whoever has a name to resolve asks which interfaces there are. */
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " netlink_asks", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "say=nothing-that-is-secret-is-in-here netlink_alias=to-low", ACTOR_OK);
	unlink(LOOT);
}

/* ---- D8, D9, M18: sockets that a trusted subject made ---------------------------------------------- */

ATTACK(D8_packet_socket_passed_on, .kind = ATTACK_REACH, .host = SINK_UNK, .starts_as = TRUSTED,
       .cleared = TRUSTED, .reason = "family",
       .steps = "socket=17,3,3 exec=%a fd=3 say=" REACH_TEXT " try frame=%i");
ATTACK(D7_raw_socket_passed_on, .kind = ATTACK_REACH, .host = SINK_UNK, .starts_as = TRUSTED,
       .cleared = TRUSTED, .reason = "family",
       .steps = "socket=2,3,253 exec=%a fd=3 say=" REACH_TEXT " try sendto=%h,0");

TEST_F(guarded, D8_packet_sockets_hear_nothing_either)
{
	EXPECT_DENIED(TRUSTED, "socket=17,3,3 exec=" PLAIN " fd=3 try recv");
	EXPECT_DENIED(TRUSTED, "socket=17,3,3 exec=" PLAIN " fd=3 try read");
}

TEST_F(guarded, D9_further_addresses_of_an_association)
{
	int status = actor_play(TRUSTED, "socket=2,1,132 try sctp_connectx=" LOW_V4 ",9000");

	if (status == ACTOR_SETUP)
		SKIP(return, "this kernel has no SCTP");
	/* A trusted subject is exempt from R2, not from R3. */
	EXPECT_FALSE(actor_denied(status));
	EXPECT_DENIED(TRUSTED, "socket=2,1,132 try sctp_connectx=" UNK_V4 ",9000");
	EXPECT_DENIED(TRUSTED, "socket=2,1,132 try connect=" UNK_V4 ",9000");
}

TEST_F(guarded, M18_D10_mptcp_of_a_trusted_subject)
{
	ASSERT_EQ(0, sink_forget(SINK_LOW));
	EXPECT_ACTOR(TRUSTED, "socket=2,1,262 say=" REACH_TEXT " connect=" LOW_V4 ",9000 send",
		     ACTOR_OK);
	EXPECT_TRUE(sink_received(SINK_LOW, REACH_TEXT, strlen(REACH_TEXT)));
	EXPECT_DENIED(TRUSTED, "socket=2,1,262 try connect=" UNK_V4 ",9000");
	EXPECT_DENIED(TRUSTED, "socket=2,1,262 connect=" LOW_V4 ",9000 taint=" SECRET " try send");
	EXPECT_FALSE(sink_received(SINK_LOW, attack_canary(), CANARY_BYTES));
}

/* ---- D15, C5: servers on this machine that pass things on ---------------------------------------------- */

FIXTURE(D15_C5_deputy)
{
	int unused;
};

FIXTURE_VARIANT(D15_C5_deputy)
{
	const char *server, *client;
};

#define DEPUTY(name, serves, asks)               \
	FIXTURE_VARIANT_ADD(D15_C5_deputy, name) \
	{                                        \
		serves, asks                     \
	}
/* A resolver that asks outside for whatever name it is given. */
DEPUTY(resolver, "bind_udp=53", "udp_socket try sendto=127.0.0.53,53");
DEPUTY(resolver_v6, "bind_udp=53", "udp_socket=6 try sendto=::1,53");
DEPUTY(resolver_connected, "bind_udp=53", "udp=127.0.0.53,53 try send");
DEPUTY(proxy, "listen=3128 stop accept", "try tcp=127.0.0.1,3128 send");
DEPUTY(bus, "unix_listen=" LOW_DIR "/bus stop unix_accept",
       "try unix_connect=" LOW_DIR "/bus send");
DEPUTY(bus_connected_before, "unix_listen=" LOW_DIR "/bus stop unix_accept",
       "unix_connect=" LOW_DIR "/bus try send");
DEPUTY(journal, "unix_bind_dgram=" LOW_DIR "/log", "try unix_sendto=" LOW_DIR "/log");

FIXTURE_SETUP(D15_C5_deputy)
{
	unlink(LOW_DIR "/bus");
	unlink(LOW_DIR "/log");
	unlink(LOOT);
}

FIXTURE_TEARDOWN(D15_C5_deputy)
{
	unlink(LOW_DIR "/bus");
	unlink(LOW_DIR "/log");
	unlink(LOOT);
}

/* The client's taint comes where its steps say `try`, or just before what it began. */
static int ask(const char *serves, const char *asks)
{
	char server[256], client[256];
	const char *attempt = strstr(asks, "try ");
	const struct actor_call call = { .program = PLAIN, .loot = LOOT, .steps = server };
	pid_t pid;
	int status;

	snprintf(server, sizeof(server), "%s%s recv", serves,
		 strstr(serves, " stop ") ? "" : " stop");
	pid = actor_start(&call);
	if (!actor_wait_stopped(pid))
		return ACTOR_SETUP;
	kill(pid, SIGCONT);
	snprintf(client, sizeof(client), "%.*s taint=" SECRET " %s", (int)(attempt - asks), asks,
		 attempt);
	status = actor_play(CLEARED, client);
	if (status)
		kill(pid, SIGKILL);
	actor_wait(pid);
	return status;
}

TEST_F(D15_C5_deputy, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(ACTOR_OK, ask(variant->server, variant->client));
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

TEST_F(D15_C5_deputy, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_TRUE(actor_denied(ask(variant->server, variant->client)));
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

/* ---- A6: a file system whose server reads what its client may not ---------------------------------------- */

#define SERVED "/served"

FIXTURE(A6_fuse)
{
	off_t from;
};

FIXTURE_SETUP(A6_fuse)
{
	mkdir(SERVED, 0777);
	unlink(LOOT);
	self->from = records_end();
}

FIXTURE_TEARDOWN(A6_fuse)
{
	umount2(SERVED, MNT_DETACH);
	unlink(LOOT);
}

/* CLEARED serves @file by @step, @client reads it there. */
static int read_by(const char *step, const char *file, const struct actor_call *client)
{
	char steps[256];
	const struct actor_call server = { .program = CLEARED, .steps = steps };
	pid_t pid;
	int status;

	snprintf(steps, sizeof(steps), "%s=%s," SERVED " hold", step, file);
	pid = actor_start(&server);
	if (!actor_wait_stopped(pid))
		return ACTOR_SETUP;
	status = actor_run(client);
	kill(pid, SIGKILL);
	actor_wait(pid);
	return status;
}

static int read_served(const char *file)
{
	const struct actor_call client = { .program = PLAIN,
					   .loot = LOOT,
					   .steps = "try open=" SERVED "/file read" };

	return read_by("fuse_serve", file, &client);
}

TEST_F(A6_fuse, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(ACTOR_OK, read_served(SECRET));
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

/* The server is tainted by what it reads, and cannot answer any more. */
TEST_F(A6_fuse, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_NE(ACTOR_OK, read_served(SECRET));
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "write");
	/* What is unclassified it serves to everybody. */
	umount2(SERVED, MNT_DETACH);
	EXPECT_EQ(ACTOR_OK, read_served(LOW_FILE));
}

/* ---- A6: a server that names a file below, which it need not read ------------------------ */

FIXTURE(A6_passthrough)
{
	off_t from;
};

FIXTURE_VARIANT(A6_passthrough)
{
	const char *steps; /* of the client */
};

FIXTURE_VARIANT_ADD(A6_passthrough, read){ "try open=" SERVED "/file read" };
FIXTURE_VARIANT_ADD(A6_passthrough, mmap){ "try open=" SERVED "/file mmap" };
FIXTURE_VARIANT_ADD(A6_passthrough, splice){ "try open=" SERVED "/file splice" };

FIXTURE_SETUP(A6_passthrough)
{
	mkdir(SERVED, 0777);
	unlink(LOOT);
	self->from = records_end();
}

FIXTURE_TEARDOWN(A6_passthrough)
{
	umount2(SERVED, MNT_DETACH);
	unlink(LOOT);
}

static int read_past(const char *program, const char *steps)
{
	const struct actor_call client = { .program = program, .loot = LOOT, .steps = steps };

	return read_by("fuse_pass", SECRET, &client);
}

TEST_F(A6_passthrough, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(ACTOR_OK, read_past(PLAIN, variant->steps));
	EXPECT_TRUE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
}

TEST_F(A6_passthrough, cleared_succeeds)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_EQ(ACTOR_OK, read_past(CLEARED, variant->steps));
}

/* The file below is opened as the client; FUSE makes EIO of whatever is wrong with it. */
TEST_F(A6_passthrough, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_EQ(EIO, read_past(PLAIN, variant->steps));
	EXPECT_FALSE(place_holds(LOOT, attack_canary(), CANARY_BYTES));
	EXPECT_RECORD(.verdict = "deny", .reason = "read-up", .operation = "open-read");
}

TEST_HARNESS_MAIN
