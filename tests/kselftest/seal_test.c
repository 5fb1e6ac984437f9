// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal: until reboot nothing and nobody ends enforcement, and no policy comes that is not
 * signed and newer. The last of all suites: what it does cannot be undone. The tests build on
 * each other, in this order.
 */
#include <bpf/bpf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "control.h"
#include "cordon/abi.h"
#include "scenario.h"

#define KEYS	 RUN_DIR "/keys"
#define RING	 "/etc/cordon/policy.keys.d"
#define DESK	 RUN_DIR "/desk"
#define REQUEST	 RUN_DIR "/glass"
#define DETACH_S 12 /* an unheld link is gone some ten seconds after its pin */

#define RUN(...)                                                                       \
	({                                                                             \
		const char *_argv[] = { __VA_ARGS__, NULL };                           \
		char _output[2048];                                                    \
		int _code = guard_run(_argv, _output, sizeof(_output));                \
		if (_code)                                                             \
			fprintf(stderr, "# %s %s: %s\n", _argv[0], _argv[1], _output); \
		_code;                                                                 \
	})

static bool is_enforced(void)
{
	return actor_denied(actor_play(PLAIN, "try open=" SECRET)) &&
	       actor_play(CLEARED, "try open=" SECRET " read") == ACTOR_OK;
}

static bool wait_enforced(int seconds)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	for (int i = 0; i < 10 * seconds; i++) {
		if (is_enforced())
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static bool status_is(const char *path)
{
	struct json_object *status = control_status();
	bool is = status && json_object_get_boolean(record_field(status, path));

	json_object_put(status);
	return is;
}

static bool kill_controller(void)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	pid_t pid = control_pid();

	if (pid <= 0 || kill(pid, SIGKILL))
		return false;
	for (int i = 0; i < 1000 && !kill(pid, 0); i++)
		nanosleep(&pause, NULL);
	return control_pid() < 0;
}

/* By the test, which is trusted: cp(1) is not, and these files are the guard's. */
static int copy_file(const char *from_path, const char *to_path)
{
	int from = open(from_path, O_RDONLY | O_CLOEXEC);
	int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t length = -1, written = 0;
	char bytes[16384];

	if (from >= 0 && to >= 0)
		length = read(from, bytes, sizeof(bytes));
	if (length > 0)
		written = write(to, bytes, length);
	close(from);
	close(to);
	return length > 0 && written == length ? 0 : -EIO;
}

static int copy_key(const char *name)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), KEYS "/%s.pub", name);
	snprintf(to, sizeof(to), RING "/%s.pub", name);
	return copy_file(from, to);
}

/* On the desk of whoever holds the key, as if that were another machine. */
static int sign_as(const char *key)
{
	char path[128];

	snprintf(path, sizeof(path), KEYS "/%s.key", key);
	mkdir(DESK, 0755);
	if (copy_file(POLICY_DIR "/world.cordon", DESK "/world.cordon") ||
	    RUN("cordon", "policy", "sign", "--key", path, DESK))
		return -EIO;
	return copy_file(DESK "/signatures", POLICY_DIR "/signatures");
}

static void forget_signatures(void)
{
	unlink(DESK "/signatures");
	unlink(POLICY_DIR "/signatures");
}

/* Writes the next version of the policy, signed by these, and asks for it. */
static int load_signed(const struct policy_change *change, const char *first, const char *second)
{
	long long version = control_number("policy.version") + 1;
	char why[1024] = "";
	int code;

	forget_signatures();
	code = control_load(version, change, why, sizeof(why)); /* unsigned: only written */
	if (code == 0)
		return -EBADE;
	if (first && sign_as(first))
		return -EIO;
	if (second && sign_as(second))
		return -EIO;
	code = control_load(version, change, why, sizeof(why));
	if (code)
		fprintf(stderr, "# load: %s\n", why);
	return code;
}

/* ---- Sealing --------------------------------------------------------------------- */

static int make_keys(void)
{
	static const char *const names[] = { "alice", "bob", "eve" };

	mkdir(KEYS, 0700);
	mkdir("/etc/cordon", 0755);
	mkdir(RING, 0755);
	if (chdir(KEYS))
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (RUN("cordon", "policy", "keygen", names[i]))
			return -EIO;
		if (i < 2 && copy_key(names[i]))
			return -EIO;
	}
	return 0;
}

static struct cordon_control *map_control(int map)
{
	void *mapping = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return mapping == MAP_FAILED ? NULL : mapping;
}

static int open_control_map(void)
{
	uint32_t id = 0;

	while (!bpf_map_get_next_id(id, &id)) {
		struct bpf_map_info info = {};
		uint32_t size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, ".data.control"))
			return fd;
		close(fd);
	}
	return -1;
}

static void overwrite_mode(struct cordon_control *control, uint32_t mode)
{
	__atomic_store_n(&control->mode, mode, __ATOMIC_SEQ_CST);
}

TEST_F(guarded, seal_wants_keys_first)
{
	EXPECT_NE(0, RUN("cordon", "seal"));
	EXPECT_FALSE(status_is("seal.sealed"));
}

