/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_ports.h"

#include "engine/network_endpoint.h"
#include "live_nets_fixture.h"
#include "net/port_hold.h"
#include "net/port_spec.h"

static int home = -EBADF;

static void setup(void)
{
	setup_live_nets();
	home = home_fd();
}

static void teardown(void)
{
	bt_close(&home);
	teardown_live_nets();
}

/* Attach to the bridge with this HostConfig, as a start does. Returns NULL, or why not. */
static const char *attach(const char *id, const char *host_config,
			  struct bt_network_attachment *ret)
{
	json_auto_t *config = parse("{'ExposedPorts':{'80/tcp':{},'81/tcp':{},'53/udp':{}}}");
	json_auto_t *hc = parse(host_config), *networking = json_object();

	err = (struct bt_err){ 0 };
	return bt_network_attach(&engine, id, config, hc, networking, NULL, ret, &err) < 0 ? err.msg
											   : NULL;
}

/* The ports of a container as inspect shows them, without those of IPv6: "8080>80/tcp …". */
static const char *shown(const char *id)
{
	static char text[512];
	json_auto_t *ports = bt_network_ports(engine.networks->engine, id);
	const char *key;
	json_t *list, *one;
	size_t i;

	text[0] = '\0';
	if (!ports)
		return NULL;
	json_object_foreach (ports, key, list)
		json_array_foreach (list, i, one) {
			const char *host = json_string_value(json_object_get(one, "HostIp"));

			if (!strchr(host, ':'))
				(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
					       "%s%s>%s", text[0] ? " " : "",
					       json_string_value(json_object_get(one, "HostPort")),
					       key);
		}
	return text;
}

/* Change the ports of a container that runs. Each of `remove` is as `-p` has it, NULL ends them. */
static const char *change(const char *id, const char *add, const char *const *remove)
{
	json_auto_t *wanted = add ? parse(add) : NULL, *config = parse("{}"), *row = NULL;
	struct bt_port_publish names[4];
	struct bt_network_ports_change c = { .config = config, .add = wanted, .remove = names };
	struct bt_network_lease lease;

	for (; remove && remove[c.nremove]; c.nremove++)
		ck_assert_int_eq(bt_port_spec_publish(remove[c.nremove], &names[c.nremove]), 0);
	err = (struct bt_err){ 0 };
	ck_well(bt_network_endpoint_published(engine.networks, id, &lease, &err), &err);
	if (bt_network_ports_change(engine.networks, id, &lease, &c, &row, &err) < 0) {
		ck_assert_ptr_null(row);
		return err.msg;
	}
	ck_assert_ptr_nonnull(row);
	ck_well(bt_network_endpoint_store_ports(engine.networks, &lease, id, row, &err), &err);
	return NULL;
}

#define REMOVE(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Can somebody else take the port of all addresses of IPv4? */
static bool is_free(uint16_t port)
{
	const struct bt_prefix any = { .family = AF_INET, .len = 32 };
	bt_auto_close int fd = bt_port_hold(IPPROTO_TCP, &any, port, false);

	return fd >= 0;
}

static int reach(uint16_t port)
{
	return reach_from(home, "127.0.0.1", port);
}

/* No process answers and no rule translates. */
static void check_nobodys(uint16_t port)
{
	ck_assert_int_eq(connect_from(home, "127.0.0.1", port), -ECONNREFUSED);
	ck_assert(is_free(port));
}

#define PORT_8080 "{'PortBindings':{'80/tcp':[{'HostPort':'8080'}]}}"

START_TEST(ports_that_were_not_asked_for_are_not_published)
{
	struct bt_network_attachment a;

	ck_assert_pstr_eq(attach("c1", "{'PortBindings':{}}", &a), NULL);
	ck_assert_pstr_eq(shown("c1"), NULL);
	ck_assert_pstr_eq(shown("nobody"), NULL);
	bt_network_ports_withdraw(engine.networks, "c1");
	bt_network_ports_withdraw(engine.networks, "nobody");
	bt_network_attachment_done(&a);
}
END_TEST

static void *withdraw_nothing(void *id)
{
	bt_network_ports_withdraw(engine.networks, id);
	return NULL;
}

START_TEST(who_published_nothing_ends_while_everything_is_told_to_a_forwarder)
{
	char id[] = "nobody";
	pthread_t thread;

	ck_assert_int_eq(pthread_rwlock_wrlock(&engine.networks->forwarding), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, withdraw_nothing, id), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(pthread_rwlock_unlock(&engine.networks->forwarding), 0);
}
END_TEST

