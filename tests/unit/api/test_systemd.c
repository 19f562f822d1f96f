/* SPDX-License-Identifier: Apache-2.0 */

#include "api/systemd.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sock.h"

/* Of an abstract address: its family, and the name with the NUL before it. */
#define ADDR_LEN (offsetof(struct sockaddr_un, sun_path) + 11)

START_TEST(a_state_reaches_the_service_manager)
{
	const struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "\0berth-test" };
	char path[64], got[32] = { 0 };
	int sock;

	snprintf(path, sizeof(path), "/tmp/test_api_systemd.%d", (int)getpid());
	bt_systemd_notify("READY=1"); /* nobody listens: nothing happens */
	sock = bt_sock_listen(path, SOCK_SEQPACKET, 0600);
	ck_assert_int_ge(sock, 0);
	setenv("NOTIFY_SOCKET", path, 1);
	bt_systemd_notify("READY=1"); /* of another type: refused, and no harm done */
	close(sock);
	unlink(path);

	sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(sock, (const struct sockaddr *)&addr, ADDR_LEN), 0);
	setenv("NOTIFY_SOCKET", "@berth-test", 1);
	bt_systemd_notify("READY=1");
	ck_assert_int_eq(recv(sock, got, sizeof(got), MSG_DONTWAIT), 7);
	ck_assert_str_eq(got, "READY=1");
}
END_TEST

START_TEST(sockets_are_ours_only_by_our_pid)
{
	char pid[16];
	int first;

	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_PID", "1", 1);
	ck_assert_int_eq(bt_systemd_listen_fds(&first), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	ck_assert_int_eq(bt_systemd_listen_fds(&first), 2);
	ck_assert_int_eq(first, 3);
	setenv("LISTEN_FDS", "99999999", 1);
	ck_assert_int_eq(bt_systemd_listen_fds(&first), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/systemd");
	TCase *talk = tcase_create("talk");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(talk, a_state_reaches_the_service_manager);
	tcase_add_test(talk, sockets_are_ours_only_by_our_pid);
	suite_add_tcase(suite, talk);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
