/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/create_endpoints.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

#define MAC   "02:11:22:33:44:55"
#define OTHER "02:11:22:33:44:66"

static json_t *networking, *warnings;
static struct bt_err err;

static void set_up(void)
{
	warnings = json_array();
	err = (struct bt_err){ 0 };
}

static void tear_down(void)
{
	json_decref(networking);
	json_decref(warnings);
}

/* Settle what JSON texts say. */
static int settle(const char *config, const char *host_config, const char *net)
{
	json_auto_t *c = json_loads(config, 0, NULL), *hc = json_loads(host_config, 0, NULL);

	networking = json_loads(net, 0, NULL);
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(hc);
	ck_assert_ptr_nonnull(networking);
	return bt_create_endpoints_settle(c, hc, networking, warnings, &err);
}

static const char *mac_of(const char *network)
{
	return bt_json_str(bt_json_obj(bt_json_obj(networking, "EndpointsConfig"), network),
			   "MacAddress", "");
}

START_TEST(nothing_said_changes_nothing)
{
	json_auto_t *empty = json_object();

	ck_assert_int_eq(settle("{}", "{\"NetworkMode\":\"n\"}", "{}"), 0);
	ck_assert(json_equal(networking, empty));
	ck_assert_uint_eq(json_array_size(warnings), 0);
}
END_TEST

START_TEST(the_containers_mac_address_is_that_of_the_modes_endpoint)
{
	ck_assert_int_eq(settle("{\"MacAddress\":\"" MAC "\"}", "{\"NetworkMode\":\"n\"}",
				"{\"EndpointsConfig\":{\"m\":{},\"n\":{\"Aliases\":[\"a\"]}}}"),
			 0);
	ck_assert_str_eq(mac_of("n"), MAC);
	ck_assert_str_eq(mac_of("m"), "");
	ck_assert_uint_eq(
		json_array_size(bt_json_arr(
			bt_json_obj(bt_json_obj(networking, "EndpointsConfig"), "n"), "Aliases")),
		1);
}
END_TEST

START_TEST(an_endpoint_that_nobody_named_is_made_for_it)
{
	static const char *const modes[] = { "{}", "{\"NetworkMode\":\"default\"}",
					     "{\"NetworkMode\":\"bridge\"}" };

	for (size_t i = 0; i < 3; i++) {
		json_decref(networking);
		ck_assert_int_eq(settle("{\"MacAddress\":\"" MAC "\"}", modes[i], "{}"), 0);
		ck_assert_str_eq(mac_of("bridge"), MAC);
	}
}
END_TEST

START_TEST(the_same_address_twice_is_one_in_whatever_case)
{
	ck_assert_int_eq(
		settle("{\"MacAddress\":\"02:aa:bb:cc:dd:ee\"}", "{\"NetworkMode\":\"n\"}",
		       "{\"EndpointsConfig\":{\"n\":{\"MacAddress\":\"02:AA:BB:CC:DD:EE\"}}}"),
		0);
}
END_TEST

START_TEST(two_addresses_for_one_endpoint_are_refused)
{
	ck_assert_int_lt(settle("{\"MacAddress\":\"" MAC "\"}", "{\"NetworkMode\":\"n\"}",
				"{\"EndpointsConfig\":{\"n\":{\"MacAddress\":\"" OTHER "\"}}}"),
			 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "must match the endpoint-specific"));
}
END_TEST

START_TEST(default_is_the_bridge_by_another_name)
{
	ck_assert_int_eq(settle("{}", "{\"NetworkMode\":\"default\"}",
				"{\"EndpointsConfig\":{\"default\":{\"MacAddress\":\"" MAC "\"}}}"),
			 0);
	ck_assert_str_eq(mac_of("bridge"), MAC);
	ck_assert_ptr_null(
		json_object_get(json_object_get(networking, "EndpointsConfig"), "default"));
}
END_TEST

