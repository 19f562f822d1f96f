/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/publish_policy.h"

#include <errno.h>

#include "common.h"

static enum bt_publish_policy policy_of(const char *fallback, const char *config)
{
	enum bt_publish_policy policy;
	json_t *json = config ? parse(config) : NULL;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_publish_policy_of(fallback, json, &policy, &err) == 0, "%s", err.msg);
	json_decref(json);
	return policy;
}

START_TEST(a_containers_label_stands_over_the_daemon_and_that_over_dockers_way)
{
	ck_assert_int_eq(policy_of(NULL, NULL), BT_PUBLISH_ALL);
	ck_assert_int_eq(policy_of("loopback", NULL), BT_PUBLISH_LOOPBACK);
	ck_assert_int_eq(policy_of("loopback", "{'Labels':{'x':'all'}}"), BT_PUBLISH_LOOPBACK);
	ck_assert_int_eq(policy_of("loopback", "{'Labels':{'berth.publish-policy':'all'}}"),
			 BT_PUBLISH_ALL);
	ck_assert_int_eq(policy_of(NULL, "{'Labels':{'berth.publish-policy':'host-firewall'}}"),
			 BT_PUBLISH_HOST_FIREWALL);
}
END_TEST

START_TEST(a_policy_that_nobody_knows_opens_nothing)
{
	static const char *const bad[] = { "", "ALL", "all ", "none", "host" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum bt_publish_policy policy = BT_PUBLISH_LOOPBACK;
		struct bt_err err = { 0 };
		json_t *config = json_pack("{s:{s:s}}", "Labels", BT_PUBLISH_POLICY_LABEL, bad[i]);

		ck_assert_int_eq(bt_publish_policy_of("all", config, &policy, &err), -EINVAL);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_int_eq(policy, BT_PUBLISH_LOOPBACK);
		json_decref(config);
	}
}
END_TEST

START_TEST(the_message_names_what_there_is)
{
	enum bt_publish_policy policy;
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_publish_policy_parse("open", &policy, &err), 0);
	ck_assert_str_eq(err.msg, "invalid publish policy \"open\": use one of all, host-firewall, "
				  "loopback");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_containers_label_stands_over_the_daemon_and_that_over_dockers_way);
	tcase_add_test(tc, a_policy_that_nobody_knows_opens_nothing);
	tcase_add_test(tc, the_message_names_what_there_is);
}

int main(void)
{
	return run_tests("engine/publish_policy", add);
}
