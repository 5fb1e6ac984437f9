// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cleanup.h"
#include "links.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif

struct scan {
	const struct automaton *automaton;
	struct links *links;
	struct notes *notes;
	const char *point;
	uint32_t device;
	unsigned int depth;
	unsigned int unread; /* folders that could not be read */
};

static int add_link(struct links *links, struct link_label link)
{
	if (links->count == links->room) {
		size_t room = links->room ? 2 * links->room : 64;
		struct link_label *grown = realloc(links->link, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		links->link = grown;
		links->room = room;
	}
	links->link[links->count++] = link;
	return 0;
}

/* A file of one name needs no entry. */
static int look_at_file(struct scan *scan, int folder, const char *name, uint32_t state)
{
	const struct cordon_accept *accept = automaton_accept(scan->automaton, state);
	uint64_t label = accept ? accept->label : CORDON_LABEL_TOP;
	struct stat status;

	if (!label)
		return 0;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW))
		return 0; /* deleted meanwhile: that name is gone */
	if (status.st_nlink < 2)
		return 0;
	return add_link(scan->links,
			(struct link_label){
				.key = { .device = scan->device, .inode = status.st_ino },
				.label = label,
			});
}

static int look_at_folder(struct scan *scan, int folder, uint32_t state);

static int enter(struct scan *scan, int parent, const char *name, uint32_t state)
{
	int folder, err;

	/* Deeper than this the kernel denies, whatever the rules say. */
	if (scan->depth == CORDON_DEPTH_MAX)
		return 0;
	folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0) {
		if (errno == ENOMEM)
			return -errno;
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			scan->unread++;
		return 0;
	}
	scan->depth++;
	err = look_at_folder(scan, folder, state);
	scan->depth--;
	return err;
}

static int look_at_entry(struct scan *scan, int folder, const struct dirent *entry, uint32_t state)
{
	uint32_t next = automaton_step(scan->automaton, state, entry->d_name);
	unsigned char type = entry->d_type;
	struct stat status;

	if (!automaton_matters(scan->automaton, next))
		return 0;
	if (type == DT_UNKNOWN) {
		if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			return 0;
		type = S_ISDIR(status.st_mode) ? DT_DIR : DT_REG;
	}
	return type == DT_DIR ? enter(scan, folder, entry->d_name, next) :
				look_at_file(scan, folder, entry->d_name, next);
}

/* Takes over the descriptor. */
static int look_at_folder(struct scan *scan, int folder, uint32_t state)
{
	struct dirent *entry;
	int err = 0;
	DIR *list = fdopendir(folder);

	if (!list) {
		close(folder);
		return -ENOMEM;
	}
	while (!err && (errno = 0, entry = readdir(list))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		err = look_at_entry(scan, dirfd(list), entry, state);
	}
	if (!err && errno)
		scan->unread++;
	closedir(list);
	return err;
}

/* File systems that make their files themselves and know no second name. */
static bool has_links(const char *type)
{
	static const char *const without[] = {
		"autofs",     "binfmt_misc", "bpf",    "cgroup",   "cgroup2",
		"configfs",   "debugfs",     "devpts", "efivarfs", "fusectl",
		"hugetlbfs",  "mqueue",	     "nsfs",   "proc",	   "pstore",
		"securityfs", "selinuxfs",   "sysfs",  "tracefs",  "rpc_pipefs",
	};
	size_t i;

	for (i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (!strcmp(type, without[i]))
			return false;
	return true;
}

/*
 * The root of a file system as it is below whatever else is mounted in it: a
 * mount of our own, seen by nobody else. -ENXIO: another mount lies over it.
 */
static int open_whole(const struct cordon_mount *mount)
{
	cordon_auto_fd tree = -1;
	struct statx status;
	int root;

	if (statx(AT_FDCWD, mount->point, AT_NO_AUTOMOUNT, STATX_MNT_ID, &status))
		return -errno;
	if (!(status.stx_mask & STATX_MNT_ID) || status.stx_mnt_id != (uint64_t)mount->id)
		return -ENXIO;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, mount->point,
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT);
	if (tree < 0)
		return -errno;
	root = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -errno : root;
}

static int scan_mount(struct scan *scan, const struct cordon_mount *mount)
{
	uint32_t start = scan->automaton->view.header->policy.start;
	uint32_t state = automaton_walk(scan->automaton, start, mount->point);
	int folder, err;

	if (!automaton_matters(scan->automaton, state))
		return 0;
	scan->point = mount->point;
	scan->device = mount->device;
	scan->unread = 0;
	folder = open_whole(mount);
	if (folder == -ENOTDIR)
		return 0; /* a single file is mounted: no folder to look through */
	if (folder < 0) {
		notes_add(scan->notes, "%s could not be searched for hard links: %s", mount->point,
			  folder == -ENXIO ? "another mount lies over it" : strerror(-folder));
		return folder == -ENOMEM ? folder : 0;
	}
	err = look_at_folder(scan, folder, state);
	if (!err && scan->unread)
		notes_add(scan->notes, "%u folders below %s could not be searched for hard links",
			  scan->unread, mount->point);
	return err;
}

static int compare(const void *left, const void *right)
{
	const struct link_label *a = left, *b = right;

	if (a->key.device != b->key.device)
		return a->key.device < b->key.device ? -1 : 1;
	if (a->key.inode != b->key.inode)
		return a->key.inode < b->key.inode ? -1 : 1;
	return 0;
}

/* One entry for each file: the join of its names. */
static void join_names(struct links *links)
{
	size_t from, to = 0;

	if (!links->count)
		return;
	qsort(links->link, links->count, sizeof(links->link[0]), compare);
	for (from = 1; from < links->count; from++) {
		if (compare(&links->link[to], &links->link[from]))
			links->link[++to] = links->link[from];
		else
			links->link[to].label |= links->link[from].label;
	}
	links->count = to + 1;
}

int links_scan(const struct automaton *automaton, const struct cordon_mounts *mounts,
	       const struct superblocks *fresh, struct links *links, struct notes *notes)
{
	struct links found = { 0 };
	struct scan scan = { .automaton = automaton, .links = &found, .notes = notes };
	size_t i;
	int err;

	for (i = 0; i < mounts->count; i++) {
		if (!mounts->mount[i].whole || !has_links(mounts->mount[i].type))
			continue;
		if (fresh && !superblocks_is_fresh(fresh, &mounts->mount[i]))
			continue;
		err = scan_mount(&scan, &mounts->mount[i]);
		if (err) {
			links_free(&found);
			return err;
		}
	}
	join_names(&found);
	*links = found;
	return 0;
}

void links_free(struct links *links)
{
	free(links->link);
	*links = (struct links){ 0 };
}
