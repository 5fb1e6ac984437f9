// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <dirent.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "guard.h"
#include "paths.h"
#include "pins.h"

static const char *const folders[] = { "links", "programs", "maps" };
#define FOLDER_COUNT (sizeof(folders) / sizeof(folders[0]))

static void tell(const char *path)
{
	if (errno != ENOENT)
		fprintf(stderr, "cordond: cannot remove %s: %s\n", path, strerror(errno));
}

static void remove_folder(const char *name)
{
	char path[CORDON_PIN_BYTES];
	struct dirent *entry;
	DIR *list;

	cordon_guard_pin_path(name, "", path);
	list = opendir(path);
	if (!list) {
		tell(path);
		return;
	}
	while ((entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		cordon_guard_pin_path(name, entry->d_name, path);
		if (unlink(path))
			tell(path);
	}
	closedir(list);
	cordon_guard_pin_path(name, "", path);
	if (rmdir(path))
		tell(path);
}

void pins_remove_links(void)
{
	remove_folder("links");
}

void pins_remove(void)
{
	size_t i;

	for (i = 0; i < FOLDER_COUNT; i++)
		remove_folder(folders[i]);
	if (rmdir(CORDON_PINS))
		tell(CORDON_PINS);
}

int pins_make(struct cordon_failure *failure)
{
	char path[CORDON_PIN_BYTES];
	struct statfs status;
	size_t i;

	if (statfs(CORDON_BPFFS, &status) || status.f_type != BPF_FS_MAGIC)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "no BPF file system at " CORDON_BPFFS
					  ". Remedy: mount -t bpf bpf " CORDON_BPFFS);
	pins_remove();
	if (mkdir(CORDON_PINS, 0700))
		return cordon_failure_errno(failure, errno, CORDON_PINS);
	for (i = 0; i < FOLDER_COUNT; i++) {
		cordon_guard_pin_path(folders[i], "", path);
		if (mkdir(path, 0700))
			return cordon_failure_errno(failure, errno, "%s", path);
	}
	return 0;
}

int pin_descriptor(int descriptor, const char *folder, const char *name)
{
	char path[CORDON_PIN_BYTES];

	cordon_guard_pin_path(folder, name, path);
	return bpf_obj_pin(descriptor, path) ? -errno : 0;
}
