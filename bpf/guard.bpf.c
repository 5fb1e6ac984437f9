// SPDX-License-Identifier: GPL-2.0-only
/*
 * R7: the guard's maps, programs, links and pins, the controller's life, and
 * the kernel's memory, modules and successors. Files are judged by R2's hooks
 * (guard.bpf.h and the policy's automaton say which); here stands what is no
 * file. None of these hooks is on a path that an ordinary process walks often.
 */
#include "signal.bpf.h"
#include "access.bpf.h"

/* include/uapi/linux/bpf.h: constants that BTF has as enumerations only. */
#define INSN_CALL  0x85
#define INSN_KFUNC 2 /* BPF_PSEUDO_KFUNC_CALL */
#define INSN_MAX   1000000

/*
 * A denial that needs no labels; who is let, is let by R7 alone. @own: the
 * guard's own BPF objects, which no trusted subject has while the seal holds.
 */
__subprogram int access_guard(struct access *a, __u32 own)
{
	struct cordon_subject_facts facts = {};
	struct subject *s = subject_current();

	if (!a)
		return REFUSED;
	if (!s) {
		a->reason = CORDON_REASON_NO_SUBJECT;
		return access_refuse(a);
	}
	subject_facts(&facts, s);
	if (own && seal_holds())
		facts.flags &= ~CORDON_SUBJECT_TRUSTED;
	a->reason = cordon_decide_guard(&facts, CORDON_OBJECT_GUARD);
	if (!a->reason)
		return GO_AHEAD;
	if (a->reason != CORDON_REASON_TRUSTED)
		return access_refuse(a);
	/* Also with a full ledger: who may repair the guard must be able to. */
	record_access(a, CORDON_VERDICT_ALLOW);
	return GO_AHEAD;
}

static __always_inline int access_guard_of(__u32 operation)
{
	struct access a = {};

	a.operation = operation;
	return access_errno(access_guard(&a, operation == CORDON_OPERATION_GUARD));
}

/* ---- bpf(2) on our objects (bypass E1) ------------------------------------ */

enum guard_kind {
	GUARD_MAP = 1,
	GUARD_PROG,
	GUARD_LINK
};

static __always_inline bool guard_owns(__u32 kind, __u32 id)
{
	__u64 key = (__u64)kind << 32 | id;

	return bpf_map_lookup_elem(&guarded, &key);
}

/* What the controller makes is ours from the first descriptor on. */
static __always_inline int guard_object(__u32 kind, __u32 id)
{
	struct subject *s = subject_current();
	__u64 key = (__u64)kind << 32 | id;
	__u8 one = 1;

	if (s && (s->flags & CORDON_SUBJECT_CONTROLLER))
		return guard_owns(kind, id) || !bpf_map_update_elem(&guarded, &key, &one, 0) ?
			       0 :
			       access_errno(access_broken(CORDON_OPERATION_GUARD,
							  CORDON_REASON_NO_OBJECT));
	return guard_owns(kind, id) ? access_guard_of(CORDON_OPERATION_GUARD) : 0;
}

/* By id, by pin and by creation: each way to a descriptor passes here. */
SEC("lsm/bpf_map")
int BPF_PROG(hook_bpf_map, struct bpf_map *map, fmode_t mode)
{
	return guard_is_off() ? 0 : guard_object(GUARD_MAP, map->id);
}

/* freplace, attaching and test runs want the program's descriptor first. */
SEC("lsm/bpf_prog")
int BPF_PROG(hook_bpf_prog, struct bpf_prog *prog)
{
	return guard_is_off() ? 0 : guard_object(GUARD_PROG, prog->aux->id);
}

/* What bpf(2) only looks at. */
static __always_inline bool bpf_asks(int command)
{
	switch (command) {
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_OBJ_GET:
	case BPF_PROG_QUERY:
	case BPF_TASK_FD_QUERY:
	case BPF_OBJ_GET_INFO_BY_FD:
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_BTF_GET_NEXT_ID:
	case BPF_LINK_GET_NEXT_ID:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
		return true;
	default:
		return false;
	}
}

