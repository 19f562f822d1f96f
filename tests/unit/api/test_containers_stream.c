/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_files.h"
#include "handler_fixture.h"
#include "logs/json_file.h"

static struct bt_container *web;

static void setup(void)
{
	setup_handlers();
	web = add_recorded("web", "{}", "{'LogConfig':{'Type':'json-file','Config':{}}}", "[]");
}

static void put_log(const char *text)
{
	bt_auto_free char *path = bt_container_files_log(&engine, web->id);
	bt_auto_free char *dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	struct bt_json_file_options opt = { .path = path, .max_file = 1 };
	struct bt_json_file *log = NULL;
	int64_t at = 0;

	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
	ck_assert_int_eq(bt_json_file_open(&opt, &log), 0);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		ck_assert_int_eq(bt_json_file_write(log, BT_LOG_STDOUT, line,
						    strcspn(line, "\n") + 1,
						    (at += BT_TIME_NSEC_PER_SEC)),
				 0);
	ck_assert_int_eq(bt_json_file_flush(log), 0);
	bt_json_file_close(log);
}

/* ---- logs -------------------------------------------------------------------------- */

START_TEST(a_log_comes_in_any_pieces_and_ends_where_nothing_follows)
{
	bool end;

	put_log("one\ntwo\nthree\n");
	web->tty = true;
	check_answers(200, NULL, "GET", "/containers/web/logs?stdout=1", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_RAW);
	ck_assert_str_eq(read_stream(&end), "one\ntwo\nthree\n");
	ck_assert(end);
}
END_TEST

START_TEST(a_tail_is_a_number_of_lines_and_whatever_is_none_means_all)
{
	static const struct {
		const char *tail, *text;
	} cases[] = {
		{ "1", "three\n" },
		{ "2", "two\nthree\n" },
		{ "0", "" },
		{ "all", "one\ntwo\nthree\n" },
		{ "-1", "one\ntwo\nthree\n" },
		{ "x", "one\ntwo\nthree\n" },
		{ "99999999999999999999", "one\ntwo\nthree\n" },
		{ "", "one\ntwo\nthree\n" },
	};

	put_log("one\ntwo\nthree\n");
	web->tty = true;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *target =
			bt_str_format("/containers/web/logs?stdout=1&tail=%s", cases[i].tail);

		check_answers(200, NULL, "GET", target, NULL);
		ck_assert_str_eq(read_stream(NULL), cases[i].text);
	}
}
END_TEST

START_TEST(times_narrow_a_log)
{
	put_log("one\ntwo\nthree\n");
	web->tty = true;
	check_answers(200, NULL, "GET", "/containers/web/logs?stdout=1&since=2&until=2", NULL);
	ck_assert_str_eq(read_stream(NULL), "two\n");
	check_answers(200, NULL, "GET", "/containers/web/logs?stdout=1&since=9", NULL);
	ck_assert_str_eq(read_stream(NULL), "");
	check_answers(400, "", "GET", "/containers/web/logs?stdout=1&since=yesterday", NULL);
}
END_TEST

START_TEST(frames_are_called_so_from_1_42_on)
{
	put_log("one\n");
	check_answers(200, NULL, "GET", "/v1.42/containers/web/logs?stdout=1", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_MUXED);
	check_answers(200, NULL, "GET", "/v1.41/containers/web/logs?stdout=1", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_RAW);
	/* There are frames all the same. */
	ck_assert_int_eq(read_stream(NULL)[0], 1);
}
END_TEST

START_TEST(at_least_one_stream_is_wanted)
{
	check_answers(400, "Bad parameters: you must choose at least one stream", "GET",
		      "/containers/web/logs", NULL);
	check_answers(400, "you must choose at least one stream", "GET",
		      "/containers/web/logs?stdout=0&stderr=false", NULL);
	check_answers(404, "No such container: nobody", "GET", "/containers/nobody/logs?stdout=1",
		      NULL);
}
END_TEST

/* ---- waits --------------------------------------------------------------------------- */

