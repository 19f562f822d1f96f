/* SPDX-License-Identifier: Apache-2.0 */

#include "api/compat.h"

#include <check.h>
#include <stdlib.h>

#include "codec/json.h"

START_TEST(images_have_their_old_fields_in_old_versions_only)
{
	struct bt_err err = { 0 };

	for (unsigned version = 12; version <= 51; version++) {
		json_auto_t *image = json_pack("{si s{ss}}", "Size", 7, "Config", "User", "x");

		ck_assert_int_eq(bt_compat_image(image, version, &err), 0);
		ck_assert_int_eq(bt_json_i64(image, "VirtualSize", -1), version < 44 ? 7 : -1);
		ck_assert_int_eq(bt_json_obj(image, "ContainerConfig") != NULL, version < 45);
	}
}
END_TEST

START_TEST(containers_have_volumes_below_1_20)
{
	json_auto_t *container = json_pack("{s[{ss ss sb}]}", "Mounts", "Destination", "/data",
					   "Source", "/src", "RW", 0);
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_compat_container(container, 20, &err), 0);
	ck_assert_ptr_null(bt_json_member(container, "Volumes"));
	ck_assert_int_eq(bt_compat_container(container, 19, &err), 0);
	ck_assert_str_eq(bt_json_str(bt_json_obj(container, "Volumes"), "/data", ""), "/src");
	ck_assert(!bt_json_bool(bt_json_obj(container, "VolumesRW"), "/data", true));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/compat");
	TCase *fields = tcase_create("fields");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(fields, images_have_their_old_fields_in_old_versions_only);
	tcase_add_test(fields, containers_have_volumes_below_1_20);
	suite_add_tcase(suite, fields);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
