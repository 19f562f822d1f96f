/* SPDX-License-Identifier: Apache-2.0 */

/* `top`: the processes of a container. */

#include <stdio.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "cli/table.h"
#include "client/target.h"

static void add_line(struct bt_str *out, const json_t *cells)
{
	json_t *cell;
	size_t i;

	json_array_foreach (cells, i, cell) {
		json_auto_t *shown = bt_plain_cell(stdout, json_incref(cell));
		const char *text = json_string_value(shown);

		bt_str_printf(out, "%s%s", i ? "\t" : "", text ? text : "");
	}
	bt_str_putc(out, '\n');
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str options = { 0 };
	bt_auto_str struct bt_str out = { 0 };
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const json_t *line;
	size_t i;

	bt_multi_container(&target, args->pos[0], "/top");
	for (i = 1; i < args->npos; i++)
		bt_str_printf(&options, "%s%s", i > 1 ? " " : "", args->pos[i]);
	if (options.len)
		bt_target_add(&target, "ps_args", bt_str_get(&options));
	if (bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &answer, &err) < 0)
		return bt_cli_fail(&err);
	add_line(&out, json_object_get(answer, "Titles"));
	json_array_foreach (json_object_get(answer, "Processes"), i, line)
		add_line(&out, line);
	bt_table_print(stdout, bt_str_get(&out), 20, 1);
	return 0;
}

const struct bt_command bt_top_command = {
	.names = "container top,top",
	.usage = "CONTAINER [ps OPTIONS]",
	.brief = "Show the processes of a container",
	.min = 1,
	.max = -1,
	.stops = true,
	.run = run,
};
