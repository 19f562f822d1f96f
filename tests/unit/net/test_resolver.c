/* SPDX-License-Identifier: Apache-2.0 */

#include "net/resolver.h"

#include <jansson.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "net/dns_message.h"
#include "net/nameserver.h"
#include "net/sandbox.h"
#include "private_net.h"

static struct bt_nsthread *thread;
static struct bt_resolver *resolver;
static int inside, home;
static atomic_int asked_upstream, upstream_delay_ms;
static char dir[] = "/tmp/names-test-XXXXXX", sock[64], conf[64];
static pid_t server;
static sem_t lost;

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
		usleep((useconds_t)upstream_delay_ms * 1000);
		sendto(fd, out, size, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

/* The name server, as a process of this test. */
static int start_server(void *data, int listen_fd, struct bt_err *err)
{
	pid_t *pid = data;

	(void)err;
	*pid = fork();
	if (*pid == 0)
		_exit(bt_nameserver_serve(listen_fd, conf));
	return *pid < 0 ? -errno : 0;
}

/* How often telling everything again fails at first. */
static atomic_int failures;

static int lost_server(void *data, bool ended)
{
	int r;

	(void)data;
	(void)ended;
	/* Whoever waits looks at the number behind it. */
	r = atomic_fetch_sub(&failures, 1) > 0 ? -EIO : 0;
	sem_post(&lost);
	return r;
}

static json_t *place(const char *network, const char *const *names, const char *v4, const char *v6)
{
	json_t *list = json_array();

	while (names && *names)
		json_array_append_new(list, json_string(*names++));
	return json_pack("{s:s,s:s,s:o,s:s,s:s}", "network", network, "name", "Net", "names", list,
			 "v4", v4 ? v4 : "", "v6", v6 ? v6 : "");
}

/* Owned by the caller. */
static json_t *client(const char *owner, bool external, json_t *a_place)
{
	return json_pack("{s:s,s:b,s:s,s:[o*]}", "owner", owner, "external", external, "host",
			 external ? "10.95.0.1" : "", "places", a_place);
}

/* Tell of it; `with` sockets made inside. Returns whether it has sockets then. */
static bool put(json_t *c, bool with)
{
	struct bt_resolver_fds fds = { .udp = -EBADF, .tcp = -EBADF, .life = -EBADF };
	struct bt_err err = { 0 };
	bool sockets = false;
	int r = 0;

	if (with)
		r = bt_sandbox_names(thread, inside, &fds.udp, &fds.tcp, &err);
	if (r == 0)
		r = bt_resolver_put(resolver, c, &fds, &sockets, &err);
	ck_assert_msg(r == 0, "%s", err.msg);
	bt_close(&fds.udp);
	bt_close(&fds.tcp);
	json_decref(c);
	return sockets;
}

static void name(const char *network, const char *owner, const char *n, const char *v4,
		 const char *v6)
{
	const char *const names[] = { n, NULL };

	ck_assert(!put(client(owner, true, place(network, names, v4, v6)), false));
}

static void set_conf(const char *text)
{
	FILE *f = fopen(conf, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void open_resolver(void)
{
	const struct bt_resolver_owner owner = { .data = &server,
						 .start = start_server,
						 .lost = lost_server };
	struct bt_err err = { 0 };

	ck_assert_msg(bt_resolver_open(sock, &owner, &resolver, &err) == 0, "%s", err.msg);
}

static void set_up(void)
{
	static int fd;
	struct sockaddr_in sa;
	struct bt_err err = { 0 };
	pthread_t t;

	private_net();
	home = home_fd();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(sock, sizeof(sock), "%s/names.sock", dir);
	snprintf(conf, sizeof(conf), "%s/resolv.conf", dir);
	set_conf("nameserver 127.0.0.1\n");
	sem_init(&lost, 0, 0);
	ck_assert_int_eq(bt_nsthread_start(&thread, &err), 0);
	open_resolver();
	inside = bt_sandbox_create(thread, NULL, NULL, 0, &err);
	ck_assert_int_ge(inside, 0);
	ck_assert(put(client("me", true, place("n1", NULL, NULL, NULL)), true));
	name("n1", "c1", "web", "10.95.0.2", "fd00::2");
	name("n2", "c2", "other", "10.95.1.2", NULL);
	sa = at("127.0.0.1", 53);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, upstream, &fd), 0);
}

static void tear_down(void)
{
	static const char *const owners[] = { "me", "c1", "c2", "c3" };

	for (size_t i = 0; resolver && i < sizeof(owners) / sizeof(owners[0]); i++)
		bt_resolver_forget(resolver, owners[i]);
	bt_resolver_close(resolver);
	bt_nsthread_stop(thread);
	/* Nobody asks, and nobody tells: it goes by itself. */
	ck_assert_int_eq(waitpid(server, NULL, 0), server);
	unlink(sock);
	unlink(conf);
	rmdir(dir);
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

START_TEST(what_was_answered_is_kept_for_its_time)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_eq(ask(SOCK_DGRAM, "example.org", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_int_eq(ask(SOCK_DGRAM, "Example.ORG", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "192.0.2.99");
	ck_assert_int_eq(asked_upstream, 1);
	ck_assert_int_eq(ask(SOCK_DGRAM, "example.org", BT_DNS_TYPE_AAAA, &n, a), 0);
	ck_assert_int_eq(asked_upstream, 2);
}
END_TEST

START_TEST(a_change_of_the_hosts_servers_is_followed)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	/* Nobody is there, which is known at once. */
	set_conf("# another\nnameserver 127.0.0.2\n");
	ck_assert_int_eq(ask(SOCK_DGRAM, "example.org", BT_DNS_TYPE_A, &n, a),
			 BT_DNS_RCODE_FAILURE);
	ck_assert_int_eq(asked_upstream, 0);
	set_conf("nameserver 127.0.0.2\nnameserver 127.0.0.1\n");
	ck_assert_int_eq(ask(SOCK_DGRAM, "example.org", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "192.0.2.99");
}
END_TEST

START_TEST(links_are_names_for_one_container_only)
{
	json_t *p = place("n1", NULL, NULL, NULL);
	char a[INET_ADDRSTRLEN];
	int n = 0;

	json_object_set_new(p, "links", json_pack("{s:s,s:s}", "DB", "web", "gone", "nobody"));
	put(client("me", false, p), false);
	ck_assert_int_eq(ask(SOCK_DGRAM, "db", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "10.95.0.2");
	ck_assert_int_eq(ask(SOCK_DGRAM, "gone", BT_DNS_TYPE_A, &n, a), BT_DNS_RCODE_FAILURE);
	put(client("me", false, place("n1", NULL, NULL, NULL)), false);
	ck_assert_int_eq(ask(SOCK_DGRAM, "db", BT_DNS_TYPE_A, &n, a), BT_DNS_RCODE_FAILURE);
}
END_TEST

START_TEST(names_go_on_without_a_daemon_and_are_taken_up_by_the_next)
{
	char a[INET_ADDRSTRLEN];
	const pid_t first = server;
	int n = 0;

	bt_resolver_close(resolver);
	resolver = NULL;
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	open_resolver();
	bt_resolver_begin(resolver);
	ck_assert(put(client("me", true, place("n1", NULL, NULL, NULL)), false));
	bt_resolver_sweep(resolver);
	ck_assert_int_eq(server, first);
	/* What the new daemon did not tell of is gone. */
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "192.0.2.99");
}
END_TEST

START_TEST(what_could_not_be_told_again_is_tried_until_it_can)
{
	struct timespec until;

	atomic_store(&failures, 2);
	ck_assert_int_eq(kill(server, SIGKILL), 0);
	ck_assert_int_eq(waitpid(server, NULL, 0), server);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sem_timedwait(&lost, &until), 0);
	/* And then no more. */
	ck_assert_int_eq(atomic_load(&failures), -1);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	ck_assert_int_eq(sem_timedwait(&lost, &until), -1);
	ck_assert(!put(client("me", true, place("n1", NULL, NULL, NULL)), false));
}
END_TEST

START_TEST(the_death_of_the_name_server_is_noticed_and_another_takes_over)
{
	struct timespec until;
	char a[INET_ADDRSTRLEN];
	int n = 0;

	ck_assert_int_eq(kill(server, SIGKILL), 0);
	ck_assert_int_eq(waitpid(server, NULL, 0), server);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	ck_assert_int_eq(sem_timedwait(&lost, &until), 0);
	/* It has none of the sockets. */
	ck_assert(!put(client("me", true, place("n1", NULL, NULL, NULL)), false));
	ck_assert(put(client("me", true, place("n1", NULL, NULL, NULL)), true));
	name("n1", "c1", "web", "10.95.0.2", NULL);
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "10.95.0.2");
}
END_TEST

START_TEST(a_container_is_forgotten_at_its_monitors_end)
{
	const pid_t monitor = fork();
	char a[INET_ADDRSTRLEN];
	int fd, n = 0;

	if (monitor == 0) {
		pause();
		_exit(0);
	}
	fd = (int)syscall(SYS_pidfd_open, monitor, 0);
	bt_resolver_life(resolver, "c1", fd);
	close(fd);
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
	ck_assert_str_eq(a, "10.95.0.2");
	kill(monitor, SIGKILL);
	waitpid(monitor, NULL, 0);
	/* Told after the end: it answers only when it has looked at what came before. */
	put(client("me", false, place("n1", NULL, NULL, NULL)), false);
	ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), BT_DNS_RCODE_FAILURE);
}
END_TEST