/*
 * Maps have no label: they are unclassified, so a tainted subject makes and changes none, and loads
 * nothing. Links have no hook of their own: ours have no pins, which leaves their ids.
 */
SEC("lsm/bpf")
int BPF_PROG(hook_bpf, int cmd, union bpf_attr *attr, unsigned int size)
{
	struct access a = {};
	struct subject *s;

	if (guard_is_off())
		return 0;
	s = subject_current();
	a.operation = CORDON_OPERATION_BPF;
	if ((!s || s->taint) && !bpf_asks(cmd))
		return access_errno(access_write(&a));
	if (cmd != BPF_LINK_GET_FD_BY_ID)
		return 0;
	return guard_owns(GUARD_LINK, attr->link_id) ? access_guard_of(CORDON_OPERATION_GUARD) : 0;
}

/*
 * Types that see packets, sockets and devices, and nothing else of the kernel. Not SK_SKB and
 * SK_MSG: they move what one socket receives to another, past the checks of both.
 */
static __always_inline bool program_type_is_harmless(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
	case BPF_PROG_TYPE_SOCK_OPS:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_LIRC_MODE2:
	case BPF_PROG_TYPE_SK_REUSEPORT:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_SK_LOOKUP:
	case BPF_PROG_TYPE_NETFILTER:
		return true;
	default:
		return false;
	}
}

/* The text of a program that is being loaded. */
struct program_text {
	__u64 first; /* address of the first instruction */
	__u64 length; /* instructions */
};

/* A call of a kernel function: bpf_rdonly_cast() reads any address (bypass B11). */
__subprogram int program_calls_kernel(struct program_text *text)
{
	__u32 i;

	if (!text)
		return 1;
	bpf_for(i, 0, INSN_MAX) {
		struct bpf_insn insn;

		if (i >= text->length)
			return 0;
		if (bpf_probe_read_kernel(&insn, sizeof(insn),
					  (void *)(text->first + i * sizeof(insn))))
			return 1;
		if (insn.code == INSN_CALL && insn.src_reg == INSN_KFUNC)
			return 1;
	}
	return 1;
}

SEC("lsm/bpf_prog_load")
int BPF_PROG(hook_bpf_prog_load, struct bpf_prog *prog)
{
	struct program_text text = {};

	if (guard_is_off())
		return 0;
	text.first = (__u64)prog + bpf_core_field_offset(struct bpf_prog, insnsi);
	text.length = prog->len;
	if (program_type_is_harmless(prog->type) && !program_calls_kernel(&text))
		return 0;
	return access_guard_of(CORDON_OPERATION_BPF);
}

/* ---- The controller's life (bypass E3) -------------------------------------- */

static __always_inline int access_controller(struct task_struct *task)
{
	struct task_slot *slot = bpf_task_storage_get(&tasks, task, 0, 0);
	struct subject *t = slot ? slot->subject : NULL;
	struct access a = {};

	if (!t || !(t->flags & CORDON_SUBJECT_CONTROLLER))
		return 0;
	a.operation = CORDON_OPERATION_ACT;
	a.target_pid = task->tgid;
	a.target_clearance = t->clearance;
	a.target_taint = t->taint;
	return access_errno(access_guard(&a, 0));
}

SEC("lsm/task_kill")
int BPF_PROG(hook_task_kill, struct task_struct *task, struct kernel_siginfo *info, int sig)
{
	__u64 cred = 0;
	int refused;

	if (!sig || guard_is_off())
		return 0;
	refused = access_controller(task);
	/* With credentials it is the kernel's, of a device. The verifier takes them for never NULL. */
	bpf_get_func_arg(ctx, 3, &cred);
	return refused || cred ? refused : access_signal(task, info, sig);
}

