/* SPDX-License-Identifier: Apache-2.0 */

/* Limits and devices of a new container. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/size.h"
#include "base/str.h"
#include "cli/create.h"
#include "cli/create_gpus.h"
#include "cli/json_set.h"
#include "cli/units.h"

static int parse_limit(const char *text, long long *ret, struct bt_err *err)
{
	if (bt_str_to_i64(text, ret) == 0)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
}

/* "nofile=1024:2048", "nofile=1024" */
static int parse_ulimit(const char *text, json_t **ret, struct bt_err *err)
{
	static const char *const names[] = { "core",   "cpu",        "data",     "fsize",
					     "locks",  "memlock",    "msgqueue", "nice",
					     "nofile", "nproc",      "rss",      "rtprio",
					     "rttime", "sigpending", "stack",    NULL };
	bt_auto_free char *copy = strdup(text);
	char *value = copy ? strchr(copy, '=') : NULL, *second;
	long long soft, hard;
	size_t i = 0;
	int r;

	if (!value)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid ulimit argument: %s", text);
	*value++ = '\0';
	while (names[i] && strcmp(names[i], copy) != 0)
		i++;
	if (!names[i])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid ulimit type: %s", copy);
	second = strchr(value, ':');
	if (second)
		*second++ = '\0';
	r = parse_limit(value, &soft, err);
	if (r == 0)
		r = parse_limit(second ? second : value, &hard, err);
	if (r < 0)
		return r;
	if (hard != -1 && (soft > hard || soft == -1))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"ulimit soft limit must be less than or equal to hard limit: %lld > "
			"%lld",
			soft, hard);
	*ret = json_pack("{s:s, s:I, s:I}", "Name", copy, "Hard", (json_int_t)hard, "Soft",
			 (json_int_t)soft);
	return 0;
}

int bt_create_resources_check_ulimit(const char *value, struct bt_err *err)
{
	json_auto_t *json = NULL;

	return parse_ulimit(value, &json, err);
}

/* "/dev/sda:VALUE" */
static int split_device(const char *text, char **ret_path, const char **ret_value,
			struct bt_err *err)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad format: %s", text);
	if (strncmp(text, "/dev/", 5) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad format for device path: %s",
				  text);
	*ret_path = strndup(text, (size_t)(colon - text));
	*ret_value = colon + 1;
	return *ret_path ? 0 : bt_err_sys(err, -ENOMEM, "device");
}

static int parse_weight(const char *text, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	unsigned long long n;
	const char *value;
	int r = split_device(text, &path, &value, err);

	if (r < 0)
		return r;
	if (bt_str_to_u64(value, &n) < 0 || (n && (n < 10 || n > 1000)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid weight for device: %s",
				  text);
	*ret = json_pack("{s:s, s:I}", "Path", path, "Weight", (json_int_t)n);
	return 0;
}

static int parse_bps(const char *text, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	int64_t n;
	const char *value;
	int r = split_device(text, &path, &value, err);

	if (r < 0)
		return r;
	if (bt_size_parse(value, &n) < 0)
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"invalid rate for device: %s. The correct format is "
			"<device-path>:<number>[<unit>]. Number must be a positive integer. "
			"Unit is optional and can be kb, mb, or gb",
			text);
	*ret = json_pack("{s:s, s:I}", "Path", path, "Rate", (json_int_t)n);
	return 0;
}

static int parse_iops(const char *text, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	unsigned long long n;
	const char *value;
	int r = split_device(text, &path, &value, err);

	if (r < 0)
		return r;
	if (bt_str_to_u64(value, &n) < 0 || n > INT64_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid rate for device: %s. The correct format is "
				  "<device-path>:<number>. Number must be a positive integer",
				  text);
	*ret = json_pack("{s:s, s:I}", "Path", path, "Rate", (json_int_t)n);
	return 0;
}

int bt_create_resources_check_weight(const char *value, struct bt_err *err)
{
	json_auto_t *json = NULL;

	return parse_weight(value, &json, err);
}

int bt_create_resources_check_bps(const char *value, struct bt_err *err)
{
	json_auto_t *json = NULL;

	return parse_bps(value, &json, err);
}

int bt_create_resources_check_iops(const char *value, struct bt_err *err)
{
	json_auto_t *json = NULL;

	return parse_iops(value, &json, err);
}

/* "c 1:3 rwm": a type, numbers or stars, and some of r, w, m. */
int bt_create_resources_check_rule(const char *value, struct bt_err *err)
{
	const char *p = value;
	size_t n;
	bool good = *p == 'a' || *p == 'b' || *p == 'c';

	good = good && p[1] == ' ';
	for (int i = 0; good && i < 2; i++) {
		p += i == 0 ? 2 : 1;
		n = *p == '*' ? 1 : strspn(p, "0123456789");
		good = n > 0 && p[n] == (i == 0 ? ':' : ' ');
		p += n;
	}
	n = good ? strspn(p + 1, "rwm") : 0;
	if (n < 1 || n > 3 || p[1 + n])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid device cgroup format '%s'",
				  value);
	return 0;
}

static bool is_mode(const char *text)
{
	size_t n = strspn(text, "rwm");

	return n > 0 && n <= 3 && !text[n];
}

