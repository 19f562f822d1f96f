/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_bindings.h"

#include <net/if.h>

#include "net/port_hold.h"
#include "nets_fixture.h"

static struct bt_network net;
static struct bt_network_lease lease;
static struct bt_network_bindings bindings;
static struct bt_network_published *out;

static void setup(void)
{
	setup_nets();
	net_init(&net, 95, 2, 200, false);
	lease = (struct bt_network_lease){ .network = &net,
					   .index4 = 5,
					   .index6 = BT_PREFIX_NO_INDEX };
	bindings = (struct bt_network_bindings){ .nets = &nets, .lease = &lease };
	out = bt_network_published_create();
	ck_assert_ptr_nonnull(out);
}

static void teardown(void)
{
	bt_network_published_destroy(out);
	net_done(&net);
	teardown_nets();
}

/* The container has an address of IPv6 as well. */
static void give_six(void)
{
	ck_assert_int_eq(bt_prefix_parse("fd00::/64", &net.v6.subnet), 0);
	lease.index6 = 5;
}

static int resolve(const char *text)
{
	bt_auto_free char *copy = strdup(text);
	json_auto_t *wanted = NULL;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	wanted = json_loads(copy, 0, NULL);
	ck_assert_msg(wanted != NULL, "%s", copy);
	bt_network_published_destroy(out);
	out = bt_network_published_create();
	err = (struct bt_err){ 0 };
	return bt_network_bindings_resolve(&bindings, wanted, out, &err);
}

/* Is what was published shown so? Numbers that were chosen are "N". */
static void check_shown(const char *text)
{
	bt_auto_free char *got = json_dumps(out->ports, JSON_COMPACT | JSON_SORT_KEYS);

	for (char *p = got; *p; p++)
		*p = *p == '"' ? '\'' : *p;
	ck_assert_str_eq(got, text);
}

/* Can somebody else take the port of this machine? */
static bool is_free(int proto, const char *address, uint16_t port)
{
	struct bt_prefix host;
	bt_auto_close int fd = -EBADF;

	ck_assert_int_eq(bt_prefix_parse_address(address, &host), 0);
	fd = bt_port_hold(proto, &host, port, false);
	return fd >= 0;
}

static void check_target(const struct bt_network_port *port, const char *address, uint16_t number)
{
	char got[BT_PREFIX_TEXT_LEN];

	bt_prefix_format_address(&port->rule.target, got);
	ck_assert_str_eq(got, address);
	ck_assert_uint_eq(port->rule.target_first, number);
}

START_TEST(a_port_is_held_on_both_families_and_leads_to_the_container)
{
	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), &err);
	check_shown("{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':'8080'},"
		    "{'HostIp':'::','HostPort':'8080'}]}");
	ck_assert_uint_eq(out->n, 2);
	check_target(&out->list[0], "10.95.0.5", 80);
	check_target(&out->list[1], "10.95.0.5", 80);
	/* From IPv6 to IPv4 the kernel does not translate: the forwarder carries. */
	ck_assert(!out->list[0].rule.forwarded && !out->list[0].carried);
	ck_assert(out->list[1].rule.forwarded && out->list[1].carried);
	ck_assert(!is_free(IPPROTO_TCP, "0.0.0.0", 8080));
	ck_assert(!is_free(IPPROTO_TCP, "::", 8080));
	ck_assert(is_free(IPPROTO_UDP, "0.0.0.0", 8080));
	bt_network_published_destroy(bt_take(out));
	ck_assert(is_free(IPPROTO_TCP, "0.0.0.0", 8080));
	ck_assert(is_free(IPPROTO_TCP, "::", 8080));
}
END_TEST

START_TEST(a_container_of_both_families_is_reached_by_each_in_its_own)
{
	give_six();
	ck_well(resolve("{'53/udp':[{'HostPort':'53'}]}"), &err);
	check_target(&out->list[0], "10.95.0.5", 53);
	check_target(&out->list[1], "fd00::5", 53);
	ck_assert(!out->list[1].rule.forwarded);
	/* What comes from ::1 the kernel cannot translate: of "::" the forwarder has a part. */
	ck_assert(out->list[1].carried);
	ck_assert(!is_free(IPPROTO_UDP, "0.0.0.0", 53));
}
END_TEST

