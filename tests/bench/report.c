// SPDX-License-Identifier: GPL-2.0-only
/*
 * report DIR KERNEL JSON RULES RULES: prints what the passes below DIR found and writes it to the
 * file JSON. A figure that misses its target is said to, and fails nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS	   2
#define OPERATIONS (sizeof(rows) / sizeof(rows[0]))

enum configuration {
	BARE,
	PERMISSIVE,
	ENFORCING,
	APPARMOR,
	COUNT
};
static const char *const configuration_name[COUNT] = {
	[BARE] = "bare",
	[PERMISSIVE] = "permissive",
	[ENFORCING] = "enforcing",
	[APPARMOR] = "apparmor",
};

#define CACHED	 1 /* the number of rules must not matter */
#define UNCACHED 0
/* The target is for enforcing against bare; 0: AppArmor's figure is the only one. */
static const struct row {
	const char *operation;
	double target;
	int cached;
} rows[] = {
	{ "open_close", 1.04, CACHED },
	{ "first_open_3", 0, UNCACHED },
	{ "first_open_12", 0, UNCACHED },
	{ "read1", 1.10, CACHED },
	{ "write1", 1.10, CACHED },
	{ "stat", 1.00, CACHED },
	{ "udp_send", 1.06, CACHED },
	{ "udp_connect", 1.06, CACHED },
	{ "tcp_connect", 0, CACHED },
	{ "fork_exit", 1.03, CACHED },
	{ "exec", 1.03, CACHED },
	{ "mmap", 0, CACHED },
	/* No hook sees it: what it shows is the instrument's error. Not in the JSON file. */
	{ "null", 0, CACHED },
};

/* Targets have two decimals, so a ratio meets one that it rounds to. */
#define ROUNDING 0.005
/* Beyond this the number of rules is said to matter. */
#define RULES_CHANGE 0.01
/* What two boots may differ in; an AppArmor boot is another one. */
#define BOOT_CHANGE 0.005

static double figure[RUNS][OPERATIONS][COUNT];

static void die(const char *what)
{
	perror(what);
	exit(3);
}

static void read_pass(const char *dir, const char *boot, int run, enum configuration configuration)
{
	char path[512], name[64];
	double median, low, high;
	size_t found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/files/%s", dir, boot,
		 configuration_name[configuration]);
	file = fopen(path, "re");
	if (!file)
		die(path);
	while (fscanf(file, "%63s %lf %lf %lf", name, &median, &low, &high) == 4) {
		for (size_t i = 0; i < OPERATIONS; i++) {
			if (strcmp(name, rows[i].operation))
				continue;
			figure[run][i][configuration] = median;
			found++;
		}
	}
	fclose(file);
	if (found != OPERATIONS) {
		fprintf(stderr, "%s: not every operation was measured\n", path);
		exit(3);
	}
}

static void print_cell(double value, double bare)
{
	printf(" %10.1f %6.3f", value, value / bare);
}

/* Returns 1 when a target is missed. */
static int print_row(int run, size_t i)
{
	const double *f = figure[run][i];
	const double ratio = f[ENFORCING] / f[BARE];
	const int above = f[ENFORCING] > f[APPARMOR] * (1 + BOOT_CHANGE);
	const int over = rows[i].target && ratio >= rows[i].target + ROUNDING;

	printf("%-14s %10.1f", rows[i].operation, f[BARE]);
	for (int c = PERMISSIVE; c < COUNT; c++)
		print_cell(f[c], f[BARE]);
	if (rows[i].target)
		printf("   %.2f", rows[i].target);
	else
		printf("      -");
	printf("  %s%s%s\n", over || above ? "missed" : "met", over ? ": over the target" : "",
	       above ? ": above AppArmor" : "");
	return over || above;
}

static int print_run(const char *rules, int run)
{
	int missed = 0;

	printf("\n%s file rules, %s host prefixes: instructions per operation, ratio to bare\n",
	       rules, rules);
	printf("%-14s %10s %17s %17s %17s %6s\n", "operation", "bare", "permissive", "enforcing",
	       "apparmor", "target");
	for (size_t i = 0; i < OPERATIONS; i++)
		missed += print_row(run, i);
	return missed;
}

/* Cached operations only; each against its own boot's bare figure. */
static int print_change(const char *few, const char *many)
{
	int missed = 0;

	printf("\n%s rules against %s, enforcing\n", many, few);
	for (size_t i = 0; i < OPERATIONS; i++) {
		double less = figure[0][i][ENFORCING] / figure[0][i][BARE];
		double more = figure[1][i][ENFORCING] / figure[1][i][BARE];
		double change = more / less - 1;
		int matters = change > RULES_CHANGE || change < -RULES_CHANGE;

		if (!rows[i].cached)
			continue;
		printf("%-14s %+7.2f %%  %s\n", rows[i].operation, 100 * change,
		       matters ? "missed: more than 1 %" : "met");
		missed += matters;
	}
	return missed;
}

static void write_run(FILE *file, const char *kernel, const char *rules, int run)
{
	fprintf(file, "{\"kernel\":\"%s\",\"rules\":%s,\"rows\":[", kernel, rules);
	for (size_t i = 0; i < OPERATIONS - 1; i++) {
		fprintf(file, "%s\n{\"op\":\"%s\"", i ? "," : "", rows[i].operation);
		for (int c = 0; c < COUNT; c++)
			fprintf(file, ",\"%s\":%.1f", configuration_name[c], figure[run][i][c]);
		fprintf(file, "}");
	}
	fprintf(file, "]}");
}

static void write_json(const char *path, const char *kernel, char **rules)
{
	FILE *file = fopen(path, "we");

	if (!file)
		die(path);
	fprintf(file, "[");
	for (int run = 0; run < RUNS; run++) {
		fprintf(file, "%s", run ? ",\n" : "");
		write_run(file, kernel, rules[run], run);
	}
	fprintf(file, "]\n");
	if (fclose(file))
		die(path);
}

int main(int argc, char **argv)
{
	int missed = 0;

	if (argc != 4 + RUNS) {
		fprintf(stderr, "usage: report DIR KERNEL JSON RULES RULES\n");
		return 2;
	}
	for (int run = 0; run < RUNS; run++) {
		char boot[64];

		snprintf(boot, sizeof(boot), "rules-%s", argv[4 + run]);
		for (int c = BARE; c <= ENFORCING; c++)
			read_pass(argv[1], boot, run, c);
		read_pass(argv[1], "apparmor", run, APPARMOR);
	}
	printf("kernel %s\n", argv[2]);
	for (int run = 0; run < RUNS; run++)
		missed += print_run(argv[4 + run], run);
	missed += print_change(argv[4], argv[5]);
	write_json(argv[3], argv[2], argv + 4);
	printf("\nbench: %d missed; figures in %s\n", missed, argv[3]);
	return 0;
}
