/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * R6: what the policy gives to (program, user, group, unit). Looked at in an
 * exec and when running processes are adopted, never at use: a process may
 * move to another cgroup, its label does not (bypass E10).
 */
#ifndef CORDON_GRANT_BPF_H
#define CORDON_GRANT_BPF_H

#include "maps.bpf.h"
#include "path.bpf.h"
#include "cordon/match.h"

#define CGROUP_DEPTH_MAX 16
#define SLICE_SUFFIX	 ".slice"

/* What the grants of a program come to for one process. */
struct granted {
	__u64 clearance;
	__u32 flags; /* CORDON_SUBJECT_TRUSTED */
	__u32 rule;
};

/* Who asks: addresses of a struct cred and a task_struct. */
struct grantee {
	__u64 cred;
	__u64 task;
};

/* @address is a struct cred's. Groups beyond the bound do not match: less clearance. */
__subprogram int cred_has_group(__u64 address, __u32 gid)
{
	struct cred *cred = kernel_object(cred, address);
	struct group_info *groups = cred->group_info;
	__u32 i, total;

	if (cred->gid.val == gid || cred->egid.val == gid)
		return 1;
	if (!groups)
		return 0;
	total = groups->ngroups;
	bpf_for(i, 0, CORDON_GROUPS_MAX) {
		__u32 member = 0;

		if (i >= total)
			return 0;
		if (!bpf_probe_read_kernel(&member, sizeof(member),
					   (void *)groups +
						   bpf_core_field_offset(struct group_info, gid) +
						   i * sizeof(member)) &&
		    member == gid)
			return 1;
	}
	return 0;
}

static __always_inline int name_is_slice(const char *name, long bytes)
{
	long at = bytes - (long)sizeof(SLICE_SUFFIX); /* bytes counts the NUL */

	if (at < 0 || at > CORDON_UNIT_BYTES - (long)sizeof(SLICE_SUFFIX))
		return 0;
	for (int i = 0; i < (int)sizeof(SLICE_SUFFIX) - 1; i++)
		if (name[(at + i) & (CORDON_UNIT_BYTES - 1)] != SLICE_SUFFIX[i])
			return 0;
	return 1;
}

/*
 * The unit of a process is the first cgroup from the root whose name is no
 * slice. Everything below it a user may have made himself, so a unit of that
 * name in his own manager does not count.
 */
__subprogram int task_in_unit(__u64 address, struct cordon_grant *grant)
{
	struct task_struct *task = kernel_object(task_struct, address);
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u32 i, level;

	if (!cgroup || !grant)
		return 0;
	level = BPF_CORE_READ(cgroup, level);
	bpf_for(i, 1, CGROUP_DEPTH_MAX) {
		__u64 name[CORDON_UNIT_BYTES / 8] = {}, different = 0;
		struct cgroup *ancestor = NULL;
		long bytes;

		if (i > level)
			return 0;
		bpf_probe_read_kernel(&ancestor, sizeof(ancestor),
				      (void *)cgroup +
					      bpf_core_field_offset(struct cgroup, ancestors) +
					      i * sizeof(ancestor));
		if (!ancestor)
			return 0;
		bytes = bpf_probe_read_kernel_str(name, sizeof(name),
						  BPF_CORE_READ(ancestor, kn, name));
		if (bytes <= 0)
			return 0;
		if (name_is_slice((char *)name, bytes))
			continue;
		for (int k = 0; k < CORDON_UNIT_BYTES / 8; k++)
			different |= name[k] ^ ((__u64 *)grant->unit)[k];
		return !different;
	}
	return 0;
}

/*
 * Highest rank first: the first grant that matches decides, others of the
 * same rank only lower.
 */
__subprogram int grant_find(struct granted *given, struct grantee *who, __u32 accept_index)
{
	void *known = generation_map(&accepts, control.generation);
	void *list = generation_map(&grants, control.generation);
	struct cordon_accept *accept;
	__u32 i, rank = 0, uid;
	__u64 cred, task;

	if (!given || !who)
		return 0;
	cred = who->cred;
	task = who->task;
	given->clearance = CORDON_LABEL_UNCLASSIFIED;
	given->flags = 0;
	given->rule = 0;
	if (!accept_index || !known || !list)
		return 0;
	accept = bpf_map_lookup_elem(known, &accept_index);
	if (!accept)
		return 0;
	uid = kernel_object(cred, cred)->uid.val;
	bpf_for(i, 0, CORDON_GRANTS_PER_PROGRAM_MAX) {
		__u32 index = accept->grant_first + i;
		struct cordon_grant *grant;

		if (i >= accept->grant_count)
			break;
		grant = bpf_map_lookup_elem(list, &index);
		if (!grant || (given->rule && grant->rank != rank))
			break;
		if (!cordon_grant_user_matches(grant, uid))
			continue;
		if ((grant->flags & CORDON_GRANT_GROUP) && !cred_has_group(cred, grant->gid))
			continue;
		if ((grant->flags & CORDON_GRANT_UNIT) && !task_in_unit(task, grant))
			continue;
		if (given->rule) {
			given->clearance = cordon_label_meet(given->clearance, grant->clearance);
			if (!(grant->flags & CORDON_GRANT_TRUSTED))
				given->flags = 0;
			continue;
		}
		given->clearance = grant->clearance;
		given->flags = grant->flags & CORDON_GRANT_TRUSTED ? CORDON_SUBJECT_TRUSTED : 0;
		given->rule = grant->rule;
		rank = grant->rank;
	}
	return 0;
}

#endif /* CORDON_GRANT_BPF_H */
