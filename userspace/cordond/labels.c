// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "guarded.h"
#include "image.h"
#include "label_text.h"
#include "labels.h"
#include "paths.h"

static int read_key(struct cordon_label_key *key, struct cordon_failure *failure)
{
	cordon_auto_fd fd = open(CORDON_LABEL_KEY_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return errno == ENOENT ?
			       -ENOENT :
			       cordon_failure_errno(failure, errno, CORDON_LABEL_KEY_FILE);
	if (fstat(fd, &status))
		return cordon_failure_errno(failure, errno, CORDON_LABEL_KEY_FILE);
	if (status.st_uid || status.st_mode & 077 || status.st_size != sizeof(key->key) ||
	    read(fd, key->key, sizeof(key->key)) != sizeof(key->key))
		return cordon_failure_set(failure, EPERM,
					  CORDON_LABEL_KEY_FILE ": not 32 bytes that only root may "
								"read");
	return 0;
}

int labels_begin(struct controller *controller, struct cordon_failure *failure)
{
	struct cordon_label_key key;
	int err;

	if (controller->guard.device < 0)
		return 0;
	err = read_key(&key, failure);
	if (err == -ENOENT) {
		if (getrandom(key.key, sizeof(key.key), 0) != sizeof(key.key))
			return cordon_failure_errno(failure, errno, "a key for stored labels");
		err = file_write(CORDON_LABEL_KEY_FILE, key.key, sizeof(key.key), failure);
	}
	if (!err && ioctl(controller->guard.device, CORDON_IOCTL_LABEL_KEY, &key))
		err = errno == EALREADY ?
			      cordon_failure_set(failure, EALREADY,
						 CORDON_LABEL_KEY_FILE
						 " is not the key that this boot began with. "
						 "Remedy: put that one back, or reboot") :
			      cordon_failure_errno(failure, errno, CORDON_DEVICE ": LABEL_KEY");
	explicit_bzero(&key, sizeof(key));
	return err;
}

/* Once; EBUSY says that it is attached, by this controller or the one before. */
static void attach_one(struct cordon_guard *guard, enum cordon_guard_program which)
{
	const char *name = cordon_guard_program_name[which];
	struct cordon_hold hold = { .count = 1 };
	struct cordon_failure failure;
	int link;

	if (guard->link_count == CORDON_LINKS_MAX)
		return;
	link = bpf_raw_tracepoint_open(NULL, guard->program[which]);
	if (link < 0) {
		if (errno != EBUSY)
			fprintf(stderr, "cordond: '%s' cannot be attached: %s\n", name,
				strerror(errno));
		return;
	}
	guard->link[guard->link_count++] = link;
	hold.link_fd[0] = link;
	/* Like the others it has no pin where the module holds it. */
	if (ioctl(guard->device, CORDON_IOCTL_HOLD, &hold))
		fprintf(stderr, "cordond: '%s' is not held: %s\n", name, strerror(errno));
	if (guarded_note_all(guard, &failure))
		fprintf(stderr, "cordond: %s\n", failure.text);
}

/* Where the policy raises or labels are, reading one must not make a system call begin anew. */
static void attach_fetch(struct controller *controller)
{
	attach_one(&controller->guard, CORDON_GUARD_PROGRAM_FETCH);
	attach_one(&controller->guard, CORDON_GUARD_PROGRAM_NEW);
}

static bool may_keep(const struct cordon_mount *mount)
{
	return !strncmp(mount->type, "ext", 3) || !strcmp(mount->type, "tmpfs") ||
	       !strcmp(mount->type, "rootfs");
}

/* Never lowers what a hook has written: labels may come meanwhile. */
static bool note_marks(struct controller *controller, const struct cordon_mount *mount)
{
	int map = controller->guard.map[CORDON_GUARD_MAP_MARKS];
	cordon_auto_fd fd = open(mount->point, O_PATH | O_CLOEXEC);
	struct cordon_label_request request = { .fd = fd, .command = CORDON_LABEL_LOOK };
	uint32_t marks, device = mount->device;
	struct stat status;
	bool marked;

	if (fd < 0 || fstat(fd, &status) ||
	    cordon_device_number(major(status.st_dev), minor(status.st_dev)) != device ||
	    ioctl(controller->guard.device, CORDON_IOCTL_LABEL, &request) ||
	    !(request.flags & CORDON_LABEL_KEEPS))
		return false;
	marked = request.flags & CORDON_LABEL_MARKED;
	marks = marked ? CORDON_MARKS_SOME : CORDON_MARKS_NONE;
	bpf_map_update_elem(map, &device, &marks, marked ? BPF_ANY : BPF_NOEXIST);
	return marked;
}

void labels_look_around(struct controller *controller, const struct cordon_mounts *mounts,
			const struct active_policy *policy)
{
	bool marked = policy->view.header->policy.options & CORDON_OPTION_WRITE_DOWN_RAISE;
	size_t i;

	if (controller->guard.device < 0)
		return;
	for (i = 0; i < mounts->count; i++)
		if (mounts->mount[i].whole && may_keep(&mounts->mount[i]))
			marked |= note_marks(controller, &mounts->mount[i]);
	if (marked)
		attach_fetch(controller);
}

bool labels_are_stored(struct controller *controller)
{
	cordon_auto_mounts mounts = { 0 };
	bool stored = false;
	size_t i;

	if (controller->guard.device < 0 || cordon_mounts_read("/proc/self/mountinfo", &mounts))
		return false;
	for (i = 0; i < mounts.count && !stored; i++)
		if (mounts.mount[i].whole && !strncmp(mounts.mount[i].type, "ext", 3))
			stored = note_marks(controller, &mounts.mount[i]);
	return stored;
}

/* A path without links: what an administrator named is what is opened. */
static int open_path(const char *path, struct cordon_failure *failure)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? cordon_failure_errno(failure, errno, "%s", path) : fd;
}

