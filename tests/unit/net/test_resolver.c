/* SPDX-License-Identifier: Apache-2.0 */

#include "net/resolver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/time.h"
#include "net/dns_message.h"
#include "net/names.h"
#include "net/sandbox.h"
#include "private_net.h"

static struct bt_nsthread *thread;
static struct bt_resolver *resolver;
static int inside, home;
static atomic_int asked_upstream;

static struct bt_prefix address(const char *text)
{
	struct bt_prefix p = { 0 };

	if (text)
		ck_assert_int_eq(bt_prefix_parse_address(text, &p), 0);
	return p;
}

/* "a.b" as labels. Returns the length of the whole query. */
static size_t make_query(const char *name, uint16_t type, uint8_t *msg)
{
	size_t at = 12;

	memset(msg, 0, 12);
	msg[0] = 0x12;
	msg[1] = 0x34;
	msg[2] = 1;
	msg[5] = 1;
	while (*name) {
		size_t n = strcspn(name, ".");

		msg[at++] = (uint8_t)n;
		memcpy(msg + at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	msg[at++] = 0;
	msg[at++] = (uint8_t)(type >> 8);
	msg[at++] = (uint8_t)type;
	msg[at++] = 0;
	msg[at++] = 1;
	return at;
}

/* A name server on the host's loopback that knows one address, and counts. */
static void *upstream(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		uint8_t msg[512], out[512];
		struct bt_dns_question q;
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		struct bt_prefix a = address("192.0.2.99");
		ssize_t n = recvfrom(fd, msg, sizeof(msg), 0, (struct sockaddr *)&from, &len);
		size_t size;

		if (n < 0 || bt_dns_message_parse(msg, (size_t)n, &q) < 0)
			continue;
		asked_upstream++;
		size = bt_dns_message_answer(msg, &q, BT_DNS_RCODE_OK, &a, 1, NULL, out,
					     sizeof(out));
		sendto(fd, out, size, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

static void add_client(const char *const *networks, bool external)
{
	struct bt_resolver_client c = { .owner = "me", .networks = networks };
	struct bt_err err = { 0 };

	if (external)
		c.upstreams[0] = address("127.0.0.1");
	c.host = address("10.95.0.1");
	ck_assert_msg(bt_sandbox_names(thread, inside, &c.udp, &c.tcp, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_resolver_add(resolver, &c), 0);
}

static void name(const char *network, const char *owner, const char *n, const char *v4,
		 const char *v6)
{
	struct bt_prefix a4 = address(v4), a6 = address(v6);

	ck_assert_int_eq(bt_resolver_names_add(resolver, network, "net", owner, &n, 1, &a4, &a6),
			 0);
}

static void set_up(void)
{
	static const char *const networks[] = { "n1", NULL };
	static int fd;
	struct sockaddr_in sa;
	struct bt_err err = { 0 };
	pthread_t t;

	private_net();
	home = home_fd();
	sa = at("127.0.0.1", 53);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, upstream, &fd), 0);
	ck_assert_int_eq(bt_nsthread_start(&thread, &err), 0);
	ck_assert_int_eq(bt_resolver_start(&resolver, &err), 0);
	inside = bt_sandbox_create(thread, NULL, 0, &err);
	ck_assert_int_ge(inside, 0);
	add_client(networks, true);
	name("n1", "c1", "web", "10.95.0.2", "fd00::2");
	name("n2", "c2", "other", "10.95.1.2", NULL);
}

static void tear_down(void)
{
	bt_resolver_stop(resolver);
	bt_nsthread_stop(thread);
}

/* Ask 127.0.0.11 inside. Returns the rcode, or -1 without an answer; `*ret_n` answers, the last
 * four bytes of the message as an address in `ret`. */
static int ask(int type, const char *n, uint16_t qtype, int *ret_n, char *ret)
{
	struct sockaddr_in to = at("127.0.0.11", 53);
	struct timeval patience = { .tv_sec = 6 };
	uint8_t msg[600];
	size_t len = make_query(n, qtype, msg + 2);
	ssize_t got;
	uint8_t *body;
	int fd;

	enter(inside);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	enter(home);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	msg[0] = (uint8_t)(len >> 8);
	msg[1] = (uint8_t)len;
	if (type == SOCK_STREAM)
		ck_assert_int_eq(send(fd, msg, len + 2, 0), (ssize_t)len + 2);
	else
		ck_assert_int_eq(send(fd, msg + 2, len, 0), (ssize_t)len);
	got = recv(fd, msg, sizeof(msg), 0);
	if (type == SOCK_STREAM && got == 2)
		got += recv(fd, msg + 2, sizeof(msg) - 2, 0);
	close(fd);
	if (got < 12)
		return -1;
	body = type == SOCK_STREAM ? msg + 2 : msg;
	ck_assert_int_eq(body[0] << 8 | body[1], 0x1234);
	*ret_n = body[6] << 8 | body[7];
	if (*ret_n)
		inet_ntop(AF_INET, msg + got - 4, ret, INET_ADDRSTRLEN);
	return body[3] & 15;
}

START_TEST(a_name_on_the_same_network_is_answered)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(a, "10.95.0.2");
	ck_assert_int_eq(ask(SOCK_DGRAM, "WEB.net", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "10.95.0.2");
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_AAAA, &n, a), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(ask(SOCK_DGRAM, "host.docker.internal", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "10.95.0.1");
	ck_assert_int_eq(asked_upstream, 0);
}
END_TEST

START_TEST(a_question_over_tcp_is_answered)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_eq(ask(SOCK_STREAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "10.95.0.2");
}
END_TEST

START_TEST(names_of_other_networks_and_strangers_go_upstream)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_eq(ask(SOCK_DGRAM, "other", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "192.0.2.99");
	ck_assert_int_eq(ask(SOCK_DGRAM, "example.org", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "192.0.2.99");
	ck_assert_int_eq(asked_upstream, 2);
}
END_TEST

/* N03 */
START_TEST(a_container_without_a_way_out_asks_nobody)
{
	static const char *const networks[] = { "n1", NULL };
	char a[INET_ADDRSTRLEN];
	int n = 0;

	add_client(networks, false);
	ck_assert_int_eq(ask(SOCK_DGRAM, "example.org", BT_DNS_TYPE_A, &n, a),
			 BT_DNS_RCODE_FAILURE);
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_int_eq(asked_upstream, 0);
}
END_TEST

START_TEST(an_address_is_answered_with_its_name)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_eq(ask(SOCK_DGRAM, "2.0.95.10.in-addr.arpa", BT_DNS_TYPE_PTR, &n, a), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(asked_upstream, 0);
}
END_TEST

START_TEST(several_owners_of_a_name_take_turns)
{
	char first[INET_ADDRSTRLEN], second[INET_ADDRSTRLEN];
	int n = 0;

	name("n1", "c3", "web", "10.95.0.3", NULL);
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, first), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, second), 0);
	ck_assert_str_ne(first, second);
	bt_resolver_remove(resolver, "c1");
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, first), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(first, "10.95.0.3");
}
END_TEST

