/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/create_check.h"

#include "common.h"

START_TEST(a_link_has_a_name_and_may_have_an_alias)
{
	char *name = NULL, *alias = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_create_check_link("web:db", &name, &alias, &err), 0);
	ck_assert_str_eq(name, "web");
	ck_assert_str_eq(alias, "db");
	free(name);
	free(alias);
	ck_assert_int_eq(bt_create_check_link("/web", &name, &alias, &err), 0);
	ck_assert_str_eq(name, "web");
	ck_assert_str_eq(alias, "web");
	free(name);
	free(alias);
}
END_TEST

START_TEST(what_is_no_link_is_refused)
{
	static const char *const bad[] = { "", "/", ":", ":a", "a:", "a:b:c" };
	char *name = NULL, *alias = NULL;
	struct bt_err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct bt_err){ 0 };
		ck_assert_msg(bt_create_check_link(bad[i], &name, &alias, &err) < 0, "%s", bad[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_ptr_null(name);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_link_has_a_name_and_may_have_an_alias);
	tcase_add_test(tests, what_is_no_link_is_refused);
}

int main(void)
{
	return run_tests("create_check", add);
}
