// SPDX-License-Identifier: GPL-2.0-only
#include "actions.h"

/* Rule 0 is none. The tests set a limit that is reached sooner. */
#ifndef CORDON_POLICY_RULES_MAX
#define CORDON_POLICY_RULES_MAX (CORDON_RULES_MAX - 1)
#endif

struct policy_rule *cordon_policy_rule_new(struct cordon_policy_text *text,
					   enum policy_rule_kind kind,
					   const struct policy_word *first)
{
	struct policy_rule *rule = cordon_arena_alloc(&text->arena, sizeof(*rule));

	if (!rule) {
		text->out_of_memory = true;
		return NULL;
	}
	rule->kind = kind;
	rule->at = first->at;
	return rule;
}

struct policy_expectation *cordon_policy_expectation_new(struct cordon_policy_text *text,
							 const struct policy_word *first)
{
	struct policy_expectation *expectation =
		cordon_arena_alloc(&text->arena, sizeof(*expectation));

	if (!expectation) {
		text->out_of_memory = true;
		return NULL;
	}
	expectation->at = first->at;
	return expectation;
}

static void rule_append(struct cordon_policy_text *text, struct policy_rule *rule)
{
	if (text->rule_count == CORDON_POLICY_RULES_MAX) {
		if (!text->rules_too_many)
			cordon_policy_mistake(text, rule->at,
					      "name whole folders with a pattern: /srv/x/**",
					      "more rules than the limit of %u",
					      CORDON_POLICY_RULES_MAX);
		text->rules_too_many = true;
		return;
	}
	rule->number = ++text->rule_count;
	rule->valid = true;
	*text->rules_end = rule;
	text->rules_end = &rule->next;
}

bool cordon_policy_set_once(struct cordon_policy_text *text, struct policy_word **slot,
			    struct policy_word *word, struct policy_word *value)
{
	if (*slot) {
		cordon_policy_mistake(text, word->at, "write one rule for each",
				      "\"%s\" stands twice in one rule", word->text);
		return false;
	}
	*slot = value;
	return true;
}

bool cordon_policy_see(struct cordon_policy_text *text, enum policy_option option,
		       struct policy_word *first)
{
	const struct policy_word *before = text->seen[option];

	if (before) {
		cordon_policy_mistake(text, first->at, "a policy has one such line: delete one",
				      "this was said before, at %s",
				      cordon_policy_place_text(text, before->at));
		return false;
	}
	text->seen[option] = first;
	return true;
}

void cordon_policy_refuse(struct cordon_policy_text *text, const struct policy_word *word,
			  const char *what)
{
	cordon_policy_mistake(text, word->at, "delete it, so that the policy says what is enforced",
			      "%s", what);
}

void cordon_policy_add_header(struct cordon_policy_text *text, struct policy_word *first,
			      struct policy_word *name, struct policy_word *version)
{
	if (!cordon_policy_see(text, POLICY_OPTION_HEADER, first))
		return;
	text->name = name;
	text->version_word = version;
}

void cordon_policy_add_levels(struct cordon_policy_text *text, struct policy_word *first,
			      const struct policy_words *levels)
{
	if (cordon_policy_see(text, POLICY_OPTION_LEVELS, first))
		text->level_words = *levels;
}

void cordon_policy_add_categories(struct cordon_policy_text *text, struct policy_word *first,
				  const struct policy_words *categories)
{
	if (cordon_policy_see(text, POLICY_OPTION_CATEGORIES, first))
		text->category_words = *categories;
}

void cordon_policy_add_file(struct cordon_policy_text *text, enum policy_rule_kind kind,
			    struct policy_word *first, struct policy_word *path,
			    const struct policy_label *label, struct policy_word *drop)
{
	struct policy_rule *rule = cordon_policy_rule_new(text, kind, first);

	if (!rule)
		return;
	rule->path = path;
	rule->label = *label;
	rule->drop = drop;
	rule_append(text, rule);
}

void cordon_policy_add_program(struct cordon_policy_text *text, struct policy_rule *rule,
			       const struct policy_label *clearance, struct policy_word *trusted)
{
	rule->label = *clearance;
	rule->trusted = trusted;
	rule_append(text, rule);
}

void cordon_policy_add_host(struct cordon_policy_text *text, struct policy_rule *rule,
			    const struct policy_label *clearance)
{
	rule->label = *clearance;
	rule_append(text, rule);
}

void cordon_policy_add_ledger_full(struct cordon_policy_text *text, struct policy_word *first,
				   bool deny)
{
	if (cordon_policy_see(text, POLICY_OPTION_LEDGER_FULL, first))
		text->ledger_full_deny = deny;
}

void cordon_policy_add_write_down(struct cordon_policy_text *text, struct policy_word *first,
				  bool raise)
{
	if (cordon_policy_see(text, POLICY_OPTION_WRITE_DOWN, first))
		text->write_down_raise = raise;
}

void cordon_policy_add_terminal(struct cordon_policy_text *text, struct policy_word *first,
				bool neutral)
{
	if (cordon_policy_see(text, POLICY_OPTION_TERMINAL, first))
		text->terminal_neutral = neutral;
}

void cordon_policy_add_record(struct cordon_policy_text *text, struct policy_word *first,
			      struct policy_word *level)
{
	if (cordon_policy_see(text, POLICY_OPTION_RECORD, first))
		text->record_level = level;
}

void cordon_policy_add_expectation(struct cordon_policy_text *text,
				   struct policy_expectation *expectation)
{
	expectation->valid = true;
	text->expectation_count++;
	*text->expectations_end = expectation;
	text->expectations_end = &expectation->next;
}
