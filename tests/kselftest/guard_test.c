// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf/guard.bpf.c and the guard's own files: root attacks Cordon itself, and the kernel under it.
 *
 * Each attack is a row, played three times: permissive, where it works and is recorded as
 * would-deny; by a trusted subject, for whom it works and is recorded too; and enforcing, where
 * it fails with EACCES or EPERM and a record with the reason "guard". All attackers are uid 0.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "control.h"
#include "cordon/abi.h"
#include "scenario.h"

#define PINS	 "/sys/fs/bpf/cordon"
#define UNIT_DIR "/sys/fs/cgroup/system.slice/cordond.service"
#define UNIT_D	 "/etc/systemd/system/cordond.service.d"
#define DRAFT	 "/etc/cordon/policy.d/draft.cordon"
#define ANY_CTL	 "/var/lib/cordon/records.db"

/* In the steps: ids of the control word's map, of a hook's program, of the egress link; of a
 * kernel function that any BPF program may call. */
struct guard_attack {
	const char *steps;
	int works; /* what the last step ends with when nobody refuses; 0: success */
	int refused; /* besides EACCES and EPERM */
	bool nobody; /* trusted subjects may not either */
	const char *reason; /* of the record; NULL: guard */
};

/* ---- What the placeholders stand for ---------------------------------------- */

static uint32_t find_map(const char *name)
{
	uint32_t id = 0;

	while (!bpf_map_get_next_id(id, &id)) {
		struct bpf_map_info info = {};
		uint32_t size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);
		bool found = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
			     !strcmp(info.name, name);

		close(fd);
		if (found)
			return id;
	}
	return 0;
}

static uint32_t find_program(const char *name)
{
	uint32_t id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = {};
		uint32_t size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);
		bool found = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
			     !strcmp(info.name, name);

		close(fd);
		if (found)
			return id;
	}
	return 0;
}

/* The module's last link is as good as any: all of them can be detached or updated by no one. */
static uint32_t find_link(void)
{
	struct cordon_hello hello = { .abi = CORDON_ABI_VERSION };
	struct cordon_links links = {};
	int door = open(CORDON_DEVICE, O_RDONLY | O_CLOEXEC);

	if (door < 0 || ioctl(door, CORDON_IOCTL_HELLO, &hello) ||
	    ioctl(door, CORDON_IOCTL_LINKS, &links) || !links.count)
		links.link_id[0] = 0;
	close(door);
	return links.link_id[0];
}

static uint32_t find_function(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "bpf_cast_to_kern_ctx", BTF_KIND_FUNC) : 0;

	btf__free(btf);
	return id > 0 ? id : 0;
}

static uint32_t stands_for(char placeholder)
{
	switch (placeholder) {
	case 'm':
		return find_map(".data.control");
	case 'p':
		return find_program("hook_file_open");
	case 'l':
		return find_link();
	default:
		return find_function();
	}
}

static void fill_in(const char *steps, char *filled, size_t size)
{
	size_t length = 0;

	for (; *steps && length + 16 < size; steps++) {
		if (*steps == '%')
			length += sprintf(filled + length, "%u", stands_for(*++steps));
		else
			filled[length++] = *steps;
	}
	filled[length] = '\0';
}

/* ---- The driver ---------------------------------------------------------------- */

FIXTURE(guard_attack)
{
	char steps[1024];
	off_t from;
};

FIXTURE_VARIANT(guard_attack)
{
	struct guard_attack row;
};

#define ATTACK(name, ...)                       \
	FIXTURE_VARIANT_ADD(guard_attack, name) \
	{                                       \
		.row = { __VA_ARGS__ }          \
	}

