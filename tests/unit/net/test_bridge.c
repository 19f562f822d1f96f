/* SPDX-License-Identifier: Apache-2.0 */

#include "net/bridge.h"

#include <net/if.h>

#include "base/auto.h"
#include "private_net.h"

#define BRIDGE "bt-test0"

static void ensure(const char *address)
{
	struct bt_bridge_config cfg = { .name = BRIDGE, .prefix_len = 24 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(inet_pton(AF_INET, address, &cfg.address), 1);
	ck_assert_msg(bt_bridge_ensure(&cfg, &err) == 0, "%s", err.msg);
}

START_TEST(an_earlier_address_gives_way_to_the_new_one)
{
	bt_auto_close int home = -EBADF;
	bt_auto_close bt_unused int l = -EBADF;

	private_net();
	home = home_fd();
	ensure("10.95.0.1");
	ensure("10.95.1.1");
	l = listen_in(home, 80);
	ck_assert_int_eq(reach_from(home, "10.95.1.1", 80), 0);
	ck_assert_int_eq(connect_from(home, "10.95.0.1", 80), -ENETUNREACH);
}
END_TEST

START_TEST(our_bridge_is_removed_and_a_missing_one_is_fine)
{
	struct bt_err err = { 0 };

	private_net();
	ensure("10.95.0.1");
	ensure("10.95.0.1");
	ck_assert_uint_ne(if_nametoindex(BRIDGE), 0);
	ck_assert_int_eq(bt_bridge_remove(NULL, BRIDGE, &err), 0);
	ck_assert_uint_eq(if_nametoindex(BRIDGE), 0);
	ck_assert_int_eq(bt_bridge_remove(NULL, BRIDGE, &err), 0);
}
END_TEST

START_TEST(a_bridge_of_somebody_else_is_used_and_stays)
{
	struct bt_err err = { 0 };

	private_net();
	ck_assert_int_eq(system("ip link add " BRIDGE " type bridge"), 0);
	ensure("10.95.0.1");
	ck_assert_int_eq(bt_bridge_remove(NULL, BRIDGE, &err), 0);
	ck_assert_uint_ne(if_nametoindex(BRIDGE), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/bridge");
	TCase *tc = tcase_create("bridge");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, an_earlier_address_gives_way_to_the_new_one);
	tcase_add_test(tc, our_bridge_is_removed_and_a_missing_one_is_fine);
	tcase_add_test(tc, a_bridge_of_somebody_else_is_used_and_stays);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
