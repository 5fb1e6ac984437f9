/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grammar: one rule a line. A line that is wrong is reported and skipped,
 * so that every line's first error is shown in one run.
 */
%code requires {
#include "words.h"
}
%code {
#include "actions.h"

int cordon_policy_scan(POLICY_PARSE_STYPE *value, POLICY_PARSE_LTYPE *at, void *scanner);
void *cordon_policy_scan_open(struct policy_parse *parse, const struct policy_source *source);
void cordon_policy_scan_close(void *scanner);

static int policy_parse_lex(POLICY_PARSE_STYPE *value, POLICY_PARSE_LTYPE *at, void *scanner);
static void policy_parse_error(const struct policy_place *at, struct policy_parse *parse,
			       void *scanner, const char *message);
}

%define api.pure full
%define api.prefix {policy_parse_}
%define api.token.prefix {WORD_}
%define api.location.type {struct policy_place}
%define parse.error custom
%define parse.lac full
%locations
%param { void *scanner }
%parse-param { struct policy_parse *parse }

%initial-action { (void)yynerrs; }

%code requires {
/* The place of a group of words is that of its first. */
#define YYLLOC_DEFAULT(current, right, count) \
	((current) = (count) ? YYRHSLOC(right, 1) : YYRHSLOC(right, 0))
}

%union {
	struct policy_word *word;
	struct policy_words words;
	struct policy_label label;
	struct policy_rule *rule;
	struct policy_expectation *expectation;
	bool allow;
	struct policy_request request;
}

%token <word> NAME "a name" PROTOCOL "a protocol"
%token NEWLINE "the end of the line" BELOW "<" BAD "what cannot be read"
%token <word> POLICY "policy" LEVELS "levels" CATEGORIES "categories" FILE "file" DEVICE "device"
	PROGRAM "program" HOST "host" ON "on" RECORD "record" EXPECT "expect"
	VERSION "version" USER "user" GROUP "group" UNIT "unit" CLEARANCE "clearance"
	TRUSTED "trusted" ALL "all" DROP "drop" ANY "any" INBOUND "inbound" PORT "port"
	BUDGET "budget" PER "per" WRITE_DOWN "write-down" DENY "deny" ALLOW "allow"
	LEDGER_FULL "ledger-full" TERMINAL "terminal" RAISE "raise" KILL "kill"
	QUARANTINE "quarantine" FLOAT "float" NEUTRAL "neutral"
	COUNT "count" READS "reads" OF "of" AND "and" ABOVE "above" READ "read" WRITE "write"
	REACH "reach" BY "by" AFTER "after"

%type <word> name keyword host opt_drop opt_trusted
%type <words> levels names categories hosts
%type <label> label clearance
%type <rule> program_rule host_rule
%type <expectation> expectation
%type <allow> verdict
%type <request> request

%%

lines: %empty | lines line;

line: NEWLINE { parse->bad_reported = false; }
	| statement NEWLINE { parse->bad_reported = false; }
	| error NEWLINE { parse->bad_reported = false; yyerrok; }
	;

