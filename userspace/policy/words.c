// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>

#include "words.h"
#include "parse.h"

#define NAME_BYTES 16

/* Every word of the language; the form of a rule stands with its first word. */
static const struct {
	char text[NAME_BYTES];
	int token;
	const char *form;
} words[] = {
	{ "policy", WORD_POLICY, "policy NAME version NUMBER" },
	{ "levels", WORD_LEVELS, "levels LOWEST < ... < HIGHEST" },
	{ "categories", WORD_CATEGORIES, "categories NAME..." },
	{ "file", WORD_FILE, "file PATTERN LEVEL [CATEGORY...] [drop]" },
	{ "device", WORD_DEVICE, "device PATH LEVEL [CATEGORY...]" },
	{ "program", WORD_PROGRAM,
	  "program PATTERN [user NAME] [group NAME] [unit NAME] clearance LEVEL [CATEGORY... | all] "
	  "[trusted]" },
	{ "host", WORD_HOST,
	  "host ADDRESS... | NAME... | any [inbound] [port LIST] [PROTOCOL] clearance LEVEL "
	  "[CATEGORY... | all]" },
	{ "on", WORD_ON,
	  "on write-down deny | raise, on deny record, on ledger-full deny | count, or on terminal "
	  "float | neutral" },
	{ "record", WORD_RECORD, "record reads of LEVEL and above" },
	{ "expect", WORD_EXPECT,
	  "expect allow | deny  read PATH | write PATH | reach HOST:PORT[/PROTOCOL] [inbound]  by "
	  "PROGRAM [user NAME] [group NAME]... [unit NAME] [after read PATH]..." },
	{ "version", WORD_VERSION, NULL },
	{ "user", WORD_USER, NULL },
	{ "group", WORD_GROUP, NULL },
	{ "unit", WORD_UNIT, NULL },
	{ "clearance", WORD_CLEARANCE, NULL },
	{ "trusted", WORD_TRUSTED, NULL },
	{ "all", WORD_ALL, NULL },
	{ "drop", WORD_DROP, NULL },
	{ "any", WORD_ANY, NULL },
	{ "inbound", WORD_INBOUND, NULL },
	{ "port", WORD_PORT, NULL },
	{ "budget", WORD_BUDGET, NULL },
	{ "per", WORD_PER, NULL },
	{ "write-down", WORD_WRITE_DOWN, NULL },
	{ "deny", WORD_DENY, NULL },
	{ "allow", WORD_ALLOW, NULL },
	{ "ledger-full", WORD_LEDGER_FULL, NULL },
	{ "terminal", WORD_TERMINAL, NULL },
	{ "float", WORD_FLOAT, NULL },
	{ "neutral", WORD_NEUTRAL, NULL },
	{ "raise", WORD_RAISE, NULL },
	{ "kill", WORD_KILL, NULL },
	{ "quarantine", WORD_QUARANTINE, NULL },
	{ "count", WORD_COUNT, NULL },
	{ "reads", WORD_READS, NULL },
	{ "of", WORD_OF, NULL },
	{ "and", WORD_AND, NULL },
	{ "above", WORD_ABOVE, NULL },
	{ "read", WORD_READ, NULL },
	{ "write", WORD_WRITE, NULL },
	{ "reach", WORD_REACH, NULL },
	{ "by", WORD_BY, NULL },
	{ "after", WORD_AFTER, NULL },
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static const struct {
	char text[NAME_BYTES];
	int number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },	      { "udp", IPPROTO_UDP },	{ "udplite", IPPROTO_UDPLITE },
	{ "sctp", IPPROTO_SCTP },     { "dccp", IPPROTO_DCCP }, { "icmp", IPPROTO_ICMP },
	{ "icmpv6", IPPROTO_ICMPV6 },
};

int cordon_policy_protocol(const char *text)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (!strcmp(text, protocols[i].text))
			return protocols[i].number;
	return -1;
}

int cordon_policy_keyword(const char *text)
{
	for (size_t i = 0; i < WORDS; i++)
		if (!strcmp(text, words[i].text))
			return words[i].token;
	return cordon_policy_protocol(text) >= 0 ? WORD_PROTOCOL : 0;
}

const char *cordon_policy_rule_form(int token)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].token == token)
			return words[i].form;
	return NULL;
}

