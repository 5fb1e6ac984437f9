// SPDX-License-Identifier: GPL-2.0-only
/* The lattice of labels, all labels of a small one against the definition. */
#include "unit.h"

#define LEVELS	   4
#define CATEGORIES 3
#define LABELS	   (LEVELS << CATEGORIES)

struct meaning {
	unsigned int level;
	unsigned int categories;
};

static struct meaning meaning_of(unsigned int i)
{
	return (struct meaning){ i >> CATEGORIES, i & ((1u << CATEGORIES) - 1) };
}

static cordon_label label_of(unsigned int i)
{
	return cordon_label_make(meaning_of(i).level, meaning_of(i).categories);
}

/* The definition in model.md, on numbers and sets instead of words. */
static bool dominates(unsigned int a, unsigned int b)
{
	struct meaning x = meaning_of(a), y = meaning_of(b);

	return x.level >= y.level && (x.categories & y.categories) == y.categories;
}

static void dominance_is_the_definition(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < LABELS; a++)
		for (unsigned int b = 0; b < LABELS; b++)
			assert_int_equal(cordon_label_dominates(label_of(a), label_of(b)),
					 dominates(a, b));
}

static void dominance_is_a_partial_order(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < LABELS; a++) {
		assert_true(cordon_label_dominates(label_of(a), label_of(a)));
		for (unsigned int b = 0; b < LABELS; b++) {
			bool both = cordon_label_dominates(label_of(a), label_of(b)) &&
				    cordon_label_dominates(label_of(b), label_of(a));

			assert_int_equal(both, a == b);
			for (unsigned int c = 0; c < LABELS; c++)
				if (cordon_label_dominates(label_of(a), label_of(b)) &&
				    cordon_label_dominates(label_of(b), label_of(c)))
					assert_true(
						cordon_label_dominates(label_of(a), label_of(c)));
		}
	}
}

static void join_is_the_least_upper_bound(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < LABELS; a++) {
		for (unsigned int b = 0; b < LABELS; b++) {
			cordon_label join = cordon_label_join(label_of(a), label_of(b));

			assert_true(cordon_label_valid(join));
			assert_true(cordon_label_dominates(join, label_of(a)));
			assert_true(cordon_label_dominates(join, label_of(b)));
			for (unsigned int c = 0; c < LABELS; c++)
				if (dominates(c, a) && dominates(c, b))
					assert_true(cordon_label_dominates(label_of(c), join));
		}
	}
}

static void meet_is_the_greatest_lower_bound(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < LABELS; a++) {
		for (unsigned int b = 0; b < LABELS; b++) {
			cordon_label meet = cordon_label_meet(label_of(a), label_of(b));

			assert_true(cordon_label_valid(meet));
			assert_true(cordon_label_dominates(label_of(a), meet));
			assert_true(cordon_label_dominates(label_of(b), meet));
			for (unsigned int c = 0; c < LABELS; c++)
				if (dominates(a, c) && dominates(b, c))
					assert_true(cordon_label_dominates(meet, label_of(c)));
		}
	}
}

static void level_and_categories_come_back(void **state)
{
	(void)state;
	for (unsigned int level = 0; level < CORDON_LEVEL_MAX; level++) {
		for (unsigned int c = 0; c < CORDON_CATEGORY_MAX; c++) {
			cordon_label label = cordon_label_make(level, 1ULL << c);

			assert_int_equal(cordon_label_level(label), level);
			assert_true(cordon_label_categories(label) == 1ULL << c);
			assert_true(cordon_label_valid(label));
		}
	}
}

static void top_dominates_all_and_nothing_dominates_top(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < LABELS; a++) {
		assert_true(cordon_label_dominates(CORDON_LABEL_TOP, label_of(a)));
		assert_false(cordon_label_dominates(label_of(a), CORDON_LABEL_TOP));
	}
}

