// SPDX-License-Identifier: GPL-2.0-only
/* The errors of a policy text: kept, ordered, shown. */
#include <stdlib.h>
#include <string.h>

#include "rules.h"

void cordon_policy_mistake(struct cordon_policy_text *text, struct policy_place at,
			   const char *hint, const char *format, ...)
{
	struct policy_mistake *mistake = cordon_arena_alloc(&text->arena, sizeof(*mistake));
	va_list arguments;

	if (!mistake) {
		text->out_of_memory = true;
		return;
	}
	va_start(arguments, format);
	mistake->message = cordon_arena_vformat(&text->arena, format, arguments);
	va_end(arguments);
	if (!mistake->message || !hint) {
		text->out_of_memory = true;
		return;
	}
	mistake->hint = hint;
	mistake->at = at;
	mistake->next = text->mistakes;
	text->mistakes = mistake;
	text->mistake_count++;
	text->sorted = NULL;
}

static int place_compare(const struct policy_place *a, const struct policy_place *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return 0;
}

static int mistake_compare(const void *a, const void *b)
{
	const struct policy_mistake *x = *(struct policy_mistake *const *)a;
	const struct policy_mistake *y = *(struct policy_mistake *const *)b;
	int order = place_compare(&x->at, &y->at);

	return order ? order : strcmp(x->message, y->message);
}

int cordon_policy_mistakes_sort(struct cordon_policy_text *text)
{
	struct policy_mistake **sorted, *mistake;
	size_t i = 0;

	sorted = cordon_arena_alloc(&text->arena, (text->mistake_count + 1) * sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (mistake = text->mistakes; mistake; mistake = mistake->next)
		sorted[i++] = mistake;
	qsort(sorted, i, sizeof(*sorted), mistake_compare);
	text->sorted = sorted;
	return 0;
}

const char *cordon_policy_place_text(struct cordon_policy_text *text, struct policy_place at)
{
	return cordon_arena_format(&text->arena, "%s:%u", text->sources[at.file].name, at.line);
}

size_t cordon_policy_error_count(const struct cordon_policy_text *policy)
{
	return policy->sorted ? policy->mistake_count : 0;
}

/* The bytes of a line, without its end. */
static const char *source_line(const struct policy_source *source, uint32_t line, size_t *length)
{
	const char *start, *end;

	*length = 0;
	if (!line || line > source->line_count)
		return NULL;
	start = source->text + source->lines[line - 1];
	end = memchr(start, '\n', (size_t)(source->text + source->bytes - start));
	if (!end)
		end = source->text + source->bytes;
	if (end > start && end[-1] == '\r')
		end--;
	*length = (size_t)(end - start);
	return start;
}

void cordon_policy_error_get(const struct cordon_policy_text *policy, size_t index,
			     struct cordon_policy_error *error)
{
	const struct policy_mistake *mistake = policy->sorted[index];
	const struct policy_source *source = &policy->sources[mistake->at.file];

	error->file = source->name;
	error->line = mistake->at.line;
	error->column = mistake->at.column;
	error->message = mistake->message;
	error->hint = mistake->hint;
	error->source = source_line(source, mistake->at.line, &error->source_length);
}

const char *cordon_policy_rule_line(const struct cordon_policy_text *policy, uint32_t rule,
				    size_t *length)
{
	const struct policy_rule *found;

	if (!policy->by_number || !rule || rule > policy->rule_count)
		return NULL;
	found = policy->by_number[rule];
	return source_line(&policy->sources[found->at.file], found->at.line, length);
}

/* Bytes that would move the terminal's cursor are shown as '?'. */
static void shown_put(const char *text, size_t length, FILE *out)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		fputc((byte < 0x20 && byte != '\t') || byte == 0x7f ? '?' : byte, out);
	}
}

/* Tabs stay tabs and the later bytes of a character take no room. */
static void caret_put(const struct cordon_policy_error *error, FILE *out)
{
	for (size_t i = 0; i + 1 < error->column && i < error->source_length; i++) {
		unsigned char byte = (unsigned char)error->source[i];

		if (byte == '\t')
			fputc('\t', out);
		else if ((byte & 0xc0) != 0x80)
			fputc(' ', out);
	}
	fputc('^', out);
}

static void error_print(const struct cordon_policy_error *error, FILE *out)
{
	fputs(error->file, out);
	if (error->line)
		fprintf(out, ":%u:%u", error->line, error->column);
	fputs(": error: ", out);
	shown_put(error->message, strlen(error->message), out);
	fputc('\n', out);
	if (error->source) {
		fputs("    ", out);
		shown_put(error->source, error->source_length, out);
		fputs("\n    ", out);
		caret_put(error, out);
		fputc('\n', out);
	}
	fputs("    hint: ", out);
	shown_put(error->hint, strlen(error->hint), out);
	fputc('\n', out);
}

void cordon_policy_errors_print(const struct cordon_policy_text *policy, FILE *out)
{
	struct cordon_policy_error error;

	for (size_t i = 0; i < cordon_policy_error_count(policy); i++) {
		cordon_policy_error_get(policy, i, &error);
		error_print(&error, out);
	}
}
