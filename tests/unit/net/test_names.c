/* SPDX-License-Identifier: Apache-2.0 */

#include "net/names.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bt_names names;
static const char *const both[] = { "n1", "n2", NULL };

static void add(const char *network, const char *owner, const char *const *list, size_t n,
		const char *v4, const char *v6)
{
	struct bt_names_place p = {
		.network = network, .network_name = "Net", .owner = owner, .list = list, .n = n
	};

	if (v4)
		ck_assert_int_eq(bt_prefix_parse_address(v4, &p.v4), 0);
	if (v6)
		ck_assert_int_eq(bt_prefix_parse_address(v6, &p.v6), 0);
	ck_assert_int_eq(bt_names_add(&names, &p), 0);
}

/* The addresses, one behind the other; "-" for an unknown name. */
static const char *find(const char *const *networks, const char *name, int family)
{
	static char text[BT_NAMES_ANSWERS_MAX * BT_PREFIX_TEXT_LEN];
	struct bt_prefix found[BT_NAMES_ANSWERS_MAX];
	size_t n;

	if (!bt_names_find(&names, networks, name, family, found, &n))
		return "-";
	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		char one[BT_PREFIX_TEXT_LEN];

		bt_prefix_format_address(&found[i], one);
		strcat(text, i ? " " : "");
		strcat(text, one);
	}
	return text;
}

static void tear_down(void)
{
	bt_names_done(&names);
	names = (struct bt_names){ 0 };
}

START_TEST(all_names_of_a_container_are_its_own_in_any_case)
{
	static const char *const list[] = { "Web", "alias", "web" };

	add("n1", "c1", list, 3, "10.0.0.2", "fd00::2");
	ck_assert_str_eq(find(both, "web", AF_INET), "10.0.0.2");
	ck_assert_str_eq(find(both, "alias", AF_INET6), "fd00::2");
	ck_assert_str_eq(find(both, "web.net", AF_INET), "10.0.0.2");
	ck_assert_str_eq(find(both, "web.other", AF_INET), "-");
	ck_assert_str_eq(find(both, ".net", AF_INET), "-");
	ck_assert_str_eq(find(both, "net", AF_INET), "-");
}
END_TEST

START_TEST(a_name_without_an_address_of_the_family_is_known)
{
	static const char *const list[] = { "web" };

	add("n1", "c1", list, 1, "10.0.0.2", NULL);
	ck_assert_str_eq(find(both, "web", AF_INET6), "");
}
END_TEST

START_TEST(the_first_network_that_knows_a_name_answers)
{
	static const char *const list[] = { "web" };
	static const char *const second[] = { "n2", NULL }, *const none[] = { NULL };

	add("n1", "c1", list, 1, "10.0.1.2", NULL);
	add("n2", "c2", list, 1, "10.0.2.2", NULL);
	ck_assert_str_eq(find(both, "web", AF_INET), "10.0.1.2");
	ck_assert_str_eq(find(second, "web", AF_INET), "10.0.2.2");
	ck_assert_str_eq(find(none, "web", AF_INET), "-");
}
END_TEST

START_TEST(owners_of_one_name_take_turns)
{
	static const char *const list[] = { "web" };

	add("n1", "c1", list, 1, "10.0.0.1", NULL);
	add("n1", "c2", list, 1, "10.0.0.2", NULL);
	add("n1", "c3", list, 1, "10.0.0.3", NULL);
	ck_assert_str_eq(find(both, "web", AF_INET), "10.0.0.1 10.0.0.2 10.0.0.3");
	ck_assert_str_eq(find(both, "web", AF_INET), "10.0.0.2 10.0.0.3 10.0.0.1");
	ck_assert_str_eq(find(both, "web", AF_INET), "10.0.0.3 10.0.0.1 10.0.0.2");
	bt_names_remove(&names, "c1", "n1");
	ck_assert_str_eq(find(both, "web", AF_INET), "10.0.0.3 10.0.0.2");
}
END_TEST

START_TEST(what_is_told_again_replaces_what_was_known)
{
	static const char *const old[] = { "old", "both" }, *const new[] = { "new", "both" };

	add("n1", "c1", old, 2, "10.0.0.1", NULL);
	add("n1", "c1", new, 2, "10.0.0.2", NULL);
	ck_assert_str_eq(find(both, "old", AF_INET), "-");
	ck_assert_str_eq(find(both, "both", AF_INET), "10.0.0.2");
	ck_assert_str_eq(find(both, "new", AF_INET), "10.0.0.2");
	bt_names_remove(&names, "c1", "n1");
	bt_names_remove(&names, "c1", "n1");
	ck_assert_str_eq(find(both, "new", AF_INET), "-");
	ck_assert_uint_eq(names.networks.used, 0);
}
END_TEST

START_TEST(an_address_has_the_first_name_of_its_owner)
{
	static const char *const list[] = { "web", "alias" };
	struct bt_prefix a;
	char text[64];

	add("n1", "c1", list, 2, "10.0.0.2", "fd00::2");
	ck_assert_int_eq(bt_prefix_parse_address("10.0.0.2", &a), 0);
	ck_assert_int_eq(bt_names_reverse(&names, both, &a, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "web.net");
	ck_assert_int_eq(bt_prefix_parse_address("fd00::2", &a), 0);
	ck_assert_int_eq(bt_names_reverse(&names, both, &a, text, sizeof(text)), 1);
	ck_assert_int_eq(bt_names_reverse(&names, both + 1, &a, text, sizeof(text)), 0);
	/* Somebody else has it now. */
	add("n1", "c2", list, 0, "10.0.0.2", NULL);
	bt_names_remove(&names, "c1", "n1");
	ck_assert_int_eq(bt_names_reverse(&names, both, &a, text, sizeof(text)), 0);
}
END_TEST

START_TEST(more_names_than_the_bound_are_refused)
{
	const char *list[BT_NAMES_LIST_MAX + 1];
	struct bt_names_place p = { .network = "n1",
				    .network_name = "net",
				    .owner = "c",
				    .list = list,
				    .n = BT_NAMES_LIST_MAX + 1 };

	for (size_t i = 0; i < p.n; i++)
		list[i] = "x";
	ck_assert_int_eq(bt_names_add(&names, &p), -E2BIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/names");
	TCase *tc = tcase_create("names");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, NULL, tear_down);
	tcase_add_test(tc, all_names_of_a_container_are_its_own_in_any_case);
	tcase_add_test(tc, a_name_without_an_address_of_the_family_is_known);
	tcase_add_test(tc, the_first_network_that_knows_a_name_answers);
	tcase_add_test(tc, owners_of_one_name_take_turns);
	tcase_add_test(tc, what_is_told_again_replaces_what_was_known);
	tcase_add_test(tc, an_address_has_the_first_name_of_its_owner);
	tcase_add_test(tc, more_names_than_the_bound_are_refused);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
