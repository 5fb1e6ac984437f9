// SPDX-License-Identifier: GPL-2.0-only
/* Operations on files. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define CACHED_FILE   BENCH_DIR "/a/b/file" /* depth 3 */
#define DEPTH_SHALLOW 3
#define DEPTH_DEEP    12

static int file = -1;
static char fresh_dir[256];
static unsigned int fresh_next;

/* The folder whose entries have @depth components; @make: with all above it. */
static void name_fresh_dir(unsigned int set, unsigned int depth, int make)
{
	int length = snprintf(fresh_dir, sizeof(fresh_dir), BENCH_DIR "/%u-%u", set, depth);
	const int size = sizeof(fresh_dir);

	for (unsigned int i = 2; i <= depth; i++) {
		if (make)
			bench_require(mkdir(fresh_dir, 0755) == 0, "mkdir");
		if (i < depth)
			length += snprintf(fresh_dir + length, size - length, "/%u", i);
	}
}

static void name_fresh_file(unsigned int number, char *path, size_t size)
{
	bench_require(snprintf(path, size, "%s/%u", fresh_dir, number) < (int)size, "path");
}

static void prepare_fresh(unsigned int set, unsigned int depth)
{
	char path[300];

	name_fresh_dir(set, depth, 1);
	for (unsigned int i = 0; i < BENCH_FRESHES; i++) {
		name_fresh_file(i, path, sizeof(path));
		/* Not by open(), or the file would not be fresh. */
		bench_require(mknod(path, S_IFREG | 0644, 0) == 0, "mknod");
	}
}

void bench_prepare(unsigned int sets)
{
	int fd;

	mkdir(BENCH_DIR, 0755);
	/* With access times a read would cost more after a write than before it. */
	bench_require(mount("tmpfs", BENCH_DIR, "tmpfs", MS_NOATIME, "mode=755") == 0, "mount");
	bench_require(mkdir(BENCH_DIR "/a", 0755) == 0, "mkdir");
	bench_require(mkdir(BENCH_DIR "/a/b", 0755) == 0, "mkdir");
	fd = open(CACHED_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bench_require(fd >= 0 && write(fd, "cordon", 6) == 6, CACHED_FILE);
	close(fd);
	for (unsigned int set = 0; set < sets; set++) {
		prepare_fresh(set, DEPTH_SHALLOW);
		prepare_fresh(set, DEPTH_DEEP);
	}
}

static void open_cached_file(void)
{
	file = open(CACHED_FILE, O_RDWR | O_CLOEXEC);
	bench_require(file >= 0, CACHED_FILE);
}

static uint64_t open_close_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++) {
		int fd = open(CACHED_FILE, O_RDONLY);

		bench_require(fd >= 0, "open");
		close(fd);
	}
	return bench_now_ns() - begin;
}

static void setup_first_open(unsigned int depth)
{
	struct stat status;
	char path[300];

	name_fresh_dir(bench_set, depth, 0);
	fresh_next = 0;
	/* Names and inodes are in the caches; nobody opened the files yet. */
	for (unsigned int i = 0; i < BENCH_FRESHES; i++) {
		name_fresh_file(i, path, sizeof(path));
		bench_require(stat(path, &status) == 0, path);
	}
}

static void first_open_shallow_setup(void)
{
	setup_first_open(DEPTH_SHALLOW);
}

static void first_open_deep_setup(void)
{
	setup_first_open(DEPTH_DEEP);
}

static uint64_t first_open_batch(unsigned int count)
{
	static char paths[BENCH_FRESH][300];
	uint64_t begin;

	bench_require(fresh_next + count <= BENCH_FRESHES, "enough fresh files");
	for (unsigned int i = 0; i < count; i++)
		name_fresh_file(fresh_next++, paths[i], sizeof(paths[i]));
	begin = bench_now_ns();
	for (unsigned int i = 0; i < count; i++) {
		int fd = open(paths[i], O_RDONLY);

		bench_require(fd >= 0, "open");
		close(fd);
	}
	return bench_now_ns() - begin;
}

static uint64_t read1_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();
	char byte;

	for (unsigned int i = 0; i < count; i++)
		bench_require(pread(file, &byte, 1, 0) == 1, "pread");
	return bench_now_ns() - begin;
}

static uint64_t write1_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();

	for (unsigned int i = 0; i < count; i++)
		bench_require(pwrite(file, "c", 1, 0) == 1, "pwrite");
	return bench_now_ns() - begin;
}

static uint64_t stat_batch(unsigned int count)
{
	uint64_t begin = bench_now_ns();
	struct stat status;

	for (unsigned int i = 0; i < count; i++)
		bench_require(stat(CACHED_FILE, &status) == 0, "stat");
	return bench_now_ns() - begin;
}

/*
 * What munmap() frees is freed later, and whether the next mmap() finds it decides what that one
 * costs. So each is timed by itself, with a pause for that in between.
 */
static uint64_t mmap_batch(unsigned int count)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t total = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t begin = bench_now_ns();
		void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);

		bench_require(page != MAP_FAILED, "mmap");
		munmap(page, 4096);
		total += bench_now_ns() - begin;
		nanosleep(&pause, NULL);
	}
	return total;
}

const struct operation file_operations[] = {
	{ "open_close", 1000, open_cached_file, open_close_batch },
	{ "first_open_3", BENCH_FRESH, first_open_shallow_setup, first_open_batch },
	{ "first_open_12", BENCH_FRESH, first_open_deep_setup, first_open_batch },
	{ "read1", 8000, open_cached_file, read1_batch },
	{ "write1", 8000, open_cached_file, write1_batch },
	{ "stat", 1200, open_cached_file, stat_batch },
	{ "mmap", 60, open_cached_file, mmap_batch },
	{ 0 },
};
