/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "common.h"

static char top[] = "/tmp/berth-selinux-XXXXXX";

static void setup(void)
{
	memcpy(top + sizeof(top) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static void teardown(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	bt_auto_free char *place = bt_str_format("%s/%s", top, dir);
	bt_auto_free char *path = bt_str_format("%s/%s", place, name);

	ck_assert_int_eq(bt_io_mkdir_p(place, 0700), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
}

static void contexts(const char *process, const char *file, const char *layers)
{
	bt_auto_free char *shared = bt_str_format("%s/shared/contexts", top);
	const struct bt_selinux_places places = { .fs = "/proc", .etc = top, .shared = shared };
	struct bt_selinux found = { .mcs = NULL };

	ck_assert_int_eq(bt_selinux_contexts(&places, &found), 0);
	ck_assert_str_eq(found.process, process);
	ck_assert_str_eq(found.file, file);
	ck_assert_str_eq(found.layers, layers);
}

START_TEST(another_file_system_is_no_selinux)
{
	ck_assert(!bt_selinux_enabled("/proc"));
	ck_assert(!bt_selinux_enabled("/nonexistent"));
}
END_TEST

START_TEST(who_asks_for_labels_where_there_is_none_hears_so)
{
	const struct bt_selinux_places places = { .fs = "/proc", .etc = top };
	struct bt_selinux *selinux = NULL;
	struct bt_err err;

	ck_assert_int_eq(bt_selinux_open(&places, &selinux, &err), -EOPNOTSUPP);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_IMPLEMENTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "does not have SELinux"));
	ck_assert_ptr_null(selinux);
	bt_selinux_close(NULL);
}
END_TEST

START_TEST(a_policy_that_says_nothing_means_the_usual_names)
{
	contexts("system_u:system_r:container_t:s0", "system_u:object_r:container_file_t:s0",
		 "system_u:object_r:container_ro_file_t:s0");
	/* One of the two alone is not half taken. */
	write_file("targeted/contexts", "lxc_contexts", "process = \"u:r:only_t:s0\"\n");
	contexts("system_u:system_r:container_t:s0", "system_u:object_r:container_file_t:s0",
		 "system_u:object_r:container_ro_file_t:s0");
}
END_TEST

START_TEST(the_policy_in_use_names_the_contexts)
{
	write_file(".", "config", "# SELINUXTYPE=no\nSELINUX=enforcing\nSELINUXTYPE=default \n");
	write_file("default/contexts", "lxc_contexts",
		   "process = \"u:r:p_t:s0\"\nfile = \"u:object_r:f_t:s0\"\n"
		   "ro_file = \"u:object_r:ro_t:s0\"\n");
	write_file("targeted/contexts", "lxc_contexts",
		   "process = \"no:no:no\"\nfile = \"no:no:no\"\n");
	contexts("u:r:p_t:s0", "u:object_r:f_t:s0", "u:object_r:ro_t:s0");
}
END_TEST

START_TEST(the_file_of_container_selinux_goes_first)
{
	write_file("targeted/contexts", "lxc_contexts",
		   "process = \"no:no:no\"\nfile = \"no:no:no\"\n");
	write_file("shared", "contexts", "process = \"a:b:c:s0\"\nfile = \"d:e:f:s0\"\n");
	contexts("a:b:c:s0", "d:e:f:s0", "d:e:f:s0");
}
END_TEST

START_TEST(a_type_that_would_lead_elsewhere_is_not_followed)
{
	write_file(".", "config", "SELINUXTYPE=../evil\n");
	write_file("evil/contexts", "lxc_contexts",
		   "process = \"no:no:no\"\nfile = \"no:no:no\"\n");
	contexts("system_u:system_r:container_t:s0", "system_u:object_r:container_file_t:s0",
		 "system_u:object_r:container_ro_file_t:s0");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, another_file_system_is_no_selinux);
	tcase_add_test(tests, who_asks_for_labels_where_there_is_none_hears_so);
	tcase_add_test(tests, a_policy_that_says_nothing_means_the_usual_names);
	tcase_add_test(tests, the_policy_in_use_names_the_contexts);
	tcase_add_test(tests, the_file_of_container_selinux_goes_first);
	tcase_add_test(tests, a_type_that_would_lead_elsewhere_is_not_followed);
}

int main(void)
{
	return run_tests("engine/selinux", add);
}