START_TEST(without_a_forwarder_what_needs_one_is_left_out_or_refused)
{
	engine.cfg.no_forwarder = true;
	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), &err);
	check_shown("{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':'8080'}]}");
	ck_assert_int_lt(resolve("{'80/tcp':[{'HostIp':'::','HostPort':'8080'}]}"), 0);
	check_err(&err, BT_ERR_NOT_IMPLEMENTED, "a port on :: needs a network with that address");
	ck_assert_uint_eq(out->n, 0);
}
END_TEST

START_TEST(any_number_is_one_that_is_free_and_the_same_in_both_families)
{
	ck_well(resolve("{'80/tcp':[{}],'81/tcp':[],'82/udp':null,'83/tcp':[{'HostPort':'0'}]}"),
		&err);
	ck_assert_uint_eq(out->n, 8);
	for (size_t i = 0; i < out->n; i += 2) {
		ck_assert_uint_gt(out->list[i].rule.first, 0);
		ck_assert_uint_eq(out->list[i].rule.first, out->list[i + 1].rule.first);
		ck_assert_uint_eq(out->list[i].rule.first, out->list[i].rule.last);
		ck_assert_int_eq(bt_port_hold_number(out->list[i].fd), out->list[i].rule.first);
	}
}
END_TEST

START_TEST(of_a_range_the_first_that_is_free_in_both_families_is_held)
{
	struct bt_prefix six;
	bt_auto_close int taken = -EBADF;

	ck_assert_int_eq(bt_prefix_parse_address("::", &six), 0);
	taken = bt_port_hold(IPPROTO_TCP, &six, 8000, false);
	ck_assert_int_ge(taken, 0);
	ck_well(resolve("{'80/tcp':[{'HostPort':'8000-8002'}]}"), &err);
	ck_assert_uint_eq(out->list[0].rule.first, 8001);
	ck_assert_uint_eq(out->list[1].rule.first, 8001);
	/* That of the other family was let go. */
	ck_assert(is_free(IPPROTO_TCP, "0.0.0.0", 8000));
	ck_well(resolve("{'80/tcp':[{'HostPort':'8000-8002'}],'81/tcp':[{'HostPort':'8000-8002'}]}"),
		&err);
	ck_assert_int_lt(resolve("{'80/tcp':[{'HostPort':'8000-8002'}],"
				 "'81/tcp':[{'HostPort':'8000-8002'}],"
				 "'82/tcp':[{'HostPort':'8000-8002'}]}"),
			 0);
}
END_TEST

START_TEST(a_port_that_is_taken_says_by_whom_as_docker_does)
{
	struct bt_prefix any = { .family = AF_INET, .len = 32 };
	bt_auto_published struct bt_network_published *other = bt_network_published_create();
	struct bt_network_port port = {
		.rule = { .proto = IPPROTO_TCP, .host = any, .first = 8080, .last = 8080 },
		.fd = bt_port_hold(IPPROTO_TCP, &any, 8080, false)
	};

	ck_assert_int_ge(port.fd, 0);
	/* Another program has it. */
	ck_assert_int_eq(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), -EADDRINUSE);
	check_err(
		&err, BT_ERR_SYSTEM,
		"failed to bind host port for 0.0.0.0:8080:10.95.0.5:80/tcp: address already in use");
	/* Another container has it. */
	ck_assert_int_eq(bt_network_published_add(other, "80/tcp", &port), 0);
	ck_assert_int_eq(bt_map_put(&nets.published, "other", other, NULL), 0);
	ck_assert_int_eq(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), -EADDRINUSE);
	check_err(&err, BT_ERR_SYSTEM, "Bind for 0.0.0.0:8080 failed: port is already allocated");
	ck_assert_uint_eq(out->n, 0);
	/* Other protocols and addresses do not care. */
	ck_well(resolve("{'80/udp':[{'HostPort':'8080'}]}"), &err);
	ck_assert_int_lt(resolve("{'80/tcp':[{'HostIp':'192.0.2.1','HostPort':'8081'}]}"), 0);
	check_err(&err, BT_ERR_SYSTEM, "Cannot assign requested address");
}
END_TEST