START_TEST(a_wait_for_what_does_not_run_is_answered_at_once)
{
	bool end;

	web->state.status = BT_CONTAINER_EXITED;
	web->state.exit_code = 3;
	check_answers(200, NULL, "POST", "/containers/web/wait", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_JSON);
	ck_assert_str_eq(read_stream(&end), "{\"StatusCode\":3}\n");
	ck_assert(end);
}
END_TEST

START_TEST(a_wait_for_the_next_end_or_the_removal_has_nothing_to_say_yet)
{
	bool end;

	web->state.status = BT_CONTAINER_EXITED;
	check_answers(200, NULL, "POST", "/containers/web/wait?condition=next-exit", NULL);
	ck_assert_str_eq(read_stream(&end), "");
	ck_assert(!end);
	check_answers(200, NULL, "POST", "/containers/web/wait?condition=removed", NULL);
	ck_assert_str_eq(read_stream(&end), "");
	ck_assert(!end);
	/* Whoever gives up waits no more. */
	forget_request();
	ck_assert(bt_list_empty(&web->waiters));
}
END_TEST

START_TEST(conditions_are_three)
{
	check_answers(400, "invalid condition: \"never\"", "POST",
		      "/containers/web/wait?condition=never", NULL);
	check_answers(404, "No such container: nobody", "POST", "/containers/nobody/wait", NULL);
	ck_assert(bt_list_empty(&web->waiters));
}
END_TEST

/* ---- attach and sizes ------------------------------------------------------------------ */

START_TEST(an_attach_is_a_stream_of_the_containers_kind_and_a_start_waits_for_it)
{
	check_answers(200, NULL, "POST", "/containers/web/attach?stream=1&stdout=1", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_MUXED);
	ck_assert(!bt_list_empty(&web->attaching));
	forget_request();
	ck_assert(bt_list_empty(&web->attaching));
	web->tty = true;
	check_answers(200, NULL, "POST", "/containers/web/attach?stream=1&stdout=1", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_RAW);
}
END_TEST

START_TEST(an_attach_that_is_refused_leaves_nobody_to_wait_for)
{
	check_answers(400, "Invalid detach keys", "POST",
		      "/containers/web/attach?stream=1&detachKeys=ctrl-", NULL);
	check_answers(404, "No such container: nobody", "POST",
		      "/containers/nobody/attach?stream=1", NULL);
	ck_assert(bt_list_empty(&web->attaching));
}
END_TEST

START_TEST(a_size_has_two_sides_and_a_program_that_runs)
{
	static const char *const bad[] = { "",          "?h=1",      "?w=1",
					   "?h=a&w=1",  "?h=-1&w=1", "?h=1&w=70000000000",
					   "?h=1&w=1.5" };

	for (size_t i = 0; i < LENGTH(bad); i++) {
		bt_auto_free char *target = bt_str_format("/containers/web/resize%s", bad[i]);

		check_answers(400, "", "POST", target, NULL);
	}
	check_answers(409, "is not running", "POST", "/containers/web/resize?h=24&w=80", NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_log_comes_in_any_pieces_and_ends_where_nothing_follows);
	tcase_add_test(tests, a_tail_is_a_number_of_lines_and_whatever_is_none_means_all);
	tcase_add_test(tests, times_narrow_a_log);
	tcase_add_test(tests, frames_are_called_so_from_1_42_on);
	tcase_add_test(tests, at_least_one_stream_is_wanted);
	tcase_add_test(tests, a_wait_for_what_does_not_run_is_answered_at_once);
	tcase_add_test(tests, a_wait_for_the_next_end_or_the_removal_has_nothing_to_say_yet);
	tcase_add_test(tests, conditions_are_three);
	tcase_add_test(tests,
		       an_attach_is_a_stream_of_the_containers_kind_and_a_start_waits_for_it);
	tcase_add_test(tests, an_attach_that_is_refused_leaves_nobody_to_wait_for);
	tcase_add_test(tests, a_size_has_two_sides_and_a_program_that_runs);
}

int main(void)
{
	return run_suite("api/containers_stream", setup, teardown_handlers, add);
}
