// SPDX-License-Identifier: GPL-2.0-only
/* Where file systems lie, and which files have several names, under a policy. */
#include "suite.h"

#include <sys/stat.h>
#include <unistd.h>

#include "automaton.h"
#include "links.h"
#include "policy.h"
#include "superblocks.h"

static const char text[] = "policy trial version 1\n"
			   "levels unclassified < cui < secret\n"
			   "categories arrow\n"
			   "file /srv/arrow/** secret arrow\n"
			   "file /srv/arrow/README unclassified\n"
			   "file /home/*/x cui\n"
			   "program /usr/bin/p user root clearance cui\n"
			   "host any clearance unclassified\n";

struct world {
	struct cordon_policy_text *policy;
	struct cordon_image_view view;
	struct automaton automaton;
	uint32_t start;
};

static int set_up(void **state)
{
	const struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_AUTHOR };
	struct world *world = calloc(1, sizeof(*world));
	const struct cordon_image *image;
	struct cordon_failure failure;
	size_t bytes;

	if (cordon_policy_compile_text("t", text, sizeof(text) - 1, &options, &world->policy))
		cordon_policy_errors_print(world->policy, stderr);
	image = cordon_policy_image(world->policy, &bytes);
	assert_non_null(image);
	assert_int_equal(cordon_image_open(image, bytes, &world->view, &failure), 0);
	assert_int_equal(automaton_init(&world->automaton, &world->view), 0);
	world->start = image->policy.start;
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	automaton_free(&world->automaton);
	cordon_policy_free(world->policy);
	free(world);
	return 0;
}

static bool matters(const struct world *world, const char *path)
{
	return automaton_matters(&world->automaton,
				 automaton_walk(&world->automaton, world->start, path));
}

static uint64_t label(const struct world *world, const char *path)
{
	return automaton_accept(&world->automaton,
				automaton_walk(&world->automaton, world->start, path))
		->label;
}

static void only_where_rules_match_matters(void **state)
{
	const struct world *world = *state;

	assert_true(matters(world, "/"));
	assert_true(matters(world, "/srv"));
	assert_true(matters(world, "/srv/arrow/deep/down"));
	assert_true(matters(world, "/home/anybody"));
	assert_true(matters(world, "/usr/bin"));
	assert_false(matters(world, "/proc"));
	assert_false(matters(world, "/srv/arro"));
	assert_false(matters(world, "/usr/bin/other"));
	assert_int_not_equal(label(world, "/srv/arrow/plan"), 0);
	assert_int_equal(label(world, "/srv/arrow/README"), 0);
	assert_int_equal(automaton_step(&world->automaton, world->start, "srv"),
			 automaton_walk(&world->automaton, world->start, "/srv"));
}

static void read_mounts(const char *lines, struct cordon_mounts *mounts)
{
	char *copy = strdup(lines);

	assert_int_equal(cordon_mounts_parse(copy, mounts), 0);
	free(copy);
}

static const struct cordon_superblock *superblock_of(const struct superblock_table *table,
						     uint32_t minor)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->entry[i].device == cordon_device_number(8, minor))
			return &table->entry[i].superblock;
	return NULL;
}

static void make_table(const struct world *world, struct superblocks *superblocks, bool granting,
		       const char *lines, struct superblock_table *table)
{
	struct devices devices = { 0 };
	struct cordon_mounts mounts;

	read_mounts(lines, &mounts);
	assert_int_equal(superblocks_note(superblocks, &mounts, granting), 0);
	assert_int_equal(superblocks_table(superblocks, &world->automaton, &devices, table), 0);
	cordon_mounts_free(&mounts);
}

