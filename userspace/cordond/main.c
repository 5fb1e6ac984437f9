// SPDX-License-Identifier: GPL-2.0-only
/*
 * cordond, the controller: brings the guard into the kernel, gives it its
 * policy, takes its records, answers on the control socket. Enforcement does
 * not need it once the guard is attached: killed, it leaves everything as it
 * is, and started again it takes up where it left off.
 */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "controller.h"
#include "labels.h"
#include "ledger.h"
#include "kernel_state.h"
#include "names.h"
#include "paths.h"

#define MOUNTS "/proc/self/mountinfo"
/* Names whose time has come are looked for this often. */
#define TURN_MS 5000
/* Longer than denials are coalesced in the kernel (bpf/record.bpf.h). */
#define REPEATS_WAIT_S 2

#define EXIT_USAGE     2
#define EXIT_COULD_NOT 3
/* The guard was detached on request: the unit says not to start again after that. */
#define EXIT_DETACHED 10

static const char usage[] =
	"usage: cordond [--policy FOLDER|FILE] [--mode permissive|enforcing] [--without-module]\n"
	"               [--volume-size MIB] [--volume-age HOURS] [--store-size MIB]\n"
	"               [--keep-days DAYS] [--anchors FILE]\n"
	"       cordond --help | --version\n"
	"\n"
	"Runs in the foreground. Without --mode the mode is as it was last; the first\n"
	"time it is permissive. The policy is " CORDON_POLICY_FOLDER ".\n";