/* glibc and musl ask for both at once. */
START_TEST(two_questions_wait_for_the_upstream_together)
{
	struct sockaddr_in to = at("127.0.0.11", 53);
	struct timeval patience = { .tv_sec = 6 };
	uint8_t msg[600];
	int fd;

	enter(inside);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enter(home);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	upstream_delay_ms = 100;
	ck_assert_int_gt(send(fd, msg, make_query("a.example", BT_DNS_TYPE_A, msg), 0), 0);
	ck_assert_int_gt(send(fd, msg, make_query("a.example", BT_DNS_TYPE_AAAA, msg), 0), 0);
	/* Both are with the upstream before the first is answered. */
	ck_assert_int_gt(recv(fd, msg, sizeof(msg), 0), 12);
	ck_assert_int_gt(recv(fd, msg, sizeof(msg), 0), 12);
	ck_assert_int_eq(asked_upstream, 2);
	close(fd);
}
END_TEST

START_TEST(a_flood_from_one_container_does_not_keep_the_others_waiting)
{
	struct sockaddr_in to = at("127.0.0.11", 53);
	uint8_t msg[600];
	char a[INET_ADDRSTRLEN];
	int fd, n = 0;

	const int victim = inside;
	struct bt_err err = { 0 };

	inside = bt_sandbox_create(thread, NULL, NULL, 0, &err);
	ck_assert_int_ge(inside, 0);
	ck_assert(put(client("c3", true, place("n1", NULL, NULL, NULL)), true));
	upstream_delay_ms = 1000;
	enter(inside);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enter(home);
	inside = victim;
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	for (int i = 0; i < 2000; i++) {
		char stranger[32];

		snprintf(stranger, sizeof(stranger), "n%d.example", i);
		(void)!send(fd, msg, make_query(stranger, BT_DNS_TYPE_A, msg), MSG_DONTWAIT);
	}
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
		ck_assert_str_eq(a, "10.95.0.2");
	}
	close(fd);
}
END_TEST

