/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_options.h"

#include <errno.h>

#include "common.h"

#define DRIVER "com.docker.network."
#define BRIDGE DRIVER "bridge."

static int read_config(const char *config, struct bt_network *ret, struct bt_err *err)
{
	json_t *json = parse(config);
	int r;

	*ret = (struct bt_network){ .config = json };
	snprintf(ret->id, sizeof(ret->id), "%s", "0123456789abcdef");
	r = bt_network_options_read(ret, err);
	ret->config = NULL;
	json_decref(json);
	return r;
}

static struct bt_network net_of(const char *config)
{
	struct bt_err err = { 0 };
	struct bt_network net;

	ck_assert_msg(read_config(config, &net, &err) == 0, "%s", err.msg);
	return net;
}

static void assert_refused(const char *config, const char *message)
{
	struct bt_err err = { 0 };
	struct bt_network net;

	ck_assert_msg(read_config(config, &net, &err) < 0, "%s was taken", config);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
}

START_TEST(a_bridge_without_options_is_open_inside_and_masqueraded_outside)
{
	struct bt_network net = net_of("{'Driver':'bridge'}");

	ck_assert_int_eq(net.driver, BT_NETWORK_DRIVER_BRIDGE);
	ck_assert(net.icc && net.masquerade);
	ck_assert(!net.internal && !net.is_default && !net.inhibit_ipv4 && !net.config_only);
	ck_assert_str_eq(net.bridge, "br-0123456789ab");
	ck_assert_str_eq(net.iface_prefix, "eth");
	ck_assert_uint_eq(net.mtu, 0);
	ck_assert_int_eq(net.mode4, BT_NETWORK_GATEWAY_NAT);
}
END_TEST

START_TEST(options_of_a_bridge_are_read_by_dockers_names)
{
	struct bt_network net =
		net_of("{'Driver':'bridge','Options':{'" BRIDGE "name':'mybr0','" BRIDGE
		       "enable_icc':'false','" BRIDGE "enable_ip_masquerade':'0','" BRIDGE
		       "inhibit_ipv4':'T','" BRIDGE "gateway_mode_ipv4':'routed','" BRIDGE
		       "gateway_mode_ipv6':'nat-unprotected','" DRIVER "driver.mtu':'1400','" DRIVER
		       "container_iface_prefix':'net','" BRIDGE "host_binding_ipv4':'127.0.0.1'}}");

	ck_assert_str_eq(net.bridge, "mybr0");
	ck_assert(!net.icc && !net.masquerade && net.inhibit_ipv4);
	ck_assert_int_eq(net.mode4, BT_NETWORK_GATEWAY_ROUTED);
	ck_assert_int_ne(net.mode6, net.mode4);
	ck_assert_uint_eq(net.mtu, 1400);
	ck_assert_str_eq(net.iface_prefix, "net");
}
END_TEST

START_TEST(an_empty_value_is_the_usual_one)
{
	struct bt_network net =
		net_of("{'Driver':'bridge','Options':{'" BRIDGE "enable_icc':'','" DRIVER
		       "driver.mtu':'','" BRIDGE "name':'','" BRIDGE "gateway_mode_ipv4':''}}");

	ck_assert(net.icc);
	ck_assert_uint_eq(net.mtu, 0);
	ck_assert_str_eq(net.bridge, "br-0123456789ab");
	ck_assert_int_eq(net.mode4, BT_NETWORK_GATEWAY_NAT);
}
END_TEST

