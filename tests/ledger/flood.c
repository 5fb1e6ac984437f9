// SPDX-License-Identifier: GPL-2.0-only
/*
 * flood COUNT [A_SECOND]: so many records: each opens one of two classified
 * files in turn, so that none is counted in another's record.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void pause_ns(long ns)
{
	struct timespec wait = { ns / 1000000000, ns % 1000000000 };

	if (ns)
		nanosleep(&wait, NULL);
}

int main(int argc, char **argv)
{
	static const char *const file[] = { "/srv/ledger/one", "/srv/ledger/two" };
	long count = argc > 1 ? atol(argv[1]) : 1, rate = argc > 2 ? atol(argv[2]) : 0, i;

	for (i = 0; i < count; i++) {
		int fd = open(file[i % 2], O_RDONLY);

		if (fd >= 0)
			close(fd);
		pause_ns(rate ? 1000000000 / rate : 0);
	}
	return 0;
}
