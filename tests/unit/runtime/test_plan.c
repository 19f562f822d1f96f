/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/plan.h"

#include <sched.h>
#include <string.h>

#include "../run_tests.h"

START_TEST(warnings_are_one_line_with_semicolons_between)
{
	char warning[BT_SYNC_WARNING_LEN] = "";

	bt_plan_warn(warning, "%s is %d", "one", 1);
	ck_assert_str_eq(warning, "one is 1");
	bt_plan_warn(warning, "two");
	ck_assert_str_eq(warning, "one is 1; two");
}
END_TEST

START_TEST(warnings_are_cut_where_there_is_no_room_and_stay_a_text)
{
	char warning[BT_SYNC_WARNING_LEN] = "";
	char long_text[2 * BT_SYNC_WARNING_LEN];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	bt_plan_warn(warning, "first");
	bt_plan_warn(warning, "%s", long_text);
	ck_assert_uint_eq(strlen(warning), BT_SYNC_WARNING_LEN - 1);
	ck_assert_int_eq(strncmp(warning, "first; xxx", 10), 0);
	bt_plan_warn(warning, "third");
	ck_assert_uint_eq(strlen(warning), BT_SYNC_WARNING_LEN - 1);
	ck_assert_ptr_null(strstr(warning, "third"));
}
END_TEST

/* A separator of which nothing follows would look like a text that was lost. */
START_TEST(last_places_are_not_begun)
{
	for (size_t used = BT_SYNC_WARNING_LEN - 6; used < BT_SYNC_WARNING_LEN; used++) {
		char warning[BT_SYNC_WARNING_LEN] = "";

		memset(warning, 'x', used);
		bt_plan_warn(warning, "%s", "abc");
		ck_assert_uint_lt(strlen(warning), BT_SYNC_WARNING_LEN);
		ck_assert(strlen(warning) == used || strlen(warning) > used + 2);
	}
}
END_TEST

START_TEST(namespace_is_the_containers_own_whoever_makes_it)
{
	struct bt_plan plan = { .clone_flags = CLONE_NEWPID, .unshare_flags = CLONE_NEWCGROUP };

	ck_assert(bt_plan_makes(&plan, CLONE_NEWPID));
	ck_assert(bt_plan_makes(&plan, CLONE_NEWCGROUP));
	ck_assert(!bt_plan_makes(&plan, CLONE_NEWNET));
}
END_TEST

START_TEST(user_namespace_is_another_one_made_or_joined)
{
	struct bt_oci_namespace list[] = { { .type = CLONE_NEWPID }, { .type = CLONE_NEWUSER } };
	struct bt_oci_spec spec = { .linux_ = { .namespaces = list, .nnamespaces = 1 } };
	struct bt_plan plan = { .spec = &spec };

	ck_assert(!bt_plan_has_userns(&plan));
	spec.linux_.nnamespaces = 2;
	ck_assert(bt_plan_has_userns(&plan));
	list[1].path = "/proc/1/ns/user";
	ck_assert(bt_plan_has_userns(&plan));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, warnings_are_one_line_with_semicolons_between);
	tcase_add_test(tests, warnings_are_cut_where_there_is_no_room_and_stay_a_text);
	tcase_add_test(tests, last_places_are_not_begun);
	tcase_add_test(tests, namespace_is_the_containers_own_whoever_makes_it);
	tcase_add_test(tests, user_namespace_is_another_one_made_or_joined);
}

int main(void)
{
	return run_tests("runtime/plan", add);
}
