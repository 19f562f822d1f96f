/* SPDX-License-Identifier: Apache-2.0 */

/* `network ls, inspect, rm, connect, disconnect`; create has a file of its own. */

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
#include "client/target.h"

static json_t *get_created(const json_t *row, const void *arg bt_unused)
{
	const char *text = json_string_value(json_object_get(row, "Created"));
	size_t at = text ? strcspn(text, "T") : 0;

	if (!text || !text[at])
		return json_string("");
	/* As Go prints a time: a blank for the T, no zeros behind the last digit of a fraction, the
	 * zone in full. */
	size_t zone = strcspn(text, "Z"), end = zone;
	if (memchr(text, '.', zone)) {
		while (text[end - 1] == '0')
			end--;
		end -= text[end - 1] == '.';
	}
	return json_sprintf("%.*s %.*s%s", (int)at, text, (int)(end - at - 1), text + at + 1,
			    text[zone] ? " +0000 UTC" : "");
}

static json_t *get_driver(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Driver");
}

static json_t *get_id(const json_t *row, const void *arg)
{
	return bt_format_id(json_object_get(row, "Id"), *(const bool *)arg);
}

static json_t *bool_text(const json_t *row, const char *name)
{
	return json_string(json_is_true(json_object_get(row, name)) ? "true" : "false");
}

/* Daemons before 1.48 have no word for it: it is always on. */
static json_t *get_ipv4(const json_t *row, const void *arg bt_unused)
{
	return json_object_get(row, "EnableIPv4") ? bool_text(row, "EnableIPv4")
						  : json_string("true");
}

static json_t *get_ipv6(const json_t *row, const void *arg bt_unused)
{
	return bool_text(row, "EnableIPv6");
}

static json_t *get_internal(const json_t *row, const void *arg bt_unused)
{
	return bool_text(row, "Internal");
}

static json_t *get_labels(const json_t *row, const void *arg bt_unused)
{
	return bt_format_labels(json_object_get(row, "Labels"));
}

static json_t *get_name(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Name");
}

static json_t *get_scope(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Scope");
}

static const struct bt_column columns[] = {
	{ "CreatedAt", "CREATED AT", get_created, "Created" },
	{ "Driver", "DRIVER", get_driver, "Driver" },
	{ "ID", "NETWORK ID", get_id, "Id" },
	{ "IPv4", "IPV4", get_ipv4, "EnableIPv4" },
	{ "IPv6", "IPV6", get_ipv6, "EnableIPv6" },
	{ "Internal", "INTERNAL", get_internal, "Internal" },
	{ "Labels", "LABELS", get_labels, "Labels" },
	{ "Name", "NAME", get_name, "Name" },
	{ "Scope", "SCOPE", get_scope, "Scope" },
	{ 0 },
};