static void a_hole_in_the_level_is_no_label(void **state)
{
	(void)state;
	for (unsigned int word = 0; word < 1u << CORDON_LEVEL_BITS; word++) {
		bool thermometer = false;

		for (unsigned int level = 0; level <= CORDON_LEVEL_BITS; level++)
			thermometer |= word == (1u << level) - 1;
		assert_int_equal(cordon_label_valid(word), thermometer);
	}
}

static const struct cordon_name levels[] = { { "unclassified" }, { "cui" }, { "secret" } };
static const struct cordon_name categories[] = { { "arrow" }, { "noforn" } };
static const struct cordon_label_names names = { levels, 3, categories, 2 };

static const struct text_row {
	const char *name;
	const char *text;
	cordon_label label;
} texts[] = {
	{ "text of the lowest label is its name", "unclassified", 0 },
	{ "text of a level is its name", "secret", (1 << 2) - 1 },
	{ "text of a label is level then categories", "cui arrow noforn", 1 | 3ULL << 16 },
	{ "text of an unnamed level is its number", "level-7", (1 << 7) - 1 },
	{ "text of an unnamed category is its number", "cui category-47", 1 | 1ULL << 63 },
	{ "text of what dominates all is top", "top", CORDON_LABEL_TOP },
	{ "text of a word that is no label is invalid", "invalid", 5 },
};

static void text_is(void **state)
{
	const struct text_row *row = *state;
	char text[CORDON_LABEL_TEXT_BYTES];

	assert_string_equal(cordon_label_text(&names, row->label, text, sizeof(text)), row->text);
}

static void named_labels_are_read_back(void **state)
{
	char text[CORDON_LABEL_TEXT_BYTES];
	cordon_label label;

	(void)state;
	for (unsigned int level = 0; level < 3; level++) {
		for (unsigned int set = 0; set < 4; set++) {
			cordon_label_text(&names, cordon_label_make(level, set), text,
					  sizeof(text));
			assert_int_equal(cordon_label_parse(&names, text, &label, NULL), 0);
			assert_true(label == cordon_label_make(level, set));
		}
	}
}

static void unknown_words_are_refused_and_pointed_at(void **state)
{
	const char *text = "secret  arow", *bad = NULL;
	cordon_label label = 42;

	(void)state;
	assert_int_equal(cordon_label_parse(&names, text, &label, &bad), -EINVAL);
	assert_ptr_equal(bad, text + 8);
	assert_int_equal(cordon_label_parse(&names, "", &label, &bad), -EINVAL);
	assert_int_equal(cordon_label_parse(&names, "arrow", &label, &bad), -EINVAL);
	assert_true(label == 42);
	assert_int_equal(cordon_label_parse(&names, " cui all ", &label, NULL), 0);
	assert_true(label == cordon_label_make(1, 3));
}

static void text_is_cut_at_the_buffer(void **state)
{
	char text[8];

	(void)state;
	cordon_label_text(&names, cordon_label_make(2, 3), text, sizeof(text));
	assert_string_equal(text, "secret ");
}

void unit_label_cases(struct unit_cases *cases)
{
	unit_add(cases, "dominance is the definition", dominance_is_the_definition, NULL);
	unit_add(cases, "dominance is a partial order", dominance_is_a_partial_order, NULL);
	unit_add(cases, "join is the least upper bound", join_is_the_least_upper_bound, NULL);
	unit_add(cases, "meet is the greatest lower bound", meet_is_the_greatest_lower_bound, NULL);
	unit_add(cases, "level and categories come back", level_and_categories_come_back, NULL);
	unit_add(cases, "top dominates all and nothing dominates top",
		 top_dominates_all_and_nothing_dominates_top, NULL);
	unit_add(cases, "a hole in the level is no label", a_hole_in_the_level_is_no_label, NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		unit_add(cases, texts[i].name, text_is, &texts[i]);
	unit_add(cases, "named labels are read back", named_labels_are_read_back, NULL);
	unit_add(cases, "unknown words are refused and pointed at",
		 unknown_words_are_refused_and_pointed_at, NULL);
	unit_add(cases, "label text is cut at the buffer", text_is_cut_at_the_buffer, NULL);
}
