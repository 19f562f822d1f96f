/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/events.h"

#include "handler_fixture.h"

static void emit(const char *type, const char *action, int64_t at_ns)
{
	bt_events_emit_at(&engine, type, action, "id", NULL, at_ns);
}

/* The actions that the answer's stream tells now, each with a blank. */
static const char *actions(bool *ret_end)
{
	static char text[256];
	bt_auto_free char *lines = strdup(read_stream(ret_end));
	char *rest = NULL;

	text[0] = '\0';
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_auto_t *event = json_loads(line, 0, NULL);

		ck_assert_msg(event != NULL, "%s", line);
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
			       bt_json_str(event, "Action", "?"));
	}
	return text;
}

START_TEST(past_events_are_told_from_since_to_until_and_then_it_ends)
{
	bool end;

	emit("container", "one", 1 * BT_TIME_NSEC_PER_SEC);
	emit("container", "two", 2 * BT_TIME_NSEC_PER_SEC);
	emit("container", "three", 3 * BT_TIME_NSEC_PER_SEC);
	check_answers(200, NULL, "GET", "/events?since=2&until=3", NULL);
	ck_assert_str_eq(req->answer.type, BT_ANSWER_JSON);
	ck_assert_str_eq(actions(&end), "two three ");
	ck_assert(end);
	check_answers(200, NULL, "GET", "/events?since=1.5&until=2.5", NULL);
	ck_assert_str_eq(actions(&end), "two ");
	ck_assert(end);
}
END_TEST

START_TEST(without_a_time_only_what_happens_from_now_on_is_told_and_it_goes_on)
{
	bool end;

	emit("container", "before", bt_time_now_ns());
	check_answers(200, NULL, "GET", "/events", NULL);
	ck_assert_str_eq(actions(&end), "");
	ck_assert(!end);
	emit("container", "after", bt_time_now_ns());
	ck_assert_str_eq(actions(&end), "after ");
	ck_assert(!end);
}
END_TEST

/* 0 is the beginning of 1970, and not "not given". */
START_TEST(since_the_beginning_of_time_is_everything)
{
	bool end;

	emit("container", "one", 1);
	check_answers(200, NULL, "GET", "/events?since=0", NULL);
	ck_assert_str_eq(actions(&end), "one ");
	ck_assert(!end);
}
END_TEST

START_TEST(filters_choose_among_them)
{
	emit("network", "n", 1);
	emit("volume", "v", 2);
	check_answers(200, NULL, "GET", "/events?since=0&filters={\"type\":[\"volume\"]}", NULL);
	ck_assert_str_eq(actions(NULL), "v ");
}
END_TEST

START_TEST(times_that_are_none_or_in_the_wrong_order_are_refused)
{
	check_answers(400, "", "GET", "/events?since=yesterday", NULL);
	check_answers(400, "", "GET", "/events?until=x", NULL);
	check_answers(400, "`since` time (3) cannot be after `until` time (2)", "GET",
		      "/events?since=3&until=2", NULL);
	check_answers(400, "", "GET", "/events?filters={", NULL);
	ck_assert_int_eq(bt_events_followers(&engine), 0);
}
END_TEST

START_TEST(whoever_leaves_is_forgotten)
{
	check_answers(200, NULL, "GET", "/events", NULL);
	ck_assert_int_eq(bt_events_followers(&engine), 1);
	forget_request();
	ck_assert_int_eq(bt_events_followers(&engine), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, past_events_are_told_from_since_to_until_and_then_it_ends);
	tcase_add_test(tests, without_a_time_only_what_happens_from_now_on_is_told_and_it_goes_on);
	tcase_add_test(tests, since_the_beginning_of_time_is_everything);
	tcase_add_test(tests, filters_choose_among_them);
	tcase_add_test(tests, times_that_are_none_or_in_the_wrong_order_are_refused);
	tcase_add_test(tests, whoever_leaves_is_forgotten);
}

int main(void)
{
	return run_handlers("api/events", add);
}
