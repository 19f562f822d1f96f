/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/exec_table.h"

#include <errno.h>
#include <pthread.h>

#include "monitor/exec_file.h"
#include "stores_fixture.h"

#define CONFIG "{\"Cmd\":[\"x\"]}"

static struct bt_container *web, *other;

/* The container's run directory. Owned, free(). */
static char *run_dir(const struct bt_container *c)
{
	return bt_str_format("%s/containers/%s", root, c->id);
}

/* One with a directory for the files of its execs. */
static struct bt_container *add_with_dir(const char *name)
{
	struct bt_container *c = add_container(name, "{}");
	bt_auto_free char *dir = run_dir(c);

	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
	return c;
}

static void setup(void)
{
	setup_stores();
	web = add_with_dir("web");
	other = add_with_dir("other");
}

static struct bt_exec *add_exec(const struct bt_container *c)
{
	struct bt_exec *exec = NULL;

	ck_well(bt_exec_table_add(engine.execs, c->id, CONFIG, &exec, &err), &err);
	return exec;
}

static struct bt_exec_table_status status_of(const struct bt_exec *exec)
{
	struct bt_exec_table_status status;

	bt_exec_table_status(engine.execs, exec, &status);
	return status;
}

static bool is_known(const char *id)
{
	bt_auto_exec struct bt_exec *exec = NULL;

	return bt_exec_table_get(engine.execs, id, &exec, &err) == 0;
}

START_TEST(a_new_one_is_found_by_its_id_with_what_it_was_made_of)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web), *again = NULL;
	struct bt_exec_table_status status = status_of(exec);

	ck_well(bt_exec_table_get(engine.execs, exec->id, &again, &err), &err);
	ck_assert_ptr_eq(again, exec);
	ck_assert_str_eq(exec->container, web->id);
	ck_assert_str_eq(exec->config, CONFIG);
	ck_assert_uint_eq(strlen(exec->id), BT_RAND_ID_LEN);
	ck_assert(!status.claimed && !status.running && !status.ended);
}
END_TEST

START_TEST(ids_differ_and_what_is_no_whole_id_finds_nothing)
{
	bt_auto_exec struct bt_exec *one = add_exec(web), *two = add_exec(web), *none = NULL;
	bt_auto_free char *prefix = strndup(one->id, 12);

	ck_assert_str_ne(one->id, two->id);
	ck_assert_int_lt(bt_exec_table_get(engine.execs, prefix, &none, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such exec instance: ");
	ck_assert_int_lt(bt_exec_table_get(engine.execs, "", &none, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such exec instance: ");
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(only_one_can_claim_it_until_it_gives_it_back)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web);

	ck_well(bt_exec_table_claim(engine.execs, exec, &err), &err);
	ck_assert_int_lt(bt_exec_table_claim(engine.execs, exec, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "is already running");
	bt_exec_table_unclaim(engine.execs, exec);
	ck_well(bt_exec_table_claim(engine.execs, exec, &err), &err);
}
END_TEST

START_TEST(what_has_run_is_not_run_again)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web);

	ck_well(bt_exec_table_claim(engine.execs, exec, &err), &err);
	bt_exec_table_event_started(web, exec->id, 7);
	bt_exec_table_event_ended(web, exec->id, 3, 0);
	bt_exec_table_unclaim(engine.execs, exec);
	ck_assert_int_lt(bt_exec_table_claim(engine.execs, exec, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "has already run");
}
END_TEST

START_TEST(its_status_follows_what_its_monitor_tells)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web);

	bt_exec_table_event_started(web, exec->id, 7);
	ck_assert(status_of(exec).running);
	ck_assert_int_eq(status_of(exec).pid, 7);
	bt_exec_table_event_ended(web, exec->id, 3, 0);
	ck_assert(!status_of(exec).running);
	ck_assert(status_of(exec).ended);
	ck_assert_int_eq(status_of(exec).code, 3);
	ck_assert_int_gt(status_of(exec).ended_ns, 0);
}
END_TEST

START_TEST(an_end_that_overtakes_the_start_stays_the_end)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web);

	bt_exec_table_event_ended(web, exec->id, 126, 0);
	bt_exec_table_event_started(web, exec->id, 7);
	ck_assert(status_of(exec).ended);
	ck_assert(!status_of(exec).running);
	ck_assert_int_eq(status_of(exec).pid, 0);
}
END_TEST

START_TEST(an_end_is_told_once_with_its_code_and_the_first_counts)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web);
	bt_auto_free char *events = NULL;

	bt_exec_table_event_ended(web, exec->id, 3, 0);
	bt_exec_table_event_ended(web, exec->id, 4, 0);
	bt_exec_event_failed(web, exec->id, 5);
	events = told();
	ck_assert_str_eq(events, "container exec_die\n");
	ck_assert_int_eq(status_of(exec).code, 3);
}
END_TEST

