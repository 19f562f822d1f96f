/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/format.h"

#include <errno.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "cli/natural.h"
#include "cli/plain.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "cli/units.h"
#include "codec/duration.h"
#include "codec/go_template.h"

#define TABLE_MIN_WIDTH 10
#define TABLE_PADDING   3

/* One row in the hands of the template's evaluator. */
struct row {
	const struct bt_format *format;
	const json_t *row; /* NULL: the header */
};

static const struct bt_column *column(const struct bt_format *f, const char *name)
{
	for (const struct bt_column *c = f->columns; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static json_t *whole_row(const struct row *row)
{
	json_t *all = json_object();

	for (const struct bt_column *c = row->format->columns; c->name; c++)
		if (!bt_str_eq(c->name, row->format->beyond))
			(void)json_object_set_new(all, c->name, c->get(row->row, row->format->arg));
	return all;
}

/* .Label "key": a method of everything that has labels. */
static int label(const struct row *row, const json_t *key, json_t **ret)
{
	const char *name = json_string_value(key), *dot;
	const json_t *value;

	if (!name)
		return -EINVAL;
	if (!row->row) {
		dot = strrchr(name, '.');
		*ret = json_string(dot ? dot + 1 : name);
		return 0;
	}
	value = json_object_get(json_object_get(row->row, "Labels"), name);
	*ret = bt_plain_cell(stdout, json_string(value ? json_string_value(value) : ""));
	return 0;
}

static int field(void *arg, const char *name, json_t *const *args, size_t nargs, json_t **ret)
{
	const struct row *row = arg;
	const struct bt_column *c;

	if (nargs == 1 && strcmp(name, "Label") == 0 && column(row->format, "Labels"))
		return label(row, args[0], ret);
	if (!*name && row->row) {
		*ret = whole_row(row);
		return 0;
	}
	c = column(row->format, name);
	if (!c)
		return -ENOENT;
	if (nargs)
		return -EINVAL;
	*ret = row->row ? bt_plain_cell(stdout, c->get(row->row, row->format->arg))
			: json_string(c->header);
	return *ret ? 0 : -EINVAL;
}

/* What follows "table", or NULL where the format is no table. */
static const char *table_template(const struct bt_format *f)
{
	const char *rest;

	if (!f->text || !*f->text)
		return f->table;
	rest = bt_str_after(f->text, "table");
	if (!rest || (*rest && *rest != ' '))
		return NULL;
	rest += strspn(rest, " ");
	return *rest ? rest : f->table;
}

/* Backslash-t and backslash-n stand for themselves in a shell's argument. */
static int unescape(const char *text, char **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };
	int r;

	for (const char *c = text + strspn(text, " "); *c; c++) {
		if (*c == '\\' && (c[1] == 't' || c[1] == 'n'))
			bt_str_putc(&s, *++c == 't' ? '\t' : '\n');
		else
			bt_str_putc(&s, *c);
	}
	r = bt_str_steal(&s, ret);
	return r < 0 ? bt_err_sys(err, r, "format") : 0;
}

static int parse(const char *text, const char *failed, struct bt_go_template **ret,
		 struct bt_err *err)
{
	bt_auto_free char *plain = NULL;
	int r = unescape(text, &plain, err);

	if (r == 0)
		r = bt_go_template_parse(plain, ret, err);
	return r < 0 ? bt_err_context(err, "%s", failed) : 0;
}

/* What a column has nothing for is a pointer to nothing in Go. */
static const char *null_text(const char *name bt_unused)
{
	return "<nil>";
}

static int print_row(const struct bt_format *f, const struct bt_go_template *t, const json_t *row,
		     struct bt_str *out, struct bt_err *err)
{
	struct row arg = { f, row };
	struct bt_go_template_data data = {
		.field = field, .arg = &arg, .type = f->type, .null_text = null_text
	};
	int r = bt_go_template_execute(t, &data, out, err);

	if (r < 0)
		return bt_err_context(err, "failed to execute template");
	bt_str_putc(out, '\n');
	return 0;
}

/* A template that is the whole row prints it as "json" does. */
static bool is_whole(const char *text)
{
	return strcmp(text, "{{json .}}") == 0 || strcmp(text, "{{ json . }}") == 0;
}

/* Go's encoder of whole rows writes so what a browser could take for markup. */
static void print_escaped(const char *text)
{
	bt_auto_str struct bt_str line = { .max = 1u << 30 };

	for (; *text; text++)
		if (strchr("<>&", *text))
			bt_str_printf(&line, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			bt_str_putc(&line, *text);
	bt_str_putc(&line, '\n');
	bt_plain_put(stdout, bt_str_get(&line));
}

static int print_json_rows(const struct bt_format *f, struct bt_rows *rows, struct bt_err *err)
{
	const json_t *row;
	int r;

	while ((r = bt_rows_next(rows, &row, err)) > 0) {
		struct row arg = { f, row };
		json_auto_t *all = whole_row(&arg);
		bt_auto_free char *text = json_dumps(all, JSON_COMPACT);

		print_escaped(text ? text : "");
	}
	return r;
}

static bool is_json(const struct bt_format *f)
{
	return f->text && (strcmp(f->text, "json") == 0 || is_whole(f->text));
}

/* Through the template: the header of a table, and all rows. */
static int print_rows(const struct bt_format *f, struct bt_rows *rows, struct bt_str *out,
		      struct bt_err *err)
{
	const char *table = table_template(f);
	bt_auto_go_template struct bt_go_template *t = NULL;
	const json_t *row;
	bool any = false;
	int r = parse(table ? table : f->text, "failed to parse template", &t, err);

	if (r == 0 && table && !f->no_header)
		r = print_row(f, t, NULL, out, err);
	while (r == 0 && (r = bt_rows_next(rows, &row, err)) > 0) {
		any = true;
		r = print_row(f, t, row, out, err);
	}
	/* A template is wrong also where there is nothing to show by it. */
	if (r == 0 && !table && !any) {
		r = print_row(f, t, NULL, out, err);
		bt_str_clear(out);
	}
	if (r == 0 && out->failed)
		return bt_err_sys(err, out->failed, "format");
	return r;
}

static int format(const struct bt_format *f, struct bt_rows *rows, struct bt_err *err)
{
	bt_auto_str struct bt_str out = { .max = 1u << 30 };
	int r;

	if (is_json(f))
		return print_json_rows(f, rows, err);
	r = print_rows(f, rows, &out, err);
	if (r < 0)
		return r;
	if (table_template(f))
		bt_table_print(stdout, bt_str_get(&out), TABLE_MIN_WIDTH, TABLE_PADDING);
	else
		(void)fwrite(bt_str_get(&out), 1, out.len, stdout);
	return 0;
}

int bt_format_rows(const struct bt_format *f, const json_t *tree, struct bt_err *err)
{
	bt_auto_rows struct bt_rows rows = { 0 };

	bt_rows_of_tree(tree, &rows);
	return format(f, &rows, err);
}

/* The column that a template's word behind a dot means: `.Label "x"` is out of the labels. */
static const struct bt_column *meant(const struct bt_format *f, const char *word)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t len = strspn(word, letters);

	if (len == strlen("Label") && memcmp(word, "Label", len) == 0)
		return column(f, "Labels");
	for (const struct bt_column *c = f->columns; c->name; c++)
		if (strlen(c->name) == len && memcmp(c->name, word, len) == 0)
			return c;
	return NULL;
}

/* Every dot must be followed by a column's name. */
bool bt_format_reads(const struct bt_format *f, struct bt_str *ret)
{
	const char *table = table_template(f);

	if (is_json(f))
		return false;

	for (const char *p = table ? table : f->text; (p = strchr(p, '.')); p++) {
		const struct bt_column *c = meant(f, p + 1);

		if (!c || !c->reads)
			return false;
		bt_str_puts(ret, c->reads);
		bt_str_putc(ret, ' ');
	}
	return !ret->failed;
}

int bt_format_text(const struct bt_format *f, struct bt_json_raw text, struct bt_err *err)
{
	bt_auto_str struct bt_str reads = { 0 };
	bt_auto_rows struct bt_rows rows = { 0 };
	bool some = bt_format_reads(f, &reads);
	int r = bt_rows_of_text(text, some ? bt_str_get(&reads) : NULL, &rows, err);

	if (r == 0 && f->order)
		r = bt_rows_sort(&rows, f->order, err);
	return r < 0 ? r : format(f, &rows, err);
}

bool bt_format_uses(const struct bt_format *f, const char *name)
{
	const char *table = table_template(f), *text = table ? table : f->text;

	return strstr(text, name) != NULL || is_whole(text);
}

int bt_format_value(const char *text, json_t *value, struct bt_err *err)
{
	struct bt_go_template_data data = { .dot = value,
					    .type = "map[string]interface {}",
					    .strict = true };
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str out = { .max = 1u << 30 };
	int r;

	if (!text || strcmp(text, "json") == 0) {
		bt_auto_free char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		bt_plain_printf(stdout, "%s\n", dump ? dump : "");
		return 0;
	}
	r = parse(text, "template parsing error", &t, err);
	if (r < 0)
		return r;
	r = bt_go_template_execute(t, &data, &out, err);
	if (r < 0 && err->kind == BT_ERR_INVALID)
		err->kind = BT_ERR_NOT_FOUND;
	if (r < 0)
		return r;
	(void)fwrite(bt_str_get(&out), 1, out.len, stdout);
	(void)fputc('\n', stdout);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *bt_format_labels(const json_t *labels)
{
	size_t n = json_object_size(labels), i = 0;
	bt_auto_free const char **names = calloc(n + 1, sizeof(*names));
	bt_auto_str struct bt_str s = { 0 };
	const char *name;
	json_t *value;

	if (!names)
		return NULL;
	json_object_foreach ((json_t *)(uintptr_t)labels, name, value)
		names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		const char *text = json_string_value(json_object_get(labels, names[i]));

		bt_str_printf(&s, "%s%s=%s", i ? "," : "", names[i], text ? text : "");
	}
	return json_string(bt_str_get(&s));
}

void bt_format_ellipsis(struct bt_str *out, const char *text, size_t n)
{
	size_t runes = 0, at = 0, cut = 0;

	for (; text[at]; at++) {
		if (((unsigned char)text[at] & 0xc0) == 0x80)
			continue;
		if (runes == n - 1)
			cut = at;
		if (++runes > n)
			break;
	}
	if (runes > n) {
		bt_str_add(out, text, cut);
		bt_str_puts(out, "…");
	} else {
		bt_str_puts(out, text);
	}
}

json_t *bt_format_id(const json_t *id, bool whole)
{
	const char *text = json_string_value(id), *hex;

	if (!text)
		return json_string("");
	if (whole)
		return json_string(text);
	hex = strchr(text, ':');
	hex = hex ? hex + 1 : text;
	return json_stringn(hex, strnlen(hex, 12));
}

json_t *bt_format_member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return json_string(text ? text : "");
}

