/* SPDX-License-Identifier: Apache-2.0 */

/* `system df`: what takes how much space. Old and new forms of the daemon's answer are read. */

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/df_verbose.h"
#include "cli/format.h"
#include "cli/units.h"

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* A hundred times the one is more than 64 bits beyond 92 PB. */
static json_int_t percent_of(json_int_t part, json_int_t whole)
{
	return (json_int_t)((__int128)part * 100 / whole);
}

/* One line of the summary. A reclaimable part without a total has no percentage. */
static void add_line(json_t *rows, const char *type, size_t total, size_t active, json_int_t size,
		     json_int_t reclaimable, bool percent)
{
	char all[BT_UNITS_TEXT_MAX], free_text[BT_UNITS_TEXT_MAX];
	json_t *row;

	bt_units_size((double)size, 4, all);
	bt_units_size((double)reclaimable, 4, free_text);
	row = json_pack("{s:s, s:o, s:o, s:s}", "Type", type, "TotalCount",
			json_sprintf("%zu", total), "Active", json_sprintf("%zu", active), "Size",
			all);
	if (percent && size > 0)
		(void)json_object_set_new(row, "Reclaimable",
					  json_sprintf("%s (%lld%%)", free_text,
						       (long long)percent_of(reclaimable, size)));
	else
		(void)json_object_set_new(row, "Reclaimable", json_string(free_text));
	(void)json_array_append_new(rows, row);
}

static void add_images(json_t *rows, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "Images"), *image;
	json_int_t layers = number(answer, "LayersSize"), used = 0, bytes;
	size_t active = 0, i;

	json_array_foreach (list, i, image) {
		if (number(image, "Containers") <= 0)
			continue;
		active++;
		bytes = number(image, "Size");
		if (bytes >= 0 && number(image, "SharedSize") >= 0)
			used += bytes - number(image, "SharedSize");
	}
	add_line(rows, "Images", json_array_size(list), active, layers,
		 layers > used ? layers - used : 0, true);
}

static void add_containers(json_t *rows, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "Containers"), *container;
	json_int_t size = 0, reclaimable = 0;
	size_t active = 0, i;

	json_array_foreach (list, i, container) {
		const char *state = json_string_value(json_object_get(container, "State"));
		bool runs =
			state && (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0 ||
				  strcmp(state, "restarting") == 0);

		size += number(container, "SizeRw");
		active += runs;
		reclaimable += runs ? 0 : number(container, "SizeRw");
	}
	add_line(rows, "Containers", json_array_size(list), active, size, reclaimable, true);
}

static void add_volumes(json_t *rows, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "Volumes"), *volume;
	json_int_t size = 0, reclaimable = 0;
	size_t active = 0, i;

	json_array_foreach (list, i, volume) {
		const json_t *usage = json_object_get(volume, "UsageData");
		json_int_t bytes = number(usage, "Size");

		if (bytes < 0)
			continue;
		size += bytes;
		if (number(usage, "RefCount") > 0)
			active++;
		else
			reclaimable += bytes;
	}
	add_line(rows, "Local Volumes", json_array_size(list), active, size, reclaimable, true);
}

static void add_cache(json_t *rows, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "BuildCache"), *entry;
	json_int_t size = 0, reclaimable = 0;
	size_t active = 0, i;

	json_array_foreach (list, i, entry) {
		bool used = json_is_true(json_object_get(entry, "InUse"));

		if (!json_is_true(json_object_get(entry, "Shared")))
			size += number(entry, "Size");
		active += used;
		reclaimable += used ? 0 : number(entry, "Size");
	}
	add_line(rows, "Build Cache", json_array_size(list), active, size, reclaimable, false);
}

/* Since 1.52 the daemon counts by itself. */
static void add_counted(json_t *rows, const json_t *answer, const char *member, const char *type)
{
	const json_t *usage = json_object_get(answer, member);

	add_line(rows, type, (size_t)number(usage, "TotalCount"),
		 (size_t)number(usage, "ActiveCount"), number(usage, "TotalSize"),
		 number(usage, "Reclaimable"), true);
}

static json_t *summary(const json_t *answer)
{
	json_t *rows = json_array();

	if (json_object_get(answer, "ImageUsage") || json_object_get(answer, "ImagesUsage")) {
		bool plural = json_object_get(answer, "ImagesUsage") != NULL;

		add_counted(rows, answer, plural ? "ImagesUsage" : "ImageUsage", "Images");
		add_counted(rows, answer, plural ? "ContainersUsage" : "ContainerUsage",
			    "Containers");
		add_counted(rows, answer, plural ? "VolumesUsage" : "VolumeUsage", "Local Volumes");
		add_counted(rows, answer, "BuildCacheUsage", "Build Cache");
		return rows;
	}
	add_images(rows, answer);
	add_containers(rows, answer);
	add_volumes(rows, answer);
	add_cache(rows, answer);
	return rows;
}

#define MEMBER(fn, name)                                                \
	static json_t *fn(const json_t *row, const void *arg bt_unused) \
	{                                                               \
		return bt_format_member(row, name);                     \
	}

MEMBER(get_active, "Active")
MEMBER(get_reclaimable, "Reclaimable")
MEMBER(get_size, "Size")
MEMBER(get_total, "TotalCount")
MEMBER(get_type, "Type")

static const struct bt_column columns[] = {
	{ "Active", "ACTIVE", get_active, NULL },
	{ "Reclaimable", "RECLAIMABLE", get_reclaimable, NULL },
	{ "Size", "SIZE", get_size, NULL },
	{ "TotalCount", "TOTAL", get_total, NULL },
	{ "Type", "TYPE", get_type, NULL },
	{ 0 },
};

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table = "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
		.type = "*formatter.diskUsageContext",
		.columns = columns,
	};
	json_auto_t *answer = NULL;
	json_auto_t *rows = NULL;
	struct bt_err err = { 0 };

	if (bt_args_bool(args, "verbose") && format.text) {
		(void)fputs("the verbose and the format options conflict\n", stderr);
		return BT_CLI_FAILED;
	}
	if (bt_cli_call(cli, "GET", "/system/df", NULL, &answer, &err) < 0)
		return bt_cli_fail(&err);
	if (bt_args_bool(args, "verbose")) {
		bt_df_verbose_print(answer);
		return 0;
	}
	rows = summary(answer);
	return bt_format_rows(&format, rows, &err) < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 'v', BT_FLAG_BOOL, "verbose", NULL, "Show each image, container and volume", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_df_command = {
	.names = "system df",
	.usage = "[OPTIONS]",
	.brief = "Show what takes how much space",
	.flags = { flags },
	.run = run,
};
