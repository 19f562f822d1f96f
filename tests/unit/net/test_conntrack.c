/* SPDX-License-Identifier: Apache-2.0 */

#include "net/conntrack.h"

#include <sched.h>

#include "nft_text.h"

#define SERVERS 4
#define FIRST   5000

/* What is sent to 10.9.9.9 and fd00::9 is translated to this machine, where the servers are. Both
 * are on a link that leads nowhere: what is not translated is lost. */
static int servers[2][SERVERS], clients[2][SERVERS], markers[2];
static struct in_addr from4;
static struct in6_addr from6;

static socklen_t fill(struct sockaddr_storage *ret, bool six, const char *address, uint16_t port)
{
	struct sockaddr_in6 *in6 = (void *)ret;
	struct sockaddr_in *in = (void *)ret;

	*ret = (struct sockaddr_storage){ .ss_family = six ? AF_INET6 : AF_INET };
	if (six)
		in6->sin6_port = htons(port);
	else
		in->sin_port = htons(port);
	ck_assert_int_eq(inet_pton(ret->ss_family, address,
				   six ? (void *)&in6->sin6_addr : (void *)&in->sin_addr),
			 1);
	return six ? sizeof(*in6) : sizeof(*in);
}

static void open_pair(bool six, size_t i)
{
	int family = six ? AF_INET6 : AF_INET;
	struct sockaddr_storage sa;
	socklen_t len = fill(&sa, six, six ? "::1" : "127.0.0.1", (uint16_t)(FIRST + i));

	servers[six][i] = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(servers[six][i], (struct sockaddr *)&sa, len), 0);
	clients[six][i] = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	len = fill(&sa, six, six ? "fd00::9" : "10.9.9.9", (uint16_t)(FIRST + i));
	ck_assert_int_eq(connect(clients[six][i], (struct sockaddr *)&sa, len), 0);
}

/* A rule that translates `from`, of a family, to `to`. */
static void put_nat(bool six, const void *from, const void *to)
{
	const uint32_t size = six ? 16 : 4;
	const uint8_t family = six ? NFPROTO_IPV6 : NFPROTO_IPV4;
	const char *map = six ? "map6" : "map4";

	bt_nft_set(nft, &(struct bt_nft_set){ .name = map,
					      .key_type = six ? 8 : 7,
					      .key_len = size,
					      .data_type = six ? 8 : 7,
					      .data_len = size });
	bt_nft_element(nft, map,
		       &(struct bt_nft_element){
			       .key = from, .key_len = size, .data = to, .data_len = size },
		       true);
	bt_nft_rule(nft, "out");
	bt_nft_meta(nft, NFT_META_NFPROTO, 0);
	bt_nft_cmp(nft, &family, 1, false);
	bt_nft_payload(nft, false, six ? 24 : 16, size, 0);
	bt_nft_lookup_map(nft, map);
	bt_nft_dnat(nft, family, -1);
	bt_nft_rule_end(nft);
}

static void route_nowhere(void)
{
	struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };

	ck_assert_int_eq(inet_pton(AF_INET, "10.9.9.9", &from4), 1);
	ck_assert_int_eq(inet_pton(AF_INET6, "fd00::9", &from6), 1);
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	bt_rtnl_put_route(&batch, 1, AF_INET, &from4, 32, NULL);
	bt_rtnl_put_route(&batch, 1, AF_INET6, &from6, 128, NULL);
	ck_assert_int_eq(bt_rtnl_run(&rtnl, &batch, NULL), 0);
	bt_rtnl_done(&rtnl);
}

