/* SPDX-License-Identifier: Apache-2.0 */

/* On a directory that looks like a group's. */

#include "sys/cgroup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"

#define M (INT64_C(1) << 20)

static char top[] = "/tmp/test_cgroup_fill.XXXXXX";
static struct bt_cgroup_host host;
static struct bt_cgroup cg;

/* One hierarchy with all controllers, which is the directory itself. */
static void set_up(void)
{
	host = (struct bt_cgroup_host){ .n = 1, .unified = 0 };
	host.v[0] = (struct bt_cgroup_hierarchy){ .fd = -EBADF, .v2 = true };
	cg = (struct bt_cgroup){ .host = &host, .ndirs = 1 };
	ck_assert_ptr_nonnull(mkdtemp(top));
	cg.dirs[0] = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(cg.dirs[0], 0);
}

static void tear_down(void)
{
	bt_close(&cg.dirs[0]);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
	strcpy(top + strlen(top) - 6, "XXXXXX");
}

static void file(const char *name, const char *text)
{
	ck_assert_int_eq(bt_io_create_file(cg.dirs[0], name, 0644, text, strlen(text)), 0);
}

/* What cpu.max says; quota and period that are given (0: not); the same afterwards. */
static const struct {
	const char *now;
	int64_t quota, period, then_quota, then_period;
} quotas[] = {
	{ "25000 50000\n", 20000, 0, 20000, 50000 },
	{ "25000 50000\n", 0, 40000, 25000, 40000 },
	{ "25000 50000\n", 20000, 40000, 20000, 40000 },
	{ "25000 50000\n", 0, 0, 0, 0 },
	{ "25000 50000\n", -1, 0, -1, 50000 },
	{ "max 100000\n", 0, 40000, -1, 40000 },
	{ "max 70000\n", 20000, 0, 20000, 70000 },
};

START_TEST(the_one_that_is_not_given_is_the_groups)
{
	struct bt_cgroup_limits l = { .cpu_quota = { quotas[_i].quota, true },
				      .cpu_period = { quotas[_i].period, true } };

	file("cpu.max", quotas[_i].now);
	ck_assert_int_eq(bt_cgroup_fill(&cg, &l, NULL), 0);
	ck_assert_int_eq(l.cpu_quota.value, quotas[_i].then_quota);
	ck_assert_int_eq(l.cpu_period.value, quotas[_i].then_period);
	ck_assert(!bt_cgroup_num_given(l.memory_limit));
}
END_TEST

/* What memory.max says; memory, and memory and swap together, that are given; memory afterwards. */
static const struct {
	const char *now;
	int64_t memory, both, then;
} memories[] = {
	{ "67108864\n", 0, 96 * M, 64 * M },
	{ "max\n", 0, 96 * M, -1 },
	{ "67108864\n", 80 * M, 96 * M, 80 * M },
	{ "67108864\n", 0, -1, 0 },
	{ "67108864\n", 0, 0, 0 },
};

START_TEST(a_limit_of_memory_and_swap_goes_with_that_of_memory)
{
	struct bt_cgroup_limits l = { .memory_limit = { memories[_i].memory, true },
				      .memory_swap = { memories[_i].both, true } };

	file("memory.max", memories[_i].now);
	ck_assert_int_eq(bt_cgroup_fill(&cg, &l, NULL), 0);
	ck_assert_int_eq(l.memory_limit.value, memories[_i].then);
	ck_assert_int_eq(l.memory_swap.value, memories[_i].both);
}
END_TEST

START_TEST(a_group_without_the_file_has_no_limit)
{
	struct bt_cgroup_limits l = { .cpu_quota = { 20000, true }, .memory_swap = { M, true } };

	ck_assert_int_eq(bt_cgroup_fill(&cg, &l, NULL), 0);
	ck_assert(!l.cpu_period.set && !l.memory_limit.set);
}
END_TEST

static const char *const garbage[] = { "",
				       "max",
				       "25000",
				       "x 50000",
				       "25000 ",
				       "25000 x",
				       "25000 50000 1",
				       "-1 50000",
				       "99999999999999999999 50000" };

START_TEST(a_file_of_another_form_is_an_error_that_names_the_limit)
{
	struct bt_cgroup_limits quota = { .cpu_quota = { 20000, true } };
	struct bt_cgroup_limits period = { .cpu_period = { 20000, true } };
	const char *what = NULL;
	int r;

	file("cpu.max", garbage[_i]);
	r = bt_cgroup_fill(&cg, &quota, NULL);
	if (r == 0)
		r = bt_cgroup_fill(&cg, &period, &what);
	else
		ck_assert_int_eq(bt_cgroup_fill(&cg, &quota, &what), r);
	ck_assert_int_eq(r, -EBADMSG);
	ck_assert_str_eq(what, "cpu");
}
END_TEST

START_TEST(version_1_has_a_file_for_each)
{
	struct bt_cgroup_limits l = { .cpu_quota = { 20000, true } };

	host.v[0].v2 = false;
	file("cpu.max", "25000 50000\n");
	ck_assert_int_eq(bt_cgroup_fill(&cg, &l, NULL), 0);
	ck_assert(!l.cpu_period.set);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, the_one_that_is_not_given_is_the_groups, 0,
			    sizeof(quotas) / sizeof(quotas[0]));
	tcase_add_loop_test(tests, a_limit_of_memory_and_swap_goes_with_that_of_memory, 0,
			    sizeof(memories) / sizeof(memories[0]));
	tcase_add_test(tests, a_group_without_the_file_has_no_limit);
	tcase_add_loop_test(tests, a_file_of_another_form_is_an_error_that_names_the_limit, 0,
			    sizeof(garbage) / sizeof(garbage[0]));
	tcase_add_test(tests, version_1_has_a_file_for_each);
}

int main(void)
{
	return run_tests("sys/cgroup_fill", add_tests);
}
