/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/body_shape.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "codec/json.h"
#include "engine/field.h"

/* The longest name in the rules below is shorter. */
#define NAME_MAX_LEN 40
/* Of a map's key a message shows no more. */
#define KEY_SHOWN_MAX 60

/* Where a value stands: names with dots between, "[]" for each of a list, "{}" for each of a map.
 * What stands on the way there has a rule of its own. */
struct rule {
	const char *path;
	enum bt_field_type type;
};

#define TEXT   BT_FIELD_TEXT
#define INT    BT_FIELD_INT
#define BOOL   BT_FIELD_BOOL
#define TEXTS  BT_FIELD_TEXTS
#define WORDS  BT_FIELD_WORDS
#define ARRAY  BT_FIELD_ARRAY
#define OBJECT BT_FIELD_OBJECT

/* One network that a container is on. */
#define ENDPOINT(at)                                                                              \
	{ at, OBJECT }, { at ".IPAMConfig", OBJECT }, { at ".IPAMConfig.IPv4Address", TEXT },     \
		{ at ".IPAMConfig.IPv6Address", TEXT }, { at ".IPAMConfig.LinkLocalIPs", TEXTS }, \
		{ at ".Links", TEXTS }, { at ".Aliases", TEXTS }, { at ".MacAddress", TEXT },     \
		{ at ".NetworkID", TEXT }, { at ".EndpointID", TEXT }, { at ".Gateway", TEXT },   \
		{ at ".IPAddress", TEXT }, { at ".IPPrefixLen", INT },                            \
		{ at ".IPv6Gateway", TEXT }, { at ".GlobalIPv6Address", TEXT },                   \
		{ at ".GlobalIPv6PrefixLen", INT }, { at ".DriverOpts", OBJECT },                 \
		{ at ".DriverOpts{}", TEXT }, { at ".GwPriority", INT },                          \
	{                                                                                         \
		at ".DNSNames", TEXTS                                                             \
	}

/* Limits on how much of a device is used. */
#define RATE(at)                                     \
	{ at "[]", OBJECT }, { at "[].Path", TEXT }, \
	{                                            \
		at "[].Rate", INT                    \
	}

