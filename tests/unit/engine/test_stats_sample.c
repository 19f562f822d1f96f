/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/stats_sample.h"

#include <unistd.h>

#include "base/auto.h"
#include "common.h"

static struct bt_container *container(void)
{
	struct bt_container *c = bt_container_new(NULL, "0123");

	c->name = strdup("web");
	return c;
}

/* The text of a sample as a tree. */
static json_t *tree_of(const struct bt_stats_sample *s, const struct bt_stats_cpu *before)
{
	bt_auto_free char *text = bt_stats_sample_text(s, before);
	json_t *tree;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	/* Numbers beyond a JSON integer of jansson's are read as reals. */
	tree = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
	ck_assert_ptr_nonnull(tree);
	return tree;
}

static double at(const json_t *tree, const char *a, const char *b)
{
	return json_number_value(json_object_get(json_object_get(tree, a), b));
}

START_TEST(interfaces_are_counted_without_the_loopback)
{
	json_auto_t *nets = bt_stats_sample_parse_net(
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
		"    lo:     100       1    0    0    0     0          0         0      100       1 0 0\n"
		"  eth0:    1000      10    1    2    0     0          0         0     2000      20"
		"    3    4    0     0       0          0\n"
		"eth1:5 6 7 8 0 0 0 0 9 10 11 12 0 0 0 0\n");

	assert_json(nets, "{'eth0':{'rx_bytes':1000,'rx_packets':10,'rx_errors':1,'rx_dropped':2,"
			  "'tx_bytes':2000,'tx_packets':20,'tx_errors':3,'tx_dropped':4},"
			  "'eth1':{'rx_bytes':5,'rx_packets':6,'rx_errors':7,'rx_dropped':8,"
			  "'tx_bytes':9,'tx_packets':10,'tx_errors':11,'tx_dropped':12}}");
}
END_TEST

START_TEST(no_text_has_no_interfaces)
{
	json_auto_t *none = bt_stats_sample_parse_net(NULL);
	json_auto_t *torn = bt_stats_sample_parse_net("eth0: 1 2 3");

	assert_json(none, "{}");
	assert_json(torn, "{}");
}
END_TEST

START_TEST(one_that_does_not_run_has_empty_counters)
{
	bt_auto_container struct bt_container *c = container();
	struct bt_stats_sample s = { .container = c, .name = strdup("web") };
	json_auto_t *tree = tree_of(&s, &(struct bt_stats_cpu){ 0 });

	assert_json(json_object_get(tree, "name"), "'/web'");
	assert_json(json_object_get(tree, "id"), "'0123'");
	assert_json(json_object_get(tree, "read"), "'0001-01-01T00:00:00Z'");
	assert_json(json_object_get(tree, "pids_stats"), "{}");
	assert_json(json_object_get(tree, "memory_stats"), "{}");
	assert_json(json_object_get(tree, "storage_stats"), "{}");
	ck_assert_ptr_null(json_object_get(tree, "networks"));
	ck_assert(json_is_null(json_object_get(json_object_get(tree, "blkio_stats"),
					       "io_service_bytes_recursive")));
	bt_stats_sample_done(&s);
}
END_TEST

START_TEST(the_processor_s_time_is_told_now_and_before)
{
	bt_auto_container struct bt_container *c = container();
	struct bt_stats_sample s = {
		.container = c,
		.name = strdup("web"),
		.read = true,
		.cpu = { .at_ns = 1, .total = 50, .user = 30, .kernel = 20, .system = 1000 },
	};
	const struct bt_stats_cpu before = { .at_ns = 1, .total = 40, .system = 900 };
	json_auto_t *tree = tree_of(&s, &before);
	const json_t *now = json_object_get(tree, "cpu_stats");
	const json_t *then = json_object_get(tree, "precpu_stats");

	ck_assert_double_eq(at(now, "cpu_usage", "total_usage"), 50);
	ck_assert_double_eq(at(now, "cpu_usage", "usage_in_usermode"), 30);
	ck_assert_double_eq(at(now, "cpu_usage", "usage_in_kernelmode"), 20);
	ck_assert_double_eq(json_number_value(json_object_get(now, "system_cpu_usage")), 1000);
	ck_assert_double_eq(json_number_value(json_object_get(now, "online_cpus")),
			    (double)sysconf(_SC_NPROCESSORS_ONLN));
	ck_assert_double_eq(at(then, "cpu_usage", "total_usage"), 40);
	ck_assert_double_eq(json_number_value(json_object_get(then, "system_cpu_usage")), 900);
	bt_stats_sample_done(&s);
}
END_TEST

