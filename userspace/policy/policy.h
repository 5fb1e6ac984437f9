/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From policy text to an image. The steps, each with its file:
 *
 *   source.c     files and folders, who may write them
 *   scan.l parse.y   text to rules (rules.h)
 *   check.c      what the words of a rule mean: labels, users, hosts, patterns
 *   automaton.c minimise.c pack.c   all paths to one automaton
 *   hosts.c      host rules to prefixes
 *   compile.c    the image
 *   expect.c     what must hold
 *
 * Every error of every file is kept, none stops the next step that can do
 * without what is wrong.
 */
#ifndef CORDON_POLICY_H
#define CORDON_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"
#include "evaluate.h"
#include "image.h"

/* Who may be able to write the files of a policy. */
enum cordon_policy_trust {
	/* root alone, folders too: what is loaded. */
	CORDON_POLICY_TRUST_ROOT,
	/* root and the caller: what an author checks. */
	CORDON_POLICY_TRUST_AUTHOR,
};

struct cordon_policy_options {
	enum cordon_policy_trust trust;
	int offline; /* unknown users and groups get numbers of their own */
};

/* ROOT when the caller is root and a path lies in /etc/cordon, else AUTHOR. */
enum cordon_policy_trust cordon_policy_trust_of(const char *const paths[], size_t count);

/* A policy text, its errors and, when there are none, its image. */
struct cordon_policy_text;

/*
 * Reads, checks and compiles the policy in @paths: files and folders, read in
 * this order, a folder's *.cordon in name order. Always makes a *@policy (the
 * caller frees it) unless memory runs out. Returns 0 when there is an image,
 * -EINVAL when there are errors, -ENOMEM.
 */
int cordon_policy_compile(const char *const paths[], size_t count,
			  const struct cordon_policy_options *options,
			  struct cordon_policy_text **policy);
/* The same for one text in memory that is shown as @name; for tests. */
int cordon_policy_compile_text(const char *name, const char *text, size_t bytes,
			       const struct cordon_policy_options *options,
			       struct cordon_policy_text **policy);
void cordon_policy_free(struct cordon_policy_text *policy);
static inline void cordon_policy_cleanup(struct cordon_policy_text **policy)
{
	cordon_policy_free(*policy);
}

/* The image, owned by @policy; NULL when there are errors. */
const struct cordon_image *cordon_policy_image(const struct cordon_policy_text *policy,
					       size_t *bytes);
/* Gives the image away: the caller frees it. */
struct cordon_image *cordon_policy_take_image(struct cordon_policy_text *policy, size_t *bytes);

size_t cordon_policy_rule_count(const struct cordon_policy_text *policy);
size_t cordon_policy_expectation_count(const struct cordon_policy_text *policy);

/*
 * The text of a rule by its number in the image; NULL when there is none.
 * Not terminated: *@length bytes.
 */
const char *cordon_policy_rule_line(const struct cordon_policy_text *policy, uint32_t rule,
				    size_t *length);

/* The number of a user or group, as rules were compiled. -ENOENT. */
int cordon_policy_user(struct cordon_policy_text *policy, const char *name, uint32_t *uid);
int cordon_policy_group(struct cordon_policy_text *policy, const char *name, uint32_t *gid);

/* The same without a policy: what this machine says. */
int cordon_account_number(const char *name, int group, uint32_t *id);

/* Reads HOST:PORT[/PROTOCOL]; a name it points to is in the arena. False: it is none. */
bool cordon_destination_read(struct cordon_arena *arena, const char *text,
			     struct cordon_destination *destination);

/* Errors in the order of files and lines. */
struct cordon_policy_error {
	const char *file; /* as it was named; never NULL */
	uint32_t line; /* from 1; 0: the file as a whole */
	uint32_t column; /* in bytes, from 1 */
	const char *message;
	const char *hint;
	const char *source; /* the line's text, not terminated */
	size_t source_length;
};
size_t cordon_policy_error_count(const struct cordon_policy_text *policy);
void cordon_policy_error_get(const struct cordon_policy_text *policy, size_t index,
			     struct cordon_policy_error *error);
/* file:line:column: error: message, the line, a caret, a hint; for all. */
void cordon_policy_errors_print(const struct cordon_policy_text *policy, FILE *out);

#endif /* CORDON_POLICY_H */