START_TEST(values_that_make_no_sense_are_refused_with_the_option)
{
	static const struct {
		const char *name, *value, *why;
	} cases[] = {
		{ BRIDGE "enable_icc", "yes", "true or false is wanted" },
		{ BRIDGE "enable_ip_masquerade", "2", "true or false is wanted" },
		{ BRIDGE "gateway_mode_ipv4", "open", "no such mode" },
		{ BRIDGE "gateway_mode_ipv6", "isolated", "only internal networks have it" },
		{ BRIDGE "host_binding_ipv4", "::1", "an IPv4 address is wanted" },
		{ BRIDGE "host_binding_ipv4", "1.2.3", "an IPv4 address is wanted" },
		{ BRIDGE "name", "a/b", "not an interface's name" },
		{ BRIDGE "name", "..", "not an interface's name" },
		{ BRIDGE "name", "br%d", "not an interface's name" },
		{ DRIVER "driver.mtu", "-1", "a number of bytes is wanted" },
		{ DRIVER "driver.mtu", "65536", "a number of bytes is wanted" },
		{ DRIVER "driver.mtu", "1500 ", "a number of bytes is wanted" },
		{ DRIVER "container_iface_prefix", "", "not the beginning of an interface's name" },
		{ DRIVER "container_iface_prefix", "thirteenchars",
		  "not the beginning of an interface's name" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char config[256], message[256];

		snprintf(config, sizeof(config), "{'Driver':'bridge','Options':{'%s':'%s'}}",
			 cases[i].name, cases[i].value);
		snprintf(message, sizeof(message),
			 "invalid network config:\ninvalid value \"%s\" for option %s: %s",
			 cases[i].value, cases[i].name, cases[i].why);
		assert_refused(config, message);
	}
	assert_refused("{'Driver':'bridge','Options':{'" BRIDGE "name':'a-name-of-16-chr'}}",
		       "name of bridge too long: a-name-of-16-chr");
}
END_TEST

START_TEST(names_and_prefixes_may_be_as_long_as_the_kernel_allows)
{
	struct bt_network net =
		net_of("{'Driver':'bridge','Options':{'" BRIDGE "name':'a-name-of-15-ch','" DRIVER
		       "container_iface_prefix':'twelve-chars'}}");

	ck_assert_str_eq(net.bridge, "a-name-of-15-ch");
	ck_assert_str_eq(net.iface_prefix, "twelve-chars");
}
END_TEST

START_TEST(only_an_internal_network_is_isolated)
{
	struct bt_network net = net_of("{'Driver':'bridge','Internal':true,'Options':{'" BRIDGE
				       "gateway_mode_ipv4':'isolated'}}");

	ck_assert(net.internal);
	ck_assert_int_eq(net.mode4, BT_NETWORK_GATEWAY_ISOLATED);
}
END_TEST

START_TEST(macvlan_and_ipvlan_sit_on_a_parent_or_on_one_of_their_own)
{
	struct bt_network net = net_of("{'Driver':'macvlan','Options':{'parent':'eth0.10',"
				       "'macvlan_mode':'vepa'}}");

	ck_assert_str_eq(net.bridge, "eth0.10");
	ck_assert(!net.own_parent);
	ck_assert_uint_eq(net.link_mode, 2);
	net = net_of("{'Driver':'ipvlan','Options':{'ipvlan_mode':'l3s','ipvlan_flag':'private'}}");
	ck_assert(net.own_parent);
	ck_assert_str_eq(net.bridge, "dm-0123456789ab");
	ck_assert_uint_eq(net.link_mode, 2);
	ck_assert_uint_eq(net.link_flag, 1);
	assert_refused("{'Driver':'macvlan','Options':{'macvlan_mode':'l2'}}",
		       "invalid network config:\ninvalid value \"l2\" for option macvlan_mode: no "
		       "such mode");
	assert_refused("{'Driver':'ipvlan','Options':{'parent':'a b'}}",
		       "invalid network config:\ninvalid value \"a b\" for option parent: not an "
		       "interface's name");
}
END_TEST

START_TEST(a_template_has_no_interface_whatever_its_driver)
{
	struct bt_network net = net_of("{'Driver':'bridge','ConfigOnly':true}");

	ck_assert(net.config_only);
	ck_assert_int_eq(net.driver, BT_NETWORK_DRIVER_NULL);
}
END_TEST

static char *warning_of(const char *driver, const char *options)
{
	json_t *json = parse(options);
	char *warning = NULL;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_network_options_check(driver, json, &warning, &err) == 0, "%s", err.msg);
	json_decref(json);
	return warning;
}