START_TEST(a_failure_lets_go_of_all_that_was_held_before_it)
{
	ck_assert_int_lt(resolve("{'80/tcp':[{'HostPort':'8080'},{'HostPort':'8080'}]}"), 0);
	bt_network_published_destroy(bt_take(out));
	ck_assert(is_free(IPPROTO_TCP, "0.0.0.0", 8080));
	ck_assert(is_free(IPPROTO_TCP, "::", 8080));
}
END_TEST

START_TEST(what_is_no_port_or_no_address_is_refused)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "{'80/icmp':[]}", "invalid port specification: \"80/icmp\"" },
		{ "{'':[]}", "invalid port specification: \"\"" },
		{ "{'65536/tcp':[]}", "invalid port specification" },
		{ "{'80/tcp':[{'HostPort':'65536'}]}", "invalid host port: \"65536\"" },
		{ "{'80/tcp':[{'HostPort':'9-8'}]}", "invalid host port: \"9-8\"" },
		{ "{'80/tcp':[{'HostPort':'http'}]}", "invalid host port: \"http\"" },
		{ "{'80/tcp':[{'HostPort':'-1'}]}", "invalid host port: \"-1\"" },
		{ "{'80/tcp':[{'HostIp':'localhost'}]}", "invalid IP address: localhost" },
		{ "{'80/tcp':[{'HostIp':'1.2.3'}]}", "invalid IP address: 1.2.3" },
		{ "{'80/tcp':[{'HostIp':'127.0.0.1/8'}]}", "invalid IP address" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(resolve(cases[i].text) == -EINVAL, "%s: %s", cases[i].text, err.msg);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
		ck_assert_uint_eq(out->n, 0);
	}
}
END_TEST

START_TEST(a_policy_says_where_a_port_goes_that_names_no_address)
{
	bindings.policy = BT_PUBLISH_LOOPBACK;
	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), &err);
	check_shown("{'80/tcp':[{'HostIp':'127.0.0.1','HostPort':'8080'},"
		    "{'HostIp':'::1','HostPort':'8080'}]}");
	/* One that names an address means it. */
	ck_well(resolve("{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':'8081'}]}"), &err);
	check_shown("{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':'8081'}]}");
	bindings.policy = BT_PUBLISH_HOST_FIREWALL;
	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}],'81/tcp':[{'HostIp':'127.0.0.1'}]}"),
		&err);
	for (size_t i = 0; i < out->n; i++)
		ck_assert_int_eq(out->list[i].rule.judged, out->list[i].rule.target_first == 80 &&
								   !out->list[i].rule.forwarded);
}
END_TEST

START_TEST(the_networks_own_address_is_used_where_it_names_one)
{
	json_object_set_new(
		net.config, "Options",
		json_pack("{ss}", "com.docker.network.bridge.host_binding_ipv4", "127.0.0.1"));
	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), &err);
	check_shown("{'80/tcp':[{'HostIp':'127.0.0.1','HostPort':'8080'}]}");
	json_object_set_new(net.config, "Options",
			    json_pack("{ss}", "com.docker.network.bridge.host_binding_ipv4", "x"));
	ck_assert_int_eq(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), -EINVAL);
	check_err(&err, BT_ERR_INVALID, "host_binding_ipv4 of network bt-test95");
}
END_TEST

START_TEST(on_a_routed_network_a_port_is_opened_and_none_of_the_host_is_held)
{
	net.mode4 = BT_NETWORK_GATEWAY_ROUTED;
	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}]}"), &err);
	check_shown("{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':''}]}");
	ck_assert(out->list[0].rule.direct);
	ck_assert_uint_eq(out->list[0].rule.first, 80);
	ck_assert_int_lt(out->list[0].fd, 0);
	ck_assert(is_free(IPPROTO_TCP, "0.0.0.0", 8080));
	ck_assert_int_lt(resolve("{'80/tcp':[{'HostIp':'::1','HostPort':'8080'}]}"), 0);
	check_err(&err, BT_ERR_NOT_IMPLEMENTED, "or is routed");
}
END_TEST

