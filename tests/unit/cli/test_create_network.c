/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_network.h"

#include "create_fixture.h"

START_TEST(without_a_network_the_default_one_is_asked_for_and_no_endpoint)
{
	GIVES("HostConfig.NetworkMode", "'default'", "--rm");
	GIVES("NetworkingConfig", "{}", "--rm");
	GIVES("NetworkingConfig", "{}", "--network", "host");
	GIVES("HostConfig.NetworkMode", "'container:web'", "--network", "container:web");
}
END_TEST

START_TEST(a_users_network_has_an_endpoint_even_without_options)
{
	GIVES("NetworkingConfig.EndpointsConfig", "{'mine':{}}", "--network", "mine");
	GIVES("HostConfig.NetworkMode", "'mine'", "--network", "mine");
	GIVES("NetworkingConfig.EndpointsConfig", "{'a':{},'b':{}}", "--network", "a", "--network",
	      "b");
	GIVES("HostConfig.NetworkMode", "'a'", "--network", "a", "--network", "b");
}
END_TEST

START_TEST(the_long_form_says_all_about_one_endpoint)
{
	GIVES("NetworkingConfig.EndpointsConfig",
	      "{'n':{'Aliases':['x','y'],'IPAMConfig':{'IPv4Address':'10.0.0.5','IPv6Address':"
	      "'fd00::5','LinkLocalIPs':['169.254.1.1']},'MacAddress':'02:42:ac:11:00:02',"
	      "'DriverOpts':{'a.b':'c=d'},'GwPriority':-5}}",
	      "--network",
	      "name=n,alias=x,alias=y,ip=10.0.0.5,ip6=fd00::5,link-local-ip=169.254.1.1,"
	      "mac-address=02:42:ac:11:00:02,driver-opt=a.b=c=d,gw-priority=-5");
	GIVES("NetworkingConfig.EndpointsConfig", "{'n':{'Aliases':['a,b']}}", "--network",
	      "name=n,\"alias=a,b\"");
	GIVES("NetworkingConfig.EndpointsConfig", "{'n':{}}", "--network", "NAME=n");
}
END_TEST

START_TEST(flags_of_their_own_are_about_the_first_network)
{
	GIVES("NetworkingConfig.EndpointsConfig",
	      "{'a':{'IPAMConfig':{'IPv4Address':'10.0.0.5'},'Aliases':['web']},'b':{}}",
	      "--network", "a", "--network", "b", "--ip", "10.0.0.5", "--network-alias", "web");
	GIVES("NetworkingConfig.EndpointsConfig.default.MacAddress", "'02:42:ac:11:00:02'",
	      "--mac-address", "02:42:ac:11:00:02");
	GIVES("MacAddress", "'02:42:ac:11:00:02'", "--mac-address", "02:42:ac:11:00:02");
}
END_TEST

START_TEST(links_are_the_hosts_and_on_a_users_network_the_endpoints_too)
{
	GIVES("HostConfig.Links", "['db:d']", "--link", "db:d");
	GIVES("NetworkingConfig", "{}", "--link", "db:d");
	GIVES("NetworkingConfig.EndpointsConfig.mine.Links", "['db:d']", "--network", "mine",
	      "--link", "db:d");
}
END_TEST

START_TEST(what_contradicts_itself_is_refused)
{
	REFUSES("no name set for network", "--network", "");
	REFUSES("conflicting options: cannot attach both user-defined and non-user-defined "
		"network-modes",
		"--network", "a", "--network", "host");
	REFUSES("network \"a\" is specified multiple times", "--network", "a", "--network", "a");
	REFUSES("network-scoped aliases are only supported for user-defined networks",
		"--network-alias", "x");
	REFUSES("conflicting options: cannot specify both --network-alias and per-network alias",
		"--network", "name=a,alias=y", "--network-alias", "x");
}
END_TEST

START_TEST(malformed_networks_are_refused_and_never_a_crash)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "alias=x", "network name/id is not specified" },
		{ "name=", "network name/id is not specified" },
		{ "\"\",name=a", "invalid field " },
		{ "\"\"=", "parse error on line 1, column 2: extraneous or missing \" in "
			   "quoted-field" },
		{ ",name=a", "invalid field " },
		{ "name=a,", "invalid field " },
		{ "name=a,foo=1", "invalid field key foo" },
		{ "name=a,foo", "invalid field foo" },
		{ "name=a,driver-opt=x", "invalid key value pair format in driver options" },
		{ "name=a,driver-opt==x", "invalid key value pair format in driver options" },
		{ "name=a,gw-priority=x", "invalid gw-priority (x): value must be an integer" },
		{ "name=a,mac-address=02:42", "02:42 is not a valid mac address" },
		{ "name=a,mac-address=02:42:ac:11:00:0g",
		  "02:42:ac:11:00:0g is not a valid mac address" },
		{ "name=a,\"alias=x", "parse error on line 1, column 9: extraneous or missing \" "
				      "in quoted-field" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_err err = { 0 };

		ck_assert_msg(bt_create_network_check(cases[i].text, &err) < 0, "%s was taken",
			      cases[i].text);
		ck_assert_str_eq(err.msg, cases[i].message);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, without_a_network_the_default_one_is_asked_for_and_no_endpoint);
	tcase_add_test(tc, a_users_network_has_an_endpoint_even_without_options);
	tcase_add_test(tc, the_long_form_says_all_about_one_endpoint);
	tcase_add_test(tc, flags_of_their_own_are_about_the_first_network);
	tcase_add_test(tc, links_are_the_hosts_and_on_a_users_network_the_endpoints_too);
	tcase_add_test(tc, what_contradicts_itself_is_refused);
	tcase_add_test(tc, malformed_networks_are_refused_and_never_a_crash);
}

int main(void)
{
	return run_tests("cli/create_network", add);
}
