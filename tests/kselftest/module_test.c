// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordon.ko by itself: what it holds, whom it obeys, how it goes.
 *
 * Needs root, a guest, /cordon.ko, and no other program that uses the module. What stands for
 * enforcement is a BPF LSM program of three instructions that denies every mkdir.
 */
#include <linux/fs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <cordon/label.h>
#include "module.h"
#include "world.h"
#include "harness.h"

#define LONG_TIMEOUT 600
#define LOADS	     50 /* SOAK_ENV: a thousand */
#define LOADS_SOAKED 1000
#define SOAK_TIMEOUT 7200

/* Runs @body in a child process; its result becomes the parent's. */
#define IN_CHILD(body)                                                              \
	({                                                                          \
		int _status = 0;                                                    \
		pid_t _child = fork();                                              \
		if (_child == 0)                                                    \
			_exit(-(body));                                             \
		waitpid(_child, &_status, 0);                                       \
		_child > 0 && WIFEXITED(_status) ? -WEXITSTATUS(_status) : -ECHILD; \
	})

/* What is there in every test: the module, loaded, and this process its controller. */
FIXTURE(module)
{
	int door;
};

FIXTURE_SETUP(module)
{
	struct cordon_hello hello;

	ASSERT_EQ(0, load_module());
	self->door = open_door();
	ASSERT_LE(0, self->door);
	ASSERT_EQ(0, say_hello(self->door, &hello));
}

/* Leaves no module behind, whatever the test did; checked by the next test's setup. */
FIXTURE_TEARDOWN(module)
{
	struct cordon_hello hello;

	if (!is_loaded())
		return;
	if (self->door < 0)
		self->door = open_door();
	say_hello(self->door, &hello);
	set_mode(self->door, CORDON_MODE_PERMISSIVE);
	release_all(self->door);
	close(self->door);
	EXPECT_EQ(0, unload_module_soon());
}

TEST_F(module, hello_tells_the_state)
{
	struct cordon_hello hello;

	ASSERT_EQ(0, say_hello(self->door, &hello));
	EXPECT_EQ(CORDON_ABI_VERSION, hello.abi);
	EXPECT_EQ(CORDON_HELLO_FTRACE_HELD, hello.flags);
	EXPECT_EQ(0, hello.links_held);
	EXPECT_EQ(getpid(), hello.pid);
	EXPECT_EQ(0, hello.refused);
	EXPECT_NE(0, hello.load_boottime_ns);
}

TEST_F(module, another_version_is_refused_with_the_modules_own)
{
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION + 1 };

	ASSERT_EQ(-EPROTO, result(ioctl(self->door, CORDON_IOCTL_HELLO, &hello)));
	EXPECT_EQ(CORDON_ABI_VERSION, hello.abi);
	EXPECT_EQ(-EPROTO, release_all(self->door));
	ASSERT_EQ(0, say_hello(self->door, &hello));
	EXPECT_EQ(0, release_all(self->door));
}

TEST_F(module, no_command_before_hello)
{
	struct cordon_links links;

	close(self->door);
	self->door = open_door();
	ASSERT_LE(0, self->door);
	EXPECT_EQ(-EPROTO, result(ioctl(self->door, CORDON_IOCTL_LINKS, &links)));
	EXPECT_EQ(-EPROTO, set_mode(self->door, CORDON_MODE_PERMISSIVE));
}

TEST_F(module, one_controller_at_a_time)
{
	EXPECT_EQ(-EBUSY, open_door());
	EXPECT_EQ(-EBUSY, IN_CHILD(open_door()));
	close(self->door);
	EXPECT_LE(0, IN_CHILD(open_door() < 0 ? -EBUSY : 0));
	self->door = open_door();
	EXPECT_LE(0, self->door);
}

