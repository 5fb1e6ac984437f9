/* SPDX-License-Identifier: GPL-2.0-only */
/* Between scanner and parser: where we are, and the words of the language. */
#ifndef CORDON_WORDS_H
#define CORDON_WORDS_H

#include "rules.h"

/* One file being read. */
struct policy_parse {
	struct cordon_policy_text *text;
	struct policy_place at; /* of the next byte */
	struct policy_place word_at; /* of the word being read */
	uint32_t word_bytes;
	int rule; /* token that began the line; 0: none yet */
	bool line_began;
	bool bad_reported; /* the scanner has said what is wrong with the word */
};

/* Tokens are numbered by bison; these return them. */
void cordon_policy_word_locate(struct policy_parse *parse, struct policy_place *at, size_t bytes);
int cordon_policy_word_newline(struct policy_parse *parse);
int cordon_policy_word_end(struct policy_parse *parse);
/* A word that began; the first of a line says which rule it is. */
void cordon_policy_word_mark(struct policy_parse *parse);
int cordon_policy_word(struct policy_parse *parse, const char *text, size_t bytes,
		       struct policy_word **word);
/* Between quotes a word is never one of the language. */
int cordon_policy_word_quoted(struct policy_parse *parse, const char *text, size_t bytes,
			      struct policy_word **word);
void cordon_policy_word_bad(struct policy_parse *parse, unsigned char byte);

/* The word that the parser stumbled over, plain and for a message. */
const char *cordon_policy_found_word(struct policy_parse *parse);
const char *cordon_policy_found_text(struct policy_parse *parse);

/* The token of a word of the language; 0: it is none. */
int cordon_policy_keyword(const char *text);
/* How the rule that begins with this token is written; NULL: none does. */
const char *cordon_policy_rule_form(int token);
/* A hint that names the nearest rule, or all. */
const char *cordon_policy_rule_hint(struct cordon_policy_text *text, const char *word);

/* IPPROTO_* of a word; -1: no protocol. */
int cordon_policy_protocol(const char *text);

/*
 * Of @count names at @stride bytes from each other the one that looks most
 * like @word; NULL when none is near.
 */
const char *cordon_policy_nearest(const char *word, const char *names, size_t stride, size_t count);
/* How many letters differ; more than @most: @most + 1. */
unsigned int cordon_policy_distance(const char *a, const char *b, unsigned int most);

#endif /* CORDON_WORDS_H */
