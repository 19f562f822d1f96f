/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux.h"

#include <errno.h>

#include "common.h"

START_TEST(dockers_options_are_known_and_nothing_else)
{
	static const char *const good[] = { "disable",       "nested",     "user:u",
					    "role:r",        "type:svirt", "level:s0:c1,c2",
					    "filetype:usr_t" };
	static const char *const bad[] = { "",       "type:", "type",   "disable:x",
					   "Type:x", "x:y",   "nested:" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(bt_selinux_is_option(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!bt_selinux_is_option(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(another_file_system_is_no_selinux)
{
	ck_assert(!bt_selinux_enabled("/proc"));
	ck_assert(!bt_selinux_enabled("/nonexistent"));
}
END_TEST

START_TEST(a_refusal_says_whether_the_host_could_have)
{
	struct bt_err err;

	ck_assert_int_eq(bt_selinux_refuse(false, "label=type:x", &err), -ENOSYS);
	ck_assert_str_eq(err.msg, "label=type:x: this host does not have SELinux");
	ck_assert_int_eq(err.kind, BT_ERR_NOT_IMPLEMENTED);
	ck_assert_int_eq(bt_selinux_refuse(true, "label=type:x", &err), -ENOSYS);
	ck_assert_str_eq(err.msg, "label=type:x: berth gives no SELinux labels yet");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, dockers_options_are_known_and_nothing_else);
	tcase_add_test(tests, another_file_system_is_no_selinux);
	tcase_add_test(tests, a_refusal_says_whether_the_host_could_have);
}

int main(void)
{
	return run_tests("engine/selinux", add);
}