TEST_F(module, observers_look_and_touch_nothing)
{
	struct cordon_hello hello;
	struct cordon_links links;
	int observer = open_to_look(), another = open_to_look();

	ASSERT_LE(0, observer);
	ASSERT_LE(0, another);
	/* Beside the controller, and what they say to it is not said for the controller. */
	ASSERT_EQ(0, say_hello(observer, &hello));
	EXPECT_EQ(getpid(), hello.pid);
	EXPECT_EQ(0, result(ioctl(another, CORDON_IOCTL_LINKS, &links)));
	EXPECT_EQ(-EPERM, set_mode(observer, CORDON_MODE_PERMISSIVE));
	EXPECT_EQ(-EPERM, release_all(observer));
	EXPECT_EQ(-EPERM, hold(observer, 0));
	/* And without one; nor do they keep the next one out. */
	close(self->door);
	ASSERT_EQ(0, say_hello(observer, &hello));
	EXPECT_EQ(0, hello.pid);
	self->door = open_door();
	ASSERT_LE(0, self->door);
	EXPECT_EQ(-EPROTO, release_all(self->door));
	close(observer);
	close(another);
}

static int open_as_user(void)
{
	if (setgid(1000) || setuid(1000))
		return -ENOSYS;
	return open_door();
}

static int open_in_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		return -ENOSYS;
	return open_door();
}

TEST_F(module, only_the_first_namespaces_root_gets_in)
{
	close(self->door);
	EXPECT_EQ(-EACCES, IN_CHILD(open_as_user()));
	/* Not the mode of the device file decides, the capability does. */
	ASSERT_EQ(0, chmod(CORDON_DEVICE, 0666));
	EXPECT_EQ(-EPERM, IN_CHILD(open_as_user()));
	EXPECT_EQ(-EPERM, IN_CHILD(open_in_user_namespace()));
	self->door = open_door();
	EXPECT_LE(0, self->door);
}

/* The descriptor survives the exec; main() answers the call. */
static int hello_after_exec(int door)
{
	char number[16];
	int copy = dup(door);

	snprintf(number, sizeof(number), "%d", copy);
	execl("/proc/self/exe", "module_test", "--hello", number, NULL);
	return -ENOSYS;
}

static int hello_then_exec(void)
{
	struct cordon_hello hello;
	int door = open_door();
	int err = say_hello(door, &hello);

	return err ? err : hello_after_exec(door);
}

TEST_F(module, a_descriptor_is_of_use_to_its_opener_only)
{
	struct cordon_hello hello;

	EXPECT_EQ(-EPERM, IN_CHILD(say_hello(self->door, &hello)));
	EXPECT_EQ(-EPERM, IN_CHILD(release_all(self->door)));
	EXPECT_EQ(-EPERM, IN_CHILD(hello_after_exec(self->door)));
	EXPECT_EQ(0, say_hello(self->door, &hello));
	/* Not even to the opener, once it became another program. */
	close(self->door);
	EXPECT_EQ(-EPERM, IN_CHILD(hello_then_exec()));
	self->door = open_door();
	EXPECT_LE(0, self->door);
}

/* HELLO with another direction or size in the command's number. */
static int hello_as(int fd, unsigned int direction, unsigned int size)
{
	char buffer[2 * sizeof(struct cordon_hello)] = {};

	((struct cordon_hello *)buffer)->abi = CORDON_ABI_VERSION;
	return result(ioctl(fd, _IOC(direction, CORDON_IOCTL_TYPE, 1, size), buffer));
}

TEST_F(module, unknown_commands_and_wrong_sizes_are_refused)
{
	const unsigned int size = sizeof(struct cordon_hello);

	EXPECT_EQ(-ENOTTY, result(ioctl(self->door, _IO(CORDON_IOCTL_TYPE, 0), 0)));
	EXPECT_EQ(-ENOTTY, result(ioctl(self->door, _IO(CORDON_IOCTL_TYPE, 0x7f), 0)));
	EXPECT_EQ(-ENOTTY, result(ioctl(self->door, _IO(CORDON_IOCTL_TYPE, 255), 0)));
	EXPECT_EQ(-ENOTTY, result(ioctl(self->door, _IO('T', 3), 0)));
	EXPECT_EQ(-EINVAL, hello_as(self->door, _IOC_READ | _IOC_WRITE, size - 1));
	EXPECT_EQ(-EINVAL, hello_as(self->door, _IOC_READ | _IOC_WRITE, size + 1));
	EXPECT_EQ(-EINVAL, hello_as(self->door, _IOC_READ, size));
	EXPECT_EQ(-EINVAL, hello_as(self->door, _IOC_WRITE, size));
	EXPECT_EQ(0, hello_as(self->door, _IOC_READ | _IOC_WRITE, size));
	EXPECT_EQ(-EFAULT, result(ioctl(self->door, CORDON_IOCTL_HELLO, (void *)8)));
	EXPECT_EQ(-EFAULT, result(ioctl(self->door, CORDON_IOCTL_HOLD, (void *)8)));
	EXPECT_EQ(-EFAULT, result(ioctl(self->door, CORDON_IOCTL_LINKS, (void *)8)));
}

