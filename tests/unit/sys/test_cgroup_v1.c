/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_v1.h"

#include "limit_files.h"

static const char *what;

static const char *const memory_files[] = { "memory.limit_in_bytes",
					    "memory.memsw.limit_in_bytes",
					    "memory.soft_limit_in_bytes",
					    "memory.kmem.limit_in_bytes",
					    "memory.kmem.tcp.limit_in_bytes",
					    "memory.oom_control",
					    "memory.swappiness",
					    NULL };

static const char *const cpu_files[] = { "cpu.shares",       "cpu.cfs_period_us",
					 "cpu.cfs_quota_us", "cpu.cfs_burst_us",
					 "cpu.rt_period_us", "cpu.rt_runtime_us",
					 "cpu.idle",         NULL };

/* ---- memory ------------------------------------------------------------------------- */

START_TEST(every_limit_of_memory_goes_to_its_own_file)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 67108864, true },
					    .memory_swap = { 134217728, true },
					    .memory_reservation = { 33554432, true },
					    .memory_kernel = { 1048576, true },
					    .memory_kernel_tcp = { 2097152, true },
					    .memory_swappiness = { 60, true },
					    .oom_kill_disable = true };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &l, &what), 0);
	check_written("memory.limit_in_bytes", "67108864");
	check_written("memory.memsw.limit_in_bytes", "134217728");
	check_written("memory.soft_limit_in_bytes", "33554432");
	check_written("memory.kmem.limit_in_bytes", "1048576");
	check_written("memory.kmem.tcp.limit_in_bytes", "2097152");
	check_written("memory.oom_control", "1");
	check_written("memory.swappiness", "60");
}
END_TEST

START_TEST(what_is_not_given_is_not_touched_and_a_zero_is_not_given)
{
	const struct bt_cgroup_limits nothing = { .memory_limit = { 5, false } };
	const struct bt_cgroup_limits zeroes = { .memory_limit = { 0, true },
						 .memory_swap = { 0, true },
						 .memory_reservation = { 0, true },
						 .memory_kernel = { 0, true },
						 .memory_kernel_tcp = { 0, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &nothing, &what), 0);
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &zeroes, &what), 0);
	check_nothing_else();
}
END_TEST

START_TEST(no_swappiness_at_all_is_one_that_is_given)
{
	const struct bt_cgroup_limits l = { .memory_swappiness = { 0, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &l, &what), 0);
	check_written("memory.swappiness", "0");
	check_nothing_else();
}
END_TEST

START_TEST(a_swappiness_past_100_is_refused_before_the_kernel_cuts_it)
{
	const struct bt_cgroup_limits most = { .memory_swappiness = { 100, true } };
	const struct bt_cgroup_limits more = { .memory_swappiness = { 101, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &most, &what), 0);
	check_written("memory.swappiness", "100");
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &more, &what), -EINVAL);
	ck_assert_str_eq(what, "memory.swappiness");
	check_nothing_else();
}
END_TEST

START_TEST(without_a_limit_of_memory_there_is_none_of_swap_either)
{
	const struct bt_cgroup_limits l = { .memory_limit = { -1, true } };

	have_files(memory_files);
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &l, &what), 0);
	check_written("memory.limit_in_bytes", "-1");
	check_written("memory.memsw.limit_in_bytes", "-1");
}
END_TEST

START_TEST(a_kernel_without_swap_accounting_is_a_failure_only_where_swap_was_asked_for)
{
	const struct bt_cgroup_limits none = { .memory_limit = { -1, true },
					       .memory_swappiness = { 1, true } };
	const struct bt_cgroup_limits asked = { .memory_limit = { 5, true },
						.memory_swap = { 9, true } };

	have_file("memory.limit_in_bytes");
	have_file("memory.swappiness");
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &none, &what), 0);
	check_written("memory.limit_in_bytes", "-1");
	/* And what comes behind it is done all the same. */
	check_written("memory.swappiness", "1");
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &asked, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "memory.swap");
}
END_TEST

