// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "since.h"

#define SECOND_NS 1000000000ull

static int parse_ago(const char *text, uint64_t now_ns, uint64_t *since_ns)
{
	unsigned long long seconds;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	seconds = strtoull(text, &end, 10);
	if (errno || !*end || end[1] || seconds > 1000000000)
		return -EINVAL;
	switch (*end) {
	case 'd':
		seconds *= 24;
		/* fallthrough */
	case 'h':
		seconds *= 60;
		/* fallthrough */
	case 'm':
		seconds *= 60;
		/* fallthrough */
	case 's':
		break;
	default:
		return -EINVAL;
	}
	*since_ns = seconds * SECOND_NS < now_ns ? now_ns - seconds * SECOND_NS : 1;
	return 0;
}

int cordon_since_parse(const char *text, uint64_t now_ns, uint64_t *since_ns)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",	     "%H:%M:%S",	  "%H:%M",
	};
	time_t now = (time_t)(now_ns / SECOND_NS), then;
	struct tm tm;
	size_t i;

	if (!parse_ago(text, now_ns, since_ns))
		return 0;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *end;

		localtime_r(&now, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_isdst = -1;
		end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		then = mktime(&tm);
		if (then <= 0)
			return -EINVAL;
		*since_ns = (uint64_t)then * SECOND_NS;
		return 0;
	}
	return -EINVAL;
}
