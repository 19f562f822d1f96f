/* SPDX-License-Identifier: Apache-2.0 */

#include "client/context.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[] = "/tmp/test_context.XXXXXX";
static struct bt_config config = { .dir = dir };

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static json_t *meta_of(const char *name, const char *host)
{
	return json_pack("{s:s, s:{s:s}, s:{s:{s:s}}, s:s}", "Name", name, "Metadata",
			 "Description", "d", "Endpoints", "docker", "Host", host, "Extra", "x");
}

static void put(const char *name, const char *host, const json_t *tls)
{
	json_auto_t *meta = meta_of(name, host);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_context_put(&config, meta, tls, &err) == 0, "%s", err.msg);
}

static unsigned int mode_of(const char *format, const char *hash)
{
	bt_auto_free char *path = bt_str_format("%s/contexts/", dir);
	bt_auto_str struct bt_str full = { 0 };
	struct stat st;

	bt_str_puts(&full, path);
	for (const char *p = format; *p; p++)
		*p == '%' ? bt_str_puts(&full, hash) : bt_str_putc(&full, *p);
	ck_assert_msg(stat(bt_str_get(&full), &st) == 0, "%s", bt_str_get(&full));
	return st.st_mode & 07777u;
}

START_TEST(what_was_put_is_read_again_and_lies_where_docker_looks)
{
	/* SHA-256 of "aa". */
	static const char hash[] =
		"961b6dd3ede3cb8ecbaacbd68de040cd78eb2ed5889130cceb4c49268ea4d506";
	json_auto_t *tls = json_object();
	json_auto_t *meta = NULL;
	json_auto_t *back = NULL;
	struct bt_err err = { 0 };

	(void)json_object_set_new(tls, "ca.pem", json_stringn_nocheck("a\0\xff", 3));
	(void)json_object_set_new(tls, "key.pem", json_string("k"));
	put("aa", "tcp://h:1", tls);
	ck_assert(bt_context_exists(&config, "aa") && !bt_context_exists(&config, "ab"));
	ck_assert_int_eq(bt_context_get(&config, "aa", &meta, &err), 0);
	const json_t *docker = json_object_get(json_object_get(meta, "Endpoints"), "docker");
	ck_assert_str_eq(json_string_value(json_object_get(docker, "Host")), "tcp://h:1");
	ck_assert_ptr_null(json_object_get(meta, "Extra"));
	ck_assert(bt_str_ends(json_string_value(json_object_get(meta, "MetadataPath")), hash));
	ck_assert(bt_str_ends(json_string_value(json_object_get(meta, "TLSPath")), hash));
	ck_assert_int_eq(bt_context_tls(&config, "aa", &back, &err), 0);
	ck_assert(json_equal(tls, back));
	ck_assert_uint_eq(mode_of("meta/%/meta.json", hash), 0644);
	ck_assert_uint_eq(mode_of("tls/%", hash), 0700);
	ck_assert_uint_eq(mode_of("tls/%/docker/key.pem", hash), 0600);
}
END_TEST

START_TEST(a_context_put_again_keeps_nothing_of_the_old_one)
{
	json_auto_t *tls = json_pack("{s:s}", "cert.pem", "c");
	json_auto_t *none = json_object();
	json_auto_t *back = NULL;
	json_auto_t *meta = NULL;
	struct bt_err err = { 0 };

	put("aa", "tcp://h:1", tls);
	put("aa", "tcp://h:2", none);
	ck_assert_int_eq(bt_context_tls(&config, "aa", &back, &err), 0);
	ck_assert_uint_eq(json_object_size(back), 0);
	ck_assert_int_eq(bt_context_get(&config, "aa", &meta, &err), 0);
	const json_t *docker = json_object_get(json_object_get(meta, "Endpoints"), "docker");
	ck_assert_str_eq(json_string_value(json_object_get(docker, "Host")), "tcp://h:2");
}
END_TEST

START_TEST(they_are_listed_in_order_of_name_and_rubbish_is_left_out)
{
	bt_auto_free char *rubbish = bt_str_format("%s/contexts/meta/rubbish", dir);
	bt_auto_free char *file = bt_str_format("%s/meta.json", rubbish);
	json_auto_t *list = NULL;
	struct bt_err err = { 0 };

	put("zz", "h", NULL);
	put("aa", "h", NULL);
	put("mm", "h", NULL);
	ck_assert_int_eq(bt_io_mkdir_p(rubbish, 0755), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0644, "{\"Name\":1}", 10), 0);
	ck_assert_int_eq(bt_context_list(&config, &list, &err), 0);
	ck_assert_uint_eq(json_array_size(list), 3);
	static const char *const order[] = { "aa", "mm", "zz" };
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(
			json_string_value(json_object_get(json_array_get(list, i), "Name")),
			order[i]);
}
END_TEST

START_TEST(what_is_removed_is_gone_with_its_keys_and_may_be_removed_twice)
{
	json_auto_t *tls = json_pack("{s:s}", "key.pem", "k");
	json_auto_t *back = NULL;
	json_auto_t *list = NULL;
	json_auto_t *meta = NULL;
	struct bt_err err = { 0 };

	put("aa", "h", tls);
	ck_assert_int_eq(bt_context_remove(&config, "aa", &err), 0);
	ck_assert_int_eq(bt_context_remove(&config, "aa", &err), 0);
	ck_assert_int_eq(bt_context_tls(&config, "aa", &back, &err), 0);
	ck_assert_uint_eq(json_object_size(back), 0);
	ck_assert_int_eq(bt_context_get(&config, "aa", &meta, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "context \"aa\": context not found: open "));
	ck_assert_int_eq(bt_context_list(&config, &list, &err), 0);
	ck_assert_uint_eq(json_array_size(list), 0);
}
END_TEST

START_TEST(names_are_what_docker_takes)
{
	static const char *const good[] = { "aa", "A1", "0_", "a.b+c-d_e" };
	static const char *const bad[] = { "", "a", "default", "a/b", "../..", ".a", "a b", "a\n" };
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(bt_context_check_name(good[i], &err) == 0, "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_context_check_name(bad[i], &err) == -EINVAL, "%s", bad[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/context");
	TCase *tests = tcase_create("context");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, what_was_put_is_read_again_and_lies_where_docker_looks);
	tcase_add_test(tests, a_context_put_again_keeps_nothing_of_the_old_one);
	tcase_add_test(tests, they_are_listed_in_order_of_name_and_rubbish_is_left_out);
	tcase_add_test(tests, what_is_removed_is_gone_with_its_keys_and_may_be_removed_twice);
	tcase_add_test(tests, names_are_what_docker_takes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
