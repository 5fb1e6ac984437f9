// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes seeds that follow the ABI and so are made anew: the images of the
 * policies that are named, and records of every kind.
 *
 * usage: seeds FOLDER POLICY...
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy.h"

static void seed_write(const char *folder, const char *kind, unsigned int number, const void *bytes,
		       size_t count)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, kind);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%u", folder, kind, number);
	file = fopen(path, "w");
	if (!file || fwrite(bytes, 1, count, file) != count || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static char *file_read(const char *path, size_t *count)
{
	char *text = malloc(1 << 20);
	FILE *file = fopen(path, "r");

	if (!text || !file) {
		perror(path);
		exit(1);
	}
	*count = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static void image_seed(const char *folder, unsigned int number, const char *path)
{
	struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_AUTHOR,
						 .offline = 1 };
	struct cordon_policy_text *policy = NULL;
	const struct cordon_image *image;
	size_t count, bytes;
	char *text = file_read(path, &count);

	cordon_policy_compile_text("seed.cordon", text, count, &options, &policy);
	image = policy ? cordon_policy_image(policy, &bytes) : NULL;
	if (!image) {
		fprintf(stderr, "%s: does not compile\n", path);
		exit(1);
	}
	seed_write(folder, "image", number, image, bytes);
	cordon_policy_free(policy);
	free(text);
}

static void record_seeds(const char *folder)
{
	struct cordon_record record = { .abi = CORDON_ABI_VERSION,
					.bytes = sizeof(record),
					.sequence = 1,
					.count = 1,
					.realtime_ns = 1763900000000000000ULL,
					.family = 2,
					.protocol = 6,
					.port = 443,
					.comm = "curl",
					.exe = "/usr/bin/curl",
					.path = "/srv/arrow/plans.pdf" };

	for (unsigned int i = 0; i < CORDON_REASON_COUNT; i++) {
		record.verdict = (__u16)(i % CORDON_VERDICT_COUNT);
		record.reason = (__u16)i;
		record.operation = (__u16)(i % CORDON_OPERATION_COUNT);
		record.flags = i;
		seed_write(folder, "record", i, &record, sizeof(record));
	}
}

/* Rows of three tables, each led in. */
static void ledger_seeds(const char *folder)
{
	unsigned char rows[3 * (3 + sizeof(struct cordon_record))] = { 0 };

	for (unsigned int i = 0; i < 3; i++) {
		rows[0] = 1 + 2 * (i == 2);
		rows[1] = (unsigned char)i;
		rows[2] = (unsigned char)(i + 1);
		rows[11] = (unsigned char)(i + 1);
		seed_write(folder, "ledger", i, rows, sizeof(rows));
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	mkdir(argv[1], 0755);
	for (int i = 2; i < argc; i++)
		image_seed(argv[1], (unsigned int)i, argv[i]);
	record_seeds(argv[1]);
	ledger_seeds(argv[1]);
	return 0;
}