/* The controller's, or what others can look at (bypass B18). */
static __always_inline int access_task_setting(struct task_struct *task)
{
	int refused;

	if (guard_is_off())
		return 0;
	refused = access_controller(task);
	return refused ? refused : access_shown(task);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(hook_task_setrlimit, struct task_struct *task)
{
	return access_task_setting(task);
}

/* Scheduling class, affinity, and joining a cpuset. */
SEC("lsm/task_setscheduler")
int BPF_PROG(hook_task_setscheduler, struct task_struct *task)
{
	return access_task_setting(task);
}

SEC("lsm/task_setnice")
int BPF_PROG(hook_task_setnice, struct task_struct *task)
{
	return access_task_setting(task);
}

SEC("lsm/task_setioprio")
int BPF_PROG(hook_task_setioprio, struct task_struct *task)
{
	return access_task_setting(task);
}

/* ---- The kernel's memory and code (bypasses B11, E4, E5, E7) ---------------- */

/*
 * The reasons of lockdown(7) that write the kernel's memory or read it. Not:
 * what only tells about it (tracefs, the state of sleep), which ordinary
 * programs ask for all the time.
 */
static __always_inline bool lockdown_matters(enum lockdown_reason what)
{
	switch (what) {
	case LOCKDOWN_DEV_MEM:
	case LOCKDOWN_EFI_TEST:
	case LOCKDOWN_KEXEC:
	case LOCKDOWN_PCI_ACCESS:
	case LOCKDOWN_IOPORT:
	case LOCKDOWN_MSR:
	case LOCKDOWN_ACPI_TABLES:
	case LOCKDOWN_MODULE_PARAMETERS:
	case LOCKDOWN_MMIOTRACE:
	case LOCKDOWN_XMON_WR:
	case LOCKDOWN_BPF_WRITE_USER:
	case LOCKDOWN_DBG_WRITE_KERNEL:
	case LOCKDOWN_RTAS_ERROR_INJECTION:
	case LOCKDOWN_XEN_USER_ACTIONS:
	case LOCKDOWN_KCORE:
	case LOCKDOWN_KPROBES:
	case LOCKDOWN_BPF_READ_KERNEL:
	case LOCKDOWN_DBG_READ_KERNEL:
	case LOCKDOWN_PERF:
	case LOCKDOWN_XMON_RW:
		return true;
	default:
		return false;
	}
}

/* The kernel asks this of a module whose signature does not hold, and of no other. */
static __always_inline bool module_is_unvouched(enum lockdown_reason what)
{
	struct task_slot *slot = slot_current();

	return what == LOCKDOWN_MODULE_SIGNATURE && (!slot || slot->module_bytes);
}

SEC("lsm/locked_down")
int BPF_PROG(hook_locked_down, enum lockdown_reason what)
{
	if (guard_is_off() || !(lockdown_matters(what) || module_is_unvouched(what)))
		return 0;
	return access_guard_of(CORDON_OPERATION_KERNEL);
}

/* What a sample shows of whoever runs: registers and stacks hold what he has read. */
#define SAMPLES_CONTENT                                                     \
	(PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER | \
	 PERF_SAMPLE_REGS_INTR | PERF_SAMPLE_AUX | PERF_SAMPLE_ADDR)

/* On a process: ptrace_access_check. On a CPU: whoever comes there. */
static __always_inline bool samples_all(struct perf_event *event)
{
	return !BPF_CORE_READ(event, hw.target) &&
	       (BPF_CORE_READ(event, attr.sample_type) & SAMPLES_CONTENT);
}

/* A probe in a program's text runs in whoever executes it, the cleared ones too. */
SEC("lsm/perf_event_alloc")
int BPF_PROG(hook_perf_event_alloc, struct perf_event *event)
{
	char name[8] = {};

	if (guard_is_off())
		return 0;
	if (samples_all(event))
		return access_guard_of(CORDON_OPERATION_KERNEL);
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(event, pmu, name));
	if (*(__u64 *)name != 0x0065626f727075ULL && *(__u64 *)name != 0x0065626f72706bULL)
		return 0; /* neither "uprobe" nor "kprobe" */
	return access_guard_of(CORDON_OPERATION_KERNEL);
}

/* The place of a module's file is what vouches for it: see hook_kernel_read_file. */
__subprogram int access_module(struct access *a)
{
	struct walk w = {};

	if (!a)
		return REFUSED;
	w.entry = a->dentry;
	w.generation = control.generation;
	path_place(&w);
	if (!w.place.reason && (w.place.guard & CORDON_OBJECT_BOOT))
		return GO_AHEAD;
	return access_guard(a, 0);
}

