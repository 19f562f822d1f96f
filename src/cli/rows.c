/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/natural.h"

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

/* A row with what it is sorted by. */
struct keyed {
	json_t *key; /* owned; no string, or NULL: none */
	struct bt_json_raw value;
};

struct keyed_list {
	struct keyed *all;
	size_t n, room;
};

static void keyed_done(struct keyed_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		json_decref(list->all[i].key);
	free(list->all);
}

static const char *key_of(const struct keyed *k)
{
	return json_is_string(k->key) ? json_string_value(k->key) : "";
}

static int by_key(const void *a, const void *b)
{
	return bt_natural_compare(key_of(a), key_of(b));
}

static int add_keyed(struct keyed_list *list, const char *member, struct bt_json_raw value)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct keyed *all = reallocarray(list->all, room, sizeof(*all));

		if (!all)
			return -ENOMEM;
		list->all = all;
		list->room = room;
	}
	list->all[list->n++] =
		(struct keyed){ bt_json_raw_load(bt_json_raw_member(value, member)), value };
	return 0;
}

int bt_rows_sort(struct bt_rows *rows, const char *member, struct bt_err *err)
{
	bt_auto(keyed_done) struct keyed_list list = { 0 };
	struct bt_json_raw name, value, *sorted;
	int r = 0;

	if (!rows->walk.p)
		return 0;
	while ((r = bt_json_walk_next(&rows->walk, &name, &value)) > 0)
		if (add_keyed(&list, member, value) < 0)
			return bt_err_sys(err, -ENOMEM, "sort a list");
	sorted = r < 0 ? NULL : calloc(list.n + 1, sizeof(*sorted));
	if (!sorted)
		return r < 0 ? broken(err) : bt_err_sys(err, -ENOMEM, "sort a list");
	if (list.n > 0)
		qsort(list.all, list.n, sizeof(*list.all), by_key);
	for (size_t i = 0; i < list.n; i++)
		sorted[i] = list.all[i].value;
	rows->sorted = sorted;
	rows->nsorted = list.n;
	return 0;
}

/* 1 and the bytes of the next row, 0, or -EINVAL. */
static int step(struct bt_rows *rows, struct bt_json_raw *ret)
{
	struct bt_json_raw name;

	if (!rows->sorted)
		return rows->walk.p ? bt_json_walk_next(&rows->walk, &name, ret) : 0;
	if (rows->next == rows->nsorted)
		return 0;
	*ret = rows->sorted[rows->next++];
	return 1;
}

static void drop_row(struct bt_rows *rows)
{
	json_decref(rows->row);
	rows->row = NULL;
}

static int next_of_text(struct bt_rows *rows, const json_t **ret, struct bt_err *err)
{
	struct bt_json_raw value;
	int r = step(rows, &value);

	drop_row(rows);
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
	drop_row(rows);
	free(rows->sorted);
	rows->sorted = NULL;
}
