/* SPDX-License-Identifier: Apache-2.0 */

#include "net/forwarder.h"

#include <jansson.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "net/forward.h"
#include "net/helper_link.h"
#include "net/port_hold.h"
#include "private_net.h"

#define PORT 8080

static struct bt_helper_link *link_;
static char dir[] = "/tmp/forward-test-XXXXXX", sock[64];
static pid_t server;
static sem_t lost;
static int target_fd; /* a service of the "container": 127.0.0.2, TCP */
static uint16_t target_port;

static struct bt_prefix address(const char *text)
{
	struct bt_prefix p = { 0 };

	ck_assert_int_eq(bt_prefix_parse_address(text, &p), 0);
	return p;
}

/* The forwarder, as a process of this test. */
static int start_server(void *data, int listen_fd, struct bt_err *err)
{
	(void)data;
	(void)err;
	server = fork();
	if (server == 0)
		_exit(bt_forwarder_serve(listen_fd));
	return server < 0 ? -errno : 0;
}

static int lost_server(void *data, bool ended)
{
	(void)data;
	(void)ended;
	sem_post(&lost);
	return 0;
}

static const struct bt_helper_link_owner owner = { .what = "the forwarder",
						   .version = BT_FORWARDER_VERSION,
						   .start = start_server,
						   .lost = lost_server };

static void open_link(void)
{
	struct bt_err err = { 0 };

	ck_assert_msg(bt_helper_link_open(sock, &owner, &link_, &err) == 0, "%s", err.msg);
}

static void setup(void)
{
	struct sockaddr_in sa = at("127.0.0.2", 0);
	socklen_t len = sizeof(sa);

	private_net();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(sock, sizeof(sock), "%s/sock", dir);
	sem_init(&lost, 0, 0);
	target_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(target_fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(target_fd, 64), 0);
	ck_assert_int_eq(getsockname(target_fd, (struct sockaddr *)&sa, &len), 0);
	target_port = ntohs(sa.sin_port);
	open_link();
}

static void teardown(void)
{
	bt_helper_link_close(link_);
	if (server > 0)
		kill(server, SIGKILL);
	unlink(sock);
	rmdir(dir);
}

static struct bt_forward_port port(int proto, const char *host, uint16_t number)
{
	return (struct bt_forward_port){ .proto = proto,
					 .host = address(host),
					 .number = number,
					 .target = address("127.0.0.2"),
					 .target_number = target_port,
					 .fd = -EBADF };
}

/* Held and served. Returns the holding descriptor. */
static int publish(struct bt_forward_port *p)
{
	struct bt_err err = { 0 };

	p->fd = bt_port_hold(p->proto, &p->host, p->number, true);
	ck_assert_int_ge(p->fd, 0);
	ck_assert_msg(bt_forward_put(link_, "c1", p, 1, -EBADF, &err) == 0, "%s", err.msg);
	ck_assert(!p->missing);
	return p->fd;
}

/* A client of the port by IPv6; -errno where it is refused. */
static int call(int type, uint16_t number)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_port = htons(number),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct timeval patience = { .tv_sec = 60 };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static int take_call(void)
{
	int fd = accept4(target_fd, NULL, NULL, SOCK_CLOEXEC);
	struct timeval patience = { .tv_sec = 60 };

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void expect(int fd, const char *text)
{
	char got[64] = "";

	ck_assert_int_eq(recv(fd, got, strlen(text), MSG_WAITALL), (ssize_t)strlen(text));
	ck_assert_str_eq(got, text);
}

START_TEST(a_connection_from_loopback_is_carried_both_ways)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	int held = publish(&p), c, s;

	c = call(SOCK_STREAM, PORT);
	ck_assert_int_ge(c, 0);
	s = take_call();
	ck_assert_int_eq(send(c, "question", 8, 0), 8);
	expect(s, "question");
	ck_assert_int_eq(send(s, "answer", 6, 0), 6);
	expect(c, "answer");
	close(c);
	close(s);
	close(held);
}
END_TEST

