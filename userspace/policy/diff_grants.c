// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets which clearance from one program, under two policies.
 *
 * A process is a user, some groups and a unit. Only those that either policy
 * names can make a difference, and anyone else. Of groups two at a time are
 * enough: for whoever gets more under the new policy, one group shows what
 * the new one gives and another what the old one withheld.
 */
#include <stdlib.h>
#include <string.h>

#include "cordon/match.h"
#include "diff.h"
#include "evaluate.h"

#define MEMBERS_MAX (2 * CORDON_GRANTS_PER_PROGRAM_MAX + 1)

/* Every user, group and unit that the grants of either policy name, and nobody's. */
struct members {
	uint32_t users[MEMBERS_MAX], groups[MEMBERS_MAX];
	const char *units[MEMBERS_MAX];
	uint32_t user_count, group_count, unit_count;
};

static void add_number(uint32_t *list, uint32_t *count, uint32_t number)
{
	for (uint32_t i = 0; i < *count; i++)
		if (list[i] == number)
			return;
	list[(*count)++] = number;
}

static void add_unit(struct members *members, const char *unit)
{
	for (uint32_t i = 0; i < members->unit_count; i++)
		if (!strncmp(members->units[i], unit, CORDON_UNIT_BYTES))
			return;
	members->units[members->unit_count++] = unit;
}

static void collect(struct members *members, const struct cordon_image_view *view,
		    const struct cordon_accept *accept)
{
	for (uint32_t i = 0; i < accept->grant_count; i++) {
		const struct cordon_grant *grant = &view->grants[accept->grant_first + i];

		if (grant->flags & CORDON_GRANT_USER)
			add_number(members->users, &members->user_count, grant->uid);
		if (grant->flags & CORDON_GRANT_GROUP)
			add_number(members->groups, &members->group_count, grant->gid);
		if (grant->flags & CORDON_GRANT_UNIT)
			add_unit(members, grant->unit);
	}
}

static void compare(struct cordon_diff *diff, const char *path, const struct cordon_accept *old,
		    const struct cordon_accept *new, const struct cordon_process *process,
		    uint64_t seen[2])
{
	struct cordon_grant_found before, after;
	cordon_label more, less;
	bool trusted;

	cordon_evaluate_grants(diff->old, old, process, &before);
	cordon_evaluate_grants(diff->new, new, process, &after);
	more = after.clearance & ~before.clearance;
	less = before.clearance & ~after.clearance;
	/* What was said of this program once is not said again of every user. */
	if (more & ~seen[1] || less & ~seen[0])
		cordon_diff_labels(diff, CORDON_DIFF_CLEARANCE, path, before.rule, after.rule,
				   before.clearance, after.clearance, true);
	seen[1] |= more;
	seen[0] |= less;
	trusted = after.flags & CORDON_SUBJECT_TRUSTED;
	if (trusted == !!(before.flags & CORDON_SUBJECT_TRUSTED))
		return;
	if (seen[trusted] & 1ULL << 63)
		return;
	seen[trusted] |= 1ULL << 63;
	cordon_diff_add(diff, CORDON_DIFF_TRUSTED, trusted, before.rule, after.rule, path, "%s",
			trusted ? "becomes trusted" : "is trusted no more");
}

static bool are_same(const struct cordon_diff *diff, const struct cordon_accept *old,
		     const struct cordon_accept *new)
{
	if (old->grant_count != new->grant_count)
		return false;
	for (uint32_t i = 0; i < old->grant_count; i++) {
		struct cordon_grant a = diff->old->grants[old->grant_first + i];
		struct cordon_grant b = diff->new->grants[new->grant_first + i];

		a.rule = b.rule = 0;
		if (memcmp(&a, &b, sizeof(a)))
			return false;
	}
	return true;
}

void cordon_diff_grants(struct cordon_diff *diff, const char *path, const struct cordon_accept *old,
			const struct cordon_accept *new)
{
	struct members members = { 0 };
	uint64_t seen[2] = { 0 };

	if (are_same(diff, old, new))
		return;
	collect(&members, diff->old, old);
	collect(&members, diff->new, new);
	add_number(members.users, &members.user_count, CORDON_ID_NONE);
	add_number(members.groups, &members.group_count, CORDON_ID_NONE);
	add_unit(&members, "");
	for (uint32_t u = 0; u < members.user_count; u++)
		for (uint32_t n = 0; n < members.unit_count; n++)
			for (uint32_t g = 0; g < members.group_count; g++)
				for (uint32_t h = 0; h <= g; h++) {
					uint32_t gids[] = { members.groups[g], members.groups[h] };
					const struct cordon_process process = {
						.program = path,
						.uid = members.users[u],
						.gids = gids,
						.gid_count = 2,
						.unit = members.units[n],
					};

					compare(diff, path, old, new, &process, seen);
				}
}