START_TEST(where_the_limit_of_memory_is_refused_that_of_swap_is_raised_first)
{
	const struct bt_cgroup_limits both = { .memory_limit = { 67108864, true },
					       .memory_swap = { 134217728, true } };
	const struct bt_cgroup_limits alone = { .memory_limit = { 67108864, true } };

	have_refusing("memory.limit_in_bytes");
	have_file("memory.memsw.limit_in_bytes");
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &both, &what), -EINVAL);
	ck_assert_str_eq(what, "memory.limit");
	check_written("memory.memsw.limit_in_bytes", "134217728");
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &alone, &what), -EINVAL);
	ck_assert_str_eq(what, "memory.limit");
	check_nothing_else();
}
END_TEST

START_TEST(the_limit_of_memory_that_the_kernel_does_not_have_is_named)
{
	static const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .memory_reservation = { 1, true } }, "memory.reservation" },
		{ { .memory_kernel = { 1, true } }, "memory.kernel" },
		{ { .memory_kernel_tcp = { 1, true } }, "memory.kernelTCP" },
		{ { .oom_kill_disable = true }, "memory.disableOOMKiller" },
		{ { .memory_swappiness = { 1, true } }, "memory.swappiness" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &cases[i].l, &what), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
}
END_TEST

START_TEST(nothing_is_written_behind_a_limit_of_memory_that_failed)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 5, true },
					    .memory_reservation = { 4, true },
					    .memory_swappiness = { 3, true } };

	have_file("memory.limit_in_bytes");
	have_file("memory.swappiness");
	ck_assert_int_eq(bt_cgroup_v1_memory(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "memory.reservation");
	check_written("memory.limit_in_bytes", "5");
	check_nothing_else();
}
END_TEST

/* ---- processors --------------------------------------------------------------------- */

