/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_update.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/body_shape.h"
#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_publish.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/host_config_check.h"
#include "engine/jget.h"
#include "engine/monitor_link.h"
#include "engine/restart_policy.h"

/* What may be changed; 0, "" and null leave a member as it is. */
static const char *const numbers[] = {
	"CpuShares",         "Memory",
	"NanoCpus",          "BlkioWeight",
	"CpuPeriod",         "CpuQuota",
	"CpuRealtimePeriod", "CpuRealtimeRuntime",
	"MemorySwap",        "MemoryReservation",
	"PidsLimit",
};
static const char *const texts[] = { "CpusetCpus", "CpusetMems" };
/* Known to the API and fixed at creation. */
static const char *const refused[] = {
	"Devices",
	"DeviceCgroupRules",
	"DeviceRequests",
	"BlkioWeightDevice",
	"BlkioDeviceReadBps",
	"BlkioDeviceWriteBps",
	"BlkioDeviceReadIOps",
	"BlkioDeviceWriteIOps",
	"Ulimits",
	"CgroupParent",
	"OomKillDisable",
	"MemorySwappiness",
	"Init",
	"KernelMemory",
	"KernelMemoryTCP",
	"CpuCount",
	"CpuPercent",
	"IOMaximumIOps",
	"IOMaximumBandwidth",
};

static bool is_given(const json_t *value)
{
	return json_is_true(value) || json_array_size(value) > 0 ||
	       (json_is_integer(value) && json_integer_value(value) > 0) ||
	       (json_is_string(value) && json_string_length(value) > 0);
}

static int check_body(const json_t *body, struct bt_err *err)
{
	int r = bt_body_shape_check(BT_BODY_CONTAINER_UPDATE, body, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (is_given(bt_json_member(body, refused[i])))
			return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
					  "%s cannot be changed by update", refused[i]);
	return 0;
}

/* The members that change, put into a copy of HostConfig. */
static json_t *merge(const json_t *hc, const json_t *body)
{
	json_t *out = json_deep_copy(hc);
	json_t *policy = bt_json_obj(body, "RestartPolicy");

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t value = bt_json_i64(body, numbers[i], 0);

		if (value != 0)
			json_object_set_new(out, numbers[i], json_integer(value));
	}
	for (size_t i = 0; i < 2; i++)
		if (bt_json_str(body, texts[i], "")[0])
			json_object_set_new(out, texts[i],
					    json_string(bt_json_str(body, texts[i], "")));
	if (policy && bt_json_str(policy, "Name", "")[0])
		json_object_set_new(
			out, "RestartPolicy",
			json_pack("{s:s,s:I}", "Name", bt_json_str(policy, "Name", ""),
				  "MaximumRetryCount",
				  (json_int_t)bt_json_i64(policy, "MaximumRetryCount", 0)));
	if (bt_jget_int(out, "PidsLimit") <= 0)
		json_object_set_new(out, "PidsLimit", json_null());
	return out;
}

static bool set(const json_t *body, const char *key, struct bt_cgroup_num *ret)
{
	ret->value = bt_json_i64(body, key, 0);
	ret->set = ret->value != 0;
	return ret->set;
}

/* `hc` is what stands after the change. */
static void fill_limits(const json_t *body, const json_t *hc, struct bt_cgroup_limits *limits)
{
	struct bt_cgroup_num nano;

	(void)set(body, "Memory", &limits->memory_limit);
	(void)set(body, "MemorySwap", &limits->memory_swap);
	/* The limit of both together stays where only that of memory changes; version 2 counts
	 * swap alone, and has to be told. */
	if (limits->memory_limit.value > 0 && bt_jget_int(hc, "MemorySwap") > 0)
		(void)set(hc, "MemorySwap", &limits->memory_swap);
	(void)set(body, "MemoryReservation", &limits->memory_reservation);
	(void)set(body, "CpuShares", &limits->cpu_shares);
	(void)set(body, "CpuQuota", &limits->cpu_quota);
	(void)set(body, "CpuPeriod", &limits->cpu_period);
	(void)set(body, "CpuRealtimePeriod", &limits->cpu_rt_period);
	(void)set(body, "CpuRealtimeRuntime", &limits->cpu_rt_runtime);
	(void)set(body, "BlkioWeight", &limits->blkio_weight);
	(void)set(body, "PidsLimit", &limits->pids);
	if (set(body, "NanoCpus", &nano)) {
		limits->cpu_period = (struct bt_cgroup_num){ 100000, true };
		limits->cpu_quota = (struct bt_cgroup_num){ nano.value / 10000, true };
	}
	if (bt_json_str(body, "CpusetCpus", "")[0])
		limits->cpus = bt_json_str(body, "CpusetCpus", "");
	if (bt_json_str(body, "CpusetMems", "")[0])
		limits->mems = bt_json_str(body, "CpusetMems", "");
}

/* A container that runs gets the new limits now. */
static int apply_limits(struct bt_container *c, const json_t *body, const json_t *hc,
			struct bt_err *err)
{
	struct bt_cgroup_limits limits = { 0 };

