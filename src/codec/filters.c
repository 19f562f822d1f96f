/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/filters.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "codec/json.h"

#define NAMES_MAX   64
#define VALUES_MAX  1024
#define PATTERN_MAX 256
#define DOUBLED_MAX 6

/* Names to arrays of strings, whichever form they came in. */
struct bt_filters {
	json_t *map;
};

static int invalid(struct bt_err *err, const char *name)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid filter '%.128s'", name);
}

/* A value that is a string, or a boolean that some client did not write as one. */
static json_t *as_string(json_t *value)
{
	if (json_is_string(value))
		return json_incref(value);
	if (json_is_boolean(value))
		return json_string(json_is_true(value) ? "true" : "false");
	return NULL;
}

/* The values of one filter as a new array; NULL where they have no known form. */
static json_t *read_values(json_t *from)
{
	json_t *list = json_array(), *value;
	const char *key;
	int r = 0;
	size_t i;

	if (!list)
		return NULL;
	if (json_is_object(from)) {
		json_object_foreach (from, key, value)
			r |= json_array_append_new(list, json_string(key));
	} else if (json_is_array(from)) {
		json_array_foreach (from, i, value)
			r |= json_array_append_new(list, as_string(value));
	} else {
		r = json_array_append_new(list, as_string(from));
	}
	if (r != 0 || json_array_size(list) > VALUES_MAX) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static int read_map(json_t *from, json_t *to, struct bt_err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(from))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid filter: must be a JSON object");
	if (json_object_size(from) > NAMES_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid filter: more than %d names",
				  NAMES_MAX);
	json_object_foreach (from, name, value) {
		json_t *list = read_values(value);

		if (!list)
			return invalid(err, name);
		if (json_object_set_new(to, name, list) < 0)
			return bt_err_sys(err, -ENOMEM, "read filters");
	}
	return 0;
}

int bt_filters_parse(const char *text, struct bt_filters **ret, struct bt_err *err)
{
	struct bt_filters *filters = calloc(1, sizeof(*filters));
	json_auto_t *json = NULL;
	int r = 0;

	if (filters)
		filters->map = json_object();
	if (!filters || !filters->map)
		r = bt_err_sys(err, -ENOMEM, "read filters");
	if (r == 0 && text && *text) {
		r = bt_json_parse(text, strlen(text), BT_JSON_ANY, &json, err);
		if (r == -EINVAL)
			r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid filter");
		if (r == 0 && !json_is_null(json))
			r = read_map(json, filters->map, err);
	}
	if (r < 0) {
		bt_filters_destroy(filters);
		return r;
	}
	*ret = filters;
	return 0;
}

void bt_filters_destroy(struct bt_filters *filters)
{
	if (!filters)
		return;
	json_decref(filters->map);
	free(filters);
}

static json_t *values_of(const struct bt_filters *filters, const char *name)
{
	return filters ? json_object_get(filters->map, name) : NULL;
}

int bt_filters_only(const struct bt_filters *filters, const char *const *known, struct bt_err *err)
{
	const char *name;
	json_t *value;

	if (!filters)
		return 0;
	json_object_foreach (filters->map, name, value) {
		const char *const *k = known;

		while (*k && strcmp(*k, name) != 0)
			k++;
		if (!*k)
			return invalid(err, name);
	}
	return 0;
}

bool bt_filters_has(const struct bt_filters *filters, const char *name)
{
	return json_array_size(values_of(filters, name)) > 0;
}

const char *bt_filters_value(const struct bt_filters *filters, const char *name, size_t i)
{
	return json_string_value(json_array_get(values_of(filters, name), i));
}

bool bt_filters_exact(const struct bt_filters *filters, const char *name, const char *value)
{
	const char *wanted;

	if (!bt_filters_has(filters, name))
		return true;
	for (size_t i = 0; (wanted = bt_filters_value(filters, name, i)); i++)
		if (strcmp(wanted, value) == 0)
			return true;
	return false;
}

/* Is the pattern one that the C library's matcher can be trusted with? Repetition counts
 * and back references of a stranger cost it memory and time without a bound, and each
 * "+" doubles what it stands behind. */
static bool is_safe_regex(const char *pattern)
{
	unsigned doubled = 0;

	if (strlen(pattern) > PATTERN_MAX || strchr(pattern, '{'))
		return false;
	for (const char *p = pattern; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '9')
			return false;
		doubled += *p == '+';
	}
	return doubled <= DOUBLED_MAX;
}

static bool matches(const char *pattern, const char *value)
{
	regex_t regex;
	bool yes;

	if (strstr(value, pattern))
		return true;
	if (!strpbrk(pattern, "^$.*+?()[]|\\") || !is_safe_regex(pattern))
		return false;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	yes = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return yes;
}

bool bt_filters_match(const struct bt_filters *filters, const char *name, const char *value)
{
	const char *wanted;

	if (!bt_filters_has(filters, name))
		return true;
	for (size_t i = 0; (wanted = bt_filters_value(filters, name, i)); i++)
		if (matches(wanted, value))
			return true;
	return false;
}

int bt_filters_bool(const struct bt_filters *filters, const char *name, bool *ret,
		    struct bt_err *err)
{
	const char *value = bt_filters_value(filters, name, 0);

	if (!value)
		return 0;
	if (bt_filters_value(filters, name, 1))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid filter '%s=[%.64s %.64s%s]'", name, value,
				  bt_filters_value(filters, name, 1),
				  bt_filters_value(filters, name, 2) ? " ..." : "");
	if (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 ||
	    strcasecmp(value, "t") == 0)
		*ret = true;
	else if (strcmp(value, "0") == 0 || strcasecmp(value, "false") == 0 ||
		 strcasecmp(value, "f") == 0)
		*ret = false;
	else
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid filter '%s=[%.128s]'", name,
				  value);
	return 1;
}

int bt_filters_until(const struct bt_filters *filters, int64_t *ret, struct bt_err *err)
{
	const char *text = bt_filters_value(filters, "until", 0);

	if (!text)
		return 0;
	if (bt_filters_value(filters, "until", 1))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "more than one until filter specified");
	if (bt_time_since_parse(text, ret) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "failed to parse value as time or duration: \"%.100s\"", text);
	return 0;
}

/* "k" or "k=v" of one label. */
static bool label_holds(const char *wanted, const char *(*get)(const void *arg, const char *key),
			const void *arg)
{
	const char *equals = strchr(wanted, '='), *value;
	char *key;
	bool yes;

	if (!equals)
		return get(arg, wanted) != NULL;
	key = strndup(wanted, (size_t)(equals - wanted));
	if (!key)
		return false;
	value = get(arg, key);
	yes = value && strcmp(value, equals + 1) == 0;
	free(key);
	return yes;
}

bool bt_filters_labels(const struct bt_filters *filters, const char *name,
		       const char *(*get)(const void *arg, const char *key), const void *arg)
{
	const char *wanted;

	for (size_t i = 0; (wanted = bt_filters_value(filters, name, i)); i++)
		if (!label_holds(wanted, get, arg))
			return false;
	return true;
}
