/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network.h"

#include "engine/network_ports.h"
#include "live_nets_fixture.h"

/* Attach with this NetworkMode; the message or NULL. */
static const char *attach(const char *id, const char *mode, struct bt_network_attachment *ret)
{
	json_auto_t *hc = json_pack("{s:s}", "NetworkMode", mode);
	json_auto_t *networking = json_object();

	err = (struct bt_err){ 0 };
	return bt_network_attach(&engine, id, NULL, hc, networking, NULL, ret, &err) < 0 ? err.msg
											 : NULL;
}

START_TEST(a_container_on_the_bridge_gets_address_route_and_row)
{
	struct bt_network_attachment a;
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int l = listen_in(home, 80);
	json_t *net;

	ck_assert_pstr_eq(attach("c1", "bridge", &a), NULL);
	ck_assert_str_eq(a.address, "10.95.7.2");
	net = json_object_get(a.settings, "bridge");
	ck_assert_str_eq(json_string_value(json_object_get(net, "IPAddress")), "10.95.7.2");
	ck_assert_str_eq(json_string_value(json_object_get(net, "Gateway")), "10.95.7.1");
	ck_assert_int_eq(json_integer_value(json_object_get(net, "IPPrefixLen")), 24);
	ck_assert_int_eq(reach_from(a.netns_fd, "10.95.7.1", 80), 0);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(default_means_the_bridge_and_none_has_no_address)
{
	struct bt_network_attachment a;

	ck_assert_pstr_eq(attach("c1", "default", &a), NULL);
	ck_assert_ptr_nonnull(json_object_get(a.settings, "bridge"));
	bt_network_attachment_done(&a);
	ck_assert_pstr_eq(attach("c2", "none", &a), NULL);
	ck_assert_ptr_null(a.address);
	ck_assert_int_ge(a.netns_fd, 0);
	ck_assert_ptr_nonnull(json_object_get(a.settings, "none"));
	bt_network_attachment_done(&a);
	ck_assert_pstr_eq(attach("c3", "host", &a), NULL);
	ck_assert(a.host);
	ck_assert_int_lt(a.netns_fd, 0);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(no_two_containers_share_an_address)
{
	struct bt_network_attachment a[20];
	char id[8];

	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		ck_assert_pstr_eq(attach(id, "bridge", &a[i]), NULL);
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(a[i].address, a[k].address);
	}
	for (int i = 0; i < 20; i++)
		bt_network_attachment_done(&a[i]);
}
END_TEST

/* As after SIGKILL: nothing was closed in order, and what is in the database counts. */
START_TEST(another_daemon_does_not_give_an_address_again)
{
	struct bt_network_attachment a, b;

	ck_assert_pstr_eq(attach("c1", "bridge", &a), NULL);
	reopen_nets();
	ck_assert_pstr_eq(attach("c2", "bridge", &b), NULL);
	ck_assert_str_ne(a.address, b.address);
	bt_network_attachment_done(&a);
	bt_network_attachment_done(&b);
}
END_TEST

START_TEST(a_sweep_gives_back_what_dead_containers_had)
{
	struct bt_network_attachment a;
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	ck_assert_pstr_eq(attach("c1", "bridge", &a), NULL);
	bt_network_attachment_done(&a);
	bt_network_sweep(&engine);
	ck_assert_int_eq(bt_db_prepare(engine.db, &q, &err, "SELECT 1 FROM endpoints"), 0);
	ck_assert_int_eq(bt_db_step(&q, &err), 0);
}
END_TEST

START_TEST(an_unknown_network_is_named)
{
	struct bt_network_attachment a;

	ck_assert_str_eq(attach("c1", "nosuch", &a),
			 "failed to set up container networking: network nosuch not found");
}
END_TEST

START_TEST(inspect_shows_the_bridge_as_configured)
{
	json_t *net, *ipam;

	ck_assert_int_eq(bt_network_inspect(&engine, "bridge", &net, &err), 0);
	ipam = json_array_get(json_object_get(json_object_get(net, "IPAM"), "Config"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(ipam, "Subnet")), "10.95.7.0/24");
	ck_assert_str_eq(json_string_value(json_object_get(ipam, "Gateway")), "10.95.7.1");
	json_decref(net);
	ck_assert_int_eq(bt_network_inspect(&engine, "nosuch", &net, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg, "network nosuch not found");
}
END_TEST

static const char *create(const char *body, json_t **ret)
{
	json_auto_t *b = json_loads(body, 0, NULL);
	int r;

	ck_assert_ptr_nonnull(b);
	err = (struct bt_err){ 0 };
	r = bt_network_create(&engine, b, ret, &err);
	return r < 0 ? err.msg : NULL;
}

START_TEST(a_network_is_made_used_refused_and_removed)
{
	struct bt_network_attachment a, b;
	bt_auto_close bt_unused int l = -EBADF;
	json_t *made, *net;

	ck_assert_pstr_eq(create("{\"Name\":\"n1\",\"IPAM\":{\"Config\":[{\"Subnet\":"
				 "\"10.95.8.0/24\"}]}}",
				 &made),
			  NULL);
	json_decref(made);
	ck_assert_pstr_eq(attach("c1", "n1", &a), NULL);
	ck_assert_str_eq(a.address, "10.95.8.2");
	net = json_object_get(a.settings, "n1");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(net, "DNSNames"), 0)),
			 "c1");
	ck_assert_pstr_eq(attach("c2", "bridge", &b), NULL);
	l = listen_in(a.netns_fd, 80);
	ck_assert_int_eq(connect_from(b.netns_fd, "10.95.8.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(bt_network_remove(&engine, "n1", &err), -EBUSY);
	ck_assert_int_eq(err.kind, BT_ERR_FORBIDDEN);
	bt_network_attachment_done(&a);
	bt_network_attachment_done(&b);
	bt_network_detach(&engine, "c1");
	ck_assert_msg(bt_network_remove(&engine, "n1", &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_network_inspect(&engine, "n1", &net, &err), -ENOENT);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_in_dockers_words)
{
	json_t *made;

	ck_assert_str_eq(create("{\"Name\":\"bridge\"}", &made),
			 "operation is not permitted on predefined bridge network ");
	ck_assert_str_eq(create("{\"Name\":\"n\",\"IPAM\":{\"Config\":[{\"Subnet\":"
				"\"10.95.7.128/25\"}]}}",
				&made),
			 "invalid pool request: Pool overlaps with other one on this address "
			 "space");
	ck_assert_pstr_eq(create("{\"Name\":\"n\"}", &made), NULL);
	json_decref(made);
	ck_assert_str_eq(create("{\"Name\":\"n\"}", &made), "network with name n already exists");
}
END_TEST

static const char *attach_port(const char *id, const char *binding,
			       struct bt_network_attachment *ret)
{
	json_auto_t *hc = json_loads(binding, 0, NULL);
	json_auto_t *networking = json_object();

	ck_assert_ptr_nonnull(hc);
	err = (struct bt_err){ 0 };
	return bt_network_attach(&engine, id, NULL, hc, networking, NULL, ret, &err) < 0 ? err.msg
											 : NULL;
}

#define PORT_8080 "{\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}}"

START_TEST(a_published_port_is_taken_once_and_outlives_the_daemon)
{
	struct bt_network_attachment a, b;
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int l = -EBADF;
	json_auto_t *ports = NULL;
	json_t *first;

	ck_assert_pstr_eq(attach_port("c1", PORT_8080, &a), NULL);
	ports = bt_network_ports(&engine, "c1");
	first = json_array_get(json_object_get(ports, "80/tcp"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(first, "HostPort")), "8080");
	ck_assert_str_eq(json_string_value(json_object_get(first, "HostIp")), "0.0.0.0");
	l = listen_in(a.netns_fd, 80);
	ck_assert_int_eq(reach_from(home, "127.0.0.1", 8080), 0);
	ck_assert_str_eq(attach_port("c2", PORT_8080, &b),
			 "failed to set up container networking: driver failed programming "
			 "external connectivity: Bind for 0.0.0.0:8080 failed: port is already "
			 "allocated");
	close_nets();
	bt_db_close(bt_take(engine.db));
	ck_assert_int_eq(reach_from(home, "127.0.0.1", 8080), 0);
	open_database();
	open_nets();
	ck_assert_int_eq(reach_from(home, "127.0.0.1", 8080), 0);
	bt_network_detach(&engine, "c1");
	ck_assert_int_eq(connect_from(home, "127.0.0.1", 8080), -ECONNREFUSED);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(a_port_of_the_host_is_refused_and_a_random_one_is_free)
{
	struct bt_network_attachment a;
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int l = listen_in(home, 8080);
	json_auto_t *ports = NULL;
	json_t *first;

	ck_assert_str_eq(attach_port("c1", PORT_8080, &a),
			 "failed to set up container networking: driver failed programming "
			 "external connectivity: failed to bind host port for "
			 "0.0.0.0:8080:10.95.7.2:80/tcp: address already in use");
	ck_assert_pstr_eq(attach_port("c1", "{\"PortBindings\":{\"53/udp\":[{}]}}", &a), NULL);
	ports = bt_network_ports(&engine, "c1");
	first = json_array_get(json_object_get(ports, "53/udp"), 0);
	ck_assert_int_gt(atoi(json_string_value(json_object_get(first, "HostPort"))), 1023);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(an_address_asked_for_is_given_once)
{
	json_auto_t *hc = json_pack("{s:s}", "NetworkMode", "n1");
	json_auto_t *want = json_pack("{s:{s:{s:{s:s}}}}", "EndpointsConfig", "n1", "IPAMConfig",
				      "IPv4Address", "10.95.8.77");
	struct bt_network_attachment a;
	json_t *made;

	ck_assert_pstr_eq(create("{\"Name\":\"n1\",\"IPAM\":{\"Config\":[{\"Subnet\":"
				 "\"10.95.8.0/24\"}]}}",
				 &made),
			  NULL);
	json_decref(made);
	ck_assert_int_eq(bt_network_attach(&engine, "c1", NULL, hc, want, NULL, &a, &err), 0);
	ck_assert_str_eq(a.address, "10.95.8.77");
	bt_network_attachment_done(&a);
	ck_assert_int_eq(bt_network_attach(&engine, "c2", NULL, hc, want, NULL, &a, &err),
			 -EADDRINUSE);
	ck_assert_str_eq(err.msg, "failed to set up container networking: Address already in use");
}
END_TEST

START_TEST(starts_one_after_another_on_the_bridge_each_get_a_namespace)
{
	struct bt_network_attachment a;
	char id[8];

	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		ck_assert_pstr_eq(attach(id, "bridge", &a), NULL);
		ck_assert_int_ge(a.netns_fd, 0);
		bt_network_attachment_done(&a);
		bt_network_detach(&engine, id);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_container_on_the_bridge_gets_address_route_and_row);
	tcase_add_test(tests, default_means_the_bridge_and_none_has_no_address);
	tcase_add_test(tests, no_two_containers_share_an_address);
	tcase_add_test(tests, another_daemon_does_not_give_an_address_again);
	tcase_add_test(tests, a_sweep_gives_back_what_dead_containers_had);
	tcase_add_test(tests, an_unknown_network_is_named);
	tcase_add_test(tests, inspect_shows_the_bridge_as_configured);
	tcase_add_test(tests, a_network_is_made_used_refused_and_removed);
	tcase_add_test(tests, what_makes_no_sense_is_refused_in_dockers_words);
	tcase_add_test(tests, a_published_port_is_taken_once_and_outlives_the_daemon);
	tcase_add_test(tests, a_port_of_the_host_is_refused_and_a_random_one_is_free);
	tcase_add_test(tests, an_address_asked_for_is_given_once);
	tcase_add_test(tests, starts_one_after_another_on_the_bridge_each_get_a_namespace);
}

int main(void)
{
	return run_suite("network", setup_live_nets, teardown_live_nets, add_tests);
}