/* What one processor sends over loopback comes in the order in which it was sent. */
static void stay_on_one_processor(void)
{
	const int cpu = sched_getcpu();
	cpu_set_t one;

	ck_assert_int_ge(cpu, 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static void setup(void)
{
	struct in_addr to4 = { htonl(INADDR_LOOPBACK) };
	struct in6_addr to6 = IN6ADDR_LOOPBACK_INIT;

	stay_on_one_processor();
	setup_nft();
	route_nowhere();
	begin_out("nat", -100);
	put_nat(false, &from4, &to4);
	put_nat(true, &from6, &to6);
	ck_well(commit(), &err);
	for (size_t i = 0; i < SERVERS; i++) {
		open_pair(false, i);
		open_pair(true, i);
	}
	markers[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	markers[1] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void teardown(void)
{
	for (size_t i = 0; i < SERVERS; i++)
		for (size_t six = 0; six < 2; six++) {
			bt_close(&servers[six][i]);
			bt_close(&clients[six][i]);
		}
	bt_close(&markers[0]);
	bt_close(&markers[1]);
	teardown_nft();
}

/* Does what the client sends come to its server? It would before what is sent there directly after
 * it: on one processor this machine's own link keeps the order. */
static bool arrives(bool six, size_t i)
{
	struct sockaddr_storage sa;
	const socklen_t len = fill(&sa, six, six ? "::1" : "127.0.0.1", (uint16_t)(FIRST + i));
	bool came = false;
	char c;

	(void)send(clients[six][i], "x", 1, 0);
	ck_assert_int_eq((int)sendto(markers[six], "m", 1, 0, (struct sockaddr *)&sa, len), 1);
	for (;;) {
		ck_assert_int_eq((int)recv(servers[six][i], &c, 1, 0), 1);
		if (c == 'm')
			return came;
		came = true;
	}
}

/* All connections are known, and what they were translated by is gone. The rule itself is not:
 * without one the kernel would track no connections at all. */
static void connect_all(void)
{
	for (size_t i = 0; i < SERVERS; i++) {
		ck_assert(arrives(false, i));
		ck_assert(arrives(true, i));
	}
	bt_nft_begin(nft);
	bt_nft_table_use(nft, TABLE);
	bt_nft_element(nft, "map4", &(struct bt_nft_element){ .key = &from4, .key_len = 4 }, false);
	bt_nft_element(nft, "map6", &(struct bt_nft_element){ .key = &from6, .key_len = 16 },
		       false);
	ck_well(commit(), &err);
}

static struct bt_conntrack_target target(const char *address, int proto, uint16_t first,
					 uint16_t last)
{
	struct bt_conntrack_target t = { .proto = proto, .first = first, .last = last };

	ck_assert_int_eq(bt_prefix_parse_address(address, &t.address), 0);
	return t;
}

/* Those that are known still, one bit each: IPv4 from bit 0, IPv6 from bit SERVERS. */
static unsigned known(void)
{
	unsigned ret = 0;

	for (size_t i = 0; i < SERVERS; i++) {
		ret |= arrives(false, i) ? 1u << i : 0;
		ret |= arrives(true, i) ? 1u << (SERVERS + i) : 0;
	}
	return ret;
}

START_TEST(a_connection_outlives_its_rule_until_it_is_forgotten)
{
	const struct bt_conntrack_target all[] = {
		target("127.0.0.1", IPPROTO_UDP, FIRST, FIRST + SERVERS - 1),
		target("::1", IPPROTO_UDP, FIRST, FIRST + SERVERS - 1),
	};

	connect_all();
	ck_assert_uint_eq(known(), 0xff);
	ck_assert_int_eq(bt_conntrack_forget(all, LENGTH(all)), 0);
	ck_assert_uint_eq(known(), 0);
	/* There is nothing left of them, which is fine. */
	ck_assert_int_eq(bt_conntrack_forget(all, LENGTH(all)), 0);
}
END_TEST

START_TEST(only_those_to_the_target_are_forgotten_by_address_protocol_and_port)
{
	const struct bt_conntrack_target others[] = {
		target("127.0.0.1", IPPROTO_TCP, FIRST, FIRST + SERVERS),
		target("127.0.0.2", IPPROTO_UDP, FIRST, FIRST + SERVERS),
		target("127.0.0.1", IPPROTO_UDP, FIRST + SERVERS, 65535),
		target("127.0.0.1", IPPROTO_UDP, 0, FIRST - 1),
		/* What was asked for is not what it leads to. */
		target("10.9.9.9", IPPROTO_UDP, FIRST, FIRST + SERVERS),
		target("fd00::9", IPPROTO_UDP, 0, 65535),
	};
	const struct bt_conntrack_target some[] = {
		target("127.0.0.1", IPPROTO_UDP, FIRST + 1, FIRST + 2),
		target("::1", IPPROTO_UDP, FIRST + 3, FIRST + 3),
	};

	connect_all();
	ck_assert_int_eq(bt_conntrack_forget(others, LENGTH(others)), 0);
	ck_assert_uint_eq(known(), 0xff);
	ck_assert_int_eq(bt_conntrack_forget(some, LENGTH(some)), 0);
	ck_assert_uint_eq(known(), 0xff & ~(1u << 1 | 1u << 2 | 1u << (SERVERS + 3)));
}
END_TEST

START_TEST(no_targets_are_nothing_to_do)
{
	connect_all();
	ck_assert_int_eq(bt_conntrack_forget(NULL, 0), 0);
	ck_assert_uint_eq(known(), 0xff);
}
END_TEST

START_TEST(more_connections_than_fit_in_one_message_are_forgotten)
{
	const struct bt_conntrack_target all = target("127.0.0.1", IPPROTO_UDP, 0, 65535);
	int more[600];

	for (size_t i = 0; i < LENGTH(more); i++) {
		struct sockaddr_storage sa;
		socklen_t len = fill(&sa, false, "10.9.9.9", FIRST);

		more[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(connect(more[i], (struct sockaddr *)&sa, len), 0);
		ck_assert_int_eq((int)send(more[i], "x", 1, 0), 1);
		/* Emptied, before there is no more room for the marker. */
		if (i % 100 == 99)
			ck_assert(arrives(false, 0));
	}
	connect_all();
	ck_assert(arrives(false, 0));
	ck_assert_int_eq(bt_conntrack_forget(&all, 1), 0);
	/* None of them comes any more. */
	for (size_t i = 0; i < LENGTH(more); i++)
		(void)send(more[i], "x", 1, 0);
	ck_assert(!arrives(false, 0));
	for (size_t i = 0; i < LENGTH(more); i++)
		close(more[i]);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_connection_outlives_its_rule_until_it_is_forgotten);
	tcase_add_test(tests, only_those_to_the_target_are_forgotten_by_address_protocol_and_port);
	tcase_add_test(tests, no_targets_are_nothing_to_do);
	tcase_add_test(tests, more_connections_than_fit_in_one_message_are_forgotten);
}

int main(void)
{
	return run_suite("conntrack", setup, teardown, add_tests);
}
