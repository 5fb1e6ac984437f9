// SPDX-License-Identifier: GPL-2.0-only
/* Programs as text, an operation a line: `s3 open-read secret/f0 f9`. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

static void arg_print(char kind, int value, FILE *to)
{
	switch (kind) {
	case 'p':
		fprintf(to, " %s/f%d", places[value / NAMES].name, value % NAMES);
		break;
	case 'h':
		fprintf(to, " %s", host_names[value]);
		break;
	case 't':
	case 'k':
		fprintf(to, " %s", slot_names[value]);
		break;
	case 'x':
		fprintf(to, " %s", ranks[value].name);
		break;
	case 'n':
		fprintf(to, " %d", value);
		break;
	default:
		fprintf(to, " f%d", value);
	}
}

void op_print(const struct op *op, FILE *to)
{
	const struct call_kind *kind = &call_kinds[op->call];

	fprintf(to, "%s %s", slot_names[op->who], kind->name);
	for (int i = 0; kind->args[i]; i++)
		arg_print(kind->args[i], op->arg[i], to);
}

void program_print(const struct program *program, FILE *to)
{
	for (int i = 0; i < program->count; i++) {
		op_print(&program->op[i], to);
		fputc('\n', to);
	}
}

static int name_find(const char *const names[], int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int path_find(const char *text)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash[1] != 'f' || slash[2] < '0' || slash[2] >= '0' + NAMES)
		return -1;
	for (int i = 0; i < PLACES; i++)
		if (strlen(places[i].name) == (size_t)(slash - text) &&
		    !strncmp(places[i].name, text, slash - text))
			return i * NAMES + slash[2] - '0';
	return -1;
}

static int number_find(const char *text, int below)
{
	char *end;
	long number = strtol(text, &end, 10);

	return *text && !*end && number >= 0 && number < below ? number : -1;
}

static int arg_find(char kind, const char *text)
{
	switch (kind) {
	case 'p':
		return path_find(text);
	case 'h':
		return name_find(host_names, HOSTS, text);
	case 't':
	case 'k':
		return name_find(slot_names, SLOTS, text);
	case 'x':
		for (int i = 0; i < RANKS; i++)
			if (!strcmp(ranks[i].name, text))
				return i;
		return -1;
	case 'n':
		return number_find(text, 3);
	default:
		return text[0] == 'f' ? number_find(text + 1, FDS) : -1;
	}
}

/* False when the line is no operation. */
static bool op_read(struct op *op, char *line)
{
	char *rest, *word = strtok_r(line, " \n", &rest);
	int who = word ? name_find(slot_names, SLOTS, word) : -1, call, arg;

	word = strtok_r(NULL, " \n", &rest);
	call = word ? call_find(word) : -1;
	if (who < 0 || call < 0)
		return false;
	*op = (struct op){ .who = who, .call = call };
	for (int i = 0; call_kinds[call].args[i]; i++) {
		word = strtok_r(NULL, " \n", &rest);
		arg = word ? arg_find(call_kinds[call].args[i], word) : -1;
		if (arg < 0)
			return false;
		op->arg[i] = arg;
	}
	return !strtok_r(NULL, " \n", &rest);
}

int program_read(struct program *program, FILE *from)
{
	char line[256];
	int number = 0;

	program->count = 0;
	while (fgets(line, sizeof(line), from)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (program->count == OPS_MAX || !op_read(&program->op[program->count++], line))
			return number;
	}
	return 0;
}
