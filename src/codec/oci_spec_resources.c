/* SPDX-License-Identifier: Apache-2.0 */

/* The member "linux.resources": config-linux.md, section Control groups. */

#include <errno.h>
#include <string.h>

#include "codec/oci_read.h"
#include "codec/oci_spec.h"

#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

static int read_device_type(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			    const json_t *value, void *ret)
{
	static const struct bt_oci_name names[] = {
		{ "a", 'a' }, { "b", 'b' }, { "c", 'c' }, { "u", 'c' }, { "", 'a' }, { 0 },
	};
	int64_t type;
	int r = bt_oci_read_enum(rd, at, value, names, &type);

	if (r == 0)
		*(char *)ret = (char)type;
	return r;
}

static int read_access(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       void *ret)
{
	const char *text = json_string_value(value);
	uint8_t access = 0;

	if (!text)
		return bt_oci_read_fail(rd, at, "must be a string");
	for (; *text; text++) {
		if (*text == 'r')
			access |= BT_OCI_ACCESS_READ;
		else if (*text == 'w')
			access |= BT_OCI_ACCESS_WRITE;
		else if (*text == 'm')
			access |= BT_OCI_ACCESS_MKNOD;
		else
			return bt_oci_read_fail(rd, at, "must be made of r, w and m");
	}
	*(uint8_t *)ret = access;
	return 0;
}

/* The rule as the struct has it, and what tells absent members from given ones. */
struct rule {
	struct bt_oci_device_rule rule;
	struct bt_oci_i64 major, minor;
};

static const struct bt_oci_field rule_fields[] = {
	BT_OCI_ROW("allow", struct rule, rule.allow, bt_oci_read_bool),
	BT_OCI_ROW("type", struct rule, rule.type, read_device_type),
	BT_OCI_ROW("major", struct rule, major, bt_oci_read_opt_i64),
	BT_OCI_ROW("minor", struct rule, minor, bt_oci_read_opt_i64),
	BT_OCI_ROW("access", struct rule, rule.access, read_access),
};
static const struct bt_oci_object rule_object =
	BT_OCI_OBJECT(rule_fields, struct rule, BT_OCI_NOWHERE, NULL);

static int read_rule(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret)
{
	struct rule rule = { .rule = { .type = 'a' } };
	int r = bt_oci_read_object(rd, at, value, &rule_object, &rule);

	if (r < 0)
		return r;
	if ((rule.major.set && rule.major.value < -1) || (rule.minor.set && rule.minor.value < -1))
		return bt_oci_read_fail(rd, at, "device numbers must not be below -1");
	rule.rule.major = rule.major.set ? rule.major.value : -1;
	rule.rule.minor = rule.minor.set ? rule.minor.value : -1;
	if (rule.rule.access == 0)
		rule.rule.access = BT_OCI_ACCESS_READ | BT_OCI_ACCESS_WRITE | BT_OCI_ACCESS_MKNOD;
	*(struct bt_oci_device_rule *)ret = rule.rule;
	return 0;
}

