/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/mount_options.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>

static struct bt_arena arena;
static struct bt_err err;

static void tear_down(void)
{
	bt_arena_done(&arena);
}

static int parse(const char *type, char **words, size_t n, struct bt_mount_options *ret)
{
	const struct bt_oci_mount mount = { .destination = "/x",
					    .type = type,
					    .options = { .v = words, .n = n } };

	return bt_mount_options_parse(&mount, &arena, ret, &err);
}

#define PARSE(type, ret, ...)                                                                      \
	parse(type, (char *[]){ __VA_ARGS__ }, sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), \
	      ret)

START_TEST(later_words_win_over_earlier_ones)
{
	struct bt_mount_options o;

	ck_assert_int_eq(PARSE("tmpfs", &o, "ro", "nosuid", "rw", "suid", "nodev"), 0);
	ck_assert_uint_eq(o.set, MOUNT_ATTR_NODEV);
	ck_assert_uint_eq(o.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	ck_assert(!o.read_only);
}
END_TEST

START_TEST(times_are_one_field_that_is_cleared_as_a_whole)
{
	struct bt_mount_options o;

	ck_assert_int_eq(PARSE("tmpfs", &o, "noatime", "strictatime"), 0);
	ck_assert_uint_eq(o.set, MOUNT_ATTR_STRICTATIME);
	ck_assert_uint_eq(o.clear, MOUNT_ATTR__ATIME);
	ck_assert_int_eq(PARSE("tmpfs", &o, "noatime", "relatime"), 0);
	ck_assert_uint_eq(o.set, 0);
	ck_assert_uint_eq(o.clear, MOUNT_ATTR__ATIME);
}
END_TEST

START_TEST(recursive_words_do_not_touch_the_mount_alone)
{
	struct bt_mount_options o;

	ck_assert_int_eq(PARSE("bind", &o, "rbind", "rro", "rslave", "private"), 0);
	ck_assert(o.bind && o.recursive && !o.read_only);
	ck_assert_uint_eq(o.set, 0);
	ck_assert_uint_eq(o.rec_set, MOUNT_ATTR_RDONLY);
	ck_assert_uint_eq(o.rec_propagation, MS_SLAVE);
	ck_assert_uint_eq(o.propagation, MS_PRIVATE);
}
END_TEST

START_TEST(what_is_not_known_goes_to_the_file_system)
{
	struct bt_mount_options o;

	ck_assert_int_eq(PARSE("tmpfs", &o, "size=1m", "nosuid", "mode=755", "sync"), 0);
	ck_assert_uint_eq(o.ndata, 3);
	ck_assert_str_eq(o.data[0], "size=1m");
	ck_assert_str_eq(o.data[1], "mode=755");
	ck_assert_str_eq(o.data[2], "sync");
}
END_TEST

START_TEST(contradictions_are_named)
{
	struct bt_mount_options o;

	ck_assert_int_eq(PARSE("proc", &o, "tmpcopyup"), -EINVAL);
	ck_assert_str_eq(err.msg, "mounts[/x].options: tmpcopyup is only for tmpfs");
	ck_assert_int_eq(PARSE("tmpfs", &o, "idmap"), -EINVAL);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

START_TEST(propagation_words_are_those_and_no_others)
{
	uint64_t flag = 0;
	bool recursive = true;

	ck_assert_int_eq(bt_mount_options_propagation("shared", &flag, &recursive), 0);
	ck_assert(flag == MS_SHARED && !recursive);
	ck_assert_int_eq(bt_mount_options_propagation("runbindable", &flag, &recursive), 0);
	ck_assert(flag == MS_UNBINDABLE && recursive);
	ck_assert_int_eq(bt_mount_options_propagation("ro", &flag, &recursive), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/mount_options");
	TCase *parsing = tcase_create("parse");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(parsing, NULL, tear_down);
	tcase_add_test(parsing, later_words_win_over_earlier_ones);
	tcase_add_test(parsing, times_are_one_field_that_is_cleared_as_a_whole);
	tcase_add_test(parsing, recursive_words_do_not_touch_the_mount_alone);
	tcase_add_test(parsing, what_is_not_known_goes_to_the_file_system);
	tcase_add_test(parsing, contradictions_are_named);
	tcase_add_test(parsing, propagation_words_are_those_and_no_others);
	suite_add_tcase(suite, parsing);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
