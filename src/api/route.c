/* SPDX-License-Identifier: Apache-2.0 */

#include "api/route.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Longer numbers are as much "too new" as this one. */
#define NUMBER_MAX 1000000u

enum bt_method bt_route_method(const char *name)
{
	static const struct {
		const char *name;
		enum bt_method method;
	} methods[] = {
		{ "GET", BT_METHOD_GET },       { "HEAD", BT_METHOD_HEAD },
		{ "POST", BT_METHOD_POST },     { "PUT", BT_METHOD_PUT },
		{ "DELETE", BT_METHOD_DELETE }, { "OPTIONS", BT_METHOD_OPTIONS },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return BT_METHOD_NONE;
}

static bool matches(const char *pattern, const char *path, const char **ret_name, size_t *ret_len)
{
	const char *star = strchr(pattern, '*');
	size_t head, tail, len;

	if (!star) {
		*ret_name = NULL;
		*ret_len = 0;
		return strcmp(pattern, path) == 0;
	}
	head = (size_t)(star - pattern);
	tail = strlen(star + 1);
	len = strlen(path);
	if (len <= head + tail || strncmp(path, pattern, head) != 0 ||
	    strcmp(path + len - tail, star + 1) != 0)
		return false;
	*ret_name = path + head;
	*ret_len = len - head - tail;
	return true;
}

const struct bt_route *bt_route_find(const struct bt_route *routes, size_t n, enum bt_method method,
				     const char *path, const char **ret_name, size_t *ret_len)
{
	for (size_t i = 0; i < n; i++)
		if ((routes[i].methods & method) != 0 &&
		    matches(routes[i].pattern, path, ret_name, ret_len))
			return &routes[i];
	return NULL;
}

const char *bt_route_split_version(const char *path, const char **ret, size_t *ret_len)
{
	const char *text = bt_str_after(path, "/v");
	size_t len = text ? strspn(text, "0123456789.") : 0;

	if (len == 0 || text[len] != '/') {
		*ret = NULL;
		*ret_len = 0;
		return path;
	}
	*ret = text;
	*ret_len = len;
	return text + len;
}

/* A number at *p, at most NUMBER_MAX; moves *p behind it. None at all counts as 0. */
static unsigned take_number(const char **p, const char *end)
{
	unsigned n = 0;

	for (; *p < end && isdigit((unsigned char)**p); (*p)++)
		if (n < NUMBER_MAX)
			n = n * 10 + (unsigned)(**p - '0');
	return n;
}

int bt_route_check_version(const char *text, size_t len, unsigned *ret, struct bt_err *err)
{
	const char *p = text, *end = text + len;
	unsigned major = take_number(&p, end), minor = 0;

	if (p < end && *p == '.') {
		p++;
		minor = take_number(&p, end);
	}
	if (major < 1 || (major == 1 && minor < BT_ROUTE_VERSION_MIN))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"client version %.*s is too old. Minimum supported API version is "
			"%s, please upgrade your client to a newer version",
			(int)len, text, BT_ROUTE_VERSION_MIN_STR);
	if (major > 1 || minor > BT_ROUTE_VERSION_MAX)
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"client version %.*s is too new. Maximum supported API version is %s",
			(int)len, text, BT_ROUTE_VERSION_MAX_STR);
	*ret = minor;
	return 0;
}
