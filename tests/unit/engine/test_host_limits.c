/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_limits.h"

#include <errno.h>

#include "common.h"

static struct bt_err err;

static json_t *cut(json_t *hc, bool unified, int expected)
{
	json_t *warnings = json_array();

	err = (struct bt_err){ 0 };
	ck_assert_int_eq(bt_host_limits_cut(hc, unified, warnings, &err), expected);
	return warnings;
}

START_TEST(what_version_2_lacks_is_dropped_and_told)
{
	json_t *hc = parse("{'MemorySwappiness':7,'OomKillDisable':true,'Memory':1}");
	json_t *warnings = cut(hc, true, 0);

	assert_json(hc, "{'MemorySwappiness':null,'OomKillDisable':false,'Memory':1}");
	ck_assert_uint_eq(json_array_size(warnings), 2);
	json_decref(warnings);
	json_decref(hc);
}
END_TEST

START_TEST(version_1_keeps_them)
{
	json_t *hc = parse("{'MemorySwappiness':7,'OomKillDisable':true,'Memory':1}");
	json_t *warnings = cut(hc, false, 0);

	assert_json(hc, "{'MemorySwappiness':7,'OomKillDisable':true,'Memory':1}");
	ck_assert_uint_eq(json_array_size(warnings), 0);
	json_decref(warnings);
	json_decref(hc);
}
END_TEST

START_TEST(no_killer_and_no_limit_is_kept_with_a_warning)
{
	json_t *hc = parse("{'OomKillDisable':true}");
	json_t *warnings = cut(hc, false, 0);

	assert_json(hc, "{'OomKillDisable':true}");
	ck_assert_uint_eq(json_array_size(warnings), 1);
	json_decref(warnings);
	json_decref(hc);
}
END_TEST

START_TEST(what_was_not_asked_for_is_not_told)
{
	json_t *hc = parse("{'MemorySwappiness':-1,'OomKillDisable':false,'BlkioWeight':0,"
			   "'OomScoreAdj':500,'Ulimits':[{'Name':'core','Soft':0,'Hard':0}]}");
	json_t *warnings = cut(hc, true, 0);

	ck_assert_uint_eq(json_array_size(warnings), 0);
	json_decref(warnings);
	json_decref(hc);
}
END_TEST

START_TEST(real_time_is_refused_on_version_2)
{
	json_t *hc = parse("{'CpuRealtimeRuntime':1000}");

	json_decref(cut(hc, true, -EINVAL));
	ck_assert_ptr_nonnull(strstr(err.msg, "real-time scheduler"));
	json_decref(hc);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_version_2_lacks_is_dropped_and_told);
	tcase_add_test(tests, version_1_keeps_them);
	tcase_add_test(tests, no_killer_and_no_limit_is_kept_with_a_warning);
	tcase_add_test(tests, what_was_not_asked_for_is_not_told);
	tcase_add_test(tests, real_time_is_refused_on_version_2);
}

int main(void)
{
	return run_tests("engine/host_limits", add);
}
