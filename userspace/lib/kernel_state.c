// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <sys/utsname.h>

#include "cleanup.h"
#include "cordon/abi.h"
#include "kernel_state.h"

#define LSM_FILE    "/sys/kernel/security/lsm"
#define FTRACE_FILE "/proc/sys/kernel/ftrace_enabled"
#define BTF_FILE    "/sys/kernel/btf/vmlinux"

/* The first line of a small file, without its end; false when it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	cordon_auto_file *file = fopen(path, "re");

	if (!file || !fgets(line, (int)size, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static enum cordon_presence has_word(const char *list, const char *word)
{
	size_t length = strlen(word);
	const char *item = list;

	while (item && *item) {
		if (!strncmp(item, word, length) && (!item[length] || item[length] == ','))
			return CORDON_PRESENCE_YES;
		item = strchr(item, ',');
		if (item)
			item++;
	}
	return CORDON_PRESENCE_NO;
}

static enum cordon_presence exists(const char *path)
{
	if (!access(path, F_OK))
		return CORDON_PRESENCE_YES;
	return errno == ENOENT ? CORDON_PRESENCE_NO : CORDON_PRESENCE_UNKNOWN;
}

void cordon_kernel_state_read(struct cordon_kernel_state *state)
{
	struct utsname name;
	char line[32];

	memset(state, 0, sizeof(*state));
	if (!uname(&name))
		snprintf(state->release, sizeof(state->release), "%s", name.release);
	state->bpf_lsm = CORDON_PRESENCE_UNKNOWN;
	if (read_line(LSM_FILE, state->lsms, sizeof(state->lsms)))
		state->bpf_lsm = has_word(state->lsms, "bpf");
	else
		state->lsms[0] = '\0';
	state->ftrace = CORDON_PRESENCE_UNKNOWN;
	if (read_line(FTRACE_FILE, line, sizeof(line)))
		state->ftrace = strcmp(line, "1") ? CORDON_PRESENCE_NO : CORDON_PRESENCE_YES;
	else if (errno == ENOENT)
		state->ftrace = CORDON_PRESENCE_NO;
	state->btf = exists(BTF_FILE);
	state->module = exists(CORDON_DEVICE);
}

int cordon_kernel_state_check(const struct cordon_kernel_state *state, bool without_module,
			      struct cordon_failure *failure)
{
	if (state->bpf_lsm == CORDON_PRESENCE_UNKNOWN)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "cannot read " LSM_FILE ", so it is not known whether "
					  "'bpf' is an active LSM. Remedy: mount -t securityfs "
					  "securityfs /sys/kernel/security");
	if (state->bpf_lsm != CORDON_PRESENCE_YES)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "'bpf' is not among the active LSMs (%s). Remedy: boot "
					  "with lsm=%s%sbpf on the kernel's command line",
					  state->lsms, state->lsms, state->lsms[0] ? "," : "");
	if (state->btf != CORDON_PRESENCE_YES)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "the kernel has no type information (" BTF_FILE
					  "). Remedy: a kernel built with "
					  "CONFIG_DEBUG_INFO_BTF=y, such as Debian's");
	if (state->ftrace != CORDON_PRESENCE_YES)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "ftrace is off, and with it every BPF LSM program. "
					  "Remedy: sysctl kernel.ftrace_enabled=1 (a kernel "
					  "without that setting cannot enforce)");
	if (state->module != CORDON_PRESENCE_YES && !without_module)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "the module cordon is not loaded (" CORDON_DEVICE
					  " is missing): nothing holds the enforcement in place. "
					  "Remedy: modprobe cordon and start cordond again, or "
					  "say --without-module");
	return 0;
}
