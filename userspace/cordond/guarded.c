// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>

#include "cleanup.h"
#include "guarded.h"

/* As in bpf/guard.bpf.c. */
enum kind {
	MAP = 1,
	PROGRAM,
	LINK
};

static int note(const struct cordon_guard *guard, enum kind kind, uint32_t id,
		struct cordon_failure *failure)
{
	uint64_t key = (uint64_t)kind << 32 | id;
	uint8_t one = 1;

	if (bpf_map_update_elem(guard->map[CORDON_GUARD_MAP_GUARDED], &key, &one, BPF_ANY))
		return cordon_failure_errno(failure, errno, "noting what belongs to the guard");
	return 0;
}

static int unreadable(struct cordon_failure *failure)
{
	return cordon_failure_errno(failure, errno, "reading what belongs to the guard");
}

/* A program and the maps that it uses. */
static int note_program(const struct cordon_guard *guard, int program,
			struct cordon_failure *failure)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info), maps[64] = { 0 }, i;
	int err;

	info.nr_map_ids = sizeof(maps) / sizeof(maps[0]);
	info.map_ids = (uintptr_t)maps;
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return unreadable(failure);
	err = note(guard, PROGRAM, info.id, failure);
	for (i = 0; !err && i < info.nr_map_ids && i < sizeof(maps) / sizeof(maps[0]); i++)
		err = note(guard, MAP, maps[i], failure);
	return err;
}

static int note_link(const struct cordon_guard *guard, int link, struct cordon_failure *failure)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	cordon_auto_fd program = -1;
	int err;

	if (bpf_obj_get_info_by_fd(link, &info, &size))
		return unreadable(failure);
	err = note(guard, LINK, info.id, failure);
	if (err)
		return err;
	program = bpf_prog_get_fd_by_id(info.prog_id);
	return program < 0 ? unreadable(failure) : note_program(guard, program, failure);
}

int guarded_note_map(const struct cordon_guard *guard, int map, struct cordon_failure *failure)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return unreadable(failure);
	return note(guard, MAP, info.id, failure);
}

void guarded_forget_map(const struct cordon_guard *guard, uint32_t id)
{
	uint64_t key = (uint64_t)MAP << 32 | id;

	if (id)
		bpf_map_delete_elem(guard->map[CORDON_GUARD_MAP_GUARDED], &key);
}

int guarded_note_all(const struct cordon_guard *guard, struct cordon_failure *failure)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < guard->link_count; i++)
		err = note_link(guard, guard->link[i], failure);
	for (i = 0; !err && i < CORDON_GUARD_PROGRAM_COUNT; i++)
		if (guard->program[i] >= 0)
			err = note_program(guard, guard->program[i], failure);
	for (i = 0; !err && i < CORDON_GUARD_MAP_COUNT; i++)
		err = guarded_note_map(guard, guard->map[i], failure);
	return err;
}