	fill_limits(body, hc, &limits);
	return bt_container_cgroup_limit(c, &limits, err);
}

static bool names_policy(const json_t *body)
{
	return bt_json_str(bt_json_obj(body, "RestartPolicy"), "Name", "")[0] != '\0';
}

/* -EPIPE: the connection ended before it was answered; the next one may be there soon. */
static int tell_monitor(struct bt_container *c, const struct bt_restart *restart,
			struct bt_err *err)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);
	const struct bt_client_update update = { .restart = restart };

	return link ? bt_client_update(bt_link_client(link), &update, err) : 0;
}

/* By its monitor, and for the next starts. Where that does not answer nothing has changed. */
static int apply_policy(struct bt_container *c, const json_t *hc, struct bt_err *err)
{
	const struct bt_restart restart = bt_restart_policy_of(hc);
	const int64_t until_ns = bt_time_monotonic_ns() + BT_CLIENT_TIMEOUT_MS * 1000000ll;
	int r;

	while ((r = tell_monitor(c, &restart, err)) == -EPIPE && bt_time_monotonic_ns() < until_ns)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	if (r < 0)
		return r;
	pthread_mutex_lock(&c->lock);
	c->restart = restart;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

/* What contradicts what is set already, in Docker's words. */
static int check_conflicts(const json_t *hc, const json_t *body, struct bt_err *err)
{
	int64_t memory = bt_json_i64(body, "Memory", 0), swap = bt_jget_int(hc, "MemorySwap");
	const char *why = NULL;

	if (memory > 0 && swap > 0 && memory > swap && bt_json_i64(body, "MemorySwap", 0) == 0)
		why = "Memory limit should be smaller than already set memoryswap limit, update "
		      "the memoryswap at the same time";
	else if (bt_json_i64(body, "NanoCpus", 0) != 0 && bt_jget_int(hc, "CpuPeriod") != 0)
		why = "Conflicting options: Nano CPUs cannot be updated as CPU Period has already "
		      "been set";
	else if (bt_json_i64(body, "NanoCpus", 0) != 0 && bt_jget_int(hc, "CpuQuota") != 0)
		why = "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already "
		      "been set";
	else if (bt_json_i64(body, "CpuPeriod", 0) != 0 && bt_jget_int(hc, "NanoCpus") != 0)
		why = "Conflicting options: CPU Period cannot be updated as NanoCPUs has already "
		      "been set";
	else if (bt_json_i64(body, "CpuQuota", 0) != 0 && bt_jget_int(hc, "NanoCpus") != 0)
		why = "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already "
		      "been set";
	return why ? bt_err_set(err, BT_ERR_CONFLICT, EINVAL, "%s", why) : 0;
}

static int check_auto_remove(const struct bt_container *c, const json_t *body, struct bt_err *err)
{
	const char *name = bt_json_str(bt_json_obj(body, "RestartPolicy"), "Name", "");

	if (!c->auto_remove || !name[0] || strcmp(name, "no") == 0)
		return 0;
	return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
			  "Cannot update container %s: Restart policy cannot be updated because "
			  "AutoRemove is enabled for the container",
			  c->id);
}

static int update(struct bt_container *c, const json_t *body, json_t *warnings, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_live_config struct bt_live_config *live = bt_live_config_get(&c->engine->live);
	json_auto_t *hc = NULL;
	bool running;
	int r = bt_container_row_settings(c, &s, err);

	if (r < 0)
		return r;
	r = check_conflicts(s.host_config, body, err);
	if (r == 0)
		r = check_auto_remove(c, body, err);
	if (r < 0)
		return r;
	hc = merge(s.host_config, body);
	r = bt_host_config_check(hc, &live->cfg, warnings, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&c->lock);
	running = bt_container_is_running(c);
	pthread_mutex_unlock(&c->lock);
	/* First: a monitor may not answer, and what it was told can be undone. */
	if (names_policy(body))
		r = apply_policy(c, hc, err);
	if (r < 0)
		return r;
	if (running)
		r = apply_limits(c, body, hc, err);
	if (r == 0)
		r = bt_container_publish(c, body, s.config, hc, err);
	if (r == 0)
		r = bt_container_row_host_config(c, hc, err);
	if (r < 0) {
		if (names_policy(body))
			bt_discard(apply_policy(c, s.host_config, BT_ERR_IGNORED));
		return r;
	}
	bt_auto_lock(held, &c->lock);
	return bt_container_row_state(c, err);
}

int bt_container_update(struct bt_engine *engine, const char *ref, const json_t *body, json_t **ret,
			struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	json_auto_t *warnings = json_array();
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = check_body(body, err);
	if (r < 0)
		return r;
	bt_auto_lock(op, &c->op);
	r = update(c, body, warnings, err);
	if (r < 0)
		return r;
	bt_container_event(c, "update", NULL);
	*ret = json_pack("{s:o}", "Warnings",
			 json_array_size(warnings) > 0 ? json_incref(warnings) : json_null());
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "update container");
}