static int run_ls(struct bt_cli *cli, const struct bt_args *args)
{
	bool whole = bt_args_bool(args, "no-trunc");
	struct bt_format format = { .text = bt_args_string(args, "format"),
				    .table = "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
				    .type = "*network.networkContext",
				    .columns = columns,
				    .order = "Name",
				    .arg = &whole };
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *answer = NULL;
	struct bt_err err = { 0 };

	if (bt_args_bool(args, "quiet") && !format.text)
		format.text = "{{.ID}}";
	bt_str_puts(&target, "/networks");
	bt_filter_add(&target, args, "filter", NULL);
	if (bt_cli_get(cli, bt_str_get(&target), &answer, &err) < 0 ||
	    bt_format_text(&format, bt_json_raw_of(answer), &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static void network_target(struct bt_str *to, const char *name, const char *rest)
{
	bt_str_puts(to, "/networks/");
	bt_target_segment(to, name);
	bt_str_puts(to, rest);
}

static int fetch(struct bt_cli *cli, const struct bt_args *args, const char *name, char **ret,
		 struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	network_target(&target, name, "");
	bt_target_add_flag(&target, "verbose", bt_args_bool(args, "verbose"));
	return bt_inspect_get(cli, bt_str_get(&target), ret, err);
}

static int run_inspect(struct bt_cli *cli, const struct bt_args *args)
{
	return bt_inspect_run(cli, args, fetch);
}

/* Several networks one after the other: what fails is told at once, as docker does here. */
static int run_rm(struct bt_cli *cli, const struct bt_args *args)
{
	int code = 0;

	for (size_t i = 0; i < args->npos; i++) {
		bt_auto_str struct bt_str target = { 0 };
		struct bt_err err = { 0 };

		network_target(&target, args->pos[i], "");
		if (bt_cli_call(cli, "DELETE", bt_str_get(&target), NULL, NULL, &err) >= 0) {
			(void)printf("%s\n", args->pos[i]);
			continue;
		}
		if (bt_args_bool(args, "force") && err.kind == BT_ERR_NOT_FOUND)
			continue;
		code = bt_cli_fail(&err);
	}
	if (code)
		(void)fputs("exit status 1\n", stderr);
	return code;
}

static json_t *endpoint_of(const struct bt_args *args)
{
	json_t *config = json_object(), *ipam = json_object();

	bt_json_set_list_flag(config, "Aliases", args, "alias");
	bt_json_set_list_flag(config, "Links", args, "link");
	bt_json_set_map_flag(config, "DriverOpts", args, "driver-opt");
	bt_json_set_int_flag(config, "GwPriority", args, "gw-priority");
	bt_json_set_string_flag(ipam, "IPv4Address", args, "ip");
	bt_json_set_string_flag(ipam, "IPv6Address", args, "ip6");
	bt_json_set_list_flag(ipam, "LinkLocalIPs", args, "link-local-ip");
	(void)json_object_set_new(config, "IPAMConfig", ipam);
	return config;
}

static int run_connect(struct bt_cli *cli, const struct bt_args *args)
{
	json_auto_t *body = json_pack("{s:s, s:o}", "Container", args->pos[1], "EndpointConfig",
				      endpoint_of(args));
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };

	network_target(&target, args->pos[0], "/connect");
	if (bt_cli_call(cli, "POST", bt_str_get(&target), body, NULL, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static int run_disconnect(struct bt_cli *cli, const struct bt_args *args)
{
	json_auto_t *body = json_pack("{s:s, s:b}", "Container", args->pos[1], "Force",
				      bt_args_bool(args, "force"));
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };

	network_target(&target, args->pos[0], "/disconnect");
	if (bt_cli_call(cli, "POST", bt_str_get(&target), body, NULL, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static const struct bt_flag ls_flags[] = {
	{ 'f', BT_FLAG_LIST, "filter", "filter", "Show only what matches, as name=value", NULL,
	  bt_check_filter },
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-trunc", NULL, "Print everything at full length", NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only ids", NULL, NULL },
	{ 0 },
};
static const struct bt_flag inspect_flags[] = {
	{ 'f', BT_FLAG_STRING, "format", NULL, "Print by a Go template, or \"json\"", NULL, NULL },
	{ 'v', BT_FLAG_BOOL, "verbose", NULL, "Show more", NULL, NULL },
	{ 0 },
};
static const struct bt_flag force_flags[] = {
	{ 'f', BT_FLAG_BOOL, "force", NULL, "Also where something is missing", NULL, NULL },
	{ 0 },
};
static const struct bt_flag connect_flags[] = {
	{ 0, BT_FLAG_LIST, "alias", "strings", "A further name on the network", NULL, NULL },
	{ 0, BT_FLAG_LIST, "driver-opt", "strings", "Option of the driver", NULL, NULL },
	{ 0, BT_FLAG_STRING, "gw-priority", "int", "The highest gives the default gateway", NULL,
	  bt_check_int },
	{ 0, BT_FLAG_STRING, "ip", NULL, "IPv4 address", NULL, bt_check_ip },
	{ 0, BT_FLAG_STRING, "ip6", NULL, "IPv6 address", NULL, bt_check_ip },
	{ 0, BT_FLAG_LIST, "link", NULL, "Link to another container", NULL, NULL },
	{ 0, BT_FLAG_LIST, "link-local-ip", "strings", "A link-local address", NULL, bt_check_ip },
	{ 0 },
};

const struct bt_command bt_network_connect_command = {
	.names = "network connect",
	.usage = "[OPTIONS] NETWORK CONTAINER",
	.brief = "Connect a container to a network",
	.flags = { connect_flags },
	.min = 2,
	.max = 2,
	.run = run_connect,
};

const struct bt_command bt_network_disconnect_command = {
	.names = "network disconnect",
	.usage = "[OPTIONS] NETWORK CONTAINER",
	.brief = "Disconnect a container from a network",
	.flags = { force_flags },
	.min = 2,
	.max = 2,
	.run = run_disconnect,
};

const struct bt_command bt_network_inspect_command = {
	.names = "network inspect",
	.usage = "[OPTIONS] NETWORK [NETWORK...]",
	.brief = "Show all about networks",
	.flags = { inspect_flags },
	.min = 1,
	.max = -1,
	.run = run_inspect,
};

const struct bt_command bt_network_ls_command = {
	.names = "network ls,network list",
	.usage = "[OPTIONS]",
	.brief = "List networks",
	.flags = { ls_flags },
	.run = run_ls,
};

const struct bt_command bt_network_rm_command = {
	.names = "network rm,network remove",
	.usage = "NETWORK [NETWORK...]",
	.brief = "Remove networks",
	.flags = { force_flags },
	.min = 1,
	.max = -1,
	.run = run_rm,
};