TEST_F(module, out_of_range_arguments_are_refused)
{
	struct cordon_hold request = { .count = 0 };
	struct cordon_set_mode mode = { .mode = CORDON_MODE_PERMISSIVE, .reserved = 1 };

	EXPECT_EQ(-EINVAL, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	request.count = CORDON_LINKS_MAX + 1;
	EXPECT_EQ(-EINVAL, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	request = (struct cordon_hold){ .count = 1, .reserved = 1 };
	EXPECT_EQ(-EINVAL, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	EXPECT_EQ(-EINVAL, result(ioctl(self->door, CORDON_IOCTL_MODE, &mode)));
	EXPECT_EQ(-EINVAL, set_mode(self->door, CORDON_MODE_OFF));
	EXPECT_EQ(-EINVAL, set_mode(self->door, CORDON_MODE_COUNT));
	/* Enforcing with nothing to enforce with. */
	EXPECT_EQ(-ENOLINK, set_mode(self->door, CORDON_MODE_ENFORCING));
}

TEST_F(module, every_refusal_is_counted)
{
	struct cordon_hello hello;

	EXPECT_EQ(-EBUSY, open_door());
	EXPECT_EQ(-EPERM, IN_CHILD(release_all(self->door)));
	EXPECT_EQ(-ENOTTY, result(ioctl(self->door, _IO(CORDON_IOCTL_TYPE, 99), 0)));
	EXPECT_EQ(-EINVAL, hold(self->door, self->door));
	ASSERT_EQ(0, say_hello(self->door, &hello));
	EXPECT_EQ(4, hello.refused);
}

TEST_F(module, hold_takes_all_or_none)
{
	struct cordon_hold request = { .count = 2 };
	struct cordon_links links;
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	request.link_fd[0] = link;
	request.link_fd[1] = self->door; /* no link */
	EXPECT_EQ(-EINVAL, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	request.link_fd[1] = -1;
	EXPECT_EQ(-EBADF, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_LINKS, &links)));
	EXPECT_EQ(0, links.count);
	close(link);
	EXPECT_EQ(0, mkdir_allowed_soon());
}

TEST_F(module, a_link_counts_once)
{
	struct cordon_hold request = { .count = 2 };
	struct cordon_links links;
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	request.link_fd[0] = request.link_fd[1] = link;
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	ASSERT_EQ(0, hold(self->door, link));
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_LINKS, &links)));
	EXPECT_EQ(1, links.count);
	EXPECT_EQ(link_id(link), links.link_id[0]);
	EXPECT_EQ(0, links.link_id[1]);
}

TEST_F_TIMEOUT(module, more_links_than_fit_are_refused, LONG_TIMEOUT)
{
	struct cordon_hold request = { .count = CORDON_LINKS_MAX };
	struct cordon_links links;
	int extra = attach(BPF_PROG_TYPE_RAW_TRACEPOINT, "module_free", 0);

	ASSERT_LE(0, extra);
	for (int i = 0; i < CORDON_LINKS_MAX; i++) {
		request.link_fd[i] = attach(BPF_PROG_TYPE_RAW_TRACEPOINT, "module_free", 0);
		ASSERT_LE(0, request.link_fd[i]);
	}
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_HOLD, &request)));
	EXPECT_EQ(-ENOSPC, hold(self->door, extra));
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_LINKS, &links)));
	EXPECT_EQ(CORDON_LINKS_MAX, links.count);
	for (int i = 0; i < CORDON_LINKS_MAX; i++)
		EXPECT_EQ(link_id(request.link_fd[i]), links.link_id[i]);
}

