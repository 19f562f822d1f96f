/* SPDX-License-Identifier: Apache-2.0 */

#include "net/dns_cache.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "dns_text.h"

static struct bt_dns_cache cache;
static uint8_t msg[600], answer[2000], out[BT_DNS_CACHE_ANSWER_MAX];
static struct bt_dns_question q;

static void set_up(void)
{
	bt_dns_cache_init(&cache);
}

static void tear_down(void)
{
	bt_dns_cache_done(&cache);
}

static void ask(const char *name, uint16_t type)
{
	ck_assert_int_eq(bt_dns_message_parse(msg, make_query(name, type, msg), &q), 0);
}

static void keep(const char *who, const char *name, uint32_t ttl, int64_t at_s)
{
	const uint8_t address[4] = { 192, 0, 2, 1 };
	size_t n = make_query(name, BT_DNS_TYPE_A, answer);

	n = add_record(answer, n, 7, BT_DNS_TYPE_A, ttl, address, 4);
	ask(name, BT_DNS_TYPE_A);
	bt_dns_cache_put(&cache, who, msg, &q, at_s * BT_TIME_NSEC_PER_SEC, answer, n);
}

static size_t get(const char *who, const char *name, uint16_t type, int64_t at_s)
{
	ask(name, type);
	return bt_dns_cache_get(&cache, who, msg, &q, at_s * BT_TIME_NSEC_PER_SEC, out);
}

START_TEST(an_answer_is_kept_for_its_time_and_ages)
{
	keep("s", "a.example", 60, 1000);
	ck_assert_uint_gt(get("s", "A.Example", BT_DNS_TYPE_A, 1010), 0);
	ck_assert_uint_eq(bt_dns_message_ttl(out, get("s", "a.example", BT_DNS_TYPE_A, 1010)), 50);
	ck_assert_uint_gt(get("s", "a.example", BT_DNS_TYPE_A, 1059), 0);
	ck_assert_uint_eq(get("s", "a.example", BT_DNS_TYPE_A, 1060), 0);
	ck_assert_uint_eq(cache.map.used, 0);
}
END_TEST

START_TEST(other_servers_types_and_flags_are_other_answers)
{
	keep("s", "a.example", 60, 0);
	ck_assert_uint_eq(get("t", "a.example", BT_DNS_TYPE_A, 1), 0);
	ck_assert_uint_eq(get("s", "a.example", BT_DNS_TYPE_AAAA, 1), 0);
	ck_assert_uint_eq(get("s", "b.example", BT_DNS_TYPE_A, 1), 0);
	ask("a.example", BT_DNS_TYPE_A);
	q.dnssec = true;
	ck_assert_uint_eq(bt_dns_cache_get(&cache, "s", msg, &q, 1, out), 0);
	ask("a.example", BT_DNS_TYPE_A);
	q.options = true;
	ck_assert_uint_eq(bt_dns_cache_get(&cache, "s", msg, &q, 1, out), 0);
}
END_TEST

START_TEST(no_answer_is_kept_for_longer_than_the_bound)
{
	keep("s", "a.example", 1000000, 0);
	ck_assert_uint_gt(get("s", "a.example", BT_DNS_TYPE_A, BT_DNS_CACHE_SECONDS_MAX - 1), 0);
	ck_assert_uint_eq(get("s", "a.example", BT_DNS_TYPE_A, BT_DNS_CACHE_SECONDS_MAX), 0);
	keep("s", "b.example", 0, 0);
	ck_assert_uint_eq(get("s", "b.example", BT_DNS_TYPE_A, 0), 0);
}
END_TEST

START_TEST(the_least_recently_used_goes_first)
{
	char name[32];

	for (int i = 0; i < BT_DNS_CACHE_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		keep("s", name, 60, 0);
	}
	ck_assert_uint_gt(get("s", "n0.example", BT_DNS_TYPE_A, 1), 0);
	keep("s", "one.more", 60, 0);
	ck_assert_uint_eq(cache.map.used, BT_DNS_CACHE_ENTRIES_MAX);
	ck_assert_uint_gt(get("s", "n0.example", BT_DNS_TYPE_A, 1), 0);
	ck_assert_uint_eq(get("s", "n1.example", BT_DNS_TYPE_A, 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/dns_cache");
	TCase *tc = tcase_create("dns_cache");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_answer_is_kept_for_its_time_and_ages);
	tcase_add_test(tc, other_servers_types_and_flags_are_other_answers);
	tcase_add_test(tc, no_answer_is_kept_for_longer_than_the_bound);
	tcase_add_test(tc, the_least_recently_used_goes_first);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
