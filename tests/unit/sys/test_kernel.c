/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "without_call.h"

START_TEST(call_that_is_there_is_told_from_one_that_is_not)
{
	ck_assert(bt_kernel_has(SYS_openat2));
	ck_assert(!bt_kernel_has(100000));
}
END_TEST

START_TEST(refusal_of_a_filter_is_told_from_one_of_the_kernel)
{
	ck_assert(!bt_kernel_lacks(SYS_open_tree, EPERM));
	ck_assert(!bt_kernel_lacks(SYS_open_tree, EACCES));
	ck_assert(bt_kernel_lacks(SYS_open_tree, ENOSYS));
	without_call(SCMP_SYS(open_tree), EPERM);
	ck_assert(bt_kernel_lacks(SYS_open_tree, EPERM));
	ck_assert(!bt_kernel_lacks(SYS_open_tree, EACCES));
}
END_TEST

START_TEST(what_is_missing_is_named_with_its_kernel)
{
	char text[200], cut[8];

	without_call(SCMP_SYS(open_tree), ENOSYS);
	without_call(SCMP_SYS(mount_setattr), EPERM);
	bt_kernel_missing(text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "open_tree(2) of Linux 5.2"));
	ck_assert_ptr_nonnull(strstr(text, "mount_setattr(2) of Linux 5.12"));
	ck_assert_ptr_null(strstr(text, "memfd_create"));
	bt_kernel_missing(cut, sizeof(cut));
	ck_assert_uint_lt(strlen(cut), sizeof(cut));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/kernel");
	TCase *calls = tcase_create("calls");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(calls, call_that_is_there_is_told_from_one_that_is_not);
	tcase_add_test(calls, refusal_of_a_filter_is_told_from_one_of_the_kernel);
	tcase_add_test(calls, what_is_missing_is_named_with_its_kernel);
	suite_add_tcase(suite, calls);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
