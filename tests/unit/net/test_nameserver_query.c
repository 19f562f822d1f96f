/* SPDX-License-Identifier: Apache-2.0 */

/* net/nameserver_query.c: the servers that a question is passed on to are the test's. */

#include <poll.h>

#include "../suite.h"
#include "base/auto.h"
#include "dns_text.h"
#include "net/nameserver_private.h"
#include "private_net.h"

#define SERVERS 2

static struct bt_nameserver ns;
static struct bt_nameserver_client client;
static int upstream[SERVERS] = { -EBADF, -EBADF }, asker = -EBADF;
static struct sockaddr_in from;

/* What was asked last, and its answer with one address. */
static uint8_t query[512];
static size_t query_len;
static struct bt_dns_question question;
static const uint8_t address[4] = { 192, 0, 2, 1 };

static int udp_socket(const char *text, uint16_t port)
{
	struct sockaddr_in sa = at(text, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* The host's servers are 127.0.0.2 and 127.0.0.3, as many as `n`. */
static void have_servers(size_t n)
{
	static const char *const texts[] = { "127.0.0.2", "127.0.0.3" };

	ns.host.n = n;
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(bt_prefix_parse_address(texts[i], &ns.host.list[i]), 0);
}

static void setup(void)
{
	socklen_t len = sizeof(from);

	private_net();
	ck_assert_int_eq(bt_helper_loop_init(&ns.helper.loop, &ns), 0);
	bt_dns_cache_init(&ns.cache);
	bt_list_init(&ns.queries);
	bt_list_init(&ns.streams);
	bt_list_init(&client.link);
	upstream[0] = udp_socket("127.0.0.2", 53);
	upstream[1] = udp_socket("127.0.0.3", 53);
	client.udp.fd = udp_socket("127.0.0.1", 0);
	asker = udp_socket("127.0.0.1", 0);
	ck_assert_int_eq(getsockname(asker, (struct sockaddr *)&from, &len), 0);
	have_servers(SERVERS);
}

static void teardown(void)
{
	bt_nameserver_query_forget(&ns, NULL, NULL);
	ck_assert_uint_eq(ns.nqueries, 0);
	ck_assert_uint_eq(client.nqueries, 0);
	bt_helper_loop_done(&ns.helper.loop);
	bt_dns_cache_done(&ns.cache);
	bt_close(&client.udp.fd);
	bt_close(&asker);
	for (size_t i = 0; i < SERVERS; i++)
		bt_close(&upstream[i]);
}

static void ask(const char *name)
{
	query_len = make_query(name, BT_DNS_TYPE_A, query);
	ck_assert_int_eq(bt_dns_message_parse(query, query_len, &question), 0);
	bt_nameserver_query_ask(&ns, &client, &from, NULL, query, query_len, &question);
}

/* A question as a server got it. */
struct got {
	struct sockaddr_in who;
	uint8_t msg[2048];
	size_t len;
};

static void get_question(int server, struct got *ret)
{
	socklen_t who_len = sizeof(ret->who);
	ssize_t n = recvfrom(upstream[server], ret->msg, sizeof(ret->msg), 0,
			     (struct sockaddr *)&ret->who, &who_len);

	ck_assert_int_eq(n, (ssize_t)query_len);
	ret->len = (size_t)n;
}

static void send_back(int server, const struct got *got, const uint8_t *msg, size_t len)
{
	ck_assert_int_eq(sendto(upstream[server], msg, len, 0, (const struct sockaddr *)&got->who,
				sizeof(got->who)),
			 (ssize_t)len);
}

/* An answer with the test's address, or without one and with this code. */
static void answer(int server, const struct got *got, int rcode)
{
	uint8_t msg[2048];
	size_t len = got->len;

	(void)memcpy(msg, got->msg, len);
	if (rcode == BT_DNS_RCODE_OK)
		len = add_record(msg, len, 7, BT_DNS_TYPE_A, 60, address, sizeof(address));
	msg[2] |= 0x80;
	msg[3] |= (uint8_t)rcode;
	send_back(server, got, msg, len);
}

/* Let the name server do what it has to until the asker is answered. Returns the answer's code. */
static int get_answer(uint8_t *msg, size_t size, size_t *ret_len)
{
	ssize_t n;

	while ((n = recv(asker, msg, size, MSG_DONTWAIT)) < 0) {
		ck_assert_int_eq(errno, EAGAIN);
		ck_assert_int_gt(bt_helper_loop_turn(&ns.helper.loop, -1), 0);
		bt_helper_loop_free_buried(&ns.helper.loop);
	}
	ck_assert_int_ge(n, 12);
	/* It is the answer to what was asked, by its id. */
	ck_assert_mem_eq(msg, query, 2);
	ck_assert_uint_eq(msg[2] & 0x80, 0x80);
	*ret_len = (size_t)n;
	return msg[3] & 0x0f;
}

static void check_answer(int rcode)
{
	uint8_t msg[2048];
	size_t len;

	ck_assert_int_eq(get_answer(msg, sizeof(msg), &len), rcode);
	if (rcode == BT_DNS_RCODE_OK)
		ck_assert_mem_eq(msg + len - 4, address, 4);
	ck_assert_uint_eq(ns.nqueries, 0);
}

/* Nothing has been said to the asker. */
static void check_silent(void)
{
	char byte;

	ck_assert_int_eq(recv(asker, &byte, 1, MSG_DONTWAIT), -1);
}

static void turn(void)
{
	ck_assert_int_gt(bt_helper_loop_turn(&ns.helper.loop, -1), 0);
	bt_helper_loop_free_buried(&ns.helper.loop);
}

START_TEST(all_are_asked_at_once_and_the_first_good_answer_counts)
{
	struct got one, two;

	ask("example.com");
	get_question(0, &one);
	get_question(1, &two);
	answer(0, &one, BT_DNS_RCODE_FAILURE);
	turn();
	check_silent();
	answer(1, &two, BT_DNS_RCODE_OK);
	check_answer(BT_DNS_RCODE_OK);
}
END_TEST

START_TEST(a_name_that_there_is_not_is_an_answer_as_well)
{
	struct got one;

	ask("example.com");
	get_question(0, &one);
	answer(0, &one, BT_DNS_RCODE_NO_NAME);
	check_answer(BT_DNS_RCODE_NO_NAME);
}
END_TEST

START_TEST(where_all_refuse_the_last_refusal_is_the_answer)
{
	struct got one, two;

	ask("example.com");
	get_question(0, &one);
	get_question(1, &two);
	answer(0, &one, BT_DNS_RCODE_REFUSED);
	turn();
	check_silent();
	answer(1, &two, BT_DNS_RCODE_FAILURE);
	check_answer(BT_DNS_RCODE_FAILURE);
}
END_TEST

/* Whoever guesses the port has to guess this, too. */
START_TEST(an_answer_with_another_id_or_to_another_question_is_none)
{
	uint8_t other[512];
	struct got one;
	size_t len;

	have_servers(1);
	ask("example.com");
	get_question(0, &one);
	(void)memcpy(other, one.msg, one.len);
	other[0] ^= 0x55;
	len = add_record(other, one.len, 7, BT_DNS_TYPE_A, 60, "\x7f\0\0\1", 4);
	send_back(0, &one, other, len);
	turn();
	check_silent();
	len = make_query("example.org", BT_DNS_TYPE_A, other);
	(void)memcpy(other, one.msg, 2);
	len = add_record(other, len, 7, BT_DNS_TYPE_A, 60, "\x7f\0\0\1", 4);
	send_back(0, &one, other, len);
	turn();
	check_silent();
	/* A question is no answer, nor are three bytes. */
	send_back(0, &one, one.msg, one.len);
	turn();
	send_back(0, &one, one.msg, 3);
	turn();
	check_silent();
	answer(0, &one, BT_DNS_RCODE_OK);
	check_answer(BT_DNS_RCODE_OK);
}
END_TEST

START_TEST(where_nobody_listens_it_has_failed)
{
	bt_close(&upstream[0]);
	bt_close(&upstream[1]);
	ask("example.com");
	check_answer(BT_DNS_RCODE_FAILURE);
}
END_TEST

START_TEST(a_server_that_is_not_there_leaves_the_others)
{
	struct got two;

	bt_close(&upstream[0]);
	ask("example.com");
	get_question(1, &two);
	answer(1, &two, BT_DNS_RCODE_OK);
	check_answer(BT_DNS_RCODE_OK);
}
END_TEST

START_TEST(without_servers_it_fails_at_once)
{
	have_servers(0);
	ask("example.com");
	check_answer(BT_DNS_RCODE_FAILURE);
}
END_TEST

START_TEST(what_nobody_answers_fails_in_its_time_and_not_before)
{
	const struct bt_nameserver_query *q;
	int64_t until;

	ask("example.com");
	q = bt_list_entry(ns.queries.next, struct bt_nameserver_query, link);
	until = q->until_ns;
	bt_nameserver_query_expire(&ns, until - 1);
	check_silent();
	ck_assert_uint_eq(ns.nqueries, 1);
	bt_nameserver_query_expire(&ns, until);
	check_answer(BT_DNS_RCODE_FAILURE);
}
END_TEST

START_TEST(a_container_has_so_many_questions_under_way_and_the_next_is_refused)
{
	for (unsigned i = 0; i < 64; i++)
		ask("example.com");
	check_silent();
	ck_assert_uint_eq(client.nqueries, 64);
	ask("one.too.many");
	ck_assert_uint_eq(client.nqueries, 64);
	{
		uint8_t msg[2048];
		size_t len;

		ck_assert_int_eq(get_answer(msg, sizeof(msg), &len), BT_DNS_RCODE_FAILURE);
	}
	ck_assert_uint_eq(ns.nqueries, 64);
}
END_TEST

START_TEST(an_answer_longer_than_the_client_takes_is_cut_and_says_so)
{
	uint8_t msg[2048], long_one[2048];
	struct got one;
	size_t len;

	have_servers(1);
	ask("example.com");
	get_question(0, &one);
	(void)memcpy(long_one, one.msg, one.len);
	len = one.len;
	while (len <= BT_DNS_UDP_MAX)
		len = add_record(long_one, len, 7, BT_DNS_TYPE_A, 60, address, sizeof(address));
	send_back(0, &one, long_one, len);
	ck_assert_int_eq(get_answer(msg, sizeof(msg), &len), BT_DNS_RCODE_OK);
	ck_assert_uint_le(len, BT_DNS_UDP_MAX);
	ck_assert_uint_eq(msg[2] & 0x02, 0x02);
}
END_TEST

/* A server of the container's own is asked by the container's own socket. */
START_TEST(a_server_on_the_containers_loopback_answers_from_the_port_of_servers_alone)
{
	struct sockaddr_in liar = at("127.0.0.2", 5353), server = at("127.0.0.2", 53);
	uint8_t msg[512];
	struct got one;
	size_t len;

	client.nservers = 1;
	ck_assert_int_eq(bt_prefix_parse_address("127.0.0.2", &client.servers[0]), 0);
	ask("example.com");
	get_question(0, &one);
	(void)memcpy(msg, one.msg, one.len);
	len = add_record(msg, one.len, 7, BT_DNS_TYPE_A, 60, address, sizeof(address));
	ck_assert(!bt_nameserver_query_inside(&ns, &client, &liar, msg, len));
	msg[1] ^= 0x55;
	ck_assert(!bt_nameserver_query_inside(&ns, &client, &server, msg, len));
	msg[1] ^= 0x55;
	check_silent();
	ck_assert(bt_nameserver_query_inside(&ns, &client, &server, msg, len));
	check_answer(BT_DNS_RCODE_OK);
	/* Once is enough. */
	ck_assert(!bt_nameserver_query_inside(&ns, &client, &server, msg, len));
	client.nservers = 0;
}
END_TEST

START_TEST(what_is_forgotten_is_answered_to_nobody)
{
	struct bt_nameserver_client other = { .nqueries = 0 };
	struct got one;

	have_servers(1);
	ask("example.com");
	get_question(0, &one);
	bt_nameserver_query_forget(&ns, &other, NULL);
	ck_assert_uint_eq(ns.nqueries, 1);
	bt_nameserver_query_forget(&ns, &client, NULL);
	ck_assert_uint_eq(ns.nqueries, 0);
	answer(0, &one, BT_DNS_RCODE_OK);
	ck_assert_int_eq(bt_helper_loop_turn(&ns.helper.loop, 0), 0);
	check_silent();
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, all_are_asked_at_once_and_the_first_good_answer_counts);
	tcase_add_test(tests, a_name_that_there_is_not_is_an_answer_as_well);
	tcase_add_test(tests, where_all_refuse_the_last_refusal_is_the_answer);
	tcase_add_test(tests, an_answer_with_another_id_or_to_another_question_is_none);
	tcase_add_test(tests, where_nobody_listens_it_has_failed);
	tcase_add_test(tests, a_server_that_is_not_there_leaves_the_others);
	tcase_add_test(tests, without_servers_it_fails_at_once);
	tcase_add_test(tests, what_nobody_answers_fails_in_its_time_and_not_before);
	tcase_add_test(tests, a_container_has_so_many_questions_under_way_and_the_next_is_refused);
	tcase_add_test(tests, an_answer_longer_than_the_client_takes_is_cut_and_says_so);
	tcase_add_test(tests,
		       a_server_on_the_containers_loopback_answers_from_the_port_of_servers_alone);
	tcase_add_test(tests, what_is_forgotten_is_answered_to_nobody);
}

int main(void)
{
	return run_suite("net/nameserver_query", setup, teardown, add);
}