const char *cordon_policy_rule_hint(struct cordon_policy_text *text, const char *word)
{
	size_t count = 0;
	const char *nearest;

	while (count < WORDS && words[count].form)
		count++;
	nearest = cordon_policy_nearest(word, words[0].text, sizeof(words[0]), count);
	if (nearest)
		return cordon_policy_hint(text, "did you mean \"%s\"?", nearest);
	return "a rule begins with policy, levels, categories, file, device, program, host, on, "
	       "record or expect";
}

void cordon_policy_word_locate(struct policy_parse *parse, struct policy_place *at, size_t bytes)
{
	*at = parse->at;
	parse->word_at = parse->at;
	parse->word_bytes = (uint32_t)bytes;
	parse->at.column += (uint32_t)bytes;
}

int cordon_policy_word_newline(struct policy_parse *parse)
{
	parse->at.line++;
	parse->at.column = 1;
	parse->line_began = false;
	return WORD_NEWLINE;
}

/* A last line without its end is a line too. */
int cordon_policy_word_end(struct policy_parse *parse)
{
	parse->word_at = parse->at;
	if (!parse->line_began)
		return 0;
	parse->line_began = false;
	return WORD_NEWLINE;
}

void cordon_policy_word_mark(struct policy_parse *parse)
{
	if (!parse->line_began)
		parse->rule = 0;
	parse->line_began = true;
}

int cordon_policy_word_quoted(struct policy_parse *parse, const char *text, size_t bytes,
			      struct policy_word **word)
{
	struct cordon_arena *arena = &parse->text->arena;
	struct policy_word *made = cordon_arena_alloc(arena, sizeof(*made));

	cordon_policy_word_mark(parse);
	if (made)
		made->text = cordon_arena_text(arena, text, bytes);
	if (!made || !made->text) {
		parse->text->out_of_memory = true;
		return WORD_BAD;
	}
	made->bytes = (uint32_t)bytes;
	made->quoted = true;
	made->at = parse->word_at;
	*word = made;
	return WORD_NAME;
}

int cordon_policy_word(struct policy_parse *parse, const char *text, size_t bytes,
		       struct policy_word **word)
{
	bool first = !parse->line_began;
	int token = cordon_policy_word_quoted(parse, text, bytes, word);

	if (token != WORD_NAME)
		return token;
	(*word)->quoted = false;
	(*word)->keyword = cordon_policy_keyword((*word)->text);
	if (!(*word)->keyword)
		return WORD_NAME;
	if (first && cordon_policy_rule_form((*word)->keyword))
		parse->rule = (*word)->keyword;
	return (*word)->keyword;
}

const char *cordon_policy_found_word(struct policy_parse *parse)
{
	const struct policy_source *source = &parse->text->sources[parse->word_at.file];
	const char *start = source->text + source->lines[parse->word_at.line - 1];

	start += parse->word_at.column - 1;
	return cordon_arena_format(&parse->text->arena, "%.*s", (int)parse->word_bytes, start);
}

const char *cordon_policy_found_text(struct policy_parse *parse)
{
	const char *word = cordon_policy_found_word(parse);

	if (!word || word[0] == '"')
		return word;
	return cordon_arena_format(&parse->text->arena, "\"%s\"", word);
}

void cordon_policy_word_bad(struct policy_parse *parse, unsigned char byte)
{
	cordon_policy_word_mark(parse);
	/* One message a line: what follows is as likely to be noise. */
	if (parse->bad_reported)
		return;
	parse->bad_reported = true;
	if (byte == '"')
		cordon_policy_mistake(
			parse->text, parse->word_at,
			"write \"PATH\" with both quotes in one line, and nothing between "
			"the last and the next space",
			"a quote without its other half");
	else
		cordon_policy_mistake(parse->text, parse->word_at, "delete it",
				      "the control character 0x%02x has no place in a policy",
				      byte);
}

unsigned int cordon_policy_distance(const char *a, const char *b, unsigned int most)
{
	size_t m = strlen(a), n = strlen(b);
	unsigned int row[64], diagonal, above;

	if (n >= sizeof(row) / sizeof(row[0]) || m > n + most || n > m + most)
		return most + 1;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= m; i++) {
		diagonal = row[0];
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			above = row[j];
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[n];
}

const char *cordon_policy_nearest(const char *word, const char *names, size_t stride, size_t count)
{
	unsigned int least = strlen(word) < 4 ? 1 : 2, distance;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++, names += stride) {
		distance = cordon_policy_distance(word, names, least);
		if (distance > least || (nearest && distance == least))
			continue;
		nearest = names;
		least = distance;
	}
	return nearest;
}