START_TEST(of_one_that_is_not_known_nothing_is_told)
{
	bt_auto_free char *events = NULL;

	bt_exec_table_event_started(web, "nope", 1);
	bt_exec_table_event_ended(web, "nope", 1, 0);
	events = told();
	ck_assert_str_eq(events, "");
	ck_assert(!is_known("nope"));
}
END_TEST

START_TEST(those_that_began_end_with_their_container_and_no_others)
{
	bt_auto_exec struct bt_exec *ran = add_exec(web), *idle = add_exec(web);
	bt_auto_exec struct bt_exec *others = add_exec(other);
	bt_auto_free char *events = NULL;

	ck_well(bt_exec_table_claim(engine.execs, ran, &err), &err);
	ck_well(bt_exec_table_claim(engine.execs, others, &err), &err);
	bt_exec_table_container_ended(web);
	ck_assert(status_of(ran).ended);
	ck_assert_int_eq(status_of(ran).code, 137);
	ck_assert(!status_of(idle).ended);
	ck_assert(!status_of(others).ended);
	bt_exec_table_event_ended(web, ran->id, 0, 0);
	ck_assert_int_eq(status_of(ran).code, 137);
	events = told();
	ck_assert_str_eq(events, "");
}
END_TEST

START_TEST(its_container_names_those_that_have_not_ended)
{
	bt_auto_exec struct bt_exec *ended = add_exec(web), *others = add_exec(other);
	json_auto_t *none = bt_exec_table_ids_of(add_container("third", "{}")), *one = NULL;

	ck_assert(json_is_null(none));
	bt_exec_table_event_ended(web, ended->id, 0, 0);
	one = bt_exec_table_ids_of(web);
	ck_assert(json_is_null(one));
	json_decref(one);
	one = bt_exec_table_ids_of(other);
	ck_assert_uint_eq(json_array_size(one), 1);
	ck_assert_str_eq(json_string_value(json_array_get(one, 0)), others->id);
}
END_TEST

START_TEST(with_its_container_hundreds_are_forgotten_and_those_of_others_stay)
{
	bt_auto_exec struct bt_exec *others = add_exec(other), *held = add_exec(web);
	char ids[300][BT_RAND_ID_LEN + 1];

	for (size_t i = 0; i < LENGTH(ids); i++) {
		bt_auto_exec struct bt_exec *exec = add_exec(web);

		memcpy(ids[i], exec->id, sizeof(ids[i]));
	}
	bt_exec_table_container_removed(web);
	for (size_t i = 0; i < LENGTH(ids); i++)
		ck_assert_msg(!is_known(ids[i]), "%zu", i);
	ck_assert(!is_known(held->id));
	ck_assert(is_known(others->id));
	/* Who holds one still can look at it. */
	ck_assert_str_eq(held->config, CONFIG);
	bt_exec_table_container_removed(web);
}
END_TEST

START_TEST(one_that_ended_long_ago_is_forgotten_when_another_is_made)
{
	const struct bt_exec_table_status old = {
		.ended = true, .ended_ns = bt_time_monotonic_ns() - 301 * BT_TIME_NSEC_PER_SEC
	};
	const struct bt_exec_table_status young = { .ended = true,
						    .ended_ns = bt_time_monotonic_ns() };
	const struct bt_exec_table_status idle = { 0 };
	char ids[3][BT_RAND_ID_LEN + 1] = { "" };

	for (size_t i = 0; i < 3; i++)
		memset(ids[i], (int)('a' + i), BT_RAND_ID_LEN);
	ck_assert_int_eq(bt_execs_put(engine.execs, ids[0], web->id, CONFIG, &old), 0);
	ck_assert_int_eq(bt_execs_put(engine.execs, ids[1], web->id, CONFIG, &young), 0);
	ck_assert_int_eq(bt_execs_put(engine.execs, ids[2], web->id, CONFIG, &idle), 0);
	ck_assert(is_known(ids[0]));
	bt_exec_table_unref(add_exec(web));
	ck_assert(!is_known(ids[0]));
	ck_assert(is_known(ids[1]));
	ck_assert(is_known(ids[2]));
}
END_TEST

START_TEST(its_file_is_there_as_long_as_it_is_known)
{
	bt_auto_free char *dir = run_dir(web);
	bt_auto_exec_file struct bt_exec_file file = { 0 };
	bt_auto_exec struct bt_exec *exec = add_exec(web);

	ck_assert_int_eq(bt_exec_file_read(dir, exec->id, &file), 0);
	ck_assert_str_eq(file.config, CONFIG);
	ck_assert(!file.ended);
	bt_exec_file_done(&file);
	bt_exec_event_failed(web, exec->id, 127);
	ck_assert_int_eq(bt_exec_file_read(dir, exec->id, &file), 0);
	ck_assert(file.ended && file.told);
	ck_assert_int_eq(file.code, 127);
	bt_exec_file_done(&file);
	bt_exec_table_container_removed(web);
	ck_assert_int_eq(bt_exec_file_read(dir, exec->id, &file), -ENOENT);
}
END_TEST

