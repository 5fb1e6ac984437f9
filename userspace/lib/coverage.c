// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "cleanup.h"
#include "coverage.h"

struct maker {
	struct json_object *list;
	bool failed;
};

__attribute__((format(printf, 4, 5))) static void add(struct maker *maker, const char *point,
						      bool covered, const char *format, ...)
{
	struct json_object *row = json_object_new_object();
	va_list arguments;
	char why[512];

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	if (!row || json_object_object_add(row, "point", json_object_new_string(point)) ||
	    json_object_object_add(row, "covered", json_object_new_boolean(covered)) ||
	    json_object_object_add(row, "why", json_object_new_string(why)) ||
	    json_object_array_add(maker->list, row)) {
		json_object_put(row);
		maker->failed = true;
	}
}

static void add_kernel(struct maker *maker, const struct cordon_kernel_state *state)
{
	bool yes = state->bpf_lsm == CORDON_PRESENCE_YES;

	if (state->bpf_lsm == CORDON_PRESENCE_UNKNOWN)
		add(maker, "bpf-lsm", false, "/sys/kernel/security/lsm cannot be read");
	else
		add(maker, "bpf-lsm", yes, "active LSMs: %s%s", state->lsms,
		    yes ? "" : "; boot with 'bpf' in lsm=");
	yes = state->btf == CORDON_PRESENCE_YES;
	add(maker, "kernel-types", yes, "/sys/kernel/btf/vmlinux is %s", yes ? "there" : "missing");
	yes = state->ftrace == CORDON_PRESENCE_YES;
	add(maker, "ftrace-on", yes, "kernel.ftrace_enabled is %s%s", yes ? "1" : "not 1",
	    yes ? "" : ": no BPF program runs");
}

static void add_module(struct maker *maker, const struct cordon_kernel_state *state,
		       const struct cordon_guard *guard)
{
	const struct cordon_hello *hello = &guard->hello;
	bool held = hello->flags & CORDON_HELLO_FTRACE_HELD;

	if (guard->device < 0) {
		const char *why = state->module == CORDON_PRESENCE_YES ?
					  "loaded after the controller started" :
					  "not loaded";

		add(maker, "module", false, "%s", why);
		add(maker, "ftrace-held", false,
		    "without the module root can switch ftrace, and the guard, off");
		add(maker, "links-held", false,
		    "without the module root can detach the guard by removing its pins");
		return;
	}
	add(maker, "module", true, "cordon.ko, ABI version %u, %llu calls refused", hello->abi,
	    (unsigned long long)hello->refused);
	add(maker, "ftrace-held", held, "the module %s ftrace from being switched off",
	    held ? "keeps" : "does not keep");
	add(maker, "links-held", hello->links_held && hello->links_held >= guard->link_count,
	    "the module holds %u of %u links", hello->links_held, guard->link_count);
}

struct json_object *cordon_coverage(const struct cordon_kernel_state *state,
				    const struct cordon_guard *guard, const char *trouble)
{
	struct maker maker = { .list = json_object_new_array() };

	if (!maker.list)
		return NULL;
	add_kernel(&maker, state);
	if (guard) {
		add_module(&maker, state, guard);
		add(&maker, "hooks", guard->hook_count != 0, "%u hooks are attached",
		    guard->hook_count);
		add(&maker, "egress", guard->egress_attached, "the check at the packet is %s",
		    guard->egress_attached ? "attached to the root control group" : "not attached");
	} else {
		add(&maker, "module", false, "%s",
		    state->module == CORDON_PRESENCE_YES ? "loaded, holds nothing we can see" :
							   "not loaded");
		add(&maker, "hooks", false, "%s", trouble);
		add(&maker, "egress", false, "%s", trouble);
	}
	if (maker.failed) {
		json_object_put(maker.list);
		return NULL;
	}
	return maker.list;
}

/* A program's name as it stands in its source: the kernel's own is cut. */
static const char *program_name(const struct bpf_prog_info *info,
				const struct bpf_func_info *function, struct btf **btf,
				uint32_t *btf_id)
{
	const struct btf_type *type;

	if (!info->nr_func_info || !info->btf_id)
		return info->name;
	if (!*btf || *btf_id != info->btf_id) {
		btf__free(*btf);
		*btf = btf__load_from_kernel_by_id(info->btf_id);
		*btf_id = info->btf_id;
	}
	type = *btf ? btf__type_by_id(*btf, function->type_id) : NULL;
	return type ? btf__name_by_offset(*btf, type->name_off) : info->name;
}

static int read_program(int link, struct bpf_prog_info *info, struct bpf_func_info *function)
{
	struct bpf_link_info link_info = { 0 };
	uint32_t size = sizeof(link_info);
	cordon_auto_fd program = -1;

	if (bpf_obj_get_info_by_fd(link, &link_info, &size))
		return -errno;
	program = bpf_prog_get_fd_by_id(link_info.prog_id);
	if (program < 0)
		return -errno;
	memset(info, 0, sizeof(*info));
	info->nr_func_info = 1;
	info->func_info_rec_size = sizeof(*function);
	info->func_info = (uintptr_t)function;
	size = sizeof(*info);
	return bpf_obj_get_info_by_fd(program, info, &size) ? -errno : 0;
}

struct json_object *cordon_coverage_hooks(const struct cordon_guard *guard)
{
	struct json_object *list = json_object_new_array();
	struct bpf_func_info function;
	struct bpf_prog_info info;
	struct btf *btf = NULL;
	uint32_t btf_id = 0;
	unsigned int i;

	for (i = 0; list && i < guard->link_count; i++) {
		const char *name;

		if (read_program(guard->link[i], &info, &function))
			continue;
		name = program_name(&info, &function, &btf, &btf_id);
		if (!strncmp(name, "hook_", 5))
			json_object_array_add(list, json_object_new_string(name + 5));
	}
	btf__free(btf);
	return list;
}
