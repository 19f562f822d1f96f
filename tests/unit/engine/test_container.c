/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container.h"

#include <errno.h>

#include "stores_fixture.h"

/* The one that `ref` finds, or NULL with `err`. Borrowed from the index. */
static struct bt_container *found(const char *ref)
{
	bt_auto_container struct bt_container *c = NULL;

	err = (struct bt_err){ 0 };
	return bt_container_get(&engine, ref, &c, &err) == 0 ? c : NULL;
}

/* One with this id, in the index. */
static struct bt_container *add_with_id(const char *id, const char *name)
{
	bt_auto_container struct bt_container *c = bt_container_new(&engine, id);

	c->name = strdup(name);
	ck_well(bt_container_index_add(&engine, c, &err), &err);
	return c;
}

START_TEST(it_is_found_by_id_name_slashed_name_and_prefix)
{
	struct bt_container *c = add_with_id("abc123", "web");

	ck_assert_ptr_eq(found("abc123"), c);
	ck_assert_ptr_eq(found("web"), c);
	ck_assert_ptr_eq(found("/web"), c);
	ck_assert_ptr_eq(found("abc"), c);
	ck_assert_ptr_eq(found("a"), c);
}
END_TEST

START_TEST(what_is_neither_is_not_found)
{
	static const char *const refs[] = { "web2", "we",     "WEB",  "//web",   "abc1234",
					    "bc1",  "ABC123", "abcx", "/abc123", "web/" };

	add_with_id("abc123", "web");
	for (size_t i = 0; i < LENGTH(refs); i++) {
		ck_assert_msg(found(refs[i]) == NULL, "%s", refs[i]);
		check_err(&err, BT_ERR_NOT_FOUND, "No such container: ");
	}
}
END_TEST

START_TEST(nothing_at_all_is_an_invalid_request)
{
	ck_assert_ptr_null(found(NULL));
	check_err(&err, BT_ERR_INVALID, "No container name or ID supplied");
	ck_assert_ptr_null(found(""));
	check_err(&err, BT_ERR_INVALID, "No container name or ID supplied");
}
END_TEST

START_TEST(a_prefix_of_two_ids_finds_neither)
{
	struct bt_container *c = add_with_id("abc123", "web");

	add_with_id("abc456", "db");
	ck_assert_ptr_null(found("abc"));
	check_err(&err, BT_ERR_INVALID, "multiple IDs found with provided prefix: abc");
	ck_assert_ptr_eq(found("abc1"), c);
}
END_TEST

START_TEST(an_id_goes_before_a_name_and_a_name_before_a_prefix)
{
	struct bt_container *by_id = add_with_id("abc", "web");
	struct bt_container *named = add_with_id("def", "abc1");
	struct bt_container *called_a = add_with_id("fff", "a");

	add_with_id("abc123", "db");
	ck_assert_ptr_eq(found("abc"), by_id);
	ck_assert_ptr_eq(found("abc1"), named);
	ck_assert_ptr_eq(found("a"), called_a);
}
END_TEST

START_TEST(a_name_in_use_is_a_conflict_that_says_whose_it_is)
{
	bt_auto_container struct bt_container *second = new_container("web", "{}");

	add_with_id("abc123", "web");
	ck_assert_int_lt(bt_container_index_add(&engine, second, &err), 0);
	check_err(&err, BT_ERR_CONFLICT,
		  "The container name \"/web\" is already in use by container \"abc123\"");
	ck_assert_ptr_null(found(second->id));
}
END_TEST

START_TEST(what_is_removed_is_gone_by_each_of_its_names_and_removing_it_again_is_fine)
{
	bt_auto_container struct bt_container *c = bt_container_ref(add_with_id("abc123", "web"));

	bt_container_index_remove(&engine, c);
	bt_container_index_remove(&engine, c);
	ck_assert_ptr_null(found("abc123"));
	ck_assert_ptr_null(found("web"));
	ck_assert_ptr_nonnull(add_with_id("abc456", "web"));
	/* That of the first does not take the second's name away. */
	bt_container_index_remove(&engine, c);
	ck_assert_ptr_nonnull(found("web"));
}
END_TEST

START_TEST(a_renamed_one_is_found_by_its_new_name_alone)
{
	struct bt_container *c = add_with_id("abc123", "web");

	ck_well(bt_container_index_rename(&engine, c, "shop", &err), &err);
	ck_assert_ptr_eq(found("shop"), c);
	ck_assert_ptr_null(found("web"));
	ck_assert_str_eq(c->name, "shop");
	ck_assert_ptr_nonnull(add_with_id("abc456", "web"));
}
END_TEST

