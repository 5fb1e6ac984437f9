// SPDX-License-Identifier: GPL-2.0-only
/* The actor's steps on kernel objects that two processes have in common, by a descriptor or by name. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "world.h"

#define PAGE	   4096
#define PATIENCE   600 /* looks, */
#define LOOK_NS	   5000000 /* so far apart */
#define FIRST_OPEN 300

/* ---- Memory by a thread's file (bypass B9) ------------------------------------------- */

static sem_t opened;
static _Atomic pid_t thread_id;

static void *be_looked_at(void *unused)
{
	thread_id = gettid();
	sem_wait(&opened);
	return unused;
}

/* This process's memory, by the file of a thread that has ended then. */
static int step_thread_mem(struct actor *actor, const char *unused)
{
	pthread_t thread;
	char path[64];
	int fd;

	(void)unused;
	sem_init(&opened, 0, 0);
	if (pthread_create(&thread, NULL, be_looked_at, NULL))
		return -EAGAIN;
	while (!thread_id)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d/mem", thread_id);
	fd = open(path, O_RDONLY);
	sem_post(&opened);
	pthread_join(thread, NULL);
	return actor_keep(actor, fd);
}

/* As soon as somebody exposes something. */
static int step_read_exposed_soon(struct actor *actor, const char *unused)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	ssize_t length = 0;

	(void)unused;
	for (int i = 0; i < PATIENCE; i++) {
		length = pread(actor_fd(actor), actor->buffer, CANARY_BYTES, EXPOSED_ADDRESS);
		if (length == CANARY_BYTES && actor->buffer[0])
			return 0;
		nanosleep(&pause, NULL);
	}
	return length < 0 ? -errno : -ETIMEDOUT;
}

/* ---- userfaultfd: who holds it writes into another's memory --------------------------- */

/* A page of this process's that is filled by whoever has the descriptor. */
static int step_fault_page(struct actor *actor, const char *unused)
{
	struct uffdio_register range = { .range = { EXPOSED_ADDRESS, PAGE },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	(void)unused;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    mmap((void *)EXPOSED_ADDRESS, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		return -errno;
	return actor_keep(actor, fd);
}

static int step_fault_fill(struct actor *actor, const char *unused)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = { .dst = EXPOSED_ADDRESS, .src = (uintptr_t)page, .len = PAGE };

	(void)unused;
	memcpy(page, actor->buffer, CANARY_BYTES);
	return actor_result(ioctl(actor_fd(actor), UFFDIO_COPY, &copy));
}

/* Does not touch the page: that would wait for ever. */
static int step_fault_await(struct actor *actor, const char *unused)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	unsigned char there = 0;

	(void)unused;
	for (int i = 0; i < PATIENCE && !there; i++) {
		if (mincore((void *)EXPOSED_ADDRESS, PAGE, &there))
			return -errno;
		nanosleep(&pause, NULL);
	}
	if (!there)
		return -ETIMEDOUT;
	memcpy(actor->buffer, (void *)EXPOSED_ADDRESS, CANARY_BYTES);
	return 0;
}

/* ---- Sockets: what is set on them ----------------------------------------------------- */

#define REPORTS 4 /* of a membership, and of a change of it, each said twice */

/* How many reports of memberships have left by @interface; -1: not known. */
static int reports_sent(const char *interface)
{
	char path[64], line[128];
	int sent = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/net/dev_snmp6/%s", interface);
	file = fopen(path, "r");
	while (file && sent < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "Icmp6OutMLDv2Reports %d", &sent) != 1)
			sent = -1;
	if (file)
		fclose(file);
	return sent;
}

static void await_reports(const char *interface, int before)
{
	const struct timespec pause = { .tv_nsec = 4 * LOOK_NS };

	for (int i = 0; i < PATIENCE && reports_sent(interface) < before + REPORTS; i++)
		nanosleep(&pause, NULL);
}

/* INTERFACE: the kernel reports to its neighbours from whom this host wants to hear. */
static int step_report_sources(struct actor *actor, const char *interface)
{
	struct {
		struct group_filter head;
		struct sockaddr_storage second;
	} list = { .head = { .gf_interface = if_nametoindex(interface),
			     .gf_fmode = MCAST_INCLUDE,
			     .gf_numsrc = 2 } };
	struct sockaddr_in6 *group = (void *)&list.head.gf_group;
	struct group_req join = { .gr_interface = list.head.gf_interface };
	int before = reports_sent(interface);

	group->sin6_family = AF_INET6;
	inet_pton(AF_INET6, "ff15::c0de", &group->sin6_addr);
	memcpy(&join.gr_group, group, sizeof(*group));
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in6 *from = (void *)&list.head.gf_slist[i];

		from->sin6_family = AF_INET6;
		/* The kernel tells the last one first. */
		memcpy(&from->sin6_addr, actor->buffer + (1 - i) * 16, 16);
	}
	if (setsockopt(actor_fd(actor), SOL_IPV6, MCAST_JOIN_GROUP, &join, sizeof(join)) ||
	    setsockopt(actor_fd(actor), SOL_IPV6, MCAST_MSFILTER, &list, GROUP_FILTER_SIZE(2)))
		return -errno;
	await_reports(interface, before);
	return 0;
}

