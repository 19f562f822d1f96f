/* SPDX-License-Identifier: Apache-2.0 */

/* `volume create, ls, inspect, rm`. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/inspect.h"
#include "cli/json_set.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "client/target.h"

/* What asks for the volumes of a swarm is refused by name. */
static int refuse_cluster(const struct bt_args *args, const char *const *flags)
{
	for (; *flags; flags++) {
		if (!bt_args_given(args, *flags))
			continue;
		(void)fprintf(stderr, "--%s is for cluster volumes, which are not supported\n",
			      *flags);
		return BT_CLI_FAILED;
	}
	return 0;
}

static int run_create(struct bt_cli *cli, const struct bt_args *args)
{
	static const char *const cluster[] = { "availability",
					       "group",
					       "limit-bytes",
					       "required-bytes",
					       "scope",
					       "secret",
					       "sharing",
					       "topology-preferred",
					       "topology-required",
					       "type",
					       NULL };
	json_auto_t *body = json_object();
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const char *name;

	if (refuse_cluster(args, cluster))
		return BT_CLI_FAILED;
	if (args->npos)
		bt_json_set_text(body, "Name", args->pos[0]);
	bt_json_set_string_flag(body, "Driver", args, "driver");
	bt_json_set_map_flag(body, "DriverOpts", args, "opt");
	bt_json_set_map_flag(body, "Labels", args, "label");
	if (bt_cli_call(cli, "POST", "/volumes/create", body, &answer, &err) < 0)
		return bt_cli_fail(&err);
	name = json_string_value(json_object_get(answer, "Name"));
	bt_plain_printf(stdout, "%s\n", name ? name : "");
	return 0;
}

static json_t *get_driver(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Driver");
}

static json_t *get_labels(const json_t *row, const void *arg bt_unused)
{
	return bt_format_labels(json_object_get(row, "Labels"));
}

static json_t *get_links(const json_t *row, const void *arg bt_unused)
{
	const json_t *usage = json_object_get(row, "UsageData");

	if (!json_is_object(usage))
		return json_string("N/A");
	return json_sprintf("%lld",
			    (long long)json_integer_value(json_object_get(usage, "RefCount")));
}

static json_t *get_mountpoint(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Mountpoint");
}

static json_t *get_name(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Name");
}

static json_t *get_nothing(const json_t *row bt_unused, const void *arg bt_unused)
{
	return json_string("N/A");
}

static json_t *get_scope(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Scope");
}

static json_t *get_size(const json_t *row, const void *arg bt_unused)
{
	const json_t *usage = json_object_get(row, "UsageData");

	if (!json_is_object(usage))
		return json_string("N/A");
	return bt_format_size(json_integer_value(json_object_get(usage, "Size")), 4);
}

static const struct bt_column columns[] = {
	{ "Availability", "AVAILABILITY", get_nothing, NULL },
	{ "Driver", "DRIVER", get_driver, "Driver" },
	{ "Group", "GROUP", get_nothing, NULL },
	{ "Labels", "LABELS", get_labels, "Labels" },
	{ "Links", "LINKS", get_links, "UsageData" },
	{ "Mountpoint", "MOUNTPOINT", get_mountpoint, "Mountpoint" },
	{ "Name", "VOLUME NAME", get_name, "Name" },
	{ "Scope", "SCOPE", get_scope, "Scope" },
	{ "Size", "SIZE", get_size, "UsageData" },
	{ "Status", "STATUS", get_nothing, NULL },
	{ 0 },
};

static int run_ls(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_format format = { .text = bt_args_string(args, "format"),
				    .table = "{{.Driver}}\t{{.Name}}",
				    .type = "*formatter.volumeContext",
				    .columns = columns,
				    .order = "Name" };
	static const char *const cluster[] = { "cluster", NULL };
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *answer = NULL;
	struct bt_json_raw rows;
	struct bt_err err = { 0 };

	if (refuse_cluster(args, cluster))
		return BT_CLI_FAILED;
	if (bt_args_bool(args, "quiet") && !format.text)
		format.text = "{{.Name}}";
	bt_str_puts(&target, "/volumes");
	bt_filter_add(&target, args, "filter", NULL);
	if (bt_cli_get(cli, bt_str_get(&target), &answer, &err) < 0)
		return bt_cli_fail(&err);
	rows = bt_json_raw_member(bt_json_raw_of(answer), "Volumes");
	return bt_format_text(&format, rows, &err) < 0 ? bt_cli_fail(&err) : 0;
}

