/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parser does with a whole rule: it keeps it. */
#ifndef CORDON_ACTIONS_H
#define CORDON_ACTIONS_H

#include "rules.h"

/* Not in the list yet; NULL when memory runs out. */
struct policy_rule *cordon_policy_rule_new(struct cordon_policy_text *text,
					   enum policy_rule_kind kind,
					   const struct policy_word *first);
struct policy_expectation *cordon_policy_expectation_new(struct cordon_policy_text *text,
							 const struct policy_word *first);

/* Sets *@slot to @value unless it is set already, which is an error at @word. */
bool cordon_policy_set_once(struct cordon_policy_text *text, struct policy_word **slot,
			    struct policy_word *word, struct policy_word *value);
/* False, and an error, when such a line was there before. */
bool cordon_policy_see(struct cordon_policy_text *text, enum policy_option option,
		       struct policy_word *first);
/* The language has it, this version does not enforce it: an error. */
void cordon_policy_refuse(struct cordon_policy_text *text, const struct policy_word *word,
			  const char *what);

void cordon_policy_add_header(struct cordon_policy_text *text, struct policy_word *first,
			      struct policy_word *name, struct policy_word *version);
void cordon_policy_add_levels(struct cordon_policy_text *text, struct policy_word *first,
			      const struct policy_words *levels);
void cordon_policy_add_categories(struct cordon_policy_text *text, struct policy_word *first,
				  const struct policy_words *categories);
/* A file or device rule. */
void cordon_policy_add_file(struct cordon_policy_text *text, enum policy_rule_kind kind,
			    struct policy_word *first, struct policy_word *path,
			    const struct policy_label *label, struct policy_word *drop);
void cordon_policy_add_program(struct cordon_policy_text *text, struct policy_rule *rule,
			       const struct policy_label *clearance, struct policy_word *trusted);
void cordon_policy_add_host(struct cordon_policy_text *text, struct policy_rule *rule,
			    const struct policy_label *clearance);
void cordon_policy_add_write_down(struct cordon_policy_text *text, struct policy_word *first,
				  bool raise);
void cordon_policy_add_ledger_full(struct cordon_policy_text *text, struct policy_word *first,
				   bool deny);
void cordon_policy_add_terminal(struct cordon_policy_text *text, struct policy_word *first,
				bool neutral);
void cordon_policy_add_record(struct cordon_policy_text *text, struct policy_word *first,
			      struct policy_word *level);
void cordon_policy_add_expectation(struct cordon_policy_text *text,
				   struct policy_expectation *expectation);

#endif /* CORDON_ACTIONS_H */
