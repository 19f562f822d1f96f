/* SPDX-License-Identifier: Apache-2.0 */

#include "api/listen.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"

static const struct bt_listen_options plain = { 0 };

static void must_refuse(const char *host, const char *message)
{
	struct bt_listen l = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_listen_add(&l, host, &plain, &err), 0);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_msg(strstr(err.msg, message) != NULL, "'%s' lacks '%s'", err.msg, message);
}

START_TEST(a_unix_socket_is_for_root_and_its_group_and_the_next_one_takes_its_name)
{
	const struct bt_listen_options opt = { .group = "4711" };
	struct bt_listen l = { 0 };
	struct bt_err err = { 0 };
	char host[64];
	struct stat st;
	int sock;

	snprintf(host, sizeof(host), "unix:///tmp/test_api_listen.%d", (int)getpid());
	ck_assert_int_eq(bt_listen_add(&l, host, &opt, &err), 0);
	ck_assert_int_eq(stat(host + 7, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_uint_eq(st.st_gid, 4711);
	sock = bt_sock_connect(host + 7, SOCK_STREAM);
	ck_assert_int_ge(sock, 0);
	bt_close(&sock);
	must_refuse(host, "listens on unix://");
	bt_listen_done(&l);
	/* Its name stays for those who wait, and nobody is behind it. */
	ck_assert_int_eq(stat(host + 7, &st), 0);
	ck_assert_int_eq(bt_sock_connect(host + 7, SOCK_STREAM), -ECONNREFUSED);
	ck_assert_int_eq(bt_listen_add(&l, host, &opt, &err), 0);
	sock = bt_sock_connect(host + 7, SOCK_STREAM);
	ck_assert_int_ge(sock, 0);
	bt_close(&sock);
	bt_listen_done(&l);
	ck_assert_int_eq(unlink(host + 7), 0);
}
END_TEST

START_TEST(plain_tcp_is_for_loopback_only)
{
	struct bt_listen l = { 0 };
	struct bt_err err = { 0 };

	must_refuse("tcp://0.0.0.0:0", "without TLS gives root");
	must_refuse("tcp://[::]:0", "without TLS gives root");
	ck_assert_int_eq(bt_listen_add(&l, "tcp://127.0.0.1:0", &plain, &err), 0);
	ck_assert(!l.sockets[0].tls);
	bt_listen_done(&l);
}
END_TEST

START_TEST(hosts_that_make_no_sense_are_named)
{
	must_refuse("http://x", "invalid host \"http://x\"");
	must_refuse("tcp://localhost:99999", "invalid port in tcp://localhost:99999");
	must_refuse("tcp://example.com:1", "invalid address in tcp://example.com:1");
	must_refuse("tcp://[", "invalid");
	must_refuse("fd://", "no sockets found via socket activation");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/listen");
	TCase *adding = tcase_create("add");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(adding,
		       a_unix_socket_is_for_root_and_its_group_and_the_next_one_takes_its_name);
	tcase_add_test(adding, plain_tcp_is_for_loopback_only);
	tcase_add_test(adding, hosts_that_make_no_sense_are_named);
	suite_add_tcase(suite, adding);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
