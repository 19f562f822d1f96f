/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_networks.h"

#include "../suite.h"
#include "base/auto.h"
#include "common.h"

/* What bt_container_networks() makes; `networking` may be NULL. */
static json_t *networks(const char *text, const char *mode, const char *networking)
{
	json_auto_t *request = networking ? parse(networking) : NULL;

	return bt_container_networks(text, mode, request);
}

START_TEST(what_a_start_left_is_told_as_it_is)
{
	json_auto_t *got = networks("{\"blue\":{\"IPAddress\":\"10.0.0.2\"}}", "red",
				    "{'EndpointsConfig':{'green':{}}}");

	assert_json(got, "{'blue':{'IPAddress':'10.0.0.2'}}");
}
END_TEST

START_TEST(before_it_is_what_was_asked_for_without_addresses)
{
	json_auto_t *got = networks(NULL, "blue",
				    "{'EndpointsConfig':{'blue':{'Aliases':['a'],'GwPriority':7,"
				    "'Nonsense':1},'red':null}}");
	const json_t *blue = json_object_get(got, "blue");

	ck_assert_uint_eq(json_object_size(got), 2);
	assert_json(json_object_get(blue, "Aliases"), "['a']");
	assert_json(json_object_get(blue, "GwPriority"), "7");
	assert_json(json_object_get(blue, "IPAddress"), "''");
	ck_assert_ptr_null(json_object_get(blue, "Nonsense"));
	assert_json(json_object_get(json_object_get(got, "red"), "Aliases"), "null");
}
END_TEST

START_TEST(the_default_network_is_called_bridge)
{
	json_auto_t *got = networks(NULL, "default", "{'EndpointsConfig':{'default':{}}}");

	ck_assert_uint_eq(json_object_size(got), 1);
	ck_assert_ptr_nonnull(json_object_get(got, "bridge"));
}
END_TEST

START_TEST(where_nothing_was_asked_for_it_is_the_mode_unless_that_is_anothers_network)
{
	static const char *const requests[] = { NULL, "{}", "{'EndpointsConfig':{}}",
						"{'EndpointsConfig':null}" };

	for (size_t i = 0; i < LENGTH(requests); i++) {
		json_auto_t *mode = networks(NULL, "host", requests[i]);
		json_auto_t *other = networks(NULL, "container:web", requests[i]);
		json_auto_t *none = networks(NULL, "", requests[i]);

		ck_assert_uint_eq(json_object_size(mode), 1);
		ck_assert_ptr_nonnull(json_object_get(mode, "host"));
		ck_assert_uint_eq(json_object_size(other), 0);
		ck_assert_uint_eq(json_object_size(none), 0);
	}
}
END_TEST

START_TEST(what_was_left_and_is_broken_counts_as_nothing)
{
	static const char *const broken[] = { "", "{", "[]", "null", "3" };

	for (size_t i = 0; i < LENGTH(broken); i++) {
		json_auto_t *got = networks(broken[i], "host", NULL);

		ck_assert_ptr_nonnull(json_object_get(got, "host"));
	}
}
END_TEST

START_TEST(after_an_end_the_networks_stay_and_their_addresses_go)
{
	bt_auto_free char *text = bt_container_networks_blank(
		"{\"blue\":{\"NetworkID\":\"f00d\",\"IPAddress\":\"10.0.0.2\",\"IPPrefixLen\":24,"
		"\"Gateway\":\"10.0.0.1\",\"MacAddress\":\"02:00:00:00:00:01\",\"Aliases\":[\"a\"],"
		"\"EndpointID\":\"e\",\"GlobalIPv6Address\":\"fd00::2\","
		"\"GlobalIPv6PrefixLen\":64,\"IPv6Gateway\":\"fd00::1\"}}");
	json_auto_t *got = json_loads(text, 0, NULL);

	assert_json(got, "{'blue':{'NetworkID':'f00d','IPAddress':'','IPPrefixLen':0,'Gateway':'',"
			 "'MacAddress':'','Aliases':['a'],'EndpointID':'','GlobalIPv6Address':'',"
			 "'GlobalIPv6PrefixLen':0,'IPv6Gateway':''}}");
	bt_auto_free char *again = bt_container_networks_blank(text);
	ck_assert_str_eq(again, text);
	ck_assert_ptr_null(bt_container_networks_blank(NULL));
	ck_assert_ptr_null(bt_container_networks_blank("{"));
}
END_TEST

/* NetworkSettings of a container on the bridge with ports. */
static json_t *settings(pid_t pid)
{
	json_auto_t *of = parse("{'bridge':{'IPAddress':'172.17.0.2','IPPrefixLen':16,"
				"'Gateway':'172.17.0.1','MacAddress':'m','EndpointID':'e'}}");
	json_auto_t *config = parse("{'ExposedPorts':{'80/tcp':{},'53/udp':{}}}");
	json_auto_t *published = parse("{'80/tcp':[{'HostIp':'','HostPort':'8080'}],"
				       "'90/tcp':[{'HostIp':'::','HostPort':'9'}]}");

	return bt_container_network_settings(of, config, published, pid, "ID", "docker0");
}

