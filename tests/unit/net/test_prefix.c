/* SPDX-License-Identifier: Apache-2.0 */

#include "net/prefix.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static struct bt_prefix parse(const char *text)
{
	struct bt_prefix p;

	ck_assert_int_eq(bt_prefix_parse(text, &p), 0);
	return p;
}

static void is_text(const struct bt_prefix *p, const char *want)
{
	char text[BT_PREFIX_TEXT_LEN];

	bt_prefix_format(p, text);
	ck_assert_str_eq(text, want);
}

START_TEST(texts_of_both_families_come_back)
{
	struct bt_prefix p = parse("172.17.5.1/16"), n = bt_prefix_network(&p);

	is_text(&p, "172.17.5.1/16");
	is_text(&n, "172.17.0.0/16");
	p = parse("fd00:1:2:3::9/60");
	n = bt_prefix_network(&p);
	is_text(&n, "fd00:1:2::/60");
}
END_TEST

START_TEST(what_is_no_prefix_is_refused)
{
	static const char *const bad[] = { "",        "1.2.3.4",    "1.2.3.4/",   "1.2.3.4/33",
					   "1.2.3/8", "::/129",     "/8",         "1.2.3.4/-1",
					   "x/8",     "1.2.3.4/8 ", "1.2.3.4/ 8", "::1/0x10" };
	struct bt_prefix p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_prefix_parse(bad[i], &p) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(overlap_and_belonging_follow_the_shorter_prefix)
{
	struct bt_prefix a = parse("10.0.0.0/8"), b = parse("10.95.0.0/16");
	struct bt_prefix c = parse("11.0.0.0/8"), v6 = parse("::/0");

	ck_assert(bt_prefix_overlaps(&a, &b));
	ck_assert(bt_prefix_overlaps(&b, &a));
	ck_assert(!bt_prefix_overlaps(&a, &c));
	ck_assert(!bt_prefix_overlaps(&a, &v6));
	ck_assert(bt_prefix_has(&a, &b));
}
END_TEST

START_TEST(numbers_and_addresses_are_each_others_inverse)
{
	struct bt_prefix p = parse("10.95.0.0/16"), six = parse("fd00::/64"), a;

	a = bt_prefix_at(&p, 258);
	is_text(&a, "10.95.1.2/16");
	ck_assert_uint_eq(bt_prefix_index(&p, &a), 258);
	a = bt_prefix_at(&six, 0x10000);
	is_text(&a, "fd00::1:0/64");
	ck_assert_uint_eq(bt_prefix_index(&six, &a), 0x10000);
	a = parse("10.96.0.1/16");
	ck_assert_uint_eq(bt_prefix_index(&p, &a), BT_PREFIX_NO_INDEX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/prefix");
	TCase *tc = tcase_create("prefix");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, texts_of_both_families_come_back);
	tcase_add_test(tc, what_is_no_prefix_is_refused);
	tcase_add_test(tc, overlap_and_belonging_follow_the_shorter_prefix);
	tcase_add_test(tc, numbers_and_addresses_are_each_others_inverse);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
