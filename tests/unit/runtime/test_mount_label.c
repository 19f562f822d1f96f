/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/mount_label.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bt_oci_spec spec;
static struct bt_plan plan = { .spec = &spec };

static const char *option(const char *label, const char *type)
{
	static char text[BT_MOUNT_LABEL_LEN];

	spec.linux_.mount_label = label;
	return bt_mount_label_option(&plan, type, text);
}

START_TEST(a_file_system_of_its_own_is_mounted_with_the_label)
{
	static const char *const types[] = { "tmpfs", "devpts", "overlay", "ext4" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ck_assert_str_eq(option("u:o:t:s0:c1,c2", types[i]), "context=u:o:t:s0:c1,c2");
}
END_TEST

START_TEST(what_the_kernel_labels_itself_is_not)
{
	static const char *const types[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ck_assert_msg(option("u:o:t:s0", types[i]) == NULL, "%s", types[i]);
}
END_TEST

START_TEST(without_a_label_there_is_no_option)
{
	ck_assert_ptr_null(option(NULL, "tmpfs"));
	ck_assert_ptr_null(option("", "tmpfs"));
	spec.linux_.mount_label = NULL;
	ck_assert_int_eq(bt_mount_label_set(&plan, "mqueue", -EBADF), 0);
}
END_TEST

START_TEST(only_message_queues_are_labelled_after_their_mount)
{
	spec.linux_.mount_label = "u:o:t:s0";
	ck_assert_int_eq(bt_mount_label_set(&plan, "tmpfs", -EBADF), 0);
	ck_assert_int_eq(bt_mount_label_set(&plan, "mqueue", -EBADF), -EBADF);
}
END_TEST

START_TEST(a_label_longer_than_a_mount_takes_is_refused_by_the_fields_name)
{
	char label[257];
	struct bt_err err;

	memset(label, 'x', sizeof(label));
	label[255] = '\0';
	ck_assert_int_eq(bt_mount_label_check(label, &err), 0);
	ck_assert_uint_eq(strlen(option(label, "tmpfs")), 255 + strlen("context="));
	label[255] = 'x';
	label[256] = '\0';
	ck_assert_int_eq(bt_mount_label_check(label, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.mountLabel"));
	ck_assert_int_eq(bt_mount_label_check(NULL, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/mount_label");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_file_system_of_its_own_is_mounted_with_the_label);
	tcase_add_test(tests, what_the_kernel_labels_itself_is_not);
	tcase_add_test(tests, without_a_label_there_is_no_option);
	tcase_add_test(tests, only_message_queues_are_labelled_after_their_mount);
	tcase_add_test(tests, a_label_longer_than_a_mount_takes_is_refused_by_the_fields_name);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
