/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_stop.h"

#include <limits.h>
#include <signal.h>

#include "stores_fixture.h"

/* What a stop of a container with this Config comes to, with what the request says. */
static int values(const char *config, const char *request_signal, int *timeout, int *ret_signal)
{
	struct bt_container *c = add_recorded("web", config, "{}", "[]");
	int r;

	err = (struct bt_err){ 0 };
	*ret_signal = -1;
	r = bt_container_stop_values(c, request_signal, timeout, ret_signal, &err);
	ck_well(bt_container_row_delete(c, &err) < 0 ? -1 : 0, &err);
	bt_container_index_remove(&engine, c);
	return r;
}

struct row {
	const char *config, *signal;
	int timeout, want_signal, want_timeout;
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int timeout = rows[i].timeout, number;

		ck_well(values(rows[i].config, rows[i].signal, &timeout, &number), &err);
		ck_assert_msg(number == rows[i].want_signal, "row %zu: signal %d", i, number);
		ck_assert_msg(timeout == rows[i].want_timeout, "row %zu: timeout %d", i, timeout);
	}
}

START_TEST(the_request_goes_before_the_container_and_that_before_the_default)
{
	static const struct row rows[] = {
		{ "{}", NULL, INT_MIN, SIGTERM, 10 },
		{ "{}", "", INT_MIN, SIGTERM, 10 },
		{ "{'StopSignal':'SIGQUIT','StopTimeout':3}", NULL, INT_MIN, SIGQUIT, 3 },
		{ "{'StopSignal':'SIGQUIT','StopTimeout':3}", "INT", INT_MIN, SIGINT, 3 },
		{ "{'StopSignal':'SIGQUIT','StopTimeout':3}", NULL, 7, SIGQUIT, 7 },
		{ "{'StopSignal':'SIGQUIT','StopTimeout':3}", "9", 0, SIGKILL, 0 },
		{ "{'StopTimeout':3}", NULL, -1, SIGTERM, -1 },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_container_may_ask_for_no_patience_or_for_any)
{
	static const struct row rows[] = {
		{ "{'StopTimeout':0}", NULL, INT_MIN, SIGTERM, 0 },
		{ "{'StopTimeout':-1}", NULL, INT_MIN, SIGTERM, -1 },
		{ "{'StopTimeout':null}", NULL, INT_MIN, SIGTERM, 10 },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(more_patience_than_a_number_holds_is_neither_none_nor_less)
{
	static const struct row rows[] = {
		{ "{'StopTimeout':4294967296}", NULL, INT_MIN, SIGTERM, INT_MAX },
		{ "{'StopTimeout':2147483648}", NULL, INT_MIN, SIGTERM, INT_MAX },
		{ "{'StopTimeout':9223372036854775807}", NULL, INT_MIN, SIGTERM, INT_MAX },
		{ "{'StopTimeout':-9223372036854775808}", NULL, INT_MIN, SIGTERM, -1 },
		{ "{'StopTimeout':-2147483648}", NULL, INT_MIN, SIGTERM, -1 },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_signal_that_is_none_is_refused_in_a_request)
{
	static const char *const bad[] = { "NOSUCH", "0", "65", "-9", "SIG", "9 " };

	for (size_t i = 0; i < LENGTH(bad); i++) {
		int timeout = INT_MIN, number;

		ck_assert_msg(values("{}", bad[i], &timeout, &number) < 0, "%s", bad[i]);
		check_err(&err, BT_ERR_INVALID, "invalid signal: ");
	}
}
END_TEST

START_TEST(a_signal_of_the_container_that_is_none_is_the_usual_one)
{
	static const struct row rows[] = {
		{ "{'StopSignal':'NOSUCH'}", NULL, INT_MIN, SIGTERM, 10 },
		{ "{'StopSignal':'0'}", NULL, INT_MIN, SIGTERM, 10 },
		{ "{'StopSignal':3}", NULL, INT_MIN, SIGTERM, 10 },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(what_does_not_run_is_not_stopped)
{
	struct bt_container *c = add_recorded("web", "{}", "{}", "[]");
	bt_auto_free char *events = NULL;

	ck_assert_int_eq(bt_container_stop(&engine, "web", NULL, INT_MIN, &err), 1);
	c->state.status = BT_CONTAINER_EXITED;
	ck_assert_int_eq(bt_container_stop(&engine, "web", "KILL", 0, &err), 1);
	events = told();
	ck_assert_str_eq(events, "");
	ck_assert(!c->stopping);
}
END_TEST

START_TEST(what_is_not_there_is_neither_stopped_nor_killed)
{
	ck_assert_int_lt(bt_container_stop(&engine, "gone", NULL, 0, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: gone");
	ck_assert_int_lt(bt_container_kill(&engine, "gone", NULL, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "cannot kill container: gone: No such container: gone");
}
END_TEST

START_TEST(what_does_not_run_cannot_be_killed)
{
	struct bt_container *c = add_recorded("web", "{}", "{}", "[]");
	bt_auto_free char *events = NULL;

	ck_assert_int_lt(bt_container_kill(&engine, "web", NULL, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "is not running");
	/* Nor one whose monitor has gone. */
	c->state.status = BT_CONTAINER_RUNNING;
	ck_assert_int_lt(bt_container_kill(&engine, "web", "TERM", &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "is not running");
	events = told();
	ck_assert_str_eq(events, "");
}
END_TEST

START_TEST(a_kill_says_what_is_wrong_with_its_signal)
{
	add_recorded("web", "{}", "{}", "[]");
	ck_assert_int_lt(bt_container_kill(&engine, "web", "99", &err), 0);
	check_err(&err, BT_ERR_INVALID, "the linux daemon does not support signal 99");
	ck_assert_int_lt(bt_container_kill(&engine, "web", "0", &err), 0);
	check_err(&err, BT_ERR_INVALID, "invalid signal: 0");
	ck_assert_int_lt(bt_container_kill(&engine, "web", "FOO", &err), 0);
	check_err(&err, BT_ERR_INVALID, "invalid signal: FOO");
}
END_TEST

START_TEST(patience_is_counted_from_now_and_none_never_ends)
{
	struct bt_container *c = add_container("web", "{}");
	int64_t before = bt_time_now_ns();

	c->state.status = BT_CONTAINER_RUNNING;
	ck_assert(bt_container_stop_expect(c, 10, false));
	ck_assert(c->stopping);
	ck_assert_int_ge(c->kill_at_ns, before + 10 * BT_TIME_NSEC_PER_SEC);
	ck_assert(bt_container_stop_expect(c, -1, false));
	ck_assert_int_eq(c->kill_at_ns, 0);
	ck_assert(bt_container_stop_expect(c, INT_MAX, true));
	ck_assert_int_gt(c->kill_at_ns, before);
}
END_TEST

START_TEST(an_end_is_expected_of_what_is_alive_and_a_start_that_was_due_is_due_no_more)
{
	static const struct {
		enum bt_container_status status;
		bool anew, alive, expected;
	} rows[] = {
		{ BT_CONTAINER_CREATED, false, false, false },
		{ BT_CONTAINER_RUNNING, false, true, true },
		{ BT_CONTAINER_RUNNING, true, true, true },
		{ BT_CONTAINER_PAUSED, true, true, true },
		{ BT_CONTAINER_RESTARTING, false, true, true },
		{ BT_CONTAINER_RESTARTING, true, true, false },
		{ BT_CONTAINER_REMOVING, false, false, false },
		{ BT_CONTAINER_EXITED, false, false, false },
		{ BT_CONTAINER_EXITED, true, false, false },
		{ BT_CONTAINER_DEAD, false, false, false },
	};
	struct bt_container *c = add_container("web", "{}");

	for (size_t i = 0; i < LENGTH(rows); i++) {
		c->state.status = rows[i].status;
		c->stopping = false;
		c->kill_at_ns = 0;
		bt_container_set_awaiting(c, true);
		ck_assert_msg(bt_container_stop_expect(c, 10, rows[i].anew) == rows[i].alive,
			      "row %zu", i);
		ck_assert_msg(c->stopping == rows[i].expected, "row %zu: stopping", i);
		ck_assert_msg((c->kill_at_ns != 0) == rows[i].expected, "row %zu: patience", i);
		ck_assert_msg(!bt_container_is_awaiting(c), "row %zu: awaiting", i);
		ck_assert_uint_eq(atomic_load(&engine.awaiting), 0);
	}
}
END_TEST

START_TEST(a_stop_of_what_has_ended_takes_its_next_start_back)
{
	struct bt_container *c = add_recorded("web", "{}", "{}", "[]");

	c->state.status = BT_CONTAINER_EXITED;
	bt_container_set_awaiting(c, true);
	ck_assert_int_eq(bt_container_stop(&engine, "web", NULL, INT_MIN, &err), 1);
	ck_assert(!bt_container_is_awaiting(c));
	ck_assert(!c->stopping);
	ck_assert_int_eq(c->kill_at_ns, 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_request_goes_before_the_container_and_that_before_the_default);
	tcase_add_test(tests, a_container_may_ask_for_no_patience_or_for_any);
	tcase_add_test(tests, more_patience_than_a_number_holds_is_neither_none_nor_less);
	tcase_add_test(tests, a_signal_that_is_none_is_refused_in_a_request);
	tcase_add_test(tests, a_signal_of_the_container_that_is_none_is_the_usual_one);
	tcase_add_test(tests, what_does_not_run_is_not_stopped);
	tcase_add_test(tests, what_is_not_there_is_neither_stopped_nor_killed);
	tcase_add_test(tests, what_does_not_run_cannot_be_killed);
	tcase_add_test(tests, a_kill_says_what_is_wrong_with_its_signal);
	tcase_add_test(tests, patience_is_counted_from_now_and_none_never_ends);
	tcase_add_test(tests,
		       an_end_is_expected_of_what_is_alive_and_a_start_that_was_due_is_due_no_more);
	tcase_add_test(tests, a_stop_of_what_has_ended_takes_its_next_start_back);
}

int main(void)
{
	return run_suite("engine/container_stop", setup_stores, teardown_stores, add);
}
