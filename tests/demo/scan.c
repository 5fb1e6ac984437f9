// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks for canaries.
 *
 *   scan capture CANARIES STEPS HOST PCAP STORE   what reached a host
 *   scan files CANARIES STEPS EXCLUDED... ROOT    files that changed since the first step
 *
 * STEPS has a line "ID START-NS ..." for each step of the story, in their order; what is found
 * belongs to the step in whose time it came. Prints a line for each canary in each place:
 *
 *   STEP <tab> HOST|file <tab> CANARY <tab> whole|part <tab> FORM <tab> where
 *
 * Exits 0 when it could look everywhere, whatever it found, and 3 when it could not.
 */
#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "needle.h"

#define STEPS_MAX	256
#define STEP_NAME_BYTES 16
#define FILE_BYTES_MAX	(256 << 20)

struct step {
	char name[STEP_NAME_BYTES];
	uint64_t start_ns;
};

struct scan {
	struct needles *needles;
	struct step step[STEPS_MAX + 1]; /* the last one is the end of time */
	size_t steps;
	size_t current; /* step of what is looked at */
	const char *where; /* the host, or "file" */
};

static bool steps_load(struct scan *scan, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512];

	while (file && scan->steps < STEPS_MAX && fgets(line, sizeof(line), file)) {
		struct step *step = &scan->step[scan->steps++];

		if (sscanf(line, "%15s %" SCNu64, step->name, &step->start_ns) != 2) {
			fprintf(stderr, "scan: %s: line %zu is no step\n", path, scan->steps);
			scan->steps = 0;
			break;
		}
	}
	if (file)
		fclose(file);
	scan->step[scan->steps].start_ns = UINT64_MAX;
	return scan->steps > 0;
}

/* What came before the first step belongs to it: nothing is left out. */
static size_t step_at(const struct scan *scan, uint64_t time_ns)
{
	size_t i = 0;

	while (i + 1 < scan->steps && scan->step[i + 1].start_ns <= time_ns)
		i++;
	return i;
}

static bool is_whole(const struct needle *needle, const struct hits *hits, size_t i)
{
	return hits->longest[i] == needle[i].length;
}

/* The best form of each canary: a whole one, else the longest part. */
static void print_hits(const struct scan *scan, const struct hits *hits, const char *name)
{
	const struct needle *needle = scan->needles->needle;

	for (size_t i = 0, next; i < scan->needles->count; i = next) {
		size_t best = i;

		for (next = i;
		     next < scan->needles->count && !strcmp(needle[next].canary, needle[i].canary);
		     next++) {
			bool whole = is_whole(needle, hits, next);

			if (whole != is_whole(needle, hits, best) ?
				    whole :
				    hits->longest[next] > hits->longest[best])
				best = next;
		}
		if (hits->longest[best])
			printf("%s\t%s\t%s\t%s\t%s\t%s\n", scan->step[scan->current].name,
			       scan->where, needle[i].canary,
			       is_whole(needle, hits, best) ? "whole" : "part", needle[best].form,
			       name);
	}
}

static void look(void *context, const char *name, const struct blob *stream)
{
	struct scan *scan = context;
	struct hits hits = { 0 };

	if (!stream->length)
		return;
	haystack_search(scan->needles, stream->bytes, stream->length, &hits);
	print_hits(scan, &hits, name);
}

/* ---- A host -------------------------------------------------------------- */

static int is_stored(const struct dirent *entry)
{
	return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

/* A server's files are named by the time of arrival, all of the same length: in order. */
static bool look_at_store(struct scan *scan, const char *dir)
{
	struct dirent **entry;
	int count = scandir(dir, &entry, is_stored, alphasort);
	struct blob bodies[STEPS_MAX] = { 0 };
	bool good = count >= 0;

	for (int i = 0; i < count; i++) {
		struct blob stored = { 0 };
		char path[4096];
		size_t n;

		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		if (blob_read_file(&stored, path)) {
			perror(path);
			good = false;
		}
		scan->current = n = step_at(scan, strtoull(entry[i]->d_name, NULL, 10));
		look(scan, entry[i]->d_name, &stored);
		if (strstr(entry[i]->d_name, "-http-") || strstr(entry[i]->d_name, "-tls-"))
			http_body_add(&bodies[n], stored.bytes, stored.length);
		else
			blob_add(&bodies[n], stored.bytes, stored.length);
		blob_free(&stored);
		free(entry[i]);
	}
	for (size_t n = 0; n < scan->steps; n++) {
		scan->current = n;
		look(scan, "all stored", &bodies[n]);
		blob_free(&bodies[n]);
	}
	if (count >= 0)
		free(entry);
	else
		perror(dir);
	return good;
}

static bool look_at_host(struct scan *scan, const char *pcap, const char *store)
{
	struct capture capture;

	if (capture_read(&capture, pcap))
		return false;
	for (size_t n = 0; n < scan->steps; n++) {
		scan->current = n;
		capture_streams(&capture, n ? scan->step[n].start_ns : 0,
				scan->step[n + 1].start_ns, look, scan);
	}
	capture_free(&capture);
	return look_at_store(scan, store);
}

/* ---- Files ----------------------------------------------------------------- */

static bool is_excluded(const char *path, char **excluded, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(path, excluded[i]))
			return true;
	return false;
}

