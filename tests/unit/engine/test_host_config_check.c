/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_config_check.h"

#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"
#include "common.h"
#include "engine/engine_config.h"

static struct bt_engine_config cfg;
static json_t *warnings;
static struct bt_err err;

static void setup(void)
{
	warnings = json_array();
}

static void teardown(void)
{
	json_decref(warnings);
}

/* A HostConfig, and the words it is refused with; NULL: it is fine. */
struct row {
	const char *hc, *words;
};

static int check(const char *text)
{
	json_auto_t *hc = parse(text);

	err = (struct bt_err){ 0 };
	return bt_host_config_check(hc, &cfg, warnings, &err);
}

static void assert_fine(const char *text)
{
	ck_assert_msg(check(text) == 0, "%s: %s", text, err.msg);
}

static void assert_refused(const char *text, enum bt_err_kind kind, const char *words)
{
	ck_assert_msg(check(text) < 0, "%s is accepted", text);
	check_err(&err, kind, words);
}

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].words)
			assert_refused(rows[i].hc, BT_ERR_INVALID, rows[i].words);
		else
			assert_fine(rows[i].hc);
	}
}

START_TEST(nothing_said_is_fine_and_warns_of_nothing)
{
	assert_fine("{}");
	ck_assert_int_eq(bt_host_config_check(NULL, &cfg, warnings, &err), 0);
	ck_assert_uint_eq(json_array_size(warnings), 0);
}
END_TEST

