/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/rows.h"

#include <errno.h>
#include <string.h>

static int broken(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "invalid JSON in response");
}

void bt_rows_of_tree(const json_t *tree, struct bt_rows *ret)
{
	*ret = (struct bt_rows){ .tree = tree };
}

static void split_reads(const char *words, struct bt_rows *rows)
{
	size_t n = 0;

	for (size_t len; *(words += strspn(words, " ")); words += len) {
		len = strcspn(words, " ");
		if (n == BT_ROWS_READS_MAX)
			return;
		rows->reads[n++] = (struct bt_json_raw){ words, len };
	}
	rows->nreads = n;
}

int bt_rows_of_text(struct bt_json_raw text, const char *reads, struct bt_rows *ret,
		    struct bt_err *err)
{
	struct bt_rows rows = { 0 };

	split_reads(reads ? reads : "", &rows);
	if (text.len == 0 || bt_json_raw_same(text, "null")) {
		*ret = rows;
		return 0;
	}
	if (bt_json_walk_begin(text, &rows.walk) < 0 || rows.walk.close != ']')
		return broken(err);
	*ret = rows;
	return 0;
}

static bool is_read(const struct bt_rows *rows, struct bt_json_raw name)
{
	for (size_t i = 0; i < rows->nreads; i++)
		if (rows->reads[i].len == name.len &&
		    memcmp(rows->reads[i].p, name.p, name.len) == 0)
			return true;
	return false;
}

/* The members of an object that are read. */
static json_t *decode_some(const struct bt_rows *rows, struct bt_json_walk walk)
{
	struct bt_json_raw name, value;
	json_t *row = json_object();
	int r;

	while ((r = bt_json_walk_next(&walk, &name, &value)) > 0) {
		json_t *decoded;

		if (!is_read(rows, name))
			continue;
		decoded = bt_json_raw_load(value);
		if (!decoded || json_object_setn_new(row, name.p, name.len, decoded) < 0) {
			r = -EPROTO;
			break;
		}
	}
	if (r == 0)
		return row;
	json_decref(row);
	return NULL;
}

static json_t *decode(const struct bt_rows *rows, struct bt_json_raw value)
{
	struct bt_json_walk walk;

	if (rows->nreads && bt_json_walk_begin(value, &walk) == 0 && walk.close == '}')
		return decode_some(rows, walk);
	return bt_json_raw_load(value);
}

static int next_of_text(struct bt_rows *rows, const json_t **ret, struct bt_err *err)
{
	struct bt_json_raw name, value;
	int r = rows->walk.p ? bt_json_walk_next(&rows->walk, &name, &value) : 0;

	bt_rows_done(rows);
	if (r > 0)
		rows->row = decode(rows, value);
	if (r < 0 || (r > 0 && !rows->row))
		return broken(err);
	*ret = rows->row;
	return r;
}

int bt_rows_next(struct bt_rows *rows, const json_t **ret, struct bt_err *err)
{
	if (!rows->tree)
		return next_of_text(rows, ret, err);
	if (rows->next == json_array_size(rows->tree))
		return 0;
	*ret = json_array_get(rows->tree, rows->next++);
	return 1;
}

void bt_rows_done(struct bt_rows *rows)
{
	json_decref(rows->row);
	rows->row = NULL;
}
