/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <stdio.h>

#include "../suite.h"
#include "base/time.h"
#include "dns_text.h"
#include "net/nameserver_private.h"

/* What a container is answered without asking anybody. */

static struct bt_nameserver ns;
static struct bt_nameserver_client client;
static char *networks[] = { NULL, NULL, NULL };
static struct bt_nameserver_link links[2];

static struct bt_prefix address(const char *text)
{
	struct bt_prefix p = { 0 };

	if (text)
		ck_assert_int_eq(bt_prefix_parse_address(text, &p), 0);
	return p;
}

static void add(const char *network, const char *owner, const char *name, const char *v4,
		const char *v6)
{
	const char *const list[] = { name };
	const struct bt_names_place place = { .network = network,
					      .network_name = network,
					      .owner = owner,
					      .list = list,
					      .n = 1,
					      .v4 = address(v4),
					      .v6 = address(v6) };

	ck_assert_int_eq(bt_names_add(&ns.names, &place), 0);
}

/* The client is on "front" and "back", in this order, and reaches nobody outside. */
static void setup(void)
{
	static char front[] = "front", back[] = "back";

	ns = (struct bt_nameserver){ .host = { .path = "/dev/null" } };
	bt_dns_cache_init(&ns.cache);
	networks[0] = front;
	networks[1] = back;
	client = (struct bt_nameserver_client){ .networks = networks, .links = links };
	add("front", "c1", "web", "10.1.0.2", "fd00:1::2");
	add("back", "c2", "db", "10.2.0.2", NULL);
	add("back", "c3", "web", "10.2.0.9", NULL);
	add("other", "c4", "secret", "10.3.0.2", NULL);
}

static void teardown(void)
{
	bt_names_done(&ns.names);
	bt_dns_cache_done(&ns.cache);
}

/* The answer in so many bytes as "RCODE what": addresses, "-" for none; "ask" where others are. */
static const char *ask_within(const char *name, uint16_t type, size_t size)
{
	static char text[256];
	uint8_t msg[BT_DNS_UDP_MAX], out[BT_DNS_MSG_MAX];
	char one[INET6_ADDRSTRLEN];
	struct bt_dns_question q;
	const size_t each = type == BT_DNS_TYPE_AAAA ? 16 : 4;
	size_t len = make_query(name, type, msg), n;

	ck_assert_int_eq(bt_dns_message_parse(msg, len, &q), 0);
	n = bt_nameserver_client_answer(&ns, &client, msg, &q, out, size);
	if (n == 0)
		return "ask";
	ck_assert(bt_dns_message_belongs(msg, &q, q.id, out, n));
	(void)snprintf(text, sizeof(text), "%d%s", out[3] & 0x0f, out[7] ? "" : " -");
	/* Each record is a pointer to the name, ten bytes, and the address. */
	for (int i = 0; i < out[7]; i++) {
		const uint8_t *at = out + q.end + (size_t)i * (12 + each) + 12;

		(void)inet_ntop(each == 16 ? AF_INET6 : AF_INET, at, one, sizeof(one));
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", one);
	}
	return text;
}

static const char *ask(const char *name, uint16_t type)
{
	return ask_within(name, type, BT_DNS_UDP_MAX);
}

START_TEST(a_name_is_looked_up_on_the_clients_networks_in_their_order)
{
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_A), "0 10.1.0.2");
	ck_assert_str_eq(ask("WEB", BT_DNS_TYPE_A), "0 10.1.0.2");
	ck_assert_str_eq(ask("db", BT_DNS_TYPE_A), "0 10.2.0.2");
	ck_assert_str_eq(ask("web.back", BT_DNS_TYPE_A), "0 10.2.0.9");
	networks[0] = networks[1];
	networks[1] = NULL;
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_A), "0 10.2.0.9");
}
END_TEST

START_TEST(a_network_that_the_client_is_not_on_keeps_its_names)
{
	ck_assert_str_eq(ask("secret", BT_DNS_TYPE_A), "2 -");
	ck_assert_str_eq(ask("secret.other", BT_DNS_TYPE_A), "2 -");
	client.external = true;
	/* Not told here; whether others know it, they say. */
	ck_assert_str_eq(ask("secret", BT_DNS_TYPE_A), "ask");
	networks[0] = NULL;
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_A), "ask");
}
END_TEST