static void assert_not_checked(const char *driver, const char *options, enum bt_err_kind kind,
			       const char *message)
{
	json_t *json = parse(options);
	char *warning = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_network_options_check(driver, json, &warning, &err), 0);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_str_eq(err.msg, message);
	ck_assert_ptr_null(warning);
	json_decref(json);
}

START_TEST(options_of_others_are_kept_with_a_warning_that_names_them)
{
	char *warning = warning_of("bridge", "{'a':'1','b':'2','" BRIDGE "name':'x'}");

	ck_assert_str_eq(warning, "driver bridge does not know: a, b; kept without effect");
	free(warning);
	ck_assert_ptr_null(warning_of("bridge", "{}"));
	ck_assert_ptr_null(warning_of("ipvlan", "{'parent':'eth0','ipvlan_mode':'l2'}"));
	ck_assert_ptr_null(warning_of("of-a-plugin", "{'anything':'1'}"));
}
END_TEST

START_TEST(dockers_options_that_a_driver_does_not_have_are_refused)
{
	assert_not_checked("macvlan", "{'" BRIDGE "name':'x'}", BT_ERR_NOT_IMPLEMENTED,
			   "option " BRIDGE "name is not supported for networks of driver macvlan");
	assert_not_checked("bridge", "{'" DRIVER "nonsense':'x'}", BT_ERR_NOT_IMPLEMENTED,
			   "option " DRIVER "nonsense is not supported for networks of driver "
			   "bridge");
	assert_not_checked("bridge", "{'a':1}", BT_ERR_INVALID,
			   "invalid network config:\noption a must be a string");
	assert_not_checked("bridge", "{'" BRIDGE "default_bridge':'true'}", BT_ERR_INVALID,
			   "invalid network config:\noption " BRIDGE
			   "default_bridge is the default bridge's alone");
	ck_assert_ptr_null(warning_of("bridge", "{'" BRIDGE "default_bridge':'false'}"));
}
END_TEST

START_TEST(nobody_else_is_the_default_bridge)
{
	const char *const key = "com.docker.network.bridge.default_bridge";
	json_auto_t *yes = json_pack("{s:s}", key, "T"), *no = json_pack("{s:s}", key, "false");
	struct bt_err failure = { 0 };
	char *warning = NULL;

	ck_assert_int_lt(bt_network_options_check("bridge", yes, &warning, &failure), 0);
	ck_assert_int_eq(failure.kind, BT_ERR_INVALID);
	ck_assert_int_eq(bt_network_options_check("bridge", no, &warning, &failure), 0);
	ck_assert_ptr_null(warning);
}
END_TEST

START_TEST(users_create_networks_of_three_drivers)
{
	ck_assert(bt_network_options_is_driver("bridge"));
	ck_assert(bt_network_options_is_driver("macvlan"));
	ck_assert(bt_network_options_is_driver("ipvlan"));
	ck_assert(!bt_network_options_is_driver("host"));
	ck_assert(!bt_network_options_is_driver("null"));
	ck_assert(!bt_network_options_is_driver("overlay"));
	ck_assert(!bt_network_options_is_driver(""));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_bridge_without_options_is_open_inside_and_masqueraded_outside);
	tcase_add_test(tc, options_of_a_bridge_are_read_by_dockers_names);
	tcase_add_test(tc, an_empty_value_is_the_usual_one);
	tcase_add_test(tc, values_that_make_no_sense_are_refused_with_the_option);
	tcase_add_test(tc, names_and_prefixes_may_be_as_long_as_the_kernel_allows);
	tcase_add_test(tc, only_an_internal_network_is_isolated);
	tcase_add_test(tc, macvlan_and_ipvlan_sit_on_a_parent_or_on_one_of_their_own);
	tcase_add_test(tc, a_template_has_no_interface_whatever_its_driver);
	tcase_add_test(tc, options_of_others_are_kept_with_a_warning_that_names_them);
	tcase_add_test(tc, dockers_options_that_a_driver_does_not_have_are_refused);
	tcase_add_test(tc, nobody_else_is_the_default_bridge);
	tcase_add_test(tc, users_create_networks_of_three_drivers);
}

int main(void)
{
	return run_tests("engine/network_options", add);
}
