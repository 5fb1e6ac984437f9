// SPDX-License-Identifier: GPL-2.0-only
/*
 * The automaton against a matcher written here from the language's
 * description, on random patterns and paths; its smallness; and which of two
 * patterns is the more specific.
 */
#include "automaton.h"
#include "unit.h"

struct slots {
	const struct cordon_slot *slot;
	uint32_t count;
};

static const struct cordon_slot *cordon_path_slot(const struct slots *slots, uint32_t index)
{
	return index < slots->count ? &slots->slot[index] : NULL;
}
#include "cordon/path.h"

#define PATTERNS   24
#define PATH_BYTES 128

/* ---- The reference ---- */

/* One name against one part of a pattern: * is any bytes, also none. */
static bool name_matches(const char *pattern, size_t p, const char *name, size_t n)
{
	if (!p)
		return !n;
	if (*pattern == '*')
		return name_matches(pattern + 1, p - 1, name, n) ||
		       (n && name_matches(pattern, p, name + 1, n - 1));
	return n && *pattern == *name && name_matches(pattern + 1, p - 1, name + 1, n - 1);
}

static bool path_matches(const char *pattern, const char *path)
{
	size_t p, n;

	if (!strcmp(pattern, "/"))
		pattern = "";
	if (!strcmp(path, "/"))
		path = "";
	for (;;) {
		if (!strcmp(pattern, "/**"))
			return true;
		if (!*pattern || !*path)
			return !*pattern && !*path;
		p = strcspn(++pattern, "/");
		n = strcspn(++path, "/");
		if (!name_matches(pattern, p, path, n))
			return false;
		pattern += p;
		path += n;
	}
}

/* 3 literal, 2 part, 1 any, 0 deep: what the description calls more specific. */
static int name_exactness(const char *pattern)
{
	size_t length = strcspn(pattern, "/");

	if (!memchr(pattern, '*', length))
		return 3;
	if (length == 1)
		return 1;
	return length == 2 && !memcmp(pattern, "**", 2) ? 0 : 2;
}

/* Less than, equal to, greater than 0: @a is less, as, more specific. */
static int exactness_compare(const char *a, const char *b)
{
	while (*a == '/' && *b == '/' && a[1] && b[1]) {
		int difference = name_exactness(a + 1) - name_exactness(b + 1);

		if (difference)
			return difference;
		a += 1 + strcspn(a + 1, "/");
		b += 1 + strcspn(b + 1, "/");
	}
	/* One has ended: the other's rest is a ** that is nothing. */
	return (int)(*b && b[1]) - (int)(*a && a[1]);
}

static uint32_t reference(const struct cordon_pattern *patterns, uint32_t count, uint32_t kind,
			  const char *path, uint32_t *found)
{
	uint32_t best = count, kept = 0, i;

	for (i = 0; i < count; i++)
		if (patterns[i].kind == kind && path_matches(patterns[i].text, path) &&
		    (best == count || exactness_compare(patterns[i].text, patterns[best].text) > 0))
			best = i;
	for (i = 0; best < count && i < count; i++)
		if (patterns[i].kind == kind && path_matches(patterns[i].text, path) &&
		    !exactness_compare(patterns[i].text, patterns[best].text))
			found[kept++] = i;
	return kept;
}

/* ---- Random material ---- */

static void random_path(uint64_t *seed, const char *const *names, uint32_t name_count,
			uint32_t depth, char *path)
{
	uint32_t names_left = unit_below(seed, depth + 1);

	strcpy(path, names_left ? "" : "/");
	while (names_left--) {
		strcat(path, "/");
		strcat(path, names[unit_below(seed, name_count)]);
	}
}

static const char *const pattern_names[] = { "a",  "b",	 "ab",	"ba",  "abc", "*",   "*",
					     "a*", "*b", "*a*", "a*b", "*ab", "b*a*" };
static const char *const path_names[] = { "a",	 "b",	"c",	"ab",  "ba",   "bb", "abc",
					  "aab", "bab", "abab", "bca", "\xff", "*" };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void random_pattern(uint64_t *seed, char *pattern)
{
	random_path(seed, pattern_names, COUNT(pattern_names), 4, pattern);
	if (unit_below(seed, 4))
		return;
	if (!strcmp(pattern, "/"))
		*pattern = '\0';
	strcat(pattern, "/**");
}

