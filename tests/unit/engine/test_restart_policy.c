/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/restart_policy.h"

#include "../suite.h"
#include "common.h"

START_TEST(each_policy_is_the_monitors_and_what_is_none_restarts_nothing)
{
	static const struct {
		const char *host_config;
		enum bt_restart_policy policy;
		int max;
	} cases[] = {
		{ "{}", BT_RESTART_NO, 0 },
		{ "{'RestartPolicy':null}", BT_RESTART_NO, 0 },
		{ "{'RestartPolicy':{}}", BT_RESTART_NO, 0 },
		{ "{'RestartPolicy':{'Name':''}}", BT_RESTART_NO, 0 },
		{ "{'RestartPolicy':{'Name':'no'}}", BT_RESTART_NO, 0 },
		{ "{'RestartPolicy':{'Name':'always'}}", BT_RESTART_ALWAYS, 0 },
		{ "{'RestartPolicy':{'Name':'unless-stopped'}}", BT_RESTART_UNLESS_STOPPED, 0 },
		{ "{'RestartPolicy':{'Name':'on-failure'}}", BT_RESTART_ON_FAILURE, 0 },
		{ "{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3}}",
		  BT_RESTART_ON_FAILURE, 3 },
		{ "{'RestartPolicy':{'Name':'on-unhealthy'}}", BT_RESTART_ON_UNHEALTHY, 0 },
		{ "{'RestartPolicy':{'Name':'Always'}}", BT_RESTART_NO, 0 },
		{ "{'RestartPolicy':'always'}", BT_RESTART_NO, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_t *hc = parse(cases[i].host_config);
		const struct bt_restart got = bt_restart_policy_of(hc);

		ck_assert_msg(got.policy == cases[i].policy && got.max == cases[i].max,
			      "%s: %d, %d", cases[i].host_config, (int)got.policy, got.max);
		json_decref(hc);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, each_policy_is_the_monitors_and_what_is_none_restarts_nothing);
}

int main(void)
{
	return run_suite("restart_policy", NULL, NULL, add_tests);
}