/*
 * The mode in the map is the controller's to write. Whoever had the map before the seal, as a
 * controller that was taken over has it, can write what he likes: it decides nothing any more.
 */
TEST_F(guarded, E1_the_word_in_the_map_decides_nothing)
{
	int map = open_control_map();
	struct cordon_control *control = map_control(map);
	uint32_t mode;

	ASSERT_TRUE(control != NULL);
	ASSERT_EQ(0, make_keys());
	mode = control->mode;
	ASSERT_EQ(CORDON_MODE_ENFORCING, mode);
	overwrite_mode(control, CORDON_MODE_PERMISSIVE);
	EXPECT_EQ(ACTOR_OK, actor_play(PLAIN, "try open=" SECRET));
	overwrite_mode(control, mode);
	ASSERT_EQ(0, RUN("cordon", "seal"));
	EXPECT_TRUE(status_is("seal.sealed"));
	overwrite_mode(control, CORDON_MODE_PERMISSIVE);
	EXPECT_TRUE(is_enforced());
	overwrite_mode(control, CORDON_MODE_OFF);
	EXPECT_TRUE(is_enforced());
	overwrite_mode(control, mode);
	EXPECT_RECORD(.verdict = "change", .reason = "sealed");
}

TEST_F(guarded, sealed_is_enforcing)
{
	ASSERT_TRUE(status_is("seal.sealed"));
	EXPECT_EQ(1, RUN("cordon", "permissive"));
	EXPECT_EQ(1, RUN("cordon", "permissive", "--unload"));
	EXPECT_EQ(1, RUN("cordon", "seal"));
	EXPECT_TRUE(is_enforced());
}

/* Trusted subjects may touch the guard's objects before the seal, and nobody after it. */
TEST_F(guarded, E1_sealed_objects_are_nobodys)
{
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION };
	struct cordon_links links = {};
	int door = open(CORDON_DEVICE, O_RDONLY | O_CLOEXEC);
	char steps[64];

	ASSERT_LE(0, door);
	ASSERT_EQ(0, ioctl(door, CORDON_IOCTL_HELLO, &hello));
	ASSERT_EQ(0, ioctl(door, CORDON_IOCTL_LINKS, &links));
	close(door);
	snprintf(steps, sizeof(steps), "try bpf_id=link,%u", links.link_id[0]);
	EXPECT_DENIED(TRUSTED, steps);
	EXPECT_DENIED(TRUSTED, "try bpf_pin=/sys/fs/bpf/cordon/maps/_data_control");
	EXPECT_DENIED(PLAIN, steps);
}

TEST_F(guarded, E4_E9_M20_sealed_boot_files_are_the_trusteds)
{
	mkdir("/lib/modules", 0755);
	mkdir("/boot", 0755);
	EXPECT_DENIED(PLAIN, "try create=/lib/modules/evil.ko");
	EXPECT_RECORD(.verdict = "deny", .reason = "guard", .operation = "create");
	EXPECT_DENIED(PLAIN, "try create=/boot/vmlinuz");
	EXPECT_DENIED(PLAIN, "try load_module_bytes=/cordon.ko");
	EXPECT_ACTOR(TRUSTED, "try create=/boot/vmlinuz unlink=/boot/vmlinuz", ACTOR_OK);
	EXPECT_RECORD(.verdict = "allow", .reason = "trusted", .operation = "create");
}

/* ---- Policies ---------------------------------------------------------------------- */

TEST_F(guarded, sealed_policies_are_signed_and_newer)
{
	const struct policy_change tighter = { .more = "file /srv/later/** secret" };
	const struct policy_change looser = { .without = "file /srv/later" };
	char why[1024];

	/* Not signed, or by a key that nobody knows: no. Tighter: one key. */
	EXPECT_EQ(1, load_signed(&tighter, NULL, NULL));
	EXPECT_EQ(1, load_signed(&tighter, "eve", NULL));
	EXPECT_EQ(0, load_signed(&tighter, "alice", NULL));
	EXPECT_RECORD(.verdict = "change", .reason = "policy");
	/* Looser: two different ones. */
	EXPECT_EQ(1, load_signed(&looser, "alice", NULL));
	EXPECT_EQ(1, load_signed(&looser, "alice", "alice"));
	EXPECT_EQ(1, load_signed(&looser, "alice", "eve"));
	EXPECT_EQ(0, load_signed(&looser, "alice", "bob"));
	/* Signed, but of another version: the signature is of the text. */
	EXPECT_EQ(1, control_load(control_number("policy.version") + 1, NULL, why, sizeof(why)));
	/* Signed by all, but older. */
	EXPECT_EQ(1, control_load(1, NULL, why, sizeof(why)));
	forget_signatures();
	EXPECT_EQ(0, sign_as("alice"));
	EXPECT_EQ(0, sign_as("bob"));
	EXPECT_EQ(1, control_load(1, NULL, why, sizeof(why)));
	EXPECT_TRUE(strstr(why, "never goes back") != NULL)
	{
		TH_LOG("%s", why);
	}
	EXPECT_TRUE(is_enforced());
}

/* ---- The controller ------------------------------------------------------------------ */