/* The rank as the compiler makes it: through the checker, on the word itself. */
static char *rank_of(const char *pattern)
{
	char *rank = calloc(strlen(pattern) + 2, 1);
	size_t depth = 0;
	const char *at;

	for (at = pattern; *at == '/' && at[1]; at += 1 + strcspn(at + 1, "/"))
		rank[depth++] = (char)(name_exactness(at + 1) + 1);
	if (!depth || rank[depth - 1] != 1)
		rank[depth] = 5;
	return rank;
}

struct material {
	char text[PATTERNS][PATH_BYTES];
	struct cordon_pattern patterns[PATTERNS];
	struct cordon_automaton automaton;
	struct cordon_intern accepts;
};

static void material_make(struct material *m, uint64_t *seed)
{
	memset(m, 0, sizeof(*m));
	for (uint32_t i = 0; i < PATTERNS; i++) {
		random_pattern(seed, m->text[i]);
		m->patterns[i].text = m->text[i];
		m->patterns[i].rank = rank_of(m->text[i]);
		m->patterns[i].kind = unit_below(seed, CORDON_PATTERN_KIND_COUNT);
	}
	assert_int_equal(cordon_automaton_build(m->patterns, PATTERNS, &m->automaton, &m->accepts),
			 0);
}

static void material_free(struct material *m)
{
	for (uint32_t i = 0; i < PATTERNS; i++)
		free((char *)m->patterns[i].rank);
	cordon_automaton_free(&m->automaton);
	cordon_intern_free(&m->accepts);
}

static int number_order(const void *a, const void *b)
{
	return (int)*(const uint32_t *)a - (int)*(const uint32_t *)b;
}

/* For the message of a failure. */
static const char *patterns_text(const struct material *m, const uint32_t *found,
				 size_t found_count, const uint32_t *expected,
				 size_t expected_count)
{
	static char text[2 * PATTERNS * PATH_BYTES];

	strcpy(text, "; accepted:");
	for (size_t i = 0; i < found_count; i++)
		strcat(strcat(text, " "), m->text[found[i]]);
	strcat(text, "; expected:");
	for (size_t i = 0; i < expected_count; i++)
		strcat(strcat(text, " "), m->text[expected[i]]);
	return text;
}

static void accept_is_reference(const struct material *m, uint32_t accept, const char *path)
{
	uint32_t expected[CORDON_PATTERN_KIND_COUNT * PATTERNS], count = 0;
	const void *members;
	size_t length;

	for (uint32_t kind = 0; kind < CORDON_PATTERN_KIND_COUNT; kind++)
		count += reference(m->patterns, PATTERNS, kind, path, expected + count);
	qsort(expected, count, sizeof(*expected), number_order);
	members = cordon_intern_bytes(&m->accepts, accept, &length);
	if (length != count * sizeof(*expected) || (length && memcmp(members, expected, length)))
		fail_msg("%s: %zu patterns accepted, %u expected%s", path, length / 4, count,
			 patterns_text(m, members, length / 4, expected, count));
}

/* ---- Cases ---- */

static void automaton_is_the_reference(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct material m;
		char path[PATH_BYTES];

		material_make(&m, &seed);
		for (int i = 0; i < 400; i++) {
			uint32_t at = 0;

			random_path(&seed, path_names, COUNT(path_names), 6, path);
			for (const char *c = strcmp(path, "/") ? path : ""; *c; c++)
				at = cordon_automaton_next(&m.automaton, at, (uint8_t)*c);
			accept_is_reference(&m, m.automaton.states[at].accept, path);
		}
		material_free(&m);
	}
}

/* The whole way that a policy takes: minimised, packed, walked as the kernel does. */
static void packed_automaton_is_the_reference(void **state)
{
	uint64_t seed = 4242;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct cordon_automaton small;
		struct cordon_policy policy = { 0 };
		struct cordon_slot *slot;
		struct slots slots;
		char path[PATH_BYTES];
		uint32_t *class, count;
		struct material m;

		material_make(&m, &seed);
		class = calloc(m.automaton.state_count, sizeof(*class));
		for (uint32_t i = 0; i < m.automaton.state_count; i++)
			class[i] = m.automaton.states[i].accept;
		assert_int_equal(cordon_automaton_minimise(&m.automaton, class, &count), 0);
		assert_int_equal(cordon_automaton_quotient(&m.automaton, class, count, &small), 0);
		assert_int_equal(small.state_count, count);
		assert_int_equal(cordon_automaton_pack(&small, &policy, &slot), 0);
		slots = (struct slots){ slot, policy.slot_count };
		for (int i = 0; i < 400; i++) {
			uint32_t at = policy.start;

			random_path(&seed, path_names, COUNT(path_names), 6, path);
			for (const char *c = strcmp(path, "/") ? path : ""; *c; c++)
				at = cordon_path_step(&slots, at, policy.class[(uint8_t)*c]);
			assert_int_not_equal(at, 0);
			accept_is_reference(&m, cordon_path_accept(&slots, at), path);
		}
		free(slot);
		free(class);
		cordon_automaton_free(&small);
		material_free(&m);
	}
}