START_TEST(a_program_inside_can_have_port_53_for_itself)
{
	bt_auto_close bt_unused int l = listen_in(inside, 53);
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_ge(l, 0);
	ck_assert_int_eq(ask(SOCK_STREAM, "web", BT_DNS_TYPE_A, &n, a), 0);
}
END_TEST

START_TEST(a_name_is_answered_in_100_us_at_best)
{
	char a[INET_ADDRSTRLEN];
	int64_t best = INT64_MAX;
	int n = 0;

	for (int i = 0; i < 200; i++) {
		int64_t t = bt_time_monotonic_ns();

		ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
		t = bt_time_monotonic_ns() - t;
		best = t < best ? t : best;
	}
	if (getenv("VERBOSE"))
		printf("best %lld us\n", (long long)best / 1000);
	ck_assert_int_lt(best, 200000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/resolver");
	TCase *tc = tcase_create("resolver");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, a_name_on_the_same_network_is_answered);
	tcase_add_test(tc, a_question_over_tcp_is_answered);
	tcase_add_test(tc, names_of_other_networks_and_strangers_go_upstream);
	tcase_add_test(tc, a_container_without_a_way_out_asks_nobody);
	tcase_add_test(tc, an_address_is_answered_with_its_name);
	tcase_add_test(tc, several_owners_of_a_name_take_turns);
	tcase_add_test(tc, a_program_inside_can_have_port_53_for_itself);
	tcase_add_test(tc, a_name_is_answered_in_100_us_at_best);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
