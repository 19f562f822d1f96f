/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/spawn_message.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CLIENTS 3

static const struct bt_spawn_client clients[] = {
	{ .in = true, .out = true, .mux = true, .detach_keys = "ctrl-a,d" },
	{ .err = true, .logs = true, .logged_ns = 1700000000000000001 },
};

static const struct bt_spawn full = {
	.id = "0123",
	.dir = "/run/b/0123",
	.journal = "/var/b/journal",
	.runtime = "/usr/sbin/runc",
	.bundle = "/run/b/bundle",
	.tty = true,
	.open_stdin = true,
	.stdin_once = true,
	.log_driver = "json-file",
	.log_path = "/var/b/json.log",
	.log_max_size = 5000000000,
	.log_max_file = 3,
	.log_attrs = "{\"a\":\"b\"}",
	.restart = { BT_RESTART_ON_FAILURE, 7 },
	.stop_signal = 3,
	.stop_timeout = -1,
	.journal_seq = 1ULL << 40,
	.restarts = 2,
	.joined = { 41, 42, 43 },
	.njoined = 3,
	.clients = clients,
	.nclients = 2,
};

static int decode(const json_t *json, struct bt_spawn_client *ret_clients, struct bt_spawn *ret)
{
	struct bt_err err;

	return bt_spawn_message_decode(json, ret_clients, MAX_CLIENTS, ret, &err);
}

START_TEST(every_member_comes_through)
{
	struct bt_spawn_client got_clients[MAX_CLIENTS];
	struct bt_spawn got;
	json_t *json = NULL;

	ck_assert_int_eq(bt_spawn_message_encode(&full, &json), 0);
	ck_assert_int_eq(decode(json, got_clients, &got), 0);
	ck_assert_str_eq(got.id, full.id);
	ck_assert_str_eq(got.dir, full.dir);
	ck_assert_str_eq(got.journal, full.journal);
	ck_assert_str_eq(got.runtime, full.runtime);
	ck_assert_str_eq(got.bundle, full.bundle);
	ck_assert(got.tty && got.open_stdin && got.stdin_once);
	ck_assert_str_eq(got.log_driver, full.log_driver);
	ck_assert_str_eq(got.log_path, full.log_path);
	ck_assert_int_eq(got.log_max_size, full.log_max_size);
	ck_assert_int_eq(got.log_max_file, full.log_max_file);
	ck_assert_str_eq(got.log_attrs, full.log_attrs);
	ck_assert_int_eq(got.restart.policy, BT_RESTART_ON_FAILURE);
	ck_assert_int_eq(got.restart.max, 7);
	ck_assert_int_eq(got.stop_signal, 3);
	ck_assert_int_eq(got.stop_timeout, -1);
	ck_assert_uint_eq(got.journal_seq, full.journal_seq);
	ck_assert_int_eq(got.restarts, 2);
	ck_assert_uint_eq(got.njoined, 3);
	ck_assert_int_eq(got.joined[0], 41);
	ck_assert_int_eq(got.joined[2], 43);
	ck_assert_uint_eq(got.nclients, 2);
	ck_assert_ptr_eq(got.clients, got_clients);
	ck_assert(got_clients[0].in && got_clients[0].out && !got_clients[0].err);
	ck_assert(got_clients[0].mux && !got_clients[1].mux && got_clients[1].err);
	ck_assert_str_eq(got_clients[0].detach_keys, "ctrl-a,d");
	ck_assert_ptr_null(got_clients[1].detach_keys);
	ck_assert(!got_clients[0].logs && got_clients[1].logs);
	ck_assert_int_eq(got_clients[1].logged_ns, 1700000000000000001);
	json_decref(json);
}
END_TEST

START_TEST(what_may_be_missing_may_be_missing)
{
	struct bt_spawn_client got_clients[MAX_CLIENTS];
	struct bt_spawn plain = full, got;
	json_t *json = NULL;

	plain.runtime = plain.bundle = plain.log_path = plain.log_attrs = NULL;
	plain.log_driver = "none";
	plain.nclients = 0;
	ck_assert_int_eq(bt_spawn_message_encode(&plain, &json), 0);
	ck_assert_int_eq(decode(json, got_clients, &got), 0);
	ck_assert(!got.runtime && !got.bundle && !got.log_path && !got.log_attrs);
	ck_assert_uint_eq(got.nclients, 0);
	json_decref(json);
}
END_TEST

