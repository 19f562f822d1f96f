/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/environment.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static struct bt_oci_strings strings(char **v)
{
	struct bt_oci_strings list = { .v = v };

	while (v[list.n] != NULL)
		list.n++;
	return list;
}

START_TEST(the_value_written_last_counts)
{
	char *v[] = { "A=1", "AB=2", "A=", "B=3", "A=4", NULL };
	struct bt_oci_strings env = strings(v), none = { 0 };

	ck_assert_str_eq(bt_environment_get(&env, "A"), "4");
	ck_assert_str_eq(bt_environment_get(&env, "AB"), "2");
	ck_assert_ptr_null(bt_environment_get(&env, "ABC"));
	ck_assert_ptr_null(bt_environment_get(&none, "A"));
}
END_TEST

START_TEST(each_name_is_there_once_and_the_order_is_kept)
{
	char *v[] = { "PATH=/a", "X=1", "TERM=x", "PATH=/b", "X", "XY=2", "X=3", NULL };
	static const char *const expected[] = { "TERM=x", "PATH=/b", "XY=2", "X=3" };
	struct bt_oci_strings env = strings(v);
	char *got[7];
	size_t n = 0;

	ck_assert_int_eq(bt_environment_unique(&env, got, &n), 0);
	ck_assert_uint_eq(n, 4);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(got[i], expected[i]);
}
END_TEST

START_TEST(an_environment_without_entries_stays_so)
{
	struct bt_oci_strings env = { 0 };
	char *got[1];
	size_t n = 7;

	ck_assert_int_eq(bt_environment_unique(&env, got, &n), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* As many as a specification may list: pairwise comparisons would be two thousand million. */
START_TEST(tens_of_thousands_of_entries_are_no_matter)
{
	enum {
		N = 65536
	};
	bt_auto_free char *texts = malloc(N * 16);
	bt_auto_free char **v = malloc((N + 1) * sizeof(*v)), **got = malloc(N * sizeof(*got));
	struct bt_oci_strings env = { .v = v, .n = N };
	size_t n = 0;

	for (size_t i = 0; i < N; i++) {
		v[i] = texts + i * 16;
		(void)snprintf(v[i], 16, "V%zu=%zu", i / 2, i);
	}
	ck_assert_int_eq(bt_environment_unique(&env, got, &n), 0);
	ck_assert_uint_eq(n, N / 2);
	for (size_t i = 0; i < n; i++)
		ck_assert_ptr_eq(got[i], v[2 * i + 1]);
}
END_TEST

START_TEST(an_entry_that_is_added_is_a_copy_behind_the_others)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_arena full = { .max = 1 };
	char *v[] = { "A=1", NULL }, entry[] = "B=2";
	struct bt_oci_strings env = strings(v), none = { 0 };

	ck_assert_int_eq(bt_environment_add(&env, &arena, entry), 0);
	entry[0] = 'C';
	ck_assert_uint_eq(env.n, 2);
	ck_assert_str_eq(env.v[0], "A=1");
	ck_assert_str_eq(env.v[1], "B=2");
	ck_assert_ptr_null(env.v[2]);
	ck_assert_int_eq(bt_environment_add(&none, &arena, "X=1"), 0);
	ck_assert_uint_eq(none.n, 1);
	ck_assert_int_eq(bt_environment_add(&none, &full, "Y=1"), -ENOMEM);
	ck_assert_uint_eq(none.n, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/environment");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, the_value_written_last_counts);
	tcase_add_test(all, each_name_is_there_once_and_the_order_is_kept);
	tcase_add_test(all, an_environment_without_entries_stays_so);
	tcase_add_test(all, tens_of_thousands_of_entries_are_no_matter);
	tcase_add_test(all, an_entry_that_is_added_is_a_copy_behind_the_others);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
