/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel would decide, computed over an image in memory. The rules
 * are those of decide.h, match.h and path.h; here are only the loops that the
 * kernel does over its maps.
 */
#ifndef CORDON_EVALUATE_H
#define CORDON_EVALUATE_H

#include <stdint.h>

#include "cordon/decide.h"
#include "image.h"

/* No user or group has this number. */
#define CORDON_ID_NONE 0xffffffffu

/* Who asks: what a program is started as. */
struct cordon_process {
	const char *program; /* absolute path */
	uint32_t uid; /* CORDON_ID_NONE: nobody that a rule names */
	const uint32_t *gids;
	size_t gid_count;
	const char *unit; /* "" when in none */
};

/* What a path holds. */
struct cordon_object_found {
	struct cordon_object_facts facts;
	uint32_t rule; /* 0: no rule names it */
	uint32_t accept; /* index into the accepts */
	enum cordon_reason undecided; /* not NONE: too deep, ... */
};

/* What a program is granted. */
struct cordon_grant_found {
	cordon_label clearance;
	uint32_t flags; /* CORDON_SUBJECT_* */
	uint32_t rule; /* 0: no rule grants anything */
};

struct cordon_host_found {
	struct cordon_host_facts facts;
	uint32_t rule;
};

struct cordon_destination {
	const char *name; /* a host name, or NULL: then the address */
	struct cordon_address address; /* any form */
	uint16_t port;
	uint8_t protocol; /* IPPROTO_* */
	uint8_t inbound;
};

/*
 * Is it a path as the kernel walks it: from the root, no empty name, no "."
 * and no ".."? Only such a path can be asked about.
 */
int cordon_path_is_plain(const char *path);

void cordon_evaluate_object(const struct cordon_image_view *view, const char *path,
			    struct cordon_object_found *found);
void cordon_evaluate_grant(const struct cordon_image_view *view,
			   const struct cordon_process *process, struct cordon_grant_found *found);
/* The same where the program's accept is known. */
void cordon_evaluate_grants(const struct cordon_image_view *view,
			    const struct cordon_accept *accept,
			    const struct cordon_process *process, struct cordon_grant_found *found);
/*
 * A name that is not resolved here is judged by the rules that name it, then
 * by those for every host: the address could be any.
 */
void cordon_evaluate_host(const struct cordon_image_view *view,
			  const struct cordon_destination *destination,
			  struct cordon_host_found *found);

/* One `after read`, or the execution itself, which reads the program. */
struct cordon_earlier_read {
	const char *path; /* in */
	struct cordon_object_found object; /* out */
	enum cordon_reason reason; /* out; not NONE: denied, and nothing was raised */
};

enum cordon_access {
	CORDON_ACCESS_READ,
	CORDON_ACCESS_WRITE,
	CORDON_ACCESS_REACH
};

struct cordon_question {
	struct cordon_process process;
	/* When not NULL, decides for this subject, whatever the process is granted. */
	const struct cordon_subject_facts *live;
	struct cordon_earlier_read *earlier;
	size_t earlier_count;
	enum cordon_access access;
	const char *path;
	struct cordon_destination destination;
};

struct cordon_answer {
	enum cordon_verdict verdict; /* ALLOW or DENY: as in enforcing mode */
	enum cordon_reason reason;
	struct cordon_subject_facts subject; /* before the access */
	uint32_t subject_rule;
	struct cordon_object_found object; /* of read and write */
	struct cordon_host_found host; /* of reach */
	cordon_label taint_after;
};

void cordon_evaluate(const struct cordon_image_view *view, const struct cordon_question *question,
		     struct cordon_answer *answer);

/* Does the policy want a record of the allowed read of such an object? */
int cordon_evaluate_recorded(const struct cordon_image_view *view, cordon_label label);

#endif /* CORDON_EVALUATE_H */
