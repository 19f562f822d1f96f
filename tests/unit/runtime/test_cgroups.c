/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/cgroups.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static int path_of(const char *cgroups_path, bool systemd, char **ret, struct bt_err *err)
{
	char *copy = cgroups_path ? strdup(cgroups_path) : NULL;
	struct bt_oci_spec spec = { .linux_ = { .cgroups_path = copy } };
	struct bt_cgroups_owner owner = { .spec = &spec, .id = "abc", .systemd = systemd };
	int r = bt_cgroups_path(&owner, ret, err);

	free(copy);
	return r;
}

static void assert_path(const char *cgroups_path, bool systemd, const char *want)
{
	struct bt_err err = { 0 };
	char *path = NULL;

	ck_assert_msg(path_of(cgroups_path, systemd, &path, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(path, want);
	free(path);
}

START_TEST(without_a_path_the_group_is_one_directory_named_after_the_container)
{
	assert_path(NULL, false, "/berth-abc");
	assert_path("", false, "/berth-abc");
}
END_TEST

START_TEST(a_path_is_taken_from_the_hierarchys_root_absolute_or_not)
{
	assert_path("/a/b", false, "/a/b");
	assert_path("a/b", false, "/a/b");
	assert_path("//a//./b/", false, "/a/b");
}
END_TEST

START_TEST(no_path_leads_above_the_hierarchys_root)
{
	assert_path("../../a", false, "/a");
	assert_path("/a/../../../b", false, "/b");
}
END_TEST

START_TEST(the_root_group_is_never_a_containers)
{
	static const char *const paths[] = { "/", "//", ".", "a/..", "/../..", "/a/b/../.." };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct bt_err err = { 0 };
		char *path = (char *)(uintptr_t)1;

		ck_assert_int_eq(path_of(paths[i], false, &path, &err), -EINVAL);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_str_eq(err.msg, "linux.cgroupsPath: the root group cannot be a "
					  "container's");
	}
}
END_TEST

START_TEST(systemds_driver_reads_a_slice_a_prefix_and_a_name)
{
	assert_path("user.slice:berth:abc", true, "/user.slice/berth-abc.scope");
	assert_path("a-b.slice:p:n", true, "/a.slice/a-b.slice/p-n.scope");
}
END_TEST

START_TEST(systemds_driver_refuses_a_path_of_the_other_driver)
{
	struct bt_err err = { 0 };
	char *path = NULL;

	ck_assert_int_eq(path_of("/a/b", true, &path, &err), -EINVAL);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_msg(strstr(err.msg, "cgroupsPath") != NULL, "%s", err.msg);
	ck_assert_ptr_null(path);
}
END_TEST

START_TEST(whoever_asks_for_nothing_has_no_first_limit)
{
	struct bt_oci_device_rule rule = { .allow = false };
	struct bt_oci_resources res = { .devices = &rule, .ndevices = 1 };

	ck_assert_ptr_null(bt_cgroups_first_limit(&res));
}
END_TEST

START_TEST(a_limit_of_zero_is_asked_for_as_any_other)
{
	struct bt_oci_resources res = { .pids_limit = { .value = 0, .set = true } };

	ck_assert_str_eq(bt_cgroups_first_limit(&res), "pids");
}
END_TEST

START_TEST(each_member_of_the_resources_counts_as_a_limit)
{
	char cpus[] = "0";
	struct bt_oci_blkio_device device = { .rate = 1 };
	const struct bt_oci_hugepage_limit huge = { 0 };
	const struct bt_oci_i64 i64 = { .value = 1, .set = true };
	const struct bt_oci_u64 u64 = { .value = 1, .set = true };
	const struct {
		struct bt_oci_resources res;
		const char *want;
	} cases[] = {
		{ { .memory.limit = i64 }, "memory" },
		{ { .memory.reservation = i64 }, "memory" },
		{ { .memory.swap = i64 }, "memory" },
		{ { .memory.kernel = i64 }, "memory" },
		{ { .memory.kernel_tcp = i64 }, "memory" },
		{ { .memory.swappiness = u64 }, "memory" },
		{ { .memory.disable_oom_killer = true }, "memory" },
		{ { .cpu.shares = u64 }, "cpu" },
		{ { .cpu.quota = i64 }, "cpu" },
		{ { .cpu.burst = u64 }, "cpu" },
		{ { .cpu.period = u64 }, "cpu" },
		{ { .cpu.realtime_runtime = i64 }, "cpu" },
		{ { .cpu.realtime_period = u64 }, "cpu" },
		{ { .cpu.cpus = cpus }, "cpu" },
		{ { .cpu.mems = cpus }, "cpu" },
		{ { .cpu.idle = i64 }, "cpu" },
		{ { .blkio.weight = u64 }, "blockIO" },
		{ { .blkio.leaf_weight = u64 }, "blockIO" },
		{ { .blkio.weight_device = { &device, 1 } }, "blockIO" },
		{ { .blkio.read_bps = { &device, 1 } }, "blockIO" },
		{ { .blkio.write_bps = { &device, 1 } }, "blockIO" },
		{ { .blkio.read_iops = { &device, 1 } }, "blockIO" },
		{ { .blkio.write_iops = { &device, 1 } }, "blockIO" },
		{ { .hugepages = &huge, .nhugepages = 1 }, "hugepageLimits" },
		{ { .net_class_id = u64 }, "network" },
		{ { .nnet_priorities = 1 }, "network" },
		{ { .nrdma = 1 }, "rdma" },
		{ { .unified = { .n = 1 } }, "unified" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = bt_cgroups_first_limit(&cases[i].res);

		ck_assert_msg(got && strcmp(got, cases[i].want) == 0, "case %zu: got %s, want %s",
			      i, got ? got : "nothing", cases[i].want);
	}
}
END_TEST

START_TEST(of_several_limits_the_first_of_the_specification_is_named)
{
	struct bt_oci_resources res = { .nrdma = 1, .pids_limit = { .set = true } };

	ck_assert_str_eq(bt_cgroups_first_limit(&res), "pids");
	res.memory.limit.set = true;
	ck_assert_str_eq(bt_cgroups_first_limit(&res), "memory");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/cgroups");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, without_a_path_the_group_is_one_directory_named_after_the_container);
	tcase_add_test(tc, a_path_is_taken_from_the_hierarchys_root_absolute_or_not);
	tcase_add_test(tc, no_path_leads_above_the_hierarchys_root);
	tcase_add_test(tc, the_root_group_is_never_a_containers);
	tcase_add_test(tc, systemds_driver_reads_a_slice_a_prefix_and_a_name);
	tcase_add_test(tc, systemds_driver_refuses_a_path_of_the_other_driver);
	tcase_add_test(tc, whoever_asks_for_nothing_has_no_first_limit);
	tcase_add_test(tc, a_limit_of_zero_is_asked_for_as_any_other);
	tcase_add_test(tc, each_member_of_the_resources_counts_as_a_limit);
	tcase_add_test(tc, of_several_limits_the_first_of_the_specification_is_named);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
