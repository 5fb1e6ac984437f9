// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "devices.h"
#include "mounts.h"

/* Layers that lie over each other: far more than anybody stacks. */
#define STACK_MAX 16

static int add(struct devices *devices, uint64_t key, uint64_t label)
{
	struct device_label *grown;
	size_t i;

	for (i = 0; i < devices->count; i++)
		if (devices->device[i].key == key) {
			devices->device[i].label |= label;
			return 0;
		}
	grown = realloc(devices->device, (devices->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	devices->device = grown;
	devices->device[devices->count++] = (struct device_label){ key, label };
	return 0;
}

/* "major:minor" in the file @folder/@name/dev. */
static int read_number(const char *folder, const char *name, unsigned int *major,
		       unsigned int *minor)
{
	cordon_auto_free char *path = NULL;
	cordon_auto_file *in = NULL;

	if (asprintf(&path, "%s/%s/dev", folder, name) < 0)
		return -ENOMEM;
	in = fopen(path, "re");
	if (!in)
		return -errno;
	return fscanf(in, "%u:%u", major, minor) == 2 ? 0 : -EBADMSG;
}

static int add_block(struct devices *devices, unsigned int major, unsigned int minor,
		     uint64_t label, int depth);

/* Entries of a sysfs folder that are block devices: partitions, holders. */
static int add_folder(struct devices *devices, const char *folder, uint64_t label, int depth)
{
	unsigned int major, minor;
	struct dirent *entry;
	int err = 0;
	DIR *list = opendir(folder);

	if (!list)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!read_number(folder, entry->d_name, &major, &minor))
			err = add_block(devices, major, minor, label, depth + 1);
	}
	closedir(list);
	return err;
}

static int add_block(struct devices *devices, unsigned int major, unsigned int minor,
		     uint64_t label, int depth)
{
	char folder[64], holders[80];
	int err;

	if (depth > STACK_MAX)
		return -ELOOP;
	err = add(devices, DEVICE_IS_BLOCK | cordon_device_number(major, minor), label);
	if (err)
		return err;
	snprintf(folder, sizeof(folder), "/sys/dev/block/%u:%u", major, minor);
	snprintf(holders, sizeof(holders), "%s/holders", folder);
	err = add_folder(devices, folder, label, depth);
	return err ? err : add_folder(devices, holders, label, depth);
}

static int resolve_one(const struct cordon_image_view *view, const struct cordon_device *rule,
		       struct devices *devices, struct notes *notes)
{
	const char *path = view->strings + rule->path;
	char place[CORDON_RULE_TEXT_BYTES];
	struct stat status;

	cordon_image_rule_text(view, rule->rule, place);
	if (stat(path, &status)) {
		notes_add(notes, "%s: device %s is not there now: %s", place, path,
			  strerror(errno));
		return 0;
	}
	if (S_ISBLK(status.st_mode))
		return add_block(devices, major(status.st_rdev), minor(status.st_rdev), rule->label,
				 0);
	if (S_ISCHR(status.st_mode))
		return add(devices,
			   cordon_device_number(major(status.st_rdev), minor(status.st_rdev)),
			   rule->label);
	notes_add(notes, "%s: %s is no device", place, path);
	return 0;
}

int devices_resolve(const struct cordon_image_view *view, struct devices *devices,
		    struct notes *notes)
{
	struct devices found = { 0 };
	uint32_t i;
	int err;

	for (i = 0; i < view->device_count; i++) {
		err = resolve_one(view, &view->devices[i], &found, notes);
		if (err) {
			devices_free(&found);
			return err;
		}
	}
	*devices = found;
	return 0;
}

void devices_free(struct devices *devices)
{
	free(devices->device);
	*devices = (struct devices){ 0 };
}

uint64_t devices_block_label(const struct devices *devices, uint32_t device)
{
	size_t i;

	for (i = 0; i < devices->count; i++)
		if (devices->device[i].key == (DEVICE_IS_BLOCK | device))
			return devices->device[i].label;
	return CORDON_LABEL_UNCLASSIFIED;
}