/* False when @text is no number, or too large a one. */
static bool set_store_limit(struct cordon_store_limits *limits, int option, const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || number > 1u << 20)
		return false;
	if (option == 'S')
		limits->volume_bytes = (uint64_t)number << 20;
	else if (option == 'A')
		limits->volume_age_s = (uint64_t)number * 60 * 60;
	else if (option == 'T')
		limits->total_bytes = (uint64_t)number << 20;
	else
		limits->keep_days = number;
	/* A volume for each record would be none. */
	return number || option == 'T' || option == 'K';
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "mode", required_argument, NULL, 'm' },
		{ "without-module", no_argument, NULL, 'w' },
		{ "volume-size", required_argument, NULL, 'S' },
		{ "volume-age", required_argument, NULL, 'A' },
		{ "store-size", required_argument, NULL, 'T' },
		{ "keep-days", required_argument, NULL, 'K' },
		{ "anchors", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ .policy = CORDON_POLICY_FOLDER,
				     .mode = -1,
				     .store.limits = CORDON_STORE_LIMITS_DEFAULT };
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'p':
			options->policy = optarg;
			break;
		case 'm':
			options->mode = cordon_mode_number(optarg);
			if (options->mode != CORDON_MODE_PERMISSIVE &&
			    options->mode != CORDON_MODE_ENFORCING) {
				fprintf(stderr, "cordond: '%s' is no mode\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'w':
			options->without_module = true;
			break;
		case 'a':
			options->store.anchors = optarg;
			break;
		case 'S':
		case 'A':
		case 'T':
		case 'K':
			if (!set_store_limit(&options->store.limits, option, optarg)) {
				fprintf(stderr, "cordond: '%s' is no such number\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'v':
			printf("cordond " CORDON_VERSION ", ABI %u\n", CORDON_ABI_VERSION);
			exit(0);
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc || options->policy[0] != '/') {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return 0;
}

static int read_boot(__u64 boot[2], struct cordon_failure *failure)
{
	char line[64], *from = line;
	unsigned char *to = (unsigned char *)boot;
	unsigned int byte, i;

	if (file_read_line("/proc/sys/kernel/random/boot_id", line, sizeof(line)))
		return cordon_failure_set(failure, EIO, "this boot's number cannot be read");
	for (i = 0; i < 16; i++) {
		if (*from == '-')
			from++;
		if (sscanf(from, "%2x", &byte) != 1)
			return cordon_failure_set(failure, EIO, "this boot's number: '%s'", line);
		*to++ = (unsigned char)byte;
		from += 2;
	}
	return 0;
}

/* With what is missing above it. */
static int make_folder(const char *path, mode_t mode, struct cordon_failure *failure)
{
	char part[PATH_MAX];
	const char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			return cordon_failure_errno(failure, errno, "%s", part);
	}
	if (mkdir(path, mode) && errno != EEXIST)
		return cordon_failure_errno(failure, errno, "%s", path);
	/* Whatever the umask made of it. */
	return chmod(path, mode) ? cordon_failure_errno(failure, errno, "%s", path) : 0;
}

/* Paths of rules are those of the first mount name space. */
static int check_mount_namespace(struct cordon_failure *failure)
{
	struct stat ours, first;

	if (stat("/proc/self/ns/mnt", &ours) || stat("/proc/1/ns/mnt", &first))
		return cordon_failure_errno(failure, errno, "the mount name space");
	if (ours.st_ino != first.st_ino)
		return cordon_failure_set(failure, EPERM,
					  "cordond must run in the mount name space of process 1: "
					  "policies speak of its paths. Remedy: no PrivateTmp=, "
					  "ProtectSystem= or the like in cordond.service");
	return 0;
}

static int check_machine(const struct options *options, struct cordon_failure *failure)
{
	struct cordon_kernel_state state;
	int err;

	if (geteuid())
		return cordon_failure_set(failure, EPERM, "only root can run cordond");
	err = check_mount_namespace(failure);
	if (err)
		return err;
	cordon_kernel_state_read(&state);
	/* What permissive mode needs too; the module is asked for by enforcing mode alone. */
	err = cordon_kernel_state_check(&state, true, failure);
	if (err)
		return err;
	if (state.module != CORDON_PRESENCE_YES && !options->without_module)
		fprintf(stderr, "cordond: the module cordon is not loaded: nothing will hold the "
				"guard in place. Remedy: modprobe cordon\n");
	return 0;
}

/* Without the module, which knows one controller alone, this keeps a second one out. */
static int lock_state(struct controller *controller, struct cordon_failure *failure)
{
	controller->lock = open(CORDON_STATE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (controller->lock < 0)
		return cordon_failure_errno(failure, errno, CORDON_STATE_FOLDER);
	if (!flock(controller->lock, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK)
		return cordon_failure_set(failure, EBUSY, "there is a controller already");
	return cordon_failure_errno(failure, errno, CORDON_STATE_FOLDER);
}

static int open_store(struct controller *controller, uint64_t *next, struct cordon_failure *failure)
{
	int err = make_folder(CORDON_STATE_FOLDER, 0700, failure);

	if (!err)
		err = lock_state(controller, failure);
	if (!err)
		err = make_folder(CORDON_RUN_FOLDER, 0755, failure);
	if (!err)
		err = drain_open(CORDON_STORE, &controller->options.store, controller->boot,
				 &controller->drain, next, failure);
	return err ? err : cordon_store_open(CORDON_STORE, false, &controller->reader, failure);
}

/* The guard is new: nothing is decided before everybody has a label. */
static int set_up_new(struct controller *controller, struct cordon_failure *failure)
{
	int err = controller_load_first(controller, failure);

	if (!err)
		err = controller_adopt(controller, failure);
	if (!err)
		err = controller_claim(controller, failure);
	if (err)
		return err;
	if (controller->guard.device >= 0)
		controller_record(controller, CORDON_REASON_HELD, "the module holds %u links",
				  controller->guard.link_count);
	controller_restore_mode(controller);
	controller_report_mappings(controller);
	return 0;
}

/* The guard ran on: it is only taken up again. */
static int set_up_again(struct controller *controller, struct cordon_failure *failure)
{
	struct cordon_seal_state seal;
	int err;

	/* A start that was killed half-way is finished. */
	if (controller_mode(controller) == CORDON_MODE_OFF)
		return set_up_new(controller, failure);
	/* The end of a breaking that our predecessor saw has its record. */
	if (controller_seal_state(controller, &seal) &&
	    controller_mode(controller) == CORDON_MODE_ENFORCING)
		controller->mended = seal.serial;
	err = controller_claim(controller, failure);
	if (!err)
		err = controller_recall_policy(controller, failure);
	if (!err)
		controller_record(controller, CORDON_REASON_HELD,
				  "the controller is back, mode %s, %u links",
				  cordon_mode_name(controller_mode(controller)),
				  controller->guard.link_count);
	return err;
}

static int start(struct controller *controller, struct cordon_failure *failure)
{
	struct rlimit files = { 4096, 4096 };
	uint64_t next;
	int err;

	umask(0022);
	setrlimit(RLIMIT_NOFILE, &files); /* one for each folder on the way down a tree */
	controller->started = time(NULL);
	err = check_machine(&controller->options, failure);
	if (!err)
		err = read_boot(controller->boot, failure);
	if (!err)
		err = open_store(controller, &next, failure);
	umask(0077);
	if (!err)
		err = controller_attach(controller, next, failure);
	if (!err)
		ledger_record_previous(controller);
	if (!err)
		err = labels_begin(controller, failure);
	if (!err)
		err = controller->restarted ? set_up_again(controller, failure) :
					      set_up_new(controller, failure);
	if (!err)
		err = confine(failure);
	return err ? err : drain_start(controller->drain, &controller->guard, failure);
}

static int open_signals(struct cordon_failure *failure)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return fd < 0 ? cordon_failure_errno(failure, errno, "signals") : fd;
}

static void take_signal(struct controller *controller, int fd)
{
	struct signalfd_siginfo info;
	struct cordon_failure failure;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP) {
		controller->ending = true;
		return;
	}
	if (controller_load(controller, controller->options.policy, "SIGHUP", &failure))
		fprintf(stderr, "cordond: %s\n", failure.text);
}

/* What befell the store is a record itself, made when it is known: it waits in the ring. */
static void record_store(struct controller *controller)
{
	struct drain_state *told = &controller->stored, now;

	drain_read_state(controller->drain, &now);
	if (now.troubles != told->troubles)
		controller_record(controller, CORDON_REASON_STORE, "the store takes no records: %s",
				  now.trouble[0] ? now.trouble : told->trouble);
	if (told->trouble[0] && !now.trouble[0])
		controller_record(controller, CORDON_REASON_STORE, "the store takes records again");
	if (now.volumes != told->volumes)
		controller_record(controller, CORDON_REASON_STORE, "a new volume was begun");
	if (now.removal_due)
		ledger_record_removal(controller);
	*told = now;
}

static void take_stored(struct controller *controller, struct server *server)
{
	uint64_t count;

	record_store(controller);

	if (read(drain_signal(controller->drain), &count, sizeof(count)) == sizeof(count))
		server_records_stored(server);
}

static int visit_nothing(void *context, const struct cordon_live *live)
{
	(void)context;
	(void)live;
	return 0;
}

/* Denials that were repeated and stopped: their counts are written down. */
static void flush_repeats(struct controller *controller)
{
	uint64_t counter[CORDON_COUNTERS_MAX];
	struct cordon_failure failure;
	struct timespec now;

	if (cordon_guard_counters(&controller->guard, counter, &failure))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (counter[CORDON_COUNTER_COALESCED] != controller->coalesced) {
		controller->coalesced = counter[CORDON_COUNTER_COALESCED];
		controller->repeats_due = now.tv_sec + REPEATS_WAIT_S;
	}
	if (!controller->repeats_due || now.tv_sec < controller->repeats_due)
		return;
	controller->repeats_due = 0;
	if (cordon_guard_each_live(&controller->guard, CORDON_GUARD_PROGRAM_FLUSH, visit_nothing,
				   NULL, &failure))
		fprintf(stderr, "cordond: %s\n", failure.text);
}

static void serve(struct controller *controller, struct server *server, int signals, int mounts)
{
	while (!controller->ending) {
		struct pollfd wait[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = mounts, .events = POLLPRI },
			{ .fd = server_descriptor(server), .events = POLLIN },
			{ .fd = drain_signal(controller->drain), .events = POLLIN },
		};

		poll(wait, 4, TURN_MS);
		if (wait[0].revents)
			take_signal(controller, signals);
		if (wait[1].revents)
			controller_refresh_mounts(controller);
		if (wait[2].revents)
			server_serve(server);
		if (wait[3].revents)
			take_stored(controller, server);
		controller_refresh_names(controller);
		flush_repeats(controller);
		if (controller->mappings_due)
			controller_report_mappings(controller);
		controller_follow_seal(controller);
	}
}

static int run(struct controller *controller, struct cordon_failure *failure)
{
	cordon_auto_fd signals = open_signals(failure), mounts = -1;
	struct server *server = NULL;
	int err;

	if (signals < 0)
		return signals;
	/* Opened first: what is mounted while we start is news afterwards. */
	mounts = open(MOUNTS, O_RDONLY | O_CLOEXEC);
	if (mounts < 0)
		return cordon_failure_errno(failure, errno, MOUNTS);
	err = start(controller, failure);
	if (!err)
		err = server_open(controller, CORDON_SOCKET, &server, failure);
	if (err)
		return err;
	notify_send("READY=1\nSTATUS=The guard is attached");
	serve(controller, server, signals, mounts);
	notify_send("STOPPING=1");
	server_close(&server);
	return 0;
}

static void controller_free(struct controller *controller)
{
	ledger_leave(controller);
	if (controller->drain)
		drain_stop(&controller->drain);
	cordon_store_close(&controller->reader);
	active_policy_free(&controller->policy);
	notes_free(&controller->notes);
	superblocks_free(&controller->superblocks);
	cordon_guard_close(&controller->guard);
	cordon_fd_close(&controller->lock);
}

int main(int argc, char **argv)
{
	struct controller controller = { .lock = -1 };
	struct cordon_failure failure;
	int err = parse_options(argc, argv, &controller.options);

	if (err)
		return err;
	setvbuf(stderr, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN); /* a log that nobody reads is no reason to die */
	cordon_guard_init(&controller.guard);
	err = run(&controller, &failure);
	if (err)
		fprintf(stderr, "cordond: %s\n", failure.text);
	controller_free(&controller);
	return err ? EXIT_COULD_NOT : controller.detached ? EXIT_DETACHED : 0;
}
