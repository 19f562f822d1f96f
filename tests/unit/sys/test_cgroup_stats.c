/* SPDX-License-Identifier: Apache-2.0 */

/* The parsers on texts, and the reading on directories that look like a group's. */

#include "sys/cgroup_stats.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static const struct {
	const char *text;
	size_t n;
	const char *name; /* of the last one */
	uint64_t value;
} counters[] = {
	{ "", 0, NULL, 0 },
	{ "\n\n", 0, NULL, 0 },
	{ "cache 4096\nrss 12\n", 2, "rss", 12 },
	{ "cache 4096\nrss 12", 2, "rss", 12 },
	{ "big 18446744073709551615\n", 1, "big", UINT64_MAX },
	/* Of another form: each line by itself. */
	{ "big 18446744073709551616\nrss 1\n", 1, "rss", 1 },
	{ "alone\nrss 1\n", 1, "rss", 1 },
	{ "two 1 2\nrss 1\n", 1, "rss", 1 },
	{ "minus -1\nrss 1\n", 1, "rss", 1 },
	{ "blank \nrss 1\n", 1, "rss", 1 },
	{ "tab\t1\nrss 1\n", 1, "rss", 1 },
};

START_TEST(counters_are_lines_of_a_name_and_a_number)
{
	bt_auto_free char *text = strdup(counters[_i].text);
	struct bt_cgroup_counter *list = NULL;
	size_t n = 99;

	ck_assert_int_eq(bt_cgroup_stats_parse_counters(text, &list, &n), 0);
	ck_assert_uint_eq(n, counters[_i].n);
	if (n > 0) {
		ck_assert_str_eq(list[n - 1].name, counters[_i].name);
		ck_assert_uint_eq(list[n - 1].value, counters[_i].value);
	}
	free(list);
}
END_TEST

START_TEST(a_file_of_too_many_lines_is_refused)
{
	bt_auto_free char *text = malloc(65536 + 1);
	struct bt_cgroup_counter *list = NULL;
	size_t n = 99;

	memset(text, '\n', 65536);
	text[65536] = '\0';
	ck_assert_int_eq(bt_cgroup_stats_parse_counters(text, &list, &n), -E2BIG);
	ck_assert(!list && n == 99);
}
END_TEST

static void assert_entry(const struct bt_cgroup_io_entry *e, uint32_t major, uint32_t minor,
			 const char *op, uint64_t value)
{
	ck_assert(e->major == major && e->minor == minor);
	ck_assert_str_eq(e->op, op);
	ck_assert_uint_eq(e->value, value);
}

START_TEST(blkios_lines_are_read_but_for_the_sum_of_all)
{
	struct bt_cgroup_io_list list = { 0 };

	ck_assert_int_eq(bt_cgroup_stats_parse_blkio("8:0 Read 4096\n8:0 Write 1\n"
						     "253:17 Discard 18446744073709551615\n"
						     "8:0 Total 4097\nTotal 4097\n",
						     &list),
			 0);
	ck_assert_uint_eq(list.n, 4);
	assert_entry(&list.v[0], 8, 0, "Read", 4096);
	assert_entry(&list.v[2], 253, 17, "Discard", UINT64_MAX);
	assert_entry(&list.v[3], 8, 0, "Total", 4097);
	free(list.v);
}
END_TEST

START_TEST(an_operation_that_nobody_knows_is_left_out)
{
	struct bt_cgroup_io_list list = { 0 };

	ck_assert_int_eq(bt_cgroup_stats_parse_blkio("8:0 Trim 1\n8:0 ReadReadReadReadReadRead 1\n"
						     "8: Read 1\n:0 Read 1\n8:0 Read\n8:0 Read x\n",
						     &list),
			 0);
	ck_assert_uint_eq(list.n, 0);
	free(list.v);
}
END_TEST

START_TEST(pairs_of_io_stat_go_to_bytes_and_operations)
{
	struct bt_cgroup_io_list bytes = { 0 }, ops = { 0 };

	ck_assert_int_eq(bt_cgroup_stats_parse_io(
				 "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
				 "7:0 \n259:3 rbytes=7 cost.usage=9 rios=x wios=\nno device\n",
				 &bytes, &ops),
			 0);
	ck_assert(bytes.n == 4 && ops.n == 3);
	assert_entry(&bytes.v[0], 8, 0, "Read", 1);
	assert_entry(&bytes.v[2], 8, 0, "Discard", 5);
	assert_entry(&bytes.v[3], 259, 3, "Read", 7);
	assert_entry(&ops.v[2], 8, 0, "Discard", 6);
	free(bytes.v);
	free(ops.v);
}
END_TEST

