/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of the module's test: load, open the door, give commands, attach a program that stands
 * for enforcement.
 *
 * All return 0 or -errno where nothing else is said; those that make a descriptor return it.
 */
#ifndef CORDON_TEST_MODULE_H
#define CORDON_TEST_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cordon/abi.h>

#define MODULE_FILE "/cordon.ko"
#define FTRACE_FILE "/proc/sys/kernel/ftrace_enabled"
#define PROBE_DIR   "/tmp/module-test"
#define DEADLINE_MS 20000

static inline int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

static inline int load_module(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = result(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return err;
}

static inline int unload_module(int flags)
{
	return result(syscall(SYS_delete_module, "cordon", O_NONBLOCK | flags));
}

static inline int is_loaded(void)
{
	return access("/sys/module/cordon", F_OK) == 0;
}

static inline void pause_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

/* A close is finished in the background of a system call; so wait for it. */
static inline int unload_module_soon(void)
{
	int err = unload_module(0);

	for (int ms = 0; err == -EAGAIN && ms < DEADLINE_MS; ms += 5) {
		pause_ms(5);
		err = unload_module(0);
	}
	return err;
}

/*
 * Starts `rmmod -f` in a child that holds nothing of the caller's, and gives it time to do harm.
 * Returns the child; its exit code is the errno.
 */
static inline pid_t start_forced_unload(void)
{
	pid_t child = fork();

	if (child == 0) {
		close_range(3, ~0U, 0);
		_exit(-unload_module(O_TRUNC));
	}
	pause_ms(500);
	return child;
}

static inline int open_door(void)
{
	return result(open(CORDON_DEVICE, O_RDWR | O_CLOEXEC));
}

static inline int open_to_look(void)
{
	return result(open(CORDON_DEVICE, O_RDONLY | O_CLOEXEC));
}

static inline int say_hello(int fd, struct cordon_hello *hello)
{
	*hello = (struct cordon_hello){ .abi = CORDON_ABI_VERSION };
	return result(ioctl(fd, CORDON_IOCTL_HELLO, hello));
}

static inline int hold(int fd, int link)
{
	struct cordon_hold request = { .count = 1, .link_fd = { link } };

	return result(ioctl(fd, CORDON_IOCTL_HOLD, &request));
}

static inline int release_all(int fd)
{
	return result(ioctl(fd, CORDON_IOCTL_RELEASE));
}

static inline int set_mode(int fd, uint32_t mode)
{
	struct cordon_set_mode request = { .mode = mode };

	return result(ioctl(fd, CORDON_IOCTL_MODE, &request));
}

static inline int set_ftrace(const char *value)
{
	int fd = open(FTRACE_FILE, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = result(write(fd, value, 1));
	close(fd);
	return err < 0 ? err : 0;
}

/* Attaches a program of @type that returns @value; returns a descriptor of its link. */
static inline int attach(enum bpf_prog_type type, const char *where, int value)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	int program, link;

	if (type == BPF_PROG_TYPE_LSM) {
		options.expected_attach_type = BPF_LSM_MAC;
		options.attach_btf_id = libbpf_find_vmlinux_btf_id(where, BPF_LSM_MAC);
	}
	program = bpf_prog_load(type, "module_test", "GPL", insns, 2, &options);
	if (program < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(type == BPF_PROG_TYPE_LSM ? NULL : where, program);
	if (link < 0)
		link = -errno;
	close(program);
	return link;
}

static inline int deny_mkdir(void)
{
	return attach(BPF_PROG_TYPE_LSM, "inode_mkdir", -EPERM);
}

static inline int try_mkdir(void)
{
	if (mkdir(PROBE_DIR, 0700))
		return -errno;
	return result(rmdir(PROBE_DIR));
}

/* A program is detached some time after the last reference to its link went. */
static inline int mkdir_allowed_soon(void)
{
	int err = try_mkdir();

	for (int ms = 0; err == -EPERM && ms < DEADLINE_MS; ms += 5) {
		pause_ms(5);
		err = try_mkdir();
	}
	return err;
}

static inline uint32_t link_id(int link)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);

	return bpf_obj_get_info_by_fd(link, &info, &length) ? 0 : info.id;
}

#endif /* CORDON_TEST_MODULE_H */
