/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/image_users.h"

#include "stores_fixture.h"

#define OTHER "sha256:00000000000000000000000000000000000000000000000000000000000000bb"

static bool running;
static char named[13];

static int users(const char *image_id)
{
	running = true;
	strcpy(named, "nobody");
	return bt_image_users_of(&engine, image_id, &running, named);
}

static void run(struct bt_container *c, enum bt_container_status status)
{
	c->state.status = status;
}

/* Made of IMAGE, with OTHER mounted. */
static struct bt_container *add_mounting(const char *name)
{
	return add_container(name, "{\"Image\":\"x\",\"ImageMounts\":{\"" OTHER "\":\"/m\"}}");
}

START_TEST(an_image_that_nobody_uses_has_no_users)
{
	ck_assert_int_eq(users(IMAGE), 0);
	ck_assert(!running);
	ck_assert_str_eq(named, "nobody");
	add_container("a", "{}");
	ck_assert_int_eq(users(OTHER), 0);
	ck_assert_int_eq(users(""), 0);
}
END_TEST

START_TEST(the_newest_is_named_and_one_that_runs_before_it)
{
	struct bt_container *a = add_container("a", "{}"), *b = add_container("b", "{}");

	add_container("c", "{}");
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert(!running);
	ck_assert_str_eq(named, "000000000000");
	run(a, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert(running);
	run(b, BT_CONTAINER_PAUSED);
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert(running);
}
END_TEST

/* One with this id's beginning and age. */
static struct bt_container *add_aged(const char *id, int64_t created_ns)
{
	bt_auto_container struct bt_container *c = bt_container_new(&engine, id);

	c->name = strdup(id);
	c->image_id = strdup(IMAGE);
	c->created_ns = created_ns;
	ck_well(bt_container_index_add(&engine, c, &err), &err);
	return c;
}

START_TEST(who_is_named_does_not_depend_on_the_order_in_which_they_came)
{
	struct bt_container *middle = add_aged("bbbbbbbbbbbbbbbb", 2), *old;

	add_aged("cccccccccccccccc", 3);
	old = add_aged("aaaaaaaaaaaaaaaa", 1);
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert_str_eq(named, "cccccccccccc");
	run(old, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert_str_eq(named, "aaaaaaaaaaaa");
	run(middle, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert_str_eq(named, "bbbbbbbbbbbb");
	run(old, BT_CONTAINER_EXITED);
	run(middle, BT_CONTAINER_RESTARTING);
	ck_assert_int_eq(users(IMAGE), 3);
	ck_assert_str_eq(named, "cccccccccccc");
	ck_assert(!running);
}
END_TEST

static void *ask_for_users(void *image_id)
{
	(void)users(image_id);
	return NULL;
}

START_TEST(one_that_is_being_changed_keeps_nobody_from_the_others)
{
	struct bt_container *c = add_container("a", "{}");
	bt_auto_container struct bt_container *other = NULL;
	char image_id[] = IMAGE;
	pthread_t thread;

	pthread_mutex_lock(&c->lock);
	ck_assert_int_eq(pthread_create(&thread, NULL, ask_for_users, image_id), 0);
	/* Whoever has a reference waits for the lock, or will. */
	while (atomic_load(&c->refs) == 1)
		(void)usleep(1000);
	ck_well(bt_container_get(&engine, "a", &other, &err), &err);
	c->state.status = BT_CONTAINER_RUNNING;
	pthread_mutex_unlock(&c->lock);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(running);
	ck_assert_str_eq(named, "000000000000");
	ck_assert_uint_eq(atomic_load(&c->refs), 2);
}
END_TEST

START_TEST(who_mounts_an_image_uses_it_and_its_own)
{
	struct bt_container *c = add_mounting("a");

	add_container("b", "{}");
	ck_assert_int_eq(users(OTHER), 1);
	ck_assert_int_eq(users(IMAGE), 2);
	run(c, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(users(OTHER), 1);
	ck_assert(running);
	/* Its name elsewhere in what is known of it is no mount. */
	add_container("c", "{\"Labels\":{\"" OTHER "\":\"x\"}}");
	ck_assert_int_eq(users(OTHER), 1);
}
END_TEST

START_TEST(one_that_mounts_its_own_image_is_counted_once)
{
	json_auto_t *counts = NULL;

	add_container("a", "{\"ImageMounts\":{\"" IMAGE "\":\"/m\",\"" OTHER "\":\"/n\"}}");
	ck_assert_int_eq(users(IMAGE), 1);
	counts = bt_image_users_counts(&engine);
	ck_assert_int_eq(json_integer_value(json_object_get(counts, IMAGE)), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(counts, OTHER)), 1);
	ck_assert_uint_eq(json_object_size(counts), 2);
}
END_TEST

START_TEST(who_is_removed_uses_nothing_any_more)
{
	bt_auto_container struct bt_container *a = bt_container_ref(add_mounting("a"));
	bt_auto_container struct bt_container *b = bt_container_ref(add_mounting("b"));
	json_auto_t *counts = NULL;

	bt_container_index_remove(&engine, a);
	bt_container_index_remove(&engine, a);
	ck_assert_int_eq(users(IMAGE), 1);
	ck_assert_int_eq(users(OTHER), 1);
	bt_container_index_remove(&engine, b);
	ck_assert_int_eq(users(IMAGE), 0);
	ck_assert_int_eq(users(OTHER), 0);
	counts = bt_image_users_counts(&engine);
	ck_assert_uint_eq(json_object_size(counts), 0);
	ck_well(bt_container_index_add(&engine, a, &err), &err);
	ck_assert_int_eq(users(OTHER), 1);
}
END_TEST

START_TEST(a_container_whose_name_is_taken_uses_nothing)
{
	bt_auto_container struct bt_container *second = new_container("a", "{}");

	add_container("a", "{}");
	ck_assert_int_lt(bt_container_index_add(&engine, second, &err), 0);
	ck_assert_int_eq(users(IMAGE), 1);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_image_that_nobody_uses_has_no_users);
	tcase_add_test(tests, the_newest_is_named_and_one_that_runs_before_it);
	tcase_add_test(tests, who_is_named_does_not_depend_on_the_order_in_which_they_came);
	tcase_add_test(tests, one_that_is_being_changed_keeps_nobody_from_the_others);
	tcase_add_test(tests, who_mounts_an_image_uses_it_and_its_own);
	tcase_add_test(tests, one_that_mounts_its_own_image_is_counted_once);
	tcase_add_test(tests, who_is_removed_uses_nothing_any_more);
	tcase_add_test(tests, a_container_whose_name_is_taken_uses_nothing);
}

int main(void)
{
	return run_suite("engine/image_users", setup_stores, teardown_stores, add);
}