START_TEST(many_devices_are_all_kept_in_their_order)
{
	bt_auto_str struct bt_str text = { 0 };
	struct bt_cgroup_io_list list = { 0 };

	for (unsigned i = 0; i < 1000; i++)
		bt_str_printf(&text, "8:%u Read %u\n", i, i * 2);
	ck_assert_int_eq(bt_cgroup_stats_parse_blkio(bt_str_get(&text), &list), 0);
	ck_assert_uint_eq(list.n, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_entry(&list.v[i], 8, i, "Read", i * 2);
	free(list.v);
}
END_TEST

/* ---- a group ------------------------------------------------------------------- */

static char top[] = "/tmp/test_cgroup_stats.XXXXXX";
static struct bt_cgroup_host host;
static struct bt_cgroup cg;

/* One hierarchy with all controllers, which is the directory itself. */
static void make(bool v2)
{
	host = (struct bt_cgroup_host){ .n = 1, .unified = v2 ? 0 : -1 };
	host.v[0] = (struct bt_cgroup_hierarchy){ .fd = -EBADF, .v2 = v2 };
	cg = (struct bt_cgroup){ .host = &host, .ndirs = 1 };
	ck_assert_ptr_nonnull(mkdtemp(top));
	cg.dirs[0] = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(cg.dirs[0], 0);
}

static void make_v1(void)
{
	make(false);
}

static void make_v2(void)
{
	make(true);
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

START_TEST(version_1_is_read_into_the_common_numbers)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats s = { 0 };

	file("cpu.stat", "nr_periods 10\nnr_throttled 3\nthrottled_time 77\n");
	file("cpuacct.usage", "1000\n");
	file("cpuacct.usage_user", "700\n");
	file("cpuacct.usage_sys", "300\n");
	file("cpuacct.usage_percpu", "400 600 \n");
	file("memory.stat", "cache 5\ntotal_inactive_file 6\n");
	file("memory.usage_in_bytes", "100\n");
	file("memory.max_usage_in_bytes", "200\n");
	file("memory.limit_in_bytes", "4096\n");
	file("memory.memsw.usage_in_bytes", "150\n");
	file("memory.memsw.limit_in_bytes", "8192\n");
	file("memory.failcnt", "2\n");
	file("pids.current", "3\n");
	file("pids.max", "max\n");
	file("blkio.bfq.io_service_bytes_recursive", "Total 0\n");
	file("blkio.throttle.io_service_bytes_recursive", "8:0 Read 1\nTotal 1\n");
	ck_assert_int_eq(bt_cgroup_stats_read(&cg, &s), 0);
	ck_assert(s.throttle_periods == 10 && s.throttled_periods == 3 && s.throttled_ns == 77);
	ck_assert(s.cpu_total_ns == 1000 && s.cpu_user_ns == 700 && s.cpu_system_ns == 300);
	ck_assert(s.npercpu == 2 && s.percpu_ns[0] == 400 && s.percpu_ns[1] == 600);
	ck_assert(s.memory_usage == 100 && s.memory_max_usage == 200 && s.memory_failcnt == 2);
	ck_assert(s.memory_limit == 4096 && !s.v2);
	/* What the kernel counts together is taken apart. */
	ck_assert(s.swap_usage == 50 && s.swap_limit == 4096);
	ck_assert(s.pids_current == 3 && s.pids_limit == BT_CGROUP_UNLIMITED);
	ck_assert(s.io_bytes.n == 1 && s.io_ops.n == 0);
	ck_assert_uint_eq(bt_cgroup_stats_memory(&s, "total_inactive_file"), 6);
	ck_assert_uint_eq(bt_cgroup_stats_memory(&s, "inactive_file"), 0);
}
END_TEST

START_TEST(numbers_of_version_1_that_contradict_each_other_do_not_wrap)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats s = { 0 };

	/* They are read one after the other, and memory is given back in between. */
	file("memory.stat", "cache 5\n");
	file("memory.usage_in_bytes", "100\n");
	file("memory.limit_in_bytes", "4096\n");
	file("memory.memsw.usage_in_bytes", "90\n");
	file("memory.memsw.limit_in_bytes", "4000\n");
	ck_assert_int_eq(bt_cgroup_stats_read(&cg, &s), 0);
	ck_assert(s.swap_usage == 0 && s.swap_limit == 0);
}
END_TEST