START_TEST(memory_is_none_or_six_megabytes_at_least)
{
	static const struct row rows[] = {
		{ "{'Memory':0}", NULL },
		{ "{'Memory':6291456}", NULL },
		{ "{'Memory':6291455}", "Minimum memory limit allowed is 6MB" },
		{ "{'Memory':-1}", "Minimum memory limit allowed is 6MB" },
		{ "{'Memory':9223372036854775807}", NULL },
		{ "{'MemoryReservation':6291456}", NULL },
		{ "{'MemoryReservation':6291455}", "Minimum memory reservation allowed is 6MB" },
		{ "{'MemoryReservation':-1}", "Minimum memory reservation allowed is 6MB" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(swap_and_reservation_fit_the_memory)
{
	static const struct row rows[] = {
		{ "{'Memory':10000000,'MemorySwap':10000000}", NULL },
		{ "{'Memory':10000000,'MemorySwap':9999999}",
		  "Minimum memoryswap limit should be larger than memory limit" },
		{ "{'Memory':10000000,'MemorySwap':-1}", NULL },
		{ "{'MemorySwap':-1}", NULL },
		{ "{'MemorySwap':1}", "You should always set the Memory limit" },
		{ "{'Memory':10000000,'MemoryReservation':10000000}", NULL },
		{ "{'Memory':10000000,'MemoryReservation':10000001}",
		  "Minimum memory limit can not be less than memory reservation limit" },
		{ "{'MemoryReservation':10000000}", NULL },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(swappiness_is_a_percentage_or_minus_one)
{
	static const struct row rows[] = {
		{ "{'MemorySwappiness':-1}", NULL },
		{ "{'MemorySwappiness':0}", NULL },
		{ "{'MemorySwappiness':100}", NULL },
		{ "{'MemorySwappiness':null}", NULL },
		{ "{'MemorySwappiness':-2}", "Invalid value: -2, valid memory swappiness" },
		{ "{'MemorySwappiness':101}", "Invalid value: 101, valid memory swappiness" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(nano_cpus_and_the_older_way_to_say_it_exclude_each_other)
{
	static const struct row rows[] = {
		{ "{'NanoCpus':1000000000,'CpuPeriod':100000}",
		  "Nano CPUs and CPU Period cannot both be set" },
		{ "{'NanoCpus':1000000000,'CpuQuota':100000}",
		  "Nano CPUs and CPU Quota cannot both be set" },
		{ "{'NanoCpus':1000000000,'CpuQuota':-1}", NULL },
		{ "{'CpuPeriod':100000,'CpuQuota':50000}", NULL },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(nano_cpus_are_between_a_hundredth_and_what_there_is)
{
	long long all = sysconf(_SC_NPROCESSORS_ONLN) * 1000000000ll;
	bt_auto_free char *most = bt_str_format("{'NanoCpus':%lld}", all);
	bt_auto_free char *more = bt_str_format("{'NanoCpus':%lld}", all + 1);
	const struct row rows[] = {
		{ most, NULL },
		{ more, "range of CPUs is from 0.01 to" },
		{ "{'NanoCpus':10000000}", NULL },
		{ "{'NanoCpus':9999999}", "range of CPUs is from 0.01 to" },
		{ "{'NanoCpus':-1}", "range of CPUs is from 0.01 to" },
		{ "{'NanoCpus':9223372036854775807}", "range of CPUs is from 0.01 to" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(period_quota_and_shares_have_the_kernels_bounds)
{
	static const struct row rows[] = {
		{ "{'CpuPeriod':1000}", NULL },
		{ "{'CpuPeriod':1000000}", NULL },
		{ "{'CpuPeriod':999}", "CPU cfs period can not be less than 1ms" },
		{ "{'CpuPeriod':1000001}", "CPU cfs period can not be less than 1ms" },
		{ "{'CpuPeriod':-1}", "CPU cfs period can not be less than 1ms" },
		{ "{'CpuQuota':1000}", NULL },
		{ "{'CpuQuota':-1}", NULL },
		{ "{'CpuQuota':999}", "CPU cfs quota can not be less than 1ms" },
		{ "{'CpuShares':0}", NULL },
		{ "{'CpuShares':-2}", "invalid CPU shares (-2)" },
		{ "{'CpuRealtimePeriod':1000,'CpuRealtimeRuntime':1000}", NULL },
		{ "{'CpuRealtimePeriod':1000,'CpuRealtimeRuntime':1001}",
		  "cpu real-time runtime cannot be higher" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(sets_name_processors_and_nodes_that_are_there)
{
	static const struct row rows[] = {
		{ "{'CpusetCpus':'0'}", NULL },
		{ "{'CpusetMems':'0'}", NULL },
		{ "{'CpusetCpus':''}", NULL },
		{ "{'CpusetCpus':'1023'}", "Requested CPUs are not available - requested 1023" },
		{ "{'CpusetMems':'1023'}", "Requested memory nodes are not available" },
		{ "{'CpusetCpus':'0-'}", "Invalid value 0- for cpuset cpus" },
		{ "{'CpusetMems':'1-0'}", "Invalid value 1-0 for cpuset mems" },
		{ "{'CpusetCpus':'-1'}", "Invalid value -1 for cpuset cpus" },
		{ "{'CpusetCpus':'99999999999999999999'}", "for cpuset cpus: invalid format" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(retries_are_for_policies_that_give_up)
{
	static const struct row rows[] = {
		{ "{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':3}}", NULL },
		{ "{'RestartPolicy':{'Name':'on-unhealthy','MaximumRetryCount':3}}", NULL },
		{ "{'RestartPolicy':{'Name':'unless-stopped'}}", NULL },
		{ "{'RestartPolicy':{'Name':'no'}}", NULL },
		{ "{'RestartPolicy':null}", NULL },
		{ "{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':-1}}",
		  "maximum retry count cannot be negative" },
		{ "{'RestartPolicy':{'Name':'always','MaximumRetryCount':1}}",
		  "can only be used with 'on-failure'" },
		{ "{'RestartPolicy':{'Name':'','MaximumRetryCount':1}}",
		  "can only be used with 'on-failure'" },
		{ "{'RestartPolicy':{'Name':'Always'}}", "unknown policy 'Always'" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(what_removes_itself_is_not_started_again)
{
	static const struct row rows[] = {
		{ "{'AutoRemove':true}", NULL },
		{ "{'AutoRemove':true,'RestartPolicy':{'Name':'no'}}", NULL },
		{ "{'AutoRemove':true,'RestartPolicy':{'Name':'on-failure'}}",
		  "can't create 'AutoRemove' container with restart policy" },
		{ "{'AutoRemove':true,'RestartPolicy':{'Name':'always'}}",
		  "can't create 'AutoRemove' container with restart policy" },
		{ "{'AutoRemove':true,'RestartPolicy':{'Name':'unless-stopped'}}",
		  "can't create 'AutoRemove' container with restart policy" },
		{ "{'AutoRemove':false,'RestartPolicy':{'Name':'on-failure'}}", NULL },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_mode_is_one_of_its_namespaces)
{
	static const struct row rows[] = {
		{ "{'IpcMode':'none'}", NULL },
		{ "{'IpcMode':'shareable'}", NULL },
		{ "{'IpcMode':'container:web'}", NULL },
		{ "{'IpcMode':'container:'}", "invalid IPC mode: container:" },
		{ "{'PidMode':'container:web'}", NULL },
		{ "{'PidMode':'private'}", "invalid PID mode: private" },
		{ "{'UTSMode':'host'}", NULL },
		{ "{'UTSMode':'container:web'}", "invalid UTS mode: container:web" },
		{ "{'UsernsMode':'host'}", NULL },
		{ "{'UsernsMode':'private'}", "invalid USER mode: private" },
		{ "{'CgroupnsMode':'host'}", NULL },
		{ "{'CgroupnsMode':'container:web'}", "invalid cgroup namespace mode" },
		{ "{'Isolation':'default'}", NULL },
		{ "{'Isolation':'hyperv'}", "invalid isolation (hyperv): linux only supports" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(options_of_a_log_are_known_and_strings)
{
	static const struct row rows[] = {
		{ "{'LogConfig':{'Type':'none'}}", NULL },
		{ "{'LogConfig':{'Type':'json-file','Config':{'max-size':'10m','max-file':'3',"
		  "'labels':'a','env':'B'}}}",
		  NULL },
		{ "{'LogConfig':{'Config':{'mode':'blocking'}}}", NULL },
		{ "{'LogConfig':{'Type':'journald'}}", "looking up logging plugin journald" },
		{ "{'LogConfig':{'Config':{'Max-size':'1m'}}}", "unknown log opt 'Max-size'" },
		{ "{'LogConfig':{'Config':{'max-file':3}}}",
		  "LogConfig.Config.max-file must be a string" },
		{ "{'LogConfig':{'Config':{'tag':null}}}",
		  "LogConfig.Config.tag must be a string" },
		{ "{'LogConfig':{'Config':{'max-file':'0'}}}", "log opt max-file" },
		{ "{'LogConfig':{'Config':{'max-size':'lots'}}}", "log opt max-size" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_log_option_that_is_not_carried_out_is_refused_by_its_name)
{
	static const char *const names[] = { "labels-regex", "env-regex", "tag", "compress",
					     "mode" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		bt_auto_free char *hc =
			bt_str_format("{'LogConfig':{'Config':{'%s':'x'}}}", names[i]);
		bt_auto_free char *words =
			bt_str_format("LogConfig.Config.%s is not supported", names[i]);

		assert_refused(hc, BT_ERR_NOT_IMPLEMENTED, words);
	}
}
END_TEST

START_TEST(runtimes_are_ours_and_those_the_daemon_was_told_of)
{
	json_auto_t *runtimes = parse("{'crun':{'path':'/usr/bin/crun'}}");

	assert_fine("{'Runtime':'berth-runtime'}");
	assert_fine("{'Runtime':'runc'}");
	assert_fine("{'Runtime':'io.containerd.runc.v2'}");
	assert_refused("{'Runtime':'crun'}", BT_ERR_INVALID, "unknown or invalid runtime name");
	cfg.runtimes = runtimes;
	assert_fine("{'Runtime':'crun'}");
	assert_refused("{'Runtime':'Crun'}", BT_ERR_INVALID, "invalid runtime name: Crun");
}
END_TEST

START_TEST(with_systemd_the_parent_of_its_group_is_a_slice)
{
	assert_fine("{'CgroupParent':'/any'}");
	cfg.systemd_cgroup = true;
	assert_fine("{'CgroupParent':''}");
	assert_fine("{'CgroupParent':'user-1000.slice'}");
	assert_refused("{'CgroupParent':'/any'}", BT_ERR_INVALID, "should be a valid slice");
	assert_refused("{'CgroupParent':'.slice'}", BT_ERR_INVALID, "should be a valid slice");
	assert_refused("{'CgroupParent':'a--b.slice'}", BT_ERR_INVALID, "should be a valid slice");
}
END_TEST

START_TEST(a_soft_limit_is_not_above_the_hard_one)
{
	static const struct row rows[] = {
		{ "{'Ulimits':[]}", NULL },
		{ "{'Ulimits':[{'Name':'nofile','Soft':1,'Hard':1}]}", NULL },
		{ "{'Ulimits':[{'Name':'NOFILE','Soft':0,'Hard':0}]}", NULL },
		{ "{'Ulimits':[{'Name':'core','Soft':-1,'Hard':-1}]}", NULL },
		{ "{'Ulimits':[{'Name':'core','Soft':5,'Hard':-1}]}", NULL },
		{ "{'Ulimits':[{'Name':'core','Soft':-1,'Hard':5}]}", "-1 > 5" },
		{ "{'Ulimits':[{'Name':'core','Soft':2,'Hard':1}]}", "2 > 1" },
		{ "{'Ulimits':[{'Name':'core','Soft':1,'Hard':1},{'Name':'x'}]}",
		  "invalid ulimit type: x" },
		{ "{'Ulimits':[{'Soft':1,'Hard':1}]}", "invalid ulimit type: " },
		{ "{'Ulimits':[{'Name':'RLIMIT_NOFILE'}]}", "invalid ulimit type: RLIMIT_NOFILE" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(other_numbers_have_their_ranges)
{
	static const struct row rows[] = {
		{ "{'OomScoreAdj':-1000}", NULL },
		{ "{'OomScoreAdj':1000}", NULL },
		{ "{'OomScoreAdj':-1001}", "range for oom score adj" },
		{ "{'OomScoreAdj':1001}", "range for oom score adj" },
		{ "{'ShmSize':0}", NULL },
		{ "{'ShmSize':-1}", "SHM size can not be less than 0" },
		{ "{'BlkioWeight':10}", NULL },
		{ "{'BlkioWeight':1000}", NULL },
		{ "{'BlkioWeight':9}", "Range of blkio weight is from 10 to 1000" },
		{ "{'BlkioWeight':1001}", "Range of blkio weight is from 10 to 1000" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(an_extra_host_has_a_name_and_something_behind_its_colon)
{
	static const struct row rows[] = {
		{ "{'ExtraHosts':['a:1.2.3.4','b:::1','c:host-gateway']}", NULL },
		{ "{'ExtraHosts':[]}", NULL },
		{ "{'ExtraHosts':['']}", "bad format for add-host: \"\"" },
		{ "{'ExtraHosts':[':']}", "bad format for add-host: \":\"" },
		{ "{'ExtraHosts':['a:1.2.3.4','a:']}", "bad format for add-host: \"a:\"" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_tmpfs_is_mounted_at_an_absolute_path)
{
	static const struct row rows[] = {
		{ "{'Tmpfs':{'/run':'size=1m','/tmp':''}}", NULL },
		{ "{'Tmpfs':{}}", NULL },
		{ "{'Tmpfs':{'/run':'','tmp':''}}",
		  "invalid mount path: 'tmp' mount path must be absolute" },
		{ "{'Tmpfs':{'':''}}", "invalid mount path: '' mount path must be absolute" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_device_request_says_how_many_or_which)
{
	static const struct row rows[] = {
		{ "{'DeviceRequests':[{'Count':-1}]}", NULL },
		{ "{'DeviceRequests':[{'Count':0,'DeviceIDs':['a']}]}", NULL },
		{ "{'DeviceRequests':[{'Count':1,'DeviceIDs':[]}]}", NULL },
		{ "{'DeviceRequests':[{'Count':1},{'Count':1,'DeviceIDs':['a']}]}",
		  "cannot set both Count and DeviceIDs" },
		{ "{'DeviceRequests':[null]}", "HostConfig.DeviceRequests must hold objects" },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(options_of_the_storage_are_refused_whatever_they_say)
{
	assert_fine("{'StorageOpt':{}}");
	assert_refused("{'StorageOpt':{'size':'1G'}}", BT_ERR_INVALID,
		       "--storage-opt is supported");
	assert_refused("{'StorageOpt':{'Size':'1G'}}", BT_ERR_INVALID, "Unknown option Size");
}
END_TEST

START_TEST(a_profile_of_apparmor_needs_a_host_that_enforces_it)
{
	assert_fine("{'SecurityOpt':['apparmor=unconfined']}");
	assert_fine("{'SecurityOpt':['apparmor=']}");
	assert_refused("{'SecurityOpt':['apparmor=mine']}", BT_ERR_NOT_IMPLEMENTED,
		       "apparmor=mine: this host does not enforce AppArmor");
	cfg.apparmor = true;
	assert_fine("{'SecurityOpt':['apparmor=mine']}");
}
END_TEST

START_TEST(a_name_longer_than_a_message_is_refused_like_a_short_one)
{
	char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	bt_auto_free char *runtime = bt_str_format("{'Runtime':'%s'}", name);
	bt_auto_free char *host = bt_str_format("{'ExtraHosts':['%s']}", name);
	bt_auto_free char *tmpfs = bt_str_format("{'Tmpfs':{'%s':''}}", name);
	bt_auto_free char *limit = bt_str_format("{'Ulimits':[{'Name':'%s'}]}", name);

	assert_refused(runtime, BT_ERR_INVALID, "invalid runtime name: xxx");
	assert_refused(host, BT_ERR_INVALID, "bad format for add-host: \"xxx");
	assert_refused(tmpfs, BT_ERR_INVALID, "mount path must be absolute");
	assert_refused(limit, BT_ERR_INVALID, "invalid ulimit type: xxx");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, nothing_said_is_fine_and_warns_of_nothing);
	tcase_add_test(tests, memory_is_none_or_six_megabytes_at_least);
	tcase_add_test(tests, swap_and_reservation_fit_the_memory);
	tcase_add_test(tests, swappiness_is_a_percentage_or_minus_one);
	tcase_add_test(tests, nano_cpus_and_the_older_way_to_say_it_exclude_each_other);
	tcase_add_test(tests, nano_cpus_are_between_a_hundredth_and_what_there_is);
	tcase_add_test(tests, period_quota_and_shares_have_the_kernels_bounds);
	tcase_add_test(tests, sets_name_processors_and_nodes_that_are_there);
	tcase_add_test(tests, retries_are_for_policies_that_give_up);
	tcase_add_test(tests, what_removes_itself_is_not_started_again);
	tcase_add_test(tests, a_mode_is_one_of_its_namespaces);
	tcase_add_test(tests, options_of_a_log_are_known_and_strings);
	tcase_add_test(tests, a_log_option_that_is_not_carried_out_is_refused_by_its_name);
	tcase_add_test(tests, runtimes_are_ours_and_those_the_daemon_was_told_of);
	tcase_add_test(tests, with_systemd_the_parent_of_its_group_is_a_slice);
	tcase_add_test(tests, a_soft_limit_is_not_above_the_hard_one);
	tcase_add_test(tests, other_numbers_have_their_ranges);
	tcase_add_test(tests, an_extra_host_has_a_name_and_something_behind_its_colon);
	tcase_add_test(tests, a_tmpfs_is_mounted_at_an_absolute_path);
	tcase_add_test(tests, a_device_request_says_how_many_or_which);
	tcase_add_test(tests, options_of_the_storage_are_refused_whatever_they_say);
	tcase_add_test(tests, a_profile_of_apparmor_needs_a_host_that_enforces_it);
	tcase_add_test(tests, a_name_longer_than_a_message_is_refused_like_a_short_one);
}

int main(void)
{
	return run_suite("engine/host_config_check", setup, teardown, add);
}
