// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps against the guard itself and the kernel under it (bypasses E1 to E12, M1 to M3). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

/* ---- Files ------------------------------------------------------------------ */

/* Writes to PATH what stands there already: a change that changes nothing. */
static int step_rewrite(struct actor *actor, const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t length;

	(void)actor;
	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text));
	close(fd);
	fd = length < 0 ? -1 : open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	length = write(fd, text, length);
	return actor_result(length);
}

/* MAJOR:MINOR,PATH: a character device of that number, opened for reading and writing. */
static int step_device(struct actor *actor, const char *argument)
{
	char number[32];
	const char *path = actor_split(argument, number, sizeof(number));
	char *minor = strchr(number, ':');
	int fd;

	if (mknod(path, S_IFCHR | 0600, makedev(atoi(number), minor ? atoi(minor + 1) : 0)) &&
	    errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR);
	unlink(path);
	return actor_keep(actor, fd);
}

/* A device node that names the same device as PATH, somewhere else. */
static int step_same_device(struct actor *actor, const char *path)
{
	char argument[256];
	struct stat status;

	if (stat(path, &status))
		return -errno;
	snprintf(argument, sizeof(argument), "%u:%u," LOW_DIR "/node", major(status.st_rdev),
		 minor(status.st_rdev));
	return step_device(actor, argument);
}

/* The kernel opens PATH for its accounting, and lets it go again. */
static int step_account(struct actor *actor, const char *path)
{
	(void)actor;
	if (acct(path))
		return -errno;
	return actor_result(acct(NULL));
}

static int step_expire(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(umount2(path, MNT_EXPIRE));
}

static int step_remount(struct actor *actor, const char *path)
{
	(void)actor;
	return actor_result(mount("", path, NULL, MS_REMOUNT, NULL));
}

/* TYPE,PATH: a file system that the kernel makes, at one more place. */
static int step_mount_kernel(struct actor *actor, const char *argument)
{
	char type[32];
	const char *path = actor_split(argument, type, sizeof(type));

	(void)actor;
	return actor_result(mount(type, path, type, 0, ""));
}

/* Goes well for whoever has every capability that the kernel knows. */
static int step_capable(struct actor *actor, const char *unused)
{
	char text[4096] = "", last[16] = "";
	const char *effective;
	int fd = open("/proc/self/status", O_RDONLY),
	    limit = open("/proc/sys/kernel/cap_last_cap", O_RDONLY);
	bool read_both = fd >= 0 && limit >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
			 read(limit, last, sizeof(last) - 1) > 0;

	(void)actor, (void)unused;
	close(fd);
	close(limit);
	effective = read_both ? strstr(text, "CapEff:") : NULL;
	if (!effective)
		return -EIO;
	return strtoull(effective + 7, NULL, 16) == (2ULL << atoi(last)) - 1 ? 0 : -EPERM;
}

/* ---- The controller's process ------------------------------------------------ */

static pid_t find_controller(void)
{
	DIR *list = opendir("/proc");
	struct dirent *entry;
	pid_t found = -1;

	while (list && found < 0 && (entry = readdir(list))) {
		char path[300], name[32] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		fd = atoi(entry->d_name) > 0 ? open(path, O_RDONLY) : -1;
		if (fd >= 0 && read(fd, name, sizeof(name) - 1) > 0 && !strcmp(name, "cordond\n"))
			found = atoi(entry->d_name);
		if (fd >= 0)
			close(fd);
	}
	if (list)
		closedir(list);
	return found;
}

static int step_signal_controller(struct actor *actor, const char *signal)
{
	(void)actor;
	return actor_result(kill(find_controller(), atoi(signal)));
}

static int step_seize_controller(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(ptrace(PTRACE_SEIZE, find_controller(), NULL, NULL));
}

/* FILE in the controller's folder in /proc. */
static int step_rewrite_controller(struct actor *actor, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", find_controller(), file);
	return step_rewrite(actor, path);
}

static int step_open_controller(struct actor *actor, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", find_controller(), file);
	return actor_keep(actor, open(path, O_RDWR));
}

static int step_limit_controller(struct actor *actor, const char *unused)
{
	struct rlimit limit;
	pid_t pid = find_controller();

	(void)actor, (void)unused;
	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit))
		return -errno;
	return actor_result(prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
}

static int step_schedule_controller(struct actor *actor, const char *unused)
{
	struct sched_param none = { 0 };

	(void)actor, (void)unused;
	return actor_result(syscall(SYS_sched_setscheduler, find_controller(), SCHED_OTHER, &none));
}

static int step_nice_controller(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(setpriority(PRIO_PROCESS, find_controller(), 0));
}

/* ---- bpf(2) -------------------------------------------------------------------- */

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* KIND,ID: a descriptor by the object's id; KIND is map, program or link. */
static int step_bpf_id(struct actor *actor, const char *argument)
{
	union bpf_attr attr = { 0 };
	char kind[16];
	int command = BPF_MAP_GET_FD_BY_ID;

	attr.map_id = atoi(actor_split(argument, kind, sizeof(kind)));
	if (!strcmp(kind, "program"))
		command = BPF_PROG_GET_FD_BY_ID;
	else if (!strcmp(kind, "link"))
		command = BPF_LINK_GET_FD_BY_ID;
	return actor_keep(actor, bpf(command, &attr));
}

static int step_bpf_pin(struct actor *actor, const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path };

	return actor_keep(actor, bpf(BPF_OBJ_GET, &attr));
}

