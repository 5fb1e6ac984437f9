// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first program of Cordon's test guests, linked statically.
 *
 * As PID 1 of the small guest it mounts what a test expects, runs one command and powers off.
 * With cordon.root=DEVICE on the kernel's command line (the full guest) it mounts that device,
 * adds the run's files and hands over to the system there, whose cordon-guest.service starts this
 * program once more as `init agent` to run the command.
 *
 * The verdict leaves on a virtio port of its own: nothing that the command or the kernel prints
 * can be mistaken for it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORTS_DIR     "/sys/class/virtio-ports"
#define BUSYBOX	      "/cordon/busybox"
#define NEW_ROOT      "/newroot"
#define COMMAND_BYTES 65536
#define COMMAND_ARGS  256
#define PORT_WAIT_MS  10000

static const struct {
	const char *type, *path, *options;
} mounts[] = {
	{ "proc", "/proc", "" },
	{ "sysfs", "/sys", "" },
	{ "devtmpfs", "/dev", "" },
	{ "devpts", "/dev/pts", "mode=620,ptmxmode=666" },
	{ "tmpfs", "/dev/shm", "" },
	{ "tmpfs", "/tmp", "" },
	{ "tmpfs", "/run", "" },
	{ "cgroup2", "/sys/fs/cgroup", "" },
	{ "bpf", "/sys/fs/bpf", "" },
	{ "securityfs", "/sys/kernel/security", "" },
	{ "debugfs", "/sys/kernel/debug", "" },
	{ "tracefs", "/sys/kernel/tracing", "" },
};

/* What a message of the kernel that means a defect begins with, and what it may contain. */
static const char *const splat_begins[] = { "WARNING:", "BUG:", "------------[ cut here" };
static const char *const splat_contains[] = {
	"kernel BUG at",
	"Oops:",
	"possible circular locking",
	"INFO: rcu_",
	"KASAN:",
	"UBSAN:",
	"general protection fault",
	"Call Trace:",
	"self-detected stall",
	"blocked for more than",
	"refcount_t:",
};

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].path, 0755);
		/* A kernel may lack one of them; the test that needs it says so better. */
		mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, mounts[i].options);
	}
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

/* Standard streams on the console, for this program's own complaints. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static void set_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
		request.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
}

static bool load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0) {
		fprintf(stderr, "init: %s: %m\n", path);
		return false;
	}
	ret = syscall(SYS_finit_module, fd, "", 0);
	if (ret && errno != EEXIST)
		fprintf(stderr, "init: insmod %s: %m\n", path);
	else
		ret = 0;
	close(fd);
	return ret == 0;
}

/* Loads the modules that the file @list names, one a line, in that order. */
static bool load_modules(const char *list)
{
	FILE *file = fopen(list, "re");
	char path[512];
	bool loaded = true;

	if (!file)
		return true;
	while (loaded && fgets(path, sizeof(path), file)) {
		path[strcspn(path, "\n")] = '\0';
		loaded = load_module(path);
	}
	fclose(file);
	return loaded;
}

/* Returns a descriptor of the virtio port called @name, or -1. */
static int open_port_once(const char *name)
{
	char path[512], found[64];
	DIR *dir = opendir(PORTS_DIR);
	struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), PORTS_DIR "/%s/name", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(found, sizeof(found), file)) {
			found[strcspn(found, "\n")] = '\0';
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			if (!strcmp(found, name))
				fd = open(path, O_WRONLY | O_CLOEXEC);
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* The host announces the ports some time after the driver started, so wait for them. */
static int open_port(const char *name)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int fd = open_port_once(name);

	for (int ms = 0; fd < 0 && ms < PORT_WAIT_MS; ms += 5) {
		nanosleep(&pause, NULL);
		fd = open_port_once(name);
	}
	if (fd < 0)
		fprintf(stderr, "init: no port \"%s\"\n", name);
	return fd;
}

/* Splits the run's command, strings with a NUL after each, into @argv; returns how many. */
static int read_command(char *buffer, char **argv)
{
	int fd = open("/cordon/command", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, buffer, COMMAND_BYTES - 1);
	int argc = 0;

	if (fd >= 0)
		close(fd);
	if (length < 0)
		length = 0;
	buffer[length] = '\0';
	for (char *s = buffer; s < buffer + length && argc < COMMAND_ARGS; s += strlen(s) + 1)
		argv[argc++] = s;
	argv[argc] = NULL;
	return argc;
}