json_t *bt_format_since(json_int_t seconds)
{
	char span[BT_DURATION_TEXT_MAX];

	bt_duration_text(bt_time_now_ns() / BT_TIME_NSEC_PER_SEC - seconds, span);
	return json_sprintf("%s ago", span);
}

json_t *bt_format_size(json_int_t bytes, int digits)
{
	char text[BT_UNITS_TEXT_MAX];

	bt_units_size((double)bytes, digits, text);
	return json_string(text);
}

static int by_key(const void *a, const void *b)
{
	const struct {
		const char *key;
		json_t *row;
	} *x = a, *y = b;

	return bt_natural_compare(x->key, y->key);
}

json_t *bt_format_sorted(const json_t *rows, const char *member)
{
	size_t n = json_array_size(rows), i;
	struct {
		const char *key;
		json_t *row;
	} *order = calloc(n + 1, sizeof(*order));
	json_t *ret = json_array(), *row;

	json_array_foreach (rows, i, row) {
		if (!order)
			break;
		order[i].key = json_string_value(json_object_get(row, member));
		if (!order[i].key)
			order[i].key = "";
		order[i].row = row;
	}
	if (order)
		qsort(order, n, sizeof(*order), by_key);
	for (i = 0; order && i < n; i++)
		(void)json_array_append(ret, order[i].row);
	free(order);
	return ret;
}
