/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/config_shape.h"

#include "common.h"

static void assert_refused(const char *config, const char *hc, const char *message)
{
	json_t *c = parse(config), *h = parse(hc);
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_config_shape_check(c, h, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	json_decref(c);
	json_decref(h);
}

START_TEST(right_types_and_null_are_fine)
{
	json_t *c = parse("{'Healthcheck':{'Test':['CMD','true'],'Interval':5}}");
	json_t *h = parse(
		"{'Mounts':[{'Type':'bind','BindOptions':{'NonRecursive':true}},"
		"{'Target':null,'TmpfsOptions':null}],'PortBindings':{'80/tcp':[{'HostPort':'1'}],"
		"'81/tcp':null},'Ulimits':null,'RestartPolicy':{}}");
	struct bt_err err = { 0 };

	ck_assert_msg(bt_config_shape_check(c, h, &err) == 0, "%s", err.msg);
	json_decref(c);
	json_decref(h);
}
END_TEST

START_TEST(a_wrong_type_is_named_with_its_place)
{
	assert_refused("{'Healthcheck':{'Interval':'5s'}}", "{}",
		       "invalid JSON: Config.Healthcheck.Interval must be an integer");
	assert_refused("{}", "{'Mounts':[{},{'Target':5}]}",
		       "invalid JSON: HostConfig.Mounts[1].Target must be a string");
	assert_refused("{}", "{'Mounts':['x']}",
		       "invalid JSON: HostConfig.Mounts[0] must be an object");
	assert_refused("{}", "{'Mounts':[{'VolumeOptions':{'NoCopy':'yes'}}]}",
		       "invalid JSON: HostConfig.Mounts[0].VolumeOptions.NoCopy must be a boolean");
	assert_refused("{}", "{'PortBindings':{'80/tcp':[{'HostPort':80}]}}",
		       "invalid JSON: HostConfig.PortBindings[\"80/tcp\"][0].HostPort must be a "
		       "string");
	assert_refused("{}", "{'PortBindings':{'80/tcp':{}}}",
		       "invalid JSON: HostConfig.PortBindings[\"80/tcp\"] must be an array");
	assert_refused("{}", "{'RestartPolicy':{'Name':1}}",
		       "invalid JSON: HostConfig.RestartPolicy.Name must be a string");
	assert_refused("{}", "{'DeviceRequests':[{'DeviceIDs':[1]}]}",
		       "invalid JSON: HostConfig.DeviceRequests[0].DeviceIDs must be an array of "
		       "strings");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, right_types_and_null_are_fine);
	tcase_add_test(tests, a_wrong_type_is_named_with_its_place);
}

int main(void)
{
	return run_tests("config_shape", add);
}
