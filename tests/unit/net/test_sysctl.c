/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sysctl.h"

#include <dirent.h>
#include <stdio.h>

#include "../sys/without_call.h"
#include "base/auto.h"
#include "base/io.h"
#include "private_net.h"

#define PORTS "ipv4/ip_unprivileged_port_start"

/* What the kernel says by the usual way. */
static void assert_is(const char *value)
{
	bt_auto_free char *text = NULL;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/sys/net/" PORTS, 64, &text, NULL), 0);
	text[strcspn(text, "\n")] = '\0';
	ck_assert_str_eq(text, value);
}

static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

START_TEST(setting_is_that_of_the_namespace_where_the_thread_is)
{
	int first, second;

	private_net();
	first = home_fd();
	ck_assert_int_eq(bt_sysctl_set("81", PORTS), 0);
	private_net();
	second = home_fd();
	ck_assert_int_eq(bt_sysctl_set("82", PORTS), 0);
	enter(first);
	assert_is("81");
	ck_assert(bt_sysctl_is("81", PORTS));
	ck_assert_int_eq(bt_sysctl_set("83", PORTS), 0);
	enter(second);
	assert_is("82");
	ck_assert(bt_sysctl_is("82", PORTS));
	ck_assert(!bt_sysctl_is("83", PORTS));
}
END_TEST

START_TEST(what_is_kept_open_is_one_descriptor_however_many_are_set)
{
	unsigned before = open_descriptors();

	private_net();
	for (unsigned i = 0; i < 1500; i++) {
		char value[16];

		(void)snprintf(value, sizeof(value), "%u", i % 1000);
		ck_assert_int_eq(bt_sysctl_set(value, PORTS), 0);
	}
	assert_is("499");
	ck_assert_uint_eq(open_descriptors(), before + 1);
	bt_sysctl_done();
	ck_assert_uint_eq(open_descriptors(), before);
	bt_sysctl_done();
	ck_assert_int_eq(bt_sysctl_set("7", PORTS), 0);
	assert_is("7");
}
END_TEST

START_TEST(kernel_that_makes_no_procfs_is_asked_by_the_hosts)
{
	private_net();
	without_call(SCMP_SYS(fsopen), EPERM);
	ck_assert_int_eq(bt_sysctl_set("84", PORTS), 0);
	assert_is("84");
	ck_assert(bt_sysctl_is("84", PORTS));
}
END_TEST

START_TEST(setting_that_there_is_not_is_told)
{
	private_net();
	ck_assert_int_eq(bt_sysctl_set("1", "ipv4/conf/%s/rp_filter", "none0"), -ENOENT);
	ck_assert(!bt_sysctl_is("1", "ipv4/no_such_setting"));
	ck_assert_int_eq(bt_sysctl_set("no number", PORTS), -EINVAL);
}
END_TEST

START_TEST(name_beyond_all_names_is_refused)
{
	char name[300];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(bt_sysctl_set("1", "%s", name), -ENAMETOOLONG);
	ck_assert(!bt_sysctl_is("1", name));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/sysctl");
	TCase *settings = tcase_create("settings");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(settings, setting_is_that_of_the_namespace_where_the_thread_is);
	tcase_add_test(settings, what_is_kept_open_is_one_descriptor_however_many_are_set);
	tcase_add_test(settings, kernel_that_makes_no_procfs_is_asked_by_the_hosts);
	tcase_add_test(settings, setting_that_there_is_not_is_told);
	tcase_add_test(settings, name_beyond_all_names_is_refused);
	suite_add_tcase(suite, settings);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
