/* SPDX-License-Identifier: Apache-2.0 */

#include "net/subnets.h"

#include "net/bridge.h"
#include "private_net.h"

static bool none_used(const struct bt_prefix *network, const void *arg)
{
	(void)network;
	(void)arg;
	return false;
}

static bool all_but_one_used(const struct bt_prefix *network, const void *arg)
{
	(void)arg;
	return network->addr[0] != 192 || network->addr[2] != 32;
}

static void find_is(bt_subnets_used_fn used, const char *want)
{
	size_t n;
	const struct bt_subnets_pool *pools = bt_subnets_default_pools(&n);
	char text[BT_PREFIX_TEXT_LEN];
	struct bt_err err = { 0 };
	struct bt_prefix p;

	ck_assert_msg(bt_subnets_find(pools, n, AF_INET, used, NULL, &p, &err) == 0, "%s", err.msg);
	bt_prefix_format(&p, text);
	ck_assert_str_eq(text, want);
}

START_TEST(dockers_own_subnet_comes_first)
{
	private_net();
	find_is(none_used, "172.17.0.0/16");
	find_is(all_but_one_used, "192.168.32.0/20");
}
END_TEST

START_TEST(what_the_host_routes_is_left_alone)
{
	struct bt_bridge_config cfg = { .name = "bt-test0", .prefix_len = 15 };
	struct bt_err err = { 0 };

	private_net();
	ck_assert_int_eq(inet_pton(AF_INET, "172.16.9.1", &cfg.address), 1);
	ck_assert_msg(bt_bridge_ensure(&cfg, &err) == 0, "%s", err.msg);
	find_is(none_used, "172.18.0.0/16");
}
END_TEST

static bool all_used(const struct bt_prefix *network, const void *arg)
{
	(void)network;
	(void)arg;
	return true;
}

START_TEST(that_none_is_left_is_said_in_dockers_words)
{
	size_t n;
	const struct bt_subnets_pool *pools = bt_subnets_default_pools(&n);
	struct bt_err err = { 0 };
	struct bt_prefix p;

	private_net();
	ck_assert_int_lt(bt_subnets_find(pools, n, AF_INET, all_used, NULL, &p, &err), 0);
	ck_assert_str_eq(err.msg, "all predefined address pools have been fully subnetted");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/subnets");
	TCase *tc = tcase_create("subnets");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, dockers_own_subnet_comes_first);
	tcase_add_test(tc, what_the_host_routes_is_left_alone);
	tcase_add_test(tc, that_none_is_left_is_said_in_dockers_words);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
