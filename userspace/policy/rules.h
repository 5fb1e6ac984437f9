/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy text as data: what the parser makes, what the checks fill in. All
 * of it lives in the text's arena.
 */
#ifndef CORDON_RULES_H
#define CORDON_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

/* Where a word stands. @file is an index into the text's files. */
struct policy_place {
	uint32_t file;
	uint32_t line; /* from 1; 0: the file as a whole */
	uint32_t column; /* in bytes, from 1 */
};

/* A word of the text, and the next one where words stand in a list. */
struct policy_word {
	struct policy_word *next;
	struct policy_place at;
	const char *text;
	uint32_t bytes;
	int keyword; /* the scanner's token, 0: no word of the language */
	bool quoted; /* stood between quotes */
};

struct policy_words {
	struct policy_word *first;
	struct policy_word *last;
};

/* LEVEL [CATEGORY...]; @all stands for every category. */
struct policy_label {
	struct policy_word *level;
	struct policy_word *categories;
	bool all;
	cordon_label value; /* filled in by the checks */
};

/* What a program is run as: by rules and by expectations. */
struct policy_qualifiers {
	struct policy_word *user;
	struct policy_words groups; /* a rule has at most one */
	struct policy_word *unit;
	uint32_t uid;
	uint32_t gid; /* of the only group of a rule */
};

/* What one word of a host rule means. */
struct policy_host {
	struct cordon_prefix prefix;
	const char *name; /* NULL: the prefix */
	struct policy_place at;
};

enum policy_rule_kind {
	POLICY_RULE_FILE,
	POLICY_RULE_DEVICE,
	POLICY_RULE_PROGRAM,
	POLICY_RULE_HOST,
	POLICY_RULE_GUARD, /* of guardrules.c: stands in no text */
};

struct policy_port_range {
	uint16_t low;
	uint16_t high;
};

struct policy_rule {
	struct policy_rule *next;
	enum policy_rule_kind kind;
	struct policy_place at; /* of its first word */
	uint32_t number; /* in the image, from 1 */
	bool valid; /* nothing of it is wrong so far */
	bool reported; /* a disagreement with another rule was shown */
	struct policy_word *path; /* file, device, program: the pattern */
	const char *rank; /* of the pattern: see pattern.c */
	uint32_t guard; /* of a guard rule: CORDON_OBJECT_R7 */
	struct policy_label label; /* of file and device; clearance of program and host */
	struct policy_word *drop;
	struct policy_word *trusted;
	struct policy_qualifiers as; /* program */
	/* host */
	struct policy_word *hosts;
	struct policy_word *inbound;
	struct policy_word *port;
	struct policy_word *protocol;
	uint8_t protocol_number;
	struct policy_host *targets;
	uint32_t target_count;
	struct policy_port_range *ranges;
	uint32_t range_count;
};

/* read PATH, write PATH, reach HOST:PORT [inbound] */
struct policy_request {
	enum cordon_access access;
	struct policy_word *target;
	bool inbound;
};

/* What may stand in an `expect` line after allow or deny. */
struct policy_expectation {
	struct policy_expectation *next;
	struct policy_place at;
	bool allow;
	bool valid;
	enum cordon_access access;
	struct policy_word *target; /* a path, or HOST:PORT[/PROTOCOL] */
	struct cordon_destination destination; /* filled in by the checks */
	bool inbound;
	struct policy_word *program;
	struct policy_qualifiers as;
	struct policy_words after;
};

/* A line that may be there once. */
enum policy_option {
	POLICY_OPTION_HEADER,
	POLICY_OPTION_LEVELS,
	POLICY_OPTION_CATEGORIES,
	POLICY_OPTION_WRITE_DOWN,
	POLICY_OPTION_DENY,
	POLICY_OPTION_LEDGER_FULL,
	POLICY_OPTION_TERMINAL,
	POLICY_OPTION_RECORD,
	POLICY_OPTION_COUNT
};

struct policy_source {
	const char *name; /* as it was given, for people */
	const char *base; /* its last component, for the image */
	const char *text;
	size_t bytes;
	uint32_t *lines; /* offset of each line */
	uint32_t line_count;
};

struct policy_mistake {
	struct policy_mistake *next;
	struct policy_place at;
	const char *message;
	const char *hint;
};

/* A user or group whose number is known; offline, one that was made up. */
struct policy_account {
	struct policy_account *next;
	const char *name;
	bool group;
	uint32_t id;
};