START_TEST(a_known_name_has_what_there_is_and_nobody_else_is_asked_for_the_rest)
{
	client.external = true;
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_AAAA), "0 fd00:1::2");
	ck_assert_str_eq(ask("db", BT_DNS_TYPE_AAAA), "0 -");
	ck_assert_str_eq(ask("db", 15), "0 -");  /* MX */
	ck_assert_str_eq(ask("db", 255), "0 -"); /* ANY */
}
END_TEST

START_TEST(a_link_goes_before_the_names_of_networks)
{
	static char alias[] = "web", name[] = "db", network[] = "back", gone[] = "gone";

	links[0] = (struct bt_nameserver_link){ .alias = alias, .name = name, .network = network };
	client.nlinks = 1;
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_A), "0 10.2.0.2");
	/* One that leads nowhere is none. */
	links[0].name = gone;
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_A), "0 10.1.0.2");
	/* And it holds on its network alone. */
	links[0].name = name;
	links[0].network = networks[0];
	ck_assert_str_eq(ask("web", BT_DNS_TYPE_A), "0 10.1.0.2");
}
END_TEST

START_TEST(the_host_has_its_names_unless_a_container_has_them)
{
	ck_assert_str_eq(ask("host.docker.internal", BT_DNS_TYPE_A), "2 -");
	client.host = address("10.1.0.1");
	ck_assert_str_eq(ask("host.docker.internal", BT_DNS_TYPE_A), "0 10.1.0.1");
	ck_assert_str_eq(ask("gateway.docker.internal", BT_DNS_TYPE_A), "0 10.1.0.1");
	ck_assert_str_eq(ask("Host.Docker.Internal", BT_DNS_TYPE_A), "0 10.1.0.1");
	/* Of the other family it has none, and nobody else is asked. */
	client.external = true;
	ck_assert_str_eq(ask("host.docker.internal", BT_DNS_TYPE_AAAA), "0 -");
	client.host = address("fd00:1::1");
	ck_assert_str_eq(ask("host.docker.internal", BT_DNS_TYPE_AAAA), "0 fd00:1::1");
	ck_assert_str_eq(ask("host.docker.internal", BT_DNS_TYPE_A), "0 -");
	add("front", "c9", "host.docker.internal", "10.1.0.99", NULL);
	ck_assert_str_eq(ask("host.docker.internal", BT_DNS_TYPE_A), "0 10.1.0.99");
}
END_TEST

/* The name that an address in in-addr.arpa is answered with, "" for none. */
static const char *reverse(const char *name)
{
	static char text[256];
	uint8_t msg[BT_DNS_UDP_MAX], out[BT_DNS_UDP_MAX];
	struct bt_dns_question q;
	size_t len = make_query(name, BT_DNS_TYPE_PTR, msg), n;
	const uint8_t *at;

	text[0] = '\0';
	ck_assert_int_eq(bt_dns_message_parse(msg, len, &q), 0);
	n = bt_nameserver_client_answer(&ns, &client, msg, &q, out, sizeof(out));
	if (n == 0 || out[7] == 0)
		return text;
	for (at = out + q.end + 12; *at; at += *at + 1)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s",
			       text[0] ? "." : "", (int)*at, (const char *)at + 1);
	return text;
}

START_TEST(an_address_is_told_by_name_to_those_on_its_network)
{
	ck_assert_str_eq(reverse("2.0.1.10.in-addr.arpa"), "web.front");
	ck_assert_str_eq(reverse("9.0.2.10.in-addr.arpa"), "web.back");
	ck_assert_str_eq(reverse("2.0.3.10.in-addr.arpa"), "");
	ck_assert_str_eq(reverse("0.1.10.in-addr.arpa"), "");
	ck_assert_str_eq(reverse("web"), "");
	ck_assert_str_eq(reverse("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f."
				 "ip6.arpa"),
			 "web.front");
}
END_TEST

