/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"

int bt_query_unescape(char *text, bool plus)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = plus && *from == '+' ? ' ' : *from;
			continue;
		}
		high = bt_str_hex_digit(from[1]);
		low = high < 0 ? -1 : bt_str_hex_digit(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return 0;
}

static size_t count_params(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '&';
	return n;
}

/* Split one "name=value", which ends at its NUL, and append it. */
static int add_param(struct bt_query *query, char *part, struct bt_err *err)
{
	char *value = strchr(part, '=');

	if (*part == '\0')
		return 0;
	if (value)
		*value++ = '\0';
	else
		value = part + strlen(part);
	if (bt_query_unescape(part, true) < 0 || bt_query_unescape(value, true) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid URL escape in the query parameter '%.64s'", part);
	query->params[query->n++] = (struct bt_query_param){ part, value };
	return 0;
}

int bt_query_parse(const char *text, struct bt_query *ret, struct bt_err *err)
{
	bt_auto_query struct bt_query query = { 0 };
	size_t max = text ? count_params(text) : 0;
	char *rest, *part;

	if (max > BT_QUERY_PARAMS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG,
				  "the query has more than %d parameters", BT_QUERY_PARAMS_MAX);
	if (max > 0) {
		query.text = strdup(text);
		query.params = calloc(max, sizeof(*query.params));
		if (!query.text || !query.params)
			return bt_err_sys(err, -ENOMEM, "parse the query");
	}
	for (rest = query.text; (part = strsep(&rest, "&")) != NULL;) {
		int r = add_param(&query, part, err);

		if (r < 0)
			return r;
	}
	*ret = bt_take_struct(query);
	return 0;
}

void bt_query_done(struct bt_query *query)
{
	free(query->text);
	free(query->params);
	*query = (struct bt_query){ 0 };
}

const char *bt_query_value(const struct bt_query *query, const char *name, size_t i)
{
	for (size_t k = 0; k < query->n; k++)
		if (strcmp(query->params[k].name, name) == 0 && i-- == 0)
			return query->params[k].value;
	return NULL;
}

const char *bt_query_get(const struct bt_query *query, const char *name)
{
	return bt_query_value(query, name, 0);
}

const char *bt_query_text(const struct bt_query *query, const char *name)
{
	const char *value = bt_query_get(query, name);

	return value && *value ? value : NULL;
}

bool bt_query_bool(const struct bt_query *query, const char *name, bool fallback)
{
	static const char *const no[] = { "", "0", "no", "false", "none" };
	const char *value = bt_query_get(query, name);
	size_t len;

	if (!value)
		return fallback;
	value += strspn(value, " \t");
	len = strcspn(value, " \t");
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strlen(no[i]) == len && strncasecmp(value, no[i], len) == 0)
			return false;
	return true;
}

int bt_query_i64(const struct bt_query *query, const char *name, int64_t fallback, int64_t *ret,
		 struct bt_err *err)
{
	const char *value = bt_query_text(query, name);
	long long number = fallback;

	if (value && bt_str_to_i64(value, &number) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for %s: %.64s: not a number", name, value);
	*ret = number;
	return 0;
}