START_TEST(the_end_of_one_way_leaves_the_other_open)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	char byte;
	int held = publish(&p), c = call(SOCK_STREAM, PORT), s = take_call();

	ck_assert_int_eq(send(c, "all", 3, 0), 3);
	ck_assert_int_eq(shutdown(c, SHUT_WR), 0);
	expect(s, "all");
	ck_assert_int_eq(recv(s, &byte, 1, 0), 0);
	ck_assert_int_eq(send(s, "late", 4, 0), 4);
	expect(c, "late");
	close(s);
	ck_assert_int_eq(recv(c, &byte, 1, 0), 0);
	close(c);
	close(held);
}
END_TEST

/* Reads all that comes, slowly at first, and counts. */
static void *drain(void *arg)
{
	static char buf[1 << 16];
	size_t *sum = arg, n = 0;
	int fd = (int)*sum;
	ssize_t r;

	usleep(50000);
	while ((r = recv(fd, buf, sizeof(buf), 0)) > 0)
		n += (size_t)r;
	*sum = n;
	return NULL;
}

START_TEST(sixteen_megabytes_arrive_whole_at_a_reader_who_is_late)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	static char buf[1 << 20];
	int held = publish(&p), c = call(SOCK_STREAM, PORT), s = take_call();
	size_t sum = (size_t)s;
	pthread_t reader;

	pthread_create(&reader, NULL, drain, &sum);
	for (int i = 0; i < 16; i++)
		for (size_t sent = 0; sent < sizeof(buf);) {
			ssize_t n = send(c, buf, sizeof(buf) - sent, 0);

			ck_assert_int_gt(n, 0);
			sent += (size_t)n;
		}
	shutdown(c, SHUT_WR);
	pthread_join(reader, NULL);
	ck_assert_uint_eq(sum, 16u << 20);
	close(c);
	close(s);
	close(held);
}
END_TEST

START_TEST(where_the_container_refuses_the_client_is_reset)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	char byte;
	int held, c;

	close(target_fd);
	held = publish(&p);
	c = call(SOCK_STREAM, PORT);
	if (c >= 0) {
		ck_assert_int_eq(recv(c, &byte, 1, 0), -1);
		ck_assert_int_eq(errno, ECONNRESET);
		close(c);
	} else {
		ck_assert_int_eq(c, -ECONNRESET);
	}
	close(held);
}
END_TEST

