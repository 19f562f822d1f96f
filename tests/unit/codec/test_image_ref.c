/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/image_ref.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text, *domain, *path, *tag, *digest;
} good[] = {
	{ "alpine", "docker.io", "library/alpine", NULL, NULL },
	{ "alpine:3.19", "docker.io", "library/alpine", "3.19", NULL },
	{ "team/app", "docker.io", "team/app", NULL, NULL },
	{ "docker.io/debian", "docker.io", "library/debian", NULL, NULL },
	{ "localhost/a", "localhost", "a", NULL, NULL },
	{ "localhost:5000/a:b", "localhost:5000", "a", "b", NULL },
	{ "registry.example.org/x/y/z@sha256:" HEX, "registry.example.org", "x/y/z", NULL,
	  "sha256:" HEX },
	{ "a:1@sha256:" HEX, "docker.io", "library/a", "1", "sha256:" HEX },
	{ "a__b/c-d.e_f--g", "docker.io", "a__b/c-d.e_f--g", NULL, NULL },
	{ "index.docker.io/a", "docker.io", "library/a", NULL, NULL },
	{ "HOST/a", "HOST", "a", NULL, NULL },
	{ "[::1]:5000/a", "[::1]:5000", "a", NULL, NULL },
	{ "[2001:db8::1]/a:b", "[2001:db8::1]", "a", "b", NULL },
	{ "127.0.0.1:80/a", "127.0.0.1:80", "a", NULL, NULL },
	{ "a:Tag_1.x-Y", "docker.io", "library/a", "Tag_1.x-Y", NULL },
};

START_TEST(a_reference_has_its_parts)
{
	struct bt_image_ref ref = { 0 };
	struct bt_err err = { 0 };

	ck_assert_msg(bt_image_ref_parse(good[_i].text, &ref, &err) == 0, "%s: %s", good[_i].text,
		      err.msg);
	ck_assert_str_eq(ref.domain, good[_i].domain);
	ck_assert_str_eq(ref.path, good[_i].path);
	ck_assert(bt_str_eq(ref.tag, good[_i].tag));
	ck_assert(bt_str_eq(ref.digest, good[_i].digest));
	ck_assert(bt_str_eq(bt_image_ref_tag_or_latest(&ref), good[_i].tag      ? good[_i].tag
							      : good[_i].digest ? NULL
										: "latest"));
	bt_image_ref_done(&ref);
}
END_TEST

static const char *const bad[] = {
	"",
	"Alpine",
	"a:",
	":tag",
	"a@sha256:abc",
	"a/",
	"/a",
	"a//b",
	"a..b",
	"a___b",
	"-a",
	"a-",
	"a:-tag",
	"a:.tag",
	"a b",
	"a@md5:" HEX,
	"a@sha256:" HEX "0",
	"a:t@",
	"a:\xc3\xa9",
	"http://a/b",
	"a\n",
	"../a",
	"a..b/c",
	"a.:5/c",
	"h:/a",
	"h:5x/a",
	"[]/a",
	"[::1/a",
	"[::1]x/a",
	"[::1]:/a",
	"-h.x/a",
	"h_x:5/a",
	"./a",
};

START_TEST(what_is_none_is_refused)
{
	struct bt_image_ref ref = { .tag = NULL };
	struct bt_err err = { 0 };

	ck_assert_msg(bt_image_ref_parse(bad[_i], &ref, &err) == -EINVAL, "'%s'", bad[_i]);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_null(ref.path);
}
END_TEST

START_TEST(lengths_are_bounded)
{
	char text[400];
	struct bt_image_ref ref = { 0 };
	struct bt_err err = { 0 };

	memset(text, 'a', sizeof(text));
	text[255] = '\0';
	ck_assert_int_eq(bt_image_ref_parse(text, &ref, &err), 0);
	bt_image_ref_done(&ref);
	text[255] = 'a';
	text[256] = '\0';
	ck_assert_int_eq(bt_image_ref_parse(text, &ref, &err), -EINVAL);
	(void)snprintf(text, sizeof(text), "a:%0128d", 0);
	ck_assert_int_eq(bt_image_ref_parse(text, &ref, &err), 0);
	bt_image_ref_done(&ref);
	(void)snprintf(text, sizeof(text), "a:%0129d", 0);
	ck_assert_int_eq(bt_image_ref_parse(text, &ref, &err), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/image_ref");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(all, a_reference_has_its_parts, 0,
			    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(all, what_is_none_is_refused, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(all, lengths_are_bounded);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