static int ask_module(struct controller *controller, struct cordon_label_request *request,
		      const char *path, struct cordon_failure *failure)
{
	if (controller->guard.device < 0)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "labels are stored by the module cordon, which was not "
					  "loaded when the guard was");
	if (!ioctl(controller->guard.device, CORDON_IOCTL_LABEL, request))
		return 0;
	if (errno == EOPNOTSUPP)
		return cordon_failure_set(
			failure, EOPNOTSUPP,
			"%s: labels are stored on regular files of ext4 and tmpfs", path);
	return cordon_failure_errno(failure, errno, "%s", path);
}

int labels_look(struct controller *controller, const char *path,
		struct cordon_label_request *request, struct cordon_failure *failure)
{
	cordon_auto_fd fd = open_path(path, failure);

	*request = (struct cordon_label_request){ .fd = fd, .command = CORDON_LABEL_LOOK };
	return fd < 0 ? fd : ask_module(controller, request, path, failure);
}

static int record_change(struct controller *controller, const char *path, const cordon_label *label,
			 const char *reason, const char *asked_by)
{
	struct cordon_label_names names = cordon_image_label_names(&controller->policy.view);
	char text[CORDON_LABEL_TEXT_BYTES] = "";
	size_t length = strlen(path), most = 96;

	if (label)
		cordon_label_text(&names, *label, text, sizeof(text));
	return controller_record(controller,
				 label ? CORDON_REASON_LABEL_SET : CORDON_REASON_LABEL_CLEARED,
				 "%s%s%s%.40s, %.40s: %.80s", length > most ? "..." : "",
				 length > most ? path + length - most : path, label ? " to " : "",
				 text, asked_by, reason);
}

int labels_change(struct controller *controller, const char *path, const cordon_label *label,
		  const char *reason, const char *asked_by, struct cordon_label_request *request,
		  struct cordon_failure *failure)
{
	struct cordon_guard *guard = &controller->guard;
	cordon_auto_fd fd = open_path(path, failure);
	uint32_t some = CORDON_MARKS_SOME, device;
	struct stat status;
	int err;

	if (fd < 0)
		return fd;
	*request = (struct cordon_label_request){ .fd = fd, .command = CORDON_LABEL_LOOK };
	err = ask_module(controller, request, path, failure);
	if (err)
		return err;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) ||
	    !(request->flags & CORDON_LABEL_KEEPS))
		return cordon_failure_set(
			failure, EOPNOTSUPP,
			"%s: labels are stored on regular files of ext4 and tmpfs", path);
	if (record_change(controller, path, label, reason, asked_by))
		return cordon_failure_set(failure, ENOBUFS,
					  "%s: not changed: there is no room for the record", path);
	device = cordon_device_number(major(status.st_dev), minor(status.st_dev));
	if (bpf_map_update_elem(guard->map[CORDON_GUARD_MAP_MARKS], &device, &some, BPF_ANY))
		return cordon_failure_errno(failure, errno, "%s", path);
	request->command = label ? CORDON_LABEL_SET : CORDON_LABEL_CLEAR;
	request->label = label ? *label : 0;
	err = ask_module(controller, request, path, failure);
	if (!err) {
		/* The next look at the file begins from nothing. */
		bpf_map_delete_elem(guard->map[CORDON_GUARD_MAP_OBJECTS], &fd);
		attach_fetch(controller);
	}
	return err;
}