/* Gives the newest descriptor, a map's of one element, the value that it has. */
static int step_bpf_rewrite(struct actor *actor, const char *unused)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };
	uint32_t zero = 0;

	(void)unused;
	attr.info.bpf_fd = actor_fd(actor);
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) || info.value_size > ACTOR_BUFFER)
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = actor_fd(actor);
	attr.key = (uintptr_t)&zero;
	attr.value = (uintptr_t)actor->buffer;
	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		return -errno;
	return actor_result(bpf(BPF_MAP_UPDATE_ELEM, &attr));
}

static int load_program(int type, const struct bpf_insn *insns, size_t count)
{
	static char log[8192];
	union bpf_attr attr = { 0 };

	attr.prog_type = type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = count;
	attr.license = (uintptr_t)"GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	return bpf(BPF_PROG_LOAD, &attr);
}

#define MOVE(register, value) \
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (register), .imm = (value) }
#define COPY(register, from) \
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (register), .src_reg = (from) }
#define ADD(register, value) \
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (register), .imm = (value) }
#define CALL(how, number) { .code = BPF_JMP | BPF_CALL, .src_reg = (how), .imm = (number) }
#define LEAVE		  { .code = BPF_JMP | BPF_EXIT }

/* The least program of the type with this number. */
static int step_bpf_load(struct actor *actor, const char *type)
{
	const struct bpf_insn insns[] = { MOVE(BPF_REG_0, 0), LEAVE };

	return actor_keep(actor, load_program(atoi(type), insns, 2));
}

/* A program for packets that reads the kernel's memory. */
static int step_bpf_peek(struct actor *actor, const char *unused)
{
	const struct bpf_insn insns[] = {
		COPY(BPF_REG_1, BPF_REG_10),
		ADD(BPF_REG_1, -8),
		MOVE(BPF_REG_2, 8),
		MOVE(BPF_REG_3, 0),
		CALL(0, BPF_FUNC_probe_read_kernel),
		MOVE(BPF_REG_0, 0),
		LEAVE,
	};

	(void)unused;
	return actor_keep(actor, load_program(BPF_PROG_TYPE_SCHED_CLS, insns, 7));
}

/* One that calls a function of the kernel's: ID is that of bpf_cast_to_kern_ctx. */
static int step_bpf_call(struct actor *actor, const char *id)
{
	const struct bpf_insn insns[] = {
		CALL(BPF_PSEUDO_KFUNC_CALL, atoi(id)),
		MOVE(BPF_REG_0, 0),
		LEAVE,
	};

	return actor_keep(actor, load_program(BPF_PROG_TYPE_SCHED_CLS, insns, 3));
}

/* ---- The kernel's memory and code ------------------------------------------------ */

static int step_load_module(struct actor *actor, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)actor;
	return fd < 0 ? -errno : actor_result(syscall(SYS_finit_module, fd, "", 0));
}

static int step_load_module_bytes(struct actor *actor, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *bytes;

	(void)actor;
	if (fd < 0 || fstat(fd, &status))
		return -errno;
	bytes = malloc(status.st_size);
	if (!bytes || read(fd, bytes, status.st_size) != status.st_size)
		return -EIO;
	return actor_result(syscall(SYS_init_module, bytes, status.st_size, ""));
}

/* Takes back what nobody loaded: nothing changes. */
static int step_kexec(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int step_kexec_file(struct actor *actor, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)actor;
	if (fd < 0)
		return -errno;
	return actor_result(syscall(SYS_kexec_file_load, fd, -1, 1UL, "", 4UL));
}

static int step_ioperm(struct actor *actor, const char *unused)
{
	(void)actor, (void)unused;
	return actor_result(ioperm(0x80, 1, 1));
}

static int event_type(const char *name)
{
	char path[128], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	close(fd);
	return atoi(text);
}

/* uprobe,PATH or kprobe,FUNCTION: a probe there, by perf_event_open(2). */
static int step_probe(struct actor *actor, const char *argument)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	char kind[16];
	const char *where = actor_split(argument, kind, sizeof(kind));
	int type = event_type(kind);

	if (type < 0)
		return -ENODEV;
	attr.type = type;
	attr.config1 = (uintptr_t)where;
	return actor_keep(actor, syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
}

const struct actor_steps actor_guard_steps[] = {
	{ "rewrite", step_rewrite },
	{ "capable", step_capable },
	{ "device", step_device },
	{ "same_device", step_same_device },
	{ "account", step_account },
	{ "expire", step_expire },
	{ "remount", step_remount },
	{ "mount_kernel", step_mount_kernel },
	{ "signal_controller", step_signal_controller },
	{ "seize_controller", step_seize_controller },
	{ "rewrite_controller", step_rewrite_controller },
	{ "open_controller", step_open_controller },
	{ "limit_controller", step_limit_controller },
	{ "schedule_controller", step_schedule_controller },
	{ "nice_controller", step_nice_controller },
	{ "bpf_id", step_bpf_id },
	{ "bpf_pin", step_bpf_pin },
	{ "bpf_rewrite", step_bpf_rewrite },
	{ "bpf_load", step_bpf_load },
	{ "bpf_peek", step_bpf_peek },
	{ "bpf_call", step_bpf_call },
	{ "load_module", step_load_module },
	{ "load_module_bytes", step_load_module_bytes },
	{ "kexec", step_kexec },
	{ "kexec_file", step_kexec_file },
	{ "ioperm", step_ioperm },
	{ "probe", step_probe },
	{ NULL, NULL },
};
