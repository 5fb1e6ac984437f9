// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow [--seconds N] [--seed N]: in the guest, everything: shows that the
 * generator finds leaks where there are some, plays what once leaked, then
 * random programs. Leaves /out/flow.tap, and in /out/leaks what it found.
 * flow --play DIR: only the programs there, enforcing, and what came of each operation.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "attack.h"
#include "control.h"
#include "figures.h"
#include "flow.h"
#include "results.h"
#include "world.h"

#define LIMITS	    "/tests/limits.tab"
#define FIGURES	    "/out/figures"
#define WHY	    "/out/why.txt"
#define PROOF_SEED  1
#define PROOF_MS    60000
#define SHRINK_MOST 150
#define LEAKS_MOST  5

static const struct playing everything;

struct session {
	struct results *results;
	struct limits *limits;
	int seconds;
	uint64_t seed;
	const char *play; /* only this folder */
	int leaks, programs;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int load_module(void)
{
	int fd = open("/cordon.ko", O_RDONLY | O_CLOEXEC);
	int result = fd < 0 || syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	close(fd);
	return result;
}

/* The lines of a file, as notes. */
static void note_file(struct results *results, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		results_note(results, "%s", line);
	}
	if (file)
		fclose(file);
}

/* Shrinks what leaked, prints it, and keeps it. */
static void show_leak(struct session *session, struct program *program,
		      const struct playing *playing, const char *name)
{
	char path[128];
	FILE *file;
	int played = program_shrink(program, playing, SHRINK_MOST);

	unlink(WHY);
	play(program, playing, WHY);
	snprintf(path, sizeof(path), "/out/leaks/%s.flow", name);
	file = fopen(path, "we");
	if (file) {
		program_print(program, file);
		fclose(file);
	}
	results_note(session->results, "%s, shrunk to %d operations in %d plays:", name,
		     program->count, played);
	note_file(session->results, path);
	note_file(session->results, WHY);
}

/* ---- The generator proves itself ----------------------------------------------------- */

/* Where nothing stops them, random programs leak, and what leaks becomes short. */
static void prove_random(struct session *session)
{
	long long begin = now_ms(), found = 0;
	struct program program;
	int tried = 0;

	while (!found && now_ms() - begin < PROOF_MS) {
		program_make(&program, PROOF_SEED + tried++, NULL);
		if (play(&program, &everything, NULL) == VERDICT_LEAK)
			found = now_ms() - begin;
	}
	results_add(session->results, found != 0, "flow", "permissive_random_programs_leak");
	results_note(session->results, "a leak after %lld ms, in program %d", found, tried);
	if (!found)
		return;
	show_leak(session, &program, &everything, "proof");
	results_add(session->results, program.count <= 8, "flow", "a_leak_shrinks");
}

typedef void with_program(struct session *session, struct program *program, const char *name);

static int is_program(const struct dirent *entry)
{
	const char *end = strstr(entry->d_name, ".flow");

	return end && !end[5];
}

