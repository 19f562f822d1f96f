/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/user_lookup.h"

#include "common.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "me:x:1000:100:Me:/home/me:/bin/sh\n"
			     "1001:x:0:0:trap:/root:/bin/sh\n"
			     "broken\n"
			     "-1:x:0:0:trap:/root:/bin/sh\n"
			     "4294967296:x:0:0:trap:/root:/bin/sh\n"
			     "+0:x:0:0:trap:/root:/bin/sh\n"
			     "4294967295:x:0:0:trap:/root:/bin/sh\n"
			     "-:x:9:9:odd:/:/bin/sh\n"
			     "last:x:7:8::/l:/x";
static const char group[] = "root:x:0:\n"
			    "users:x:100:\n"
			    "wheel:x:10:root,me\n"
			    "audio:x:63:me\n"
			    "-1:x:0:\n"
			    "4294967296:x:0:\n"
			    "metoo:x:64:metoo\n";

static struct bt_user find(const char *spec, const char *const *extra)
{
	struct bt_user user = { 0 };
	struct bt_err err = { 0 };
	int r = bt_user_lookup_resolve(spec, passwd, group, extra, &user, &err);

	ck_assert_msg(r == 0, "%s: %s", spec, err.msg);
	return user;
}

static void assert_refused(const char *spec, const char *message)
{
	struct bt_user user = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_user_lookup_resolve(spec, passwd, group, NULL, &user, &err), 0);
	ck_assert_str_eq(err.msg, message);
}

static void assert_gids(const struct bt_user *user, const char *want)
{
	char got[128] = "";

	for (size_t i = 0; i < user->ngids; i++)
		sprintf(got + strlen(got), "%s%u", i ? "," : "", user->gids[i]);
	ck_assert_str_eq(got, want);
}

START_TEST(nobody_named_is_root_with_its_groups)
{
	struct bt_user user = find("", NULL);

	ck_assert_uint_eq(user.uid, 0);
	ck_assert_str_eq(user.home, "/root");
	assert_gids(&user, "0,10");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_name_brings_its_groups_and_home)
{
	struct bt_user user = find("me", NULL);

	ck_assert_uint_eq(user.uid, 1000);
	ck_assert_uint_eq(user.gid, 100);
	ck_assert_str_eq(user.home, "/home/me");
	assert_gids(&user, "100,10,63");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_number_is_that_uid_even_where_a_user_is_called_so)
{
	struct bt_user user = find("1001", NULL);

	ck_assert_uint_eq(user.uid, 1001);
	ck_assert_str_eq(user.home, "/");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_group_that_is_named_is_the_only_one)
{
	struct bt_user user = find("me:wheel", NULL);

	ck_assert_uint_eq(user.gid, 10);
	assert_gids(&user, "10");
	bt_user_lookup_done(&user);
	user = find("5:6", NULL);
	ck_assert_uint_eq(user.uid, 5);
	assert_gids(&user, "6");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(extra_groups_are_added_once)
{
	struct bt_user user = find("me", (const char *const[]){ "audio", "77", NULL });

	assert_gids(&user, "100,10,63,77");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_last_line_without_its_end_counts)
{
	struct bt_user user = find("last", NULL);

	ck_assert_uint_eq(user.uid, 7);
	ck_assert_str_eq(user.home, "/l");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_number_out_of_range_is_nobodys_name)
{
	/* All are there as names, and root's. */
	static const char *const traps[] = { "-1", "+0", "4294967295", "4294967296" };
	char message[128];

	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		(void)snprintf(message, sizeof(message),
			       "unable to find user %s: no matching entries in passwd file",
			       traps[i]);
		assert_refused(traps[i], message);
	}
	assert_refused("me:-1", "unable to find group -1: no matching entries in group file");
	assert_refused("me:4294967296",
		       "unable to find group 4294967296: no matching entries in group file");
}
END_TEST

START_TEST(a_sign_alone_is_a_name)
{
	struct bt_user user = find("-", NULL);

	ck_assert_uint_eq(user.uid, 9);
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(who_is_not_there_is_refused)
{
	assert_refused("nobody", "unable to find user nobody: no matching entries in passwd file");
	assert_refused("me:nogroup",
		       "unable to find group nogroup: no matching entries in group file");
	assert_refused("4294967296",
		       "unable to find user 4294967296: no matching entries in passwd file");
	assert_refused("-1", "unable to find user -1: no matching entries in passwd file");
	assert_refused("0x0", "unable to find user 0x0: no matching entries in passwd file");
	assert_refused("+0", "unable to find user +0: no matching entries in passwd file");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, nobody_named_is_root_with_its_groups);
	tcase_add_test(tests, a_name_brings_its_groups_and_home);
	tcase_add_test(tests, a_number_is_that_uid_even_where_a_user_is_called_so);
	tcase_add_test(tests, a_group_that_is_named_is_the_only_one);
	tcase_add_test(tests, extra_groups_are_added_once);
	tcase_add_test(tests, a_last_line_without_its_end_counts);
	tcase_add_test(tests, a_number_out_of_range_is_nobodys_name);
	tcase_add_test(tests, a_sign_alone_is_a_name);
	tcase_add_test(tests, who_is_not_there_is_refused);
}

int main(void)
{
	return run_tests("engine/user_lookup", add);
}