statement: POLICY name VERSION NAME { cordon_policy_add_header(parse->text, $1, $2, $4); }
	| LEVELS levels { cordon_policy_add_levels(parse->text, $1, &$2); }
	| CATEGORIES names { cordon_policy_add_categories(parse->text, $1, &$2); }
	| FILE NAME label opt_drop {
		cordon_policy_add_file(parse->text, POLICY_RULE_FILE, $1, $2, &$3, $4);
	}
	| DEVICE NAME label {
		cordon_policy_add_file(parse->text, POLICY_RULE_DEVICE, $1, $2, &$3, NULL);
	}
	| program_rule CLEARANCE clearance opt_trusted {
		cordon_policy_add_program(parse->text, $1, &$3, $4);
	}
	| host_rule CLEARANCE clearance { cordon_policy_add_host(parse->text, $1, &$3); }
	| host_rule CLEARANCE clearance BUDGET NAME PER name {
		cordon_policy_refuse(parse->text, $4, "budgets are not enforced by this version");
	}
	| ON WRITE_DOWN DENY { cordon_policy_add_write_down(parse->text, $1, false); }
	| ON WRITE_DOWN RAISE { cordon_policy_add_write_down(parse->text, $1, true); }
	| ON DENY RECORD { cordon_policy_see(parse->text, POLICY_OPTION_DENY, $1); }
	| ON DENY KILL {
		cordon_policy_refuse(parse->text, $3, "killing is not done by this version");
	}
	| ON DENY QUARANTINE {
		cordon_policy_refuse(parse->text, $3, "quarantine is not done by this version");
	}
	| ON LEDGER_FULL DENY { cordon_policy_add_ledger_full(parse->text, $1, true); }
	| ON LEDGER_FULL COUNT { cordon_policy_add_ledger_full(parse->text, $1, false); }
	| ON TERMINAL FLOAT { cordon_policy_add_terminal(parse->text, $1, false); }
	| ON TERMINAL NEUTRAL { cordon_policy_add_terminal(parse->text, $1, true); }
	| RECORD READS OF NAME AND ABOVE { cordon_policy_add_record(parse->text, $1, $4); }
	| expectation { cordon_policy_add_expectation(parse->text, $1); }
	;

levels: name { $$ = (struct policy_words){ 0 }; policy_words_add(&$$, $1); }
	| levels BELOW name { $$ = $1; policy_words_add(&$$, $3); }
	;

names: name { $$ = (struct policy_words){ 0 }; policy_words_add(&$$, $1); }
	| names name { $$ = $1; policy_words_add(&$$, $2); }
	;

label: NAME categories {
		$$ = (struct policy_label){ .level = $1, .categories = $2.first };
	}
	;

clearance: label
	| NAME ALL { $$ = (struct policy_label){ .level = $1, .all = true }; }
	;

categories: %empty { $$ = (struct policy_words){ 0 }; }
	| categories NAME { $$ = $1; policy_words_add(&$$, $2); }
	;

opt_drop: %empty { $$ = NULL; } | DROP;
opt_trusted: %empty { $$ = NULL; } | TRUSTED;

program_rule: PROGRAM NAME {
		$$ = cordon_policy_rule_new(parse->text, POLICY_RULE_PROGRAM, $1);
		if (!$$)
			YYNOMEM;
		$$->path = $2;
	}
	| program_rule USER name {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->as.user, $2, $3);
	}
	| program_rule GROUP name {
		$$ = $1;
		if (cordon_policy_set_once(parse->text, &$$->as.groups.first, $2, $3))
			$$->as.groups.last = $3;
	}
	| program_rule UNIT name {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->as.unit, $2, $3);
	}
	;

host_rule: HOST hosts {
		$$ = cordon_policy_rule_new(parse->text, POLICY_RULE_HOST, $1);
		if (!$$)
			YYNOMEM;
		$$->hosts = $2.first;
	}
	| host_rule INBOUND {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->inbound, $2, $2);
	}
	| host_rule PORT NAME {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->port, $2, $3);
	}
	| host_rule PROTOCOL {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->protocol, $2, $2);
	}
	;

hosts: host { $$ = (struct policy_words){ 0 }; policy_words_add(&$$, $1); }
	| hosts host { $$ = $1; policy_words_add(&$$, $2); }
	;

host: NAME | ANY;

expectation: EXPECT verdict request BY NAME {
		$$ = cordon_policy_expectation_new(parse->text, $1);
		if (!$$)
			YYNOMEM;
		$$->allow = $2;
		$$->access = $3.access;
		$$->target = $3.target;
		$$->inbound = $3.inbound;
		$$->program = $5;
	}
	| expectation USER name {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->as.user, $2, $3);
	}
	| expectation GROUP name { $$ = $1; policy_words_add(&$$->as.groups, $3); }
	| expectation UNIT name {
		$$ = $1;
		cordon_policy_set_once(parse->text, &$$->as.unit, $2, $3);
	}
	| expectation AFTER READ NAME { $$ = $1; policy_words_add(&$$->after, $4); }
	;

