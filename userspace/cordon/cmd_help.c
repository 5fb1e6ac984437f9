// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "names.h"

static void print_all(void)
{
	unsigned int i;

	puts("usage: cordon [VERB] [ARGUMENT]...\n\nWithout a verb: status.\n");
	for (i = 0; i < cordon_command_count; i++)
		printf("  %-12s %s%s\n", cordon_commands[i].name, cordon_commands[i].summary,
		       cordon_commands[i].root ? " (root)" : "");
	puts("\nExit code: 0 yes or done, 1 no (denied, invalid, refused), 2 usage, 3 could not.\n"
	     "See cordon(8), cordon-policy(5), cordon-records(5), cordon-ledger(8),\n"
	     "cordond(8).");
}

static const struct cordon_command *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < cordon_command_count; i++)
		if (!strcmp(cordon_commands[i].name, name))
			return &cordon_commands[i];
	return NULL;
}

/* In a manual page a dash is written as one, or a search for an option finds nothing. */
static void print_roff(const char *text)
{
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

/* The list of verbs, for cordon(8). */
static void print_manual(void)
{
	unsigned int i;

	for (i = 0; i < cordon_command_count; i++) {
		printf(".TP\n.B ");
		print_roff(cordon_commands[i].name);
		printf(" \\fR");
		print_roff(cordon_commands[i].arguments);
		printf("\n%c", toupper((unsigned char)cordon_commands[i].summary[0]));
		print_roff(cordon_commands[i].summary + 1);
		printf(".%s\n", cordon_commands[i].root ? " Root only." : "");
	}
}

/* The words a shell can complete: verbs, or the options of one. */
static void print_words(const char *verb)
{
	const struct cordon_command *command = verb ? find(verb) : NULL;
	const char *at;
	unsigned int i;

	for (i = 0; !verb && i < cordon_command_count; i++)
		puts(cordon_commands[i].name);
	for (at = command ? command->arguments : ""; *at; at++)
		if (*at == '-' && (at[1] == '-' || isalpha((unsigned char)at[1]))) {
			size_t length = strcspn(at, " ]|");

			if (length > 2 || at[1] != '-')
				printf("%.*s\n", (int)length, at);
			at += length - 1;
		}
}

/* The values that --verdict and --reason take, each as it stands in records. */
static int print_names(const char *what)
{
	const char *(*name_of)(unsigned int number);
	unsigned int i;

	if (!strcmp(what, "verdict"))
		name_of = cordon_verdict_name;
	else if (!strcmp(what, "reason"))
		name_of = cordon_reason_name;
	else
		return cordon_usage("help");
	for (i = 0; name_of(i); i++)
		puts(name_of(i));
	return CORDON_EXIT_YES;
}

int cordon_cmd_help(int argc, char **argv)
{
	const struct cordon_command *command;

	if (argc == 1) {
		print_all();
		return CORDON_EXIT_YES;
	}
	if (!strcmp(argv[1], "--man") && argc == 2) {
		print_manual();
		return CORDON_EXIT_YES;
	}
	if (!strcmp(argv[1], "--words") && argc <= 3) {
		print_words(argv[2]);
		return CORDON_EXIT_YES;
	}
	if (!strcmp(argv[1], "--names") && argc == 3)
		return print_names(argv[2]);
	command = argc == 2 ? find(argv[1]) : NULL;
	if (!command)
		return cordon_usage(argv[0]);
	printf("usage: cordon %s%s%s\n\n%c%s.%s\n", command->name, *command->arguments ? " " : "",
	       command->arguments, toupper((unsigned char)command->summary[0]),
	       command->summary + 1, command->root ? " Root only." : "");
	return CORDON_EXIT_YES;
}
