/* SPDX-License-Identifier: Apache-2.0 */

#include "base/auto.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/multi.h"

static json_t *get_path(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Path");
}

static json_t *get_type(const json_t *row, const void *arg bt_unused)
{
	static const char *const kinds[] = { "C", "A", "D" };
	json_int_t kind = json_integer_value(json_object_get(row, "Kind"));

	return json_string(kind >= 0 && kind < 3 ? kinds[kind] : "?");
}

static const struct bt_column columns[] = {
	{ "Path", "PATH", get_path, NULL },
	{ "Type", "CHANGE TYPE", get_type, NULL },
	{ 0 },
};

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_format format = { .text = "{{.Type}} {{.Path}}",
				    .type = "*formatter.DiffContext",
				    .columns = columns };
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *rows = NULL;
	struct bt_err err = { 0 };

	bt_multi_container(&target, args->pos[0], "/changes");
	if (bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &rows, &err) < 0 ||
	    bt_format_rows(&format, rows, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

const struct bt_command bt_diff_command = {
	.names = "container diff,diff",
	.usage = "CONTAINER",
	.brief = "Show what changed in a container's file system",
	.min = 1,
	.max = 1,
	.run = run,
};