START_TEST(every_limit_of_processors_goes_to_its_own_file)
{
	const struct bt_cgroup_limits l = { .cpu_shares = { 512, true },
					    .cpu_quota = { 50000, true },
					    .cpu_period = { 100000, true },
					    .cpu_burst = { 7, true },
					    .cpu_rt_runtime = { 950000, true },
					    .cpu_rt_period = { 1000000, true },
					    .cpu_idle = { 1, true } };

	have_files(cpu_files);
	ck_assert_int_eq(bt_cgroup_v1_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.shares", "512");
	check_written("cpu.cfs_quota_us", "50000");
	check_written("cpu.cfs_period_us", "100000");
	check_written("cpu.cfs_burst_us", "7");
	check_written("cpu.rt_runtime_us", "950000");
	check_written("cpu.rt_period_us", "1000000");
	check_written("cpu.idle", "1");
}
END_TEST

START_TEST(a_zero_lifts_a_burst_and_idleness_and_is_no_share_period_or_quota)
{
	const struct bt_cgroup_limits l = { .cpu_shares = { 0, true },
					    .cpu_quota = { 0, true },
					    .cpu_period = { 0, true },
					    .cpu_burst = { 0, true },
					    .cpu_idle = { 0, true } };

	have_files(cpu_files);
	ck_assert_int_eq(bt_cgroup_v1_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.cfs_burst_us", "0");
	check_written("cpu.idle", "0");
	check_nothing_else();
}
END_TEST

START_TEST(a_quota_below_zero_is_the_end_of_the_quota)
{
	const struct bt_cgroup_limits l = { .cpu_quota = { -1, true } };

	have_files(cpu_files);
	ck_assert_int_eq(bt_cgroup_v1_cpu(limit_fd, &l, &what), 0);
	check_written("cpu.cfs_quota_us", "-1");
	check_nothing_else();
}
END_TEST

START_TEST(where_a_period_is_refused_the_quota_is_lowered_first)
{
	const struct bt_cgroup_limits both = { .cpu_quota = { 1000, true },
					       .cpu_period = { 2000, true } };
	const struct bt_cgroup_limits alone = { .cpu_period = { 2000, true } };

	have_refusing("cpu.cfs_period_us");
	have_file("cpu.cfs_quota_us");
	ck_assert_int_eq(bt_cgroup_v1_cpu(limit_fd, &both, &what), -EINVAL);
	ck_assert_str_eq(what, "cpu.period");
	check_written("cpu.cfs_quota_us", "1000");
	ck_assert_int_eq(bt_cgroup_v1_cpu(limit_fd, &alone, &what), -EINVAL);
	check_nothing_else();
}
END_TEST

START_TEST(the_limit_of_processors_that_the_kernel_does_not_have_is_named)
{
	static const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .cpu_shares = { 2, true } }, "cpu.shares" },
		{ { .cpu_period = { 1, true } }, "cpu.period" },
		{ { .cpu_quota = { 1, true } }, "cpu.quota" },
		{ { .cpu_burst = { 1, true } }, "cpu.burst" },
		{ { .cpu_rt_period = { 1, true } }, "cpu.realtimePeriod" },
		{ { .cpu_rt_runtime = { 1, true } }, "cpu.realtimeRuntime" },
		{ { .cpu_idle = { 1, true } }, "cpu.idle" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(bt_cgroup_v1_cpu(limit_fd, &cases[i].l, &what), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
}
END_TEST

/* ---- disks -------------------------------------------------------------------------- */

static const struct bt_cgroup_blkio_device disks[] = { { 8, 0, 100 }, { 253, 16, 0 } };

START_TEST(a_weight_goes_to_the_scheduler_that_is_there)
{
	const struct bt_cgroup_limits l = { .blkio_weight = { 300, true },
					    .blkio_weights = { disks, 1 } };

	have_file("blkio.weight");
	have_file("blkio.weight_device");
	ck_assert_int_eq(bt_cgroup_v1_blkio(limit_fd, &l, &what), 0);
	check_written("blkio.weight", "300");
	check_written("blkio.weight_device", "8:0 100");
	have_file("blkio.bfq.weight");
	have_file("blkio.bfq.weight_device");
	ck_assert_int_eq(bt_cgroup_v1_blkio(limit_fd, &l, &what), 0);
	check_written("blkio.bfq.weight", "300");
	check_written("blkio.bfq.weight_device", "8:0 100");
	check_nothing_else();
}
END_TEST

START_TEST(each_throttle_has_a_file_and_a_zero_lifts_it)
{
	const struct bt_cgroup_limits l = { .blkio_read_bps = { disks, 2 },
					    .blkio_write_bps = { disks, 1 },
					    .blkio_read_iops = { disks + 1, 1 },
					    .blkio_write_iops = { disks, 2 } };
	static const char *const files[] = { "blkio.throttle.read_bps_device",
					     "blkio.throttle.write_bps_device",
					     "blkio.throttle.read_iops_device",
					     "blkio.throttle.write_iops_device", NULL };

	have_files(files);
	ck_assert_int_eq(bt_cgroup_v1_blkio(limit_fd, &l, &what), 0);
	check_written(files[0], "8:0 100253:16 0");
	check_written(files[1], "8:0 100");
	check_written(files[2], "253:16 0");
	check_written(files[3], "8:0 100253:16 0");
}
END_TEST

START_TEST(the_limit_of_disks_that_the_kernel_does_not_have_is_named)
{
	static const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .blkio_weight = { 10, true } }, "blockIO.weight" },
		{ { .blkio_leaf_weight = { 10, true } }, "blockIO.leafWeight" },
		{ { .blkio_weights = { disks, 1 } }, "blockIO.weightDevice" },
		{ { .blkio_read_bps = { disks, 1 } }, "blockIO.throttleReadBpsDevice" },
		{ { .blkio_write_bps = { disks, 1 } }, "blockIO.throttleWriteBpsDevice" },
		{ { .blkio_read_iops = { disks, 1 } }, "blockIO.throttleReadIOPSDevice" },
		{ { .blkio_write_iops = { disks, 1 } }, "blockIO.throttleWriteIOPSDevice" },
	};
	const struct bt_cgroup_limits zero = { .blkio_weight = { 0, true },
					       .blkio_leaf_weight = { 0, true } };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(bt_cgroup_v1_blkio(limit_fd, &cases[i].l, &what), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
	ck_assert_int_eq(bt_cgroup_v1_blkio(limit_fd, &zero, &what), 0);
}
END_TEST

