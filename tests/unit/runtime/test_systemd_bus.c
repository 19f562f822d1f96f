/* SPDX-License-Identifier: Apache-2.0 */

/* A manager of our own at the other end: it answers by the book, or not. */

#include "runtime/systemd_bus.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sock.h"
#include "codec/dbus.h"

static char directory[] = "/tmp/berth-bus-XXXXXX";
static char path[64];
static pid_t server;

/* How the manager behaves at the call that starts a job. */
enum behaviour {
	OBEYS,
	FAILS_THE_JOB,
	HAS_NO_UNIT,
	HANGS_UP,
	TALKS_NONSENSE,
	REFUSES_US
};

static void read_all(int fd, char *to, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, to, len, 0);

		if (n <= 0)
			_exit(0);
		to += n;
		len -= (size_t)n;
	}
}

static void write_all(int fd, const void *from, size_t len)
{
	if (send(fd, from, len, MSG_NOSIGNAL) != (ssize_t)len)
		_exit(0);
}

static void greet(int fd, enum behaviour how)
{
	char line[128] = "";

	for (size_t n = 0; n < sizeof(line) - 1; n++) {
		read_all(fd, line + n, 1);
		if (line[n] == '\n')
			break;
	}
	if (line[0] != '\0' || strstr(line + 1, "AUTH EXTERNAL 30\r\n") == NULL ||
	    how == REFUSES_US) {
		write_all(fd, "REJECTED EXTERNAL\r\n", 19);
		_exit(0);
	}
	write_all(fd, "OK 0123456789abcdef\r\n", 21);
	read_all(fd, line, 7);
}

/* A message of type `type` that answers `serial`, or a signal where that is 0. The builder makes
 * calls, so the type is put in afterwards. */
static void answer(int fd, enum bt_dbus_type type, uint32_t serial, const char *member,
		   const char *signature, const struct bt_str *body)
{
	struct bt_str message = { 0 };
	const char head[] = { 'l', (char)type, 0, 1 };
	size_t array;

	bt_str_add(&message, head, sizeof(head));
	bt_dbus_put_u32(&message, (uint32_t)body->len);
	bt_dbus_put_u32(&message, 99);
	array = bt_dbus_begin_array(&message, 8);
	if (serial != 0) {
		bt_dbus_put_struct(&message);
		bt_str_putc(&message, 5);
		bt_dbus_put_signature(&message, "u");
		bt_dbus_put_u32(&message, serial);
	}
	bt_dbus_put_struct(&message);
	bt_str_putc(&message, serial != 0 ? 4 : 3);
	bt_dbus_put_signature(&message, "s");
	bt_dbus_put_str(&message, member);
	if (signature != NULL) {
		bt_dbus_put_struct(&message);
		bt_str_putc(&message, 8);
		bt_dbus_put_signature(&message, "g");
		bt_dbus_put_signature(&message, signature);
	}
	bt_dbus_end_array(&message, array, 8);
	bt_dbus_put_struct(&message);
	bt_str_add(&message, bt_str_get(body), body->len);
	write_all(fd, message.p, message.len);
	bt_str_done(&message);
}

static void tell_job(int fd, const char *unit, const char *result)
{
	struct bt_str body = { 0 };

	bt_dbus_put_u32(&body, 1);
	bt_dbus_put_str(&body, "/org/freedesktop/systemd1/job/1");
	bt_dbus_put_str(&body, unit);
	bt_dbus_put_str(&body, result);
	answer(fd, BT_DBUS_SIGNAL, 0, "JobRemoved", "uoss", &body);
	bt_str_done(&body);
}

static void serve_job(int fd, uint32_t serial, enum behaviour how)
{
	struct bt_str body = { 0 };

	switch (how) {
	case HANGS_UP:
		_exit(0);
	case TALKS_NONSENSE:
		write_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
		_exit(0);
	case HAS_NO_UNIT:
		bt_dbus_put_str(&body, "Unit x.scope not loaded.");
		answer(fd, BT_DBUS_ERROR, serial, "org.freedesktop.systemd1.NoSuchUnit", "s",
		       &body);
		return;
	default:
		tell_job(fd, "other.scope", "failed");
		answer(fd, BT_DBUS_RETURN, serial, "", NULL, &body);
		tell_job(fd, "x.scope", how == OBEYS ? "done" : "failed");
	}
}