START_TEST(no_limit_of_processes_is_the_largest_number_on_version_2_and_not_told_on_1)
{
	bt_auto_container struct bt_container *c = container();
	struct bt_stats_sample s = { .container = c, .name = strdup("web"), .read = true };
	bt_auto_free char *text = NULL;
	json_t *tree;

	s.group.pids_current = 3;
	s.group.pids_limit = BT_CGROUP_UNLIMITED;
	tree = tree_of(&s, &(struct bt_stats_cpu){ 0 });
	assert_json(json_object_get(tree, "pids_stats"), "{'current':3.0}");
	json_decref(tree);
	s.group.v2 = true;
	text = bt_stats_sample_text(&s, &(struct bt_stats_cpu){ 0 });
	ck_assert_ptr_nonnull(
		strstr(text, "\"pids_stats\":{\"current\":3,\"limit\":18446744073709551615}"));
	bt_stats_sample_done(&s);
}
END_TEST

START_TEST(memory_without_a_limit_has_the_machine_s)
{
	bt_auto_container struct bt_container *c = container();
	struct bt_stats_sample s = { .container = c, .name = strdup("web"), .read = true };
	json_t *tree;
	double unlimited;

	s.group.memory_usage = 4096;
	s.group.memory_limit = BT_CGROUP_UNLIMITED;
	tree = tree_of(&s, &(struct bt_stats_cpu){ 0 });
	unlimited = at(tree, "memory_stats", "limit");
	ck_assert_double_eq(at(tree, "memory_stats", "usage"), 4096);
	ck_assert(unlimited > 1e6 && unlimited < 1e18);
	json_decref(tree);
	s.group.memory_limit = 8192;
	tree = tree_of(&s, &(struct bt_stats_cpu){ 0 });
	ck_assert_double_eq(at(tree, "memory_stats", "limit"), 8192);
	json_decref(tree);
	bt_stats_sample_done(&s);
}
END_TEST

START_TEST(operations_on_devices_are_in_lower_case)
{
	bt_auto_container struct bt_container *c = container();
	struct bt_stats_sample s = { .container = c, .name = strdup("web"), .read = true };
	json_auto_t *tree = NULL;

	ck_assert_int_eq(bt_cgroup_stats_parse_blkio("8:0 Read 10\n8:16 Write 20\nTotal 30\n",
						     &s.group.io_bytes),
			 0);
	tree = tree_of(&s, &(struct bt_stats_cpu){ 0 });
	assert_json(
		json_object_get(json_object_get(tree, "blkio_stats"), "io_service_bytes_recursive"),
		"[{'major':8.0,'minor':0.0,'op':'read','value':10.0},"
		"{'major':8.0,'minor':16.0,'op':'write','value':20.0}]");
	bt_stats_sample_done(&s);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, interfaces_are_counted_without_the_loopback);
	tcase_add_test(tests, no_text_has_no_interfaces);
	tcase_add_test(tests, one_that_does_not_run_has_empty_counters);
	tcase_add_test(tests, the_processor_s_time_is_told_now_and_before);
	tcase_add_test(tests,
		       no_limit_of_processes_is_the_largest_number_on_version_2_and_not_told_on_1);
	tcase_add_test(tests, memory_without_a_limit_has_the_machine_s);
	tcase_add_test(tests, operations_on_devices_are_in_lower_case);
}

int main(void)
{
	return run_tests("engine/stats_sample", add);
}
