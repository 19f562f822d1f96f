/* SPDX-License-Identifier: Apache-2.0 */

/* `update`: other limits or another restart policy for containers. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/json_set.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "cli/units.h"

static int set_restart(const struct bt_args *args, json_t *body, struct bt_err *err)
{
	const char *text = bt_args_string(args, "restart"), *colon;
	long long count = 0;

	if (!text)
		return 0;
	colon = strchr(text, ':');
	bt_auto_free char *name = strndup(text, strcspn(text, ":"));
	if (colon && bt_str_to_i64(colon + 1, &count) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid restart policy format: maximum retry count must be an "
				  "integer");
	(void)json_object_set_new(body, "RestartPolicy",
				  json_pack("{s:s, s:I}", "Name", name ? name : "",
					    "MaximumRetryCount", (json_int_t)count));
	return 0;
}

static int make_body(const struct bt_args *args, json_t *body, struct bt_err *err)
{
	static const char *const numbers[][2] = {
		{ "BlkioWeight", "blkio-weight" },
		{ "CpuPeriod", "cpu-period" },
		{ "CpuQuota", "cpu-quota" },
		{ "CpuRealtimePeriod", "cpu-rt-period" },
		{ "CpuRealtimeRuntime", "cpu-rt-runtime" },
		{ "CpuShares", "cpu-shares" },
		{ "PidsLimit", "pids-limit" },
	};
	const char *cpus = bt_args_string(args, "cpus");
	long long nano;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		bt_json_set_int_flag(body, numbers[i][0], args, numbers[i][1]);
	bt_json_set_bytes_flag(body, "Memory", args, "memory");
	bt_json_set_bytes_flag(body, "MemoryReservation", args, "memory-reservation");
	bt_json_set_bytes_flag(body, "MemorySwap", args, "memory-swap");
	bt_json_set_string_flag(body, "CpusetCpus", args, "cpuset-cpus");
	bt_json_set_string_flag(body, "CpusetMems", args, "cpuset-mems");
	/* Ports of a running container: nothing that docker knows, so nothing of docker's is in the
	 * way. */
	bt_json_set_list_flag(body, "PublishAdd", args, "publish-add");
	bt_json_set_list_flag(body, "PublishRm", args, "publish-rm");
	if (cpus && bt_units_cpus_parse(cpus, &nano) == 0)
		(void)json_object_set_new(body, "NanoCpus", json_integer(nano));
	return set_restart(args, body, err);
}

static int update_one(struct bt_cli *cli, const char *name, const json_t *body)
{
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const json_t *warning;
	size_t i;

	bt_multi_container(&target, name, "/update");
	if (bt_cli_call(cli, "POST", bt_str_get(&target), body, &answer, &err) < 0)
		return bt_cli_fail(&err);
	(void)printf("%s\n", name);
	json_array_foreach (json_object_get(answer, "Warnings"), i, warning)
		if (json_is_string(warning)) {
			bt_plain_put(stderr, json_string_value(warning));
			(void)fputc('\n', stderr);
		}
	return 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	json_auto_t *body = json_object();
	struct bt_err err = { 0 };
	int code = 0;

	if (make_body(args, body, &err) < 0)
		return bt_cli_fail(&err);
	if (!json_object_size(body)) {
		(void)fputs("you must provide one or more flags when using this command\n", stderr);
		return BT_CLI_FAILED;
	}
	for (size_t i = 0; i < args->npos; i++)
		code |= update_one(cli, args->pos[i], body);
	return code;
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_STRING, "blkio-weight", "uint16", "Weight of block I/O", NULL,
	  bt_check_uint16 },
	{ 0, BT_FLAG_STRING, "cpu-period", "int", "Period of the CPU quota in microseconds", NULL,
	  bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-quota", "int", "CPU time in each period in microseconds", NULL,
	  bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-rt-period", "int", "Period of real-time scheduling", NULL,
	  bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-rt-runtime", "int", "Real-time CPU time in each period", NULL,
	  bt_check_int },
	{ 'c', BT_FLAG_STRING, "cpu-shares", "int", "Weight of CPU time", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpus", "decimal", "Number of processors", NULL, bt_check_cpus },
	{ 0, BT_FLAG_STRING, "cpuset-cpus", NULL, "Processors that may be used", NULL, NULL },
	{ 0, BT_FLAG_STRING, "cpuset-mems", NULL, "Memory nodes that may be used", NULL, NULL },
	{ 'm', BT_FLAG_STRING, "memory", "bytes", "Memory limit", NULL, bt_check_bytes },
	{ 0, BT_FLAG_STRING, "memory-reservation", "bytes", "Memory soft limit", NULL,
	  bt_check_bytes },
	{ 0, BT_FLAG_STRING, "memory-swap", "bytes", "Memory and swap together, -1 for no limit",
	  NULL, bt_check_swap },
	{ 0, BT_FLAG_STRING, "pids-limit", "int", "Limit of processes, -1 for none", NULL,
	  bt_check_int },
	{ 0, BT_FLAG_LIST, "publish-add", NULL, "Publish a further port", NULL, NULL },
	{ 0, BT_FLAG_LIST, "publish-rm", NULL, "Publish a port no more", NULL, NULL },
	{ 0, BT_FLAG_STRING, "restart", NULL, "Restart policy", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_update_command = {
	.names = "container update,update",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Change limits and policies of containers",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.run = run,
};
