/* SPDX-License-Identifier: Apache-2.0 */

#include "store/file_caps.h"

#include <check.h>
#include <endian.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

static const struct bt_id_map ids = { .uids = { { 0, 100000, 65536 } }, .nuids = 1 };

static size_t make(unsigned char value[BT_FILE_CAPS_MAX], uint32_t revision, uint32_t rootid)
{
	struct vfs_ns_cap_data caps = { .magic_etc = htole32(revision | VFS_CAP_FLAGS_EFFECTIVE),
					.data[0].permitted = htole32(1u << CAP_NET_RAW),
					.rootid = htole32(rootid) };

	memcpy(value, &caps, sizeof(caps));
	return revision == VFS_CAP_REVISION_3 ? XATTR_CAPS_SZ_3 : XATTR_CAPS_SZ_2;
}

START_TEST(those_of_the_namespaces_root_name_nobody_inside_and_come_back_the_same)
{
	unsigned char value[BT_FILE_CAPS_MAX], there[BT_FILE_CAPS_MAX], want[BT_FILE_CAPS_MAX];
	size_t len = make(value, VFS_CAP_REVISION_3, 100000);

	(void)make(want, VFS_CAP_REVISION_2, 0);
	ck_assert_uint_eq(bt_file_caps_inside(value, len, &ids), XATTR_CAPS_SZ_2);
	ck_assert_mem_eq(value, want, XATTR_CAPS_SZ_2);
	ck_assert_uint_eq(bt_file_caps_outside(value, XATTR_CAPS_SZ_2, &ids, there),
			  XATTR_CAPS_SZ_3);
	(void)make(want, VFS_CAP_REVISION_3, 100000);
	ck_assert_mem_eq(there, want, XATTR_CAPS_SZ_3);
}
END_TEST

START_TEST(those_of_another_root_stay)
{
	unsigned char value[BT_FILE_CAPS_MAX], there[BT_FILE_CAPS_MAX];
	size_t len = make(value, VFS_CAP_REVISION_3, 5);

	ck_assert_uint_eq(bt_file_caps_inside(value, len, &ids), len);
	ck_assert_uint_eq(bt_file_caps_outside(value, len, &ids, there), 0);
}
END_TEST

START_TEST(what_has_another_length_or_revision_stays)
{
	unsigned char value[BT_FILE_CAPS_MAX] = { 0 }, there[BT_FILE_CAPS_MAX];

	ck_assert_uint_eq(bt_file_caps_inside(value, 3, &ids), 3);
	ck_assert_uint_eq(bt_file_caps_inside(value, XATTR_CAPS_SZ_3, &ids), XATTR_CAPS_SZ_3);
	ck_assert_uint_eq(bt_file_caps_outside(value, 0, &ids, there), 0);
	ck_assert_uint_eq(bt_file_caps_outside(value, XATTR_CAPS_SZ_2, &ids, there), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_caps");
	TCase *values = tcase_create("values");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(values,
		       those_of_the_namespaces_root_name_nobody_inside_and_come_back_the_same);
	tcase_add_test(values, those_of_another_root_stay);
	tcase_add_test(values, what_has_another_length_or_revision_stays);
	suite_add_tcase(suite, values);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
