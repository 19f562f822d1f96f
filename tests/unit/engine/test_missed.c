/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/missed.h"

#include "engine_fixture.h"

static struct bt_events_follower *follower;
static struct bt_container *one, *two;

static void setup(void)
{
	setup_engine();
	one = add_container("c1", "one", "{}", "{}");
	two = add_container("c2", "two", "{}", "{}");
	(void)events_since(&follower);
}

static void teardown(void)
{
	bt_events_close(follower);
	teardown_engine();
}

static void add(struct bt_missed *missed, struct bt_container *c, enum bt_journal_kind kind,
		uint64_t seq, int64_t at_ns)
{
	const struct bt_journal_record record = { .kind = kind, .seq = seq, .at_ns = at_ns };

	bt_missed_add(missed, c, &record, 7000000000);
}

START_TEST(what_was_missed_is_told_in_the_order_in_which_it_happened_over_all_containers)
{
	struct bt_missed missed = { 0 };

	add(&missed, one, BT_JOURNAL_STARTED, 1, 10);
	add(&missed, one, BT_JOURNAL_EXITED, 2, 40);
	add(&missed, two, BT_JOURNAL_STARTED, 1, 20);
	add(&missed, two, BT_JOURNAL_OOM, 2, 30);
	add(&missed, two, BT_JOURNAL_EXITED, 3, 50);
	bt_missed_publish(&missed);
	ck_assert_str_eq(events_since(&follower),
			 "container start c1,container start c2,container oom c2,"
			 "container die c1,container die c2");
}
END_TEST

START_TEST(what_happened_at_one_moment_is_in_the_order_of_its_journal)
{
	struct bt_missed missed = { 0 };

	add(&missed, one, BT_JOURNAL_STARTED, 3, 10);
	add(&missed, one, BT_JOURNAL_EXITED, 2, 10);
	add(&missed, one, BT_JOURNAL_STARTED, 1, 10);
	bt_missed_publish(&missed);
	ck_assert_str_eq(events_since(&follower),
			 "container start c1,container die c1,container start c1");
}
END_TEST

START_TEST(what_was_told_is_not_told_again_and_its_containers_are_let_go)
{
	struct bt_missed missed = { 0 };
	const unsigned before = atomic_load(&one->refs);

	bt_missed_publish(&missed);
	ck_assert_str_eq(events_since(&follower), "");
	add(&missed, one, BT_JOURNAL_RESTARTED, 1, 10);
	ck_assert_uint_eq(atomic_load(&one->refs), before + 1);
	bt_missed_publish(&missed);
	ck_assert_uint_eq(atomic_load(&one->refs), before);
	ck_assert_str_eq(events_since(&follower), "container restart c1");
	bt_missed_publish(&missed);
	ck_assert_str_eq(events_since(&follower), "");
	/* It can be used again. */
	add(&missed, two, BT_JOURNAL_STARTED, 1, 10);
	bt_missed_publish(&missed);
	ck_assert_str_eq(events_since(&follower), "container start c2");
}
END_TEST

START_TEST(what_never_ran_has_no_end)
{
	struct bt_missed missed = { 0 };

	add(&missed, one, BT_JOURNAL_START_FAILED, 1, 10);
	bt_missed_publish(&missed);
	ck_assert_str_eq(events_since(&follower), "");
}
END_TEST

START_TEST(there_is_a_bound_to_what_is_kept_and_it_keeps_no_container)
{
	struct bt_missed missed = { 0 };
	const unsigned before = atomic_load(&one->refs);

	for (uint64_t i = 0; i < 20000; i++)
		add(&missed, one, BT_JOURNAL_START_FAILED, i, (int64_t)i);
	ck_assert_uint_lt(missed.n, 20000);
	ck_assert_uint_gt(missed.n, 1000);
	ck_assert_uint_eq(atomic_load(&one->refs), before + missed.n);
	bt_missed_publish(&missed);
	ck_assert_uint_eq(atomic_load(&one->refs), before);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(
		tests,
		what_was_missed_is_told_in_the_order_in_which_it_happened_over_all_containers);
	tcase_add_test(tests, what_happened_at_one_moment_is_in_the_order_of_its_journal);
	tcase_add_test(tests, what_was_told_is_not_told_again_and_its_containers_are_let_go);
	tcase_add_test(tests, what_never_ran_has_no_end);
	tcase_add_test(tests, there_is_a_bound_to_what_is_kept_and_it_keeps_no_container);
}

int main(void)
{
	return run_suite("missed", setup, teardown, add_tests);
}