static void a_file_system_is_matched_from_where_it_lies(void **state)
{
	const struct world *world = *state;
	struct superblocks superblocks = { 0 };
	struct superblock_table table;

	make_table(world, &superblocks, true,
		   "1 0 8:1 / / rw - ext4 a rw\n"
		   "2 1 8:2 / /srv/arrow rw - ext4 b rw\n"
		   "3 1 8:2 / /mnt/copy rw - ext4 b rw\n"
		   "4 1 8:3 / /tmp rw - ext4 c rw\n"
		   "5 1 8:4 /part /opt rw - ext4 d rw\n",
		   &table);
	assert_int_equal(superblock_of(&table, 1)->count, 1);
	assert_int_equal(superblock_of(&table, 1)->state[0], world->start);
	/* The place where nothing matches adds nothing. */
	assert_int_equal(superblock_of(&table, 2)->count, 1);
	assert_int_equal(superblock_of(&table, 2)->state[0],
			 automaton_walk(&world->automaton, world->start, "/srv/arrow"));
	assert_int_equal(superblock_of(&table, 3)->count, 1);
	assert_null(superblock_of(&table, 4));
	superblock_table_free(&table);
	superblocks_free(&superblocks);
}

static void an_unmounted_place_is_kept(void **state)
{
	const struct world *world = *state;
	struct superblocks superblocks = { 0 };
	struct superblock_table table;

	make_table(world, &superblocks, true, "2 1 8:2 / /srv/arrow rw - ext4 b rw\n", &table);
	superblock_table_free(&table);
	make_table(world, &superblocks, true, "2 1 8:2 / /mnt rw - ext4 b rw\n", &table);
	assert_int_equal(superblock_of(&table, 2)->count, 1);
	assert_int_equal(superblock_of(&table, 2)->state[0],
			 automaton_walk(&world->automaton, world->start, "/srv/arrow"));
	superblock_table_free(&table);
	superblocks_free(&superblocks);
}

static void only_places_of_a_load_give_clearances(void **state)
{
	const struct world *world = *state;
	struct superblocks superblocks = { 0 };
	struct superblock_table table;

	make_table(world, &superblocks, true, "2 1 8:2 / /usr/bin rw - ext4 b rw\n", &table);
	assert_int_equal(superblock_of(&table, 2)->granting, 1);
	superblock_table_free(&table);
	make_table(world, &superblocks, false,
		   "2 1 8:2 / /usr/bin rw - ext4 b rw\n"
		   "3 1 8:3 / /usr/bin rw - ext4 c rw\n"
		   "4 1 8:2 / /srv/arrow rw - ext4 b rw\n",
		   &table);
	assert_int_equal(superblock_of(&table, 2)->count, 2);
	assert_int_equal(superblock_of(&table, 2)->granting, 1);
	assert_int_equal(superblock_of(&table, 2)->state[0],
			 automaton_walk(&world->automaton, world->start, "/usr/bin"));
	assert_int_equal(superblock_of(&table, 3)->granting, 0);
	superblock_table_free(&table);
	superblocks_free(&superblocks);
}

static void too_many_places_are_counted_not_kept(void **state)
{
	struct cordon_superblock superblock = { 0 };
	uint32_t i;

	(void)state;
	for (i = 1; i < 10; i++) {
		superblock_add_state(&superblock, 100 + i);
		superblock_add_state(&superblock, 100 + i);
	}
	assert_int_equal(superblock.count, CORDON_MOUNTS_PER_SUPERBLOCK + 1);
	assert_int_equal(superblock.state[3], 104);
}

static void new_mounts_are_fresh_once(void **state)
{
	struct superblocks superblocks = { 0 };
	struct cordon_mounts mounts;

	(void)state;
	read_mounts("2 1 8:2 / /a rw - ext4 b rw\n", &mounts);
	superblocks_note(&superblocks, &mounts, false);
	assert_true(superblocks_is_fresh(&superblocks, &mounts.mount[0]));
	superblocks_note(&superblocks, &mounts, false);
	assert_false(superblocks_is_fresh(&superblocks, &mounts.mount[0]));
	cordon_mounts_free(&mounts);
	superblocks_free(&superblocks);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_rules_match_matters),
		cmocka_unit_test(a_file_system_is_matched_from_where_it_lies),
		cmocka_unit_test(an_unmounted_place_is_kept),
		cmocka_unit_test(only_places_of_a_load_give_clearances),
		cmocka_unit_test(too_many_places_are_counted_not_kept),
		cmocka_unit_test(new_mounts_are_fresh_once),
	};

	return cmocka_run_group_tests_name("places", tests, set_up, tear_down);
}
