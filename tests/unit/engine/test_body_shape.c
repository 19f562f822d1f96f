/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/body_shape.h"

#include "common.h"

static void assert_fine(enum bt_body body, const char *text)
{
	json_t *value = parse(text);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_body_shape_check(body, value, &err) == 0, "%s", err.msg);
	json_decref(value);
}

static void assert_refused(enum bt_body body, const char *text, const char *message)
{
	json_t *value = parse(text);
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_body_shape_check(body, value, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	json_decref(value);
}

START_TEST(right_types_and_null_are_fine)
{
	assert_fine(BT_BODY_CONTAINER_CREATE,
		    "{'Healthcheck':{'Test':['CMD','true'],'Interval':5},'HostConfig':{"
		    "'Mounts':[{'Type':'bind','BindOptions':{'NonRecursive':true}},"
		    "{'Target':null,'TmpfsOptions':null}],'PortBindings':{'80/tcp':"
		    "[{'HostPort':'1'}],'81/tcp':null},'Ulimits':null,'RestartPolicy':{}}}");
	assert_fine(BT_BODY_CONTAINER_CREATE, "{'HostConfig':null,'NetworkingConfig':null}");
	assert_fine(BT_BODY_CONTAINER_CREATE,
		    "{'NetworkingConfig':{'EndpointsConfig':{'n':null,'m':{'Aliases':['a']}}}}");
	assert_fine(BT_BODY_CONTAINER_UPDATE, "{'Memory':5,'RestartPolicy':{'Name':'no'}}");
	assert_fine(BT_BODY_NETWORK_CREATE, "{'Name':'n','IPAM':{'Config':[{'Subnet':'x'}]}}");
	assert_fine(BT_BODY_NETWORK_CONNECT, "{'Container':'c','EndpointConfig':{}}");
}
END_TEST

START_TEST(no_body_is_an_empty_one)
{
	struct bt_err err = { 0 };

	for (enum bt_body body = BT_BODY_CONTAINER_CREATE; body <= BT_BODY_NETWORK_CONNECT; body++)
		ck_assert_int_eq(bt_body_shape_check(body, NULL, &err), 0);
}
END_TEST

START_TEST(members_that_the_api_does_not_have_are_nobodys)
{
	assert_fine(BT_BODY_CONTAINER_CREATE, "{'Nosuch':5,'HostConfig':{'Nosuch':[5]}}");
	assert_fine(BT_BODY_CONTAINER_UPDATE, "{'Nosuch':5}");
}
END_TEST

START_TEST(a_whole_number_may_be_written_as_a_real)
{
	assert_fine(BT_BODY_CONTAINER_UPDATE, "{'Memory':67108864.0}");
}
END_TEST

START_TEST(a_wrong_type_is_named_with_its_place)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "{'Healthcheck':{'Interval':'5s'}}",
		  "invalid JSON: Healthcheck.Interval must be an integer" },
		{ "{'HostConfig':{'Mounts':[{},{'Target':5}]}}",
		  "invalid JSON: HostConfig.Mounts[1].Target must be a string" },
		{ "{'HostConfig':{'Mounts':['x']}}",
		  "invalid JSON: HostConfig.Mounts[0] must be an object" },
		{ "{'HostConfig':{'Mounts':[{'VolumeOptions':{'NoCopy':'yes'}}]}}",
		  "invalid JSON: HostConfig.Mounts[0].VolumeOptions.NoCopy must be a boolean" },
		{ "{'HostConfig':{'PortBindings':{'80/tcp':[{'HostPort':80}]}}}",
		  "invalid JSON: HostConfig.PortBindings[\"80/tcp\"][0].HostPort must be a "
		  "string" },
		{ "{'HostConfig':{'PortBindings':{'80/tcp':{}}}}",
		  "invalid JSON: HostConfig.PortBindings[\"80/tcp\"] must be an array" },
		{ "{'HostConfig':{'RestartPolicy':{'Name':1}}}",
		  "invalid JSON: HostConfig.RestartPolicy.Name must be a string" },
		{ "{'HostConfig':{'DeviceRequests':[{'DeviceIDs':[1]}]}}",
		  "invalid JSON: HostConfig.DeviceRequests[0].DeviceIDs must be an array of "
		  "strings" },
		{ "{'HostConfig':{'Sysctls':{'a':1}}}",
		  "invalid JSON: HostConfig.Sysctls[\"a\"] must be a string" },
		{ "{'NetworkingConfig':{'EndpointsConfig':{'n':{'IPAMConfig':{'IPv4Address':5}}}}}",
		  "invalid JSON: NetworkingConfig.EndpointsConfig[\"n\"].IPAMConfig.IPv4Address "
		  "must be a string" },
		{ "{'NetworkingConfig':5}", "invalid JSON: NetworkingConfig must be an object" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_refused(BT_BODY_CONTAINER_CREATE, rows[i].text, rows[i].message);
	assert_refused(BT_BODY_CONTAINER_UPDATE, "{'Memory':'64m'}",
		       "invalid JSON: Memory must be an integer");
	assert_refused(BT_BODY_CONTAINER_UPDATE, "{'BlkioDeviceReadBps':5}",
		       "invalid JSON: BlkioDeviceReadBps must be an array");
	assert_refused(BT_BODY_NETWORK_CREATE, "{'IPAM':{'Config':[{'Subnet':5}]}}",
		       "invalid JSON: IPAM.Config[0].Subnet must be a string");
	assert_refused(BT_BODY_NETWORK_CONNECT, "{'EndpointConfig':{'Links':'a:b'}}",
		       "invalid JSON: EndpointConfig.Links must be an array of strings");
}
END_TEST

START_TEST(names_are_found_whatever_their_case)
{
	/* As Go reads them, and so as they are used. */
	assert_refused(BT_BODY_CONTAINER_CREATE, "{'hostconfig':{'mounts':[{'target':5}]}}",
		       "invalid JSON: HostConfig.Mounts[0].Target must be a string");
}
END_TEST

START_TEST(a_place_with_a_long_key_is_cut_and_stays_readable)
{
	char text[600], key[401];
	json_t *value;
	struct bt_err err = { 0 };

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	snprintf(text, sizeof(text), "{'NetworkingConfig':{'EndpointsConfig':{'%s':5}}}", key);
	value = parse(text);
	ck_assert_int_lt(bt_body_shape_check(BT_BODY_CONTAINER_CREATE, value, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "EndpointsConfig[\"kkk"));
	ck_assert_ptr_nonnull(strstr(err.msg, "must be an object"));
	json_decref(value);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, right_types_and_null_are_fine);
	tcase_add_test(tests, no_body_is_an_empty_one);
	tcase_add_test(tests, members_that_the_api_does_not_have_are_nobodys);
	tcase_add_test(tests, a_whole_number_may_be_written_as_a_real);
	tcase_add_test(tests, a_wrong_type_is_named_with_its_place);
	tcase_add_test(tests, names_are_found_whatever_their_case);
	tcase_add_test(tests, a_place_with_a_long_key_is_cut_and_stays_readable);
}

int main(void)
{
	return run_tests("body_shape", add);
}
