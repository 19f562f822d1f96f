/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/systemd_properties.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dbus.h"
#include "sys/cgroup_v2.h"

#define DEFAULT_PERIOD 100000
#define USEC_PER_SEC   1000000
/* The manager keeps quotas in hundredths of a processor. */
#define QUOTA_STEP 10000
/* Processors and nodes that a list may name. */
#define SET_BITS 8192

static void begin(struct bt_str *out, const char *name, const char *type)
{
	bt_dbus_put_struct(out);
	bt_dbus_put_str(out, name);
	bt_dbus_put_signature(out, type);
}

void bt_systemd_properties_put_u64(struct bt_str *out, const char *name, uint64_t value)
{
	begin(out, name, "t");
	bt_dbus_put_u64(out, value);
}

void bt_systemd_properties_put_bool(struct bt_str *out, const char *name, bool value)
{
	begin(out, name, "b");
	bt_dbus_put_u32(out, value);
}

void bt_systemd_properties_put_str(struct bt_str *out, const char *name, const char *value)
{
	begin(out, name, "s");
	bt_dbus_put_str(out, value);
}

uint64_t bt_systemd_properties_quota(int64_t quota, int64_t period)
{
	uint64_t a_second;

	if (quota <= 0)
		return UINT64_MAX;
	if (period <= 0)
		period = DEFAULT_PERIOD;
	/* Neither the kernel nor anybody else takes quotas of more than some thousand processors.
	 */
	if (quota > INT64_MAX / USEC_PER_SEC)
		return UINT64_MAX;
	a_second = (uint64_t)quota * USEC_PER_SEC / (uint64_t)period;
	return (a_second + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
}

/* A negative number is no limit, as the largest number is to the manager. */
static void put_limit(struct bt_str *out, const char *name, struct bt_cgroup_num num)
{
	if (bt_cgroup_num_given(num))
		bt_systemd_properties_put_u64(out, name,
					      num.value < 0 ? UINT64_MAX : (uint64_t)num.value);
}

static void put_memory(struct bt_str *out, const struct bt_cgroup_limits *l, bool v2)
{
	int64_t both = l->memory_swap.set ? l->memory_swap.value : 0;
	int64_t memory = l->memory_limit.set ? l->memory_limit.value : 0;
	int64_t swap;

	put_limit(out, v2 ? "MemoryMax" : "MemoryLimit", l->memory_limit);
	/* Version 1 has more of memory than the manager knows. */
	if (!v2)
		return;
	put_limit(out, "MemoryLow", l->memory_reservation);
	/* Contradictions are found, and named, where the files are written. */
	if (bt_cgroup_v2_swap(both, memory, &swap) == 0 && (swap != 0 || both > 0))
		bt_systemd_properties_put_u64(out, "MemorySwapMax",
					      swap < 0 ? UINT64_MAX : (uint64_t)swap);
}

/* "0-3,7" as a set of bits, the first one in the first byte's lowest. Returns how many bytes are
 * used, 0 for what is no list: the kernel will say so. */
static size_t parse_set(const char *list, uint8_t bits[SET_BITS / 8])
{
	size_t used = 0;

	memset(bits, 0, SET_BITS / 8);
	while (*list != '\0') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end != list && *end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
		}
		if (end == list || last >= SET_BITS || (*end != ',' && *end != '\0'))
			return 0;
		for (unsigned long i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1u << i % 8);
		if (last / 8 + 1 > used)
			used = last / 8 + 1;
		list = *end == ',' ? end + 1 : end;
	}
	return used;
}

static void put_set(struct bt_str *out, const char *name, const char *list)
{
	uint8_t bits[SET_BITS / 8];
	size_t n = list != NULL ? parse_set(list, bits) : 0, array;

	if (n == 0)
		return;
	begin(out, name, "ay");
	array = bt_dbus_begin_array(out, 1);
	bt_str_add(out, (const char *)bits, n);
	bt_dbus_end_array(out, array, 1);
}

