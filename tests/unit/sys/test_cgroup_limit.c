/* SPDX-License-Identifier: Apache-2.0 */

/* Which limits go where: to a group "/top/box" whose files are the test's. */

#include "limit_files.h"

#include "sys/cgroup.h"

#define BOX "top/box/"

static struct bt_cgroup_host host;
static struct bt_cgroup cg;
static const char *what;

static int open_dir(const char *name)
{
	int fd;

	ck_assert(mkdirat(limit_fd, name, 0700) == 0 || errno == EEXIST);
	fd = openat(limit_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Version 2 is hierarchy 0, with memory, pids, io and cpuset; version 1 is hierarchy 1, with
 * network classes and cpu. Nothing else is anywhere. */
static void setup(void)
{
	static const enum bt_cgroup_controller v2[] = { BT_CGROUP_MEMORY, BT_CGROUP_PIDS,
							BT_CGROUP_BLKIO, BT_CGROUP_CPUSET };
	static const enum bt_cgroup_controller v1[] = { BT_CGROUP_NET_CLS, BT_CGROUP_CPU };

	setup_limits();
	host = (struct bt_cgroup_host){ .n = 2, .unified = 0 };
	for (size_t i = 0; i < BT_CGROUP_CONTROLLERS_; i++)
		host.where[i] = -1;
	for (size_t i = 0; i < LENGTH(v2); i++) {
		host.where[v2[i]] = 0;
		host.v[0].controllers |= 1u << v2[i];
	}
	for (size_t i = 0; i < LENGTH(v1); i++)
		host.where[v1[i]] = 1;
	host.v[0].v2 = true;
	host.v[0].fd = limit_fd;
	bt_close(&(int){ open_dir("top") });
	cg = (struct bt_cgroup){ .host = &host, .path = strdup("/top/box"), .ndirs = 2 };
	cg.dirs[0] = open_dir("top/box");
	cg.dirs[1] = open_dir("v1");
	what = "untouched";
}

static void teardown(void)
{
	free(cg.path);
	bt_close(&cg.dirs[0]);
	bt_close(&cg.dirs[1]);
	teardown_limits();
}

static int limit(const struct bt_cgroup_limits *l)
{
	return bt_cgroup_limit(&cg, l, &what);
}

START_TEST(nothing_is_written_where_nothing_is_limited)
{
	const struct bt_cgroup_limits none = { .pids = { 0, true } };

	have_file(BOX "pids.max");
	ck_assert_int_eq(limit(&none), 0);
	ck_assert_str_eq(what, "untouched");
	check_nothing_else();
}
END_TEST

START_TEST(each_limit_goes_to_the_version_that_has_its_controller)
{
	const struct bt_cgroup_limits l = { .pids = { 17, true },
					    .memory_reservation = { 4096, true },
					    .cpu_shares = { 1024, true },
					    .net_class_id = { 5, true },
					    .cpus = "0-1",
					    .mems = "0" };

	have_file(BOX "pids.max");
	have_file(BOX "memory.low");
	have_file(BOX "cpuset.cpus");
	have_file(BOX "cpuset.mems");
	have_file("v1/cpu.shares");
	have_file("v1/net_cls.classid");
	ck_assert_int_eq(limit(&l), 0);
	check_written(BOX "pids.max", "17");
	check_written(BOX "memory.low", "4096");
	check_written(BOX "cpuset.cpus", "0-1");
	check_written(BOX "cpuset.mems", "0");
	check_written("v1/cpu.shares", "1024");
	check_written("v1/net_cls.classid", "5");
	ck_assert_str_eq(what, "untouched");
}
END_TEST

START_TEST(a_limit_whose_controller_is_nowhere_is_named)
{
	static const struct bt_cgroup_hugetlb pages = { "2MB", 1 };
	static const struct bt_cgroup_net_prio prio = { "eth0", 1 };
	static const struct bt_cgroup_rdma rdma = { "mlx5_0", { 1, true }, { 0, false } };
	static const struct bt_cgroup_device_rule rule = { false, 'a', -1, -1, 7 };
	const struct {
		struct bt_cgroup_limits l;
		const char *what;
	} cases[] = {
		{ { .hugetlb = &pages, .nhugetlb = 1 }, "hugepageLimits" },
		{ { .net_prio = &prio, .nnet_prio = 1 }, "network.priorities" },
		{ { .rdma = &rdma, .nrdma = 1 }, "rdma" },
		{ { .devices = &rule, .ndevices = 1 }, "devices" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(limit(&cases[i].l), -EOPNOTSUPP);
		ck_assert_str_eq(what, cases[i].what);
	}
	ck_assert_int_eq(bt_cgroup_limit(&cg, &cases[0].l, NULL), -EOPNOTSUPP);
}
END_TEST

START_TEST(what_version_2_never_had_is_refused_though_the_hierarchy_is_there)
{
	const struct bt_cgroup_limits l = { .net_class_id = { 5, true } };

	host.where[BT_CGROUP_NET_CLS] = 0;
	have_file(BOX "net_cls.classid");
	ck_assert_int_eq(limit(&l), -EOPNOTSUPP);
	ck_assert_str_eq(what, "network.classID");
	check_nothing_else();
}
END_TEST

START_TEST(a_group_that_is_not_in_its_hierarchy_has_no_limits_there)
{
	const struct bt_cgroup_limits l = { .cpu_shares = { 2, true } };

	have_file("v1/cpu.shares");
	bt_close(&cg.dirs[1]);
	ck_assert_int_eq(limit(&l), -EOPNOTSUPP);
	ck_assert_str_eq(what, "cpu");
	check_nothing_else();
}
END_TEST

START_TEST(nothing_is_written_behind_a_limit_that_failed)
{
	const struct bt_cgroup_limits l = { .pids = { 5000, true }, .net_class_id = { 5, true } };

	have_refusing(BOX "pids.max");
	have_file("v1/net_cls.classid");
	ck_assert_int_eq(limit(&l), -EINVAL);
	ck_assert_str_eq(what, "pids.limit");
	check_nothing_else();
}
END_TEST

/* ---- controllers that wait to be handed down -------------------------------------------- */

START_TEST(a_controller_whose_file_is_missing_is_handed_down_from_the_top)
{
	const struct bt_cgroup_limits l = { .pids = { 17, true } };

	have_file("cgroup.subtree_control");
	have_file("top/cgroup.subtree_control");
	have_file(BOX "cgroup.subtree_control");
	ck_assert_int_eq(limit(&l), -EOPNOTSUPP);
	ck_assert_str_eq(what, "pids.limit");
	check_written("cgroup.subtree_control", " +pids");
	check_written("top/cgroup.subtree_control", " +pids");
	/* A group with processes may hand nothing down to others. */
	check_written(BOX "cgroup.subtree_control", "");
}
END_TEST

START_TEST(no_controller_is_handed_down_where_its_file_is_there)
{
	const struct bt_cgroup_limits l = { .pids = { 17, true } };

	have_file("cgroup.subtree_control");
	have_file(BOX "pids.max");
	ck_assert_int_eq(limit(&l), 0);
	check_written(BOX "pids.max", "17");
	check_nothing_else();
}
END_TEST

START_TEST(files_by_name_have_all_controllers_handed_down_and_stay_in_version_2)
{
	static const struct bt_cgroup_pair pair = { "memory.high", "1000" };
	const struct bt_cgroup_limits l = { .unified = &pair, .nunified = 1 };

	have_file("cgroup.subtree_control");
	ck_assert_int_eq(limit(&l), -EOPNOTSUPP);
	ck_assert_str_eq(what, "unified");
	check_written("cgroup.subtree_control", " +cpuset +memory +io +pids");
	have_file(BOX "memory.high");
	ck_assert_int_eq(limit(&l), 0);
	check_written(BOX "memory.high", "1000");
	host.unified = -1;
	ck_assert_int_eq(limit(&l), -EOPNOTSUPP);
	ck_assert_str_eq(what, "unified");
}
END_TEST

START_TEST(what_an_rdma_device_may_use_is_said_one_by_one)
{
	static const struct bt_cgroup_rdma rdma[] = {
		{ "mlx5_0", { 3, true }, { 4, true } },
		{ "mlx5_1", { 0, false }, { 0, true } },
	};
	const struct bt_cgroup_limits l = { .rdma = rdma, .nrdma = LENGTH(rdma) };

	host.where[BT_CGROUP_RDMA] = 0;
	have_file(BOX "rdma.max");
	ck_assert_int_eq(limit(&l), 0);
	check_written(BOX "rdma.max", "mlx5_0 hca_handle=3"
				      "mlx5_0 hca_object=4"
				      "mlx5_1 hca_object=0");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, nothing_is_written_where_nothing_is_limited);
	tcase_add_test(tests, each_limit_goes_to_the_version_that_has_its_controller);
	tcase_add_test(tests, a_limit_whose_controller_is_nowhere_is_named);
	tcase_add_test(tests, what_version_2_never_had_is_refused_though_the_hierarchy_is_there);
	tcase_add_test(tests, a_group_that_is_not_in_its_hierarchy_has_no_limits_there);
	tcase_add_test(tests, nothing_is_written_behind_a_limit_that_failed);
	tcase_add_test(tests, a_controller_whose_file_is_missing_is_handed_down_from_the_top);
	tcase_add_test(tests, no_controller_is_handed_down_where_its_file_is_there);
	tcase_add_test(tests, files_by_name_have_all_controllers_handed_down_and_stay_in_version_2);
	tcase_add_test(tests, what_an_rdma_device_may_use_is_said_one_by_one);
}

int main(void)
{
	return run_suite("sys/cgroup_limit", setup, teardown, add_tests);
}
