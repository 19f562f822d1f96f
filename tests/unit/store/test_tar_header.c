/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tar_header.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/auto.h"

/* What libarchive makes of a header with its content of zeros. */
static struct archive *read_back(const struct bt_tar_entry *entry, struct bt_str *text,
				 struct archive_entry **ret)
{
	static const char zeros[4 * BT_TAR_BLOCK];
	struct archive *a = archive_read_new();

	bt_tar_header_append(text, entry);
	ck_assert_int_eq(text->failed, 0);
	ck_assert_uint_eq(text->len % BT_TAR_BLOCK, 0);
	bt_str_add(text, zeros, sizeof(zeros));
	ck_assert_int_eq(archive_read_support_format_tar(a), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_open_memory(a, bt_str_get(text), text->len), ARCHIVE_OK);
	ck_assert_msg(archive_read_next_header(a, ret) == ARCHIVE_OK, "%s",
		      archive_error_string(a));
	return a;
}

START_TEST(a_file_has_its_attributes)
{
	const struct bt_tar_entry entry = { .path = "a/b",
					    .mode = S_IFREG | 04755,
					    .uid = 1000,
					    .gid = 7,
					    .size = 12,
					    .mtime = 1234567890 };
	bt_auto_str struct bt_str text = { 0 };
	struct archive_entry *got;
	struct archive *a = read_back(&entry, &text, &got);

	ck_assert_str_eq(archive_entry_pathname(got), "a/b");
	ck_assert_uint_eq(archive_entry_mode(got), S_IFREG | 04755);
	ck_assert_int_eq(archive_entry_uid(got), 1000);
	ck_assert_int_eq(archive_entry_gid(got), 7);
	ck_assert_int_eq(archive_entry_size(got), 12);
	ck_assert_int_eq(archive_entry_mtime(got), 1234567890);
	(void)archive_read_free(a);
}
END_TEST

START_TEST(what_does_not_fit_a_field_goes_into_an_extended_header)
{
	char path[400] = "", link[300] = "";
	struct bt_tar_entry entry = { .path = path,
				      .mode = S_IFREG | 0644,
				      .uid = 4000000000u,
				      .gid = 3000000,
				      .size = (int64_t)9 << 30,
				      .mtime = -5 };
	bt_auto_str struct bt_str text = { 0 }, other = { 0 };
	struct archive_entry *got;
	struct archive *a;

	memset(path, 'p', sizeof(path) - 1);
	memset(link, 'l', sizeof(link) - 1);
	a = read_back(&entry, &text, &got);
	ck_assert_str_eq(archive_entry_pathname(got), path);
	ck_assert_int_eq(archive_entry_uid(got), 4000000000ll);
	ck_assert_int_eq(archive_entry_gid(got), 3000000);
	ck_assert_int_eq(archive_entry_size(got), (int64_t)9 << 30);
	ck_assert_int_eq(archive_entry_mtime(got), -5);
	(void)archive_read_free(a);
	entry = (struct bt_tar_entry){ .path = "s", .link = link, .mode = S_IFLNK | 0777 };
	a = read_back(&entry, &other, &got);
	ck_assert_str_eq(archive_entry_symlink(got), link);
	(void)archive_read_free(a);
}
END_TEST

START_TEST(kinds_are_kept)
{
	const struct bt_tar_entry entries[] = {
		{ .path = "d/", .mode = S_IFDIR | 01777 },
		{ .path = "p", .mode = S_IFIFO | 0600 },
		{ .path = "c", .mode = S_IFCHR | 0666, .rdev = makedev(1, 3) },
		{ .path = "b", .mode = S_IFBLK | 0660, .rdev = makedev(259, 70000) },
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		bt_auto_str struct bt_str text = { 0 };
		struct archive_entry *got;
		struct archive *a = read_back(&entries[i], &text, &got);

		ck_assert_uint_eq(archive_entry_mode(got), entries[i].mode);
		if (entries[i].rdev) {
			ck_assert_uint_eq(archive_entry_rdevmajor(got), major(entries[i].rdev));
			ck_assert_uint_eq(archive_entry_rdevminor(got), minor(entries[i].rdev));
		}
		(void)archive_read_free(a);
	}
}
END_TEST

START_TEST(a_hard_link_names_the_entry_that_has_the_content)
{
	const struct bt_tar_entry entry = {
		.path = "b", .link = "a", .hard = true, .mode = S_IFREG | 0644
	};
	bt_auto_str struct bt_str text = { 0 };
	struct archive_entry *got;
	struct archive *a = read_back(&entry, &text, &got);

	ck_assert_str_eq(archive_entry_hardlink(got), "a");
	(void)archive_read_free(a);
}
END_TEST

START_TEST(a_capability_is_an_attribute_with_its_zeros)
{
	static const char caps[20] = { 1, 0, 0, 2, 0, 4, 0, 0 };
	const struct bt_tar_entry entry = { .path = "ping",
					    .mode = S_IFREG | 0755,
					    .capability = caps,
					    .capability_len = sizeof(caps) };
	bt_auto_str struct bt_str text = { 0 };
	struct archive_entry *got;
	struct archive *a = read_back(&entry, &text, &got);
	const char *name;
	const void *value;
	size_t len;

	ck_assert_int_eq(archive_entry_xattr_reset(got), 1);
	ck_assert_int_eq(archive_entry_xattr_next(got, &name, &value, &len), ARCHIVE_OK);
	ck_assert_str_eq(name, "security.capability");
	ck_assert_uint_eq(len, sizeof(caps));
	ck_assert_mem_eq(value, caps, len);
	(void)archive_read_free(a);
}
END_TEST

START_TEST(contents_are_padded_to_blocks)
{
	ck_assert_uint_eq(bt_tar_header_padding(0), 0);
	ck_assert_uint_eq(bt_tar_header_padding(1), 511);
	ck_assert_uint_eq(bt_tar_header_padding(512), 0);
	ck_assert_uint_eq(bt_tar_header_padding(((int64_t)1 << 40) + 513), 511);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/tar_header");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_file_has_its_attributes);
	tcase_add_test(tests, what_does_not_fit_a_field_goes_into_an_extended_header);
	tcase_add_test(tests, kinds_are_kept);
	tcase_add_test(tests, a_hard_link_names_the_entry_that_has_the_content);
	tcase_add_test(tests, a_capability_is_an_attribute_with_its_zeros);
	tcase_add_test(tests, contents_are_padded_to_blocks);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
