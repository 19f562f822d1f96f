/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_remove.h"

#include "engine/config_file.h"
#include "engine/container_wait.h"
#include "lives_fixture.h"

static json_t *pruned;

static void teardown(void)
{
	json_decref(pruned);
	teardown_lives();
}

/* A whole one: with its row and its directory. */
static struct bt_container *add_whole(const char *name, const char *summary)
{
	bt_auto_container struct bt_container *c = new_container(name, summary);
	bt_auto_settings struct bt_container_settings s = { .config = json_object(),
							    .host_config = json_object(),
							    .networking = json_object(),
							    .mounts = json_array() };

	ck_well(bt_container_index_add(&engine, c, &err), &err);
	ck_well(bt_container_row_insert(c, &s, &err), &err);
	ck_well(bt_container_files_create(&engine, c->id, &err), &err);
	return c;
}

static int remove_it(const char *ref)
{
	err = (struct bt_err){ 0 };
	return bt_container_remove(&engine, ref, false, false, false, &err);
}

START_TEST(a_removal_leaves_neither_row_nor_directory_nor_name)
{
	bt_auto_container struct bt_container *c = bt_container_ref(add_whole("web", "{}"));
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_free char *events = NULL;

	ck_well(remove_it("web"), &err);
	ck_assert(!is_there("web"));
	ck_assert(!is_there(c->id));
	ck_assert(!has_dir(c->id));
	ck_assert(c->removed);
	ck_assert_int_lt(bt_container_row_settings(c, &s, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container");
	events = told();
	ck_assert_str_eq(events, "container destroy\n");
	add_whole("web", "{}");
}
END_TEST

START_TEST(what_was_removed_is_not_removed_again)
{
	add_whole("web", "{}");
	ck_well(remove_it("web"), &err);
	ck_assert_int_lt(remove_it("web"), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: web");
}
END_TEST

START_TEST(what_lives_is_not_removed_unless_somebody_insists)
{
	static const struct {
		enum bt_container_status status;
		const char *words;
	} rows[] = {
		{ BT_CONTAINER_RUNNING, "container is running: stop the container before" },
		{ BT_CONTAINER_RESTARTING, "container is restarting: stop the container before" },
		{ BT_CONTAINER_PAUSED, "container is paused and must be unpaused first" },
		{ BT_CONTAINER_REMOVING, "is already in progress" },
	};
	struct bt_container *c = add_whole("web", "{}");

	for (size_t i = 0; i < LENGTH(rows); i++) {
		c->state.status = rows[i].status;
		ck_assert_int_lt(remove_it("web"), 0);
		check_err(&err, BT_ERR_CONFLICT, rows[i].words);
		ck_assert(is_there("web") && has_dir(c->id));
		ck_assert_int_eq(c->state.status, rows[i].status);
	}
}
END_TEST

START_TEST(what_is_at_rest_is_removed_however_it_came_there)
{
	static const enum bt_container_status rests[] = { BT_CONTAINER_CREATED, BT_CONTAINER_EXITED,
							  BT_CONTAINER_DEAD };

	for (size_t i = 0; i < LENGTH(rests); i++) {
		add_whole("web", "{}")->state.status = rests[i];
		ck_well(remove_it("web"), &err);
		ck_assert(!is_there("web"));
	}
}
END_TEST

START_TEST(who_waits_for_the_removal_is_told)
{
	struct bt_container_wait *wait = NULL;
	json_auto_t *answer = NULL;

	add_whole("web", "{}")->state.exit_code = 3;
	ck_well(bt_container_wait_open(&engine, "web", BT_WAIT_REMOVED, &wait, &err), &err);
	ck_well(remove_it("web"), &err);
	ck_well(bt_container_wait_result(wait, &answer, &err), &err);
	assert_json(answer, "{'StatusCode':3}");
	bt_container_wait_close(wait);
}
END_TEST

static int rename_it(const char *ref, const char *name)
{
	err = (struct bt_err){ 0 };
	return bt_container_rename(&engine, ref, name, &err);
}

START_TEST(a_name_that_cannot_be_one_changes_nothing)
{
	static const struct {
		const char *name, *words;
		enum bt_err_kind kind;
	} rows[] = {
		{ NULL, "Neither old nor new names may be empty", BT_ERR_INVALID },
		{ "", "Neither old nor new names may be empty", BT_ERR_INVALID },
		{ "/", "Neither old nor new names may be empty", BT_ERR_INVALID },
		{ "a b", "Error when allocating new name", BT_ERR_INVALID },
		{ "-a", "Error when allocating new name", BT_ERR_INVALID },
		{ "web", "with the same name as its current name", BT_ERR_INVALID },
		{ "/web", "with the same name as its current name", BT_ERR_INVALID },
		{ "db", "Error when allocating new name: Conflict.", BT_ERR_CONFLICT },
	};
	struct bt_container *c = add_whole("web", "{}");
	bt_auto_free char *events = NULL;

	add_whole("db", "{}");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		ck_assert_msg(rename_it("web", rows[i].name) < 0, "row %zu", i);
		check_err(&err, rows[i].kind, rows[i].words);
		ck_assert_str_eq(c->name, "web");
	}
	events = told();
	ck_assert_str_eq(events, "");
}
END_TEST

START_TEST(a_conflict_names_the_container_that_has_the_name)
{
	struct bt_container *db = add_whole("db", "{}");

	add_whole("web", "{}");
	ck_assert_int_lt(rename_it("web", "/db"), 0);
	check_err(&err, BT_ERR_CONFLICT, db->id);
}
END_TEST

START_TEST(what_is_not_there_is_not_renamed)
{
	ck_assert_int_lt(rename_it("gone", "web"), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: gone");
}
END_TEST

/* Prune; the answer is in `pruned`. `filters` is JSON in single quotes, or NULL. */
static int prune(const char *text)
{
	bt_auto_filters struct bt_filters *filters = text ? make_filters(text) : NULL;

	json_decref(pruned);
	pruned = NULL;
	err = (struct bt_err){ 0 };
	return bt_container_prune(&engine, filters, &pruned, &err);
}

static size_t npruned(void)
{
	return json_array_size(json_object_get(pruned, "ContainersDeleted"));
}

START_TEST(a_prune_takes_what_is_at_rest_and_nothing_else)
{
	add_whole("created", "{}");
	add_whole("exited", "{}")->state.status = BT_CONTAINER_EXITED;
	add_whole("dead", "{}")->state.status = BT_CONTAINER_DEAD;
	add_whole("removing", "{}")->state.status = BT_CONTAINER_REMOVING;
	add_whole("restarting", "{}")->state.status = BT_CONTAINER_RESTARTING;
	struct bt_container *running = add_whole("running", "{}");

	running->state.status = BT_CONTAINER_RUNNING;
	running->state.pid = 1;
	ck_well(prune(NULL), &err);
	ck_assert_uint_eq(npruned(), 3);
	ck_assert(!is_there("created") && !is_there("exited") && !is_there("dead"));
	ck_assert(is_there("removing") && is_there("restarting") && is_there("running"));
}
END_TEST

START_TEST(a_prune_that_finds_nothing_says_null_and_is_told_all_the_same)
{
	bt_auto_free char *events = NULL;

	ck_well(prune("{}"), &err);
	assert_json(pruned, "{'ContainersDeleted':null,'SpaceReclaimed':0}");
	events = told();
	ck_assert_str_eq(events, "container prune\n");
}
END_TEST

START_TEST(a_prune_keeps_those_whose_labels_it_was_told_to_keep)
{
	add_whole("a", "{\"Labels\":{\"k\":\"v\"}}");
	add_whole("b", "{\"Labels\":{\"k\":\"w\"}}");
	add_whole("c", "{}");
	ck_well(prune("{'label!':['k=v'],'label':['k']}"), &err);
	ck_assert(is_there("a") && !is_there("b") && is_there("c"));
	ck_well(prune("{'label!':['k']}"), &err);
	ck_assert(is_there("a") && !is_there("c"));
	ck_well(prune("{'label':['k=w']}"), &err);
	ck_assert_uint_eq(npruned(), 0);
	ck_well(prune("{'label':['k=v']}"), &err);
	ck_assert(!is_there("a"));
}
END_TEST

START_TEST(a_prune_until_a_time_takes_what_was_made_by_then)
{
	add_whole("first", "{}"); /* made in second 1 */
	add_whole("second", "{}");
	add_whole("third", "{}");
	ck_well(prune("{'until':['2']}"), &err);
	ck_assert(!is_there("first") && !is_there("second") && is_there("third"));
	ck_well(prune("{'until':['24h']}"), &err);
	ck_assert(!is_there("third"));
}
END_TEST

START_TEST(a_prune_with_a_filter_that_makes_no_sense_takes_nothing)
{
	add_whole("web", "{}");
	ck_assert_int_lt(prune("{'nope':['x']}"), 0);
	check_err(&err, BT_ERR_INVALID, "invalid filter 'nope'");
	ck_assert_int_lt(prune("{'until':['yesterday']}"), 0);
	check_err(&err, BT_ERR_INVALID, "failed to parse value as time or duration");
	ck_assert_int_lt(prune("{'until':['']}"), 0);
	check_err(&err, BT_ERR_INVALID, "failed to parse value as time or duration");
	ck_assert(is_there("web"));
	ck_assert_ptr_null(pruned);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_removal_leaves_neither_row_nor_directory_nor_name);
	tcase_add_test(tests, what_was_removed_is_not_removed_again);
	tcase_add_test(tests, what_lives_is_not_removed_unless_somebody_insists);
	tcase_add_test(tests, what_is_at_rest_is_removed_however_it_came_there);
	tcase_add_test(tests, who_waits_for_the_removal_is_told);
	tcase_add_test(tests, a_name_that_cannot_be_one_changes_nothing);
	tcase_add_test(tests, a_conflict_names_the_container_that_has_the_name);
	tcase_add_test(tests, what_is_not_there_is_not_renamed);
	tcase_add_test(tests, a_prune_takes_what_is_at_rest_and_nothing_else);
	tcase_add_test(tests, a_prune_that_finds_nothing_says_null_and_is_told_all_the_same);
	tcase_add_test(tests, a_prune_keeps_those_whose_labels_it_was_told_to_keep);
	tcase_add_test(tests, a_prune_until_a_time_takes_what_was_made_by_then);
	tcase_add_test(tests, a_prune_with_a_filter_that_makes_no_sense_takes_nothing);
}

int main(void)
{
	return run_suite("engine/container_remove", setup_lives, teardown, add);
}