START_TEST(a_port_that_is_dropped_cuts_its_connections_and_refuses_the_next)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	char byte;
	int held = publish(&p), c = call(SOCK_STREAM, PORT), s = take_call();

	bt_forward_drop(link_, "c1", &p, 1);
	ck_assert_int_eq(recv(c, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	/* It is held as long as somebody has the descriptor, but nobody listens. */
	ck_assert_int_eq(call(SOCK_STREAM, PORT), -ECONNREFUSED);
	close(c);
	close(s);
	close(held);
}
END_TEST

static int datagram_target(uint16_t *ret_port)
{
	struct sockaddr_in sa = at("127.0.0.2", 0);
	struct timeval patience = { .tv_sec = 60 };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*ret_port = ntohs(sa.sin_port);
	return fd;
}

START_TEST(datagrams_of_two_clients_are_told_apart)
{
	struct bt_forward_port p = port(IPPROTO_UDP, "::", PORT);
	struct sockaddr_in from[2];
	socklen_t len = sizeof(from[0]);
	int t = datagram_target(&p.target_number), held = publish(&p), c[2];
	char in[16];

	for (int i = 0; i < 2; i++) {
		c[i] = call(SOCK_DGRAM, PORT);
		ck_assert_int_eq(send(c[i], i ? "two" : "one", 3, 0), 3);
		ck_assert_int_eq(recvfrom(t, in, sizeof(in), 0, (struct sockaddr *)&from[i], &len),
				 3);
	}
	ck_assert_int_ne(from[0].sin_port, from[1].sin_port);
	/* Connected sockets take an answer only from the address that they asked. */
	ck_assert_int_eq(sendto(t, "for two", 7, 0, (struct sockaddr *)&from[1], len), 7);
	expect(c[1], "for two");
	ck_assert_int_eq(sendto(t, "for one", 7, 0, (struct sockaddr *)&from[0], len), 7);
	expect(c[0], "for one");
	close(c[0]);
	close(c[1]);
	close(t);
	close(held);
}
END_TEST

START_TEST(a_datagram_may_be_empty_or_as_large_as_they_get)
{
	struct bt_forward_port p = port(IPPROTO_UDP, "::", PORT);
	static char big[65000];
	int t = datagram_target(&p.target_number), held = publish(&p);
	int c = call(SOCK_DGRAM, PORT);

	ck_assert_int_eq(send(c, "", 0, 0), 0);
	ck_assert_int_eq(recv(t, big, sizeof(big), 0), 0);
	ck_assert_int_eq(send(c, big, sizeof(big), 0), (ssize_t)sizeof(big));
	ck_assert_int_eq(recv(t, big, sizeof(big), 0), (ssize_t)sizeof(big));
	close(c);
	close(t);
	close(held);
}
END_TEST

START_TEST(a_port_without_a_socket_is_named_as_missing)
{
	struct bt_forward_port p[3] = { port(IPPROTO_TCP, "::1", 1001),
					port(IPPROTO_TCP, "::1", 1002),
					port(IPPROTO_TCP, "::1", 1003) };
	struct bt_err err = { 0 };

	p[1].fd = bt_port_hold(IPPROTO_TCP, &p[1].host, 1002, false);
	ck_assert_int_eq(bt_forward_put(link_, "c1", p, 3, -EBADF, &err), 0);
	ck_assert(p[0].missing && !p[1].missing && p[2].missing);
	/* And is there with it. */
	p[2].fd = bt_port_hold(IPPROTO_TCP, &p[2].host, 1003, false);
	bt_close(&p[1].fd);
	ck_assert_int_eq(bt_forward_put(link_, "c1", p, 3, -EBADF, &err), 0);
	ck_assert(p[0].missing && !p[1].missing && !p[2].missing);
	close(p[2].fd);
}
END_TEST

START_TEST(another_daemon_finds_the_ports_and_connections_of_the_first)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	struct bt_err err = { 0 };
	int held = publish(&p), c = call(SOCK_STREAM, PORT), s = take_call();

	bt_helper_link_close(link_);
	close(held);
	/* While no daemon runs. */
	ck_assert_int_eq(send(c, "still", 5, 0), 5);
	expect(s, "still");
	open_link();
	p.fd = -EBADF;
	bt_forward_begin(link_);
	ck_assert_int_eq(bt_forward_put(link_, "c1", &p, 1, -EBADF, &err), 0);
	ck_assert(!p.missing);
	bt_forward_sweep(link_);
	ck_assert_int_eq(send(s, "here", 4, 0), 4);
	expect(c, "here");
	close(c);
	close(s);
}
END_TEST

START_TEST(what_another_daemon_does_not_mention_is_dropped)
{
	struct bt_forward_port a = port(IPPROTO_TCP, "::1", PORT),
			       b = port(IPPROTO_TCP, "::1", PORT + 1);
	struct bt_err err = { 0 };
	int held_a = publish(&a), held_b = publish(&b);

	bt_forward_begin(link_);
	a.fd = -EBADF;
	ck_assert_int_eq(bt_forward_put(link_, "c1", &a, 1, -EBADF, &err), 0);
	bt_forward_sweep(link_);
	ck_assert_int_ge(call(SOCK_STREAM, PORT), 0);
	ck_assert_int_eq(call(SOCK_STREAM, PORT + 1), -ECONNREFUSED);
	close(held_a);
	close(held_b);
}
END_TEST

