/* SPDX-License-Identifier: Apache-2.0 */

/* The member "linux": config-linux.md. */

#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>

#include "codec/oci_read.h"
#include "codec/oci_spec.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NSEC_PER_SEC 1000000000u

static const struct bt_oci_name namespace_names[] = {
	{ "pid", CLONE_NEWPID },   { "network", CLONE_NEWNET },   { "mount", CLONE_NEWNS },
	{ "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },       { "user", CLONE_NEWUSER },
	{ "time", CLONE_NEWTIME }, { "cgroup", CLONE_NEWCGROUP }, { 0 },
};

static int read_namespace_type(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			       const json_t *value, void *ret)
{
	int64_t type;
	int r = bt_oci_read_enum(rd, at, value, namespace_names, &type);

	if (r == 0)
		*(int *)ret = (int)type;
	return r;
}

static const struct bt_oci_field namespace_fields[] = {
	BT_OCI_ROW_REQUIRED("type", struct bt_oci_namespace, type, read_namespace_type),
	BT_OCI_ROW("path", struct bt_oci_namespace, path, bt_oci_read_str),
};
static const struct bt_oci_object namespace_object =
	BT_OCI_OBJECT(namespace_fields, struct bt_oci_namespace, BT_OCI_NOWHERE, NULL);

static int check_id_map(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_id_map *map = object;

	if (map->size == 0)
		return bt_oci_read_fail_in(rd, at, "size", "must not be 0");
	if (map->container_id > UINT32_MAX - map->size || map->host_id > UINT32_MAX - map->size)
		return bt_oci_read_fail(rd, at, "ends beyond the last id");
	return 0;
}

static const struct bt_oci_field id_map_fields[] = {
	BT_OCI_ROW("containerID", struct bt_oci_id_map, container_id, bt_oci_read_u32),
	BT_OCI_ROW("hostID", struct bt_oci_id_map, host_id, bt_oci_read_u32),
	BT_OCI_ROW_REQUIRED("size", struct bt_oci_id_map, size, bt_oci_read_u32),
};
const struct bt_oci_object bt_oci_id_map_object =
	BT_OCI_OBJECT(id_map_fields, struct bt_oci_id_map, BT_OCI_NOWHERE, check_id_map);

static int check_offset(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_time_offset *offset = object;

	if (offset->nanosecs >= NSEC_PER_SEC)
		return bt_oci_read_fail_in(rd, at, "nanosecs", "must be below %u", NSEC_PER_SEC);
	return 0;
}

static const struct bt_oci_field offset_fields[] = {
	BT_OCI_ROW("secs", struct bt_oci_time_offset, secs, bt_oci_read_i64),
	BT_OCI_ROW("nanosecs", struct bt_oci_time_offset, nanosecs, bt_oci_read_u32),
};
static const struct bt_oci_object offset_object =
	BT_OCI_OBJECT(offset_fields, struct bt_oci_time_offset,
		      offsetof(struct bt_oci_time_offset, set), check_offset);

static const struct bt_oci_field offsets_fields[] = {
	BT_OCI_ROW_OBJECT("boottime", struct bt_oci_linux, boottime, &offset_object),
	BT_OCI_ROW_OBJECT("monotonic", struct bt_oci_linux, monotonic, &offset_object),
};
static const struct bt_oci_object offsets_object =
	BT_OCI_OBJECT(offsets_fields, struct bt_oci_linux, BT_OCI_NOWHERE, NULL);

/* A device as written: ids may be absent, and that is not the same as 0. */
struct device {
	struct bt_oci_device device;
	struct bt_oci_u64 uid, gid;
};

static int read_device_type(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			    const json_t *value, void *ret)
{
	static const struct bt_oci_name names[] = {
		{ "c", 'c' }, { "b", 'b' }, { "u", 'c' }, { "p", 'p' }, { 0 },
	};
	int64_t type;
	int r = bt_oci_read_enum(rd, at, value, names, &type);

	if (r == 0)
		*(char *)ret = (char)type;
	return r;
}

static const struct bt_oci_field device_fields[] = {
	BT_OCI_ROW_REQUIRED("type", struct device, device.type, read_device_type),
	BT_OCI_ROW_REQUIRED("path", struct device, device.path, bt_oci_read_path),
	BT_OCI_ROW("major", struct device, device.major, bt_oci_read_i64),
	BT_OCI_ROW("minor", struct device, device.minor, bt_oci_read_i64),
	BT_OCI_ROW("fileMode", struct device, device.file_mode, bt_oci_read_opt_u64),
	BT_OCI_ROW("uid", struct device, uid, bt_oci_read_opt_u64),
	BT_OCI_ROW("gid", struct device, gid, bt_oci_read_opt_u64),
};
static const struct bt_oci_object device_object =
	BT_OCI_OBJECT(device_fields, struct device, BT_OCI_NOWHERE, NULL);

static int read_device(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       void *ret)
{
	struct device dev = { 0 };
	int r = bt_oci_read_object(rd, at, value, &device_object, &dev);

	if (r < 0)
		return r;
	if (dev.uid.value > UINT32_MAX || dev.gid.value > UINT32_MAX)
		return bt_oci_read_fail(rd, at, "uid and gid must be below 2^32");
	if (dev.device.major < 0 || dev.device.minor < 0)
		return bt_oci_read_fail(rd, at, "major and minor must not be negative");
	dev.device.uid = (uint32_t)dev.uid.value;
	dev.device.uid_set = dev.uid.set;
	dev.device.gid = (uint32_t)dev.gid.value;
	dev.device.gid_set = dev.gid.set;
	*(struct bt_oci_device *)ret = dev.device;
	return 0;
}

static const struct bt_oci_field rdt_fields[] = {
	BT_OCI_ROW("closID", struct bt_oci_intel_rdt, clos_id, bt_oci_read_str),
	BT_OCI_ROW("l3CacheSchema", struct bt_oci_intel_rdt, l3_cache_schema, bt_oci_read_str),
	BT_OCI_ROW("memBwSchema", struct bt_oci_intel_rdt, mem_bw_schema, bt_oci_read_str),
	BT_OCI_ROW("schemata", struct bt_oci_intel_rdt, schemata, bt_oci_read_strs),
	BT_OCI_ROW("enableCMT", struct bt_oci_intel_rdt, enable_cmt, bt_oci_read_bool),
	BT_OCI_ROW("enableMBM", struct bt_oci_intel_rdt, enable_mbm, bt_oci_read_bool),
	BT_OCI_ROW("enableMonitoring", struct bt_oci_intel_rdt, enable_monitoring,
		   bt_oci_read_bool),
};

/* The name becomes a directory of resctrl. */
static int check_rdt(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_intel_rdt *rdt = object;

	if (rdt->clos_id && (strchr(rdt->clos_id, '/') || strcmp(rdt->clos_id, ".") == 0 ||
			     strcmp(rdt->clos_id, "..") == 0))
		return bt_oci_read_fail_in(rd, at, "closID", "must be a plain name");
	return 0;
}
static const struct bt_oci_object rdt_object = BT_OCI_OBJECT(
	rdt_fields, struct bt_oci_intel_rdt, offsetof(struct bt_oci_intel_rdt, set), check_rdt);

static int read_mempolicy_mode(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			       const json_t *value, void *ret)
{
	static const struct bt_oci_name names[] = {
		{ "MPOL_DEFAULT", MPOL_DEFAULT },
		{ "MPOL_BIND", MPOL_BIND },
		{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
		{ "MPOL_WEIGHTED_INTERLEAVE", 6 }, /* Linux 6.9 */
		{ "MPOL_PREFERRED", MPOL_PREFERRED },
		{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
		{ "MPOL_LOCAL", MPOL_LOCAL },
		{ 0 },
	};
	int64_t mode;
	int r = bt_oci_read_enum(rd, at, value, names, &mode);

	if (r == 0)
		*(int *)ret = (int)mode;
	return r;
}

static int read_mempolicy_flags(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				const json_t *value, void *ret)
{
	static const struct bt_oci_name names[] = {
		{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
		{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
		{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
		{ 0 },
	};
	uint64_t flags;
	int r = bt_oci_read_flags(rd, at, value, names, &flags);

	if (r == 0)
		*(int *)ret = (int)flags;
	return r;
}

static const struct bt_oci_field mempolicy_fields[] = {
	BT_OCI_ROW_REQUIRED("mode", struct bt_oci_memory_policy, mode, read_mempolicy_mode),
	BT_OCI_ROW("flags", struct bt_oci_memory_policy, mode_flags, read_mempolicy_flags),
	BT_OCI_ROW("nodes", struct bt_oci_memory_policy, nodes, bt_oci_read_str),
};
static const struct bt_oci_object mempolicy_object =
	BT_OCI_OBJECT(mempolicy_fields, struct bt_oci_memory_policy,
		      offsetof(struct bt_oci_memory_policy, set), NULL);

static int read_domain(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       void *ret)
{
	static const struct bt_oci_name names[] = {
		{ "LINUX", PER_LINUX },
		{ "LINUX32", PER_LINUX32 },
		{ 0 },
	};
	int64_t domain;
	int r = bt_oci_read_enum(rd, at, value, names, &domain);

	if (r == 0)
		*(unsigned long *)ret = (unsigned long)domain;
	return r;
}

static const struct bt_oci_field personality_fields[] = {
	BT_OCI_ROW_REQUIRED("domain", struct bt_oci_personality, domain, read_domain),
	BT_OCI_ROW("flags", struct bt_oci_personality, flags, bt_oci_read_strs),
};

/* "Additional flags to apply. Currently no flag values are supported." */
static int check_personality(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_personality *personality = object;

	if (personality->flags.n > 0)
		return bt_oci_read_fail_in(rd, at, "flags", "unknown value '%.64s'",
					   personality->flags.v[0]);
	return 0;
}
static const struct bt_oci_object personality_object =
	BT_OCI_OBJECT(personality_fields, struct bt_oci_personality,
		      offsetof(struct bt_oci_personality, set), check_personality);

static const struct bt_oci_field net_device_fields[] = {
	BT_OCI_ROW("name", struct bt_oci_net_device, new_name, bt_oci_read_str),
};
static const struct bt_oci_object net_device_object =
	BT_OCI_OBJECT(net_device_fields, struct bt_oci_net_device, BT_OCI_NOWHERE, NULL);

/* An object whose members' names are the devices. */
static int read_net_devices(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			    const json_t *value, void *ret)
{
	struct bt_oci_linux *into = ret;
	void *list = NULL;
	int r = bt_oci_read_members(rd, at, value, &net_device_object,
				    offsetof(struct bt_oci_net_device, name), &list,
				    &into->nnet_devices);

	into->net_devices = list;
	return r;
}

static int read_propagation(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			    const json_t *value, void *ret)
{
	static const struct bt_oci_name names[] = {
		{ "", 0 },
		{ "private", 0 },
		{ "rprivate", 0 },
		{ "slave", 0 },
		{ "rslave", 0 },
		{ "shared", 0 },
		{ "rshared", 0 },
		{ "unbindable", 0 },
		{ "runbindable", 0 },
		{ 0 },
	};
	int64_t unused;
	int r = bt_oci_read_enum(rd, at, value, names, &unused);

	return r < 0 ? r : bt_oci_read_str(rd, at, value, ret);
}

/* "A namespace type MUST NOT be listed more than once." */
static int check_linux(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_linux *lin = object;

	for (size_t i = 0; i < lin->nnamespaces; i++)
		for (size_t k = 0; k < i; k++)
			if (lin->namespaces[i].type == lin->namespaces[k].type)
				return bt_oci_read_fail_in(
					rd, at, "namespaces",
					"entries %zu and %zu are of the same type", k, i);
	return 0;
}

static const struct bt_oci_field linux_fields[] = {
	BT_OCI_ROW_LIST("namespaces", struct bt_oci_linux, namespaces, nnamespaces,
			&namespace_object),
	BT_OCI_ROW_LIST("uidMappings", struct bt_oci_linux, uid_mappings, nuid_mappings,
			&bt_oci_id_map_object),
	BT_OCI_ROW_LIST("gidMappings", struct bt_oci_linux, gid_mappings, ngid_mappings,
			&bt_oci_id_map_object),
	BT_OCI_ROW_INLINE("timeOffsets", &offsets_object),
	BT_OCI_ROW_SCALARS("devices", struct bt_oci_linux, devices, ndevices,
			   sizeof(struct bt_oci_device), read_device),
	BT_OCI_ROW("cgroupsPath", struct bt_oci_linux, cgroups_path, bt_oci_read_str),
	BT_OCI_ROW_OBJECT("resources", struct bt_oci_linux, resources, &bt_oci_resources_object),
	BT_OCI_ROW_OBJECT("intelRdt", struct bt_oci_linux, intel_rdt, &rdt_object),
	BT_OCI_ROW_OBJECT("memoryPolicy", struct bt_oci_linux, memory_policy, &mempolicy_object),
	BT_OCI_ROW("sysctl", struct bt_oci_linux, sysctl, bt_oci_read_pairs),
	BT_OCI_ROW_OBJECT("seccomp", struct bt_oci_linux, seccomp, &bt_oci_seccomp_object),
	BT_OCI_ROW("rootfsPropagation", struct bt_oci_linux, rootfs_propagation, read_propagation),
	BT_OCI_ROW("maskedPaths", struct bt_oci_linux, masked_paths, bt_oci_read_strs),
	BT_OCI_ROW("readonlyPaths", struct bt_oci_linux, readonly_paths, bt_oci_read_strs),
	BT_OCI_ROW("mountLabel", struct bt_oci_linux, mount_label, bt_oci_read_str),
	BT_OCI_ROW_OBJECT("personality", struct bt_oci_linux, personality, &personality_object),
	BT_OCI_ROW_WHOLE("netDevices", read_net_devices),
};
const struct bt_oci_object bt_oci_linux_object = BT_OCI_OBJECT(
	linux_fields, struct bt_oci_linux, offsetof(struct bt_oci_linux, set), check_linux);
