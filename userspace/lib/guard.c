// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "cleanup.h"
#include "guard.h"
#include "paths.h"

#define GUARD_TEXT(name, text) text,
const char *const cordon_guard_map_name[CORDON_GUARD_MAP_COUNT] = { CORDON_GUARD_MAPS(GUARD_TEXT) };
const char *const cordon_guard_program_name[CORDON_GUARD_PROGRAM_COUNT] = { CORDON_GUARD_PROGRAMS(
	GUARD_TEXT) };

/* The kernel cuts names of maps and programs at this length. */
static bool has_name(const char *kernel_name, const char *name)
{
	return !strncmp(kernel_name, name, BPF_OBJ_NAME_LEN - 1);
}

void cordon_guard_init(struct cordon_guard *guard)
{
	int i;

	memset(guard, 0, sizeof(*guard));
	guard->device = -1;
	for (i = 0; i < CORDON_GUARD_MAP_COUNT; i++)
		guard->map[i] = -1;
	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++)
		guard->program[i] = -1;
	for (i = 0; i < CORDON_LINKS_MAX; i++)
		guard->link[i] = -1;
}

void cordon_guard_close(struct cordon_guard *guard)
{
	int i;

	if (guard->mapping)
		munmap(guard->mapping, guard->mapping_bytes);
	cordon_fd_close(&guard->device);
	for (i = 0; i < CORDON_GUARD_MAP_COUNT; i++)
		cordon_fd_close(&guard->map[i]);
	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++)
		cordon_fd_close(&guard->program[i]);
	for (i = 0; i < CORDON_LINKS_MAX; i++)
		cordon_fd_close(&guard->link[i]);
	cordon_guard_init(guard);
}

void cordon_guard_pin_path(const char *folder, const char *name, char path[CORDON_PIN_BYTES])
{
	char *c;

	snprintf(path, CORDON_PIN_BYTES, CORDON_PINS "/%s/%s", folder, name);
	/* bpffs keeps names with dots for itself. */
	for (c = path + strlen(CORDON_PINS); *c; c++)
		if (*c == '.')
			*c = '_';
}

int cordon_guard_open_device(struct cordon_guard *guard, int how, struct cordon_failure *failure)
{
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION };
	cordon_auto_fd device = open(CORDON_DEVICE, how | O_CLOEXEC);

	if (device < 0 && errno == EBUSY)
		return cordon_failure_set(failure, EBUSY,
					  CORDON_DEVICE ": there is a controller already");
	if (device < 0)
		return cordon_failure_errno(failure, errno, CORDON_DEVICE);
	if (ioctl(device, CORDON_IOCTL_HELLO, &hello)) {
		if (errno == EPROTO)
			return cordon_failure_set(failure, EPROTO,
						  "the module has ABI version %u, this program %u: "
						  "install both from one release",
						  hello.abi, CORDON_ABI_VERSION);
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": HELLO");
	}
	guard->hello = hello;
	guard->device = cordon_fd_take(&device);
	return 0;
}

static int open_map(struct cordon_guard *guard, uint32_t id)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	cordon_auto_fd map = bpf_map_get_fd_by_id(id);
	int i;

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size))
		return -errno;
	for (i = 0; i < CORDON_GUARD_MAP_COUNT; i++)
		if (guard->map[i] < 0 && has_name(info.name, cordon_guard_map_name[i])) {
			guard->map[i] = cordon_fd_take(&map);
			break;
		}
	return 0;
}

static int open_maps_of(struct cordon_guard *guard, int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info), ids[64], i;
	int err;

	info.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	info.map_ids = (uintptr_t)ids;
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	if (info.nr_map_ids > sizeof(ids) / sizeof(ids[0]))
		return -E2BIG;
	for (i = 0; i < info.nr_map_ids; i++) {
		err = open_map(guard, ids[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Keeps the program when it is one of those we call; all lead to their maps. */
static int note_program(struct cordon_guard *guard, int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	cordon_auto_fd owned = program;
	int i, err;

	if (bpf_obj_get_info_by_fd(owned, &info, &size))
		return -errno;
	if (!strncmp(info.name, "hook_", 5))
		guard->hook_count++;
	if (has_name(info.name, cordon_guard_program_name[CORDON_GUARD_PROGRAM_EGRESS]))
		guard->egress_attached = true;
	err = open_maps_of(guard, owned);
	if (err)
		return err;
	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++)
		if (guard->program[i] < 0 && has_name(info.name, cordon_guard_program_name[i])) {
			guard->program[i] = cordon_fd_take(&owned);
			break;
		}
	return 0;
}

/* Takes over the descriptor of a link. */
static int note_link(struct cordon_guard *guard, int link)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	cordon_auto_fd owned = link;
	int program;

	if (guard->link_count == CORDON_LINKS_MAX)
		return -E2BIG;
	if (bpf_obj_get_info_by_fd(owned, &info, &size))
		return -errno;
	program = bpf_prog_get_fd_by_id(info.prog_id);
	if (program < 0)
		return -errno;
	guard->link[guard->link_count++] = cordon_fd_take(&owned);
	return note_program(guard, program);
}

/* -ENOENT when the module holds nothing. */
static int find_by_module(struct cordon_guard *guard, struct cordon_failure *failure)
{
	struct cordon_links links = { 0 };
	uint32_t i;
	int link, err;

	if (guard->device < 0)
		return -ENOENT;
	if (ioctl(guard->device, CORDON_IOCTL_LINKS, &links))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": LINKS");
	if (links.count > CORDON_LINKS_MAX)
		return cordon_failure_set(failure, EPROTO, CORDON_DEVICE ": LINKS: too many");
	for (i = 0; i < links.count; i++) {
		link = bpf_link_get_fd_by_id(links.link_id[i]);
		err = link < 0 ? -errno : note_link(guard, link);
		if (err)
			return cordon_failure_errno(failure, -err, "the running guard's link %u",
						    links.link_id[i]);
	}
	return links.count ? 0 : -ENOENT;
}