/* The negative control of all that follows. */
TEST_F(module, a_link_that_nobody_holds_goes_with_its_descriptor)
{
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	EXPECT_EQ(-EPERM, try_mkdir());
	close(link);
	EXPECT_EQ(0, mkdir_allowed_soon());
}

/* A controller's whole life: attach, have it held, enforce, die without a word. */
static int control_and_die(void)
{
	struct cordon_hello hello;
	int door = open_door();
	int link = deny_mkdir();
	int err = door < 0 ? door : link < 0 ? link : say_hello(door, &hello);

	if (!err)
		err = hold(door, link);
	if (!err)
		err = set_mode(door, CORDON_MODE_ENFORCING);
	if (!err)
		kill(getpid(), SIGKILL);
	return err;
}

TEST_F(module, enforcement_outlives_the_controller)
{
	struct cordon_hello hello;
	struct cordon_links links;
	int link;

	close(self->door);
	EXPECT_EQ(-ECHILD, IN_CHILD(control_and_die()));
	EXPECT_EQ(-EPERM, try_mkdir());

	/* The next one finds what the first one left. */
	self->door = open_door();
	ASSERT_LE(0, self->door);
	ASSERT_EQ(0, say_hello(self->door, &hello));
	EXPECT_EQ(1, hello.links_held);
	EXPECT_TRUE(hello.flags & CORDON_HELLO_ENFORCING);
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_LINKS, &links)));
	ASSERT_EQ(1, links.count);
	link = bpf_link_get_fd_by_id(links.link_id[0]);
	ASSERT_LE(0, link);
	close(link);

	EXPECT_EQ(-EBUSY, release_all(self->door));
	EXPECT_EQ(-EPERM, try_mkdir());
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_PERMISSIVE));
	ASSERT_EQ(0, release_all(self->door));
	EXPECT_EQ(0, mkdir_allowed_soon());
}

TEST_F(module, what_holds_links_does_not_unload)
{
	struct cordon_hello hello;
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	ASSERT_EQ(0, hold(self->door, link));
	close(link);
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_ENFORCING));
	close(self->door);
	self->door = -1;
	pause_ms(100);
	EXPECT_EQ(-EAGAIN, unload_module(0));
	self->door = open_door();
	ASSERT_LE(0, self->door);
	EXPECT_EQ(-EPROTO, set_mode(self->door, CORDON_MODE_PERMISSIVE));
	/* Permissive is not enough: the controller has to let the links go. */
	ASSERT_EQ(0, say_hello(self->door, &hello));
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_PERMISSIVE));
	close(self->door);
	self->door = -1;
	pause_ms(100);
	EXPECT_EQ(-EAGAIN, unload_module(0));
	EXPECT_EQ(-EPERM, try_mkdir());
}

/*
 * Where the kernel lets us, it is refused; elsewhere it waits for the controller's consent. Both
 * are success here, what counts is that enforcement stays.
 */
TEST_F(module, forced_unload_ends_nothing)
{
	int link = deny_mkdir();
	int status;
	pid_t child;

	ASSERT_LE(0, link);
	ASSERT_EQ(0, hold(self->door, link));
	close(link);
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_ENFORCING));
	child = start_forced_unload();
	EXPECT_TRUE(is_loaded());
	EXPECT_EQ(-EPERM, try_mkdir());
	EXPECT_EQ(-EBUSY, set_ftrace("0"));
	if (waitpid(child, &status, WNOHANG) == child) {
		EXPECT_EQ(EAGAIN, WEXITSTATUS(status));
		return;
	}
	ASSERT_EQ(0, set_mode(self->door, CORDON_MODE_PERMISSIVE));
	ASSERT_EQ(0, release_all(self->door));
	close(self->door);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_FALSE(is_loaded());
}

TEST_F(module, forced_unload_waits_for_the_controller)
{
	struct cordon_hello hello;
	pid_t child = start_forced_unload();
	int status;

	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	EXPECT_EQ(0, say_hello(self->door, &hello));
	close(self->door);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_FALSE(is_loaded());
}

TEST_F(module, ftrace_stays_on)
{
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	EXPECT_EQ(-EPERM, try_mkdir());
	EXPECT_EQ(-EBUSY, set_ftrace("0"));
	EXPECT_EQ(-EPERM, try_mkdir());
	close(link);
	EXPECT_EQ(0, mkdir_allowed_soon());
}