struct cordon_policy_text {
	struct cordon_arena arena;
	struct cordon_policy_options options;
	bool out_of_memory;

	struct policy_source *sources;
	uint32_t source_count, source_room;

	struct policy_mistake *mistakes;
	struct policy_mistake **sorted; /* by place, once all are known */
	uint32_t mistake_count;

	/* options[i] is the word that began the line; NULL: no such line. */
	struct policy_word *seen[POLICY_OPTION_COUNT];
	bool header_broken, levels_broken; /* the line is there, but cannot be read */
	struct policy_word *name;
	struct policy_word *version_word;
	uint64_t version;
	struct policy_words level_words;
	struct policy_words category_words;
	struct policy_word *record_level;
	bool ledger_full_deny;
	bool write_down_raise;
	bool terminal_neutral;

	struct policy_rule *rules;
	struct policy_rule **rules_end;
	uint32_t rule_count;
	bool rules_too_many;
	struct policy_rule **by_number;
	struct policy_expectation *expectations;
	struct policy_expectation **expectations_end;
	uint32_t expectation_count;

	/* Filled in by the checks. */
	struct cordon_name levels[CORDON_LEVEL_MAX];
	uint32_t level_count;
	struct cordon_name categories[CORDON_CATEGORY_MAX];
	uint32_t category_count;
	uint64_t record_reads;
	struct policy_account *accounts;
	uint32_t made_up_count;

	struct cordon_image *image;
	size_t image_bytes;
};

/* mistake.c: every one needs a hint: what the author can do about it. */
__attribute__((format(printf, 4, 5))) void cordon_policy_mistake(struct cordon_policy_text *text,
								 struct policy_place at,
								 const char *hint,
								 const char *format, ...);
/* A hint made for the occasion. */
#define cordon_policy_hint(policy, ...) cordon_arena_format(&(policy)->arena, __VA_ARGS__)
int cordon_policy_mistakes_sort(struct cordon_policy_text *text);
/* "file:line" of a place, in the arena. */
const char *cordon_policy_place_text(struct cordon_policy_text *text, struct policy_place at);

/* source.c */
int cordon_policy_source_read(struct cordon_policy_text *text, const char *path);
int cordon_policy_source_add(struct cordon_policy_text *text, const char *name, const char *bytes,
			     size_t count);

/* parse.y */
int cordon_policy_parse(struct cordon_policy_text *text, uint32_t source);

/* check.c: the words of every rule and expectation. */
int cordon_policy_check(struct cordon_policy_text *text);

/* accounts.c: users and groups by name or number. */
/* 0, -ENOENT, -ENOMEM. */
int cordon_policy_account(struct cordon_policy_text *text, const char *name, bool group,
			  uint32_t *id);
/* The name on this machine that looks most like @name; NULL: none near. */
const char *cordon_policy_account_nearest(struct cordon_policy_text *text, const char *name,
					  bool group);

/* hostrule.c: addresses, names and ports of a host rule; false: mistakes were made. */
bool cordon_policy_check_host(struct cordon_policy_text *text, struct policy_rule *rule);
bool cordon_policy_check_destination(struct cordon_policy_text *text,
				     const struct policy_word *word,
				     struct cordon_destination *destination);

/* pattern.c */
/*
 * A pattern's rank: one byte for each component, so that of two patterns that
 * name one path the one whose rank is greater (strcmp) is the more specific.
 */
enum policy_rank {
	POLICY_RANK_DEEP = 1, /* ** */
	POLICY_RANK_ANY, /* * */
	POLICY_RANK_PART, /* *.xlsx */
	POLICY_RANK_LITERAL,
	POLICY_RANK_END, /* the pattern's own end beats a ** that is nothing */
};
/* The rank, in the arena; NULL and an error when the word is no pattern. */
const char *cordon_policy_pattern_rank(struct cordon_policy_text *text,
				       const struct policy_word *word);
/* One path: a pattern without '*'. */
bool cordon_policy_path_check(struct cordon_policy_text *text, const struct policy_word *word);

/* compile.c and expect.c */
int cordon_policy_build(struct cordon_policy_text *text);
int cordon_policy_expect(struct cordon_policy_text *text);

static inline void policy_words_add(struct policy_words *words, struct policy_word *word)
{
	if (words->last)
		words->last->next = word;
	else
		words->first = word;
	words->last = word;
	word->next = NULL;
}

#endif /* CORDON_RULES_H */