START_TEST(without_a_directory_for_its_file_it_is_an_exec_all_the_same)
{
	struct bt_container *bare = add_container("bare", "{}");
	bt_auto_exec struct bt_exec *exec = add_exec(bare);

	ck_assert(is_known(exec->id));
	bt_exec_event_failed(bare, exec->id, 127);
	ck_assert_int_eq(status_of(exec).code, 127);
}
END_TEST

START_TEST(who_waits_for_a_start_that_nobody_makes_does_not_wait)
{
	bt_auto_exec struct bt_exec *exec = add_exec(web);
	struct bt_exec_table_status status;

	bt_exec_table_wait_started(engine.execs, exec, 1000000, &status);
	ck_assert(!status.running && !status.ended);
	ck_well(bt_exec_table_claim(engine.execs, exec, &err), &err);
	bt_exec_table_wait_started(engine.execs, exec, 1, &status);
	ck_assert(status.claimed && !status.running);
}
END_TEST

enum what {
	STARTED,
	ENDED,
	GIVEN_BACK,
	CONTAINER_ENDED
};

struct later {
	enum what what;
	struct bt_exec *exec;
};

static void *happen(void *data)
{
	const struct later *later = data;

	switch (later->what) {
	case STARTED:
		bt_exec_table_event_started(web, later->exec->id, 7);
		break;
	case ENDED:
		bt_exec_table_event_ended(web, later->exec->id, 1, 0);
		break;
	case GIVEN_BACK:
		bt_exec_table_unclaim(engine.execs, later->exec);
		break;
	case CONTAINER_ENDED:
		bt_exec_table_container_ended(web);
		break;
	}
	return NULL;
}

START_TEST(who_waits_for_a_start_is_woken_by_whatever_decides_it)
{
	const enum what whats[] = { STARTED, ENDED, GIVEN_BACK, CONTAINER_ENDED };

	for (size_t i = 0; i < LENGTH(whats); i++) {
		bt_auto_exec struct bt_exec *exec = add_exec(web);
		struct later later = { whats[i], exec };
		struct bt_exec_table_status status;
		pthread_t thread;

		ck_well(bt_exec_table_claim(engine.execs, exec, &err), &err);
		ck_assert_int_eq(pthread_create(&thread, NULL, happen, &later), 0);
		bt_exec_table_wait_started(engine.execs, exec, 1000000, &status);
		ck_assert_msg(status.running || status.ended || !status.claimed, "%zu", i);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
}
END_TEST

START_TEST(of_two_put_in_with_one_id_the_second_counts_and_the_first_is_released)
{
	const struct bt_exec_table_status status = { .claimed = true };
	char id[BT_RAND_ID_LEN + 1] = "";
	bt_auto_exec struct bt_exec *exec = NULL;

	memset(id, 'a', BT_RAND_ID_LEN);
	ck_assert_int_eq(bt_execs_put(engine.execs, id, web->id, "1", &status), 0);
	ck_assert_int_eq(bt_execs_put(engine.execs, id, web->id, "2", &status), 0);
	ck_well(bt_exec_table_get(engine.execs, id, &exec, &err), &err);
	ck_assert_str_eq(exec->config, "2");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_new_one_is_found_by_its_id_with_what_it_was_made_of);
	tcase_add_test(tests, ids_differ_and_what_is_no_whole_id_finds_nothing);
	tcase_add_test(tests, only_one_can_claim_it_until_it_gives_it_back);
	tcase_add_test(tests, what_has_run_is_not_run_again);
	tcase_add_test(tests, its_status_follows_what_its_monitor_tells);
	tcase_add_test(tests, an_end_that_overtakes_the_start_stays_the_end);
	tcase_add_test(tests, an_end_is_told_once_with_its_code_and_the_first_counts);
	tcase_add_test(tests, of_one_that_is_not_known_nothing_is_told);
	tcase_add_test(tests, those_that_began_end_with_their_container_and_no_others);
	tcase_add_test(tests, its_container_names_those_that_have_not_ended);
	tcase_add_test(tests, with_its_container_hundreds_are_forgotten_and_those_of_others_stay);
	tcase_add_test(tests, one_that_ended_long_ago_is_forgotten_when_another_is_made);
	tcase_add_test(tests, its_file_is_there_as_long_as_it_is_known);
	tcase_add_test(tests, without_a_directory_for_its_file_it_is_an_exec_all_the_same);
	tcase_add_test(tests, who_waits_for_a_start_that_nobody_makes_does_not_wait);
	tcase_add_test(tests, who_waits_for_a_start_is_woken_by_whatever_decides_it);
	tcase_add_test(tests,
		       of_two_put_in_with_one_id_the_second_counts_and_the_first_is_released);
}

int main(void)
{
	return run_suite("engine/exec_table", setup, teardown_stores, add);
}
