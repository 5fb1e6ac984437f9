// SPDX-License-Identifier: GPL-2.0-only
/*
 * How wide the channels are that docs/known-limits.md leaves open. One process writes and looks by
 * turns, so nothing waits for a switch of tasks and nobody has to keep time: two partners get at
 * most this. Nothing here fails for a figure.
 */
#include <arpa/inet.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "scenario.h"

#define ROUNDS	     1000
#define SERVED	     "/served-names"
#define MEMORY_BYTES (1 << 20)
#define BITS(bytes)  (8 * (bytes))

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static double bits_a_second(double bits, double began)
{
	return bits * ROUNDS / (seconds() - began);
}

#define SAY(what, bits, began)                                                      \
	TH_LOG("width of %s: %d bits an operation, %.0f kbit/s", what, (int)(bits), \
	       bits_a_second(bits, began) / 1000)

/* ---- Descriptors of kinds that one inode serves -------------------------------------------- */

TEST_F(guarded, B20_limit_eventfd)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	double began = seconds();
	uint64_t word;

	for (uint64_t i = 1; i <= ROUNDS; i++) {
		ASSERT_EQ((ssize_t)sizeof(i), write(fd, &i, sizeof(i)));
		ASSERT_EQ((ssize_t)sizeof(word), read(fd, &word, sizeof(word)));
		ASSERT_EQ(i, word);
	}
	SAY("eventfd", 64, began);
	close(fd);
}

/* The interval: seconds and nanoseconds. No hook is asked, neither when it is set nor when read. */
TEST_F(guarded, B20_limit_timerfd)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	double began = seconds();
	struct itimerspec seen;

	for (long i = 1; i <= ROUNDS; i++) {
		const struct itimerspec value = { { i << 22, i }, { 1 << 30, 0 } };

		ASSERT_EQ(0, timerfd_settime(fd, 0, &value, NULL));
		ASSERT_EQ(0, timerfd_gettime(fd, &seen));
		ASSERT_EQ(i << 22, seen.it_interval.tv_sec);
		ASSERT_EQ(i, seen.it_interval.tv_nsec);
	}
	SAY("timerfd", 33 + 29, began);
	close(fd);
}

/* What epoll_wait() gives back of a descriptor. No hook either. */
TEST_F(guarded, B20_limit_epoll)
{
	int set = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(1, EFD_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN }, seen;
	double began;

	ASSERT_EQ(0, epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	began = seconds();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		event.data.u64 = i << 32 | i;
		ASSERT_EQ(0, epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
		ASSERT_EQ(1, epoll_wait(set, &seen, 1, 0));
		ASSERT_EQ(event.data.u64, seen.data.u64);
	}
	SAY("epoll", 64, began);
	close(fd);
	close(set);
}

/* ---- Words of a task's own that others see -------------------------------------------------- */

TEST_F(guarded, B18_C7_limit_process_name)
{
	char name[16] = "", seen[32], before[16];
	double began;

	prctl(PR_GET_NAME, before);
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		int fd;

		memset(name, 'a' + i % 26, 15);
		ASSERT_EQ(0, prctl(PR_SET_NAME, name));
		fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
		ASSERT_EQ(16, read(fd, seen, sizeof(seen)));
		ASSERT_EQ(name[0], seen[14]);
		close(fd);
	}
	SAY("a process's name", BITS(15), began);
	prctl(PR_SET_NAME, before);
}

/* Limits and priorities: as many words as signals, which bounds them to 10 a second. */
TEST_F(guarded, B18_words_of_the_tainted_are_few)
{
	EXPECT_ACTOR(CLEARED, "words=200", ACTOR_OK);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try words=200");
	EXPECT_RECORD(.verdict = "deny", .reason = "write-down", .operation = "act");
	EXPECT_ACTOR(PLAIN, "words=200", ACTOR_OK);
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_ACTOR(CLEARED, "taint=" SECRET " try words=200", ACTOR_OK);
	EXPECT_EQ(0, attack_set_mode(MODE_ENFORCING));
}

/* ---- Names and places of things that have no label -------------------------------------------- */

/* Where a lock begins and how long it is; who asks for it is told. */
TEST_F(guarded, B20_limit_file_lock)
{
	int holder = open(LOW_FILE, O_RDONLY | O_CLOEXEC),
	    asker = open(LOW_FILE, O_RDWR | O_CLOEXEC);
	double began = seconds();

	for (off_t i = 1; i <= ROUNDS; i++) {
		struct flock lock = { .l_type = F_RDLCK, .l_start = i << 40, .l_len = i << 20 };
		struct flock seen = { .l_type = F_WRLCK };
		struct flock none = { .l_type = F_UNLCK };

		ASSERT_EQ(0, fcntl(holder, F_OFD_SETLK, &lock));
		ASSERT_EQ(0, fcntl(asker, F_OFD_GETLK, &seen));
		ASSERT_EQ(lock.l_start, seen.l_start);
		ASSERT_EQ(lock.l_len, seen.l_len);
		ASSERT_EQ(0, fcntl(holder, F_OFD_SETLK, &none));
	}
	SAY("a file lock", 2 * 62, began);
	close(holder);
	close(asker);
}

