// SPDX-License-Identifier: GPL-2.0-only
#include "explain.h"
#include "names.h"

/* "LABEL (file:line)", or "LABEL (no rule)". */
static const char *labelled(struct cordon_arena *arena, const struct cordon_image_view *view,
			    cordon_label label, uint32_t rule)
{
	struct cordon_label_names names = cordon_image_label_names(view);
	char text[CORDON_LABEL_TEXT_BYTES], place[CORDON_RULE_TEXT_BYTES];
	int known = cordon_image_rule_text(view, rule, place);

	return cordon_arena_format(arena, "%s (%s)",
				   cordon_label_text(&names, label, text, sizeof(text)),
				   known ? place : "no rule");
}

static const char *target_text(struct cordon_arena *arena, const struct cordon_image_view *view,
			       const struct cordon_question *question,
			       const struct cordon_answer *answer)
{
	if (question->access != CORDON_ACCESS_REACH)
		return cordon_arena_format(arena, "object %s",
					   labelled(arena, view, answer->object.facts.label,
						    answer->object.rule));
	if (!answer->host.facts.known)
		return "host unknown";
	return cordon_arena_format(arena, "host %s",
				   labelled(arena, view, answer->host.facts.clearance,
					    answer->host.rule));
}

const char *cordon_explain_line(struct cordon_arena *arena, const struct cordon_image_view *view,
				const struct cordon_question *question,
				const struct cordon_answer *answer)
{
	struct cordon_label_names names = cordon_image_label_names(view);
	char taint[CORDON_LABEL_TEXT_BYTES];
	const char *clearance =
		labelled(arena, view, answer->subject.clearance, answer->subject_rule);
	const char *target = target_text(arena, view, question, answer);

	if (!clearance || !target)
		return NULL;
	return cordon_arena_format(
		arena, "%s; clearance %s, taint %s, %s", cordon_reason_meaning(answer->reason),
		clearance, cordon_label_text(&names, answer->subject.taint, taint, sizeof(taint)),
		target);
}
