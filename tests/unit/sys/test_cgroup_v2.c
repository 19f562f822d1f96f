/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_v2.h"

#include "limit_files.h"

static const char *what;

static const char *const memory_files[] = { "memory.max", "memory.low", "memory.swap.max", NULL };
static const char *const cpu_files[] = { "cpu.max", "cpu.max.burst", "cpu.weight", "cpu.idle",
					 NULL };
static const struct bt_cgroup_blkio_device disks[] = { { 8, 0, 500 }, { 253, 16, 0 } };

/* ---- how the numbers of version 1 are converted -------------------------------------- */

START_TEST(shares_become_weights_within_their_bounds)
{
	static const struct {
		uint64_t shares, weight;
	} cases[] = {
		{ 0, 0 },
		{ 1, 1 },
		{ 2, 1 },
		{ 28, 1 },
		{ 29, 2 },
		{ 1024, 39 },
		{ 2048, 79 },
		{ 262143, 9999 },
		{ 262144, 10000 },
		{ 262145, 10000 },
		{ UINT64_MAX, 10000 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		ck_assert_uint_eq(bt_cgroup_v2_weight(cases[i].shares), cases[i].weight);
}
END_TEST

START_TEST(weights_of_disks_become_those_of_version_2)
{
	static const struct {
		uint64_t v1, v2;
	} cases[] = { { 0, 0 },   { 1, 1 },      { 9, 1 },       { 10, 1 },
		      { 11, 11 }, { 500, 4950 }, { 1000, 10000 } };

	for (size_t i = 0; i < LENGTH(cases); i++)
		ck_assert_uint_eq(bt_cgroup_v2_io_weight(cases[i].v1), cases[i].v2);
}
END_TEST

START_TEST(swap_is_what_memory_leaves_of_both_together)
{
	static const struct {
		int64_t both, memory, swap;
	} cases[] = {
		{ 300, 100, 200 }, { 100, 100, 0 },
		{ -1, 100, -1 },   { -1, -1, -1 },
		{ 0, 100, 0 },     { 0, 0, 0 },
		{ 0, -1, -1 },     { INT64_MAX, 1, INT64_MAX - 1 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		int64_t swap = 77;

		ck_assert_int_eq(bt_cgroup_v2_swap(cases[i].both, cases[i].memory, &swap), 0);
		ck_assert_int_eq(swap, cases[i].swap);
	}
}
END_TEST

START_TEST(both_together_without_memory_or_below_it_make_no_sense)
{
	static const struct {
		int64_t both, memory;
	} cases[] = { { 99, 100 }, { 99, 0 }, { 99, -1 }, { 1, INT64_MAX }, { -2, 100 } };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		int64_t swap = 77;

		ck_assert_int_eq(bt_cgroup_v2_swap(cases[i].both, cases[i].memory, &swap), -EINVAL);
		ck_assert_int_eq(swap, 77);
	}
}
END_TEST

/* ---- memory ------------------------------------------------------------------------- */

START_TEST(memory_swap_and_reservation_are_written)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 67108864, true },
					    .memory_swap = { 100663296, true },
					    .memory_reservation = { 33554432, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
	check_written("memory.max", "67108864");
	check_written("memory.swap.max", "33554432");
	check_written("memory.low", "33554432");
}
END_TEST

START_TEST(no_limit_is_the_word_for_it)
{
	const struct bt_cgroup_limits l = { .memory_limit = { -1, true },
					    .memory_reservation = { -1, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
	check_written("memory.max", "max");
	check_written("memory.swap.max", "max");
	check_written("memory.low", "max");
}
END_TEST

START_TEST(what_is_zero_is_not_given)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 0, true },
					    .memory_swap = { 0, true },
					    .memory_reservation = { 0, true },
					    .memory_kernel = { 0, true },
					    .memory_kernel_tcp = { 0, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
	check_nothing_else();
}
END_TEST

START_TEST(no_swap_at_all_is_written_although_it_is_a_zero)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 4096, true },
					    .memory_swap = { 4096, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
	check_written("memory.swap.max", "0");
	check_written("memory.max", "4096");
}
END_TEST

START_TEST(a_kernel_without_swap_can_hold_all_limits_but_one_of_swap)
{
	const struct bt_cgroup_limits unlimited = { .memory_limit = { -1, true } };
	const struct bt_cgroup_limits none = { .memory_limit = { 4096, true },
					       .memory_swap = { 4096, true } };
	const struct bt_cgroup_limits some = { .memory_limit = { 4096, true },
					       .memory_swap = { 8192, true } };

	have_file("memory.max");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &unlimited, &what), 0);
	check_written("memory.max", "max");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &none, &what), 0);
	check_written("memory.max", "4096");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &some, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "memory.swap");
	check_nothing_else();
}
END_TEST