START_TEST(while_it_runs_it_has_a_sandbox_and_ports)
{
	json_auto_t *got = settings(7);

	assert_json(json_object_get(got, "SandboxKey"), "'/proc/7/ns/net'");
	assert_json(json_object_get(got, "SandboxID"), "'ID'");
	assert_json(json_object_get(got, "Bridge"), "'docker0'");
	assert_json(json_object_get(got, "Ports"),
		    "{'80/tcp':[{'HostIp':'','HostPort':'8080'}],'53/udp':null,"
		    "'90/tcp':[{'HostIp':'::','HostPort':'9'}]}");
}
END_TEST

START_TEST(when_it_does_not_run_it_has_neither)
{
	json_auto_t *got = settings(0);

	assert_json(json_object_get(got, "SandboxKey"), "''");
	assert_json(json_object_get(got, "SandboxID"), "''");
	assert_json(json_object_get(got, "Ports"), "{}");
}
END_TEST

START_TEST(the_old_members_tell_of_the_bridge_alone)
{
	json_auto_t *bridge = settings(7);
	json_auto_t *of = parse("{'blue':{'IPAddress':'10.0.0.2','IPPrefixLen':24}}");
	json_auto_t *blue = bt_container_network_settings(of, NULL, NULL, 7, "ID", "");

	assert_json(json_object_get(bridge, "IPAddress"), "'172.17.0.2'");
	assert_json(json_object_get(bridge, "IPPrefixLen"), "16");
	assert_json(json_object_get(bridge, "Gateway"), "'172.17.0.1'");
	assert_json(json_object_get(bridge, "MacAddress"), "'m'");
	assert_json(json_object_get(blue, "IPAddress"), "''");
	assert_json(json_object_get(blue, "IPPrefixLen"), "0");
	assert_json(json_object_get(blue, "Ports"), "{}");
	ck_assert(json_equal(json_object_get(blue, "Networks"), of));
}
END_TEST

static void assert_ports(const char *exposed, const char *published, const char *want)
{
	json_auto_t *of = parse(exposed), *with = parse(published);
	json_auto_t *got = bt_container_networks_ports(of, with);

	assert_json(got, want);
}

START_TEST(ports_of_a_list_are_those_exposed_and_each_binding)
{
	assert_ports("{'80/tcp':{},'53/udp':{}}", "null",
		     "[{'PrivatePort':80,'Type':'tcp'},{'PrivatePort':53,'Type':'udp'}]");
	assert_ports("{'80/tcp':{}}",
		     "{'80/tcp':[{'HostIp':'','HostPort':'8080'},{'HostIp':'::','HostPort':'81'}]}",
		     "[{'IP':'0.0.0.0','PrivatePort':80,'PublicPort':8080,'Type':'tcp'},"
		     "{'IP':'::','PrivatePort':80,'PublicPort':81,'Type':'tcp'}]");
	assert_ports("null", "{'36/sctp':[{'HostIp':'127.0.0.1','HostPort':'36'}]}",
		     "[{'IP':'127.0.0.1','PrivatePort':36,'PublicPort':36,'Type':'sctp'}]");
}
END_TEST

START_TEST(a_port_without_bindings_is_exposed_only)
{
	assert_ports("{'80/tcp':{}}", "{'80/tcp':[]}", "[{'PrivatePort':80,'Type':'tcp'}]");
	assert_ports("{'80/tcp':{}}", "{'80/tcp':null}", "[{'PrivatePort':80,'Type':'tcp'}]");
	assert_ports("{}", "{'80/tcp':[]}", "[]");
	assert_ports("null", "null", "[]");
	assert_ports("{'80':{}}", "null", "[{'PrivatePort':80,'Type':'tcp'}]");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_a_start_left_is_told_as_it_is);
	tcase_add_test(tests, before_it_is_what_was_asked_for_without_addresses);
	tcase_add_test(tests, the_default_network_is_called_bridge);
	tcase_add_test(tests,
		       where_nothing_was_asked_for_it_is_the_mode_unless_that_is_anothers_network);
	tcase_add_test(tests, what_was_left_and_is_broken_counts_as_nothing);
	tcase_add_test(tests, after_an_end_the_networks_stay_and_their_addresses_go);
	tcase_add_test(tests, while_it_runs_it_has_a_sandbox_and_ports);
	tcase_add_test(tests, when_it_does_not_run_it_has_neither);
	tcase_add_test(tests, the_old_members_tell_of_the_bridge_alone);
	tcase_add_test(tests, ports_of_a_list_are_those_exposed_and_each_binding);
	tcase_add_test(tests, a_port_without_bindings_is_exposed_only);
}

int main(void)
{
	return run_suite("engine/container_networks", NULL, NULL, add);
}
