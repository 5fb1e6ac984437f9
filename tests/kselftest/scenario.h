/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests that are no row of attacks: what must work, and what takes more than
 * one actor. TEST_F(guarded, …) runs with the guard enforcing.
 */
#ifndef CORDON_TEST_SCENARIO_H
#define CORDON_TEST_SCENARIO_H

#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "actor.h"
#include "attack.h"
#include "records.h"

FIXTURE(guarded)
{
	off_t from; /* the records of this test stand behind this */
};

FIXTURE_SETUP(guarded)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	self->from = records_end();
}

FIXTURE_TEARDOWN(guarded)
{
}

/* What @program ends with after the steps; the message says which. */
#define EXPECT_ACTOR(program, script, wanted)                                              \
	do {                                                                               \
		int _status = actor_play(program, script);                                 \
		EXPECT_EQ(wanted, _status)                                                 \
		{                                                                          \
			TH_LOG("%s: %s: %s", program, script, actor_status_text(_status)); \
		}                                                                          \
	} while (0)

/* A denial: EACCES or EPERM, and nothing else. */
#define EXPECT_DENIED(program, script)                                                     \
	do {                                                                               \
		int _status = actor_play(program, script);                                 \
		EXPECT_TRUE(actor_denied(_status))                                         \
		{                                                                          \
			TH_LOG("%s: %s: %s", program, script, actor_status_text(_status)); \
		}                                                                          \
	} while (0)

#define EXPECT_RECORD(...)                                                     \
	do {                                                                   \
		const struct record_wish _wish = { __VA_ARGS__ };              \
		struct json_object *_record =                                  \
			records_await(self->from, &_wish, RECORD_PATIENCE_MS); \
		EXPECT_TRUE(_record != NULL)                                   \
		{                                                              \
			TH_LOG("no record: " #__VA_ARGS__);                    \
		}                                                              \
		json_object_put(_record);                                      \
	} while (0)

#endif /* CORDON_TEST_SCENARIO_H */
