/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/platform_flag.h"

#include "../suite.h"
#include "base/auto.h"

static struct bt_err err;

/* The target "/x" with the platform added, owned; NULL: `err`. */
static char *target_for(const char *text)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_puts(&target, "/x");
	if (bt_platform_flag_add(&target, "platform", text, &err) < 0) {
		/* What was there stays as it is. */
		ck_assert_str_eq(bt_str_get(&target), "/x");
		return NULL;
	}
	return strdup(bt_str_get(&target));
}

START_TEST(nothing_is_asked_where_nothing_is_said)
{
	static const char *const texts[] = { NULL, "" };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		bt_auto_free char *target = target_for(texts[i]);

		ck_assert_str_eq(target, "/x");
	}
}
END_TEST

START_TEST(a_platform_is_sent_as_json_with_a_variant_where_it_has_one)
{
	static const struct {
		const char *text, *target;
	} cases[] = {
		{ "linux/amd64", "/x?platform=%7B%22architecture%22:%22amd64%22%2C%22os%22:"
				 "%22linux%22%7D" },
		{ "linux/arm/v7", "/x?platform=%7B%22architecture%22:%22arm%22%2C%22os%22:"
				  "%22linux%22%2C%22variant%22:%22v7%22%7D" },
		/* Other spellings of the same. */
		{ "linux/x86_64", "/x?platform=%7B%22architecture%22:%22amd64%22%2C%22os%22:"
				  "%22linux%22%7D" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *target = target_for(cases[i].text);

		ck_assert_msg(target != NULL, "%s", err.msg);
		ck_assert_str_eq(target, cases[i].target);
	}
}
END_TEST

START_TEST(what_is_no_platform_is_refused_and_adds_nothing)
{
	static const char *const texts[] = { "/", "linux/", "linux/amd64/v1/x", "a b/c", "\xff" };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		bt_auto_free char *target = target_for(texts[i]);

		ck_assert_msg(target == NULL, "%s: %s", texts[i], target);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, nothing_is_asked_where_nothing_is_said);
	tcase_add_test(tests, a_platform_is_sent_as_json_with_a_variant_where_it_has_one);
	tcase_add_test(tests, what_is_no_platform_is_refused_and_adds_nothing);
}

int main(void)
{
	return run_suite("cli/platform_flag", NULL, NULL, add);
}