START_TEST(all_that_is_exposed_is_published_where_the_user_did_not_say_where)
{
	struct bt_network_attachment a;
	json_auto_t *ports = NULL;

	ck_assert_pstr_eq(attach("c1",
				 "{'PublishAllPorts':true,"
				 "'PortBindings':{'80/tcp':[{'HostPort':'8080'}],'9/tcp':[]}}",
				 &a),
			  NULL);
	ports = bt_network_ports(&engine, "c1");
	ck_assert_uint_eq(json_object_size(ports), 4);
	ck_assert_ptr_nonnull(strstr(shown("c1"), "8080>80/tcp"));
	/* On both families, and once each. */
	ck_assert_uint_eq(json_array_size(json_object_get(ports, "80/tcp")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(ports, "53/udp")), 2);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(a_range_leads_to_each_of_its_ports_and_to_no_more)
{
	struct bt_network_attachment a;
	bt_auto_close bt_unused int first = -EBADF, last = -EBADF, beyond = -EBADF;

	ck_assert_pstr_eq(
		attach("c1",
		       "{'PortBindings':{'8000/tcp':[{'HostPort':'8000'}],"
		       "'8001/tcp':[{'HostPort':'8001'}],'8002/tcp':[{'HostPort':'8002'}],"
		       "'8009/tcp':[{'HostPort':'8003'}]}}",
		       &a),
		NULL);
	first = listen_in(a.netns_fd, 8000);
	last = listen_in(a.netns_fd, 8002);
	beyond = listen_in(a.netns_fd, 8003);
	ck_assert_int_eq(reach(8000), 0);
	ck_assert_int_eq(reach(8002), 0);
	/* That one goes elsewhere, though it follows. */
	ck_assert_int_eq(reach(8003), -ECONNREFUSED);
	(void)listen_in(a.netns_fd, 8009);
	ck_assert_int_eq(reach(8003), 0);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(what_could_not_be_forwarded_leaves_the_port_to_the_next)
{
	struct bt_network_attachment a;
	const int spawner = engine.cfg.spawner_fd;

	/* Nobody is there to start the forwarder. */
	engine.cfg.spawner_fd = -EBADF;
	ck_assert_ptr_nonnull(attach("c1", PORT_8080, &a));
	check_nobodys(8080);
	ck_assert_pstr_eq(shown("c1"), NULL);
	engine.cfg.spawner_fd = spawner;
	ck_assert_pstr_eq(attach("c2", PORT_8080, &a), NULL);
	ck_assert_str_eq(shown("c2"), "8080>80/tcp");
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(what_is_withdrawn_is_anybodys_and_twice_is_once)
{
	struct bt_network_attachment a;

	ck_assert_pstr_eq(attach("c1", PORT_8080, &a), NULL);
	ck_assert(!is_free(8080));
	bt_network_ports_withdraw(engine.networks, "c1");
	check_nobodys(8080);
	bt_network_ports_withdraw(engine.networks, "c1");
	ck_assert_pstr_eq(shown("c1"), NULL);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(a_port_is_added_and_removed_beside_one_that_stays)
{
	struct bt_network_attachment a;
	bt_auto_close bt_unused int l = -EBADF;

	ck_assert_pstr_eq(attach("c1", PORT_8080, &a), NULL);
	l = listen_in(a.netns_fd, 80);
	ck_assert_pstr_eq(change("c1", "{'80/tcp':[{'HostPort':'9090'}]}", NULL), NULL);
	ck_assert_str_eq(shown("c1"), "8080>80/tcp 9090>80/tcp");
	ck_assert_int_eq(reach(8080), 0);
	ck_assert_int_eq(reach(9090), 0);
	ck_assert_pstr_eq(change("c1", NULL, REMOVE("8080:80")), NULL);
	ck_assert_str_eq(shown("c1"), "9090>80/tcp");
	check_nobodys(8080);
	ck_assert_int_eq(reach(9090), 0);
	ck_assert(!is_free(9090));
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(a_port_moves_in_one_step_and_the_next_daemon_knows)
{
	struct bt_network_attachment a;
	bt_auto_close bt_unused int l = -EBADF;

	ck_assert_pstr_eq(attach("c1", PORT_8080, &a), NULL);
	l = listen_in(a.netns_fd, 80);
	ck_assert_pstr_eq(change("c1", "{'80/tcp':[{'HostPort':'9090'}]}", REMOVE("8080:80")),
			  NULL);
	reopen_nets();
	ck_assert_str_eq(shown("c1"), "9090>80/tcp");
	ck_assert_int_eq(reach(9090), 0);
	check_nobodys(8080);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(what_is_removed_is_what_was_named_and_not_its_like)
{
	static const struct {
		const char *name, *left;
	} cases[] = {
		{ "80", "9000>81/tcp 5300>53/udp" },
		{ "80/udp", "8080>80/tcp 8081>80/tcp 9000>81/tcp 5300>53/udp" },
		{ "8081:80", "8080>80/tcp 9000>81/tcp 5300>53/udp" },
		{ "8081:81", "8080>80/tcp 8081>80/tcp 9000>81/tcp 5300>53/udp" },
		{ "80-81", "5300>53/udp" },
		{ "0.0.0.0:8080:80", "8081>80/tcp 9000>81/tcp 5300>53/udp" },
		{ "127.0.0.1:8080:80", "8080>80/tcp 8081>80/tcp 9000>81/tcp 5300>53/udp" },
		{ "53/udp", "8080>80/tcp 8081>80/tcp 9000>81/tcp" },
		{ "53/tcp", "8080>80/tcp 8081>80/tcp 9000>81/tcp 5300>53/udp" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_network_attachment a;

		ck_assert_pstr_eq(
			attach("c1",
			       "{'PortBindings':{'80/tcp':[{'HostPort':'8080'},{'HostPort':'8081'}],"
			       "'81/tcp':[{'HostPort':'9000'}],'53/udp':[{'HostPort':'5300'}]}}",
			       &a),
			NULL);
		ck_assert_pstr_eq(change("c1", NULL, REMOVE(cases[i].name)), NULL);
		ck_assert_msg(strcmp(shown("c1"), cases[i].left) == 0, "%s: %s", cases[i].name,
			      shown("c1"));
		bt_network_detach(&engine, "c1");
		bt_network_attachment_done(&a);
	}
}
END_TEST

START_TEST(a_change_that_cannot_be_had_leaves_all_as_it_was)
{
	struct bt_network_attachment a, b;
	bt_auto_close bt_unused int l = -EBADF;

	ck_assert_pstr_eq(attach("c1", PORT_8080, &a), NULL);
	ck_assert_pstr_eq(attach("c2", "{'PortBindings':{'80/tcp':[{'HostPort':'9090'}]}}", &b),
			  NULL);
	l = listen_in(a.netns_fd, 80);
	ck_assert_ptr_nonnull(change("c1", "{'80/tcp':[{'HostPort':'7070'},{'HostPort':'9090'}]}",
				     REMOVE("8080:80")));
	check_err(&err, BT_ERR_SYSTEM, "Bind for 0.0.0.0:9090 failed: port is already allocated");
	ck_assert_str_eq(shown("c1"), "8080>80/tcp");
	ck_assert_int_eq(reach(8080), 0);
	check_nobodys(7070);
	/* What it has itself it cannot have twice. */
	ck_assert_ptr_nonnull(change("c1", "{'81/tcp':[{'HostPort':'8080'}]}", NULL));
	ck_assert_str_eq(shown("c1"), "8080>80/tcp");
	bt_network_attachment_done(&a);
	bt_network_attachment_done(&b);
}
END_TEST

START_TEST(a_change_that_could_not_be_forwarded_leaves_all_as_it_was)
{
	struct bt_network_attachment a;
	bt_auto_close bt_unused int l = -EBADF;

	/* Of IPv4 alone: the kernel does it. */
	ck_assert_pstr_eq(
		attach("c1", "{'PortBindings':{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':'8080'}]}}",
		       &a),
		NULL);
	l = listen_in(a.netns_fd, 80);
	engine.cfg.spawner_fd = -EBADF;
	ck_assert_ptr_nonnull(change("c1", "{'80/tcp':[{'HostPort':'9090'}]}", REMOVE("8080:80")));
	ck_assert_str_eq(shown("c1"), "8080>80/tcp");
	ck_assert_int_eq(reach(8080), 0);
	check_nobodys(9090);
	bt_network_attachment_done(&a);
}
END_TEST

START_TEST(the_last_port_goes_and_a_first_one_comes)
{
	struct bt_network_attachment a;

	ck_assert_pstr_eq(attach("c1", PORT_8080, &a), NULL);
	ck_assert_pstr_eq(change("c1", NULL, REMOVE("80")), NULL);
	ck_assert_pstr_eq(shown("c1"), "");
	check_nobodys(8080);
	bt_network_attachment_done(&a);
	ck_assert_pstr_eq(attach("c2", "{}", &a), NULL);
	ck_assert_pstr_eq(change("c2", "{'80/tcp':[{'HostPort':'8080'}]}", NULL), NULL);
	ck_assert_str_eq(shown("c2"), "8080>80/tcp");
	bt_network_attachment_done(&a);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, ports_that_were_not_asked_for_are_not_published);
	tcase_add_test(tests, who_published_nothing_ends_while_everything_is_told_to_a_forwarder);
	tcase_add_test(tests, all_that_is_exposed_is_published_where_the_user_did_not_say_where);
	tcase_add_test(tests, a_range_leads_to_each_of_its_ports_and_to_no_more);
	tcase_add_test(tests, what_could_not_be_forwarded_leaves_the_port_to_the_next);
	tcase_add_test(tests, what_is_withdrawn_is_anybodys_and_twice_is_once);
	tcase_add_test(tests, a_port_is_added_and_removed_beside_one_that_stays);
	tcase_add_test(tests, a_port_moves_in_one_step_and_the_next_daemon_knows);
	tcase_add_test(tests, what_is_removed_is_what_was_named_and_not_its_like);
	tcase_add_test(tests, a_change_that_cannot_be_had_leaves_all_as_it_was);
	tcase_add_test(tests, a_change_that_could_not_be_forwarded_leaves_all_as_it_was);
	tcase_add_test(tests, the_last_port_goes_and_a_first_one_comes);
}

int main(void)
{
	return run_suite("network_ports", setup, teardown, add_tests);
}