/* N03 */
START_TEST(a_container_without_a_way_out_asks_nobody)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	put(client("me", false, place("n1", NULL, NULL, NULL)), false);
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
	bt_resolver_forget(resolver, "c1");
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

START_TEST(one_socket_answers_question_after_question)
{
	char a[INET_ADDRSTRLEN];
	int n = 0;

	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(ask(SOCK_DGRAM, "web", BT_DNS_TYPE_A, &n, a), 0);
		ck_assert_int_eq(n, 1);
	}
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
	tcase_add_test(tc, what_was_answered_is_kept_for_its_time);
	tcase_add_test(tc, a_change_of_the_hosts_servers_is_followed);
	tcase_add_test(tc, links_are_names_for_one_container_only);
	tcase_add_test(tc, names_go_on_without_a_daemon_and_are_taken_up_by_the_next);
	tcase_add_test(tc, what_could_not_be_told_again_is_tried_until_it_can);
	tcase_add_test(tc, the_death_of_the_name_server_is_noticed_and_another_takes_over);
	tcase_add_test(tc, a_container_is_forgotten_at_its_monitors_end);
	tcase_add_test(tc, two_questions_wait_for_the_upstream_together);
	tcase_add_test(tc, a_flood_from_one_container_does_not_keep_the_others_waiting);
	tcase_add_test(tc, a_container_without_a_way_out_asks_nobody);
	tcase_add_test(tc, an_address_is_answered_with_its_name);
	tcase_add_test(tc, several_owners_of_a_name_take_turns);
	tcase_add_test(tc, a_program_inside_can_have_port_53_for_itself);
	tcase_add_test(tc, one_socket_answers_question_after_question);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
