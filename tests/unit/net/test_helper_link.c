/* SPDX-License-Identifier: Apache-2.0 */

#include "net/helper_link.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "codec/json.h"

#define VERSION 3

static char dir[] = "/tmp/test_helper_link.XXXXXX";
static char path[64];
static struct bt_err err;

/* ---- a helper, as net/helper.h has it, in a thread -------------------------------- */

static struct {
	pthread_t thread;
	int listener;
	int version;
	bool running;
	_Atomic int connections; /* that were made to it */
	_Atomic int drops;       /* "drop" so often ends the connection instead of being answered */
	_Atomic int started, lost;
	_Atomic int ends;     /* calls of lost() that say so */
	_Atomic int failures; /* so often telling everything fails */
} helper;

static int reply_to(int conn, const json_t *request)
{
	const char *op = bt_json_str(request, "op", "");
	char text[64];

	if (strcmp(op, "drop") == 0 && helper.drops > 0) {
		helper.drops--;
		return -1;
	}
	if (strcmp(op, "fail") == 0)
		(void)snprintf(text, sizeof(text), "{\"error\":%d}", EBUSY);
	else
		(void)snprintf(text, sizeof(text), "{\"ok\":true,\"v\":%d}", helper.version);
	if (bt_sock_send(conn, text, strlen(text), NULL, 0) < 0)
		return -1;
	return strcmp(op, "quit") == 0 ? 1 : 0;
}

/* Returns 1 where it is told to quit. */
static int serve(int conn)
{
	for (;;) {
		json_auto_t *json = NULL;
		int fds[BT_SOCK_FDS_MAX];
		char text[1024];
		size_t nfds;
		ssize_t n = bt_sock_recv(conn, text, sizeof(text), fds, &nfds, 0);
		int r;

		if (n <= 0 || bt_json_parse(text, (size_t)n, 0, &json, BT_ERR_IGNORED) < 0)
			return 0;
		r = reply_to(conn, json);
		if (r != 0)
			return r > 0;
	}
}

static void *run_helper(void *arg)
{
	int quit = 0;

	(void)arg;
	while (!quit) {
		bt_auto_close int conn = accept4(helper.listener, NULL, NULL, SOCK_CLOEXEC);

		if (conn < 0)
			break;
		helper.connections++;
		quit = serve(conn);
	}
	bt_close(&helper.listener);
	return NULL;
}

static void begin_helper(int listener, int version)
{
	if (helper.running)
		ck_assert_int_eq(pthread_join(helper.thread, NULL), 0);
	helper.listener = listener;
	helper.version = version;
	ck_assert_int_eq(pthread_create(&helper.thread, NULL, run_helper, NULL), 0);
	helper.running = true;
}

/* It ends as one that is killed: nobody listens, and its connection is cut. */
static void end_helper(struct bt_helper_link *link)
{
	bt_helper_link_tell(link, json_pack("{s:s}", "op", "quit"), NULL, 0);
	ck_assert_int_eq(pthread_join(helper.thread, NULL), 0);
	helper.running = false;
}

static int start_one(void *data, int listen_fd, struct bt_err *e)
{
	(void)data;
	(void)e;
	helper.started++;
	begin_helper(fcntl(listen_fd, F_DUPFD_CLOEXEC, 3), VERSION);
	return 0;
}

static int note_loss(void *data, bool ended)
{
	(void)data;
	helper.ends += ended;
	helper.lost++;
	return helper.failures > 0 && helper.failures-- > 0 ? -EBUSY : 0;
}

static struct bt_helper_link *open_link(void)
{
	const struct bt_helper_link_owner owner = {
		.what = "the helper", .version = VERSION, .start = start_one, .lost = note_loss
	};
	struct bt_helper_link *link;

	ck_assert_int_eq(bt_helper_link_open(path, &owner, &link, &err), 0);
	return link;
}

static int ask(struct bt_helper_link *link, const char *op)
{
	json_auto_t *request = json_pack("{s:s}", "op", op), *reply = NULL;

	return bt_helper_link_ask(link, request, NULL, 0, &reply, &err);
}

static void await(const _Atomic int *count, int n)
{
	while (*count < n)
		(void)usleep(1000);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/sock", dir);
}

static void tear_down(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

START_TEST(the_first_request_has_a_helper_started_and_others_use_it)
{
	struct bt_helper_link *link = open_link();

	ck_assert_int_eq(helper.started, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ask(link, "x"), 0);
	ck_assert_int_eq(helper.started, 1);
	ck_assert_int_eq(helper.connections, 1);
	end_helper(link);
	bt_helper_link_close(link);
}
END_TEST

START_TEST(what_a_helper_refuses_is_an_error_and_no_end_of_the_connection)
{
	struct bt_helper_link *link = open_link();

	ck_assert_int_eq(ask(link, "fail"), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.msg, "tell the helper"));
	ck_assert_int_eq(ask(link, "x"), 0);
	ck_assert_int_eq(helper.connections, 1);
	end_helper(link);
	bt_helper_link_close(link);
}
END_TEST

