// SPDX-License-Identifier: GPL-2.0-only
/* The guard's way into the kernel and out of it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "controller.h"
#include "guarded.h"
#include "ledger.h"
#include "paths.h"
#include "pins.h"
#include "revive.h"
#include "cordon.skel.h"

/* Adoption ends when nobody is left; a round more is needed only for forks under way. */
#define ADOPT_ROUNDS_MAX 1000

/* linux/mount.h and sys/mount.h cannot be included together everywhere. */
#define MOUNT_FSOPEN_CLOEXEC	  1
#define MOUNT_FSCONFIG_CMD_CREATE 6
#define MOUNT_FSMOUNT_CLOEXEC	  1

static int print_warnings(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

/* The root of all control groups, wherever it is mounted: a mount of our own. */
static int open_root_cgroup(void)
{
	cordon_auto_fd context = -1, mount = -1;
	int root;

	context = (int)syscall(SYS_fsopen, "cgroup2", MOUNT_FSOPEN_CLOEXEC);
	if (context < 0 || syscall(SYS_fsconfig, context, MOUNT_FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	mount = (int)syscall(SYS_fsmount, context, MOUNT_FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -errno;
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -errno : root;
}

static struct bpf_link *attach_egress(const struct bpf_program *program)
{
	cordon_auto_fd group = open_root_cgroup();

	if (group < 0) {
		errno = -group;
		return NULL;
	}
	return bpf_program__attach_cgroup(program, group);
}

/* NULL and 0 in errno: a program that is only called. */
static struct bpf_link *attach_one(const struct bpf_program *program)
{
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_SYSCALL:
		errno = 0;
		return NULL;
	case BPF_PROG_TYPE_CGROUP_SKB:
		return attach_egress(program);
	default:
		return bpf_program__attach(program);
	}
}

/* Keeps the link's descriptor, whatever becomes of libbpf's object. */
static int keep_link(struct cordon_guard *guard, struct bpf_link *link, const char *name,
		     struct cordon_failure *failure)
{
	int fd = fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 0), err;

	err = fd < 0 ? -errno : 0;
	bpf_link__destroy(link);
	if (!err && guard->link_count == CORDON_LINKS_MAX) {
		close(fd);
		err = -E2BIG;
	}
	if (err)
		return cordon_failure_errno(failure, -err, "keeping the link of '%s'", name);
	guard->link[guard->link_count++] = fd;
	if (!strncmp(name, "hook_", 5))
		guard->hook_count++;
	err = pin_descriptor(fd, "links", name);
	return err ? cordon_failure_errno(failure, -err, "pinning the link of '%s'", name) : 0;
}

static int attach_all(struct cordon_guard *guard, struct bpf_object *object,
		      struct cordon_failure *failure)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);
		struct bpf_link *link;

		if (!bpf_program__autoload(program))
			continue;
		/* Attached where stored labels are: labels.c. */
		if (!strcmp(name, cordon_guard_program_name[CORDON_GUARD_PROGRAM_FETCH]) ||
		    !strcmp(name, cordon_guard_program_name[CORDON_GUARD_PROGRAM_NEW]))
			continue;
		link = attach_one(program);
		if (!link && !errno)
			continue;
		if (!link)
			return cordon_failure_errno(
				failure, errno, "this kernel does not take the program '%s'", name);
		err = keep_link(guard, link, name, failure);
		if (err)
			return err;
		if (bpf_program__type(program) == BPF_PROG_TYPE_CGROUP_SKB)
			guard->egress_attached = true;
	}
	return 0;
}

static int keep_maps(struct cordon_guard *guard, struct bpf_object *object,
		     struct cordon_failure *failure)
{
	int i, err;

	for (i = 0; i < CORDON_GUARD_MAP_COUNT; i++) {
		const char *name = cordon_guard_map_name[i];
		struct bpf_map *map = bpf_object__find_map_by_name(object, name);

		if (!map)
			return cordon_failure_set(failure, EPROTO, "the BPF object has no map '%s'",
						  name);
		guard->map[i] = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		err = guard->map[i] < 0 ? -errno : pin_descriptor(guard->map[i], "maps", name);
		if (err)
			return cordon_failure_errno(failure, -err, "keeping the map '%s'", name);
	}
	return 0;
}

