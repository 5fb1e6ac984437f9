// SPDX-License-Identifier: GPL-2.0-only
/* The `expect` lines: what must hold, decided by the kernel's own evaluator. */
#include "explain.h"
#include "rules.h"

static size_t words_count(const struct policy_words *words)
{
	const struct policy_word *word;
	size_t count = 0;

	for (word = words->first; word; word = word->next)
		count++;
	return count;
}

static int question_fill(struct cordon_policy_text *text, const struct policy_expectation *e,
			 struct cordon_question *q)
{
	size_t groups = words_count(&e->as.groups), reads = words_count(&e->after), i = 0;
	uint32_t *gids = cordon_arena_alloc(&text->arena, (groups + 1) * sizeof(*gids));
	const struct policy_word *word;

	q->earlier = cordon_arena_alloc(&text->arena, (reads + 1) * sizeof(*q->earlier));
	if (!gids || !q->earlier)
		return -ENOMEM;
	for (word = e->as.groups.first; word; word = word->next)
		if (cordon_policy_account(text, word->text, true, &gids[i++]))
			return -ENOMEM;
	for (word = e->after.first; word; word = word->next)
		q->earlier[q->earlier_count++].path = word->text;
	q->process = (struct cordon_process){ .program = e->program->text,
					      .uid = e->as.user ? e->as.uid : CORDON_ID_NONE,
					      .gids = gids,
					      .gid_count = groups,
					      .unit = e->as.unit ? e->as.unit->text : "" };
	q->access = e->access;
	q->path = e->target->text;
	q->destination = e->destination;
	return 0;
}

static int expectation_try(struct cordon_policy_text *text, const struct cordon_image_view *view,
			   const struct policy_expectation *e)
{
	struct cordon_question question = { 0 };
	struct cordon_answer answer;
	const char *why;

	if (question_fill(text, e, &question))
		return -ENOMEM;
	cordon_evaluate(view, &question, &answer);
	if (e->allow == (answer.verdict == CORDON_VERDICT_ALLOW))
		return 0;
	why = cordon_explain_line(&text->arena, view, &question, &answer);
	if (!why)
		return -ENOMEM;
	cordon_policy_mistake(text, e->at, why, "expected %s, but the policy %s",
			      e->allow ? "allow" : "deny", e->allow ? "denies it" : "allows it");
	return 0;
}

int cordon_policy_expect(struct cordon_policy_text *text)
{
	const struct policy_expectation *e;
	struct cordon_image_view view;
	struct cordon_failure failure;
	int error = cordon_image_open(text->image, text->image_bytes, &view, &failure);

	/* What we made must pass the check that guards against what others made. */
	if (error) {
		cordon_policy_mistake(text, (struct policy_place){ 0 },
				      "this is a defect of cordon: please report it", "%s",
				      failure.text);
		return 0;
	}
	for (e = text->expectations; e && !error; e = e->next)
		error = expectation_try(text, &view, e);
	return error;
}