START_TEST(where_none_runs_nobody_is_told_and_none_is_started)
{
	struct bt_helper_link *link = open_link();

	bt_helper_link_tell(link, json_pack("{s:s}", "op", "x"), NULL, 0);
	bt_helper_link_tell(link, NULL, NULL, 0);
	ck_assert_int_eq(helper.started, 0);
	bt_helper_link_close(link);
	bt_helper_link_close(NULL);
}
END_TEST

START_TEST(a_helper_that_has_gone_is_followed_by_another_which_is_told_everything)
{
	struct bt_helper_link *link = open_link();

	ck_assert_int_eq(ask(link, "x"), 0);
	end_helper(link);
	await(&helper.lost, 1);
	ck_assert_int_eq(ask(link, "x"), 0);
	ck_assert_int_eq(helper.started, 2);
	end_helper(link);
	bt_helper_link_close(link);
}
END_TEST

START_TEST(what_could_not_be_told_is_told_again_until_it_can_be)
{
	struct bt_helper_link *link = open_link();

	helper.failures = 2;
	bt_helper_link_again(link);
	await(&helper.lost, 3);
	ck_assert_int_eq(helper.failures, 0);
	bt_helper_link_again(link);
	await(&helper.lost, 4);
	bt_helper_link_close(link);
	ck_assert_int_eq(helper.lost, 4);
	ck_assert_int_eq(helper.ends, 0);
}
END_TEST

START_TEST(the_end_of_a_helper_is_told_once_however_often_telling_everything_fails)
{
	struct bt_helper_link *link = open_link();

	ck_assert_int_eq(ask(link, "x"), 0);
	helper.failures = 2;
	end_helper(link);
	await(&helper.lost, 3);
	bt_helper_link_close(link);
	ck_assert_int_eq(helper.lost, 3);
	ck_assert_int_eq(helper.ends, 1);
}
END_TEST

/* Nobody can listen in its place. And the new connection has the number of the old one, whose end
 * the watching thread may hear of afterwards. */
START_TEST(a_lost_connection_to_a_helper_that_lives_on_is_made_anew)
{
	struct bt_helper_link *link = open_link();

	ck_assert_int_eq(ask(link, "x"), 0);
	for (int i = 1; i <= 20; i++) {
		helper.drops = 1;
		ck_assert_msg(ask(link, "drop") == 0, "%s", err.msg);
		await(&helper.lost, i);
		ck_assert_int_eq(ask(link, "x"), 0);
		ck_assert_int_eq(helper.connections, 1 + i);
		ck_assert_int_eq(helper.lost, i);
	}
	ck_assert_int_eq(helper.started, 1);
	end_helper(link);
	bt_helper_link_close(link);
}
END_TEST

START_TEST(one_that_runs_already_is_used_and_one_of_another_version_is_told_to_quit)
{
	struct bt_helper_link *link;

	begin_helper(bt_sock_listen(path, SOCK_SEQPACKET, 0600), VERSION);
	link = open_link();
	ck_assert_int_eq(ask(link, "x"), 0);
	ck_assert_int_eq(helper.started, 0);
	end_helper(link);
	bt_helper_link_close(link);
	begin_helper(bt_sock_listen(path, SOCK_SEQPACKET, 0600), VERSION + 1);
	link = open_link();
	await(&helper.lost, 1);
	ck_assert_msg(ask(link, "x") == 0, "%s", err.msg);
	ck_assert_int_eq(helper.started, 1);
	end_helper(link);
	bt_helper_link_close(link);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/helper_link");
	TCase *tc = tcase_create("helper_link");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_first_request_has_a_helper_started_and_others_use_it);
	tcase_add_test(tc, what_a_helper_refuses_is_an_error_and_no_end_of_the_connection);
	tcase_add_test(tc, where_none_runs_nobody_is_told_and_none_is_started);
	tcase_add_test(tc, a_helper_that_has_gone_is_followed_by_another_which_is_told_everything);
	tcase_add_test(tc, what_could_not_be_told_is_told_again_until_it_can_be);
	tcase_add_test(tc, the_end_of_a_helper_is_told_once_however_often_telling_everything_fails);
	tcase_add_test(tc, a_lost_connection_to_a_helper_that_lives_on_is_made_anew);
	tcase_add_test(tc,
		       one_that_runs_already_is_used_and_one_of_another_version_is_told_to_quit);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
