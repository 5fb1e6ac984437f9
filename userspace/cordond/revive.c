// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include "cleanup.h"
#include "pins.h"
#include "revive.h"
#include "cordon.skel.h"

static bool is_missing(const struct cordon_guard *guard, const char *name)
{
	int i;

	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++)
		if (!strcmp(cordon_guard_program_name[i], name))
			return guard->program[i] < 0;
	return false;
}

static int choose_programs(const struct cordon_guard *guard, struct bpf_object *object)
{
	struct bpf_program *program;
	int err = 0;

	bpf_object__for_each_program(program, object) {
		bool wanted = is_missing(guard, bpf_program__name(program));

		if (!err)
			err = bpf_program__set_autoload(program, wanted);
	}
	return err;
}

/*
 * Every map is the running guard's: a new one would be a guard of its own. But
 * variables that no hook uses are nowhere to be found, and are no part of it.
 */
static int choose_maps(const struct cordon_guard *guard, struct bpf_object *object,
		       struct cordon_failure *failure)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *name = bpf_map__name(map);
		cordon_auto_fd fd = cordon_guard_open_map(guard, name);

		if (fd == -ENOENT && bpf_map__is_internal(map))
			continue;
		if (fd < 0 || bpf_map__reuse_fd(map, fd))
			return cordon_failure_set(failure, ESTALE,
						  "the running guard's map '%s' cannot be used: it "
						  "was loaded by another release of cordon. "
						  "Remedy: reboot",
						  name);
	}
	return 0;
}

static int keep_programs(struct cordon_guard *guard, struct bpf_object *object,
			 struct cordon_failure *failure)
{
	int i;

	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT; i++) {
		const char *name = cordon_guard_program_name[i];
		struct bpf_program *program;

		if (guard->program[i] >= 0)
			continue;
		program = bpf_object__find_program_by_name(object, name);
		if (program)
			guard->program[i] = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0);
		if (guard->program[i] < 0)
			return cordon_failure_errno(failure, ENOENT, "keeping the program '%s'",
						    name);
	}
	return 0;
}

/* So that the next start finds all of it again. */
static int pin_again(const struct cordon_guard *guard, struct cordon_failure *failure)
{
	char name[24];
	unsigned int i;
	int err = pins_make(failure);

	if (err)
		return err;
	for (i = 0; !err && i < guard->link_count; i++) {
		snprintf(name, sizeof(name), "link_%u", i);
		err = pin_descriptor(guard->link[i], "links", name);
	}
	for (i = 0; !err && i < CORDON_GUARD_MAP_COUNT; i++)
		err = pin_descriptor(guard->map[i], "maps", cordon_guard_map_name[i]);
	for (i = 0; !err && i < CORDON_GUARD_PROGRAM_COUNT; i++)
		err = pin_descriptor(guard->program[i], "programs", cordon_guard_program_name[i]);
	return err ? cordon_failure_errno(failure, -err, "pinning the guard again") : 0;
}

static int load(struct cordon_guard *guard, struct cordon_bpf *skeleton,
		struct cordon_failure *failure)
{
	int err = choose_programs(guard, skeleton->obj);

	if (!err)
		err = choose_maps(guard, skeleton->obj, failure);
	if (err)
		return err;
	err = bpf_object__load_skeleton(skeleton->skeleton);
	if (err)
		return cordon_failure_errno(failure, -err,
					    "the running guard's pins are gone, and its programs "
					    "cannot be loaded over its maps. Enforcement goes on "
					    "as it is. Remedy: reboot");
	return keep_programs(guard, skeleton->obj, failure);
}

int revive_programs(struct cordon_guard *guard, struct cordon_failure *failure)
{
	struct cordon_bpf *skeleton;
	int i, err;

	for (i = 0; i < CORDON_GUARD_PROGRAM_COUNT && guard->program[i] >= 0; i++)
		;
	if (i == CORDON_GUARD_PROGRAM_COUNT)
		return 0;
	fprintf(stderr,
		"cordond: the running guard's pins are gone: loading '%s' and the like "
		"again\n",
		cordon_guard_program_name[i]);
	skeleton = cordon_bpf__open();
	if (!skeleton)
		return cordon_failure_errno(failure, errno, "the BPF object cannot be read");
	err = load(guard, skeleton, failure);
	cordon_bpf__destroy(skeleton);
	return err ? err : pin_again(guard, failure);
}