static int keep_programs(struct cordon_guard *guard, struct bpf_object *object,
			 struct cordon_failure *failure)
{
	int i, err;

	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++) {
		const char *name = cordon_guard_program_name[i];
		struct bpf_program *program = bpf_object__find_program_by_name(object, name);

		if (!program)
			return cordon_failure_set(failure, EPROTO,
						  "the BPF object has no program '%s'", name);
		guard->program[i] = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0);
		err = guard->program[i] < 0 ? -errno :
					      pin_descriptor(guard->program[i], "programs", name);
		if (err)
			return cordon_failure_errno(failure, -err, "keeping the program '%s'",
						    name);
	}
	return 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static int set_control(struct controller *controller, uint64_t next_sequence,
		       struct cordon_failure *failure)
{
	struct cordon_guard *guard = &controller->guard;
	int err = cordon_guard_map_control(guard, true, failure);

	if (err)
		return err;
	memcpy(guard->control->boot, controller->boot, sizeof(controller->boot));
	guard->control->wall_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	/* A guard that was let go and comes again in one boot goes on counting. */
	*guard->record_sequence = next_sequence - 1;
	return 0;
}

static int hold_links(struct cordon_guard *guard, struct cordon_failure *failure)
{
	struct cordon_hold hold = { .count = guard->link_count };

	if (guard->device < 0)
		return 0;
	memcpy(hold.link_fd, guard->link, guard->link_count * sizeof(guard->link[0]));
	if (ioctl(guard->device, CORDON_IOCTL_HOLD, &hold))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": HOLD");
	guard->hello.links_held = guard->link_count;
	/* No hook stands before a link's pin: held by the module, ours do without (bypass E1). */
	pins_remove_links();
	return 0;
}

static int load_object(struct controller *controller, struct cordon_bpf *skeleton,
		       uint64_t next_sequence, struct cordon_failure *failure)
{
	struct cordon_guard *guard = &controller->guard;
	int err = bpf_object__load_skeleton(skeleton->skeleton);

	if (err)
		return cordon_failure_errno(failure, -err,
					    "this kernel does not take the BPF programs");
	err = pins_make(failure);
	if (!err)
		err = keep_maps(guard, skeleton->obj, failure);
	if (!err)
		err = keep_programs(guard, skeleton->obj, failure);
	if (!err)
		err = set_control(controller, next_sequence, failure);
	if (!err)
		err = attach_all(guard, skeleton->obj, failure);
	if (!err)
		err = guarded_note_all(guard, failure);
	return err ? err : hold_links(guard, failure);
}

static int load_guard(struct controller *controller, uint64_t next_sequence,
		      struct cordon_failure *failure)
{
	struct cordon_bpf *skeleton;
	int err;

	libbpf_set_print(print_warnings);
	skeleton = cordon_bpf__open();
	if (!skeleton)
		return cordon_failure_errno(failure, errno, "the BPF object cannot be read");
	skeleton->rodata->module_is_there = controller->guard.device >= 0;
	err = load_object(controller, skeleton, next_sequence, failure);
	cordon_bpf__destroy(skeleton);
	/* Nothing of a guard that is not whole stays attached. */
	if (err)
		pins_remove();
	return err;
}

int controller_attach(struct controller *controller, uint64_t next_sequence,
		      struct cordon_failure *failure)
{
	struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY };
	struct cordon_guard *guard = &controller->guard;
	int err = cordon_guard_open_device(guard, O_RDWR, failure);

	if (!err)
		err = ledger_begin(controller, failure);
	if (err && err != -ENOENT)
		return err;
	setrlimit(RLIMIT_MEMLOCK, &no_limit); /* before 5.11 only; newer kernels need none */
	err = cordon_guard_find(guard, failure);
	if (err == -ENOENT)
		return load_guard(controller, next_sequence, failure);
	if (err)
		return err;
	if (memcmp(guard->control->boot, controller->boot, sizeof(controller->boot)))
		return cordon_failure_set(failure, EPROTO,
					  "the running guard has another boot's number");
	controller->restarted = true;
	err = revive_programs(guard, failure);
	if (!err)
		err = guarded_note_all(guard, failure);
	if (err)
		return err;
	/* The module may have come after the guard did. */
	return hold_links(guard, failure);
}

static int count_labelled(void *context, const struct cordon_live *live)
{
	unsigned int *count = context;

	*count += live->labelled;
	return 0;
}

/* The iterator writes whom it labelled and whom it could not label, nobody else. */
static int count_left(void *context, const struct cordon_live *live)
{
	unsigned int *left = context;

	(void)live;
	(*left)++;
	return 0;
}