/* The longest name that /proc/net/unix shows, of a socket that nothing is sent on. */
TEST_F(guarded, C4_limit_abstract_name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static char list[65536];
	double began = seconds();

	for (int i = 0; i < ROUNDS; i++) {
		int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), proc;
		ssize_t length;

		memset(address.sun_path + 1, 'a' + i % 26, sizeof(address.sun_path) - 1);
		ASSERT_EQ(0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
		proc = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
		length = read(proc, list, sizeof(list) - 1);
		ASSERT_LT(0, length);
		close(proc);
		close(fd);
	}
	SAY("an abstract socket name", BITS(sizeof(address.sun_path) - 1), began);
}

TEST_F(guarded, C6_limit_queue_key)
{
	double began = seconds();

	for (int i = 0; i < ROUNDS; i++) {
		int queue = msgget(0x40000000 + i, IPC_CREAT | 0666);

		ASSERT_LE(0, queue);
		ASSERT_EQ(queue, msgget(0x40000000 + i, 0));
		ASSERT_EQ(0, msgctl(queue, IPC_RMID, NULL));
	}
	SAY("a queue's key", 32, began);
}

/* A message is there, or somebody has taken it. */
TEST_F(guarded, C6_limit_destructive_read)
{
	struct {
		long type;
		char byte;
	} message = { 1, 'x' };
	int queue = msgget(IPC_PRIVATE, 0600);
	struct msqid_ds seen;
	double began = seconds();

	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, msgsnd(queue, &message, 1, 0));
		ASSERT_EQ(1, msgrcv(queue, &message, 1, 0, 0));
		ASSERT_EQ(0, msgctl(queue, IPC_STAT, &seen));
	}
	SAY("a destructive read", 1, began);
	msgctl(queue, IPC_RMID, NULL);
}

TEST_F(guarded, C7_limit_hostname)
{
	struct utsname before, seen;
	char name[64];
	double began;

	ASSERT_EQ(0, uname(&before));
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		memset(name, 'a' + i % 26, sizeof(name));
		ASSERT_EQ(0, sethostname(name, sizeof(name)));
		ASSERT_EQ(0, uname(&seen));
		ASSERT_EQ(name[0], seen.nodename[63]);
	}
	SAY("the host's name", BITS(64), began);
	EXPECT_EQ(0, sethostname(before.nodename, strlen(before.nodename)));
}

/* How much waits, which FIONREAD tells whoever has the descriptor. */
TEST_F(guarded, C3_limit_how_much_waits)
{
	static char bytes[4096];
	int ends[2], waits;
	double began;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_LT(0, write(ends[1], bytes, i % 4095 + 1));
		ASSERT_EQ(0, ioctl(ends[0], FIONREAD, &waits));
		ASSERT_EQ(i % 4095 + 1, waits);
		ASSERT_EQ(waits, read(ends[0], bytes, sizeof(bytes)));
	}
	SAY("how much waits in a pipe", 12, began);
	close(ends[0]);
	close(ends[1]);
}

/* That somebody may read, told to whom the other end belongs. */
TEST_F(guarded, B18_limit_sigio)
{
	const struct timespec patience = { .tv_sec = 5 };
	int ends[2];
	sigset_t set;
	double began;
	char byte = 'x';

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(0, fcntl(ends[0], F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(ends[0], F_SETFL, O_ASYNC));
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(1, write(ends[1], &byte, 1));
		ASSERT_EQ(SIGIO, sigtimedwait(&set, NULL, &patience));
		ASSERT_EQ(1, read(ends[0], &byte, 1));
	}
	SAY("SIGIO", 1, began);
	close(ends[0]);
	close(ends[1]);
}

/* Whether anybody waits at a page that both have mapped. */
TEST_F(guarded, B20_limit_futex)
{
	int fd = open(LOW_FILE, O_RDONLY | O_CLOEXEC);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	double began = seconds();

	ASSERT_NE(MAP_FAILED, map);
	for (int i = 0; i < ROUNDS; i++)
		ASSERT_EQ(0, syscall(SYS_futex, map, FUTEX_WAKE, 1, NULL, NULL, 0));
	SAY("a futex in a file", 1, began);
	munmap(map, 4096);
	close(fd);
}

/* ---- What is as fast as memory ---------------------------------------------------------------- */

#define BYTES_SAY(what, bytes, began)            \
	TH_LOG("width of %s: %.0f kbit/s", what, \
	       BITS((double)(bytes)) / (seconds() - (began)) / 1000)