START_TEST(more_addresses_than_fit_are_cut_and_said_to_be)
{
	char owner[8], host[16];
	uint8_t msg[BT_DNS_UDP_MAX], out[BT_DNS_MSG_MAX];
	struct bt_dns_question q;
	size_t n;

	for (int i = 0; i < 100; i++) {
		(void)snprintf(owner, sizeof(owner), "m%d", i);
		(void)snprintf(host, sizeof(host), "10.1.1.%d", i);
		add("front", owner, "many", host, NULL);
	}
	ck_assert_int_eq(bt_dns_message_parse(msg, make_query("many", BT_DNS_TYPE_A, msg), &q), 0);
	n = bt_nameserver_client_answer(&ns, &client, msg, &q, out, BT_DNS_UDP_MAX);
	ck_assert_uint_le(n, BT_DNS_UDP_MAX);
	ck_assert_uint_gt(out[7], 20);
	ck_assert_uint_ne(out[2] & 2, 0);
	n = bt_nameserver_client_answer(&ns, &client, msg, &q, out, sizeof(out));
	ck_assert_uint_eq(out[7], 100);
	ck_assert_uint_eq(out[2] & 2, 0);
	ck_assert_uint_gt(n, BT_DNS_UDP_MAX);
}
END_TEST

START_TEST(what_others_answered_before_is_answered_again_to_clients_of_the_same_servers)
{
	static const uint8_t four[4] = { 192, 0, 2, 7 };
	uint8_t msg[BT_DNS_UDP_MAX], kept[BT_DNS_UDP_MAX];
	struct bt_dns_question q;
	char who[16], mine[] = "192.0.2.53";
	size_t len = make_query("far.example", BT_DNS_TYPE_A, msg), n;

	client.external = true;
	ck_assert_int_eq(bt_dns_message_parse(msg, len, &q), 0);
	ck_assert_str_eq(ask("far.example", BT_DNS_TYPE_A), "ask");
	(void)memcpy(kept, msg, len);
	n = add_record(kept, len, 7, BT_DNS_TYPE_A, 300, four, sizeof(four));
	bt_dns_cache_put(&ns.cache, bt_nameserver_client_who(&ns, &client, who), msg, &q,
			 bt_time_monotonic_ns(), kept, n);
	ck_assert_str_eq(ask("far.example", BT_DNS_TYPE_A), "0 192.0.2.7");
	ck_assert_str_eq(ask("FAR.example", BT_DNS_TYPE_A), "0 192.0.2.7");
	ck_assert_str_eq(ask("far.example", BT_DNS_TYPE_AAAA), "ask");
	/* Other servers may answer otherwise. */
	client.nservers = 1;
	client.who = mine;
	ck_assert_str_eq(ask("far.example", BT_DNS_TYPE_A), "ask");
	client.nservers = 0;
	client.who = NULL;
	/* So may those that the host has now. */
	ns.host.generation++;
	ck_assert_str_eq(ask("far.example", BT_DNS_TYPE_A), "ask");
	ns.host.generation--;
	/* Who is kept inside is not told what lies outside. */
	client.external = false;
	ck_assert_str_eq(ask("far.example", BT_DNS_TYPE_A), "2 -");
}
END_TEST

START_TEST(a_clients_servers_are_called_by_their_list_or_the_hosts_by_its_generation)
{
	char text[16], mine[] = "1.1.1.1,8.8.8.8";

	ns.host.generation = 7;
	ck_assert_str_eq(bt_nameserver_client_who(&ns, &client, text), "host7");
	client.who = mine;
	ck_assert_str_eq(bt_nameserver_client_who(&ns, &client, text), "1.1.1.1,8.8.8.8");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_name_is_looked_up_on_the_clients_networks_in_their_order);
	tcase_add_test(tests, a_network_that_the_client_is_not_on_keeps_its_names);
	tcase_add_test(tests, a_known_name_has_what_there_is_and_nobody_else_is_asked_for_the_rest);
	tcase_add_test(tests, a_link_goes_before_the_names_of_networks);
	tcase_add_test(tests, the_host_has_its_names_unless_a_container_has_them);
	tcase_add_test(tests, an_address_is_told_by_name_to_those_on_its_network);
	tcase_add_test(tests, more_addresses_than_fit_are_cut_and_said_to_be);
	tcase_add_test(
		tests,
		what_others_answered_before_is_answered_again_to_clients_of_the_same_servers);
	tcase_add_test(tests,
		       a_clients_servers_are_called_by_their_list_or_the_hosts_by_its_generation);
}

int main(void)
{
	return run_suite("nameserver_client", setup, teardown, add_tests);
}
