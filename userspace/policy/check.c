// SPDX-License-Identifier: GPL-2.0-only
/* What the words of rules and expectations mean. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

static const struct policy_place first_file;

static const char *nearest_hint(struct cordon_policy_text *text, const char *word,
				const struct cordon_name *names, uint32_t count,
				const char *otherwise)
{
	const char *nearest =
		cordon_policy_nearest(word, (const char *)names, sizeof(*names), count);

	return nearest ? cordon_policy_hint(text, "did you mean \"%s\"?", nearest) : otherwise;
}

static int name_find(const struct cordon_name *names, uint32_t count, const char *word)
{
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(names[i].text, word))
			return (int)i;
	return -1;
}

/* Letters, digits, - and _, a letter first: what needs no quotes anywhere. */
static bool name_check(struct cordon_policy_text *text, const struct policy_word *word,
		       const char *what)
{
	size_t good = strspn(word->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-_");

	if (word->keyword)
		cordon_policy_mistake(text, word->at, "choose another name",
				      "\"%s\" is a word of the language, not a name", word->text);
	else if (word->bytes >= CORDON_NAME_BYTES)
		cordon_policy_mistake(text, word->at, "choose a shorter name",
				      "the name of the %s has %u bytes, the limit is %d", what,
				      word->bytes, CORDON_NAME_BYTES - 1);
	else if (!isalpha((unsigned char)word->text[0]) || word->text[good])
		cordon_policy_mistake(
			text, word->at,
			"names have letters, digits, - and _, and begin with a letter",
			"\"%s\" cannot be the name of a %s", word->text, what);
	else
		return true;
	return false;
}

static void names_check(struct cordon_policy_text *text, const struct policy_words *words,
			const char *what, struct cordon_name *names, uint32_t limit,
			uint32_t *count)
{
	const struct policy_word *word;
	uint32_t said = 0;

	for (word = words->first; word; word = word->next) {
		if (++said == limit + 1)
			cordon_policy_mistake(text, word->at, "a label is one word of 64 bits",
					      "more than %u names of a %s: the limit is %u", limit,
					      what, limit);
		if (said > limit || !name_check(text, word, what))
			continue;
		if (name_find(text->levels, text->level_count, word->text) >= 0 ||
		    name_find(text->categories, text->category_count, word->text) >= 0) {
			cordon_policy_mistake(text, word->at,
					      "levels and categories all have different names",
					      "\"%s\" is a name already", word->text);
			continue;
		}
		strcpy(names[(*count)++].text, word->text);
	}
}

static void header_check(struct cordon_policy_text *text)
{
	const struct policy_word *version = text->version_word;
	struct policy_word name;
	char *end;

	if (!text->seen[POLICY_OPTION_HEADER] && text->header_broken)
		return;
	if (!text->seen[POLICY_OPTION_HEADER]) {
		cordon_policy_mistake(text, first_file, "write one line: policy NAME version 1",
				      "no file of the policy says its name and version");
		return;
	}
	/* No rule ever names the policy: it may be called like a word of the language. */
	name = *text->name;
	name.keyword = 0;
	name_check(text, &name, "policy");
	errno = 0;
	text->version = strtoull(version->text, &end, 10);
	if (!isdigit((unsigned char)version->text[0]) || *end || errno || !text->version)
		cordon_policy_mistake(text, version->at,
				      "a version is a whole number from 1, greater each time",
				      "\"%s\" is not a version", version->text);
}

static bool level_resolve(struct cordon_policy_text *text, const struct policy_word *word,
			  unsigned int *level)
{
	int found = name_find(text->levels, text->level_count, word->text);

	if (found >= 0) {
		*level = (unsigned int)found;
		return true;
	}
	/* Without levels every label is wrong; that has been said once. */
	if (!text->level_count)
		return false;
	if (name_find(text->categories, text->category_count, word->text) >= 0)
		cordon_policy_mistake(text, word->at, "write a level before it",
				      "\"%s\" is a category: a label begins with a level",
				      word->text);
	else
		cordon_policy_mistake(text, word->at,
				      nearest_hint(text, word->text, text->levels,
						   text->level_count,
						   "name it in the line that begins with levels"),
				      "unknown level \"%s\"", word->text);
	return false;
}

static bool category_resolve(struct cordon_policy_text *text, const struct policy_word *word,
			     uint64_t *categories)
{
	int found = name_find(text->categories, text->category_count, word->text);

	if (found < 0 && name_find(text->levels, text->level_count, word->text) >= 0)
		cordon_policy_mistake(text, word->at, "write one level, then categories",
				      "\"%s\" is a second level in one label", word->text);
	else if (found < 0)
		cordon_policy_mistake(
			text, word->at,
			nearest_hint(text, word->text, text->categories, text->category_count,
				     "name it in the line that begins with categories"),
			"unknown category \"%s\"", word->text);
	else if (*categories >> found & 1)
		cordon_policy_mistake(text, word->at, "delete it",
				      "\"%s\" stands twice in one label", word->text);
	else
		*categories |= 1ULL << found;
	return found >= 0;
}

static bool label_resolve(struct cordon_policy_text *text, struct policy_label *label)
{
	uint64_t categories = label->all ? (1ULL << text->category_count) - 1 : 0;
	const struct policy_word *word;
	unsigned int level = 0;
	bool good = level_resolve(text, label->level, &level);

	for (word = label->categories; word; word = word->next)
		good &= category_resolve(text, word, &categories);
	label->value = cordon_label_make(level, categories);
	return good;
}

static bool account_resolve(struct cordon_policy_text *text, const struct policy_word *word,
			    bool group, uint32_t *id)
{
	const char *what = group ? "group" : "user", *nearest;
	int error = cordon_policy_account(text, word->text, group, id);

	if (error == -ENOMEM)
		text->out_of_memory = true;
	if (error != -ENOENT)
		return !error;
	nearest = cordon_policy_account_nearest(text, word->text, group);
	cordon_policy_mistake(
		text, word->at,
		nearest ? cordon_policy_hint(text, "did you mean \"%s\"?", nearest) :
			  cordon_policy_hint(text, "make the %s first, or check with --offline",
					     what),
		"this machine has no %s \"%s\"", what, word->text);
	return false;
}

static bool unit_check(struct cordon_policy_text *text, const struct policy_word *word)
{
	const char *dot = strrchr(word->text, '.');

	if (word->bytes >= CORDON_UNIT_BYTES)
		cordon_policy_mistake(text, word->at, "choose a shorter name for the unit",
				      "the unit's name has %u bytes, the limit is %d", word->bytes,
				      CORDON_UNIT_BYTES - 1);
	else if (!dot || dot == word->text || strchr(word->text, '/') ||
		 (strcmp(dot, ".service") && strcmp(dot, ".scope")))
		cordon_policy_mistake(text, word->at,
				      "processes run in units that end in .service or .scope",
				      "\"%s\" is no unit that a process runs in", word->text);
	else
		return true;
	return false;
}

static bool qualifiers_check(struct cordon_policy_text *text, struct policy_qualifiers *as)
{
	bool good = true;

	if (as->user)
		good &= account_resolve(text, as->user, false, &as->uid);
	if (as->groups.first)
		good &= account_resolve(text, as->groups.first, true, &as->gid);
	if (as->unit)
		good &= unit_check(text, as->unit);
	return good;
}

static void rule_check(struct cordon_policy_text *text, struct policy_rule *rule)
{
	bool good = label_resolve(text, &rule->label);

	switch (rule->kind) {
	case POLICY_RULE_DEVICE:
		good &= cordon_policy_path_check(text, rule->path);
		break;
	case POLICY_RULE_PROGRAM:
		good &= qualifiers_check(text, &rule->as);
		/* fall through */
	case POLICY_RULE_FILE:
		rule->rank = cordon_policy_pattern_rank(text, rule->path);
		good &= rule->rank != NULL;
		break;
	case POLICY_RULE_GUARD:
		break; /* stands in no text */
	case POLICY_RULE_HOST:
		good &= cordon_policy_check_host(text, rule);
		break;
	}
	rule->valid = good;
}

/* Two device rules of one path would be two labels of one device. */
static int device_compare(const void *a, const void *b)
{
	const struct policy_rule *x = *(struct policy_rule *const *)a;
	const struct policy_rule *y = *(struct policy_rule *const *)b;
	int order = strcmp(x->path->text, y->path->text);

	return order ? order : x->number < y->number ? -1 : 1;
}

static void devices_check(struct cordon_policy_text *text)
{
	struct policy_rule **devices, *rule;
	size_t count = 0;

	devices = cordon_arena_alloc(&text->arena, (text->rule_count + 1) * sizeof(*devices));
	if (!devices) {
		text->out_of_memory = true;
		return;
	}
	for (rule = text->rules; rule; rule = rule->next)
		if (rule->kind == POLICY_RULE_DEVICE && rule->valid)
			devices[count++] = rule;
	qsort(devices, count, sizeof(*devices), device_compare);
	for (size_t i = 1; i < count; i++)
		if (!strcmp(devices[i - 1]->path->text, devices[i]->path->text) &&
		    devices[i - 1]->label.value != devices[i]->label.value)
			cordon_policy_mistake(text, devices[i]->at, "give the device one label",
					      "disagrees with %s, which names the same device",
					      cordon_policy_place_text(text, devices[i - 1]->at));
}

static void expectation_check(struct cordon_policy_text *text, struct policy_expectation *e)
{
	const struct policy_word *word;
	uint32_t ignored;

	e->valid = cordon_policy_path_check(text, e->program);
	e->valid &= qualifiers_check(text, &e->as);
	for (word = e->as.groups.first ? e->as.groups.first->next : NULL; word; word = word->next)
		e->valid &= account_resolve(text, word, true, &ignored);
	for (word = e->after.first; word; word = word->next)
		e->valid &= cordon_policy_path_check(text, word);
	if (e->access != CORDON_ACCESS_REACH)
		e->valid &= cordon_policy_path_check(text, e->target);
	else
		e->valid &= cordon_policy_check_destination(text, e->target, &e->destination);
	e->destination.inbound = e->inbound;
}

int cordon_policy_check(struct cordon_policy_text *text)
{
	struct policy_expectation *expectation;
	struct policy_rule *rule;
	unsigned int level = 0;

	header_check(text);
	if (!text->seen[POLICY_OPTION_LEVELS] && !text->levels_broken)
		cordon_policy_mistake(text, first_file,
				      "write one line: levels unclassified < secret",
				      "no file of the policy names the levels");
	names_check(text, &text->level_words, "level", text->levels, CORDON_LEVEL_MAX,
		    &text->level_count);
	names_check(text, &text->category_words, "category", text->categories, CORDON_CATEGORY_MAX,
		    &text->category_count);
	if (text->record_level && level_resolve(text, text->record_level, &level))
		text->record_reads = cordon_label_make(level, 0);
	for (rule = text->rules; rule; rule = rule->next)
		rule_check(text, rule);
	devices_check(text);
	for (expectation = text->expectations; expectation; expectation = expectation->next)
		expectation_check(text, expectation);
	return text->out_of_memory ? -ENOMEM : 0;
}
