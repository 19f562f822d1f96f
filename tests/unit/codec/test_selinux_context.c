/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/selinux_context.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *text, const char *user, const char *role, const char *type,
		  const char *level)
{
	struct bt_selinux_context context;
	char again[BT_SELINUX_LABEL_LEN];

	ck_assert_int_eq(bt_selinux_context_parse(text, &context), 0);
	ck_assert_str_eq(context.part[BT_SELINUX_USER], user);
	ck_assert_str_eq(context.part[BT_SELINUX_ROLE], role);
	ck_assert_str_eq(context.part[BT_SELINUX_TYPE], type);
	ck_assert_str_eq(context.part[BT_SELINUX_LEVEL], level);
	ck_assert_int_eq(bt_selinux_context_print(&context, again), 0);
	ck_assert_str_eq(again, text);
}

START_TEST(a_context_has_three_parts_or_four_and_prints_as_it_was)
{
	check("u:r:t", "u", "r", "t", "");
	check("system_u:system_r:container_t:s0", "system_u", "system_r", "container_t", "s0");
	check("u:object_r:t:s0-s0:c0.c1023", "u", "object_r", "t", "s0-s0:c0.c1023");
	check("u:r:t:s0:c1,c2", "u", "r", "t", "s0:c1,c2");
}
END_TEST

START_TEST(what_is_no_context_is_refused)
{
	static const char *const bad[] = {
		"",         "u",       "u:r",           "u::t",        ":r:t",
		"u:r:",     "u:r:t:",  "u:r:t s0",      "u:r:t:s0 c1", "u:r:t\n",
		"u:r:t:\"", "u,x:r:t", "u:r:t:s0:c1\\", "u:r:t\x7f",   "u:r:t\xc3\xa4",
	};
	struct bt_selinux_context context;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_selinux_context_parse(bad[i], &context) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(a_label_has_255_bytes_at_most)
{
	char text[BT_SELINUX_LABEL_LEN + 1];
	struct bt_selinux_context context;

	memset(text, 'x', sizeof(text));
	memcpy(text, "u:r:", 4);
	text[BT_SELINUX_LABEL_LEN - 1] = '\0';
	ck_assert_int_eq(bt_selinux_context_parse(text, &context), 0);
	/* One more by another part. */
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_USER, "uu"), 0);
	ck_assert_int_eq(bt_selinux_context_print(&context, text), -EINVAL);
	memset(text, 'x', sizeof(text));
	memcpy(text, "u:r:", 4);
	text[BT_SELINUX_LABEL_LEN] = '\0';
	ck_assert_int_eq(bt_selinux_context_parse(text, &context), -EINVAL);
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_TYPE, text), -EINVAL);
}
END_TEST

START_TEST(parts_are_replaced_one_by_one)
{
	struct bt_selinux_context context;
	char text[BT_SELINUX_LABEL_LEN];

	ck_assert_int_eq(bt_selinux_context_parse("u:r:t:s0", &context), 0);
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_LEVEL, "s0:c1,c2"), 0);
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_TYPE, "spc_t"), 0);
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_TYPE, ""), -EINVAL);
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_TYPE, "a:b"), -EINVAL);
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_LEVEL, "s0 "), -EINVAL);
	ck_assert_int_eq(bt_selinux_context_print(&context, text), 0);
	ck_assert_str_eq(text, "u:r:spc_t:s0:c1,c2");
	ck_assert_int_eq(bt_selinux_context_set(&context, BT_SELINUX_LEVEL, ""), 0);
	ck_assert_int_eq(bt_selinux_context_print(&context, text), 0);
	ck_assert_str_eq(text, "u:r:spc_t");
}
END_TEST

START_TEST(parts_have_names)
{
	ck_assert_int_eq(bt_selinux_context_part("user:x", 4), BT_SELINUX_USER);
	ck_assert_int_eq(bt_selinux_context_part("role", 4), BT_SELINUX_ROLE);
	ck_assert_int_eq(bt_selinux_context_part("type", 4), BT_SELINUX_TYPE);
	ck_assert_int_eq(bt_selinux_context_part("level", 5), BT_SELINUX_LEVEL);
	ck_assert_int_eq(bt_selinux_context_part("levels", 6), -EINVAL);
	ck_assert_int_eq(bt_selinux_context_part("", 0), -EINVAL);
}
END_TEST

START_TEST(a_policys_file_is_read_as_it_is_written)
{
	static const char text[] = "# process = \"no:no:no\"\n"
				   "  ; file = \"no:no:no\"\n"
				   "\n"
				   "process = \"system_u:system_r:container_t:s0\"\r\n"
				   "content=system_u:object_r:virt_var_lib_t:s0\n"
				   "\tfile\t=\t\"system_u:object_r:container_file_t:s0\"\t\n"
				   "no equals sign\n"
				   "broken = \"not a context\"\n"
				   "process = \"u:r:last_t:s0\"";
	char label[BT_SELINUX_LABEL_LEN] = "untouched";

	ck_assert(bt_selinux_context_find(text, "process", label));
	ck_assert_str_eq(label, "u:r:last_t:s0");
	ck_assert(bt_selinux_context_find(text, "file", label));
	ck_assert_str_eq(label, "system_u:object_r:container_file_t:s0");
	ck_assert(bt_selinux_context_find(text, "content", label));
	ck_assert(!bt_selinux_context_find(text, "broken", label));
	ck_assert(!bt_selinux_context_find(text, "proc", label));
	ck_assert(!bt_selinux_context_find("", "process", label));
	ck_assert_str_eq(label, "system_u:object_r:virt_var_lib_t:s0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/selinux_context");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_context_has_three_parts_or_four_and_prints_as_it_was);
	tcase_add_test(tests, what_is_no_context_is_refused);
	tcase_add_test(tests, a_label_has_255_bytes_at_most);
	tcase_add_test(tests, parts_are_replaced_one_by_one);
	tcase_add_test(tests, parts_have_names);
	tcase_add_test(tests, a_policys_file_is_read_as_it_is_written);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
