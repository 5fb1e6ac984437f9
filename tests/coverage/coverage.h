/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The coverage table: what stands against each bypass (entries.tab), and what
 * the tests of each kernel showed of it. See README.md in this folder.
 */
#ifndef CORDON_COVERAGE_TABLE_H
#define CORDON_COVERAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define ENTRIES_MAX 160
#define KERNELS_MAX 4
#define TEXT_BYTES  512
#define ROWS_MAX    4096
#define LINE_BYTES  16384

enum state {
	STATE_OPEN, /* neither a test nor a limit */
	STATE_FAILED,
	STATE_CLOSED,
	STATE_LIMIT, /* closed in part or not at all, as the entry says */
	STATE_ABSENT, /* a test showed that this kernel does not have the channel */
	STATE_COUNT,
};

struct entry {
	char number[8];
	char channel[TEXT_BYTES];
	char mechanism[TEXT_BYTES];
	char left[TEXT_BYTES]; /* what is not closed, empty: all is */
	enum state state[KERNELS_MAX];
	char tests[4 * TEXT_BYTES];
};

/* What the results say of one row of one suite on one kernel. */
struct row {
	char name[160]; /* suite: row */
	int kernel;
	bool absent; /* it shows that the channel is not there */
	bool attack; /* played three times: the guard's play needs its control */
	int passed, failed, skipped;
	bool leaked; /* its negative control passed */
	bool denied; /* the play that counts passed */
};

struct table {
	struct entry entry[ENTRIES_MAX];
	int count;
	char kernel[KERNELS_MAX][96];
	int kernels;
	struct row row[ROWS_MAX];
	int rows;
};

const char *state_name(enum state state);
/* STATE_COUNT when no state has that name. */
enum state state_of(const char *name);
struct entry *table_find(struct table *table, const char *number);
/* The kernel's column, made when it has none; -1 when there are too many. */
int table_kernel(struct table *table, const char *release);
/* Splits @line at '|' and trims: how many fields there were. */
int split_fields(char *line, char **field, int max);

/* Each prints what is wrong on stderr and returns false. */
bool entries_read(struct table *table, const char *path);
/* Every limit names a heading of @path. */
bool entries_check_limits(const struct table *table, const char *path);
bool results_read(struct table *table, const char *path);
void results_judge(struct table *table);
bool page_write(const struct table *table, const char *path);
/* The page as it was written, without the rows. */
bool page_read(struct table *table, const char *path);
/* The page as an array for a C program. */
bool array_write(const struct table *table, const char *path);

#endif /* CORDON_COVERAGE_TABLE_H */
