/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_update.h"

#include "stores_fixture.h"

static struct bt_container *web;
static json_t *answer;

static void setup(void)
{
	setup_stores();
	engine.cgroup_parent = "/berth-unit-test";
}

static void teardown(void)
{
	json_decref(answer);
	teardown_stores();
}

/* The container is made (anew) with this HostConfig, and is the one that is updated. */
static void make(const char *host_config)
{
	if (web) {
		ck_well(bt_container_row_delete(web, &err), &err);
		bt_container_index_remove(&engine, web);
	}
	web = add_recorded("web", "{}", host_config, "[]");
}

static int update(const char *text)
{
	json_auto_t *body = parse(text);

	json_decref(answer);
	answer = NULL;
	err = (struct bt_err){ 0 };
	return bt_container_update(&engine, "web", body, &answer, &err);
}

static void assert_host_config(const char *want)
{
	bt_auto_settings struct bt_container_settings s = { 0 };

	ck_well(bt_container_row_settings(web, &s, &err), &err);
	assert_json(s.host_config, want);
}

/* Refused, and nothing is changed or told. */
static void assert_refused(const char *body, enum bt_err_kind kind, const char *words)
{
	bt_auto_settings struct bt_container_settings before = { 0 }, after = { 0 };
	bt_auto_free char *events_before = told(), *events = NULL;

	ck_well(bt_container_row_settings(web, &before, &err), &err);
	ck_assert_msg(update(body) < 0, "%s", body);
	check_err(&err, kind, words);
	ck_well(bt_container_row_settings(web, &after, &err), &err);
	ck_assert(json_equal(before.host_config, after.host_config));
	ck_assert_ptr_null(answer);
	events = told();
	ck_assert_str_eq(events, events_before);
}

START_TEST(what_is_given_changes_and_the_rest_stays)
{
	bt_auto_free char *events = NULL;

	make("{'Memory':10000000,'MemorySwap':20000000,'CpuShares':5,'ShmSize':7}");
	ck_well(update("{'CpuShares':7,'BlkioWeight':300,'CpusetCpus':'0'}"), &err);
	assert_host_config("{'Memory':10000000,'MemorySwap':20000000,'CpuShares':7,"
			   "'ShmSize':7,'BlkioWeight':300,'CpusetCpus':'0','PidsLimit':null}");
	assert_json(answer, "{'Warnings':null}");
	events = told();
	ck_assert_str_eq(events, "container update\n");
}
END_TEST

START_TEST(what_is_empty_leaves_a_member_as_it_is)
{
	make("{'CpuShares':5,'CpusetCpus':'0','PidsLimit':9,'RestartPolicy':{'Name':'always',"
	     "'MaximumRetryCount':0}}");
	ck_well(update("{'CpuShares':0,'CpusetCpus':'','PidsLimit':null,'RestartPolicy':{},"
		       "'Memory':0}"),
		&err);
	assert_host_config("{'CpuShares':5,'CpusetCpus':'0','PidsLimit':9,'RestartPolicy':{"
			   "'Name':'always','MaximumRetryCount':0}}");
	ck_well(update("{}"), &err);
}
END_TEST

START_TEST(a_limit_of_processes_below_one_takes_it_away)
{
	make("{'PidsLimit':9}");
	ck_well(update("{'PidsLimit':-1}"), &err);
	assert_host_config("{'PidsLimit':null}");
}
END_TEST

START_TEST(a_new_policy_counts_at_once_and_is_kept)
{
	make("{'RestartPolicy':{'Name':'no','MaximumRetryCount':0}}");
	ck_well(update("{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3}}"), &err);
	ck_assert_int_eq(web->restart.policy, BT_RESTART_ON_FAILURE);
	ck_assert_int_eq(web->restart.max, 3);
	assert_host_config("{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3},"
			   "'PidsLimit':null}");
}
END_TEST

START_TEST(a_policy_without_a_count_has_none)
{
	make("{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3}}");
	ck_well(update("{'RestartPolicy':{'Name':'always'}}"), &err);
	ck_assert_int_eq(web->restart.policy, BT_RESTART_ALWAYS);
	ck_assert_int_eq(web->restart.max, 0);
}
END_TEST

START_TEST(a_policy_that_is_none_is_refused)
{
	make("{'RestartPolicy':{'Name':'no','MaximumRetryCount':0},'AutoRemove':true}");
	assert_refused("{'RestartPolicy':{'Name':'sometimes'}}", BT_ERR_INVALID,
		       "unknown policy 'sometimes'");
	assert_refused("{'RestartPolicy':{'Name':'always'}}", BT_ERR_INVALID,
		       "can't create 'AutoRemove' container with restart policy");
	ck_assert_int_eq(web->restart.policy, BT_RESTART_NO);
}
END_TEST

START_TEST(where_the_limits_cannot_be_set_the_policy_is_what_it_was)
{
	make("{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3}}");
	/* It runs, and has no control groups. */
	web->state.status = BT_CONTAINER_RUNNING;
	ck_assert_int_lt(update("{'CpuShares':7,'RestartPolicy':{'Name':'always'}}"), 0);
	ck_assert_int_eq(web->restart.policy, BT_RESTART_ON_FAILURE);
	ck_assert_int_eq(web->restart.max, 3);
	assert_host_config("{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3}}");
}
END_TEST

