/* SPDX-License-Identifier: Apache-2.0 */

/* `search`: images on Docker Hub. */

#include "base/auto.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "client/target.h"

#define DESCRIPTION_WIDTH 45

static json_t *get_description(const json_t *row, const void *arg)
{
	const char *text = json_string_value(json_object_get(row, "description"));
	bt_auto_str struct bt_str s = { 0 };
	bt_auto_str struct bt_str flat = { 0 };

	for (const char *c = text ? text : ""; *c; c++)
		bt_str_putc(&flat, *c == '\n' || *c == '\r' ? ' ' : *c);
	if (*(const bool *)arg)
		bt_str_puts(&s, bt_str_get(&flat));
	else
		bt_format_ellipsis(&s, bt_str_get(&flat), DESCRIPTION_WIDTH);
	return json_string(bt_str_get(&s));
}

static json_t *get_official(const json_t *row, const void *arg bt_unused)
{
	return json_string(json_is_true(json_object_get(row, "is_official")) ? "[OK]" : "");
}

static json_t *get_name(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "name");
}

static json_t *get_stars(const json_t *row, const void *arg bt_unused)
{
	return json_sprintf("%lld",
			    (long long)json_integer_value(json_object_get(row, "star_count")));
}

static const struct bt_column columns[] = {
	{ "Description", "DESCRIPTION", get_description, NULL },
	{ "IsOfficial", "OFFICIAL", get_official, NULL },
	{ "Name", "NAME", get_name, NULL },
	{ "StarCount", "STARS", get_stars, NULL },
	{ 0 },
};

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bool whole = bt_args_bool(args, "no-trunc");
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table = "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}",
		.type = "*registry.searchContext",
		.columns = columns,
		.arg = &whole,
	};
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *rows = NULL;
	struct bt_err err = { 0 };

	bt_str_puts(&target, "/images/search");
	bt_target_add(&target, "term", args->pos[0]);
	if (bt_args_int(args, "limit") > 0)
		bt_target_add(&target, "limit", bt_args_string(args, "limit"));
	bt_filter_add(&target, args, "filter", NULL);
	if (bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &rows, &err) < 0 ||
	    bt_format_rows(&format, rows, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'f', BT_FLAG_LIST, "filter", "filter", "Show only what matches, as name=value", NULL,
	  bt_check_filter },
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 0, BT_FLAG_STRING, "limit", "int", "Show so many", NULL, bt_check_int },
	{ 0, BT_FLAG_BOOL, "no-trunc", NULL, "Print everything at full length", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_search_command = {
	.names = "search",
	.usage = "[OPTIONS] TERM",
	.brief = "Search Docker Hub for images",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