/* Moore's algorithm as in the books: pairs are told apart until nothing changes. */
static uint32_t states_needed(const struct cordon_automaton *a)
{
	static const char bytes[] = "/abc*\xff\x01";
	uint32_t n = a->state_count, needed = 0;
	bool *apart = calloc((size_t)n * n, 1), again = true;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			apart[(size_t)i * n + j] = a->states[i].accept != a->states[j].accept;
	while (again) {
		again = false;
		for (uint32_t i = 0; i < n; i++) {
			for (uint32_t j = 0; j < n; j++) {
				for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
					uint32_t x = cordon_automaton_next(a, i, (uint8_t)bytes[b]);
					uint32_t y = cordon_automaton_next(a, j, (uint8_t)bytes[b]);

					if (apart[(size_t)i * n + j] || !apart[(size_t)x * n + y])
						continue;
					apart[(size_t)i * n + j] = again = true;
				}
			}
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = 0;

		while (j < i && apart[(size_t)i * n + j])
			j++;
		needed += j == i;
	}
	free(apart);
	return needed;
}

static void automaton_is_as_small_as_can_be(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20; round++) {
		uint32_t *class, count;
		struct material m;

		do {
			material_make(&m, &seed);
			if (m.automaton.state_count > 300)
				material_free(&m);
		} while (!m.automaton.state_count);
		class = calloc(m.automaton.state_count, sizeof(*class));
		for (uint32_t i = 0; i < m.automaton.state_count; i++)
			class[i] = m.automaton.states[i].accept;
		assert_int_equal(cordon_automaton_minimise(&m.automaton, class, &count), 0);
		assert_int_equal(count, states_needed(&m.automaton));
		free(class);
		material_free(&m);
	}
}

/* ---- Folders that are treated alike ---- */

static const char *const sample_names[] = { "a",  "b",	"x",  "aa", "ab", "ax",
					    "ba", "bb", "bx", "xa", "xb", "xx" };
#define SAMPLES COUNT(sample_names)
#define BELOW	(1 + SAMPLES + SAMPLES * SAMPLES + SAMPLES * SAMPLES * SAMPLES)

/* Every path of up to three sample names below @folder, by number. */
static void sample_path(const char *folder, size_t number, char *path)
{
	size_t depth = 0, group = 1;

	strcpy(path, folder);
	for (; number >= group; group *= SAMPLES, depth++)
		number -= group;
	for (; depth; depth--, number /= SAMPLES) {
		strcat(path, "/");
		strcat(path, sample_names[number % SAMPLES]);
	}
}

/* Label and grants by the pattern's form, so that equally specific rules agree. */
static void random_rules(uint64_t *seed, char *text)
{
	static const char *const names[] = { "a", "b", "ab", "*", "a*", "*b" };
	static const char *const levels[] = { "unclassified", "cui", "secret", "top" };
	char pattern[PATH_BYTES];

	strcpy(text, UNIT_HEADER);
	for (int i = 0; i < 8; i++) {
		uint32_t form = 0;
		char line[2 * PATH_BYTES];

		random_path(seed, names, COUNT(names), 3, pattern);
		if (!strcmp(pattern, "/"))
			continue;
		if (!unit_below(seed, 3))
			strcat(pattern, "/**");
		for (const char *at = pattern; *at; at += 1 + strcspn(at + 1, "/"))
			form = form * 5 + (uint32_t)name_exactness(at + 1) + 1;
		snprintf(line, sizeof(line), i % 4 ? "file %s %s\n" : "program %s clearance %s\n",
			 pattern, levels[form % 4]);
		strcat(text, line);
	}
}

struct treatment {
	cordon_label label, clearance;
	uint32_t flags;
};

static struct treatment treatment_of(const struct cordon_image_view *view, const char *path)
{
	struct cordon_process process = { path, CORDON_ID_NONE, NULL, 0, "" };
	struct cordon_object_found object;
	struct cordon_grant_found grant;
	struct treatment treatment;

