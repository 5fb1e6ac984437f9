// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

/* Characters that change how their neighbours are shown, or show as nothing. */
static bool is_harmless(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {
		{ 0x0000, 0x009f }, /* controls (ASCII is looked at before) */
		{ 0x00ad, 0x00ad }, /* soft hyphen */
		{ 0x034f, 0x034f }, /* combining grapheme joiner */
		{ 0x061c, 0x061c }, /* Arabic letter mark */
		{ 0x115f, 0x1160 },    { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, /* fillers */
		{ 0x200b, 0x200f }, /* zero width, direction marks */
		{ 0x2028, 0x202e }, /* line ends, direction */
		{ 0x2060, 0x206f },    { 0x3164, 0x3164 }, { 0xd800, 0xf8ff }, /* surrogates, private */
		{ 0xfe00, 0xfe0f },    { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xffff },
		{ 0xe0000, 0x10ffff }, /* tags, private */
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (c >= bad[i].first && c <= bad[i].last)
			return false;
	return c <= 0x10ffff;
}

/* Length of the harmless UTF-8 sequence at @s; 0 when it is none. */
static size_t sequence_length(const unsigned char *s, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2, i;
	uint32_t c;

	if (s[0] < 0xc2 || s[0] > 0xf4 || length > left)
		return 0;
	c = s[0] & (0xffu >> (length + 1));
	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c >= least[length] && is_harmless(c) ? length : 0;
}

char *cordon_escape(const char *bytes, size_t count)
{
	const unsigned char *s = (const unsigned char *)bytes;
	char *text = malloc(4 * count + 1), *to = text;
	size_t i, length;

	if (!text)
		return NULL;
	for (i = 0; i < count; i++) {
		if (s[i] == '\\' || s[i] == '"') {
			*to++ = '\\';
			*to++ = (char)s[i];
		} else if (s[i] >= 0x20 && s[i] < 0x7f) {
			*to++ = (char)s[i];
		} else if ((length = sequence_length(s + i, count - i))) {
			memcpy(to, s + i, length);
			to += length;
			i += length - 1;
		} else {
			to += sprintf(to, "\\x%02x", s[i]);
		}
	}
	*to = '\0';
	return text;
}