/* ---- A disk that does not answer ------------------------------------------------------------ */

struct label_command {
	int door, file;
	int result; /* 1: under way */
};

static void *set_label(void *argument)
{
	struct label_command *command = argument;
	struct cordon_label_request request = {
		.fd = command->file,
		.command = CORDON_LABEL_SET,
		.label = CORDON_LABEL_TOP,
	};

	command->result = result(ioctl(command->door, CORDON_IOCTL_LABEL, &request));
	return NULL;
}

/* A controller that waits for a disk keeps nobody else waiting: no observer, none of its threads. */
TEST_F(module, a_frozen_disk_holds_up_its_own_command_only)
{
	struct cordon_label_key key = { .key = { 1 } };
	struct label_command command = { .door = self->door, .result = 1 };
	struct cordon_hello hello;
	pthread_t thread;
	int disk;

	mkdir(DISK_DIR, 0700);
	if (mount(DISK_DEVICE, DISK_DIR, "ext4", 0, ""))
		SKIP(return, "no disk: " DISK_DEVICE);
	ASSERT_EQ(0, result(ioctl(self->door, CORDON_IOCTL_LABEL_KEY, &key)));
	disk = open(DISK_DIR, O_RDONLY | O_CLOEXEC);
	command.file = openat(disk, "frozen", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, command.file);
	ASSERT_EQ(0, ioctl(disk, FIFREEZE, 0));
	EXPECT_EQ(0, pthread_create(&thread, NULL, set_label, &command));
	pause_ms(300);
	EXPECT_EQ(1, command.result);
	/* An alarm ends the test if this does not answer; thawed by then or not. */
	EXPECT_EQ(0, IN_CHILD(open_to_look() < 0 ? -EIO : 0));
	EXPECT_EQ(0, say_hello(self->door, &hello));
	ASSERT_EQ(0, ioctl(disk, FITHAW, 0));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, command.result);
	close(command.file);
	close(disk);
	EXPECT_EQ(0, umount(DISK_DIR));
}

FIXTURE(no_module){};

FIXTURE_SETUP(no_module)
{
	ASSERT_FALSE(is_loaded());
}

FIXTURE_TEARDOWN(no_module)
{
}

TEST_F(no_module, ftrace_off_ends_enforcement_and_refuses_the_module)
{
	int link = deny_mkdir();

	ASSERT_LE(0, link);
	EXPECT_EQ(-EPERM, try_mkdir());
	EXPECT_EQ(0, set_ftrace("0"));
	EXPECT_EQ(0, try_mkdir());
	EXPECT_EQ(-EBUSY, load_module());
	EXPECT_FALSE(is_loaded());
	EXPECT_EQ(0, set_ftrace("1"));
	EXPECT_EQ(-EPERM, try_mkdir());
	close(link);
	EXPECT_EQ(0, mkdir_allowed_soon());
}

static int load_hold_release_unload(void)
{
	struct cordon_hello hello;
	int err = load_module();
	int door = err ? err : open_door();
	int link = deny_mkdir();

	if (door < 0 || link < 0)
		return door < 0 ? door : link;
	err = say_hello(door, &hello);
	if (!err)
		err = hold(door, link);
	close(link);
	if (!err)
		err = release_all(door);
	close(door);
	return err ? err : unload_module_soon();
}

/* A leak, a counter that is not put, a name that is not given back: seen after some hundred. */
TEST_F_TIMEOUT(no_module, loads_and_unloads_again_and_again, SOAK_TIMEOUT)
{
	int loads = getenv(SOAK_ENV) ? LOADS_SOAKED : LOADS;

	for (int i = 0; i < loads; i++)
		ASSERT_EQ(0, load_hold_release_unload());
	EXPECT_EQ(0, mkdir_allowed_soon());
	TH_LOG("%d times", loads);
}

int main(int argc, char **argv)
{
	struct cordon_hello hello;

	if (argc == 3 && !strcmp(argv[1], "--hello"))
		return -say_hello(atoi(argv[2]), &hello);
	return test_harness_run(argc, argv);
}
