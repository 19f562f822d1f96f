/* SPDX-License-Identifier: Apache-2.0 */

#include <time.h>

#include "base/auto.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/cli.h"
#include "cli/platform_flag.h"
#include "client/target.h"

#define CREATED_BY_WIDTH 45

struct options {
	bool whole, human;
};

static const struct options *options(const void *arg)
{
	return arg;
}

static json_t *get_comment(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Comment");
}

static json_t *get_created_at(const json_t *row, const void *arg bt_unused)
{
	time_t t = (time_t)json_integer_value(json_object_get(row, "Created"));
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm) == 24) {
		/* RFC 3339 writes Z for UTC, and a colon in other offsets. */
		if (tm.tm_gmtoff == 0)
			return json_sprintf("%.19sZ", text);
		return json_sprintf("%.22s:%s", text, text + 22);
	}
	return json_string(text);
}

static json_t *get_created_by(const json_t *row, const void *arg)
{
	const char *text = json_string_value(json_object_get(row, "CreatedBy"));
	bt_auto_str struct bt_str s = { 0 };
	bt_auto_str struct bt_str flat = { 0 };

	for (const char *c = text ? text : ""; *c; c++)
		bt_str_putc(&flat, *c == '\t' ? ' ' : *c);
	if (options(arg)->whole)
		bt_str_puts(&s, bt_str_get(&flat));
	else
		bt_format_ellipsis(&s, bt_str_get(&flat), CREATED_BY_WIDTH);
	return json_string(bt_str_get(&s));
}

static json_t *get_created_since(const json_t *row, const void *arg)
{
	json_int_t created = json_integer_value(json_object_get(row, "Created"));

	if (!options(arg)->human)
		return get_created_at(row, arg);
	return created <= 0 ? json_string("N/A") : bt_format_since(created);
}

static json_t *get_id(const json_t *row, const void *arg)
{
	return bt_format_id(json_object_get(row, "Id"), options(arg)->whole);
}

static json_t *get_size(const json_t *row, const void *arg)
{
	json_int_t size = json_integer_value(json_object_get(row, "Size"));

	return options(arg)->human ? bt_format_size(size, 3)
				   : json_sprintf("%lld", (long long)size);
}

static const struct bt_column columns[] = {
	{ "Comment", "COMMENT", get_comment, NULL },
	{ "CreatedAt", "CREATED AT", get_created_at, NULL },
	{ "CreatedBy", "CREATED BY", get_created_by, NULL },
	{ "CreatedSince", "CREATED", get_created_since, NULL },
	{ "ID", "IMAGE", get_id, NULL },
	{ "Size", "SIZE", get_size, NULL },
	{ 0 },
};

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct options opts = { bt_args_bool(args, "no-trunc"), bt_args_bool(args, "human") };
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
		.type = "*formatter.historyContext",
		.columns = columns,
		.arg = &opts,
	};
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *rows = NULL;
	struct bt_err err = { 0 };

	if (bt_args_bool(args, "quiet") && !format.text)
		format.text = "{{.ID}}";
	bt_str_puts(&target, "/images/");
	bt_target_path(&target, args->pos[0]);
	bt_str_puts(&target, "/history");
	if (bt_platform_flag_add(&target, "platform", bt_args_string(args, "platform"), &err) < 0 ||
	    bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &rows, &err) < 0 ||
	    bt_format_rows(&format, rows, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 'H', BT_FLAG_BOOL, "human", NULL, "Print sizes and times for people", "true", NULL },
	{ 0, BT_FLAG_BOOL, "no-trunc", NULL, "Print everything at full length", NULL, NULL },
	{ 0, BT_FLAG_STRING, "platform", NULL, BT_HELP_PLATFORM, NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only ids", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_history_command = {
	.names = "image history,history",
	.usage = "[OPTIONS] IMAGE",
	.brief = "Show how an image was made",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