/* ---- huge pages, network ------------------------------------------------------------ */

START_TEST(huge_pages_are_limited_with_their_reservation_where_there_is_one)
{
	static const struct bt_cgroup_hugetlb pages[] = { { "2MB", 4194304 },
							  { "1GB", UINT64_MAX } };
	const struct bt_cgroup_limits l = { .hugetlb = pages, .nhugetlb = 2 };

	have_file("hugetlb.2MB.limit_in_bytes");
	have_file("hugetlb.2MB.rsvd.limit_in_bytes");
	have_file("hugetlb.1GB.limit_in_bytes");
	ck_assert_int_eq(bt_cgroup_v1_hugetlb(limit_fd, &l, &what), 0);
	check_written("hugetlb.2MB.limit_in_bytes", "4194304");
	check_written("hugetlb.2MB.rsvd.limit_in_bytes", "4194304");
	check_written("hugetlb.1GB.limit_in_bytes", "18446744073709551615");
}
END_TEST

START_TEST(pages_of_a_size_that_the_machine_does_not_have_are_refused)
{
	static const struct bt_cgroup_hugetlb pages[] = { { "3MB", 1 }, { "2MB", 1 } };
	const struct bt_cgroup_limits l = { .hugetlb = pages, .nhugetlb = 2 };

	have_file("hugetlb.2MB.limit_in_bytes");
	ck_assert_int_eq(bt_cgroup_v1_hugetlb(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "hugepageLimits");
	check_nothing_else();
}
END_TEST

START_TEST(packets_get_their_class_and_each_interface_its_priority)
{
	static const struct bt_cgroup_net_prio prios[] = { { "eth0", 5 }, { "lo", 0 } };
	const struct bt_cgroup_limits l = { .net_class_id = { 0x100001, true },
					    .net_prio = prios,
					    .nnet_prio = 2 };

	ck_assert_int_eq(bt_cgroup_v1_net_cls(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "network.classID");
	ck_assert_int_eq(bt_cgroup_v1_net_prio(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "network.priorities");
	have_file("net_cls.classid");
	have_file("net_prio.ifpriomap");
	ck_assert_int_eq(bt_cgroup_v1_net_cls(limit_fd, &l, &what), 0);
	ck_assert_int_eq(bt_cgroup_v1_net_prio(limit_fd, &l, &what), 0);
	check_written("net_cls.classid", "1048577");
	check_written("net_prio.ifpriomap", "eth0 5lo 0");
}
END_TEST

START_TEST(a_name_longer_than_what_is_written_at_once_is_refused_whole)
{
	char name[300];
	const struct bt_cgroup_net_prio prio = { name, 5 };
	const struct bt_cgroup_limits l = { .net_prio = &prio, .nnet_prio = 1 };

	memset(name, 'e', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	have_file("net_prio.ifpriomap");
	ck_assert_int_eq(bt_cgroup_v1_net_prio(limit_fd, &l, &what), -EINVAL);
	check_nothing_else();
}
END_TEST

/* ---- devices ------------------------------------------------------------------------ */

#define R   BT_CGROUP_ACCESS_READ
#define W   BT_CGROUP_ACCESS_WRITE
#define M   BT_CGROUP_ACCESS_MKNOD
#define RWM (R | W | M)

/* Both files are one, so that the order shows: allowed and denied rules as they came. */
static void have_one_file_of_rules(void)
{
	have_file("devices.allow");
	ck_assert_int_eq(linkat(limit_fd, "devices.allow", limit_fd, "devices.deny", 0), 0);
}

static const char *write_rules(const struct bt_cgroup_device_rule *rules, size_t n)
{
	const struct bt_cgroup_limits l = { .devices = rules, .ndevices = n };

	ck_assert_int_eq(bt_cgroup_v1_devices(limit_fd, &l, &what), 0);
	ck_assert_str_eq(what, "devices");
	return written("devices.allow");
}

START_TEST(what_is_allowed_and_what_is_denied_go_to_two_files)
{
	static const struct bt_cgroup_device_rule rules[] = {
		{ false, 'a', -1, -1, RWM },
		{ true, 'c', 1, 3, RWM },
		{ true, 'b', 8, -1, R },
		{ false, 'c', -1, 3, W | M },
	};
	const struct bt_cgroup_limits l = { .devices = rules, .ndevices = LENGTH(rules) };

	have_file("devices.allow");
	have_file("devices.deny");
	ck_assert_int_eq(bt_cgroup_v1_devices(limit_fd, &l, &what), 0);
	check_written("devices.deny", "ac *:3 wm");
	check_written("devices.allow", "c 1:3 rwmb 8:* r");
}
END_TEST

START_TEST(rules_are_written_in_their_order)
{
	static const struct bt_cgroup_device_rule rules[] = {
		{ true, 'c', 1, 3, R },
		{ false, 'a', -1, -1, RWM },
		{ true, 'c', 1, 5, W },
	};

	have_one_file_of_rules();
	ck_assert_str_eq(write_rules(rules, LENGTH(rules)), "c 1:3 rac 1:5 w");
}
END_TEST

/* The kernel would read it as all devices. */
START_TEST(a_rule_of_some_devices_of_either_kind_is_one_of_each_kind)
{
	static const struct bt_cgroup_device_rule rules[] = {
		{ true, 'a', 10, -1, RWM },
		{ true, 'a', -1, -1, R },
	};

	have_one_file_of_rules();
	ck_assert_str_eq(write_rules(rules, 1), "b 10:* rwmc 10:* rwm");
	ck_assert_str_eq(write_rules(rules + 1, 1), "b *:* rc *:* r");
}
END_TEST

START_TEST(a_rule_that_holds_already_is_not_written_again)
{
	static const struct bt_cgroup_device_rule same[] = {
		{ true, 'c', 1, 3, RWM },
		{ true, 'c', 1, 3, R | W },
		{ true, 'c', 1, 3, RWM },
	};
	static const struct bt_cgroup_device_rule within[] = {
		{ true, 'c', 1, -1, RWM },
		{ true, 'c', 1, 3, R },
	};

	have_one_file_of_rules();
	ck_assert_str_eq(write_rules(same, LENGTH(same)), "c 1:3 rwm");
	ck_assert_str_eq(write_rules(within, LENGTH(within)), "c 1:* rwm");
}
END_TEST

START_TEST(a_rule_is_written_again_where_another_came_between_that_undoes_it)
{
	static const struct bt_cgroup_device_rule undone[] = {
		{ true, 'c', 1, 3, RWM },
		{ false, 'c', -1, -1, W },
		{ true, 'c', 1, 3, RWM },
	};
	static const struct bt_cgroup_device_rule apart[] = {
		{ true, 'c', 1, 3, RWM },
		{ false, 'b', -1, -1, RWM },
		{ true, 'c', 1, 3, RWM },
	};
	static const struct bt_cgroup_device_rule other_access[] = {
		{ true, 'c', 1, 3, R },
		{ false, 'c', 1, 3, W },
		{ true, 'c', 1, 3, R },
	};

	have_one_file_of_rules();
	ck_assert_str_eq(write_rules(undone, LENGTH(undone)), "c 1:3 rwmc *:* wc 1:3 rwm");
	ck_assert_str_eq(write_rules(apart, LENGTH(apart)), "c 1:3 rwmb *:* rwm");
	ck_assert_str_eq(write_rules(other_access, LENGTH(other_access)), "c 1:3 rc 1:3 w");
}
END_TEST

START_TEST(a_wider_rule_is_written_behind_a_narrower_one)
{
	static const struct bt_cgroup_device_rule rules[] = {
		{ true, 'c', 1, 3, R },
		{ true, 'c', 1, 3, R | W },
		{ true, 'c', -1, 3, R },
		{ true, 'a', -1, -1, RWM },
	};

	have_one_file_of_rules();
	ck_assert_str_eq(write_rules(rules, LENGTH(rules)), "c 1:3 rc 1:3 rwc *:3 ra");
}
END_TEST

START_TEST(without_a_file_for_rules_they_are_refused)
{
	static const struct bt_cgroup_device_rule deny = { false, 'a', -1, -1, RWM };
	const struct bt_cgroup_limits l = { .devices = &deny, .ndevices = 1 };

	have_file("devices.allow");
	ck_assert_int_eq(bt_cgroup_v1_devices(limit_fd, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "devices");
	check_nothing_else();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, every_limit_of_memory_goes_to_its_own_file);
	tcase_add_test(tests, what_is_not_given_is_not_touched_and_a_zero_is_not_given);
	tcase_add_test(tests, no_swappiness_at_all_is_one_that_is_given);
	tcase_add_test(tests, a_swappiness_past_100_is_refused_before_the_kernel_cuts_it);
	tcase_add_test(tests, without_a_limit_of_memory_there_is_none_of_swap_either);
	tcase_add_test(tests,
		       a_kernel_without_swap_accounting_is_a_failure_only_where_swap_was_asked_for);
	tcase_add_test(tests, where_the_limit_of_memory_is_refused_that_of_swap_is_raised_first);
	tcase_add_test(tests, the_limit_of_memory_that_the_kernel_does_not_have_is_named);
	tcase_add_test(tests, nothing_is_written_behind_a_limit_of_memory_that_failed);
	tcase_add_test(tests, every_limit_of_processors_goes_to_its_own_file);
	tcase_add_test(tests, a_zero_lifts_a_burst_and_idleness_and_is_no_share_period_or_quota);
	tcase_add_test(tests, a_quota_below_zero_is_the_end_of_the_quota);
	tcase_add_test(tests, where_a_period_is_refused_the_quota_is_lowered_first);
	tcase_add_test(tests, the_limit_of_processors_that_the_kernel_does_not_have_is_named);
	tcase_add_test(tests, a_weight_goes_to_the_scheduler_that_is_there);
	tcase_add_test(tests, each_throttle_has_a_file_and_a_zero_lifts_it);
	tcase_add_test(tests, the_limit_of_disks_that_the_kernel_does_not_have_is_named);
	tcase_add_test(tests, huge_pages_are_limited_with_their_reservation_where_there_is_one);
	tcase_add_test(tests, pages_of_a_size_that_the_machine_does_not_have_are_refused);
	tcase_add_test(tests, packets_get_their_class_and_each_interface_its_priority);
	tcase_add_test(tests, a_name_longer_than_what_is_written_at_once_is_refused_whole);
	tcase_add_test(tests, what_is_allowed_and_what_is_denied_go_to_two_files);
	tcase_add_test(tests, rules_are_written_in_their_order);
	tcase_add_test(tests, a_rule_of_some_devices_of_either_kind_is_one_of_each_kind);
	tcase_add_test(tests, a_rule_that_holds_already_is_not_written_again);
	tcase_add_test(tests, a_rule_is_written_again_where_another_came_between_that_undoes_it);
	tcase_add_test(tests, a_wider_rule_is_written_behind_a_narrower_one);
	tcase_add_test(tests, without_a_file_for_rules_they_are_refused);
}

int main(void)
{
	return run_suite("sys/cgroup_v1", setup_limits, teardown_limits, add_tests);
}
