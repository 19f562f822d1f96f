/* SPDX-License-Identifier: Apache-2.0 */

#include "client/context_tar.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define BLOCK 512

static json_t *sample(void)
{
	return json_pack("{s:s, s:{}, s:{s:{s:s}}}", "Name", "aa", "Metadata", "Endpoints",
			 "docker", "Host", "tcp://h:1");
}

static void write_sample(struct bt_str *to, const json_t *tls)
{
	json_auto_t *meta = sample();
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_context_tar_write(meta, tls, to, &err), 0);
}

static void refuse(const void *data, size_t len, const char *part)
{
	json_t *meta = NULL, *tls = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_context_tar_read(data, len, &meta, &tls, &err), -EINVAL);
	ck_assert_msg(strstr(err.msg, part) != NULL, "%s", err.msg);
	ck_assert(!meta && !tls);
}

/* Write the sum of a header anew after a change. */
static void sum_again(char *header)
{
	unsigned int sum = 0;

	(void)memset(header + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + 148, 8, "%06o", sum);
}

START_TEST(an_archive_gives_back_what_was_put_in)
{
	json_auto_t *tls = json_pack("{s:s}", "cert.pem", "c");
	json_auto_t *meta = NULL;
	json_auto_t *back = NULL;
	json_auto_t *want = sample();
	bt_auto_str struct bt_str data = { 0 };
	struct bt_err err = { 0 };

	(void)json_object_set_new(tls, "ca.pem", json_stringn_nocheck("\0\xff\n", 3));
	write_sample(&data, tls);
	ck_assert_uint_eq(data.len % BLOCK, 0);
	ck_assert_int_eq(bt_context_tar_read(data.p, data.len, &meta, &back, &err), 0);
	ck_assert(json_equal(meta, want));
	ck_assert(json_equal(back, tls));
}
END_TEST

/* docker ends its archives behind the last byte of the last file. */
START_TEST(an_archive_may_end_behind_any_file)
{
	json_auto_t *tls = json_pack("{s:s}", "key.pem", "kk");
	bt_auto_str struct bt_str data = { 0 };
	struct bt_err err = { 0 };

	write_sample(&data, tls);
	size_t last = data.len - 2 * BLOCK - BLOCK + 2;
	for (size_t n = 0; n < 2; n++) {
		json_auto_t *meta = NULL;
		json_auto_t *back = NULL;
		/* Its own memory, so that a sanitizer sees a read behind the end. */
		bt_auto_free char *copy = malloc(last);

		(void)memcpy(copy, data.p, last);
		ck_assert_int_eq(bt_context_tar_read(copy, last, &meta, &back, &err), 0);
		ck_assert_uint_eq(json_object_size(back), n == 0);
		last = 2 * BLOCK; /* only meta.json */
	}
	refuse(data.p, 2 * BLOCK - BLOCK + 5, "unexpected EOF");
	refuse(data.p, BLOCK - 1, "unexpected EOF");
	refuse(data.p, 0, "no meta.json");
}
END_TEST

START_TEST(what_is_no_file_of_a_context_is_refused_by_name)
{
	static const char *const names[] = { "../../etc/passwd", "/meta.json", "tls/other/ca.pem",
					     "tls/docker/ca.pem/x", "tls/docker/../ca.pem" };
	bt_auto_str struct bt_str data = { 0 };

	write_sample(&data, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)memset(data.p, 0, 100);
		(void)strcpy(data.p, names[i]);
		sum_again(data.p);
		refuse(data.p, data.len, names[i]);
	}
	(void)strcpy(data.p, "meta.json");
	data.p[156] = '2';
	sum_again(data.p);
	refuse(data.p, data.len, "no plain file");
}
END_TEST

START_TEST(a_broken_archive_is_refused)
{
	bt_auto_str struct bt_str data = { 0 };

	write_sample(&data, NULL);
	data.p[3] ^= 1;
	refuse(data.p, data.len, "invalid tar header");
	data.p[3] ^= 1;
	(void)memcpy(data.p + 124, "77777777777", 11);
	sum_again(data.p);
	refuse(data.p, data.len, "unexpected EOF");
	(void)memcpy(data.p + 124, "0000000008x", 11);
	sum_again(data.p);
	refuse(data.p, data.len, "invalid tar header");
	refuse("PK\3\4", 4, "zip");
	refuse("root:x:0:0", 10, "unexpected EOF");
}
END_TEST

START_TEST(a_description_without_an_endpoint_is_refused)
{
	bt_auto_str struct bt_str data = { 0 };
	json_auto_t *meta = json_pack("{s:s, s:{}, s:{}}", "Name", "a", "Metadata", "Endpoints");
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_context_tar_write(meta, NULL, &data, &err), 0);
	refuse(data.p, data.len, "no docker endpoint");
	data.p[BLOCK] = '[';
	refuse(data.p, data.len, "meta.json: line 1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/context_tar");
	TCase *tests = tcase_create("context_tar");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, an_archive_gives_back_what_was_put_in);
	tcase_add_test(tests, an_archive_may_end_behind_any_file);
	tcase_add_test(tests, what_is_no_file_of_a_context_is_refused_by_name);
	tcase_add_test(tests, a_broken_archive_is_refused);
	tcase_add_test(tests, a_description_without_an_endpoint_is_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
