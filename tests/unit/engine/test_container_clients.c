/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_clients.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "stores_fixture.h"

static struct bt_container *web;
static struct bt_container_clients taken;
static struct bt_container_arrival coming[2];

static void setup(void)
{
	setup_stores();
	web = add_container("web", "{}");
}

static void teardown(void)
{
	bt_container_clients_done(&taken);
	bt_container_clients_drop(web);
	teardown_stores();
}

/* Attach one; `*ret` is the client's own end. Returns what bt_container_clients_add() does. */
static int attach(const char *keys, int *ret)
{
	const struct bt_spawn_client how = { .detach_keys = keys };
	int64_t since = -1;
	int pair[2], r;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*ret = pair[1];
	r = bt_container_clients_add(web, &how, pair[0], &since, &err);
	ck_assert(r == 0 ? since > 0 && since <= bt_time_now_ns() : since == -1);
	return r;
}

/* Is the other end closed? */
static bool is_closed(int own)
{
	char byte;

	return recv(own, &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(those_that_wait_are_taken_in_their_order_with_their_sockets)
{
	int first, second;
	char byte = 0;

	ck_well(attach(NULL, &first), &err);
	ck_well(attach(NULL, &second), &err);
	bt_container_clients_take(web, NULL, &taken);
	ck_assert_uint_eq(taken.n, 2);
	ck_assert_int_eq(write(taken.fds[0], "1", 1), 1);
	ck_assert_int_eq(write(taken.fds[1], "2", 1), 1);
	ck_assert_int_eq(read(first, &byte, 1), 1);
	ck_assert_int_eq(byte, '1');
	ck_assert_int_eq(read(second, &byte, 1), 1);
	ck_assert_int_eq(byte, '2');
	bt_container_clients_done(&taken);
	ck_assert(is_closed(first) && is_closed(second));
	bt_close(&first);
	bt_close(&second);
}
END_TEST

START_TEST(they_are_taken_once)
{
	bt_auto_close int own = -EBADF;
	struct bt_container_clients again = { .n = 0 };

	ck_well(attach(NULL, &own), &err);
	bt_container_clients_take(web, NULL, &taken);
	bt_container_clients_take(web, NULL, &again);
	ck_assert_uint_eq(taken.n, 1);
	ck_assert_uint_eq(again.n, 0);
}
END_TEST

START_TEST(keys_of_the_start_are_for_those_that_named_none)
{
	bt_auto_close int a = -EBADF, b = -EBADF;

	ck_well(attach("ctrl-a", &a), &err);
	ck_well(attach(NULL, &b), &err);
	bt_container_clients_take(web, "ctrl-z", &taken);
	ck_assert_str_eq(taken.how[0].detach_keys, "ctrl-a");
	ck_assert_str_eq(taken.how[1].detach_keys, "ctrl-z");
}
END_TEST

START_TEST(keys_that_are_empty_are_none)
{
	bt_auto_close int own = -EBADF;

	ck_well(attach(NULL, &own), &err);
	bt_container_clients_take(web, "", &taken);
	ck_assert_ptr_null(taken.how[0].detach_keys);
}
END_TEST

START_TEST(more_than_a_message_carries_are_refused_and_their_sockets_closed)
{
	int own[BT_CONTAINER_CLIENTS_MAX + 1];

	for (size_t i = 0; i < BT_CONTAINER_CLIENTS_MAX; i++)
		ck_well(attach(NULL, &own[i]), &err);
	ck_assert_int_lt(attach(NULL, &own[BT_CONTAINER_CLIENTS_MAX]), 0);
	check_err(&err, BT_ERR_UNAVAILABLE, "too many clients wait for the start");
	ck_assert(is_closed(own[BT_CONTAINER_CLIENTS_MAX]));
	bt_container_clients_take(web, NULL, &taken);
	ck_assert_uint_eq(taken.n, BT_CONTAINER_CLIENTS_MAX);
	/* There is room again. */
	bt_close(&own[0]);
	ck_well(attach(NULL, &own[0]), &err);
	for (size_t i = 0; i < LENGTH(own); i++)
		bt_close(&own[i]);
}
END_TEST

START_TEST(of_a_container_that_runs_the_socket_stays_the_callers)
{
	const struct bt_spawn_client how = { .detach_keys = "ctrl-a" };
	int64_t since = -1;
	int pair[2];

	web->state.status = BT_CONTAINER_RUNNING;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(bt_container_clients_add(web, &how, pair[0], &since, &err), 1);
	ck_assert_int_eq(since, -1);
	ck_assert(fcntl(pair[0], F_GETFD) >= 0);
	ck_assert(!is_closed(pair[1]));
	ck_assert(bt_list_empty(&web->attached));
	bt_close(&pair[0]);
	bt_close(&pair[1]);
}
END_TEST

START_TEST(without_a_start_they_are_closed)
{
	bt_auto_close int own = -EBADF;

	ck_well(attach("ctrl-a", &own), &err);
	bt_container_clients_drop(web);
	ck_assert(is_closed(own));
	bt_container_clients_drop(web);
	bt_container_clients_take(web, NULL, &taken);
	ck_assert_uint_eq(taken.n, 0);
}
END_TEST

static void *arrive(void *data)
{
	int *own = data;

	ck_well(attach(NULL, own), &err);
	bt_container_clients_arrived(web, &coming[0]);
	return NULL;
}

START_TEST(a_start_waits_for_the_client_that_was_told_to_come)
{
	bt_auto_close int own = -EBADF;
	pthread_t thread;

	bt_container_clients_expect(web, &coming[0]);
	ck_assert_int_eq(pthread_create(&thread, NULL, arrive, &own), 0);
	bt_container_clients_take(web, NULL, &taken);
	ck_assert_uint_eq(taken.n, 1);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(bt_list_empty(&web->attaching));
}
END_TEST

START_TEST(a_start_does_not_wait_for_ever_for_one_that_does_not_come)
{
	bt_auto_close int own = -EBADF;

	ck_well(attach(NULL, &own), &err);
	bt_container_clients_expect(web, &coming[0]);
	bt_container_clients_take(web, NULL, &taken);
	ck_assert_uint_eq(taken.n, 1);
	ck_assert(!bt_list_empty(&web->attaching));
}
END_TEST

START_TEST(whoever_has_arrived_is_not_waited_for_in_whatever_order_they_do)
{
	ck_assert(bt_container_clients_await(web));
	bt_container_clients_expect(web, &coming[0]);
	bt_container_clients_expect(web, &coming[1]);
	bt_container_clients_arrived(web, &coming[0]);
	bt_container_clients_expect(web, &coming[0]);
	bt_container_clients_arrived(web, &coming[1]);
	bt_container_clients_arrived(web, &coming[0]);
	ck_assert(bt_container_clients_await(web));
}
END_TEST

static atomic_bool over;

/* One of two is always expected: the next one before the last one has arrived. */
static void *come_and_go(void *data)
{
	struct bt_container_arrival *last = data, *next = &coming[1];

	while (!atomic_load(&over)) {
		struct bt_container_arrival *arrived = last;

		bt_container_clients_expect(web, next);
		bt_container_clients_arrived(web, arrived);
		last = next;
		next = arrived;
	}
	bt_container_clients_arrived(web, last);
	return NULL;
}

START_TEST(those_that_come_later_are_not_waited_for)
{
	pthread_t thread;
	bool arrived;

	bt_container_clients_expect(web, &coming[0]);
	ck_assert_int_eq(pthread_create(&thread, NULL, come_and_go, &coming[0]), 0);
	arrived = bt_container_clients_await(web);
	atomic_store(&over, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(arrived);
	ck_assert(bt_list_empty(&web->attaching));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, those_that_wait_are_taken_in_their_order_with_their_sockets);
	tcase_add_test(tests, they_are_taken_once);
	tcase_add_test(tests, keys_of_the_start_are_for_those_that_named_none);
	tcase_add_test(tests, keys_that_are_empty_are_none);
	tcase_add_test(tests, more_than_a_message_carries_are_refused_and_their_sockets_closed);
	tcase_add_test(tests, of_a_container_that_runs_the_socket_stays_the_callers);
	tcase_add_test(tests, without_a_start_they_are_closed);
	tcase_add_test(tests, a_start_waits_for_the_client_that_was_told_to_come);
	tcase_add_test(tests, a_start_does_not_wait_for_ever_for_one_that_does_not_come);
	tcase_add_test(tests, whoever_has_arrived_is_not_waited_for_in_whatever_order_they_do);
	tcase_add_test(tests, those_that_come_later_are_not_waited_for);
}

int main(void)
{
	return run_suite("engine/container_clients", setup, teardown, add);
}