static int step_filter_payload(struct actor *actor, const char *unused)
{
	struct sock_filter filter[CANARY_BYTES / 4 + 1];
	struct sock_fprog program = { CANARY_BYTES / 4 + 1, filter };
	uint32_t word;
	size_t i;

	(void)unused;
	for (i = 0; i < CANARY_BYTES / 4; i++) {
		memcpy(&word, actor->buffer + 4 * i, sizeof(word));
		filter[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, word);
	}
	filter[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	return actor_result(setsockopt(actor_fd(actor), SOL_SOCKET, SO_ATTACH_FILTER, &program,
				       sizeof(program)));
}

static int step_filter_await(struct actor *actor, const char *unused)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct sock_filter filter[CANARY_BYTES / 4 + 1];

	(void)unused;
	for (int i = 0; i < PATIENCE; i++) {
		socklen_t count = CANARY_BYTES / 4 + 1;

		if (!getsockopt(actor_fd(actor), SOL_SOCKET, SO_GET_FILTER, filter, &count) &&
		    count == CANARY_BYTES / 4 + 1) {
			for (size_t k = 0; k < CANARY_BYTES / 4; k++)
				memcpy(actor->buffer + 4 * k, &filter[k].k, 4);
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

/* ---- Which descriptors are open ------------------------------------------------------- */

static int step_descriptors_payload(struct actor *actor, const char *unused)
{
	(void)unused;
	for (int i = 0; i < CANARY_BYTES * 8; i++)
		if ((actor->buffer[i / 8] >> (i % 8)) & 1 && dup2(0, FIRST_OPEN + i) < 0)
			return -errno;
	return 0;
}

/* PID */
static int step_descriptors_read(struct actor *actor, const char *pid)
{
	char path[64], entries[32768];
	long length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return -errno;
	memset(actor->buffer, 0, CANARY_BYTES);
	while ((length = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < length;) {
			uint16_t bytes;
			int bit = atoi(entries + at + 19) - FIRST_OPEN;

			memcpy(&bytes, entries + at + 16, sizeof(bytes));
			if (bit >= 0 && bit < CANARY_BYTES * 8)
				actor->buffer[bit / 8] |= 1 << bit % 8;
			at += bytes;
		}
	}
	return length < 0 ? -errno : 0;
}

/* ---- A memory file, read while it is written ------------------------------------------------ */

#define LONG_FILE (48 << 20) /* so long that a read of it is always under way */

/* Reads all of it, again and again, until that is denied. */
static int step_read_all_day(struct actor *actor, const char *unused)
{
	char *all =
		mmap(NULL, LONG_FILE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	if (all == MAP_FAILED)
		return -errno;
	raise(SIGSTOP);
	for (int i = 0; i < PATIENCE; i++) {
		if (pread(actor_fd(actor), all, LONG_FILE, 0) < 0)
			return -errno;
		for (size_t at = 0; at < LONG_FILE; at += PAGE) {
			if (!all[at])
				continue;
			memcpy(actor->buffer, all + at, CANARY_BYTES);
			return 0;
		}
	}
	return -ETIMEDOUT;
}

/* In many places, as the other may be anywhere. */
static int step_write_far(struct actor *actor, const char *unused)
{
	(void)unused;
	for (off_t at = LONG_FILE - PAGE; at > 0; at -= 64 * PAGE)
		if (pwrite(actor_fd(actor), actor->buffer, CANARY_BYTES, at) < 0)
			return -errno;
	return 0;
}

/* ---- A map of BPF's --------------------------------------------------------------------- */

static int call_bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int step_map_new(struct actor *actor, const char *unused)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = CANARY_BYTES,
				.max_entries = 1 };

	(void)unused;
	return actor_keep(actor, call_bpf(BPF_MAP_CREATE, &attr));
}

static int use_map(struct actor *actor, int command)
{
	uint32_t key = 0;
	union bpf_attr attr = { .map_fd = actor_fd(actor),
				.key = (uintptr_t)&key,
				.value = (uintptr_t)actor->buffer };

	return actor_result(call_bpf(command, &attr));
}

static int step_map_payload(struct actor *actor, const char *unused)
{
	(void)unused;
	return use_map(actor, BPF_MAP_UPDATE_ELEM);
}

static int step_map_await(struct actor *actor, const char *unused)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	int result = 0;

	(void)unused;
	for (int i = 0; i < PATIENCE && !result; i++) {
		result = use_map(actor, BPF_MAP_LOOKUP_ELEM);
		if (actor->buffer[0])
			return result;
		nanosleep(&pause, NULL);
	}
	return result ?: -ETIMEDOUT;
}

/* ---- A file system that is about to be mounted ------------------------------------------- */

static int step_context_new(struct actor *actor, const char *unused)
{
	(void)unused;
	return actor_keep(actor, fsopen("tmpfs", FSOPEN_CLOEXEC));
}

/* It is no parameter's name, so the context's log says which it was. */
static int step_context_payload(struct actor *actor, const char *unused)
{
	char text[CANARY_BYTES + 1];
	int result;

	(void)unused;
	memcpy(text, actor->buffer, CANARY_BYTES);
	text[CANARY_BYTES] = '\0';
	result = actor_result(fsconfig(actor_fd(actor), FSCONFIG_SET_STRING, text, "", 0));
	return result == -EINVAL ? 0 : result;
}

static int step_context_await(struct actor *actor, const char *unused)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };

	(void)unused;
	for (int i = 0; i < PATIENCE; i++) {
		if (read(actor_fd(actor), actor->buffer, ACTOR_LOOT) > 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

/* ---- What is set, and seen by all --------------------------------------------------------- */

/* PACKETS: of the loopback device, by a socket's command. */
static int step_queue_length(struct actor *actor, const char *packets)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_qlen = atoi(packets) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	(void)actor;
	if (fd < 0)
		return -errno;
	result = actor_result(ioctl(fd, SIOCSIFTXQLEN, &request));
	close(fd);
	return result;
}

/* KIND: gives a new object of System V away: m, s, q. Its first mode says that it is there. */
static int step_ipc_give(struct actor *actor, const char *kind)
{
	union {
		struct shmid_ds memory;
		struct msqid_ds queue;
		struct semid_ds semaphores;
	} set = { 0 };

	(void)actor;
	set.memory.shm_perm.mode = 0600;
	switch (*kind) {
	case 'm':
		return actor_result(shmctl(shmget(IPC_PRIVATE, 4096, 0600), IPC_SET, &set.memory));
	case 'q':
		set.queue.msg_qbytes = 1024;
		return actor_result(msgctl(msgget(IPC_PRIVATE, 0600), IPC_SET, &set.queue));
	default:
		return actor_result(
			semctl(semget(IPC_PRIVATE, 1, 0600), 0, IPC_SET, &set.semaphores));
	}
}

/* ---- Samples of who runs (perf) ------------------------------------------------------------ */

static int sample(struct actor *actor, struct perf_event_attr *attr, pid_t pid, int cpu)
{
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_CPU_CLOCK;
	attr->size = sizeof(*attr);
	return actor_keep(actor,
			  syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

/* This process's own. */
static int step_sampled(struct actor *actor, const char *unused)
{
	struct perf_event_attr attr = { 0 };

	(void)unused;
	return sample(actor, &attr, 0, -1);
}

/* TYPE: of whoever runs on the first CPU. */
static int step_sample_all(struct actor *actor, const char *type)
{
	struct perf_event_attr attr = { .sample_period = 1000000,
					.sample_type = strtoull(type, NULL, 0) };

	if (attr.sample_type & PERF_SAMPLE_STACK_USER)
		attr.sample_stack_user = 4096;
	return sample(actor, &attr, -1, 0);
}

const struct actor_steps actor_object_steps[] = {
	{ "read_all_day", step_read_all_day },
	{ "write_far", step_write_far },
	{ "map_new", step_map_new },
	{ "map_payload", step_map_payload },
	{ "map_await", step_map_await },
	{ "context_new", step_context_new },
	{ "context_payload", step_context_payload },
	{ "context_await", step_context_await },
	{ "queue_length", step_queue_length },
	{ "ipc_give", step_ipc_give },
	{ "sampled", step_sampled },
	{ "sample_all", step_sample_all },
	{ "thread_mem", step_thread_mem },
	{ "read_exposed_soon", step_read_exposed_soon },
	{ "fault_page", step_fault_page },
	{ "fault_fill", step_fault_fill },
	{ "fault_await", step_fault_await },
	{ "report_sources", step_report_sources },
	{ "filter_payload", step_filter_payload },
	{ "filter_await", step_filter_await },
	{ "descriptors_payload", step_descriptors_payload },
	{ "descriptors_read", step_descriptors_read },
	{ NULL, NULL },
};
