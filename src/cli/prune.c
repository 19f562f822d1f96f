/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/prune.h"

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/plain.h"
#include "cli/units.h"

const struct bt_prune_kind bt_prune_containers = { "/containers/prune", "ContainersDeleted",
						   "Deleted Containers" };
const struct bt_prune_kind bt_prune_images = { "/images/prune", "ImagesDeleted", "Deleted Images" };
const struct bt_prune_kind bt_prune_networks = { "/networks/prune", "NetworksDeleted",
						 "Deleted Networks" };
const struct bt_prune_kind bt_prune_volumes = { "/volumes/prune", "VolumesDeleted",
						"Deleted Volumes" };

static void print_item(const json_t *item)
{
	const char *untagged = json_string_value(json_object_get(item, "Untagged"));
	const char *deleted = json_string_value(json_object_get(item, "Deleted"));

	if (json_is_string(item))
		bt_plain_printf(stdout, "%s\n", json_string_value(item));
	else if (untagged)
		bt_plain_printf(stdout, "untagged: %s\n", untagged);
	else if (deleted)
		bt_plain_printf(stdout, "deleted: %s\n", deleted);
}

int bt_prune_kind(struct bt_cli *cli, const struct bt_args *args, const struct bt_prune_kind *kind,
		  const char *filter, json_int_t *space, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *answer = NULL;
	const json_t *list, *item;
	size_t i;
	int r;

	bt_str_puts(&target, kind->target);
	bt_filter_add(&target, args, "filter", filter);
	r = bt_cli_call(cli, "POST", bt_str_get(&target), NULL, &answer, err);
	if (r < 0)
		return r;
	list = json_object_get(answer, kind->list);
	if (json_array_size(list))
		(void)printf("%s:\n", kind->title);
	json_array_foreach (list, i, item)
		print_item(item);
	if (json_array_size(list))
		(void)putchar('\n');
	*space += json_integer_value(json_object_get(answer, "SpaceReclaimed"));
	return 0;
}

static int prune_one(struct bt_cli *cli, const struct bt_args *args,
		     const struct bt_prune_kind *kind, const char *filter, const char *warning)
{
	char text[BT_UNITS_TEXT_MAX];
	struct bt_err err = { 0 };
	json_int_t space = 0;

	if (!bt_args_bool(args, "force") && !bt_cli_confirm(warning))
		return 0;
	if (bt_prune_kind(cli, args, kind, filter, &space, &err) < 0)
		return bt_cli_fail(&err);
	bt_units_size((double)space, 4, text);
	if (kind != &bt_prune_networks)
		(void)printf("Total reclaimed space: %s\n", text);
	return 0;
}

static int run_containers(struct bt_cli *cli, const struct bt_args *args)
{
	return prune_one(cli, args, &bt_prune_containers, NULL,
			 "WARNING! This will remove all stopped containers.");
}

static int run_images(struct bt_cli *cli, const struct bt_args *args)
{
	bool all = bt_args_bool(args, "all");

	return prune_one(
		cli, args, &bt_prune_images, all ? "dangling=false" : "dangling=true",
		all ? "WARNING! This will remove all images without at least one container "
		      "associated to them."
		    : "WARNING! This will remove all dangling images.");
}

static int run_networks(struct bt_cli *cli, const struct bt_args *args)
{
	return prune_one(cli, args, &bt_prune_networks, NULL,
			 "WARNING! This will remove all custom networks not used by at least one "
			 "container.");
}

static int run_volumes(struct bt_cli *cli, const struct bt_args *args)
{
	bool all = bt_args_bool(args, "all");

	return prune_one(
		cli, args, &bt_prune_volumes, all ? "all=true" : NULL,
		all ? "WARNING! This will remove all local volumes not used by at least one "
		      "container."
		    : "WARNING! This will remove anonymous local volumes not used by at "
		      "least one container.");
}

static int run_all(struct bt_cli *cli, const struct bt_args *args, json_int_t *space,
		   struct bt_err *err)
{
	bool all = bt_args_bool(args, "all");
	int r = bt_prune_kind(cli, args, &bt_prune_containers, NULL, space, err);