	memset(&treatment, 0, sizeof(treatment));
	cordon_evaluate_object(view, path, &object);
	cordon_evaluate_grant(view, &process, &grant);
	treatment.label = object.facts.label;
	treatment.flags = object.facts.flags;
	treatment.clearance = grant.clearance;
	return treatment;
}

static void folders_check(const struct cordon_image_view *view, struct treatment *known)
{
	struct cordon_object_found found[SAMPLES];
	char path[PATH_BYTES], folder[PATH_BYTES];

	for (size_t i = 0; i < SAMPLES; i++) {
		snprintf(folder, sizeof(folder), "/%s", sample_names[i]);
		cordon_evaluate_object(view, folder, &found[i]);
		for (size_t k = 0; k < BELOW; k++) {
			sample_path(folder, k, path);
			known[i * BELOW + k] = treatment_of(view, path);
		}
	}
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t j = 0; j < i; j++) {
			bool alike = !memcmp(&known[i * BELOW], &known[j * BELOW],
					     BELOW * sizeof(*known));
			bool equal = view->accepts[found[i].accept].below ==
				     view->accepts[found[j].accept].below;

			if (alike != equal)
				fail_msg("/%s and /%s are%s treated alike", sample_names[i],
					 sample_names[j], alike ? "" : " not");
		}
	}
}

static void below_is_equal_exactly_where_all_is_treated_alike(void **state)
{
	struct treatment *known = calloc(SAMPLES * BELOW, sizeof(*known));
	uint64_t seed = 99;

	(void)state;
	assert_non_null(known);
	for (int round = 0; round < 25; round++) {
		char text[4096];
		struct unit_policy policy;

		random_rules(&seed, text);
		policy = unit_compile(text);
		folders_check(&policy.view, known);
		unit_policy_free(&policy);
	}
	free(known);
}

static uint32_t below_of(const struct cordon_image_view *view, const char *path)
{
	struct cordon_object_found found;

	cordon_evaluate_object(view, path, &found);
	return view->accepts[found.accept].below;
}

static void a_folder_whose_name_begins_like_a_rule_is_like_others(void **state)
{
	struct unit_policy p = unit_compile(UNIT_HEADER "file /srv/arrow/** secret\n"
							"file /srv/lance/** secret\n"
							"file /srv/shield/** cui\n");

	(void)state;
	assert_int_equal(below_of(&p.view, "/srv/arr"), below_of(&p.view, "/srv/xyz"));
	assert_int_equal(below_of(&p.view, "/srv/arrow"), below_of(&p.view, "/srv/lance/deep"));
	assert_int_not_equal(below_of(&p.view, "/srv/arrow"), below_of(&p.view, "/srv/shield"));
	assert_int_not_equal(below_of(&p.view, "/srv"), below_of(&p.view, "/var"));
	unit_policy_free(&p);
}

/* ---- Which is more specific ---- */

static const struct specific_row {
	const char *name;
	const char *winner, *loser, *path;
} specifics[] = {
	{ "a literal beats a part", "/srv/a.txt", "/srv/*.txt", "/srv/a.txt" },
	{ "a literal beats *", "/srv/a", "/srv/*", "/srv/a" },
	{ "a literal beats **", "/srv/a", "/srv/**", "/srv/a" },
	{ "a part beats *", "/srv/*.txt", "/srv/*", "/srv/a.txt" },
	{ "a part beats **", "/srv/*.txt", "/srv/**", "/srv/a.txt" },
	{ "* beats **", "/srv/*", "/srv/**", "/srv/a" },
	{ "the left name decides: literal before *", "/srv/a/*", "/srv/*/b", "/srv/a/b" },
	{ "the left name decides: literal before part", "/a/*/*", "/a*/b/c", "/a/b/c" },
	{ "the left name decides: part before *", "/a*/*", "/*/b", "/ab/b" },
	{ "the left name decides: * before **", "/*/**", "/**", "/a" },
	{ "a deeper ** beats a higher one", "/srv/a/**", "/srv/**", "/srv/a/b/c" },
	{ "a literal before ** beats * before **", "/srv/a/**", "/srv/*/**", "/srv/a/b" },
	{ "the end beats a ** that is nothing", "/srv/a", "/srv/a/**", "/srv/a" },
	{ "the end of * beats its ** that is nothing", "/srv/*", "/srv/*/**", "/srv/a" },
	{ "a literal end beats a part with **", "/srv/a", "/srv/a*/**", "/srv/a" },
	{ "a literal with ** beats a part", "/srv/a/**", "/srv/a*", "/srv/a" },
	{ "the root itself beats **", "/", "/**", "/" },
};

