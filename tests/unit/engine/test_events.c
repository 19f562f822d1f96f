/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/events_private.h"

static struct bt_engine engine;
static struct bt_events_follower *follower;
static struct bt_err err;

static void setup(void)
{
	engine.events = bt_events_create();
	ck_assert_ptr_nonnull(engine.events);
}

static void teardown(void)
{
	bt_events_close(follower);
	bt_events_destroy(engine.events);
}

static void follow(int64_t since_ns, int64_t until_ns, const struct bt_filters *filters)
{
	bt_events_close(bt_take(follower));
	ck_well(bt_events_follow(&engine, since_ns, until_ns, filters, &follower, &err), &err);
}

static bool is_readable(int timeout_ms)
{
	struct pollfd p = { .fd = bt_events_fd(follower), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

/* The next event, or NULL where there is none yet. */
static json_t *next(void)
{
	bt_auto_free char *text = NULL;
	json_t *ret;
	int r = bt_events_next(follower, &text);

	if (r <= 0) {
		ck_assert_int_eq(r, 0);
		return NULL;
	}
	/* One line, and no more. */
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	ret = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(ret);
	return ret;
}

/* The next ones are of these ids, and then there is none. */
static void check_ids(const char *const *ids)
{
	json_t *event;

	for (; *ids; ids++) {
		event = next();
		ck_assert_msg(event != NULL, "no %s", *ids);
		ck_assert_str_eq(bt_json_str(bt_json_obj(event, "Actor"), "ID", "?"), *ids);
		json_decref(event);
	}
	event = next();
	ck_assert_ptr_null(event);
	ck_assert(!is_readable(0));
}

#define check_events(...) check_ids((const char *const[]){ __VA_ARGS__, NULL })
#define check_no_events() check_ids((const char *const[]){ NULL })

static void emit_at(const char *id, int64_t at_ns)
{
	bt_events_emit_at(&engine, "container", "start", id, NULL, at_ns);
}

START_TEST(an_event_has_dockers_members_by_its_type)
{
	static const struct {
		const char *type, *want;
	} cases[] = {
		{ "container",
		  "{\"status\":\"die\",\"id\":\"i\",\"from\":\"img\",\"Type\":\"container\","
		  "\"Action\":\"die\",\"Actor\":{\"ID\":\"i\",\"Attributes\":{\"image\":\"img\"}},"
		  "\"scope\":\"local\",\"time\":3,\"timeNano\":3000000007}\n" },
		{ "image",
		  "{\"status\":\"die\",\"id\":\"i\",\"Type\":\"image\",\"Action\":\"die\",\"Actor\":{"
		  "\"ID\":\"i\",\"Attributes\":{\"image\":\"img\"}},\"scope\":\"local\",\"time\":3,"
		  "\"timeNano\":3000000007}\n" },
		{ "network",
		  "{\"Type\":\"network\",\"Action\":\"die\",\"Actor\":{\"ID\":\"i\",\"Attributes\":{"
		  "\"image\":\"img\"}},\"scope\":\"local\",\"time\":3,\"timeNano\":3000000007}\n" },
	};

	follow(0, 0, NULL);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *text = NULL;

		bt_events_emit_at(&engine, cases[i].type, "die", "i",
				  json_pack("{ss}", "image", "img"), 3000000007);
		ck_assert_int_eq(bt_events_next(follower, &text), 1);
		ck_assert_str_eq(text, cases[i].want);
	}
}
END_TEST

START_TEST(a_follower_hears_what_happens_from_now_on_in_order_and_is_readable_then)
{
	emit_at("before", 1);
	follow(0, 0, NULL);
	check_no_events();
	bt_events_emit(&engine, "volume", "create", "a", NULL);
	bt_events_emit_prune(&engine, "image", INT64_MAX);
	ck_assert(is_readable(0));
	check_events("a", "");
	bt_events_emit(&engine, "volume", "destroy", "b", NULL);
	check_events("b");
}
END_TEST

START_TEST(the_past_is_told_from_the_moment_that_is_named_to_the_one_that_is)
{
	const int64_t second = BT_TIME_NSEC_PER_SEC;

	for (int i = 1; i <= 5; i++) {
		char id[2] = { (char)('0' + i), '\0' };

		emit_at(id, i * second);
	}
	follow(3 * second, 0, NULL);
	check_events("3", "4", "5");
	follow(3 * second + 1, 0, NULL);
	check_events("4", "5");
	/* An end alone means from the beginning. */
	follow(0, 2 * second, NULL);
	ck_assert(is_readable(1000));
	for (int i = 0; i < 2; i++) {
		bt_auto_free char *text = NULL;

		ck_assert_int_eq(bt_events_next(follower, &text), 1);
	}
	char *none = NULL;

	ck_assert_int_eq(bt_events_next(follower, &none), -ENODATA);
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_follower_with_an_end_is_woken_by_it_though_nothing_happens)
{
	char *none = NULL;

	follow(0, bt_time_now_ns() + 100000000, NULL);
	ck_assert(is_readable(60000));
	ck_assert_int_eq(bt_events_next(follower, &none), -ENODATA);
	/* One that lies behind already ends at once. */
	follow(0, 1, NULL);
	ck_assert(is_readable(60000));
	ck_assert_int_eq(bt_events_next(follower, &none), -ENODATA);
}
END_TEST

START_TEST(so_many_are_remembered_as_docker_remembers_and_the_oldest_go_first)
{
	json_t *event;
	int n = 0;

	for (int i = 0; i < 300; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "%d", i);
		emit_at(id, 1000 + i);
	}
	follow(1, 0, NULL);
	while ((event = next())) {
		char id[16];

		(void)snprintf(id, sizeof(id), "%d", 44 + n++);
		ck_assert_str_eq(bt_json_str(bt_json_obj(event, "Actor"), "ID", "?"), id);
		json_decref(event);
	}
	ck_assert_int_eq(n, 256);
}
END_TEST