START_TEST(swap_that_contradicts_memory_is_refused_and_nothing_written)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 4096, true },
					    .memory_swap = { 4095, true } };
	const struct bt_cgroup_limits alone = { .memory_swap = { 4095, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), -EINVAL);
	ck_assert_str_eq(what, "memory.swap");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &alone, &what), -EINVAL);
	ck_assert_str_eq(what, "memory.swap");
	check_nothing_else();
}
END_TEST

START_TEST(a_limit_below_what_is_in_use_is_refused_where_the_caller_wants_so)
{
	struct bt_cgroup_limits l = { .memory_limit = { 4096, true },
				      .memory_check_before_update = true };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "memory.limit");
	have_text("memory.current", "4097\n");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), -EBUSY);
	ck_assert_str_eq(what, "memory.limit");
	check_nothing_else();
	have_text("memory.current", "4096\n");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
	check_written("memory.max", "4096");
	/* No limit at all is below nothing. */
	have_text("memory.current", "4097\n");
	l.memory_limit.value = -1;
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
	l = (struct bt_cgroup_limits){ .memory_limit = { 4096, true } };
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), 0);
}
END_TEST

START_TEST(a_use_that_is_no_number_decides_nothing)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 4096, true },
					    .memory_check_before_update = true };

	have_files(memory_files);
	have_text("memory.current", "much\n");
	ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), -EINVAL);
	check_nothing_else();
}
END_TEST

START_TEST(what_only_version_1_has_is_named_and_nothing_written)
{
	static const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .memory_kernel = { 1, true } }, "memory.kernel" },
		{ { .memory_kernel_tcp = { 1, true } }, "memory.kernelTCP" },
		{ { .memory_swappiness = { 0, true } }, "memory.swappiness" },
		{ { .oom_kill_disable = true }, "memory.disableOOMKiller" },
	};

	have_files(memory_files);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_cgroup_limits l = cases[i].l;

		l.memory_limit = (struct bt_cgroup_num){ 4096, true };
		ck_assert_int_eq(bt_cgroup_v2_memory(limit_fd, &l, &what), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
	check_nothing_else();
}
END_TEST

/* ---- processors --------------------------------------------------------------------- */

START_TEST(quota_and_period_are_written_together)
{
	static const struct {
		struct bt_cgroup_num quota, period;
		const char *text;
	} cases[] = {
		{ { 50000, true }, { 200000, true }, "50000 200000" },
		{ { 50000, true }, { 0, false }, "50000 100000" },
		{ { 50000, true }, { 0, true }, "50000 100000" },
		{ { -1, true }, { 0, false }, "max 100000" },
		{ { -1, true }, { 5000, true }, "max 5000" },
		{ { 0, false }, { 5000, true }, "max 5000" },
		{ { 0, true }, { 0, true }, "" },
	};

	have_files(cpu_files);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct bt_cgroup_limits l = { .cpu_quota = cases[i].quota,
						    .cpu_period = cases[i].period };

		ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &l, &what), 0);
		check_written("cpu.max", cases[i].text);
	}
	check_nothing_else();
}
END_TEST

START_TEST(a_burst_may_be_taken_away_again)
{
	struct bt_cgroup_limits l = { .cpu_burst = { 2000, true } };

	have_files(cpu_files);
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.max.burst", "2000");
	l.cpu_burst.value = 0;
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.max.burst", "0");
	check_nothing_else();
}
END_TEST

START_TEST(a_group_that_is_idle_gets_no_weight)
{
	struct bt_cgroup_limits l = { .cpu_shares = { 1024, true }, .cpu_idle = { 1, true } };

	have_files(cpu_files);
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.idle", "1");
	check_nothing_else();
	l.cpu_idle.value = 0;
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.idle", "0");
	check_written("cpu.weight", "39");
}
END_TEST

START_TEST(shares_that_are_none_are_no_weight)
{
	static const int64_t shares[] = { 0, -1, INT64_MIN };

	have_files(cpu_files);
	for (size_t i = 0; i < LENGTH(shares); i++) {
		const struct bt_cgroup_limits l = { .cpu_shares = { shares[i], true } };

		ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &l, &what), 0);
	}
	check_nothing_else();
}
END_TEST

