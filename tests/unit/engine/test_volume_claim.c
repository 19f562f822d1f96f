/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_claim.h"

#include <pthread.h>
#include <unistd.h>

#include "base/lock.h"

#include "engine_fixture.h"

static void setup(void)
{
	setup_engine();
}

static void teardown(void)
{
	teardown_engine();
}

/* Who has the volume, separated by blanks. */
static const char *users_of(const char *volume)
{
	static char text[256];
	json_auto_t *all = bt_volume_claim_users(&engine);
	const char *id;
	json_t *none;

	text[0] = '\0';
	json_object_foreach (json_object_get(all, volume), id, none)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       text[0] ? " " : "", id);
	return text;
}

/* Nothing is left to it. */
static void drop(struct bt_engine *e, const char *user)
{
	ck_assert_ptr_null(bt_volume_claim_drop(e, user));
}

START_TEST(several_may_have_a_volume_and_each_lets_go_of_all_of_its_own)
{
	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &err), &err);
	ck_well(bt_volume_claim_for(&engine, "v1", "c2", &err), &err);
	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &err), &err);
	ck_well(bt_volume_claim_for(&engine, "v2", "c1", &err), &err);
	ck_assert_str_eq(users_of("v1"), "c1 c2");
	drop(&engine, "c1");
	ck_assert_str_eq(users_of("v1"), "c2");
	ck_assert_str_eq(users_of("v2"), "");
	drop(&engine, "c1");
	drop(&engine, "c2");
	ck_assert_str_eq(users_of("v1"), "");
}
END_TEST

START_TEST(nobody_has_alone_what_a_container_will_have)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };

	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &err), &err);
	ck_assert_int_eq(bt_volume_claim_alone(&engine, "v1", &alone, &err), 0);
	ck_assert_ptr_null(alone.volume);
	/* Another volume is another matter. */
	ck_assert_int_eq(bt_volume_claim_alone(&engine, "v2", &alone, &err), 1);
	bt_volume_claim_done(&alone);
	drop(&engine, "c1");
	ck_assert_int_eq(bt_volume_claim_alone(&engine, "v1", &alone, &err), 1);
}
END_TEST

/* What happens, in its order. */
static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static char order[64];

static void note(const char *what)
{
	bt_auto_lock(held, &order_lock);

	(void)snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s ", what);
}

static void *create_one(void *none)
{
	struct bt_err failed;

	(void)none;
	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &failed), &failed);
	note("created");
	drop(&engine, "c1");
	return NULL;
}

static void *remove_one(void *none)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };
	struct bt_err failed;

	(void)none;
	/* The other container may be there at this moment. */
	while (bt_volume_claim_alone(&engine, "v1", &alone, &failed) == 0)
		(void)usleep(1000);
	note("removed");
	return NULL;
}

START_TEST(whoever_comes_while_one_has_it_alone_waits_for_its_end)
{
	struct bt_volume_claim alone = { 0 };
	pthread_t creator, remover;

	order[0] = '\0';
	ck_assert_int_eq(bt_volume_claim_alone(&engine, "v1", &alone, &err), 1);
	ck_assert_int_eq(pthread_create(&creator, NULL, create_one, NULL), 0);
	ck_assert_int_eq(pthread_create(&remover, NULL, remove_one, NULL), 0);
	(void)usleep(20000);
	note("first");
	bt_volume_claim_done(&alone);
	ck_assert_int_eq(pthread_join(creator, NULL), 0);
	ck_assert_int_eq(pthread_join(remover, NULL), 0);
	ck_assert_msg(strcmp(order, "first created removed ") == 0 ||
			      strcmp(order, "first removed created ") == 0,
		      "%s", order);
	/* Once more is nothing. */
	bt_volume_claim_done(&alone);
}
END_TEST

/* Somebody wants to remove the volume, and is told that one that is being made has it. */
static void leave(const char *volume)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };

	ck_assert_int_eq(bt_volume_claim_or_leave(&engine, volume, &alone, &err), 0);
	ck_assert_ptr_null(alone.volume);
}

START_TEST(the_last_that_is_being_made_is_told_whose_removal_was_left_to_these)
{
	json_auto_t *left = NULL;

	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &err), &err);
	ck_well(bt_volume_claim_for(&engine, "v1", "c2", &err), &err);
	ck_well(bt_volume_claim_for(&engine, "v2", "c2", &err), &err);
	leave("v1");
	leave("v1");
	drop(&engine, "c1");
	left = bt_volume_claim_drop(&engine, "c2");
	assert_json(left, "{'v1':true}");
	/* And once only. */
	ck_well(bt_volume_claim_for(&engine, "v1", "c3", &err), &err);
	drop(&engine, "c3");
}
END_TEST

START_TEST(who_has_it_alone_leaves_it_to_nobody)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };

	ck_assert_int_eq(bt_volume_claim_or_leave(&engine, "v1", &alone, &err), 1);
	ck_assert_str_eq(alone.volume, "v1");
	bt_volume_claim_done(&alone);
	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &err), &err);
	ck_assert_int_eq(bt_volume_claim_alone(&engine, "v1", &alone, &err), 0);
	drop(&engine, "c1");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, several_may_have_a_volume_and_each_lets_go_of_all_of_its_own);
	tcase_add_test(tests, nobody_has_alone_what_a_container_will_have);
	tcase_add_test(tests, the_last_that_is_being_made_is_told_whose_removal_was_left_to_these);
	tcase_add_test(tests, who_has_it_alone_leaves_it_to_nobody);
	tcase_add_test(tests, whoever_comes_while_one_has_it_alone_waits_for_its_end);
}

int main(void)
{
	return run_suite("volume claims", setup, teardown, add_tests);
}
