/* SPDX-License-Identifier: Apache-2.0 */

/* `ps`, `container ls`: containers as a table. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/ports.h"
#include "cli/units.h"
#include "client/target.h"
#include "codec/image_ref.h"

#define COMMAND_WIDTH 20
#define MOUNT_WIDTH   15

struct options {
	bool whole; /* --no-trunc */
};

static bool whole(const void *arg)
{
	return ((const struct options *)arg)->whole;
}

static json_t *get_command(const json_t *row, const void *arg)
{
	const char *text = json_string_value(json_object_get(row, "Command"));
	bt_auto_str struct bt_str cut = { 0 };
	json_auto_t *plain = NULL;
	char *quoted;

	if (whole(arg))
		bt_str_puts(&cut, text ? text : "");
	else
		bt_format_ellipsis(&cut, text ? text : "", COMMAND_WIDTH);
	plain = json_string(bt_str_get(&cut));
	quoted = json_dumps(plain, JSON_ENCODE_ANY);
	json_t *ret = json_string(quoted ? quoted : "");
	free(quoted);
	return ret;
}

static json_t *get_created(const json_t *row, const void *arg bt_unused)
{
	char text[BT_UNITS_TEXT_MAX];

	bt_units_local_time(json_integer_value(json_object_get(row, "Created")), text);
	return json_string(text);
}

static json_t *get_id(const json_t *row, const void *arg)
{
	return bt_format_id(json_object_get(row, "Id"), whole(arg));
}

/* A name as short as it was typed: without docker.io/library/ and without the digest. */
static json_t *familiar(const char *image)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	const char *path;

	/* Most are as short as they can be. */
	if (!strpbrk(image, "/@") || bt_image_ref_parse(image, &ref, BT_ERR_IGNORED) < 0)
		return json_string(image);
	bool hub = strcmp(ref.domain, "docker.io") == 0;
	path = hub ? bt_str_after(ref.path, "library/") : NULL;
	return json_sprintf("%s%s%s%s%s", hub ? "" : ref.domain, hub ? "" : "/",
			    path ? path : ref.path, ref.tag ? ":" : "", ref.tag ? ref.tag : "");
}

static json_t *get_image(const json_t *row, const void *arg)
{
	const char *image = json_string_value(json_object_get(row, "Image"));
	json_auto_t *by_id = bt_format_id(json_object_get(row, "ImageID"), false);
	json_auto_t *short_name = bt_format_id(json_object_get(row, "Image"), false);

	if (!image || !*image)
		return json_string("<no image>");
	if (whole(arg))
		return json_string(image);
	if (json_equal(by_id, short_name))
		return json_incref(by_id);
	return familiar(image);
}

static json_t *get_labels(const json_t *row, const void *arg bt_unused)
{
	return bt_format_labels(json_object_get(row, "Labels"));
}

static json_t *get_local_volumes(const json_t *row, const void *arg bt_unused)
{
	const json_t *mount;
	size_t i;
	int n = 0;

	json_array_foreach (json_object_get(row, "Mounts"), i, mount) {
		const char *driver = json_string_value(json_object_get(mount, "Driver"));

		n += driver && strcmp(driver, "local") == 0;
	}
	return json_sprintf("%d", n);
}

static json_t *get_mounts(const json_t *row, const void *arg)
{
	bt_auto_str struct bt_str s = { 0 };
	const json_t *mount;
	size_t i;

	json_array_foreach (json_object_get(row, "Mounts"), i, mount) {
		const char *name = json_string_value(json_object_get(mount, "Name"));

		if (!name || !*name)
			name = json_string_value(json_object_get(mount, "Source"));
		bt_str_puts(&s, i ? "," : "");
		if (whole(arg))
			bt_str_puts(&s, name ? name : "");
		else
			bt_format_ellipsis(&s, name ? name : "", MOUNT_WIDTH);
	}
	return json_string(bt_str_get(&s));
}

/* A name with a second slash is what a link made; it is shown only in full. */
static json_t *get_names(const json_t *row, const void *arg)
{
	bt_auto_str struct bt_str s = { 0 };
	const json_t *name;
	size_t i;

	json_array_foreach (json_object_get(row, "Names"), i, name) {
		const char *text = json_string_value(name);

		if (!text)
			continue;
		text += *text == '/';
		if (!whole(arg) && strchr(text, '/'))
			continue;
		bt_str_printf(&s, "%s%s", s.len ? "," : "", text);
	}
	return json_string(bt_str_get(&s));
}

static json_t *get_networks(const json_t *row, const void *arg bt_unused)
{
	json_t *networks = json_object_get(json_object_get(row, "NetworkSettings"), "Networks");
	bt_auto_str struct bt_str s = { 0 };
	const char *name;
	json_t *value;

	json_object_foreach (networks, name, value)
		bt_str_printf(&s, "%s%s", s.len ? "," : "", name);
	return json_string(bt_str_get(&s));
}