START_TEST(what_an_earlier_daemon_resolved_is_held_again_or_noted_where_it_is_taken)
{
	json_auto_t *ports = NULL;
	struct bt_prefix any = { .family = AF_INET, .len = 32 };

	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}],'53/udp':[{'HostPort':'5353'}]}"), &err);
	ports = json_deep_copy(out->ports);
	for (int i = 0; i < 2; i++) {
		bt_auto_close int taken = -EBADF;
		size_t held = 0;

		bt_network_published_destroy(out);
		if (i == 1)
			taken = bt_port_hold(IPPROTO_TCP, &any, 8080, false);
		out = bt_network_published_create();
		ck_assert_int_eq(bt_network_bindings_restore(&bindings, ports, out), 0);
		ck_assert(json_equal(out->ports, ports));
		ck_assert_uint_eq(out->n, 4);
		for (size_t j = 0; j < out->n; j++)
			held += out->list[j].fd >= 0;
		ck_assert_uint_eq(held, i == 1 ? 3 : 4);
	}
}
END_TEST

START_TEST(what_was_stored_wrongly_is_an_error_when_it_is_restored)
{
	static const char *const texts[] = {
		"{\"x\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"1\"}]}",
		"{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"1\"}]}",
		"{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"x\"}]}",
		"{\"80/tcp\":[{\"HostPort\":\"1\"}]}",
		"{\"80/tcp\":[7]}",
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		json_auto_t *ports = json_loads(texts[i], 0, NULL);

		ck_assert_msg(bt_network_bindings_restore(&bindings, ports, out) == -EINVAL, "%s",
			      texts[i]);
	}
	ck_assert_uint_eq(out->n, 0);
}
END_TEST

START_TEST(the_forwarder_is_told_of_what_it_carries_and_of_nothing_else)
{
	struct bt_forward_port *carried = NULL;

	ck_well(resolve("{'80/tcp':[{'HostPort':'8080'}],'81/tcp':[{'HostIp':'0.0.0.0'}]}"), &err);
	ck_assert_int_eq(bt_network_published_carried(out, &carried), 1);
	ck_assert_int_eq(carried[0].number, 8080);
	ck_assert_int_eq(carried[0].host.family, AF_INET6);
	ck_assert_int_eq(carried[0].target_number, 80);
	ck_assert_int_ge(carried[0].fd, 0);
	free(carried);
}
END_TEST

START_TEST(many_ports_are_all_kept)
{
	struct bt_network_port port = { .rule = { .proto = IPPROTO_TCP }, .fd = -EBADF };

	for (uint16_t i = 1; i <= 1000; i++) {
		port.rule.first = port.rule.last = i;
		ck_assert_int_eq(bt_network_published_add(out, "80/tcp", &port), 0);
	}
	ck_assert_uint_eq(out->n, 1000);
	for (uint16_t i = 1; i <= 1000; i++)
		ck_assert_uint_eq(out->list[i - 1].rule.first, i);
	ck_assert_uint_eq(json_array_size(json_object_get(out->ports, "80/tcp")), 1000);
	bt_network_published_destroy(NULL);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_port_is_held_on_both_families_and_leads_to_the_container);
	tcase_add_test(tests, a_container_of_both_families_is_reached_by_each_in_its_own);
	tcase_add_test(tests, without_a_forwarder_what_needs_one_is_left_out_or_refused);
	tcase_add_test(tests, any_number_is_one_that_is_free_and_the_same_in_both_families);
	tcase_add_test(tests, of_a_range_the_first_that_is_free_in_both_families_is_held);
	tcase_add_test(tests, a_port_that_is_taken_says_by_whom_as_docker_does);
	tcase_add_test(tests, a_failure_lets_go_of_all_that_was_held_before_it);
	tcase_add_test(tests, what_is_no_port_or_no_address_is_refused);
	tcase_add_test(tests, a_policy_says_where_a_port_goes_that_names_no_address);
	tcase_add_test(tests, the_networks_own_address_is_used_where_it_names_one);
	tcase_add_test(tests, on_a_routed_network_a_port_is_opened_and_none_of_the_host_is_held);
	tcase_add_test(tests,
		       what_an_earlier_daemon_resolved_is_held_again_or_noted_where_it_is_taken);
	tcase_add_test(tests, what_was_stored_wrongly_is_an_error_when_it_is_restored);
	tcase_add_test(tests, the_forwarder_is_told_of_what_it_carries_and_of_nothing_else);
	tcase_add_test(tests, many_ports_are_all_kept);
}

int main(void)
{
	return run_suite("network_bindings", setup, teardown, add_tests);
}
