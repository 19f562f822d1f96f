/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/limits.h"

#include <check.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/sync.h"
#include "sys/caps.h"

static char warning[BT_SYNC_WARNING_LEN];
static struct bt_err err;

static int apply(int type, uint64_t soft, uint64_t hard)
{
	const struct bt_oci_rlimit limit = { .type = type, .soft = soft, .hard = hard };
	const struct bt_oci_process process = { .rlimits = &limit, .nrlimits = 1 };

	return type == RLIMIT_NPROC ? bt_limits_count(&process, warning, &err)
				    : bt_limits_apply(&process, warning, &err);
}

static bool may_raise(void)
{
	return (bt_caps_bounding() & UINT64_C(1) << CAP_SYS_RESOURCE) != 0;
}

static unsigned long long nr_open(void)
{
	FILE *f = fopen("/proc/sys/fs/nr_open", "re");
	unsigned long long n = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%llu", &n), 1);
	ck_assert_int_eq(fclose(f), 0);
	return n;
}

static void lower_to(rlim_t n)
{
	const struct rlimit low = { .rlim_cur = n, .rlim_max = n };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
}

START_TEST(a_limit_that_may_be_had_is_set_without_a_word)
{
	struct rlimit now;

	ck_assert_int_eq(apply(RLIMIT_NOFILE, 99, 100), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_uint_eq(now.rlim_cur, 99);
	ck_assert_uint_eq(now.rlim_max, 100);
	ck_assert_str_eq(warning, "");
}
END_TEST

/* From the machine's own hard limit, from a low one, and to no limit at all. */
static const uint64_t beyond[] = { 1ull << 40, UINT64_MAX, (1ull << 31) + 1 };

START_TEST(the_number_of_processes_is_limited_apart_from_all_else)
{
	const struct bt_oci_rlimit limits[] = {
		{ .type = RLIMIT_NPROC, .soft = 900, .hard = 901 },
		{ .type = RLIMIT_NOFILE, .soft = 98, .hard = 99 },
	};
	const struct bt_oci_process process = { .rlimits = limits, .nrlimits = 2 };
	struct rlimit before, now;

	ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &before), 0);
	ck_assert_int_eq(bt_limits_apply(&process, warning, &err), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &now), 0);
	ck_assert_uint_eq(now.rlim_cur, before.rlim_cur);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_uint_eq(now.rlim_cur, 98);
	ck_assert_int_eq(apply(RLIMIT_NPROC, 900, 901), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &now), 0);
	ck_assert_uint_eq(now.rlim_cur, 900);
	ck_assert_uint_eq(now.rlim_max, 901);
}
END_TEST

START_TEST(a_limit_beyond_the_most_is_cut_to_the_most_and_told)
{
	struct rlimit now;
	rlim_t most;

	lower_to(200);
	most = may_raise() ? nr_open() : 200;
	ck_assert_int_eq(apply(RLIMIT_NOFILE, beyond[_i], beyond[_i]), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_uint_eq(now.rlim_max, most);
	ck_assert_uint_eq(now.rlim_cur, most);
	ck_assert_ptr_nonnull(strstr(warning, "the most this machine allows"));
}
END_TEST

START_TEST(the_soft_limit_stays_where_only_the_hard_one_is_cut)
{
	struct rlimit now;

	lower_to(200);
	ck_assert_int_eq(apply(RLIMIT_NOFILE, 50, UINT64_MAX), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_uint_eq(now.rlim_cur, 50);
	ck_assert_uint_eq(now.rlim_max, may_raise() ? nr_open() : 200);
}
END_TEST

START_TEST(a_soft_limit_above_the_hard_one_is_an_error_by_name)
{
	ck_assert_int_eq(apply(RLIMIT_NOFILE, 100, 99), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "process.rlimits"));
}
END_TEST

START_TEST(processors_in_any_order_and_range_are_taken)
{
	cpu_set_t before, now;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		char list[80];

		if (!CPU_ISSET(i, &before))
			continue;
		(void)snprintf(list, sizeof(list), "%zu-%zu,%zu", i, i, i);
		ck_assert_int_eq(bt_limits_affinity(list, "f", &err), 0);
		ck_assert_int_eq(sched_getaffinity(0, sizeof(now), &now), 0);
		ck_assert_int_eq(CPU_COUNT(&now), 1);
		ck_assert(CPU_ISSET(i, &now));
		return;
	}
}
END_TEST

static const char *const bad_lists[] = { "x", "1-", "0,,1", "-1", "0-x", "1 2", "99999999" };

START_TEST(a_list_that_names_no_processors_is_refused_by_its_field)
{
	ck_assert_int_lt(bt_limits_affinity(bad_lists[_i], "process.some.field", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "process.some.field"));
}
END_TEST

START_TEST(a_personality_without_a_domain_of_its_own_changes_nothing)
{
	const struct bt_oci_personality none = { .set = false, .domain = 8 };

	ck_assert_int_eq(bt_limits_personality(&none, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/limits");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, a_limit_that_may_be_had_is_set_without_a_word);
	tcase_add_test(all, the_number_of_processes_is_limited_apart_from_all_else);
	tcase_add_loop_test(all, a_limit_beyond_the_most_is_cut_to_the_most_and_told, 0,
			    sizeof(beyond) / sizeof(beyond[0]));
	tcase_add_test(all, the_soft_limit_stays_where_only_the_hard_one_is_cut);
	tcase_add_test(all, a_soft_limit_above_the_hard_one_is_an_error_by_name);
	tcase_add_test(all, processors_in_any_order_and_range_are_taken);
	tcase_add_loop_test(all, a_list_that_names_no_processors_is_refused_by_its_field, 0,
			    sizeof(bad_lists) / sizeof(bad_lists[0]));
	tcase_add_test(all, a_personality_without_a_domain_of_its_own_changes_nothing);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
