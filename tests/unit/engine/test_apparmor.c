/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/apparmor.h"

#include "common.h"

START_TEST(a_profile_is_listed_by_its_whole_name)
{
	const char *list = "docker-default-2 (enforce)\n/usr/bin/man (enforce)\n"
			   "docker-default (enforce)\n";

	ck_assert(bt_apparmor_listed(list, "docker-default"));
	ck_assert(bt_apparmor_listed(list, "/usr/bin/man"));
	ck_assert(!bt_apparmor_listed(list, "docker"));
	ck_assert(!bt_apparmor_listed(list, "man"));
	ck_assert(!bt_apparmor_listed("docker-default-2 (enforce)\n", "docker-default"));
	ck_assert(!bt_apparmor_listed("", "docker-default"));
	ck_assert(!bt_apparmor_listed("docker-default", "docker-default"));
}
END_TEST

START_TEST(a_named_profile_goes_before_privileged_and_that_before_the_default)
{
	ck_assert_str_eq(bt_apparmor_profile(true, false, NULL), "docker-default");
	ck_assert_str_eq(bt_apparmor_profile(true, true, NULL), "unconfined");
	ck_assert_str_eq(bt_apparmor_profile(true, true, "mine"), "mine");
	ck_assert_str_eq(bt_apparmor_profile(true, false, "unconfined"), "unconfined");
	ck_assert_ptr_null(bt_apparmor_profile(false, false, "mine"));
	ck_assert_ptr_null(bt_apparmor_profile(false, true, NULL));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_profile_is_listed_by_its_whole_name);
	tcase_add_test(tests, a_named_profile_goes_before_privileged_and_that_before_the_default);
}

int main(void)
{
	return run_tests("engine/apparmor", add);
}