static const struct rule create[] = {
	{ "ExposedPorts{}", OBJECT },
	{ "Volumes{}", OBJECT },
	{ "Healthcheck.Test", WORDS },
	{ "Healthcheck.Interval", INT },
	{ "Healthcheck.Timeout", INT },
	{ "Healthcheck.StartPeriod", INT },
	{ "Healthcheck.StartInterval", INT },
	{ "Healthcheck.Retries", INT },
	{ "HostConfig.RestartPolicy.Name", TEXT },
	{ "HostConfig.RestartPolicy.MaximumRetryCount", INT },
	{ "HostConfig.LogConfig.Type", TEXT },
	{ "HostConfig.LogConfig.Config", OBJECT },
	{ "HostConfig.LogConfig.Config{}", TEXT },
	{ "HostConfig.ConsoleSize[]", INT },
	{ "HostConfig.Annotations{}", TEXT },
	{ "HostConfig.StorageOpt{}", TEXT },
	{ "HostConfig.Sysctls{}", TEXT },
	{ "HostConfig.Tmpfs{}", TEXT },
	{ "HostConfig.Devices[]", OBJECT },
	{ "HostConfig.Devices[].PathOnHost", TEXT },
	{ "HostConfig.Devices[].PathInContainer", TEXT },
	{ "HostConfig.Devices[].CgroupPermissions", TEXT },
	{ "HostConfig.DeviceRequests[]", OBJECT },
	{ "HostConfig.DeviceRequests[].Driver", TEXT },
	{ "HostConfig.DeviceRequests[].Count", INT },
	{ "HostConfig.DeviceRequests[].DeviceIDs", TEXTS },
	{ "HostConfig.DeviceRequests[].Capabilities", ARRAY },
	{ "HostConfig.DeviceRequests[].Capabilities[]", TEXTS },
	{ "HostConfig.DeviceRequests[].Options", OBJECT },
	{ "HostConfig.DeviceRequests[].Options{}", TEXT },
	{ "HostConfig.Ulimits[]", OBJECT },
	{ "HostConfig.Ulimits[].Name", TEXT },
	{ "HostConfig.Ulimits[].Soft", INT },
	{ "HostConfig.Ulimits[].Hard", INT },
	{ "HostConfig.BlkioWeightDevice[]", OBJECT },
	{ "HostConfig.BlkioWeightDevice[].Path", TEXT },
	{ "HostConfig.BlkioWeightDevice[].Weight", INT },
	RATE("HostConfig.BlkioDeviceReadBps"),
	RATE("HostConfig.BlkioDeviceWriteBps"),
	RATE("HostConfig.BlkioDeviceReadIOps"),
	RATE("HostConfig.BlkioDeviceWriteIOps"),
	{ "HostConfig.PortBindings{}", ARRAY },
	{ "HostConfig.PortBindings{}[]", OBJECT },
	{ "HostConfig.PortBindings{}[].HostIp", TEXT },
	{ "HostConfig.PortBindings{}[].HostPort", TEXT },
	{ "HostConfig.Mounts[]", OBJECT },
	{ "HostConfig.Mounts[].Type", TEXT },
	{ "HostConfig.Mounts[].Source", TEXT },
	{ "HostConfig.Mounts[].Target", TEXT },
	{ "HostConfig.Mounts[].ReadOnly", BOOL },
	{ "HostConfig.Mounts[].Consistency", TEXT },
	{ "HostConfig.Mounts[].BindOptions", OBJECT },
	{ "HostConfig.Mounts[].BindOptions.Propagation", TEXT },
	{ "HostConfig.Mounts[].BindOptions.NonRecursive", BOOL },
	{ "HostConfig.Mounts[].BindOptions.CreateMountpoint", BOOL },
	{ "HostConfig.Mounts[].BindOptions.ReadOnlyNonRecursive", BOOL },
	{ "HostConfig.Mounts[].BindOptions.ReadOnlyForceRecursive", BOOL },
	{ "HostConfig.Mounts[].BindOptions.IDMapping", OBJECT },
	{ "HostConfig.Mounts[].BindOptions.IDMapping.Source", TEXT },
	{ "HostConfig.Mounts[].BindOptions.IDMapping.User", TEXT },
	{ "HostConfig.Mounts[].VolumeOptions", OBJECT },
	{ "HostConfig.Mounts[].VolumeOptions.NoCopy", BOOL },
	{ "HostConfig.Mounts[].VolumeOptions.Labels", OBJECT },
	{ "HostConfig.Mounts[].VolumeOptions.Labels{}", TEXT },
	{ "HostConfig.Mounts[].VolumeOptions.Subpath", TEXT },
	{ "HostConfig.Mounts[].VolumeOptions.DriverConfig", OBJECT },
	{ "HostConfig.Mounts[].VolumeOptions.DriverConfig.Name", TEXT },
	{ "HostConfig.Mounts[].VolumeOptions.DriverConfig.Options", OBJECT },
	{ "HostConfig.Mounts[].VolumeOptions.DriverConfig.Options{}", TEXT },
	{ "HostConfig.Mounts[].TmpfsOptions", OBJECT },
	{ "HostConfig.Mounts[].TmpfsOptions.SizeBytes", INT },
	{ "HostConfig.Mounts[].TmpfsOptions.Mode", INT },
	{ "HostConfig.Mounts[].TmpfsOptions.Options", ARRAY },
	{ "HostConfig.Mounts[].TmpfsOptions.Options[]", TEXTS },
	{ "HostConfig.Mounts[].ImageOptions", OBJECT },
	{ "HostConfig.Mounts[].ImageOptions.Subpath", TEXT },
	{ "HostConfig.Mounts[].ClusterOptions", OBJECT },
	{ "NetworkingConfig", OBJECT },
	{ "NetworkingConfig.EndpointsConfig", OBJECT },
	ENDPOINT("NetworkingConfig.EndpointsConfig{}"),
};