START_TEST(a_container_is_forgotten_with_its_monitor)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	const pid_t monitor = fork();
	int held, life, r = 0;

	if (monitor == 0)
		for (;;)
			pause();
	held = publish(&p);
	life = (int)syscall(SYS_pidfd_open, monitor, 0);
	bt_forward_life(link_, "c1", life);
	r = call(SOCK_STREAM, PORT);
	ck_assert_int_ge(r, 0);
	close(r);
	kill(monitor, SIGKILL);
	waitpid(monitor, NULL, 0);
	/* The forwarder hears of it by itself, in its own time. */
	while ((r = call(SOCK_STREAM, PORT)) != -ECONNREFUSED) {
		if (r >= 0)
			close(r);
		usleep(1000);
	}
	close(life);
	close(held);
}
END_TEST

START_TEST(it_ends_with_the_last_port_when_no_daemon_is_there)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	int held = publish(&p), status;

	bt_forward_forget(link_, "c1");
	bt_helper_link_close(link_);
	link_ = NULL;
	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	server = 0;
	close(held);
}
END_TEST

START_TEST(its_death_is_noticed_and_the_next_takes_the_same_sockets)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	struct bt_err err = { 0 };
	int held = publish(&p), c;
	const pid_t first = server;

	kill(first, SIGKILL);
	waitpid(first, NULL, 0);
	ck_assert_int_eq(sem_wait(&lost), 0);
	ck_assert_int_eq(bt_forward_put(link_, "c1", &p, 1, -EBADF, &err), 0);
	ck_assert(!p.missing);
	ck_assert_int_ne(server, first);
	c = call(SOCK_STREAM, PORT);
	ck_assert_int_ge(c, 0);
	close(take_call());
	close(c);
	close(held);
}
END_TEST

/* The client's end of it stays for a minute in the kernel, and nobody else has the port. */
START_TEST(a_port_is_free_for_the_next_daemon_although_a_connection_through_it_lingers)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	struct bt_err err = { 0 };
	char byte;
	int c, s;

	p.fd = bt_port_hold(p.proto, &p.host, p.number, false);
	ck_assert_int_ge(p.fd, 0);
	ck_assert_msg(bt_forward_put(link_, "c1", &p, 1, -EBADF, &err) == 0, "%s", err.msg);
	close(p.fd);
	c = call(SOCK_STREAM, PORT);
	ck_assert_int_ge(c, 0);
	s = take_call();
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = 0;
	ck_assert_int_eq(recv(c, &byte, 1, 0), 0);
	p.fd = bt_port_hold(p.proto, &p.host, p.number, true);
	ck_assert_msg(p.fd >= 0, "%s", strerror(-p.fd));
	close(p.fd);
	close(s);
	close(c);
}
END_TEST

/* While it is served, nobody else gets it by being lenient. */
START_TEST(a_port_that_is_served_is_in_use)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	int held = publish(&p);

	ck_assert_int_eq(bt_port_hold(p.proto, &p.host, p.number, true), -EADDRINUSE);
	ck_assert_int_eq(bt_port_hold(p.proto, &p.host, p.number, false), -EADDRINUSE);
	close(held);
}
END_TEST