static const struct bt_oci_field memory_fields[] = {
	BT_OCI_ROW("limit", struct bt_oci_memory, limit, bt_oci_read_opt_i64),
	BT_OCI_ROW("reservation", struct bt_oci_memory, reservation, bt_oci_read_opt_i64),
	BT_OCI_ROW("swap", struct bt_oci_memory, swap, bt_oci_read_opt_i64),
	BT_OCI_ROW("kernel", struct bt_oci_memory, kernel, bt_oci_read_opt_i64),
	BT_OCI_ROW("kernelTCP", struct bt_oci_memory, kernel_tcp, bt_oci_read_opt_i64),
	BT_OCI_ROW("swappiness", struct bt_oci_memory, swappiness, bt_oci_read_opt_u64),
	BT_OCI_ROW("disableOOMKiller", struct bt_oci_memory, disable_oom_killer, bt_oci_read_bool),
	BT_OCI_ROW("useHierarchy", struct bt_oci_memory, use_hierarchy, bt_oci_read_bool),
	BT_OCI_ROW("checkBeforeUpdate", struct bt_oci_memory, check_before_update,
		   bt_oci_read_bool),
};
static const struct bt_oci_object memory_object =
	BT_OCI_OBJECT(memory_fields, struct bt_oci_memory, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field cpu_fields[] = {
	BT_OCI_ROW("shares", struct bt_oci_cpu, shares, bt_oci_read_opt_u64),
	BT_OCI_ROW("quota", struct bt_oci_cpu, quota, bt_oci_read_opt_i64),
	BT_OCI_ROW("burst", struct bt_oci_cpu, burst, bt_oci_read_opt_u64),
	BT_OCI_ROW("period", struct bt_oci_cpu, period, bt_oci_read_opt_u64),
	BT_OCI_ROW("realtimeRuntime", struct bt_oci_cpu, realtime_runtime, bt_oci_read_opt_i64),
	BT_OCI_ROW("realtimePeriod", struct bt_oci_cpu, realtime_period, bt_oci_read_opt_u64),
	BT_OCI_ROW("cpus", struct bt_oci_cpu, cpus, bt_oci_read_str),
	BT_OCI_ROW("mems", struct bt_oci_cpu, mems, bt_oci_read_str),
	BT_OCI_ROW("idle", struct bt_oci_cpu, idle, bt_oci_read_opt_i64),
};
static const struct bt_oci_object cpu_object =
	BT_OCI_OBJECT(cpu_fields, struct bt_oci_cpu, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field pids_fields[] = {
	BT_OCI_ROW("limit", struct bt_oci_resources, pids_limit, bt_oci_read_opt_i64),
};
static const struct bt_oci_object pids_object =
	BT_OCI_OBJECT(pids_fields, struct bt_oci_resources, BT_OCI_NOWHERE, NULL);

/* 0 means "not set" for those that write the field always. */
static int read_weight(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       void *ret)
{
	struct bt_oci_u64 *weight = ret;
	int r = bt_oci_read_opt_u64(rd, at, value, ret);

	if (r < 0)
		return r;
	if (weight->value == 0)
		weight->set = false;
	else if (weight->value < WEIGHT_MIN || weight->value > WEIGHT_MAX)
		return bt_oci_read_fail(rd, at, "must be between %d and %d", WEIGHT_MIN,
					WEIGHT_MAX);
	return 0;
}

static const struct bt_oci_field weight_device_fields[] = {
	BT_OCI_ROW_REQUIRED("major", struct bt_oci_blkio_device, major, bt_oci_read_i64),
	BT_OCI_ROW_REQUIRED("minor", struct bt_oci_blkio_device, minor, bt_oci_read_i64),
	BT_OCI_ROW("weight", struct bt_oci_blkio_device, weight, read_weight),
	BT_OCI_ROW("leafWeight", struct bt_oci_blkio_device, leaf_weight, read_weight),
};
static const struct bt_oci_object weight_device_object =
	BT_OCI_OBJECT(weight_device_fields, struct bt_oci_blkio_device, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field throttle_fields[] = {
	BT_OCI_ROW_REQUIRED("major", struct bt_oci_blkio_device, major, bt_oci_read_i64),
	BT_OCI_ROW_REQUIRED("minor", struct bt_oci_blkio_device, minor, bt_oci_read_i64),
	BT_OCI_ROW_REQUIRED("rate", struct bt_oci_blkio_device, rate, bt_oci_read_u64),
};
static const struct bt_oci_object throttle_object =
	BT_OCI_OBJECT(throttle_fields, struct bt_oci_blkio_device, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field blkio_fields[] = {
	BT_OCI_ROW("weight", struct bt_oci_blkio, weight, read_weight),
	BT_OCI_ROW("leafWeight", struct bt_oci_blkio, leaf_weight, read_weight),
	BT_OCI_ROW_LIST("weightDevice", struct bt_oci_blkio, weight_device.v, weight_device.n,
			&weight_device_object),
	BT_OCI_ROW_LIST("throttleReadBpsDevice", struct bt_oci_blkio, read_bps.v, read_bps.n,
			&throttle_object),
	BT_OCI_ROW_LIST("throttleWriteBpsDevice", struct bt_oci_blkio, write_bps.v, write_bps.n,
			&throttle_object),
	BT_OCI_ROW_LIST("throttleReadIOPSDevice", struct bt_oci_blkio, read_iops.v, read_iops.n,
			&throttle_object),
	BT_OCI_ROW_LIST("throttleWriteIOPSDevice", struct bt_oci_blkio, write_iops.v, write_iops.n,
			&throttle_object),
};
static const struct bt_oci_object blkio_object =
	BT_OCI_OBJECT(blkio_fields, struct bt_oci_blkio, BT_OCI_NOWHERE, NULL);

/* The size becomes part of a file's name: digits and a unit, nothing else. */
static int read_page_size(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			  void *ret)
{
	const char *size, *unit;
	int r = bt_oci_read_str(rd, at, value, &size);

	if (r < 0)
		return r;
	unit = size ? size + strspn(size, "0123456789") : "";
	if (!size || unit == size ||
	    (strcmp(unit, "KB") && strcmp(unit, "MB") && strcmp(unit, "GB")))
		return bt_oci_read_fail(rd, at, "must be a number with KB, MB or GB");
	*(const char **)ret = size;
	return 0;
}

static const struct bt_oci_field hugepage_fields[] = {
	BT_OCI_ROW_REQUIRED("pageSize", struct bt_oci_hugepage_limit, page_size, read_page_size),
	BT_OCI_ROW_REQUIRED("limit", struct bt_oci_hugepage_limit, limit, bt_oci_read_u64),
};
static const struct bt_oci_object hugepage_object =
	BT_OCI_OBJECT(hugepage_fields, struct bt_oci_hugepage_limit, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field priority_fields[] = {
	BT_OCI_ROW_REQUIRED("name", struct bt_oci_net_priority, name, bt_oci_read_str),
	BT_OCI_ROW_REQUIRED("priority", struct bt_oci_net_priority, priority, bt_oci_read_u32),
};
static const struct bt_oci_object priority_object =
	BT_OCI_OBJECT(priority_fields, struct bt_oci_net_priority, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field network_fields[] = {
	BT_OCI_ROW("classID", struct bt_oci_resources, net_class_id, bt_oci_read_opt_u64),
	BT_OCI_ROW_LIST("priorities", struct bt_oci_resources, net_priorities, nnet_priorities,
			&priority_object),
};
static const struct bt_oci_object network_object =
	BT_OCI_OBJECT(network_fields, struct bt_oci_resources, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field rdma_fields[] = {
	BT_OCI_ROW("hcaHandles", struct bt_oci_rdma, hca_handles, bt_oci_read_opt_u64),
	BT_OCI_ROW("hcaObjects", struct bt_oci_rdma, hca_objects, bt_oci_read_opt_u64),
};
static const struct bt_oci_object rdma_object =
	BT_OCI_OBJECT(rdma_fields, struct bt_oci_rdma, BT_OCI_NOWHERE, NULL);

/* An object whose members' names are the devices. */
static int read_rdma(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret)
{
	struct bt_oci_resources *into = ret;
	void *list = NULL;
	int r = bt_oci_read_members(rd, at, value, &rdma_object,
				    offsetof(struct bt_oci_rdma, device), &list, &into->nrdma);

	into->rdma = list;
	return r;
}

/* Names become files of the cgroup's directory, so they must stay in it. */
static int read_unified(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			void *ret)
{
	struct bt_oci_pairs *pairs = ret;
	int r = bt_oci_read_pairs(rd, at, value, pairs);

	for (size_t i = 0; r == 0 && i < pairs->n; i++)
		if (strchr(pairs->v[i].key, '/') || !strchr(pairs->v[i].key, '.') ||
		    pairs->v[i].key[0] == '.')
			r = bt_oci_read_fail(rd, at, "'%.64s' is not the name of a cgroup file",
					     pairs->v[i].key);
	return r;
}

static const struct bt_oci_field resources_fields[] = {
	BT_OCI_ROW_SCALARS("devices", struct bt_oci_resources, devices, ndevices,
			   sizeof(struct bt_oci_device_rule), read_rule),
	BT_OCI_ROW_OBJECT("memory", struct bt_oci_resources, memory, &memory_object),
	BT_OCI_ROW_OBJECT("cpu", struct bt_oci_resources, cpu, &cpu_object),
	BT_OCI_ROW_INLINE("pids", &pids_object),
	BT_OCI_ROW_OBJECT("blockIO", struct bt_oci_resources, blkio, &blkio_object),
	BT_OCI_ROW_LIST("hugepageLimits", struct bt_oci_resources, hugepages, nhugepages,
			&hugepage_object),
	BT_OCI_ROW_INLINE("network", &network_object),
	BT_OCI_ROW_WHOLE("rdma", read_rdma),
	BT_OCI_ROW("unified", struct bt_oci_resources, unified, read_unified),
};
const struct bt_oci_object bt_oci_resources_object = BT_OCI_OBJECT(
	resources_fields, struct bt_oci_resources, offsetof(struct bt_oci_resources, set), NULL);