/* What a mapped BPF map is to two who hold it. */
TEST_F(guarded, E1_limit_mapped_memory)
{
	char *from = calloc(1, MEMORY_BYTES), *to = malloc(MEMORY_BYTES);
	double began;

	memset(to, 1, MEMORY_BYTES);
	began = seconds();
	for (int i = 0; i < 64; i++) {
		from[i] = 1;
		memcpy(to, from, MEMORY_BYTES);
		ASSERT_EQ(1, to[i]);
	}
	BYTES_SAY("mapped memory", 64.0 * MEMORY_BYTES, began);
	free(from);
	free(to);
}

/* Where the policy says `on terminal neutral`. */
TEST_F(guarded, M16_limit_neutral_terminal)
{
	static char bytes[2048];
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), slave, unlocked = 0;
	struct termios settings;
	long done = 0;
	double began;

	ASSERT_EQ(0, ioctl(master, TIOCSPTLCK, &unlocked));
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_EQ(0, tcgetattr(slave, &settings));
	cfmakeraw(&settings);
	ASSERT_EQ(0, tcsetattr(slave, TCSANOW, &settings));
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ((ssize_t)sizeof(bytes), write(slave, bytes, sizeof(bytes)));
		for (ssize_t left = sizeof(bytes); left > 0;) {
			ssize_t got = read(master, bytes, left);

			ASSERT_LT(0, got);
			left -= got;
			done += got;
		}
	}
	BYTES_SAY("a neutral terminal", done, began);
	close(slave);
	close(master);
}

/* Where a rule clears 127.0.0.1 for what is secret. */
TEST_F(guarded, D15_limit_loopback)
{
	const struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(address);
	static char bytes[32768];
	double began;

	ASSERT_EQ(0, bind(to, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_EQ(0, getsockname(to, (struct sockaddr *)&address, &length));
	ASSERT_EQ(0, connect(from, (struct sockaddr *)&address, sizeof(address)));
	setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ((ssize_t)sizeof(bytes), send(from, bytes, sizeof(bytes), 0));
		ASSERT_EQ((ssize_t)sizeof(bytes), recv(to, bytes, sizeof(bytes), 0));
	}
	BYTES_SAY("the loopback", (double)ROUNDS * sizeof(bytes), began);
	close(from);
	close(to);
}

/* ---- What has no label ------------------------------------------------------------------------ */

/* Two times and a size, by a writer; all of it is seen by stat. */
TEST_F(guarded, A13_A12_limit_stat)
{
	const char *path = LOW_ARENA "/file";
	double began = seconds();
	struct stat seen;

	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	for (long i = 0; i < ROUNDS; i++) {
		const struct timespec times[2] = { { i << 20, i }, { i << 10, 2 * i } };

		ASSERT_EQ(0, truncate(path, i));
		ASSERT_EQ(0, utimensat(AT_FDCWD, path, times, 0));
		ASSERT_EQ(0, stat(path, &seen));
		ASSERT_EQ(i << 10, seen.st_mtim.tv_sec);
		ASSERT_EQ(i, seen.st_size);
	}
	SAY("what stat shows", 2 * (33 + 29) + 43, began);
}

/* Names that a look-up tells the server of a FUSE file system. */
TEST_F(guarded, A6_D20_limit_names_looked_up)
{
	const struct actor_call server = { .program = PLAIN,
					   .steps = "fuse_serve=" LOW_FILE "," SERVED " hold" };
	char path[300] = SERVED "/";
	struct stat seen;
	double began;
	pid_t pid;

	mkdir(SERVED, 0777);
	pid = actor_start(&server);
	ASSERT_TRUE(actor_wait_stopped(pid));
	memset(path + strlen(path), 'x', 255);
	began = seconds();
	for (int i = 0; i < ROUNDS; i++) {
		path[strlen(SERVED) + 1] = 'a' + i % 26;
		ASSERT_EQ(0, stat(path, &seen));
	}
	SAY("names looked up on FUSE", BITS(255), began);
	kill(pid, SIGKILL);
	actor_wait(pid);
	umount2(SERVED, MNT_DETACH);
}

/* A page of a file that both may read is in memory, or it is not. */
TEST_F(guarded, A17_limit_page_cache)
{
	int fd = open(DISK_LOW, O_RDONLY | O_CLOEXEC);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char resident, byte;
	double began = seconds();

	ASSERT_NE(MAP_FAILED, map);
	for (int i = 0; i < ROUNDS; i++) {
		int done = i & 1 ? pread(fd, &byte, 1, 0) != 1 :
				   posix_fadvise(fd, 0, 4096, POSIX_FADV_DONTNEED);

		ASSERT_EQ(0, done);
		ASSERT_EQ(0, mincore(map, 4096, &resident));
	}
	SAY("the page cache", 1, began);
	munmap(map, 4096);
	close(fd);
}

TEST_HARNESS_MAIN