static int fetch(struct bt_cli *cli, const struct bt_args *args bt_unused, const char *name,
		 char **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_puts(&target, "/volumes/");
	bt_target_segment(&target, name);
	return bt_inspect_get(cli, bt_str_get(&target), ret, err);
}

static int run_inspect(struct bt_cli *cli, const struct bt_args *args)
{
	return bt_inspect_run(cli, args, fetch);
}

static void rm_target(const struct bt_args *args, const char *name, struct bt_str *to)
{
	bt_str_puts(to, "/volumes/");
	bt_target_segment(to, name);
	bt_target_add_flag(to, "force", bt_args_bool(args, "force"));
}

static int run_rm(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "DELETE", .target = rm_target };

	return bt_multi_run(cli, args, &multi);
}

static int run_rename(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };

	bt_str_puts(&target, "/volumes/");
	bt_target_segment(&target, args->pos[0]);
	bt_str_puts(&target, "/rename");
	bt_target_add(&target, "name", args->pos[1]);
	if (bt_cli_call(cli, "POST", bt_str_get(&target), NULL, NULL, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

#define HIDDEN(name)                                            \
	{                                                       \
		0, BT_FLAG_STRING, name, NULL, NULL, NULL, NULL \
	}

static const struct bt_flag create_flags[] = {
	{ 'd', BT_FLAG_STRING, "driver", NULL, "Driver of the volume", "local", NULL },
	{ 0, BT_FLAG_LIST, "label", NULL, "Set metadata", NULL, NULL },
	{ 'o', BT_FLAG_LIST, "opt", "map", "Option of the driver", NULL, NULL },
	HIDDEN("availability"),
	HIDDEN("group"),
	HIDDEN("limit-bytes"),
	HIDDEN("required-bytes"),
	HIDDEN("scope"),
	HIDDEN("secret"),
	HIDDEN("sharing"),
	HIDDEN("topology-preferred"),
	HIDDEN("topology-required"),
	HIDDEN("type"),
	{ 0 },
};
static const struct bt_flag ls_flags[] = {
	{ 0, BT_FLAG_BOOL, "cluster", NULL, NULL, NULL, NULL },
	{ 'f', BT_FLAG_LIST, "filter", "filter", "Show only what matches, as name=value", NULL,
	  bt_check_filter },
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only names", NULL, NULL },
	{ 0 },
};
static const struct bt_flag inspect_flags[] = {
	{ 'f', BT_FLAG_STRING, "format", NULL, "Print by a Go template, or \"json\"", NULL, NULL },
	{ 0 },
};
static const struct bt_flag rm_flags[] = {
	{ 'f', BT_FLAG_BOOL, "force", NULL, "What is not there is no failure", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_volume_create_command = {
	.names = "volume create",
	.usage = "[OPTIONS] [VOLUME]",
	.brief = "Create a volume",
	.flags = { create_flags },
	.max = 1,
	.run = run_create,
};

const struct bt_command bt_volume_inspect_command = {
	.names = "volume inspect",
	.usage = "[OPTIONS] VOLUME [VOLUME...]",
	.brief = "Show all about volumes",
	.flags = { inspect_flags },
	.min = 1,
	.max = -1,
	.run = run_inspect,
};

const struct bt_command bt_volume_ls_command = {
	.names = "volume ls,volume list",
	.usage = "[OPTIONS]",
	.brief = "List volumes",
	.flags = { ls_flags },
	.run = run_ls,
};

const struct bt_command bt_volume_rename_command = {
	.names = "volume rename",
	.usage = "VOLUME NEW_NAME",
	.brief = "Rename a volume",
	.min = 2,
	.max = 2,
	.run = run_rename,
};

const struct bt_command bt_volume_rm_command = {
	.names = "volume rm,volume remove",
	.usage = "[OPTIONS] VOLUME [VOLUME...]",
	.brief = "Remove volumes that no container uses",
	.flags = { rm_flags },
	.min = 1,
	.max = -1,
	.run = run_rm,
};
