/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cpu_realtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "common.h"

static struct bt_err err;
static char top[64];

static int prepare(const char *group, struct bt_cpu_realtime budget, const char *hc_text)
{
	struct bt_cgroup_host host = { .v = { { .mount_point = top } }, .n = 1 };
	json_t *hc = parse(hc_text);
	int r;

	memset(host.where, -1, sizeof(host.where));
	host.where[BT_CGROUP_CPU] = 0;
	r = bt_cpu_realtime_prepare(&host, group, &budget, hc, &err);
	json_decref(hc);
	return r;
}

static void put(const char *path)
{
	char full[128];
	int fd;

	(void)snprintf(full, sizeof(full), "%s/%s", top, path);
	fd = open(full, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void assert_file(const char *path, const char *want)
{
	char full[128], *text = NULL;

	(void)snprintf(full, sizeof(full), "%s/%s", top, path);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, full, 64, &text, NULL), 0);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(each_group_above_gets_the_budget_and_the_containers_own_does_not)
{
	char dir[96];

	strcpy(top, "/tmp/test_rt.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	for (int i = 0; i < 2; i++) {
		(void)snprintf(dir, sizeof(dir), "%s/%s", top, i ? "a/b" : "a");
		ck_assert_int_eq(mkdir(dir, 0755), 0);
		put(i ? "a/b/cpu.rt_runtime_us" : "a/cpu.rt_runtime_us");
		put(i ? "a/b/cpu.rt_period_us" : "a/cpu.rt_period_us");
	}
	ck_assert_msg(prepare("/a/b/id", (struct bt_cpu_realtime){ 1000000, 9000 },
			      "{'CpuRealtimeRuntime':9000}") == 0,
		      "%s", err.msg);
	assert_file("a/cpu.rt_runtime_us", "9000");
	assert_file("a/b/cpu.rt_period_us", "1000000");
	(void)snprintf(dir, sizeof(dir), "%s/a/b/id", top);
	ck_assert_int_lt(access(dir, F_OK), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}
END_TEST

START_TEST(who_asks_for_none_changes_nothing)
{
	strcpy(top, "/nonexistent");
	ck_assert_int_eq(prepare("/a/id", (struct bt_cpu_realtime){ 0, 0 }, "{}"), 0);
	ck_assert_int_eq(
		prepare("/a/id", (struct bt_cpu_realtime){ 0, 0 }, "{'CpuRealtimePeriod':5}"), 0);
}
END_TEST

START_TEST(more_than_the_budget_is_refused)
{
	strcpy(top, "/nonexistent");
	ck_assert_int_eq(
		prepare("/a/id", (struct bt_cpu_realtime){ 0, 0 }, "{'CpuRealtimeRuntime':1}"),
		-EINVAL);
	ck_assert_int_eq(
		prepare("/a/id", (struct bt_cpu_realtime){ 0, 5 }, "{'CpuRealtimeRuntime':6}"),
		-EINVAL);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

START_TEST(a_runtime_fits_into_its_period)
{
	json_t *good = parse("{'CpuRealtimePeriod':10,'CpuRealtimeRuntime':10}");
	json_t *bad = parse("{'CpuRealtimePeriod':10,'CpuRealtimeRuntime':11}");
	json_t *alone = parse("{'CpuRealtimeRuntime':11}");

	ck_assert_int_eq(bt_cpu_realtime_check(good, &err), 0);
	ck_assert_int_eq(bt_cpu_realtime_check(alone, &err), 0);
	ck_assert_int_eq(bt_cpu_realtime_check(bad, &err), -EINVAL);
	json_decref(good);
	json_decref(bad);
	json_decref(alone);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_group_above_gets_the_budget_and_the_containers_own_does_not);
	tcase_add_test(tests, who_asks_for_none_changes_nothing);
	tcase_add_test(tests, more_than_the_budget_is_refused);
	tcase_add_test(tests, a_runtime_fits_into_its_period);
}

int main(void)
{
	return run_tests("engine/cpu_realtime", add);
}
