/* SPDX-License-Identifier: Apache-2.0 */

#include "net/dns_message.h"

#include <check.h>
#include <stdlib.h>

#include "dns_text.h"

static uint8_t msg[600], out[4096];
static struct bt_dns_question q;

static void ask(const char *name, uint16_t type, uint16_t edns, bool dnssec)
{
	size_t n = make_query(name, type, msg);

	if (edns)
		n = add_opt(msg, n, edns, dnssec);
	ck_assert_int_eq(bt_dns_message_parse(msg, n, &q), 0);
}

START_TEST(a_question_is_read_in_lower_case)
{
	ask("Www.Example.ORG", BT_DNS_TYPE_AAAA, 0, false);
	ck_assert_str_eq(q.name, "www.example.org");
	ck_assert_uint_eq(q.type, BT_DNS_TYPE_AAAA);
	ck_assert_uint_eq(q.id, 0x1234);
	ck_assert_uint_eq(q.udp_size, 512);
	ck_assert(!q.edns);
}
END_TEST

START_TEST(an_opt_record_tells_size_and_flags)
{
	ask("a", BT_DNS_TYPE_A, 4096, true);
	ck_assert(q.edns && q.dnssec && !q.options);
	ck_assert_uint_eq(q.udp_size, 4096);
	/* Less than everybody takes is not less than that (RFC 6891, 6.2.3). */
	ask("a", BT_DNS_TYPE_A, 100, false);
	ck_assert_uint_eq(q.udp_size, 512);
	ck_assert(!q.dnssec);
}
END_TEST

START_TEST(what_is_no_question_is_refused)
{
	size_t n = make_query("a.b", BT_DNS_TYPE_A, msg);

	for (size_t cut = 0; cut < n; cut++)
		ck_assert_int_lt(bt_dns_message_parse(msg, cut, &q), 0);
	msg[2] |= 0x80;
	ck_assert_int_lt(bt_dns_message_parse(msg, n, &q), 0);
	make_query("a.b", BT_DNS_TYPE_A, msg);
	msg[5] = 2;
	ck_assert_int_lt(bt_dns_message_parse(msg, n, &q), 0);
	/* A pointer, to itself. */
	make_query("a.b", BT_DNS_TYPE_A, msg);
	msg[12] = 0xc0;
	msg[13] = 12;
	ck_assert_int_lt(bt_dns_message_parse(msg, n, &q), 0);
}
END_TEST

START_TEST(addresses_that_do_not_fit_are_told_of)
{
	static struct bt_prefix many[100];
	size_t n;

	for (size_t i = 0; i < 100; i++)
		many[i] = (struct bt_prefix){ .family = AF_INET, .addr = { 10, 0, 0, (uint8_t)i } };
	ask("a", BT_DNS_TYPE_A, 0, false);
	n = bt_dns_message_answer(msg, &q, 0, many, 100, NULL, out, 512);
	ck_assert_uint_le(n, 512);
	ck_assert_int_eq(out[2] & 2, 2);
	ck_assert_uint_eq(out[7], (512 - q.end) / 16);
	n = bt_dns_message_answer(msg, &q, 0, many, 100, NULL, out, sizeof(out));
	ck_assert_int_eq(out[2] & 2, 0);
	ck_assert_int_eq(out[7], 100);
	ck_assert_uint_eq(n, q.end + 1600);
}
END_TEST

START_TEST(who_asks_with_edns_is_answered_with_it)
{
	const struct bt_prefix a = { .family = AF_INET, .addr = { 10, 0, 0, 1 } };
	size_t n;

	ask("a", BT_DNS_TYPE_A, 1232, true);
	n = bt_dns_message_answer(msg, &q, 0, &a, 1, NULL, out, 512);
	ck_assert_uint_eq(n, q.end + 16 + 11);
	ck_assert_int_eq(out[11], 1);
	ck_assert_int_eq(out[n - 9], 41);
	ck_assert_int_eq(out[n - 4], 0x80);
	ask("a", BT_DNS_TYPE_A, 0, false);
	n = bt_dns_message_answer(msg, &q, 0, &a, 1, NULL, out, 512);
	ck_assert_uint_eq(n, q.end + 16);
	ck_assert_int_eq(out[11], 0);
}
END_TEST

