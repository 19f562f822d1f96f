/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/systemd_unit.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bt_systemd_unit unit;
static struct bt_err err;

START_TEST(a_scope_is_found_below_all_slices_of_its_name)
{
	ck_assert_int_eq(bt_systemd_unit_parse("a-b-c.slice:docker:12", "id", &unit, &err), 0);
	ck_assert_str_eq(unit.slice, "a-b-c.slice");
	ck_assert_str_eq(unit.name, "docker-12.scope");
	ck_assert_str_eq(unit.path, "/a.slice/a-b.slice/a-b-c.slice/docker-12.scope");
}
END_TEST

START_TEST(the_root_slice_is_the_root_itself)
{
	ck_assert_int_eq(bt_systemd_unit_parse("-.slice:cri:x", "id", &unit, &err), 0);
	ck_assert_str_eq(unit.path, "/cri-x.scope");
}
END_TEST

START_TEST(without_a_path_the_scope_is_in_the_systems_slice)
{
	ck_assert_int_eq(bt_systemd_unit_parse(NULL, "c1", &unit, &err), 0);
	ck_assert_str_eq(unit.path, "/system.slice/berth-c1.scope");
	ck_assert_int_eq(bt_systemd_unit_parse("", "c2", &unit, &err), 0);
	ck_assert_str_eq(unit.path, "/system.slice/berth-c2.scope");
	ck_assert_int_eq(bt_systemd_unit_parse(":pre:x", "c", &unit, &err), 0);
	ck_assert_str_eq(unit.path, "/system.slice/pre-x.scope");
	ck_assert_int_eq(bt_systemd_unit_parse("user.slice::x", "c", &unit, &err), 0);
	ck_assert_str_eq(unit.path, "/user.slice/x.scope");
}
END_TEST

static const char *const bad[] = {
	"/docker/12",        "a.slice:b",      "a.slice:b:c:d", "a:b:c",
	"a--b.slice:x:y",    "-a.slice:x:y",   "a-.slice:x:y",  ".slice:x:y",
	"a/b.slice:x:y",     "a.slice:x:../y", "a.slice:x/y:z", "a.slice:x:",
	"a.slice:x:y.slice", "a.slice:x@y:z",  "a.slice:x:y z", "..slice/..:x:y",
};

START_TEST(a_path_of_another_form_is_refused_by_its_field)
{
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(bt_systemd_unit_parse(bad[_i], "id", &unit, &err), -EINVAL);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.cgroupsPath"));
}
END_TEST

START_TEST(names_longer_than_a_unit_may_have_are_refused)
{
	char path[400];

	memset(path, 'a', sizeof(path));
	memcpy(path, "a.slice:", 8);
	memcpy(path + 20, ":", 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(bt_systemd_unit_parse(path, "id", &unit, &err), -EINVAL);
	memset(path, 'a', 300);
	memcpy(path + 300, ".slice:x:y", 11);
	ck_assert_int_eq(bt_systemd_unit_parse(path, "id", &unit, &err), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/systemd_unit");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, a_scope_is_found_below_all_slices_of_its_name);
	tcase_add_test(all, the_root_slice_is_the_root_itself);
	tcase_add_test(all, without_a_path_the_scope_is_in_the_systems_slice);
	tcase_add_loop_test(all, a_path_of_another_form_is_refused_by_its_field, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(all, names_longer_than_a_unit_may_have_are_refused);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