static void make_file(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

/* What the attacks are aimed at is there, and what they left is gone. */
FIXTURE_SETUP(guard_attack)
{
	mkdir("/etc/cordon", 0755);
	mkdir("/etc/cordon/policy.d", 0755);
	mkdir("/etc/systemd", 0755);
	mkdir("/etc/systemd/system", 0755);
	mkdir(UNIT_D, 0755);
	mkdir(UNIT_DIR, 0755);
	make_file(DRAFT);
	rmdir(PINS "/x");
	unlink(UNIT_D "/evil.conf");
	unlink("/etc/cordon/evil");
	unlink(LOW_DIR "/node"); /* a node of /dev/cordon is the guard's, wherever it is */
	fill_in(variant->row.steps, self->steps, sizeof(self->steps));
}

FIXTURE_TEARDOWN(guard_attack)
{
}

static void expect_record(struct __test_metadata *_metadata, off_t from, pid_t pid,
			  const char *verdict, const char *reason)
{
	const struct record_wish wish = { .pid = pid, .verdict = verdict, .reason = reason };
	struct json_object *record = records_await(from, &wish, RECORD_PATIENCE_MS);

	EXPECT_TRUE(record != NULL)
	{
		TH_LOG("no record %s, %s; there are:\n%s", verdict, reason,
		       records_tell(from, pid));
	}
	json_object_put(record);
}

static int play(struct __test_metadata *_metadata, const char *program, const char *steps,
		pid_t *pid)
{
	const struct actor_call call = { .program = program, .steps = steps };
	int status;

	*pid = actor_start(&call);
	status = actor_wait(*pid);
	EXPECT_NE(ACTOR_SETUP, status);
	EXPECT_NE(ACTOR_USAGE, status);
	return status;
}

TEST_F(guard_attack, permissive_leaks)
{
	const struct guard_attack *row = &variant->row;
	off_t from;
	pid_t pid;

	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	from = records_end();
	EXPECT_EQ(row->works, play(_metadata, PLAIN, self->steps, &pid))
	{
		TH_LOG("%s", self->steps);
	}
	if (!getenv(WITHOUT_GUARD_ENV))
		expect_record(_metadata, from, pid, "would-deny", row->reason ?: "guard");
}

TEST_F(guard_attack, trusted_succeeds)
{
	const struct guard_attack *row = &variant->row;
	off_t from;
	pid_t pid;
	int status;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	from = records_end();
	status = play(_metadata, TRUSTED, self->steps, &pid);
	if (row->nobody) {
		EXPECT_TRUE(actor_denied(status));
		return;
	}
	EXPECT_EQ(row->works, status)
	{
		TH_LOG("%s: %s", self->steps, actor_status_text(status));
	}
	expect_record(_metadata, from, pid, "allow", "trusted");
}

TEST_F(guard_attack, enforcing_denies)
{
	const struct guard_attack *row = &variant->row;
	off_t from;
	pid_t pid;
	int status;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	from = records_end();
	status = play(_metadata, PLAIN, self->steps, &pid);
	EXPECT_TRUE(actor_denied(status) || (row->refused && status == row->refused))
	{
		TH_LOG("%s: %s", self->steps, actor_status_text(status));
	}
	expect_record(_metadata, from, pid, "deny", row->reason ?: "guard");
}

/* ---- bpf(2) on the guard's objects (E1) --------------------------------------------- */

ATTACK(E1_map_by_id, .steps = "try bpf_id=map,%m bpf_rewrite");
ATTACK(E1_map_by_pin, .steps = "try bpf_pin=" PINS "/maps/_data_control bpf_rewrite");
/* freplace, PROG_DETACH and PROG_TEST_RUN all begin with the program's descriptor. */
ATTACK(E1_program_by_id, .steps = "try bpf_id=program,%p");
ATTACK(E1_program_by_pin, .steps = "try bpf_pin=" PINS "/programs/claim_controller");
/* LINK_DETACH and LINK_UPDATE begin with the link's. */
ATTACK(E1_link_by_id, .steps = "try bpf_id=link,%l");
/* Programs that could read the kernel's memory, or stand in the guard's way. */
ATTACK(E1_B11_kprobe_program, .steps = "try bpf_load=2");
ATTACK(E1_B11_tracepoint_program, .steps = "try bpf_load=5");
ATTACK(E1_B11_perf_program, .steps = "try bpf_load=7");
ATTACK(E1_B11_raw_tracepoint_program, .steps = "try bpf_load=17");
ATTACK(E1_C4_sockets_stream_program, .steps = "try bpf_load=14");
ATTACK(E1_B11_packet_program_that_reads_memory, .steps = "try bpf_peek", .refused = EINVAL);
ATTACK(E1_B11_packet_program_that_calls_the_kernel, .steps = "try bpf_call=%f");

/* ---- Pins (E2, M2) ---------------------------------------------------------------- */

ATTACK(E2_M2_name_among_the_pins, .steps = "try mkdir=" PINS "/x");
ATTACK(E2_M2_pins_moved, .steps = "try rename=" PINS ",/sys/fs/bpf/c2 "
				  "rename=/sys/fs/bpf/c2," PINS);
ATTACK(E2_M2_pins_unmounted, .steps = "try expire=/sys/fs/bpf", .works = EAGAIN);
ATTACK(E2_M2_pins_remounted, .steps = "try remount=/sys/fs/bpf");
ATTACK(E2_M2_pins_mounted_over, .steps = "try tmpfs=/sys/fs/bpf umount=/sys/fs/bpf");
ATTACK(E2_M2_pins_covered_by_tree,
       .steps = "open_tree=" LOW_DIR " try attach_tree=/sys/fs/bpf umount=/sys/fs/bpf");

/* ---- The controller's life (E3) ---------------------------------------------------- */

ATTACK(E3_controller_signalled, .steps = "try signal_controller=18");
ATTACK(E3_controller_traced, .steps = "try seize_controller", .nobody = true);
ATTACK(E3_controller_memory, .steps = "try open_controller=mem", .nobody = true);
ATTACK(E3_controller_limits, .steps = "try limit_controller");
ATTACK(E3_controller_scheduling, .steps = "try schedule_controller");
ATTACK(E3_controller_nice, .steps = "try nice_controller");
ATTACK(E3_controller_first_to_die, .steps = "try rewrite_controller=oom_score_adj");
ATTACK(E3_E10_controller_frozen, .steps = "try open_w=" UNIT_DIR "/cgroup.freeze");
ATTACK(E3_E10_controller_killed_by_cgroup, .steps = "try open_w=" UNIT_DIR "/cgroup.kill");
ATTACK(E3_E10_slice_frozen, .steps = "try open_w=/sys/fs/cgroup/system.slice/cgroup.freeze");
ATTACK(E3_sysrq, .steps = "try open_w=/proc/sysrq-trigger");
ATTACK(E3_process_1_traced, .steps = "try seize=1", .nobody = true);
ATTACK(E3_door, .steps = "try open_rw=/dev/cordon", .works = EBUSY);
ATTACK(E3_door_by_another_node, .steps = "try same_device=/dev/cordon", .works = EBUSY);

/* ---- Modules, kernels, memory (E4, E5, E7, B11) --------------------------------------- */

/* It is loaded already: EEXIST says that the kernel took the file and only then looked. */
ATTACK(E4_module_from_anywhere, .steps = "try load_module=/cordon.ko", .works = EEXIST);
ATTACK(E4_module_from_memory, .steps = "try load_module_bytes=/cordon.ko", .works = EEXIST);
ATTACK(E5_kexec, .steps = "try kexec");
ATTACK(E5_kexec_file, .steps = "try kexec_file=/plain/actor", .works = ENOEXEC);
ATTACK(E7_B11_dev_mem, .steps = "try open_rw=/dev/mem");
ATTACK(E7_B11_dev_mem_by_another_node, .steps = "try device=1:1," LOW_DIR "/node");
ATTACK(E7_io_ports, .steps = "try ioperm");
ATTACK(E7_B11_kprobe, .steps = "try probe=kprobe,do_nanosleep");
ATTACK(E7_B9_uprobe, .steps = "try probe=uprobe," CLEARED);
ATTACK(E7_tracefs, .steps = "try open_w=/sys/kernel/tracing/tracing_on");
ATTACK(E7_tracefs_elsewhere, .steps = "unshare_mounts mount_kernel=tracefs," LOW_DIR
				      " try open_w=" LOW_DIR "/tracing_on");
ATTACK(E7_debugfs, .steps = "try open_w=/sys/kernel/debug/sched/verbose");

/* ---- What the kernel runs as root (A15, E6, E8) ----------------------------------------- */

ATTACK(E8_B10_core_pattern, .steps = "try rewrite=/proc/sys/kernel/core_pattern");
ATTACK(E8_core_pattern_elsewhere, .steps = "unshare_mounts mount_kernel=proc," LOW_DIR
					   " try rewrite=" LOW_DIR "/sys/kernel/core_pattern");
ATTACK(E8_modprobe_path, .steps = "try rewrite=/proc/sys/kernel/modprobe");
ATTACK(E8_poweroff_command, .steps = "try rewrite=/proc/sys/kernel/poweroff_cmd");
ATTACK(E8_helper_capabilities, .steps = "try open_w=/proc/sys/kernel/usermodehelper/bset");
ATTACK(E6_M1_ftrace_switch, .steps = "try open_w=/proc/sys/kernel/ftrace_enabled");
ATTACK(A15_E8_firmware_path, .steps = "try open_w=/sys/module/firmware_class/parameters/path");

/* ---- The guard's files (E9) ---------------------------------------------------------------- */

ATTACK(E9_policy_written, .steps = "try open_w=" DRAFT);
ATTACK(E9_policy_added, .steps = "try create=/etc/cordon/evil unlink=/etc/cordon/evil");
ATTACK(E9_policy_removed,
       .steps = "try rename=" DRAFT ",/etc/cordon/x rename=/etc/cordon/x," DRAFT);
ATTACK(E9_policy_by_second_name, .steps = "try link=" DRAFT ",/etc/cordon/evil "
					  "unlink=/etc/cordon/evil");
ATTACK(E9_records_written, .steps = "try open_w=" ANY_CTL);
ATTACK(E9_records_by_another_mount, .steps = "unshare_mounts bind=/var/lib/cordon," LOW_DIR
					     " try open_w=" LOW_DIR "/records.db");
ATTACK(E9_controllers_program, .steps = "try chmod=/usr/sbin/cordond");
ATTACK(E9_controllers_unit, .steps = "try create=" UNIT_D "/evil.conf unlink=" UNIT_D "/evil.conf");
ATTACK(E9_folder_above_the_unit,
       .steps = "try rename=/etc/systemd,/etc/systemd2 rename=/etc/systemd2,/etc/systemd",
       .refused = EXDEV, .reason = "relabel", .nobody = true);

/* ---- What goes on working for an uncleared root ------------------------------------------------ */

#define EXPECT_WORKS(script) EXPECT_ACTOR(PLAIN, script, ACTOR_OK)

TEST_F(guarded, ordinary_administration_goes_on)
{
	/* systemd's own kinds of programs, packet filters. */
	EXPECT_WORKS("try bpf_load=1"); /* socket filter */
	EXPECT_WORKS("try bpf_load=3"); /* traffic control */
	EXPECT_WORKS("try bpf_load=6"); /* XDP */
	EXPECT_WORKS("try bpf_load=15"); /* cgroup devices */
	/* Other sysctls, other cgroups, other mounts, other files beside ours. */
	EXPECT_WORKS("try rewrite=/proc/sys/kernel/panic");
	EXPECT_WORKS("try rewrite=/proc/sys/vm/swappiness");
	EXPECT_WORKS("try open_w=/sys/fs/cgroup/system.slice/cgroup.procs");
	EXPECT_WORKS("try open_w=" UNIT_CGROUP "/cgroup.freeze");
	EXPECT_WORKS("unshare_mounts try umount=/sys/fs/bpf");
	EXPECT_WORKS(
		"try create=/etc/systemd/system/x.service unlink=/etc/systemd/system/x.service");
	EXPECT_WORKS("try open=" DRAFT);
	EXPECT_WORKS("try open=/proc/sys/kernel/core_pattern read");
	/* Kernel packages, before the seal. */
	mkdir("/lib/modules", 0755);
	EXPECT_WORKS("try create=/lib/modules/x.ko unlink=/lib/modules/x.ko");
}

/* Every attacker here is root with all its capabilities: none has to be withheld. */
TEST_F(guarded, E11_every_capability_is_not_enough)
{
	EXPECT_ACTOR(PLAIN, "try capable", ACTOR_OK);
	EXPECT_DENIED(PLAIN, "capable try kexec");
	EXPECT_DENIED(PLAIN, "capable try bpf_load=2");
	EXPECT_DENIED(PLAIN, "capable try open=" SECRET);
	EXPECT_DENIED(PLAIN, "capable try tcp=" UNK_V4 ",9000");
}

/* Loading is judged by the module's place, and that one is the kernel's own. */
TEST_F(guarded, E4_modules_from_their_place_are_loaded)
{
	const char *copy[] = { "cp", "/cordon.ko", "/lib/modules/copy.ko", NULL };
	char output[512];

	mkdir("/lib/modules", 0755);
	ASSERT_EQ(0, guard_run(copy, output, sizeof(output)));
	EXPECT_ACTOR(PLAIN, "try load_module=/lib/modules/copy.ko", EEXIST);
	EXPECT_EQ(0, unlink("/lib/modules/copy.ko"));
}

/* Older modprobes unpack a module themselves. The kernel's own signature vouches for it. */
TEST_F(guarded, E4_signed_modules_are_loaded_from_memory)
{
	EXPECT_ACTOR(PLAIN, "try load_module_bytes=/cordon/ko/veth.ko", EEXIST);
	EXPECT_DENIED(PLAIN, "try load_module_bytes=/cordon.ko");
}

/* What the kernel opens for somebody, it opens as him. */
TEST_F(guarded, A15_kernel_opens_as_who_asks)
{
	EXPECT_DENIED(PLAIN, "try account=" SECRET);
	EXPECT_RECORD(.verdict = "deny", .reason = "overwrite");
	EXPECT_ACTOR(PLAIN, "try account=" LOW_FILE, ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "try account=" SECRET_ARENA "/file", ACTOR_OK);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " try account=" LOW_FILE);
}

/* What the controller makes later is protected from its first descriptor on. */
TEST_F(guarded, E1_maps_of_the_next_generation)
{
	char steps[64];
	uint32_t id, last = 0;

	ASSERT_EQ(0, control_load_next(NULL));
	for (id = 0; !bpf_map_get_next_id(id, &id);)
		last = id;
	snprintf(steps, sizeof(steps), "try bpf_id=map,%u", last);
	EXPECT_DENIED(PLAIN, steps);
	EXPECT_RECORD(.verdict = "deny", .reason = "guard");
}

/* The links have no pins: nothing but their ids leads to them. */
TEST_F(guarded, E1_links_have_no_pins)
{
	EXPECT_NE(0, access(PINS "/links", F_OK));
}

TEST_HARNESS_MAIN
