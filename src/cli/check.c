/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/size.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/units.h"

static int no_number(const char *fn, const char *value, int r, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "strconv.%s: parsing \"%s\": %s", fn, value,
			  r == -ERANGE ? "value out of range" : "invalid syntax");
}

int bt_check_int(const char *value, struct bt_err *err)
{
	long long n;
	int r = bt_str_to_i64(value, &n);

	return r < 0 ? no_number("ParseInt", value, r, err) : 0;
}

int bt_check_uint(const char *value, struct bt_err *err)
{
	unsigned long long n;
	int r = bt_str_to_u64(value, &n);

	return r < 0 ? no_number("ParseUint", value, r, err) : 0;
}

int bt_check_uint16(const char *value, struct bt_err *err)
{
	unsigned long long n;
	int r = bt_str_to_u64(value, &n);

	if (r == 0 && n > 65535)
		r = -ERANGE;
	return r < 0 ? no_number("ParseUint", value, r, err) : 0;
}

int bt_check_bytes(const char *value, struct bt_err *err)
{
	int64_t n;

	if (bt_size_parse(value, &n) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid size: '%s'", value);
	return 0;
}

int bt_check_swap(const char *value, struct bt_err *err)
{
	return strcmp(value, "-1") == 0 ? 0 : bt_check_bytes(value, err);
}

int bt_check_duration(const char *value, struct bt_err *err)
{
	int64_t ns;

	if (bt_time_duration_parse(value, &ns) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "time: invalid duration \"%s\"",
				  value);
	return 0;
}

int bt_check_cpus(const char *value, struct bt_err *err)
{
	long long n;
	int r = bt_units_cpus_parse(value, &n);

	if (r == -ERANGE)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "value is too precise");
	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "failed to parse %s as a rational number", value);
	return 0;
}

int bt_check_env(const char *value, struct bt_err *err)
{
	if (*value && *value != '=')
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid environment variable: %s", value);
}

int bt_check_filter(const char *value, struct bt_err *err)
{
	if (!*value || strchr(value, '='))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "bad format of filter (expected name=value)");
}

int bt_check_ip(const char *value, struct bt_err *err)
{
	unsigned char buf[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, value, buf) == 1 || inet_pton(AF_INET6, value, buf) == 1)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "failed to parse IP: \"%s\"", value);
}

int bt_check_host(const char *value, struct bt_err *err)
{
	size_t len = strcspn(value, "=");
	bt_auto_free char *ip = NULL;

	if (!value[len])
		len = strcspn(value, ":");
	if (!value[len] || !len)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad format for add-host: \"%s\"",
				  value);
	ip = strdup(value + len + 1);
	if (ip && *ip == '[' && bt_str_ends(ip, "]")) {
		memmove(ip, ip + 1, strlen(ip));
		ip[strlen(ip) - 1] = '\0';
	}
	if (ip && strcmp(ip, "host-gateway") != 0 && bt_check_ip(ip, BT_ERR_IGNORED) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid IP address in add-host: \"%s\"", value + len + 1);
	return 0;
}

int bt_check_stream(const char *value, struct bt_err *err)
{
	if (strcasecmp(value, "stdin") == 0 || strcasecmp(value, "stdout") == 0 ||
	    strcasecmp(value, "stderr") == 0)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "valid streams are STDIN, STDOUT and STDERR");
}

int bt_check_pair(const char *value, struct bt_err *err)
{
	if (*value && *value != '=')
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid key=value: %s", value);
}

int bt_check_no_trust(const char *value, struct bt_err *err)
{
	if (*value == '1' || *value == 't' || *value == 'T')
		return 0;
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP, "content trust is not supported");
}