/* "vendor.com/class=name": a device by the Container Device Interface. */
static bool is_cdi(const char *text)
{
	return *text != '/' && strchr(text, '/') && strchr(text, '=');
}

static int add_device(json_t *host, const char *text, struct bt_err *err)
{
	bt_auto_free char *copy = strdup(text);
	char *parts[4] = { NULL };
	size_t n = 0;

	for (char *p = copy; p && n < 4; n++) {
		parts[n] = p;
		p = strchr(p, ':');
		if (p)
			*p++ = '\0';
	}
	if (n < 1 || n > 3 || !*parts[0])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad format for path: %s", text);
	if (n == 3 && !is_mode(parts[2]))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad mode specified: %s", parts[2]);
	bool second_is_mode = n == 2 && is_mode(parts[1]);
	const char *inside = n >= 2 && !second_is_mode ? parts[1] : parts[0];
	const char *mode = n == 3 ? parts[2] : second_is_mode ? parts[1] : "rwm";
	bt_json_set_append_new(host, "Devices",
			       json_pack("{s:s, s:s, s:s}", "PathOnHost", parts[0],
					 "PathInContainer", inside, "CgroupPermissions", mode));
	return 0;
}

static int fill_devices(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	json_auto_t *cdi = json_array();
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "device", i)); i++) {
		if (is_cdi(text))
			(void)json_array_append_new(cdi, json_string(text));
		else
			r = add_device(host, text, err);
	}
	if (json_array_size(cdi))
		bt_json_set_append_new(host, "DeviceRequests",
				       json_pack("{s:s, s:O}", "Driver", "cdi", "DeviceIDs", cdi));
	bt_json_set_list_flag(host, "DeviceCgroupRules", args, "device-cgroup-rule");
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "gpus", i)); i++) {
		json_t *gpus = NULL;

		r = bt_create_gpus_parse(text, &gpus, err);
		if (r == 0)
			bt_json_set_append_new(host, "DeviceRequests", gpus);
	}
	return r;
}

static int fill_parsed(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	static const struct {
		const char *flag, *name;
		int (*parse)(const char *, json_t **, struct bt_err *);
	} lists[] = {
		{ "ulimit", "Ulimits", parse_ulimit },
		{ "blkio-weight-device", "BlkioWeightDevice", parse_weight },
		{ "device-read-bps", "BlkioDeviceReadBps", parse_bps },
		{ "device-write-bps", "BlkioDeviceWriteBps", parse_bps },
		{ "device-read-iops", "BlkioDeviceReadIOps", parse_iops },
		{ "device-write-iops", "BlkioDeviceWriteIOps", parse_iops },
	};
	const char *text;

	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		for (size_t i = 0; (text = bt_args_item(args, lists[k].flag, i)); i++) {
			json_t *value = NULL;
			int r = lists[k].parse(text, &value, err);

			if (r < 0)
				return r;
			bt_json_set_append_new(host, lists[k].name, value);
		}
	}
	return 0;
}

static int fill_swappiness(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	long long n = bt_args_int(args, "memory-swappiness");

	if (!bt_args_given(args, "memory-swappiness") || n == -1)
		return 0;
	if (n < 0 || n > 100)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value: %lld. Valid memory swappiness range is 0-100", n);
	(void)json_object_set_new(host, "MemorySwappiness", json_integer(n));
	return 0;
}

int bt_create_resources_fill(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	static const char *const numbers[][2] = {
		{ "CpuShares", "cpu-shares" },
		{ "CpuPeriod", "cpu-period" },
		{ "CpuQuota", "cpu-quota" },
		{ "CpuRealtimePeriod", "cpu-rt-period" },
		{ "CpuRealtimeRuntime", "cpu-rt-runtime" },
		{ "CpuCount", "cpu-count" },
		{ "CpuPercent", "cpu-percent" },
		{ "PidsLimit", "pids-limit" },
		{ "BlkioWeight", "blkio-weight" },
		{ "IOMaximumIOps", "io-maxiops" },
	};
	const char *cpus = bt_args_string(args, "cpus");
	long long nano;
	int r;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		bt_json_set_int_flag(host, numbers[i][0], args, numbers[i][1]);
	bt_json_set_bytes_flag(host, "Memory", args, "memory");
	bt_json_set_bytes_flag(host, "MemoryReservation", args, "memory-reservation");
	bt_json_set_bytes_flag(host, "MemorySwap", args, "memory-swap");
	bt_json_set_bytes_flag(host, "IOMaximumBandwidth", args, "io-maxbandwidth");
	bt_json_set_string_flag(host, "CpusetCpus", args, "cpuset-cpus");
	bt_json_set_string_flag(host, "CpusetMems", args, "cpuset-mems");
	bt_json_set_bool_flag(host, "OomKillDisable", args, "oom-kill-disable");
	if (cpus && bt_units_cpus_parse(cpus, &nano) == 0)
		(void)json_object_set_new(host, "NanoCpus", json_integer(nano));
	r = fill_swappiness(args, host, err);
	if (r == 0)
		r = fill_parsed(args, host, err);
	return r < 0 ? r : fill_devices(args, host, err);
}