/* Dead, it leaves everything as it is; and whoever takes its place cannot take the seal off. */
TEST_F(guarded, E3_M3_sealed_without_the_controller)
{
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION };
	struct cordon_set_mode permissive = { .mode = CORDON_MODE_PERMISSIVE };
	int door;

	ASSERT_TRUE(kill_controller());
	EXPECT_TRUE(is_enforced());
	door = open(CORDON_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, door);
	ASSERT_EQ(0, ioctl(door, CORDON_IOCTL_HELLO, &hello));
	EXPECT_EQ(-1, ioctl(door, CORDON_IOCTL_MODE, &permissive));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, ioctl(door, CORDON_IOCTL_RELEASE));
	EXPECT_EQ(EPERM, errno);
	close(door);
	EXPECT_TRUE(is_enforced());
	ASSERT_EQ(0, control_start());
	EXPECT_TRUE(status_is("seal.sealed"));
	EXPECT_EQ(0, load_signed(NULL, "bob", NULL));
}

/* The keys are those of the moment when it was sealed. */
TEST_F(guarded, E9_sealed_with_these_keys)
{
	ASSERT_EQ(0, copy_key("eve"));
	EXPECT_EQ(1, load_signed(NULL, "alice", "eve"));
	ASSERT_EQ(0, unlink(RING "/eve.pub"));
	EXPECT_EQ(0, load_signed(NULL, "alice", NULL));
}

/* ---- Breaking the glass ----------------------------------------------------------------- */

static int request_glass(const char *time)
{
	unlink(REQUEST);
	unlink(REQUEST ".sig");
	return RUN("cordon", "break-glass", "request", "--reason", "the test asks for it", "--for",
		   time, REQUEST);
}

static int sign_glass(const char *key)
{
	char path[128];

	snprintf(path, sizeof(path), KEYS "/%s.key", key);
	return RUN("cordon", "break-glass", "sign", "--key", path, REQUEST);
}

TEST_F(guarded, glass_wants_two_keys_and_ends)
{
	ASSERT_EQ(0, request_glass("60s"));
	EXPECT_NE(0, RUN("cordon", "break-glass", "start", REQUEST));
	ASSERT_EQ(0, sign_glass("alice"));
	ASSERT_EQ(0, sign_glass("alice"));
	EXPECT_EQ(1, RUN("cordon", "break-glass", "start", REQUEST));
	ASSERT_EQ(0, sign_glass("bob"));
	ASSERT_EQ(0, RUN("cordon", "break-glass", "start", REQUEST));
	EXPECT_RECORD(.verdict = "change", .reason = "glass-broken");
	EXPECT_TRUE(is_enforced());
	EXPECT_EQ(0, RUN("cordon", "permissive"));
	EXPECT_EQ(ACTOR_OK, actor_play(PLAIN, "try open=" SECRET));
	/* Still no unloading, and no policy without signatures. */
	EXPECT_EQ(1, RUN("cordon", "permissive", "--unload"));
	EXPECT_EQ(1, load_signed(NULL, NULL, NULL));
	EXPECT_EQ(0, RUN("cordon", "break-glass", "end"));
	EXPECT_TRUE(is_enforced());
	/* Once. */
	EXPECT_EQ(1, RUN("cordon", "break-glass", "start", REQUEST));
	EXPECT_EQ(1, RUN("cordon", "permissive"));
}

/* The end is the kernel's: it comes when there is no controller to bring it. */
TEST_F(guarded, glass_ends_without_the_controller)
{
	ASSERT_EQ(0, request_glass("20s"));
	ASSERT_EQ(0, sign_glass("alice"));
	ASSERT_EQ(0, sign_glass("bob"));
	ASSERT_EQ(0, RUN("cordon", "break-glass", "start", REQUEST));
	ASSERT_EQ(0, RUN("cordon", "permissive"));
	ASSERT_TRUE(kill_controller());
	EXPECT_EQ(ACTOR_OK, actor_play(PLAIN, "try open=" SECRET));
	EXPECT_TRUE(wait_enforced(60));
	ASSERT_EQ(0, control_start());
	EXPECT_TRUE(is_enforced());
	EXPECT_FALSE(status_is("seal.broken"));
}

/* ---- The end ------------------------------------------------------------------------------ */

/*
 * By force: refused, or where the kernel does not ask, waiting for the
 * controller's word. Then the module takes no new controller until a reboot,
 * so nothing comes after this test.
 */
TEST_F(guarded, M3_sealed_forced_unload_ends_nothing)
{
	const struct timespec detach = { .tv_sec = DETACH_S };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(SYS_delete_module, "cordon", O_NONBLOCK | O_TRUNC) ? 0 : 1);
	nanosleep(&detach, NULL);
	EXPECT_TRUE(is_enforced());
	EXPECT_LT(0, control_pid());
	EXPECT_EQ(0, load_signed(NULL, "alice", NULL));
	EXPECT_TRUE(is_enforced());
	EXPECT_EQ(0, access("/sys/module/cordon", F_OK));
	/* If it has ended, then with a refusal. */
	waitpid(pid, &status, WNOHANG);
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