/* kernel/module/signing.c: there where the kernel verifies modules' signatures. */
extern const void mod_verify_sig __ksym __weak;

/* What comes from memory has no place; until its signature is verified it is only noted. */
static __always_inline bool module_is_signed_or_denied(enum kernel_load_data_id id)
{
	struct task_slot *slot = slot_current();

	if (id != LOADING_MODULE || !slot || !&mod_verify_sig)
		return false;
	slot->module_bytes = 1;
	return true;
}

/*
 * Modules that lie where modules belong are for whoever has CAP_SYS_MODULE:
 * udev, modprobe, the kernel's own modprobe. From any other place, and kernels
 * to start next, they are for trusted subjects.
 */
SEC("lsm/kernel_read_file")
int BPF_PROG(hook_kernel_read_file, struct file *file, enum kernel_read_file_id id)
{
	struct task_slot *slot = slot_current();
	struct access a = {};

	if (guard_is_off() ||
	    (id != READING_MODULE && id != READING_KEXEC_IMAGE && id != READING_KEXEC_INITRAMFS))
		return 0;
	if (slot)
		slot->module_bytes = 0;
	a.operation = CORDON_OPERATION_KERNEL;
	if (!file)
		return access_errno(access_guard(&a, 0));
	a.inode = (__u64)file->f_inode;
	a.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	return access_errno(id == READING_MODULE ? access_module(&a) : access_guard(&a, 0));
}

/*
 * From memory nobody knows where it comes from. A module's signature vouches for
 * it then, as its place does otherwise: older modprobes and udevs unpack modules
 * themselves, and without this no driver would be loaded on Debian 12.
 */
SEC("lsm/kernel_load_data")
int BPF_PROG(hook_kernel_load_data, enum kernel_load_data_id id)
{
	if (guard_is_off() ||
	    (id != LOADING_MODULE && id != LOADING_KEXEC_IMAGE && id != LOADING_KEXEC_INITRAMFS))
		return 0;
	if (module_is_signed_or_denied(id))
		return 0;
	return access_guard_of(CORDON_OPERATION_KERNEL);
}

/* ---- The pins' file system (bypasses M2, E2) --------------------------------- */

static __always_inline int access_pins(struct vfsmount *mount, __u32 device)
{
	struct mount *m;

	if (guard_is_off() || !guard.pins_device || device != guard.pins_device)
		return 0;
	/* A mount name space of one's own, on its way out, takes nothing from ours. */
	if (mount) {
		m = kernel_object(mount, (__u64)mount - bpf_core_field_offset(struct mount, mnt));
		if ((__u64)m->mnt_ns != guard.mount_namespace)
			return 0;
	}
	return access_guard_of(CORDON_OPERATION_MOUNT);
}

SEC("lsm/sb_umount")
int BPF_PROG(hook_sb_umount, struct vfsmount *mount, int flags)
{
	return access_pins(mount, BPF_CORE_READ(mount, mnt_sb, s_dev));
}

SEC("lsm/sb_remount")
int BPF_PROG(hook_sb_remount, struct super_block *sb, void *options)
{
	return access_pins(NULL, sb->s_dev);
}

SEC("lsm/sb_mount")
int BPF_PROG(hook_sb_mount_over, const char *dev_name, const struct path *path)
{
	struct vfsmount *mount = BPF_CORE_READ(path, mnt);

	return access_pins(mount, BPF_CORE_READ(mount, mnt_sb, s_dev));
}

SEC("lsm/move_mount")
int BPF_PROG(hook_move_mount_over, const struct path *from, const struct path *to)
{
	struct vfsmount *mount = BPF_CORE_READ(to, mnt);
	struct vfsmount *moved = BPF_CORE_READ(from, mnt);
	int refused = access_pins(mount, BPF_CORE_READ(mount, mnt_sb, s_dev));

	return refused ?: access_pins(moved, BPF_CORE_READ(moved, mnt_sb, s_dev));
}