/*
 * Nobody but the clock sets a file's ctime, and the canaries are younger than the
 * first step's clock: a file that has not changed since cannot hold one.
 */
static bool look_at_file(struct scan *scan, const FTSENT *entry)
{
	uint64_t changed_ns = entry->fts_statp->st_ctim.tv_sec * 1000000000ULL +
			      entry->fts_statp->st_ctim.tv_nsec;
	struct blob content = { 0 };

	/* The kernel stamps files with the time of its last tick. */
	if (changed_ns + 20000000 < scan->step[0].start_ns)
		return true;
	if (entry->fts_statp->st_size > FILE_BYTES_MAX) {
		fprintf(stderr, "scan: %s is too large\n", entry->fts_path);
		return false;
	}
	if (blob_read_file(&content, entry->fts_accpath)) {
		/* A file of a running system may go before it is read. */
		if (errno == ENOENT)
			return true;
		perror(entry->fts_path);
		return false;
	}
	scan->current = step_at(scan, changed_ns);
	look(scan, entry->fts_path, &content);
	blob_free(&content);
	return true;
}

static bool look_at_name(struct scan *scan, const FTSENT *entry)
{
	struct blob name = { .bytes = (uint8_t *)entry->fts_name, .length = entry->fts_namelen };
	char where[64];

	scan->current = step_at(scan, entry->fts_statp->st_ctim.tv_sec * 1000000000ULL);
	snprintf(where, sizeof(where), "the name of %.40s", entry->fts_name);
	look(scan, where, &name);
	return true;
}

static bool is_virtual(const char *path)
{
	static const char *const roots[] = { "/proc", "/sys", "/dev/pts", "/run/netns" };

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (!strcmp(path, roots[i]))
			return true;
	return false;
}

static bool look_at_files(struct scan *scan, char **excluded, int count, char *root)
{
	char *roots[] = { root, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool good = tree;
	FTSENT *entry;

	while (tree && (entry = fts_read(tree))) {
		/* fts writes the root's slash twice. */
		const char *path =
			entry->fts_path[1] == '/' ? entry->fts_path + 1 : entry->fts_path;

		if (entry->fts_info == FTS_D &&
		    (is_virtual(path) || is_excluded(path, excluded, count)))
			fts_set(tree, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_F)
			good = look_at_file(scan, entry) && look_at_name(scan, entry) && good;
		else if (entry->fts_info == FTS_SL || entry->fts_info == FTS_D)
			look_at_name(scan, entry);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) {
			fprintf(stderr, "scan: %s: %s\n", path, strerror(entry->fts_errno));
			good = false;
		}
	}
	if (tree)
		fts_close(tree);
	return good;
}

int main(int argc, char **argv)
{
	static struct scan scan;
	bool good;

	if (!(argc == 7 && !strcmp(argv[1], "capture")) &&
	    !(argc >= 5 && !strcmp(argv[1], "files"))) {
		fprintf(stderr, "usage: scan capture CANARIES STEPS HOST PCAP STORE\n"
				"       scan files CANARIES STEPS EXCLUDED... ROOT\n");
		return 2;
	}
	FILE *canaries = fopen(argv[2], "re");

	if (!canaries) {
		perror(argv[2]);
		return 3;
	}
	scan.needles = needles_load(canaries);
	fclose(canaries);
	if (!scan.needles || !steps_load(&scan, argv[3]))
		return 3;
	if (!strcmp(argv[1], "capture")) {
		scan.where = argv[4];
		good = look_at_host(&scan, argv[5], argv[6]);
	} else {
		scan.where = "file";
		good = look_at_files(&scan, argv + 4, argc - 5, argv[argc - 1]);
	}
	needles_free(scan.needles);
	return good && fflush(stdout) == 0 ? 0 : 3;
}
