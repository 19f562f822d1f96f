/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"

static struct bt_flag_value *by_name(struct bt_args *args, const char *name, size_t len)
{
	for (size_t i = 0; i < args->nvalues; i++) {
		const char *have = args->values[i].flag->name;

		if (strncmp(have, name, len) == 0 && !have[len])
			return &args->values[i];
	}
	return NULL;
}

/* Old names of flags that docker still takes. */
static struct bt_flag_value *by_alias(struct bt_args *args, const char *name, size_t len)
{
	static const char *const names[][2] = { { "net", "network" },
						{ "net-alias", "network-alias" },
						{ "dns-opt", "dns-option" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i][0]) == len && strncmp(names[i][0], name, len) == 0)
			return by_name(args, names[i][1], strlen(names[i][1]));
	return NULL;
}

static struct bt_flag_value *by_letter(struct bt_args *args, char letter)
{
	for (size_t i = 0; i < args->nvalues; i++)
		if (args->values[i].flag->letter == letter)
			return &args->values[i];
	return NULL;
}

static const struct bt_flag_value *find(const struct bt_args *args, const char *name)
{
	for (size_t i = 0; i < args->nvalues; i++)
		if (strcmp(args->values[i].flag->name, name) == 0)
			return &args->values[i];
	(void)fprintf(stderr, "internal error: %s has no flag --%s\n", args->command->names, name);
	abort();
}

int bt_args_parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = { "0", "f", "F", "false", "FALSE", "False",
					     "1", "t", "T", "true",  "TRUE",  "True" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i >= 6;
			return 0;
		}
	}
	return -EINVAL;
}

static int add_item(struct bt_flag_value *v, const char *value, struct bt_err *err)
{
	const char **items = realloc(v->items, (v->n + 1) * sizeof(*items));

	if (!items)
		return bt_err_sys(err, -ENOMEM, "read arguments");
	v->items = items;
	v->items[v->n++] = value;
	return 0;
}

/* A value as Go quotes it, so that what ends where is told. */
static char *quoted(const char *value)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\", letters[] = "abfnrtv\"\\";
	bt_auto_str struct bt_str s = { 0 };
	char *ret = NULL;

	bt_str_putc(&s, '"');
	for (; *value; value++) {
		const char *known = strchr(plain, *value);

		if (known)
			bt_str_printf(&s, "\\%c", letters[known - plain]);
		else if ((unsigned char)*value < ' ' || *value == 0x7f)
			bt_str_printf(&s, "\\x%02x", (unsigned)(unsigned char)*value);
		else
			bt_str_putc(&s, *value);
	}
	bt_str_putc(&s, '"');
	return bt_str_steal(&s, &ret) < 0 ? NULL : ret;
}

static int invalid(const struct bt_flag *flag, const char *text, const char *why,
		   struct bt_err *err)
{
	bt_auto_free char *value = quoted(text);

	if (!value)
		return bt_err_sys(err, -ENOMEM, "read arguments");
	if (flag->letter)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid argument %s for \"-%c, --%s\" flag: %s", value,
				  flag->letter, flag->name, why);
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid argument %s for \"--%s\" flag: %s",
			  value, flag->name, why);
}

static int set_value(struct bt_flag_value *v, const char *value, struct bt_err *err)
{
	struct bt_err why = { 0 };
	char text[200];

	if (v->flag->kind == BT_FLAG_BOOL && bt_args_parse_bool(value, &v->on) < 0) {
		(void)snprintf(text, sizeof(text),
			       "strconv.ParseBool: parsing \"%.100s\": invalid syntax", value);
		return invalid(v->flag, value, text, err);
	}
	if (v->flag->check && v->flag->check(value, &why) < 0)
		return invalid(v->flag, value, why.msg, err);
	return add_item(v, value, err);
}

/* "--name", "--name=value"; `next` is the following argument or NULL. Returns how many arguments
 * were used, or negative. */
static int read_long(struct bt_args *args, const char *arg, const char *next, struct bt_err *err)
{
	size_t len = strcspn(arg, "=");
	struct bt_flag_value *v;
	int r;

	if (len == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad flag syntax: --%s", arg);
	v = by_name(args, arg, len);
	if (!v)
		v = by_alias(args, arg, len);
	if (!v && len == 4 && strncmp(arg, "help", 4) == 0) {
		args->help = true;
		return 1;
	}
	if (!v)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unknown flag: --%.*s", (int)len,
				  arg);
	if (arg[len] == '=') {
		r = set_value(v, arg + len + 1, err);
		return r < 0 ? r : 1;
	}
	if (v->flag->kind == BT_FLAG_BOOL) {
		r = set_value(v, "true", err);
		return r < 0 ? r : 1;
	}
	if (!next)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "flag needs an argument: --%s", arg);
	r = set_value(v, next, err);
	return r < 0 ? r : 2;
}