static void put_cpu(struct bt_str *out, const struct bt_cgroup_limits *l, bool v2)
{
	int64_t period = bt_cgroup_num_given(l->cpu_period) ? l->cpu_period.value : DEFAULT_PERIOD;

	if (bt_cgroup_num_given(l->cpu_shares) && l->cpu_shares.value > 0 &&
	    !bt_cgroup_num_given(l->cpu_idle)) {
		uint64_t shares = (uint64_t)l->cpu_shares.value;

		bt_systemd_properties_put_u64(out, v2 ? "CPUWeight" : "CPUShares",
					      v2 ? bt_cgroup_v2_weight(shares) : shares);
	}
	if (bt_cgroup_num_given(l->cpu_quota) || bt_cgroup_num_given(l->cpu_period)) {
		int64_t quota = bt_cgroup_num_given(l->cpu_quota) ? l->cpu_quota.value : -1;

		bt_systemd_properties_put_u64(out, "CPUQuotaPerSecUSec",
					      bt_systemd_properties_quota(quota, period));
		bt_systemd_properties_put_u64(out, "CPUQuotaPeriodUSec", (uint64_t)period);
	}
	if (!v2)
		return;
	put_set(out, "AllowedCPUs", l->cpus);
	put_set(out, "AllowedMemoryNodes", l->mems);
}

/* ---- devices -------------------------------------------------------------------- */

/* The last rule about everything decides what the list begins with. */
static size_t skip_to_last_blanket(const struct bt_cgroup_limits *l, bool *ret_open)
{
	size_t from = 0;

	*ret_open = false;
	for (size_t i = 0; i < l->ndevices; i++) {
		const struct bt_cgroup_device_rule *rule = &l->devices[i];

		if (rule->type != 'a' || rule->major >= 0 || rule->minor >= 0 || rule->access != 7)
			continue;
		*ret_open = rule->allow;
		from = i + 1;
	}
	return from;
}

/* The manager knows single nodes, and all nodes of a driver by its name in /proc/devices; every
 * node of every driver stands for what lies between. */
static void put_device(struct bt_str *out, const struct bt_cgroup_device_rule *rule, char type)
{
	const char *word = type == 'b' ? "block" : "char";
	char name[64], access[4];
	size_t n = 0;

	if (rule->major >= 0 && rule->minor >= 0)
		(void)snprintf(name, sizeof(name), "/dev/%s/%lld:%lld", word,
			       (long long)rule->major, (long long)rule->minor);
	else
		(void)snprintf(name, sizeof(name), "%s-*", word);
	if (rule->access & BT_CGROUP_ACCESS_READ)
		access[n++] = 'r';
	if (rule->access & BT_CGROUP_ACCESS_WRITE)
		access[n++] = 'w';
	if (rule->access & BT_CGROUP_ACCESS_MKNOD)
		access[n++] = 'm';
	access[n] = '\0';
	bt_dbus_put_struct(out);
	bt_dbus_put_str(out, name);
	bt_dbus_put_str(out, access);
}

static void put_devices(struct bt_str *out, const struct bt_cgroup_limits *l)
{
	bool open;
	size_t from = skip_to_last_blanket(l, &open), array;

	if (l->ndevices == 0)
		return;
	bt_systemd_properties_put_str(out, "DevicePolicy", open ? "auto" : "strict");
	begin(out, "DeviceAllow", "a(ss)");
	array = bt_dbus_begin_array(out, 8);
	for (size_t i = from; i < l->ndevices && !open; i++) {
		const struct bt_cgroup_device_rule *rule = &l->devices[i];

		if (rule->allow && rule->type != 'b')
			put_device(out, rule, 'c');
		if (rule->allow && rule->type != 'c')
			put_device(out, rule, 'b');
	}
	bt_dbus_end_array(out, array, 8);
}

void bt_systemd_properties_put(struct bt_str *out, const struct bt_cgroup_limits *l, bool v2)
{
	put_memory(out, l, v2);
	put_cpu(out, l, v2);
	put_limit(out, "TasksMax", l->pids);
	if (bt_cgroup_num_given(l->blkio_weight)) {
		uint64_t weight = (uint64_t)l->blkio_weight.value;

		bt_systemd_properties_put_u64(out, v2 ? "IOWeight" : "BlockIOWeight",
					      v2 ? bt_cgroup_v2_io_weight(weight) : weight);
	}
	put_devices(out, l);
}