START_TEST(an_answer_belongs_by_id_and_question)
{
	size_t n = make_query("a.example", BT_DNS_TYPE_A, out);

	ask("a.example", BT_DNS_TYPE_A, 0, false);
	out[2] |= 0x80;
	ck_assert(bt_dns_message_belongs(msg, &q, 0x1234, out, n));
	ck_assert(!bt_dns_message_belongs(msg, &q, 0x1235, out, n));
	ck_assert(!bt_dns_message_belongs(msg, &q, 0x1234, out, n - 1));
	out[2] &= 0x7f;
	ck_assert(!bt_dns_message_belongs(msg, &q, 0x1234, out, n));
	n = make_query("b.example", BT_DNS_TYPE_A, out);
	out[2] |= 0x80;
	ck_assert(!bt_dns_message_belongs(msg, &q, 0x1234, out, n));
}
END_TEST

START_TEST(the_least_time_of_the_records_counts)
{
	const uint8_t address[4] = { 192, 0, 2, 1 };
	size_t n = make_query("a.example", BT_DNS_TYPE_A, out);

	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 0);
	n = add_record(out, n, 7, BT_DNS_TYPE_A, 300, address, 4);
	n = add_record(out, n, 7, BT_DNS_TYPE_A, 60, address, 4);
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 60);
	/* Cut short, broken, or failed: not at all. */
	ck_assert_uint_eq(bt_dns_message_ttl(out, n - 1), 0);
	out[2] |= 2;
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 0);
	out[2] &= 0xfd;
	out[3] = BT_DNS_RCODE_FAILURE;
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 0);
}
END_TEST

START_TEST(a_no_is_kept_as_long_as_its_soa_says)
{
	uint8_t soa[22] = { 0 };
	size_t n = make_query("no.example", BT_DNS_TYPE_A, out);

	out[2] |= 0x80;
	out[3] = BT_DNS_RCODE_NO_NAME;
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 0);
	soa[21] = 30;
	n = add_record(out, n, 9, BT_DNS_TYPE_SOA, 3600, soa, sizeof(soa));
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 30);
}
END_TEST

START_TEST(a_pointer_that_points_to_itself_ends_the_search)
{
	const uint8_t address[4] = { 192, 0, 2, 1 };
	size_t n = make_query("a", BT_DNS_TYPE_A, out);
	const size_t end = n;

	n = add_record(out, n, 7, BT_DNS_TYPE_A, 60, address, 4);
	out[end] = 0xc0;
	out[end + 1] = (uint8_t)end;
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 60);
	/* A label of no kind that there is. */
	out[end] = 0x80;
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 0);
}
END_TEST

START_TEST(a_kept_answer_becomes_the_one_to_another_query)
{
	const uint8_t address[4] = { 192, 0, 2, 1 };
	size_t n = make_query("a.example", BT_DNS_TYPE_A, out);

	n = add_record(out, n, 7, BT_DNS_TYPE_A, 300, address, 4);
	ask("A.eXample", BT_DNS_TYPE_A, 0, false);
	msg[0] = 0x77;
	bt_dns_message_renew(out, n, msg, &q, 100);
	ck_assert_int_eq(out[0], 0x77);
	ck_assert_mem_eq(out + 12, msg + 12, q.end - 12);
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 200);
	bt_dns_message_renew(out, n, msg, &q, 1000);
	ck_assert_uint_eq(bt_dns_message_ttl(out, n), 0);
}
END_TEST

START_TEST(what_is_too_long_is_cut_to_its_question)
{
	const uint8_t address[4] = { 192, 0, 2, 1 };
	size_t n = make_query("a.example", BT_DNS_TYPE_A, out);

	ask("a.example", BT_DNS_TYPE_A, 0, false);
	(void)add_record(out, n, 7, BT_DNS_TYPE_A, 300, address, 4);
	ck_assert_uint_eq(bt_dns_message_cut(out, &q), n);
	ck_assert_int_eq(out[2] & 2, 2);
	ck_assert_int_eq(out[7], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/dns_message");
	TCase *tc = tcase_create("dns_message");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_question_is_read_in_lower_case);
	tcase_add_test(tc, an_opt_record_tells_size_and_flags);
	tcase_add_test(tc, what_is_no_question_is_refused);
	tcase_add_test(tc, addresses_that_do_not_fit_are_told_of);
	tcase_add_test(tc, who_asks_with_edns_is_answered_with_it);
	tcase_add_test(tc, an_answer_belongs_by_id_and_question);
	tcase_add_test(tc, the_least_time_of_the_records_counts);
	tcase_add_test(tc, a_no_is_kept_as_long_as_its_soa_says);
	tcase_add_test(tc, a_pointer_that_points_to_itself_ends_the_search);
	tcase_add_test(tc, a_kept_answer_becomes_the_one_to_another_query);
	tcase_add_test(tc, what_is_too_long_is_cut_to_its_question);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