/* -ENOENT when there are no pinned links. */
static int find_by_pins(struct cordon_guard *guard, struct cordon_failure *failure)
{
	char path[CORDON_PIN_BYTES];
	struct dirent *entry;
	DIR *folder;
	int err = 0, link;

	folder = opendir(CORDON_PINS "/links");
	if (!folder)
		return errno == ENOENT ? -ENOENT :
					 cordon_failure_errno(failure, errno, CORDON_PINS "/links");
	while (!err && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		cordon_guard_pin_path("links", entry->d_name, path);
		link = bpf_obj_get(path);
		err = link < 0 ? -errno : note_link(guard, link);
		if (err)
			cordon_failure_errno(failure, -err, "%s", path);
	}
	closedir(folder);
	if (err)
		return err;
	return guard->link_count ? 0 : -ENOENT;
}

/* Programs without a link live in their pins alone. */
static void find_programs(struct cordon_guard *guard)
{
	char path[CORDON_PIN_BYTES];
	int i;

	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++) {
		if (guard->program[i] >= 0)
			continue;
		cordon_guard_pin_path("programs", cordon_guard_program_name[i], path);
		guard->program[i] = bpf_obj_get(path);
	}
}

static int check_maps(const struct cordon_guard *guard, struct cordon_failure *failure)
{
	int i;

	for (i = 0; i < CORDON_GUARD_MAP_COUNT; i++)
		if (guard->map[i] < 0)
			return cordon_failure_set(failure, ESTALE,
						  "the running guard has no map '%s': it was "
						  "loaded by another release of cordon. Remedy: "
						  "reboot",
						  cordon_guard_map_name[i]);
	return 0;
}

int cordon_guard_find(struct cordon_guard *guard, struct cordon_failure *failure)
{
	int err = find_by_module(guard, failure);

	if (err == -ENOENT)
		err = find_by_pins(guard, failure);
	if (err == -ENOENT)
		return cordon_failure_set(failure, ENOENT, "no guard runs");
	if (err)
		return err;
	find_programs(guard);
	err = check_maps(guard, failure);
	if (err)
		return err;
	return cordon_guard_map_control(guard, true, failure);
}

/* The map of this name among those of a program; -ENOENT. */
static int open_map_of(int program, const char *name)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info), ids[64] = { 0 }, i;

	info.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	info.map_ids = (uintptr_t)ids;
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	for (i = 0; i < info.nr_map_ids && i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct bpf_map_info map_info = { 0 };
		uint32_t map_size = sizeof(map_info);
		cordon_auto_fd map = bpf_map_get_fd_by_id(ids[i]);

		if (map >= 0 && !bpf_obj_get_info_by_fd(map, &map_info, &map_size) &&
		    has_name(map_info.name, name))
			return cordon_fd_take(&map);
	}
	return -ENOENT;
}

int cordon_guard_open_map(const struct cordon_guard *guard, const char *name)
{
	unsigned int i;
	int map = -ENOENT;

	for (i = 0; map < 0 && i < guard->link_count; i++) {
		struct bpf_link_info info = { 0 };
		uint32_t size = sizeof(info);
		cordon_auto_fd program = -1;

		if (bpf_obj_get_info_by_fd(guard->link[i], &info, &size))
			return -errno;
		program = bpf_prog_get_fd_by_id(info.prog_id);
		if (program >= 0)
			map = open_map_of(program, name);
	}
	return map;
}