static void winner_is(void **state)
{
	const struct specific_row *row = *state;
	struct cordon_object_found found;
	char text[512];

	/* In both orders: where a rule stands says nothing. */
	for (int order = 0; order < 2; order++) {
		struct unit_policy p;

		snprintf(text, sizeof(text), UNIT_HEADER "file %s %s\nfile %s %s\n",
			 order ? row->winner : row->loser, order ? "secret" : "cui",
			 order ? row->loser : row->winner, order ? "cui" : "secret");
		p = unit_compile(text);
		cordon_evaluate_object(&p.view, row->path, &found);
		assert_true(found.facts.label == UNIT_SECRET);
		assert_int_equal(found.rule, order ? 1 : 2);
		unit_policy_free(&p);
	}
}

static const struct match_row {
	const char *name;
	const char *pattern, *path;
	bool matches;
} matches[] = {
	{ "** names the folder itself", "/srv/arrow/**", "/srv/arrow", true },
	{ "** names what is in the folder", "/srv/arrow/**", "/srv/arrow/x", true },
	{ "** names what is deep in the folder", "/srv/arrow/**", "/srv/arrow/x/y/z", true },
	{ "** does not name the folder's neighbours", "/srv/arrow/**", "/srv/arrows", false },
	{ "** does not name the folder above", "/srv/arrow/**", "/srv", false },
	{ "* is one name", "/srv/*/x", "/srv/a/x", true },
	{ "* is not two names", "/srv/*/x", "/srv/a/b/x", false },
	{ "* is not no name", "/srv/*/x", "/srv/x", false },
	{ "* names a name with a dot in front", "/srv/*", "/srv/.x", true },
	{ "a part * may be nothing", "/srv/a*", "/srv/a", true },
	{ "a part * may be long", "/srv/a*z", "/srv/abcdefz", true },
	{ "a part * stays in its name", "/srv/a*z", "/srv/a/z", false },
	{ "several * in a name", "/srv/*b*d*", "/srv/abcde", true },
	{ "several * keep their order", "/srv/*b*d*", "/srv/adcbe", false },
	{ "a * in a path is a byte like others", "/srv/a", "/srv/*", false },
	{ "the root is named alone by /", "/", "/", true },
	{ "/ names nothing below", "/", "/srv", false },
	{ "/** names the root", "/**", "/", true },
	{ "/** names all", "/**", "/srv/a/b", true },
	{ "bytes above 127 are bytes", "/srv/\xc3\xa4*", "/srv/\xc3\xa4x", true },
	{ "a quoted path may hold spaces", "\"/srv/top secret/**\"", "/srv/top secret/x", true },
	{ "a # in a path begins no comment", "/srv/#1", "/srv/#1", true },
};

static void match_is(void **state)
{
	const struct match_row *row = *state;
	struct cordon_object_found found;
	struct unit_policy p;
	char text[512];

	snprintf(text, sizeof(text), UNIT_HEADER "file %s secret\n", row->pattern);
	p = unit_compile(text);
	cordon_evaluate_object(&p.view, row->path, &found);
	assert_int_equal(found.rule, row->matches);
	unit_policy_free(&p);
}

void unit_automaton_cases(struct unit_cases *cases)
{
	unit_add(cases, "automaton is the reference matcher", automaton_is_the_reference, NULL);
	unit_add(cases, "packed automaton is the reference matcher",
		 packed_automaton_is_the_reference, NULL);
	unit_add(cases, "automaton is as small as can be", automaton_is_as_small_as_can_be, NULL);
	unit_add(cases, "below is equal exactly where all is treated alike",
		 below_is_equal_exactly_where_all_is_treated_alike, NULL);
	unit_add(cases, "a folder whose name begins like a rule is like others",
		 a_folder_whose_name_begins_like_a_rule_is_like_others, NULL);
	for (size_t i = 0; i < COUNT(specifics); i++)
		unit_add(cases, specifics[i].name, winner_is, &specifics[i]);
	for (size_t i = 0; i < COUNT(matches); i++)
		unit_add(cases, matches[i].name, match_is, &matches[i]);
}