static pid_t start(char **argv, int output)
{
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	setsid();
	null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(output, 1);
	dup2(output, 2);
	if (null > 2)
		close(null);
	execvp(argv[0], argv);
	dprintf(2, "init: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Waits for @pid and, PID 1's duty, reaps every orphan meanwhile. */
static int wait_for(pid_t pid)
{
	int status = -1;
	pid_t found;

	do {
		found = waitpid(-1, &status, 0);
	} while (found != pid && (found > 0 || errno == EINTR));
	return found == pid ? status : -1;
}

static void send_command_verdict(int verdict, int status)
{
	if (status == -1)
		dprintf(verdict, "lost\n");
	else if (WIFSIGNALED(status))
		dprintf(verdict, "signal %d\n", WTERMSIG(status));
	else
		dprintf(verdict, "exit %d\n", WEXITSTATUS(status));
}

/* Whatever the command left in /out goes to the host as one tar stream. */
static void send_files(void)
{
	char *argv[] = { BUSYBOX, "tar", "-c", "-f", "-", "-C", "/out", ".", NULL };
	int files = open_port("files");
	int log = open("/dev/console", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	if (files < 0)
		return;
	pid = fork();
	if (pid == 0) {
		dup2(files, 1);
		dup2(log, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	wait_for(pid);
	close(log);
	close(files);
}

static bool is_splat(const char *text)
{
	for (size_t i = 0; i < sizeof(splat_begins) / sizeof(splat_begins[0]); i++)
		if (!strncmp(text, splat_begins[i], strlen(splat_begins[i])))
			return true;
	for (size_t i = 0; i < sizeof(splat_contains) / sizeof(splat_contains[0]); i++)
		if (strstr(text, splat_contains[i]))
			return true;
	return false;
}

/*
 * Reads the kernel's log from its first record. A record that was overwritten might have been the
 * one that matters, so a gap in the sequence numbers counts as a splat too.
 */
static void send_log_verdict(int verdict)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned long long sequence, expected = 0;
	char record[8192];
	bool clean = true;
	ssize_t length;

	if (fd < 0) {
		dprintf(verdict, "splat cannot read the kernel log\n");
		return;
	}
	while ((length = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (length < 0 && errno == EPIPE)) {
		char *text;

		if (length < 0)
			continue;
		record[length] = '\0';
		text = strchr(record, ';');
		if (!text || sscanf(record, "%*u,%llu", &sequence) != 1)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (sequence != expected) {
			dprintf(verdict, "splat kernel log has a gap before record %llu\n",
				sequence);
			clean = false;
		}
		expected = sequence + 1;
		if (is_splat(text)) {
			dprintf(verdict, "splat %s\n", text);
			clean = false;
		}
	}
	close(fd);
	if (clean)
		dprintf(verdict, "clean\n");
}

static void run_command(void)
{
	static char buffer[COMMAND_BYTES];
	static char *argv[COMMAND_ARGS + 1];
	int verdict = open_port("verdict");
	int output = open_port("output");
	pid_t pid;

	if (verdict < 0 || output < 0)
		return;
	mkdir("/out", 01777);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	if (!load_modules("/cordon/insmod")) {
		dprintf(output, "init: a module did not load, see the console\n");
		dprintf(verdict, "insmod\n");
	} else if (!read_command(buffer, argv)) {
		dprintf(verdict, "no command\n");
	} else {
		pid = start(argv, output);
		send_command_verdict(verdict, wait_for(pid));
	}
	send_files();
	send_log_verdict(verdict);
}

/* Returns the value of cordon.root= in @buffer, or NULL. */
static const char *find_root(char *buffer, size_t size)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, buffer, size - 1);
	char *value;

	if (fd >= 0)
		close(fd);
	buffer[length > 0 ? length : 0] = '\0';
	value = strstr(buffer, "cordon.root=");
	if (!value)
		return NULL;
	value += strlen("cordon.root=");
	value[strcspn(value, " \n")] = '\0';
	return value;
}

/* The disk appears some time after its driver was loaded. */
static bool mount_root(const char *device)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	mkdir(NEW_ROOT, 0755);
	for (int ms = 0; ms < PORT_WAIT_MS; ms += 5) {
		if (mount(device, NEW_ROOT, "ext4", MS_NOATIME, "") == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "init: mount %s: %m\n", device);
	return false;
}

/* Puts the run's files over the root file system @device and becomes its init. */
static void switch_root(const char *device)
{
	char *argv[] = { BUSYBOX, "cp", "-a", "/cordon", "/payload/.", NEW_ROOT, NULL };
	char *init[] = { "/sbin/init", NULL };

	if (!mount_root(device))
		return;
	if (wait_for(start(argv, 2)) != 0)
		return;
	mount("/proc", NEW_ROOT "/proc", NULL, MS_MOVE, NULL);
	umount2("/sys/kernel/debug", MNT_DETACH);
	umount2("/sys/kernel/tracing", MNT_DETACH);
	umount2("/sys/kernel/security", MNT_DETACH);
	umount2("/sys/fs/bpf", MNT_DETACH);
	umount2("/sys/fs/cgroup", MNT_DETACH);
	mount("/sys", NEW_ROOT "/sys", NULL, MS_MOVE, NULL);
	umount2("/dev/pts", MNT_DETACH);
	umount2("/dev/shm", MNT_DETACH);
	mount("/dev", NEW_ROOT "/dev", NULL, MS_MOVE, NULL);
	if (chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		return;
	execv(init[0], init);
	fprintf(stderr, "init: %s: %m\n", init[0]);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
}

int main(int argc, char **argv)
{
	char cmdline[4096];
	const char *root;

	if (argc == 2 && !strcmp(argv[1], "agent")) {
		run_command();
		power_off();
		return 1;
	}
	if (getpid() != 1) {
		fprintf(stderr, "init: this is a test guest's PID 1\n");
		return 2;
	}
	mount_all();
	open_console();
	set_loopback_up();
	load_modules("/cordon/modules");
	root = find_root(cmdline, sizeof(cmdline));
	if (root)
		switch_root(root);
	else
		run_command();
	power_off();
	return 1;
}