START_TEST(what_must_be_there_is_named)
{
	static const char *const names[] = { "id", "dir", "journal", "log_driver", "log_path" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bt_spawn_client got_clients[MAX_CLIENTS];
		struct bt_spawn got = { .stop_signal = 99 };
		struct bt_err err;
		json_t *json = NULL;

		ck_assert_int_eq(bt_spawn_message_encode(&full, &json), 0);
		ck_assert_int_eq(json_object_del(json, names[i]), 0);
		ck_assert_int_eq(
			bt_spawn_message_decode(json, got_clients, MAX_CLIENTS, &got, &err),
			-EINVAL);
		ck_assert_ptr_nonnull(strstr(err.msg, names[i]));
		/* Untouched. */
		ck_assert_int_eq(got.stop_signal, 99);
		json_decref(json);
	}
}
END_TEST

START_TEST(drivers_policies_and_processes_that_nobody_knows)
{
	static const struct {
		const char *member, *json;
	} bad[] = {
		{ "log_driver", "\"syslog\"" },
		{ "log_driver", "7" },
		{ "restart", "{\"policy\":\"often\",\"max\":0}" },
		{ "restart", "{\"policy\":\"always\",\"max\":-1}" },
		{ "restart", "{\"policy\":\"always\",\"max\":2147483648}" },
		{ "restart", "{}" },
		{ "restart", "null" },
		{ "joined", "[0]" },
		{ "joined", "[-1]" },
		{ "joined", "[\"1\"]" },
		{ "joined", "[2147483648]" },
		{ "joined", "[1,2,3,4,5]" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bt_spawn_client got_clients[MAX_CLIENTS];
		struct bt_spawn got;
		json_t *json = NULL;

		ck_assert_int_eq(bt_spawn_message_encode(&full, &json), 0);
		json_object_set_new(json, bad[i].member,
				    json_loads(bad[i].json, JSON_DECODE_ANY, NULL));
		ck_assert_int_eq(decode(json, got_clients, &got), -EINVAL);
		json_decref(json);
	}
}
END_TEST

START_TEST(more_clients_than_there_is_room_for)
{
	struct bt_spawn_client got_clients[MAX_CLIENTS];
	struct bt_spawn got;
	json_t *json = NULL, *list;

	ck_assert_int_eq(bt_spawn_message_encode(&full, &json), 0);
	list = json_object_get(json, "clients");
	json_array_append_new(list, json_object());
	ck_assert_int_eq(decode(json, got_clients, &got), 0);
	ck_assert_uint_eq(got.nclients, 3);
	json_array_append_new(list, json_object());
	ck_assert_int_eq(decode(json, got_clients, &got), -EINVAL);
	json_decref(json);
}
END_TEST

START_TEST(each_policy_has_a_name)
{
	for (int policy = BT_RESTART_NO; policy <= BT_RESTART_ON_UNHEALTHY; policy++) {
		struct bt_restart want = { (enum bt_restart_policy)policy, policy * 3 }, got;
		json_t *json = bt_spawn_message_restart(&want);

		ck_assert_int_eq(bt_spawn_message_restart_decode(json, &got), 0);
		ck_assert_int_eq(got.policy, want.policy);
		ck_assert_int_eq(got.max, want.max);
		json_decref(json);
	}
}
END_TEST

START_TEST(a_text_that_is_no_utf8_cannot_be_sent)
{
	static const struct bt_spawn_client odd = { .detach_keys = "\xff" };
	struct bt_spawn bad = full;
	json_t *json = NULL;

	bad.dir = "/run/\xff";
	ck_assert_int_eq(bt_spawn_message_encode(&bad, &json), -EINVAL);
	ck_assert_ptr_null(json);
	bad = full;
	bad.clients = &odd;
	bad.nclients = 1;
	ck_assert_int_eq(bt_spawn_message_encode(&bad, &json), -EINVAL);
	ck_assert_ptr_null(json);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/spawn_message");
	TCase *tc = tcase_create("spawn_message");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, every_member_comes_through);
	tcase_add_test(tc, what_may_be_missing_may_be_missing);
	tcase_add_test(tc, what_must_be_there_is_named);
	tcase_add_test(tc, drivers_policies_and_processes_that_nobody_knows);
	tcase_add_test(tc, more_clients_than_there_is_room_for);
	tcase_add_test(tc, each_policy_has_a_name);
	tcase_add_test(tc, a_text_that_is_no_utf8_cannot_be_sent);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
