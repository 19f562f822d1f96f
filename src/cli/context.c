/* SPDX-License-Identifier: Apache-2.0 */

/* `context ls, show, use, inspect`: where daemons are, by name. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/context_default.h"
#include "cli/format.h"
#include "cli/inspect.h"
#include "cli/plain.h"
#include "client/context.h"

static json_t *get_current(const json_t *row, const void *arg)
{
	const char *name = json_string_value(json_object_get(row, "Name"));

	return json_boolean(bt_str_eq(name, arg));
}

static json_t *get_description(const json_t *row, const void *arg bt_unused)
{
	if (bt_str_eq(json_string_value(json_object_get(row, "Name")), "default"))
		return json_string(BT_CONTEXT_DEFAULT_DESCRIPTION);
	return bt_format_member(json_object_get(row, "Metadata"), "Description");
}

static json_t *get_endpoint(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(json_object_get(json_object_get(row, "Endpoints"), "docker"),
				"Host");
}

static json_t *get_error(const json_t *row bt_unused, const void *arg bt_unused)
{
	return json_string("");
}

static json_t *get_name(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Name");
}

static const struct bt_column columns[] = {
	{ "Current", "<no value>", get_current, NULL },
	{ "Description", "DESCRIPTION", get_description, NULL },
	{ "DockerEndpoint", "DOCKER ENDPOINT", get_endpoint, NULL },
	{ "Error", "ERROR", get_error, NULL },
	{ "Name", "NAME", get_name, NULL },
	{ 0 },
};

static int run_ls(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table = "{{.Name}}{{if eq (print .Current) \"true\"}} *{{end}}\t{{.Description}}\t"
			 "{{.DockerEndpoint}}\t{{.Error}}",
		.type = "*formatter.clientContextContext",
		.columns = columns,
		.arg = bt_cli_context(cli),
	};
	json_auto_t *all = json_array();
	json_auto_t *others = NULL;
	json_auto_t *plain = NULL;
	struct bt_err err = { 0 };

	if (bt_args_bool(args, "quiet") && !format.text)
		format.text = "{{.Name}}";
	if (bt_context_list(&cli->config, &others, &err) < 0)
		return bt_cli_fail(&err);
	if (bt_context_default_get(cli, "default", &plain, NULL, &err) < 0)
		return bt_cli_fail(&err);
	(void)json_array_append(all, plain);
	(void)json_array_extend(all, others);
	json_auto_t *rows = bt_format_sorted(all, "Name");
	if (bt_format_rows(&format, rows, &err) < 0)
		return bt_cli_fail(&err);
	(void)fflush(stdout);
	if (getenv("DOCKER_HOST") && !bt_args_given(&cli->global, "context"))
		(void)fputs(
			"Warning: DOCKER_HOST environment variable overrides the active context. "
			"To use a context, either set the global --context flag, or unset "
			"DOCKER_HOST environment variable.\n",
			stderr);
	return 0;
}

static int run_show(struct bt_cli *cli, const struct bt_args *args bt_unused)
{
	(void)printf("%s\n", bt_cli_context(cli));
	return 0;
}

static int run_use(struct bt_cli *cli, const struct bt_args *args)
{
	const char *name = args->pos[0];
	json_auto_t *meta = NULL;
	struct bt_err err = { 0 };
	bool plain = strcmp(name, "default") == 0;

	if (!plain && bt_context_get(&cli->config, name, &meta, &err) < 0)
		return bt_cli_fail(&err);
	if (plain)
		(void)json_object_del(cli->config.json, "currentContext");
	else
		(void)json_object_set_new(cli->config.json, "currentContext", json_string(name));
	if (bt_config_save(&cli->config, &err) < 0)
		return bt_cli_fail(&err);
	(void)printf("%s\n", name);
	(void)fflush(stdout);
	bt_plain_printf(stderr, "Current context is now \"%s\"\n", name);
	return 0;
}

static int fetch(struct bt_cli *cli, const struct bt_args *args bt_unused, const char *name,
		 char **ret, struct bt_err *err)
{
	const char *memory = "<IN MEMORY>", *place, *tls_place, *file;
	json_auto_t *meta = NULL;
	json_auto_t *tls = NULL;
	json_auto_t *shown = NULL;
	json_auto_t *material = json_object();
	json_t *text;
	int r = bt_context_default_get(cli, name, &meta, &tls, err);

	if (r < 0)
		return r;
	place = json_string_value(json_object_get(meta, "MetadataPath"));
	tls_place = json_string_value(json_object_get(meta, "TLSPath"));
	json_object_foreach (tls, file, text) {
		if (!json_object_size(material))
			(void)json_object_set_new(material, "docker", json_array());
		(void)json_array_append_new(json_object_get(material, "docker"), json_string(file));
	}
	shown = json_pack(
		"{s:O, s:O, s:O, s:O, s:{s:s, s:s}}", "Name", json_object_get(meta, "Name"),
		"Metadata", json_object_get(meta, "Metadata"), "Endpoints",
		json_object_get(meta, "Endpoints"), "TLSMaterial", material, "Storage",
		"MetadataPath", place ? place : memory, "TLSPath", tls_place ? tls_place : memory);
	*ret = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
	return *ret ? 0
		    : bt_err_set(err, BT_ERR_INVALID, EINVAL, "context \"%s\" is incomplete", name);
}

static int run_inspect(struct bt_cli *cli, const struct bt_args *args)
{
	const char *current[] = { bt_cli_context(cli), NULL };
	struct bt_args with = *args;

	if (!with.npos) {
		with.pos = current;
		with.npos = 1;
	}
	return bt_inspect_run(cli, &with, fetch);
}

static const struct bt_flag ls_flags[] = {
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only names", NULL, NULL },
	{ 0 },
};
static const struct bt_flag inspect_flags[] = {
	{ 'f', BT_FLAG_STRING, "format", NULL, "Print by a Go template, or \"json\"", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_context_inspect_command = {
	.names = "context inspect",
	.usage = "[OPTIONS] [CONTEXT] [CONTEXT...]",
	.brief = "Show all about contexts",
	.flags = { inspect_flags },
	.max = -1,
	.run = run_inspect,
};

const struct bt_command bt_context_ls_command = {
	.names = "context ls,context list",
	.usage = "[OPTIONS]",
	.brief = "List contexts",
	.flags = { ls_flags },
	.run = run_ls,
};

const struct bt_command bt_context_show_command = {
	.names = "context show",
	.usage = "",
	.brief = "Print the name of the current context",
	.run = run_show,
};

const struct bt_command bt_context_use_command = {
	.names = "context use",
	.usage = "CONTEXT",
	.brief = "Make a context the current one",
	.min = 1,
	.max = 1,
	.run = run_use,
};