verdict: ALLOW { $$ = true; } | DENY { $$ = false; };

request: READ NAME { $$ = (struct policy_request){ CORDON_ACCESS_READ, $2, false }; }
	| WRITE NAME { $$ = (struct policy_request){ CORDON_ACCESS_WRITE, $2, false }; }
	| REACH NAME { $$ = (struct policy_request){ CORDON_ACCESS_REACH, $2, false }; }
	| REACH NAME INBOUND { $$ = (struct policy_request){ CORDON_ACCESS_REACH, $2, true }; }
	;

/* Users, groups and units may be called what they like. */
name: NAME | PROTOCOL | keyword;
keyword: POLICY | LEVELS | CATEGORIES | FILE | DEVICE | PROGRAM | HOST | ON | RECORD | EXPECT
	| VERSION | USER | GROUP | UNIT | CLEARANCE | TRUSTED | ALL | DROP | ANY | INBOUND | PORT
	| BUDGET | PER | WRITE_DOWN | DENY | ALLOW | LEDGER_FULL | RAISE | KILL | QUARANTINE
	| TERMINAL | FLOAT | NEUTRAL | COUNT | READS | OF | AND | ABOVE | READ | WRITE | REACH | BY | AFTER
	;

%%

static int policy_parse_lex(POLICY_PARSE_STYPE *value, POLICY_PARSE_LTYPE *at, void *scanner)
{
	return cordon_policy_scan(value, at, scanner);
}

/* Bison calls this only when its own stack has no memory. */
static void policy_parse_error(const struct policy_place *at, struct policy_parse *parse,
			       void *scanner, const char *message)
{
	(void)at;
	(void)scanner;
	(void)message;
	parse->text->out_of_memory = true;
}

/* The names of what could stand here, as "a, b or c"; NULL: almost anything. */
static const char *expected_text(struct policy_parse *parse, const yypcontext_t *context)
{
	enum { MOST = 12 };
	yysymbol_kind_t expected[MOST];
	int count = yypcontext_expected_tokens(context, expected, MOST);
	const char *text = "";

	if (count <= 0 || count >= MOST)
		return NULL;
	for (int i = 0; i < count && text; i++)
		text = cordon_arena_format(&parse->text->arena, "%s%s%s", text,
					   !i ? "" : i + 1 < count ? ", " : " or ",
					   yysymbol_name(expected[i]));
	return text;
}

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner,
				 struct policy_parse *parse)
{
	const struct policy_place *at = yypcontext_location(context);
	const char *expected = expected_text(parse, context);
	yysymbol_kind_t token = yypcontext_token(context);
	const char *form = cordon_policy_rule_form(parse->rule);
	const char *found;

	(void)scanner;
	parse->text->header_broken |= parse->rule == WORD_POLICY;
	parse->text->levels_broken |= parse->rule == WORD_LEVELS;
	/* The scanner has said already what it could not read. */
	if (token == YYSYMBOL_BAD)
		return 0;
	found = token == YYSYMBOL_NEWLINE ? "the end of the line" :
					    cordon_policy_found_text(parse);
	if (!found)
		return YYENOMEM;
	if (!form)
		cordon_policy_mistake(parse->text, *at,
				      cordon_policy_rule_hint(parse->text,
							      cordon_policy_found_word(parse)),
				      "no rule begins with %s", found);
	else
		cordon_policy_mistake(parse->text, *at, form, "expected %s, found %s",
				      expected ? expected : "a name", found);
	return 0;
}

int cordon_policy_parse(struct cordon_policy_text *text, uint32_t source)
{
	struct policy_parse parse = { .text = text, .at = { source, 1, 1 } };
	void *scanner = cordon_policy_scan_open(&parse, &text->sources[source]);
	int error;

	if (!scanner)
		return -ENOMEM;
	error = policy_parse_parse(scanner, &parse);
	cordon_policy_scan_close(scanner);
	return error == 2 || text->out_of_memory ? -ENOMEM : 0;
}
