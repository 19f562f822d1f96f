/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_resources.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "engine/jget.h"

#define NANO_CPU_PERIOD 100000

/* Take a number over where it is not zero. */
static void take(json_t *to, const char *name, const json_t *hc, const char *key)
{
	int64_t value = bt_jget_int(hc, key);

	if (value != 0)
		json_object_set_new(to, name, json_integer(value));
}

static void take_text(json_t *to, const char *name, const json_t *hc, const char *key)
{
	const char *value = bt_jget_text(hc, key);

	if (value[0] != '\0')
		json_object_set_new(to, name, json_string(value));
}

static json_t *build_memory(const json_t *hc)
{
	json_t *memory = json_object();

	take(memory, "limit", hc, "Memory");
	take(memory, "reservation", hc, "MemoryReservation");
	take(memory, "swap", hc, "MemorySwap");
	take(memory, "kernelTCP", hc, "KernelMemoryTCP");
	if (json_is_integer(json_object_get(hc, "MemorySwappiness")))
		json_object_set_new(memory, "swappiness",
				    json_integer(bt_jget_int(hc, "MemorySwappiness")));
	if (bt_jget_bool(hc, "OomKillDisable"))
		json_object_set_new(memory, "disableOOMKiller", json_true());
	return memory;
}

static json_t *build_cpu(const json_t *hc)
{
	int64_t nano = bt_jget_int(hc, "NanoCpus");
	json_t *cpu = json_object();

	take(cpu, "shares", hc, "CpuShares");
	take(cpu, "period", hc, "CpuPeriod");
	take(cpu, "quota", hc, "CpuQuota");
	take(cpu, "realtimePeriod", hc, "CpuRealtimePeriod");
	take(cpu, "realtimeRuntime", hc, "CpuRealtimeRuntime");
	take_text(cpu, "cpus", hc, "CpusetCpus");
	take_text(cpu, "mems", hc, "CpusetMems");
	if (nano > 0) {
		json_object_set_new(cpu, "period", json_integer(NANO_CPU_PERIOD));
		json_object_set_new(cpu, "quota",
				    json_integer(nano * NANO_CPU_PERIOD / 1000000000));
	}
	return cpu;
}

/* HostConfig names block devices by path, the specification by number. */
static int add_throttle(json_t *blkio, const char *name, const json_t *hc, const char *key,
			const char *value, struct bt_err *err)
{
	const json_t *list = bt_jget_filled(hc, key), *item;
	json_t *out;
	size_t i;

	if (!list)
		return 0;
	out = json_array();
	json_object_set_new(blkio, name, out);
	json_array_foreach (list, i, item) {
		const char *path = bt_jget_text(item, "Path");
		struct stat st;

		if (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
			return bt_err_set(err, BT_ERR_INVALID, ENODEV,
					  "HostConfig.%s: %s is not a block device", key, path);
		json_array_append_new(
			out, json_pack("{s:I,s:I,s:I}", "major", (json_int_t)major(st.st_rdev),
				       "minor", (json_int_t)minor(st.st_rdev), value,
				       (json_int_t)bt_jget_int(item, value[0] == 'w' ? "Weight"
										     : "Rate")));
	}
	return 0;
}

static int build_blkio(const json_t *hc, json_t **ret, struct bt_err *err)
{
	json_auto_t *blkio = json_object();
	int r;

	take(blkio, "weight", hc, "BlkioWeight");
	r = add_throttle(blkio, "weightDevice", hc, "BlkioWeightDevice", "weight", err);
	if (r == 0)
		r = add_throttle(blkio, "throttleReadBpsDevice", hc, "BlkioDeviceReadBps", "rate",
				 err);
	if (r == 0)
		r = add_throttle(blkio, "throttleWriteBpsDevice", hc, "BlkioDeviceWriteBps", "rate",
				 err);
	if (r == 0)
		r = add_throttle(blkio, "throttleReadIOPSDevice", hc, "BlkioDeviceReadIOps", "rate",
				 err);
	if (r == 0)
		r = add_throttle(blkio, "throttleWriteIOPSDevice", hc, "BlkioDeviceWriteIOps",
				 "rate", err);
	if (r < 0)
		return r;
	*ret = json_incref(blkio);
	return 0;
}

static void set_filled(json_t *resources, const char *name, json_t *part)
{
	if (json_object_size(part) > 0)
		json_object_set(resources, name, part);
	json_decref(part);
}

int bt_spec_resources(const json_t *hc, json_t **ret, struct bt_err *err)
{
	json_t *resources, *blkio = NULL;
	int64_t pids = bt_jget_int(hc, "PidsLimit");
	int r = build_blkio(hc, &blkio, err);

	if (r < 0)
		return r;
	resources = json_object();
	set_filled(resources, "memory", build_memory(hc));
	set_filled(resources, "cpu", build_cpu(hc));
	set_filled(resources, "blockIO", blkio);
	if (pids > 0)
		json_object_set_new(resources, "pids",
				    json_pack("{s:I}", "limit", (json_int_t)pids));
	*ret = resources;
	return 0;
}
