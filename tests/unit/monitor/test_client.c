/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/client.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "monitor/message.h"

/* What a daemon has heard. */
struct heard {
	unsigned n;
	struct bt_client_event events[8];
};

static void hear(void *data, const struct bt_client_event *event)
{
	struct heard *heard = data;

	ck_assert_uint_lt(heard->n, 8);
	heard->events[heard->n++] = *event;
}

/* A client whose monitor is the returned descriptor. */
static int open_client(struct heard *heard, struct bt_client **ret)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(bt_client_create(ends[0], hear, heard, ret), 0);
	return ends[1];
}

static void tell(int monitor, json_t *event)
{
	ck_assert_int_eq(bt_message_send(monitor, event, NULL, 0), 0);
	json_decref(event);
}

static void tell_of_two_ends(int monitor)
{
	tell(monitor, json_pack("{s:s, s:s, s:i, s:i}", "ev", "exec-exited", "exec", "e1", "code",
				5, "at", 1));
	tell(monitor, json_pack("{s:s, s:i, s:i, s:b, s:i, s:b}", "ev", "exited", "seq", 2, "code",
				3, "final", true, "at", 2, "kept", false));
}

static void ck_heard_two_ends(const struct heard *heard)
{
	ck_assert_uint_eq(heard->n, 2);
	ck_assert_int_eq(heard->events[0].kind, BT_CLIENT_EXEC_EXITED);
	ck_assert_str_eq(heard->events[0].exec, "e1");
	ck_assert_int_eq(heard->events[0].code, 5);
	ck_assert_int_eq(heard->events[1].kind, BT_CLIENT_RECORD);
	ck_assert_int_eq(heard->events[1].record.code, 3);
	ck_assert(heard->events[1].record.final);
}

START_TEST(what_a_monitor_says_is_heard_in_order_and_then_there_is_nothing)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_assert_uint_eq(heard.n, 0);
	tell_of_two_ends(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_heard_two_ends(&heard);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_assert_uint_eq(heard.n, 2);
	close(monitor);
	bt_client_destroy(client);
}
END_TEST

START_TEST(what_a_monitor_said_before_it_ended_is_heard)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	tell_of_two_ends(monitor);
	close(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	ck_heard_two_ends(&heard);
	bt_client_destroy(client);
}
END_TEST

START_TEST(what_a_monitor_said_is_heard_also_where_it_ended_without_reading_all)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	/* It is not read: the connection is reset when the monitor goes. */
	ck_assert_int_eq(bt_client_ack(client, 1, true), 0);
	tell_of_two_ends(monitor);
	close(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	ck_heard_two_ends(&heard);
	bt_client_destroy(client);
}
END_TEST

START_TEST(a_packet_that_is_nothing_hides_none_behind_it)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	ck_assert_int_eq(send(monitor, "nonsense", 8, 0), 8);
	tell(monitor, json_pack("{s:s}", "ev", "nobody-knows-this-one"));
	tell_of_two_ends(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_heard_two_ends(&heard);
	close(monitor);
	bt_client_destroy(client);
}
END_TEST

START_TEST(a_request_to_a_monitor_that_hung_up_is_refused_and_said)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	struct bt_err err = { 0 };
	int monitor = open_client(&heard, &client);

	close(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	bt_client_hangup(client);
	ck_assert_int_eq(bt_client_signal(client, 15, &err), -EPIPE);
	ck_assert_int_eq(err.kind, BT_ERR_UNAVAILABLE);
	ck_assert(strstr(err.msg, "hung up"));
	bt_client_destroy(client);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("monitor/client");
	TCase *tc = tcase_create("client");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, what_a_monitor_says_is_heard_in_order_and_then_there_is_nothing);
	tcase_add_test(tc, what_a_monitor_said_before_it_ended_is_heard);
	tcase_add_test(tc, what_a_monitor_said_is_heard_also_where_it_ended_without_reading_all);
	tcase_add_test(tc, a_packet_that_is_nothing_hides_none_behind_it);
	tcase_add_test(tc, a_request_to_a_monitor_that_hung_up_is_refused_and_said);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