START_TEST(who_does_not_read_loses_the_oldest_and_is_told_how_many)
{
	json_t *event;
	int n = 0;

	follow(0, 0, NULL);
	for (int i = 0; i < 4096 + 10; i++)
		emit_at("x", i + 1);
	event = next();
	ck_assert_str_eq(bt_json_str(event, "Action", ""), "events-lost");
	ck_assert_str_eq(
		bt_json_str(bt_json_obj(bt_json_obj(event, "Actor"), "Attributes"), "count", ""),
		"10");
	json_decref(event);
	while ((event = next())) {
		if (n++ == 0)
			ck_assert_int_eq(bt_json_i64(event, "timeNano", 0), 11);
		json_decref(event);
	}
	ck_assert_int_eq(n, 4096);
	/* It has caught up. */
	emit_at("y", 1);
	check_events("y");
}
END_TEST

START_TEST(what_does_not_pass_the_filters_neither_comes_nor_wakes)
{
	struct bt_filters *filters = NULL;

	ck_well(bt_filters_parse("{\"type\":[\"network\"]}", &filters, &err), &err);
	emit_at("past", 5);
	bt_events_emit_at(&engine, "network", "create", "net", NULL, 5);
	follow(1, 0, filters);
	check_events("net");
	emit_at("now", 6);
	check_no_events();
	bt_events_emit(&engine, "network", "destroy", "net2", NULL);
	check_events("net2");
	bt_events_close(bt_take(follower));
	bt_filters_destroy(filters);
}
END_TEST

START_TEST(followers_do_not_take_from_each_other_and_are_counted)
{
	struct bt_events_follower *other = NULL;

	follow(0, 0, NULL);
	ck_well(bt_events_follow(&engine, 0, 0, NULL, &other, &err), &err);
	ck_assert_int_eq(bt_events_followers(&engine), 2);
	emit_at("a", 1);
	check_events("a");
	/* Closed with an event that it has not read. */
	bt_events_close(other);
	ck_assert_int_eq(bt_events_followers(&engine), 1);
	emit_at("b", 2);
	check_events("b");
	bt_events_close(NULL);
	bt_events_destroy(NULL);
}
END_TEST

static void *emit_many(void *arg)
{
	for (int i = 0; i < 200; i++)
		emit_at(arg, i + 1);
	return NULL;
}

START_TEST(events_of_many_threads_are_heard_all)
{
	static char id[] = "t";
	pthread_t threads[8];
	json_t *event;
	int n = 0;

	follow(0, 0, NULL);
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, emit_many, id), 0);
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (; (event = next()); n++)
		json_decref(event);
	ck_assert_int_eq(n, 200 * (int)LENGTH(threads));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_event_has_dockers_members_by_its_type);
	tcase_add_test(tests,
		       a_follower_hears_what_happens_from_now_on_in_order_and_is_readable_then);
	tcase_add_test(tests, the_past_is_told_from_the_moment_that_is_named_to_the_one_that_is);
	tcase_add_test(tests, a_follower_with_an_end_is_woken_by_it_though_nothing_happens);
	tcase_add_test(tests, so_many_are_remembered_as_docker_remembers_and_the_oldest_go_first);
	tcase_add_test(tests, who_does_not_read_loses_the_oldest_and_is_told_how_many);
	tcase_add_test(tests, what_does_not_pass_the_filters_neither_comes_nor_wakes);
	tcase_add_test(tests, followers_do_not_take_from_each_other_and_are_counted);
	tcase_add_test(tests, events_of_many_threads_are_heard_all);
}

int main(void)
{
	return run_suite("events", setup, teardown, add_tests);
}