static json_t *get_platform(const json_t *row, const void *arg bt_unused)
{
	json_t *p = json_object_get(json_object_get(row, "ImageManifestDescriptor"), "platform");

	return p ? json_incref(p) : json_null();
}

static json_t *get_ports(const json_t *row, const void *arg bt_unused)
{
	return bt_ports_text(json_object_get(row, "Ports"));
}

static json_t *get_running_for(const json_t *row, const void *arg bt_unused)
{
	return bt_format_since(json_integer_value(json_object_get(row, "Created")));
}

static json_t *get_size(const json_t *row, const void *arg bt_unused)
{
	json_int_t all = json_integer_value(json_object_get(row, "SizeRootFs"));
	char own[BT_UNITS_TEXT_MAX], total[BT_UNITS_TEXT_MAX];

	bt_units_size((double)json_integer_value(json_object_get(row, "SizeRw")), 3, own);
	bt_units_size((double)all, 3, total);
	return all > 0 ? json_sprintf("%s (virtual %s)", own, total) : json_string(own);
}

static json_t *get_state(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "State");
}

static json_t *get_status(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Status");
}

static json_t *get_health(const json_t *row, const void *arg bt_unused)
{
	const json_t *health = json_object_get(json_object_get(row, "Health"), "Status");
	const char *status = json_string_value(json_object_get(row, "Status"));

	if (json_is_string(health))
		return json_incref((json_t *)(uintptr_t)health);
	if (status && strstr(status, "(healthy)"))
		return json_string("healthy");
	if (status && strstr(status, "(unhealthy)"))
		return json_string("unhealthy");
	return json_string(status && strstr(status, "(health: starting)") ? "starting" : "");
}

static const struct bt_column columns[] = {
	{ "Command", "COMMAND", get_command, "Command" },
	{ "CreatedAt", "CREATED AT", get_created, "Created" },
	{ "HealthStatus", "HEALTH", get_health, "Health Status" },
	{ "ID", "CONTAINER ID", get_id, "Id" },
	{ "Image", "IMAGE", get_image, "Image ImageID" },
	{ "Labels", "LABELS", get_labels, "Labels" },
	{ "LocalVolumes", "LOCAL VOLUMES", get_local_volumes, "Mounts" },
	{ "Mounts", "MOUNTS", get_mounts, "Mounts" },
	{ "Names", "NAMES", get_names, "Names" },
	{ "Networks", "NETWORKS", get_networks, "NetworkSettings" },
	{ "Platform", "PLATFORM", get_platform, "ImageManifestDescriptor" },
	{ "Ports", "PORTS", get_ports, "Ports" },
	{ "RunningFor", "CREATED", get_running_for, "Created" },
	{ "Size", "SIZE", get_size, "SizeRw SizeRootFs" },
	{ "State", "STATE", get_state, "State" },
	{ "Status", "STATUS", get_status, "Status" },
	{ 0 },
};

#define TABLE \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

static void add_query(const struct bt_args *args, const struct bt_format *format,
		      struct bt_str *target)
{
	long long last = bt_args_bool(args, "latest") ? 1 : bt_args_int(args, "last");

	bt_target_add_flag(target, "all", bt_args_bool(args, "all"));
	if (last > 0)
		bt_target_add_number(target, "limit", last);
	bt_target_add_flag(target, "size",
			   bt_args_bool(args, "size") ||
				   (format->text && bt_format_uses(format, ".Size")));
	bt_filter_add(target, args, "filter", NULL);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct options options = { bt_args_bool(args, "no-trunc") };
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table = bt_args_bool(args, "size") ? TABLE "\t{{.Size}}" : TABLE,
		.type = "*formatter.ContainerContext",
		.beyond = "HealthStatus",
		.columns = columns,
		.arg = &options,
	};
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *rows = NULL;
	struct bt_err err = { 0 };

	if (!format.text && !bt_args_bool(args, "quiet"))
		format.text = bt_config_string(&cli->config, "psFormat");
	if (bt_args_bool(args, "quiet") && (!format.text || strcmp(format.text, "table") == 0))
		format.text = "{{.ID}}";
	bt_str_puts(&target, "/containers/json");
	add_query(args, &format, &target);
	if (bt_cli_get(cli, bt_str_get(&target), &rows, &err) < 0 ||
	    bt_format_text(&format, bt_json_raw_of(rows), &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "all", NULL, "Show stopped containers too", NULL, NULL },
	{ 'f', BT_FLAG_LIST, "filter", "filter", "Show only what matches, as name=value", NULL,
	  bt_check_filter },
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 'n', BT_FLAG_STRING, "last", "int", "Show the n containers created last", "-1",
	  bt_check_int },
	{ 'l', BT_FLAG_BOOL, "latest", NULL, "Show the container created last", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-trunc", NULL, "Print everything at full length", NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only ids", NULL, NULL },
	{ 's', BT_FLAG_BOOL, "size", NULL, "Show sizes", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_ps_command = {
	.names = "container ls,container list,container ps,ps",
	.usage = "[OPTIONS]",
	.brief = "List containers",
	.flags = { flags },
	.run = run,
};