static _Noreturn void serve(int listener, enum behaviour how)
{
	_Alignas(8) char bytes[4096];
	const struct bt_str none = { 0 };
	int fd = accept(listener, NULL, NULL);

	greet(fd, how);
	for (;;) {
		struct bt_dbus_message m;
		size_t size;

		read_all(fd, bytes, BT_DBUS_HEAD_LEN);
		if (bt_dbus_size(bytes, &size) < 0 || size > sizeof(bytes))
			_exit(1);
		read_all(fd, bytes + BT_DBUS_HEAD_LEN, size - BT_DBUS_HEAD_LEN);
		if (bt_dbus_read(bytes, size, &m) < 0)
			_exit(1);
		if (strcmp(m.member, "StopUnit") == 0)
			serve_job(fd, m.serial, how);
		else
			answer(fd, BT_DBUS_RETURN, m.serial, "", NULL, &none);
	}
}

static void start_server(enum behaviour how)
{
	int listener = bt_sock_listen(path, SOCK_STREAM, 0600);

	ck_assert_int_ge(listener, 0);
	server = fork();
	if (server == 0)
		serve(listener, how);
	(void)close(listener);
}

static void set_up(void)
{
	char address[96];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/bus", directory);
	(void)snprintf(address, sizeof(address), "unix:path=%s", path);
	ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
}

static void tear_down(void)
{
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	(void)unlink(path);
	(void)rmdir(directory);
}

static int stop(struct bt_err *err)
{
	bt_auto_systemd_bus struct bt_systemd_bus bus = { .fd = -EBADF };
	struct bt_str body = { 0 };
	int r = bt_systemd_bus_open(&bus, err);

	ck_assert_msg(r == 0, "%s", err->msg);
	bt_dbus_put_str(&body, "x.scope");
	bt_dbus_put_str(&body, "replace");
	r = bt_systemd_bus_job(&bus, "x.scope", "StopUnit", "ss", &body, err);
	bt_str_done(&body);
	return r;
}

START_TEST(a_job_is_waited_for_and_others_jobs_are_not_taken_for_it)
{
	struct bt_err err = { 0 };

	start_server(OBEYS);
	ck_assert_int_eq(stop(&err), 0);
}
END_TEST

START_TEST(a_job_that_failed_is_an_error_with_its_result)
{
	struct bt_err err = { 0 };

	start_server(FAILS_THE_JOB);
	ck_assert_int_eq(stop(&err), -ECANCELED);
	ck_assert_ptr_nonnull(strstr(err.msg, "StopUnit x.scope: failed"));
}
END_TEST

START_TEST(a_unit_that_is_not_there_is_told_apart)
{
	struct bt_err err = { 0 };

	start_server(HAS_NO_UNIT);
	ck_assert_int_eq(stop(&err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "Unit x.scope not loaded."));
}
END_TEST

START_TEST(a_manager_that_hangs_up_is_an_error)
{
	struct bt_err err = { 0 };

	start_server(HANGS_UP);
	ck_assert_int_eq(stop(&err), -ECONNRESET);
}
END_TEST

START_TEST(what_is_no_message_is_an_error)
{
	struct bt_err err = { 0 };

	start_server(TALKS_NONSENSE);
	ck_assert_int_eq(stop(&err), -EPROTO);
}
END_TEST

START_TEST(where_no_manager_takes_us_the_places_are_named)
{
	bt_auto_systemd_bus struct bt_systemd_bus bus = { .fd = -EBADF };
	struct bt_err err = { 0 };

	if (access("/run/systemd/private", F_OK) == 0)
		return;
	start_server(REFUSES_US);
	ck_assert_int_lt(bt_systemd_bus_open(&bus, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	ck_assert_ptr_nonnull(strstr(err.msg, "/run/systemd/private"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/systemd_bus");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, a_job_is_waited_for_and_others_jobs_are_not_taken_for_it);
	tcase_add_test(all, a_job_that_failed_is_an_error_with_its_result);
	tcase_add_test(all, a_unit_that_is_not_there_is_told_apart);
	tcase_add_test(all, a_manager_that_hangs_up_is_an_error);
	tcase_add_test(all, what_is_no_message_is_an_error);
	tcase_add_test(all, where_no_manager_takes_us_the_places_are_named);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