START_TEST(a_new_target_cuts_what_went_to_the_old)
{
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	struct bt_err err = { 0 };
	char byte;
	int held = publish(&p), c = call(SOCK_STREAM, PORT), s = take_call();

	p.target_number = (uint16_t)(target_port == 9 ? 10 : 9);
	ck_assert_int_eq(bt_forward_put(link_, "c1", &p, 1, -EBADF, &err), 0);
	ck_assert_int_eq(recv(c, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	close(c);
	close(s);
	close(held);
}
END_TEST

START_TEST(a_thousand_ports_are_told_in_many_messages_and_served_by_one_process)
{
	enum {
		N = 1000
	};
	static struct bt_forward_port all[N];
	struct bt_err err = { 0 };
	int c;

	for (int i = 0; i < N; i++) {
		all[i] = port(IPPROTO_TCP, "::1", (uint16_t)(20000 + i));
		all[i].fd = bt_port_hold(IPPROTO_TCP, &all[i].host, all[i].number, false);
		ck_assert_int_ge(all[i].fd, 0);
	}
	ck_assert_int_eq(bt_forward_put(link_, "c1", all, N, -EBADF, &err), 0);
	for (int i = 0; i < N; i += 333) {
		ck_assert(!all[i].missing);
		c = call(SOCK_STREAM, all[i].number);
		ck_assert_int_ge(c, 0);
		close(take_call());
		close(c);
	}
	bt_forward_drop(link_, "c1", all, N);
	ck_assert_int_eq(call(SOCK_STREAM, all[N - 1].number), -ECONNREFUSED);
	for (int i = 0; i < N; i++)
		close(all[i].fd);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_and_changes_nothing)
{
	static const char *const wrong[] = {
		"{\"op\":\"put\",\"ports\":[]}",
		"{\"op\":\"nonsense\"}",
		"{\"op\":\"put\",\"owner\":\"c2\",\"ports\":[{\"key\":\"a\",\"proto\":1,\"target\":"
		"\"127.0.0.2\",\"port\":80}]}",
		"{\"op\":\"put\",\"owner\":\"c2\",\"ports\":[{\"key\":\"a\",\"proto\":6,\"target\":"
		"\"here\",\"port\":80}]}",
		"{\"op\":\"put\",\"owner\":\"c2\",\"ports\":[{\"key\":\"a\",\"proto\":6,\"target\":"
		"\"127.0.0.2\",\"port\":65536}]}",
		"{\"op\":\"put\",\"owner\":\"c2\",\"ports\":[{\"proto\":6,\"target\":\"127.0.0.2\","
		"\"port\":80}]}",
		"{\"op\":\"put\",\"owner\":\"c2\",\"ports\":[7]}",
	};
	struct bt_forward_port p = port(IPPROTO_TCP, "::1", PORT);
	int held = publish(&p), c;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_auto_t *request = json_loads(wrong[i], 0, NULL), *reply = NULL;
		struct bt_err err = { 0 };

		ck_assert_ptr_nonnull(request);
		ck_assert_msg(bt_helper_link_ask(link_, request, NULL, 0, &reply, &err) < 0, "%s",
			      wrong[i]);
	}
	c = call(SOCK_STREAM, PORT);
	ck_assert_int_ge(c, 0);
	close(c);
	close(held);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net/forwarder");
	TCase *tc = tcase_create("forwarder");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_connection_from_loopback_is_carried_both_ways);
	tcase_add_test(tc, the_end_of_one_way_leaves_the_other_open);
	tcase_add_test(tc, sixteen_megabytes_arrive_whole_at_a_reader_who_is_late);
	tcase_add_test(tc, where_the_container_refuses_the_client_is_reset);
	tcase_add_test(tc, a_port_that_is_dropped_cuts_its_connections_and_refuses_the_next);
	tcase_add_test(tc, datagrams_of_two_clients_are_told_apart);
	tcase_add_test(tc, a_datagram_may_be_empty_or_as_large_as_they_get);
	tcase_add_test(tc, a_port_without_a_socket_is_named_as_missing);
	tcase_add_test(tc, another_daemon_finds_the_ports_and_connections_of_the_first);
	tcase_add_test(tc, what_another_daemon_does_not_mention_is_dropped);
	tcase_add_test(tc, a_container_is_forgotten_with_its_monitor);
	tcase_add_test(tc, it_ends_with_the_last_port_when_no_daemon_is_there);
	tcase_add_test(tc, its_death_is_noticed_and_the_next_takes_the_same_sockets);
	tcase_add_test(tc,
		       a_port_is_free_for_the_next_daemon_although_a_connection_through_it_lingers);
	tcase_add_test(tc, a_port_that_is_served_is_in_use);
	tcase_add_test(tc, a_new_target_cuts_what_went_to_the_old);
	tcase_add_test(tc, a_thousand_ports_are_told_in_many_messages_and_served_by_one_process);
	tcase_add_test(tc, what_makes_no_sense_is_refused_and_changes_nothing);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
