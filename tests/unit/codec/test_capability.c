/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/capability.h"

#include <check.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>

#define BIT(c) (1ull << (c))

static struct bt_err err;

START_TEST(names_have_their_numbers)
{
	ck_assert_int_eq(bt_capability_parse("CAP_CHOWN"), CAP_CHOWN);
	ck_assert_int_eq(bt_capability_parse("CAP_CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
	ck_assert_int_eq(bt_capability_parse("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
	ck_assert_int_eq(bt_capability_parse("SYS_ADMIN"), -EINVAL);
	ck_assert_int_eq(bt_capability_parse("cap_sys_admin"), -EINVAL);
	ck_assert_int_eq(bt_capability_parse_lenient("sys_admin"), CAP_SYS_ADMIN);
	ck_assert_int_eq(bt_capability_parse_lenient("Cap_Sys_Admin"), CAP_SYS_ADMIN);
	ck_assert_int_eq(bt_capability_parse_lenient("CAP_"), -EINVAL);
	ck_assert_str_eq(bt_capability_name(CAP_BPF), "CAP_BPF");
	ck_assert_ptr_null(bt_capability_name(-1));
	ck_assert_ptr_null(bt_capability_name(BT_CAPABILITY_COUNT));
	for (int i = 0; i < BT_CAPABILITY_COUNT; i++)
		ck_assert_int_eq(bt_capability_parse(bt_capability_name(i)), i);
}
END_TEST

static uint64_t tweak(const char *const *add, const char *const *drop)
{
	uint64_t got = 0;

	ck_assert_int_eq(bt_capability_tweak(BIT(CAP_CHOWN) | BIT(CAP_KILL), BT_CAPABILITY_ALL, add,
					     drop, &got, &err),
			 0);
	return got;
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(added_and_dropped_follow_dockers_rules)
{
	ck_assert_uint_eq(tweak(NULL, NULL), BIT(CAP_CHOWN) | BIT(CAP_KILL));
	ck_assert_uint_eq(tweak(LIST("net_admin"), LIST("KILL")),
			  BIT(CAP_CHOWN) | BIT(CAP_NET_ADMIN));
	ck_assert_uint_eq(tweak(NULL, LIST("all")), 0);
	ck_assert_uint_eq(tweak(LIST("CAP_KILL"), LIST("ALL")), BIT(CAP_KILL));
	ck_assert_uint_eq(tweak(LIST("ALL"), NULL), BT_CAPABILITY_ALL);
	ck_assert_uint_eq(tweak(LIST("ALL"), LIST("sys_admin")),
			  BT_CAPABILITY_ALL & ~BIT(CAP_SYS_ADMIN));
	ck_assert_uint_eq(tweak(LIST("kill"), LIST("kill")), BIT(CAP_CHOWN) | BIT(CAP_KILL));
}
END_TEST

START_TEST(an_unknown_name_is_refused)
{
	uint64_t got = 7;

	ck_assert_int_eq(bt_capability_tweak(0, 0, LIST("FLY"), NULL, &got, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "invalid capability: \"FLY\"");
	ck_assert_uint_eq(got, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/capability");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, names_have_their_numbers);
	tcase_add_test(all, added_and_dropped_follow_dockers_rules);
	tcase_add_test(all, an_unknown_name_is_refused);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
