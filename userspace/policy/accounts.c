// SPDX-License-Identifier: GPL-2.0-only
/* Users and groups: the machine's own, or, offline, made up. */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "words.h"

#define BUFFER_BYTES_MAX  (1u << 20)
#define ENTRIES_LOOKED_AT 10000
/* Above what any machine gives to people, below CORDON_ID_NONE. */
#define MADE_UP_FIRST 0xfff00000u

static int number_parse(const char *name, uint32_t *id)
{
	unsigned long long number;
	char *end;

	if (name[0] < '0' || name[0] > '9')
		return -ENOENT;
	errno = 0;
	number = strtoull(name, &end, 10);
	if (*end || errno || number >= CORDON_ID_NONE)
		return -ENOENT;
	*id = (uint32_t)number;
	return 0;
}

/* Asks the system. -ERANGE: the buffer is too small. */
static int system_ask(const char *name, bool group, char *buffer, size_t bytes, uint32_t *id)
{
	struct passwd user, *user_found = NULL;
	struct group members, *group_found = NULL;
	int error = group ? getgrnam_r(name, &members, buffer, bytes, &group_found) :
			    getpwnam_r(name, &user, buffer, bytes, &user_found);

	if (group_found)
		*id = group_found->gr_gid;
	else if (user_found)
		*id = user_found->pw_uid;
	else
		return error == ERANGE ? -ERANGE : -ENOENT;
	return 0;
}

static int system_find(const char *name, bool group, uint32_t *id)
{
	int error = -ERANGE;

	for (size_t bytes = 4096; error == -ERANGE && bytes <= BUFFER_BYTES_MAX; bytes *= 4) {
		cordon_auto_free char *buffer = malloc(bytes);

		if (!buffer)
			return -ENOMEM;
		error = system_ask(name, group, buffer, bytes, id);
	}
	return error == -ERANGE ? -ENOENT : error;
}

int cordon_account_number(const char *name, int group, uint32_t *id)
{
	uint32_t found;
	int error = number_parse(name, &found);

	if (error)
		error = system_find(name, group, &found);
	if (!error)
		*id = found;
	return error;
}

static int account_keep(struct cordon_policy_text *text, const char *name, bool group, uint32_t id)
{
	struct policy_account *account = cordon_arena_alloc(&text->arena, sizeof(*account));

	if (account)
		account->name = cordon_arena_text(&text->arena, name, strlen(name));
	if (!account || !account->name)
		return -ENOMEM;
	account->group = group;
	account->id = id;
	account->next = text->accounts;
	text->accounts = account;
	return 0;
}

int cordon_policy_account(struct cordon_policy_text *text, const char *name, bool group,
			  uint32_t *id)
{
	struct policy_account *known;
	uint32_t found;
	int error;

	if (!number_parse(name, id))
		return 0;
	for (known = text->accounts; known; known = known->next) {
		if (known->group == group && !strcmp(known->name, name)) {
			*id = known->id;
			return 0;
		}
	}
	error = system_find(name, group, &found);
	if (error == -ENOENT && text->options.offline) {
		found = MADE_UP_FIRST + text->made_up_count++;
		error = 0;
	}
	if (!error)
		error = account_keep(text, name, group, found);
	if (!error)
		*id = found;
	return error;
}

static const char *next_name(bool group)
{
	struct passwd *user;
	struct group *members;

	if (group) {
		members = getgrent();
		return members ? members->gr_name : NULL;
	}
	user = getpwent();
	return user ? user->pw_name : NULL;
}

const char *cordon_policy_account_nearest(struct cordon_policy_text *text, const char *name,
					  bool group)
{
	unsigned int least = 3, distance;
	const char *nearest = NULL, *other;

	for (int i = 0; i < ENTRIES_LOOKED_AT && (other = next_name(group)); i++) {
		distance = cordon_policy_distance(name, other, least - 1);
		if (distance >= least)
			continue;
		least = distance;
		nearest = cordon_arena_text(&text->arena, other, strlen(other));
	}
	if (group)
		endgrent();
	else
		endpwent();
	return nearest;
}