START_TEST(a_name_that_another_has_is_not_taken_and_nothing_changes)
{
	struct bt_container *c = add_with_id("abc123", "web"), *db = add_with_id("def456", "db");

	ck_assert_int_lt(bt_container_index_rename(&engine, c, "db", &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "already in use by container \"def456\"");
	ck_assert_ptr_eq(found("web"), c);
	ck_assert_ptr_eq(found("db"), db);
	ck_assert_str_eq(c->name, "web");
}
END_TEST

START_TEST(all_are_told_the_newest_first)
{
	struct bt_container *old = add_container("old", "{}"), *mid = add_container("mid", "{}");
	struct bt_container *young = add_container("young", "{}"), **all = NULL;

	ck_assert_int_eq(bt_container_all(&engine, &all), 3);
	ck_assert_ptr_eq(all[0], young);
	ck_assert_ptr_eq(all[1], mid);
	ck_assert_ptr_eq(all[2], old);
	/* They outlive their removal, as long as the list is held. */
	bt_container_index_remove(&engine, old);
	ck_assert_str_eq(all[2]->name, "old");
	bt_container_unref_all(all, 3);
}
END_TEST

START_TEST(a_list_of_none_is_empty_and_given_back_like_any_other)
{
	struct bt_container **all = NULL;

	ck_assert_int_eq(bt_container_all(&engine, &all), 0);
	bt_container_unref_all(all, 0);
	bt_container_unref_all(NULL, -ENOMEM);
	bt_container_unref(NULL);
	bt_container_index_destroy(NULL);
}
END_TEST

START_TEST(an_id_that_is_too_long_is_cut)
{
	char id[200];

	memset(id, 'a', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	bt_auto_container struct bt_container *c = bt_container_new(&engine, id);

	ck_assert_uint_eq(strlen(c->id), BT_RAND_ID_LEN);
}
END_TEST

START_TEST(what_runs_is_alive_and_so_is_what_is_between_two_runs)
{
	static const struct {
		enum bt_container_status status;
		bool running, alive;
	} rows[] = {
		{ BT_CONTAINER_CREATED, false, false },  { BT_CONTAINER_RUNNING, true, true },
		{ BT_CONTAINER_PAUSED, true, true },     { BT_CONTAINER_RESTARTING, false, true },
		{ BT_CONTAINER_REMOVING, false, false }, { BT_CONTAINER_EXITED, false, false },
		{ BT_CONTAINER_DEAD, false, false },
	};
	struct bt_container *c = add_container("web", "{}");

	for (size_t i = 0; i < LENGTH(rows); i++) {
		c->state.status = rows[i].status;
		ck_assert_msg(bt_container_is_running(c) == rows[i].running, "%zu", i);
		ck_assert_msg(bt_container_is_alive(c) == rows[i].alive, "%zu", i);
	}
}
END_TEST

START_TEST(only_a_container_that_runs_can_be_joined)
{
	struct bt_container *c = add_container("web", "{}");
	char id[BT_RAND_ID_LEN + 1] = "";
	pid_t pid = 0;

	ck_assert_int_lt(bt_container_running_pid(&engine, "web", id, &pid, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "cannot join network of a non running container: 000");
	ck_assert_str_eq(id, "");
	/* Its last pid is no process's any more. */
	c->state.pid = 7;
	ck_assert_int_lt(bt_container_running_pid(&engine, "web", id, &pid, &err), 0);
	c->state.status = BT_CONTAINER_PAUSED;
	ck_well(bt_container_running_pid(&engine, "web", id, &pid, &err), &err);
	ck_assert_int_eq(pid, 7);
	ck_assert_str_eq(id, c->id);
	ck_well(bt_container_running_pid(&engine, "web", NULL, &pid, &err), &err);
	ck_assert_int_lt(bt_container_running_pid(&engine, "gone", NULL, &pid, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: gone");
}
END_TEST

START_TEST(the_name_of_a_container_is_a_copy_and_none_where_it_has_gone)
{
	struct bt_container *c = add_container("web", "{}");
	bt_auto_free char *name = bt_container_name_of(&engine, c->id);

	ck_well(bt_container_index_rename(&engine, c, "shop", &err), &err);
	ck_assert_str_eq(name, "web");
	ck_assert_ptr_null(bt_container_name_of(&engine, "gone"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, it_is_found_by_id_name_slashed_name_and_prefix);
	tcase_add_test(tests, what_is_neither_is_not_found);
	tcase_add_test(tests, nothing_at_all_is_an_invalid_request);
	tcase_add_test(tests, a_prefix_of_two_ids_finds_neither);
	tcase_add_test(tests, an_id_goes_before_a_name_and_a_name_before_a_prefix);
	tcase_add_test(tests, a_name_in_use_is_a_conflict_that_says_whose_it_is);
	tcase_add_test(tests,
		       what_is_removed_is_gone_by_each_of_its_names_and_removing_it_again_is_fine);
	tcase_add_test(tests, a_renamed_one_is_found_by_its_new_name_alone);
	tcase_add_test(tests, a_name_that_another_has_is_not_taken_and_nothing_changes);
	tcase_add_test(tests, all_are_told_the_newest_first);
	tcase_add_test(tests, a_list_of_none_is_empty_and_given_back_like_any_other);
	tcase_add_test(tests, an_id_that_is_too_long_is_cut);
	tcase_add_test(tests, what_runs_is_alive_and_so_is_what_is_between_two_runs);
	tcase_add_test(tests, only_a_container_that_runs_can_be_joined);
	tcase_add_test(tests, the_name_of_a_container_is_a_copy_and_none_where_it_has_gone);
}

int main(void)
{
	return run_suite("engine/container", setup_stores, teardown_stores, add);
}
