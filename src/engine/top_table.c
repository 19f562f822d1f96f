/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/top_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"

/* Processes call themselves what they like, and a column that was left out would move the others.
 */
static void add_word(json_t *row, const char *word, size_t len)
{
	bt_auto_free char *copy = strndup(word, len);

	json_array_append_new(row, copy ? bt_json_text(copy) : NULL);
}

/* The words of a line; the last of `max` keeps the rest of it. */
static json_t *split(const char *line, size_t len, size_t max)
{
	json_t *out = json_array();
	size_t i = 0;

	while (i < len) {
		size_t n = 0;

		while (i < len && (line[i] == ' ' || line[i] == '\t'))
			i++;
		while (i + n < len && line[i + n] != ' ' && line[i + n] != '\t')
			n++;
		if (n == 0)
			break;
		if (max && json_array_size(out) + 1 == max)
			n = len - i;
		add_word(out, line + i, n);
		i += n;
	}
	return out;
}

static ssize_t pid_column(const json_t *titles)
{
	const json_t *title;
	size_t i;

	json_array_foreach (titles, i, title)
		if (strcmp(json_string_value(title), "PID") == 0)
			return (ssize_t)i;
	return -1;
}

static bool is_ours(const char *text, const pid_t *pids, size_t n)
{
	long pid = text ? strtol(text, NULL, 10) : 0;

	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

int bt_top_table_parse(const char *text, const pid_t *pids, size_t npids, json_t **ret,
		       struct bt_err *err)
{
	size_t len = strcspn(text, "\n");
	json_auto_t *titles = split(text, len, 0), *rows = json_array();
	ssize_t column = pid_column(titles);

	if (column < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Couldn't find PID field in ps output");
	for (text += len; *text; text += len) {
		json_t *row;

		text++;
		len = strcspn(text, "\n");
		row = split(text, len, json_array_size(titles));
		if (is_ours(json_string_value(json_array_get(row, (size_t)column)), pids, npids))
			json_array_append(rows, row);
		json_decref(row);
	}
	*ret = json_pack("{s:O,s:O}", "Titles", titles, "Processes", rows);
	return 0;
}