/* "-abc": letters of flags, the last of which may have its value behind it. */
static int read_short(struct bt_args *args, const char *cluster, const char *next,
		      struct bt_err *err)
{
	for (const char *c = cluster; *c; c++) {
		struct bt_flag_value *v = by_letter(args, *c);
		int r;

		if (!v && *c == 'h') {
			args->help = args->help_by_letter = true;
			return 1;
		}
		if (!v)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "unknown shorthand flag: '%c' in -%s", *c, cluster);
		if (c[1] == '=' || (c[1] && v->flag->kind != BT_FLAG_BOOL)) {
			r = set_value(v, c + 1 + (c[1] == '='), err);
			return r < 0 ? r : 1;
		}
		if (v->flag->kind != BT_FLAG_BOOL) {
			if (!next)
				return bt_err_set(err, BT_ERR_INVALID, EINVAL,
						  "flag needs an argument: '%c' in -%s", *c,
						  cluster);
			r = set_value(v, next, err);
			return r < 0 ? r : 2;
		}
		r = set_value(v, "true", err);
		if (r < 0)
			return r;
	}
	return 1;
}

static int read_all(struct bt_args *args, int argc, char *const *argv, struct bt_err *err)
{
	int i = 0;

	while (i < argc) {
		const char *arg = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used;

		if (arg[0] != '-' || !arg[1]) {
			args->pos[args->npos++] = arg;
			i++;
			if (args->command->stops)
				break;
			continue;
		}
		if (strcmp(arg, "--") == 0) {
			i++;
			break;
		}
		used = arg[1] == '-' ? read_long(args, arg + 2, next, err)
				     : read_short(args, arg + 1, next, err);
		if (used < 0 || args->help)
			return used < 0 ? used : 0;
		i += used;
	}
	while (i < argc)
		args->pos[args->npos++] = argv[i++];
	return 0;
}

int bt_args_parse(const struct bt_command *command, int argc, char *const *argv,
		  struct bt_args *ret, struct bt_err *err)
{
	struct bt_args args = { .command = command };
	int r;

	args.pos = calloc((size_t)argc + 1, sizeof(*args.pos));
	if (!args.pos)
		return bt_err_sys(err, -ENOMEM, "read arguments");
	for (size_t t = 0; t < 3 && command->flags[t]; t++)
		for (const struct bt_flag *f = command->flags[t]; f->name; f++)
			if (args.nvalues < BT_ARGS_FLAGS_MAX)
				args.values[args.nvalues++].flag = f;
	r = read_all(&args, argc, argv, err);
	if (r < 0) {
		bt_args_done(&args);
		return r;
	}
	*ret = args;
	return 0;
}

int bt_args_check_count(const struct bt_args *args, struct bt_err *err)
{
	int n = (int)args->npos, min = args->command->min, max = args->command->max;
	const char *s;

	if (n >= min && (max < 0 || n <= max))
		return 0;
	if (max == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "'%s' accepts no arguments",
				  args->path);
	const char *how = min == max ? "" : n < min ? "at least " : "at most ";
	int want = min == max ? min : n < min ? min : max;
	if (min != max && min > 0 && max > 0) {
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "'%s' requires at least %d and at most %d arguments", args->path,
				  min, max);
	}
	s = want == 1 ? "" : "s";
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "'%s' requires %s%d argument%s", args->path,
			  how, want, s);
}

void bt_args_done(struct bt_args *args)
{
	for (size_t i = 0; i < args->nvalues; i++)
		free(args->values[i].items);
	free(args->pos);
	*args = (struct bt_args){ 0 };
}

bool bt_args_given(const struct bt_args *args, const char *name)
{
	return find(args, name)->n > 0;
}

bool bt_args_bool(const struct bt_args *args, const char *name)
{
	const struct bt_flag_value *v = find(args, name);

	return v->n ? v->on : v->flag->def != NULL;
}

const char *bt_args_string(const struct bt_args *args, const char *name)
{
	const struct bt_flag_value *v = find(args, name);

	return v->n ? v->items[v->n - 1] : v->flag->def;
}

long long bt_args_int(const struct bt_args *args, const char *name)
{
	const char *text = bt_args_string(args, name);
	long long n;

	return text && bt_str_to_i64(text, &n) == 0 ? n : 0;
}

const char *bt_args_item(const struct bt_args *args, const char *name, size_t i)
{
	const struct bt_flag_value *v = find(args, name);

	return i < v->n ? v->items[i] : NULL;
}