START_TEST(version_2_is_read_into_the_same_numbers)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats s = { 0 };

	file("cpu.stat", "usage_usec 1000\nuser_usec 700\nsystem_usec 300\nnr_periods 4\n"
			 "nr_throttled 1\nthrottled_usec 5\n");
	file("memory.stat", "anon 5\ninactive_file 6\n");
	file("memory.current", "100\n");
	file("memory.peak", "200\n");
	file("memory.max", "max\n");
	file("memory.swap.current", "7\n");
	file("memory.swap.max", "0\n");
	file("memory.events", "low 0\nhigh 0\nmax 9\noom 1\n");
	file("pids.current", "3\n");
	file("pids.max", "50\n");
	file("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n");
	ck_assert_int_eq(bt_cgroup_stats_read(&cg, &s), 0);
	ck_assert(s.cpu_total_ns == 1000000 && s.cpu_user_ns == 700000);
	ck_assert(s.cpu_system_ns == 300000 && s.throttled_ns == 5000 && s.throttle_periods == 4);
	ck_assert(s.memory_limit == BT_CGROUP_UNLIMITED && s.memory_failcnt == 9 && s.v2);
	ck_assert(s.swap_usage == 7 && s.swap_limit == 0 && s.memory_max_usage == 200);
	ck_assert(s.pids_limit == 50 && s.io_bytes.n == 3 && s.io_ops.n == 3 && s.npercpu == 0);
}
END_TEST

START_TEST(what_is_not_there_is_not_had)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats s = { 0 };

	ck_assert_int_eq(bt_cgroup_stats_read(&cg, &s), 0);
	ck_assert_uint_eq(s.have & (1u << BT_CGROUP_MEMORY | 1u << BT_CGROUP_PIDS), 0);
	ck_assert(s.memory_usage == 0 && s.nmemory_stat == 0 && s.io_bytes.n == 0);
}
END_TEST

START_TEST(garbage_in_the_files_is_no_number)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats s = { 0 };

	file("cpu.stat", "usage_usec\nuser_usec x\nsystem_usec -3\n");
	file("memory.stat", "\n");
	file("memory.current", "garbage\n");
	file("memory.max", "\n");
	file("pids.current", "1 2\n");
	file("io.stat", "x:y rbytes=1\n8:0 rbytes=99999999999999999999999\n");
	ck_assert_int_eq(bt_cgroup_stats_read(&cg, &s), 0);
	ck_assert(s.cpu_total_ns == 0 && s.cpu_user_ns == 0 && s.cpu_system_ns == 0);
	ck_assert(s.memory_usage == 0 && s.pids_current == 0 && s.io_bytes.n == 0);
	ck_assert_uint_eq(s.have & 1u << BT_CGROUP_PIDS, 0);
}
END_TEST

static void add_parsers(TCase *tests)
{
	tcase_add_loop_test(tests, counters_are_lines_of_a_name_and_a_number, 0,
			    sizeof(counters) / sizeof(counters[0]));
	tcase_add_test(tests, a_file_of_too_many_lines_is_refused);
	tcase_add_test(tests, blkios_lines_are_read_but_for_the_sum_of_all);
	tcase_add_test(tests, an_operation_that_nobody_knows_is_left_out);
	tcase_add_test(tests, pairs_of_io_stat_go_to_bytes_and_operations);
	tcase_add_test(tests, many_devices_are_all_kept_in_their_order);
}

static void add_v1(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_v1, tear_down);
	tcase_add_test(tests, version_1_is_read_into_the_common_numbers);
	tcase_add_test(tests, numbers_of_version_1_that_contradict_each_other_do_not_wrap);
}

static void add_v2(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_v2, tear_down);
	tcase_add_test(tests, version_2_is_read_into_the_same_numbers);
	tcase_add_test(tests, what_is_not_there_is_not_had);
	tcase_add_test(tests, garbage_in_the_files_is_no_number);
}

int main(void)
{
	int failed = run_tests("sys/cgroup_stats", add_parsers);

	failed |= run_tests("sys/cgroup_stats, version 1", add_v1);
	return failed | run_tests("sys/cgroup_stats, version 2", add_v2);
}