static const struct rule update[] = {
	{ "CpuShares", INT },
	{ "Memory", INT },
	{ "NanoCpus", INT },
	{ "CgroupParent", TEXT },
	{ "BlkioWeight", INT },
	{ "BlkioWeightDevice", ARRAY },
	{ "BlkioDeviceReadBps", ARRAY },
	{ "BlkioDeviceWriteBps", ARRAY },
	{ "BlkioDeviceReadIOps", ARRAY },
	{ "BlkioDeviceWriteIOps", ARRAY },
	{ "CpuPeriod", INT },
	{ "CpuQuota", INT },
	{ "CpuRealtimePeriod", INT },
	{ "CpuRealtimeRuntime", INT },
	{ "CpusetCpus", TEXT },
	{ "CpusetMems", TEXT },
	{ "Devices", ARRAY },
	{ "DeviceCgroupRules", TEXTS },
	{ "DeviceRequests", ARRAY },
	{ "KernelMemoryTCP", INT },
	{ "MemoryReservation", INT },
	{ "MemorySwap", INT },
	{ "MemorySwappiness", INT },
	{ "OomKillDisable", BOOL },
	{ "Init", BOOL },
	{ "PidsLimit", INT },
	{ "Ulimits", ARRAY },
	{ "CpuCount", INT },
	{ "CpuPercent", INT },
	{ "IOMaximumIOps", INT },
	{ "IOMaximumBandwidth", INT },
	{ "RestartPolicy", OBJECT },
	{ "RestartPolicy.Name", TEXT },
	{ "RestartPolicy.MaximumRetryCount", INT },
};

static const struct rule exec[] = {
	{ "ConsoleSize[]", INT },
};

static const struct rule network_create[] = {
	{ "Name", TEXT },
	{ "Driver", TEXT },
	{ "Scope", TEXT },
	{ "Internal", BOOL },
	{ "Attachable", BOOL },
	{ "Ingress", BOOL },
	{ "ConfigOnly", BOOL },
	{ "ConfigFrom", OBJECT },
	{ "ConfigFrom.Network", TEXT },
	{ "EnableIPv4", BOOL },
	{ "EnableIPv6", BOOL },
	{ "Options", OBJECT },
	{ "Options{}", TEXT },
	{ "Labels", OBJECT },
	{ "Labels{}", TEXT },
	{ "IPAM", OBJECT },
	{ "IPAM.Driver", TEXT },
	{ "IPAM.Options", OBJECT },
	{ "IPAM.Options{}", TEXT },
	{ "IPAM.Config", ARRAY },
	{ "IPAM.Config[]", OBJECT },
	{ "IPAM.Config[].Subnet", TEXT },
	{ "IPAM.Config[].IPRange", TEXT },
	{ "IPAM.Config[].Gateway", TEXT },
	{ "IPAM.Config[].AuxiliaryAddresses", OBJECT },
	{ "IPAM.Config[].AuxiliaryAddresses{}", TEXT },
};

static const struct rule network_connect[] = {
	{ "Container", TEXT },
	{ "Force", BOOL },
	ENDPOINT("EndpointConfig"),
};

#define RULES(x)                            \
	{                                   \
		x, sizeof(x) / sizeof(*(x)) \
	}

static const struct {
	const struct rule *rules;
	size_t n;
} bodies[] = {
	[BT_BODY_CONTAINER_CREATE] = RULES(create),
	[BT_BODY_CONTAINER_UPDATE] = RULES(update),
	[BT_BODY_EXEC] = RULES(exec),
	[BT_BODY_NETWORK_CREATE] = RULES(network_create),
	[BT_BODY_NETWORK_CONNECT] = RULES(network_connect),
};

