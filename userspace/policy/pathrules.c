// SPDX-License-Identifier: GPL-2.0-only
/*
 * All file and program patterns go through one automaton. What a state
 * accepts is decided here: which rule's label, which program's grants, and
 * where two rules that are equally specific disagree.
 */
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "guardrules.h"
#include "pathrules.h"

#define GRANT_QUALIFIERS (CORDON_GRANT_USER | CORDON_GRANT_GROUP | CORDON_GRANT_UNIT)

struct work {
	struct cordon_policy_text *text;
	struct cordon_pattern *patterns;
	struct policy_rule **rules; /* of each pattern */
	uint32_t count;
	struct cordon_automaton automaton;
	struct cordon_intern sets; /* of patterns that one state accepts */
	uint32_t *example; /* a state for each set */
	uint32_t *decision; /* of each set */
	struct cordon_intern decisions; /* struct cordon_accept, below not yet known */
	struct cordon_intern grant_lists; /* arrays of rule numbers */
	uint32_t *grant_first; /* of each list */
	struct cordon_grant *grants;
	uint32_t grant_count, grant_room;
};

/* ---- Grants ---- */

static uint32_t bits_count(uint32_t bits)
{
	uint32_t count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

/* More qualifiers first; among as many: user, group, unit. */
static uint32_t grant_rank(uint32_t flags)
{
	uint32_t order = (flags & CORDON_GRANT_USER ? 4u : 0u) |
			 (flags & CORDON_GRANT_GROUP ? 2u : 0u) |
			 (flags & CORDON_GRANT_UNIT ? 1u : 0u);

	return bits_count(order) << 3 | order;
}

void cordon_policy_grant(const struct policy_rule *rule, struct cordon_grant *grant)
{
	memset(grant, 0, sizeof(*grant));
	grant->clearance = rule->label.value;
	grant->rule = rule->number;
	if (rule->as.user) {
		grant->flags |= CORDON_GRANT_USER;
		grant->uid = rule->as.uid;
	}
	if (rule->as.groups.first) {
		grant->flags |= CORDON_GRANT_GROUP;
		grant->gid = rule->as.gid;
	}
	if (rule->as.unit) {
		grant->flags |= CORDON_GRANT_UNIT;
		memcpy(grant->unit, rule->as.unit->text, rule->as.unit->bytes);
	}
	grant->rank = grant_rank(grant->flags);
	if (rule->trusted)
		grant->flags |= CORDON_GRANT_TRUSTED;
}

static int grant_compare(const void *a, const void *b)
{
	const struct cordon_grant *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static bool grant_same_process(const struct cordon_grant *a, const struct cordon_grant *b)
{
	return (a->flags & GRANT_QUALIFIERS) == (b->flags & GRANT_QUALIFIERS) && a->uid == b->uid &&
	       a->gid == b->gid && !memcmp(a->unit, b->unit, sizeof(a->unit));
}

/* ---- Disagreement ---- */

/* Reported at the later rule, once for each, with a path as proof. */
static int disagreement(struct work *w, uint32_t set, uint32_t a, uint32_t b, const char *hint)
{
	struct policy_rule *first = w->text->by_number[a < b ? a : b];
	struct policy_rule *second = w->text->by_number[a < b ? b : a];
	char *path;

	if (second->reported)
		return 0;
	path = cordon_automaton_path(&w->automaton, w->example[set]);
	if (!path)
		return -ENOMEM;
	second->reported = true;
	cordon_policy_mistake(w->text, second->at, hint,
			      "disagrees with %s, which is as specific: both name %s",
			      cordon_policy_place_text(w->text, first->at), path);
	free(path);
	return 0;
}

/* ---- One set of patterns ---- */

static int decide_label(struct work *w, uint32_t set, const uint32_t *members, uint32_t count,
			struct cordon_accept *accept)
{
	const struct policy_rule *chosen = NULL;
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++) {
		const struct policy_rule *rule = w->rules[members[i]];

		if (rule->kind != POLICY_RULE_FILE)
			continue;
		if (!chosen)
			chosen = rule;
		else if (chosen->label.value != rule->label.value || !chosen->drop != !rule->drop)
			error = disagreement(w, set, chosen->number, rule->number,
					     "give both the same label, or name one more exactly");
	}
	if (!chosen)
		return error;
	accept->label = chosen->label.value;
	accept->rule = chosen->number;
	accept->flags = chosen->drop ? CORDON_OBJECT_DROP : 0;
	return error;
}

/* Drops grants that say the same twice; what is left is *@count. */
static int grants_check(struct work *w, uint32_t set, struct cordon_grant *grants, uint32_t *count)
{
	uint32_t kept = 0;
	int error = 0;

	for (uint32_t i = 0; i < *count && !error; i++) {
		uint32_t j = 0;

		while (j < kept && !grant_same_process(&grants[j], &grants[i]))
			j++;
		if (j == kept)
			grants[kept++] = grants[i];
		else if (grants[j].clearance != grants[i].clearance ||
			 grants[j].flags != grants[i].flags)
			error = disagreement(w, set, grants[j].rule, grants[i].rule,
					     "give both the same clearance, or delete one");
	}
	*count = kept;
	if (kept > CORDON_GRANTS_PER_PROGRAM_MAX) {
		struct policy_rule *rule =
			w->text->by_number[grants[CORDON_GRANTS_PER_PROGRAM_MAX].rule];

		if (!rule->reported)
			cordon_policy_mistake(w->text, rule->at, "name a group instead of users",
					      "the program has %u different rules, the limit is %d",
					      kept, CORDON_GRANTS_PER_PROGRAM_MAX);
		rule->reported = true;
	}
	return error;
}

static int grants_append(struct work *w, const struct cordon_grant *grants, uint32_t count)
{
	if (w->grant_count + count > w->grant_room) {
		uint32_t room = 2 * (w->grant_count + count);
		struct cordon_grant *larger = realloc(w->grants, room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		w->grants = larger;
		w->grant_room = room;
	}
	memcpy(w->grants + w->grant_count, grants, count * sizeof(*grants));
	w->grant_count += count;
	return 0;
}

/* Where the list of grants begins; the same for the same rules. */
static int grants_place(struct work *w, const struct cordon_grant *grants, uint32_t count,
			uint32_t *first)
{
	uint32_t *numbers = malloc((count + 1ULL) * sizeof(*numbers)), *larger;
	uint32_t lists = w->grant_lists.count, list;
	int error = -ENOMEM;

	if (numbers) {
		for (uint32_t i = 0; i < count; i++)
			numbers[i] = grants[i].rule;
		error = cordon_intern(&w->grant_lists, numbers, count * sizeof(*numbers), &list);
	}
	free(numbers);
	if (error)
		return error;
	if (list == lists) {
		larger = realloc(w->grant_first, (lists + 1ULL) * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		w->grant_first = larger;
		larger[list] = w->grant_count;
		error = grants_append(w, grants, count);
	}
	if (!error)
		*first = w->grant_first[list];
	return error;
}

static int decide_grants(struct work *w, uint32_t set, const uint32_t *members, uint32_t count,
			 struct cordon_accept *accept)
{
	struct cordon_grant *grants = calloc(count + 1ULL, sizeof(*grants));
	uint32_t found = 0;
	int error;

	if (!grants)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		if (w->rules[members[i]]->kind == POLICY_RULE_PROGRAM)
			cordon_policy_grant(w->rules[members[i]], &grants[found++]);
	qsort(grants, found, sizeof(*grants), grant_compare);
	error = grants_check(w, set, grants, &found);
	if (!error && found && !w->text->mistake_count) {
		error = grants_place(w, grants, found, &accept->grant_first);
		accept->grant_count = found;
		/* R6: what a rule clears is changed by trusted subjects only. */
		for (uint32_t i = 0; i < found; i++)
			if (grants[i].clearance || grants[i].flags & CORDON_GRANT_TRUSTED)
				accept->flags |= CORDON_OBJECT_PROGRAM;
	}
	free(grants);
	return error;
}

/* What stands in no text disagrees with nothing: the most specific ones are joined. */
static void decide_guard(const struct work *w, const uint32_t *members, uint32_t count,
			 struct cordon_accept *accept)
{
	for (uint32_t i = 0; i < count; i++)
		accept->flags |= w->rules[members[i]]->guard;
}

static int set_decide(struct work *w, uint32_t set)
{
	struct cordon_accept accept = { 0 };
	uint32_t *members, count;
	const void *bytes;
	size_t length;
	int error;

	bytes = cordon_intern_bytes(&w->sets, set, &length);
	members = malloc(length + 1);
	if (!members)
		return -ENOMEM;
	memcpy(members, bytes, length);
	count = (uint32_t)(length / sizeof(*members));
	error = decide_label(w, set, members, count, &accept);
	if (!error)
		error = decide_grants(w, set, members, count, &accept);
	decide_guard(w, members, count, &accept);
	if (!error)
		error = cordon_intern(&w->decisions, &accept, sizeof(accept), &w->decision[set]);
	free(members);
	return error;
}

static int sets_decide(struct work *w)
{
	struct cordon_automaton *a = &w->automaton;
	int error = 0;

	w->example = calloc(w->sets.count, sizeof(*w->example));
	w->decision = calloc(w->sets.count, sizeof(*w->decision));
	if (!w->example || !w->decision)
		return -ENOMEM;
	for (uint32_t i = a->state_count; i-- > 0;)
		w->example[a->states[i].accept] = i;
	/* Set 0 is the empty one, so decision 0 is "no rule". */
	for (uint32_t i = 0; i < w->sets.count && !error; i++)
		error = set_decide(w, i);
	return error;
}

/* ---- What is treated alike ---- */

static const struct cordon_accept *decision_get(const struct work *w, uint32_t decision)
{
	size_t length;

	return cordon_intern_bytes(&w->decisions, decision, &length);
}

/* Last grants that give nothing, of a rank of their own, are as good as none. */
static uint32_t grants_that_matter(const struct cordon_grant *grants, uint32_t count)
{
	while (count && !grants[count - 1].clearance &&
	       !(grants[count - 1].flags & CORDON_GRANT_TRUSTED) &&
	       (count == 1 || grants[count - 2].rank != grants[count - 1].rank))
		count--;
	return count;
}

/*
 * A number for what a decision does, whatever rule it comes from: two trees
 * under two rules that say the same are treated alike.
 */
static int treatments_number(const struct work *w, uint32_t *treatment)
{
	struct cordon_grant grants[CORDON_GRANTS_PER_PROGRAM_MAX];
	struct cordon_intern lists = { 0 }, seen = { 0 };
	int error = 0;

	for (uint32_t i = 0; i < w->decisions.count && !error; i++) {
		struct cordon_accept accept = *decision_get(w, i);
		uint32_t count = accept.grant_count;

		if (count)
			memcpy(grants, w->grants + accept.grant_first, count * sizeof(*grants));
		for (uint32_t k = 0; k < count; k++)
			grants[k].rule = 0;
		accept.rule = 0;
		accept.grant_count = count = grants_that_matter(grants, count);
		error = cordon_intern(&lists, grants, count * sizeof(*grants), &accept.grant_first);
		if (!error)
			error = cordon_intern(&seen, &accept, sizeof(accept), &treatment[i]);
	}
	cordon_intern_free(&lists);
	cordon_intern_free(&seen);
	return error;
}

struct below {
	uint32_t treatment; /* of the path itself */
	uint32_t class; /* of the state where a name below it begins */
};

/*
 * Numbers for "this path and all below it", equal where treated alike.
 * Comparing states would not do: "/srv/a" and "/srv/b" are different states
 * once a rule names "/srv/arrow", but the folders are alike.
 */
static int belows_number(struct work *w, const struct cordon_automaton *a, uint32_t *number)
{
	uint32_t *treatment = calloc(w->decisions.count, sizeof(*treatment));
	uint32_t *class = calloc(a->state_count, sizeof(*class));
	struct cordon_intern seen = { 0 };
	int error = -ENOMEM;
	uint32_t count;

	if (treatment && class)
		error = treatments_number(w, treatment);
	for (uint32_t i = 0; i < a->state_count && !error; i++)
		class[i] = treatment[a->states[i].accept];
	if (!error)
		error = cordon_automaton_minimise(a, class, &count);
	for (uint32_t i = 0; i < a->state_count && !error; i++) {
		struct below below = { treatment[a->states[i].accept],
				       class[cordon_automaton_next(a, i, '/')] };

		error = cordon_intern(&seen, &below, sizeof(below), &number[i]);
		number[i]++;
	}
	cordon_intern_free(&seen);
	free(treatment);
	free(class);
	return error;
}

/* ---- The result ---- */

/* Of "no rule" the most usual kind is accept 0: nothing below it is named either. */
static int accepts_make(struct work *w, struct cordon_automaton *a, struct policy_paths *paths,
			uint32_t *accept_count)
{
	uint32_t *below = calloc(a->state_count, sizeof(*below));
	struct cordon_accept accept = { 0 };
	struct cordon_intern accepts = { 0 };
	uint32_t i, dead, number;
	int error = below ? belows_number(w, a, below) : -ENOMEM;

	/* After "//" nothing can be named: no file has an empty name. */
	if (!error) {
		dead = cordon_automaton_next(a, cordon_automaton_next(a, 0, '/'), '/');
		accept.below = below[dead];
		error = cordon_intern(&accepts, &accept, sizeof(accept), &number);
	}
	for (i = 0; i < a->state_count && !error; i++) {
		accept = *decision_get(w, a->states[i].accept);
		accept.below = below[i];
		error = cordon_intern(&accepts, &accept, sizeof(accept), &a->states[i].accept);
	}
	free(below);
	if (error) {
		cordon_intern_free(&accepts);
		return error;
	}
	paths->accepts = (struct cordon_accept *)accepts.bytes;
	*accept_count = accepts.count;
	accepts.bytes = NULL;
	cordon_intern_free(&accepts);
	return 0;
}

static int too_big(struct work *w)
{
	cordon_policy_mistake(w->text, w->rules[w->count - 1]->at,
			      "use fewer * that are parts of names",
			      "the path rules need more automaton slots than the limit of %u",
			      CORDON_AUTOMATON_SLOTS_MAX);
	return 0;
}

static int automaton_finish(struct work *w, struct cordon_policy *policy,
			    struct policy_paths *paths)
{
	struct cordon_automaton *a = &w->automaton, small = { 0 };
	uint32_t *class = calloc(a->state_count, sizeof(*class));
	uint32_t count;
	int error = -ENOMEM;

	if (class) {
		for (uint32_t i = 0; i < a->state_count; i++)
			class[i] = a->states[i].accept = w->decision[a->states[i].accept];
		error = cordon_automaton_minimise(a, class, &count);
	}
	if (!error)
		error = cordon_automaton_quotient(a, class, count, &small);
	free(class);
	if (!error)
		error = accepts_make(w, &small, paths, &policy->accept_count);
	if (!error)
		error = cordon_automaton_pack(&small, policy, &paths->slots);
	cordon_automaton_free(&small);
	if (error)
		return error == -E2BIG && w->count ? too_big(w) : error;
	paths->grants = w->grants;
	policy->grant_count = w->grant_count;
	w->grants = NULL;
	return 0;
}

static int guards_collect(struct work *w)
{
	struct policy_rule *rules =
		cordon_arena_alloc(&w->text->arena, policy_guard_rule_count * sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	memset(rules, 0, policy_guard_rule_count * sizeof(*rules));
	for (uint32_t i = 0; i < policy_guard_rule_count; i++) {
		const char *pattern = policy_guard_rules[i].pattern;
		const struct policy_word word = { .text = pattern,
						  .bytes = (uint32_t)strlen(pattern) };

		rules[i].kind = POLICY_RULE_GUARD;
		rules[i].guard = policy_guard_rules[i].flags;
		rules[i].rank = cordon_policy_pattern_rank(w->text, &word);
		if (!rules[i].rank)
			return -ENOMEM;
		w->patterns[w->count] =
			(struct cordon_pattern){ pattern, rules[i].rank, CORDON_PATTERN_GUARD };
		w->rules[w->count++] = &rules[i];
	}
	return 0;
}

static int patterns_collect(struct work *w)
{
	size_t room = w->text->rule_count + policy_guard_rule_count + 1ULL;
	struct policy_rule *rule;

	w->patterns = calloc(room, sizeof(*w->patterns));
	w->rules = calloc(room, sizeof(*w->rules));
	if (!w->patterns || !w->rules || guards_collect(w))
		return -ENOMEM;
	for (rule = w->text->rules; rule; rule = rule->next) {
		if (!rule->valid || !rule->rank)
			continue;
		w->patterns[w->count] = (struct cordon_pattern){ rule->path->text, rule->rank,
								 rule->kind == POLICY_RULE_PROGRAM ?
									 CORDON_PATTERN_PROGRAM :
									 CORDON_PATTERN_FILE };
		w->rules[w->count++] = rule;
	}
	return 0;
}

static int work_run(struct work *w, struct cordon_policy *policy, struct policy_paths *paths)
{
	int error = patterns_collect(w);

	if (error)
		return error;
	error = cordon_automaton_build(w->patterns, w->count, &w->automaton, &w->sets);
	if (error)
		return error == -E2BIG ? too_big(w) : error;
	error = sets_decide(w);
	if (error || w->text->mistake_count)
		return error;
	return automaton_finish(w, policy, paths);
}

int cordon_policy_paths(struct cordon_policy_text *text, struct cordon_policy *policy,
			struct policy_paths *paths)
{
	struct work w = { .text = text };
	int error = work_run(&w, policy, paths);

	free(w.patterns);
	free(w.rules);
	free(w.example);
	free(w.decision);
	free(w.grant_first);
	free(w.grants);
	cordon_automaton_free(&w.automaton);
	cordon_intern_free(&w.sets);
	cordon_intern_free(&w.decisions);
	cordon_intern_free(&w.grant_lists);
	return error;
}