int controller_adopt(struct controller *controller, struct cordon_failure *failure)
{
	unsigned int rounds, left = 1, labelled = 0;
	int err;

	for (rounds = 0; left && rounds < ADOPT_ROUNDS_MAX; rounds++) {
		left = 0;
		err = cordon_guard_each_live(&controller->guard, CORDON_GUARD_PROGRAM_ADOPT,
					     count_left, &left, failure);
		if (err)
			return err;
	}
	if (left)
		return cordon_failure_set(failure, EAGAIN, "%u running tasks could not be labelled",
					  left);
	err = cordon_guard_each_live(&controller->guard, CORDON_GUARD_PROGRAM_LIVE, count_labelled,
				     &labelled, failure);
	if (!err)
		controller_record(controller, CORDON_REASON_ADOPTED,
				  "%u running tasks were labelled", labelled);
	return err;
}

/* A device number as the kernel keeps it; 0: no such file. */
static __u32 kernel_device(const char *path, bool node)
{
	struct stat status;
	dev_t device;

	if (stat(path, &status))
		return 0;
	device = node ? status.st_rdev : status.st_dev;
	return major(device) << 20 | minor(device);
}

int controller_claim(struct controller *controller, struct cordon_failure *failure)
{
	struct cordon_claim claim = { .pins_device = kernel_device(CORDON_PINS, false),
				      .door_device = kernel_device(CORDON_DEVICE, true) };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &claim, .ctx_size_in = sizeof(claim));
	int err = bpf_prog_test_run_opts(controller->guard.program[CORDON_GUARD_PROGRAM_CLAIM],
					 &options);

	if (!err)
		err = (int)options.retval;
	return err ? cordon_failure_errno(failure, -err, "claiming the controller's place") : 0;
}

int controller_record(struct controller *controller, enum cordon_reason reason, const char *format,
		      ...)
{
	struct cordon_control_note note = { .reason = reason };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &note, .ctx_size_in = sizeof(note));
	va_list arguments;
	int err;

	va_start(arguments, format);
	vsnprintf(note.text, sizeof(note.text), format, arguments);
	va_end(arguments);
	err = bpf_prog_test_run_opts(controller->guard.program[CORDON_GUARD_PROGRAM_RECORD],
				     &options);
	if (!err)
		err = (int)options.retval;
	fprintf(stderr, "cordond: %s%s\n", err ? "this change has no record: " : "", note.text);
	return err;
}

int controller_lower(struct controller *controller, uint32_t pid, uint64_t label,
		     struct cordon_failure *failure)
{
	struct cordon_ceiling ceiling = { .label = label, .pid = pid };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &ceiling, .ctx_size_in = sizeof(ceiling));
	int err = bpf_prog_test_run_opts(controller->guard.program[CORDON_GUARD_PROGRAM_LOWER],
					 &options);

	if (!err)
		err = (int)options.retval;
	return err ? cordon_failure_errno(failure, -err, "lowering process %u", pid) : 0;
}

int controller_be_modest(struct controller *controller, bool modest, struct cordon_failure *failure)
{
	__u32 want = modest;
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &want, .ctx_size_in = sizeof(want));
	int err = bpf_prog_test_run_opts(controller->guard.program[CORDON_GUARD_PROGRAM_MODEST],
					 &options);

	if (!err)
		err = (int)options.retval;
	/* Before the first adoption nobody has a label, and nothing is denied yet. */
	if (err == -ESRCH && controller_mode(controller) == CORDON_MODE_OFF)
		return 0;
	if (err && !failure)
		abort();
	return err ? cordon_failure_errno(failure, -err, "reading as anybody") : 0;
}

int controller_detach(struct controller *controller, struct cordon_failure *failure)
{
	struct cordon_guard *guard = &controller->guard;
	unsigned int i;

	if (controller_mode(controller) == CORDON_MODE_ENFORCING)
		return cordon_failure_set(failure, EBUSY, "the mode is enforcing");
	if (guard->device >= 0 && ioctl(guard->device, CORDON_IOCTL_RELEASE))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": RELEASE");
	/* The programs leave one by one; until the last has, none of them decides. */
	__atomic_store_n(&guard->control->mode, CORDON_MODE_OFF, __ATOMIC_RELEASE);
	pins_remove();
	for (i = 0; i < guard->link_count; i++)
		cordon_fd_close(&guard->link[i]);
	guard->link_count = guard->hook_count = 0;
	guard->egress_attached = false;
	return 0;
}
