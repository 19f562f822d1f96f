/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_config.h"

#include "common.h"
#include "engine/engine.h"

static json_t *make(const char *text)
{
	const struct bt_engine_config cfg = { 0 };
	json_t *in = parse(text), *warnings = json_array(), *out = NULL;
	struct bt_err err = { 0 };
	int r = bt_host_config_make(in, &cfg, warnings, &out, &err);

	ck_assert_msg(r == 0, "%s: %s", text, err.msg);
	json_decref(in);
	json_decref(warnings);
	return out;
}

static void assert_refused(const char *text, enum bt_err_kind kind, const char *message)
{
	const struct bt_engine_config cfg = { 0 };
	json_t *in = parse(text), *warnings = json_array(), *out = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_host_config_make(in, &cfg, warnings, &out, &err), 0);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_str_eq(err.msg, message);
	json_decref(in);
	json_decref(warnings);
}

START_TEST(defaults_are_dockers)
{
	json_t *hc = make("{}");

	assert_json(json_object_get(hc, "NetworkMode"), "'bridge'");
	assert_json(json_object_get(hc, "IpcMode"), "'private'");
	assert_json(json_object_get(hc, "ShmSize"), "67108864");
	assert_json(json_object_get(hc, "LogConfig"), "{'Type':'json-file','Config':{}}");
	assert_json(json_object_get(hc, "RestartPolicy"), "{'Name':'no','MaximumRetryCount':0}");
	assert_json(json_object_get(hc, "PortBindings"), "null");
	assert_json(json_object_get(hc, "Binds"), "null");
	assert_json(json_object_get(hc, "PidsLimit"), "null");
	ck_assert_uint_eq(json_array_size(json_object_get(hc, "MaskedPaths")), 12);
	ck_assert_uint_eq(json_array_size(json_object_get(hc, "ReadonlyPaths")), 5);
	json_decref(hc);
}
END_TEST

START_TEST(values_that_mean_default_become_it)
{
	json_t *hc =
		make("{'ShmSize':0,'PidsLimit':-1,'MemorySwappiness':-1,'NetworkMode':'default',"
		     "'LogConfig':{'Type':'','Config':null},'RestartPolicy':{'Name':''},"
		     "'Capabilities':null,'KernelMemory':0}");

	assert_json(json_object_get(hc, "ShmSize"), "67108864");
	assert_json(json_object_get(hc, "PidsLimit"), "null");
	assert_json(json_object_get(hc, "MemorySwappiness"), "null");
	assert_json(json_object_get(hc, "NetworkMode"), "'bridge'");
	ck_assert_ptr_null(json_object_get(hc, "Capabilities"));
	json_decref(hc);
}
END_TEST

START_TEST(swap_is_twice_the_memory_where_not_given)
{
	json_t *hc = make("{'Memory':10485760}");

	assert_json(json_object_get(hc, "MemorySwap"), "20971520");
	json_decref(hc);
}
END_TEST

START_TEST(swap_has_no_limit_where_twice_the_memory_is_beyond_64_bits)
{
	json_auto_t *most = make("{'Memory':4611686018427387903}");
	json_auto_t *more = make("{'Memory':4611686018427387904}");

	assert_json(json_object_get(most, "MemorySwap"), "9223372036854775806");
	assert_json(json_object_get(more, "MemorySwap"), "-1");
}
END_TEST

START_TEST(a_privileged_container_hides_nothing)
{
	json_t *hc = make("{'Privileged':true}");

	assert_json(json_object_get(hc, "MaskedPaths"), "null");
	json_decref(hc);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_in_dockers_words)
{
	assert_refused("{'Memory':1024}", BT_ERR_INVALID, "Minimum memory limit allowed is 6MB");
	assert_refused(
		"{'MemorySwap':10485760}", BT_ERR_INVALID,
		"You should always set the Memory limit when using Memoryswap limit, see usage");
	assert_refused("{'NanoCpus':1000000000,'CpuPeriod':1000}", BT_ERR_INVALID,
		       "Conflicting options: Nano CPUs and CPU Period cannot both be set");
	assert_refused("{'CpusetCpus':'x'}", BT_ERR_INVALID,
		       "Invalid value x for cpuset cpus: invalid format: x");
	assert_refused("{'RestartPolicy':{'Name':'always'},'AutoRemove':true}", BT_ERR_INVALID,
		       "can't create 'AutoRemove' container with restart policy");
	assert_refused("{'OomScoreAdj':2000}", BT_ERR_INVALID,
		       "Invalid value 2000, range for oom score adj is [-1000, 1000]");
	assert_refused("{'Runtime':'nope'}", BT_ERR_INVALID,
		       "unknown or invalid runtime name: nope");
	assert_refused("{'LogConfig':{'Type':'syslog'}}", BT_ERR_INVALID,
		       "error looking up logging plugin syslog: plugin \"syslog\" not found");
	assert_refused("{'PidMode':'nope'}", BT_ERR_INVALID, "invalid PID mode: nope");
	assert_refused("{'CapAdd':['NOPE']}", BT_ERR_INVALID,
		       "invalid CapAdd: unknown capability: \"CAP_NOPE\"");
	assert_refused("{'SecurityOpt':['nope=1']}", BT_ERR_INVALID,
		       "invalid --security-opt 2: \"nope=1\"");
}
END_TEST

START_TEST(what_is_not_carried_out_is_refused_by_name)
{
	assert_refused("{'StorageOpt':{'size':'10G'}}", BT_ERR_INVALID,
		       "--storage-opt is supported only for overlay over xfs with 'pquota' mount "
		       "option");
	assert_refused("{'StorageOpt':{'nosuch':'1'}}", BT_ERR_INVALID, "Unknown option nosuch");
	assert_refused("{'CpuPercent':5}", BT_ERR_NOT_IMPLEMENTED,
		       "HostConfig.CpuPercent is not supported");
	assert_refused("{'DeviceRequests':[{'Count':-1,'DeviceIDs':['a']}]}", BT_ERR_INVALID,
		       "cannot set both Count and DeviceIDs on device request");
	assert_refused("{'DeviceRequests':[3]}", BT_ERR_INVALID,
		       "invalid JSON: HostConfig.DeviceRequests must hold objects");
	assert_refused("{'ExtraHosts':['nocolon']}", BT_ERR_INVALID,
		       "bad format for add-host: \"nocolon\"");
	assert_refused("{'ExtraHosts':[':1.2.3.4']}", BT_ERR_INVALID,
		       "bad format for add-host: \":1.2.3.4\"");
}
END_TEST

START_TEST(the_empty_value_of_such_a_member_is_fine)
{
	json_decref(make("{'StorageOpt':null,'DeviceRequests':[],'Links':null,'CpuPercent':0}"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, defaults_are_dockers);
	tcase_add_test(tests, values_that_mean_default_become_it);
	tcase_add_test(tests, swap_is_twice_the_memory_where_not_given);
	tcase_add_test(tests, swap_has_no_limit_where_twice_the_memory_is_beyond_64_bits);
	tcase_add_test(tests, a_privileged_container_hides_nothing);
	tcase_add_test(tests, what_makes_no_sense_is_refused_in_dockers_words);
	tcase_add_test(tests, what_is_not_carried_out_is_refused_by_name);
	tcase_add_test(tests, the_empty_value_of_such_a_member_is_fine);
}

int main(void)
{
	return run_tests("engine/host_config", add);
}