/* Where a walk stands: a member, an element of a list, or a value of a map, and what it is in. */
struct place {
	const struct place *in; /* NULL: the body */
	enum {
		PLACE_MEMBER,
		PLACE_ELEMENT,
		PLACE_ENTRY
	} kind;
	const char *name; /* of a member or an entry */
	size_t len;       /* of the name */
	size_t index;     /* of an element */
};

/* On the way to the values of one rule. */
struct walk {
	const struct rule *rule;
	struct bt_err *err;
};

static int walk(const struct walk *w, const struct place *at, const json_t *value,
		const char *rest);

static int walk_list(const struct walk *w, const struct place *at, const json_t *list,
		     const char *rest)
{
	struct place item_at = { .in = at, .kind = PLACE_ELEMENT };
	const json_t *item;
	int r = 0;

	json_array_foreach (list, item_at.index, item) {
		r = walk(w, &item_at, item, rest);
		if (r < 0)
			return r;
	}
	return r;
}

static int walk_map(const struct walk *w, const struct place *at, const json_t *map,
		    const char *rest)
{
	struct place value_at = { .in = at, .kind = PLACE_ENTRY };
	json_t *value;
	int r = 0;

	json_object_foreach ((json_t *)(uintptr_t)map, value_at.name, value) {
		value_at.len = strnlen(value_at.name, KEY_SHOWN_MAX);
		r = walk(w, &value_at, value, rest);
		if (r < 0)
			return r;
	}
	return r;
}

static int walk_member(const struct walk *w, const struct place *at, const json_t *object,
		       const char *rest)
{
	const char *name = rest + (rest[0] == '.' ? 1 : 0);
	const struct place member_at = {
		.in = at, .kind = PLACE_MEMBER, .name = name, .len = strcspn(name, ".[{")
	};
	char key[NAME_MAX_LEN + 1];

	memcpy(key, name, member_at.len);
	key[member_at.len] = '\0';
	return walk(w, &member_at, bt_json_member(object, key), name + member_at.len);
}

/* As messages have it: names with dots between. */
static void show(struct bt_str *out, const struct place *at)
{
	if (!at)
		return;
	show(out, at->in);
	if (at->kind == PLACE_ELEMENT)
		bt_str_printf(out, "[%zu]", at->index);
	else if (at->kind == PLACE_ENTRY)
		bt_str_printf(out, "[\"%.*s\"]", (int)at->len, at->name);
	else
		bt_str_printf(out, "%s%.*s", at->in ? "." : "", (int)at->len, at->name);
}

static int wrong(const struct walk *w, const struct place *at)
{
	bt_auto_str struct bt_str shown = { 0 };

	show(&shown, at);
	return bt_err_set(w->err, BT_ERR_INVALID, EINVAL, "invalid JSON: %s must be %s",
			  bt_str_get(&shown), bt_field_type_name(w->rule->type));
}

static int walk(const struct walk *w, const struct place *at, const json_t *value, const char *rest)
{
	if (!value || json_is_null(value))
		return 0;
	if (rest[0] == '\0')
		return bt_field_has_type(value, w->rule->type) ? 0 : wrong(w, at);
	if (rest[0] == '[')
		return walk_list(w, at, value, rest + 2);
	if (rest[0] == '{')
		return walk_map(w, at, value, rest + 2);
	return walk_member(w, at, value, rest);
}

int bt_body_shape_check(enum bt_body body, const json_t *value, struct bt_err *err)
{
	for (size_t i = 0; i < bodies[body].n; i++) {
		const struct walk w = { .rule = &bodies[body].rules[i], .err = err };
		int r = walk(&w, NULL, value, w.rule->path);

		if (r < 0)
			return r;
	}
	return 0;
}