static void for_programs(struct session *session, const char *dir, with_program *act)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_program, alphasort);
	char path[512], name[300];

	for (int i = 0; i < count; i++) {
		struct program program;
		FILE *file;
		int line;

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		snprintf(name, sizeof(name), "%.*s", (int)strlen(entries[i]->d_name) - 5,
			 entries[i]->d_name);
		file = fopen(path, "re");
		line = file ? program_read(&program, file) : -1;
		if (file)
			fclose(file);
		if (line)
			results_fail(session->results, "%s:%d: no operation", path, line);
		else
			act(session, &program, name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void expect(struct session *session, struct program *program, const char *name,
		   const char *kind, enum verdict wanted)
{
	static const char *const words[] = { "clean", "leak", "broken" };
	char text[400];
	enum verdict verdict;

	unlink(WHY);
	verdict = play(program, &everything, WHY);
	snprintf(text, sizeof(text), "%s_%s", kind, name);
	results_add(session->results, verdict == wanted, "flow", text);
	if (verdict == wanted)
		return;
	results_note(session->results, "%s, not %s", words[verdict], words[wanted]);
	note_file(session->results, WHY);
}

/* A hole that is there must be found, by the same oracle, with the guard enforcing. */
static void planted(struct session *session, struct program *program, const char *name)
{
	expect(session, program, name, "planted_hole_is_found", VERDICT_LEAK);
}

static void corpus_leaks(struct session *session, struct program *program, const char *name)
{
	expect(session, program, name, "permissive_leaks", VERDICT_LEAK);
}

static void corpus_holds(struct session *session, struct program *program, const char *name)
{
	expect(session, program, name, "enforcing_holds", VERDICT_CLEAN);
}

static void show(struct session *session, struct program *program, const char *name)
{
	const struct playing loud = { .verbose = true };

	unlink(WHY);
	results_add(session->results, play(program, &loud, WHY) == VERDICT_CLEAN, "flow", name);
	note_file(session->results, WHY);
}

/* ---- Random programs ------------------------------------------------------------------- */

static void play_random(struct session *session, uint64_t seed, int *broken)
{
	const struct playing playing = { .figures = FIGURES };
	struct program program;
	char name[64];
	enum verdict verdict;

	program_make(&program, seed, session->limits);
	unlink(WHY);
	verdict = play(&program, &playing, WHY);
	session->programs++;
	if (verdict == VERDICT_BROKEN && (*broken)++ < 3) {
		results_note(session->results, "seed %llu could not be played",
			     (unsigned long long)seed);
		note_file(session->results, WHY);
	}
	if (verdict != VERDICT_LEAK)
		return;
	session->leaks++;
	snprintf(name, sizeof(name), "seed-%llu", (unsigned long long)seed);
	results_note(session->results, "%s leaks", name);
	note_file(session->results, WHY);
	show_leak(session, &program, &everything, name);
}

static void search(struct session *session, const char *name, uint64_t seed, int seconds)
{
	long long end = now_ms() + seconds * 1000LL;
	int first = session->programs, leaks = session->leaks, broken = 0;

	for (uint64_t i = 0; now_ms() < end && session->leaks - leaks < LEAKS_MOST; i++)
		play_random(session, seed + i, &broken);
	results_note(session->results, "%s: %d programs from seed %llu on, %d leak, %d broken",
		     name, session->programs - first, (unsigned long long)seed,
		     session->leaks - leaks, broken);
	results_add(session->results,
		    session->leaks == leaks && session->programs > first &&
			    broken * 20 <= session->programs - first,
		    "flow", name);
}

static void note_calls(struct results *results, const char *what, const int *count)
{
	for (int i = 0; i < call_count; i++)
		if (count[i])
			results_note(results, "%s %4d %s", what, count[i], call_kinds[i].name);
}

static void show_figures(struct session *session)
{
	static struct figures sum;
	int used = 0;

	figures_sum(&sum, FIGURES);
	for (int i = 0; i < call_count; i++)
		used += sum.played[i] > 0;
	results_note(session->results,
		     "%d programs: %d operations of %d kinds done, %d denied, %d failed, %d waited",
		     sum.programs, sum.done, used, sum.denied, sum.failed, sum.blocked);
	results_note(session->results, "the model has a word on %d of them", sum.predicted);
	note_calls(session->results, "denied, the model allows it:", sum.over);
	note_calls(session->results, "done, the model denies it:", sum.beyond);
	results_note(session->results, "%d lines of %s leave calls out, as named limits",
		     limits_count(session->limits), LIMITS);
	results_add(session->results, used >= 60, "flow", "sixty_kinds_of_calls_were_played");
}

static void run(struct session *session)
{
	if (session->play) {
		attack_set_mode(MODE_ENFORCING);
		for_programs(session, session->play, show);
		return;
	}
	prove_random(session);
	for_programs(session, "/tests/corpus", corpus_leaks);
	if (attack_set_mode(MODE_ENFORCING)) {
		results_fail(session->results, "the guard does not enforce");
		return;
	}
	for_programs(session, "/tests/planted", planted);
	for_programs(session, "/tests/corpus", corpus_holds);
	search(session, "nothing_leaks_from_a_fixed_seed", 1000000, session->seconds / 2);
	search(session, "nothing_leaks_from_a_fresh_seed", session->seed, session->seconds / 2);
	show_figures(session);
}

static int make_ready(struct session *session)
{
	int result;

	mkdir("/out/leaks", 0755);
	session->limits = limits_read(LIMITS);
	result = session->limits ? arena_build() : -EINVAL;
	if (!result)
		result = load_module();
	return result ? result : control_start();
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seconds", required_argument, NULL, 's' },
						 { "seed", required_argument, NULL, 'r' },
						 { "play", required_argument, NULL, 'p' },
						 { 0 } };
	struct session session = { .seconds = 60, .seed = time(NULL) };
	int option, result;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			session.seconds = atoi(optarg);
		else if (option == 'r')
			session.seed = strtoull(optarg, NULL, 0);
		else if (option == 'p')
			session.play = optarg;
		else
			return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	session.results = results_open("/out/flow.tap");
	if (!session.results)
		return 1;
	result = make_ready(&session);
	if (result)
		results_fail(session.results, "the guest could not be made ready: %s",
			     strerror(-result));
	else
		run(&session);
	return results_close(session.results) ? 0 : 1;
}