START_TEST(real_time_is_refused_before_anything_is_written)
{
	const struct bt_cgroup_limits runtime = { .cpu_rt_runtime = { 1, true },
						  .cpu_shares = { 2, true } };
	const struct bt_cgroup_limits period = { .cpu_rt_period = { 1, true } };
	const struct bt_cgroup_limits zero = { .cpu_rt_runtime = { 0, true },
					       .cpu_rt_period = { 0, true } };

	have_files(cpu_files);
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &runtime, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "cpu.realtimeRuntime");
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &period, &what), -EOPNOTSUPP);
	ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &zero, &what), 0);
	check_nothing_else();
}
END_TEST

START_TEST(the_limit_of_processors_that_the_kernel_does_not_have_is_named)
{
	static const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .cpu_idle = { 0, true } }, "cpu.idle" },
		{ { .cpu_shares = { 2, true } }, "cpu.shares" },
		{ { .cpu_quota = { 1, true } }, "cpu.quota" },
		{ { .cpu_burst = { 1, true } }, "cpu.burst" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(bt_cgroup_v2_cpu(limit_fd, &cases[i].l, &what), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
}
END_TEST

/* ---- disks -------------------------------------------------------------------------- */

START_TEST(a_weight_is_converted_where_the_scheduler_is_not_the_one_of_version_1)
{
	const struct bt_cgroup_limits l = { .blkio_weight = { 500, true },
					    .blkio_weights = { disks, 1 } };

	have_file("io.weight");
	ck_assert_int_eq(bt_cgroup_v2_blkio(limit_fd, &l, &what), 0);
	check_written("io.weight", "49508:0 4950");
	have_file("io.bfq.weight");
	ck_assert_int_eq(bt_cgroup_v2_blkio(limit_fd, &l, &what), 0);
	check_written("io.bfq.weight", "5008:0 500");
	check_nothing_else();
}
END_TEST

START_TEST(throttles_of_all_kinds_go_to_one_file_and_a_zero_lifts_them)
{
	const struct bt_cgroup_limits l = { .blkio_read_bps = { disks, 2 },
					    .blkio_write_bps = { disks, 1 },
					    .blkio_read_iops = { disks + 1, 1 },
					    .blkio_write_iops = { disks, 1 } };

	have_file("io.max");
	ck_assert_int_eq(bt_cgroup_v2_blkio(limit_fd, &l, &what), 0);
	check_written("io.max", "8:0 rbps=500"
				"253:16 rbps=max"
				"8:0 wbps=500"
				"253:16 riops=max"
				"8:0 wiops=500");
}
END_TEST

START_TEST(the_limit_of_disks_that_the_kernel_does_not_have_is_named)
{
	static const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .blkio_weight = { 10, true } }, "blockIO.weight" },
		{ { .blkio_weights = { disks, 1 } }, "blockIO.weightDevice" },
		{ { .blkio_read_bps = { disks, 1 } }, "blockIO.throttleReadBpsDevice" },
		{ { .blkio_write_bps = { disks, 1 } }, "blockIO.throttleWriteBpsDevice" },
		{ { .blkio_read_iops = { disks, 1 } }, "blockIO.throttleReadIOPSDevice" },
		{ { .blkio_write_iops = { disks, 1 } }, "blockIO.throttleWriteIOPSDevice" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(bt_cgroup_v2_blkio(limit_fd, &cases[i].l, &what), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
}
END_TEST

/* ---- huge pages, files by name ------------------------------------------------------- */

START_TEST(huge_pages_are_limited_with_their_reservation_where_there_is_one)
{
	static const struct bt_cgroup_hugetlb pages[] = { { "2MB", 4194304 }, { "64KB", 0 } };
	const struct bt_cgroup_limits l = { .hugetlb = pages, .nhugetlb = 2 };

	have_file("hugetlb.2MB.max");
	have_file("hugetlb.2MB.rsvd.max");
	ck_assert_int_eq(bt_cgroup_v2_hugetlb(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "hugepageLimits");
	have_file("hugetlb.64KB.max");
	(void)written("hugetlb.2MB.max");
	(void)written("hugetlb.2MB.rsvd.max");
	ck_assert_int_eq(bt_cgroup_v2_hugetlb(limit_fd, &l, &what), 0);
	check_written("hugetlb.2MB.max", "4194304");
	check_written("hugetlb.2MB.rsvd.max", "4194304");
	check_written("hugetlb.64KB.max", "0");
}
END_TEST

START_TEST(files_are_written_by_name_in_their_order)
{
	static const struct bt_cgroup_pair pairs[] = { { "memory.high", "1000" },
						       { "cpu.pressure", "" },
						       { "memory.high", "max" } };
	const struct bt_cgroup_limits l = { .unified = pairs, .nunified = LENGTH(pairs) };

	have_file("memory.high");
	have_file("cpu.pressure");
	ck_assert_int_eq(bt_cgroup_v2_unified(limit_fd, &l, &what), 0);
	check_written("memory.high", "1000max");
	check_nothing_else();
}
END_TEST

START_TEST(no_name_leaves_the_group)
{
	static const char *const names[] = {
		"../memory.max", "/etc/x.y", "a/memory.max", ".", "..", ".hidden",
		"tasks",         "",         "memory.max/"
	};

	/* Were it not refused, it would be found. */
	have_text("tasks", "");
	have_text(".hidden", "");
	for (size_t i = 0; i < LENGTH(names); i++) {
		const struct bt_cgroup_pair pair = { names[i], "1" };
		const struct bt_cgroup_limits l = { .unified = &pair, .nunified = 1 };

		ck_assert_msg(bt_cgroup_v2_unified(limit_fd, &l, &what) == -EINVAL, "%s", names[i]);
		ck_assert_str_eq(what, "unified");
	}
}
END_TEST

START_TEST(a_name_that_the_kernel_does_not_have_ends_it)
{
	static const struct bt_cgroup_pair pairs[] = { { "memory.nothing", "1" },
						       { "memory.high", "2" } };
	const struct bt_cgroup_limits l = { .unified = pairs, .nunified = LENGTH(pairs) };

	have_file("memory.high");
	ck_assert_int_eq(bt_cgroup_v2_unified(limit_fd, &l, &what), -EOPNOTSUPP);
	check_nothing_else();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, shares_become_weights_within_their_bounds);
	tcase_add_test(tests, weights_of_disks_become_those_of_version_2);
	tcase_add_test(tests, swap_is_what_memory_leaves_of_both_together);
	tcase_add_test(tests, both_together_without_memory_or_below_it_make_no_sense);
	tcase_add_test(tests, memory_swap_and_reservation_are_written);
	tcase_add_test(tests, no_limit_is_the_word_for_it);
	tcase_add_test(tests, what_is_zero_is_not_given);
	tcase_add_test(tests, no_swap_at_all_is_written_although_it_is_a_zero);
	tcase_add_test(tests, a_kernel_without_swap_can_hold_all_limits_but_one_of_swap);
	tcase_add_test(tests, swap_that_contradicts_memory_is_refused_and_nothing_written);
	tcase_add_test(tests, a_limit_below_what_is_in_use_is_refused_where_the_caller_wants_so);
	tcase_add_test(tests, a_use_that_is_no_number_decides_nothing);
	tcase_add_test(tests, what_only_version_1_has_is_named_and_nothing_written);
	tcase_add_test(tests, quota_and_period_are_written_together);
	tcase_add_test(tests, a_burst_may_be_taken_away_again);
	tcase_add_test(tests, a_group_that_is_idle_gets_no_weight);
	tcase_add_test(tests, shares_that_are_none_are_no_weight);
	tcase_add_test(tests, real_time_is_refused_before_anything_is_written);
	tcase_add_test(tests, the_limit_of_processors_that_the_kernel_does_not_have_is_named);
	tcase_add_test(tests,
		       a_weight_is_converted_where_the_scheduler_is_not_the_one_of_version_1);
	tcase_add_test(tests, throttles_of_all_kinds_go_to_one_file_and_a_zero_lifts_them);
	tcase_add_test(tests, the_limit_of_disks_that_the_kernel_does_not_have_is_named);
	tcase_add_test(tests, huge_pages_are_limited_with_their_reservation_where_there_is_one);
	tcase_add_test(tests, files_are_written_by_name_in_their_order);
	tcase_add_test(tests, no_name_leaves_the_group);
	tcase_add_test(tests, a_name_that_the_kernel_does_not_have_ends_it);
}

int main(void)
{
	return run_suite("sys/cgroup_v2", setup_limits, teardown_limits, add_tests);
}
