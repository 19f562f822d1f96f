/* SPDX-License-Identifier: Apache-2.0 */

#include "net/retire.h"

#include <net/if.h>
#include <stdio.h>

#include "base/auto.h"
#include "private_net.h"

#define NAME "bt-test0"

static struct bt_retire *open_retire(void)
{
	struct bt_retire *retire = NULL;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_retire_open(&retire, &err) == 0, "%s", err.msg);
	return retire;
}

static void shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static int retire_name(struct bt_retire *retire, const char *name)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };

	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	return bt_retire_link(retire, &rtnl, bt_rtnl_index(&rtnl, name));
}

static void make(const char *kind)
{
	char command[256];

	(void)snprintf(command, sizeof(command),
		       "ip link add " NAME " type %s && ip addr add 10.95.0.1/24 dev " NAME
		       " && ip addr add fd95::1/64 dev " NAME " nodad && ip link set " NAME " up",
		       kind);
	shell(command);
}

START_TEST(name_and_addresses_are_free_at_once_and_the_interface_is_gone_in_the_end)
{
	struct bt_retire *retire;

	private_net();
	retire = open_retire();
	make("bridge");
	ck_assert_int_eq(retire_name(retire, NAME), 0);
	ck_assert_uint_eq(if_nametoindex(NAME), 0);
	shell("test -z \"$(ip -o addr show | grep -F -e 10.95.0.1 -e fd95::1)\"");
	shell("test -z \"$(ip route show; ip -6 route show | grep -F fd95)\"");
	bt_retire_close(retire);
	shell("test \"$(ip -o link show | wc -l)\" = 1");
}
END_TEST

START_TEST(the_next_of_that_name_is_another_and_stays)
{
	struct bt_retire *retire;

	private_net();
	retire = open_retire();
	for (int i = 0; i < 20; i++) {
		make("bridge");
		ck_assert_int_eq(retire_name(retire, NAME), 0);
	}
	make("bridge");
	bt_retire_close(retire);
	ck_assert_uint_ne(if_nametoindex(NAME), 0);
	shell("ip -o -4 addr show dev " NAME " | grep -qF 10.95.0.1/24");
	shell("test \"$(ip -o link show | wc -l)\" = 2");
}
END_TEST

START_TEST(a_pair_goes_with_one_of_its_ends)
{
	struct bt_retire *retire;

	private_net();
	retire = open_retire();
	make("veth peer name bt-test1");
	ck_assert_int_eq(retire_name(retire, NAME), 0);
	bt_retire_close(retire);
	ck_assert_uint_eq(if_nametoindex("bt-test1"), 0);
	shell("test \"$(ip -o link show | wc -l)\" = 1");
}
END_TEST

START_TEST(what_a_killed_daemon_left_is_removed_by_the_next)
{
	char command[128];

	private_net();
	make("bridge");
	(void)snprintf(command, sizeof(command), "ip link set " NAME " down name gone7 group %u",
		       BT_RETIRE_GROUP);
	shell(command);
	make("bridge");
	bt_retire_close(open_retire());
	ck_assert_uint_eq(if_nametoindex("gone7"), 0);
	ck_assert_uint_ne(if_nametoindex(NAME), 0);
}
END_TEST

START_TEST(an_interface_that_is_not_there_is_an_error)
{
	struct bt_retire *retire;
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };

	private_net();
	retire = open_retire();
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_retire_link(retire, &rtnl, 4711), -ENODEV);
	bt_retire_close(retire);
	bt_retire_close(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/retire");
	TCase *tc = tcase_create("retire");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 50);
	tcase_add_test(tc,
		       name_and_addresses_are_free_at_once_and_the_interface_is_gone_in_the_end);
	tcase_add_test(tc, the_next_of_that_name_is_another_and_stays);
	tcase_add_test(tc, a_pair_goes_with_one_of_its_ends);
	tcase_add_test(tc, what_a_killed_daemon_left_is_removed_by_the_next);
	tcase_add_test(tc, an_interface_that_is_not_there_is_an_error);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
