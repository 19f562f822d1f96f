/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/dbus.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A signal JobRemoved(uoss), and another byte that is to be changed. */
static size_t make(char to[static 512], const char *signature)
{
	struct bt_str body = { 0 }, message = { 0 };
	const struct bt_dbus_call call = { .path = "/org/freedesktop/systemd1",
					   .interface = "org.freedesktop.systemd1.Manager",
					   .member = "JobRemoved",
					   .signature = signature,
					   .serial = 7 };
	size_t len;

	bt_dbus_put_u32(&body, 42);
	bt_dbus_put_str(&body, "/org/freedesktop/systemd1/job/42");
	bt_dbus_put_str(&body, "a.scope");
	bt_dbus_put_str(&body, "done");
	bt_dbus_put_call(&message, &call, &body);
	ck_assert_int_eq(message.failed, 0);
	ck_assert_uint_le(message.len, 512);
	memcpy(to, message.p, message.len);
	len = message.len;
	bt_str_done(&body);
	bt_str_done(&message);
	return len;
}

START_TEST(a_call_can_be_read_again_with_its_arguments)
{
	_Alignas(8) char bytes[512];
	size_t len = make(bytes, "uoss"), size;
	struct bt_dbus_message m;
	const char *job, *unit, *result;
	uint32_t id;
	void *const args[] = { &id, &job, &unit, &result };

	ck_assert_int_eq(bt_dbus_size(bytes, &size), 0);
	ck_assert_uint_eq(size, len);
	ck_assert_int_eq(bt_dbus_read(bytes, len, &m), 0);
	ck_assert_int_eq(m.type, BT_DBUS_CALL);
	ck_assert_uint_eq(m.serial, 7);
	ck_assert_str_eq(m.member, "JobRemoved");
	ck_assert_str_eq(m.interface, "org.freedesktop.systemd1.Manager");
	ck_assert_ptr_null(m.error_name);
	ck_assert_int_eq(bt_dbus_read_args(&m, "uoss", args), 0);
	ck_assert_uint_eq(id, 42);
	ck_assert_str_eq(unit, "a.scope");
	ck_assert_str_eq(result, "done");
}
END_TEST

START_TEST(arguments_of_other_types_are_not_taken)
{
	_Alignas(8) char bytes[512];
	size_t len = make(bytes, "uoss");
	struct bt_dbus_message m;
	const char *text;
	void *const args[] = { &text, &text };

	ck_assert_int_eq(bt_dbus_read(bytes, len, &m), 0);
	ck_assert_int_eq(bt_dbus_read_args(&m, "s", args), -EPROTO);
	len = make(bytes, NULL);
	ck_assert_int_eq(bt_dbus_read(bytes, len, &m), 0);
	ck_assert_int_eq(bt_dbus_read_args(&m, "u", args), -EPROTO);
}
END_TEST

START_TEST(a_message_that_is_cut_anywhere_is_no_message)
{
	_Alignas(8) char bytes[512];
	size_t len = make(bytes, "uoss");
	struct bt_dbus_message m;

	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_eq(bt_dbus_read(bytes, cut, &m), -EPROTO);
}
END_TEST

START_TEST(a_length_beyond_the_body_is_not_followed)
{
	_Alignas(8) char bytes[512];
	size_t len = make(bytes, "uoss");
	struct bt_dbus_message m;
	const char *job, *unit, *result;
	uint32_t id, wrong = 0xfffffff0;
	void *const args[] = { &id, &job, &unit, &result };

	ck_assert_int_eq(bt_dbus_read(bytes, len, &m), 0);
	memcpy(bytes + (m.body - bytes) + 4, &wrong, sizeof(wrong));
	ck_assert_int_eq(bt_dbus_read_args(&m, "uoss", args), -EPROTO);
}
END_TEST

START_TEST(other_byte_orders_versions_and_sizes_are_refused)
{
	_Alignas(8) char bytes[512];
	uint32_t huge = BT_DBUS_MESSAGE_MAX + 1;
	size_t size;

	(void)make(bytes, "uoss");
	bytes[0] = 'x';
	ck_assert_int_eq(bt_dbus_size(bytes, &size), -EPROTO);
	(void)make(bytes, "uoss");
	bytes[3] = 2;
	ck_assert_int_eq(bt_dbus_size(bytes, &size), -EPROTO);
	(void)make(bytes, "uoss");
	memcpy(bytes + 4, &huge, sizeof(huge));
	ck_assert_int_eq(bt_dbus_size(bytes, &size), -EMSGSIZE);
}
END_TEST

/* Specification, "Marshaling": the length of an array does not count what aligns its first
 * element. */
START_TEST(an_array_counts_its_elements_and_not_what_aligns_them)
{
	struct bt_str out = { 0 };
	size_t array;
	uint32_t len;

	array = bt_dbus_begin_array(&out, 8);
	bt_dbus_put_u64(&out, 1);
	bt_dbus_put_u64(&out, 2);
	bt_dbus_end_array(&out, array, 8);
	ck_assert_uint_eq(out.len, 4 + 4 + 16);
	memcpy(&len, out.p, sizeof(len));
	ck_assert_uint_eq(len, 16);
	bt_str_clear(&out);
	array = bt_dbus_begin_array(&out, 8);
	bt_dbus_end_array(&out, array, 8);
	memcpy(&len, out.p, sizeof(len));
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(out.len, 8);
	bt_str_done(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/dbus");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, a_call_can_be_read_again_with_its_arguments);
	tcase_add_test(all, arguments_of_other_types_are_not_taken);
	tcase_add_test(all, a_message_that_is_cut_anywhere_is_no_message);
	tcase_add_test(all, a_length_beyond_the_body_is_not_followed);
	tcase_add_test(all, other_byte_orders_versions_and_sizes_are_refused);
	tcase_add_test(all, an_array_counts_its_elements_and_not_what_aligns_them);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