/* Where the variable @name of the size @bytes is in the map's value; -1: nowhere. */
static long variable_offset(const struct btf *btf, uint32_t section, const char *name,
			    uint32_t bytes)
{
	const struct btf_type *type = btf__type_by_id(btf, section);
	const struct btf_var_secinfo *variable;
	unsigned int i;

	if (!type || !btf_is_datasec(type))
		return -1;
	variable = btf_var_secinfos(type);
	for (i = 0; i < btf_vlen(type); i++, variable++) {
		const struct btf_type *var = btf__type_by_id(btf, variable->type);

		if (var && !strcmp(btf__name_by_offset(btf, var->name_off), name) &&
		    variable->size == bytes)
			return variable->offset;
	}
	return -1;
}

int cordon_guard_map_control(struct cordon_guard *guard, bool writable,
			     struct cordon_failure *failure)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	long control, sequence;
	struct btf *btf;
	void *mapping;

	if (bpf_obj_get_info_by_fd(guard->map[CORDON_GUARD_MAP_CONTROL], &info, &size))
		return cordon_failure_errno(failure, errno, "the guard's control word");
	btf = btf__load_from_kernel_by_id(info.btf_id);
	if (!btf)
		return cordon_failure_errno(failure, errno, "types of the guard's control word");
	control = variable_offset(btf, info.btf_value_type_id, "control",
				  sizeof(struct cordon_control));
	sequence = variable_offset(btf, info.btf_value_type_id, "record_sequence", sizeof(__u64));
	btf__free(btf);
	if (control < 0 || sequence < 0)
		return cordon_failure_set(failure, EPROTO,
					  "the guard's control word has another form: it was "
					  "loaded by another release of cordon");
	guard->mapping_bytes = (info.value_size + 4095ul) & ~4095ul;
	mapping = mmap(NULL, guard->mapping_bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
		       MAP_SHARED, guard->map[CORDON_GUARD_MAP_CONTROL], 0);
	if (mapping == MAP_FAILED)
		return cordon_failure_errno(failure, errno, "mapping the guard's control word");
	guard->mapping = mapping;
	guard->control = (struct cordon_control *)((char *)mapping + control);
	guard->record_sequence = (__u64 *)((char *)mapping + sequence);
	return 0;
}

int cordon_guard_counters(const struct cordon_guard *guard, uint64_t counter[CORDON_COUNTERS_MAX],
			  struct cordon_failure *failure)
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	cordon_auto_free uint64_t *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
	uint32_t i;

	if (!each)
		return cordon_failure_errno(failure, ENOMEM, "counters");
	for (i = 0; i < CORDON_COUNTERS_MAX; i++) {
		if (bpf_map_lookup_elem(guard->map[CORDON_GUARD_MAP_COUNTERS], &i, each))
			return cordon_failure_errno(failure, errno, "counters");
		for (counter[i] = 0, cpu = 0; cpu < cpus; cpu++)
			counter[i] += each[cpu];
	}
	return 0;
}

int cordon_guard_policy(const struct cordon_guard *guard, struct cordon_policy *policy,
			struct cordon_failure *failure)
{
	uint32_t generation = __atomic_load_n(&guard->control->generation, __ATOMIC_ACQUIRE);
	uint32_t slot = generation & 1, zero = 0, id;
	cordon_auto_fd inner = -1;

	if (!generation)
		return cordon_failure_set(failure, ENOENT, "no policy is loaded");
	if (bpf_map_lookup_elem(guard->map[CORDON_GUARD_MAP_POLICIES], &slot, &id))
		return cordon_failure_errno(failure, errno, "the active policy");
	inner = bpf_map_get_fd_by_id(id);
	if (inner < 0 || bpf_map_lookup_elem(inner, &zero, policy))
		return cordon_failure_errno(failure, errno, "the active policy");
	return 0;
}

int cordon_guard_each_live(const struct cordon_guard *guard, enum cordon_guard_program iterator,
			   cordon_live_visit visit, void *context, struct cordon_failure *failure)
{
	cordon_auto_fd link = -1, run = -1;
	cordon_auto_file *in = NULL;
	struct cordon_live live;
	int err = 0;

	if (guard->program[iterator] < 0)
		return cordon_failure_errno(failure, ESTALE, "%s",
					    cordon_guard_program_name[iterator]);
	link = bpf_link_create(guard->program[iterator], 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return cordon_failure_errno(failure, errno, "%s",
					    cordon_guard_program_name[iterator]);
	run = bpf_iter_create(link);
	if (run < 0)
		return cordon_failure_errno(failure, errno, "%s",
					    cordon_guard_program_name[iterator]);
	in = fdopen(run, "r");
	if (!in)
		return cordon_failure_errno(failure, errno, "%s",
					    cordon_guard_program_name[iterator]);
	cordon_fd_take(&run);
	while (!err && fread(&live, sizeof(live), 1, in) == 1)
		err = visit(context, &live);
	if (!err && ferror(in))
		return cordon_failure_errno(failure, EIO, "%s",
					    cordon_guard_program_name[iterator]);
	return err;
}