	if (r == 0)
		r = bt_prune_kind(cli, args, &bt_prune_networks, NULL, space, err);
	if (r == 0 && bt_args_bool(args, "volumes"))
		r = bt_prune_kind(cli, args, &bt_prune_volumes, NULL, space, err);
	if (r == 0)
		r = bt_prune_kind(cli, args, &bt_prune_images,
				  all ? "dangling=false" : "dangling=true", space, err);
	return r;
}

/* Volumes know no time. */
static int check_system(const struct bt_args *args, struct bt_err *err)
{
	const char *text;

	if (!bt_args_bool(args, "volumes"))
		return 0;
	for (size_t i = 0; (text = bt_args_item(args, "filter", i)); i++)
		if (bt_str_after(text, "until="))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "ERROR: The \"until\" filter is not supported with "
					  "\"--volumes\"");
	return 0;
}

static int run_system(struct bt_cli *cli, const struct bt_args *args)
{
	bool all = bt_args_bool(args, "all"), volumes = bt_args_bool(args, "volumes");
	char text[BT_UNITS_TEXT_MAX];
	struct bt_err err = { 0 };
	json_int_t space = 0;

	bt_auto_free char *warning = bt_str_format(
		"WARNING! This will remove:\n  - all stopped containers\n"
		"  - all networks not used by at least one container\n%s%s\n",
		volumes ? "  - all anonymous volumes not used by at least one container\n" : "",
		all ? "  - all images without at least one container associated to them\n"
		    : "  - all dangling images\n");
	if (check_system(args, &err) < 0)
		return bt_cli_fail(&err);
	if (!bt_args_bool(args, "force") && !bt_cli_confirm(warning ? warning : ""))
		return 0;
	if (run_all(cli, args, &space, &err) < 0)
		return bt_cli_fail(&err);
	bt_units_size((double)space, 4, text);
	(void)printf("Total reclaimed space: %s\n", text);
	return 0;
}

#define FILTER_FLAG                                                                               \
	{                                                                                         \
		0, BT_FLAG_LIST, "filter", "filter", "Clear only what matches (until=24h)", NULL, \
			bt_check_filter                                                           \
	}
#define FORCE_FLAG                                                         \
	{                                                                  \
		'f', BT_FLAG_BOOL, "force", NULL, "Do not ask", NULL, NULL \
	}
#define ALL_FLAG(text)                                           \
	{                                                        \
		'a', BT_FLAG_BOOL, "all", NULL, text, NULL, NULL \
	}

static const struct bt_flag plain_flags[] = { FILTER_FLAG, FORCE_FLAG, { 0 } };
static const struct bt_flag image_flags[] = {
	ALL_FLAG("All images that no container uses"), FILTER_FLAG, FORCE_FLAG, { 0 }
};
static const struct bt_flag volume_flags[] = {
	ALL_FLAG("Named volumes too"), FILTER_FLAG, FORCE_FLAG, { 0 }
};
static const struct bt_flag system_flags[] = { ALL_FLAG("All images that no container uses"),
					       FILTER_FLAG,
					       FORCE_FLAG,
					       { 0, BT_FLAG_BOOL, "volumes", NULL,
						 "Anonymous volumes too", NULL, NULL },
					       { 0 } };

const struct bt_command bt_prune_containers_command = {
	.names = "container prune",
	.usage = "[OPTIONS]",
	.brief = "Remove all stopped containers",
	.flags = { plain_flags },
	.run = run_containers,
};

const struct bt_command bt_prune_images_command = {
	.names = "image prune",
	.usage = "[OPTIONS]",
	.brief = "Remove unused images",
	.flags = { image_flags },
	.run = run_images,
};

const struct bt_command bt_prune_networks_command = {
	.names = "network prune",
	.usage = "[OPTIONS]",
	.brief = "Remove all unused networks",
	.flags = { plain_flags },
	.run = run_networks,
};

const struct bt_command bt_prune_volumes_command = {
	.names = "volume prune",
	.usage = "[OPTIONS]",
	.brief = "Remove unused volumes",
	.flags = { volume_flags },
	.run = run_volumes,
};

const struct bt_command bt_prune_system_command = {
	.names = "system prune",
	.usage = "[OPTIONS]",
	.brief = "Remove unused data",
	.flags = { system_flags },
	.run = run_system,
};