START_TEST(limits_are_checked_beside_those_that_are_there)
{
	make("{'Memory':10000000,'MemorySwap':20000000}");
	assert_refused("{'Memory':30000000}", BT_ERR_CONFLICT,
		       "Memory limit should be smaller than already set memoryswap limit");
	assert_refused("{'Memory':1000}", BT_ERR_INVALID, "Minimum memory limit allowed is 6MB");
	assert_refused("{'MemorySwap':9999999}", BT_ERR_INVALID,
		       "Minimum memoryswap limit should be larger than memory limit");
	assert_refused("{'MemoryReservation':10000001}", BT_ERR_INVALID,
		       "can not be less than memory reservation limit");
	ck_well(update("{'Memory':30000000,'MemorySwap':40000000}"), &err);
	ck_well(update("{'Memory':40000000}"), &err);
}
END_TEST

START_TEST(two_ways_to_limit_processors_contradict_each_other)
{
	make("{'CpuPeriod':100000,'CpuQuota':50000}");
	assert_refused("{'NanoCpus':500000000}", BT_ERR_CONFLICT,
		       "Nano CPUs cannot be updated as CPU Period has already been set");
	make("{'CpuQuota':50000}");
	assert_refused("{'NanoCpus':500000000}", BT_ERR_CONFLICT,
		       "Nano CPUs cannot be updated as CPU Quota has already been set");
	make("{'NanoCpus':500000000}");
	assert_refused("{'CpuPeriod':100000}", BT_ERR_CONFLICT,
		       "CPU Period cannot be updated as NanoCPUs has already been set");
	assert_refused("{'CpuQuota':100000}", BT_ERR_CONFLICT,
		       "CPU Quota cannot be updated as NanoCPUs has already been set");
	ck_well(update("{'NanoCpus':700000000}"), &err);
}
END_TEST

START_TEST(what_is_fixed_at_creation_is_refused_by_name)
{
	static const char *const bodies[] = {
		"{'Devices':[{}]}",        "{'Ulimits':[{'Name':'core'}]}", "{'CgroupParent':'/x'}",
		"{'OomKillDisable':true}", "{'MemorySwappiness':10}",       "{'Init':true}",
		"{'CpuPercent':5}",        "{'BlkioDeviceReadBps':[{}]}",
	};

	make("{}");
	for (size_t i = 0; i < LENGTH(bodies); i++)
		assert_refused(bodies[i], BT_ERR_NOT_IMPLEMENTED, "cannot be changed by update");
}
END_TEST

START_TEST(the_empty_value_of_what_is_fixed_is_fine)
{
	make("{}");
	ck_well(update("{'Devices':[],'Ulimits':null,'CgroupParent':'','OomKillDisable':false,"
		       "'Init':null,'MemorySwappiness':-1,'CpuPercent':0}"),
		&err);
}
END_TEST

START_TEST(a_value_of_another_type_is_refused)
{
	make("{}");
	assert_refused("{'Memory':'1g'}", BT_ERR_INVALID, "Memory must be an integer");
	assert_refused("{'CpusetCpus':0}", BT_ERR_INVALID, "CpusetCpus must be a string");
	assert_refused("{'RestartPolicy':'always'}", BT_ERR_INVALID,
		       "RestartPolicy must be an object");
	assert_refused("{'RestartPolicy':{'MaximumRetryCount':'3'}}", BT_ERR_INVALID,
		       "RestartPolicy.MaximumRetryCount must be an integer");
	assert_refused("{'CpuShares':1.5}", BT_ERR_INVALID, "CpuShares must be an integer");
}
END_TEST

START_TEST(what_is_not_there_is_not_updated)
{
	ck_assert_int_lt(update("{}"), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: web");
}
END_TEST

START_TEST(a_container_at_rest_is_given_ports_for_its_next_start)
{
	make("{'PortBindings':{'80/tcp':[{'HostIp':'','HostPort':'8080'}]}}");
	ck_well(update("{'PublishAdd':['81:82/udp']}"), &err);
	assert_host_config("{'PortBindings':{'80/tcp':[{'HostIp':'','HostPort':'8080'}],"
			   "'82/udp':[{'HostIp':'','HostPort':'81'}]},'PidsLimit':null}");
	ck_well(update("{'PublishRm':['8080:80']}"), &err);
	assert_host_config("{'PortBindings':{'82/udp':[{'HostIp':'','HostPort':'81'}]},"
			   "'PidsLimit':null}");
	assert_refused("{'PublishRm':['8080:80']}", BT_ERR_INVALID,
		       "port 8080:80 is not published by this container");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_is_given_changes_and_the_rest_stays);
	tcase_add_test(tests, what_is_empty_leaves_a_member_as_it_is);
	tcase_add_test(tests, a_limit_of_processes_below_one_takes_it_away);
	tcase_add_test(tests, a_new_policy_counts_at_once_and_is_kept);
	tcase_add_test(tests, a_policy_without_a_count_has_none);
	tcase_add_test(tests, a_policy_that_is_none_is_refused);
	tcase_add_test(tests, where_the_limits_cannot_be_set_the_policy_is_what_it_was);
	tcase_add_test(tests, limits_are_checked_beside_those_that_are_there);
	tcase_add_test(tests, two_ways_to_limit_processors_contradict_each_other);
	tcase_add_test(tests, what_is_fixed_at_creation_is_refused_by_name);
	tcase_add_test(tests, the_empty_value_of_what_is_fixed_is_fine);
	tcase_add_test(tests, a_value_of_another_type_is_refused);
	tcase_add_test(tests, what_is_not_there_is_not_updated);
	tcase_add_test(tests, a_container_at_rest_is_given_ports_for_its_next_start);
}

int main(void)
{
	return run_suite("engine/container_update", setup, teardown, add);
}