START_TEST(who_has_no_interface_of_its_own_has_no_mac_address)
{
	static const char *const modes[] = { "host", "none", "container:x" };

	for (size_t i = 0; i < 3; i++) {
		json_auto_t *hc = json_pack("{s:s}", "NetworkMode", modes[i]);
		json_auto_t *config = json_pack("{s:s}", "MacAddress", MAC);
		json_auto_t *net = json_object();

		ck_assert_int_lt(bt_create_endpoints_settle(config, hc, net, warnings, &err), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

START_TEST(and_no_other_network)
{
	static const char *const modes[] = { "host", "none", "container:x" };

	for (size_t i = 0; i < 3; i++) {
		json_auto_t *hc = json_pack("{s:s}", "NetworkMode", modes[i]);
		json_auto_t *net = json_pack("{s:{s:{},s:{}}}", "EndpointsConfig", modes[i], "n");
		json_auto_t *alone = json_pack("{s:{s:{}}}", "EndpointsConfig", modes[i]);

		ck_assert_int_lt(bt_create_endpoints_settle(NULL, hc, net, warnings, &err), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_int_eq(bt_create_endpoints_settle(NULL, hc, alone, warnings, &err), 0);
	}
}
END_TEST

START_TEST(nor_an_ip_address)
{
	static const char *const modes[] = { "host", "none", "container:x" };

	for (size_t i = 0; i < 3; i++)
		for (int family = 4; family <= 6; family += 2) {
			json_auto_t *hc = json_pack("{s:s}", "NetworkMode", modes[i]);
			json_auto_t *net = json_pack(
				"{s:{s:{s:{s:s}}}}", "EndpointsConfig", modes[i], "IPAMConfig",
				family == 4 ? "IPv4Address" : "IPv6Address", "10.0.0.9");
			json_auto_t *empty = json_pack("{s:{s:{s:{s:s}}}}", "EndpointsConfig",
						       modes[i], "IPAMConfig", "IPv4Address", "");

			ck_assert_int_lt(bt_create_endpoints_settle(NULL, hc, net, warnings, &err),
					 0);
			ck_assert_int_eq(err.kind, BT_ERR_INVALID);
			ck_assert_ptr_nonnull(strstr(err.msg, modes[i]));
			ck_assert_int_eq(
				bt_create_endpoints_settle(NULL, hc, empty, warnings, &err), 0);
		}
}
END_TEST

START_TEST(ports_that_go_nowhere_are_said)
{
	static const char ports[] = "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"80\"}]}}";
	char hc[200];

	(void)snprintf(hc, sizeof(hc), "{\"NetworkMode\":\"host\",%s", ports);
	ck_assert_int_eq(settle("{}", hc, "{}"), 0);
	ck_assert_str_eq(json_string_value(json_array_get(warnings, 0)),
			 "Published ports are discarded when using host network mode");
	json_decref(networking);
	(void)json_array_clear(warnings);
	(void)snprintf(hc, sizeof(hc), "{\"NetworkMode\":\"n\",%s", ports);
	ck_assert_int_eq(settle("{}", hc, "{}"), 0);
	ck_assert_uint_eq(json_array_size(warnings), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/create_endpoints");
	TCase *tc = tcase_create("create_endpoints");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, nothing_said_changes_nothing);
	tcase_add_test(tc, the_containers_mac_address_is_that_of_the_modes_endpoint);
	tcase_add_test(tc, an_endpoint_that_nobody_named_is_made_for_it);
	tcase_add_test(tc, the_same_address_twice_is_one_in_whatever_case);
	tcase_add_test(tc, two_addresses_for_one_endpoint_are_refused);
	tcase_add_test(tc, default_is_the_bridge_by_another_name);
	tcase_add_test(tc, who_has_no_interface_of_its_own_has_no_mac_address);
	tcase_add_test(tc, and_no_other_network);
	tcase_add_test(tc, nor_an_ip_address);
	tcase_add_test(tc, ports_that_go_nowhere_are_said);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
